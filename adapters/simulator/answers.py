"""What every shape's replies are made of: rows, and the ways a JSON reply is bent on the wire."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from adapters.simulator.faults import Fault, FaultKind
from adapters.simulator.register import SimulatedRecord, SimulatedSubject
from approval_hook.policy.checkdigits import (
    USCC_ALPHABET,
    organisation_code_digit,
    resident_check_digit,
    uscc_check_digit,
)

__all__ = ["ANY_ROW", "OTHERS", "OTHER_NAME", "Reply", "json_reply", "row", "rows_of", "similar_number"]

#: How one row of the courts writes its dates: two forms beside each other.
_FORMS = {"decidedOn": "%Y%m%d", "publishedOn": "%Y年%m月%d日", "displayUntil": "%Y/%m/%d", "validUntil": "%Y-%m-%d"}

_JSON = {"Content-Type": "application/json; charset=utf-8"}
_LOGIN = "<!doctype html><html lang='zh'><head><title>请登录</title></head><body>会话已过期，请重新登录。</body></html>"

#: A row about nobody, for a fault that needs one.
ANY_ROW = SimulatedRecord("R-0", "general", "2", "示例记录", "2026-01-05")

#: Somebody else, for a reply about the wrong subject: a name, and numbers of which one is not the asked one.
OTHER_NAME = "示例其他公司"
OTHERS = ("91440300MA5FKAEH40", "92440104MA5FKAEH4C")


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, headers and body as they go on the wire."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: _JSON)


def json_reply(document: Mapping[str, Any], fault: Fault | None, *, other_code: str, code_field: str = "code") -> Reply:
    """A document as bytes, bent by a fault that shows in bytes or status.

    Args:
        document: the reply, already bent by a fault that shows in its fields.
        fault: what is in force.
        other_code: a code that is not the right one, for a reply with two of them.
        code_field: where the document has its code.

    Raises:
        ValueError: the document is to have two codes and has none.
    """
    text = json.dumps(document, ensure_ascii=False)
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
            if code_field not in document:
                raise ValueError("no such field to repeat; name it as code_field")
            return Reply(200, (f'{{"{code_field}": "{other_code}", ' + text[1:]).encode())
        case FaultKind.GBK:
            # GB 18030 is GBK with the characters that it lacks.
            return Reply(200, text.replace("{", '{"note": "依法列入严重失信主体名单", ', 1).encode("gb18030"))
        case FaultKind.GBK_DECLARED:
            return Reply(200, text.encode(), {"Content-Type": "application/json; charset=gbk"})
        case FaultKind.UNESCAPED:
            return Reply(200, text.replace("{", '{"note": "示"例"", ', 1).encode())
        case FaultKind.BOMB:
            return Reply(200, text.replace("{", f'{{"note": {"[" * 100_000}{"]" * 100_000}, ', 1).encode())
        case FaultKind.ERROR_DOCUMENT:
            return Reply(200, b'{"error": "internal"}')
        case FaultKind.BAD_SIGNATURE:
            return Reply(401, text.encode())
        case FaultKind.OVERSIZE:
            return Reply(200, text.encode() + b" " * 4_000_000)
        case _:
            return Reply(200, text.encode())


def rows_of(subject: SimulatedSubject, fault: Fault | None) -> list[dict[str, Any]]:
    """Every row of a subject as ``adapters.rows`` reads it, bent by a fault that shows in single rows."""
    kind = fault.kind if fault else None
    rows = [row(record, subject) for record in subject.records]
    match kind:
        case FaultKind.NAME_ONLY:
            return [r | {"idNumber": ""} for r in rows]
        case FaultKind.EXTRA_FIELDS:
            return [r | {"household": "示例"} for r in rows]
        case FaultKind.UNKNOWN_STATE:
            return [r | {"state": "0"} for r in rows or [row(ANY_ROW, subject)]]
        case FaultKind.MIXED_DATES:
            return [r | {key: _respelled(r[key], form) for key, form in _FORMS.items()} for r in rows]
        case FaultKind.BAD_DATE | FaultKind.ROW_FIELD_MISSING:
            *others, last = rows or [row(ANY_ROW, subject)]
            if kind is FaultKind.BAD_DATE:
                return [*others, last | {"decidedOn": "31/12/2025"}]
            return [*others, {key: value for key, value in last.items() if key != "state"}]
        case FaultKind.STRANGERS_ROW:
            return [*rows, _strangers_row(subject)]
        case _:
            return rows


def similar_number(number: str) -> str:
    """A number of the same kind that differs in one character and in its check digits."""
    if len(number) != 18:
        return number[:-1] + ("1" if number[-1] == "0" else "0")
    if number[:17].isdigit():
        changed = number[:16] + str((int(number[16]) + 2) % 10)
        return changed + resident_check_digit(changed)
    at = USCC_ALPHABET.index(number[15])
    body = number[:15] + USCC_ALPHABET[(at + 1) % len(USCC_ALPHABET)]
    seventeen = body + organisation_code_digit(body[8:16])
    return seventeen + uscc_check_digit(seventeen)


def _strangers_row(subject: SimulatedSubject) -> dict[str, Any]:
    """A row of somebody who has the name of ours and another number, which is valid."""
    number = similar_number(subject.identifiers[0].number)
    record_id = f"R-{hashlib.sha256(number.encode()).hexdigest()[:12]}"
    return row(dataclasses.replace(ANY_ROW, record_id=record_id, id_number=number), subject)


def _respelled(value: str | None, form: str) -> str | None:
    """A date of any form in another one."""
    digits = re.findall(r"\d+", value or "")
    if len(digits) == 1:
        digits = [digits[0][:4], digits[0][4:6], digits[0][6:]]
    return date(*map(int, digits)).strftime(form) if len(digits) == 3 else value


def row(record: SimulatedRecord, subject: SimulatedSubject) -> dict[str, Any]:
    """One row, under the subject's own name and first number unless the record has others."""
    first = subject.identifiers[0]
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
        "name": record.name if record.name is not None else subject.name,
        "idType": record.id_type if record.id_type is not None else first.type,
        "idNumber": record.id_number if record.id_number is not None else first.number,
    }
