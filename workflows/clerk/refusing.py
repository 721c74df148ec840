"""不予许可: what a refusal may not rest on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.translation import gettext as _

_ARTICLE = re.compile(r"第\s*([0-9零〇一二三四五六七八九十百]+)\s*条")
#: The document named right before an article, in title marks or without.
_NAMED = re.compile(r"《([^《》]+)》[^《》。；]{0,20}$|([\u4e00-\u9fff]*(?:法|条例|规定|办法|规则|细则))$")
#: How a sentence leads up to a document.
_LEADING = re.compile(r"^.*(?:依照|依据|根据|按照|违反|符合|适用|该|本)")
_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0}


def warnings(panel: Any) -> list[str]:
    """What a head must know before refusing: every adverse measure of the case that carries no refusal."""
    return [
        _("“%(title)s”%(note)s不得据以不予许可；不予许可须另有法定条件或者已确认适用的法定限制。")
        % {"title": measure.title, "note": f"{measure.note}，" if measure.note else ""}
        for measure in _without_refusal(panel)
    ]


def unlawful_basis(panel: Any, reason: str) -> str:
    """The article a refusal rests on if all that it cites belongs to measures that carry none; else empty."""
    barred = [cited for measure in _without_refusal(panel) for cited in measure.cited]
    lawful = {cited for measure in _adverse(panel) if measure.carries_refusal for cited in measure.cited}
    return rests_only_on(reason, [cited for cited in barred if cited not in lawful])


def _adverse(panel: Any) -> list[Any]:
    return [measure for measure in panel.measures if measure.refusal] if panel is not None else []


def _without_refusal(panel: Any) -> list[Any]:
    return [measure for measure in _adverse(panel) if not measure.carries_refusal]


def rests_only_on(reason: str, barred: Iterable[tuple[str, str]]) -> str:
    """Whether every article in a text is one of these.

    Args:
        reason: as typed.
        barred: document and article of each, as the rules cite them.

    Returns:
        The first of them in words; empty when the text cites another one too, or none at all.
    """
    known = [(document, _number(article), article) for document, article in barred]
    found = ""
    for named, number in _cited(reason):
        fits = (
            f"《{document}》{article}" for document, own, article in known if number == own and _same(named, document)
        )
        match = next(fits, "")
        if not match:
            return ""
        found = found or match
    return found


def _cited(text: str) -> Iterator[tuple[str, int]]:
    """Document, as far as it is named, and article number; one in a row is of the document named before it."""
    named, end = "", 0
    for match in _ARTICLE.finditer(text):
        before = _NAMED.search(text[end : match.start()])
        if before is not None:
            named = before.group(1) or _LEADING.sub("", before.group(2))
        yield named, _number(match.group(0))
        end = match.end()


def _same(named: str, document: str) -> bool:
    return named in document or document in named


def _number(article: str) -> int:
    """An article's number; 0 for an item that has none, such as “（四）”."""
    match = _ARTICLE.search(article)
    if match is None:
        return 0
    text = match.group(1)
    if text.isdecimal():
        return int(text)
    total = digit = 0
    for char in text:
        if char in _DIGITS:
            digit = _DIGITS[char]
        elif char.isdecimal():
            digit = digit * 10 + int(char)
        else:
            total += (digit or 1) * (100 if char == "百" else 10)
            digit = 0
    return total + digit
