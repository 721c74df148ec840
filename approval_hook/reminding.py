"""The durable timer of statutory clocks: everything that is due is found by index, whoever opens a page or not."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from approval_hook import clock, statements
from approval_hook.counting import BY_LAW, Ruling, recount, ruling, steps, upcoming
from approval_hook.logs import get_logger
from approval_hook.models import ClockedCase, Deadline, Grade, Reminder
from approval_hook.policy.clocks import ClockState
from approval_hook.signals import deadline_reached

#: Cases of one transaction; memory is bounded by it.
BATCH = 500
#: What a reminder is unique by.
_UNIQUE = ("case_no", "clock", "number", "due_on", "grade")
#: Wait before a case is tried again of which something failed.
AGAIN = timedelta(minutes=15)


@dataclass(slots=True)
class Swept:
    """What one sweep did."""

    reminded: int = 0
    missed: int = 0  # grades that had passed before the sweep came
    lapsed: int = 0  # what the law did: deemed accepted, deemed renewed
    recounted: int = 0  # cases counted anew by other rules or another calendar
    failed: int = 0


def sweep(now: datetime | None = None) -> Swept:
    """Count anew what was counted by other rules or another calendar, then fire what is due.

    Args:
        now: aware moment; by default the present one.
    """
    now = now or clock.now()
    swept, by = Swept(), ruling(clock.china_date(now))
    after = 0
    while after := _recount_some(by, after, swept):
        pass
    while _fire_some(now, by, swept):
        pass
    return swept


def _recount_some(by: Ruling, after: int, swept: Swept) -> int:
    """One batch; its last key, or 0 when there was none."""
    with transaction.atomic():
        # Two ranges, because an index finds no inequality.
        stale = ClockedCase.objects.filter(Q(counted_by__lt=by.key) | Q(counted_by__gt=by.key), owed=True, pk__gt=after)
        cases = list(stale.order_by("pk").select_for_update(skip_locked=True)[:BATCH])
        try:
            with transaction.atomic():
                swept.lapsed += len(recount(cases, by))
            swept.recounted += len(cases)
        except Exception:  # noqa: BLE001 - one broken case must not stop the others
            _recount_apart(cases, by, swept)
    return cases[-1].pk if cases else 0


def _recount_apart(cases: list[ClockedCase], by: Ruling, swept: Swept) -> None:
    for case in cases:
        try:
            with transaction.atomic():
                swept.lapsed += len(recount([case], by))
            swept.recounted += 1
        except Exception as error:  # noqa: BLE001 - as above
            _failed(case, error, swept)
            # Told once; its deadlines stand as they were until its next act, or until other rules hold.
            ClockedCase.objects.filter(pk=case.pk).update(counted_by=by.key)


def _fire_some(now: datetime, by: Ruling, swept: Swept) -> int:
    """One batch; how many cases it looked at."""
    try:
        with transaction.atomic():
            cases = _due_cases(now)
            told = _fire(cases, now, by)
    except Exception as error:  # noqa: BLE001 - whatever a receiver raises: each case for itself
        get_logger().error("a batch of deadlines is taken one by one", alarm=True, error=type(error).__name__)
        return _fire_apart(now, by, swept)
    _add(swept, told)
    return len(cases)


def _fire_apart(now: datetime, by: Ruling, swept: Swept) -> int:
    """The same batch with a transaction for each case; what fails is put off and stops nothing."""
    with transaction.atomic():
        keys = [case.pk for case in _due_cases(now)]
    for key in keys:
        try:
            with transaction.atomic():
                _add(swept, _fire(_due_cases(now, key), now, by))
        except Exception as error:  # noqa: BLE001 - as above
            _failed(ClockedCase.objects.get(pk=key), error, swept)
            Deadline.objects.filter(case=key, next_fire_at__lte=now).update(next_fire_at=now + AGAIN)
    return len(keys)


def _due_cases(now: datetime, only: int | None = None) -> list[ClockedCase]:
    """Cases with a deadline that is due, locked; one that somebody else has locked is theirs."""
    due = ClockedCase.objects.filter(deadlines__next_fire_at__lte=now)
    if only is not None:
        due = due.filter(pk=only)
    due = due.order_by("deadlines__next_fire_at", "deadlines__id")
    return list({case.pk: case for case in due.select_for_update(skip_locked=True, of=("self",))[:BATCH]}.values())


def _fire(cases: list[ClockedCase], now: datetime, by: Ruling) -> Swept:
    # Read again under the lock: what was due may have been done meanwhile.
    rows = Deadline.objects.filter(case__in=[case.pk for case in cases], next_fire_at__lte=now).order_by("id")
    by_key = {case.pk: case for case in cases}
    reminders: list[Reminder] = []
    changes: dict[tuple[str, str, datetime | None], list[int]] = defaultdict(list)
    lapsing: dict[int, ClockedCase] = {}
    for row in rows:
        case = by_key[row.case_id]
        reached = [grade for grade, day in steps(row) if day <= by.today]
        reminders += [_reminder(case, row, grade, now, missed=grade is not reached[-1]) for grade in reached]
        if reached:
            row.fired = reached[-1]
        if row.fired == Grade.OVERDUE:
            row.state = ClockState.OVERDUE
            if row.lapse in BY_LAW and not row.provisional:
                lapsing[case.pk] = case
        changes[row.fired, row.state, upcoming(row)].append(row.pk)
    told = [reminder for reminder in reminders if not reminder.missed]
    statements.insert_many(reminders)
    for (fired, state, at), keys in changes.items():
        Deadline.objects.filter(pk__in=keys).update(fired=fired, state=state, next_fire_at=at)
    lapsed = len(recount(list(lapsing.values()), by)) if lapsing else 0
    if told and deadline_reached.has_listeners(Reminder):
        _tell(told)
    return Swept(reminded=len(told), missed=len(reminders) - len(told), lapsed=lapsed)


def _tell(told: list[Reminder]) -> None:
    """Send the signal of each reminder, with the key that the database gave it."""
    rows = Reminder.objects.filter(case_no__in={reminder.case_no for reminder in told})
    keys = {tuple(about): pk for pk, *about in rows.values_list("pk", *_UNIQUE)}
    for reminder in told:
        reminder.pk = keys[tuple(getattr(reminder, name) for name in _UNIQUE)]
        deadline_reached.send(sender=Reminder, reminder=reminder)


def _reminder(case: ClockedCase, row: Deadline, grade: Grade, now: datetime, *, missed: bool) -> Reminder:
    return Reminder(
        case_no=case.case_no,
        matter=case.matter,
        organ=case.organ,
        clock=row.clock,
        number=row.number,
        title=row.title,
        due_on=row.due_on,
        grade=grade,
        provisional=row.provisional,
        lapse=row.lapse if grade is Grade.OVERDUE else "",
        missed=missed,
        made_at=now,
    )


def _add(swept: Swept, more: Swept) -> None:
    swept.reminded += more.reminded
    swept.missed += more.missed
    swept.lapsed += more.lapsed


def _failed(case: ClockedCase, error: Exception, swept: Swept) -> None:
    swept.failed += 1
    get_logger().error("deadlines of a case failed", alarm=True, case=case.case_no, error=type(error).__name__)
