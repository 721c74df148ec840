"""The one source of the present moment, so that tests can set it by argument."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

#: Statutory days are days in China, wherever the server stands.
CHINA = ZoneInfo("Asia/Shanghai")

_moment: ContextVar[datetime | None] = ContextVar("approval_hook_moment", default=None)


def now() -> datetime:
    """The present moment, aware."""
    return _moment.get() or datetime.now(UTC)


def china_date(moment: datetime) -> date:
    """Calendar date in China of an aware moment."""
    return moment.astimezone(CHINA).date()


def today() -> date:
    """Calendar date in China."""
    return china_date(now())


@contextmanager
def standing_at(moment: datetime) -> Iterator[None]:
    """Let the gate take ``moment`` for now, for tests and demonstrations of clocks."""
    token = _moment.set(moment)
    try:
        yield
    finally:
        _moment.reset(token)
