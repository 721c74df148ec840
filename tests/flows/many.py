"""Many cases at once, written in bulk as a host that ran for years would have them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from viewflow.workflow.models import Process, Task
from viewflow.workflow.status import STATUS

from approval_hook.hosts.viewflow import graph
from tests.flows.facts import firm_data

#: Rows per INSERT.
_BATCH = 5000


def add_cases(flow_class: Any, count: int, steps: Sequence[tuple[str, str]], *, status: str = "NEW") -> list[int]:
    """Add cases that all stand at the same place.

    Args:
        flow_class: whose cases they are.
        count: how many.
        steps: name and status of each task, in order.
        status: of the processes.
    """
    begun = datetime.now(UTC) - timedelta(days=3)
    added: list[int] = []
    for first in range(0, count, _BATCH):
        processes = Process.objects.bulk_create(
            Process(flow_class=flow_class, status=status, created=begun, data=firm_data())
            for _ in range(first, min(first + _BATCH, count))
        )
        added += [process.pk for process in processes]
        nodes = [(graph.nodes_of(flow_class)[name], state) for name, state in steps]
        Task.objects.bulk_create(
            (
                Task(
                    process=process,
                    flow_task=node,
                    flow_task_type=node.task_type,
                    status=state,
                    created=begun,
                    finished=begun if state == STATUS.DONE else None,
                )
                for process in processes
                for node, state in nodes
            ),
            batch_size=_BATCH,
        )
    return added


def add_records(host_keys: Sequence[str], like: Any) -> None:
    """Give each case a copy of one decision record; good for counting, not for passing the guard."""
    from approval_hook.models import CreditDecision

    columns = {f.attname: getattr(like, f.attname) for f in CreditDecision._meta.concrete_fields if not f.primary_key}
    for first in range(0, len(host_keys), _BATCH):
        CreditDecision.objects.bulk_create(
            (CreditDecision(**{**columns, "host_key": key}) for key in host_keys[first : first + _BATCH]),
            batch_size=2000,
        )
