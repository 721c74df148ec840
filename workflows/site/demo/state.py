"""The state directory of the demonstration: made anew for every run, before any settings load.

This module imports no Django, because settings read what it prepares.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
from collections.abc import MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

#: Read by the command, so that it never runs on a database that the demonstration did not make.
STATE_VARIABLE = "WORKFLOWS_DEMO_STATE"
CONTROL_TOKEN = "SIMULATOR_CONTROL_TOKEN"  # noqa: S105 - the name of a secret
PLATFORM_TOKEN = "CREDIT_PLATFORM_TOKEN"  # noqa: S105 - the name of a secret

_SECRETS = (
    "WORKFLOWS_SECRET_KEY",
    "WORKFLOWS_FIELD_SECRET",
    "CREDIT_DIGEST_SECRET",
    "CREDIT_FIELD_SECRET",
    PLATFORM_TOKEN,
    CONTROL_TOKEN,
)
_DATABASE = "demo.sqlite3"
_FILES = (_DATABASE, f"{_DATABASE}-wal", f"{_DATABASE}-shm", f"{_DATABASE}-journal", "ledger.jsonl", "demo.log")
_ROOT = Path(__file__).resolve().parents[3]

#: Open for as long as the process lives; closing it would give the directory free.
_held: list[int] = []


class StateBusy(Exception):
    """Another demonstration uses the state directory."""


@dataclass(frozen=True, slots=True)
class DemoState:
    """Where everything of one run lies."""

    directory: Path

    @property
    def secrets_dir(self) -> Path:
        """One file per secret, mode 600."""
        return self.directory / "secrets"

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.directory / _DATABASE

    @property
    def ledger(self) -> Path:
        """What the simulated platform was asked, one line of JSON per query."""
        return self.directory / "ledger.jsonl"

    @property
    def log(self) -> Path:
        """Log of the application while it demonstrates itself."""
        return self.directory / "demo.log"

    def secret(self, name: str) -> str:
        """Text of one secret file.

        Raises:
            OSError: the file is gone; start the demonstration again.
        """
        return (self.secrets_dir / name).read_text(encoding="utf-8").strip()


def prepare(environment: MutableMapping[str, str]) -> DemoState:
    """Make the state anew and point the settings at it.

    Only files that an earlier demonstration made under these names are deleted.

    Args:
        environment: of this process; changed in place. ``WORKFLOWS_STATE_DIR`` names the
            directory, by default ``.demo`` beside ``manage.py``.

    Raises:
        StateBusy: another demonstration runs there; stop it or name another directory.
        OSError: the directory cannot be written.
    """
    state = DemoState(Path(environment.get("WORKFLOWS_STATE_DIR") or _ROOT / ".demo").resolve())
    state.directory.mkdir(parents=True, exist_ok=True)
    _hold(state.directory)
    for name in _FILES:
        with suppress(FileNotFoundError):
            (state.directory / name).unlink()
    state.secrets_dir.mkdir(mode=0o700, exist_ok=True)
    for name in _SECRETS:
        _write_secret(state.secrets_dir / name)
        # A variable of the same name would go before the file.
        environment.pop(name, None)
    environment.update(
        {
            STATE_VARIABLE: str(state.directory),
            "DJANGO_SETTINGS_MODULE": "workflows.site.settings",
            "WORKFLOWS_STATE_DIR": str(state.directory),
            "SECRETS_DIR": str(state.secrets_dir),
            "DATABASE_URL": f"sqlite:///{quote(str(state.database))}",
            # The pages are on the loopback address, without a certificate.
            "WORKFLOWS_HTTPS": "0",
            "WORKFLOWS_DEBUG": "0",
            "WORKFLOWS_HOSTS": "localhost,127.0.0.1",
            "CREDIT_PLATFORM_URL": f"http://127.0.0.1:{_free_port()}",
            "CREDIT_PLATFORM_PAASID": "approval-hook",
        }
    )
    return state


def _free_port() -> int:
    """A port on the loopback address that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _hold(directory: Path) -> None:
    handle = os.open(directory / "demo.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise StateBusy(str(directory)) from None
    _held.append(handle)


def _write_secret(path: Path) -> None:
    with suppress(FileNotFoundError):
        path.unlink()
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(secrets.token_urlsafe(32) + "\n")
