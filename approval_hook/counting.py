"""The deadlines of a case, derived from its acts by the rules and the calendar of the day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any

from approval_hook import clock
from approval_hook.cases import book
from approval_hook.errors import CaseInvalid, RulesInvalid
from approval_hook.logs import get_logger
from approval_hook.models import ClockedCase, Deadline, Grade, Reminder, StatutoryAct
from approval_hook.policy.catalogue import RuleSet
from approval_hook.policy.clocks import (
    Act,
    ClockState,
    Consequence,
    Event,
    Progress,
    RunningClock,
    Terms,
    progress,
    terms_of,
)
from approval_hook.policy.workdays import WorkCalendar, add_workdays
from approval_hook.workcalendar import published_calendar

Kind = StatutoryAct.Kind
#: The kinds of act that the law itself does.
BY_LAW = {Consequence.DEEMED_ACCEPTED: Kind.DEEMED_ACCEPTED, Consequence.DEEMED_RENEWED: Kind.DEEMED_RENEWED}
#: The kinds of act that clocks are counted from.
COUNTED = frozenset(act.value for act in Act)
#: Case number, clock, number and due date: what a reminder is about.
_Due = tuple[str, str, int, date]
#: What of a deadline may change when it is counted anew.
_DERIVED = [f.name for f in Deadline._meta.concrete_fields if f.name not in ("id", "case", "clock", "number")]
_GRADES = (Grade.NORMAL, Grade.WARNING, Grade.OVERDUE)


@dataclass(frozen=True)
class Ruling:
    """What deadlines are counted by now: new rules and a new calendar hold for the cases under way too (L-20)."""

    rules: RuleSet | None  # None: no rule set is in force
    calendar: WorkCalendar
    today: date

    @cached_property
    def key(self) -> str:
        """Stands in ``ClockedCase.counted_by``."""
        return f"{self.rules.digest[:31] if self.rules else ''}:{self.calendar.digest[:31]}"

    def terms(self, case: ClockedCase) -> Terms | None:
        """The lengths of a case; None where the rules do not say."""
        if self.rules is None:
            return None
        try:
            return terms_of(self.rules, self.rules.matter(case.matter), case.expires_on)
        except (RulesInvalid, CaseInvalid):
            return None


def ruling(today: date | None = None) -> Ruling:
    """The rules and the calendar in force."""
    today = today or clock.today()
    try:
        rules: RuleSet | None = book().on(today).rules
    except RulesInvalid:
        rules = None
    return Ruling(rules, published_calendar(), today)


def events_of(acts: Sequence[StatutoryAct]) -> list[Event]:
    """The acts that stand, as the core counts them."""
    return [event_of(act) for act in standing_of(acts)]


def standing_of(acts: Sequence[StatutoryAct]) -> list[StatutoryAct]:
    """The acts that count: those that were not taken back, without what is only asked for or said by the law."""
    gone = {act.about_id for act in acts if act.kind == Kind.TAKEN_BACK}
    return [act for act in acts if act.kind in COUNTED and act.pk not in gone]


def event_of(act: StatutoryAct) -> Event:
    """An act as the core sees it."""
    return Event(Act(act.kind), act.on, act.procedure, act.notice_no, act.days, act.granted)


def progress_of(events: Sequence[Event], terms: Terms, by: Ruling) -> Progress:
    """How far a case has come today."""
    return progress(events, terms, by.calendar, max(by.today, events[-1].on))


def recount(
    cases: Collection[ClockedCase], by: Ruling, acts: dict[str, list[StatutoryAct]] | None = None
) -> list[StatutoryAct]:
    """Bring the deadlines of cases in line with their acts, and write down what the law has done.

    Args:
        cases: their rows are locked by the caller.
        by: rules and calendar.
        acts: all of each case, in their order, where they were read under the lock; what the law did is appended.

    Returns:
        The acts by law that were written.
    """
    acts = acts if acts is not None else acts_by_case(cases)
    rows: dict[int, list[Deadline]] = {case.pk: [] for case in cases}
    for row in Deadline.objects.filter(case__in=rows):
        rows[row.case_id].append(row)
    fired = _fired(cases)
    new: list[Deadline] = []
    changed: dict[tuple[tuple[str, Any], ...], list[int]] = defaultdict(list)
    gone: list[int] = []
    written: list[StatutoryAct] = []
    for case in cases:
        events, terms = events_of(acts[case.case_no]), by.terms(case)
        case.counted_by = by.key
        if terms is None:
            get_logger().error("no statutory clocks are counted", alarm=True, matter=case.matter, case=case.case_no)
            case.owed = True
        elif events:
            found = progress_of(events, terms, by)
            written += _lapsed(case, acts[case.case_no], found)
            fresh = _derived(case, found, by, rows[case.pk], fired)
            old = {row.pk: row for row in rows[case.pk]}
            new += [row for row in fresh if row.pk is None]
            for row in fresh:
                if row.pk is not None and (moved := _moved(row, old[row.pk])):
                    changed[tuple(moved.items())].append(row.pk)
            gone += old.keys() - {row.pk for row in fresh}
            case.owed = any(row.owed or row.next_fire_at for row in fresh)
    StatutoryAct.objects.bulk_create(written)
    for values, keys in changed.items():
        Deadline.objects.filter(pk__in=keys).update(**dict(values))
    if gone:
        Deadline.objects.filter(pk__in=gone).delete()
    Deadline.objects.bulk_create(new)
    for owed in {case.owed for case in cases}:
        keys = [case.pk for case in cases if case.owed is owed]
        ClockedCase.objects.filter(pk__in=keys).update(owed=owed, counted_by=by.key)
    return written


def acts_by_case(cases: Iterable[ClockedCase]) -> dict[str, list[StatutoryAct]]:
    """Every act of each case, oldest first. One query."""
    found: dict[str, list[StatutoryAct]] = {case.case_no: [] for case in cases}
    for act in StatutoryAct.objects.filter(case_no__in=found).order_by("case_no", "number"):
        found[act.case_no].append(act)
    return found


def _lapsed(case: ClockedCase, acts: list[StatutoryAct], found: Progress) -> list[StatutoryAct]:
    known = {act.kind for act in acts}
    written = []
    for each in found.clocks:
        kind = BY_LAW.get(each.consequence)
        # What the law does is never undone, so it is written down only for a day that is certain.
        if kind is None or kind in known or each.due.provisional:
            continue
        if kind is Kind.DEEMED_ACCEPTED:
            begun = (a for a in standing_of(acts) if a.kind in (Kind.RECEIVED, Kind.SUPPLIED))
            at = next(a.at for a in reversed(list(begun)) if a.on == each.began_on)
        else:
            at = beginning_of(each.due.on + timedelta(days=1))
        written.append(next_act(case, acts, kind, at, clock.now()))
    return written


def next_act(
    case: ClockedCase, acts: list[StatutoryAct], kind: Kind, at: datetime, made_at: datetime, **values: Any
) -> StatutoryAct:
    """The next act of a case whose row is locked, not written yet."""
    act = StatutoryAct(
        case_no=case.case_no,
        number=acts[-1].number + 1 if acts else 1,
        matter=case.matter,
        organ=case.organ,
        kind=kind,
        at=at,
        on=clock.china_date(at),
        made_at=made_at,
        **values,
    )
    acts.append(act)
    return act


def _derived(
    case: ClockedCase, found: Progress, by: Ruling, rows: Iterable[Deadline], fired: dict[_Due, str]
) -> list[Deadline]:
    """The deadlines of a case, with the keys of the rows in whose place they stand."""
    old = {(row.clock, row.number): row for row in rows}
    counted: dict[str, int] = {}
    fresh = []
    for each in found.clocks:
        number = counted[each.clock] = counted.get(each.clock, 0) + 1
        known = old.get((each.clock, number))
        row = Deadline(pk=known.pk if known else None, case=case, clock=each.clock, number=number, **_values(each, by))
        row.fired = fired.get((case.case_no, row.clock, row.number, row.due_on), "")
        row.next_fire_at = upcoming(row)
        fresh.append(row)
    return fresh


def _values(each: RunningClock, by: Ruling) -> dict[str, Any]:
    rule = by.rules.reminder(each.clock) if by.rules else None
    days = (rule.normal_workdays, rule.warning_workdays) if rule else (0, 0)
    before = [add_workdays(each.due.on, -n, by.calendar).on if n else None for n in days]
    # Nobody is reminded of what has only just begun.
    normal_on, warning_on = (day if day and day > each.began_on else None for day in before)
    return {
        "title": each.title[:200],
        "began_on": each.began_on,
        "due_on": each.due.on,
        "provisional": each.due.provisional,
        "state": each.state.value,
        "owed": each.left is not None,
        "excluded": each.excluded,
        "lapse": each.lapse.value,
        "normal_on": normal_on,
        "warning_on": warning_on,
    }


def _fired(cases: Iterable[ClockedCase]) -> dict[_Due, str]:
    """The highest grade that was reached of each due date."""
    rows = Reminder.objects.filter(case_no__in=[case.case_no for case in cases])
    found: dict[_Due, str] = {}
    for *due, grade in rows.values_list("case_no", "clock", "number", "due_on", "grade"):
        key = (due[0], due[1], due[2], due[3])
        found[key] = max(found.get(key, grade), grade, key=_GRADES.index)
    return found


def _moved(one: Deadline, other: Deadline) -> dict[str, Any]:
    return {name: getattr(one, name) for name in _DERIVED if getattr(one, name) != getattr(other, name)}


def steps(row: Deadline) -> list[tuple[Grade, date]]:
    """The grades that a deadline has not come to yet, each with the day on which it does."""
    days = (row.normal_on, row.warning_on, row.due_on + timedelta(days=1))
    after = _GRADES.index(Grade(row.fired)) + 1 if row.fired else 0
    return [(grade, day) for grade, day in list(zip(_GRADES, days, strict=True))[after:] if day is not None]


def upcoming(row: Deadline) -> datetime | None:
    """When a deadline comes to its next grade; None while it is stopped, and once it is over."""
    waits = steps(row) if row.state in (ClockState.RUNNING, ClockState.OVERDUE) else []
    return beginning_of(waits[0][1]) if waits else None


def beginning_of(day: date) -> datetime:
    """The first moment of a day in China."""
    return datetime.combine(day, time.min, clock.CHINA)
