"""The lists that this installation holds, as a platform: nobody is asked, so it may stand inside a transaction.

A list answers for its own moment only. Where one that the settings name was never loaded, the answer is
``NOT_CONFIGURED``; where one is older than its maximum age, or not as it was loaded, ``UNAVAILABLE``. The answer
is as old as the oldest list: ``source_time`` says when that held.

Rows are found by number and alias, by name, and by what a court mask shows, and then graded as those of any other
platform. The record ids are ``<list type>/<id at the source>``, because two lists may count alike.

Source: domain facts 3.4 and 4.1 (P10).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import msgspec
from msgspec.structs import replace

from adapters.matching import grade
from approval_hook.errors import PlatformReplyInvalid, PlatformUnavailable
from approval_hook.policy.records import CreditRecord, CreditReport, MatchGrade, QueryStatus
from approval_hook.ports import Found, ListStanding, ListStore, Probe, Query

__all__ = ["MirrorPlatform"]


class MirrorPlatform:
    """Answers from stored lists; meets ``approval_hook.ports.CreditPlatform`` and ``Probing``."""

    remote = False
    #: The settings give such a class the installation's ``ListStore`` as ``lists``.
    wants_lists = True

    def __init__(self, name: str, lists: ListStore, *, clock: Callable[[], datetime] | None = None) -> None:
        """Prepare; nothing is read.

        Args:
            name: short name as configured, copied into reports.
            lists: where the lists are.
            clock: the present moment, aware; the computer's clock when not given.
        """
        self.name = name
        self._lists = lists
        self._clock = clock or _now

    def query(self, query: Query, *, timeout: float) -> CreditReport:
        """Look a subject up in every list.

        Returns:
            A report. ``OK`` without records: every list is fresh and holds none.

        Raises:
            PlatformUnavailable: no time is left, or the lists changed too often while they were read.
            PlatformReplyInvalid: two sources have one record with two contents.
        """
        asked_at = self._clock()
        if timeout <= 0:
            raise PlatformUnavailable
        if query.subject.primary is None:
            return self._report(query, asked_at, QueryStatus.REJECTED, "unidentified")
        found = self._lists.look_up(query.subject)
        status, reason = _judged(found, asked_at)
        if status is not QueryStatus.OK:
            return self._report(query, asked_at, status, reason, found)
        graded = [
            replace(
                entry.record,
                record_id=f"{entry.record.list_type}/{entry.record.record_id}",
                source=self.name,
                match=grade(query.subject, name=entry.name, id_type=entry.id_type, number=entry.number, on=query.as_of),
            )
            for entry in found.entries
        ]
        ours = [r for r in graded if r.match is not MatchGrade.NONE]
        mismatched = found.others + len(graded) - len(ours)
        return self._report(query, asked_at, status, reason, found, self._once(ours), mismatched)

    def probe(self, *, timeout: float) -> Probe:
        """How the lists stand; nobody is looked up."""
        return Probe(lists=tuple(self._lists.standings()))

    def _once(self, records: Sequence[CreditRecord]) -> tuple[CreditRecord, ...]:
        """One record of those that several sources hold alike."""
        held: dict[str, CreditRecord] = {}
        for record in records:
            other = held.get(record.record_id)
            if other is not None and replace(other, match=record.match) != record:
                raise PlatformReplyInvalid(f"{self.name}: one row has two contents.")
            if other is None or record.match is MatchGrade.EXACT:
                held[record.record_id] = record
        return tuple(held.values())

    def _report(
        self,
        query: Query,
        asked_at: datetime,
        status: QueryStatus,
        reason: str,
        found: Found | None = None,
        records: tuple[CreditRecord, ...] = (),
        mismatched: int = 0,
    ) -> CreditReport:
        standings = found.standings if found is not None else ()
        told = _told(standings, records) if found is not None else b""
        if told and query.keep is not None:
            query.keep(told)
        return CreditReport(
            party=query.party,
            source=self.name,
            status=status,
            asked_at=asked_at,
            answered_at=self._clock(),
            records=records,
            source_time=min((s.as_of for s in standings if s.as_of is not None), default=None),
            raw_digest=hashlib.sha256(told).hexdigest() if told else "",
            reason=reason,
            mismatched=mismatched,
        )


def _judged(found: Found, at: datetime) -> tuple[QueryStatus, str]:
    """Whether the lists can say anything; only a fresh and whole answer of all of them can."""
    if not found.standings or any(s.as_of is None for s in found.standings):
        return QueryStatus.NOT_CONFIGURED, "no-list"
    if any(s.damaged for s in found.standings):
        return QueryStatus.UNAVAILABLE, "list-damaged"
    if not all(s.is_fresh(at) for s in found.standings):
        return QueryStatus.UNAVAILABLE, "stale-list"
    if not found.complete:
        return QueryStatus.UNAVAILABLE, "too-many-rows"
    return QueryStatus.OK, ""


def _told(standings: Sequence[ListStanding], records: Sequence[CreditRecord]) -> bytes:
    """What stands for the raw reply: the editions that were read and the rows that were found."""
    editions = [(s.source, s.list_type, s.version, s.as_of) for s in standings]
    return msgspec.json.encode([editions, records])


def _now() -> datetime:
    return datetime.now(UTC)
