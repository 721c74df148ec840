"""The shape that ``adapters.gateway`` asks: signed JSON behind an x-tif gateway, page by page."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from adapters.signing import TifVerifier
from adapters.simulator.answers import OTHER_NAME, OTHERS, Reply, json_reply, rows_of, similar_number
from adapters.simulator.faults import Fault, FaultKind
from adapters.simulator.register import SimulatedSubject
from adapters.simulator.shapes import Holdings, Question, Wiring
from adapters.simulator.shapes.gateway_exchange import CODES, PAGE_ROWS, ExchangingShape

__all__ = ["PAGE_ROWS", "GatewayShape"]

_RESULT_PATH = "/credit/v1/result"

_CHINA = ZoneInfo("Asia/Shanghai")
_CASE = {"matter": "matter", "case_no": "caseNo", "organ": "organ", "ground": "ground", "as_of": "asOf"}
_CODES = CODES | {FaultKind.PARTIAL: "1", FaultKind.QUOTA: "5", FaultKind.BUSY: "7"}
_MIDDLE = (FaultKind.MIDDLE_PAGE_EMPTY, FaultKind.MIDDLE_PAGE_TWICE)
_TIMES = (FaultKind.NAIVE_TIME, FaultKind.CLOCK_SKEW, FaultKind.CLOCK_BEHIND)


class GatewayShape(ExchangingShape):
    """Every fault but those of envelopes can be shown; an unknown subject has a code of its own."""

    paths: ClassVar[tuple[str, ...]] = (_RESULT_PATH, "/credit/v1/query")
    status_path = "/credit/v1/status"
    wiring = Wiring(
        "province",
        "adapters.gateway.GatewayPlatform",
        {"base_url": "{url}", "paasid": "{caller}", "token_secret": "{token_name}"},
    )

    def __init__(self, paasid: str, token: str) -> None:
        """Know one caller."""
        self._verifier = TifVerifier(paasid, token)

    def read(self, path: str, body: bytes) -> Question | None:
        """``None`` without case, matter, organ, ground or subject: no query without them."""
        try:
            said = json.loads(body.decode("utf-8"))
        except ValueError:
            return None
        if not isinstance(said, dict) or not _texts(said, "queryId", *_CASE.values()):
            return None
        if path == _RESULT_PATH and not _texts(said, "receiptNo"):
            return None
        subject, page = said.get("subject"), said.get("page")
        if not isinstance(page, int) or page < 1 or not isinstance(subject, dict):
            return None
        if not _texts(subject, "kind", "name", "idType", "idNumber"):
            return None
        return Question(
            path=path,
            said=said,
            asked=hashlib.sha256(body).hexdigest(),
            number=subject["idNumber"],
            query_id=said["queryId"],
            page=page,
            case={ours: said[theirs] for ours, theirs in _CASE.items()},
        )

    def problem(self, headers: Mapping[str, str], body: bytes) -> str:
        """As the gateway verifies it."""
        return self._verifier.problem(headers, body)

    def refusal(self, problem: str) -> Reply:
        """HTTP 400 or 401, as gateways do."""
        return Reply(400 if problem == "malformed" else 401, b"{}")

    def reply(self, question: Question, holdings: Holdings, fault: Fault | None) -> Reply:
        """One page."""
        if fault is not None and fault.kind is FaultKind.HALF_PAGE and question.page > 1:
            return Reply(500, b"{}")
        if (waiting := _not_approved(question, holdings)) is not None:
            return json_reply(waiting, fault, other_code="0")
        return json_reply(_document(question, holdings.register.get(question.number), fault), fault, other_code="1")

    def status(self, fault: Fault | None) -> Reply:
        """Ready, at this moment of the platform's clock."""
        now = datetime.now(UTC)
        said = {"code": "0", "sourceTime": now.astimezone(_CHINA).isoformat(timespec="milliseconds")}
        if fault is not None and fault.kind in _CODES:
            said["code"] = _CODES[fault.kind]
        elif fault is not None and fault.kind in _TIMES:
            _bend(said, fault, now)
        return json_reply(said, fault, other_code="1")


def _texts(data: Mapping[str, Any], *keys: str) -> bool:
    return all(isinstance(data.get(key), str) and data[key] for key in keys)


def _not_approved(question: Question, holdings: Holdings) -> dict[str, Any] | None:
    """The reply while the staff have not approved a query, or refused it; ``None`` once it may be answered."""
    base = {"queryId": question.query_id}
    if question.path == _RESULT_PATH:
        receipt = question.said["receiptNo"]
        state = holdings.approvals.look_up(question.query_id, receipt)
    else:
        state, receipt = holdings.approvals.ask(question.query_id)
    match state:
        case "approved":
            return None
        case "waiting":
            return base | {"code": "2", "receiptNo": receipt}
        case "refused":
            return base | {"code": "3"}
        case _:
            return base | {"code": "6"}


def _document(question: Question, subject: SimulatedSubject | None, fault: Fault | None) -> dict[str, Any]:
    kind = fault.kind if fault else None
    base = {"code": "0", "queryId": question.query_id}
    if kind in _CODES:
        return base | {"code": _CODES[kind]}
    if subject is None:
        return base | {"code": "4"}
    rows = rows_of(subject, fault)
    page = question.page
    first = 0 if kind is FaultKind.DUPLICATE_PAGE else (page - 1) * PAGE_ROWS
    now = datetime.now(UTC)
    reply = base | {
        "receiptNo": f"R{now:%Y%m%d}-{question.query_id}-{page}",
        "sourceTime": now.astimezone(_CHINA).isoformat(timespec="milliseconds"),
        "page": page,
        "total": max(1, -(-len(rows) // PAGE_ROWS)),
        "count": len(rows),
        "subject": {"idNumber": question.number, "name": subject.name},
        "records": rows[first : first + PAGE_ROWS],
    }
    if kind in _MIDDLE:
        reply |= _of_three(rows, page, kind)
    elif fault is not None:
        _bend(reply, fault, now)
    return reply


def _of_three(rows: list[dict[str, Any]], page: int, kind: FaultKind | None) -> dict[str, Any]:
    """The rows on three pages, of which the second is wrong; three rows are announced where there are none."""
    size = max(1, -(-len(rows) // 3))
    pages = [rows[:size], rows[size : 2 * size], rows[2 * size :]]
    if kind is FaultKind.MIDDLE_PAGE_EMPTY:
        count = max(len(rows), 3)
        pages[1] = []
    else:
        pages[1] = pages[0]
        # As many as come, so that only the repeated rows show it.
        count = sum(map(len, pages)) or 3
    return {"total": 3, "count": count, "records": pages[min(page, 3) - 1]}


def _bend(reply: dict[str, Any], fault: Fault, now: datetime) -> None:
    match fault.kind:
        case FaultKind.HALF_PAGE if reply["page"] == 1:
            # A second page is announced, whether or not there is one.
            reply.update(total=max(2, reply["total"]), count=reply["count"] + 1)
        case FaultKind.DUPLICATE_PAGE:
            reply.update(total=max(2, reply["total"]), count=2 * len(reply["records"]) or 1)
        case FaultKind.WRONG_SUBJECT:
            other = next(code for code in OTHERS if code != reply["subject"]["idNumber"])
            reply.update(subject={"idNumber": other, "name": OTHER_NAME}, records=[], count=0, total=1)
        case FaultKind.SIMILAR_SUBJECT:
            reply["subject"] |= {"idNumber": similar_number(reply["subject"]["idNumber"])}
        case FaultKind.WRONG_QUERY:
            reply.update(queryId="another-query")
        case FaultKind.MISSING_FIELD:
            del reply["records"]
        case FaultKind.MISSING_ROWS:
            reply.update(count=reply["count"] + 1)
        case FaultKind.NAIVE_TIME:
            reply.update(sourceTime=now.replace(tzinfo=None).isoformat(timespec="seconds"))
        case FaultKind.CLOCK_SKEW | FaultKind.CLOCK_BEHIND:
            ahead = fault.seconds if fault.kind is FaultKind.CLOCK_SKEW else -fault.seconds
            reply.update(sourceTime=(now + timedelta(seconds=ahead)).isoformat())
        case FaultKind.EXTRA_FIELDS:
            reply.update(phone="020-00000000")
