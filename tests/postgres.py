"""A throw-away PostgreSQL server for tests and benchmarks.

``TEST_DATABASE_URL`` names a server to use instead. Otherwise the system's own binaries are started on a
private Unix socket, with PostgreSQL's default durability: ``fsync`` stays on. A missing server is a
failure that names the package to install, never a skip, so that no green run leaves PostgreSQL out.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql

#: Where Debian and Ubuntu keep the server's programs, one folder per version.
_DEBIAN = Path("/usr/lib/postgresql")
#: Seconds for the server to start, and to stop.
_PATIENCE_SECONDS = 60
_ROLE = "approval_hook"
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


class PostgresMissing(RuntimeError):
    """No PostgreSQL server can be started; install the Debian package "postgresql" or set TEST_DATABASE_URL."""

    def __init__(self) -> None:
        """Use the class docstring as the message."""
        super().__init__(str(type(self).__doc__))


def binaries() -> Path:
    """Folder of the newest ``initdb`` and ``postgres`` of this system.

    Raises:
        PostgresMissing: there is none.
    """
    versions = [p for p in _DEBIAN.glob("*/bin") if (p / "initdb").exists() and (p / "postgres").exists()]
    if versions:
        return max(versions, key=lambda p: [int(n) for n in p.parent.name.split(".") if n.isdigit()])
    found = shutil.which("initdb")
    if found and shutil.which("postgres", path=str(Path(found).parent)):
        return Path(found).parent
    raise PostgresMissing


@contextmanager
def server() -> Iterator[str]:
    """Run a server while the context lasts; it is stopped and its data removed afterwards.

    Yields:
        The address of a database on it, as ``TEST_DATABASE_URL`` takes it.

    Raises:
        PostgresMissing: no server is named and none is installed.
        RuntimeError: the server did not start; the message holds its log.
    """
    given = os.environ.get("TEST_DATABASE_URL", "")
    if given:
        if not given.startswith(("postgres://", "postgresql://")):
            raise RuntimeError("TEST_DATABASE_URL must name a PostgreSQL server: postgresql://user@host/name")
        yield given
        return
    folder = binaries()
    # Not below a test's own folder: the unprivileged user must reach it, and a socket path has 107 characters.
    home = Path(tempfile.mkdtemp(prefix="approval-hook-pg-"))
    try:
        owner = _unprivileged()
        if owner is not None:
            os.chown(home, owner.pw_uid, owner.pw_gid)
        _initialise(folder, home, owner)
        with _running(folder, home, owner):
            with _connect_when_ready(home) as connection:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(_ROLE)))
            yield f"postgresql://{_ROLE}@/{_ROLE}?host={quote(str(home), safe='')}"
    finally:
        shutil.rmtree(home)


@contextmanager
def database(url: str) -> Iterator[str]:
    """An empty database of its own on the server of ``url``; dropped afterwards, open connections included.

    Yields:
        Its address.
    """
    name = f"approval_hook_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _unprivileged() -> pwd.struct_passwd | None:
    """Who runs the server: PostgreSQL refuses root, so another account then; None means ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("PostgreSQL refuses to run as root, and neither the user postgres nor nobody exists.")


def _initialise(folder: Path, home: Path, owner: pwd.struct_passwd | None) -> None:
    command = [str(folder / "initdb"), "-D", str(home / "data"), "-U", _ROLE, "-A", "trust", "-E", "UTF8"]
    done = subprocess.run(
        [*command, "--no-locale", "--no-sync"], cwd=home, capture_output=True, text=True, check=False, **_as(owner)
    )
    if done.returncode:
        raise RuntimeError(f"initdb failed with {done.returncode}:\n{done.stdout}{done.stderr}")


@contextmanager
def _running(folder: Path, home: Path, owner: pwd.struct_passwd | None) -> Iterator[None]:
    command = [str(folder / "postgres"), "-D", str(home / "data"), "-c", "listen_addresses="]
    with (home / "log").open("wb") as log:
        # In a session of its own: Ctrl-C on the terminal must end the tests first, then the server.
        process = subprocess.Popen(
            [*command, "-c", f"unix_socket_directories={home}"],
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,
            **_as(owner),
        )
    try:
        yield
    finally:
        # "Fast shutdown": ends open sessions, so a failed test that forgot one does not keep the server alive.
        process.send_signal(signal.SIGINT)
        process.wait(_PATIENCE_SECONDS)


def _connect_when_ready(home: Path) -> psycopg.Connection[tuple[Any, ...]]:
    give_up = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return psycopg.connect(host=str(home), user=_ROLE, dbname="postgres", autocommit=True)
        except psycopg.OperationalError as error:
            if time.monotonic() > give_up:
                log = (home / "log").read_text(errors="replace")
                raise RuntimeError(f"PostgreSQL did not start within {_PATIENCE_SECONDS} s:\n{log}") from error
            time.sleep(0.05)


def _end_with_parent() -> None:
    """Let Linux shut the server down when the tests are killed and cannot do it themselves."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


def _as(owner: pwd.struct_passwd | None) -> dict[str, Any]:
    """Keyword arguments that start a program as another account."""
    if owner is None:
        return {}
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Address of a PostgreSQL server that lives as long as the test session."""
    with server() as url:
        yield url
