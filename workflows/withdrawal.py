"""Withdrawal of an application by the applicant (撤回)."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from viewflow.workflow.exceptions import FlowRuntimeError
from viewflow.workflow.status import PROCESS

from approval_hook.errors import CaseInvalid
from approval_hook.policy.clocks import Act
from workflows import acts, promising
from workflows.models import CaseEvent, FoodBusinessCase, RideHailingDriverCase

Case = FoodBusinessCase | RideHailingDriverCase


class WithdrawalRefused(Exception):
    """The case can no longer be withdrawn; the message says why, in the reader's language."""


def withdraw(process: Case, user: Any, reason: str) -> None:
    """End a case because the applicant withdraws it.

    Possible at any time before the decision, whatever step the case waits in: every open
    task is cancelled through the flow, also one of a node this application does not know.

    Args:
        process: the case; it is read again under the flow lock.
        user: the officer who takes the withdrawal; needs the withdraw permission of the case.
        reason: what the applicant gives as the reason, 1 to 200 characters.

    Raises:
        WithdrawalRefused: already decided or ended, no permission, or an open step cannot be
            cancelled. Nothing has changed.

    Source: 行政许可法; domain facts S-14 (no refusal is recorded, the query log stays).
    """
    model = type(process)
    if not user.has_perm(f"workflows.withdraw_{model._meta.model_name}"):
        raise WithdrawalRefused(_("您没有办理撤回的权限。请由窗口经办人员办理。"))
    reason = reason.strip()
    if not reason:
        raise WithdrawalRefused(_("请填写撤回原因。"))
    flow = process.flow_class
    with flow.lock(process.pk), transaction.atomic():
        case = model._default_manager.get(pk=process.pk)
        if case.decision:
            raise WithdrawalRefused(_("已作出许可决定，不能再撤回。申请人不服的，可申请行政复议或提起行政诉讼。"))
        if case.status != PROCESS.NEW:
            raise WithdrawalRefused(_("办件已经结束，无需撤回。"))
        case.withdrawn_at = timezone.now()
        case.withdraw_reason = reason
        try:
            acts.register(case, Act.WITHDRAWN, user, at=case.withdrawn_at, reason=reason)
        except CaseInvalid as error:
            raise WithdrawalRefused(f"{error.message}{error.remedy}") from None
        CaseEvent.objects.create(
            process_id=case.pk, kind=CaseEvent.Kind.WITHDRAWN, at=case.withdrawn_at, by=user, note=reason
        )
        promising.void(case, user)
        try:
            flow.instance.cancel(case)
        except FlowRuntimeError:
            raise WithdrawalRefused(_("有一个步骤正在办理，暂时不能终止。请稍后再试，或联系管理人员。")) from None
