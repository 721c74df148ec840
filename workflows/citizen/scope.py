"""Who sees which case: applicants see their own and those they have a mandate for, and nothing else."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from workflows.fields import keyed_digest
from workflows.models import ApplicantAccount, FoodBusinessCase, Mandate, RideHailingDriverCase

Case = FoodBusinessCase | RideHailingDriverCase
_MODELS = (FoodBusinessCase, RideHailingDriverCase)
#: The newest cases that one page lists.
MOST_CASES = 50


def account_of(user: Any) -> ApplicantAccount:
    """The applicant behind a signed-in user.

    Raises:
        PermissionDenied: the account belongs to nobody whose identity was verified.
    """
    account = ApplicantAccount.objects.filter(user_id=user.pk).first()
    if account is None:
        raise PermissionDenied(_("这个账号没有实名核验，不能查看办件。请到窗口核验身份证件。"))
    return account


def cases_of(account: ApplicantAccount) -> list[Case]:
    """The account's cases, the newest first."""
    digests = account.digests(timezone.localdate())
    found = [
        case
        for model in _MODELS
        for case in model._default_manager.filter(applicant_digest__in=digests).order_by("-filed_at")[:MOST_CASES]
    ]
    return sorted(found, key=lambda case: case.filed_at, reverse=True)[:MOST_CASES]


def case_of(account: ApplicantAccount, case_no: str) -> Case:
    """One of the account's cases.

    Raises:
        Http404: no such case of this account; whether it exists is not told.
    """
    digests = account.digests(timezone.localdate())
    for model in _MODELS:
        case = model._default_manager.filter(case_no=case_no, applicant_digest__in=digests).first()
        if case is not None:
            found: Case = case
            return found
    raise Http404


def mandate_for(account: ApplicantAccount, case: Case) -> Mandate | None:
    """On what the account acts for the applicant of a case; None where it is the applicant itself."""
    if case.applicant_digest == account.number_digest:
        return None
    digest = keyed_digest(case.applicant_number)
    # The representative acts for the firm itself, so that goes before an agent's mandate.
    return account.mandates_on(timezone.localdate()).filter(firm_digest=digest).order_by("-capacity").first()
