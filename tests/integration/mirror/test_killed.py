"""A process that is killed while it loads leaves nothing that is seen, and the next one sweeps it away."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.postgres import database, server

ROOT = Path(__file__).resolve().parents[3]


def process(url: str, part: str) -> subprocess.Popen[str]:
    """One part in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.integration.mirror.killed", part],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "TEST_DATABASE_URL": url},
        stdout=subprocess.PIPE,
        text=True,
    )


def told(url: str, part: str) -> Any:
    """What it prints when it ends well."""
    with process(url, part) as running:
        out, _ = running.communicate(timeout=120)
    assert running.returncode == 0
    return json.loads(out)


@pytest.mark.postgres
@pytest.mark.parametrize("product", ["sqlite", "postgresql"])
def test_killed_in_the_middle(product: str, tmp_path: Path) -> None:
    """The good edition stays in use; of the other one at most rows that nobody reads are left, until the next load."""
    with ExitStack() as stack:
        if product == "sqlite":
            url = f"sqlite:///{tmp_path / 'lists.sqlite3'}"
        else:
            url = stack.enter_context(database(stack.enter_context(server())))
        told(url, "migrate")
        assert told(url, "good") == [[["good", "good", "", True]], ["good"]]
        with process(url, "hangs") as running:
            assert running.stdout is not None
            assert running.stdout.readline() == "half\n"
            running.kill()
        editions, _ = told(url, "tell")
        assert editions == [["good", "good", "", True], ["hangs", "loading", "", False]]
        editions, rows = told(url, "next")
        assert editions == [
            ["good", "good", "", False],
            ["hangs", "refused", "interrupted", False],
            ["next", "good", "", True],
        ]
        assert rows == ["good", "next"]
