"""The statutory clock of a case, as the page shows it; counted by the core from the rule set in force."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from viewflow.workflow.status import PROCESS

from approval_hook.cases import book
from approval_hook.errors import CaseInvalid, RulesInvalid
from approval_hook.policy.clocks import DELIVERY, NOTICE, Act, Event, Progress, RunningClock, Terms, progress, terms_of
from approval_hook.policy.workdays import DueDate, workdays_between
from approval_hook.workcalendar import published_calendar
from workflows.models import FoodBusinessCase, Result, RideHailingDriverCase

Case = FoodBusinessCase | RideHailingDriverCase
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


def deadline(case: Case, today: date) -> Deadline | None:
    """Tell which statutory date runs for the case.

    Args:
        case: any case.
        today: calendar date in China.

    Returns:
        The date, or None when nothing runs any more (refused, delivered, withdrawn), or when the rules in force do not
        say how long.
    """
    if case.status != PROCESS.NEW or case.decision == Result.REFUSED or case.delivered_at:
        return None
    terms = _terms(case, today)
    if terms is None:
        return None
    found = progress(_history(case), terms, published_calendar(), today)
    # What is published is not entered here.
    entered = (NOTICE, DELIVERY, terms.decision.id)
    owed = [c for c in found.clocks if c.left is not None and c.clock in entered]
    return _shown(case, found, min(owed, key=lambda c: c.due.on), today) if owed else None


def last_day(case: Case, today: date) -> DueDate | None:
    """The last day for the decision of a case if it is accepted today; None where the rules do not say."""
    terms = _terms(case, today)
    if terms is None:
        return None
    received = Event(Act.RECEIVED, timezone.localdate(case.filed_at))
    found = progress([received, Event(Act.ACCEPTED, today)], terms, published_calendar(), today)
    return next(c.due for c in found.clocks if c.clock == terms.decision.id)


def most_extension(case: Case, today: date) -> int:
    """Working days by which the head may extend the decision; 0 where the rules do not say."""
    terms = _terms(case, today)
    return terms.decision.extension_days if terms is not None else 0


def _terms(case: Case, today: date) -> Terms | None:
    try:
        rules = book().on(today).rules
        return terms_of(rules, rules.matter(case.matter))
    except (RulesInvalid, CaseInvalid):
        return None


def _history(case: Case) -> list[Event]:
    acts = [
        (Act.RECEIVED, case.filed_at),
        (Act.ACCEPTED, case.accepted_at),
        (Act.DECIDED, case.decided_at),
        (Act.DELIVERED, case.delivered_at),
        (Act.WITHDRAWN, case.withdrawn_at),
    ]
    granted = case.decision == Result.GRANTED
    return [
        Event(act, timezone.localdate(moment), granted=granted and act is Act.DECIDED)
        for act, moment in acts
        if moment is not None
    ]


def _shown(case: Case, found: Progress, one: RunningClock, today: date) -> Deadline:
    calendar = published_calendar()
    title: str | Promise
    due = one.due
    if one.clock == NOTICE:
        title = _("受理期限")
    elif one.clock == DELIVERY:
        title = _("送达期限")
    elif case.due_on:
        title, due = _("法定办结（已延长）"), DueDate(case.due_on, case.due_on > calendar.published_until)
    else:
        title = _("法定办结（逾期未告知，自收件之日起视为受理）") if found.deemed else _("法定办结")
    return Deadline(
        title=title,
        on=due.on,
        left=workdays_between(today, due.on, calendar),
        total=max(1, workdays_between(one.began_on, due.on, calendar)),
        provisional=due.provisional,
    )
