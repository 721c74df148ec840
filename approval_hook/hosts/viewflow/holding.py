"""Holds: why a case waits, since when, what ends it."""

from __future__ import annotations

from typing import Any

from viewflow.workflow.activation import Activation

from approval_hook import clock, gate
from approval_hook.errors import CaseInvalid
from approval_hook.gate import Case, Standing
from approval_hook.hosts.viewflow.binding import Binding
from approval_hook.hosts.viewflow.injection import binding_of, find_binding
from approval_hook.logs import get_logger
from approval_hook.models import Hold
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
    next_try_at = gate.next_try(attempts, clock.now()) if incomplete and mine else None
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
    # The facts are what failed, so number and organ are taken from the process as far as it has them.
    case_no = str(getattr(activation.process, "case_no", "") or activation.task.process_id)[:_CASE_NO_LENGTH]
    organ = str(getattr(activation.process, "organ", ""))[:_ORGAN_LENGTH]
    state = {"reason": "facts-invalid", "text": error.message, "next_step": error.remedy}
    _write(binding_of(activation.flow_class), activation, (case_no, organ), state)


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
        _release((clock.now(),), (binding.task_key(activation.task.pk),))
