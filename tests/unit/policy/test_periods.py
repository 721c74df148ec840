"""Calendar periods at the ends of months and of time, and what a scope reaches."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approval_hook.policy.periods import add_months, add_years, scope_covers


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 8, 31), 3, date(2026, 11, 30)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 1, 15), -12, date(2025, 1, 15)),
        (date(9999, 12, 31), 12, date.max),
        (date(9998, 2, 28), 24, date.max),
        (date(9999, 12, 15), 1, date.max),
        (date(9999, 10, 5), 1, date(9999, 11, 5)),
        (date(1, 1, 1), -1, date.min),
        (date(1, 3, 5), -1, date(1, 2, 5)),
    ],
)
def test_months_end_with_their_last_day_and_never_beyond_time(day: date, months: int, later: date) -> None:
    """A day that a month lacks is its last day; 9999-12-31, as sources write "no end", stays the end."""
    assert add_months(day, months) == later


@given(st.dates(), st.integers(0, 200))
def test_years_keep_the_day_but_for_leap_days(day: date, years: int) -> None:
    """A year later is the same day of the same month, the 28th for a leap day, never earlier."""
    later = add_years(day, years)
    assert later >= day
    if later != date.max:
        leap = (day.month, day.day) == (2, 29) and later.day == 28
        assert (later.year, later.month, later.day) == (day.year + years, day.month, 28 if leap else day.day)
        assert later - day >= timedelta(days=365 * years)


@pytest.mark.parametrize(
    ("scope", "region", "reached"),
    [
        ("national", "110000", True),
        ("province:44", "440304", True),
        ("province:44", "330106", False),
        ("city:4403", "440304", True),
        ("city:4403", "440104", False),
        ("province:4403", "440304", False),
        ("city:44", "440304", False),
        ("province:", "440304", False),
        ("province:x4", "x40304", False),
        ("agreement:anything", "440304", False),
        ("", "440304", False),
        ("全国", "440304", False),
    ],
)
def test_a_scope_reaches_its_own_territory_only(scope: str, region: str, reached: bool) -> None:
    """An unknown or malformed scope reaches nobody (R-29)."""
    assert scope_covers(scope, region) is reached
