"""Queries that a platform's staff approve: where the answer is fetched by its receipt, by one worker at a time.

A pending query is could-not-tell like any other. Its receipt goes with the case from one inquiry to the next, as long
as the subjects and the ground are the same, so that the platform's staff never get the same question twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from approval_hook import clock
from approval_hook.logs import get_logger
from approval_hook.models import Hold, Inquiry, PendingQuery, Recheck, Reply
from approval_hook.policy.records import CreditReport, QueryStatus
from approval_hook.statements import insert

State = PendingQuery.State

#: How long one worker has to fetch; longer than any deadline of a query, so that a worker that died blocks nobody long.
LEASE = timedelta(minutes=2)
#: A call-back makes the runner fetch at most this often.
HURRY_AGAIN = timedelta(minutes=1)

_LONGEST_RECEIPT = PendingQuery._meta.get_field("receipt_no").max_length or 0

#: What a platform said about a receipt when it is settled; a failure to fetch settles nothing.
_SETTLED = {
    QueryStatus.OK: State.ANSWERED,
    QueryStatus.PARTIAL: State.ANSWERED,
    QueryStatus.REJECTED: State.REFUSED,
}


def open_receipts(inquiry: Inquiry) -> dict[str, PendingQuery]:
    """Receipts of the case that still serve, by the query of this inquiry that they answer. One SELECT.

    A receipt about subjects that changed meanwhile answers nothing any more and is closed.
    """
    rows = list(PendingQuery.objects.filter(host_key=inquiry.host_key, closed_at=None).order_by("pk"))
    outdated = [row.pk for row in rows if row.subjects != inquiry.subjects]
    if outdated:
        _close(PendingQuery.objects.filter(pk__in=outdated, closed_at=None), State.OUTDATED)
    usable: dict[tuple[str, str, str], list[PendingQuery]] = defaultdict(list)
    for row in rows:
        if row.subjects == inquiry.subjects:
            usable[row.source, row.party, row.ground].append(row)
    found = {}
    for query in inquiry.queries:  # one party in two roles has two queries, and so two receipts
        mine = usable[query["source"], query["party"], query["ground"]]
        if mine:
            found[query["query_id"]] = mine.pop(0)
    return found


def lease(rows: Collection[PendingQuery]) -> bool:
    """Take receipts for oneself, all or none, for ``LEASE``; False when another worker fetches one of them now."""
    now = clock.now()
    until = now + LEASE
    taken: list[PendingQuery] = []
    for row in sorted(rows, key=lambda row: row.pk):
        free = PendingQuery.objects.filter(pk=row.pk, closed_at=None, leased_until=row.leased_until)
        # A lease from a time that has not come is of a clock that was set back.
        if now < row.leased_until <= until or not free.update(leased_until=until):
            for mine in taken:
                PendingQuery.objects.filter(pk=mine.pk, leased_until=until).update(leased_until=now)
            return False
        row.leased_until = until
        taken.append(row)
    return True


def note(
    inquiry: Inquiry, receipts: Mapping[str, PendingQuery], asked: Mapping[str, CreditReport], at: datetime
) -> bool:
    """Write down what became of the receipts that were fetched by, and keep new ones.

    Args:
        inquiry: whose queries were asked.
        receipts: leased by this worker, by query.
        asked: what came back, by query.
        at: the moment of the case.

    Returns:
        False when somebody else has fetched by one of the receipts since, so that what came back may be older.
    """
    ours = True
    for query_id, row in receipts.items():
        state = _SETTLED.get(asked[query_id].status, State.OPEN)
        mine = PendingQuery.objects.filter(pk=row.pk, closed_at=None, leased_until=row.leased_until)
        closed_at = None if state is State.OPEN else clock.now()
        changed = mine.update(
            polls=row.polls + 1, polled_at=clock.now(), leased_until=clock.now(), state=state, closed_at=closed_at
        )
        ours = ours and bool(changed)
    for query in inquiry.queries:
        report = asked[query["query_id"]]
        kept = 0 < len(report.receipt_no) <= _LONGEST_RECEIPT
        if report.status is not QueryStatus.PENDING or not kept or query["query_id"] in receipts:
            continue
        row = PendingQuery(
            inquiry=inquiry,
            source=query["source"],
            query_id=query["query_id"],
            receipt_no=report.receipt_no,
            host_key=inquiry.host_key,
            subjects=inquiry.subjects,
            party=query["party"],
            ground=query["ground"],
            since=at,
            leased_until=at,
        )
        if insert(row, unless=("source", "query_id")):
            get_logger().info("query waits for the platform's staff", source=row.source, case=row.host_key)
    return ours


def withdraw(host_key: str) -> None:
    """Fetch nothing any more for a case that was withdrawn: it gives no ground to ask (S-14)."""
    _close(PendingQuery.objects.filter(host_key=host_key, closed_at=None), State.WITHDRAWN)


def hurry(source: str, query_id: str, receipt_no: str) -> int:
    """Have the runner fetch now what a platform says is ready.

    Returns:
        How many open queries were meant; a call-back about none, or one that came a moment ago, changes nothing.
    """
    now = clock.now()
    meant = Q(pk=None)
    if query_id:
        meant |= Q(query_id=query_id)
    if receipt_no:
        meant |= Q(receipt_no=receipt_no)
    rows = PendingQuery.objects.filter(meant, source=source, closed_at=None)
    rows = rows.filter(Q(hurried_at=None) | Q(hurried_at__lte=now - HURRY_AGAIN) | Q(hurried_at__gt=now))
    keys = [row.host_key for row in rows if PendingQuery.objects.filter(pk=row.pk).update(hurried_at=now)]
    if keys:
        Hold.objects.filter(host_key__in=keys, released_at=None, next_try_at__gt=now).update(next_try_at=now)
        Recheck.objects.filter(host_key__in=keys, paid_at=None, next_try_at__gt=now).update(next_try_at=now)
    return len(keys)


def _close(rows: QuerySet[PendingQuery], state: State) -> None:
    rows.update(state=state, closed_at=clock.now())


def waits_for_staff(replies: Iterable[Reply]) -> bool:
    """Whether one of these replies waits for somebody at a platform."""
    pending = QueryStatus.PENDING.value
    return any(report["status"] == pending for reply in replies for report in reply.reports)
