"""The deadlines of a case, derived from its acts by the rules and the calendar of the day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    case: ClockedCase, acts: list[StatutoryAct], by: Ruling, rows: Iterable[Deadline] | None = None
) -> list[StatutoryAct]:
    """Bring the deadlines of a case in line with its acts, and write down what the law has done.

    Args:
        case: its row is locked by the caller.
        acts: all of the case, in their order; what the law did is appended.
        by: rules and calendar.
        rows: the deadlines as they stand, where they were read under the lock.

    Returns:
        The acts by law that were written.
    """
    events, terms = events_of(acts), by.terms(case)
    written: list[StatutoryAct] = []
    if terms is None:
        get_logger().error("no statutory clocks are counted", alarm=True, matter=case.matter, case=case.case_no)
        case.owed = True
    elif events:
        found = progress_of(events, terms, by)
        written = _lapsed(case, acts, found)
        case.owed = _write(case, found, by, case.deadlines.all() if rows is None else rows)
    case.counted_by = by.key
    case.save(update_fields=["owed", "counted_by"])
    return written


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
        written.append(write_act(case, acts, kind, at, clock.now()))
    return written


def write_act(
    case: ClockedCase, acts: list[StatutoryAct], kind: Kind, at: datetime, made_at: datetime, **values: Any
) -> StatutoryAct:
    """Insert the next act of a case whose row is locked."""
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
    act.save()
    acts.append(act)
    return act


def _write(case: ClockedCase, found: Progress, by: Ruling, rows: Iterable[Deadline]) -> bool:
    """Whether somebody owes something, or is to be reminded."""
    old = {(row.clock, row.number): row for row in rows}
    counted: dict[str, int] = {}
    fresh: list[Deadline] = []
    for each in found.clocks:
        number = counted[each.clock] = counted.get(each.clock, 0) + 1
        fresh.append(Deadline(case=case, clock=each.clock, number=number, **_values(each, by)))
    moved = [r for r in fresh if (k := (r.clock, r.number)) not in old or old[k].due_on != r.due_on]
    fired = _fired(case) if moved else {}
    for row in fresh:
        known = old.get((row.clock, row.number))
        same = known is not None and known.due_on == row.due_on
        row.fired = known.fired if known and same else fired.get((row.clock, row.number, row.due_on), "")
        row.next_fire_at = upcoming(row)
        row.pk = known.pk if known else None
    for row in fresh:
        if row.pk is not None and _differs(row, old[row.clock, row.number]):
            row.save(force_update=True)
    Deadline.objects.bulk_create([row for row in fresh if row.pk is None])
    for key in old.keys() - {(row.clock, row.number) for row in fresh}:
        old[key].delete()
    return any(row.owed or row.next_fire_at for row in fresh)


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


def _fired(case: ClockedCase) -> dict[tuple[str, int, date], str]:
    """The highest grade that was reached of each due date."""
    rows = Reminder.objects.filter(case_no=case.case_no).values_list("clock", "number", "due_on", "grade")
    found: dict[tuple[str, int, date], str] = {}
    for clock_id, number, due_on, grade in rows:
        key = (clock_id, number, due_on)
        found[key] = max(found.get(key, grade), grade, key=_GRADES.index)
    return found


def _differs(one: Deadline, other: Deadline) -> bool:
    return any(getattr(one, f.attname) != getattr(other, f.attname) for f in Deadline._meta.concrete_fields)


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
