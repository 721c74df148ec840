"""Sets of days as intervals, with union, intersection and difference.

A day is its ordinal, so that the day after the last one can be named. ``Spans`` are ascending, disjoint and
never adjacent: one set of days has one form, and equal sets compare equal.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import date

Span = tuple[int, int]  # first and last day, both included
Spans = tuple[Span, ...]


def days(begin: date, end: date | None) -> Spans:
    """The days from ``begin`` to ``end``, both included; no end means for ever, an end before the begin means none."""
    first, last = begin.toordinal(), (end or date.max).toordinal()
    return ((first, last),) if first <= last else ()


def union(parts: Iterable[Spans]) -> Spans:
    """Days that are in any of the sets.

    >>> union([((1, 2),), ((3, 4), (9, 9))])
    ((1, 4), (9, 9))
    """
    found: list[Span] = []
    for first, last in sorted(span for part in parts for span in part):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)


def common(one: Spans, two: Spans) -> Spans:
    """Days that are in both sets.

    >>> common(((1, 5), (8, 9)), ((4, 8),))
    ((4, 5), (8, 8))
    """
    return tuple(_shared(one, two))


def meeting(one: Spans, two: Spans) -> Span | None:
    """The first days that are in both sets; ``None``: there are none. Time grows with the shorter set only."""
    return next(_shared(one, two), None) if len(one) <= len(two) else next(_shared(two, one), None)


def without(one: Spans, two: Spans) -> Spans:
    """Days that are in the first set and not in the second.

    >>> without(((1, 9),), ((3, 4), (9, 12)))
    ((1, 2), (5, 8))
    """
    found: list[Span] = []
    for first, last in one:
        for c, d in _shared(((first, last),), two):
            if first < c:
                found.append((first, c - 1))
            first = d + 1
        if first <= last:
            found.append((first, last))
    return tuple(found)


def _shared(one: Spans, two: Spans) -> Iterator[Span]:
    for first, last in one:
        # The span before the first one that begins later may still reach into this one.
        for at in range(max(bisect_right(two, (first, last)) - 1, 0), len(two)):
            c, d = two[at]
            if c > last:
                break
            if d >= first:
                yield max(first, c), min(last, d)


def first_day(spans: Spans) -> date:
    """The first day of a set that is not empty."""
    return date.fromordinal(spans[0][0])


def periods(spans: Spans) -> tuple[tuple[date, date | None], ...]:
    """A set of days as dates; ``None`` for no end."""
    end = date.max.toordinal()
    return tuple((date.fromordinal(a), None if b == end else date.fromordinal(b)) for a, b in spans)
