"""Does every path from every start to every protected node pass the gate?

The graph has two vertices per node: *in* (its task was created) and *out* (its task was passed).
Sequence flows leave *out*; boundary events leave *in*, because they are armed with the task; a
compensation throw reaches every handler. A set of gates dominates a node exactly when the node is
unreachable once no gate can be passed, so one breadth-first search decides it, in linear time.
"""

from __future__ import annotations

from dataclasses import dataclass

from viewflow.workflow.base import Flow

from approval_hook.hosts.viewflow import graph
from approval_hook.hosts.viewflow.injection import find_binding
from approval_hook.models import Point


@dataclass(frozen=True, slots=True)
class Proof:
    """Outcome for one flow. ``gaps`` maps a protected node to a path of node names around the gate."""

    flow: str
    protected: tuple[str, ...]
    gaps: dict[str, tuple[str, ...]]

    @property
    def covered(self) -> bool:
        """True when there is a protected node and no way around the gate to any."""
        return bool(self.protected) and not self.gaps


def prove(flow_class: type[Flow]) -> Proof:
    """Prove that no path reaches a protected node without passing a gate, or return the paths that do.

    A flow without a gate is not covered: its ``protected`` is empty.
    """
    binding = find_binding(flow_class)
    if binding is None:
        return Proof(flow_class.__name__, (), {})
    if binding.gate.inside:
        # The gate is the protected node itself: no way leads around a node to its own inside.
        return Proof(flow_class.__name__, binding.gate.protects, {})
    closed = {name for name, point in binding.gate_nodes.items() if point is Point.DECISION}
    came_from = graph.reach(flow_class, closed)
    gaps = {}
    for name in binding.gate.protects:
        vertex = (name, "in")
        if vertex in came_from:
            gaps[name] = _path(came_from, vertex)
    return Proof(flow_class.__name__, binding.gate.protects, gaps)


def _path(came_from: dict[graph.Vertex, graph.Vertex | None], vertex: graph.Vertex) -> tuple[str, ...]:
    names: list[str] = []
    step: graph.Vertex | None = vertex
    while step is not None:
        if not names or names[-1] != step[0]:
            names.append(step[0])
        step = came_from[step]
    return tuple(reversed(names))
