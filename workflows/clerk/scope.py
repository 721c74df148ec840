"""Who sees which case: officers see the cases of their own organ and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from viewflow.workflow.models import Process, Task
from viewflow.workflow.status import STATUS

from workflows.models import FoodBusinessCase, Officer, RideHailingDriverCase

Case = FoodBusinessCase | RideHailingDriverCase

#: Reverse accessors of the case models on Viewflow's process table.
CASE_ACCESSORS = ("foodbusinesscase", "ridehailingdrivercase")

#: What the search looks at; personal numbers are encrypted and never searched.
_SEARCHED = {
    "foodbusinesscase": ("case_no", "firm_name", "firm_code"),
    "ridehailingdrivercase": ("case_no", "driver_name"),
}

#: A task in one of these states is still to be done.
OPEN = (STATUS.NEW, STATUS.ASSIGNED, STATUS.STARTED, STATUS.SCHEDULED, STATUS.ERROR)


def officer_of(user: Any) -> Officer:
    """The officer behind a signed-in user.

    Raises:
        PermissionDenied: the account belongs to no organ; an administrator must assign one.
    """
    officer = Officer.objects.filter(user_id=user.pk).first()
    if officer is None:
        raise PermissionDenied(_("您的账号还没有绑定机关，请联系管理人员。"))
    return officer


def require_matter(officer: Officer, flow_class: Any) -> None:
    """Let an officer file only what their organ receives.

    Raises:
        PermissionDenied: the matter belongs to another organ; the message says so.
    """
    if flow_class.process_class.matter not in officer.matters:
        raise PermissionDenied(
            _("%(organ)s不受理“%(title)s”，请告知申请人向有权机关申请。")
            % {"organ": officer.organ, "title": flow_class.process_title}
        )


def _any_case(**conditions: Any) -> Q:
    matched = Q()
    for accessor in CASE_ACCESSORS:
        matched |= Q(**{f"{accessor}__{name}": value for name, value in conditions.items()})
    return matched


def processes_of(organ: str) -> QuerySet[Any]:
    """Processes whose case belongs to the organ."""
    return Process.objects.filter(_any_case(organ=organ)).select_related(*CASE_ACCESSORS)


def cases_of(organ: str, process_pks: Collection[int]) -> dict[int, Case]:
    """Those of the cases that belong to the organ, by process key. One query."""
    return {process.pk: process.coerced for process in processes_of(organ).filter(pk__in=process_pks)}


def open_tasks_of(organ: str, text: str = "") -> QuerySet[Any]:
    """Open tasks of the organ's running cases, the oldest first, with case and owner loaded.

    Args:
        organ: name of the organ.
        text: part of a case number or of the applicant's name or code; empty finds all.
    """
    scoped, found = Q(), Q()
    for accessor in CASE_ACCESSORS:
        scoped |= Q(**{f"process__{accessor}__organ": organ})
        for field in _SEARCHED[accessor]:
            found |= Q(**{f"process__{accessor}__{field}__icontains": text})
    related = [f"process__{accessor}" for accessor in CASE_ACCESSORS]
    tasks = Task.objects.filter(scoped, status__in=OPEN)
    if text:
        tasks = tasks.filter(found)
    return tasks.select_related("owner", *related).order_by("process__created", "pk")


def open_steps_of(process_pks: Collection[int]) -> dict[int, list[str]]:
    """Titles of the open steps of each of these cases, by process key. One query."""
    steps: dict[int, list[str]] = {pk: [] for pk in process_pks}
    for task in Task.objects.filter(process_id__in=steps, status__in=OPEN).select_related("process").order_by("pk"):
        steps[task.process_id].append(str(task.title))
    return steps


def settled_cases_of(user: Any, organ: str, text: str) -> QuerySet[Any]:
    """Cases of the organ in which no step is open any more, the newest first.

    Args:
        user: only the case types that the user may view are searched.
        organ: name of the organ.
        text: part of a case number or of the applicant's name or code, not empty.
    """
    found = Q()
    for accessor in CASE_ACCESSORS:
        if user.has_perm(f"workflows.view_{accessor}"):
            for field in _SEARCHED[accessor]:
                found |= Q(**{f"{accessor}__organ": organ, f"{accessor}__{field}__icontains": text})
    if not found:
        return Process.objects.none()
    at_work = Task.objects.filter(process=OuterRef("pk"), status__in=OPEN)
    return Process.objects.filter(found, ~Exists(at_work)).select_related(*CASE_ACCESSORS).order_by("-created", "-pk")


def case_of(user: Any, process_pk: int) -> Case:
    """One case of the user's organ.

    Raises:
        Http404: no such case in this organ; whether it exists elsewhere is not told.
        PermissionDenied: the account belongs to no organ or may not view such cases.
    """
    process = processes_of(officer_of(user).organ).filter(pk=process_pk).first()
    if process is None:
        raise Http404
    case: Case = process.coerced
    if not user.has_perm(f"workflows.view_{case._meta.model_name}"):
        raise PermissionDenied(_("您没有查看这类办件的权限。"))
    return case


class OrganScopeMiddleware:
    """Answers 404 for every page about a case of another organ, whichever view serves it.

    Viewflow checks a page's permission by flow and by task, never by organ, and never that
    the task in an address belongs to the process in it. Every such page, also those of
    steps added by a plug-in, names both in its address, so the check is made here once.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next handler."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, _view: object, _args: object, kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """Check case and task before the view runs."""
        process_pk, task_pk = kwargs.get("process_pk"), kwargs.get("task_pk")
        if process_pk is None or not request.user.is_authenticated:
            return None
        case_of(request.user, process_pk)
        if task_pk is not None and not Task.objects.filter(pk=task_pk, process_id=process_pk).exists():
            raise Http404
        return None
