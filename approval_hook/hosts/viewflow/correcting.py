"""A case whose facts an officer corrected: checked again at once, and by the runner where that fails."""

from __future__ import annotations

from typing import Any

from approval_hook import debts, gate
from approval_hook.errors import ApprovalHookError
from approval_hook.hosts.viewflow.binding import Binding
from approval_hook.hosts.viewflow.injection import find_binding
from approval_hook.hosts.viewflow.nodes import on_commit_unlocked
from approval_hook.hosts.viewflow.paying import pay
from approval_hook.logs import get_logger
from approval_hook.models import Recheck


def check_again(process: Any, by: str) -> None:
    """Owe a check of the subjects as they are now, and pay it after the commit.

    Call it under the flow lock, in the transaction that changed the facts. Where no record was made yet, the gate at
    which the case waits asks about the new facts anyway.

    Args:
        process: of any flow; one without a gate is left alone.
        by: login of the officer who corrected the facts.

    Raises:
        CaseInvalid: the new facts cannot be used; nothing is owed.
    """
    binding = find_binding(process.flow_class)
    if binding is None:
        return
    case = binding.case(process.pk)
    found = gate.in_force(case.host_key)
    if found is None or found.subjects == case.subjects:
        return
    debts.owe_recheck(case, found)
    if gate.all_local():
        _pay(binding, case.host_key, by)
    else:
        on_commit_unlocked(lambda: _pay(binding, case.host_key, by))


def _pay(binding: Binding, host_key: str, by: str) -> None:
    try:
        pay(binding, Recheck.objects.get(host_key=host_key, paid_at=None), by)
    except Exception as error:  # noqa: BLE001 - the row stays the durable debt; the runner takes it up again
        get_logger().error(
            "re-check failed",
            case=host_key,
            error=type(error).__name__,
            text=str(error) if isinstance(error, ApprovalHookError) else "",
        )
