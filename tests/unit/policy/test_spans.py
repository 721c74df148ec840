"""Sets of days as intervals: the arithmetic agrees with that of the days themselves, counted one by one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from approval_hook.policy.analysis.spans import Spans, common, days, first_day, meeting, periods, union, without

SPANS = st.lists(st.tuples(st.integers(1, 30), st.integers(0, 4)), max_size=6).map(
    lambda parts: union(((first, first + length),) for first, length in parts)
)


def _counted(spans: Spans) -> set[int]:
    return {day for first, last in spans for day in range(first, last + 1)}


@given(SPANS, SPANS)
def test_spans_are_sets_of_days(one: Spans, two: Spans) -> None:
    """Union, intersection, first meeting and difference are those of the days themselves, in one form."""
    operations: list[tuple[Callable[..., Any], Any]] = [(common, set.intersection), (without, set.difference)]
    for ours, theirs in operations:
        found = ours(one, two)
        assert _counted(found) == theirs(_counted(one), _counted(two))
        assert found == union([found])
        assert all(first <= last for first, last in found)
    assert _counted(union([one, two])) == _counted(one) | _counted(two)
    met = meeting(one, two)
    assert (met[0] if met else None) == min(_counted(one) & _counted(two), default=None)


def test_days_of_one_day_two_and_none() -> None:
    """Both ends belong to a period; one that ends before it begins has no day, one without an end every later day."""
    begin = date(2026, 1, 1)
    number = begin.toordinal()
    assert days(begin, begin) == ((number, number),)
    assert days(begin, date(2026, 1, 2)) == ((number, number + 1),)
    assert days(begin, date(2025, 12, 31)) == ()
    assert days(begin, None) == ((number, date.max.toordinal()),)


def test_neighbouring_days_are_one_interval() -> None:
    """Days without a gap between them have one form; a day between them keeps them apart."""
    assert union([((1, 2),), ((3, 4),)]) == ((1, 4),)
    assert union([((1, 2),), ((4, 5),)]) == ((1, 2), (4, 5))
    assert union([((1, 9),), ((2, 3),)]) == ((1, 9),)


def test_a_long_set_meets_a_short_one_on_the_first_common_days() -> None:
    """Whichever of the two is the longer one, and whether they meet at all."""
    short, long = ((5, 20),), ((1, 2), (7, 8), (10, 11))
    assert meeting(short, long) == meeting(long, short) == (7, 8)
    assert meeting(((3, 6),), long) is meeting(long, ((3, 6),)) is None
    assert meeting((), long) is meeting(long, ()) is None


def test_days_are_told_as_dates() -> None:
    """The last day that a calendar knows stands for no end."""
    begin, end = date(2026, 1, 1), date(2026, 6, 30)
    spans = union([days(begin, end), days(date(2027, 1, 1), None)])
    assert first_day(spans) == begin
    assert periods(spans) == ((begin, end), (date(2027, 1, 1), None))
