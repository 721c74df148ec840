"""Which notices a case has, which fit its stage, and who may issue them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils.translation import gettext as _
from viewflow.workflow.status import PROCESS

from approval_hook.people import same_person
from workflows.notices.automatic import privacy_facts, tolerance_facts
from workflows.notices.catalogue import catalogue
from workflows.notices.errors import UNUSABLE
from workflows.notices.facts import KINDS
from workflows.notices.models import Notice

#: The step whose permission it takes to issue each kind.
STEPS = {
    "receipt": "file",
    "credit_privacy": "file",
    "acceptance": "accept",
    "tolerance": "accept",
    "correction": "accept",
    "special_procedure": "review",
    "extension": "decide",
    "service_return": "deliver",
}

_SEALED = ("facts", "sealed_document")


@dataclass(frozen=True, slots=True)
class Offer:
    """A notice that can be issued now."""

    title: str
    url: str
    owed: bool  # the law wants it, and it was not issued


def fits(case: Any, kind: str, issued: set[str]) -> bool:
    """Whether a notice of this kind fits the stage of the case.

    Args:
        case: any case.
        kind: of the notice.
        issued: kinds of which the case has a notice in force.
    """
    running = case.status == PROCESS.NEW and not case.decision
    if kind == "service_return":
        return bool(issued - {"service_return"})
    if not running:
        return False
    if kind == "receipt":
        return True
    if kind == "credit_privacy":
        return privacy_facts(case) is not None
    if kind == "tolerance":
        return case.accepted_at is not None and tolerance_facts(case) is not None
    if kind == "correction":
        return case.accepted_at is None
    # One extension is all the law knows.
    return case.accepted_at is not None and not (kind == "extension" and "extension" in issued)


def may_issue(case: Any, kind: str, user: Any) -> bool:
    """Whether the user may issue this kind: by the step it belongs to, an extension never by whoever accepted."""
    if not user.has_perm(f"workflows.{STEPS[kind]}_{case._meta.model_name}"):
        return False
    first = case.accepted_by
    return kind != "extension" or first is None or not same_person(first.get_username(), user.get_username())


def require_issuable(case: Any, kind: str, user: Any) -> None:
    """Let pass what fits the case and the user.

    Raises:
        PermissionDenied: with the reason.
    """
    if not may_issue(case, kind, user):
        raise PermissionDenied(_("您没有出具这种文书的权限；延长期限须由未经手受理的审批负责人批准。"))
    if not fits(case, kind, _kinds_in_force(case)):
        raise PermissionDenied(_("这种文书不适合办件现在的阶段。缺必备材料的，不能容缺，请出具一次性补正告知书。"))


def _kinds_in_force(case: Any) -> set[str]:
    return set(Notice.objects.filter(process_id=case.pk, superseded_by=None).values_list("kind", flat=True))


def board(case: Any, user: Any) -> dict[str, Any]:
    """What the case page shows of notices.

    Args:
        case: a case the user may see.
        user: the officer.
    """
    try:
        titles, broken = catalogue().titles, False
    except UNUSABLE:
        titles, broken = {}, True
    found = list(Notice.objects.filter(process_id=case.pk).prefetch_related("superseded_by").defer(*_SEALED))
    issued = {notice.kind for notice in found if not notice.superseded_by.all()}
    owed = {"receipt", "credit_privacy"} | ({"acceptance"} if case.accepted_at else set())
    offers = [
        Offer(
            titles.get(kind, kind),
            reverse("clerk:notices:new", args=[case.pk, kind]),
            kind in owed and kind not in issued,
        )
        for kind in KINDS
        if not broken and may_issue(case, kind, user) and fits(case, kind, issued)
    ]
    return {
        "broken": broken,
        "issued": [
            {"row": row, "title": titles.get(row.kind, ""), "replaced": bool(row.superseded_by.all())} for row in found
        ],
        "offers": [offer for offer in offers if not offer.owed],
        "owed": [offer for offer in offers if offer.owed],
    }
