"""A provincial credit platform behind an x-tif gateway.

``POST /credit/v1/query`` asks for one page about one identifier::

    {"queryId", "matter", "caseNo", "organ", "ground", "asOf": "2026-10-01", "page": 1,
     "subject": {"kind", "name", "idType", "idNumber"}}

The reply::

    {"code", "queryId", "receiptNo", "sourceTime", "page", "total", "count",
     "subject": {"idNumber", "name"}, "records": [...]}

``code`` is 0 complete, 1 partial, 2 pending, 3 refused, 4 subject not in the master file, 5 queries of the day used up,
6 receipt not known, 7 busy, ask again later;
``total`` counts pages and ``count`` rows over all pages; ``subject.name`` is the name
registered for the number. Replies with another code than 0 need not go beyond ``queryId``.
Rows as in ``adapters.rows``.

A platform whose staff approve queries answers 2 with a ``receiptNo``. ``POST /credit/v1/result`` with the same question
and that ``receiptNo`` asks what became of it, and is answered like a query.

``POST /credit/v1/status`` with an empty object, signed alike, gives ``{"code": "0", "sourceTime"}``, about nobody.
Feedback, publication and lists are in ``adapters.gateway_exchange``.

A second identifier of the same subject is asked under ``<queryId>.2`` and so on,
because to the platform a query id stands for one question.

Source: domain facts 3.7, 4.1 (P7, P9), 4.2 and 4.4.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Unpack

from adapters.gateway_exchange import ExchangingPlatform, subject_fields
from adapters.http import HttpOptions, Outgoing
from adapters.matching import same_name
from adapters.platform import UNKNOWN_SUBJECT, Answer, Exchanges
from adapters.rows import MOST_ROWS, read_rows
from adapters.signing import TifSigner
from adapters.wire import Fields
from approval_hook.errors import ConfigurationError, PlatformRefused, PlatformReplyInvalid, PlatformUnavailable
from approval_hook.policy.records import CreditReport, QueryStatus
from approval_hook.policy.subjects import Identifier
from approval_hook.ports import Probe, Query

__all__ = ["GatewayPlatform"]

_PATH = "credit/v1/query"
_STATUS_PATH = "credit/v1/status"
_RESULT_PATH = "credit/v1/result"
#: A receipt that can be kept beside those of other identifiers.
_RECEIPT = re.compile(r"[!-~]{1,100}")
_MOST_PAGES = 50

_STATUS = {
    "0": (QueryStatus.OK, ""),
    "1": (QueryStatus.PARTIAL, "partial"),
    "2": (QueryStatus.PENDING, "pending"),
    "3": (QueryStatus.REJECTED, "refused"),
    # "Not in the master file" is not "no record" (domain facts 4.1, P10).
    "4": (QueryStatus.REJECTED, UNKNOWN_SUBJECT),
    "5": (QueryStatus.REJECTED, "quota"),
    "6": (QueryStatus.REJECTED, "unknown-receipt"),
    "7": (QueryStatus.UNAVAILABLE, "platform-busy"),
}


class GatewayPlatform(ExchangingPlatform):
    """Asks the platform behind an x-tif gateway."""

    def __init__(
        self,
        name: str,
        base_url: str,
        paasid: str,
        token: str,
        *,
        clock_tolerance: float = 600.0,
        clock: Callable[[], datetime] | None = None,
        **http: Unpack[HttpOptions],
    ) -> None:
        """Prepare; nothing is asked.

        Args:
            name: short name as configured, copied into reports.
            base_url: of the gateway; https, or http to this computer.
            paasid: the caller, as registered at the gateway.
            token: the shared secret itself, resolved by the settings.
            clock_tolerance: seconds by which the platform's clock may differ from ours; a reply
                outside it may be an old answer repeated, and is not trusted.
            clock: the present moment, aware; the computer's clock when not given.
            http: see ``HttpClient``.

        Raises:
            ConfigurationError: an option is malformed.
        """
        super().__init__(name, base_url, clock=clock, **http)
        if not (paasid.isascii() and paasid.isprintable() and paasid and token):
            raise ConfigurationError(f"Platform {name}: paasid and token must be given, paasid in plain characters.")
        self._signer = TifSigner(paasid, token)
        self._tolerance = timedelta(seconds=clock_tolerance)

    def ask(self, query: Query, identifier: Identifier, nth: int, exchanges: Exchanges) -> Answer:
        """Read page after page; every page must repeat the query, the subject and the totals."""
        return self._read(query, identifier, nth, exchanges, "")

    def fetch(self, query: Query, receipt_no: str, *, timeout: float) -> CreditReport:
        """Ask what became of a query that was answered ``PENDING``; as ``ports.Deferring`` says.

        An identifier that was answered at that time is asked about again, under the same query id.
        """
        receipts = receipt_no.split(" ")

        def ask(query: Query, identifier: Identifier, nth: int, exchanges: Exchanges) -> Answer:
            receipt = receipts[nth - 1] if nth <= len(receipts) else "-"
            return self._read(query, identifier, nth, exchanges, "" if receipt == "-" else receipt)

        return self._report(query, timeout, ask)

    def _read(self, query: Query, identifier: Identifier, nth: int, exchanges: Exchanges, receipt: str) -> Answer:
        query_id = query.query_id if nth == 1 else f"{query.query_id}.{nth}"
        pages: list[Fields] = []
        total = count = 1
        while len(pages) < total:
            number = len(pages) + 1
            outgoing = self._outgoing(query, identifier, query_id, number, receipt)
            page = exchanges.post(_RESULT_PATH if receipt else _PATH, outgoing)
            if page.text("queryId", longest=100) != query_id:
                raise PlatformReplyInvalid(f"{self.name}: the reply answers another query.")
            status, reason = page.code("code", _STATUS)
            if status is QueryStatus.PENDING:
                return Answer(status, reason, receipt_no=self._receipt(page) or receipt)
            if status is not QueryStatus.OK:
                return Answer(status, reason)
            total_here = page.number("total", least=1, most=_MOST_PAGES)
            count_here = page.number("count", least=0, most=_MOST_PAGES * MOST_ROWS)
            page.number("page", least=number, most=number)
            if number > 1 and (total_here, count_here) != (total, count):
                raise PlatformReplyInvalid(f"{self.name}: the answer changed between two of its pages.")
            total, count = total_here, count_here
            if page.object("subject").text("idNumber", longest=40).upper() != identifier.matching_number:
                raise PlatformReplyInvalid(f"{self.name}: the reply is about another subject.")
            pages.append(page)
        rows = [row for page in pages for row in page.objects("records", most=MOST_ROWS)]
        first = pages[0]
        registered = first.object("subject").text_or_empty("name", longest=200)
        return Answer(
            QueryStatus.OK,
            "",
            records=tuple(read_rows(rows, query, self.name, count=count)),
            receipt_no=first.text("receiptNo", longest=100),
            source_time=self._fresh(first.moment("sourceTime")),
            name_differs=bool(registered) and not same_name(registered, query.subject.name),
        )

    def probe(self, *, timeout: float) -> Probe:
        """Test connection and credentials; as ``ports.Probing`` says."""
        exchanges = self.exchanges(timeout)
        reply = exchanges.post(_STATUS_PATH, self._signed({}))
        status, _ = reply.code("code", _STATUS)
        if status is QueryStatus.UNAVAILABLE:
            raise PlatformUnavailable(f"{self.name}: the platform is busy.")
        if status is not QueryStatus.OK:
            raise PlatformRefused(f"{self.name}: the platform is not ready for us.")
        return Probe(reply.moment("sourceTime"), self._http.certificate_until(exchanges.deadline))

    def _receipt(self, page: Fields) -> str:
        """The receipt of a pending answer; empty when there is none by which to ask again."""
        receipt = page.text_if_given("receiptNo", longest=100)
        if receipt and not _RECEIPT.fullmatch(receipt):
            raise PlatformReplyInvalid(f"{self.name}: the receipt cannot be kept.")
        return receipt

    def _outgoing(
        self, query: Query, identifier: Identifier, query_id: str, page: int, receipt: str
    ) -> Callable[[], Outgoing]:
        question = {
            "queryId": query_id,
            "matter": query.matter,
            "caseNo": query.case_no,
            "organ": query.organ,
            "ground": query.ground,
            "asOf": query.as_of.isoformat(),
            "page": page,
            "subject": subject_fields(query.subject, identifier),
        }
        return self._signed(question | {"receiptNo": receipt} if receipt else question)

    def _signed(self, document: Mapping[str, Any]) -> Callable[[], Outgoing]:
        body = json.dumps(document, ensure_ascii=False).encode()
        return lambda: (body, self._signer.headers(body))

    def _fresh(self, moment: datetime) -> datetime:
        if abs(moment - self._clock()) > self._tolerance:
            raise PlatformReplyInvalid(f"{self.name}: the platform's clock differs too much from ours.")
        return moment
