"""Runs the essential tests once more, on a real PostgreSQL server."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.postgres import database

pytestmark = pytest.mark.postgres

ROOT = Path(__file__).resolve().parents[3]
#: Every test that was written for PostgreSQL.
HERE = "tests/integration/postgres"
ALWAYS = (
    "tests/integration/test_architecture_facts.py",
    "tests/integration/test_attacks.py",
    "tests/integration/test_deadlines.py",
    "tests/integration/test_debts.py",
    "tests/integration/test_limits.py",
    "tests/integration/test_outbox.py",
    "tests/integration/test_statements.py",
    "tests/integration/test_sweeping.py",
    "tests/integration/test_renaming.py",
    "tests/integration/mirror/test_loading.py",
    "tests/integration/mirror/test_readiness.py",
    "tests/integration/test_moving.py",
)
#: They take minutes, so without LONG=1 one group of them runs, and another one each day.
BY_TURNS = (
    ("tests/acceptance/test_bypass.py",),
    ("tests/acceptance/test_emergency_release.py",),
    (
        "tests/acceptance/test_held_at_decision.py",
        "tests/acceptance/test_observe_mode.py",
        "tests/acceptance/test_at_issue.py",
        "tests/acceptance/test_raw_replies.py",
    ),
)
LONG = os.environ.get("LONG") == "1"
TODAY = datetime.now(UTC).toordinal() % len(BY_TURNS)
SUITE = (*ALWAYS, *(path for nth, group in enumerate(BY_TURNS) if LONG or nth == TODAY for path in group))
#: So many tests the suite has at least; fewer means that something was not collected.
AT_LEAST = 300


def test_essential_tests_pass_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    """Host facts, bypasses, releases, evidence and concurrent workers hold on PostgreSQL too, none skipped."""
    report = tmp_path / "report.xml"
    with database(postgres_url) as url:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", *SUITE, HERE],
            cwd=ROOT,
            env={**os.environ, "TEST_DATABASE_URL": url},
            capture_output=True,
            text=True,
            timeout=1500 if LONG else 900,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    # Our own pytest wrote the file a moment ago.
    suite = ElementTree.parse(report).getroot().find("testsuite")  # noqa: S314
    assert suite is not None
    assert int(suite.attrib["tests"]) >= AT_LEAST
    assert int(suite.attrib["skipped"]) == 0
    names = {case.attrib["classname"] for case in suite.iter("testcase")}
    here = {path.stem for path in (ROOT / HERE).glob("test_*.py")} - {Path(__file__).stem, "test_server"}
    assert {n.rpartition(".")[2] for n in names} == {Path(path).stem for path in SUITE} | here
