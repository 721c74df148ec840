"""应急放行: asking and confirming on the case page, and the list in which every use is looked at again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from approval_hook.errors import CaseInvalid
from workflows.clerk import credit_bridge
from workflows.clerk.casepage import case_context, case_url
from workflows.clerk.context import may_supervise
from workflows.clerk.lists import applicant_of
from workflows.clerk.posting import only_posted
from workflows.clerk.scope import case_of, cases_of, officer_of


@dataclass(frozen=True, slots=True)
class EmergencySent:
    """An act as typed, shown again with why it was refused."""

    text: str
    hours: str
    error: str


@only_posted("clerk:case")
def ask(request: HttpRequest, process_pk: int) -> HttpResponse:
    """提请应急放行."""
    reason, hours = request.POST.get("text", ""), request.POST.get("hours", "")
    wanted = int(hours) if hours.isdecimal() and len(hours) < 4 else 0
    return _act(
        request,
        process_pk,
        lambda desk, case: desk.ask(case, request.user, reason, wanted),
        _("已提请，须由另一名有权限的人员批准后才放行。"),
    )


@transaction.non_atomic_requests  # the platforms are asked, which is never done inside a transaction
@only_posted("clerk:case")
def confirm(request: HttpRequest, process_pk: int, request_pk: int) -> HttpResponse:
    """批准应急放行."""
    return _act(
        request,
        process_pk,
        lambda desk, case: desk.confirm(case, request.user, request_pk, request.POST.get("text", "")),
        _("已登记，办件可以继续；详见信用核查栏。"),
    )


def _act(request: HttpRequest, process_pk: int, act: Callable[[Any, Any], object], done: str) -> HttpResponse:
    case = case_of(request.user, process_pk)
    desk = credit_bridge.emergencies()
    if desk is None:
        raise Http404
    try:
        act(desk, case)
    except CaseInvalid as error:
        return _refused(request, case, f"{error.message}{error.remedy}", 422)
    except PermissionDenied as error:
        return _refused(request, case, str(error), 403)
    messages.success(request, done)
    return HttpResponseRedirect(case_url(case))


def _refused(request: HttpRequest, case: Any, error: str, status: int) -> HttpResponse:
    sent = EmergencySent(request.POST.get("text", ""), request.POST.get("hours", ""), error)
    return render(request, "clerk/case.html", case_context(request, case) | {"emergency_sent": sent}, status=status)


def review_list(request: HttpRequest) -> HttpResponse:
    """Every emergency release of the organ: what still needs a person first."""
    return _list(request)


@only_posted("clerk:emergencies")
def review(request: HttpRequest, request_pk: int) -> HttpResponse:
    """登记复核意见."""
    desk = credit_bridge.emergencies()
    if desk is None:
        raise Http404
    text = request.POST.get("text", "")
    try:
        desk.review(request.user, officer_of(request.user).organ, request_pk, text)
    except CaseInvalid as error:
        return _list(request, EmergencySent(text, str(request_pk), f"{error.message}{error.remedy}"), 422)
    except PermissionDenied as error:
        return _list(request, EmergencySent(text, str(request_pk), str(error)), 403)
    messages.success(request, _("已登记复核意见。"))
    return redirect("clerk:emergencies")


def _list(request: HttpRequest, sent: EmergencySent | None = None, status: int = 200) -> HttpResponse:
    if not may_supervise(request.user):
        raise PermissionDenied(_("应急放行由审批负责人和管理人员查看。"))
    desk = credit_bridge.emergencies()
    organ, me = officer_of(request.user).organ, request.user.get_username()
    uses = desk.uses(organ) if desk else []
    cases = cases_of(organ, [use.process_pk for use in uses])
    confirms = desk is not None and request.user.has_perm(desk.CONFIRM_PERMISSION)
    reviews = desk is not None and request.user.has_perm(desk.REVIEW_PERMISSION)
    rows = [
        {
            "use": use,
            "title": case.flow_class.process_title,
            "applicant": applicant_of(case)[0],
            "may_confirm": confirms and use.state == "asked" and me not in use.hands,
            "may_review": reviews and use.state in ("running", "unreviewed") and me not in use.hands,
        }
        for use in uses
        if (case := cases.get(use.process_pk))
    ]
    return render(request, "clerk/emergencies.html", {"rows": rows, "sent": sent}, status=status)
