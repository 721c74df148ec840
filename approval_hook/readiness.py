"""Whether this installation can work, and how old its lists are, for the machines that watch it.

A stale list does not make the application unready: its cases go on as could-not-tell, and a process that a balancer
takes away helps nobody. So lists are told beside, one by one, stale from fresh.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from approval_hook import clock, outbox
from approval_hook.mirroring.store import StoredLists
from approval_hook.ports import ListStanding


def state_of(standing: ListStanding, at: datetime) -> str:
    """One word for a list: ``missing``, ``damaged``, ``stale`` or ``fresh``."""
    if standing.as_of is None:
        return "missing"
    if standing.damaged:
        return "damaged"
    return "fresh" if standing.is_fresh(at) else "stale"


def plain(standing: ListStanding, at: datetime) -> dict[str, Any]:
    """One list for a program; seconds, and null where there is no edition."""
    age = standing.age(at)
    return {
        "source": standing.source,
        "list": standing.list_type,
        "state": state_of(standing, at),
        "version": standing.version or None,
        "as_of": standing.as_of.isoformat() if standing.as_of is not None else None,
        "age_seconds": round(age.total_seconds()) if age is not None else None,
        "max_age_seconds": round(standing.max_age.total_seconds()),
        "rows": standing.rows,
        "refused": {"version": refused.version, "reason": refused.reason, "at": refused.at.isoformat()}
        if (refused := standing.refused) is not None
        else None,
    }


@never_cache
@login_not_required
@require_safe
def readiness(request: HttpRequest) -> JsonResponse:
    """200 while the database answers, 503 otherwise; ``lists`` tells each list, ``lists_fresh`` all of them."""
    at = clock.now()
    try:
        # A balancer does not wait until millions of rows are counted.
        lists = [plain(s, at) for s in StoredLists().standings(count=False)]
    except DatabaseError:
        return JsonResponse({"ready": False, "lists": [], "lists_fresh": False}, status=503)
    fresh = all(found["state"] == "fresh" for found in lists)
    return JsonResponse({"ready": True, "lists_fresh": fresh, "lists": lists})


@never_cache
@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures of each list, and of what waits in the outbox, in the text format of Prometheus.

    A missing list has no age. 503 without a database.
    """
    at = clock.now()
    try:
        lists = [plain(s, at) for s in StoredLists().standings()]
        queued = _outbox(at)
    except DatabaseError:
        return HttpResponse(status=503, content_type="text/plain; charset=utf-8")
    lines = []
    for name in ("age_seconds", "max_age_seconds", "rows", "damaged", "refused"):
        lines.append(f"# TYPE approval_hook_list_{name} gauge")
        for found in lists:
            number = _number(found, name)
            if number is not None:
                labels = f'source="{_escaped(found["source"])}",list="{_escaped(found["list"])}"'
                lines.append(f"approval_hook_list_{name}{{{labels}}} {number}")
    lines += queued
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8")


def _number(found: dict[str, Any], name: str) -> float | None:
    match name:
        case "damaged":
            return int(found["state"] == "damaged")
        case "refused":
            return int(found["refused"] is not None)
        case _:
            number: float | None = found[name]
            return number


def _outbox(at: datetime) -> list[str]:
    lines = []
    found = outbox.standings()
    told = {"waiting": "waiting", "oldest_seconds": "oldest", "left_to_a_person": "left"}
    for name, field in told.items():
        lines.append(f"# TYPE approval_hook_outbox_{name} gauge")
        for each in found:
            labels = f'kind="{each.kind}",target="{_escaped(each.target)}"'
            value = round(each.age(at).total_seconds()) if field == "oldest" else getattr(each, field)
            lines.append(f"approval_hook_outbox_{name}{{{labels}}} {value}")
    return lines


def _escaped(label: str) -> str:
    return label.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
