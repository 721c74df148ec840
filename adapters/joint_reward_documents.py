"""Read the documents of ``adapters.joint_reward``: verdict, lists, pages, rows, and what became of feedback.

A row tells its fields as titles and contents::

    认定日期  当前状态                        always there; the state is 有效, 已修复, 已移出, 已更正 or 异议中
    主要事实  认定单位  认定文号              text; without 主要事实 the name of the list stands for it
    失信严重程度                              严重, 重点关注, 一般 or 轻微
    公布日期  公示截止期  有效期至            days in any form of ``Fields.day``; one row may mix them
    失信类别代码  适用范围  事件代码  领域代码  当时职务  证件类型

Other titles are dropped (R-36), amounts in 万元 among them: no rule looks at an amount.

Source: domain facts 3.6, 3.7 and 4.1 (P1); the titles are design.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from adapters.matching import grade
from adapters.rows import MOST_ROWS
from adapters.soap import Node
from adapters.wire import Fields
from approval_hook.errors import PlatformRefused, PlatformReplyInvalid
from approval_hook.policy.records import CreditRecord, QueryStatus, RecordState, Severity
from approval_hook.policy.subjects import mask_text
from approval_hook.ports import ItemOutcome, ItemState, Query

__all__ = ["NamedList", "Page", "named_lists", "read_page", "read_record", "read_states", "verdict"]

_MOST_LISTS = 200
_MOST_CONTENTS = 60
_MOST_FEEDBACK = 1_000

_STATUS = {
    "200": (QueryStatus.OK, ""),
    "401": (QueryStatus.REJECTED, "refused"),
    "403": (QueryStatus.REJECTED, "refused"),
    "500": (QueryStatus.UNAVAILABLE, "failure"),
}
_RESULT = {"true": True, "false": False}
_COLOURS = {"red": "red", "black": "black"}
_DEGREES = {
    "严重": Severity.SERIOUS,
    "重点关注": Severity.WATCH,
    "一般": Severity.GENERAL,
    "轻微": Severity.MINOR,
}
_STATES = {
    "有效": RecordState.ACTIVE,
    "已修复": RecordState.REPAIRED,
    "已移出": RecordState.REMOVED,
    "已更正": RecordState.CORRECTED,
    "异议中": RecordState.DISPUTED,
}
_SENT_STATES = {
    "已提交": ItemState.ACCEPTED,
    "提交中": ItemState.UNKNOWN,
    "未提交": ItemState.REFUSED,
}
_REFUSALS = {
    "": "refused",
    "1001": "request-unknown",
    "1002": "list-unknown",
    "1003": "subject-differs",
    "1004": "id-reused",
}


@dataclass(frozen=True, slots=True)
class NamedList:
    """One list as the platform names it, and its type in the rule set."""

    united_id: str
    colour: str  # "red" or "black"
    name: str
    list_type: str


@dataclass(frozen=True, slots=True)
class Page:
    """What one page says about the whole answer, and its rows, each with the list it is on."""

    request_id: str
    name: str
    counts: Mapping[str, int]  # rows of all pages by colour
    subjects: tuple[tuple[str, str], ...]  # name and code
    rows: tuple[tuple[NamedList, Node], ...]

    def same_answer(self, other: Page) -> bool:
        """Whether both say the same about the whole."""
        return (self.request_id, self.name, self.counts, self.subjects) == (
            other.request_id,
            other.name,
            other.counts,
            other.subjects,
        )


def verdict(document: Node, source: str) -> tuple[QueryStatus, str]:
    """How a call ended, and the word why it is not OK.

    Raises:
        PlatformReplyInvalid: an unknown code, or ``result`` and ``resultcode`` contradict each other.
    """
    told = document.texts("result", "resultcode")
    status, reason = told.code("resultcode", _STATUS)
    if told.code("result", _RESULT) is not (status is QueryStatus.OK):
        raise PlatformReplyInvalid(f"{source}: result and resultcode contradict each other.")
    return status, reason


def named_lists(parent: Node, types: Mapping[str, str], source: str) -> list[tuple[NamedList, Node]]:
    """The lists below an element, each with its own element.

    Raises:
        PlatformReplyInvalid: one comes twice, or two have one type.
    """
    told = [(_named_list(one, types), one) for one in parent.many("redblackType", most=_MOST_LISTS)]
    for ids in ({named.united_id for named, _ in told}, {named.list_type for named, _ in told}):
        if len(ids) != len(told):
            raise PlatformReplyInvalid(f"{source}: a list comes twice.")
    return told


def read_page(document: Node, types: Mapping[str, str], source: str) -> Page:
    """One page of rows.

    Raises:
        PlatformReplyInvalid: a part is missing or malformed.
    """
    lists = document.one("list").one("redblackTypeList")
    subjects = [one.attributes for one in lists.many("subject", most=MOST_ROWS)]
    return Page(
        request_id=lists.attributes.text("requestId", longest=100),
        name=lists.attributes.text("subjectName", longest=200),
        counts={colour: _count(lists.attributes, f"{colour}Count", source) for colour in _COLOURS},
        subjects=tuple((s.text("name", longest=200), s.text_or_empty("code", longest=40)) for s in subjects),
        rows=tuple(
            (named, detail)
            for named, one in named_lists(lists, types, source)
            for detail in one.one("redblackDetailList").many("redblackDetail", most=MOST_ROWS)
        ),
    )


def read_record(listed: NamedList, detail: Node, query: Query, source: str, scope: str) -> CreditRecord:
    """One row, about whomever; free text is masked, because nobody can erase evidence afterwards.

    Args:
        listed: the list on which it stands.
        detail: its element.
        query: whose subject decides the match grade, together with its day.
        source: name of the platform.
        scope: where a row without 适用范围 holds; empty makes such a row an error.

    Raises:
        PlatformReplyInvalid: it cannot be read.
    """
    row = detail.pairs("redblackDetailContent", "title", "content", most=_MOST_CONTENTS)
    record_id = detail.attributes.text("id", longest=100)
    document_no = _given(row, "认定文号", 200)
    masked = mask_text(document_no)
    return CreditRecord(
        record_id=record_id,
        source=source,
        list_type=listed.list_type,
        severity=_severity(listed, row),
        title=mask_text(_given(row, "主要事实", 500) or listed.name),
        decided_on=row.day("认定日期"),
        decided_by=mask_text(_given(row, "认定单位", 200)),
        # Two documents may look alike once masked, and one entry must never speak for another.
        document_no=document_no if masked == document_no else f"{masked}（{record_id}）",
        category=_given(row, "失信类别代码", 20),
        match=grade(
            query.subject,
            name=detail.attributes.text_or_empty("name", longest=200),
            id_type=_given(row, "证件类型", 40),
            number=detail.attributes.text_or_empty("code", longest=40),
            on=query.as_of,
        ),
        state=row.code("当前状态", _STATES),
        published_on=_day(row, "公布日期"),
        display_until=_day(row, "公示截止期"),
        valid_until=_day(row, "有效期至"),
        scope=_given(row, "适用范围", 40) or scope or row.text("适用范围"),
        event=_given(row, "事件代码", 60),
        domain=_given(row, "领域代码", 60),
        role_then=_given(row, "当时职务", 60),
    )


def read_states(document: Node, request_id: str, ids: Sequence[str], source: str) -> dict[str, ItemOutcome]:
    """What became of the feedback of one request, by uuid.

    Args:
        document: the reply.
        request_id: of the query to which the feedback belongs.
        ids: every uuid that was sent.
        source: name of the platform.

    Raises:
        PlatformRefused: the platform took none of it.
        PlatformReplyInvalid: it answers another request or other feedback, names a uuid twice, or cannot be read.
    """
    if verdict(document, source)[0] is not QueryStatus.OK:
        raise PlatformRefused(f"{source}: the platform does not take our feedback.")
    told = document.one("list").one("feedbackList")
    if told.attributes.text("requestId", longest=100) != request_id:
        raise PlatformReplyInvalid(f"{source}: the reply answers another request.")
    items = [one.attributes for one in told.many("feedback", most=_MOST_FEEDBACK)]
    outcomes = {outcome.item_id: outcome for outcome in map(_outcome, items)}
    if len(outcomes) != len(items) or not outcomes.keys() <= set(ids):
        raise PlatformReplyInvalid(f"{source}: other feedback is answered, or one twice.")
    return outcomes


def _named_list(node: Node, types: Mapping[str, str]) -> NamedList:
    united_id = node.attributes.text("unitedId", longest=60)
    return NamedList(
        united_id=united_id,
        colour=node.attributes.code("unitedType", _COLOURS),
        name=node.attributes.text("unitedName", longest=200),
        list_type=types.get(united_id, united_id),
    )


def _outcome(told: Fields) -> ItemOutcome:
    item_id = told.text("uuid", longest=100)
    state = told.code("state", _SENT_STATES)
    if state is ItemState.ACCEPTED:
        return ItemOutcome(item_id, state, receipt_no=told.text("receiptNo", longest=100))
    if state is ItemState.UNKNOWN:
        return ItemOutcome(item_id, state, "in-progress")
    return ItemOutcome(item_id, state, _REFUSALS.get(told.text_or_empty("reason", longest=100), "refused"))


def _severity(listed: NamedList, row: Fields) -> Severity:
    """A black list is one of serious dishonesty unless its row says otherwise."""
    if listed.colour == "red":
        return Severity.GOOD
    return row.code("失信严重程度", _DEGREES) if "失信严重程度" in row else Severity.SERIOUS


def _given(row: Fields, title: str, longest: int) -> str:
    return row.text_or_empty(title, longest=longest) if title in row else ""


def _day(row: Fields, title: str) -> date | None:
    return row.day_or_none(title) if title in row else None


def _count(attributes: Fields, key: str, source: str) -> int:
    text = attributes.text(key, longest=5)
    if not re.fullmatch("[0-9]+", text):
        raise PlatformReplyInvalid(f"{source}: {key} is not a number.")
    return int(text)
