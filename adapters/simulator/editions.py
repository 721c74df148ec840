"""Editions of the lists that the simulated platform publishes, made of its master file when somebody asks."""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from adapters.simulator.answers import row
from adapters.simulator.register import Register

__all__ = ["Edition", "Editions"]


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition of one list; ``base`` is empty for a whole list."""

    list_type: str
    version: str
    base: str
    as_of: datetime
    rows: tuple[dict[str, Any], ...]


class Editions:
    """Whole lists as they are now, and the changes that led there. Safe for several threads."""

    def __init__(self, register: Register) -> None:
        """Nothing was published yet."""
        self._register = register
        self._lock = threading.Lock()
        self._whole: dict[str, Edition] = {}
        self._changes: list[Edition] = []

    def all(self) -> list[Edition]:
        """Every change so far and the whole lists of this moment, oldest first."""
        with self._lock:
            now = self._listed()
            for list_type in {*self._whole, *now}:
                self._publish(list_type, now.get(list_type, ()))
            return sorted([*self._changes, *self._whole.values()], key=lambda edition: edition.as_of)

    def get(self, list_type: str, version: str, base: str) -> Edition | None:
        """One edition that was published; whole lists that were replaced are gone."""
        with self._lock:
            known = [*self._changes, *self._whole.values()]
        wanted = (list_type, version, base)
        return next((e for e in known if (e.list_type, e.version, e.base) == wanted), None)

    def clear(self) -> None:
        """Forget everything that was published."""
        with self._lock:
            self._whole.clear()
            self._changes.clear()

    def _listed(self) -> dict[str, tuple[dict[str, Any], ...]]:
        found: dict[str, tuple[dict[str, Any], ...]] = {}
        for subject in self._register.all():
            for record in subject.records:
                entry = row(record, subject) | {"removed": "0"}
                found[record.list_type] = (*found.get(record.list_type, ()), entry)
        return found

    def _publish(self, list_type: str, rows: tuple[dict[str, Any], ...]) -> None:
        old = self._whole.get(list_type)
        if old is not None and old.rows == rows:
            return
        number = sum(e.list_type == list_type for e in self._changes) + (1 if old is None else 2)
        content = hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()
        whole = Edition(list_type, f"{number}-{content[:8]}", "", datetime.now(UTC), rows)
        self._whole[list_type] = whole
        if old is not None:
            before = {r["recordId"]: r for r in old.rows}
            after = {r["recordId"]: r for r in rows}
            changed = [r for key, r in after.items() if before.get(key) != r]
            gone = [r | {"removed": "1"} for key, r in before.items() if key not in after]
            self._changes.append(Edition(list_type, whole.version, old.version, whole.as_of, (*changed, *gone)))
