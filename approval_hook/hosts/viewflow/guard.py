"""The guard: an activation class with one more condition on every way forward.

Every node of an injected flow gets one, because Viewflow's pages build the activation from the node in
the address, not from the task: a protected task is protected under whatever class somebody moves it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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
from approval_hook.cases import Case
from approval_hook.errors import CaseInvalid
from approval_hook.hosts.viewflow import graph
from approval_hook.hosts.viewflow.binding import injected
from approval_hook.hosts.viewflow.nodes import CreditGate, CreditGateActivation, finish, made, mover_of, saves_plainly
from approval_hook.hosts.viewflow.watching import Watch, watched, watching
from approval_hook.models import Point

#: Ways that do not lead forward: they hand over, take back or end the task.
_NOT_FORWARD = frozenset({"assign", "unassign", "reassign", "cancel", "undo", "revive", "error"})
#: Bodies that save the task and say so, nothing else.
_STOCK_COMPLETE = (Activation.complete._func, HandleActivation.complete._func, ViewActivation.complete._func)
_BEFORE_DONE = frozenset({STATUS.NEW, STATUS.ASSIGNED, STATUS.SCHEDULED, STATUS.STARTED, State.ANY})


#: What somebody reads who exchanged the parties in the very step that decides about them.
CHANGED = (
    "这一步的提交改动了办件主体或其授权，没有保存，决定也没有作出。"
    "更改主体和作出决定须分两步办理：先更正主体，待重新核查后再作决定；不需要更改的，请按原主体重新提交。"
)


#: What somebody reads who opens a step behind a decision that there is not.
NOT_DECIDED = "本办件还没有作出决定，或者正在重新核查、重新作出决定，这一步要等决定作出后才能办理"


@dataclass(frozen=True, slots=True)
class _Known:
    """An answer of this flow lock, with what it was given about."""

    watch: Watch
    writes: int  # statements that had written by then
    facts: tuple[Any, ...] | None
    answer: Any


def credit_permits(activation: Activation) -> Any:
    """Condition on the way through a protected node: the newest record permits it, re-read from the database.

    Read once per flow lock, and once more when somebody has written since: the step itself may have saved other parties
    than the record is about, in its form or in its function.
    """
    if not _is_protected(activation):
        return _behind_may_go_on(activation)
    scope = graph.lock_scope_token()
    watch = watched(scope)
    known: _Known | None = activation.__dict__.get("_credit_known")
    if known is not None and (watch is None or known.watch is not watch):
        known = None
    if known is not None and known.writes == known.watch.writes:
        return known.answer
    case, error = _case(activation)
    if known is not None and case is not None and known.facts == _facts_of(case):
        answer = known.answer
    else:
        answer = _answer(activation, case, error)
        if known is not None and known.answer and not answer and error is None:
            answer = State.CONDITION(False, unmet=CHANGED)
    if watch is not None:
        facts = _facts_of(case) if case is not None else None
        activation.__dict__["_credit_known"] = _Known(watch, watch.writes, facts, answer)
    if not answer and connection.in_atomic_block:
        from approval_hook.hosts.viewflow.attending import attend_later

        # Survives only if this transaction commits, that is, when the task was held without an error.
        attend_later(activation.flow_class, activation.task.pk)
    return answer


def _behind_may_go_on(activation: Activation) -> Any:
    """A node that no way leads to but through the decision waits until there is one, and while it is made again."""
    node, process_pk = activation.flow_task, activation.task.process_id
    binding = injected.get(node.flow_class)
    if binding is None or node.name not in binding.behind:
        return True
    watch = watched(graph.lock_scope_token())
    if watch is not None and process_pk in watch.decided:
        return True
    stands = binding.decision_stands(process_pk, node.name)
    if stands and watch is not None:
        watch.decided.add(process_pk)
    return State.CONDITION(stands, unmet=NOT_DECIDED)


def _note_decided(activation: Activation) -> None:
    watch = watched(graph.lock_scope_token()) if _is_protected(activation) else None
    if watch is not None:
        watch.decided.add(activation.task.process_id)


def _is_protected(activation: Activation) -> bool:
    node = activation.flow_task
    binding = injected.get(node.flow_class)
    return binding is not None and node.name in binding.gate.protects


def _case(activation: Activation) -> tuple[Case | None, CaseInvalid | None]:
    try:
        return injected[activation.flow_class].case(activation.task.process_id), None
    except CaseInvalid as error:
        return None, error


def _facts_of(case: Case) -> tuple[Any, ...]:
    """What an answer was given about."""
    return case.subjects, case.loaded.digest, case.view


def _answer(activation: Activation, case: Case | None, error: CaseInvalid | None) -> Any:
    from approval_hook.hosts.viewflow.holding import observe_case, observe_invalid

    binding = injected[activation.flow_class]
    if case is None:
        if binding.gate.observes and error is not None:
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
    func = method._func
    if name == "complete":
        func = _read_first(func)
    elif name == "activate":
        func = _looked_at_again(func)
    descriptor = TransitionDescriptor(method._state, func)
    for t in transitions:
        conditions = [credit_permits, *t.conditions] if t.source in _BEFORE_DONE else t.conditions
        descriptor.add_transition(_copied(t, func, conditions))
    return descriptor


def _read_first(complete: Any) -> Any:
    """Finishing a step that issues the licence reads the record once more; it holds nothing. A decision is noted."""
    stock = complete in _STOCK_COMPLETE

    @wraps(complete)
    def completed(self: Activation, *args: Any, **kwargs: Any) -> Any:
        from approval_hook.hosts.viewflow.issuing import read_at_issue

        read_at_issue(self)
        if stock and connection.in_atomic_block and saves_plainly(type(self.task)):
            done = None
            finish(self)
        else:
            done = complete(self, *args, **kwargs)
        _note_decided(self)
        return done

    return completed


def _looked_at_again(activate: Any) -> Any:
    """An automatic step that exchanges the parties is undone: left uncompleted, what it did would stay."""

    @wraps(activate)
    def activated(self: Activation, *args: Any, **kwargs: Any) -> Any:
        if not _is_protected(self):
            return activate(self, *args, **kwargs)
        with watching() as watch:
            result = activate(self, *args, **kwargs)
        if watch.writes and not credit_permits(self):
            raise CaseInvalid("办件主体", CHANGED, "请联系系统管理员：自动决定环节不得改动办件主体。")
        return result

    return activated


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
