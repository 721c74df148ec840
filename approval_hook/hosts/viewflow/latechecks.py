"""Works off what the sweep queued: one late check per case, before its next protected node or after the fact."""

from __future__ import annotations

from django.db import transaction
from viewflow.workflow.exceptions import FlowLockFailed
from viewflow.workflow.status import PROCESS

from approval_hook import clock, debts, gate
from approval_hook.errors import ApprovalHookError
from approval_hook.hosts.viewflow.attending import Attended, answer_of, attend
from approval_hook.hosts.viewflow.binding import WAITING, Binding
from approval_hook.hosts.viewflow.deciding import undecided
from approval_hook.hosts.viewflow.sweeping import Where, placed
from approval_hook.logs import get_logger
from approval_hook.models import LateCheck, Point

#: Late checks per flow and pass, so that a long queue does not keep parked gates waiting.
PER_PASS = 20


def make_late_checks(binding: Binding) -> tuple[int, int]:
    """Make the next late checks of a flow, the most urgent first; how many are done, and how many failed."""
    done = failed = 0
    due = LateCheck.objects.filter(flow=binding.flow_ref, done_at=None, next_try_at__lte=clock.now())
    for row in list(due.order_by("where", "pk")[:PER_PASS]):
        try:
            done += make_late_check(binding, row)
        except Exception as error:  # noqa: BLE001 - one broken case must not stop the others
            failed += 1
            _later(row)
            get_logger().error(
                "late check failed",
                case=row.host_key,
                error=type(error).__name__,
                text=str(error) if isinstance(error, ApprovalHookError) else "",
            )
    return done, failed


def make_late_check(binding: Binding, row: LateCheck) -> bool:
    """Check one queued case; False when it has to wait for its next try."""
    process_pk = int(row.host_key.rpartition(":")[2])
    processes = binding.flow_class.task_class._meta.get_field("process").related_model._default_manager
    status = processes.filter(pk=process_pk).values_list("status", flat=True).first()
    if status in (None, PROCESS.CANCELED):
        # A withdrawn case gives no ground to ask any more (S-14).
        return _settle(row, "")
    # That a case of a removed gate was let go is known; what it owes is a check, if it has none.
    if row.where != Where.RETIRED and any(undecided(binding, processes.filter(pk=process_pk))):
        return _record(binding, row, process_pk, past=True)
    _, now = placed(binding, processes.filter(pk=process_pk)).get()
    if now == Where.AT:
        return _at_the_decision(binding, row, process_pk)
    if gate.in_force(row.host_key) is not None:
        return _settle(row, "")
    if now is None:
        # With a gate that asks by itself, or ended without ever coming to a decision.
        return _settle(row, "") if status != PROCESS.NEW else _later(row)
    return _record(binding, row, process_pk, past=now == Where.PAST)


def _at_the_decision(binding: Binding, row: LateCheck, process_pk: int) -> bool:
    """The guard's own way, under the guard's own key, so that page and runner ask once between them."""
    tasks = binding.flow_class.task_class._default_manager.filter(
        process_id=process_pk,
        flow_task__in=binding.protected_refs(),
        status__in=WAITING,
    )
    outcomes = [attend(binding.flow_class, pk) for pk in list(tasks.order_by("pk").values_list("pk", flat=True))]
    if not set(outcomes) <= {Attended.PASSED, Attended.HELD}:
        return _later(row)
    found = gate.in_force(row.host_key)
    return _settle(row, found.outcome if found is not None else "")


def _record(binding: Binding, row: LateCheck, process_pk: int, *, past: bool) -> bool:
    """Ask, and record what comes back. Past the decision that is all: nothing is held and nothing undone."""
    case = binding.case(process_pk)
    opened = gate.open_inquiry(case, Point.LATE, f"late:{row.pk}", "system")
    answer = answer_of(case, opened)
    if answer is None:
        return _later(row)
    try:
        with binding.flow_class.lock(process_pk), transaction.atomic(savepoint=False):
            if LateCheck.objects.filter(pk=row.pk, done_at=None).count() == 0:
                return False  # another worker did it while we asked
            if not past and gate.in_force(row.host_key) is not None:
                return _settle(row, "")
            case = binding.case(process_pk)
            if (case.subjects, case.loaded.digest) != (answer.inquiry.subjects, answer.inquiry.rules_digest):
                return _later(row)
            decision = gate.decide(case, answer.inquiry, answer.reply, Point.LATE, "system")
            _settle(row, decision.outcome)
            if past:
                get_logger().error(
                    "case past its decision was checked after the fact",
                    alarm=True,
                    case=row.host_key,
                    outcome=decision.outcome,
                    permits=decision.permits,
                )
            return True
    except FlowLockFailed:
        return _later(row)


def _settle(row: LateCheck, found: str) -> bool:
    LateCheck.objects.filter(pk=row.pk, done_at=None).update(done_at=clock.now(), found=found)
    return True


def _later(row: LateCheck) -> bool:
    row.attempts += 1
    row.next_try_at = debts.next_try(row.attempts, clock.now())
    row.save(update_fields=["attempts", "next_try_at"])
    return False


def open_late_checks(binding: Binding) -> int:
    """How many late checks of a flow are still to be made."""
    return LateCheck.objects.filter(flow=binding.flow_ref, done_at=None).count()
