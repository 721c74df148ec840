"""Runs the essential tests once more, on a real PostgreSQL server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.postgres import database

pytestmark = pytest.mark.postgres

ROOT = Path(__file__).resolve().parents[3]
SUITE = (
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
    "tests/integration/postgres",
    "tests/acceptance/test_bypass.py",
    "tests/acceptance/test_emergency_release.py",
    "tests/acceptance/test_held_at_decision.py",
    "tests/acceptance/test_observe_mode.py",
    "tests/acceptance/test_at_issue.py",
    "tests/acceptance/test_raw_replies.py",
)
#: So many tests the suite has at least; fewer means that something was not collected.
AT_LEAST = 225


def test_essential_tests_pass_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    """Host facts, bypasses, releases, evidence and concurrent workers hold on PostgreSQL too, none skipped."""
    report = tmp_path / "report.xml"
    with database(postgres_url) as url:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", *SUITE],
            cwd=ROOT,
            env={**os.environ, "TEST_DATABASE_URL": url},
            capture_output=True,
            text=True,
            timeout=1500 if os.environ.get("LONG") == "1" else 900,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    # Our own pytest wrote the file a moment ago.
    suite = ElementTree.parse(report).getroot().find("testsuite")  # noqa: S314
    assert suite is not None
    assert int(suite.attrib["tests"]) >= AT_LEAST
    assert int(suite.attrib["skipped"]) == 0
    names = {case.attrib["classname"] for case in suite.iter("testcase")}
    assert {n.rpartition(".")[2] for n in names} == {
        "test_architecture_facts",
        "test_at_issue",
        "test_attacks",
        "test_bypass",
        "test_deadline_runner",
        "test_deadlines",
        "test_debts",
        "test_emergency_release",
        "test_evidence",
        "test_held_at_decision",
        "test_late_checks",
        "test_leases",
        "test_limits",
        "test_loading",
        "test_look_up",
        "test_moving",
        "test_observe_mode",
        "test_pending",
        "test_raw_replies",
        "test_renaming",
        "test_rule_publication",
        "test_statements",
        "test_sweeping",
        "test_workers",
    }
