"""Working-day arithmetic for statutory clocks.

The calendar of a year is published by the State Council about November before. A date
that reaches beyond the last published day is counted by weekdays alone and is provisional.

Source: 行政许可法 第八十二条 (working days); domain facts 2.2 and 7 item 7.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from msgspec import Struct

_DAY = timedelta(days=1)
#: How far beyond the published days the counted days are laid out in advance.
_MARGIN_DAYS = 3 * 366


@dataclass(frozen=True)
class WorkCalendar:
    """Which days are working days in China."""

    holidays: frozenset[date]  # weekdays that are statutory holidays or bridged days
    workdays: frozenset[date]  # weekend days worked instead (调休)
    published_until: date  # last day the published calendar covers

    def is_workday(self, day: date) -> bool:
        """Whether the day counts; beyond ``published_until`` only the weekday decides."""
        if day > self.published_until:
            return day.weekday() < 5
        if day in self.workdays:
            return True
        return day.weekday() < 5 and day not in self.holidays

    @cached_property
    def digest(self) -> str:
        """SHA-256 over every day that the calendar states, hex: which calendar a decision counted with."""
        text = "|".join(
            [
                self.published_until.isoformat(),
                ",".join(sorted(d.isoformat() for d in self.holidays)),
                ",".join(sorted(d.isoformat() for d in self.workdays)),
            ]
        )
        return hashlib.sha256(text.encode()).hexdigest()

    @cached_property
    def _counted(self) -> list[int]:
        """Ordinals of the working days around the published years, ascending."""
        stated = (*self.holidays, *self.workdays, self.published_until)
        first = min(stated).toordinal() - _MARGIN_DAYS
        last = max(stated).toordinal() + _MARGIN_DAYS
        return [n for n in range(max(first, 1), last + 1) if self.is_workday(date.fromordinal(n))]


class DueDate(Struct, frozen=True, gc=False):
    """The last day of a clock."""

    on: date
    provisional: bool  # True: reaches beyond the published calendar; recompute when it appears


def next_workday(day: date, calendar: WorkCalendar) -> date:
    """The first working day after ``day``."""
    return _step(day, 1, calendar)


def workday_from(day: date, calendar: WorkCalendar) -> date:
    """The day itself where it is a working day, else the first one after it."""
    return day if calendar.is_workday(day) else next_workday(day, calendar)


def count_days(start: date, n: int, unit: str, calendar: WorkCalendar) -> DueDate:
    """The last day of ``n`` days after ``start``: ``workdays``, or calendar days."""
    if unit == "workdays":
        return add_workdays(start, n, calendar)
    day = start + timedelta(days=n)
    return DueDate(day, day > calendar.published_until)


def _step(day: date, direction: int, calendar: WorkCalendar) -> date:
    day += direction * _DAY
    while not calendar.is_workday(day):
        day += direction * _DAY
    return day


def add_workdays(start: date, n: int, calendar: WorkCalendar) -> DueDate:
    """Count ``n`` working days from ``start``; the first counted day is the next working day.

    Args:
        start: day of the event, not counted.
        n: zero or more; negative counts backwards and is for reminders before a due date.
        calendar: published days off and days worked instead.

    Returns:
        The n-th working day. ``n=0`` gives ``start`` itself.
    """
    counted = calendar._counted
    ordinal = start.toordinal()
    if n == 0:
        day = start
    else:
        at = bisect_right(counted, ordinal) + n - 1 if n > 0 else bisect_left(counted, ordinal) + n
        if 0 <= at < len(counted) and counted[0] <= ordinal <= counted[-1]:
            day = date.fromordinal(counted[at])
        else:
            day = start
            for _ in range(abs(n)):
                day = _step(day, 1 if n > 0 else -1, calendar)
    return DueDate(day, day > calendar.published_until)


def workdays_between(start: date, end: date, calendar: WorkCalendar) -> int:
    """Working days after ``start`` up to and including ``end``; negative when ``end`` lies before."""
    if end < start:
        return -workdays_between(end, start, calendar)
    days = (start + timedelta(days=i) for i in range(1, (end - start).days + 1))
    return sum(1 for day in days if calendar.is_workday(day))
