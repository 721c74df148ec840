"""The flow graph of a finished Viewflow class. With ``injection``, the sole user of its underscore API.

Measured on django-viewflow 2.4.0 (docs/explanation/architecture.md): nodes are linked when the class
is made; ``_outgoing()`` yields sequence flows only; boundary and compensation edges are elsewhere.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from viewflow.utils import get_app_package
from viewflow.workflow import lock as viewflow_lock
from viewflow.workflow.base import Edge, Flow, Node
from viewflow.workflow.fields import get_task_ref, import_task_by_ref
from viewflow.workflow.nodes import CompensateThrow, If, SplitFirst, Start, StartHandle, Switch

#: References that are not sequence flow and must survive an insertion untouched.
_NOT_SEQUENCE = frozenset({"_attached_to", "_boundary_events", "_incoming_edges", "_compensation_handler", "parent"})


def nodes_of(flow_class: type[Flow]) -> dict[str, Node]:
    """Nodes by name, as registered on the class."""
    return flow_class._nodes_by_name


def all_flows() -> Iterator[type[Flow]]:
    """Every flow class that has been imported."""
    waiting = list(Flow.__subclasses__())
    while waiting:
        flow_class = waiting.pop()
        waiting += flow_class.__subclasses__()
        if "_nodes_by_name" in vars(flow_class):
            yield flow_class


def has_address(flow_class: type[Flow]) -> bool:
    """True when the flow is part of the site: a viewset has put it into the URLs."""
    return vars(flow_class).get("parent") is not None


def is_start(node: Node) -> bool:
    """True when the node creates a process."""
    return isinstance(node, Start | StartHandle)


def is_split_first(node: Node) -> bool:
    """True when the first finished branch cancels the others, so nothing may be inserted behind it."""
    return isinstance(node, SplitFirst)


def node_ref(node: Node) -> str:
    """How the node is stored in ``task.flow_task``."""
    return str(get_task_ref(node))


def dotted(ref: str) -> str:
    """Path, as settings write it, of a stored reference to a flow or node; unchanged where its application is gone."""
    label, _, rest = ref.partition("/")
    try:
        return f"{get_app_package(label)}.{rest}"
    except LookupError:
        return ref


def successors(node: Node) -> Iterator[Node]:
    """Targets of the node's sequence flows."""
    for edge in node._outgoing():
        if edge.dst is not None:
            yield edge.dst


def is_boundary(node: Node) -> bool:
    """True when the node is an event on another node's border, armed with it."""
    return getattr(node, "_attached_to", None) is not None


def boundary_events(node: Node) -> list[Node]:
    """Boundary nodes that are armed when the node's task is created."""
    return list(node._boundary_events)


def compensation_handlers(flow_class: type[Flow]) -> list[Node]:
    """Nodes that any compensation throw may run."""
    return [n._compensation_handler for n in nodes_of(flow_class).values() if n._compensation_handler is not None]


def throws_compensation(node: Node) -> bool:
    """True when the node runs the flow's compensation handlers."""
    return isinstance(node, CompensateThrow)


def lock_scope_token() -> object | None:
    """An object that lives as long as this thread's outermost flow lock, or None outside one."""
    return getattr(viewflow_lock._deferred, "queue", None)


def after_lock_released(callback: Callable[[], None]) -> None:
    """Run once this thread holds no flow lock: ``on_commit`` alone fires while a CacheLock is held."""
    viewflow_lock.after_lock_released(callback)


def register(flow_class: type[Flow], name: str, node: Node) -> None:
    """Make a node part of the finished class, the way its own nodes are."""
    node.name = name
    node.flow_class = flow_class
    # Addresses are made once; a gate that is put back later stands under those of the one before.
    mounted = next((other.parent for other in nodes_of(flow_class).values() if other.parent is not None), None)
    if mounted is not None:
        node.parent = mounted
    nodes_of(flow_class)[name] = node
    setattr(flow_class, name, node)


def unregister(flow_class: type[Flow], name: str) -> None:
    """Take a node out of the class again."""
    del nodes_of(flow_class)[name]
    delattr(flow_class, name)


def resolve(flow_class: type[Flow], node: Node) -> None:
    """Let a node find the nodes it names, as those of a class do when it is made."""
    node._resolve(flow_class.instance)
    node._ready()


def forget_references() -> None:
    """Look stored references up afresh: Viewflow remembers what a name meant when it was first read."""
    import_task_by_ref.cache_clear()
    get_task_ref.cache_clear()


def leading_to(flow_class: type[Flow], targets: set[str]) -> set[str]:
    """Names of the nodes whose open task can still bring a case to one of these nodes; not the nodes themselves."""
    handlers = compensation_handlers(flow_class)
    before: dict[str, set[str]] = {}
    for node in nodes_of(flow_class).values():
        for side in ("in", "out"):
            for name, _ in _steps(node, side, set(), handlers):
                before.setdefault(name, set()).add(node.name)
    found: set[str] = set()
    waiting = list(targets)
    while waiting:
        new = before.get(waiting.pop(), set()) - found - targets
        found |= new
        waiting += new
    return found


def beside(flow_class: type[Flow], decision: str) -> set[str]:
    """Names of nodes that may be under way while a case comes to a decision again: one split leads to both."""
    handlers = compensation_handlers(flow_class)
    found: set[str] = set()
    for node in nodes_of(flow_class).values():
        exclusive = isinstance(node, If | Switch)
        if not exclusive and len(set(successors(node))) > 1 and decision in _ahead(node, set(), handlers):
            found |= _ahead(node, {decision}, handlers)
    return found


def _ahead(node: Node, closed: set[str], handlers: list[Node]) -> set[str]:
    """Names of the nodes that a case comes to behind a node when none of ``closed`` is passed."""
    nodes = nodes_of(node.flow_class)
    seen = {(node.name, "out")}
    waiting = [(node.name, "out")]
    while waiting:
        name, side = waiting.pop()
        for following in _steps(nodes[name], side, closed, list(handlers)):
            if following not in seen and following[0] in nodes:
                seen.add(following)
                waiting.append(following)
    return {name for name, side in seen if side == "in"}


def repoint(flow_class: type[Flow], old: Node, new: Node, *, keep: Node) -> list[Node]:
    """Make every sequence-flow reference to ``old`` point to ``new``, but for those of ``keep``, the gate itself.

    Returns the nodes changed. A node that leads to itself is one of them, whichever way it is re-pointed.
    """
    changed = []
    nodes = nodes_of(flow_class).values()
    # Viewflow arms the boundary events of a flow on this concrete base in this flow's cases, too.
    lodgers = [event for node in nodes for event in boundary_events(node) if event.flow_class is not flow_class]
    for node in (*nodes, *lodgers):
        if node is keep:
            continue
        for attribute, value in vars(node).items():
            if attribute in _NOT_SEQUENCE:
                continue
            replaced = _replace(value, old, new)
            if replaced is not value:
                setattr(node, attribute, replaced)
                changed.append(node)
    return changed


def _replace(value: Any, old: Node, new: Node) -> Any:
    if value is old:
        return new
    if isinstance(value, list | tuple):
        items = [_replace(item, old, new) for item in value]
        if any(a is not b for a, b in zip(items, value, strict=True)):
            return type(value)(items)
    elif isinstance(value, dict):
        entries = {key: _replace(item, old, new) for key, item in value.items()}
        if any(entries[key] is not value[key] for key in value):
            return entries
    return value


def incoming_of(flow_class: type[Flow]) -> dict[str, list[Edge]]:
    """Incoming edges by node, as they are now."""
    return {name: list(node._incoming_edges) for name, node in nodes_of(flow_class).items()}


def restore_incoming(flow_class: type[Flow], incoming: dict[str, list[Edge]]) -> None:
    """Put incoming edges back as they were."""
    for name, edges in incoming.items():
        nodes_of(flow_class)[name]._incoming_edges = list(edges)


def relink(flow_class: type[Flow]) -> None:
    """Recompute incoming edges after nodes were re-pointed, compensation edges included."""
    incoming: dict[Node, list[Edge]] = {node: [] for node in nodes_of(flow_class).values()}
    for node in nodes_of(flow_class).values():
        for edge in node._outgoing():
            # A flow on a concrete base keeps edges to nodes of that base, whose links are none of ours.
            if edge.dst in incoming:
                incoming[edge.dst].append(edge)
    for node, edges in incoming.items():
        node._incoming_edges = edges
    for node in nodes_of(flow_class).values():
        handler = node._compensation_handler
        if handler is not None:
            handler._incoming_edges.append(Edge(src=node, dst=handler, edge_class="compensation"))


def foreign_nodes(flow_class: type[Flow]) -> Iterator[Node]:
    """Nodes of other flows that cases of this one come to, as they do when it extends a concrete flow."""
    nodes = nodes_of(flow_class)
    waiting = [node for node in nodes.values() if is_start(node)]
    seen = set(waiting)
    while waiting:
        node = waiting.pop()
        if nodes.get(node.name) is not node and not is_boundary(node):
            yield node
        for following in {*successors(node), *boundary_events(node)} - seen:
            seen.add(following)
            waiting.append(following)


def lodgers(flow_class: type[Flow]) -> set[Node]:
    """Nodes of other flows that cases of this one come to, boundary events that Viewflow arms in them included."""
    foreign = set(foreign_nodes(flow_class))
    hosts = {*nodes_of(flow_class).values(), *foreign}
    return foreign | {event for node in hosts for event in boundary_events(node) if event.flow_class is not flow_class}


#: Name of a node, and "in" or "out".
Vertex = tuple[str, str]


def reach(flow_class: type[Flow], closed: set[str]) -> dict[Vertex, Vertex | None]:
    """Every vertex that a case can come to when no node of ``closed`` is ever passed, with where it came from.

    Two vertices per node: *in* (its task was created) and *out* (its task was passed). Sequence flows
    leave *out*; boundary events leave *in*, because they are armed with the task; a compensation
    throw reaches every handler.
    """
    nodes = nodes_of(flow_class)
    handlers = compensation_handlers(flow_class)
    came_from: dict[Vertex, Vertex | None] = {}
    queue: deque[Vertex] = deque()
    for node in nodes.values():
        if is_start(node):
            came_from[(node.name, "in")] = None
            queue.append((node.name, "in"))
    while queue:
        vertex = queue.popleft()
        for following in _steps(nodes[vertex[0]], vertex[1], closed, handlers):
            if following not in came_from:
                came_from[following] = vertex
                queue.append(following)
    return came_from


def _steps(node: Node, side: str, closed: set[str], handlers: list[Node]) -> Iterator[Vertex]:
    if side == "in":
        if node.name not in closed:
            yield (node.name, "out")
        for event in boundary_events(node):
            if event.flow_class is node.flow_class:
                yield (event.name, "in")
            else:
                yield from ((following.name, "in") for following in successors(event))
        return
    for following in successors(node):
        yield (following.name, "in")
    if throws_compensation(node):
        yield from ((handler.name, "in") for handler in handlers)
        handlers.clear()  # all are reached now; another throw adds none, and the search stays linear
