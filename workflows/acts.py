"""How the application's cases register their statutory acts; the deadlines follow from them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from approval_hook import deadlines
from approval_hook.deadlines import CaseRef
from approval_hook.models import ClockedCase, StatutoryAct
from approval_hook.policy.clocks import Act
from workflows import telling
from workflows.models import FoodBusinessCase, Result, RideHailingDriverCase

Case = FoodBusinessCase | RideHailingDriverCase


def ref(case: Case) -> CaseRef:
    """The case as the clocks know it."""
    return CaseRef(case.case_no, case.matter, case.organ)


def register(case: Case, act: Act, user: Any, *, at: datetime | None = None, **values: Any) -> StatutoryAct:
    """Write down an act of a case in the caller's transaction; see ``deadlines.record``.

    Args:
        case: any case; one whose row came past the pages gets its earlier acts from its own timestamps first.
        act: what was done.
        user: the officer; None for a filing without one.
        at: aware moment; None means now.
        values: what the act takes beside its moment.

    Raises:
        CaseInvalid: the act may not follow what happened.
    """
    if act is not Act.RECEIVED and not ClockedCase.objects.filter(case_no=case.case_no).exists():
        _adopt(type(case)._default_manager.get(pk=case.pk))
    row = deadlines.record(ref(case), act, user.get_username() if user is not None else "", at=at, **values)
    telling.acted(case, row)
    return row


def answer_extension(case: Case, request: int, user: Any, **answer: Any) -> StatutoryAct:
    """Answer what was asked for, and tell the applicant; see ``deadlines.answer_extension``."""
    row = deadlines.answer_extension(ref(case), request, user.get_username(), **answer)
    telling.acted(case, row)
    return row


def take_back(case: Case, act: Act, by: str) -> None:
    """Take back an act with what cannot stand without it, and what the applicant was told of them."""
    for row in deadlines.take_back(case.case_no, act, by):
        telling.taken_back(case, row.about)


def _adopt(case: Case) -> None:
    hands = {Act.ACCEPTED: case.accepted_by, Act.DECIDED: case.decided_by}
    stamps = {
        Act.RECEIVED: case.filed_at,
        Act.ACCEPTED: case.accepted_at,
        Act.DECIDED: case.decided_at,
        Act.DELIVERED: case.delivered_at,
        Act.WITHDRAWN: case.withdrawn_at,
    }
    for act, at in stamps.items():
        if at is not None:
            hand = hands.get(act)
            granted = act is Act.DECIDED and case.decision == Result.GRANTED
            deadlines.record(ref(case), act, hand.get_username() if hand else "", at=at, granted=granted)


def supplied_if_complete(case: Case, user: Any) -> StatutoryAct | None:
    """Register that the materials which the notice named have come, once all of them are here."""
    acts = deadlines.standing(case.case_no).acts
    noticed = next((act for act in reversed(acts) if act.kind == Act.NOTICED), None)
    done = any(act.kind == Act.SUPPLIED for act in acts)
    if noticed is None or done or not set(noticed.items) <= {*case.materials, *_not_papers(noticed)}:
        return None
    return register(case, Act.SUPPLIED, user, items=noticed.items)


def _not_papers(noticed: StatutoryAct) -> list[str]:
    """What the notice asked for in words is not ticked; the officer looks at it when accepting."""
    return [item for item in noticed.items if item.startswith(WORDS)]


#: Before an item of a notice that is no paper of the catalogue.
WORDS = "："
