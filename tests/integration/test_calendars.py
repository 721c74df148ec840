"""Two calendars of working days, compared at every start (行政许可法 第八十二条, S-15)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.core import checks

from approval_hook import workcalendar
from approval_hook.surroundings import check_calendar
from approval_hook.workcalendar import differences, published_calendar


def test_s15_both_calendars_agree_on_every_published_day_since_2019() -> None:
    """Holidays, bridged days and worked weekends, day by day."""
    assert published_calendar().published_until >= date(2026, 12, 31)
    assert differences(date(2019, 1, 1)) == ()


def test_a_day_on_which_they_disagree_is_told_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Saturday 10 October 2026 is worked, Thursday 1 October is not; a calendar that says otherwise is named."""
    real = published_calendar()
    wrong = replace(
        real,
        workdays=real.workdays - {date(2026, 10, 10)},
        holidays=real.holidays - {date(2026, 10, 1)},
    )
    monkeypatch.setattr(workcalendar, "published_calendar", lambda: wrong)
    assert differences(date(2026, 1, 1)) == (date(2026, 10, 1), date(2026, 10, 10))
    (message,) = check_calendar(None)
    assert (message.id, message.level) == ("approval_hook.W030", checks.WARNING)
    assert "2026-10-01, 2026-10-10" in message.msg


def test_nothing_is_told_while_they_agree() -> None:
    """Among all the checks of a start."""
    told: list[Any] = [m for m in checks.run_checks() if m.id == "approval_hook.W030"]
    assert told == []


def test_days_that_are_not_published_are_not_compared() -> None:
    """The second calendar guesses them without saying so."""
    after = published_calendar().published_until + timedelta(days=1)
    assert differences(after) == ()
