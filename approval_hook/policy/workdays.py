"""Working-day arithmetic for statutory clocks.

The calendar of a year is published by the State Council about November before. A date
that reaches beyond the last published day is counted by weekdays alone and is provisional.

Source: 行政许可法 第八十二条 (working days); domain facts 2.2 and 7 item 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class DueDate:
    """The last day of a clock."""

    on: date
    provisional: bool  # True: reaches beyond the published calendar; recompute when it appears


def next_workday(day: date, calendar: WorkCalendar) -> date:
    """The first working day after ``day``."""
    day += _DAY
    while not calendar.is_workday(day):
        day += _DAY
    return day


def previous_workday(day: date, calendar: WorkCalendar) -> date:
    """The last working day before ``day``."""
    day -= _DAY
    while not calendar.is_workday(day):
        day -= _DAY
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
    day = start
    step = next_workday if n > 0 else previous_workday
    for _ in range(abs(n)):
        day = step(day, calendar)
    return DueDate(day, provisional=day > calendar.published_until)


def workdays_between(start: date, end: date, calendar: WorkCalendar) -> int:
    """Working days after ``start`` up to and including ``end``; negative when ``end`` lies before."""
    if end < start:
        return -workdays_between(end, start, calendar)
    days = (start + timedelta(days=i) for i in range(1, (end - start).days + 1))
    return sum(1 for day in days if calendar.is_workday(day))
