"""The throw-away server itself."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from tests import postgres

pytestmark = pytest.mark.postgres

ROOT = Path(__file__).resolve().parents[3]


def test_server_keeps_default_durability_and_listens_on_no_network_port(postgres_url: str) -> None:
    """Commits reach the disk as in production, and only the private socket is open."""
    with psycopg.connect(postgres_url) as connection:
        shown = {
            name: connection.execute("SELECT current_setting(%s)", [name]).fetchone()
            for name in ("fsync", "synchronous_commit", "full_page_writes", "listen_addresses")
        }
    assert shown == {
        "fsync": ("on",),
        "synchronous_commit": ("on",),
        "full_page_writes": ("on",),
        "listen_addresses": ("",),
    }


def test_server_is_gone_and_leaves_nothing_behind() -> None:
    """After the context no process answers and the data folder is removed, also when the body fails."""
    with pytest.raises(KeyError), postgres.server() as url:
        home = Path(parse_qs(urlsplit(url).query)["host"][0])
        pid = int((home / "data" / "postmaster.pid").read_text().splitlines()[0])
        open_session = psycopg.connect(url)
        assert Path(f"/proc/{pid}").exists()
        raise KeyError
    open_session.close()
    assert not home.exists()
    assert not Path(f"/proc/{pid}").exists()


def test_server_ends_when_the_tests_are_killed() -> None:
    """A killed suite leaves no server running."""
    code = (
        "import time; from tests.postgres import server; c = server(); print(c.__enter__(), flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as suite:
        assert suite.stdout is not None
        url = suite.stdout.readline().strip()
        home = Path(parse_qs(urlsplit(url).query)["host"][0])
        psycopg.connect(url).close()
        suite.kill()
    give_up = time.monotonic() + 20
    while (home / "data" / "postmaster.pid").exists():
        assert time.monotonic() < give_up, "the server still runs"
        time.sleep(0.1)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)
    shutil.rmtree(home)


def test_missing_server_is_a_failure_that_names_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without binaries the fixture raises, in CI and elsewhere, and says what to install."""
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)
    monkeypatch.setattr(postgres, "_DEBIAN", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(postgres.PostgresMissing, match='Debian package "postgresql"'), postgres.server():
        pytest.fail("a server was started from nowhere")


def test_database_is_dropped_with_its_open_sessions(postgres_url: str) -> None:
    """Each suite gets an empty database of its own, and a forgotten session does not keep it."""
    with postgres.database(postgres_url) as url:
        forgotten = psycopg.connect(url)
        name = urlsplit(url).path[1:]
    forgotten.close()
    with psycopg.connect(postgres_url) as connection:
        found = connection.execute("SELECT count(*) FROM pg_database WHERE datname = %s", [name]).fetchone()
    assert found == (0,)
