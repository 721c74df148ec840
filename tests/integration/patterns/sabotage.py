"""Adds an edge or a boundary event to a finished flow, and takes it away again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

from viewflow.workflow import nodes as n
from viewflow.workflow.flow import nodes as pages
from viewflow.workflow.signals import task_failed, task_finished

from approval_hook.hosts.viewflow import graph
from approval_hook.hosts.viewflow.nodes import CreditGate
from approval_hook.models import Point

DETOUR = "detour"
#: Nodes at which a case waits, so that a timer on them can fire.
_WAITING = n.Handle | n.View | n.Timer | n.SignalCatch | n.ConditionalCatch | CreditGate


@dataclass(frozen=True)
class Sabotage:
    """One addition: a gateway between two nodes with a second way, or a boundary event on a node."""

    kind: str  # "edge" | "timeout" | "reminder" | "error"
    source: str
    onward: str  # where an edge led before; empty for a boundary event
    target: str

    def __str__(self) -> str:
        """For the names of tests."""
        return f"{self.kind}:{self.source}->{self.target}"


def drawn(flow_class: Any, random: Random, targets: list[str]) -> Sabotage:
    """A random addition that leads to one of the targets."""
    nodes = graph.nodes_of(flow_class)
    kind = random.choice(("edge", "edge", "timeout", "reminder", "error"))
    target = random.choice(targets)
    if kind == "edge":
        edges = [(node, following) for node in nodes.values() for following in graph.successors(node)]
        # Behind SplitFirst and before a join, one more gateway would change who races and who is waited for.
        edges = [(a, b) for a, b in edges if not graph.is_split_first(a) and not isinstance(b, n.Join)]
        source, onward = random.choice(edges)
        return Sabotage(kind, source.name, onward.name, target)
    wanted = n.Function if kind == "error" else _WAITING
    hosts = [node.name for node in nodes.values() if isinstance(node, wanted) and not graph.is_boundary(node)]
    hosts = [name for name in hosts if not nodes[name]._is_compensation_handler and name != target]
    # Asked locally, an acceptance gate passes at once, and nothing on it fires.
    hosts = [name for name in hosts if getattr(nodes[name], "point", None) is not Point.ACCEPTANCE]
    if not hosts:
        return drawn(flow_class, random, targets)
    return Sabotage(kind, random.choice(hosts), "", target)


@contextmanager
def sabotaged(flow_class: Any, sabotage: Sabotage) -> Iterator[None]:
    """Have the addition in the flow for the time being."""
    nodes = graph.nodes_of(flow_class)
    source, target = nodes[sabotage.source], nodes[sabotage.target]
    before = {name: {**vars(node), "_boundary_events": list(node._boundary_events)} for name, node in nodes.items()}
    extra: Any
    if sabotage.kind == "edge":
        onward = nodes[sabotage.onward]
        extra = pages.If(lambda activation: False).Then(target).Else(onward)
        graph.register(flow_class, DETOUR, extra)
        for attribute, value in list(vars(source).items()):
            if attribute in ("_next", "_on_true", "_on_false") and value is onward:
                setattr(source, attribute, extra)
            elif attribute == "_activate_next":
                setattr(source, attribute, [(extra if b[0] is onward else b[0], *b[1:]) for b in value])
    else:
        if sabotage.kind == "error":
            extra = pages.ErrorBoundary(source).Next(target)
        else:
            interrupting = sabotage.kind == "timeout"
            extra = pages.TimerBoundary(source, delay=timedelta(days=3), interrupting=interrupting).Next(target)
        graph.register(flow_class, DETOUR, extra)
    extra._resolve(flow_class.instance)
    extra._ready()
    graph.relink(flow_class)
    try:
        yield
    finally:
        task_finished.disconnect(getattr(extra, "_on_host_finished", None), sender=flow_class)
        task_failed.disconnect(getattr(extra, "_on_host_failed", None), sender=flow_class)
        graph.unregister(flow_class, DETOUR)
        for name, attributes in before.items():
            vars(nodes[name]).clear()
            vars(nodes[name]).update(attributes)
