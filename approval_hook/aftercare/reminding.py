"""Reminders of promises: who promised is told in time, and nobody twice.

The row of an open promise follows its acts, in their transaction; the sweep of ``credit_runner`` finds what is due by
index. The days before the last one are those that the rules give when the reminder is reckoned.

Source: 广东省优化营商环境条例 第三十二条; R-13, S-16.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from approval_hook import clock
from approval_hook.casestanding import acts_of
from approval_hook.counting import beginning_of, ruling, standing_of
from approval_hook.logs import get_logger
from approval_hook.models import Grade, OpenPromise, Promise, PromiseReminder, StatutoryAct
from approval_hook.policy.promises import PromiseAct, PromiseStanding, PromiseState, Step
from approval_hook.policy.rules import PROMISE_REMINDER
from approval_hook.policy.workdays import add_workdays
from approval_hook.signals import promise_reached

#: Wait before a promise is tried again whose reminder failed.
AGAIN = timedelta(minutes=15)
_OPEN = (PromiseState.OPEN, PromiseState.LATE)
_DATING = (PromiseAct.SIGNED, PromiseAct.EXTENDED)
_Kind = StatutoryAct.Kind
_OVER = {_Kind.DECIDED, _Kind.WITHDRAWN, _Kind.NOT_ACCEPTED}


@dataclass(slots=True)
class Reminded:
    """What one sweep did."""

    told: int = 0
    failed: int = 0


def follow(promise: Promise, steps: Sequence[Step], found: PromiseStanding) -> None:
    """Bring the row of an open promise in line with its acts, in their transaction and lock.

    Args:
        promise: whose row is locked by the caller.
        steps: what happened, oldest first.
        found: how it stands after that.
    """
    if found.state not in _OPEN:
        OpenPromise.objects.filter(promise=promise).delete()
        return
    dated = next(step for step in reversed(steps) if step.act in _DATING)
    row = OpenPromise(
        promise=promise, items=list(found.out), began_on=clock.china_date(dated.at), due_on=found.due, next_fire_at=None
    )
    row.next_fire_at = _next(_waits(row))
    values = {name: getattr(row, name) for name in ("items", "began_on", "due_on", "next_fire_at")}
    OpenPromise.objects.update_or_create(promise=promise, defaults=values)


def late(host_keys: Collection[str]) -> set[str]:
    """Of these cases, those with a promise that is open after its last day: somebody must look into it (S-16)."""
    rows = OpenPromise.objects.filter(promise__host_key__in=host_keys, due_on__lt=clock.today())
    return set(rows.values_list("promise__host_key", flat=True))


def remind(now: datetime | None = None) -> Reminded:
    """Fire what is due, each promise in a transaction of its own.

    Args:
        now: aware moment; by default the present one.
    """
    now, swept = now or clock.now(), Reminded()
    while _fire_one(now, swept):
        pass
    return swept


def _fire_one(now: datetime, swept: Reminded) -> bool:
    """Whether one was due that nobody else is about."""
    with transaction.atomic():
        # The row that an act locks first too.
        due = Promise.objects.filter(waiting__next_fire_at__lte=now).order_by("waiting__next_fire_at", "pk")
        promise = due.select_for_update(skip_locked=True, of=("self",)).first()
        if promise is None:
            return False
        try:
            with transaction.atomic():
                swept.told += _fire(promise, now)
        except Exception as error:  # noqa: BLE001 - whatever a receiver raises: it stops no other promise
            swept.failed += 1
            get_logger().error(
                "a promise was not reminded", alarm=True, case=promise.case_no, error=type(error).__name__
            )
            OpenPromise.objects.filter(promise=promise).update(next_fire_at=now + AGAIN)
        return True


def _fire(promise: Promise, now: datetime) -> int:
    # Read under the lock: an act may have come before.
    row = OpenPromise.objects.filter(promise=promise, next_fire_at__lte=now).first()
    if row is None:
        return 0
    waits, today = _waits(row), clock.china_date(now)
    reached = [grade for grade, day in waits if day <= today]
    over = bool(reached) and any(act.kind in _OVER for act in standing_of(acts_of(promise.case_no)))
    made = [
        PromiseReminder(
            promise=promise,
            due_on=row.due_on,
            grade=grade,
            items=row.items,
            missed=over or grade is not reached[-1],
            made_at=now,
        )
        for grade in reached
    ]
    for reminder in made:
        reminder.save()
    row.next_fire_at = _next(waits[len(reached) :])
    row.save(update_fields=["next_fire_at"])
    told = [reminder for reminder in made if not reminder.missed]
    for reminder in told:
        promise_reached.send(sender=PromiseReminder, reminder=reminder)
    return len(told)


def _waits(row: OpenPromise) -> list[tuple[Grade, date]]:
    """The grades that a promise has not come to yet, each with the day on which it does."""
    by = ruling()
    rule = by.rules.reminder(PROMISE_REMINDER) if by.rules else None
    days = (rule.normal_workdays, rule.warning_workdays) if rule else (0, 0)
    before = [add_workdays(row.due_on, -n, by.calendar).on if n else None for n in days]
    # Nobody is reminded of what was only just signed or put off.
    early = [day if day and day > row.began_on else None for day in before]
    grades = zip((Grade.NORMAL, Grade.WARNING, Grade.OVERDUE), (*early, row.due_on + timedelta(days=1)), strict=True)
    reminders = PromiseReminder.objects.filter(promise=row.promise_id, due_on=row.due_on)
    made = set(reminders.values_list("grade", flat=True))
    return [(grade, day) for grade, day in grades if day is not None and grade not in made]


def _next(waits: Sequence[tuple[Grade, date]]) -> datetime | None:
    return beginning_of(min(day for _, day in waits)) if waits else None
