"""The words of a promise: which facts of a case they take, and how they read with them. Pure.

Source: R-13, L-10; domain facts 5.3 (容缺受理通知书 + 承诺书).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from approval_hook.policy.rules import PromiseBar, PromiseKind, PromiseText

#: What the words may take from a case, and what a promise without which would bind to nothing.
PLACES = ("applicant", "number", "organ", "matter", "case_no", "materials", "until")
_COMPULSORY = {"tolerance": ("applicant", "matter", "materials", "until"), "notification": ("applicant", "matter")}
_PLACE = re.compile(r"\{([^{}]*)\}")


def text_problems(text: PromiseText) -> Iterator[str]:
    """What is wrong with the places of a text."""
    whole = "\n".join((text.title, *text.paragraphs))
    named, place = set(_PLACE.findall(whole)), f"promise_texts({text.id}).paragraphs"
    if set("{}") & set(_PLACE.sub("", whole)):
        yield f"{place}：花括号不成对；请核对。"
    for unknown in sorted(named - set(PLACES)):
        yield f"{place}：办件没有“{{{unknown}}}”这一项；可用的有{'、'.join(PLACES)}。"
    for missing in _COMPULSORY[text.kind]:
        if missing not in named:
            yield f"{place}：缺少“{{{missing}}}”；承诺书须写明，请补上。"


def worded(text: PromiseText, facts: Mapping[str, str]) -> str:
    """The promise as it is read and signed: title and paragraphs, one a line.

    Args:
        text: of a sound rule set.
        facts: by every place that the text has; put in as they are and never read again.
    """
    lines = (text.title, *text.paragraphs)
    return "\n".join(_PLACE.sub(lambda place: facts[place[1]], line) for line in lines)


def bar_in_force(bars: Iterable[PromiseBar], kind: PromiseKind, region: str, on: date) -> PromiseBar | None:
    """By what a broken promise that was not repaired keeps its maker from another one; the first by id.

    Args:
        bars: of the rules in force.
        kind: of the promise that is to be made.
        region: 6 digits, of the deciding organ.
        on: calendar day in China.
    """
    for bar in sorted(bars, key=lambda b: b.id):
        in_force = bar.valid_from <= on and (bar.valid_to is None or on <= bar.valid_to)
        here = bar.scope == "national" or region.startswith(bar.scope.partition(":")[2])
        if in_force and here and bar.founded and kind in bar.kinds:
            return bar
    return None
