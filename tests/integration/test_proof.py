"""``prove`` on drawn flows: right in both directions, and every path it names can be walked."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from approval_hook import Gate
from approval_hook.errors import ConfigurationError
from approval_hook.hosts.viewflow import graph, inject, prove
from approval_hook.hosts.viewflow.injection import eject, find_binding
from tests.benchmarks.prove import dominators
from tests.flows.facts import facts_of
from tests.flows.plans import HOSTS, KINDS, Plan, Step, Vertex, bound, build, gates_of, large, starts_of, steps_of

#: Nodes of a drawn flow beside its starts.
MOST = 9


@st.composite
def plans(draw: Any, gates: bool) -> dict[str, Step]:
    """Any flow graph, sensible or not: loops, dead ends, nodes nobody reaches, gates anywhere if wanted."""
    names = [f"n{i}" for i in range(draw(st.integers(2, MOST)))]
    target = st.sampled_from(names)
    kinds = [kind for kind in KINDS if kind != "start" and (gates or kind != "gate")]
    plan = {f"s{i}": Step("start", (draw(target),)) for i in range(draw(st.integers(1, 2)))}
    for name in names:
        kind = draw(st.sampled_from(kinds))
        count = KINDS[kind] if KINDS[kind] is not None else draw(st.integers(1, 3))
        hosts = kind in HOSTS
        plan[name] = Step(
            kind,
            tuple(draw(target) for _ in range(count)),
            timeout=draw(st.sampled_from(["", "", *names])) if hosts else "",
            handler=draw(st.sampled_from(["", "", *names])) if hosts else "",
        )
    return plan


def unpassed(plan: Plan) -> dict[Vertex, bool]:
    """For each vertex, whether a case can be there that has passed no gate: forward, to the greatest fixed point.

    "Surely passed" holds for a vertex exactly when it holds on every step into it, as a compiler finds what is
    available. Written without looking at what ``prove`` does.
    """
    steps = steps_of(plan)
    into: dict[Vertex, set[Vertex]] = {vertex: set() for vertex in steps}
    for vertex, following in steps.items():
        for each in following:
            into[each].add(vertex)
    gates, starts = gates_of(plan), set(starts_of(plan))
    surely = {vertex: vertex not in starts for vertex in steps}
    changed = True
    while changed:
        changed = False
        for vertex in steps:
            if vertex in starts or not surely[vertex]:
                continue
            if not all(
                surely[before] or (before[0] in gates and vertex == (before[0], "out")) for before in into[vertex]
            ):
                surely[vertex] = False
                changed = True
    return {vertex: not passed for vertex, passed in surely.items()}


def walked(plan: Plan, to: Vertex) -> bool:
    """Whether some simple path leads there without passing a gate; tries them all."""
    steps, gates = steps_of(plan), gates_of(plan)

    def onward(vertex: Vertex, seen: frozenset[Vertex]) -> bool:
        if vertex == to:
            return True
        return any(
            onward(following, seen | {following})
            for following in steps[vertex]
            if following not in seen and not (vertex[0] in gates and following == (vertex[0], "out"))
        )

    return any(onward(start, frozenset({start})) for start in starts_of(plan))


def can_be_walked(plan: Plan, path: tuple[str, ...]) -> bool:
    """Whether the nodes of a path follow one another from a start, and no gate on it is passed.

    A gate may stand on it where the case leaves by the event on its border, which is armed before it is passed.
    """
    steps, gates = steps_of(plan), gates_of(plan)
    at: set[Vertex] = {start for start in starts_of(plan) if start[0] == path[0]}
    for name in path[1:]:
        reached = set(at)
        for vertex in at:
            if vertex[0] not in gates:
                reached |= {v for v in steps[vertex] if v[0] == vertex[0]}
        at = {v for vertex in reached for v in steps[vertex] if v == (name, "in") and v[0] != vertex[0]} | {
            v for vertex in reached if vertex == (name, "out") for v in steps[vertex] if v == (name, "in")
        }
    return bool(at)


def protected_of(plan: Plan) -> tuple[str, ...]:
    """Everything that could be a decision."""
    return tuple(name for name, step in plan.items() if step.kind not in ("start", "gate"))


@settings(max_examples=250, deadline=None)
@given(plans(gates=True))
def test_proof_agrees_with_two_oracles_and_its_paths_can_be_walked(plan: dict[str, Step]) -> None:
    """Gates anywhere, every node a decision: exactly those that a case can come to around every gate are named."""
    protects = protected_of(plan)
    if not protects:
        return
    flow_class = build(plan)
    with bound(flow_class, plan, protects):
        proof = prove(flow_class)
    free = unpassed(plan)
    assert set(proof.gaps) == {name for name in protects if free[name, "in"]}
    for name in protects:
        assert walked(plan, (name, "in")) == (name in proof.gaps)
    for name, path in proof.gaps.items():
        assert path[-1] == name
        assert can_be_walked(plan, path), path
    assert proof.covered is not bool(proof.gaps)


@settings(max_examples=150, deadline=None)
@given(plans(gates=False), st.data())
def test_injection_covers_what_it_can_and_names_the_rest(plan: dict[str, Step], data: st.DataObject) -> None:
    """After ``inject`` only compensation and a place behind SplitFirst are open ways; ``eject`` undoes all of it."""
    named = data.draw(st.lists(st.sampled_from(protected_of(plan)), min_size=1, max_size=3, unique=True))
    flow_class = build(plan)
    before = edges(flow_class)
    gate = Gate("food-business", facts_of, tuple(named))
    if not all(led_to(plan, name) for name in named):
        with pytest.raises(ConfigurationError, match="no edge leads to it"):
            inject(flow_class, gate)
        assert edges(flow_class) == before
        assert find_binding(flow_class) is None
        return
    inject(flow_class, gate)
    try:
        gaps = prove(flow_class).gaps
        inserted = {name for name in named if f"credit_before_{name}" in graph.nodes_of(flow_class)}
    finally:
        eject(flow_class)
    assert inserted == {name for name in named if "split_first" not in kinds_before(plan, name)}
    assert set(gaps) == {name for name in named if walked(gated(plan, inserted), (name, "in"))}
    assert edges(flow_class) == before


def led_to(plan: Plan, name: str) -> bool:
    """Whether a sequence flow or an event leads to a node."""
    return any(name in (*step.targets, step.timeout) for step in plan.values())


def kinds_before(plan: Plan, name: str) -> set[str]:
    """Kinds of the nodes directly before."""
    return {step.kind for step in plan.values() if name in step.targets}


def gated(plan: Plan, names: set[str]) -> dict[str, Step]:
    """The plan with a gate before each name, as ``inject`` is to place it."""

    def moved(name: str) -> str:
        return f"credit_before_{name}" if name in names else name

    after = {
        name: Step(
            step.kind, tuple(map(moved, step.targets)), moved(step.timeout) if step.timeout else "", step.handler
        )
        for name, step in plan.items()
    }
    return after | {f"credit_before_{name}": Step("gate", (name,)) for name in names}


def edges(flow_class: Any) -> dict[str, list[str]]:
    """Every node with those behind it."""
    return {name: [n.name for n in graph.successors(node)] for name, node in graph.nodes_of(flow_class).items()}


@pytest.mark.parametrize("seed", range(5))
def test_large_flow_is_proved_as_its_dominators_say(seed: int) -> None:
    """On 200 nodes the dominator tree of the benchmark agrees, with the gate on every path and with a way around it."""
    plan = large(200, seed)
    assert len(plan) == 200
    around = plan | {"n40": Step("if", ("n41", "decide"))}
    for case, covered in ((plan, True), (around, False)):
        flow_class = build(case)
        with bound(flow_class, case, ("decide",)):
            proof = prove(flow_class)
        assert proof.covered is covered
        assert (("credit", "out") in dominators(flow_class, ("decide", "in"))) is covered
        assert all(can_be_walked(case, path) for path in proof.gaps.values())
