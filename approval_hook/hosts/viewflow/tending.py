"""The runner's work: parked gates, held tasks, owed re-checks, late checks, retired gates, statutory clocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Exists, OuterRef
from viewflow.workflow.status import STATUS

from approval_hook import clock, deadlines, debts, gate
from approval_hook.aftercare import reminding
from approval_hook.hosts.viewflow.attending import attend, log_failure
from approval_hook.hosts.viewflow.binding import WAITING, Binding, process_table
from approval_hook.hosts.viewflow.injection import bindings
from approval_hook.hosts.viewflow.latechecks import make_late_checks
from approval_hook.hosts.viewflow.paying import notice_sources, pay_debts
from approval_hook.hosts.viewflow.retiring import finish_retired
from approval_hook.hosts.viewflow.sweeping import stored_key
from approval_hook.models import CreditDecision, EmergencyAct, Hold

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
    forwarded: int = 0  # owed re-checks whose source is back
    overdue: int = 0  # owed re-checks for which the supervisor was called
    late: int = 0  # late checks of cases that the sweep found
    retired: int = 0  # gate tasks of removed flows that were finished
    reminded: int = 0  # deadlines that came to a reminder, a warning or their end
    lapsed: int = 0  # cases that the law counts as accepted or renewed, because nobody said anything in time
    recounted: int = 0  # cases whose deadlines follow new rules or a new calendar
    promises: int = 0  # promises that came to a reminder, a warning or their end
    failed: int = 0


def tend() -> Tally:
    """One pass over everything that waits."""
    tally = Tally()
    tally.forwarded = notice_sources()
    for binding in bindings():
        for task_pk in list(_waiting_tasks(binding)):
            try:
                outcome = attend(binding.flow_class, task_pk)
            except Exception as error:  # noqa: BLE001 - one broken case must not stop the others
                tally.failed += 1
                log_failure(binding.flow_class, task_pk, error)
                continue
            setattr(tally, outcome.value, getattr(tally, outcome.value) + 1)
        tally.rechecked += pay_debts(binding)
        late, failed = make_late_checks(binding)
        tally.late += late
        tally.failed += failed
    tally.overdue = debts.escalate()
    tally.retired, failed = finish_retired()
    tally.failed += failed
    swept = deadlines.sweep()
    tally.reminded, tally.lapsed, tally.recounted = swept.reminded, swept.lapsed, swept.recounted
    tally.failed += swept.failed
    promised = reminding.remind()
    tally.promises = promised.told
    tally.failed += promised.failed
    return tally


def _waiting_tasks(binding: Binding) -> Iterator[int]:
    tasks = binding.flow_class.task_class._default_manager
    parked = tasks.filter(
        flow_task__in=binding.gate_refs(), status=STATUS.STARTED, started__lte=clock.now() - GRACE
    ).values_list("pk", flat=True)
    waiting = dict.fromkeys(parked)
    waiting.update(dict.fromkeys(_unasked(binding)))
    waiting.update(dict.fromkeys(_run_out(binding)))
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


def _run_out(binding: Binding) -> Iterator[int]:
    """Steps that an emergency release opened and nobody took before it expired: they are held again, and listed."""
    over = EmergencyAct.objects.filter(
        host_key=OuterRef("key"), kind=EmergencyAct.Kind.CONFIRMED, expires_at__lte=clock.now()
    )
    tasks = binding.flow_class.task_class._default_manager.filter(
        flow_task__in=binding.protected_refs(), status__in=WAITING
    )
    key = stored_key(process_table(binding.flow_class), "process_id")
    for pk, host_key in tasks.annotate(key=key).filter(Exists(over)).values_list("pk", "key"):
        found = gate.in_force(host_key)
        if found is not None and found.origin == CreditDecision.Origin.EMERGENCY:
            yield pk
