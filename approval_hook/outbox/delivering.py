"""Deliver what is due: at least once, under a lease with a fence, and no receiver waits for another.

What may have arrived and was not answered is ``UNKNOWN``. It is sent again only to a receiver that takes a key once;
otherwise a person asks the receiver. A worker that died is found by its lease, and counts as unknown too.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from contextvars import copy_context
from datetime import datetime, timedelta

from django.db import DatabaseError, connection, connections, transaction
from django.db.models import F, Q, QuerySet

from approval_hook import clock
from approval_hook.errors import ConfigurationError, PlatformError, PlatformUnavailable
from approval_hook.logs import get_logger
from approval_hook.models import Outgoing, OutgoingAct, RestingTarget
from approval_hook.outbox.targets import Content, Target, targets
from approval_hook.ports import ItemOutcome, ItemState

State = Outgoing.State
What = OutgoingAct.What

#: How long one worker has to deliver; longer than any delivery may take.
LEASE = timedelta(minutes=5)
#: Wait before each further attempt; the last one holds for all that follow.
BACKOFF = tuple(timedelta(minutes=m) for m in (1, 5, 30, 120, 360))
#: After so many attempts, some four days, a person looks at it.
MOST_ATTEMPTS = 20
#: How long a receiver is left alone that took nothing; longer where it says so itself.
REST = timedelta(minutes=1)
#: Seconds after which a worker leaves what is still due to the next pass; the runner's own work waits less long.
PATIENCE, BRIEFLY = 60.0, 2.0
#: Rows looked at beyond those that one call takes, because another worker may take the first ones.
_SPARE = 10

_LONGEST_REASON = Outgoing._meta.get_field("reason").max_length or 0
_LONGEST_RECEIPT = Outgoing._meta.get_field("receipt_no").max_length or 0


class Carriers:
    """A worker for each receiver that something is due for; none waits for another.

    A receiver has one worker in a process. Several processes share the work by their leases.
    """

    def __init__(self) -> None:
        """Nobody works yet."""
        self._running: dict[tuple[str, str], threading.Thread] = {}
        self._stop = threading.Event()

    def send_off(self) -> int:
        """Begin to deliver what is due, and do not wait for what leaves this process; how many receivers it is for."""
        due = _due_targets()
        for target in due:
            if target.remote:
                self._set_to_work(target)
            else:
                carry(target, self._stop, BRIEFLY)
        return len(due)

    def _set_to_work(self, target: Target) -> None:
        name = (target.kind.value, target.name)
        worker = self._running.get(name)
        if worker is None or not worker.is_alive():
            context = copy_context()  # its clock, its log bindings
            worker = threading.Thread(target=context.run, args=(_work, target, self._stop), name=f"outbox {name}")
            self._running[name] = worker
            worker.start()

    def finish(self) -> None:
        """Wait until everybody is done with what he is about, and let nobody begin anything else."""
        self._stop.set()
        self.wait()

    def wait(self) -> None:
        """Wait until everybody is done with all that was due."""
        for worker in self._running.values():
            worker.join()


def deliver_due() -> int:
    """Deliver everything that is due and wait for it; to how many receivers. For a pass of its own, and for tests."""
    due = _due_targets()
    if sum(target.remote for target in due) > 1:
        carriers = Carriers()
        carriers.send_off()
        carriers.wait()
    else:  # nobody is there to be kept waiting
        for target in due:
            carry(target, threading.Event())
    return len(due)


def carry(target: Target, stop: threading.Event, patience: float = PATIENCE) -> int:
    """Deliver to one receiver until nothing is due, it takes nothing, or patience ends; how much it took.

    Raises:
        ConfigurationError: a transaction is open, and the delivery would leave this process.
    """
    if target.remote and connection.in_atomic_block:
        raise ConfigurationError(f"{target.name} may not be reached inside a database transaction.")
    ends, taken = time.monotonic() + patience, 0
    while time.monotonic() < ends and not stop.is_set():
        if _resting(clock.now()).filter(kind=target.kind, target=target.name).exists():
            break
        rows = _lease(target)
        if not rows:
            break
        taken += _deliver(target, rows)
    return taken


def _work(target: Target, stop: threading.Event) -> None:
    try:
        carry(target, stop)
    except DatabaseError as error:
        # What waits is in the database and will still wait.
        get_logger().error("outbox pass failed", alarm=True, target=target.name, error=type(error).__name__)
    finally:
        connections.close_all()


def _due(now: datetime) -> QuerySet[Outgoing]:
    # A lease from a time that has not come is of a clock that was set back.
    free = Q(leased_until=None) | Q(leased_until__lte=now) | Q(leased_until__gt=now + LEASE)
    return Outgoing.objects.filter(free, next_try_at__lte=now)


def _due_targets() -> list[Target]:
    now = clock.now()
    names = set(_due(now).order_by().values_list("kind", "target").distinct())
    names -= set(_resting(now).values_list("kind", "target"))
    known = targets()
    return [known[name] for name in sorted(names) if name in known]


def _resting(now: datetime) -> QuerySet[RestingTarget]:
    return RestingTarget.objects.filter(until__gt=now)


def _lease(target: Target) -> list[Outgoing]:
    """Take rows for oneself; those that a dead worker left are settled first where they cannot be sent again.

    What was tried before goes alone, so that a row at which the receiver stumbles spoils no other.
    """
    now = clock.now()
    rows = _due(now).filter(kind=target.kind, target=target.name).order_by("next_try_at", "pk")
    taken: list[Outgoing] = []
    for row in rows[: target.at_once + _SPARE]:
        if len(taken) == target.at_once or (row.attempts and taken):
            break
        if row.leased_until is not None and not _found_lost(target, row):
            continue
        mine = _due(now).filter(pk=row.pk, fence=row.fence)
        if mine.update(fence=F("fence") + 1, attempts=F("attempts") + 1, leased_until=now + LEASE):
            row.fence, row.attempts, row.leased_until = row.fence + 1, row.attempts + 1, now + LEASE
            taken.append(row)
            if row.attempts > 1:
                break
    return taken


def _found_lost(target: Target, row: Outgoing) -> bool:
    """Write down that a worker died over a row; whether it is to be sent again."""
    again = target.idempotent and row.attempts < MOST_ATTEMPTS
    change = {"state": State.UNKNOWN, "leased_until": None, "reason": "lost"}
    if not _record(row, What.LOST, change if again else change | {"next_try_at": None}, reason="lost"):
        return False
    row.state, row.leased_until = State.UNKNOWN, None
    if not again:
        _alarm(row, "lost")
    return again


def _deliver(target: Target, rows: Sequence[Outgoing]) -> int:
    """One call for rows that are leased; how many the receiver took."""
    contents: dict[int, Content] = {}
    for row in rows:
        try:
            contents[row.pk] = target.read(row.opened() or b"")
        except (ConfigurationError, ValueError):
            _not_taken(row, "unreadable", REST)
    ready = [row for row in rows if row.pk in contents]
    if not ready:
        return 0
    try:
        said = target.deliver([contents[row.pk] for row in ready])
    except PlatformError as error:
        rest = _rest_for(error.retry_after if isinstance(error, PlatformUnavailable) else None)
        for row in ready:
            _not_taken(row, error.reason, rest)
        _rest(target, rest, error.reason)
        return 0
    except Exception as error:  # noqa: BLE001 - a broken backend may have sent before it broke
        get_logger().error("channel failed", alarm=True, target=target.name, error=type(error).__name__)
        said = []
    if [outcome.item_id for outcome in said] != [row.key for row in ready]:
        said = [ItemOutcome(row.key, ItemState.UNKNOWN, "unanswered") for row in ready]
    for row, outcome in zip(ready, said, strict=True):
        _told(target, row, outcome)
    if all(outcome.state is ItemState.UNKNOWN for outcome in said):
        wish = max((outcome.retry_after or 0 for outcome in said), default=0)
        _rest(target, _rest_for(wish), said[0].reason or "unanswered")
    return sum(outcome.state is ItemState.ACCEPTED for outcome in said)


def _told(target: Target, row: Outgoing, outcome: ItemOutcome) -> None:
    now = clock.now()
    match outcome.state:
        case ItemState.ACCEPTED:
            done = {"state": State.DELIVERED, "reason": "", "receipt_no": outcome.receipt_no[:_LONGEST_RECEIPT]}
            _record(row, What.DELIVERED, done | {"next_try_at": None, "closed_at": now})
        case ItemState.REFUSED:
            reason = (outcome.reason or "refused")[:_LONGEST_REASON]
            over = {"state": State.GIVEN_UP, "reason": reason, "next_try_at": None, "closed_at": now}
            if _record(row, What.REFUSED, over, reason=reason):
                _alarm(row, reason)
        case ItemState.UNKNOWN:
            reason = (outcome.reason or "unanswered")[:_LONGEST_REASON]
            again = _next_try(row, _rest_for(outcome.retry_after)) if target.idempotent else None
            change = {"state": State.UNKNOWN, "reason": reason, "next_try_at": again}
            if _record(row, What.UNKNOWN, change, reason=reason) and again is None:
                _alarm(row, reason)


def _not_taken(row: Outgoing, reason: str, rest: timedelta) -> None:
    """It did not leave. Where an earlier attempt may have arrived, it stays unknown."""
    again = _next_try(row, rest)
    change = {"reason": reason, "next_try_at": again}
    if again is None and row.state == State.WAITING:
        change |= {"state": State.GIVEN_UP, "closed_at": clock.now()}
    if _record(row, What.NOT_TAKEN, change, reason=reason) and again is None:
        _alarm(row, reason)


def _next_try(row: Outgoing, rest: timedelta) -> datetime | None:
    if row.attempts >= MOST_ATTEMPTS:
        return None
    wait = BACKOFF[min(row.attempts, len(BACKOFF)) - 1]
    return clock.now() + max(wait, rest)


def _record(row: Outgoing, what: OutgoingAct.What, change: Mapping[str, object], *, reason: str = "") -> bool:
    """Write down what became of an attempt; False when somebody else has taken the row since."""
    with transaction.atomic():
        mine = Outgoing.objects.filter(pk=row.pk, fence=row.fence, leased_until=row.leased_until)
        recorded = mine.update(**{"leased_until": None, **change})
        if recorded:
            OutgoingAct.objects.create(outgoing_id=row.pk, fence=row.fence, what=what, reason=reason)
    if not recorded:
        get_logger().warning("delivery not recorded: taken by another worker", row=row.pk, what=what.value)
    return bool(recorded)


def _rest_for(wish: float | None) -> timedelta:
    """How long a receiver is left alone that wishes so many seconds."""
    return max(REST, timedelta(seconds=wish or 0))


def _rest(target: Target, rest: timedelta, reason: str) -> None:
    until = {"until": clock.now() + rest, "reason": reason[:_LONGEST_REASON]}
    RestingTarget.objects.update_or_create(kind=target.kind, target=target.name, defaults=until)


def _alarm(row: Outgoing, reason: str) -> None:
    get_logger().error("not delivered", alarm=True, row=row.pk, target=row.target, reason=reason, attempts=row.attempts)
