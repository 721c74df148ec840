"""A look-up reads few rows of a long list, however common a name in it is."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from approval_hook.mirroring.store import MOST_ROWS
from approval_hook.mirroring.storing import partition

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

_EDITION = 900_001
_ROWS = 60_000
#: Of the names in the list: every third row has one of them.
_NAMES = 3


def scans(table: str) -> tuple[int, int]:
    """How often this table was read from end to end, and how many rows its indexes gave."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT seq_scan, idx_tup_fetch FROM pg_stat_user_tables WHERE relname = %s", [table])
        found: tuple[int, int] = cursor.fetchone()
    return found


def test_a_common_name_does_not_make_the_server_read_the_list() -> None:
    """Neither the whole table nor all rows of the name: at most as many as are compared with a subject."""
    table = partition(_EDITION)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"CREATE TABLE {table} (LIKE approval_hook_mirroredrow INCLUDING DEFAULTS)")
            cursor.execute(
                f"INSERT INTO {table} SELECT {_EDITION}, 'R' || n, n, n %% {_NAMES}, repeat('x', 200)"
                " FROM generate_series(1, %s) n",
                [_ROWS],
            )
            cursor.execute(f"ALTER TABLE approval_hook_mirroredrow ATTACH PARTITION {table} FOR VALUES IN ({_EDITION})")
            cursor.execute(f"ANALYZE {table}")
        before = scans(table)
        with connection.cursor() as cursor:
            for number in range(10):
                cursor.execute(
                    "SELECT number, name FROM approval_hook_listed(%s, %s, %s, %s)",
                    [[_EDITION], [number + 1], [number % (2 * _NAMES)], MOST_ROWS + 1],
                )
                rows = cursor.fetchall()
                assert (number + 1, (number + 1) % _NAMES) in rows
                common = [name for _, name in rows if name == number % (2 * _NAMES)]
                assert len(common) <= MOST_ROWS + 2
                assert (len(common) > MOST_ROWS) is (number % (2 * _NAMES) < _NAMES)
        whole, read = (now - then for now, then in zip(scans(table), before, strict=True))
        assert whole == 0
        assert read <= 10 * (MOST_ROWS + 3)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {table}")
