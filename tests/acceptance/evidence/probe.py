"""What the simulated platform sees in our database, from its own process, at the moment a query arrives.

``python -m adapters.simulator --probe tests.acceptance.evidence.probe:look`` with the address of the database
in ``EVIDENCE_DATABASE``: the path of an SQLite file, or the address of a PostgreSQL database.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import uuid
from collections.abc import Mapping
from typing import Any

import psycopg

#: Queries arrive in parallel; two looks at once would meet each other's lock and not ours.
_one_at_a_time = threading.Lock()


def look(query: Mapping[str, Any]) -> dict[str, Any]:
    """Whether the inquiry behind a query is committed, and whether a write transaction of ours is open.

    Returns:
        ``inquiry``: a committed row with that id lists this query; ``writing``: somebody else holds a
        write transaction; ``in_transaction``: somebody else is in any transaction (PostgreSQL only, else None).
    """
    address = os.environ["EVIDENCE_DATABASE"]
    query_id = str(query["queryId"])
    inquiry_id = uuid.UUID(query_id.partition("-")[0])
    with _one_at_a_time:
        if address.startswith("postgresql://"):
            return _look_postgres(address, inquiry_id, query_id)
        return _look_sqlite(address, inquiry_id, query_id)


def _look_sqlite(path: str, inquiry_id: uuid.UUID, query_id: str) -> dict[str, Any]:
    connection = sqlite3.connect(path, timeout=0, isolation_level=None)
    try:
        row = connection.execute("SELECT queries FROM approval_hook_inquiry WHERE id = ?", [inquiry_id.hex]).fetchone()
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
            writing = False
        except sqlite3.OperationalError:
            writing = True
    finally:
        connection.close()
    return {"inquiry": row is not None and query_id in row[0], "writing": writing, "in_transaction": None}


def _look_postgres(address: str, inquiry_id: uuid.UUID, query_id: str) -> dict[str, Any]:
    with psycopg.connect(address, autocommit=True) as connection:
        row = connection.execute(
            "SELECT queries::text FROM approval_hook_inquiry WHERE id = %s", [inquiry_id]
        ).fetchone()
        counts = connection.execute(
            "SELECT count(*) FILTER (WHERE backend_xid IS NOT NULL), count(*) FILTER (WHERE xact_start IS NOT NULL)"
            " FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        ).fetchone()
    assert counts is not None
    return {
        "inquiry": row is not None and query_id in str(row[0]),
        "writing": bool(counts[0]),
        "in_transaction": bool(counts[1]),
    }
