"""The in-flight sweep: cases that came past a hook point without a record.

The gate was injected while they were under way, somebody led around it, or a worker died between the guard's
refusal and the late check. Everything is set-based and in pages of the process table, so time grows with the
number of cases and memory does not. It only queues: ``latechecks`` asks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Case as Choose
from django.db.models import CharField, Count, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Cast, Concat
from viewflow.workflow.status import PROCESS, STATUS

from approval_hook.hosts.viewflow import graph
from approval_hook.hosts.viewflow.binding import WAITING, Binding, process_table, task_table
from approval_hook.hosts.viewflow.deciding import unrecorded
from approval_hook.hosts.viewflow.guard import waits_for_somebody
from approval_hook.logs import get_logger
from approval_hook.models import CreditDecision, Hold, LateCheck

#: Cases per page.
PAGE = 5000

Where = LateCheck.Where

_OPEN = (*WAITING, STATUS.STARTED)
_HAPPENED = (STATUS.STARTED, STATUS.DONE)


@dataclass(slots=True)
class Swept:
    """What one sweep found new in one flow, named by its dotted path."""

    flow: str
    looked_at: int = 0
    new: Counter[str] = field(default_factory=Counter)


def running(binding: Binding, ended_since: datetime | None = None) -> Any:
    """The running cases of a flow, and on request those that ended since then."""
    processes = binding.flow_class.task_class._meta.get_field("process").related_model._default_manager
    kept = Q(status=PROCESS.NEW)
    if ended_since is not None:
        kept |= Q(status=PROCESS.DONE, finished__gte=ended_since)
    return processes.filter(kept, flow_class=binding.flow_class)


def sweep(
    binding: Binding,
    at: datetime,
    *,
    ended_since: datetime | None = None,
    dry_run: bool = False,
    advance: Callable[[int], Any] = lambda cases: None,
) -> Swept:
    """Queue a late check for each case of one flow that came past a hook point without a record, or decided on none.

    Args:
        binding: the gated flow.
        at: the moment of the sweep; every row of it carries this, so that its count is its own.
        ended_since: look at cases that ended since then too.
        dry_run: find, and queue nothing.
        advance: told how many more cases were looked at.
    """
    swept = Swept(graph.dotted(binding.flow_ref))
    for page in _pages(running(binding, ended_since)):
        found = list(_slipped_past(binding, page))
        past = {key for key, _ in found}
        found += [(key, Where.PAST) for key in unrecorded(binding, page.processes) if key not in past]
        left = list(_unattended(binding, page))
        if dry_run:
            swept.new.update(where for _, where in found)
            swept.new[Where.AT] += len(left)
        else:
            _queue(binding, found, left, at)
        swept.looked_at += page.cases
        advance(page.cases)
    if not dry_run:
        mine = LateCheck.objects.filter(flow=binding.flow_ref, found_at=at).order_by()
        swept.new.update(dict(mine.values_list("where").annotate(Count("pk"))))
    if swept.new[Where.PAST]:
        get_logger().error(
            "cases past their decision without a record", alarm=True, flow=swept.flow, cases=swept.new[Where.PAST]
        )
    return swept


@dataclass(frozen=True, slots=True)
class _Page:
    """Cases with a number above ``after`` and up to ``upto``."""

    processes: Any
    after: int
    upto: int
    cases: int


def _pages(processes: Any) -> Iterator[_Page]:
    last = 0
    while True:
        numbers = list(processes.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:PAGE])
        if not numbers:
            return
        yield _Page(processes.filter(pk__gt=last, pk__lte=numbers[-1]), last, numbers[-1], len(numbers))
        last = numbers[-1]


def placed(binding: Binding, processes: Any) -> Any:
    """``(credit_key, where)`` of each of these cases; None for one that still comes to a gate by itself.

    One pass over the tasks of the cases: an EXISTS for each question makes PostgreSQL read the whole table for each.
    """
    accepts = binding.refs_of(binding.gate.accepts)
    ahead = binding.refs_of(sorted(graph.leading_to(binding.flow_class, set(binding.gate.protects))))
    task = binding.flow_class.task_class._meta.get_field("process").related_query_name()

    def tasks(refs: list[str], statuses: tuple[str, ...]) -> Count:
        return Count(task, filter=Q(**{f"{task}__flow_task__in": refs, f"{task}__status__in": statuses}))

    under_way = Q(status=PROCESS.NEW)
    past = Q(decided__gt=0) | Q(behind__gt=0)
    return (
        processes.annotate(credit_key=stored_key(process_table(binding.flow_class), "pk"))
        .order_by()
        .values("credit_key", "status")
        .annotate(
            open_gates=tasks(binding.gate_refs(), (STATUS.STARTED,)),
            waiting=tasks(binding.protected_refs(), WAITING),
            ahead=tasks(ahead, _OPEN),
            accepted=tasks(accepts, (STATUS.DONE,)),
            decided=tasks(binding.guarded_refs(), _HAPPENED),
            behind=tasks(binding.refs_behind(), (*_OPEN, STATUS.DONE)),
        )
        .annotate(
            where=Choose(
                # An open gate asks by itself.
                When(under_way & Q(open_gates__gt=0), then=Value(None)),
                When(under_way & Q(waiting__gt=0), then=Value(Where.AT)),
                When(under_way & Q(ahead__gt=0) & (Q(accepted__gt=0) | past), then=Value(Where.BEFORE)),
                When(past, then=Value(Where.PAST)),
                default=Value(None),
                output_field=CharField(),
            )
        )
        .values_list("credit_key", "where")
    )


def stored_key(table: str, number: str) -> Concat:
    """A row's key in the evidence, as ``Binding.host_key`` and ``task_key`` write it, for a query."""
    return Concat(Value(f"{table}:"), Cast(number, CharField()), output_field=CharField())


def _slipped_past(binding: Binding, page: _Page) -> Any:
    key = stored_key(process_table(binding.flow_class), "pk")
    known = CreditDecision.objects.filter(host_key=OuterRef("credit_key"))
    queued = LateCheck.objects.filter(host_key=OuterRef("credit_key"))
    unknown = page.processes.annotate(credit_key=key).filter(~Exists(known), ~Exists(queued))
    return placed(binding, unknown).filter(where__isnull=False)


def _unattended(binding: Binding, page: _Page) -> Any:
    """Cases with a record that wait at the decision while nobody attends to them: a worker died before it could.

    A person's task with a permitting record is attended when that person opens it, however old the record is.
    """
    automatic = binding.refs_of(n for n in binding.gate.protects if not waits_for_somebody(binding.originals[n]))
    records = CreditDecision.objects.filter(host_key=OuterRef("credit_key"))
    held = Hold.objects.filter(task_key=OuterRef("credit_task"), released_at=None)
    queued = LateCheck.objects.filter(host_key=OuterRef("credit_key"), done_at=None)
    waiting = binding.flow_class.task_class._default_manager.filter(
        process_id__gt=page.after,
        process_id__lte=page.upto,
        process__flow_class=binding.flow_class,
        process__status=PROCESS.NEW,
        flow_task__in=binding.protected_refs(),
        status__in=WAITING,
    ).alias(
        credit_key=stored_key(process_table(binding.flow_class), "process_id"),
        credit_task=stored_key(task_table(binding.flow_class), "pk"),
        permits=Subquery(records.order_by("-pk").values("permits")[:1]),
    )
    left = Q(permits=False)
    if automatic:
        left |= Q(Exists(records), flow_task__in=automatic)
    left_waiting = waiting.filter(left, ~Exists(held), ~Exists(queued))
    return left_waiting.annotate(key=F("credit_key")).order_by().values_list("key", flat=True).distinct()


def _queue(binding: Binding, found: list[tuple[str, str]], left: list[str], at: datetime) -> None:
    """Queue those found; two sweeps at once queue each case once, because its key is unique."""
    rows = [
        LateCheck(host_key=key, flow=binding.flow_ref, where=where, found_at=at, next_try_at=at)
        for key, where in [*found, *((key, Where.AT) for key in left)]
    ]
    LateCheck.objects.bulk_create(rows, ignore_conflicts=True)
    # Marked as made, and there is no record that says so.
    past = [key for key, where in found if where == Where.PAST]
    LateCheck.objects.filter(host_key__in=past).exclude(done_at=None).update(
        where=Where.PAST, flow=binding.flow_ref, found_at=at, next_try_at=at, done_at=None, attempts=0, found=""
    )
    # Checked once already and left waiting again since: the same row, opened again.
    LateCheck.objects.filter(host_key__in=left).exclude(done_at=None).update(
        where=Where.AT, found_at=at, next_try_at=at, done_at=None, attempts=0
    )
