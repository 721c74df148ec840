"""Area ``prove``: the proof of coverage on a large flow, against its bar, a dominator tree and its own growth."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from random import Random
from typing import Any

from tests.benchmarks.figures import Figure

#: What ``prove`` of a flow of 200 nodes may take.
BAR_MILLISECONDS = 50.0
NODES = 200
ROUNDS = 60
LONG_ROUNDS = 400
#: A flow of ten times the nodes may take ten times as long, and more for what does not fit the processor's cache; a
#: proof in quadratic time would show 10.
GROWTH = 10
GROWTH_BAR = 3.0


def measure(long: bool) -> list[Figure]:
    """Time proof and peer in turns on the same flow, and the proof on one ten times as large."""
    _set_up()
    from approval_hook.hosts.viewflow import prove
    from tests.flows.plans import bound, build, large

    plan, larger_plan = large(NODES), large(NODES * GROWTH)
    flow_class, larger = build(plan), build(larger_plan)
    decision = ("decide", "in")
    with bound(flow_class, plan, ("decide",)), bound(larger, larger_plan, ("decide",)):
        if not (prove(flow_class).covered and prove(larger).covered):
            raise SystemExit("the benchmark's flows are not covered")
        if ("credit", "out") not in dominators(flow_class, decision):
            raise SystemExit("the dominator tree says otherwise than the proof")
        again, proof, tree, grown = _in_turns(
            LONG_ROUNDS if long else ROUNDS,
            lambda: prove(flow_class),
            lambda: prove(flow_class),
            lambda: dominators(flow_class, decision),
            lambda: prove(larger),
        )
    control = f"A/A {again / proof:.2f}"
    return [
        Figure("prove.200_nodes", proof / BAR_MILLISECONDS, 1.0, None, (control, f"{proof:.2f} ms of 50 ms")),
        Figure("prove.vs_dominators", proof / tree, 1.0, None, (control, f"dominator tree {tree:.2f} ms")),
        Figure("prove.growth", grown / proof / GROWTH, GROWTH_BAR, None, (f"2000 nodes {grown:.1f} ms",)),
    ]


def _set_up() -> None:
    import django
    from django.apps import apps

    if not apps.ready:
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.benchmarks.settings"
        django.setup()


def _in_turns(rounds: int, *acts: Callable[[], Any]) -> list[float]:
    """Median CPU milliseconds of each, in random order, so that none finds its flow in the cache more often."""
    rng = Random(1)  # noqa: S311 - only the order of turns
    taken: list[list[float]] = [[] for _ in acts]
    for _ in range(rounds):
        for i in rng.sample(range(len(acts)), len(acts)):
            started = time.process_time()
            acts[i]()
            taken[i].append((time.process_time() - started) * 1000)
    return [statistics.median(times) for times in taken]


#: A node that was created ("in"), or passed ("out").
Vertex = tuple[str, str]
_ROOT: Vertex = ("", "")


def dominators(flow_class: Any, of: Vertex) -> list[Vertex]:
    """What every path from a start to a vertex goes through, nearest first; empty where none leads there.

    The textbook algorithm: Cooper, Harvey, Kennedy, A Simple, Fast Dominance Algorithm (2001). It makes the
    whole tree, as a library would, of the same edges that the proof follows.
    """
    following = _edges(flow_class)
    order = _postorder(following)
    number = {vertex: i for i, vertex in enumerate(order)}
    before: dict[Vertex, list[Vertex]] = {vertex: [] for vertex in order}
    for vertex in order:
        for each in following.get(vertex, ()):
            before[each].append(vertex)
    immediate: dict[Vertex, Vertex] = {_ROOT: _ROOT}
    changed = True
    while changed:
        changed = False
        for vertex in reversed(order[:-1]):
            known = [v for v in before[vertex] if v in immediate]
            nearest = known[0]
            for other in known[1:]:
                nearest = _meet(nearest, other, immediate, number)
            if immediate.get(vertex) != nearest:
                immediate[vertex] = nearest
                changed = True
    found = []
    while of in immediate and of != _ROOT:
        of = immediate[of]
        found.append(of)
    return found[:-1]


def _meet(one: Vertex, two: Vertex, immediate: dict[Vertex, Vertex], number: dict[Vertex, int]) -> Vertex:
    while one != two:
        while number[one] < number[two]:
            one = immediate[one]
        while number[two] < number[one]:
            two = immediate[two]
    return one


def _postorder(following: dict[Vertex, list[Vertex]]) -> list[Vertex]:
    order: list[Vertex] = []
    seen = {_ROOT}
    stack = [(_ROOT, iter(following[_ROOT]))]
    while stack:
        vertex, rest = stack[-1]
        for each in rest:
            if each not in seen:
                seen.add(each)
                stack.append((each, iter(following.get(each, ()))))
                break
        else:
            stack.pop()
            order.append(vertex)
    return order


def _edges(flow_class: Any) -> dict[Vertex, list[Vertex]]:
    """Read from Viewflow's nodes, without the help of what is measured."""
    from viewflow.workflow.nodes import CompensateThrow, StartHandle

    nodes = flow_class._nodes_by_name
    handlers = list({(n._compensation_handler.name, "in") for n in nodes.values() if n._compensation_handler})
    found: dict[Vertex, list[Vertex]] = {_ROOT: []}
    for name, node in nodes.items():
        if isinstance(node, StartHandle):
            found[_ROOT].append((name, "in"))
        found[name, "in"] = [(name, "out"), *((event.name, "in") for event in node._boundary_events)]
        found[name, "out"] = [(edge.dst.name, "in") for edge in node._outgoing() if edge.dst is not None]
        if isinstance(node, CompensateThrow):
            found[name, "out"] += handlers
    return found
