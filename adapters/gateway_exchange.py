"""Feedback, publication and lists at a gateway: what goes both ways beside queries.

``POST /credit/v1/feedback`` and ``POST /credit/v1/publish`` take at most 100 items::

    {"items": [{"id", "queryId", "receiptNo", "subject": {"kind", "name", "idType", "idNumber"}, "matter", "caseNo",
                "organ", "region", "result", "handledOn", "listType", "recordId", "measures": [], "basis", "remark"}]}
    {"items": [{"id", "table", "fields": {}}]}

The reply tells each item by its id, and partial success is normal. ``code`` is 0 looked at, 3 refused as a whole;
``state`` is 1 accepted, 2 refused. The platform takes an id once, so that a repeat is harmless::

    {"code": "0", "items": [{"id", "state", "reason", "receiptNo"}]}

``POST /credit/v1/lists`` with an empty object tells which editions can be fetched, ``POST /credit/v1/list`` gives one
page of an edition. ``base`` is empty for a whole list, and the version on which an incremental edition builds::

    {"code": "0", "sourceTime", "count", "lists": [{"listType", "version", "base", "asOf", "count", "digest"}]}
    {"listType", "version", "base", "page": 1}
    {"code": "0", "listType", "version", "base", "page", "total", "count", "entries": [...]}

``digest`` is SHA-256 over the documents of all pages in order, byte by byte, before any envelope. Without it
a page that comes twice, in the place of another, would look complete. Entries as in ``adapters.rows``.

Source: domain facts 4.1 (P1, P5, P9); paths and fields are design.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from adapters.delivery import Tries, deliver, read_outcomes
from adapters.http import Outgoing
from adapters.platform import HttpPlatform
from adapters.rows import MOST_ROWS, read_entry
from adapters.wire import Fields, parse_object
from approval_hook.errors import PlatformRefused, PlatformReplyInvalid
from approval_hook.policy.subjects import Identifier, Subject
from approval_hook.ports import Feedback, ItemOutcome, ListEdition, ListEntry, Publication

__all__ = ["ExchangingPlatform", "subject_fields"]

T = TypeVar("T")

_FEEDBACK = "credit/v1/feedback"
_PUBLISH = "credit/v1/publish"
_LISTS = "credit/v1/lists"
_LIST = "credit/v1/list"

_MOST_ITEMS = 100
_MOST_EDITIONS = 1_000
_MOST_PAGES = 100_000

#: Whether a request was looked at; refused as a whole when not.
_LOOKED_AT = {"0": True, "3": False}
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


def subject_fields(subject: Subject, identifier: Identifier) -> dict[str, str]:
    """A subject as the gateway takes it, under one of its numbers."""
    return {
        "kind": subject.kind.value,
        "name": subject.name,
        "idType": identifier.type.value,
        "idNumber": identifier.matching_number,
    }


class ExchangingPlatform(HttpPlatform):
    """Takes feedback and publications, and gives lists; meets the ports for all three."""

    @abstractmethod
    def _signed(self, document: Mapping[str, Any]) -> Callable[[], Outgoing]:
        """Makes a request of a document, signed afresh each time."""

    @abstractmethod
    def _fresh(self, moment: datetime) -> datetime:
        """The platform's clock; ``PlatformReplyInvalid`` when it differs too much from ours."""

    def feed_back(self, items: Sequence[Feedback], *, timeout: float) -> list[ItemOutcome]:
        """Send feedback; as ``ports.FeedbackTarget`` says. A subject that cannot be matched is refused unsent."""

        def unfit(item: Feedback) -> str:
            return "" if item.subject.primary else "unidentified"

        return self._deliver(_FEEDBACK, items, lambda item: item.feedback_id, unfit, _feedback, timeout)

    def publish(self, items: Sequence[Publication], *, timeout: float) -> list[ItemOutcome]:
        """Send rows; as ``ports.PublicationTarget`` says."""
        return self._deliver(_PUBLISH, items, lambda item: item.item_id, lambda _: "", _publication, timeout)

    def editions(self, *, timeout: float) -> list[ListEdition]:
        """What can be fetched now, oldest first; as ``ports.ListSource`` says."""
        reply = self.exchanges(timeout).post(_LISTS, self._signed({}))
        self._check_looked_at(reply)
        self._fresh(reply.moment("sourceTime"))
        rows = reply.objects("lists", most=_MOST_EDITIONS)
        reply.number("count", least=len(rows), most=len(rows))
        return sorted((self._edition(row) for row in rows), key=lambda edition: edition.as_of)

    def entries(self, edition: ListEdition, *, timeout: float) -> Iterator[ListEntry]:
        """The rows of one edition; as ``ports.ListSource`` says. What the caller does between two rows counts too."""
        exchanges = self.exchanges(timeout)
        digest = hashlib.sha256()
        seen = number = 0
        total = 1
        while number < total:
            number += 1
            asked = {"listType": edition.list_type, "version": edition.version, "base": edition.base, "page": number}
            raw = exchanges.fetch(_LIST, self._signed(asked))
            digest.update(raw)
            page = parse_object(raw, self.name)
            self._check_looked_at(page)
            same = [page.text("listType", longest=60), page.text("version", longest=100)]
            if [*same, page.text_or_empty("base", longest=100)] != [edition.list_type, edition.version, edition.base]:
                raise PlatformReplyInvalid(f"{self.name}: the page is of another edition.")
            page.number("page", least=number, most=number)
            page.number("count", least=edition.count, most=edition.count)
            least, most = (1, _MOST_PAGES) if number == 1 else (total, total)
            total = page.number("total", least=least, most=most)
            rows = page.objects("entries", most=MOST_ROWS)
            seen += len(rows)
            if seen > edition.count:
                break
            for row in rows:
                entry = read_entry(row, self.name)
                if entry.record.list_type != edition.list_type:
                    raise PlatformReplyInvalid(f"{self.name}: a row is of another list.")
                yield entry
        if seen != edition.count or not hmac.compare_digest(digest.hexdigest(), edition.digest):
            raise PlatformReplyInvalid(f"{self.name}: the rows are not those announced.")

    def _deliver(
        self,
        path: str,
        items: Sequence[T],
        item_id: Callable[[T], str],
        unfit: Callable[[T], str],
        written: Callable[[T], dict[str, Any]],
        timeout: float,
    ) -> list[ItemOutcome]:
        exchanges = self.exchanges(timeout)

        def post(part: Sequence[T], tries: Tries) -> Mapping[str, ItemOutcome]:
            document = {"items": [{"id": item_id(item)} | written(item) for item in part]}
            reply = exchanges.post(path, tries.counting(self._signed(document)))
            return self._outcomes(reply, [item_id(item) for item in part])

        return deliver(items, item_id=item_id, unfit=unfit, post=post, size=_MOST_ITEMS, deadline=exchanges.deadline)

    def _outcomes(self, reply: Fields, sent: Sequence[str]) -> dict[str, ItemOutcome]:
        self._check_looked_at(reply)
        return read_outcomes(reply, sent, self.name)

    def _edition(self, row: Fields) -> ListEdition:
        digest = row.text("digest", longest=64)
        if not _SHA256.fullmatch(digest):
            raise PlatformReplyInvalid(f"{self.name}: an edition has no SHA-256 digest.")
        return ListEdition(
            list_type=row.text("listType", longest=60),
            version=row.text("version", longest=100),
            as_of=row.moment("asOf"),
            count=row.number("count", least=0, most=_MOST_PAGES * MOST_ROWS),
            base=row.text_or_empty("base", longest=100),
            digest=digest,
        )

    def _check_looked_at(self, reply: Fields) -> None:
        if not reply.code("code", _LOOKED_AT):
            raise PlatformRefused(f"{self.name}: the platform refused the request as a whole.")


def _feedback(item: Feedback) -> dict[str, Any]:
    primary = item.subject.primary
    return {
        "queryId": item.query_id,
        "receiptNo": item.receipt_no,
        "subject": subject_fields(item.subject, primary) if primary else {},
        "matter": item.matter,
        "caseNo": item.case_no,
        "organ": item.organ,
        "region": item.region,
        "result": item.result.value,
        "handledOn": item.handled_on.isoformat(),
        "listType": item.list_type,
        "recordId": item.record_id,
        "measures": list(item.measures),
        "basis": item.basis,
        "remark": item.remark,
    }


def _publication(item: Publication) -> dict[str, Any]:
    return {"table": item.table, "fields": dict(item.fields)}
