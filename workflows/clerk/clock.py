"""The statutory clocks of a case, as the pages show them; kept by the core from the acts of the case."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from approval_hook import deadlines
from approval_hook.models import Deadline as Row
from approval_hook.policy.clocks import DELIVERY, NOTICE, ClockState
from approval_hook.policy.workdays import workdays_between
from approval_hook.workcalendar import published_calendar
from workflows import acts
from workflows.models import FoodBusinessCase, RideHailingDriverCase

Case = FoodBusinessCase | RideHailingDriverCase


@dataclass(frozen=True, slots=True)
class Deadline:
    """The date that runs now, and what is left of it."""

    title: str | Promise
    on: date
    left: int  # working days; negative = overdue, 0 = today is the last day
    total: int  # working days of the whole clock, at least 1
    provisional: bool  # reaches into a year whose calendar is not published
    warned: bool = False  # the rules want it marked
    stopped: bool = False  # a procedure that the law does not count is under way

    @property
    def state(self) -> str:
        """``over``, ``soon`` or ``fine``, for the colour of the bar."""
        if self.left < 0 and not self.stopped:
            return "over"
        return "soon" if self.warned and not self.stopped else "fine"

    @property
    def overdue(self) -> int:
        """Working days past the date; 0 when not overdue."""
        return max(0, -self.left)

    @property
    def shown(self) -> int:
        """Length of the bar out of ``total``; a full bar when overdue."""
        return self.total if self.left < 0 else min(self.left, self.total)


def deadlines_of(cases: Iterable[Case], today: date) -> dict[str, Deadline]:
    """The date that runs for each case, by its number; nothing where none does. One query.

    Args:
        cases: any cases.
        today: calendar date in China.
    """
    rows = deadlines.nearest(case.case_no for case in cases)
    return {case_no: _shown(row, today) for case_no, row in rows.items()}


def deadline(case: Case, today: date) -> Deadline | None:
    """The date that runs for the case; None when nothing runs any more, or the rules in force do not say how long."""
    return deadlines_of([case], today).get(case.case_no)


def last_day(case: Case, today: date) -> date | None:
    """The last day for the decision of a case if it is accepted today; None where the rules do not say."""
    return deadlines.last_day_if_accepted(acts.ref(case), today)


def _shown(row: Row, today: date) -> Deadline:
    calendar = published_calendar()
    titles = {NOTICE: _("受理期限"), DELIVERY: _("送达期限")}
    stopped = row.state == ClockState.STOPPED
    return Deadline(
        title=_("特别程序中，法定办结") if stopped else titles.get(row.clock, _("法定办结")),
        on=row.due_on,
        left=workdays_between(today, row.due_on, calendar),
        total=max(1, workdays_between(row.began_on, row.due_on, calendar)),
        provisional=row.provisional,
        warned=row.warning_on is not None and today >= row.warning_on,
        stopped=stopped,
    )
