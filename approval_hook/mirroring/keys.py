"""What a row is found by: keyed digests of its number, of what a court mask shows, and of its name.

Each key is the first 64 bits of an HMAC-SM3, because an index of short numbers is small and quickly made. A number
found by its key is compared by 96 more bits, its proof. A name is never proof, so 64 bits are enough for it.

A name is looked for in *shelves*, by what the number beside it says. The holder of a resident number need not look at
the rows of other resident numbers, however many people have the same name: each of these is somebody else.

Source: domain facts 3.4.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from enum import StrEnum

from approval_hook import privacy
from approval_hook.policy.names import NAME_MASK, compared_name
from approval_hook.policy.subjects import Identifier, IdentifierType, Subject, SubjectKind, untyped_matching_number

_COURT_LENGTH = 18
_WRAP = 1 << 64
_HALF = 1 << 63


class Shelf(StrEnum):
    """What the number of a row says about it."""

    RESIDENT = "resident"  # a valid resident number
    ORGANISATION = "organisation"  # a valid 统一社会信用代码; found by it alone
    COURT = "court"  # a resident number under a court mask
    OTHER = "other"  # anything else, or nothing


_OFFSET = {s: int.from_bytes(hashlib.sha256(s.value.encode()).digest()[:8]) for s in Shelf}


def key(digest: bytes) -> int:
    """The key of a digest, as a signed 64-bit number."""
    return int.from_bytes(digest[:8], signed=True)


def on_shelf(digest: bytes, shelf: Shelf) -> int:
    """The key of a name on a shelf."""
    return (int.from_bytes(digest[:8]) + _OFFSET[shelf] + _HALF) % _WRAP - _HALF


def proof(digest: bytes) -> str:
    """What shows that two numbers with one key are the same."""
    return base64.b64encode(digest[8:20]).decode()


def number_text(number: str) -> str:
    """What is digested of a number."""
    return f"list-number:{untyped_matching_number(number)}"


def court_text(number: str) -> str:
    """What is digested of a number of 18 characters whose 11th to 14th a court hides, or would hide."""
    return f"list-court:{number[:10]}{number[14:]}"


def name_text(name: str) -> str:
    """What is digested of a name in its plain form.

    Of one with hidden characters it is the first character, or the last one when the first is hidden, or nothing:
    such a row is found by everybody whose name may fit, and compared afterwards.
    """
    shown = NAME_MASK.split(name)
    if len(shown) == 1:
        return f"list-name:{name}"
    if shown[0]:
        return f"list-head:{shown[0][0]}"
    return f"list-tail:{shown[-1][-1]}" if shown[-1] else "list-hidden:"


#: Of a row that every edition has, so that its absence tells that rows are missing or made with another secret.
SENTINEL_TEXT = "list-sentinel:"


def digests(texts: Iterable[str]) -> list[bytes]:
    """Keyed digests of texts made here."""
    return privacy.digests([text.encode() for text in texts])


class Wanted:
    """What to look for about one subject.

    Attributes:
        numbers: key of a number to the identifiers and the proof, one per number.
        masks: key of a court mask to the identifier it hides.
        names: keys of its name, on every shelf where it must be looked for.
        sentinel: key of the row that every edition has.
    """

    __slots__ = ("_name", "masks", "names", "numbers", "sentinel")

    def __init__(self, subject: Subject) -> None:
        """Make every key at once."""
        own = subject.identifiers
        hidden = [i for i in own if len(i.number) == _COURT_LENGTH]
        name = compared_name(subject.name)
        names = [name_text(name), f"list-head:{name[:1]}", f"list-tail:{name[-1:]}", "list-hidden:"]
        made = digests(
            [
                SENTINEL_TEXT,
                *names,
                *(number_text(i.number) for i in own),
                *(court_text(i.number) for i in hidden),
            ]
        )
        self.sentinel = key(made[0])
        self._name = made[1]
        numbers = made[5 : 5 + len(own)]
        self.numbers: dict[int, list[tuple[str, Identifier]]] = {}
        for digest, identifier in zip(numbers, own, strict=True):
            self.numbers.setdefault(key(digest), []).append((proof(digest), identifier))
        self.masks = {key(d): i for d, i in zip(made[5 + len(own) :], hidden, strict=True)}
        self.names = {on_shelf(digest, shelf) for shelf in shelves_of(subject) for digest in made[1:5]}

    def is_name(self, name_key: int, shelf: Shelf) -> bool:
        """Whether a row has the subject's own name in full."""
        return on_shelf(self._name, shelf) == name_key


def shelves_of(subject: Subject) -> Sequence[Shelf]:
    """Where rows may lie that are about the subject by name.

    A row with a document of a person is not about an organisation, one with a code of an organisation about nobody
    else, and one with another resident number not about somebody who has one.
    """
    if subject.kind is SubjectKind.ORGANISATION or any(
        i.type is IdentifierType.RESIDENT_ID for i in subject.identifiers
    ):
        return (Shelf.OTHER,)
    return (Shelf.OTHER, Shelf.RESIDENT, Shelf.COURT)
