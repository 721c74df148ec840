"""Flow graphs as plain data, built into Viewflow classes: for drawn flows and for large ones.

A plan knows its own edges, so that what is said of a graph can be compared without asking ``approval_hook``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

from viewflow import this
from viewflow.workflow import flow

from approval_hook.hosts.viewflow import Gate
from approval_hook.hosts.viewflow.binding import Binding, injected
from approval_hook.hosts.viewflow.nodes import CreditGate
from approval_hook.models import Point
from tests.flows.facts import facts_of
from tests.flows.flows import note, start_with

#: Kinds of nodes with the number of targets they take; None is any number from one.
KINDS = {
    "start": 1,
    "function": 1,
    "handle": 1,
    "gate": 1,
    "if": 2,
    "switch": None,
    "split": None,
    "split_first": None,
    "join": 1,
    "throw": 1,
    "end": 0,
}
#: Kinds that a boundary event can be attached to.
HOSTS = frozenset({"function", "handle", "gate"})


@dataclass(frozen=True, slots=True)
class Step:
    """One node: its kind, the nodes behind it, and what hangs on it."""

    kind: str
    targets: tuple[str, ...] = ()
    timeout: str = ""  # target of a timer boundary event
    handler: str = ""  # compensation handler


#: Name of a node to what it is.
Plan = Mapping[str, Step]
#: A node that was created, or passed.
Vertex = tuple[str, str]


def boundary_of(name: str) -> str:
    """How Viewflow names the timer event on a node."""
    return f"{name}__timeout"


def steps_of(plan: Plan) -> dict[Vertex, set[Vertex]]:
    """Every step that a case can take: created to passed, on to the next, over boundary events and compensation."""
    handlers = {step.handler for step in plan.values() if step.handler}
    found: dict[Vertex, set[Vertex]] = {}
    for name, step in plan.items():
        created, passed = (name, "in"), (name, "out")
        found.setdefault(created, set()).add(passed)
        found[passed] = {(target, "in") for target in step.targets}
        if step.kind == "throw":
            found[passed] |= {(handler, "in") for handler in handlers}
        if step.timeout:
            event = boundary_of(name)
            found[created].add((event, "in"))
            found[event, "in"] = {(event, "out")}
            found[event, "out"] = {(step.timeout, "in")}
    return found


def starts_of(plan: Plan) -> list[Vertex]:
    """Where a case begins."""
    return [(name, "in") for name, step in plan.items() if step.kind == "start"]


def gates_of(plan: Plan) -> set[str]:
    """The gate nodes."""
    return {name for name, step in plan.items() if step.kind == "gate"}


def build(plan: Plan, name: str = "PlannedFlow") -> Any:
    """The flow class of a plan."""
    nodes: dict[str, Any] = {name: _node(name, step) for name, step in plan.items()}
    return type(name, (flow.Flow,), {"__module__": __name__, **nodes})


def _node(name: str, step: Step) -> Any:
    targets = [getattr(this, target) for target in step.targets]
    match step.kind:
        case "if":
            node = flow.If(lambda activation: True).Then(targets[0]).Else(targets[1])
        case "switch":
            node = flow.Switch()
            for target in targets[1:]:
                node.Case(target, lambda activation: True)
            node.Default(targets[0])
        case "split" | "split_first":
            node = flow.Split() if step.kind == "split" else flow.SplitFirst()
            for target in targets:
                node.Always(target)
        case "end":
            node = flow.End()
        case kind:
            made = {
                "start": lambda: flow.StartHandle(start_with),
                "function": lambda: flow.Function(note(name)),
                "handle": flow.Handle,
                "gate": lambda: CreditGate(Point.DECISION),
                "join": flow.Join,
                "throw": flow.CompensateThrow,
            }
            node = made[kind]().Next(targets[0])
    if step.timeout:
        node.OnTimeout(timedelta(days=1), getattr(this, step.timeout))
    if step.handler:
        node.CompensateWith(getattr(this, step.handler))
    return node


@contextmanager
def bound(flow_class: Any, plan: Plan, protects: tuple[str, ...]) -> Iterator[None]:
    """Take the gate nodes that stand in the plan for injected ones, wherever they stand."""
    gate = Gate("food-business", facts_of, protects)
    injected[flow_class] = Binding(flow_class, gate, dict.fromkeys(gates_of(plan), Point.DECISION), {}, {})
    try:
        yield
    finally:
        del injected[flow_class]


def large(size: int, seed: int = 1) -> dict[str, Step]:
    """A covered flow of ``size`` nodes: choices, parallel work, returns, timers, compensation, one gate.

    Every node can be reached without passing the gate, but the decision and the end behind it.
    """
    rng = Random(seed)  # noqa: S311 - the same flow each time
    last = size - 5  # beside these: start, gate, decide, and two ends
    names = [f"n{i}" for i in range(last)]
    plan = {"start": Step("start", (names[0],))}
    kinds = ("function", "function", "handle", "handle", "if", "switch", "split", "join", "throw")
    for i, name in enumerate(names):
        onward = names[i + 1] if i + 1 < last else "credit"
        ahead = names[min(i + rng.randint(2, 12), last - 1)]
        back = names[rng.randrange(i + 1)]
        kind = rng.choice(kinds)
        if KINDS[kind] == 1:
            timeout = ahead if kind == "handle" and rng.random() < 0.3 else ""
            handler = back if kind == "function" and rng.random() < 0.5 else ""
            plan[name] = Step(kind, (onward,), timeout, handler)
        elif kind == "if":
            plan[name] = Step(kind, (onward, rng.choice((ahead, back, "credit", "refused"))))
        else:
            plan[name] = Step(kind, (onward, ahead, *((back,) if kind == "switch" else ())))
    plan["credit"] = Step("gate", ("decide",))
    plan["decide"] = Step("function", ("granted",))
    return plan | {"granted": Step("end"), "refused": Step("end")}
