"""What those who watch the lists are told beside what a look-up needs: editions refused, and rows that went missing.

Counting the rows of a list takes a second for some millions, so no look-up does it. Who counts and finds too few or too
many takes the list's sentinel away: from then on no look-up of any process believes the list.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import Count, Exists, OuterRef, Q, Subquery

from approval_hook.logs import get_logger
from approval_hook.mirroring import rows, storing
from approval_hook.models import MirroredEdition, MirroredRow
from approval_hook.ports import ListStanding, RefusedEdition

State = MirroredEdition.State
#: Seconds after which a process counts the rows of a list again.
RECOUNT = 600.0

#: When this process counted which edition, on a clock that never goes back, and whether the count was right.
_counted: dict[int, tuple[float, bool]] = {}


def damaged(*, count: bool = True, afresh: bool = False) -> set[int]:
    """Of the editions in use those whose rows are not the ones that were loaded, by the id of the rows.

    Args:
        count: compare how many rows there are, unless this process did so in the last ``RECOUNT`` seconds. Without it,
            what is looked for is the sentinel, and any row at all.
        afresh: count however short ago this was done.
    """
    found = set()
    for edition in _looked_at():
        if _is_sound(edition, count=count, afresh=afresh):
            continue
        # On PostgreSQL a partition that comes or goes at this very moment may look empty once.
        again = next(iter(_looked_at(edition.pk)), None)
        if again is None or _is_sound(again, count=count, afresh=count):
            continue
        found.add(again.rows_in)
        if again.sentinel:
            _counted[again.pk] = (time.monotonic(), False)
            _disbelieve(again.rows_in)
            get_logger().error("list damaged", alarm=True, source=again.source, list=again.list_type)
    return found


def is_known_wrong(edition: int) -> bool:
    """Whether this process counted an edition and found another number than was loaded; asks nobody."""
    return not _counted.get(edition, (0.0, True))[1]


def forget() -> None:
    """Count again at the next occasion."""
    _counted.clear()


def with_refused(standings: Iterable[ListStanding]) -> tuple[ListStanding, ...]:
    """The same lists, each with the last edition newer than the one in use that was refused."""
    return tuple(replace(s, refused=_refused(s)) for s in standings)


def _looked_at(*only: int) -> list[Any]:
    """Editions in use: ``sentinel``, whether it is there, and ``some``, whether rows are where there should be some."""
    own = MirroredRow.objects.filter(edition_id=OuterRef("rows_in"))
    sentinel = Exists(own.filter(number_key=rows.sentinel().number_key, record_id=""))
    some = Exists(own.filter(record_id__gt=""))
    in_use = MirroredEdition.objects.filter(active=True, **({"pk__in": only} if only else {}))
    names = ("pk", "rows_in", "source", "list_type", "sentinel", "some")
    return list(in_use.annotate(sentinel=sentinel, some=Q(rows=0) | some).values_list(*names, named=True))


def _is_sound(edition: Any, *, count: bool, afresh: bool) -> bool:
    if not (edition.sentinel and edition.some):
        return False
    then, right = _counted.get(edition.pk, (-RECOUNT, True))
    if afresh or (count and time.monotonic() - then > RECOUNT):
        right = _is_count_right(edition.pk)
        _counted[edition.pk] = (time.monotonic(), right)
    return right


def _is_count_right(edition: int) -> bool:
    """In one statement, so that both numbers are of one moment. An edition that is in use no more is not judged."""
    own = MirroredRow.objects.filter(edition_id=OuterRef("rows_in")).order_by()
    counted = own.values("edition_id").annotate(counted=Count("*")).values("counted")
    wrong = MirroredEdition.objects.filter(pk=edition, active=True).exclude(rows=Subquery(counted) - 1)
    return not wrong.exists()


def _disbelieve(rows_in: int) -> None:
    """Take the sentinel away; a role that may only read leaves that to the next ``lists_sync``."""
    try:
        with transaction.atomic(using=storing.database().alias):
            MirroredRow.objects.filter(edition_id=rows_in, record_id="").delete()
    except DatabaseError as error:
        get_logger().warning("damaged list not marked", error=type(error).__name__)


def _refused(standing: ListStanding) -> RefusedEdition | None:
    tried = MirroredEdition.objects.filter(source=standing.source, list_type=standing.list_type)
    in_use = tried.filter(active=True).first()
    refused = tried.filter(state=State.REFUSED)
    if in_use is not None:
        # A folder may offer old editions over and over; those are of no interest any more.
        refused = refused.filter(pk__gt=in_use.pk, as_of__gte=in_use.as_of)
    last = refused.order_by("-pk").first()
    return RefusedEdition(last.version, last.reason, last.began_at) if last is not None else None
