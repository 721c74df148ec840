"""A city's credit platform that takes one DES-encrypted message per call, behind a gateway that signs.

Three calls, each a form with the field ``message`` and the gateway's own credentials (``adapters.des_message``)::

    POST /share/credit     {"certCode", "personName", "personType", "bizDept", "itemCode", "areaCode", "itemId"}
    POST /share/redblack   {"itemCode", "certCode", "partyName", "partyType", "bizDept"}
    POST /share/feedback   {"feedbackId", "entityName", "uniCode", "type", "result", "amount", "basis", "district",
                            "dept", "itemId", "disciplinaryTime"}

The matter and the organ go into the credit query, whose ``itemId`` is our query id; feedback refers to it. In the
list query ``itemCode`` is the code of the list. ``personType`` and ``partyType`` are 1 person, 2 organisation.
The replies::

    {"code": "0", "itemId", "certCode", "personName", "count", "records": [...]}
    {"code": "0", "count", "records": [...]}
    {"code": "0", "feedbackId", "receiptNo"}

``code`` is 0 answered, 3 refused, 4 not in the master file, 5 a field is missing, 6 busy, ask again later. Rows as in
``adapters.rows``.
A list query matches names fuzzily. There are no pages, and no code for partial or pending.

A list query repeats nothing of the question, so this is what an answer must prove:

- *The subject is known.* The credit query comes first and must repeat ``itemId`` and the number. Without that no
  list is asked, because an unknown subject is on no list.
- *The answer is complete.* ``count`` equals the rows in every reply. A list that fails spoils the whole answer.
- *The rows are about the subject.* Every row is checked again. In a list query one with another number is dropped and
  counted only where the fuzzy match explains it, because the name in it holds ours; any other spoils the answer.
- *The rows are of the list.* A row of another list type means that another question was answered.
- *The reply is the gateway's, and of this moment*, by its signature: DES itself proves nothing.

An empty list rests on that signature and on the exchange itself: one line under TLS, no redirects, no cache. The lists
named in the settings are asked and no others. The case number and the ground do not go with the question, and the
platform's clock is only compared with ours.

A repeat of feedback might count twice where ``feedbackId``, an addition of ours, is not known. So nothing is sent
again by itself: a failure is ``UNKNOWN``, and the caller decides.

Source: domain facts 4.1 (P3, Taizhou), 4.2 and 4.4; paths, replies and ``feedbackId`` are design.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Unpack
from urllib.parse import urlencode

import structlog

from adapters.delivery import Tries, deliver
from adapters.des_message import WEAKNESS, DesMessage, SignedReply
from adapters.http import HttpOptions, Outgoing
from adapters.matching import same_name
from adapters.platform import UNKNOWN_SUBJECT, Answer, Exchanges, HttpPlatform
from adapters.rows import MOST_ROWS, check_strangers, read_rows
from adapters.signing import AppKeySigner, TifSigner
from adapters.wire import parse_object
from approval_hook.errors import ConfigurationError, PlatformReplyInvalid
from approval_hook.policy.records import CreditRecord, QueryStatus
from approval_hook.policy.subjects import Identifier, SubjectKind
from approval_hook.ports import Feedback, FeedbackResult, ItemOutcome, ItemState, Query

__all__ = ["MessageGatewayPlatform"]

_CREDIT = "share/credit"
_REDBLACK = "share/redblack"
_FEEDBACK = "share/feedback"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}

_STATUS = {
    "0": (QueryStatus.OK, ""),
    "3": (QueryStatus.REJECTED, "refused"),
    "4": (QueryStatus.REJECTED, UNKNOWN_SUBJECT),
    "5": (QueryStatus.REJECTED, "field-missing"),
    "6": (QueryStatus.UNAVAILABLE, "platform-busy"),
}
_TYPE = {SubjectKind.PERSON: "1", SubjectKind.ORGANISATION: "2"}

_warned: set[str] = set()


class MessageGatewayPlatform(HttpPlatform):
    """Asks the platform that takes DES-encrypted messages.

    Attributes:
        weakness: what an operator is told about this source, in the log and by ``manage.py check``.
    """

    weakness = WEAKNESS

    def __init__(
        self,
        name: str,
        base_url: str,
        app_key: str,
        token: str,
        *,
        des_key: str,
        area_code: str,
        black_lists: Mapping[str, str],
        red_lists: Mapping[str, str] | None = None,
        signed_by: str = "appkey",
        sign: str = "hmac-sm3",
        request_time: str = "milliseconds",
        window: float = 300.0,
        clock: Callable[[], datetime] | None = None,
        **http: Unpack[HttpOptions],
    ) -> None:
        """Prepare; nothing is asked. The first source of a name in a process writes its weakness to the log.

        Args:
            name: short name as configured, copied into reports.
            base_url: of the gateway; https, or http to this computer.
            app_key: the caller, as registered at the gateway; its paasid where x-tif headers sign.
            token: the secret shared with the gateway, resolved by the settings; signs both ways.
            des_key: 16 hexadecimal digits, resolved by the settings.
            area_code: our region, 6 digits of GB/T 2260.
            black_lists: code of the list at the platform, by key of ``RuleSet.list_types``; all of them are asked.
            red_lists: the same for lists of good credit; feedback about them is a reward.
            signed_by: ``appkey`` or ``tif``.
            sign: how appKey signs, see ``AppKeySigner``.
            request_time: see ``AppKeySigner``.
            window: seconds by which the time of a reply may differ from our clock.
            clock: the present moment, aware; the computer's clock when not given.
            http: see ``HttpClient``.

        Raises:
            ConfigurationError: an option is malformed.
        """
        super().__init__(name, base_url, clock=clock, **http)
        plain = app_key.isascii() and app_key.isprintable()
        if not (plain and app_key and token):
            raise ConfigurationError(f"Platform {name}: app_key and token must be given, app_key in plain characters.")
        if not (len(area_code) == 6 and area_code.isascii() and area_code.isdigit()):
            raise ConfigurationError(f"Platform {name}: area_code has 6 digits.")
        if signed_by not in ("appkey", "tif") or window <= 0:
            raise ConfigurationError(f"Platform {name}: signed_by is appkey or tif, and the window is positive.")
        self._lists = {**black_lists, **(red_lists or {})}
        self._red = frozenset(red_lists or {})
        if not all(isinstance(c, str) and c for c in self._lists.values()) or self._red & set(black_lists):
            raise ConfigurationError(f"Platform {name}: each list has one code and is either red or black.")
        try:
            self._message = DesMessage(des_key)
        except ConfigurationError as error:
            problem = str(error)
        else:
            problem = ""
        if problem:
            raise ConfigurationError(f"Platform {name}: {problem}")
        self._reply = SignedReply(token, self._message, window=window, clock=lambda: self._clock().timestamp())
        self._tif = TifSigner(app_key, token) if signed_by == "tif" else None
        self._fields = AppKeySigner(app_key, token, method=sign, time_form=request_time)
        self._area_code = area_code
        if name not in _warned:
            _warned.add(name)
            structlog.get_logger("approval_hook").warning("weak platform", source=name, weakness=WEAKNESS)

    def opened(self, raw: bytes) -> bytes:
        """The document inside the gateway's reply."""
        return self._reply.open(raw, self.name)

    def ask(self, query: Query, identifier: Identifier, nth: int, exchanges: Exchanges) -> Answer:
        """First the records of the subject, which proves that it is known, then list after list."""
        number, kind = identifier.matching_number, _TYPE[query.subject.kind]
        item_id = query.query_id if nth == 1 else f"{query.query_id}.{nth}"
        about = {"certCode": number, "bizDept": query.organ}
        question = {"personName": query.subject.name, "personType": kind, "itemCode": query.matter}
        question |= {"areaCode": self._area_code, "itemId": item_id}
        found = exchanges.post(_CREDIT, self._outgoing(about | question))
        if found.text("itemId", longest=100) != item_id:
            raise PlatformReplyInvalid(f"{self.name}: the reply answers another query.")
        status, reason = found.code("code", _STATUS)
        if status is not QueryStatus.OK:
            return Answer(status, reason)
        if found.text("certCode", longest=40).upper() != number:
            raise PlatformReplyInvalid(f"{self.name}: the reply is about another subject.")
        registered = found.text_or_empty("personName", longest=200)
        rows = found.objects("records", most=MOST_ROWS)
        records = read_rows(rows, query, self.name, count=found.number("count", least=0, most=MOST_ROWS))
        for list_type, code in self._lists.items():
            asked = about | {"itemCode": code, "partyName": query.subject.name, "partyType": kind}
            listed = exchanges.post(_REDBLACK, self._outgoing(asked))
            status, reason = listed.code("code", _STATUS)
            if status is not QueryStatus.OK:
                # Known a moment ago: about this list nothing is known, whatever the code says about the subject.
                return Answer(status, "list-refused" if reason == UNKNOWN_SUBJECT else reason)
            rows = listed.objects("records", most=MOST_ROWS)
            on_list = read_rows(rows, query, self.name, count=listed.number("count", least=0, most=MOST_ROWS))
            if any(record.list_type != list_type for record in on_list):
                raise PlatformReplyInvalid(f"{self.name}: the reply is about another list.")
            shown = [row.text_or_empty("name", longest=200) for row in rows]
            check_strangers(zip(shown, on_list, strict=True), (query.subject.name, registered), self.name)
            records += on_list
        return Answer(
            QueryStatus.OK,
            "",
            records=_without_doubles(records, self.name),
            name_differs=bool(registered) and not same_name(registered, query.subject.name),
        )

    def feed_back(self, items: Sequence[Feedback], *, timeout: float) -> list[ItemOutcome]:
        """Send feedback one by one, each once; as ``ports.FeedbackTarget`` says. ``receipt_no`` is not sent."""
        exchanges = self.exchanges(timeout)

        def post(part: Sequence[Feedback], tries: Tries) -> Mapping[str, ItemOutcome]:
            (item,) = part
            outgoing = tries.counting(self._outgoing(self._told(item)))
            reply = parse_object(exchanges.fetch(_FEEDBACK, outgoing, idempotent=False), self.name)
            if reply.text("feedbackId", longest=100) != item.feedback_id:
                raise PlatformReplyInvalid(f"{self.name}: the reply is about another feedback.")
            status, reason = reply.code("code", _STATUS)
            if status is not QueryStatus.OK:
                # A busy platform may take it another time, so it is not refused for good.
                state = ItemState.UNKNOWN if status is QueryStatus.UNAVAILABLE else ItemState.REFUSED
                return {item.feedback_id: ItemOutcome(item.feedback_id, state, reason)}
            receipt_no = reply.text("receiptNo", longest=100)
            return {item.feedback_id: ItemOutcome(item.feedback_id, ItemState.ACCEPTED, "", receipt_no)}

        return deliver(
            items,
            item_id=lambda item: item.feedback_id,
            unfit=lambda item: "" if item.subject.primary else "unidentified",
            post=post,
            size=1,
            deadline=exchanges.deadline,
        )

    def _told(self, item: Feedback) -> dict[str, str]:
        primary = item.subject.primary
        done = "已激励" if item.list_type in self._red else "已惩戒"
        return {
            "feedbackId": item.feedback_id,
            "entityName": item.subject.name,
            "uniCode": primary.matching_number if primary else "",
            "type": done if item.result is FeedbackResult.EXECUTED else "其他",
            "result": "；".join((*item.measures, item.remark) if item.remark else item.measures),
            "amount": "",
            "basis": item.basis,
            "district": item.region,
            "dept": item.organ,
            "itemId": item.query_id,
            "disciplinaryTime": item.handled_on.isoformat(),
        }

    def _outgoing(self, document: Mapping[str, Any]) -> Callable[[], Outgoing]:
        form = {"message": self._message.encrypt(json.dumps(document, ensure_ascii=False).encode())}

        def outgoing() -> Outgoing:
            if self._tif is None:
                return urlencode(form | self._fields.fields()).encode(), _FORM
            body = urlencode(form).encode()
            return body, _FORM | self._tif.headers(body)

        return outgoing


def _without_doubles(records: Sequence[CreditRecord], source: str) -> tuple[CreditRecord, ...]:
    """A row may come by the credit query and by its list; with two contents it cannot be trusted."""
    kept: dict[str, CreditRecord] = {}
    for record in records:
        if kept.setdefault(record.record_id, record) != record:
            raise PlatformReplyInvalid(f"{source}: one row has two contents.")
    return tuple(kept.values())
