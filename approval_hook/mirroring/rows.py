"""One row of a list on its way into the mirror: checked, then stripped of name and number.

Whatever cannot be read or compared refuses the row, and with it the edition: a row that is passed over would read as
"no record". A problem is a short word and carries nothing of the row.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import msgspec
from msgspec import Struct

from approval_hook.errors import IdentifierInvalid
from approval_hook.mirroring import keys
from approval_hook.mirroring.keys import Shelf
from approval_hook.policy.names import NAME_MASK, compared_name
from approval_hook.policy.records import CreditRecord, RecordState, Severity
from approval_hook.policy.subjects import TYPE_NAMES, IdentifierType, mask_text, parse_identifier
from approval_hook.ports import ListEntry

#: Longest texts of a row, in characters.
LONGEST = {
    "record_id": 100,
    "title": 500,
    "decided_by": 200,
    "document_no": 200,
    "category": 20,
    "scope": 40,
    "event": 60,
    "domain": 60,
    "role_then": 60,
    "name": 200,
    "id_type": 40,
    "number": 40,
}
#: List type, a separator and record id together are the id of a record in evidence, and fit its column.
LONGEST_ID = 126

TYPES = {t.value.upper(): t for t in IdentifierType} | {name: t for t, name in TYPE_NAMES.items()}
_CHECKED = (IdentifierType.RESIDENT_ID, IdentifierType.RESIDENCE_PERMIT, IdentifierType.USCC)
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
#: ``Body.kind`` of a number under a court mask.
COURT_MASK = "*"
_FORMULA = ("=", "+", "-", "@")
_NUMBER_MASK = re.compile(r"[*∗•●○■□×#?_]|X{2,}")
_MANY_DIGITS = re.compile(r"\d{7}")
_SOME_DIGITS = re.compile(r"\d{5}")
_LOOSE = re.compile(r"[0-9A-Z]{4,15}")


class Body(Struct, frozen=True, array_like=True, gc=False):
    """What is stored of a row beside its keys."""

    severity: Severity
    title: str
    decided_on: date
    decided_by: str
    document_no: str
    category: str
    state: RecordState
    published_on: date | None
    display_until: date | None
    valid_until: date | None
    scope: str
    event: str
    domain: str
    role_then: str
    rectified: bool
    id_type: str  # as the source labels the number; "" where the label says the same as ``kind``
    kind: str  # IdentifierType of a number that is valid for it, "*" for a court mask; "" when it tells nothing
    length: int  # of the number; 0 without one to compare
    proof: str  # of the number; "" without one to compare
    shelf: Shelf
    shown_name: str  # a name with hidden characters; a full one is kept as its key only


class Row(Struct, frozen=True, gc=False):
    """A row as it is stored."""

    record_id: str
    number_key: int | None
    name_key: int | None
    body: str


class RowRefused(Exception):
    """The row cannot be used; ``field`` and ``problem`` are short words."""

    def __init__(self, field: str, problem: str) -> None:
        """Say which field and what is wrong with it."""
        self.field, self.problem = field, problem
        super().__init__(f"{field}: {problem}")


@dataclass(frozen=True, slots=True)
class Draft:
    """A row that was checked, before its digests are made; these are made for many at once."""

    record: CreditRecord
    id_type: str
    kind: str
    length: int
    number_text: str  # to be digested; "" without
    shelf: Shelf
    name: str  # plain form

    @property
    def name_text(self) -> str:
        """To be digested; "" without."""
        return keys.name_text(self.name) if self.name and self.shelf is not Shelf.ORGANISATION else ""


def label(body: Body) -> str:
    """The label of a row's number, in the words of the source or with the same meaning."""
    return body.id_type or (body.kind if body.kind != COURT_MASK else "")


_encode = msgspec.json.Encoder().encode
decode_body = msgspec.json.Decoder(Body).decode


def text(field: str, value: str) -> str:
    """A text in NFC, outer spaces removed.

    Raises:
        RowRefused: too long, with invisible characters, or what a spreadsheet would take for a formula.
    """
    clean = unicodedata.normalize("NFC", value).strip()
    if len(clean) > LONGEST[field]:
        raise RowRefused(field, "too-long")
    if not clean.isprintable() and any(unicodedata.category(c) in _INVISIBLE for c in clean):
        raise RowRefused(field, "invisible")
    if clean.startswith(_FORMULA):
        raise RowRefused(field, "formula")
    return clean


def draft(entry: ListEntry, on: date) -> Draft:
    """Check a row and settle what its number says.

    Args:
        entry: the row; ``removed`` is not looked at.
        on: today in China; birth dates after it are refused.

    Raises:
        RowRefused: it cannot be used.
    """
    record = _record(entry.record)
    name = compared_name(text("name", entry.name))
    if _MANY_DIGITS.search(name):
        raise RowRefused("name", "holds-number")
    id_type = text("id_type", entry.id_type)
    if _SOME_DIGITS.search(unicodedata.normalize("NFKC", id_type)):
        raise RowRefused("id_type", "holds-number")
    number = compact(text("number", entry.number))
    row_type = TYPES.get(compact(id_type))
    kind, readable, mask = _number(number, row_type, on)
    if not (name or kind or mask):
        raise RowRefused("number", "tells-nobody")
    if kind == IdentifierType.USCC:
        shelf = Shelf.ORGANISATION
    elif kind == IdentifierType.RESIDENT_ID:
        shelf = Shelf.RESIDENT
    elif mask and row_type is IdentifierType.RESIDENT_ID:
        shelf = Shelf.COURT
    else:
        shelf = Shelf.OTHER
    to_digest = keys.court_text(number) if mask else keys.number_text(number) if readable else ""
    return Draft(record, id_type, COURT_MASK if mask else kind, len(number) if to_digest else 0, to_digest, shelf, name)


def removal(record_id: str) -> str:
    """The id of a row that an incremental edition takes out.

    Raises:
        RowRefused: it is no id.
    """
    clean = text("record_id", record_id)
    if not clean:
        raise RowRefused("record_id", "empty")
    return clean


def finished(drafts: Sequence[Draft]) -> list[Row]:
    """The rows as they are stored."""
    texts = [t for d in drafts for t in (d.number_text, d.name_text) if t]
    made = iter(keys.digests(texts))
    return [_row(d, next(made) if d.number_text else None, next(made) if d.name_text else None) for d in drafts]


def sentinel() -> Row:
    """The row that every edition has."""
    (digest,) = keys.digests([keys.SENTINEL_TEXT])
    return Row("", keys.key(digest), None, "")


def _row(d: Draft, number: bytes | None, name: bytes | None) -> Row:
    r = d.record
    masked = NAME_MASK.search(d.name) is not None and d.shelf is not Shelf.ORGANISATION
    body = Body(
        severity=r.severity,
        title=r.title,
        decided_on=r.decided_on,
        decided_by=r.decided_by,
        document_no=r.document_no,
        category=r.category,
        state=r.state,
        published_on=r.published_on,
        display_until=r.display_until,
        valid_until=r.valid_until,
        scope=r.scope,
        event=r.event,
        domain=r.domain,
        role_then=r.role_then,
        rectified=r.rectified,
        id_type="" if d.kind and TYPES.get(compact(d.id_type)) == d.kind else d.id_type,
        kind=d.kind,
        length=d.length,
        proof=keys.proof(number) if number is not None else "",
        shelf=d.shelf,
        shown_name=d.name if masked else "",
    )
    return Row(
        record_id=r.record_id,
        number_key=keys.key(number) if number is not None else None,
        name_key=keys.on_shelf(name, d.shelf) if name is not None else None,
        body=_encode(body).decode(),
    )


def _record(record: CreditRecord) -> CreditRecord:
    """Free text is masked: a record becomes evidence that nobody can erase afterwards."""
    fields = (
        *("record_id", "title", "decided_by", "document_no", "category"),
        *("scope", "event", "domain", "role_then"),
    )
    clean = {field: text(field, getattr(record, field)) for field in fields}
    for needed in ("record_id", "title", "scope"):
        if not clean[needed]:
            raise RowRefused(needed, "empty")
    if len(record.list_type) + len(clean["record_id"]) > LONGEST_ID:
        raise RowRefused("record_id", "too-long")
    clean["title"], clean["decided_by"] = mask_text(clean["title"]), mask_text(clean["decided_by"])
    masked = mask_text(clean["document_no"])
    if masked != clean["document_no"]:
        # Two documents may look alike once masked, and one entry must never speak for another.
        clean["document_no"] = f"{masked}（{clean['record_id']}）"
    return msgspec.structs.replace(record, **clean)


def _number(number: str, row_type: IdentifierType | None, on: date) -> tuple[str, bool, bool]:
    """What type the number is valid for, whether it can be compared in full, whether it is a court mask."""
    if len({c for c in number if c.isdigit()}) <= 1 and number.isalnum():
        return "", number.isascii(), False  # filled in, so another one proves nothing
    for kind in (row_type,) if row_type is not None else _CHECKED:
        if _is_valid(number, kind, on):
            return kind.value, True, False
    mask = _NUMBER_MASK.sub(lambda hidden: "*" * len(hidden.group()), number)
    if "*" in mask:
        return "", False, is_court_mask(mask)
    if not number:
        return "", False, False
    if row_type is None and (_LOOSE.fullmatch(number) or _is_valid(number, IdentifierType.FOREIGN_PERMANENT, on)):
        return "", True, False
    raise RowRefused("number", "check-digit" if len(number) == 18 else "malformed")


def _is_valid(number: str, kind: IdentifierType, on: date) -> bool:
    try:
        return parse_identifier(number, type=kind, field="证件号码", on=on).number == number
    except IdentifierInvalid:
        return False


def is_court_mask(mask: str) -> bool:
    """Whether a mask hides positions 11 to 14 of 18 and no more."""
    seen = mask[:10] + mask[14:]
    readable = seen.isascii() and seen.isalnum() and not set(seen) & set("OI")
    return len(mask) == 18 and mask[10:14] == "****" and readable


def compact(value: str) -> str:
    """Upper case and narrow, without blanks, dashes and characters nobody can see."""
    return "".join(
        c
        for c in unicodedata.normalize("NFKC", value).upper()
        if not c.isspace() and unicodedata.category(c) not in {"Pd", "Cf"}
    )
