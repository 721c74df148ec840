"""Statutory acts and deadlines of cases: how a host registers what happened and reads what it is bound to.

An act is written in the transaction of what it records, and the deadlines follow in the same one. The sweep of
``credit_runner`` fires reminders and writes down what the law does; nothing waits for a page.

Source: 行政许可法 第三十二条, 第四十二条 to 第四十五条, 第五十条, 第五十七条; domain facts 2.2, L-08, L-20, L-21.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction

from approval_hook import clock
from approval_hook.casestanding import (
    CaseRef,
    ClockLine,
    Place,
    Standing,
    acceptance_order,
    acts_of,
    decision_due,
    due_if_extended,
    last_day_if_accepted,
    nearest,
    open_request,
    standing,
)
from approval_hook.counting import (
    COUNTED,
    Kind,
    Ruling,
    event_of,
    events_of,
    next_act,
    progress_of,
    recount,
    ruling,
    standing_of,
)
from approval_hook.errors import CaseInvalid
from approval_hook.models import ClockedCase, StatutoryAct
from approval_hook.people import person_of, same_person
from approval_hook.policy.clocks import Act, ClockState, Event, Terms, checked
from approval_hook.reminding import Swept, sweep

__all__ = [
    "CaseRef",
    "ClockLine",
    "Place",
    "Standing",
    "Swept",
    "acceptance_order",
    "answer_extension",
    "ask_extension",
    "decision_due",
    "due_if_extended",
    "last_day_if_accepted",
    "nearest",
    "rebuild",
    "record",
    "standing",
    "sweep",
    "take_back",
]

_FIELD = "办理环节"


def record(
    case: CaseRef,
    act: Act,
    by: str,
    *,
    at: datetime | None = None,
    procedure: str = "",
    notice_no: str = "",
    granted: bool = False,
    items: Collection[str] = (),
    reason: str = "",
) -> StatutoryAct:
    """Register an act of a case, in the caller's transaction.

    Args:
        case: the case; its first act must be that the materials were received.
        act: any but an extension, which takes two people.
        by: username of who did it; empty for a filing without an officer.
        at: aware moment from which it has effect; by default now.
        procedure: id of an excluded procedure.
        notice_no: number of the written notice; a notice and the beginning of a procedure need one.
        granted: the decision grants the licence.
        items: what is missing, all of it, for a notice.
        reason: why, where there is something to say.

    Raises:
        CaseInvalid: the act may not follow what happened; nothing was written.
    """
    if act is Act.EXTENDED:
        raise CaseInvalid(_FIELD, "延长期限须经提请和批准。", "请先提请延长，再由另一名负责人批准。")
    if act is Act.NOTICED and not (notice_no.strip() and items):
        raise CaseInvalid(_FIELD, "一次性告知须有文书号和需要补正的全部内容。", "请填写文书号并列明全部内容。")
    values: dict[str, Any] = {"procedure": procedure, "notice_no": notice_no.strip(), "granted": granted}
    values |= {"items": list(items), "reason": reason.strip()}
    with transaction.atomic():
        row, acts, now = _locked(case)
        return _write(row, acts, now, Kind(act.value), by, at or clock.now(), **values)


def _write(
    row: ClockedCase, acts: list[StatutoryAct], by: Ruling, kind: Kind, hand: str, at: datetime, **values: Any
) -> StatutoryAct:
    if len(values.get("notice_no", "")) > 100:
        raise CaseInvalid("文书号", "文书号超过100个字符。", "请核对文书号。")
    if kind.value in COUNTED:
        event = Event(
            Act(kind.value),
            clock.china_date(at),
            values.get("procedure", ""),
            values.get("notice_no", ""),
            values.get("days", 0),
            values.get("granted", False),
        )
        terms = by.terms(row)
        if terms is not None:
            checked(events_of(acts), event, terms, by.calendar)
    act = next_act(row, acts, kind, at, clock.now(), by=hand, person=person_of(hand), **values)
    act.save()
    recount([row], by, {row.case_no: acts})
    return act


def _locked(case: CaseRef) -> tuple[ClockedCase, list[StatutoryAct], Ruling]:
    """The row of a case under lock, made where it is missing, and its acts."""
    rows = ClockedCase.objects.select_for_update().filter(case_no=case.case_no)
    row = rows.first()
    if row is None:
        fresh = ClockedCase(
            case_no=case.case_no, matter=case.matter, organ=case.organ, expires_on=case.expires_on, counted_by=""
        )
        ClockedCase.objects.bulk_create([fresh], ignore_conflicts=True)
        row = rows.get()
    return row, acts_of(case.case_no), ruling()


def ask_extension(case: CaseRef, by: str, days: int, reason: str) -> StatutoryAct:
    """提请延长期限; the head answers.

    Raises:
        CaseInvalid: no reason, too many days, extended or asked for already, or the time is over.
    """
    if not 4 <= len(reason.strip()) <= 1000:
        raise CaseInvalid("理由", "延长期限须写明理由。", "请填写四至一千字的理由。")
    with transaction.atomic():
        row, acts, by_now = _locked(case)
        if open_request(acts) is not None:
            raise CaseInvalid(_FIELD, "已经提请延长，正在等待批准。", "请等负责人答复。")
        _may_extend(row, acts, by_now, days)
        return _write(row, acts, by_now, Kind.EXTENSION_ASKED, by, clock.now(), days=days, reason=reason.strip())


def answer_extension(
    case: CaseRef, request: int, by: str, *, agreed: bool, reason: str, notice_no: str = ""
) -> StatutoryAct:
    """批准或者不同意延长期限, by another person than the one who asked.

    Args:
        case: the case.
        request: key of what was asked for.
        by: username of the head.
        agreed: False refuses it.
        reason: the reasons that the applicant is told, or why not.
        notice_no: number of the notice to the applicant; needed to agree.

    Raises:
        CaseInvalid: it was answered, or asked for by the same person, or lacks reason or notice, or the time is over.
    """
    if not 4 <= len(reason.strip()) <= 1000:
        raise CaseInvalid("理由", "没有写明理由。", "请填写四至一千字的理由；批准延长的，理由须告知申请人。")
    if agreed and not notice_no.strip():
        raise CaseInvalid("文书号", "没有书面告知申请人延长的理由。", "请先出具延长期限告知书，再填写文书号。")
    with transaction.atomic():
        row, acts, by_now = _locked(case)
        asked = open_request(acts)
        if asked is None or asked.pk != request:
            raise CaseInvalid(_FIELD, "没有待批准的延长。", "请刷新页面后再看。")
        if same_person(asked.by, by):
            raise CaseInvalid(_FIELD, "提请人不能批准。", "请由另一名负责人批准。")
        if agreed:
            _may_extend(row, acts, by_now, asked.days)
        return _write(
            row,
            acts,
            by_now,
            Kind.EXTENDED if agreed else Kind.EXTENSION_REFUSED,
            by,
            clock.now(),
            days=asked.days if agreed else 0,
            reason=reason.strip(),
            notice_no=notice_no.strip(),
            about=asked,
            asked_by=person_of(asked.by),
        )


def _may_extend(row: ClockedCase, acts: list[StatutoryAct], by: Ruling, days: int) -> None:
    terms, events = by.terms(row), events_of(acts)
    if terms is None:
        raise CaseInvalid(_FIELD, "现行规则没有本事项的期限。", "请联系系统管理员补上规则后再办理。")
    on = max([by.today, *(event.on for event in events[-1:])])
    checked(events, Event(Act.EXTENDED, on, days=days), terms, by.calendar)
    found = progress_of(events, terms, by)
    if any(c.clock == terms.decision.id and c.state is ClockState.OVERDUE for c in found.clocks):
        raise CaseInvalid(_FIELD, "法定期限已过，不能再延长。", "请尽快作出决定，并告知申请人救济途径。")


def take_back(case_no: str, act: Act, by: str, reason: str = "") -> list[StatutoryAct]:
    """Take back the newest act of a kind, with every later one that may not stand without it.

    What the law did stays. Returns what was written; nothing where there is no such act.
    """
    with transaction.atomic():
        row = ClockedCase.objects.select_for_update().filter(case_no=case_no).first()
        acts = acts_of(case_no)
        wrong = next((a for a in reversed(standing_of(acts)) if a.kind == act.value), None)
        if row is None or wrong is None:
            return []
        by_now = ruling()
        terms = by_now.terms(row)
        kept: list[Event] = []
        gone: list[StatutoryAct] = []
        for each in standing_of(acts):
            if each.pk == wrong.pk or not _may_stand(kept, event_of(each), terms, by_now):
                gone.append(each)
            else:
                kept.append(event_of(each))
        at = clock.now()
        values = {"by": by, "person": person_of(by), "reason": reason.strip()}
        written = [next_act(row, acts, Kind.TAKEN_BACK, at, at, about=each, **values) for each in gone]
        StatutoryAct.objects.bulk_create(written)
        recount([row], by_now, {row.case_no: acts})
        return written


def _may_stand(kept: list[Event], event: Event, terms: Terms | None, by: Ruling) -> bool:
    if terms is None:
        return True
    try:
        checked(kept, event, terms, by.calendar)
    except CaseInvalid:
        return False
    return True


def rebuild(case_no: str) -> None:
    """Make the deadlines of a case anew from its acts."""
    with transaction.atomic():
        row = ClockedCase.objects.select_for_update().get(case_no=case_no)
        row.deadlines.all().delete()
        recount([row], ruling())
