"""Read one row of a reply into a credit record.

A row has these fields; those marked ? may be null, and all others are dropped (R-36)::

    {"recordId", "listType", "severity", "title", "decidedOn", "decidedBy"?, "documentNo"?, "category"?,
     "state", "publishedOn"?, "displayUntil"?, "validUntil"?, "scope", "event"?, "domain"?, "roleThen"?,
     "name"?, "idType"?, "idNumber"?}

``severity`` is 1 minor, 2 general, 3 watch, 4 serious, 9 good; ``state`` is 1 active, 2 repaired,
3 removed, 4 corrected, 5 disputed. An unknown code is an error. Days in any form of ``Fields.day``.

Source: domain facts 3.6, 3.7 and 4.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from adapters.matching import grade, name_within
from adapters.wire import Fields
from approval_hook.errors import PlatformReplyInvalid
from approval_hook.policy.records import CreditRecord, MatchGrade, RecordState, Severity
from approval_hook.policy.subjects import mask_text
from approval_hook.ports import ListEntry, Query

__all__ = ["MOST_ROWS", "check_strangers", "masked_document_no", "read_entry", "read_rows"]

#: The most rows in one list of a reply.
MOST_ROWS = 500

_SEVERITY = {
    "1": Severity.MINOR,
    "2": Severity.GENERAL,
    "3": Severity.WATCH,
    "4": Severity.SERIOUS,
    "9": Severity.GOOD,
}
_STATE = {
    "1": RecordState.ACTIVE,
    "2": RecordState.REPAIRED,
    "3": RecordState.REMOVED,
    "4": RecordState.CORRECTED,
    "5": RecordState.DISPUTED,
}
_REMOVED = {"0": False, "1": True}


def read_rows(rows: Sequence[Fields], query: Query, source: str, *, count: int) -> list[CreditRecord]:
    """Every row, those about somebody else included, with its match grade.

    Args:
        rows: the rows of every page.
        query: whose subject decides the match grade, together with its day.
        source: name of the platform.
        count: rows that the platform announced.

    Raises:
        PlatformReplyInvalid: rows are missing, come twice or cannot be read.
    """
    ids = [row.text("recordId", longest=100) for row in rows]
    if len(rows) != count or len(set(ids)) != len(ids):
        raise PlatformReplyInvalid(f"{source}: rows are missing or come twice.")
    return [_record(row, source, _graded(row, query)) for row in rows]


def read_entry(row: Fields, source: str) -> ListEntry:
    """One row of a list, which has ``removed`` beside the fields above: 0, or 1 for a row that is gone.

    Raises:
        PlatformReplyInvalid: the row cannot be read.
    """
    return ListEntry(
        record=_record(row, source, MatchGrade.POSSIBLE),
        name=row.text_or_empty("name", longest=200),
        id_type=row.text_or_empty("idType", longest=40),
        number=row.text_or_empty("idNumber", longest=40),
        removed=row.code("removed", _REMOVED),
    )


def _graded(row: Fields, query: Query) -> MatchGrade:
    return grade(
        query.subject,
        name=row.text_or_empty("name", longest=200),
        id_type=row.text_or_empty("idType", longest=40),
        number=row.text_or_empty("idNumber", longest=40),
        on=query.as_of,
    )


def _record(row: Fields, source: str, match: MatchGrade) -> CreditRecord:
    """Free text is masked here: a record becomes evidence that nobody can erase afterwards."""
    return CreditRecord(
        record_id=row.text("recordId", longest=100),
        source=source,
        list_type=row.text("listType", longest=60),
        severity=row.code("severity", _SEVERITY),
        title=mask_text(row.text("title")),
        decided_on=row.day("decidedOn"),
        decided_by=mask_text(row.text_or_empty("decidedBy", longest=200)),
        document_no=masked_document_no(row.text_or_empty("documentNo", longest=200), row.text("recordId", longest=100)),
        category=row.text_or_empty("category", longest=20),
        match=match,
        state=row.code("state", _STATE),
        published_on=row.day_or_none("publishedOn"),
        display_until=row.day_or_none("displayUntil"),
        valid_until=row.day_or_none("validUntil"),
        scope=row.text("scope", longest=40),
        event=row.text_or_empty("event", longest=60),
        domain=row.text_or_empty("domain", longest=60),
        role_then=row.text_or_empty("roleThen", longest=60),
    )


def check_strangers(shown: Iterable[tuple[str, CreditRecord]], names: Sequence[str], source: str) -> None:
    """What a look-up by name may bring of others: rows of whoever's name holds one that was looked for.

    Args:
        shown: the name that each row shows, and the row as it was read.
        names: that were looked for.
        source: name of the platform.

    Raises:
        PlatformReplyInvalid: a row about somebody else that no name explains: the whole reply is about somebody else.
    """
    for name, record in shown:
        if record.match is MatchGrade.NONE and not any(name_within(own, name) for own in names):
            raise PlatformReplyInvalid(f"{source}: the reply is about another subject.")


def masked_document_no(plain: str, record_id: str) -> str:
    """Document number without personal numbers.

    Two documents may look alike once masked, and one entry must never speak for another, so a
    masked one carries the number of its row.
    """
    masked = mask_text(plain)
    return plain if masked == plain else f"{masked}（{record_id}）"
