"""What a Viewflow application's pages call: panel, badges, held cases, settling, retrying."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

import msgspec
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from viewflow.workflow.status import PROCESS, STATUS

from approval_hook import cases, clock, gate, presenting
from approval_hook.errors import ApprovalHookError, CaseInvalid
from approval_hook.grounds import Told, told
from approval_hook.hosts.viewflow.attending import Attended, attend
from approval_hook.hosts.viewflow.binding import WAITING, Binding, handled_by
from approval_hook.hosts.viewflow.injection import bindings, find_binding
from approval_hook.hosts.viewflow.sweeping import stored_key
from approval_hook.models import Hold, IssueReading, LateCheck, Observation, Settlement
from approval_hook.panel import Badge, HeldRow, LateRow, ObservedFlow, Panel
from approval_hook.people import same_person
from approval_hook.policy.decision import Channel, Obligation, ObligationKind, Outcome
from approval_hook.settling import settle
from approval_hook.wording import OUTCOME_TITLES, RELEASE_ASKED, UNCHECKED_TITLE

SETTLE_PERMISSION = "approval_hook.settle_decision"
_DUTIES = frozenset(kind.value for kind in ObligationKind)


def panel_for(process: Any) -> Panel | None:
    """The credit panel of a process, or None when its flow has no gate."""
    binding = find_binding(process.flow_class)
    if binding is None:
        return None
    host_key = binding.host_key(process.pk)
    try:
        case = binding.case(process.pk)
    except CaseInvalid:
        case = None
    waiting, decided, issued = binding.progress(process.pk)
    panel = presenting.build(host_key, case=case, waiting=waiting, decided=decided)
    if issued:
        readings = IssueReading.objects.filter(host_key=host_key).order_by("pk")
        panel = replace(panel, timeline=[*panel.timeline, *map(presenting.issue_item, readings)])
    if not binding.gate.observes:
        return panel
    seen = Observation.objects.filter(host_key=host_key).order_by("pk")
    return replace(panel, observing=True, observed=[row.text for row in seen])


def told_queries(process: Any) -> list[Told]:
    """Who of a case is asked about, on which ground and where, for the notice to the applicant; nobody without a gate.

    Raises:
        CaseInvalid: the facts cannot be used.
        RulesInvalid: no rule set is in force.
    """
    binding = find_binding(process.flow_class)
    return told(binding.case(process.pk)) if binding is not None else []


def badge_for(processes: Sequence[Any]) -> dict[int, Badge]:
    """Channel of many processes by primary key, in one query."""
    keys = {}
    for process in processes:
        binding = find_binding(process.flow_class)
        if binding is not None:
            keys[binding.host_key(process.pk)] = process.pk
    found = presenting.badges(list(keys))
    return {pk: found.get(key) or Badge("unchecked", UNCHECKED_TITLE, "grey", "") for key, pk in keys.items()}


def observing(matters: Collection[str]) -> list[str]:
    """Titles of the flows of these matters that observe. No query."""
    return [str(b.flow_class.process_title) for b in bindings() if b.gate.observes and b.gate.matter in matters]


def observed_flows(organ: str | None) -> list[ObservedFlow]:
    """Flows that observe, with what would have been held of one organ (of all organs for None)."""
    watched = {b.flow_ref: b for b in bindings() if b.gate.observes}
    now = {ref: b.flow_ref for b in watched.values() for ref in b.flow_refs()}
    rows = Observation.objects.filter(flow__in=now)
    if organ is not None:
        rows = rows.filter(organ=organ)
    seen = [(now[flow], reason, case) for flow, reason, case in rows.values_list("flow", "reason", "host_key")]
    return [
        ObservedFlow(
            title=str(b.flow_class.process_title),
            matter=b.gate.matter,
            cases=len({case for flow, _, case in seen if flow == ref}),
            reasons=[
                (presenting.hold_title(reason), count)
                for reason, count in Counter(r for flow, r, _ in seen if flow == ref).most_common()
            ],
        )
        for ref, b in watched.items()
    ]


def held_cases(organ: str | None) -> list[HeldRow]:
    """Held cases of one organ (all organs for None), the most urgent first."""
    labels = {b.flow_ref: str(b.flow_class.process_title) for b in bindings()}
    rows = Hold.objects.filter(released_at=None)
    if organ is not None:
        rows = rows.filter(organ=organ)
    holds = list(rows.order_by("due_on", "since"))
    voices = presenting.spoken(holds)
    releases = presenting.open_releases(h.host_key for h in holds)
    return [
        HeldRow(
            process_pk=int(h.host_key.rpartition(":")[2]),
            flow_label=labels.get(h.flow, h.flow),
            case_no=h.case_no,
            reason=h.text,
            next_step=RELEASE_ASKED
            if h.host_key in releases
            else voices[h.host_key][0]
            if h.host_key in voices
            else h.next_step,
            since=h.since,
            due_on=h.due_on,
            workdays_left=presenting.workdays_left(h.due_on),
            escalated=h.escalated_at is not None,
            waits_for=h.reason if h.reason in _DUTIES else "",
            spoken_by=voices[h.host_key][1] if h.host_key in voices else [],
            node=h.node,
            release_asked_by=releases.get(h.host_key, ""),
        )
        for h in holds
    ]


def late_checks(processes: QuerySet[Any]) -> QuerySet[LateCheck]:
    """Late checks of these cases and of no others, whether still to be made or made.

    Args:
        processes: what the viewer may see, as rows of the table that tasks refer to.
    """
    keys = processes.annotate(credit_key=stored_key(processes.model._meta.db_table, "pk")).order_by()
    return LateCheck.objects.filter(host_key__in=keys.values("credit_key"))


def late_rows(checks: Iterable[LateCheck]) -> list[LateRow]:
    """What a page shows of late checks, in their order."""
    titles = {b.flow_ref: _matter_title(b.gate.matter) for b in bindings()}
    return [
        LateRow(
            process_pk=int(row.host_key.rpartition(":")[2]),
            matter=titles.get(row.flow, ""),
            where=row.where,
            since=row.found_at,
            attempts=row.attempts,
            next_try_at=row.next_try_at if row.done_at is None and row.flow in titles else None,
            made_at=row.done_at,
            found=OUTCOME_TITLES[Outcome(row.found)] if row.found else "",
        )
        for row in checks
    ]


def _matter_title(code: str) -> str:
    try:
        return cases.book().on(clock.today()).rules.matter(code).title
    except ApprovalHookError:
        return code  # the start-up checks say what is wrong with the rules


def act(process: Any, user: Any, action: str, reason: str, evidence: str = "") -> Attended:
    """Do one of the panel's actions: ``"retry"`` or ``"<obligation kind>:<verdict>"``.

    Raises:
        CaseInvalid: the action is not open now, or its reason is missing.
        PermissionDenied: the user may not settle decisions.
    """
    binding = find_binding(process.flow_class)
    if binding is None:
        raise CaseInvalid("办件", "该流程没有信用核查闸口。", "请联系系统管理员。")
    if action != "retry":
        _settle(binding, process, user, action, reason, evidence)
    outcome = Attended.GONE
    for task_pk in _waiting_tasks(binding, process.pk):
        outcome = attend(binding.flow_class, task_pk, force=action == "retry")
    return outcome


def began_strict_review(process: Any, user: Any) -> bool:
    """Whether the user confirmed the strict review that the case is under; a second person decides it."""
    binding = find_binding(process.flow_class)
    row = gate.in_force(binding.host_key(process.pk)) if binding is not None else None
    if row is None or row.channel != Channel.STRICT or not row.permits:
        return False
    kind, upheld = ObligationKind.SECTION_CONFIRMS.value, Settlement.Verdict.UPHOLD
    acts = Settlement.objects.filter(host_key=row.host_key, kind=kind, verdict=upheld)
    return any(same_person(act.by, user.get_username()) and act.is_genuine() for act in acts)


def _settle(binding: Binding, process: Any, user: Any, action: str, reason: str, evidence: str) -> None:
    kind_text, _, verdict = action.partition(":")
    try:
        kind = ObligationKind(kind_text)
    except ValueError:
        raise CaseInvalid("操作", "没有这个操作。", "请刷新页面后重新选择。") from None
    if kind is not ObligationKind.TWO_CONFIRM_IDENTITY:
        if not user.has_perm(SETTLE_PERMISSION):
            raise PermissionDenied("您没有确认核查意见的权限，请由负责人办理。")
        tasks = binding.flow_class.task_class._default_manager.filter(process_id=process.pk)
        if handled_by(tasks.filter(status=STATUS.DONE), user):
            raise CaseInvalid("确认人", "您经办过本办件，不能确认。", "请由另一名有权限的工作人员确认。")
    with binding.flow_class.lock(process.pk), transaction.atomic():
        if binding.fresh_process(process.pk).status != PROCESS.NEW:
            raise CaseInvalid("操作", "办件已经结束。", "不需要再确认。")
        row = gate.in_force(binding.host_key(process.pk))
        case = binding.case(process.pk)
        duties = msgspec.convert(row.body["outstanding"], list[Obligation]) if row else []
        mine = [d for d in duties if d.kind is kind]
        if row is None or not mine:
            raise CaseInvalid("操作", "这一项已经办结或不再需要。", "请刷新页面查看最新情况。")
        if not row.is_genuine():
            raise CaseInvalid("操作", "核查意见校验不符，不能采用。", "请重新核查后再确认。")
        if row.subjects != case.subjects:
            raise CaseInvalid("操作", "办件主体已变更，原核查意见不再适用。", "请等待重新核查后再确认。")
        if kind is ObligationKind.SUPERVISOR_RELEASES and case.on < gate.release_on(gate.due_on(case)):
            raise CaseInvalid(
                "操作", "尚未到可以放行的日期。", "系统会继续自动补查；法定办结日前两个工作日起可由负责人放行。"
            )
        said = {"verdict": verdict, "by": user.get_username(), "reason": reason, "evidence": evidence}
        # Who takes up the decision, and so has the guard ask, proposes nothing; who handled the case was refused above.
        taken_up = binding.flow_class.task_class._default_manager.filter(
            process_id=process.pk, owner=user, flow_task__in=binding.protected_refs()
        )
        proposed = row.inquiry.gate_key not in {binding.task_key(pk) for pk in taken_up.values_list("pk", flat=True)}
        for duty in mine:
            settle(row, duty, at=clock.now(), proposed=proposed, **said)
        if gate.newly_discharged(row):
            gate.decide(case, row.inquiry, row.reply, gate.point_of(row), user.get_username())


def _waiting_tasks(binding: Binding, process_pk: int) -> list[int]:
    tasks = binding.flow_class.task_class._default_manager.filter(process_id=process_pk)
    parked = tasks.filter(flow_task__in=binding.gate_refs(), status=STATUS.STARTED)
    held = tasks.filter(flow_task__in=binding.protected_refs(), status__in=WAITING)
    return [*parked.values_list("pk", flat=True), *held.values_list("pk", flat=True)]
