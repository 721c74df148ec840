"""A way around the gate: the proof names it, and a held case that is driven along it stops at the guard."""

from __future__ import annotations

import os
import zlib
from random import Random
from typing import Any

import pytest
from viewflow.workflow.models import Process, Task
from viewflow.workflow.status import STATUS

from approval_hook import triggers
from approval_hook.hosts.viewflow import graph, prove
from approval_hook.hosts.viewflow.binding import Binding
from approval_hook.models import CreditDecision, Hold, Point
from approval_hook.testing import Script
from tests.flows.facts import CLEAN
from tests.flows.patterns.basic import SequenceFlow, SimpleMergeFlow
from tests.flows.patterns.triggers import ReminderFlow
from tests.integration.patterns.hooks import FLOWS, gated, scripted
from tests.integration.patterns.sabotage import DETOUR, Sabotage, drawn, sabotaged
from tests.integration.patterns.structure import dump
from tests.integration.patterns.walking import REFUSED, open_tasks, push, walk, wander

pytestmark = pytest.mark.django_db

#: Additions per flow, and cases driven at random per addition; the seed is the flow's name.
LONG = os.environ.get("LONG") == "1"
DRAWS = 6 if LONG else 2
WANDERINGS = 3 if LONG else 1


def random_of(flow_class: type, what: str) -> Random:
    """The same draws in every run."""
    return Random(zlib.crc32(f"{flow_class.__name__}/{what}".encode()))  # noqa: S311 - draws of a test, no secret


def decision_gates(binding: Binding) -> set[str]:
    """Names of the gate nodes that stand before a decision."""
    return {name for name, point in binding.gate_nodes.items() if point is Point.DECISION}


def tasks_at(process: Process, names: set[str]) -> list[Task]:
    """Every task of the named nodes."""
    return [task for task in Task.objects.filter(process_id=process.pk) if task.flow_task.name in names]


def stands_at_the_guard(binding: Binding, process: Process, name: str) -> None:
    """The protected node was reached, no gate was passed, and nothing executes it."""
    gates = tasks_at(process, decision_gates(binding))
    assert STATUS.DONE not in {task.status for task in gates}
    reached = tasks_at(process, {name})
    assert reached
    for task in open_tasks(process):
        if task.flow_task.name == name:
            with pytest.raises(REFUSED):
                push(task)
                raise_unless_done(task)
    forward = {STATUS.STARTED, STATUS.DONE, STATUS.SCHEDULED}
    assert not forward & {task.status for task in tasks_at(process, {name})}
    behind = set(binding.refs_behind())
    assert not [t for t in Task.objects.filter(process_id=process.pk) if graph.node_ref(t.flow_task) in behind]


def raise_unless_done(task: Task) -> None:
    """What runs by itself is refused without a word; say it."""
    task.refresh_from_db()
    if task.status not in (STATUS.STARTED, STATUS.DONE):
        raise REFUSED[0](task.status)


def proof_and_execution_agree(flow_class: Any, binding: Binding, random: Random) -> set[str]:
    """Names of the protected nodes that can be reached around the gate, by proof and by execution."""
    proof = prove(flow_class)
    for name, path in proof.gaps.items():
        process = walk(flow_class, path)
        stands_at_the_guard(binding, process, name)
    closed = set(binding.gate.protects) - set(proof.gaps)
    for _ in range(WANDERINGS):
        process = wander(flow_class, random)
        assert STATUS.DONE not in {task.status for task in tasks_at(process, decision_gates(binding))}
        assert tasks_at(process, closed) == [], (flow_class.__name__, sorted(closed))
    return set(proof.gaps)


@pytest.fixture
def hit(defaulter: Any) -> Any:
    """A platform that knows a serious record of every applicant of the catalogue."""
    with scripted(remote=False) as script:
        script.records[CLEAN] = (defaulter,)
        yield script


@pytest.mark.parametrize("flow_class", FLOWS, ids=lambda f: f.__name__)
def test_way_around_the_gate_is_named_and_ends_at_the_guard(flow_class: Any, hit: Script) -> None:
    """A random edge or boundary event that leads to a protected node, added after the injection."""
    random = random_of(flow_class, "around")
    named = 0
    for number in range(40):
        with gated(flow_class, database=False) as binding:
            before = dump(flow_class)
            sabotage = drawn(flow_class, random, list(binding.gate.protects))
            with sabotaged(flow_class, sabotage):
                names_it = any(DETOUR in path for path in prove(flow_class).gaps.values())
                if names_it or number < DRAWS:
                    triggers.install()
                    proof_and_execution_agree(flow_class, binding, random)
            assert dump(flow_class) == before, sabotage
        named += names_it
        if number >= DRAWS - 1 and (named or not binding.gate_nodes):
            break
    assert named or not decision_gates(binding)


@pytest.mark.parametrize("flow_class", [SequenceFlow, ReminderFlow, SimpleMergeFlow], ids=lambda f: f.__name__)
def test_without_the_guard_the_same_way_would_be_taken(flow_class: Any, hit: Script) -> None:
    """What holds a case on a way around the gate is the guard: without it and its trigger, the decision executes."""
    with gated(flow_class) as binding:
        onward = next(graph.successors(flow_class.start)).name
        with sabotaged(flow_class, Sabotage("edge", "start", onward, "decide")):
            triggers.install()
            (path,) = prove(flow_class).gaps.values()
            assert path == ("start", DETOUR, "decide")
            stands_at_the_guard(binding, walk(flow_class, path), "decide")
            flow_class.decide.activation_class = binding.originals["decide"]
            triggers.remove()
            process = walk(flow_class, path)
            for task in open_tasks(process):
                push(task)
    assert {task.status for task in tasks_at(process, {"decide"})} == {STATUS.DONE}


def test_boundary_event_on_an_acceptance_gate_that_is_parked(remote_credit: Script) -> None:
    """While a remote platform is waited for, a timer on the acceptance gate jumps to the decision: named, and held."""
    with gated(SequenceFlow) as binding:
        sabotage = Sabotage("timeout", "credit_before_accept", "", "decide")
        with sabotaged(SequenceFlow, sabotage):
            triggers.install()
            assert prove(SequenceFlow).gaps == {"decide": ("start", "credit_before_accept", DETOUR, "decide")}
            process = walk(SequenceFlow, prove(SequenceFlow).gaps["decide"])
            stands_at_the_guard(binding, process, "decide")


@pytest.mark.parametrize("flow_class", FLOWS, ids=lambda f: f.__name__)
def test_any_addition_is_judged_as_it_executes(flow_class: Any, hit: Script) -> None:
    """A random edge or boundary event that leads anywhere: where it makes no way around, none is executed."""
    random = random_of(flow_class, "anywhere")
    for _ in range(DRAWS // 2):
        with gated(flow_class, database=False) as binding:
            nodes = graph.nodes_of(flow_class).values()
            targets = [n.name for n in nodes if not graph.is_start(n) and not graph.is_boundary(n)]
            with sabotaged(flow_class, drawn(flow_class, random, targets)):
                triggers.install()
                proof_and_execution_agree(flow_class, binding, random)


@pytest.mark.parametrize("flow_class", FLOWS, ids=lambda f: f.__name__)
def test_addition_before_the_injection_is_led_through_the_gate(flow_class: Any, hit: Script) -> None:
    """The same additions as part of the authors' flow: every one of them is re-pointed to the gate."""
    random = random_of(flow_class, "before")
    for _ in range(DRAWS // 2):
        with gated(flow_class, database=False) as binding:
            alone = set(prove(flow_class).gaps)
        sabotage = drawn(flow_class, random, list(binding.gate.protects))
        with sabotaged(flow_class, sabotage), gated(flow_class) as binding:
            assert proof_and_execution_agree(flow_class, binding, random) == alone, sabotage


@pytest.mark.parametrize("flow_class", FLOWS, ids=lambda f: f.__name__)
def test_without_addition_no_held_case_comes_to_a_protected_node(flow_class: Any, hit: Script) -> None:
    """Proof covered, and no execution reaches a protected node before its gate is done."""
    random = random_of(flow_class, "none")
    with gated(flow_class) as binding:
        for name in sorted(decision_gates(binding)):
            path = way_to(flow_class, binding, name)
            if not path:
                continue  # it stands behind another decision
            process = walk(flow_class, path)
            assert {task.status for task in tasks_at(process, {name})} == {STATUS.STARTED}
            assert tasks_at(process, set(binding.gate.protects)) == []
            assert Hold.objects.filter(host_key=binding.host_key(process.pk), node=name, released_at=None).exists()
        for _ in range(2):
            proof_and_execution_agree(flow_class, binding, random)
    assert {d.permits for d in CreditDecision.objects.filter(inquiry__point=Point.DECISION)} <= {False}


def way_to(flow_class: Any, binding: Binding, name: str) -> tuple[str, ...]:
    """The shortest path from a start to a node, through no decision gate; empty when there is none."""
    came_from = graph.reach(flow_class, decision_gates(binding))
    path: list[str] = []
    vertex: graph.Vertex | None = (name, "in") if (name, "in") in came_from else None
    while vertex is not None:
        path = path if path and path[0] == vertex[0] else [vertex[0], *path]
        vertex = came_from[vertex]
    return tuple(path)
