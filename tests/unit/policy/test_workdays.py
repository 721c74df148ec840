"""Working days of 2026 as published, and beyond."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approval_hook.policy.workdays import DueDate, WorkCalendar, add_workdays, next_workday, workdays_between
from approval_hook.workcalendar import published_calendar

CALENDAR = published_calendar()


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        (date(2026, 9, 30), 1, date(2026, 10, 8)),  # 国庆 1 to 7 October
        (date(2026, 9, 30), 3, date(2026, 10, 10)),  # Saturday 10 October is worked
        (date(2026, 9, 18), 1, date(2026, 9, 20)),  # Sunday 20 September is worked
        (date(2026, 10, 12), 20, date(2026, 11, 9)),
        (date(2026, 10, 12), 0, date(2026, 10, 12)),
        (date(2026, 10, 11), -1, date(2026, 10, 10)),  # from a Sunday back to the worked Saturday
        (date(2026, 10, 12), -2, date(2026, 10, 9)),  # back over Sunday, on to the worked Saturday
    ],
)
def test_s15_public_holidays_and_shifted_weekends_of_2026(start: date, days: int, due: date) -> None:
    """Holidays do not count, shifted working weekends do, and the first day is the next working day."""
    assert add_workdays(start, days, CALENDAR) == DueDate(due, provisional=False)


def test_s15_a_date_in_an_unpublished_year_is_provisional() -> None:
    """Beyond the published calendar only weekdays count and the date is flagged."""
    due = add_workdays(date(CALENDAR.published_until.year, 12, 30), 10, CALENDAR)
    assert due.provisional
    assert due.on.weekday() < 5


def test_the_last_published_day_is_published() -> None:
    """A holiday on it is kept and a date on it stands; the day after it counts as a weekday, to be counted again."""
    last = date(2026, 12, 31)  # a Thursday
    assert add_workdays(date(2026, 12, 30), 1, WorkCalendar(frozenset(), frozenset(), last)) == DueDate(last, False)
    free = WorkCalendar(frozenset({last, date(2027, 1, 1)}), frozenset({date(2027, 1, 2)}), last)
    assert [free.is_workday(last + timedelta(days=i)) for i in range(5)] == [False, True, False, False, True]
    assert add_workdays(date(2026, 12, 30), 1, free) == DueDate(date(2027, 1, 1), True)


@pytest.mark.parametrize(
    ("start", "direction"),
    [
        (max(CALENDAR.published_until, *CALENDAR.workdays) + timedelta(days=1000), 1),
        (min(*CALENDAR.holidays, *CALENDAR.workdays) - timedelta(days=1000), -1),
    ],
)
def test_no_day_is_lost_where_the_laid_out_days_end(start: date, direction: int) -> None:
    """One working day more is always the next one, before the end of the days laid out in advance and behind it."""
    day = start
    for n in range(1, 120):
        before = day
        day += timedelta(days=direction)
        while not CALENDAR.is_workday(day):
            day += timedelta(days=direction)
        assert add_workdays(start, direction * n, CALENDAR).on == day
        assert add_workdays(before, direction, CALENDAR).on == day


@given(st.dates(date(2025, 1, 1), date(2027, 12, 31)), st.integers(0, 60))
def test_counting_forth_and_back_agrees(start: date, days: int) -> None:
    """Adding n working days spans exactly n working days."""
    due = add_workdays(start, days, CALENDAR).on
    assert workdays_between(start, due, CALENDAR) == days
    assert workdays_between(due, start, CALENDAR) == -days


@given(st.dates(date(2025, 1, 1), date(2027, 12, 31)))
def test_next_workday_is_the_first_one(day: date) -> None:
    """Nothing between a day and its next working day is a working day."""
    following = next_workday(day, CALENDAR)
    assert CALENDAR.is_workday(following)
    assert not any(CALENDAR.is_workday(day + timedelta(days=i)) for i in range(1, (following - day).days))


@given(st.dates(date(1990, 1, 1), date(2060, 12, 31)), st.integers(-40, 1500))
def test_days_far_from_the_published_years_are_counted_one_by_one(start: date, days: int) -> None:
    """Beyond the days laid out in advance a count is the same as step by step."""
    published = add_workdays(start, days, CALENDAR)
    day, left = start, abs(days)
    while left:
        day += timedelta(days=1 if days > 0 else -1)
        left -= CALENDAR.is_workday(day)
    assert published == DueDate(day, provisional=day > CALENDAR.published_until)


def test_the_digest_of_a_calendar_is_over_every_day_it_states() -> None:
    """Another holiday, another worked weekend or another last day is another calendar; the order of days is none."""
    day, other, last = date(2026, 10, 1), date(2026, 10, 2), date(2026, 12, 31)
    calendars = [
        WorkCalendar(frozenset({day, other}), frozenset(), last),
        WorkCalendar(frozenset({day}), frozenset({other}), last),
        WorkCalendar(frozenset({day}), frozenset(), last),
        WorkCalendar(frozenset({day}), frozenset(), last + timedelta(days=1)),
    ]
    assert len({calendar.digest for calendar in calendars}) == 4
    assert WorkCalendar(frozenset({other, day}), frozenset(), last).digest == calendars[0].digest
