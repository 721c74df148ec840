"""Send items to a platform in parts, and say what became of each.

What may have arrived is never called not taken: a platform that was cut off after it took an item
would otherwise be told twice, under two ids.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from adapters.deadline import Deadline
from adapters.http import Outgoing
from approval_hook.errors import PlatformError, PlatformRefused, PlatformUnavailable
from approval_hook.ports import ItemOutcome, ItemState

__all__ = ["Tries", "deliver"]

T = TypeVar("T")


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
    first: dict[str, T] = {}
    for item in items:
        first.setdefault(item_id(item), item)
    said: dict[str, ItemOutcome] = {
        key: ItemOutcome(key, ItemState.REFUSED, reason) for key, item in first.items() if (reason := unfit(item))
    }
    waiting = [key for key in first if key not in said]
    sent_before = False
    while waiting:
        part, waiting = waiting[:size], waiting[size:]
        tries, failure = Tries(), ""
        try:
            said |= post([first[key] for key in part], tries)
        except PlatformError as error:
            if not sent_before and _proves_nothing_taken(error, tries):
                raise
            failure = error.reason
        sent_before = True
        said |= {key: ItemOutcome(key, ItemState.UNKNOWN, failure or "unanswered") for key in part if key not in said}
        if failure:
            said |= {key: ItemOutcome(key, ItemState.UNKNOWN, "not-sent") for key in waiting}
            break
    return [_outcome(item, item_id(item), first, said) for item in items]


def _proves_nothing_taken(error: PlatformError, tries: Tries) -> bool:
    """A refusal of the only request made; after a repeat, the request before it may have been taken."""
    return tries.made == 0 or (tries.made == 1 and isinstance(error, PlatformRefused))


def _outcome(item: T, key: str, first: Mapping[str, T], said: Mapping[str, ItemOutcome]) -> ItemOutcome:
    return said[key] if item == first[key] else ItemOutcome(key, ItemState.REFUSED, "duplicate-id")
