"""A provincial credit platform behind an x-tif gateway.

``POST /credit/v1/query`` asks for one page about one identifier::

    {"queryId", "matter", "caseNo", "organ", "ground", "asOf": "2026-10-01", "page": 1,
     "subject": {"kind", "name", "idType", "idNumber"}}

The reply::

    {"code", "queryId", "receiptNo", "sourceTime", "page", "total", "count",
     "subject": {"idNumber", "name"}, "records": [...]}

``code`` is 0 complete, 1 partial, 2 pending, 3 refused, 4 subject not in the master file;
``total`` counts pages and ``count`` rows over all pages; ``subject.name`` is the name
registered for the number. Replies with another code than 0 need not go beyond ``queryId``.
A row has every field of ``_row``; those read with ``..._or_empty`` or ``..._or_none`` may be null.

``POST /credit/v1/status`` with an empty object, signed alike, gives ``{"code": "0", "sourceTime"}``, about nobody.

A second identifier of the same subject is asked under ``<queryId>.2`` and so on,
because to the platform a query id stands for one question.

Source: domain facts 3.7, 4.1 (P7, P9), 4.2 and 4.4.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from adapters.http import Deadline, HttpClient
from adapters.matching import grade, same_name
from adapters.signing import TifSigner
from adapters.wire import Fields, parse_object
from approval_hook.errors import ConfigurationError, PlatformRefused, PlatformReplyInvalid
from approval_hook.policy.records import CreditRecord, CreditReport, MatchGrade, QueryStatus, RecordState, Severity
from approval_hook.policy.subjects import Identifier, IdentifierType, Subject, mask_text
from approval_hook.ports import Probe, Query

__all__ = ["GatewayPlatform"]

_PATH = "credit/v1/query"
_STATUS_PATH = "credit/v1/status"
_MOST_PAGES = 50
_MOST_ROWS = 500

_STATUS = {
    "0": (QueryStatus.OK, ""),
    "1": (QueryStatus.PARTIAL, "partial"),
    "2": (QueryStatus.PENDING, "pending"),
    "3": (QueryStatus.REJECTED, "refused"),
    # "Not in the master file" is not "no record" (domain facts 4.1, P10).
    "4": (QueryStatus.REJECTED, "unknown-subject"),
}
_SEVERITY = {
    "1": Severity.MINOR,
    "2": Severity.GENERAL,
    "3": Severity.WATCH,
    "4": Severity.SERIOUS,
    "9": Severity.GOOD,
}
_STATE = {
    "1": RecordState.ACTIVE,
    "2": RecordState.REPAIRED,
    "3": RecordState.REMOVED,
    "4": RecordState.CORRECTED,
    "5": RecordState.DISPUTED,
}
#: From the best answer to the worst; a merged report is as good as its worst part.
_ORDER = (QueryStatus.OK, QueryStatus.PARTIAL, QueryStatus.PENDING, QueryStatus.REJECTED)


class _Answer(Struct, frozen=True):
    """What the platform says about one identifier, all pages."""

    status: QueryStatus
    reason: str
    records: tuple[CreditRecord, ...] = ()
    receipt_no: str = ""
    source_time: datetime | None = None
    name_differs: bool = False
    mismatched: int = 0


class GatewayPlatform:
    """Asks the platform behind an x-tif gateway; meets ``approval_hook.ports.CreditPlatform``."""

    remote = True

    def __init__(
        self,
        name: str,
        base_url: str,
        paasid: str,
        token: str,
        *,
        connect_timeout: float = 2.0,
        attempts: int = 3,
        connections: int = 8,
        max_bytes: int = 2_000_000,
        clock_tolerance: float = 600.0,
        ca_file: str | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        """Prepare; nothing is asked.

        Args:
            name: short name as configured, copied into reports.
            base_url: of the gateway; https, or http to this computer.
            paasid: the caller, as registered at the gateway.
            token: the shared secret itself, resolved by the settings.
            connect_timeout: seconds for one connection, at most.
            attempts: tries per page, the first included.
            connections: the most exchanges at one time.
            max_bytes: the longest page accepted.
            clock_tolerance: seconds by which the platform's clock may differ from ours; a reply
                outside it may be an old answer repeated, and is not trusted.
            ca_file: certificates to trust in place of the system's.
            clock: the present moment, aware; the computer's clock when not given.

        Raises:
            ConfigurationError: an option is malformed.
        """
        if not (paasid.isascii() and paasid.isprintable() and paasid and token):
            raise ConfigurationError(f"Platform {name}: paasid and token must be given, paasid in plain characters.")
        self.name = name
        self._http = HttpClient(
            name,
            base_url,
            connect_timeout=connect_timeout,
            attempts=attempts,
            connections=connections,
            max_bytes=max_bytes,
            ca_file=ca_file,
        )
        self._signer = TifSigner(paasid, token)
        self._tolerance = timedelta(seconds=clock_tolerance)
        self._clock = clock or _now

    def query(self, query: Query, *, timeout: float) -> CreditReport:
        """Ask about one subject, every identifier and every page, within ``timeout`` seconds in all.

        Returns:
            A report. ``OK`` without records: answered completely, and holds none. A subject that
            no platform can match, or that this one does not know, gives ``REJECTED``.

        Raises:
            PlatformError: no usable answer; record could-not-tell.

        Source: domain facts 4.4.
        """
        asked_at = self._clock()
        identifiers = _askable(query.subject)
        if not identifiers:
            return _report(self.name, query, asked_at, asked_at, _Answer(QueryStatus.REJECTED, "unidentified"), "")
        deadline = Deadline(timeout)
        digest = hashlib.sha256()
        answers = [
            self._ask(query, identifier, f".{n}" if n > 1 else "", deadline, digest.update)
            for n, identifier in enumerate(identifiers, start=1)
        ]
        return _report(self.name, query, asked_at, self._clock(), _merged(answers), digest.hexdigest())

    def probe(self, *, timeout: float) -> Probe:
        """Test connection and credentials; as ``ports.Probing`` says."""
        deadline, body = Deadline(timeout), b"{}"
        raw = self._http.post(
            _STATUS_PATH, body, headers=lambda: self._signer.headers(body), deadline=deadline, idempotent=True
        )
        reply = parse_object(raw, self.name)
        if reply.code("code", _STATUS)[0] is not QueryStatus.OK:
            raise PlatformRefused(f"{self.name}: the platform is not ready for us.")
        return Probe(reply.moment("sourceTime"), self._http.certificate_until(deadline))

    def close(self) -> None:
        """Close idle connections."""
        self._http.close()

    def _ask(
        self, query: Query, identifier: Identifier, suffix: str, deadline: Deadline, hashed: Callable[[bytes], None]
    ) -> _Answer:
        pages: list[Fields] = []
        total = count = 1
        while len(pages) < total:
            number = len(pages) + 1
            page = self._page(query, identifier, query.query_id + suffix, number, deadline, hashed)
            status, reason = page.code("code", _STATUS)
            if status is not QueryStatus.OK:
                return _Answer(status, reason)
            total_here = page.number("total", least=1, most=_MOST_PAGES)
            count_here = page.number("count", least=0, most=_MOST_PAGES * _MOST_ROWS)
            page.number("page", least=number, most=number)
            if number > 1 and (total_here, count_here) != (total, count):
                raise PlatformReplyInvalid(f"{self.name}: the answer changed between two of its pages.")
            total, count = total_here, count_here
            self._check_echo(page, identifier)
            pages.append(page)
        rows = [row for page in pages for row in page.objects("records", most=_MOST_ROWS)]
        ids = [row.text("recordId", longest=100) for row in rows]
        if len(rows) != count or len(set(ids)) != len(ids):
            raise PlatformReplyInvalid(f"{self.name}: rows are missing or come twice.")
        records = [_row(row, query, self.name) for row in rows]
        first = pages[0]
        registered = first.object("subject").text_or_empty("name", longest=200)
        return _Answer(
            QueryStatus.OK,
            "",
            records=tuple(r for r in records if r.match is not MatchGrade.NONE),
            receipt_no=first.text("receiptNo", longest=100),
            source_time=self._fresh(first.moment("sourceTime")),
            name_differs=bool(registered) and not same_name(registered, query.subject.name),
            mismatched=sum(r.match is MatchGrade.NONE for r in records),
        )

    def _page(
        self,
        query: Query,
        identifier: Identifier,
        query_id: str,
        number: int,
        deadline: Deadline,
        hashed: Callable[[bytes], None],
    ) -> Fields:
        body = json.dumps(
            {
                "queryId": query_id,
                "matter": query.matter,
                "caseNo": query.case_no,
                "organ": query.organ,
                "ground": query.ground,
                "asOf": query.as_of.isoformat(),
                "page": number,
                "subject": {
                    "kind": query.subject.kind.value,
                    "name": query.subject.name,
                    "idType": identifier.type.value,
                    "idNumber": identifier.matching_number,
                },
            },
            ensure_ascii=False,
        ).encode()
        raw = self._http.post(
            _PATH, body, headers=lambda: self._signer.headers(body), deadline=deadline, idempotent=True
        )
        hashed(raw)
        page = parse_object(raw, self.name)
        if page.text("queryId", longest=100) != query_id:
            raise PlatformReplyInvalid(f"{self.name}: the reply answers another query.")
        return page

    def _check_echo(self, page: Fields, identifier: Identifier) -> None:
        if page.object("subject").text("idNumber", longest=40).upper() != identifier.matching_number:
            raise PlatformReplyInvalid(f"{self.name}: the reply is about another subject.")

    def _fresh(self, moment: datetime) -> datetime:
        if abs(moment - self._clock()) > self._tolerance:
            raise PlatformReplyInvalid(f"{self.name}: the platform's clock differs too much from ours.")
        return moment


def _now() -> datetime:
    return datetime.now(UTC)


def _askable(subject: Subject) -> list[Identifier]:
    """Identifiers a platform can match, the preferred one first; none when nothing can be matched."""
    primary = subject.primary
    if primary is None:
        return []
    others = [i for i in subject.identifiers if i != primary and i.type is not IdentifierType.PASSPORT]
    return [primary, *others]


def _row(row: Fields, query: Query, source: str) -> CreditRecord:
    """Read one row; fields that are not named here are dropped (R-36).

    Free text is masked here: a record becomes evidence that nobody can erase afterwards.
    """
    return CreditRecord(
        record_id=row.text("recordId", longest=100),
        source=source,
        list_type=row.text("listType", longest=60),
        severity=row.code("severity", _SEVERITY),
        title=mask_text(row.text("title")),
        decided_on=row.day("decidedOn"),
        decided_by=mask_text(row.text_or_empty("decidedBy", longest=200)),
        document_no=_document_no(row),
        category=row.text_or_empty("category", longest=20),
        match=grade(
            query.subject,
            name=row.text_or_empty("name", longest=200),
            id_type=row.text_or_empty("idType", longest=40),
            number=row.text_or_empty("idNumber", longest=40),
            on=query.as_of,
        ),
        state=row.code("state", _STATE),
        published_on=row.day_or_none("publishedOn"),
        display_until=row.day_or_none("displayUntil"),
        valid_until=row.day_or_none("validUntil"),
        scope=row.text("scope", longest=40),
        event=row.text_or_empty("event", longest=60),
        domain=row.text_or_empty("domain", longest=60),
        role_then=row.text_or_empty("roleThen", longest=60),
    )


def _document_no(row: Fields) -> str:
    """Document number without personal numbers.

    Two documents may look alike once masked, and one entry must never speak for another, so a
    masked one carries the number of its row.
    """
    plain = row.text_or_empty("documentNo", longest=200)
    masked = mask_text(plain)
    return plain if masked == plain else f"{masked}（{row.text('recordId', longest=100)}）"


def _merged(answers: list[_Answer]) -> _Answer:
    """One answer from those about each identifier of a subject; as good as the worst of them.

    An alias that the platform does not know adds nothing, as long as it knows another.
    """
    known = [a for a in answers if a.reason != "unknown-subject"] or answers[:1]
    worst = max(known, key=lambda a: _ORDER.index(a.status))
    if worst.status is not QueryStatus.OK:
        return _Answer(worst.status, worst.reason)
    records: dict[str, CreditRecord] = {}
    for record in (r for a in known for r in a.records):
        held = records.get(record.record_id)
        if held is not None and replace(held, match=record.match) != record:
            raise PlatformReplyInvalid(f"{record.source}: one row has two contents.")
        if held is None or record.match is MatchGrade.EXACT:
            records[record.record_id] = record
    return replace(
        known[0],
        records=tuple(records.values()),
        name_differs=any(a.name_differs for a in known),
        mismatched=sum(a.mismatched for a in known),
    )


def _report(
    source: str, query: Query, asked_at: datetime, answered_at: datetime, answer: _Answer, digest: str
) -> CreditReport:
    return CreditReport(
        party=query.party,
        source=source,
        status=answer.status,
        asked_at=asked_at,
        answered_at=answered_at,
        records=answer.records,
        receipt_no=answer.receipt_no,
        source_time=answer.source_time,
        registered_name_differs=answer.name_differs,
        raw_digest=digest,
        reason=answer.reason,
        mismatched=answer.mismatched,
    )
