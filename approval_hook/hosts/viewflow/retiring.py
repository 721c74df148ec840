"""Gate tasks that outlive their gate: the flow was taken out of the settings while cases waited at it.

Without a gate there is no mapping, so nobody can be asked. The task is finished, never in silence: an alarm, a
late check that stays open until the flow has a gate again, and the record in force stays what it is. As long as the
database still guards the flow, nothing is finished: ``migrate`` is what confirms the removal.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from viewflow.workflow.fields import import_flow_by_ref
from viewflow.workflow.status import PROCESS, STATUS

from approval_hook import clock, gate, triggers
from approval_hook.hosts.viewflow import binding as keys
from approval_hook.hosts.viewflow import graph
from approval_hook.hosts.viewflow.holding import release_held
from approval_hook.hosts.viewflow.injection import GATE_PREFIX
from approval_hook.hosts.viewflow.missing import node_before, retired
from approval_hook.hosts.viewflow.nodes import CreditGate, CreditGateActivation
from approval_hook.logs import get_logger
from approval_hook.models import LateCheck, Point


def finish_retired() -> tuple[int, int]:
    """Finish running gate tasks whose gate was taken out; how many were, and how many failed."""
    finished = failed = 0
    for task_class, task_pk, ref in retired():
        if triggers.outdated():
            get_logger().warning("gate tasks of removed flows wait for migrate")
            break
        try:
            finished += _finish(task_class, task_pk, ref)
        except Exception as error:  # noqa: BLE001 - one broken case must not stop the others
            failed += 1
            get_logger().error("retired gate failed", alarm=True, task=task_pk, ref=ref, error=type(error).__name__)
    return finished, failed


def _finish(task_class: Any, task_pk: int, ref: str) -> int:
    flow_class = import_flow_by_ref(ref.rpartition(".")[0])
    process_pk = task_class._default_manager.values_list("process_id", flat=True).get(pk=task_pk)
    with flow_class.lock(process_pk), transaction.atomic(savepoint=False):
        task = flow_class.task_class._default_manager.select_related("process").get(pk=task_pk)
        if task.status != STATUS.STARTED or task.process.status != PROCESS.NEW:
            return 0
        host_key = f"{keys.process_table(flow_class)}:{process_pk}"
        found = gate.in_force(host_key)
        release_held(f"{keys.task_table(flow_class)}:{task_pk}")
        LateCheck.objects.get_or_create(
            host_key=host_key,
            defaults={
                "flow": str(flow_class),
                "where": LateCheck.Where.RETIRED,
                "found_at": clock.now(),
                "next_try_at": clock.now(),
            },
        )
        get_logger().error(
            "gate task finished without a check: no gate covers its flow any more",
            alarm=True,
            case=host_key,
            node=ref,
            outcome=found.outcome if found else "",
            permits=bool(found and found.permits),
        )
        task.flow_task = _gate_before(flow_class, node_before(ref))
        activation = CreditGateActivation(task)
        activation.passes = True
        activation.execute()
        return 1


def _gate_before(flow_class: Any, name: str) -> CreditGate:
    """The gate as it stood before a node; not part of the flow, so no new case comes to it."""
    node = CreditGate(Point.DECISION).Next(graph.nodes_of(flow_class)[name])
    node.name, node.flow_class = GATE_PREFIX + name, flow_class
    graph.resolve(flow_class, node)
    return node
