"""The runner's work: parked gates, held tasks, owed re-checks, late checks, retired gates, one pass at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from viewflow.workflow.status import PROCESS, STATUS

from approval_hook import clock, gate, pending
from approval_hook.hosts.viewflow.attending import answer_of, attend, log_failure
from approval_hook.hosts.viewflow.binding import Binding, process_table
from approval_hook.hosts.viewflow.injection import bindings
from approval_hook.hosts.viewflow.latechecks import make_late_checks
from approval_hook.hosts.viewflow.retiring import finish_retired
from approval_hook.hosts.viewflow.sweeping import stored_key
from approval_hook.logs import get_logger
from approval_hook.models import CreditDecision, Hold, Point, Recheck

#: A parked gate younger than this belongs to the request that parked it.
GRACE = timedelta(seconds=5)


@dataclass(slots=True)
class Tally:
    """What one pass of the runner did."""

    passed: int = 0
    held: int = 0
    parked: int = 0
    gone: int = 0
    rechecked: int = 0
    late: int = 0  # late checks of cases that the sweep found
    retired: int = 0  # gate tasks of removed flows that were finished
    failed: int = 0


def tend() -> Tally:
    """One pass over everything that waits: parked gates, held tasks, owed re-checks, late checks, retired gates."""
    tally = Tally()
    for binding in bindings():
        for task_pk in list(_waiting_tasks(binding)):
            try:
                outcome = attend(binding.flow_class, task_pk)
            except Exception as error:  # noqa: BLE001 - one broken case must not stop the others
                tally.failed += 1
                log_failure(binding.flow_class, task_pk, error)
                continue
            setattr(tally, outcome.value, getattr(tally, outcome.value) + 1)
        tally.rechecked += _pay_rechecks(binding)
        late, failed = make_late_checks(binding)
        tally.late += late
        tally.failed += failed
    tally.retired, failed = finish_retired()
    tally.failed += failed
    return tally


def _waiting_tasks(binding: Binding) -> Iterator[int]:
    tasks = binding.flow_class.task_class._default_manager
    parked = tasks.filter(
        flow_task__in=binding.gate_refs(), status=STATUS.STARTED, started__lte=clock.now() - GRACE
    ).values_list("pk", flat=True)
    waiting = dict.fromkeys(parked)
    waiting.update(dict.fromkeys(_unasked(binding)))
    # Held tasks of either kind, so that the hold of a task that is gone is released too.
    prefix = binding.task_key(0).removesuffix("0")
    held = Hold.objects.filter(flow=binding.flow_ref, task_key__startswith=prefix, released_at=None)
    numbers = (key.removeprefix(prefix) for key in held.values_list("task_key", flat=True))
    waiting.update(dict.fromkeys(int(number) for number in numbers if number.isdecimal()))
    yield from waiting


def _unasked(binding: Binding) -> Iterator[int]:
    """Tasks of protected nodes without a gate node whose case has no record: whoever was to ask died before."""
    alone = binding.refs_of(binding.guarded_alone())
    if not alone:
        return
    key = stored_key(process_table(binding.flow_class), "process_id")
    tasks = binding.flow_class.task_class._default_manager.filter(
        flow_task__in=alone, status__in=(STATUS.NEW, STATUS.ASSIGNED), created__lte=clock.now() - GRACE
    )
    decided = CreditDecision.objects.filter(host_key=OuterRef("key"))
    yield from tasks.annotate(key=key).filter(~Exists(decided)).values_list("pk", flat=True)


def _pay_rechecks(binding: Binding) -> int:
    paid = 0
    held = Hold.objects.filter(released_at=None).values("host_key")  # those ask for themselves
    owed = Recheck.objects.filter(flow=binding.flow_ref, paid_at=None, next_try_at__lte=clock.now())
    owed = owed.exclude(host_key__in=held)
    for recheck in list(owed):
        try:
            paid += _pay(binding, recheck)
        except Exception as error:  # noqa: BLE001 - one broken case must not stop the others
            recheck.attempts += 1
            recheck.next_try_at = gate.next_try(recheck.attempts, clock.now())
            recheck.save(update_fields=["attempts", "next_try_at"])
            get_logger().error("re-check failed", case=recheck.host_key, error=type(error).__name__)
    return paid


def _pay(binding: Binding, recheck: Recheck) -> int:
    process_pk = int(recheck.host_key.rpartition(":")[2])
    status = binding.flow_class.process_class._default_manager.filter(pk=process_pk).values_list("status", flat=True)
    if status.first() in (None, PROCESS.CANCELED):
        # A withdrawn case gives no ground to ask any more (S-14).
        pending.withdraw(recheck.host_key)
        recheck.paid_at = clock.now()
        recheck.save(update_fields=["paid_at"])
        return 0
    case = binding.case(process_pk)
    key = f"recheck:{recheck.pk}:{recheck.owed_since.isoformat()}"
    answer = answer_of(case, gate.open_inquiry(case, Point.RECHECK, key, "system", unanswered=True))
    if answer is None:
        return 0
    with binding.flow_class.lock(process_pk), transaction.atomic(savepoint=False):
        if not answer.reply.complete:
            recheck.attempts += 1
            recheck.next_try_at = gate.next_try(recheck.attempts, clock.now())
            recheck.save(update_fields=["attempts", "next_try_at"])
            return 0
        decision: CreditDecision = gate.decide(case, answer.inquiry, answer.reply, Point.RECHECK, "system")
        return int(decision.complete)
