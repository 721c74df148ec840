"""Limits on the real gateway adapter against the simulator: asking at once, and an outage from beginning to end."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from adapters.simulator import FaultKind, SimulatedSubject
from approval_hook import clock
from approval_hook.models import SourceDay
from approval_hook.platforms import Question, ask_all
from approval_hook.policy.records import QueryStatus
from approval_hook.policy.subjects import organisation
from approval_hook.policy.synthetic import synthetic_firm_name, synthetic_uscc
from approval_hook.testing import make_query, standing_at
from tests.acceptance.conftest import TOLERANCE_SECONDS, World, platform_settings

#: A Monday morning.
AT = datetime(2026, 10, 12, 9, 0, tzinfo=clock.CHINA)
RANDOM = random.Random(6)  # noqa: S311 - invents subjects, not secrets
SUBJECTS = [organisation(synthetic_firm_name(RANDOM), synthetic_uscc(RANDOM), on=AT.date()) for _ in range(6)]
QUESTIONS = [Question("province", make_query(subject, f"q-{n}")) for n, subject in enumerate(SUBJECTS)]


@pytest.fixture
def limit(wired: World, settings: Any) -> Iterator[Callable[..., World]]:
    """Put limits on the required platform, which knows six firms without rows."""
    for subject in SUBJECTS:
        wired.province.control.put(SimulatedSubject.of(subject))

    def to(**limits: Any) -> World:
        real = settings.APPROVAL_HOOK
        province = platform_settings(wired.province.url, clock_tolerance=TOLERANCE_SECONDS)
        province |= {"LIMITS": limits} if limits else {}
        settings.APPROVAL_HOOK = {**real, "PLATFORMS": {**real["PLATFORMS"], "province": province}}
        return wired

    yield to
    wired.province.control.reset()


def seconds_of(questions: list[Question]) -> float:
    """How long the gate waits for complete answers to all of them."""
    started = time.monotonic()
    reports = ask_all(questions, seconds=5.0)
    taken = time.monotonic() - started
    assert [(r.status, r.records) for r in reports] == [(QueryStatus.OK, ())] * len(questions)
    return taken


@pytest.mark.parametrize("limits", [{}, {"AT_ONCE": 6, "PER_DAY": 10_000, "PER_MINUTE": 1000}], ids=["free", "limited"])
def test_six_slow_queries_take_little_longer_than_one(limit: Callable[..., World], limits: dict[str, Any]) -> None:
    """Six queries of 200 ms each keep the gate waiting at most 1.3 times as long as one of them."""
    world = limit(**limits)
    world.province.control.fault(FaultKind.SLOW, seconds=0.2)
    seconds_of(QUESTIONS)  # opens the connections
    one = min(seconds_of(QUESTIONS[:1]) for _ in range(3))
    six = min(seconds_of(QUESTIONS) for _ in range(5))
    assert 0.2 <= one <= six <= 1.3 * one


def test_bulkhead_makes_queries_wait_for_one_another(limit: Callable[..., World]) -> None:
    """With two places six queries go in three turns, and all are answered within the deadline."""
    world = limit(AT_ONCE=2)
    world.province.control.fault(FaultKind.SLOW, seconds=0.1)
    assert 0.3 <= seconds_of(QUESTIONS) < 2.0


def test_outage_from_beginning_to_end(limit: Callable[..., World]) -> None:
    """The source hangs, the breaker opens, calls return at once; it comes back, one query tries, then all go."""
    world = limit(BREAKER={"FAILURES": 2, "SECONDS": 30})
    control = world.province.control
    control.fault(FaultKind.HANG)

    def ask(moment: datetime, count: int = 1) -> tuple[set[str], float]:
        started = time.monotonic()
        with standing_at(moment):
            reports = ask_all(QUESTIONS[:count], seconds=0.3)
        assert all((r.status is QueryStatus.OK) is not bool(r.reason) for r in reports)
        return {r.reason for r in reports}, time.monotonic() - started

    for _ in range(2):
        assert ask(AT)[0] == {"unavailable"}
    asked = len(control.ledger())
    reasons, seconds = ask(AT + timedelta(seconds=1), 6)
    assert reasons == {"breaker-open"}
    assert seconds < 0.1
    assert len(control.ledger()) == asked

    half_open = AT + timedelta(seconds=31)
    assert ask(half_open, 6)[0] == {"unavailable", "breaker-open"}
    assert len(control.ledger()) == asked + 1
    assert ask(half_open + timedelta(seconds=29), 6)[0] == {"breaker-open"}

    control.behave()
    back = half_open + timedelta(seconds=31)
    assert ask(back)[0] == {""}
    assert ask(back, 6)[0] == {""}
    day = SourceDay.objects.get()
    assert (day.openings, day.opened_at) == (2, half_open)
