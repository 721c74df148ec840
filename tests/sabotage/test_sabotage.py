"""A safeguard taken away must be noticed: each sabotage turns the tests red that are named beside it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.sabotage.catalogue import CATALOGUE, VARIABLE, Sabotage

ROOT = Path(__file__).resolve().parents[2]


#: Each takes a process of its own, so without LONG=1 a tenth of them runs, and another tenth each day.
PARTS = 1 if os.environ.get("LONG") == "1" else 10
TODAY = datetime.now(UTC).toordinal() % PARTS
CHOSEN = [name for nth, name in enumerate(sorted(CATALOGUE)) if nth % PARTS == TODAY]


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_sabotage_still_has_its_line_and_its_tests(name: str) -> None:
    """Each text stands once in its module, and each test that must notice is there."""
    for edit in CATALOGUE[name].edits:
        spec = find_spec(edit.module)
        assert spec is not None
        assert spec.origin is not None
        assert Path(spec.origin).read_text(encoding="utf-8").count(edit.before) == 1
    for path, test in CATALOGUE[name].noticed_by:
        assert f"def {test}(" in (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CHOSEN)
def test_sabotage_is_noticed(name: str, tmp_path: Path) -> None:
    """Each named test fails, by an assertion or an error of its own, when the safeguard is missing."""
    sabotage = CATALOGUE[name]
    failed = _failed(name, sabotage, tmp_path / "report.xml")
    silent = [f"{path}::{test}" for path, test in sabotage.noticed_by if not failed[test]]
    assert not silent, f"without this nobody notices: {sabotage.without}"


def _failed(name: str, sabotage: Sabotage, report: Path) -> dict[str, bool]:
    """Test function -> whether a case of it failed, on the changed code."""
    tests = [f"{path}::{test}" for path, test in sabotage.noticed_by]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "tests.sabotage.plugin",
            "-p",
            "no:cacheprovider",
            f"--junitxml={report}",
            *tests,
        ],
        cwd=ROOT,
        env={**os.environ, VARIABLE: name},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    # 1: tests were run and some failed; everything else is a run that proves nothing.
    assert done.returncode == 1, done.stdout + done.stderr
    failed: dict[str, bool] = defaultdict(bool)
    # Our own pytest wrote the file a moment ago.
    for case in ElementTree.parse(report).getroot().iter("testcase"):  # noqa: S314
        failed[case.attrib["name"].partition("[")[0]] |= (
            case.find("failure") is not None or case.find("error") is not None
        )
    return failed
