"""The Chinese working-day calendar from the ``chinesecalendar`` package.

Source: annual notices of the State Council on holidays, as packaged by ``chinesecalendar``.
"""

from __future__ import annotations

from datetime import date, timedelta
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


def differences(since: date) -> tuple[date, ...]:
    """Days on which another calendar, of the ``holidays`` package, disagrees with the published one about working.

    Args:
        since: the first day compared; the last one is the last published.
    """
    # It takes longer to load than everything else here.
    from holidays import country_holidays

    ours = published_calendar()
    days = range((ours.published_until - since).days + 1)
    theirs = country_holidays("CN", years=range(since.year, ours.published_until.year + 1))
    compared = (since + timedelta(days=n) for n in days)
    return tuple(day for day in compared if theirs.is_working_day(day) is not ours.is_workday(day))
