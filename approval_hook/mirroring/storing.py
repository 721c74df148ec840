"""Put the rows of an edition into the database, so that nobody sees them before they are whole.

PostgreSQL: a whole list goes by COPY into a table of its own, which is indexed and becomes a partition of
``MirroredRow`` in the transaction that takes it into use. SQLite: rows lie under the id of an edition that is not in
use yet. An incremental edition changes the rows of its base in one transaction, at a cost in proportion to itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, connections, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from approval_hook.mirroring import rows
from approval_hook.mirroring.problems import EditionRefused
from approval_hook.mirroring.reading import Batch
from approval_hook.mirroring.rows import Row
from approval_hook.models import MirroredEdition, MirroredRow

if TYPE_CHECKING:
    pass

_TABLE = MirroredRow._meta.db_table
_STAGE = f"{_TABLE}_stage"
_COLUMNS = "record_id, number_key, name_key, body"
#: Batches on their way to the server while the next one is made.
_AHEAD = 2
#: Of sorting for an index, in this session; the server's own default is made for many small sorts.
_SORT_MEMORY = "256MB"
_ESCAPED = re.compile(r"[\\\t\n\r]")
_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}


def database() -> BaseDatabaseWrapper:
    """Where the mirror is written."""
    return connections[router.db_for_write(MirroredRow)]


def partition(edition_id: int) -> str:
    """Name of the table of one whole edition on PostgreSQL."""
    return f"{_TABLE}_{edition_id:d}"


def put_whole(edition: MirroredEdition, batches: Iterator[Batch]) -> int:
    """Store a whole list; within a transaction on PostgreSQL, outside of one on SQLite.

    Returns:
        How many rows it has.

    Raises:
        EditionRefused: two rows have one id.
    """
    connection = database()
    with_sentinel = chain(batches, [Batch([rows.sentinel()])])
    try:
        if connection.vendor == "postgresql":
            return _copy_whole(connection, edition.pk, with_sentinel) - 1
        return sum(_insert(connection, edition.pk, batch) for batch in with_sentinel) - 1
    except IntegrityError:
        raise EditionRefused("duplicate-record") from None


def put_changes(edition: MirroredEdition, base: MirroredEdition, batches: Iterator[Batch]) -> int:
    """Change the rows of a base into those of an incremental edition, within a transaction.

    Returns:
        How many rows the list has then.

    Raises:
        EditionRefused: two rows of the edition have one id.
    """
    connection = database()
    name = connection.ops.quote_name
    added = removed = 0
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                f"CREATE TEMPORARY TABLE {name(_STAGE)} (record_id varchar(100) PRIMARY KEY, number_key bigint,"
                " name_key bigint, body text)"
            )
            for batch in batches:
                values: list[tuple[Any, ...]] = [
                    (r.record_id, r.number_key, r.name_key, r.body) for r in _all_rows(batch)
                ]
                values += [(record_id, None, None, None) for record_id in batch.removed]
                cursor.executemany(f"INSERT INTO {name(_STAGE)} ({_COLUMNS}) VALUES (%s, %s, %s, %s)", values)
            cursor.execute(
                f"DELETE FROM {name(_TABLE)} WHERE edition_id = %s AND record_id IN"
                f" (SELECT record_id FROM {name(_STAGE)})",
                [base.rows_in],
            )
            removed = cursor.rowcount
            cursor.execute(
                f"INSERT INTO {name(_TABLE)} (edition_id, {_COLUMNS}) SELECT %s, {_COLUMNS} FROM {name(_STAGE)}"
                " WHERE body IS NOT NULL",
                [base.rows_in],
            )
            added = cursor.rowcount
            cursor.execute(f"DROP TABLE {name(_STAGE)}")
    except IntegrityError:
        raise EditionRefused("duplicate-record") from None
    return int(base.rows - removed + added)


def drop(edition_id: int) -> None:
    """Take the rows of a whole edition away.

    Raises:
        DatabaseError: somebody still reads them; try again later.
    """
    connection = database()
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL lock_timeout = '2s'")
            cursor.execute(f"DROP TABLE IF EXISTS {connection.ops.quote_name(partition(edition_id))}")
        else:
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(_TABLE)} WHERE edition_id = %s", [edition_id])


def _insert(connection: BaseDatabaseWrapper, edition_id: int, batch: Batch) -> int:
    values = [(edition_id, r.record_id, r.number_key, r.name_key, r.body) for r in _all_rows(batch)]
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {connection.ops.quote_name(_TABLE)} (edition_id, {_COLUMNS}) VALUES (%s, %s, %s, %s, %s)",
            values,
        )
    return len(values)


def _all_rows(batch: Batch) -> Iterator[Row]:
    yield from batch.rows
    if batch.frame is not None:
        for values in batch.frame.iter_rows():
            yield Row(*values)


def _copy_whole(connection: BaseDatabaseWrapper, edition_id: int, batches: Iterator[Batch]) -> int:
    name = connection.ops.quote_name
    table, parent, number = name(partition(edition_id)), name(_TABLE), f"{edition_id:d}"
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL maintenance_work_mem = '{_SORT_MEMORY}'")
        cursor.execute(f"CREATE TABLE {table} (LIKE {parent} INCLUDING DEFAULTS)")
        cursor.execute(f"ALTER TABLE {table} ALTER edition_id SET DEFAULT {number}")
        copied = _copy(cursor, table, batches)
        cursor.execute(f"CREATE UNIQUE INDEX ON {table} (record_id)")
        for column in ("number_key", "name_key"):
            cursor.execute(f"CREATE INDEX ON {table} ({column})")
        # With this the rows need not be read again when the table becomes a partition.
        cursor.execute(f"ALTER TABLE {table} ADD CHECK (edition_id = {number})")
        cursor.execute(f"ALTER TABLE {parent} ATTACH PARTITION {table} FOR VALUES IN ({number})")
        cursor.execute(f"ANALYZE {table}")
    return copied


def _copy(cursor: Any, table: str, batches: Iterator[Batch]) -> int:
    """Copy while the next batch is made: the server works in a process of its own."""
    with (
        cursor.copy(f"COPY {table} ({_COLUMNS}) FROM STDIN") as copy,
        ThreadPoolExecutor(max_workers=1) as sender,
    ):
        under_way: list[Future[None]] = []
        for batch in batches:
            for data in _lines(batch):
                under_way.append(sender.submit(copy.write, data))
            while len(under_way) > _AHEAD:
                under_way.pop(0).result()
        for sent in under_way:
            sent.result()
    return int(cursor.rowcount)


def _lines(batch: Batch) -> Iterator[bytes]:
    if batch.frame is not None and batch.frame.height:
        from approval_hook.mirroring import fast

        yield fast.lines(batch.frame)
    if batch.rows:
        yield "".join(map(_line, batch.rows)).encode()


def _line(row: Row) -> str:
    keys = ("\\N" if key is None else str(key) for key in (row.number_key, row.name_key))
    return "\t".join((_escaped(row.record_id), *keys, _escaped(row.body))) + "\n"


def _escaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: _ESCAPES[found.group()], text)
