"""What every adapter over HTTP does alike: ask about each identifier, and make one report of the answers."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Unpack

from msgspec import Struct
from msgspec.structs import replace

from adapters.http import Deadline, HttpClient, HttpOptions, Outgoing
from adapters.wire import Fields, parse_object
from approval_hook.errors import PlatformReplyInvalid
from approval_hook.policy.records import CreditRecord, CreditReport, MatchGrade, QueryStatus
from approval_hook.policy.subjects import Identifier, IdentifierType, Subject
from approval_hook.ports import Query

__all__ = ["UNKNOWN_SUBJECT", "Answer", "Exchanges", "HttpPlatform"]

#: Reason of an answer about a subject that the platform does not hold: never "no record".
UNKNOWN_SUBJECT = "unknown-subject"

#: From the best answer to the worst; a report is as good as the worst of its answers.
_ORDER = (
    QueryStatus.OK,
    QueryStatus.PARTIAL,
    QueryStatus.PENDING,
    QueryStatus.UNAVAILABLE,
    QueryStatus.REJECTED,
)


_PENDING = QueryStatus.PENDING


class Answer(Struct, frozen=True):
    """What the platform says about one identifier, all pages."""

    status: QueryStatus
    reason: str  # short machine word why it is not OK
    records: tuple[CreditRecord, ...] = ()  # rows about somebody else may be among them; they are dropped and counted
    receipt_no: str = ""
    source_time: datetime | None = None
    name_differs: bool = False


class Exchanges:
    """The exchanges of one query: one deadline over them all, one digest of everything that came back."""

    def __init__(
        self,
        source: str,
        http: HttpClient,
        deadline: Deadline,
        opened: Callable[[bytes], bytes] | None = None,
        keep: Callable[[bytes], object] | None = None,
    ) -> None:
        """Nothing is asked yet.

        Args:
            source: short name of the platform.
            http: asks it.
            deadline: of all exchanges together.
            opened: takes the body out of its envelope, where there is one.
            keep: see ``Query.keep``.
        """
        self.deadline = deadline
        self._source = source
        self._http = http
        self._opened = opened
        self._keep = keep
        self._digest = hashlib.sha256()

    def post(self, path: str, outgoing: Callable[[], Outgoing]) -> Fields:
        """As ``fetch``; the reply must be a JSON object."""
        return parse_object(self.fetch(path, outgoing), self._source)

    def fetch(self, path: str, outgoing: Callable[[], Outgoing], *, idempotent: bool = True) -> bytes:
        """The body out of its envelope, not yet parsed; ``idempotent`` as in ``HttpClient.post``.

        Raises:
            PlatformError: no usable reply.
        """
        raw = self._http.post(path, outgoing, deadline=self.deadline, idempotent=idempotent)
        self._digest.update(raw)
        if self._keep is not None:
            self._keep(raw)
        return raw if self._opened is None else self._opened(raw)

    @property
    def digest(self) -> str:
        """SHA-256 over every body so far, in order, hexadecimal."""
        return self._digest.hexdigest()


class HttpPlatform(ABC):
    """A platform asked over HTTP; meets ``approval_hook.ports.CreditPlatform``. A subclass gives ``ask``."""

    remote = True

    def __init__(
        self,
        name: str,
        base_url: str,
        *,
        clock: Callable[[], datetime] | None = None,
        **http: Unpack[HttpOptions],
    ) -> None:
        """Prepare; nothing is asked.

        Args:
            name: short name as configured, copied into reports.
            base_url: https, or http to this computer.
            clock: the present moment, aware; the computer's clock when not given.
            http: see ``HttpClient``.

        Raises:
            ConfigurationError: an option is malformed.
        """
        self.name = name
        self._http = HttpClient(name, base_url, **http)
        self._clock = clock or _now

    @abstractmethod
    def ask(self, query: Query, identifier: Identifier, nth: int, exchanges: Exchanges) -> Answer:
        """Ask about one identifier of the subject, the ``nth`` from 1, and read every page.

        Returns:
            ``OK`` only when the reply proves that it is complete and about this identifier.

        Raises:
            PlatformError: no usable answer.
        """

    def askable(self, subject: Subject) -> Sequence[Identifier]:
        """Identifiers that the platform can match, the preferred one first; none means that nothing is asked."""
        primary = subject.primary
        if primary is None:
            return ()
        others = (i for i in subject.identifiers if i != primary and i.type is not IdentifierType.PASSPORT)
        return (primary, *others)

    def query(self, query: Query, *, timeout: float) -> CreditReport:
        """Ask about one subject, every identifier and every page, within ``timeout`` seconds in all.

        Returns:
            A report. ``OK`` without records: answered completely, and holds none. A subject that
            the platform cannot match, or does not know, gives ``REJECTED``.

        Raises:
            PlatformError: no usable answer; record could-not-tell.

        Source: domain facts 4.4.
        """
        return self._report(query, timeout, self.ask)

    def _report(
        self, query: Query, timeout: float, ask: Callable[[Query, Identifier, int, Exchanges], Answer]
    ) -> CreditReport:
        """One report of what ``ask`` says about each identifier."""
        asked_at = self._clock()
        exchanges = self.exchanges(timeout, query.keep)
        answers = [ask(query, i, n, exchanges) for n, i in enumerate(self.askable(query.subject), start=1)]
        answer = _merged(answers) if answers else Answer(QueryStatus.REJECTED, "unidentified")
        ours = tuple(r for r in answer.records if r.match is not MatchGrade.NONE)
        return CreditReport(
            party=query.party,
            source=self.name,
            status=answer.status,
            asked_at=asked_at,
            answered_at=self._clock(),
            records=ours,
            receipt_no=answer.receipt_no,
            source_time=answer.source_time,
            registered_name_differs=answer.name_differs,
            raw_digest=exchanges.digest if answers else "",
            reason=answer.reason,
            mismatched=len(answer.records) - len(ours),
        )

    def exchanges(self, timeout: float, keep: Callable[[bytes], object] | None = None) -> Exchanges:
        """Exchanges that together take at most ``timeout`` seconds."""
        return Exchanges(self.name, self._http, Deadline(timeout), self.opened, keep)

    def opened(self, raw: bytes) -> bytes:
        """The document inside a reply's body; a platform with an envelope opens it here.

        Raises:
            PlatformReplyInvalid: the envelope cannot be trusted.
        """
        return raw

    def close(self) -> None:
        """Close idle connections."""
        self._http.close()


def _now() -> datetime:
    return datetime.now(UTC)


def _receipts(answers: list[Answer]) -> str:
    """Receipts of the pending answers, one for each identifier, a dash where there is none; empty without any."""
    receipts = [a.receipt_no if a.status is _PENDING else "" for a in answers]
    return " ".join(receipt or "-" for receipt in receipts) if any(receipts) else ""


def _merged(answers: list[Answer]) -> Answer:
    """One answer from those about each identifier of a subject; as good as the worst of them.

    An alias that the platform does not know adds nothing, as long as it knows another.
    """
    known = [a for a in answers if a.reason != UNKNOWN_SUBJECT] or answers[:1]
    worst = max(known, key=lambda a: _ORDER.index(a.status))
    if worst.status is not QueryStatus.OK:
        return Answer(worst.status, worst.reason, receipt_no=_receipts(answers) if worst.status is _PENDING else "")
    records: dict[str, CreditRecord] = {}
    for record in (r for a in known for r in a.records):
        held = records.get(record.record_id)
        if held is not None and replace(held, match=record.match) != record:
            raise PlatformReplyInvalid(f"{record.source}: one row has two contents.")
        if held is None or record.match is MatchGrade.EXACT:
            records[record.record_id] = record
    return replace(known[0], records=tuple(records.values()), name_differs=any(a.name_differs for a in known))
