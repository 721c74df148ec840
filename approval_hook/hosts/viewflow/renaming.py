"""Moves waiting tasks to the new name of their node, as ``APPROVAL_HOOK["RENAMED"]`` says; the one way to do it.

Each move is made under the flow lock and leaves a ``TaskMove``. Only what still waits is moved: what happened
under the old name stays in the history as it was, and the database goes on guarding that name.
"""

from __future__ import annotations

from collections import Counter

from django.db import DatabaseError, transaction

from approval_hook import clock
from approval_hook.hosts.viewflow import graph
from approval_hook.hosts.viewflow.binding import Binding
from approval_hook.hosts.viewflow.missing import OPEN, new_names, unresolved
from approval_hook.logs import get_logger
from approval_hook.models import Hold, TaskMove


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
