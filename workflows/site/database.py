"""Reads a database address from one line of text."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from workflows.secrets import read_secret

#: Seconds a writer waits for the other writer before it gives up.
LOCK_WAIT_SECONDS = 20

_SQLITE_PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"


def database_from_url(url: str, secrets_dir: Path | None) -> dict[str, Any]:
    """Turn an address into Django's ``DATABASES`` entry.

    Args:
        url: ``sqlite:///relative/or//absolute/path.sqlite3``, ``sqlite://:memory:``, or
            ``postgresql://user[:password]@host[:port]/name[?password_secret=NAME]``.
            An empty host means the local socket; ``?host=/run/dir`` names its directory.
        secrets_dir: where secret files lie, for ``password_secret``.

    Raises:
        ImproperlyConfigured: the address is of no known form; correct it.
    """
    if url == "sqlite://:memory:":
        return _sqlite(":memory:")
    parts = urlsplit(url)
    path = unquote(parts.path)[1:]
    if parts.scheme == "sqlite" and path and not parts.netloc:
        return _sqlite(path)
    if parts.scheme in {"postgres", "postgresql"} and path:
        query = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
        unknown = query.keys() - {"password_secret", "host"}
        if unknown:
            raise ImproperlyConfigured(f"Unknown option in the database address: {', '.join(sorted(unknown))}")
        secret = query.get("password_secret")
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": path,
            "USER": unquote(parts.username or ""),
            "PASSWORD": read_secret(secret, secrets_dir) if secret else unquote(parts.password or ""),
            "HOST": query.get("host") or parts.hostname or "",
            "PORT": str(parts.port or ""),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
            # A waiting writer gets an error instead of hanging; the flow lock waits for rows.
            "OPTIONS": {"options": f"-c lock_timeout={LOCK_WAIT_SECONDS}s"},
        }
    raise ImproperlyConfigured("The database address is neither sqlite:///path nor postgresql://user@host/name")


def _sqlite(name: str) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": name,
        "OPTIONS": {
            # Writers queue at BEGIN; with the default, two read-then-write transactions
            # fail each other with "database is locked" however long the timeout is.
            "transaction_mode": "IMMEDIATE",
            "timeout": LOCK_WAIT_SECONDS,
            "init_command": _SQLITE_PRAGMAS,
        },
    }
