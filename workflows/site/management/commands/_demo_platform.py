"""The simulated platform of the demonstration: a process of its own, steered through its control interface."""

from __future__ import annotations

import json
import os
import random
import select
import subprocess
import sys
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

from django.core.management.base import CommandError

from adapters.simulator import ControlClient, Fault, FaultKind, SimulatedSubject
from workflows.site.demo.cast import Drawn, record
from workflows.site.demo.state import CONTROL_TOKEN, PLATFORM_TOKEN, DemoState

_START_SECONDS = 20.0
_STOP_SECONDS = 5.0


class SimulatedPlatform:
    """Starts, fills and stops the simulator."""

    def __init__(self, state: DemoState, port: int, root: Path) -> None:
        """Start the process and wait until it answers.

        Args:
            state: where ledger and tokens lie.
            port: on the loopback address, as the settings name it.
            root: folder of the packages.

        Raises:
            CommandError: it did not start in time.
        """
        self.token_file = state.secrets_dir / CONTROL_TOKEN
        environment = os.environ | {name: state.secret(name) for name in (CONTROL_TOKEN, PLATFORM_TOKEN)}
        command = [sys.executable, "-m", "adapters.simulator", "--port", str(port), "--ledger", str(state.ledger)]
        command += ["--token-env", PLATFORM_TOKEN, "--control-token-env", CONTROL_TOKEN, "--while-stdin-open"]
        # The open pipe ends the process even when this one is killed; Ctrl-C reaches only this one.
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            cwd=root,
            text=True,
            start_new_session=True,
        )
        self.control_url, token = self._ready()
        self._control = ControlClient(self.control_url, token)

    def enter(self, cast: Iterable[Drawn]) -> None:
        """Enter every subject with its rows, and the faults."""
        for drawn in cast:
            for actor in drawn.actors:
                self._control.put(SimulatedSubject.from_json(actor.at_platform()))
            if drawn.spec.fault is not None:
                struck = drawn.actor(drawn.spec.fault.subject)
                self._control.fault(Fault(FaultKind(drawn.spec.fault.kind), number=struck.number))

    def flip(self, drawn: Drawn, today: date) -> None:
        """Take away what the platform holds about the case's subject, or enter a severe court record."""
        target = drawn.flip_target
        rows: tuple[dict[str, str], ...] = ()
        if not target.records:
            decided = today - timedelta(days=random.Random(drawn.spec.name).randint(60, 300))  # noqa: S311 - no secret
            rows = (record(f"{drawn.spec.name}-flipped", "court_defaulter", "4", decided, 1),)
        self._control.put(SimulatedSubject.from_json(target.at_platform() | {"records": list(rows)}))

    def curl(self, method: str, path: str, body: str = "") -> str:
        """A shell command that calls the control interface."""
        data = f" -d '{body}'" if body else ""
        header = f'-H "X-Control-Token: $(cat {self.token_file})"'
        return f"curl -s -X {method} {header}{data} {self.control_url.rstrip('/')}/{path}"

    def close(self) -> None:
        """Stop the process; doing so twice is harmless."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _ready(self) -> tuple[str, str]:
        line = ""
        if self._process.stdout is not None:
            waiting, _, _ = select.select([self._process.stdout], [], [], _START_SECONDS)
            line = self._process.stdout.readline() if waiting else ""
        if not line:
            self.close()
            raise CommandError("模拟信用平台没有启动。请重新运行；仍不成功时查看端口是否被占用。")
        told = json.loads(line)
        return str(told["control"]), str(told["control_token"])
