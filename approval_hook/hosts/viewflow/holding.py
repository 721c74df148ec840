"""Holds: why a case waits, since when, what ends it. In an observed flow: what would have been held."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from viewflow.workflow.activation import Activation

from approval_hook import clock, debts, gate, privacy
from approval_hook.errors import CaseInvalid
from approval_hook.gate import Case, Standing, Verdict
from approval_hook.hosts.viewflow.binding import Binding
from approval_hook.hosts.viewflow.injection import binding_of, find_binding
from approval_hook.logs import get_logger
from approval_hook.models import CreditDecision, Hold, Observation
from approval_hook.statements import Update

_release = Update(Hold, ("released_at",), "task_key = %s AND released_at IS NULL")
_CASE_NO_LENGTH = Hold._meta.get_field("case_no").max_length
_ORGAN_LENGTH = Hold._meta.get_field("organ").max_length


def hold_case(binding: Binding, activation: Activation, case: Case, standing: Standing) -> None:
    """Write or refresh the hold of a waiting task, and call the supervisor when its day has come."""
    decision = standing.decision
    attempts = decision.reply.attempt if decision is not None else 0
    incomplete = decision is not None and not decision.complete
    due_on = gate.due_on(case)
    # An incomplete answer that another gate got is asked for again as soon as this one waits.
    mine = decision is not None and decision.inquiry.gate_key == binding.task_key(activation.task.pk)
    next_try_at = debts.next_try(attempts, clock.now()) if incomplete and mine else None
    hold = _write(
        binding,
        activation,
        (case.facts.case_no, case.facts.organ),
        {
            "reason": standing.reason,
            "text": standing.text,
            "next_step": standing.next_step,
            "due_on": due_on,
            "attempts": attempts,
            "next_try_at": next_try_at,
        },
    )
    if hold.escalated_at is None and case.on >= gate.release_on(due_on):
        hold.escalated_at = clock.now()
        hold.save(update_fields=["escalated_at"])
        get_logger().warning("held case escalated to the supervisor", alarm=True, case=case.host_key)


def hold_invalid(activation: Activation, error: CaseInvalid) -> None:
    """Hold a case whose facts cannot be used, with what is wrong and what to do."""
    state = {"reason": "facts-invalid", "text": error.message, "next_step": error.remedy}
    _write(binding_of(activation.flow_class), activation, named(activation), state)


def named(activation: Activation) -> tuple[str, str]:
    """Number and organ of a case whose facts failed, from the process as far as it has them."""
    case_no = str(getattr(activation.process, "case_no", "") or activation.task.process_id)[:_CASE_NO_LENGTH]
    return case_no, str(getattr(activation.process, "organ", ""))[:_ORGAN_LENGTH]


def observe_case(binding: Binding, activation: Activation, case: Case, standing: Standing) -> None:
    """Record what would have held this case of an observed flow. A record that does not fit is asked for afterwards."""
    names = (case.facts.case_no, case.facts.organ)
    new = _observe(binding, activation, names, standing.reason, standing.text, standing.decision)
    if new and standing.verdict is Verdict.ASK:
        debts.owe_recheck(case, standing.decision)


def observe_invalid(binding: Binding, activation: Activation, error: CaseInvalid) -> None:
    """The same for facts that cannot be used."""
    _observe(binding, activation, named(activation), "facts-invalid", error.message, None)


def _observe(
    binding: Binding,
    activation: Activation,
    names: tuple[str, str],
    reason: str,
    text: str,
    decision: CreditDecision | None,
) -> bool:
    host_key = binding.host_key(activation.task.process_id)
    if Observation.objects.filter(host_key=host_key, reason=reason).exists():
        return False
    row = Observation(
        host_key=host_key,
        flow=binding.flow_ref,
        node=activation.flow_task.name,
        case_no=names[0],
        organ=names[1],
        reason=reason,
        text=text,
        decision=decision,
        made_at=clock.now(),
    )
    row.seal = privacy.digest(row.sealed_text())
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        return False  # another worker saw it first
    get_logger().error("a case would have been held, but its flow observes", alarm=True, case=host_key, reason=reason)
    return True


def _write(binding: Binding, activation: Activation, case: tuple[str, str], state: dict[str, Any]) -> Hold:
    """Open the hold of a task, or bring the one that is there up to date."""
    hold, _ = Hold.objects.update_or_create(
        task_key=binding.task_key(activation.task.pk),
        defaults={**state, "released_at": None},
        create_defaults={
            **state,
            "host_key": binding.host_key(activation.task.process_id),
            "flow": binding.flow_ref,
            "node": activation.flow_task.name,
            "case_no": case[0],
            "organ": case[1],
            "since": clock.now(),
        },
    )
    return hold


def release_hold(activation: Activation) -> None:
    """Close the hold of a task that goes on or is cancelled."""
    binding = find_binding(activation.flow_class)
    if binding is not None:
        release_held(binding.task_key(activation.task.pk))


def release_held(task_key: str) -> None:
    """Close the hold of a task by its key, where there may be no task or no binding any more."""
    _release((clock.now(),), (task_key,))
