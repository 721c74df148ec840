"""What those who watch the lists are told beside what a look-up needs: editions that were refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from approval_hook.models import MirroredEdition
from approval_hook.ports import ListStanding, RefusedEdition

State = MirroredEdition.State


def with_refused(standings: Iterable[ListStanding]) -> tuple[ListStanding, ...]:
    """The same lists, each with the last edition newer than the one in use that was refused."""
    return tuple(replace(s, refused=_refused(s)) for s in standings)


def _refused(standing: ListStanding) -> RefusedEdition | None:
    tried = MirroredEdition.objects.filter(source=standing.source, list_type=standing.list_type)
    in_use = tried.filter(active=True).first()
    refused = tried.filter(state=State.REFUSED)
    if in_use is not None:
        # A folder may offer old editions over and over; those are of no interest any more.
        refused = refused.filter(pk__gt=in_use.pk, as_of__gte=in_use.as_of)
    last = refused.order_by("-pk").first()
    return RefusedEdition(last.version, last.reason, last.began_at) if last is not None else None
