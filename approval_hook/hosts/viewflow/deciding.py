"""Whether decided cases were decided on a record that permitted it then and that the gate itself made.

The guard and the database see to that beforehand. This looks at what came past both: triggers that were lifted for a
while, a record or a late check put in beside the gate, a reference under which nobody looked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import CharField, Q
from django.db.models.functions import Cast
from viewflow.workflow.fields import import_task_by_ref
from viewflow.workflow.status import STATUS

from approval_hook import emergency
from approval_hook.hosts.viewflow.binding import WAITING, Binding
from approval_hook.models import CreditDecision, LateCheck

#: Clocks of several machines differ by less than this.
_CLOCK_TOLERANCE = timedelta(minutes=5)
_HAPPENED = (STATUS.STARTED, STATUS.DONE)
#: Keys per query, and records at once in memory.
_CHUNK = 200


@dataclass(slots=True)
class _Steps:
    """When a case was decided, and whether it stands behind its decision."""

    decided: list[datetime] = field(default_factory=list)
    behind: bool = False


@dataclass(frozen=True, slots=True)
class _Record:
    pk: int
    permits: bool
    made_at: datetime


def undecided(binding: Binding, processes: Any) -> Iterator[str]:
    """Keys of those of these cases that were decided, or brought behind the decision, without such a record."""
    steps = {binding.host_key(pk): each for pk, each in _steps(binding, processes).items()}
    for keys in _chunks(sorted(steps)):
        records = _records(keys)
        serving = {
            key: [_serving(records[key], at, observes=binding.gate.observes) for at in steps[key].decided] or [set()]
            for key in keys
        }
        genuine = _genuine({pk for found in serving.values() for pks in found for pk in pks})
        yield from (key for key in keys if not all(pks & genuine for pks in serving[key]))


def unrecorded(binding: Binding, processes: Any) -> Iterator[str]:
    """Those of them that no late check is owed for and none was made: a row that says so alone is nobody's word."""
    for keys in _chunks(sorted(undecided(binding, processes))):
        rows = {row.host_key: row for row in LateCheck.objects.filter(host_key__in=keys)}
        made = {f"late:{row.pk}": key for key, row in rows.items() if row.done_at is not None}
        late = CreditDecision.objects.filter(inquiry__gate_key__in=made, host_key__in=keys).select_related("inquiry")
        known = {row.host_key for row in late if made[row.inquiry.gate_key] == row.host_key and row.is_genuine()}
        known |= {key for key, row in rows.items() if row.done_at is None}
        yield from (key for key in keys if key not in known)


def _steps(binding: Binding, processes: Any) -> dict[int, _Steps]:
    tasks = binding.flow_class.task_class._default_manager.filter(process__in=processes.values("pk"))
    tasks = tasks.annotate(ref=Cast("flow_task", CharField())).order_by()
    decided, behind = set(binding.guarded_refs()), set(binding.refs_behind())
    for ref, name in _other_names(binding, tasks.exclude(flow_task__in=binding.refs())):
        if name in binding.gate.protects:
            decided.add(ref)
        elif f"{binding.flow_ref}.{name}" in behind:
            behind.add(ref)
    past = Q(flow_task__in=decided, status__in=_HAPPENED)
    past |= Q(flow_task__in=behind, status__in=(*WAITING, *_HAPPENED))
    found: dict[int, _Steps] = defaultdict(_Steps)
    rows = tasks.filter(past).values_list("process_id", "ref", "finished", "started", "created")
    for process_pk, ref, finished, started, created in rows.iterator():
        if ref in decided:
            found[process_pk].decided.append(finished or started or created)
        else:
            found[process_pk].behind = True
    return found


def _other_names(binding: Binding, tasks: Any) -> Iterator[tuple[str, str]]:
    """References to nodes of the flow that are not its own, with the name of the node each leads to."""
    for (ref,) in tasks.filter(status__in=_HAPPENED).values_list("ref").distinct():
        path, _, name = str(ref).rpartition(".")
        try:
            node = import_task_by_ref(ref)
        except (ImportError, LookupError, TypeError, AssertionError):
            node = None
        if path in binding.was() or (node is not None and node.flow_class is binding.flow_class):
            yield ref, name


def _records(keys: Sequence[str]) -> dict[str, list[_Record]]:
    found: dict[str, list[_Record]] = defaultdict(list)
    rows = CreditDecision.objects.filter(host_key__in=keys).order_by("pk")
    for key, pk, permits, made_at in rows.values_list("host_key", "pk", "permits", "made_at"):
        found[key].append(_Record(pk, permits, made_at))
    return found


def _serving(records: Sequence[_Record], at: datetime, *, observes: bool) -> set[int]:
    """Records on which a decision of that moment can rest: the one in force, or one made at about that time."""
    if observes:
        return {r.pk for r in records}
    in_force = [r for r in records if r.made_at <= at][-1:]
    about = [r for r in records if abs(r.made_at - at) <= _CLOCK_TOLERANCE]
    return {r.pk for r in (*in_force, *about) if r.permits}


def _genuine(pks: Iterable[int]) -> set[int]:
    return {
        row.pk
        for chunk in _chunks(sorted(pks))
        for row in CreditDecision.objects.filter(pk__in=chunk)
        if row.is_genuine() and emergency.stands(row)
    }


def _chunks(items: list[Any]) -> Iterator[list[Any]]:
    for first in range(0, len(items), _CHUNK):
        yield items[first : first + _CHUNK]
