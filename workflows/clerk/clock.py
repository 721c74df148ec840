"""The statutory clock of a case, in working days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from viewflow.workflow.status import PROCESS

from approval_hook.policy.workdays import add_workdays, workdays_between
from approval_hook.workcalendar import published_calendar
from workflows.models import FoodBusinessCase, Result, RideHailingDriverCase

# 行政许可法 第三十二条第一款第四项, 第四十二条, 第四十四条.
ACCEPT_WORKDAYS = 5
DECIDE_WORKDAYS = 20
DELIVER_WORKDAYS = 10
#: From here on the bar warns.
SOON_WORKDAYS = 3


@dataclass(frozen=True, slots=True)
class Deadline:
    """The date that runs now, and what is left of it."""

    title: str | Promise
    on: date
    left: int  # working days; negative = overdue, 0 = today is the last day
    total: int  # working days of the whole clock, at least 1
    provisional: bool  # reaches into a year whose calendar is not published

    @property
    def state(self) -> str:
        """``over``, ``soon`` or ``fine``, for the colour of the bar."""
        if self.left < 0:
            return "over"
        return "soon" if self.left <= SOON_WORKDAYS else "fine"

    @property
    def overdue(self) -> int:
        """Working days past the date; 0 when not overdue."""
        return max(0, -self.left)

    @property
    def shown(self) -> int:
        """Length of the bar out of ``total``; a full bar when overdue."""
        return self.total if self.left < 0 else min(self.left, self.total)


def deadline(case: FoodBusinessCase | RideHailingDriverCase, today: date) -> Deadline | None:
    """Tell which statutory date runs for the case.

    Args:
        case: any case.
        today: calendar date in China.

    Returns:
        The date, or None when nothing runs any more (refused, delivered, withdrawn).
    """
    if case.status != PROCESS.NEW or case.decision == Result.REFUSED or case.delivered_at:
        return None
    if case.decided_at:
        return _counted(_("送达期限"), timezone.localdate(case.decided_at), DELIVER_WORKDAYS, today)
    if case.accepted_at:
        start = timezone.localdate(case.accepted_at)
        if case.due_on:
            days = published_calendar()
            return Deadline(
                title=_("法定办结（已延长）"),
                on=case.due_on,
                left=workdays_between(today, case.due_on, days),
                total=max(1, workdays_between(start, case.due_on, days)),
                provisional=case.due_on > days.published_until,
            )
        return _counted(_("法定办结"), start, DECIDE_WORKDAYS, today)
    return _counted(_("受理期限"), timezone.localdate(case.filed_at), ACCEPT_WORKDAYS, today)


def _counted(title: str | Promise, start: date, length: int, today: date) -> Deadline:
    due = add_workdays(start, length, published_calendar())
    return Deadline(title, due.on, workdays_between(today, due.on, published_calendar()), length, due.provisional)
