"""Park, commit, ask, resume: one path for requests, jobs and honest retries.

``pass_or_park`` runs inside the host's transaction and asks nobody remote. ``attend`` runs after
it: it may ask, and then finishes under the flow lock. A second call finds the matter settled.
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection, transaction
from viewflow.workflow.activation import Activation
from viewflow.workflow.base import Flow
from viewflow.workflow.context import Context, context
from viewflow.workflow.exceptions import FlowLockFailed
from viewflow.workflow.status import PROCESS, STATUS

from approval_hook import clock, gate
from approval_hook.errors import ApprovalHookError, CaseInvalid
from approval_hook.gate import Case, Standing, Verdict
from approval_hook.hosts.viewflow import graph
from approval_hook.hosts.viewflow.binding import WAITING, Binding
from approval_hook.hosts.viewflow.holding import (
    hold_case,
    hold_invalid,
    observe_case,
    observe_invalid,
    release_held,
    release_hold,
)
from approval_hook.hosts.viewflow.injection import binding_of, find_binding
from approval_hook.hosts.viewflow.nodes import CreditGateActivation, on_commit_unlocked
from approval_hook.logs import get_logger
from approval_hook.models import CreditDecision, Hold, Inquiry, Point, Reply
from approval_hook.statements import by_key

#: Facts that change while a platform is asked make the answer unusable; try this often at once.
_ROUNDS = 3


class Attended(StrEnum):
    """What became of a waiting task."""

    PASSED = "passed"
    HELD = "held"
    PARKED = "parked"  # not now: the lock is taken or a transaction is open
    GONE = "gone"  # settled by somebody else


def asker_of(activation: Activation) -> str:
    """Who moved the case here: whoever took the task up, else the owner of the previous one, else the system."""
    known = getattr(activation, "asker", None)
    if known is not None:
        return str(known)
    if activation.task.owner is not None:
        return str(activation.task.owner.get_username())
    username = f"owner__{get_user_model().USERNAME_FIELD}"
    owned = activation.task.previous.exclude(owner=None).order_by("-pk")
    return str(owned.values_list(username, flat=True).first() or "system")


def pass_or_park(activation: Activation) -> bool:
    """Pass on a valid record; ask local platforms here and now; leave the rest for after the commit.

    For a gate task, and for a protected task that was reached by another way than its gate.

    Raises:
        CaseInvalid: the facts of the case are unusable; the host's transaction rolls back. In the background nobody
            reads an error; there the case is held with its remedy instead.
    """
    try:
        return _pass_or_park(activation)
    except CaseInvalid as error:
        if context.propagate_exception:
            raise
        hold_invalid(activation, error)
        return False


def _pass_or_park(activation: Activation) -> bool:
    binding = binding_of(activation.flow_class)
    point = binding.point_of(activation.flow_task)
    try:
        case = binding.case(activation.task.process_id)
    except CaseInvalid as error:
        if not binding.gate.observes:
            raise
        observe_invalid(binding, activation, error)
        return True
    standing = gate.standing(case, point)
    if standing.verdict is Verdict.ASK and gate.all_local():
        standing = gate.standing_on(case, point, _ask_and_decide(binding, activation, case, point, standing))
    if standing.passes:
        if standing.reason:
            observe_case(binding, activation, case, standing)
        return True
    if standing.verdict is Verdict.HELD:
        hold_case(binding, activation, case, standing)
    attend_later(activation.flow_class, activation.task.pk, asker_of(activation))
    return False


def gate_passes(activation: CreditGateActivation) -> bool:
    """Whether the newest record lets a gate task complete, whoever tries."""
    binding = find_binding(activation.flow_class)
    if binding is None:
        return False
    try:
        case = binding.case(activation.task.process_id)
    except CaseInvalid:
        return binding.gate.observes
    return gate.standing(case, binding.point_of(activation.flow_task)).passes


def attend_later(flow_class: type[Flow], task_pk: int, by: str | None = None) -> None:
    """Attend to a task after the outermost commit and outside every flow lock; ``by`` as in ``attend``."""

    def attend_quietly() -> None:
        try:
            attend(flow_class, task_pk, by=by)
        except Exception as error:  # noqa: BLE001 - the row stays the durable debt; the runner takes it up again
            log_failure(flow_class, task_pk, error)

    on_commit_unlocked(attend_quietly)


def log_failure(flow_class: type[Flow], task_pk: int, error: Exception) -> None:
    """Say where it failed, never with what values; the words of our own errors carry none."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    get_logger().error(
        "attending failed",
        flow=flow_class.__name__,
        task=task_pk,
        error=type(error).__name__,
        place=f"{Path(frame.filename).name}:{frame.lineno}",
        text=str(error) if isinstance(error, ApprovalHookError) else "",
    )


def attend(flow_class: type[Flow], task_pk: int, *, force: bool = False, by: str | None = None) -> Attended:
    """Take one waiting task as far as it lawfully goes.

    Args:
        flow_class: an injected flow.
        task_pk: a gate task that is parked or held, or a held protected task.
        force: ask again even if the last answer is not due for a retry yet.
        by: who moved the case here, where the caller knows it.
    """
    binding = binding_of(flow_class)
    for _ in range(_ROUNDS):
        outcome = _attend_once(binding, task_pk, force, by)
        if outcome is not None:
            return outcome
    return Attended.PARKED


def _attend_once(binding: Binding, task_pk: int, force: bool, by: str | None) -> Attended | None:
    activation = _activation(binding, task_pk)
    key = binding.task_key(task_pk)
    if activation is not None and activation.flow_task.name not in graph.nodes_of(binding.flow_class):
        return Attended.PARKED  # its node was renamed or taken out: it waits, and nobody can say for what
    if activation is None or not _waits(activation):
        release_held(key)
        return Attended.GONE
    point = binding.point_of(activation.flow_task)
    try:
        case = binding.case_from(activation.process)
    except CaseInvalid as error:
        if binding.gate.observes:
            return _finish_or_park(binding, activation, None)
        with transaction.atomic():
            hold_invalid(activation, error)
        return Attended.HELD
    standing = gate.standing(case, point)
    hold = None
    if standing.verdict is Verdict.HELD:
        hold = Hold.objects.filter(task_key=key, released_at=None).first()
        if hold is not None and not force and not _due(case, standing, hold):
            return Attended.HELD
    answer = None
    if standing.verdict is Verdict.ASK or _retry_due(standing, hold, force):
        if connection.in_atomic_block and not gate.all_local():
            get_logger().warning("a transaction is open, so no remote platform is asked; the runner will", task=task_pk)
            return Attended.PARKED
        answer = _ask(binding, activation, case, point, standing, by or asker_of(activation))
        if answer is None:
            return Attended.HELD if standing.verdict is Verdict.HELD else Attended.PARKED
    return _finish_or_park(binding, activation, answer, standing.decision)


def _finish_or_park(
    binding: Binding, activation: Activation, answer: Answer | None, seen: CreditDecision | None = None
) -> Attended | None:
    try:
        return _finish(binding, activation.task.pk, activation.task.process_id, answer, seen)
    except FlowLockFailed:
        return Attended.PARKED


def _activation(binding: Binding, task_pk: int) -> Activation | None:
    task: Any = by_key(binding.flow_class.task_class)(task_pk)
    if task is None or task.flow_task is None or task.flow_task.flow_class is not binding.flow_class:
        return None
    process = by_key(binding.flow_class.process_class)(task.process_id)
    if process is None:
        return None
    task.process = process
    return task.flow_task.activation_class(task)


def _waits(activation: Activation) -> bool:
    if activation.process.status != PROCESS.NEW:
        return False
    if isinstance(activation, CreditGateActivation):
        return bool(activation.task.status == STATUS.STARTED)
    return activation.task.status in WAITING


def _retry_due(standing: Standing, hold: Hold | None, force: bool) -> bool:
    """Ask again for an incomplete answer when its time has come; a complete one stays until stale."""
    if standing.verdict is not Verdict.HELD or standing.decision is None or standing.decision.complete:
        return False
    return force or hold is None or hold.next_try_at is None or hold.next_try_at <= clock.now()


def _due(case: Case, standing: Standing, hold: Hold) -> bool:
    """Whether a held case has anything to do now: a retry, an escalation, a lapse."""
    if _retry_due(standing, hold, force=False):
        return True
    due_on = gate.due_on(case)
    escalate = hold.escalated_at is None and case.on >= gate.release_on(due_on)
    return escalate or case.on >= due_on


@dataclass(frozen=True, slots=True)
class Answer:
    """An inquiry with its reply."""

    inquiry: Inquiry
    reply: Reply
    taken_up: bool  # somebody else recorded the reply, and may have decided on it


def _ask(
    binding: Binding, activation: Activation, case: Case, point: Point, standing: Standing, by: str
) -> Answer | None:
    key, known = binding.task_key(activation.task.pk), standing.decision
    unanswered = known is not None and not known.complete
    return answer_of(case, gate.open_inquiry(case, point, key, by, first=known is None, unanswered=unanswered))


def answer_of(case: Case, opened: gate.Opened) -> Answer | None:
    """Ask, unless the opened inquiry has its answer already; None when another worker fetches for the case now."""
    reply = gate.obtain(case, opened)
    return Answer(opened.inquiry, reply, taken_up=opened.answer is not None) if reply is not None else None


def _ask_and_decide(
    binding: Binding, activation: Activation, case: Case, point: Point, standing: Standing
) -> CreditDecision | None:
    answer = _ask(binding, activation, case, point, standing, asker_of(activation))
    return _decide(case, point, answer) if answer is not None else None


def _decide(
    case: Case, point: Point, answer: Answer, *, beside: bool = False, seen: CreditDecision | None = None
) -> CreditDecision | None:
    """The decision now in force; what another worker has decided on is not decided on again.

    Args:
        case: the case as it stands.
        point: hook point.
        answer: the inquiry with a reply.
        beside: the task still waits after a decision, so that a second worker may have asked the same at once.
        seen: the decision that was in force when this worker began to ask; another one is a second worker's.
    """
    if answer.taken_up or beside:
        found = gate.in_force(case.host_key)
        if found is not None and found.is_genuine():
            others = beside and found != seen  # its own is what the answer is to replace, not a second worker's
            asked_too = others and found.inquiry_id == answer.inquiry.pk and found.complete >= answer.reply.complete
            if found.reply_id == answer.reply.pk or asked_too:
                return found
    return gate.decide(case, answer.inquiry, answer.reply, point, answer.inquiry.asked_by)


def _finish(
    binding: Binding, task_pk: int, process_pk: int, answer: Answer | None, seen: CreditDecision | None
) -> Attended | None:
    """Under flow lock and transaction: decision, its effect, and the next step, all or nothing."""
    # A database lock has opened the transaction already; a savepoint inside it would buy nothing.
    with binding.flow_class.lock(process_pk), transaction.atomic(savepoint=False):
        activation = _activation(binding, task_pk)
        if activation is None or not _waits(activation):
            return Attended.GONE
        point = binding.point_of(activation.flow_task)
        try:
            case = binding.case_from(activation.process)
        except CaseInvalid as error:
            if binding.gate.observes:
                observe_invalid(binding, activation, error)
                return _release(activation)
            hold_invalid(activation, error)
            return Attended.HELD
        if answer is None:
            found = gate.in_force(case.host_key)
        else:
            changed = case.subjects != answer.inquiry.subjects or case.loaded.digest != answer.inquiry.rules_digest
            if changed:
                return None
            # A gate task is done once it is decided on; a person's task waits on.
            found = _decide(case, point, answer, beside=not isinstance(activation, CreditGateActivation), seen=seen)
        standing = gate.standing_on(case, point, found)
        if standing.verdict is Verdict.ASK:
            return None
        if standing.verdict is Verdict.HELD and standing.decision is not None:
            lapsed = gate.lapse(case, standing.decision)
            standing = gate.standing_on(case, point, lapsed) if lapsed is not None else standing
        if not standing.passes:
            hold_case(binding, activation, case, standing)
            return Attended.HELD
        if standing.reason:
            observe_case(binding, activation, case, standing)
        return _release(activation)


def _release(activation: Activation) -> Attended:
    release_hold(activation)
    _go_on(activation)
    return Attended.PASSED


def _go_on(activation: Activation) -> None:
    if isinstance(activation, CreditGateActivation):
        activation.passes = True
        activation.execute()
    elif activation.activate.can_proceed():
        # An automatic node that was held while NEW: run it the way Viewflow's own revive does.
        with Context(propagate_exception=False):
            activation._activate_next({activation})
