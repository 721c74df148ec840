"""Put the credit gate into a finished flow class, in place.

Never by subclassing: a subclass of a concrete flow keeps edges to its parent's nodes.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.utils.module_loading import import_string
from viewflow.workflow.base import Edge, Flow, Node

from approval_hook.conf import FlowSettings, conf
from approval_hook.errors import ConfigurationError
from approval_hook.hosts.viewflow import binding as keys
from approval_hook.hosts.viewflow import graph
from approval_hook.hosts.viewflow.binding import Binding
from approval_hook.hosts.viewflow.guard import guarded, undoable
from approval_hook.hosts.viewflow.nodes import CreditGate
from approval_hook.models import Point
from approval_hook.spec import Gate
from approval_hook.triggers import GuardedTable

_bindings: dict[type[Flow], Binding] = {}

GATE_PREFIX = "credit_before_"


def bindings() -> list[Binding]:
    """Every injected flow."""
    return list(_bindings.values())


def binding_of(flow_class: type[Flow]) -> Binding:
    """The binding of one flow.

    Raises:
        ConfigurationError: no gate was injected into it.
    """
    try:
        return _bindings[flow_class]
    except KeyError:
        raise ConfigurationError(f"No credit gate is injected into {flow_class.__name__}.") from None


def find_binding(flow_class: type[Flow]) -> Binding | None:
    """The binding of one flow, or None."""
    return _bindings.get(flow_class)


def inject(flow_class: type[Flow], gate: Gate) -> Binding:
    """Insert gate nodes before the named nodes, and guard the protected ones.

    In place, on the finished class, before URLs load. Injecting an equal gate again changes
    nothing; ``eject`` takes it out.

    Args:
        flow_class: a finished flow, of whatever package; its source is not touched.
        gate: matter, facts, protected and acceptance nodes.

    Raises:
        ConfigurationError: a name is not a node of the flow, another gate is there already,
            or the gate cannot be placed.
    """
    found = _bindings.get(flow_class)
    if found is not None:
        if found.gate == gate:
            return found
        raise ConfigurationError(
            f"{flow_class.__name__} has another credit gate already: {found.gate}; this one is {gate}."
        )
    nodes = graph.nodes_of(flow_class)
    _check_names(flow_class, gate)
    _check_base(flow_class, gate)
    incoming = graph.incoming_of(flow_class)
    places = [(name, Point.ACCEPTANCE) for name in gate.accepts] + [(name, Point.DECISION) for name in gate.protects]
    gate_nodes: dict[str, Point] = {}
    try:
        for name, point in places:
            inserted = _insert_before(flow_class, nodes[name], point)
            if inserted is not None:
                gate_nodes[inserted.name] = point
    except ConfigurationError:
        _take_out(flow_class, gate_nodes, incoming)
        raise
    originals = {
        name: node.activation_class
        for name, node in nodes.items()
        if node.activation_class is not None and name not in gate_nodes
    }
    for name, original in originals.items():
        nodes[name].activation_class = undoable(original) if graph.is_start(nodes[name]) else guarded(original)
    graph.relink(flow_class)
    result = Binding(flow_class, gate, gate_nodes, originals, incoming)
    _bindings[flow_class] = result
    return result


def eject(flow_class: type[Flow]) -> None:
    """Take the gate out of a flow class again: edges, nodes and guards as before."""
    found = binding_of(flow_class)
    nodes = graph.nodes_of(flow_class)
    for name, original in found.originals.items():
        del nodes[name].activation_class
        if nodes[name].activation_class is not original:
            nodes[name].activation_class = original
    _take_out(flow_class, found.gate_nodes, found.incoming)
    del _bindings[flow_class]


def _take_out(flow_class: type[Flow], gate_nodes: Iterable[str], incoming: dict[str, list[Edge]]) -> None:
    nodes = graph.nodes_of(flow_class)
    for name in gate_nodes:
        graph.repoint(flow_class, nodes[name], next(graph.successors(nodes[name])))
        graph.unregister(flow_class, name)
    graph.restore_incoming(flow_class, incoming)


def _check_names(flow_class: type[Flow], gate: Gate) -> None:
    nodes = graph.nodes_of(flow_class)
    unknown = [name for name in (*gate.protects, *gate.accepts) if name not in nodes]
    if unknown:
        raise ConfigurationError(
            f"{flow_class.__name__} has no node {', '.join(unknown)}; its nodes are {', '.join(sorted(nodes))}."
        )
    if not gate.protects:
        raise ConfigurationError(f"The gate of {flow_class.__name__} protects no node.")
    attached = [name for name in (*gate.protects, *gate.accepts) if graph.is_boundary(nodes[name])]
    if attached:
        raise ConfigurationError(
            f"{flow_class.__name__}: {', '.join(attached)} is a boundary event; name the node behind it."
        )
    twice = set(gate.protects) & set(gate.accepts)
    if twice:
        raise ConfigurationError(
            f"{flow_class.__name__}: {', '.join(sorted(twice))} cannot be acceptance and decision."
        )
    starts = [name for name in (*gate.protects, *gate.accepts) if graph.is_start(nodes[name])]
    if starts:
        raise ConfigurationError(
            f"{flow_class.__name__}: {', '.join(starts)} starts the process; a query without a case is forbidden."
        )
    taken = [name for name in (*gate.protects, *gate.accepts) if GATE_PREFIX + name in nodes]
    if taken:
        raise ConfigurationError(f"{flow_class.__name__} has a node named {GATE_PREFIX}{taken[0]} of its own.")


def _check_base(flow_class: type[Flow], gate: Gate) -> None:
    astray = [node for node in graph.foreign_nodes(flow_class) if node.name in (*gate.protects, *gate.accepts)]
    if astray:
        raise ConfigurationError(
            f"{flow_class.__name__}: cases come to {astray[0].name} of {astray[0].flow_class.__name__}, where this gate"
            " is not; give the subclass nodes of its own on every way there."
        )


def _insert_before(flow_class: type[Flow], target: Node, point: Point) -> CreditGate | None:
    """Insert a gate node before ``target``, or None where only the guard can stand."""
    name = target.name
    predecessors = [n for n in graph.nodes_of(flow_class).values() if target in set(graph.successors(n))]
    race = next((n for n in predecessors if graph.is_split_first(n)), None)
    if race is not None:
        # A node behind SplitFirst completes first and would cancel the applicant's other branch.
        if point is Point.DECISION:
            return None
        raise ConfigurationError(
            f"{flow_class.__name__}: no credit gate can stand before {name}, behind the first-wins split {race.name};"
            f" name {race.name} as acceptance node instead."
        )
    # What a step hands to the task behind it goes through the gate.
    node = CreditGate(point).Next(target, task_data=lambda a: a.task.data, task_seed=lambda a: a.task.seed)
    graph.register(flow_class, GATE_PREFIX + name, node)
    changed = graph.repoint(flow_class, target, node)
    still = [n.name for n in predecessors if target in set(graph.successors(n))]
    if still or not changed:
        graph.repoint(flow_class, node, target)
        graph.unregister(flow_class, node.name)
        raise ConfigurationError(
            f"{flow_class.__name__}: the credit gate cannot be placed before {name}; edges remain from {still}."
        )
    node._resolve(flow_class.instance)
    node._ready()
    return node


def inject_configured() -> None:
    """Inject the flows named in settings.

    Raises:
        ConfigurationError: settings are wrong; start-up must stop.
    """
    if getattr(settings, "APPROVAL_HOOK", None) is None:
        return
    for entry in conf().flows:
        inject(_import_flow(entry), gate_from(entry))


def gate_from(entry: FlowSettings) -> Gate:
    """The gate that a settings entry describes."""
    try:
        facts = import_string(entry.facts)
    except ImportError as error:
        raise ConfigurationError(f"APPROVAL_HOOK: {entry.facts} cannot be imported: {error}") from error
    if not callable(facts):
        raise ConfigurationError(f"APPROVAL_HOOK: {entry.facts} is not a function that maps a process to CaseFacts.")
    return Gate(matter=entry.matter, facts=facts, protects=entry.protects, accepts=entry.accepts)


def _import_flow(entry: FlowSettings) -> type[Flow]:
    try:
        flow_class = import_string(entry.flow)
    except ImportError as error:
        raise ConfigurationError(f"APPROVAL_HOOK: the flow {entry.flow} cannot be imported: {error}") from error
    if not (isinstance(flow_class, type) and issubclass(flow_class, Flow)):
        raise ConfigurationError(f"APPROVAL_HOOK: {entry.flow} is not a Viewflow flow.")
    return flow_class


def guarded_tables() -> list[GuardedTable]:
    """What the database guards: each task table of an injected flow once; Viewflow's own always."""
    from viewflow.workflow.models import Process, Task

    tables: dict[tuple[str, str, str], list[Binding]] = {
        (Task._meta.db_table, "process_id", Process._meta.db_table): []
    }
    for flow_class, found in _bindings.items():
        key = (keys.task_table(flow_class), keys.process_column(flow_class), keys.process_table(flow_class))
        tables.setdefault(key, []).append(found)
    return [
        GuardedTable(
            *key,
            protected=tuple(sorted(ref for b in found for ref in b.protected_refs())),
            behind=tuple(sorted((ref, tuple(b.protected_refs())) for b in found for ref in b.refs_behind())),
        )
        for key, found in sorted(tables.items())
    ]
