"""Messages: every shipped one can be filled, and nothing is filled with what is missing, left over or too telling."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import pytest

from approval_hook.errors import CaseInvalid, RulesInvalid
from approval_hook.policy import synthetic
from approval_hook.policy.catalogue import RuleSet
from approval_hook.policy.messages import facts_of, filled
from tests.unit.policy.building import rules

CASE_NO = "440104-20261118-0042"
RANDOM = random.Random(17)  # noqa: S311 - invents numbers, not secrets


def facts(**changes: str) -> dict[str, str]:
    """Everything that the notice of a decision wants."""
    usual = {"case_no": CASE_NO, "matter": "食品经营许可", "organ": "示例局", "decided_on": "2026-11-18"}
    return usual | changes


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_shipped_message_is_filled_completely(language: str) -> None:
    """Each fact shows, and no brace is left."""
    assert len(rules().messages) == 20
    for message in rules().messages:
        given = {name: f"值{number}" for number, name in enumerate(sorted(facts_of(message, language)))}
        subject, text = filled(message, given, language, CASE_NO)
        assert all(value in subject + text for value in given.values())
        assert not set("{}") & set(subject + text)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"organ": None}, "缺少organ"),
        ({"phone": "无"}, "多出phone"),
        ({"organ": " "}, "organ 为空"),
        ({"organ": "示例局\r\nBcc: x"}, "换行或不可见字符"),
        ({"organ": "示\u200b例局"}, "换行或不可见字符"),
        ({"organ": "局" * 201}, "超过 200 个字符"),
        ({"organ": synthetic.synthetic_resident_id(RANDOM, born_on=date(1990, 1, 1))}, "完整的证件号码"),
        ({"organ": f"代码{synthetic.synthetic_uscc(RANDOM)}"}, "完整的证件号码"),
        ({"organ": "请拨打 13800000000"}, "电话号码"),
    ],
)
def test_a_fact_that_cannot_be_shown_is_refused(changes: dict[str, str | None], says: str) -> None:
    """The message says which fact and what is wrong, and never repeats its value."""
    given = {name: value for name, value in facts(**changes).items() if value is not None}  # type: ignore[arg-type] # None: left out
    with pytest.raises(CaseInvalid) as refused:
        filled(rules().message("decision-made"), given, "zh", CASE_NO)
    assert says in refused.value.message
    assert not any(value and len(value) > 12 and value in str(refused.value) for value in changes.values())


def test_braces_in_a_fact_stay_as_they_are() -> None:
    """A fact is no template."""
    assert (
        "{matter.__class__}"
        in filled(rules().message("decision-made"), facts(organ="{matter.__class__}"), "zh", CASE_NO)[1]
    )


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"text": "{organ.name}"}, "花括号的写法有误"),
        ({"text": "{0}"}, "花括号的写法有误"),
        ({"text": "{organ!r}"}, "花括号的写法有误"),
        ({"text": "缺一半 {organ"}, "花括号的写法有误"),
        ({"text": "{organ}{other}"}, "中文和英文所用的内容不一致：other"),
        ({"text": "{organ}，电话 13800000000"}, "像证件号码或手机号码"),
    ],
)
def test_an_unsound_template_spoils_the_rule_set(changes: dict[str, str], says: str) -> None:
    """Found when the rules are read, not when a message is sent."""
    plain: dict[str, Any] = rules().plain()
    message = {"code": "m", "title": "示例", "subject": "示例", "subject_en": "Example", "text": "{organ}"}
    plain["messages"] = [{**message, "text_en": "{organ}", "basis": ["xkf-32"], **changes}]
    with pytest.raises(RulesInvalid, match=says):
        RuleSet.parse(plain)
