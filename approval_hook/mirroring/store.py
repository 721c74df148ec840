"""What the stored lists say about one subject, read in one statement: rows and editions are from the same moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connections, router

from approval_hook.conf import conf
from approval_hook.errors import PlatformUnavailable
from approval_hook.mirroring import watching
from approval_hook.mirroring.keys import Wanted
from approval_hook.mirroring.rows import COURT_MASK, TYPES, Body, compact, decode_body, label
from approval_hook.models import MirroredEdition, MirroredRow
from approval_hook.policy.records import CreditRecord
from approval_hook.policy.subjects import Identifier, IdentifierType, Subject, untyped_matching_number
from approval_hook.ports import Found, ListEntry, ListStanding

#: Rows that are compared with one subject; more of one number or of one name cannot be told apart by a person either.
MOST_ROWS = 500
#: How often the editions may change while they are read.
_TRIES = 3
_ROWS = MirroredRow._meta.db_table
_EDITIONS = MirroredEdition._meta.db_table
_COLUMNS = "edition_id, record_id, number_key, name_key, body"
#: A name that is not the subject's; which one it is nobody can tell from its key.
_ANOTHER_NAME = "另一名称"


@dataclass(frozen=True, slots=True)
class _Edition:
    """An edition in use."""

    id: int
    rows_in: int
    standing: ListStanding


class StoredLists:
    """The lists of ``APPROVAL_HOOK["LISTS"]`` in the database; meets ``approval_hook.ports.ListStore``."""

    def __init__(self) -> None:
        """Nothing is read yet."""
        self._believed: tuple[_Edition, ...] | None = None

    def standings(self, *, count: bool = True) -> tuple[ListStanding, ...]:
        """Every list that the settings name, read afresh, with what is damaged and what was refused since.

        Args:
            count: count the rows too, from time to time; it may take a second for some millions.
        """
        damaged = watching.damaged(count=count)
        return watching.with_refused(_all_standings(_in_use(), damaged))

    def look_up(self, subject: Subject) -> Found:
        """What all of them hold about a subject.

        Raises:
            PlatformUnavailable: editions changed too often while they were read.
        """
        wanted = Wanted(subject)
        editions = self._believed
        for _ in range(_TRIES):
            if editions is None:
                editions = _in_use()
            rows, in_use = _ask(editions, wanted)
            if in_use == {e.id for e in editions}:
                self._believed = editions
                return _found(subject, wanted, editions, rows)
            editions = None
        raise PlatformUnavailable("The lists change too often to be read.")


def _in_use() -> tuple[_Edition, ...]:
    """Editions in use of the lists that the settings name, and of others."""
    names = ("pk", "rows_in", "source", "list_type", "version", "as_of", "rows")
    return tuple(
        _Edition(pk, rows_in, ListStanding(source, list_type, timedelta(0), version, as_of, rows))
        for pk, rows_in, source, list_type, version, as_of, rows in MirroredEdition.objects.filter(active=True)
        .order_by("pk")
        .values_list(*names)
    )


def _all_standings(editions: Iterable[_Edition], damaged: Iterable[int] = ()) -> tuple[ListStanding, ...]:
    held = {(e.standing.source, e.standing.list_type): e for e in editions}
    broken = set(damaged)
    found = []
    for name, settings in conf().lists.items():
        for list_type, max_age in settings.max_age.items():
            edition = held.get((name, list_type))
            if edition is None:
                found.append(ListStanding(name, list_type, max_age))
            else:
                then = edition.standing
                harmed = edition.rows_in in broken
                found.append(ListStanding(name, list_type, max_age, then.version, then.as_of, then.rows, harmed))
    return tuple(found)


def _ask(editions: tuple[_Edition, ...], wanted: Wanted) -> tuple[list[tuple[Any, ...]], set[int]]:
    """Rows with one of the keys in the editions believed to be in use, and the editions that are."""
    connection = connections[router.db_for_read(MirroredRow)]
    numbers = [wanted.sentinel, *wanted.numbers, *wanted.masks]
    # Every value is a number and stands in the text itself, which takes less than binding it.
    if connection.vendor == "postgresql":
        found = _fetched(connection, _by_function([e.rows_in for e in editions], numbers, wanted.names))
    else:
        with connection.cursor() as cursor:
            cursor.execute(_by_parts([e.rows_in for e in editions], numbers, wanted.names))
            found = cursor.fetchall()
    in_use = {int(row[0]) for row in found if row[1] is None}
    return [row for row in found if row[1] is not None], in_use


def _by_function(editions: Iterable[int], numbers: Iterable[int], names: Iterable[int]) -> str:
    """On PostgreSQL a function of ours, because planning the parts anew takes longer than running them."""
    arrays = (f"ARRAY[{_listed(some)}]::bigint[]" for some in (editions, numbers, names))
    return f"SELECT * FROM approval_hook_listed({', '.join(arrays)}, {MOST_ROWS + 1:d})"


def _fetched(connection: Any, statement: str) -> list[tuple[Any, ...]]:
    """By psycopg itself: Django's cursor adds a fifth to a look-up."""
    import psycopg

    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        return cursor.execute(statement.encode()).fetchall()


def _by_parts(editions: Sequence[int], numbers: Iterable[int], names: Iterable[int]) -> str:
    select = f"SELECT {_COLUMNS} FROM {_ROWS} WHERE edition_id IN ({_listed(editions)}) AND"
    most = MOST_ROWS + 1
    return (
        f"SELECT * FROM ({select} number_key IN ({_listed(numbers)}) LIMIT {most + len(editions):d}) UNION ALL"
        f" SELECT * FROM ({select} name_key IN ({_listed(names)}) LIMIT {most:d}) UNION ALL"
        f" SELECT id, NULL, NULL, NULL, NULL FROM {_EDITIONS} WHERE active"
    )


def _listed(numbers: Iterable[int]) -> str:
    return ",".join(f"{n:d}" for n in numbers)


def _found(subject: Subject, wanted: Wanted, editions: tuple[_Edition, ...], rows: list[tuple[Any, ...]]) -> Found:
    whole = {row[0] for row in rows if not row[1] and row[2] == wanted.sentinel}
    # A role that may only read leaves the sentinel of a list that it found damaged.
    damaged = {e.rows_in for e in editions if e.rows_in not in whole or watching.is_known_wrong(e.id)}
    standings = _all_standings(editions, damaged)
    asked = {(s.source, s.list_type) for s in standings}
    lists = {e.rows_in: e.standing for e in editions if (e.standing.source, e.standing.list_type) in asked}
    entries: dict[tuple[int, str], ListEntry | None] = {}
    by_number = by_name = 0
    for rows_in, record_id, number_key, name_key, body in rows:
        if not record_id:
            continue
        is_number = number_key in wanted.numbers or number_key in wanted.masks
        by_number += is_number
        by_name += name_key in wanted.names
        if rows_in in lists and (rows_in, record_id) not in entries:
            entries[rows_in, record_id] = _entry(
                subject, wanted, lists[rows_in].list_type, record_id, number_key, name_key, decode_body(body)
            )
    ours = tuple(e for e in entries.values() if e is not None)
    return Found(
        standings=standings,
        entries=ours,
        others=len(entries) - len(ours),
        complete=by_number <= MOST_ROWS and by_name <= MOST_ROWS,
    )


def _entry(
    subject: Subject,
    wanted: Wanted,
    list_type: str,
    record_id: str,
    number_key: int | None,
    name_key: int | None,
    body: Body,
) -> ListEntry | None:
    """The row with as much of name and number as its keys tell; None: its number is somebody else's."""
    number = _number(wanted, number_key, body)
    if number is None:
        if _is_another(subject, body):
            return None
        number = ""
    if body.shown_name:
        name = body.shown_name
    elif name_key is None:
        name = ""
    else:
        name = subject.name if wanted.is_name(name_key, body.shelf) else _ANOTHER_NAME
    record = CreditRecord(
        record_id=record_id,
        source="",
        list_type=list_type,
        severity=body.severity,
        title=body.title,
        decided_on=body.decided_on,
        decided_by=body.decided_by,
        document_no=body.document_no,
        category=body.category,
        state=body.state,
        published_on=body.published_on,
        display_until=body.display_until,
        valid_until=body.valid_until,
        scope=body.scope,
        event=body.event,
        domain=body.domain,
        role_then=body.role_then,
        rectified=body.rectified,
    )
    return ListEntry(record, name, label(body), number)


def _number(wanted: Wanted, number_key: int | None, body: Body) -> str | None:
    """The number of the row where it is one of the subject's, as long as the row writes it; None otherwise."""
    if number_key is None:
        return None
    if body.kind == COURT_MASK:
        hidden = wanted.masks.get(number_key)
        return f"{hidden.number[:10]}****{hidden.number[14:]}" if hidden is not None else None
    same = [i for proof, i in wanted.numbers.get(number_key, ()) if proof == body.proof]
    if not same:
        return None
    own = next((i.number for i in same if len(i.number) == body.length), None)
    if own is not None:
        return own
    # The same document in an older or newer print, with or without the count of its issues.
    base = untyped_matching_number(same[0].number)
    return base + "0" * (body.length - len(base))


def _is_another(subject: Subject, body: Body) -> bool:
    """Whether a number that is none of the subject's proves that the row is about somebody else."""
    row_type = TYPES.get(compact(label(body)))
    if body.kind == COURT_MASK:
        return any(
            len(i.number) == 18 and i.type is not IdentifierType.PASSPORT and row_type in (None, i.type)
            for i in subject.identifiers
        )
    if not body.kind:
        return False
    return any(
        i.type == body.kind and i.type is not IdentifierType.PASSPORT and len(i.matching_number) == _matched(body)
        for i in subject.identifiers
    )


def _matched(body: Body) -> int:
    """How many characters of the row's number are compared."""
    short = Identifier(IdentifierType(body.kind), "0" * body.length)
    return len(short.matching_number)


__all__ = ["MOST_ROWS", "StoredLists"]
