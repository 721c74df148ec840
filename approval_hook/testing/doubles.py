"""Doubles and helpers for tests of hosts and integrations.

``ScriptedPlatform`` answers from a ``Script`` in memory. With ``remote=False`` it may be asked inside a
transaction, so that a flow author's own tests under Django's ``TestCase`` run through the gate.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import DEFAULT_DB_ALIAS
from django.test import TransactionTestCase
from msgspec.structs import replace

from approval_hook import clock, triggers
from approval_hook.errors import PlatformError
from approval_hook.policy.records import CreditRecord, CreditReport, QueryStatus
from approval_hook.ports import Query

standing_at = clock.standing_at


@dataclass
class Script:
    """What a scripted platform answers, and what it was asked.

    Attributes:
        records: rows by full identifier number; a number that is missing has none.
        status: of every answer; anything but OK is could-not-tell.
        fault: raised instead of answering.
        receipt_no: of a platform whose staff approve queries; goes with ``PENDING``.
        asked: every query that arrived, in order.
        fetched: every receipt by which an answer was fetched, in order.
    """

    records: dict[str, tuple[CreditRecord, ...]] = field(default_factory=dict)
    status: QueryStatus = QueryStatus.OK
    fault: PlatformError | None = None
    receipt_no: str = ""
    asked: list[Query] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)


class ScriptedPlatform:
    """A platform that answers from its script."""

    def __init__(self, name: str, script: Script, *, remote: bool = False) -> None:
        """Keep the script; ``remote`` decides whether the gate may ask inside a transaction."""
        self.name = name
        self.remote = remote
        self.script = script

    def query(self, query: Query, *, timeout: float) -> CreditReport:
        """Answer from the script.

        Raises:
            PlatformError: the script says so.
        """
        self.script.asked.append(query)
        return self._answer(query)

    def fetch(self, query: Query, receipt_no: str, *, timeout: float) -> CreditReport:
        """What became of a pending query: what the script says now.

        Raises:
            PlatformError: the script says so.
        """
        self.script.fetched.append(receipt_no)
        return self._answer(query)

    def _answer(self, query: Query) -> CreditReport:
        if self.script.fault is not None:
            raise self.script.fault
        numbers = [i.number for i in query.subject.identifiers]
        rows = [replace(r, source=self.name) for n in numbers for r in self.script.records.get(n, ())]
        return CreditReport(
            party=query.party,
            source=self.name,
            status=self.script.status,
            asked_at=clock.now(),
            answered_at=clock.now(),
            records=tuple(rows),
            receipt_no=self.script.receipt_no if self.script.status is QueryStatus.PENDING else "",
        )


class GateTransactionTestCase(TransactionTestCase):
    """``TransactionTestCase`` whose flush at the end gets past the append-only triggers."""

    def _fixture_teardown(self) -> None:
        with lifted_triggers():
            super()._fixture_teardown()  # type: ignore[misc] # Django's own hook, untyped


@contextmanager
def lifted_triggers(using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Lift the database triggers, for flushing a test database; never for a real one."""
    triggers.remove(using)
    try:
        yield
    finally:
        triggers.install(using)
