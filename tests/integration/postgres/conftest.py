"""On SQLite one test here runs the others in a suite of its own on PostgreSQL; there they run directly."""

from __future__ import annotations

import os

from tests.postgres import postgres_url

__all__ = ["postgres_url"]

_DIRECT = [
    "test_deadline_runner.py",
    "test_pending.py",
    "test_evidence.py",
    "test_late_checks.py",
    "test_leases.py",
    "test_look_up.py",
    "test_outbox.py",
    "test_rule_publication.py",
    "test_workers.py",
]
_AROUND = ["test_suite_on_postgres.py", "test_server.py"]

#: Each test is collected exactly once on either database; nothing is skipped.
collect_ignore = _AROUND if os.environ.get("TEST_DATABASE_URL", "").startswith("postgres") else _DIRECT
