"""Which matters a measure reaches, and the reverse: as a table and as a picture."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from workflows.policydesk.access import policy_staff
from workflows.policydesk.effects import Effect, effects
from workflows.policydesk.picture import draw
from workflows.policydesk.versions import Reading, opened
from workflows.policydesk.views import base_context

PAGE_ROWS = 30
KINDS = ("sanction", "incentive")


def _chosen(request: HttpRequest, content: Reading) -> dict[str, Any]:
    """The filters of both pages: kind of measure and department."""
    departments = list(dict.fromkeys(m.department for m in content.rules.matters))
    kind = request.GET.get("kind", "")
    department = request.GET.get("department", "")
    kind = kind if kind in KINDS else ""
    department = department if department in departments else ""
    return {
        "departments": departments,
        "kind": kind,
        "department": department,
        "effects": [
            e
            for e in effects(content)
            if (not kind or e.measure.kind == kind) and (not department or e.matter.department == department)
        ],
    }


@policy_staff
def table(request: HttpRequest, key: str) -> HttpResponse:
    """措施 → 事项, or 事项 → 措施."""
    version, content = opened(key)
    chosen = _chosen(request, content)
    by = "matter" if request.GET.get("by") == "matter" else "measure"
    held: defaultdict[str, list[Effect]] = defaultdict(list)
    for e in chosen["effects"]:
        held[e.matter.code if by == "matter" else e.measure.id].append(e)
    rows: list[tuple[Any, list[Effect]]]
    if by == "matter":
        rows = [
            (m, held[m.code])
            for m in content.rules.matters
            if not chosen["department"] or m.department == chosen["department"]
        ]
    else:
        kept = [m for m in content.rules.measures if not chosen["kind"] or m.kind == chosen["kind"]]
        rows = [(m, held[m.id]) for m in kept if held[m.id] or not chosen["department"]]
        # What reaches most comes first; what reaches nothing is told at the end.
        rows.sort(key=lambda row: -len(row[1]))
    return render(
        request,
        "policydesk/reach.html",
        base_context(version, content, "reach")
        | chosen
        | {
            "by": by,
            "total": len(rows),
            "empty": sum(not each for _row, each in rows),
            "page": Paginator(rows, PAGE_ROWS).get_page(request.GET.get("page")),
        },
    )


@policy_staff
def picture(request: HttpRequest, key: str) -> HttpResponse:
    """The same as a drawing, with every matter that is asked for, also those that nothing reaches."""
    version, content = opened(key)
    chosen = _chosen(request, content)
    everything = request.GET.get("all") == "1"
    met = {e.measure.id for e in chosen["effects"]}
    wanted = [m for m in content.rules.measures if not chosen["kind"] or m.kind == chosen["kind"]]
    # Those with marks stand together at the left, where the names of the rows are.
    measures = sorted((m for m in wanted if everything or m.id in met), key=lambda m: m.id not in met)
    matters = [m for m in content.rules.matters if not chosen["department"] or m.department == chosen["department"]]
    drawing = draw(matters, measures, chosen["effects"])
    return render(
        request,
        "policydesk/picture.html",
        base_context(version, content, "reach")
        | chosen
        | {
            "picture": drawing,
            "everything": everything,
            "left_out": [m for m in wanted if m.id not in met],
            "unreached": [row.matter for row in drawing.rows if not row.count],
            "alive": sum(not e.dead for e in chosen["effects"]),
        },
    )
