"""Put the credit gate into a finished flow class, in place.

Never by subclassing: a subclass of a concrete flow keeps edges to its parent's nodes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from difflib import get_close_matches
from importlib import import_module
from typing import Any, TypeVar, cast

from django.apps import apps
from django.conf import settings
from django.utils.module_loading import import_string, module_has_submodule
from viewflow.workflow.base import Edge, Flow, Node
from viewflow.workflow.exceptions import FlowRuntimeError

from approval_hook.conf import FlowSettings, conf
from approval_hook.errors import ConfigurationError
from approval_hook.hosts.viewflow import binding as keys
from approval_hook.hosts.viewflow import graph
from approval_hook.hosts.viewflow.binding import Binding
from approval_hook.hosts.viewflow.guard import guarded, undoable
from approval_hook.hosts.viewflow.nodes import CreditGate
from approval_hook.models import Point
from approval_hook.policy.case import CaseFacts
from approval_hook.spec import Gate, Mode
from approval_hook.triggers import GATE_PREFIX as GATE_PREFIX
from approval_hook.triggers import GuardedFlow, GuardedTable

_FlowClass = TypeVar("_FlowClass", bound=type[Flow])


def bindings() -> list[Binding]:
    """Every injected flow."""
    return list(keys.injected.values())


def binding_of(flow_class: type[Flow]) -> Binding:
    """The binding of one flow.

    Raises:
        ConfigurationError: no gate was injected into it.
    """
    try:
        return keys.injected[flow_class]
    except KeyError:
        raise ConfigurationError(f"No credit gate is injected into {flow_class.__name__}.") from None


def find_binding(flow_class: type[Flow]) -> Binding | None:
    """The binding of one flow, or None."""
    return keys.injected.get(flow_class)


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
    found = keys.injected.get(flow_class)
    if found is not None:
        if found.gate == gate:
            return found
        raise ConfigurationError(
            f"{flow_class.__name__} has another credit gate already: {found.gate}; this one is {gate}."
            " Keep one: in settings, on the class or in code."
        )
    nodes = graph.nodes_of(flow_class)
    _check_names(flow_class, gate)
    _check_base(flow_class, gate)
    incoming = graph.incoming_of(flow_class)
    gate_nodes = _insert_all(flow_class, gate, incoming)
    originals = {
        name: node.activation_class
        for name, node in nodes.items()
        if node.activation_class is not None and name not in gate_nodes
    }
    for name, original in originals.items():
        nodes[name].activation_class = undoable(original) if graph.is_start(nodes[name]) else guarded(original)
    graph.relink(flow_class)
    graph.forget_references()
    result = Binding(flow_class, gate, gate_nodes, originals, incoming)
    keys.injected[flow_class] = result
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
    del keys.injected[flow_class]


def credit_gate(
    *,
    matter: str,
    facts: Callable[[Any], CaseFacts],
    protects: Iterable[str],
    accepts: Iterable[str] = (),
    issues: Iterable[str] = (),
    inside: bool = False,
    mode: str = Mode.ENFORCE,
) -> Callable[[_FlowClass], _FlowClass]:
    """Class decorator: the same as ``inject`` once the class is made.

    The module of the class must be imported at every start, or ``migrate`` does not know its nodes:
    a module ``flows`` of an installed application always is.

    Raises:
        ConfigurationError: as ``inject``.
    """
    # Gate takes any list of names, and refuses a bare text.
    decides, takes, delivers = (cast("tuple[str, ...]", names) for names in (protects, accepts, issues))
    gate = Gate(matter, facts, decides, takes, delivers, inside=inside, mode=cast("Mode", mode))

    def put(flow_class: _FlowClass) -> _FlowClass:
        inject(flow_class, gate)
        return flow_class

    return put


def _check_names(flow_class: type[Flow], gate: Gate) -> None:
    nodes = graph.nodes_of(flow_class)
    named = (*gate.protects, *gate.accepts, *gate.issues)
    flow = flow_class.__name__
    unknown = [_with_nearest(name, nodes) for name in named if name not in nodes]
    if unknown:
        raise ConfigurationError(
            f"{flow} has no node {', '.join(unknown)}; its nodes are {', '.join(sorted(nodes)) or 'none'}."
        )
    if not gate.protects:
        raise ConfigurationError(
            f"The gate of {flow} protects no node; name the nodes whose execution is the decision."
        )
    attached = [name for name in named if graph.is_boundary(nodes[name])]
    if attached:
        raise ConfigurationError(f"{flow}: {', '.join(attached)} is a boundary event; name the node behind it.")
    both = set(gate.protects) & set(gate.accepts)
    if both:
        raise ConfigurationError(f"{flow}: {', '.join(sorted(both))} cannot be acceptance and decision.")
    decides = set(gate.issues) & {*gate.protects, *gate.accepts}
    if decides:
        raise ConfigurationError(f"{flow}: {', '.join(sorted(decides))} cannot be issue and acceptance or decision.")
    repeated = [name for name, times in Counter(named).items() if times > 1]
    if repeated:
        raise ConfigurationError(f"{flow}: {', '.join(repeated)} is named twice; name it once.")
    starts = [name for name in named if graph.is_start(nodes[name])]
    if starts:
        raise ConfigurationError(
            f"{flow}: {', '.join(starts)} starts the process, and before it there is no case to check."
            " Name the node behind it."
        )
    taken = [name for name in named if GATE_PREFIX + name in nodes]
    if taken:
        raise ConfigurationError(f"{flow} has a node named {GATE_PREFIX}{taken[0]} of its own; rename it.")


def _with_nearest(name: str, nodes: Iterable[str]) -> str:
    near = get_close_matches(name, list(nodes), n=1)
    return f"{name} (did you mean {near[0]}?)" if near else name


def _insert_all(flow_class: type[Flow], gate: Gate, incoming: dict[str, list[Edge]]) -> dict[str, Point]:
    """Insert every gate node that can stand, or none: a half gated flow would run without a binding."""
    nodes = graph.nodes_of(flow_class)
    places = [(name, Point.ACCEPTANCE) for name in gate.accepts]
    if not gate.inside:
        places += [(name, Point.DECISION) for name in gate.protects]
    inserted: dict[str, Point] = {}
    try:
        for name, point in places:
            node = _insert_before(flow_class, nodes[name], point)
            if node is not None:
                inserted[node.name] = point
    except ConfigurationError:
        _take_out(flow_class, inserted, incoming)
        raise
    return inserted


def _take_out(flow_class: type[Flow], gate_nodes: Iterable[str], incoming: dict[str, list[Edge]]) -> None:
    nodes = graph.nodes_of(flow_class)
    for name in gate_nodes:
        graph.repoint(flow_class, nodes[name], next(graph.successors(nodes[name])), keep=nodes[name])
        graph.unregister(flow_class, name)
    graph.restore_incoming(flow_class, incoming)
    graph.forget_references()


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
    changed = graph.repoint(flow_class, target, node, keep=node)
    still = [n.name for n in predecessors if target in set(graph.successors(n))]
    if still or not changed:
        graph.repoint(flow_class, node, target, keep=node)
        graph.unregister(flow_class, node.name)
        why = f"edges remain from {', '.join(still)}" if still else "no edge leads to it"
        raise ConfigurationError(
            f"{flow_class.__name__}: the credit gate cannot be placed before {name}: {why}."
            " Name another node, through which every case comes to the decision."
        )
    graph.resolve(flow_class, node)
    return node


def inject_configured() -> None:
    """Import every application's flows, so that decorated ones are known, and inject those named in settings.

    Raises:
        ConfigurationError: settings are wrong or a flow cannot be imported; start-up must stop.
    """
    if getattr(settings, "APPROVAL_HOOK", None) is None:
        return
    entries = conf().flows
    import_flow_modules()
    named: dict[type[Flow], str] = {}
    for entry in entries:
        flow_class = import_flow(entry.flow, "FLOWS")
        if flow_class in named:
            raise ConfigurationError(
                f"APPROVAL_HOOK['FLOWS'] names one flow twice, as {named[flow_class]} and as {entry.flow}; keep one."
            )
        named[flow_class] = entry.flow
        inject(flow_class, gate_from(entry))


def import_flow_modules() -> None:
    """Import the module ``flows`` of every installed application, as Viewflow's own dispatchers do.

    Raises:
        ConfigurationError: one of them raises.
    """
    for app_config in apps.get_app_configs():
        if app_config.module is not None and module_has_submodule(app_config.module, "flows"):
            name = f"{app_config.name}.flows"
            _imported(import_module, name, f"the flows of {app_config.label}, {name},")


def gate_from(entry: FlowSettings) -> Gate:
    """The gate that a settings entry describes.

    Raises:
        ConfigurationError: its facts function cannot be imported or called.
    """
    facts = _imported(import_string, entry.facts, f"FLOWS[{entry.flow!r}]: the facts function {entry.facts}")
    if not callable(facts):
        raise ConfigurationError(f"APPROVAL_HOOK: {entry.facts} is not a function that maps a process to CaseFacts.")
    return Gate(
        matter=entry.matter,
        facts=facts,
        protects=entry.protects,
        accepts=entry.accepts,
        issues=entry.issues,
        inside=entry.inside,
        mode=entry.mode,
    )


def import_flow(path: str, key: str) -> type[Flow]:
    """The flow class at a dotted path that the settings name under a key.

    Raises:
        ConfigurationError: nothing can be imported there, or it is no flow.
    """
    flow_class = _imported(import_string, path, f"{key}: the flow {path}")
    if not (isinstance(flow_class, type) and issubclass(flow_class, Flow)):
        raise ConfigurationError(f"APPROVAL_HOOK: {path} in {key} is not a Viewflow flow class.")
    return flow_class


def _imported(load: Callable[[str], Any], path: str, what: str) -> Any:
    """Import, and say of whatever it raises which setting led there."""
    try:
        return load(path)
    except ConfigurationError:
        raise  # a decorated flow has said what is wrong
    except Exception as error:
        raise ConfigurationError(
            f"APPROVAL_HOOK: {what} cannot be imported: {type(error).__name__}: {error}."
            " Correct the path, or the module it names."
        ) from error


def guarded_tables() -> list[GuardedTable]:
    """What the database guards: each task table of an injected flow once; Viewflow's own always."""
    from viewflow.workflow.models import Process, Task

    tables: dict[tuple[str, str, str, str, str, str], list[Binding]] = {
        (Task._meta.db_table, "id", "process_id", Process._meta.db_table, Process._meta.db_table, "id"): []
    }
    for flow_class, found in keys.injected.items():
        tables.setdefault(keys.guarded_columns(flow_class), []).append(found)
    return [
        GuardedTable(*key, flows=tuple(sorted(map(_guarded_flow, found), key=lambda flow: flow.ref)))
        for key, found in sorted(tables.items())
    ]


def _guarded_flow(binding: Binding) -> GuardedFlow:
    was = binding.was()
    names = {ref.rpartition(".")[2] for ref in (binding.flow_ref, *was)}
    mine = {binding.flow_ref, *was}
    return GuardedFlow(
        ref=binding.flow_ref,
        was=was,
        others=tuple(sorted(ref for ref in _known_flows() if ref.rpartition(".")[2] in names and ref not in mine)),
        nodes=tuple(sorted(graph.nodes_of(binding.flow_class))),
        protected=tuple(sorted(ref.rpartition(".")[2] for ref in binding.guarded_refs())),
        behind=tuple(sorted(ref.rpartition(".")[2] for ref in binding.refs_behind())),
        beside=tuple(sorted((node, decision) for decision, nodes in binding.beside.items() for node in nodes)),
        free=tuple(sorted(graph.node_ref(node) for node in graph.lodgers(binding.flow_class))),
        observes=binding.gate.observes,
    )


def _known_flows() -> set[str]:
    """Stored references of every flow there is, those without a gate and those from before a move included."""
    for path in conf().not_gated:
        with suppress(ImportError):
            import_string(path)
    found = {ref for binding in keys.injected.values() for ref in binding.was()}
    for flow_class in graph.all_flows():
        with suppress(FlowRuntimeError):  # of no installed application, so that no case of it can be stored
            found.add(str(flow_class))
    return found
