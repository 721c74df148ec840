"""Emergency release on a Viewflow case: what the pages call to ask, confirm, review and list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from viewflow.workflow.status import PROCESS, STATUS

from approval_hook import clock, emergency, gate
from approval_hook.cases import Case
from approval_hook.conf import conf
from approval_hook.errors import CaseInvalid
from approval_hook.hosts.viewflow.attending import Attended, attend
from approval_hook.hosts.viewflow.binding import WAITING, Binding, handled_by
from approval_hook.hosts.viewflow.injection import binding_of, bindings, find_binding
from approval_hook.models import CreditDecision, EmergencyAct, Point
from approval_hook.panel import EmergencyView
from approval_hook.presenting import emergency_views

ASK_PERMISSION = "approval_hook.ask_emergency_release"
CONFIRM_PERMISSION = "approval_hook.confirm_emergency_release"
REVIEW_PERMISSION = "approval_hook.review_emergency_release"


def most_hours() -> int:
    """The longest release that may be asked for."""
    return conf().emergency_hours


def shortest_reason() -> int:
    """The fewest characters to ask with."""
    return emergency.SHORTEST_REASON


def ask(process: Any, user: Any, reason: str, hours: int) -> EmergencyAct:
    """A supervisor asks for the release of a case that is held because the platform has not answered.

    Raises:
        CaseInvalid: the hold is of another kind, or reason or expiry do not do.
        PermissionDenied: the user may not ask.
    """
    if not user.has_perm(ASK_PERMISSION):
        raise PermissionDenied("您没有提请应急放行的权限，请由审批负责人提请。")
    binding = binding_of(process.flow_class)
    with binding.flow_class.lock(process.pk), transaction.atomic():
        case, row = _held(binding, process)
        return emergency.ask(case, row, by=user.get_username(), reason=reason, hours=hours, at=clock.now())


def confirm(process: Any, user: Any, request_pk: int, note: str) -> Attended:
    """A second person confirms; the case goes on until the expiry without credit effect.

    The platforms are asked once more before: an answer that came back in the meantime is used instead.

    Returns:
        What became of the case; ``PASSED`` also where the platform's answer let it go on.

    Raises:
        CaseInvalid: nothing to confirm any more, or this person may not be the second one.
        PermissionDenied: the user may not confirm.
    """
    if not user.has_perm(CONFIRM_PERMISSION):
        raise PermissionDenied("您没有批准应急放行的权限，请由其他审批负责人批准。")
    binding = binding_of(process.flow_class)
    if _handles(binding, process.pk, user):
        raise CaseInvalid("批准人", "您经办过或正在办理本办件，不能批准。", "请由另一名有权限的人员批准。")
    request = _require_open(binding, process, request_pk)
    known = gate.in_force(request.host_key)
    # What can be told beforehand is refused before any platform is asked.
    emergency.require_confirming(request, known or request.decision, by=user.get_username(), note=note)
    asked = _attend_all(binding, process.pk, force=True)
    if asked is Attended.PASSED:
        return asked
    if asked is Attended.PARKED:
        # Not asked, or what was answered is not decided on: it may be the hit that nobody may lift.
        raise CaseInvalid("操作", "办件正在办理，平台的最新答复还没有采用。", "请稍后再试。")
    with binding.flow_class.lock(process.pk), transaction.atomic():
        case, row = _held(binding, process)
        request = _require_open(binding, process, request_pk)
        emergency.confirm(request, row, by=user.get_username(), note=note, at=clock.now())
        gate.release(case, row, request, user.get_username())
    return _attend_all(binding, process.pk, force=False)


def review(user: Any, organ: str, request_pk: int, finding: str) -> EmergencyAct:
    """A third person records what they found about a release of their organ.

    Raises:
        CaseInvalid: there is nothing to review, or this person opened it or handles the case.
        PermissionDenied: the user may not review.
    """
    if not user.has_perm(REVIEW_PERMISSION):
        raise PermissionDenied("您没有复核应急放行的权限。")
    request = EmergencyAct.objects.filter(pk=request_pk, organ=organ, kind=EmergencyAct.Kind.ASKED).first()
    if request is None:
        raise CaseInvalid("操作", "没有这一项应急放行。", "请刷新页面。")
    process_pk = int(request.host_key.rpartition(":")[2])
    if any(_handles(b, process_pk, user) for b in bindings() if request.flow in b.flow_refs()):
        raise CaseInvalid("复核人", "您经办过或正在办理本办件，不能复核。", "请由另一名有权限的人员复核。")
    return emergency.review(request, by=user.get_username(), finding=finding, at=clock.now())


def opened_by(process: Any, user: Any) -> bool:
    """Whether the user confirmed or reviewed the release that lets the case be decided now; they may not decide it."""
    binding = find_binding(process.flow_class)
    row = gate.in_force(binding.host_key(process.pk)) if binding is not None else None
    return row is not None and emergency.opened_by(row, user.get_username())


def uses(organ: str | None) -> list[EmergencyView]:
    """Every request of one organ (all organs for None): those that wait for a person first, then the newest."""
    acts = EmergencyAct.objects.order_by("pk")
    if organ is not None:
        acts = acts.filter(organ=organ)
    known = {ref for b in bindings() for ref in b.flow_refs()}
    views = [view for view in emergency_views(acts) if view.flow in known]
    return sorted(views, key=lambda view: (view.state not in ("asked", "running", "unreviewed"), -view.request))


def _handles(binding: Binding, process_pk: int, user: Any) -> bool:
    """Whether a step of the case is or was the user's."""
    tasks = binding.flow_class.task_class._default_manager.filter(process_id=process_pk)
    return handled_by(tasks.exclude(status=STATUS.CANCELED), user)


def _held(binding: Binding, process: Any) -> tuple[Case, CreditDecision]:
    """The case and its record, where a missing answer is what holds it. Under the flow lock."""
    fresh = binding.fresh_process(process.pk)
    if fresh.status != PROCESS.NEW:
        raise CaseInvalid("操作", "办件已经结束。", "不需要应急放行。")
    if not any(True for _ in _waiting_tasks(binding, process.pk)):
        raise CaseInvalid("操作", "办件没有在决定前等待核查。", "不需要应急放行，请刷新页面。")
    case = binding.case_from(fresh)
    return case, emergency.require_liftable(case, gate.in_force(case.host_key))


def _require_open(binding: Binding, process: Any, request_pk: int) -> EmergencyAct:
    request = emergency.open_request(binding.host_key(process.pk), clock.now())
    if request is None or request.pk != request_pk:
        raise CaseInvalid("操作", "这一项提请已办结或已过期。", "请刷新页面；仍有需要的重新提请。")
    return request


def _waiting_tasks(binding: Binding, process_pk: int) -> Iterable[int]:
    """Tasks that wait before the decision; a gate that sets the channel never needs a release."""
    tasks = binding.flow_class.task_class._default_manager.filter(process_id=process_pk)
    before = [ref for ref, point in binding.gates_by_ref() if point is Point.DECISION]
    yield from tasks.filter(flow_task__in=before, status=STATUS.STARTED).values_list("pk", flat=True)
    held = tasks.filter(flow_task__in=binding.protected_refs(), status__in=WAITING)
    yield from held.values_list("pk", flat=True)


def _attend_all(binding: Binding, process_pk: int, *, force: bool) -> Attended:
    outcomes = [attend(binding.flow_class, pk, force=force) for pk in list(_waiting_tasks(binding, process_pk))]
    if Attended.PARKED in outcomes:
        return Attended.PARKED
    return outcomes[-1] if outcomes else Attended.GONE
