"""Runners of the clocks that die or meet: each reminder, its message and each lapse exactly once."""

from __future__ import annotations

import multiprocessing
import os
import random
import time
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connections, transaction
from django.db.models import Count

from approval_hook import clock, deadlines, reminding
from approval_hook.counting import beginning_of
from approval_hook.deadlines import CaseRef
from approval_hook.models import ClockedCase, Deadline, Reminder, StatutoryAct
from approval_hook.policy.clocks import Act
from approval_hook.policy.workdays import add_workdays
from approval_hook.signals import deadline_reached
from approval_hook.workcalendar import published_calendar
from tests.integration.postgres.test_workers import PATIENCE, together

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

MONDAY = date(2026, 10, 12)
SEED = 20261012
ROUNDS = 60 if os.environ.get("LONG") == "1" else 6
#: Seconds after which a pair of runners is killed.
MOMENTS = (0.05, 0.4)


def made(accepted: int, silent: int) -> None:
    """Cases with a decision to come, and cases about which nobody says anything."""
    with clock.standing_at(beginning_of(MONDAY) + timedelta(hours=9)), transaction.atomic():
        for number in range(accepted + silent):
            case = CaseRef(f"440104-20261012-{number:04d}", "food-business", "示例局")
            deadlines.record(case, Act.RECEIVED, "lin")
            if number < accepted:
                deadlines.record(case, Act.ACCEPTED, "lin")


def days_around_the_end() -> list[date]:
    """The day after the notice was due, then each grade of the decision."""
    due = add_workdays(MONDAY, 20, published_calendar()).on
    ends = [add_workdays(due, -n, published_calendar()).on for n in (10, 3)]
    return [add_workdays(MONDAY, 6, published_calendar()).on, *ends, due + timedelta(days=1)]


def leave_message(reminder: Any, **_: Any) -> None:
    """Two of one reminder would have the same name, which the database refuses."""
    Group.objects.create(name=f"{reminder.case_no} {reminder.clock} {reminder.due_on} {reminder.grade}")


def runner(days: list[date]) -> Any:
    """A process of its own that sweeps the days in turn, with a session of its own."""
    connections.close_all()
    started = multiprocessing.get_context("fork").Process(target=_sweep, args=(days,))
    started.start()
    return started


def _sweep(days: list[date]) -> None:
    reminding.BATCH = 5
    deadline_reached.connect(leave_message)
    for day in days:
        deadlines.sweep(beginning_of(day) + timedelta(hours=9))


def each_once(cases: int, silent: int) -> None:
    """Every case came to every grade of its clocks; told or missed, never twice, and every told one left a message."""
    per_case = Reminder.objects.filter(clock="decision").values("case_no").annotate(n=Count("pk"))
    assert {row["n"] for row in per_case} == {3}
    assert per_case.count() == cases
    assert Reminder.objects.filter(clock="correction-notice", grade="overdue").count() == silent
    lapses = StatutoryAct.objects.filter(kind="deemed_accepted").values_list("case_no", flat=True)
    assert len(lapses) == len(set(lapses)) == silent
    messages = set(Group.objects.filter(name__startswith="440104-").values_list("name", flat=True))
    told = Reminder.objects.filter(missed=False).values_list("case_no", "clock", "due_on", "grade")
    assert messages == {f"{case} {clock_id} {due} {grade}" for case, clock_id, due, grade in told}
    assert not Deadline.objects.exclude(next_fire_at=None).exists()


def test_killed_runners_remind_of_everything_once() -> None:
    """Two at a time are killed at random moments around the due dates; the one that comes after finishes the rest."""
    made(accepted=60, silent=20)
    days, chance, done = days_around_the_end(), random.Random(SEED), []  # noqa: S311 - moments, no secrets
    for _ in range(ROUNDS):
        pair = [runner(days) for _ in range(2)]
        time.sleep(chance.uniform(*MOMENTS))
        for each in pair:
            each.kill()
            each.join(PATIENCE)
        done.append(Reminder.objects.count())
    assert len(set(done)) > 1, "nobody was killed in the middle"
    last = runner(days)
    last.join(4 * PATIENCE)
    assert last.exitcode == 0
    each_once(80, 20)


def test_two_runners_at_once_share_the_work(monkeypatch: Any) -> None:
    """Each locks other cases; together they fire each grade once."""
    made(accepted=60, silent=0)
    monkeypatch.setattr(reminding, "BATCH", 7)
    deadline_reached.connect(leave_message)
    try:
        for day in days_around_the_end()[1:]:
            now = beginning_of(day) + timedelta(hours=9)
            found = together(*[lambda now=now: deadlines.sweep(now)] * 3)
            assert sum(swept.reminded for swept in found) == 60
            assert sum(swept.failed for swept in found) == 0
    finally:
        deadline_reached.disconnect(leave_message)
    each_once(60, 0)


def test_an_act_and_a_sweep_at_once_wait_for_each_other() -> None:
    """A decision that is being registered is never called overdue: the sweep leaves its case alone."""
    made(accepted=1, silent=0)
    day = days_around_the_end()[-1]
    now = beginning_of(day) + timedelta(hours=9)
    case = CaseRef("440104-20261012-0000", "food-business", "示例局")
    with transaction.atomic():
        ClockedCase.objects.select_for_update().get(case_no=case.case_no)
        (found,) = together(lambda: deadlines.sweep(now))
        assert (found.reminded, found.failed) == (0, 0)
        with clock.standing_at(now):
            deadlines.record(case, Act.DECIDED, "zhao", granted=False)
    assert deadlines.sweep(now).reminded == 0
    assert not Reminder.objects.exists()
