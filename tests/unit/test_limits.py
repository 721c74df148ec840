"""Each limit of a source by itself, with a moved clock; no database."""

from __future__ import annotations

import json
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from approval_hook import sourcedays
from approval_hook.clock import CHINA
from approval_hook.errors import (
    PlatformError,
    PlatformNotAsked,
    PlatformRefused,
    PlatformReplyInvalid,
    PlatformUnavailable,
)
from approval_hook.limits import Budget, Limited, Limits, Window
from approval_hook.policy.records import CreditReport, QueryStatus
from approval_hook.policy.subjects import organisation
from approval_hook.ports import Query
from approval_hook.testing import Script, ScriptedPlatform, make_query, standing_at

#: A Monday morning.
AT = datetime(2026, 10, 12, 9, 0, tzinfo=CHINA)
QUERY = make_query(organisation("示例餐饮（广州）有限公司", "92440104MA5FKAEH4C", on=AT.date()), "q")


def limited(script: Script | None = None, **limits: Any) -> Limited:
    """A scripted source within some limits."""
    return Limited(ScriptedPlatform("province", script or Script(), remote=True), Limits(**limits))


def ask(source: Limited, at: datetime = AT, *, decides: bool = False, timeout: float = 1.0) -> str:
    """Admit and ask one query at a moment: "OK", or the word of the error."""
    with standing_at(at):
        try:
            source.admit(decides=decides)
            return source.query(QUERY, timeout=timeout).status.value
        except PlatformError as error:
            return error.reason


def after(seconds: float) -> datetime:
    """A moment some seconds later."""
    return AT + timedelta(seconds=seconds)


class Held:
    """A source that answers when it is let go."""

    name, remote = "province", True

    def __init__(self) -> None:
        """Nobody waits yet."""
        self.fault: PlatformError | None = None
        self.let_go = threading.Event()
        self.waiting = threading.Semaphore(0)
        self.given: list[float] = []

    def query(self, query: Query, *, timeout: float) -> CreditReport:
        """Wait, then hold none."""
        if self.fault is not None:
            raise self.fault
        self.given.append(timeout)
        self.waiting.release()
        assert self.let_go.wait(5)
        return CreditReport(query.party, self.name, QueryStatus.OK, AT, AT)


@pytest.fixture(autouse=True)
def leases(monkeypatch: pytest.MonkeyPatch) -> dict[Any, int]:
    """What is leased per day, in memory in place of the database; shared by all sources of a test, as by processes."""
    leased: dict[Any, int] = {}

    def lease(source: str, day: Any, block: int, *, below: int) -> int | None:
        if leased.get(day, 0) >= below:
            return None
        leased[day] = leased.get(day, 0) + block
        return leased[day]

    monkeypatch.setattr(sourcedays, "lease", lease)
    monkeypatch.setattr(sourcedays, "note_opening", lambda source, at: None)
    return leased


def test_outage_opens_the_breaker_a_trial_keeps_or_closes_it() -> None:
    """Three failures open it; nobody is asked until the pause is over; a trial that fails opens it anew."""
    script = Script(fault=PlatformUnavailable())
    source = limited(script, failures=3, pause_seconds=30)
    assert [ask(source) for _ in range(5)] == ["unavailable"] * 3 + ["breaker-open"] * 2
    assert ask(source, after(29.9)) == "breaker-open"
    assert len(script.asked) == 3
    assert [ask(source, after(30)) for _ in range(2)] == ["unavailable", "breaker-open"]
    assert ask(source, after(59.9)) == "breaker-open"
    script.fault = None
    assert [ask(source, after(60)) for _ in range(3)] == ["OK"] * 3
    script.fault = PlatformUnavailable()
    assert [ask(source, after(61)) for _ in range(4)] == ["unavailable"] * 3 + ["breaker-open"]


def test_only_failures_in_a_row_open_the_breaker() -> None:
    """An answer between two failures starts the count again."""
    script = Script()
    source = limited(script, failures=2, pause_seconds=30)
    for _ in range(5):
        script.fault = PlatformUnavailable()
        assert ask(source) == "unavailable"
        script.fault = None
        assert ask(source) == "OK"


@pytest.mark.parametrize("fault", [PlatformRefused(), PlatformReplyInvalid(), ZeroDivisionError()])
def test_what_is_no_outage_never_opens_the_breaker(fault: Any) -> None:
    """A refusal, an unreadable reply and a broken adapter say nothing about whether the source is up."""
    source = limited(Script(fault=fault), failures=1, pause_seconds=30)
    for _ in range(3):
        with standing_at(AT), pytest.raises(type(fault)):
            source.admit(decides=False)
            source.query(QUERY, timeout=1)


@pytest.mark.parametrize("fault", [PlatformRefused(), PlatformReplyInvalid(), ZeroDivisionError()])
def test_trial_that_is_not_answered_well_does_not_block_the_next(fault: Any) -> None:
    """A refusal closes the breaker, and an adapter that breaks in the trial leaves the way free for another one."""
    script = Script(fault=PlatformUnavailable())
    source = limited(script, failures=1, pause_seconds=30)
    ask(source)
    script.fault = fault
    with standing_at(after(31)), pytest.raises(type(fault)):
        source.query(QUERY, timeout=1)
    script.fault = None
    assert ask(source, after(31)) == "OK"


def test_half_open_breaker_lets_one_query_through_at_a_time() -> None:
    """While the trial is under way everybody else returns at once."""
    held = Held()
    source = Limited(held, Limits(failures=1, pause_seconds=30))
    held.fault = PlatformUnavailable()
    assert ask(source) == "unavailable"
    held.fault = None
    with ThreadPoolExecutor() as pool:
        trial = pool.submit(ask, source, after(31))
        assert held.waiting.acquire(timeout=5)
        assert ask(source, after(31)) == "breaker-open"
        held.let_go.set()
        assert trial.result() == "OK"
    assert ask(source, after(31)) == "OK"


def test_full_bulkhead_waits_half_the_time_and_gives_up() -> None:
    """The third of two places is told "busy" after half of its time, and gets the first place that becomes free."""
    held = Held()
    source = Limited(held, Limits(at_once=2))
    with ThreadPoolExecutor() as pool:
        first = [pool.submit(ask, source) for _ in range(2)]
        assert all(held.waiting.acquire(timeout=5) for _ in first)
        started = time.monotonic()
        assert ask(source, timeout=0.2) == "busy"
        assert 0.1 <= time.monotonic() - started < 0.2
        later = pool.submit(ask, source, timeout=5.0)
        held.let_go.set()
        assert {f.result() for f in [*first, later]} == {"OK"}
    assert len(held.given) == 3
    assert held.given[-1] < 5.0


def test_rate_keeps_a_reserve_for_decisions() -> None:
    """Acceptance stops two before the end of any 60 seconds, decisions go on to the end, then both wait."""
    source = limited(per_minute=Budget(5, 2))
    assert [ask(source, after(n)) for n in range(4)] == ["OK"] * 3 + ["rate"]
    assert [ask(source, after(4 + n), decides=True) for n in range(3)] == ["OK", "OK", "rate"]
    assert ask(source, after(59.9), decides=True) == "rate"
    assert ask(source, after(60), decides=True) == "OK"
    assert ask(source, after(60)) == "rate"
    assert ask(source, after(66)) == "OK"


def test_quota_keeps_a_reserve_for_decisions_until_the_day_ends(leases: dict[Any, int]) -> None:
    """Acceptance stops when only the reserve is left, decisions use it up, and China's next day begins afresh."""
    source = limited(per_day=Budget(10, 4))
    assert [ask(source) for _ in range(7)] == ["OK"] * 6 + ["quota"]
    assert [ask(source, decides=True) for _ in range(5)] == ["OK"] * 4 + ["quota"]
    night = datetime(2026, 10, 12, 23, 59, 59, tzinfo=CHINA)
    assert ask(source, night, decides=True) == "quota"
    assert ask(source, night + timedelta(seconds=1)) == "OK"
    assert leases == {AT.date(): 10, AT.date() + timedelta(days=1): 1}


@pytest.mark.parametrize("most", [1, 199, 450, 1001, 50_000])
@pytest.mark.parametrize("processes", [1, 3])
def test_blocks_add_up_to_the_quota_and_never_above(leases: dict[Any, int], most: int, processes: int) -> None:
    """However many processes lease, and whether or not the last block is whole, exactly the quota is asked."""
    sources = [limited(per_day=Budget(most, 0))._quota for _ in range(processes)]
    asked, turn = 0, 0
    while sources:
        source = sources[turn % len(sources)]
        assert source is not None
        try:
            source.take(AT, decides=True)
            asked += 1
        except PlatformNotAsked:
            sources.remove(source)
        turn += 1
    assert asked == most


def test_block_that_crosses_into_the_reserve_is_not_spent_on_acceptance(leases: dict[Any, int]) -> None:
    """The reserve begins at its number, not at the end of a block, and the numbers left in it serve decisions."""
    source = limited(per_day=Budget(1000, 333))._quota
    assert source is not None

    def taken(*, decides: bool) -> int:
        for number in range(2000):
            try:
                source.take(AT, decides=decides)
            except PlatformNotAsked:
                return number
        raise AssertionError

    assert taken(decides=False) == 667
    assert leases[AT.date()] == 670
    assert taken(decides=True) == 333


def test_quota_that_is_used_up_is_not_asked_of_the_database_again(
    leases: dict[Any, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the refusal of a lease the day is settled for this process."""
    source = limited(per_day=Budget(3, 1))
    assert [ask(source) for _ in range(3)] == ["OK", "OK", "quota"]
    assert [ask(source, decides=True) for _ in range(2)] == ["OK", "quota"]
    monkeypatch.setattr(sourcedays, "lease", lambda *args, **kwargs: pytest.fail("asked again"))
    assert (ask(source), ask(source, decides=True)) == ("quota", "quota")


@pytest.mark.parametrize(
    ("at", "covered"),
    [
        ("2026-10-11 01:59", False),
        ("2026-10-11 02:00", True),
        ("2026-10-11 03:59", True),
        ("2026-10-11 04:00", False),
        ("2026-10-11 23:30", True),
        ("2026-10-12 00:59", True),
        ("2026-10-12 01:00", False),
        ("2026-10-14 02:30", False),
    ],
)
def test_maintenance_is_weekly_in_china(at: str, covered: bool) -> None:
    """Two windows, one of them over Sunday night; the end is outside; the server's zone plays no part."""
    windows = (Window(6 * 1440 + 120, 6 * 1440 + 240), Window(6 * 1440 + 23 * 60 + 30, 60))
    moment = datetime.fromisoformat(at).replace(tzinfo=CHINA)
    source = limited(maintenance=windows)
    assert ask(source, moment) == ("maintenance" if covered else "OK")


def test_each_change_of_state_is_one_alarm(leases: dict[Any, int], caplog: pytest.LogCaptureFixture) -> None:
    """Opened and closed, reserve and end of the quota, maintenance on and over: one line each, however many ask."""
    script = Script()
    source = limited(
        script,
        failures=1,
        pause_seconds=30,
        per_day=Budget(4, 1),
        maintenance=(Window(600, 660),),
    )
    with caplog.at_level(logging.INFO, "approval_hook"):
        script.fault = PlatformUnavailable()
        for _ in range(3):
            ask(source)
        script.fault = None
        for seconds in (30, 31, 32, 33):
            ask(source, after(seconds))
        for _ in range(2):
            ask(source, after(40), decides=True)
        for seconds in (3600, 3601, 7200):
            ask(source, after(seconds))
        ask(source, after(86400))
    lines = [json.loads(record.getMessage()) for record in caplog.records]
    assert {(line["event"], line["alarm"], line["source"]) for line in lines} == {
        ("state of a source changed", True, "province")
    }
    assert [(line["limit"], line["state"]) for line in lines] == [
        ("breaker", "open"),
        ("breaker", "clear"),
        ("quota", "reserve-only"),
        ("quota", "used-up"),
        ("maintenance", "on"),
        ("maintenance", "clear"),
        ("quota", "clear"),
    ]
