"""What all processes together make of a source on one day: one row each, changed by single statements.

Each statement commits by itself, so no lock outlives it; inside the caller's transaction it is refused.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import connection, transaction

from approval_hook import clock

_LEASE = """
INSERT INTO {table} (source, day, leased, openings) VALUES (%s, %s, %s, 0)
ON CONFLICT (source, day) DO UPDATE SET leased = {table}.leased + excluded.leased WHERE {table}.leased < %s
RETURNING leased
"""
_OPENED = """
INSERT INTO {table} (source, day, leased, openings, opened_at) VALUES (%s, %s, 0, 1, %s)
ON CONFLICT (source, day) DO UPDATE SET openings = {table}.openings + 1, opened_at = excluded.opened_at
RETURNING openings
"""


def lease(source: str, day: date, block: int, *, below: int) -> int | None:
    """Lease the next ``block`` queries of a day, if fewer than ``below`` are leased.

    Returns:
        How many are leased now, the block last among them; None: nothing was leased.

    Raises:
        RuntimeError: called inside a transaction, which would keep the row locked.
    """
    return _run(_LEASE, source, connection.ops.adapt_datefield_value(day), block, below)


def note_opening(source: str, at: datetime) -> None:
    """Write down that a process opened the breaker of a source.

    Raises:
        RuntimeError: called inside a transaction.
    """
    day = connection.ops.adapt_datefield_value(clock.china_date(at))
    _run(_OPENED, source, day, connection.ops.adapt_datetimefield_value(at))


def _run(sql: str, *values: Any) -> int | None:
    from approval_hook.models import SourceDay

    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(sql.format(table=SourceDay._meta.db_table), values)
        rows = cursor.fetchall()
    return int(rows[0][0]) if rows else None
