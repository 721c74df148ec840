"""Send items in batches, and never call one accepted without its own answer.

What may have arrived without a usable answer is ``UNKNOWN``: the caller sends it again under the same id. Nothing
is repeated here, because whether a platform knows a repeat by its id is a matter of its interface.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from adapters.http import Deadline, HttpClient, Outgoing
from approval_hook.errors import PlatformError, PlatformRefused, PlatformUnavailable
from approval_hook.ports import ItemOutcome, ItemState

__all__ = ["Batch", "send_batches", "unique", "unknown"]

#: Ids of the items of one exchange, what is sent, and what its reply says about each id.
Batch = tuple[Sequence[str], Callable[[], Outgoing], Callable[[bytes], Mapping[str, ItemOutcome]]]

T = TypeVar("T")


def unique(items: Iterable[T], id_of: Callable[[T], str]) -> list[T]:
    """Items without repeats.

    Raises:
        ValueError: two different items have one id.
    """
    by_id: dict[str, T] = {}
    for item in items:
        if by_id.setdefault(id_of(item), item) != item:
            raise ValueError("two items with one id")
    return list(by_id.values())


def unknown(ids: Iterable[str], reason: str) -> dict[str, ItemOutcome]:
    """``UNKNOWN`` for every id."""
    return {i: ItemOutcome(i, ItemState.UNKNOWN, reason) for i in ids}


def send_batches(
    http: HttpClient, path: str, batches: Sequence[Batch], deadline: Deadline, *, settled: int = 0
) -> dict[str, ItemOutcome]:
    """Send each batch once.

    Args:
        http: client of the platform.
        path: below its base URL.
        batches: what to send, in order.
        deadline: for all of them.
        settled: how many items were settled before anything was sent.

    Returns:
        An outcome for every id of every batch.

    Raises:
        PlatformError: nothing was taken from any batch, and nothing was settled before.
    """
    outcomes: dict[str, ItemOutcome] = {}
    first: PlatformError | None = None
    arrived = settled > 0
    for ids, outgoing, read in batches:
        try:
            if deadline.left == 0:
                # Otherwise the bytes would leave before the time-out shows.
                raise PlatformUnavailable("No time is left.", sent=False)
            raw = http.post(path, outgoing, deadline=deadline, idempotent=False)
        except PlatformError as error:
            first = first or error
            arrived = arrived or _may_have_arrived(error)
            outcomes |= unknown(ids, error.reason)
            continue
        arrived = True
        try:
            said = read(raw)
        except PlatformError as error:
            said = unknown(ids, error.reason)
        outcomes |= unknown(ids, "not-answered") | {i: said[i] for i in ids if i in said}
    if first is not None and not arrived:
        raise first
    return outcomes


def _may_have_arrived(error: PlatformError) -> bool:
    """A refusal by HTTP status says that nothing was taken; anything else may come after the taking."""
    if isinstance(error, PlatformUnavailable):
        return error.sent
    return not isinstance(error, PlatformRefused)
