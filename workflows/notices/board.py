"""Which notices a case has, which fit its stage, and who may issue them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils.translation import gettext as _
from viewflow.workflow.status import PROCESS

from approval_hook.deadlines import Standing
from workflows.notices.automatic import gives
from workflows.notices.catalogue import catalogue
from workflows.notices.errors import UNUSABLE
from workflows.notices.models import Notice

#: The step whose permission it takes to issue each kind. The others are issued with an act of 期限与程序.
STEPS = {
    "receipt": "file",
    "credit_privacy": "file",
    "acceptance": "accept",
    "tolerance": "accept",
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
    if kind in ("acceptance", "tolerance") and case.accepted_at is None:
        return False
    return gives(case, kind) if kind in ("credit_privacy", "tolerance") else True


def may_issue(case: Any, kind: str, user: Any) -> bool:
    """Whether the user may issue this kind: by the step it belongs to."""
    return bool(user.has_perm(f"workflows.{STEPS[kind]}_{case._meta.model_name}"))


def require_issuable(case: Any, kind: str, user: Any) -> None:
    """Let pass what fits the case and the user.

    Raises:
        PermissionDenied: with the reason.
    """
    if not may_issue(case, kind, user):
        raise PermissionDenied(_("您没有出具这种文书的权限。"))
    if not fits(case, kind, _kinds_in_force(case)):
        raise PermissionDenied(
            _("这种文书不适合办件现在的阶段。缺必备材料的不能容缺，请在“期限与程序”中一次性告知补正。")
        )


def _kinds_in_force(case: Any) -> set[str]:
    return set(Notice.objects.filter(process_id=case.pk, superseded_by=None).values_list("kind", flat=True))


def board(case: Any, user: Any, clocks: Standing) -> dict[str, Any]:
    """What the case page shows of notices.

    Args:
        case: a case the user may see.
        user: the officer.
        clocks: of the case; the notices of its acts are shown with them.
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
        for kind in STEPS
        if not broken and may_issue(case, kind, user) and fits(case, kind, issued)
    ]
    lines: list[dict[str, Any]] = [
        {
            "row": row,
            "title": titles.get(row.kind, ""),
            "replaced": bool(row.superseded_by.all()),
            "taken_back": row.kind not in STEPS and row.number not in clocks.notice_numbers,
        }
        for row in found
    ]
    return {
        "broken": broken,
        "issued": [line for line in lines if line["row"].kind in STEPS],
        "of_acts": [line for line in lines if line["row"].kind not in STEPS],
        "offers": [offer for offer in offers if not offer.owed],
        "owed": [offer for offer in offers if offer.owed],
    }
