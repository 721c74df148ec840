"""Send items to a platform in parts, and say what became of each.

What may have arrived is never called not taken: a platform that was cut off after it took an item
would otherwise be told twice, under two ids. What arrived without a usable answer is ``UNKNOWN``, and the caller
sends it again under the same id. ``deliver`` is for interfaces that know a repeat by its id, ``send_batches`` for those
where a request that may have arrived is not repeated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from adapters.deadline import Deadline
from adapters.http import HttpClient, Outgoing
from adapters.wire import Fields
from approval_hook.errors import PlatformError, PlatformRefused, PlatformReplyInvalid, PlatformUnavailable
from approval_hook.ports import ItemOutcome, ItemState

__all__ = ["Batch", "Tries", "deliver", "firsts", "in_order", "read_outcomes", "send_batches"]

T = TypeVar("T")

_ITEM_STATE = {"1": ItemState.ACCEPTED, "2": ItemState.REFUSED}
_WORD = re.compile(r"[a-z][a-z0-9-]{0,39}", re.ASCII)

#: Ids of the items of one exchange, what is sent, and what its reply says about each id.
Batch = tuple[Sequence[str], Callable[[], Outgoing], Callable[[bytes], Mapping[str, ItemOutcome]]]


class Tries:
    """How often one request left us."""

    def __init__(self) -> None:
        """None yet."""
        self.made = 0

    def counting(self, outgoing: Callable[[], Outgoing]) -> Callable[[], Outgoing]:
        """The same request, counted each time it is made."""

        def counted() -> Outgoing:
            self.made += 1
            return outgoing()

        return counted


def deliver(
    items: Sequence[T],
    *,
    item_id: Callable[[T], str],
    unfit: Callable[[T], str],
    post: Callable[[Sequence[T], Tries], Mapping[str, ItemOutcome]],
    size: int,
    deadline: Deadline,
) -> list[ItemOutcome]:
    """Send ``items`` in parts of at most ``size``; after a failure nothing more is sent.

    Args:
        items: what is sent.
        item_id: of one item, its idempotency key.
        unfit: short machine word why an item is not sent at all; empty when it is.
        post: sends one part and returns what the platform said, by id; an id may be missing.
        size: of a part.
        deadline: over everything.

    Returns:
        One outcome per item, in order. A second item under an id that came before, with another content, is refused.

    Raises:
        PlatformError: the first part failed in a way that proves that nothing was taken.
    """
    if deadline.left == 0:
        raise PlatformUnavailable("Nothing was sent: no time is left.")
    first = firsts(items, item_id)
    said: dict[str, ItemOutcome] = {
        key: ItemOutcome(key, ItemState.REFUSED, reason) for key, item in first.items() if (reason := unfit(item))
    }
    waiting = [key for key in first if key not in said]
    sent_before = False
    while waiting:
        part, waiting = waiting[:size], waiting[size:]
        tries, failure, wish = Tries(), "", None
        try:
            said |= post([first[key] for key in part], tries)
        except PlatformError as error:
            if not sent_before and _proves_nothing_taken(error, tries):
                raise
            failure, wish = error.reason, _wish(error)
        sent_before = True
        said |= _unknown((key for key in part if key not in said), failure or "unanswered", wish)
        if failure:
            said |= _unknown(waiting, "not-sent", wish)
            break
    return in_order(items, item_id, first, said)


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
            outcomes |= _unknown(ids, error.reason, _wish(error))
            continue
        arrived = True
        try:
            said = read(raw)
        except PlatformError as error:
            said = _unknown(ids, error.reason)
        outcomes |= _unknown(ids, "not-answered") | {i: said[i] for i in ids if i in said}
    if first is not None and not arrived:
        raise first
    return outcomes


def firsts(items: Iterable[T], item_id: Callable[[T], str]) -> dict[str, T]:
    """The first item under each id."""
    first: dict[str, T] = {}
    for item in items:
        first.setdefault(item_id(item), item)
    return first


def in_order(
    items: Iterable[T], item_id: Callable[[T], str], first: Mapping[str, T], said: Mapping[str, ItemOutcome]
) -> list[ItemOutcome]:
    """One outcome per item; a second item under an id that came before, with another content, is refused."""
    keyed = ((item_id(item), item) for item in items)
    return [
        said[key] if item == first[key] else ItemOutcome(key, ItemState.REFUSED, "duplicate-id") for key, item in keyed
    ]


def read_outcomes(reply: Fields, sent: Sequence[str], source: str) -> dict[str, ItemOutcome]:
    """What ``items`` of a reply says about each id: ``state`` 1 accepted or 2 refused, ``reason``, ``receiptNo``.

    Args:
        reply: of the platform.
        sent: ids in the request.
        source: short name of the platform.

    Raises:
        PlatformReplyInvalid: the items are not those sent, or malformed.
    """
    outcomes: dict[str, ItemOutcome] = {}
    for row in reply.objects("items", most=len(sent)):
        key = row.text("id", longest=100)
        if key not in sent or key in outcomes:
            raise PlatformReplyInvalid(f"{source}: the reply is about other items.")
        state = row.code("state", _ITEM_STATE)
        told = row.text_or_empty("reason", longest=200)
        # A platform may write anything here, the refused value included.
        reason = "" if state is ItemState.ACCEPTED else told if _WORD.fullmatch(told) else "refused"
        outcomes[key] = ItemOutcome(key, state, reason, row.text_or_empty("receiptNo", longest=100))
    return outcomes


def _proves_nothing_taken(error: PlatformError, tries: Tries) -> bool:
    """Of the only request made; after a repeat, the request before it may have been taken."""
    return tries.made == 0 or (tries.made == 1 and not _may_have_arrived(error))


def _may_have_arrived(error: PlatformError) -> bool:
    """A refusal by HTTP status says that nothing was taken; anything else may come after the taking."""
    if isinstance(error, PlatformUnavailable):
        return error.sent
    return not isinstance(error, PlatformRefused)


def _wish(error: PlatformError) -> float | None:
    return error.retry_after if isinstance(error, PlatformUnavailable) else None


def _unknown(ids: Iterable[str], reason: str, wish: float | None = None) -> dict[str, ItemOutcome]:
    return {i: ItemOutcome(i, ItemState.UNKNOWN, reason, retry_after=wish) for i in ids}
