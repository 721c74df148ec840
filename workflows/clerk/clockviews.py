"""期限与程序: every clock of a case, and the acts that begin, stop or extend one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _

from approval_hook import deadlines
from approval_hook.deadlines import Standing
from approval_hook.errors import CaseInvalid
from workflows.clerk.casepage import case_context, case_url
from workflows.clerk.clockforms import ClockForm
from workflows.clerk.noticedforms import FORMS, open_to
from workflows.clerk.scope import Case, case_of


def clocks(request: HttpRequest, process_pk: int) -> HttpResponse:
    """Show what this officer may register about the clocks, or register it."""
    case = case_of(request.user, process_pk)
    if request.method != "POST":
        return _page(request, case, forms_for(request.user, case, deadlines.standing(case.case_no)), 200)
    chosen = next((form for form in FORMS if form.code == request.POST.get("act")), ClockForm)
    with case.flow_class.lock(case.pk), transaction.atomic():
        case = type(case)._default_manager.get(pk=case.pk)
        standing = deadlines.standing(case.case_no)
        if chosen is ClockForm or not chosen.permits(request.user, case, standing):
            raise PermissionDenied(chosen.denied)
        forms = forms_for(request.user, case, standing, chosen, request.POST)
        form = next((form for form in forms if form.code == chosen.code), None)
        if form is None:
            messages.warning(request, _("现在不能登记这一环节，办件的状态刚刚变化。没有重复提交。"))
            return HttpResponseRedirect(case_url(case))
        if form.is_valid():
            try:
                with transaction.atomic():
                    form.act(request.user)
            except CaseInvalid as error:
                form.add_error(None, f"{error.message}{error.remedy}")
            else:
                messages.success(request, form.done())
                return HttpResponseRedirect(case_url(case))
    return _page(request, case, forms, 422)


def forms_for(
    user: Any, case: Case, standing: Standing, chosen: type[ClockForm] | None = None, data: Any = None
) -> list[ClockForm]:
    """The forms of what this officer may register now; the chosen one is bound to what was sent."""
    return [
        form(data if form is chosen else None, case=case, standing=standing) for form in open_to(user, case, standing)
    ]


def _page(request: HttpRequest, case: Case, forms: list[ClockForm], status: int) -> HttpResponse:
    for form in forms:
        if form.is_bound:
            form.focus_first()
    context = case_context(request, case) | {"clock_forms": forms}
    return render(request, "clerk/clocks.html", context, status=status)
