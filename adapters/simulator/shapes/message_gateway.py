"""The shape that ``adapters.message_gateway`` asks: DES-encrypted messages behind a gateway that signs its replies."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import secrets
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from adapters.des_message import DesMessage, SignedReply
from adapters.signing import AppKeyVerifier, TifVerifier
from adapters.simulator.answers import ANY_ROW, OTHER_NAME, OTHERS, Reply, json_reply, row, rows_of, similar_number
from adapters.simulator.faults import Fault, FaultKind
from adapters.simulator.keys import SimulatedKeys
from adapters.simulator.register import Register, SimulatedIdentifier, SimulatedSubject
from adapters.simulator.shapes import Holdings, Question, Shape, Wiring
from adapters.simulator.shapes.gateway_exchange import NOT_TAKEN, ON_THE_LINE

__all__ = ["LISTS", "MessageGatewayShape"]

#: List type by the code of its list. Their rows come by the list query alone, all others by the credit query.
LISTS = {"B-001": "penalty", "B-002": "court_defaulter", "R-001": "integrity_model"}

_CREDIT = "/share/credit"
_REDBLACK = "/share/redblack"
_CREDIT_FIELDS = ("certCode", "personName", "personType", "bizDept", "itemCode", "areaCode", "itemId")
_LIST_FIELDS = ("itemCode", "certCode", "partyName", "partyType", "bizDept")
_FEEDBACK_FIELDS = ("feedbackId", "entityName", "uniCode", "type", "district", "dept", "itemId", "disciplinaryTime")
_CODES = {FaultKind.REFUSED: "3", FaultKind.QUOTA: "3", FaultKind.UNKNOWN_STATUS: "77", FaultKind.BUSY: "6"}
#: Faults that show in single rows.
_OF_ROWS = (FaultKind.UNKNOWN_STATE, FaultKind.BAD_DATE, FaultKind.ROW_FIELD_MISSING)
_OTHERS = (FaultKind.WRONG_SUBJECT, FaultKind.SIMILAR_SUBJECT)
_AGE = 3 * 3600.0
_OF_FEEDBACK = frozenset(
    {FaultKind.WRONG_QUERY, FaultKind.WRONG_SUBJECT, FaultKind.MISSING_FIELD, FaultKind.EXTRA_FIELDS}
) | {FaultKind.CLOCK_SKEW, FaultKind.REFUSED, FaultKind.UNKNOWN_STATUS, FaultKind.BUSY}


class MessageGatewayShape(Shape):
    """A list query answers by number or by a name that holds the one asked for, and repeats nothing of the question."""

    paths = (_CREDIT, _REDBLACK)
    exchange_paths = ("/share/feedback",)
    enveloped = True
    wiring = Wiring(
        "town",
        "adapters.message_gateway.MessageGatewayPlatform",
        {
            "base_url": "{url}",
            "app_key": "{caller}",
            "token_secret": "{token_name}",
            "des_key_secret": "{des_name}",
            "area_code": "440100",
            "black_lists": {"penalty": "B-001", "court_defaulter": "B-002"},
            "red_lists": {"integrity_model": "R-001"},
        },
    )
    inexpressible = {
        FaultKind.HALF_PAGE: "there are no pages",
        FaultKind.DUPLICATE_PAGE: "there are no pages",
        FaultKind.MIDDLE_PAGE_EMPTY: "there are no pages",
        FaultKind.MIDDLE_PAGE_TWICE: "there are no pages",
        FaultKind.NAIVE_TIME: "the reply tells its time in milliseconds",
        FaultKind.PARTIAL: "no code means partial; too few rows show in the count (missing_rows)",
        FaultKind.PENDING: "no code means pending",
        FaultKind.WRONG_APP_CODE: "the reply names no caller",
    }

    def __init__(self, app_key: str, secret: str, keys: SimulatedKeys) -> None:
        """Know one caller, by appKey or by x-tif headers."""
        self._fields = AppKeyVerifier(app_key, secret)
        self._headers = TifVerifier(app_key, secret)
        self._message = DesMessage(keys.des)
        self._stranger = DesMessage(secrets.token_hex(8))
        self._secret = secret
        self._reply = SignedReply(secret, self._message)

    def lacks(self, question: Question, kind: FaultKind) -> bool:
        """A list query's reply has no query id."""
        listed = question.path.endswith(_REDBLACK)
        return super().lacks(question, kind) or (listed and kind is FaultKind.WRONG_QUERY)

    def read(self, path: str, body: bytes) -> Question | None:
        """``None`` when a field is missing, or the message cannot be decrypted."""
        said = self._said(body)
        if not all(said.get(key) for key in (_CREDIT_FIELDS if path == _CREDIT else _LIST_FIELDS)):
            return None
        plain = json.dumps(said, sort_keys=True, ensure_ascii=False)
        case = {"organ": said["bizDept"]} | ({"matter": said["itemCode"]} if path == _CREDIT else {})
        return Question(
            path=path,
            said=said,
            asked=hashlib.sha256(f"{path}?{plain}".encode()).hexdigest(),
            number=said["certCode"],
            query_id=said.get("itemId", ""),
            case=case,
        )

    def problem(self, headers: Mapping[str, str], body: bytes) -> str:
        """As the gateway verifies it."""
        if headers.get("x-tif-paasid"):
            return self._headers.problem(headers, body)
        return self._fields.problem(_form(body))

    def refusal(self, problem: str) -> Reply:
        """HTTP 400 or 401, as gateways do."""
        return Reply(400 if problem == "malformed" else 401, b"{}")

    def reply(self, question: Question, holdings: Holdings, fault: Fault | None) -> Reply:
        """Everything in one reply."""
        make = self.credit if question.path.endswith(_CREDIT) else self.listed
        return self._sealed(json_reply(make(question.said, holdings.register, fault), fault, other_code="3"), fault)

    def exchange(self, path: str, body: bytes, holdings: Holdings, fault: Fault | None) -> Reply:
        """Feedback, kept under its own id."""
        said = self._said(body)
        kind = fault.kind if fault else None
        if not said.get("feedbackId"):
            return self.refusal("malformed")
        if kind is not None and kind not in ON_THE_LINE | _OF_FEEDBACK:
            return Reply(501, b"{}")
        complete = all(said.get(key) for key in _FEEDBACK_FIELDS)
        if complete and kind not in NOT_TAKEN:
            holdings.inbox.take("feedback", said["feedbackId"], said)
        reply = {"code": "0" if complete else "5", "feedbackId": said["feedbackId"]}
        reply["receiptNo"] = f"F-{hashlib.sha256(said['feedbackId'].encode()).hexdigest()[:12]}" if complete else ""
        match kind:
            case FaultKind.REFUSED | FaultKind.UNKNOWN_STATUS | FaultKind.BUSY:
                reply["code"] = _CODES[kind]
            case FaultKind.WRONG_QUERY | FaultKind.WRONG_SUBJECT:
                reply["feedbackId"] = "another-feedback"
            case FaultKind.MISSING_FIELD:
                del reply["receiptNo"]
            case FaultKind.EXTRA_FIELDS:
                reply["phone"] = "020-00000000"
        return self._sealed(json_reply(reply, fault, other_code="3"), fault)

    def credit(self, said: Mapping[str, Any], register: Register, fault: Fault | None) -> dict[str, Any]:
        """The subject's rows that are on no list."""
        kind = fault.kind if fault else None
        base = {"code": "0", "itemId": "another-query" if kind is FaultKind.WRONG_QUERY else said["itemId"]}
        if kind in _CODES:
            return base | {"code": _CODES[kind]}
        subject = register.get(said["certCode"])
        if subject is None:
            return base | {"code": "4"}
        rows = [r for r in rows_of(subject, fault) if r["listType"] not in LISTS.values()]
        reply = base | {"certCode": said["certCode"], "personName": subject.name}
        if kind in _OTHERS:
            reply |= {"certCode": _other(said["certCode"], kind), "personName": OTHER_NAME}
            rows = []
        return _bent(reply | {"count": len(rows), "records": rows}, fault)

    def listed(self, said: Mapping[str, Any], register: Register, fault: Fault | None) -> dict[str, Any]:
        """Rows of one list about the subject, and about those whose name holds its name."""
        kind, list_type = (fault.kind if fault else None), LISTS.get(said["itemCode"], "")
        if kind in _CODES:
            return {"code": _CODES[kind]}
        subject = register.get(said["certCode"])
        if kind in _OTHERS:
            number = SimulatedIdentifier("uscc", _other(said["certCode"], kind))
            subject = SimulatedSubject("organisation", OTHER_NAME, (number,), (ANY_ROW,))
            return {"code": "0", "count": 1, "records": [row(ANY_ROW, subject) | {"listType": list_type}]}
        rows = rows_of(subject, fault) if subject else []
        rows = [r for r in rows if r["listType"] == list_type]
        if kind in _OF_ROWS and subject and not rows:
            (bent,) = rows_of(dataclasses.replace(subject, records=()), fault)
            rows = [bent | {"listType": list_type}]
        if kind is FaultKind.STRANGERS_ROW and subject:
            # Another one than that of the credit query, which would be one row with two contents.
            (bent,) = rows_of(dataclasses.replace(subject, records=()), fault)
            rows.append(bent | {"listType": list_type, "recordId": f"{bent['recordId']}-{said['itemCode']}"})
        if subject:
            alike = (row(record, other) for other in register.named_like(subject) for record in other.records)
            rows += [r for r in alike if r["listType"] == list_type]
        return _bent({"code": "0", "count": len(rows), "records": rows}, fault)

    def _said(self, body: bytes) -> dict[str, str]:
        plain = self._message.decrypt(_form(body).get("message", ""))
        try:
            said = json.loads((plain or b"").decode())
        except ValueError:
            return {}
        return said if isinstance(said, dict) and all(isinstance(v, str) for v in said.values()) else {}

    def _sealed(self, reply: Reply, fault: Fault | None) -> Reply:
        if reply.status != 200 or "json" not in reply.headers.get("Content-Type", ""):
            return reply
        message, signed = self._message.encrypt(reply.body), self._reply
        match fault.kind if fault else None:
            case FaultKind.FORGED_SIGNATURE:
                signed = SignedReply(f"not-{self._secret}", self._message)
            case FaultKind.OLD_TIMESTAMP:
                signed = SignedReply(self._secret, self._message, clock=lambda: time.time() - _AGE)
            case FaultKind.CLOCK_SKEW | FaultKind.CLOCK_BEHIND as kind if fault is not None:
                ahead = fault.seconds if kind is FaultKind.CLOCK_SKEW else -fault.seconds
                signed = SignedReply(self._secret, self._message, clock=lambda: time.time() + ahead)
            case FaultKind.NOT_ENCRYPTED:
                message = reply.body.decode()
            case FaultKind.OTHER_KEY:
                message = self._stranger.encrypt(reply.body)
        return Reply(200, signed.make(message), reply.headers)


def _form(body: bytes) -> dict[str, str]:
    return dict(parse_qsl(body.decode("ascii", "replace")))


def _other(number: str, kind: FaultKind | None) -> str:
    if kind is FaultKind.SIMILAR_SUBJECT:
        return similar_number(number)
    return next(code for code in OTHERS if code != number)


def _bent(reply: dict[str, Any], fault: Fault | None) -> dict[str, Any]:
    match fault.kind if fault else None:
        case FaultKind.MISSING_FIELD:
            del reply["records"]
        case FaultKind.MISSING_ROWS:
            reply["count"] += 1
        case FaultKind.EXTRA_FIELDS:
            reply["phone"] = "020-00000000"
    return reply
