"""Pays owed re-checks: a few per pass, one trial per silent source, and sooner once a source is back."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import transaction
from viewflow.workflow.status import PROCESS

from approval_hook import clock, debts, gate, pending
from approval_hook.hosts.viewflow.attending import answer_of
from approval_hook.hosts.viewflow.binding import Binding
from approval_hook.hosts.viewflow.sweeping import Where, placed
from approval_hook.limits import Limited
from approval_hook.logs import get_logger
from approval_hook.models import CreditDecision, Hold, Point, Recheck, Reply
from approval_hook.platforms import platforms
from approval_hook.policy.receipt import reports_from_json
from approval_hook.policy.records import QueryStatus
from approval_hook.probing import reachable

#: Debts per flow and pass, so that a long queue keeps no parked gate waiting and asks no platform to death.
PER_PASS = 20
#: Who takes a debt up has it for so long; longer than any deadline of a query.
LEASE = timedelta(minutes=2)
#: A silent source is probed this often at most, by one process, in seconds.
PROBE_EVERY = 60.0
#: Replies of all processes that are looked at in one pass.
_MOST_REPLIES = 100


@dataclass(slots=True)
class Watch:
    """What one runner knows of the sources it waits for."""

    reply: int | None = None  # newest reply looked at
    probed: dict[str, float] = field(default_factory=dict)  # by source, on the monotonic clock


_watch = Watch()


def pay_debts(binding: Binding) -> int:
    """Make re-checks of one flow that are due, the most urgent first; how many debts were paid."""
    paid = 0
    quiet: set[str] = set()
    held = Hold.objects.filter(released_at=None).values("host_key")  # those ask for themselves
    owed = Recheck.objects.filter(flow=binding.flow_ref, paid_at=None, next_try_at__lte=clock.now())
    for row in list(owed.exclude(host_key__in=held).order_by("due_on", "next_try_at", "pk")[:PER_PASS]):
        # One debt tries a silent source; the others wait for what it finds.
        if quiet & set(debts.named(row.silent)) or not _taken(row):
            continue
        try:
            silent = pay(binding, row)
        except Exception as error:  # noqa: BLE001 - one broken case must not stop the others
            _later(row)
            get_logger().error("re-check failed", case=row.host_key, error=type(error).__name__)
            continue
        quiet |= silent or set()
        paid += silent is None
    return paid


def _taken(row: Recheck) -> bool:
    """Whether this worker has the debt to itself; another one leaves it alone for the time of the lease."""
    until = clock.now() + LEASE
    mine = Recheck.objects.filter(pk=row.pk, paid_at=None, next_try_at=row.next_try_at)
    return bool(mine.update(next_try_at=until))


def pay(binding: Binding, row: Recheck, by: str = "system") -> set[str] | None:
    """Make one re-check; None when it is paid or void, else the sources that were silent.

    A record about other subjects than those of now is replaced whatever comes back.
    """
    process_pk = int(row.host_key.rpartition(":")[2])
    processes = binding.flow_class.task_class._meta.get_field("process").related_model._default_manager
    status = processes.filter(pk=process_pk).values_list("status", flat=True).first()
    if status in (None, PROCESS.CANCELED):
        # A withdrawn case gives no ground to ask any more (S-14).
        pending.withdraw(row.host_key)
        Recheck.objects.filter(pk=row.pk).update(paid_at=clock.now())
        return set()
    case = binding.case(process_pk)
    key = f"recheck:{row.pk}:{row.owed_since.isoformat()}"
    answer = answer_of(case, gate.open_inquiry(case, Point.RECHECK, key, by, unanswered=True))
    if answer is None:
        _later(row)
        return set()
    with binding.flow_class.lock(process_pk), transaction.atomic(savepoint=False):
        found = gate.in_force(case.host_key)
        if not answer.reply.complete and (found is None or found.subjects == case.subjects):
            lacks = debts.lacking(reports_from_json(answer.reply.reports), case.matter.required_sources)
            quiet = debts.silent(lacks)
            _later(row, waits_for=debts.listed(r.source for r in lacks), silent=debts.listed(quiet))
            return quiet
        decision: CreditDecision = gate.decide(case, answer.inquiry, answer.reply, Point.RECHECK, by)
        if not decision.complete:
            return set()
        if decision.outcome in debts.FOR_A_PERSON:
            _hand_over(binding, processes.filter(pk=process_pk), row, decision)
    return None


def _hand_over(binding: Binding, processes: object, row: Recheck, decision: CreditDecision) -> None:
    """Leave to a person what was found after the decision; before it the gate holds the case by itself."""
    _, where = placed(binding, processes).get()
    if where != Where.PAST:
        return
    Recheck.objects.filter(pk=row.pk).update(after_decision=True)
    get_logger().error("found after the decision", alarm=True, case=row.host_key, outcome=decision.outcome)


def _later(row: Recheck, **state: str) -> None:
    row.attempts += 1
    next_try_at = debts.next_try(row.attempts, clock.now())
    Recheck.objects.filter(pk=row.pk, paid_at=None).update(attempts=row.attempts, next_try_at=next_try_at, **state)


def notice_sources() -> int:
    """Bring debts forward whose source is back; how many.

    A source is back when any process got a complete answer from it, or when it passes a probe, which names nobody.
    """
    waited = debts.waited_for()
    answered = _answering()
    if not waited:
        return 0
    sources = platforms()
    open_to_us = {
        name for name in waited if name in sources and not (isinstance(p := sources[name], Limited) and p.paused())
    }
    back = open_to_us & answered
    for name in sorted(open_to_us - answered):
        tried = _watch.probed.get(name)
        if tried is None or time.monotonic() - tried >= PROBE_EVERY:
            _watch.probed[name] = time.monotonic()
            if reachable(sources[name]):
                back.add(name)
    moved = debts.bring_forward(back) if back else 0
    if moved:
        get_logger().info("sources are back", sources=sorted(back), debts=moved)
    return moved


def _answering() -> set[str]:
    """Sources that gave anybody a complete answer since the last pass."""
    rows = Reply.objects.order_by("-pk").only("pk", "reports", "reused")
    if _watch.reply is None:  # what happened before this process began says nothing of now
        _watch.reply = rows.values_list("pk", flat=True).first() or 0
        return set()
    newest = list(rows.filter(pk__gt=_watch.reply)[:_MOST_REPLIES])
    if newest:
        _watch.reply = newest[0].pk
    return {
        report["source"]
        for row in newest
        if not row.reused
        for report in row.reports
        if report["status"] == QueryStatus.OK.value
    }
