"""How each receiver of the outbox stands, for pages and for the machines that watch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q

from approval_hook import clock
from approval_hook.errors import ConfigurationError
from approval_hook.models import Outgoing
from approval_hook.outbox.targets import targets

_OPEN = (Outgoing.State.WAITING, Outgoing.State.UNKNOWN)
#: What waits for a person.
LEFT = Q(state=Outgoing.State.GIVEN_UP) | Q(state=Outgoing.State.UNKNOWN, next_try_at=None)


@dataclass(frozen=True, slots=True)
class Standing:
    """One receiver.

    Attributes:
        kind: what it takes.
        target: its name.
        waiting: to be delivered now; what is for later is not counted.
        oldest: since when the oldest of them waits, aware; None without any.
        left: how many wait for a person.
    """

    kind: str
    target: str
    waiting: int
    oldest: datetime | None
    left: int

    def age(self, at: datetime) -> timedelta:
        """How long the oldest waits; zero without any."""
        return max(at - self.oldest, timedelta()) if self.oldest is not None else timedelta()


def standings() -> list[Standing]:
    """Every configured receiver, and every other one that something still waits for."""
    due = Q(state__in=_OPEN, next_try_at__isnull=False, not_before__lte=clock.now())
    rows = Outgoing.objects.filter(Q(next_try_at__isnull=False) | LEFT).order_by().values("kind", "target")
    told = rows.annotate(
        waiting=Count("pk", filter=due), oldest=Min("not_before", filter=due), left=Count("pk", filter=LEFT)
    )
    found = {(row["kind"], row["target"]): Standing(**row) for row in told}
    try:
        known = list(targets())
    except ConfigurationError:
        known = []  # the start-up checks say so
    for kind, name in known:
        found.setdefault((kind, name), Standing(kind, name, 0, None, 0))
    return sorted(found.values(), key=lambda each: (each.kind, each.target))
