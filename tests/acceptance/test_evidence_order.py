"""Order of evidence, seen from outside: at the moment a query arrives, its inquiry is committed and nobody writes."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.evidence import probe
from tests.acceptance.evidence.bench import Bench, bench

PROBE = "tests.acceptance.evidence.probe:look"


@pytest.fixture
def on_database(monkeypatch: Any, tmp_path: Path) -> Iterator[Callable[[str], Bench]]:
    """Make a bench on SQLite or PostgreSQL whose platform looks into the database."""
    with ExitStack() as stack:

        def make(vendor: str) -> Bench:
            if vendor == "sqlite":
                path = tmp_path / "evidence.sqlite3"
                monkeypatch.setenv("EVIDENCE_DATABASE", str(path))
                return stack.enter_context(bench(f"sqlite:///{path}", "--probe", PROBE))
            from tests.postgres import database, server

            url = stack.enter_context(database(stack.enter_context(server())))
            monkeypatch.setenv("EVIDENCE_DATABASE", url)
            return stack.enter_context(bench(url, "--probe", PROBE))

        yield make


@pytest.mark.parametrize("vendor", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_every_query_finds_its_inquiry_committed_and_no_writer(
    on_database: Callable[[str], Bench], vendor: str
) -> None:
    """Food and driver cases, clean and severe, from filing to delivery: every single arrival is in order."""
    made = on_database(vendor)
    numbers = range(1, 9)
    made.enter(numbers)
    made.run("drive", "--first", "1", "--count", str(len(numbers)))
    ledger = made.platform.control.ledger()
    # Four firms with three parties each and four drivers.
    assert len(ledger) == 4 * 3 + 4
    seen = [line["probe"] for line in ledger]
    assert all(look["inquiry"] for look in seen), seen
    assert not any(look["writing"] for look in seen), seen
    if vendor == "postgresql":
        assert not any(look["in_transaction"] for look in seen), seen
    report = made.report()
    assert sorted(report["queries"]) == sorted(made.ledger_ids())
    assert {c["status"] for c in report["cases"]} == {"DONE"}


def test_probe_notices_a_missing_inquiry_and_a_writer(monkeypatch: Any, tmp_path: Path) -> None:
    """The look itself can tell disorder: an unknown query and an open write transaction are both reported."""
    path = tmp_path / "disorder.sqlite3"
    monkeypatch.setenv("EVIDENCE_DATABASE", str(path))
    inquiry = uuid.uuid4()
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("CREATE TABLE approval_hook_inquiry (id TEXT, queries TEXT)")
    query = {"queryId": f"{inquiry.hex}-1"}
    assert probe.look(query) == {"inquiry": False, "writing": False, "in_transaction": None}
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("INSERT INTO approval_hook_inquiry VALUES (?, ?)", [inquiry.hex, query["queryId"]])
    assert probe.look(query)["writing"]
    writer.execute("COMMIT")
    writer.close()
    assert probe.look(query) == {"inquiry": True, "writing": False, "in_transaction": None}
