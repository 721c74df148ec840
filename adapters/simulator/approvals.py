"""Queries that the staff of the simulated platform approve before they are answered."""

from __future__ import annotations

import threading
from typing import Any

__all__ = ["Approvals"]

_STATES = ("waiting", "approved", "refused")


class Approvals:
    """One receipt for each query id, while approval is demanded. Safe for several threads."""

    def __init__(self) -> None:
        """Nothing needs approval."""
        self._lock = threading.Lock()
        self._demanded = False
        self._by_query: dict[str, dict[str, Any]] = {}

    def demand(self, demanded: bool) -> None:
        """Whether queries that come from now on need approval."""
        with self._lock:
            self._demanded = demanded

    def ask(self, query_id: str) -> tuple[str, str]:
        """State and receipt of a query that came; ``("approved", "")`` where none is needed."""
        with self._lock:
            if query_id not in self._by_query:
                if not self._demanded:
                    return "approved", ""
                receipt = f"A-{len(self._by_query) + 1}"
                self._by_query[query_id] = {"query_id": query_id, "receipt_no": receipt, "state": "waiting", "asked": 0}
            found = self._by_query[query_id]
            return found["state"], found["receipt_no"]

    def look_up(self, query_id: str, receipt_no: str) -> str:
        """State of a query by its receipt, counted; empty where there is none with both."""
        with self._lock:
            found = self._by_query.get(query_id)
            if found is None or found["receipt_no"] != receipt_no:
                return ""
            found["asked"] += 1
            return str(found["state"])

    def settle(self, receipt_no: str, state: str) -> bool:
        """What the staff decided; False where there is no such receipt.

        Raises:
            ValueError: no state that a query can have.
        """
        if state not in _STATES:
            raise ValueError(f"state must be one of {_STATES}")
        with self._lock:
            mine = [one for one in self._by_query.values() if one["receipt_no"] == receipt_no]
            for one in mine:
                one["state"] = state
            return bool(mine)

    def all(self) -> list[dict[str, Any]]:
        """Each with ``query_id``, ``receipt_no``, ``state`` and ``asked``, how often it was asked about since."""
        with self._lock:
            return [dict(one) for one in self._by_query.values()]

    def clear(self) -> None:
        """Forget every receipt and demand nothing."""
        with self._lock:
            self._demanded = False
            self._by_query.clear()
