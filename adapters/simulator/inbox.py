"""What the simulated platform took: feedback, publications, files."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

__all__ = ["Inbox"]


class Inbox:
    """Documents by kind and the sender's own id. Safe for several threads."""

    def __init__(self) -> None:
        """Nothing was taken."""
        self._lock = threading.Lock()
        self._taken: dict[tuple[str, str], dict[str, Any]] = {}

    def take(self, kind: str, item_id: str, document: Mapping[str, Any]) -> bool:
        """Keep a document once; whether it is new. One that came before is kept as it came first."""
        with self._lock:
            key = (kind, item_id)
            if key in self._taken:
                self._taken[key]["arrivals"] += 1
                return False
            self._taken[key] = {"kind": kind, "id": item_id, "arrivals": 1, "document": dict(document)}
            return True

    def all(self) -> list[dict[str, Any]]:
        """Each with ``kind``, ``id``, ``arrivals`` and ``document``, in the order of arrival."""
        with self._lock:
            return [dict(one) for one in self._taken.values()]

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._taken.clear()
