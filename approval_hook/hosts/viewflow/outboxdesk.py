"""What pages call about the outbox: what was to be delivered for these cases, what became of it, and trying again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from approval_hook import cases, clock
from approval_hook.errors import ApprovalHookError
from approval_hook.hosts.viewflow.binding import process_table
from approval_hook.hosts.viewflow.sweeping import stored_key
from approval_hook.models import Kind, Outgoing, RestingTarget
from approval_hook.outbox import LEFT, close, retry

__all__ = [
    "OutgoingRow",
    "close",
    "host_key_of",
    "left",
    "on_the_way",
    "outgoing_of",
    "outgoing_rows",
    "resting",
    "retry",
]


@dataclass(frozen=True, slots=True)
class OutgoingRow:
    """One delivery as a page shows it; words are Chinese, codes where there is no word."""

    number: int
    process_pk: int
    kind: str
    content: str
    target: str
    receiver: str  # masked
    state: str  # Outgoing.State
    state_title: str
    reason: str
    attempts: int
    last_at: datetime | None
    next_try_at: datetime | None
    receipt_no: str
    readable: bool  # its content was not erased


def outgoing_of(processes: QuerySet[Any]) -> QuerySet[Outgoing]:
    """What was to be delivered for these cases and for no others.

    Args:
        processes: what the viewer may see, as rows of the table that tasks refer to.
    """
    keys = processes.annotate(credit_key=stored_key(processes.model._meta.db_table, "pk")).order_by()
    return Outgoing.objects.filter(host_key__in=keys.values("credit_key"))


def host_key_of(process: Any) -> str:
    """The case of a process, as the outbox and the evidence name it."""
    return f"{process_table(process.flow_class)}:{process.pk}"


def left(rows: QuerySet[Outgoing]) -> QuerySet[Outgoing]:
    """Those that wait for a person, the oldest first."""
    return rows.filter(LEFT).order_by("made_at", "pk")


def on_the_way(rows: QuerySet[Outgoing]) -> QuerySet[Outgoing]:
    """Those that are tried by themselves, the next one first."""
    return rows.filter(next_try_at__isnull=False).order_by("next_try_at", "pk")


def resting() -> dict[tuple[str, str], datetime]:
    """Receivers that are left alone now, by kind and name, with until when."""
    return {(r.kind, r.target): r.until for r in RestingTarget.objects.filter(until__gt=clock.now())}


def outgoing_rows(rows: QuerySet[Outgoing]) -> list[OutgoingRow]:
    """What a page shows of them, in their order. Two queries."""
    found = list(rows.defer("sealed").prefetch_related("acts"))
    titles = _titles()
    return [_row(row, titles) for row in found]


def _row(row: Outgoing, titles: dict[str, str]) -> OutgoingRow:
    acts: Iterable[Any] = row.acts.all()
    content = titles.get(row.content, row.content) if row.kind == Kind.MESSAGE else row.content
    return OutgoingRow(
        number=row.pk,
        process_pk=int(row.host_key.rpartition(":")[2]),
        kind=Kind(row.kind).label,
        content=content,
        target=row.target,
        receiver=row.receiver,
        state=row.state,
        state_title=Outgoing.State(row.state).label,
        reason=row.reason,
        attempts=row.attempts,
        last_at=max((act.at for act in acts), default=None),
        next_try_at=row.next_try_at,
        receipt_no=row.receipt_no,
        readable=row.erased_at is None,
    )


def _titles() -> dict[str, str]:
    try:
        return {message.code: message.title for message in cases.book().on(clock.today()).rules.messages}
    except ApprovalHookError:
        return {}  # the start-up checks say what is wrong with the rules
