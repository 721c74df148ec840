"""The Chinese working-day calendar from the ``chinesecalendar`` package.

Source: annual notices of the State Council on holidays, as packaged by ``chinesecalendar``.
"""

from __future__ import annotations

from functools import cache

from chinese_calendar.constants import holidays, workdays

from approval_hook.policy.workdays import WorkCalendar


@cache
def published_calendar() -> WorkCalendar:
    """Calendar of every year the installed package knows; later days are provisional.

    Update the package every November, when the next year is published.
    """
    last_year = max(day.year for day in holidays)
    return WorkCalendar(
        holidays=frozenset(day for day in holidays),
        workdays=frozenset(day for day in workdays),
        published_until=max(day for day in holidays).replace(year=last_year, month=12, day=31),
    )
