"""待补核: cases that came past their check, and what the late check of each found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflows.clerk import credit_bridge
from workflows.clerk.context import may_supervise
from workflows.clerk.lists import PAGE_ROWS, applicant_of
from workflows.clerk.scope import cases_of, officer_of, open_steps_of, processes_of


@dataclass(frozen=True, slots=True)
class Place:
    """What the page says of a case that was found at one place."""

    title: str | Promise
    next_step: str | Promise
    note: str | Promise
    alarmed: bool  # the decision was taken, or the gate left, without a check


PLACES = {
    "at": Place(
        gettext_lazy("停在决定环节"), gettext_lazy("决定前补核"), gettext_lazy("有结果后继续办理，或转为待核。"), False
    ),
    "before": Place(
        gettext_lazy("已过受理、未到决定"),
        gettext_lazy("下一受保护环节前补核"),
        gettext_lazy("决定前的闸口直接采用补核的结果。"),
        False,
    ),
    "past": Place(
        gettext_lazy("已越过决定环节"),
        gettext_lazy("事后补核"),
        gettext_lazy("只登记和报警，不拦下、不撤销。"),
        True,
    ),
    "retired": Place(
        gettext_lazy("闸口撤除时放行"),
        gettext_lazy("装回闸口后补核"),
        gettext_lazy("流程重新装上闸口之前不处理。"),
        True,
    ),
}


def late_checks(request: HttpRequest) -> HttpResponse:
    """Late checks of the organ: those still to be made, the most urgent first, then those made last."""
    if not may_supervise(request.user):
        raise PermissionDenied(_("待补核由审批负责人和管理人员查看。"))
    organ = officer_of(request.user).organ
    checks = credit_bridge.late_checks(processes_of(organ))
    if checks is None:
        raise Http404
    waiting = checks.filter(done_at=None).order_by("where", "found_at", "pk")
    page = Paginator(waiting, PAGE_ROWS).get_page(request.GET.get("page"))
    made = checks.exclude(done_at=None).order_by("-done_at", "-pk")[:PAGE_ROWS]
    context = {"page": page, "rows": _rows(organ, page.object_list), "made": _rows(organ, made), "most": PAGE_ROWS}
    return render(request, "clerk/late.html", context)


def _rows(organ: str, checks: Iterable[Any]) -> list[dict[str, Any]]:
    rows = credit_bridge.late_rows(checks)
    numbers = [late.process_pk for late in rows]
    cases, steps = cases_of(organ, numbers), open_steps_of(numbers)
    return [
        {
            "late": late,
            "place": PLACES[late.where],
            "case": cases[late.process_pk],
            "applicant": applicant_of(cases[late.process_pk])[0],
            "steps": steps[late.process_pk],
        }
        for late in rows
    ]
