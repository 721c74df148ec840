"""What broke inside shapes: a test tells by it a shape that crashed from a platform that misbehaves."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from adapters.simulator.faults import Fault

__all__ = ["Failures"]

_MOST = 1_000


class Failures:
    """The latest exceptions that came out of shapes. Safe for several threads.

    Each has ``path``, ``fault`` (empty where none was in force) and ``error``, the name of the exception's type: never
    its text, which may repeat what was asked. A fault that a shape has no way to show is ``inexpressible``.
    """

    def __init__(self) -> None:
        """Nothing broke yet."""
        self._lock = threading.Lock()
        self._failures: deque[dict[str, str]] = deque(maxlen=_MOST)

    @contextmanager
    def inside(self, path: str, fault: Fault | None = None) -> Iterator[None]:
        """Write down what is raised in the block, and let it go on."""
        try:
            yield
        except Exception as error:
            told = {"path": path, "fault": fault.kind.value if fault else "", "error": type(error).__name__}
            with self._lock:
                self._failures.append(told)
            raise

    def note(self, path: str, fault: Fault) -> None:
        """Write down that a shape has no way to show a fault, as an error named ``inexpressible``."""
        with self._lock:
            self._failures.append({"path": path, "fault": fault.kind.value, "error": "inexpressible"})

    def all(self) -> list[dict[str, str]]:
        """Every one that is kept, oldest first."""
        with self._lock:
            return list(self._failures)

    def clear(self) -> None:
        """Forget them."""
        with self._lock:
            self._failures.clear()
