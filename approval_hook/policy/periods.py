"""Calendar periods and territorial scope."""

from __future__ import annotations

import calendar
from datetime import MAXYEAR, MINYEAR, date

_EVERY_MONTH_HAS = 28


def add_months(day: date, months: int) -> date:
    """The same day so many months later; the last day of the month when that day does not exist.

    Beyond the years that a date can have it is the first or last date: sources write 9999-12-31 for "no end".

    >>> add_months(date(2024, 2, 29), 12)
    datetime.date(2025, 2, 28)
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not MINYEAR <= year <= MAXYEAR:
        return date.max if months > 0 else date.min
    if day.day <= _EVERY_MONTH_HAS:
        return date(year, month + 1, day.day)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def add_years(day: date, years: int) -> date:
    """The same day so many years later (negative: earlier); 29 February becomes 28 February."""
    return add_months(day, 12 * years)


def scope_covers(scope: str, region: str) -> bool:
    """Whether a list of this scope reaches an organ in this region; an unknown scope reaches nobody.

    Args:
        scope: ``national``, ``province:44`` or ``city:4401``.
        region: six-digit region code of the organ.

    Source: 133/(十七) and R-29: an entry of another city applies only inside its scope.
    """
    if scope == "national":
        return True
    kind, _, prefix = scope.partition(":")
    wanted = {"province": 2, "city": 4}.get(kind)
    return wanted == len(prefix) and prefix.isdigit() and region.startswith(prefix)
