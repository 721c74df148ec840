"""The commands of the page on rehearsing are run as they stand, but for the ports."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapters.simulator.faults import FaultKind

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "howto" / "rehearse-with-the-simulator.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(?:# (\w+) terminal[^\n]*\n)?(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
_SECONDS = 120


def commands(terminal: str, ports: dict[str, str]) -> list[str]:
    """The blocks of one terminal, with this interpreter and these ports."""
    found = [body for name, body in BLOCKS if name == terminal]
    for old, new in {**ports, ".venv/bin/python": sys.executable}.items():
        found = [body.replace(old, new) for body in found]
    return found


def free_port() -> str:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@contextmanager
def terminal(command: str, environment: dict[str, str], log: Path) -> Iterator[str]:
    """A command that goes on until Ctrl-C, from when it is ready; gives what it printed."""
    with log.open("w") as out:
        process = subprocess.Popen(
            ["bash", "-ec", "exec " + command.strip()], cwd=log.parent, env=environment, stdout=out, stderr=out
        )
    try:
        until = time.monotonic() + _SECONDS
        while "Ctrl-C ends it." not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.1)
        yield log.read_text()
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0


@pytest.mark.skipif(shutil.which("curl") is None, reason="the page's commands call curl")
def test_the_page_can_be_followed(tmp_path: Path) -> None:
    """Started, broken, found out, mended, and beside it a second source that disagrees."""
    (tmp_path / "manage.py").symlink_to(ROOT / "manage.py")
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",  # the application's own, with the secrets of the tests
        "DATABASE_URL": f"sqlite:///{tmp_path / 'rehearsal.sqlite3'}",
        "PYTHONPATH": str(ROOT),
    }
    for name in ("TEST_DATABASE_URL", "CREDIT_PLATFORM_TOKEN"):
        environment.pop(name, None)
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(migrate, cwd=tmp_path, env=environment, check=True)
    ports = {"8799": free_port(), "8800": free_port()}
    first, third = commands("first", ports), commands("third", ports)
    assert (len(first), len(third)) == (1, 1)
    with (
        terminal(first[0], environment, tmp_path / "first.log") as told,
        terminal(third[0], environment, tmp_path / "third.log") as disagreeing,
    ):
        exports = re.findall(r"^ +(export CREDIT_\w+_TOKEN=\S+)$", told, re.MULTILINE)
        assert len(exports) == 2
        script = "\n".join([*exports, *commands("second", ports)])
        done = subprocess.run(
            ["bash", "-ec", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.count("found out") == 1
        assert "连接不上或没有及时答复" in done.stdout.split("found out")[0]
        assert "连接不上" not in done.stdout.split("found out")[1]
        in_force = json.loads(re.search(r'\[\{"kind".*?\]', done.stdout)[0])  # type: ignore[index] # else it fails here
        assert [(fault["kind"], fault["probability"]) for fault in in_force] == [("slow", 0.05), ("http_500", 1.0)]
        assert (tmp_path / "ledger.jsonl").read_text() == ""

        # The same subjects in the same places, as the page says.
        def offered(text: str) -> str:
            return text.split("clean (no records)")[1].split("hit (")[0]

        assert offered(told).splitlines()[1] == offered(disagreeing).splitlines()[1]


def test_the_page_names_faults_that_exist_and_the_make_target_as_it_is() -> None:
    """Words of faults are the simulator's; the last block calls what the suite runs in a reduced size."""
    table = PAGE.split("| you do | you see |")[1].split("##")[0]
    named = set(re.findall(r"`([a-z_0-9]+)`", "".join(row.split("|")[1] for row in table.splitlines() if "|" in row)))
    assert {"http_500", "quota", "login_page"} <= named <= {kind.value for kind in FaultKind}
    (rehearsal,) = [body for name, body in BLOCKS if not name]
    command = rehearsal.partition("#")[0].split()
    done = subprocess.run([command[0], "-n", *command[1:]], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "-m tests.rehearsal --queries 1000 --cases 40" in done.stdout
