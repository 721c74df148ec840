"""One process at a time loads a list."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import DatabaseError

from approval_hook.mirroring import storing
from approval_hook.models import MirroredEdition


@contextmanager
def alone(name: str, list_type: str) -> Iterator[bool]:
    """Whether nobody else loads this list; on PostgreSQL nobody can begin to while this lasts."""
    connection = storing.database()
    if connection.vendor != "postgresql":
        loading = MirroredEdition.objects.filter(source=name, list_type=list_type, state=MirroredEdition.State.LOADING)
        yield not any(_lives(one) for one in loading.values_list("worker", flat=True))
        return
    number = lock_number(name, list_type)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [number])
        (taken,) = cursor.fetchone()
    try:
        yield taken
    finally:
        if taken:
            with suppress(DatabaseError), connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [number])


def lock_number(name: str, list_type: str) -> int:
    """Of the advisory lock that whoever loads a list holds on PostgreSQL."""
    return int.from_bytes(hashlib.sha256(f"mirror:{name}:{list_type}".encode()).digest()[:8], signed=True)


def worker() -> str:
    """This process, as it is known to the others."""
    return f"{socket.gethostname()[:100]}:{os.getpid()}"


def _lives(name: str) -> bool:
    """Whether a process of this computer still runs; SQLite is for one computer."""
    host, _, process = name.rpartition(":")
    if host != socket.gethostname()[:100] or not process.isdigit():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
