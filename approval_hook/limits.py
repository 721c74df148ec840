"""Ask a remote source within its limits only: maintenance, breaker, rate, daily quota, bulkhead.

A query that a limit keeps back gives ``PlatformNotAsked``, so could-not-tell. Rate, bulkhead and breaker are
of one process. The daily quota is shared: a process leases blocks of it from the database and counts in memory,
so what is left of its last block is lost when it ends.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from threading import BoundedSemaphore, Lock

from approval_hook import clock, sourcedays
from approval_hook.errors import PlatformError, PlatformNotAsked, PlatformUnavailable
from approval_hook.logs import get_logger
from approval_hook.policy.records import CreditReport
from approval_hook.ports import CreditPlatform, Query

#: As ``MAINTENANCE`` writes them, in the order of ``datetime.weekday``.
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WEEK = len(WEEKDAYS) * 24 * 60
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Budget:
    """How many queries a source takes, and how many of them are kept for decisions (less than all)."""

    most: int
    reserve: int

    def share(self, *, decides: bool) -> int:
        """How many there may have been before a query is kept back."""
        return self.most if decides else self.most - self.reserve


@dataclass(frozen=True, slots=True)
class Window:
    """A weekly stretch of time, in minutes since Monday 00:00 in China, without its end; it may pass Sunday night."""

    begin: int
    end: int

    def covers(self, minute: int) -> bool:
        """Whether a minute of the week lies in it."""
        return (minute - self.begin) % _WEEK < (self.end - self.begin) % _WEEK


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one source; None is no limit.

    Attributes:
        at_once: most queries under way at one time, in one process.
        failures: so many queries in a row without an answer open the breaker.
        pause_seconds: how long an open breaker lets nobody through; above 0 where ``failures`` is set.
        per_day: in a calendar day in China, over all processes.
        per_minute: in any 60 seconds, in one process.
        maintenance: when the source is not asked at all.
    """

    at_once: int | None = None
    failures: int | None = None
    pause_seconds: float = 0.0
    per_day: Budget | None = None
    per_minute: Budget | None = None
    maintenance: tuple[Window, ...] = ()

    def in_maintenance(self, at: datetime) -> bool:
        """Whether an aware moment lies in a maintenance window."""
        if not self.maintenance:
            return False
        local = at.astimezone(clock.CHINA)
        minute = (local.weekday() * 24 + local.hour) * 60 + local.minute
        return any(window.covers(minute) for window in self.maintenance)


class Limited:
    """A remote platform within its limits. Each query is admitted first, then asked.

    Attributes:
        name: of the platform.
        platform: the adapter itself.
        limits: as configured.
    """

    remote = True

    def __init__(self, platform: CreditPlatform, limits: Limits) -> None:
        """Start with nothing used, the breaker closed."""
        self.name = platform.name
        self.platform = platform
        self.limits = limits
        self._places = BoundedSemaphore(limits.at_once) if limits.at_once else None
        self._breaker = _Breaker(platform.name, limits.failures, limits.pause_seconds) if limits.failures else None
        self._rate = MinuteRate(limits.per_minute) if limits.per_minute else None
        self._quota = _Quota(platform.name, limits.per_day) if limits.per_day else None
        self._maintenance = _State(platform.name, "maintenance")
        self._noted: datetime | None = None

    def admit(self, *, decides: bool, fetches: bool = False) -> None:
        """Count one query. It stays counted, also when ``query`` finds no place for it.

        To be called outside every transaction, by the thread whose database connection may be used.

        Args:
            decides: the query precedes a decision, which may use the reserve.
            fetches: the answer to a query that was counted when it came is fetched; it uses no quota of the day.

        Raises:
            PlatformNotAsked: do not ask; the reason says which limit.
            RuntimeError: inside a transaction, which would keep the row of the day locked.
        """
        at = clock.now()
        kept_out = self.limits.in_maintenance(at)
        self._maintenance.tell("on" if kept_out else "clear")
        if kept_out:
            raise PlatformNotAsked("maintenance")
        if self._breaker:
            self._note_opening(self._breaker)
            if self._breaker.shut(at):
                raise PlatformNotAsked("breaker-open")
        if self._rate:
            self._rate.take(at, decides=decides)
        if self._quota and not fetches:
            self._quota.take(at, decides=decides)

    def paused(self) -> bool:
        """Whether the breaker lets nobody through now."""
        return self._breaker is not None and self._breaker.shut(clock.now())

    def query(self, query: Query, *, timeout: float) -> CreditReport:
        """Ask an admitted query; waits at most half of ``timeout`` for a place. No database is used.

        Raises:
            PlatformNotAsked: no place, or the breaker opened meanwhile.
            PlatformError: no usable answer.
        """
        return self._within(lambda left: self.platform.query(query, timeout=left), timeout)

    def fetch(self, query: Query, receipt_no: str, *, timeout: float) -> CreditReport:
        """Fetch the answer to an admitted query that was pending; as ``query``.

        A platform that cannot be asked so is asked again under the same query id.
        """
        fetch: Callable[..., CreditReport] | None = getattr(self.platform, "fetch", None)
        if fetch is None:
            return self.query(query, timeout=timeout)
        return self._within(lambda left: fetch(query, receipt_no, timeout=left), timeout)

    def _within(self, ask: Callable[[float], CreditReport], timeout: float) -> CreditReport:
        started = time.monotonic()
        with self._place(timeout / 2), self._breaker.passage() if self._breaker else nullcontext():
            return ask(timeout - (time.monotonic() - started))

    def _note_opening(self, breaker: _Breaker) -> None:
        """Write down for ``check_platforms`` that the breaker opened since the last query."""
        opened = breaker.opened_at
        if opened is not None and opened != self._noted:
            sourcedays.note_opening(self.name, opened)
            self._noted = opened

    @contextmanager
    def _place(self, seconds: float) -> Iterator[None]:
        if self._places is None:
            yield
            return
        if not self._places.acquire(timeout=seconds):
            raise PlatformNotAsked("busy")
        try:
            yield
        finally:
            self._places.release()


class _State:
    """The state of one limit of a source, which logs each change as an alarm."""

    def __init__(self, source: str, limit: str) -> None:
        self._source = source
        self._limit = limit
        self._now = "clear"
        self._lock = Lock()

    def tell(self, state: str) -> None:
        with self._lock:
            if state == self._now:
                return
            self._now = state
        get_logger().error("state of a source changed", alarm=True, source=self._source, limit=self._limit, state=state)


class _Breaker:
    """Opens after failures in a row; after a pause it lets one query at a time through, until one is answered.

    Only ``PlatformUnavailable`` is a failure, our deadline included. A refusal and an unreadable reply are answers
    here: the source is up, and what is wrong may be wrong about one subject only.
    """

    def __init__(self, source: str, failures: int, pause_seconds: float) -> None:
        self.opened_at: datetime | None = None
        self._state = _State(source, "breaker")
        self._most = failures
        self._pause = timedelta(seconds=pause_seconds)
        self._failed = 0
        self._trying = False
        self._lock = Lock()

    def shut(self, at: datetime) -> bool:
        opened = self.opened_at
        return opened is not None and (self._trying or abs(at - opened) < self._pause)

    @contextmanager
    def passage(self) -> Iterator[None]:
        with self._lock:
            if self.shut(clock.now()):
                raise PlatformNotAsked("breaker-open")
            trial = self._trying = self.opened_at is not None
        try:
            yield
        except PlatformUnavailable:
            self._fail(trial=trial)
            raise
        except PlatformError:
            self._close()
            raise
        else:
            self._close()
        finally:
            if trial:
                self._trying = False

    def _fail(self, *, trial: bool) -> None:
        with self._lock:
            self._failed += 1
            if trial or (self.opened_at is None and self._failed >= self._most):
                self.opened_at = clock.now()
                self._state.tell("open")

    def _close(self) -> None:
        with self._lock:
            self.opened_at, self._failed = None, 0
            self._state.tell("clear")


class MinuteRate:
    """Keeps back what would be one query too many within 60 seconds."""

    def __init__(self, budget: Budget) -> None:
        """Nothing was counted."""
        self._budget = budget
        self._times: deque[datetime] = deque(maxlen=budget.most)
        self._lock = Lock()

    def take(self, at: datetime, *, decides: bool) -> None:
        """Count one query.

        Raises:
            PlatformNotAsked: it would be one too many.
        """
        most = self._budget.share(decides=decides)
        with self._lock:
            if len(self._times) >= most and abs(at - self._times[-most]) < _MINUTE:
                raise PlatformNotAsked("rate")
            self._times.append(at)


class _Quota:
    """Counts the queries of a day within blocks leased from the database.

    The queries of a day are numbered; a block is a run of numbers that no other process has, and the last ones of the
    day are the reserve.
    """

    def __init__(self, source: str, budget: Budget) -> None:
        self._source = source
        self._budget = budget
        # A process wastes at most one block, so half a percent of the day.
        self._block = min(max(budget.most // 200, 1), 100)
        self._state = _State(source, "quota")
        self._day: date | None = None
        self._next = self._end = self._leased = 0
        self._lock = Lock()

    def take(self, at: datetime, *, decides: bool) -> None:
        share, day = self._budget.share(decides=decides), clock.china_date(at)
        with self._lock:
            if day != self._day:
                self._day, self._next, self._end, self._leased = day, 0, 0, 0
            if self._next >= self._end and self._leased < share:
                self._lease(day, share)
            kept_back = self._next >= min(self._end, share)
            self._next += not kept_back
            self._state.tell(self._used())
        if kept_back:
            raise PlatformNotAsked("quota")

    def _used(self) -> str:
        used = self._next if self._next < self._end else self._leased
        if used >= self._budget.most:
            return "used-up"
        return "reserve-only" if used >= self._budget.share(decides=False) else "clear"

    def _lease(self, day: date, share: int) -> None:
        leased = sourcedays.lease(self._source, day, self._block, below=share)
        if leased is None:
            self._leased = share
        else:
            self._next, self._end = leased - self._block, min(leased, self._budget.most)
            self._leased = leased
