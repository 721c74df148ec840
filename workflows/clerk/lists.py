"""The lists of open work: what is mine, what may be claimed, what the organ has open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from viewflow.workflow.models import Task
from viewflow.workflow.status import STATUS

from approval_hook.policy.subjects import mask_name, mask_number
from workflows import promising
from workflows.clerk import clock, credit_bridge
from workflows.clerk.casepage import case_url, ended, step_hint
from workflows.clerk.context import may_supervise
from workflows.clerk.scope import Case, officer_of, open_tasks_of, settled_cases_of
from workflows.clerk.tolerance import promised, shown_badge
from workflows.models import Officer, RideHailingDriverCase

PAGE_ROWS = 50
#: The channel is computed, so a list is sorted here and must stay bounded.
MOST_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list: a task and its case."""

    task: Any
    case: Case
    step: str
    hint: str
    applicant: str
    applicant_note: str  # masked number of a natural person
    badge: Any | None  # approval_hook.panel.Badge
    deadline: clock.Deadline | None
    url: str
    mine: bool
    claimable: bool
    awaited: bool = False  # the case waits for this officer to settle its credit check
    owes: bool = False  # promised materials are out
    late: bool = False  # they are, after the last day: somebody must look into it (S-16)

    @property
    def channel(self) -> str:
        """Key of the channel; the ordinary one where nothing else is known."""
        return self.badge.channel if self.badge else "ordinary"


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter above a list."""

    key: str
    title: str | Promise
    keep: Callable[[Row], bool]
    supervised: bool = False  # for those who supervise


CHIPS = (
    Chip("mine", _("我的"), lambda row: row.mine or row.claimable or row.awaited),
    Chip("all", _("本机关"), lambda _row: True),
    Chip("green", _("绿色通道"), lambda row: row.channel == "green"),
    Chip("tolerant", _("容缺待补"), lambda row: row.owes),
    Chip("late", _("逾期未补齐"), lambda row: row.late, supervised=True),
    Chip("strict", _("从严"), lambda row: row.channel == "strict"),
    Chip("restricted", _("依法限制"), lambda row: row.channel == "restricted"),
    Chip("undetermined", _("待核"), lambda row: row.channel == "undetermined"),
    Chip("soon", _("将到期和逾期"), lambda row: row.deadline is not None and row.deadline.state != "fine"),
)


def rows_of(user: Any, organ: str, today: date, text: str = "") -> list[Row]:
    """Open tasks of the organ, the most urgent first, with channel and deadline.

    A task whose case type the user may not view is left out. Of more than ``MOST_ROWS``
    the oldest are taken; the search reaches the others.
    """
    tasks = [
        task
        for task in open_tasks_of(organ, text)[:MOST_ROWS]
        if task.flow_task is not None
        and user.has_perm(f"workflows.view_{task.flow_task.flow_class.process_class._meta.model_name}")
    ]
    waiting = {held.process_pk: held for held in credit_bridge.held_cases(organ)}
    badges = credit_bridge.badges_for([task.process.coerced for task in tasks])
    dates = clock.deadlines_of([task.process.coerced for task in tasks], today)
    late = promising.late([task.process.coerced for task in tasks])
    rows = [
        _row(task, user, badges.get(task.process_id), waiting.get(task.process_id), dates, late=task.process_id in late)
        for task in tasks
    ]
    far = date.max
    return sorted(rows, key=lambda row: (row.deadline.on if row.deadline else far, row.case.filed_at, row.task.pk))


def _row(task: Any, user: Any, badge: Any, held: Any, dates: dict[str, clock.Deadline], *, late: bool) -> Row:
    case = task.process.coerced
    node = task.flow_task
    applicant, note = applicant_of(case)
    # A step no person claims, such as a check, is described by what its case waits for; so is one that is held itself.
    by_hand = hasattr(node, "can_assign") and (held is None or held.node != node.name)
    stands = held if not by_hand else None
    claimable = task.status == STATUS.NEW and by_hand and node.can_assign(user, task)
    return Row(
        task=task,
        case=case,
        step=stands.next_step if stands else str(task.title),
        hint=stands.reason if stands else step_hint(case, task),
        applicant=applicant,
        applicant_note=note,
        badge=shown_badge(case, badge),
        deadline=dates.get(case.case_no),
        url=case_url(case),
        mine=task.owner_id == user.pk,
        claimable=claimable,
        awaited=stands is not None and credit_bridge.may_settle_held(user, stands),
        owes=case.supply_until is not None and bool(promised(case)),
        late=late and bool(promised(case)),
    )


def applicant_of(case: Case) -> tuple[str, str]:
    """Name and number of the applicant as a list shows them: a natural person's are masked."""
    if isinstance(case, RideHailingDriverCase):
        return mask_name(case.driver_name), mask_number(case.number)
    return case.applicant_name, ""


def _page(
    request: HttpRequest, officer: Officer, template: str, rows: list[Row], extra: dict[str, Any]
) -> HttpResponse:
    page = Paginator(rows, PAGE_ROWS).get_page(request.GET.get("page"))
    # Whoever works the list must know which of its cases nothing would stop.
    observing = credit_bridge.observing(officer.matters)
    return render(request, template, {"page": page, "total": len(rows), "observing": observing} | extra)


def worklist(request: HttpRequest) -> HttpResponse:
    """待办: what I have claimed or may claim, and what waits for my word; the chips widen or narrow it."""
    text = request.GET.get("q", "").strip()
    officer = officer_of(request.user)
    organ = officer.organ
    rows = rows_of(request.user, organ, timezone.localdate(), text)
    show, supervises = request.GET.get("show", "mine"), may_supervise(request.user)
    offered = [chip for chip in CHIPS if supervises or not chip.supervised]
    chip = next((chip for chip in offered if chip.key == show), offered[0])
    chips = [
        {
            "title": item.title,
            "count": sum(item.keep(row) for row in rows),
            "on": item is chip,
            "url": "?" + urlencode({"show": item.key} | ({"q": text} if text else {})),
        }
        for item in offered
    ]
    # The case page leads back to the list as it was left.
    request.session["clerk_list"] = f"{reverse('clerk:worklist')}?{request.GET.urlencode()}"
    kept = [row for row in rows if chip.keep(row)]
    extra = {"chips": chips, "q": text, "full": len(rows) == MOST_ROWS} | _settled(request.user, organ, text)
    return _page(request, officer, "clerk/worklist.html", kept, extra)


def _settled(user: Any, organ: str, text: str) -> dict[str, Any]:
    """Finished cases that the search finds; none without a search."""
    if not text:
        return {"settled": [], "settled_more": False}
    found = list(settled_cases_of(user, organ, text)[: PAGE_ROWS + 1])
    cases = [process.coerced for process in found[:PAGE_ROWS]]
    return {
        "settled": [{"case": case, "url": case_url(case), "how": ended(case).title} for case in cases],
        "settled_more": len(found) > PAGE_ROWS,
    }


def queue(request: HttpRequest) -> HttpResponse:
    """待认领: open tasks nobody has claimed and this officer may."""
    officer = officer_of(request.user)
    rows = rows_of(request.user, officer.organ, timezone.localdate())
    return _page(request, officer, "clerk/queue.html", [row for row in rows if row.claimable], {})


def done(request: HttpRequest) -> HttpResponse:
    """我办过的: tasks this officer finished, the newest first."""
    organ = officer_of(request.user).organ
    tasks = (
        Task.objects.filter(owner=request.user, finished__isnull=False, flow_task_type__in=["HUMAN", "HUMAN_START"])
        .select_related("process__foodbusinesscase", "process__ridehailingdrivercase")
        .order_by("-finished")
    )
    page = Paginator(tasks, PAGE_ROWS).get_page(request.GET.get("page"))
    rows = [
        {"task": task, "case": case, "url": case_url(case), "person": isinstance(case, RideHailingDriverCase)}
        for task in page
        if (case := task.process.coerced).organ == organ
    ]
    return render(request, "clerk/done.html", {"rows": rows, "page": page})
