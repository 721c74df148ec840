"""Moves waiting tasks to the new name of their node, and cases to the new path of their flow; the one way to do it.

``APPROVAL_HOOK["RENAMED"]`` and ``APPROVAL_HOOK["MOVED"]`` say what is called how now.

Each move is made under the flow lock and leaves a ``TaskMove`` for what waits. Of a renamed node only that is moved:
what happened under the old name stays in the history as it was, and the database goes on guarding that name. Of a moved
flow everything is, ended cases included, because Viewflow finds none of them under another path.
"""

from __future__ import annotations

from collections import Counter

from django.db import DatabaseError, transaction
from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat, Substr
from viewflow.workflow.exceptions import FlowLockFailed

from approval_hook import clock
from approval_hook.hosts.viewflow import graph
from approval_hook.hosts.viewflow.binding import Binding, flow_holder
from approval_hook.hosts.viewflow.missing import OPEN, new_names, unresolved
from approval_hook.logs import get_logger
from approval_hook.models import Hold, LateCheck, Recheck, TaskMove


def move_renamed(binding: Binding, *, dry_run: bool = False) -> Counter[tuple[str, str]]:
    """Move what waits under an old name; how many tasks, by old and new name."""
    moved: Counter[tuple[str, str]] = Counter()
    for old, new in new_names(binding).items():
        waiting = unresolved(binding).filter(flow_task=f"{binding.flow_ref}.{old}")
        if dry_run:
            moved[old, new] += waiting.count()
            continue
        for task_pk, process_pk in list(waiting.order_by("pk").values_list("pk", "process_id")):
            moved[old, new] += _move(binding, task_pk, process_pk, old, new)
    return +moved


def move_flow(binding: Binding, *, dry_run: bool = False) -> Counter[str]:
    """Store the cases of a moved flow under its path now; how many, by the reference they had."""
    moved: Counter[str] = Counter()
    processes = flow_holder(binding.flow_class)._base_manager
    tasks = binding.flow_class.task_class._base_manager
    for old in binding.was():
        found = set(processes.filter(flow_class=old).values_list("pk", flat=True))
        # Whoever saved a case meanwhile has written the flow's own reference into it, and not into its tasks.
        found |= set(tasks.filter(flow_task__startswith=f"{old}.").values_list("process_id", flat=True))
        moved[old] = len(found) if dry_run else sum(_carry(binding, pk, old) for pk in sorted(found))
    return +moved


def _carry(binding: Binding, process_pk: int, old: str) -> int:
    host_key, new = binding.host_key(process_pk), binding.flow_ref
    tasks = binding.flow_class.task_class._base_manager.filter(
        process_id=process_pk, flow_task__startswith=f"{old}."
    ).annotate(ref=Cast("flow_task", CharField()))
    try:
        with binding.flow_class.lock(process_pk), transaction.atomic():
            waiting = list(tasks.filter(status__in=OPEN).order_by("pk").values_list("pk", "ref", "status"))
            processes = flow_holder(binding.flow_class)._base_manager
            processes.filter(pk=process_pk, flow_class=old).update(flow_class=binding.flow_class)
            tail = Substr("flow_task", len(old) + 1)
            tasks.update(flow_task=Concat(Value(new), tail, output_field=CharField()))
            for model in (Hold, LateCheck, Recheck):
                model._default_manager.filter(host_key=host_key, flow=old).update(flow=new)
            TaskMove.objects.bulk_create(
                TaskMove(
                    task_key=binding.task_key(pk),
                    host_key=host_key,
                    old=ref,
                    new=new + ref.removeprefix(old),
                    status=status,
                    moved_at=clock.now(),
                )
                for pk, ref, status in waiting
            )
    except (DatabaseError, FlowLockFailed) as error:
        get_logger().error("case not moved", alarm=True, case=host_key, flow=old, error=type(error).__name__)
        return 0
    get_logger().warning("case moved to the new path of its flow", case=host_key, old=old, new=new)
    return 1


def _move(binding: Binding, task_pk: int, process_pk: int, old: str, new: str) -> int:
    node = graph.nodes_of(binding.flow_class)[new]
    ref = f"{binding.flow_ref}.{old}"
    tasks = binding.flow_class.task_class._default_manager.filter(pk=task_pk, flow_task=ref, status__in=OPEN)
    try:
        with binding.flow_class.lock(process_pk), transaction.atomic():
            status = tasks.values_list("status", flat=True).first()
            if not tasks.update(flow_task=node, flow_task_type=node.task_type):
                return 0
            Hold.objects.filter(task_key=binding.task_key(task_pk)).update(node=new)
            TaskMove.objects.create(
                task_key=binding.task_key(task_pk),
                host_key=binding.host_key(process_pk),
                old=ref,
                new=graph.node_ref(node),
                status=status or "",
                moved_at=clock.now(),
            )
    except DatabaseError as error:
        # The guard refuses a task that somebody moved forward under the old name; the others go on.
        get_logger().error("task not moved", alarm=True, task=task_pk, ref=ref, error=type(error).__name__)
        return 0
    get_logger().warning("task moved to the new name of its node", case=binding.host_key(process_pk), old=old, new=new)
    return 1
