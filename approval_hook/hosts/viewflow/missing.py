"""Stored references that lead nowhere or astray: a gate that was taken out, a node that was renamed, a flow that moved.

Viewflow shows such a task by a bare ``Obsolete`` node without addresses, and its own lists and task pages
break on it: measured in tests/integration/test_uninstalling.py. Ours leads to the page of the case.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, Count, Model
from django.db.models.functions import Cast
from django.urls import NoReverseMatch
from viewflow.urls import Viewset
from viewflow.workflow import nodes as viewflow_nodes
from viewflow.workflow.base import Flow, Node
from viewflow.workflow.fields import import_flow_by_ref
from viewflow.workflow.models import Task
from viewflow.workflow.nodes.obsolete import Obsolete
from viewflow.workflow.status import PROCESS, STATUS

from approval_hook.hosts.viewflow import graph
from approval_hook.hosts.viewflow.binding import Binding, flow_holder
from approval_hook.hosts.viewflow.injection import GATE_PREFIX, bindings, find_binding

#: A task in one of these still has something to do.
OPEN = (STATUS.NEW, STATUS.ASSIGNED, STATUS.SCHEDULED, STATUS.STARTED)


class MissingNode(Obsolete):
    """What stands for a node that its flow no longer has; it can be looked at and cancelled, never executed."""

    def create_node(self, name: str, flow_class: type[Flow]) -> Node:
        """Give it the name it is stored under, and a title that says what it is."""
        node: Node = super().create_node(name, flow_class)
        node.task_title = "信用核查（闸口已撤除）" if name.startswith(GATE_PREFIX) else f"已不存在的环节 {name}"
        return node

    def reverse(self, viewname: str, args: Any = None, kwargs: Any = None, current_app: Any = None) -> str:
        """The page of the case, whichever page of the task is asked for.

        Raises:
            NoReverseMatch: the flow has no pages.
        """
        viewset = self.flow_class.parent
        if not isinstance(viewset, Viewset):
            raise NoReverseMatch(f"{self.flow_class.__name__} has no pages.")
        return str(viewset.reverse("process_detail", args=list(args or ())[:1]))

    def can_view(self, user: Any, task: Any) -> bool:
        """Whoever may see the case may see that it waits here."""
        return bool(self.flow_class.instance.has_view_permission(user, task.process.coerced))

    def can_execute(self, user: Any, task: Any) -> bool:
        """Nobody."""
        return False


def show_missing_nodes() -> None:
    """Let Viewflow stand this node in for missing ones, except in flows that bring an ``obsolete`` of their own."""
    viewflow_nodes.Obsolete = MissingNode


@dataclass(frozen=True, slots=True)
class Stuck:
    """Waiting tasks at a node that their flow does not have.

    Attributes:
        node: its dotted path.
        tasks: how many.
        renamed: its new name is in the settings, and the next sweep moves them.
    """

    node: str
    tasks: int
    renamed: bool

    @property
    def text(self) -> str:
        """What the sweep and the start-up check say."""
        return f"{self.tasks} 件办件停在已不存在的环节 {self.node}"


def new_names(binding: Binding) -> dict[str, str]:
    """Old name -> name now, for renamed nodes and for the gates in front of them."""
    nodes = graph.nodes_of(binding.flow_class)
    # A start-up check reports the others.
    names = {old: new for old, new in binding.renamed().items() if new in nodes and old not in nodes}
    gates = {GATE_PREFIX + old: GATE_PREFIX + new for old, new in names.items()}
    return {**names, **{old: new for old, new in gates.items() if new in binding.gate_nodes}}


def unresolved(binding: Binding) -> Any:
    """Waiting tasks of running cases at nodes that the gated flow does not have, with ``ref``."""
    flow_class = binding.flow_class
    tasks = flow_class.task_class._default_manager.filter(
        process__flow_class=flow_class, process__status=PROCESS.NEW, status__in=OPEN
    )
    # Cast, because the field itself turns every reference into a node.
    return tasks.exclude(flow_task__in=binding.refs()).annotate(ref=Cast("flow_task", CharField()))


def stuck(binding: Binding, using: str | None = None) -> list[Stuck]:
    """Where cases of a gated flow wait that nobody can take further until the node is named again."""
    renamed = {f"{binding.flow_ref}.{old}" for old in new_names(binding)}
    found = unresolved(binding).using(using).order_by().values_list("ref").annotate(Count("pk"))
    return [Stuck(graph.dotted(ref), number, ref in renamed) for ref, number in found if not _may_finish(ref)]


@dataclass(frozen=True, slots=True)
class Astray:
    """Cases that are stored under another reference than their gated flow has: its module or class was moved.

    Attributes:
        stored: what they are stored under, as a dotted path where its application is there.
        flow: dotted path of the flow.
        cases: how many, ended ones included.
        told: the move is in the settings, and the next sweep moves them.
    """

    stored: str
    flow: str
    cases: int
    told: bool

    @property
    def text(self) -> str:
        """What the sweep and the start-up check say."""
        return f"{self.cases} 件办件仍登记在流程的原路径 {self.stored} 下，该流程现为 {self.flow}"


def bound_under(ref: str) -> Binding | None:
    """The gated flow that a stored reference of a flow means, whichever path leads to it; None for any other flow."""
    for binding in bindings():
        if ref in binding.flow_refs():
            return binding
    flow_class = _flow_at(ref)
    if flow_class is not None:
        return find_binding(flow_class)
    name = ref.rpartition(".")[2]
    return next((b for b in bindings() if b.flow_class.__name__ == name), None)


def astray(using: str | None = None) -> Iterator[Astray]:
    """Cases of gated flows that no query for the flow finds."""
    own = {binding.flow_ref for binding in bindings()}
    for processes in {flow_holder(binding.flow_class) for binding in bindings()}:
        rows = processes._base_manager.using(using).annotate(ref=Cast("flow_class", CharField()))
        for ref, number in rows.order_by("ref").values_list("ref").annotate(Count("pk")):
            binding = bound_under(ref) if ref and ref not in own else None
            if binding is not None:
                yield Astray(graph.dotted(ref), graph.dotted(binding.flow_ref), number, ref in binding.was())


def retired(using: str | None = None) -> Iterator[tuple[type[Model], int, str]]:
    """Task class, number and reference of every running gate task whose gate was taken out."""
    kept = [ref for binding in bindings() for ref in binding.gate_refs()]
    for task_class in _task_classes():
        waiting = (
            task_class._default_manager.using(using)
            .filter(status=STATUS.STARTED, process__status=PROCESS.NEW, flow_task__contains=f".{GATE_PREFIX}")
            .exclude(flow_task__in=kept)
            .annotate(ref=Cast("flow_task", CharField()))
        )
        for pk, ref in list(waiting.order_by("pk").values_list("pk", "ref")):
            if _may_finish(ref):
                yield task_class, pk, ref


def node_before(ref: str) -> str:
    """Name of the node that a gate's reference stands before, or empty for any other reference."""
    name = ref.rpartition(".")[2]
    return name.removeprefix(GATE_PREFIX) if name.startswith(GATE_PREFIX) else ""


def _may_finish(ref: str) -> bool:
    """True for a gate that was taken out of a flow which still has the node behind it."""
    behind, flow_ref = node_before(ref), ref.rpartition(".")[0]
    flow_class = _flow_at(flow_ref)
    if flow_class is None:
        return False
    binding = bound_under(flow_ref)
    if binding is not None and binding.flow_ref != flow_ref:
        return False  # the flow was moved, and its gate with it
    return bool(behind) and behind in graph.nodes_of(flow_class)


def _flow_at(ref: str) -> type[Flow] | None:
    """The flow that Viewflow finds under a stored reference, or None."""
    try:
        found: type[Flow] | None = import_flow_by_ref(ref)
    except (ImportError, LookupError, TypeError, AssertionError):
        return None
    return found


def _task_classes() -> list[type[Any]]:
    """Every table of tasks, by the class that holds status and node."""
    found = {Task} | {f.task_class._meta.get_field("status").model for f in graph.all_flows()}
    return sorted((c for c in found if not c._meta.abstract), key=lambda c: c._meta.label)
