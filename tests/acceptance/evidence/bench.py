"""Start the application and the platform as processes, and compare what both wrote down."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.acceptance.evidence import people
from tests.acceptance.evidence.worker import SEVERE_EVERY
from tests.contract.conftest import RunningSimulator, start_simulator

ROOT = Path(__file__).parents[3]
_PATIENCE_SECONDS = 660 if os.environ.get("LONG") == "1" else 120


@dataclass
class Bench:
    """One database, one platform, and workers that come and go."""

    database_url: str
    platform: RunningSimulator
    entered: set[int] = field(default_factory=set)

    def environment(self) -> dict[str, str]:
        """Environment of a worker: this database and this platform, whatever the suite itself runs on."""
        mine = {"DATABASE_URL": self.database_url, "CREDIT_PLATFORM_URL": self.platform.url}
        return {k: v for k, v in os.environ.items() if k != "TEST_DATABASE_URL"} | mine

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """A worker that runs on its own."""
        command = [sys.executable, "-W", "ignore", "-m", "tests.acceptance.evidence.worker", *arguments]
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=self.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> str:
        """A worker that must succeed; gives what it printed."""
        worker = self.start(*arguments)
        out, err = worker.communicate(timeout=_PATIENCE_SECONDS)
        assert worker.returncode == 0, err
        return out

    def sweep(self) -> None:
        """Queue late checks, as an administrator does."""
        command = [sys.executable, "-W", "ignore", "manage.py", "credit_sweep"]
        environment = self.environment() | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
        subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)

    def report(self) -> dict[str, Any]:
        """What the database says."""
        found: dict[str, Any] = json.loads(self.run("report").splitlines()[-1])
        return found

    def enter(self, numbers: Sequence[int]) -> None:
        """Make the platform know the applicants with these numbers."""
        for number in set(numbers) - self.entered:
            rows = [people.row(f"K{number}")] if number % SEVERE_EVERY == 0 else []
            if number % 2:
                people.firm(number).enter(self.platform.control, *rows)
            else:
                self.platform.control.put(people.driver(number).who.held(*rows))
            self.entered.add(number)

    def ledger_ids(self) -> list[str]:
        """Query ids in the order in which they reached the platform."""
        return [str(line["query_id"]) for line in self.platform.control.ledger()]


@contextmanager
def bench(database_url: str, *simulator_options: str) -> Iterator[Bench]:
    """A platform beside an empty, migrated database."""
    platform = start_simulator("--token-env", "CREDIT_PLATFORM_TOKEN", *simulator_options)
    try:
        made = Bench(database_url, platform)
        made.run("prepare")
        yield made
    finally:
        platform.end()
