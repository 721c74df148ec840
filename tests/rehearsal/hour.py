"""What the platform does in the hour, the limits around it, and what was asked of it."""

from __future__ import annotations

import json
import sys
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from adapters.gateway import GatewayPlatform
from adapters.simulator import Fault, FaultKind
from approval_hook import clock
from approval_hook.policy.records import CreditReport
from approval_hook.ports import Query

HOUR_SECONDS = 3600
SOURCE = "province"
FAILURES, PAUSE_SECONDS = 5, 30
#: Seconds of real time that a query may take; a platform that hangs costs so much.
PATIENCE = 0.3

_TOLERANCE_SECONDS = 400 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Phase:
    """One way to fail.

    Attributes:
        until: share of the hour at which it ends.
        fault: what the platform does.
        silent: it gives no answer, so that the breaker opens; otherwise it answers, and what it says is no answer.
    """

    until: float
    fault: Fault
    silent: bool


PHASES = (
    Phase(0.30, Fault(FaultKind.HANG), silent=True),
    Phase(0.50, Fault(FaultKind.HTTP_502), silent=True),
    Phase(0.60, Fault(FaultKind.RESET), silent=True),
    Phase(0.70, Fault(FaultKind.HTTP_429, retry_after=60), silent=True),
    Phase(0.78, Fault(FaultKind.LOGIN_PAGE), silent=False),
    Phase(0.86, Fault(FaultKind.PARTIAL), silent=False),
    Phase(0.92, Fault(FaultKind.QUOTA), silent=False),
    # It comes and goes: some are answered, and rightly.
    Phase(1.00, Fault(FaultKind.HTTP_500, probability=0.7), silent=False),
)


def first_moment() -> datetime:
    """Nine o'clock in China on the next Monday, because the tasks of a host carry the computer's own time."""
    now = clock.now().astimezone(clock.CHINA)
    monday = now + timedelta(days=7 - now.weekday())
    return monday.replace(hour=9, minute=0, second=0, microsecond=0)


@dataclass
class Asked:
    """What went to the adapter, by query id, and when in the time of the rehearsal."""

    ids: set[str] = field(default_factory=set)
    moments: list[datetime] = field(default_factory=list)
    lock: Any = field(default_factory=threading.Lock)

    def note(self, query_id: str) -> None:
        """One query passes the limits."""
        with self.lock:
            self.ids.add(query_id)
            self.moments.append(clock.now())

    def on_days(self) -> Counter[Any]:
        """How many on each day in China."""
        return Counter(clock.china_date(moment) for moment in self.moments)

    def most_in_a_minute(self) -> int:
        """The most in any 60 seconds."""
        most, first, times = 0, 0, sorted(self.moments)
        for last, moment in enumerate(times):
            while moment - times[first] >= timedelta(minutes=1):
                first += 1
            most = max(most, last - first + 1)
        return most


ASKED = Asked()


class WatchedGateway(GatewayPlatform):
    """The gateway adapter, with every query that reaches it written down."""

    def query(self, query: Query, *, timeout: float) -> CreditReport:
        """Note it and ask."""
        ASKED.note(query.query_id)
        return super().query(query, timeout=timeout)


def configure(url: str, seconds: float = PATIENCE, **limits: Any) -> None:
    """Put the platform with these limits, the breaker among them, into the settings; nothing was asked yet."""
    ASKED.ids.clear()
    ASKED.moments.clear()
    platform = {
        "BACKEND": f"{__name__}.WatchedGateway",
        "OPTIONS": {
            "base_url": url,
            "paasid": "approval-hook",
            "token_secret": "CREDIT_PLATFORM_TOKEN",
            # Gate and adapter share the moved clock; the platform's stays where it is.
            "clock": clock.now,
            "clock_tolerance": _TOLERANCE_SECONDS,
        },
        "LIMITS": {"BREAKER": {"FAILURES": FAILURES, "SECONDS": PAUSE_SECONDS}, **limits},
    }
    real = settings.APPROVAL_HOOK
    settings.APPROVAL_HOOK = {
        **real,
        "PLATFORMS": {**real["PLATFORMS"], SOURCE: platform},
        "INTERACTIVE_SECONDS": seconds,
    }


def parts(count: int) -> Iterator[tuple[Phase, range]]:
    """The numbers below ``count`` that fall into each phase."""
    first = 0
    for phase in PHASES:
        last = round(phase.until * count)
        yield phase, range(first, last)
        first = last


def ledger_outcomes(path: Path) -> dict[str, Counter[str]]:
    """Outcomes by query id as the gate knows it, read line by line."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            found[entry["query_id"].partition(".")[0]][entry["outcome"]] += 1
    return found


def progress(text: str) -> None:
    """Tell whoever waits how far it is."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


class Failed(AssertionError):
    """A claim of the rehearsal does not hold."""


def claim(holds: bool, what: str) -> None:
    """Go on where it holds.

    Raises:
        Failed: it does not.
    """
    if not holds:
        raise Failed(what)
