"""One simulator process for the session, set back before each test."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.gateway import GatewayPlatform
from adapters.simulator import ControlClient

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class RunningSimulator:
    """A simulator process and how to reach it."""

    process: subprocess.Popen[str]
    url: str
    control: ControlClient
    paasid: str
    token: str

    def platform(self, **options: object) -> GatewayPlatform:
        """A gateway adapter connected to it."""
        return GatewayPlatform("province", self.url, self.paasid, self.token, **options)  # type: ignore[arg-type] # test options

    def end(self) -> None:
        """Kill the process, as a crash would."""
        self.process.kill()
        self.process.wait(timeout=10)
        self.control.close()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()


def start_simulator(*arguments: str) -> RunningSimulator:
    """Start a simulator as a process of its own and wait until it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "adapters.simulator", "--while-stdin-open", *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())
    control = ControlClient(ready["control"], ready["control_token"])
    return RunningSimulator(process, ready["url"], control, ready["paasid"], ready["token"])


@pytest.fixture(scope="session")
def simulator_process() -> Iterator[RunningSimulator]:
    """The process shared by the tests that do not kill it."""
    running = start_simulator()
    yield running
    running.end()


@pytest.fixture
def simulator(simulator_process: RunningSimulator) -> RunningSimulator:
    """The shared process, empty and well-behaved."""
    simulator_process.control.reset()
    return simulator_process
