"""Drives a case of any flow: along a given path, or at random, whatever the gateways would say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from itertools import pairwise
from random import Random
from typing import Any

from django.db import IntegrityError, transaction
from django.test import RequestFactory
from django.utils import timezone
from viewflow.fsm import TransitionNotAllowed
from viewflow.workflow import nodes as n
from viewflow.workflow.context import Context
from viewflow.workflow.exceptions import FlowRuntimeError
from viewflow.workflow.models import Process, Task
from viewflow.workflow.nodes.end import _fail_parent_task
from viewflow.workflow.status import PROCESS, STATUS
from viewflow.workflow.timers import fire_due_timers

from approval_hook.hosts.viewflow import graph
from approval_hook.hosts.viewflow.nodes import CreditGate
from tests.flows.patterns.driving import APPLICANT, officer

_CLOSED = (STATUS.DONE, STATUS.CANCELED, STATUS.REVIVED, STATUS.ERROR)

#: Gateways asked so often in one case stand in a loop of automatic steps, which would never end.
_ENOUGH = 60

#: A held step, a join of tokens that do not belong together: the engine refuses, the case stays where it is.
REFUSED = (TransitionNotAllowed, FlowRuntimeError, IntegrityError)


class Stuck(AssertionError):
    """The case could not be driven along the path."""


@contextmanager
def steered(flow_class: Any, ways: dict[str, str]) -> Iterator[None]:
    """Make gateways take the way to the named node; other ways of a split stay open as their conditions say."""
    kept = []

    def put(node: Any, attribute: str, value: Any) -> None:
        kept.append((node, attribute, getattr(node, attribute)))
        setattr(node, attribute, value)

    for name, node in graph.nodes_of(flow_class).items():
        way = ways.get(name)
        if isinstance(node, n.ConditionalCatch):
            put(node, "_condition", lambda activation: True)
        if way is None:
            continue
        if isinstance(node, n.If):
            yes = node._on_true is not None and node._on_true.name == way
            put(node, "_condition", lambda activation, yes=yes: yes)
        elif isinstance(node, n.Switch):
            branches = [(to, lambda a, on=to.name == way: on) for to, _ in node._activate_next]
            put(node, "_activate_next", branches)
        elif isinstance(node, n.Split):
            branches = [(to, None if to.name == way else case, data) for to, case, data in node._activate_next]
            put(node, "_activate_next", branches)
        elif isinstance(node, n.Function) and way in {e.name for e in node._boundary_events}:
            put(node, "_func", _fail)
    try:
        yield
    finally:
        for node, attribute, value in reversed(kept):
            setattr(node, attribute, value)


def _fail(activation: Any) -> None:
    raise RuntimeError("made to fail")


@contextmanager
def wayward(flow_class: Any, random: Random) -> Iterator[None]:
    """Make gateways go any way, anew each time they are asked, and functions with an error boundary fail sometimes."""
    kept = []
    asked = 0

    def toss(activation: Any) -> bool:
        nonlocal asked
        asked += 1
        if asked > _ENOUGH:
            raise FlowRuntimeError("round and round without anybody at work")
        return random.random() < 0.5

    for node in graph.nodes_of(flow_class).values():
        changed: dict[str, Any] = {}
        if isinstance(node, n.If):
            changed = {"_condition": toss}
        elif isinstance(node, n.ConditionalCatch):
            changed = {"_condition": lambda activation: True}
        elif isinstance(node, n.Switch):
            *others, (last, _) = node._activate_next
            changed = {"_activate_next": [*((to, toss) for to, _ in others), (last, None)]}
        elif isinstance(node, n.Split):
            *others, (last, _, data) = node._activate_next
            changed = {"_activate_next": [*((to, case and toss, d) for to, case, d in others), (last, None, data)]}
        elif isinstance(node, n.Function) and node._boundary_events and random.random() < 0.5:
            changed = {"_func": _fail}
        kept.append((node, {name: getattr(node, name) for name in changed}))
        vars(node).update(changed)
    try:
        yield
    finally:
        for node, attributes in kept:
            vars(node).update(attributes)


def started(flow_class: Any, name: str) -> Process:
    """A new case at one of the starts."""
    node = graph.nodes_of(flow_class)[name]
    if isinstance(node, n.StartTimer):
        process = node.run()
    elif isinstance(node, n.StartHandle):
        process = node.run(applicant=APPLICANT)
    else:
        activation = node.activation_class.create(node, None, None)
        request = RequestFactory().post("/")
        request.user = officer()
        activation.start(request)
        activation.process.data = dict(APPLICANT)
        activation.execute()
        process = activation.process
    return Process.objects.get(pk=process.pk)


def open_tasks(process: Process) -> list[Task]:
    """Tasks that somebody or something could finish; the gate's own are finished by the gate alone."""
    tasks = Task.objects.filter(process=process).exclude(status__in=_CLOSED).order_by("pk")
    return [task for task in tasks if not isinstance(task.flow_task, CreditGate | n.Join | n.SplitFirst)]


def push(task: Task) -> None:
    """Finish a task the way Viewflow does: handle, page, dispatcher, signal, failing host.

    Raises:
        TransitionNotAllowed: the step is held.
    """
    node = task.flow_task
    if isinstance(node, n.Handle):
        node.run(task)
    elif isinstance(node, n.View):
        with task.activation() as activation:
            if activation.task.status == STATUS.NEW:
                activation.assign(officer())
            activation.start(None)
            activation.execute()
    elif isinstance(node, n.Timer):
        Task.objects.filter(pk=task.pk).update(scheduled=timezone.now() - timedelta(minutes=1))
        fire_due_timers()
    elif isinstance(node, n.SignalCatch | n.ConditionalCatch | n.EscalationBoundary):
        with task.activation() as activation:
            activation.start()
            activation.execute()
    elif isinstance(node, n.ErrorBoundary):
        host = task.previous.first()
        if host is not None and host.status not in _CLOSED:
            _fail_parent_task(host, node._code)


def walk(flow_class: Any, path: tuple[str, ...]) -> Process:
    """Drive a new case along a path of node names, until the last one has a task.

    Raises:
        Stuck: the engine does not go that way.
    """
    ways = dict(pairwise(path))
    nodes = graph.nodes_of(flow_class)
    failing = any(isinstance(nodes[a], n.Function) and graph.is_boundary(nodes[b]) for a, b in ways.items())
    with steered(flow_class, ways), Context(propagate_exception=False) if failing else nullcontext():
        process = started(flow_class, path[0])
        for name in path[1:-1]:
            _pass(process, nodes[name], path)
        if not Task.objects.filter(process=process, flow_task=nodes[path[-1]]).exists():
            raise Stuck(f"{flow_class.__name__}: no task of {path[-1]} along {path}")
    return process


def _pass(process: Process, node: Any, path: tuple[str, ...]) -> None:
    following = path[path.index(node.name) + 1]
    for _ in range(12):
        tasks = Task.objects.filter(process=process)
        if graph.is_boundary(graph.nodes_of(process.flow_class)[following]):
            armed = tasks.filter(flow_task=graph.nodes_of(process.flow_class)[following])
            if armed.exists():
                return
        mine = [task for task in open_tasks(process) if task.flow_task is node]
        closed = (STATUS.DONE, STATUS.ERROR)
        passed = closed if isinstance(node, n.Join) else (*closed, STATUS.STARTED)
        if not mine and tasks.filter(flow_task=node, status__in=passed).exists():
            return
        # What the path waits for at a join is done first.
        others = [task for task in open_tasks(process) if not graph.is_boundary(task.flow_task)]
        chosen = mine or others
        if not chosen:
            break
        push(chosen[0])
        process.refresh_from_db()
    raise Stuck(f"{process.flow_class.__name__}: the case waits before {node.name} along {path}")


def wander(flow_class: Any, random: Random, steps: int = 14) -> Process:
    """Drive a new case at random: any open task next, every gateway any way, boundary events fire."""
    start = random.choice([name for name, node in graph.nodes_of(flow_class).items() if graph.is_start(node)])
    with wayward(flow_class, random):
        with Context(propagate_exception=False):
            process = started(flow_class, start)
        for _ in range(steps):
            process.refresh_from_db()
            tasks = open_tasks(process)
            if not tasks or process.status != PROCESS.NEW:
                break
            try:
                with transaction.atomic(), Context(propagate_exception=False):
                    push(random.choice(tasks))
            except REFUSED:
                continue
    return process
