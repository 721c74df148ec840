"""Messages to applicants: the places in a template, and filling them. Pure.

A text has places such as ``{case_no}``. Every place is filled by a fact of that name, and nothing else is done to it:
no attribute is followed and no format applied. What is missing, left over or looks like a whole identifier is an error.

Source: 个人信息保护法 第五十一条 (de-identification); that no message carries a whole number is design.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from string import Formatter

from approval_hook.errors import CaseInvalid
from approval_hook.policy.masking import mask_text
from approval_hook.policy.rules import LANGUAGES, MessageTemplate

__all__ = ["facts_of", "filled"]

_PLACE = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
_LONGEST_FACT = 200


def places(text: str) -> frozenset[str]:
    """Names of the places of a text.

    Raises:
        ValueError: a brace stands alone, or a place is more than a name.
    """
    found = set()
    for _, name, spec, conversion in Formatter().parse(text):
        if name is None:
            continue
        if spec or conversion or not _PLACE.fullmatch(name):
            raise ValueError("place")
        found.add(name)
    return frozenset(found)


def facts_of(template: MessageTemplate, language: str) -> frozenset[str]:
    """Names of the facts that a template wants in one language."""
    return places(template.subject_in(language)) | places(template.text_in(language))


def problem_of(template: MessageTemplate) -> str:
    """What is wrong with a template, in Chinese with the remedy; empty when nothing is."""
    try:
        wanted = {language: facts_of(template, language) for language in LANGUAGES}
    except ValueError:
        return "花括号的写法有误；请写作 {名称}，名称只用小写字母、数字和下划线。"
    if len(set(wanted.values())) > 1:
        odd = "、".join(sorted(frozenset.union(*wanted.values()) - frozenset.intersection(*wanted.values())))
        return f"中文和英文所用的内容不一致：{odd}；请使两种语言填入相同的内容。"
    texts = (text for each in LANGUAGES for text in (template.subject_in(each), template.text_in(each)))
    if any(mask_text(text) != text for text in texts):
        return "文字中有像证件号码或手机号码的内容；请删除。"
    return ""


def filled(template: MessageTemplate, facts: Mapping[str, str], language: str, case_no: str) -> tuple[str, str]:
    """Subject and text in one language.

    Args:
        template: whose places are filled.
        facts: by name of their place.
        language: one of ``LANGUAGES``.
        case_no: of the case; its number may look like a person's, and is shown.

    Raises:
        CaseInvalid: a fact is missing, left over, empty, too long, not to be shown, or holds a whole identifier.
    """
    wanted = facts_of(template, language)
    if wanted != facts.keys():
        missing, unknown = sorted(wanted - facts.keys()), sorted(facts.keys() - wanted)
        said = [f"缺少{'、'.join(missing)}"] * bool(missing) + [f"多出{'、'.join(unknown)}"] * bool(unknown)
        raise CaseInvalid("消息内容", f"消息“{template.title}”的内容{'，'.join(said)}。", "请按模板逐项提供后再发送。")
    for name, value in facts.items():
        if problem := _problem_of_fact(value, case_no):
            raise CaseInvalid("消息内容", f"消息“{template.title}”的内容 {name} {problem}。", "请更正后再发送。")
    return template.subject_in(language).format_map(facts), template.text_in(language).format_map(facts)


def _problem_of_fact(value: object, case_no: str) -> str:
    if not isinstance(value, str) or not value.strip():
        return "为空"
    if len(value) > _LONGEST_FACT:
        return f"超过 {_LONGEST_FACT} 个字符"
    # A line break in a subject would begin a header of its own.
    if not value.isprintable() and any(unicodedata.category(char)[0] in "CZ" and char != " " for char in value):
        return "含有换行或不可见字符"
    others = value.replace(case_no, "")
    return "像是完整的证件号码或电话号码" if mask_text(others) != others else ""
