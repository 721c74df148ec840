"""The guard: an activation class with one more condition on every way forward.

Every node of an injected flow gets one, because Viewflow's pages build the activation from the node in
the address, not from the task: a protected task is protected under whatever class somebody moves it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from django.db import connection
from viewflow.fsm import State
from viewflow.fsm.base import Transition, TransitionDescriptor, TransitionMethod
from viewflow.workflow.activation import Activation, has_manage_permission, leading_tasks_canceled
from viewflow.workflow.base import Node
from viewflow.workflow.nodes.handle import HandleActivation
from viewflow.workflow.nodes.view import ViewActivation
from viewflow.workflow.status import STATUS

from approval_hook import clock, emergency, gate
from approval_hook.errors import CaseInvalid
from approval_hook.hosts.viewflow import graph
from approval_hook.hosts.viewflow.binding import injected
from approval_hook.hosts.viewflow.nodes import CreditGate, CreditGateActivation, made, mover_of, saves_plainly
from approval_hook.models import Point

#: Ways that do not lead forward: they hand over, take back or end the task.
_NOT_FORWARD = frozenset({"assign", "unassign", "reassign", "cancel", "undo", "revive", "error"})
_BEFORE_DONE = frozenset({STATUS.NEW, STATUS.ASSIGNED, STATUS.SCHEDULED, STATUS.STARTED, State.ANY})


def credit_permits(activation: Activation) -> Any:
    """Condition on the way into a protected node: the newest record permits it, re-read from the database.

    Read once per flow lock: nothing of this case can change while the lock is held.
    """
    if not _is_protected(activation):
        return True
    scope = graph.lock_scope_token()
    cached = activation.__dict__.get("_credit_standing")
    if cached is not None and scope is not None and cached[0] is scope:
        return cached[1]
    answer = _answer(activation)
    activation.__dict__["_credit_standing"] = (scope, answer)
    if not answer and connection.in_atomic_block:
        from approval_hook.hosts.viewflow.attending import attend_later

        # Survives only if this transaction commits, that is, when the task was held without an error.
        attend_later(activation.flow_class, activation.task.pk)
    return answer


def _is_protected(activation: Activation) -> bool:
    node = activation.flow_task
    binding = injected.get(node.flow_class)
    return binding is not None and node.name in binding.gate.protects


def _answer(activation: Activation) -> Any:
    from approval_hook.hosts.viewflow.holding import observe_case, observe_invalid

    binding = injected[activation.flow_class]
    try:
        case = binding.case(activation.task.process_id)
    except CaseInvalid as error:
        if binding.gate.observes:
            observe_invalid(binding, activation, error)
            return True
        return State.CONDITION(False, unmet=str(error))
    standing = gate.standing(case, Point.DECISION)
    if binding.gate.observes:
        if standing.reason:
            observe_case(binding, activation, case, standing)
        return True
    released = standing.decision is not None and standing.decision.origin == standing.decision.Origin.EMERGENCY
    if standing.passes and released and _opened_by_owner(activation, standing.decision):
        return State.CONDITION(False, unmet=emergency.NOT_BOTH)
    return State.CONDITION(standing.passes, unmet=standing.text)


def _opened_by_owner(activation: Activation, record: Any) -> bool:
    owner = activation.task.owner
    return owner is not None and emergency.opened_by(record, owner.get_username())


@cache
def guarded(base: type[Activation]) -> type[Activation]:
    """A subclass of a node's activation class in which every forward transition of a protected task asks the guard.

    Transitions are resolved through ``getattr``, because methods made by ``status.super()`` own
    none of their own: copying those naively would run the body while the task looks held.
    """
    namespace: dict[str, Any] = {"__doc__": base.__doc__, "__module__": base.__module__}
    for name in dir(base):
        method = getattr(base, name, None)
        if isinstance(method, TransitionMethod):
            descriptor = _with_condition(base, name, method)
            if descriptor is not None:
                namespace[name] = descriptor
    cancel = _cancellable(base)
    if cancel is not None:
        namespace["cancel"] = cancel
    undo = _undo(base)
    if undo is not None:
        namespace["undo"] = undo
    namespace["create"] = classmethod(_asking_create(base))
    return type(f"Guarded{base.__name__}", (base,), namespace)


@cache
def undoable(base: type[Activation]) -> type[Activation]:
    """A subclass of a start's activation class that can be undone as if the gate behind it were not there."""
    undo = _undo(base)
    namespace = {"__doc__": base.__doc__, "__module__": base.__module__} | ({"undo": undo} if undo else {})
    return type(f"Undoable{base.__name__}", (base,), namespace)


def _asking_create(base: type[Activation]) -> Callable[..., Activation]:
    stock = base.create.__func__ is Activation.create.__func__

    def create(cls: type[Activation], flow_task: Node, prev: Activation, *args: Any, **kwargs: Any) -> Activation:
        """Create the task; one that no gate task leads to has the guard alone, so its platforms are asked from here."""
        from approval_hook.hosts.viewflow.attending import pass_or_park

        task_class = flow_task.flow_class.task_class
        if stock and saves_plainly(task_class):
            activation: Activation = cls(made(task_class, flow_task, prev, *args, **kwargs))
        else:
            activation = base.create.__func__(cls, flow_task, prev, *args, **kwargs)
        if _is_protected(activation) and not isinstance(prev, CreditGateActivation):
            activation.asker = mover_of(prev)
            pass_or_park(activation)
        return activation

    return create


def _leading_tasks_canceled(activation: Activation) -> bool:
    """Viewflow's condition of undo, seen through passed gate tasks: the flow's author knows of none."""
    waiting = [activation.task]
    while waiting:
        leading = waiting.pop().leading.exclude(status__in=[STATUS.CANCELED, STATUS.REVIVED])
        for task in leading:
            if task.status != STATUS.DONE or not isinstance(task.flow_task, CreditGate):
                return False
            waiting.append(task)
    return True


def _undo(base: type[Activation]) -> TransitionDescriptor | None:
    method = getattr(base, "undo", None)
    if not isinstance(method, TransitionMethod):
        return None
    descriptor = TransitionDescriptor(method._state, method._func)
    for t in method.get_transitions():
        conditions = [_leading_tasks_canceled if c is leading_tasks_canceled else c for c in t.conditions]
        descriptor.add_transition(_copied(t, method._func, conditions))
    return descriptor


def _copied(t: Transition, func: Callable[..., Any], conditions: list[Any]) -> Transition:
    return Transition(
        func=func,
        source=t.source,
        target=t.target,
        label=t._label,
        conditions=conditions,
        permission=t.permission,
        custom=t.custom,
    )


def _with_condition(base: type[Activation], name: str, method: TransitionMethod) -> TransitionDescriptor | None:
    if name in _NOT_FORWARD or (name == "activate" and waits_for_somebody(base)):
        return None
    transitions = list(method.get_transitions())
    if not any(t.source in _BEFORE_DONE for t in transitions):
        return None
    func = _read_first(method._func) if name == "complete" else method._func
    descriptor = TransitionDescriptor(method._state, func)
    for t in transitions:
        conditions = [credit_permits, *t.conditions] if t.source in _BEFORE_DONE else t.conditions
        descriptor.add_transition(_copied(t, func, conditions))
    return descriptor


def _read_first(complete: Any) -> Any:
    """Finishing a step that issues the licence reads the record once more; it holds nothing."""

    @wraps(complete)
    def completed(self: Activation, *args: Any, **kwargs: Any) -> Any:
        from approval_hook.hosts.viewflow.issuing import read_at_issue

        read_at_issue(self)
        return complete(self, *args, **kwargs)

    return completed


def waits_for_somebody(base: type[Activation]) -> bool:
    """Stock human and handle nodes do nothing on ``activate``; guarding it would only cost a read."""
    activate = base.activate._func
    return activate in (ViewActivation.activate._func, HandleActivation.activate._func)


def _cancellable(base: type[Activation]) -> TransitionDescriptor | None:
    """A ``cancel`` that also leaves NEW, so that a held task can be withdrawn with its case."""
    method = getattr(base, "cancel", None)
    sources = {t.source for t in method.get_transitions()} if isinstance(method, TransitionMethod) else set()
    if STATUS.NEW in sources or State.ANY in sources:
        return None

    def cancel(self: Activation) -> None:
        self.task.finished = clock.now()
        self.task.save()

    func = method._func if isinstance(method, TransitionMethod) else cancel
    descriptor = TransitionDescriptor(base.status._state, func)
    if isinstance(method, TransitionMethod):
        for t in method.get_transitions():
            descriptor.add_transition(t)
    descriptor.add_transition(
        Transition(func=func, source=STATUS.NEW, target=STATUS.CANCELED, permission=has_manage_permission)
    )
    return descriptor
