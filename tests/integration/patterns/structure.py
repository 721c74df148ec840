"""Graphs as values: a dump that shows every change, and a form that shows only the structure."""

from __future__ import annotations

import hashlib
from typing import Any

from viewflow.workflow.base import Edge, Flow, Node

from approval_hook.hosts.viewflow import graph


def dump(flow_class: type[Flow]) -> list[Any]:
    """Everything that hangs on a flow's nodes, in order, and the names on its class."""
    nodes = graph.nodes_of(flow_class)
    names = sorted(name for name, value in vars(flow_class).items() if isinstance(value, Node))
    return [names, *((name, id(node), _frozen(vars(node))) for name, node in nodes.items())]


def _frozen(value: Any) -> Any:
    if isinstance(value, Edge):
        return ("edge", value.edge_class, value.src.name, id(value.src), value.dst.name, id(value.dst))
    if isinstance(value, dict):
        return tuple((key, _frozen(item)) for key, item in value.items())
    if isinstance(value, list | tuple):
        return (type(value).__name__, *map(_frozen, value))
    return value if isinstance(value, str | int | bool | None) else (type(value).__name__, id(value))


def edges_of(flow_class: type[Flow]) -> list[tuple[str, str, str]]:
    """Every edge as source, kind, target: sequence flows, boundary events, compensation."""
    nodes = graph.nodes_of(flow_class).values()
    found = [(n.name, e.edge_class, e.dst.name) for n in nodes for e in n._outgoing() if e.dst is not None]
    found += [(n.name, "boundary", event.name) for n in nodes for event in n._boundary_events]
    return found + [(n.name, "compensation", h.name) for n in nodes if (h := n._compensation_handler) is not None]


def canonical(flow_class: type[Flow]) -> str:
    """The form of a flow's graph: equal for flows that differ in names and titles only."""
    return form({name: _kind(node) for name, node in graph.nodes_of(flow_class).items()}, edges_of(flow_class))


def form(kinds: dict[str, str], edges: list[tuple[str, str, str]]) -> str:
    """A graph without its names: colours refined by those of the neighbours until they tell as much as they can.

    Graphs with different forms are different for certain; graphs with the same form are taken for equal.
    """
    colours = dict(kinds)
    for _ in kinds:
        told = {
            name: (
                colours[name],
                sorted((kind, colours[target]) for source, kind, target in edges if source == name),
                sorted((kind, colours[source]) for source, kind, target in edges if target == name),
            )
            for name in kinds
        }
        # Hashed, so that colours do not grow with every round.
        colours = {name: hashlib.sha256(repr(colour).encode()).hexdigest()[:16] for name, colour in told.items()}
    return repr(sorted(colours.values()))


def _kind(node: Node) -> str:
    return f"{type(node).__name__}:{getattr(node, '_interrupting', '')}"
