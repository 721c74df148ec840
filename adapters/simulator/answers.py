"""The reply to one query: first the right one, then bent by a fault."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from adapters.simulator.faults import Fault, FaultKind
from adapters.simulator.register import SimulatedRecord, SimulatedSubject

__all__ = ["PAGE_ROWS", "Reply", "document", "reply", "status"]

#: Rows per page; small, so that tests reach the second page.
PAGE_ROWS = 20

_CHINA = ZoneInfo("Asia/Shanghai")
_JSON = {"Content-Type": "application/json; charset=utf-8"}
_LOGIN = "<!doctype html><html lang='zh'><head><title>请登录</title></head><body>会话已过期，请重新登录。</body></html>"
_OTHERS = ("91440300MA5FKAEH40", "92440104MA5FKAEH4C")
_STATUS_WORDS = {FaultKind.PARTIAL: "1", FaultKind.PENDING: "2", FaultKind.REFUSED: "3", FaultKind.UNKNOWN_STATUS: "77"}


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, headers and body as they go on the wire."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: _JSON)


def document(query: Mapping[str, Any], subject: SimulatedSubject | None, fault: Fault | None) -> dict[str, Any]:
    """Reply document to one query, bent by a fault that shows in its fields."""
    kind = fault.kind if fault else None
    asked = query["subject"]
    base = {"code": "0", "queryId": query["queryId"]}
    if kind in _STATUS_WORDS:
        return base | {"code": _STATUS_WORDS[kind]}
    if subject is None:
        return base | {"code": "4"}
    rows = [_row(record, subject, name_only=kind is FaultKind.NAME_ONLY) for record in subject.records]
    page = query["page"]
    total = max(1, -(-len(rows) // PAGE_ROWS))
    first = 0 if kind is FaultKind.DUPLICATE_PAGE else (page - 1) * PAGE_ROWS
    now = datetime.now(UTC)
    reply = base | {
        "receiptNo": f"R{now:%Y%m%d}-{query['queryId']}-{page}",
        "sourceTime": now.astimezone(_CHINA).isoformat(timespec="milliseconds"),
        "page": page,
        "total": total,
        "count": len(rows),
        "subject": {"idNumber": asked["idNumber"], "name": subject.name},
        "records": rows[first : first + PAGE_ROWS],
    }
    if fault is not None:
        _bend(reply, fault, now)
    return reply


def _bend(reply: dict[str, Any], fault: Fault, now: datetime) -> None:
    match fault.kind:
        case FaultKind.HALF_PAGE if reply["page"] == 1:
            # A second page is announced, whether or not there is one.
            reply.update(total=max(2, reply["total"]), count=reply["count"] + 1)
        case FaultKind.DUPLICATE_PAGE:
            reply.update(total=max(2, reply["total"]), count=2 * len(reply["records"]) or 1)
        case FaultKind.WRONG_SUBJECT:
            other = next(code for code in _OTHERS if code != reply["subject"]["idNumber"])
            reply.update(subject={"idNumber": other, "name": "示例其他公司"}, records=[], count=0, total=1)
        case FaultKind.WRONG_QUERY:
            reply.update(queryId="another-query")
        case FaultKind.UNKNOWN_STATE:
            rows = reply["records"] or [_row(_ANY_ROW, None, name_only=False)]
            reply.update(records=[row | {"state": "0"} for row in rows], count=max(reply["count"], 1))
        case FaultKind.MISSING_FIELD:
            del reply["records"]
        case FaultKind.MISSING_ROWS:
            reply.update(count=reply["count"] + 1)
        case FaultKind.NAIVE_TIME:
            reply.update(sourceTime=now.replace(tzinfo=None).isoformat(timespec="seconds"))
        case FaultKind.CLOCK_SKEW:
            reply.update(sourceTime=(now + timedelta(seconds=fault.seconds)).isoformat())
        case FaultKind.EXTRA_FIELDS:
            reply.update(phone="020-00000000", records=[row | {"household": "示例"} for row in reply["records"]])


def reply(query: Mapping[str, Any], subject: SimulatedSubject | None, fault: Fault | None) -> Reply:
    """Bytes of the reply to one query, bent by a fault that shows in bytes or status."""
    if fault is not None and fault.kind is FaultKind.HALF_PAGE and query["page"] > 1:
        return Reply(500, b"{}")
    return _bytes(document(query, subject, fault), fault)


def status(fault: Fault | None) -> Reply:
    """Bytes of the reply to a status request, which is about nobody."""
    now = datetime.now(UTC)
    said = {"code": "0", "sourceTime": now.astimezone(_CHINA).isoformat(timespec="milliseconds")}
    if fault is not None and fault.kind in _STATUS_WORDS:
        said["code"] = _STATUS_WORDS[fault.kind]
    elif fault is not None and fault.kind in (FaultKind.NAIVE_TIME, FaultKind.CLOCK_SKEW):
        _bend(said, fault, now)
    return _bytes(said, fault)


def _bytes(answer: dict[str, Any], fault: Fault | None) -> Reply:
    text = json.dumps(answer, ensure_ascii=False)
    match fault.kind if fault else None:
        case FaultKind.HTTP_401:
            return Reply(401, b"{}")
        case FaultKind.HTTP_429 if fault is not None:
            return Reply(429, b"{}", _JSON | {"Retry-After": str(fault.retry_after)})
        case FaultKind.HTTP_500:
            return Reply(500, b"{}")
        case FaultKind.HTTP_502:
            return Reply(502, b"<html>Bad Gateway</html>", {"Content-Type": "text/html"})
        case FaultKind.REDIRECT:
            return Reply(302, b"", {"Location": "/login", "Content-Type": "text/html"})
        case FaultKind.LOGIN_PAGE:
            return Reply(200, _LOGIN.encode(), {"Content-Type": "text/html; charset=utf-8"})
        case FaultKind.EMPTY:
            return Reply(200, b"")
        case FaultKind.BAD_JSON:
            return Reply(200, text[: len(text) // 2].encode())
        case FaultKind.DUPLICATE_KEY:
            return Reply(200, ('{"code": "1", ' + text[1:]).encode())
        case FaultKind.GBK:
            return Reply(200, text.replace("{", '{"note": "示例", ', 1).encode("gbk"))
        case FaultKind.OVERSIZE:
            return Reply(200, text.encode() + b" " * 4_000_000)
        case _:
            return Reply(200, text.encode())


def _row(record: SimulatedRecord, subject: SimulatedSubject | None, *, name_only: bool) -> dict[str, Any]:
    first = subject.identifiers[0] if subject is not None else None
    number = record.id_number if record.id_number is not None else first.number if first else ""
    return {
        "recordId": record.record_id,
        "listType": record.list_type,
        "severity": record.severity,
        "title": record.title,
        "decidedOn": record.decided_on,
        "decidedBy": record.decided_by,
        "documentNo": record.document_no,
        "category": record.category,
        "state": record.state,
        "publishedOn": record.published_on,
        "displayUntil": record.display_until,
        "validUntil": record.valid_until,
        "scope": record.scope,
        "event": record.event,
        "domain": record.domain,
        "roleThen": record.role_then,
        "name": record.name if record.name is not None else subject.name if subject else "",
        "idType": record.id_type if record.id_type is not None else first.type if first else "",
        "idNumber": "" if name_only else number,
    }


_ANY_ROW = SimulatedRecord("R-0", "general", "2", "示例记录", "2026-01-05")
