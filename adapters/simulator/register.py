"""What the simulated platform holds: subjects with the name registered for them, and rows."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from approval_hook.policy.subjects import IdentifierType, Subject

__all__ = ["Register", "SimulatedIdentifier", "SimulatedRecord", "SimulatedSubject"]


@dataclass(frozen=True, slots=True)
class SimulatedIdentifier:
    """One number; ``type`` is a value of ``approval_hook.policy.subjects.IdentifierType``."""

    type: str
    number: str


@dataclass(frozen=True, slots=True)
class SimulatedRecord:
    """One row as the platform would send it: codes and dates in the platform's own spelling.

    ``severity``: 1 minor, 2 general, 3 watch, 4 serious, 9 good. ``state``: 1 active,
    2 repaired, 3 removed, 4 corrected, 5 disputed. Dates: any form of domain facts 3.6.
    ``name``, ``id_type`` and ``id_number`` default to those of the subject; give another
    number for a row of somebody else, a masked one for a court list, "" for name only.
    """

    record_id: str
    list_type: str
    severity: str
    title: str
    decided_on: str
    state: str = "1"
    decided_by: str | None = None
    document_no: str | None = None
    category: str | None = None
    published_on: str | None = None
    display_until: str | None = None
    valid_until: str | None = None
    scope: str = "national"
    event: str | None = None
    domain: str | None = None
    role_then: str | None = None
    name: str | None = None
    id_type: str | None = None
    id_number: str | None = None


@dataclass(frozen=True, slots=True)
class SimulatedSubject:
    """One subject of the master file; any of its numbers finds it."""

    kind: str
    name: str
    identifiers: tuple[SimulatedIdentifier, ...]
    records: tuple[SimulatedRecord, ...] = field(default=())

    @classmethod
    def of(cls, subject: Subject, *records: SimulatedRecord, name: str | None = None) -> SimulatedSubject:
        """Enter one of our subjects, under its own name or another registered ``name``."""
        numbers = tuple(
            SimulatedIdentifier(i.type.value, i.matching_number)
            for i in subject.identifiers
            if i.type is not IdentifierType.PASSPORT
        )
        return cls(subject.kind.value, name or subject.name, numbers, records)

    def to_json(self) -> dict[str, Any]:
        """Plain data for the control interface."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SimulatedSubject:
        """Inverse of ``to_json``.

        Raises:
            TypeError: a field is missing or unknown.
        """
        plain = dict(data)
        plain["identifiers"] = tuple(SimulatedIdentifier(**i) for i in plain["identifiers"])
        plain["records"] = tuple(SimulatedRecord(**r) for r in plain.get("records", ()))
        return cls(**plain)


class Register:
    """The master file. Safe for several threads; every change takes the same time, however many it holds."""

    def __init__(self, subjects: tuple[SimulatedSubject, ...] = ()) -> None:
        """Hold these subjects; ``reset`` comes back to them."""
        self._initial = subjects
        self._lock = threading.RLock()
        self._entered = 0
        #: By the number of entry, so that the order of entry is that of the dict.
        self._subjects: dict[int, SimulatedSubject] = {}
        self._by_number: dict[str, int] = {}
        self._by_record: dict[str, int] = {}
        self.reset()

    def reset(self) -> None:
        """Hold the initial subjects and no others."""
        with self._lock:
            for held in (self._subjects, self._by_number, self._by_record):
                held.clear()
            for subject in self._initial:
                self.put(subject)

    def put(self, subject: SimulatedSubject) -> None:
        """Add a subject; whoever holds one of its numbers is replaced."""
        with self._lock:
            for identifier in subject.identifiers:
                self.remove(identifier.number)
            self._entered += 1
            self._subjects[self._entered] = subject
            self._by_number.update((i.number, self._entered) for i in subject.identifiers)
            self._by_record.update((r.record_id, self._entered) for r in subject.records)

    def get(self, number: str) -> SimulatedSubject | None:
        """The subject with this number, or ``None``."""
        with self._lock:
            entry = self._by_number.get(number)
            return None if entry is None else self._subjects[entry]

    def named_like(self, subject: SimulatedSubject) -> tuple[SimulatedSubject, ...]:
        """Other subjects whose name holds this one's, as a fuzzy look-up finds them (domain facts 4.2)."""
        return tuple(s for s in self.all() if subject.name in s.name and s != subject)

    def remove(self, number: str) -> bool:
        """Drop the subject with this number; whether there was one."""
        with self._lock:
            entry = self._by_number.get(number)
            if entry is None:
                return False
            subject = self._subjects.pop(entry)
            for identifier in subject.identifiers:
                self._by_number.pop(identifier.number, None)
            for record in subject.records:
                # Two subjects may have rows of one number; the later one keeps its place.
                if self._by_record.get(record.record_id) == entry:
                    del self._by_record[record.record_id]
            return True

    def patch(self, record_id: str, changes: Mapping[str, Any]) -> bool:
        """Change fields of one row, of the subject that was entered last where several have one; whether there was one.

        Raises:
            TypeError: a field is unknown.
        """
        with self._lock:
            entry = self._by_record.get(record_id)
            if entry is None:
                return False
            subject = self._subjects[entry]
            rows = tuple(dataclasses.replace(r, **changes) if r.record_id == record_id else r for r in subject.records)
            self.put(dataclasses.replace(subject, records=rows))
            return True

    def all(self) -> tuple[SimulatedSubject, ...]:
        """Every subject, in the order of entry."""
        with self._lock:
            return tuple(self._subjects.values())
