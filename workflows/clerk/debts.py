"""欠查清单: cases that went on without an answer, until when each is to be re-checked, and what was found too late."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from approval_hook.errors import CaseInvalid
from workflows.clerk import credit_bridge
from workflows.clerk.context import may_supervise
from workflows.clerk.lists import PAGE_ROWS, applicant_of
from workflows.clerk.scope import cases_of, officer_of, open_steps_of, processes_of


@dataclass(frozen=True, slots=True)
class Sent:
    """What was typed into a form that was refused."""

    debt: int
    text: str
    error: str


def owed_checks(request: HttpRequest) -> HttpResponse:
    """What was found late first, then what is owed, the nearest deadline first."""
    return _list(request)


@require_POST
def handled(request: HttpRequest, debt: int) -> HttpResponse:
    """登记处理情况."""
    desk, organ = _desk(request)
    text = request.POST.get("text", "")
    try:
        desk.take_up(desk.debts_of(processes_of(organ)), debt, request.user, text)
    except CaseInvalid as error:
        return _list(request, Sent(debt, text, f"{error.message}{error.remedy}"), 422)
    messages.success(request, _("已登记处理情况。"))
    return redirect("clerk:debts")


def overdue_of(organ: str) -> int:
    """How many re-checks of the organ are overdue."""
    desk = credit_bridge.debts()
    return desk.owed(desk.debts_of(processes_of(organ)), overdue=True).count() if desk else 0


def _desk(request: HttpRequest) -> tuple[Any, str]:
    if not may_supervise(request.user):
        raise PermissionDenied(_("欠查清单由审批负责人和管理人员查看。"))
    desk = credit_bridge.debts()
    if desk is None:
        raise Http404
    return desk, officer_of(request.user).organ


def _list(request: HttpRequest, sent: Sent | None = None, status: int = 200) -> HttpResponse:
    desk, organ = _desk(request)
    mine = desk.debts_of(processes_of(organ))
    sources = desk.sources_of(mine)
    source = request.GET.get("source", "")
    source = source if source in dict(sources) else ""
    overdue = request.GET.get("overdue") == "1"
    page = Paginator(desk.owed(mine, source=source, overdue=overdue), PAGE_ROWS).get_page(request.GET.get("page"))
    late = desk.found_late(mine)
    context = {
        "page": page,
        "rows": _rows(desk, organ, page.object_list),
        "late": _rows(desk, organ, late[:PAGE_ROWS]),
        "late_count": late.count(),
        "overdue_count": desk.owed(mine, overdue=True).count(),
        "sources": sources,
        "source": source,
        "overdue": overdue,
        "sent": sent,
    }
    return render(request, "clerk/debts.html", context, status=status)


def _rows(desk: Any, organ: str, debts: Iterable[Any]) -> list[dict[str, Any]]:
    rows = desk.debt_rows(debts)
    numbers = [row.process_pk for row in rows]
    cases, steps = cases_of(organ, numbers), open_steps_of(numbers)
    return [
        {
            "late": row,
            "case": cases[row.process_pk],
            "applicant": applicant_of(cases[row.process_pk])[0],
            "steps": steps[row.process_pk],
        }
        for row in rows
    ]
