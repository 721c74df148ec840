"""The shape that ``adapters.submission`` sends to: SOAP carrying JSON, where partial success is normal."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from adapters.simulator.answers import Reply
from adapters.simulator.faults import Fault, FaultKind
from adapters.simulator.inbox import Inbox
from adapters.simulator.shapes import Holdings, Question, Shape
from adapters.simulator.soap import read_call, soap_fault, soap_reply

__all__ = ["SUBMISSION_TABLES", "SubmissionShape"]

_NAMESPACE = "urn:data-submission"

#: Version in force of each table that the platform knows.
SUBMISSION_TABLES = {"XZXK": "2018", "XZCF": "2018"}

#: Faults after which no row was taken.
_NOT_TAKEN = frozenset(
    {FaultKind.HTTP_401, FaultKind.HTTP_429, FaultKind.HTTP_502, FaultKind.REDIRECT, FaultKind.LOGIN_PAGE}
    | {FaultKind.REFUSED, FaultKind.ERROR_DOCUMENT}
)
#: Faults after which the last row was not taken, whether or not the reply says so.
_LAST_NOT_TAKEN = frozenset(
    {FaultKind.PARTIAL, FaultKind.MISSING_ROWS, FaultKind.DUPLICATE_PAGE, FaultKind.MISSING_FIELD}
    | {FaultKind.WRONG_SUBJECT, FaultKind.UNKNOWN_STATE, FaultKind.UNKNOWN_STATUS, FaultKind.DUPLICATE_KEY}
)


class SubmissionShape(Shape):
    """A row without a value in one of its fields is not accepted, and the others of the call are."""

    paths = ("/services/Submission",)
    inexpressible = {
        FaultKind.HALF_PAGE: "there are no pages",
        FaultKind.NAIVE_TIME: "the reply tells no time",
        FaultKind.CLOCK_SKEW: "the reply tells no time",
        FaultKind.CLOCK_BEHIND: "the reply tells no time",
        FaultKind.BAD_SIGNATURE: "nobody signs",
        FaultKind.SIMILAR_SUBJECT: "the reply names no subject",
        FaultKind.MIDDLE_PAGE_EMPTY: "there are no pages",
        FaultKind.MIDDLE_PAGE_TWICE: "there are no pages",
        FaultKind.ROW_FIELD_MISSING: "the reply has no rows",
        FaultKind.BAD_DATE: "the reply tells no day",
        FaultKind.PENDING: "no code means pending",
        FaultKind.WRONG_QUERY: "calls have no id; rows of another call show by their ids (wrong_subject)",
        FaultKind.NAME_ONLY: "the reply has no rows",
        FaultKind.STRANGERS_ROW: "the reply has no rows",
        FaultKind.MIXED_DATES: "the reply tells no day",
    }

    def __init__(self, department: str) -> None:
        """Know one department."""
        self._department = department

    def read(self, path: str, body: bytes) -> Question | None:
        """``None`` for anything but one call with data."""
        call = read_call(body, _NAMESPACE)
        data = call[1].findtext("data") if call and call[0] == "submitData" else None
        return Question(path, {"data": data}, hashlib.sha256(body).hexdigest()) if data else None

    def problem(self, headers: Mapping[str, str], body: bytes) -> str:
        """Nobody signs; a department is known by its code, in the data."""
        return ""

    def refusal(self, problem: str) -> Reply:
        """A fault of the caller."""
        return soap_fault(200, "Client")

    def reply(self, question: Question, holdings: Holdings, fault: Fault | None) -> Reply:
        """What became of the rows."""
        document = self._document(question.said["data"], holdings.inbox, fault.kind if fault else None)
        text = json.dumps(document, ensure_ascii=False)
        if fault is not None and fault.kind is FaultKind.DUPLICATE_KEY:
            text = text.replace("{", '{"errorCode": "500", ', 1)
        return soap_reply(_NAMESPACE, "submitData", text, fault)

    def _document(self, data: str, inbox: Inbox, kind: FaultKind | None) -> dict[str, Any]:
        try:
            said = json.loads(data)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            return _said("5001", 0, [])
        if kind is FaultKind.BUSY:
            return _said("500", 0, [])
        problem = "4002" if kind in (FaultKind.REFUSED, FaultKind.QUOTA) else self._whole(said)
        if problem:
            return _said(problem, 0, [])
        rows: list[dict[str, str]] = said["body"]
        errors = []
        for position, row in enumerate(rows, start=1):
            missing = not all(row.values())
            lost = kind in _NOT_TAKEN or (kind in _LAST_NOT_TAKEN and position == len(rows))
            if missing or lost:
                errors.append(
                    {"rowId": row.get("rowId"), "errorCode": "6002" if missing else "500", "errorMsg": "示例"}
                )
            else:
                inbox.take("publication", row["rowId"], {"table": said["tableCode"]} | row)
        reply = _said("200", len(rows), errors)
        if kind is not None:
            _bend(reply, kind, rows)
        return reply

    def _whole(self, said: Mapping[str, Any]) -> str:
        """Code for what is wrong with a whole call; empty when nothing is."""
        table = said.get("tableCode")
        if not table or said.get("tableVersionId") != SUBMISSION_TABLES.get(table):
            return "3002" if table else "3001"
        if said.get("departmentCode") != self._department:
            return "4002" if said.get("departmentCode") else "4001"
        body = said.get("body")
        if not body:
            return "6001"
        return "" if all(isinstance(row, dict) and row.get("rowId") for row in body) else "6002"


def _said(code: str, total: int, errors: list[dict[str, Any]]) -> dict[str, Any]:
    fail = sum(error["errorCode"] == "6002" for error in errors)
    return {
        "totalSize": total,
        "successSize": total - len(errors),
        "failSize": fail,
        "errorSize": len(errors) - fail,
        "errorCode": code,
        "errorMsg": "示例说明",
        "tips": "示例提示",
        "errorJsonList": errors,
    }


def _bend(reply: dict[str, Any], kind: FaultKind, rows: list[dict[str, str]]) -> None:
    """Hide, in one way or another, that the last row was not taken."""
    errors = reply["errorJsonList"]
    match kind:
        case FaultKind.MISSING_ROWS:
            errors.pop()
        case FaultKind.DUPLICATE_PAGE:
            # One row is named twice and one not at all, and the sums still fit.
            errors[-1] = dict(errors[0]) if len(errors) > 1 else errors[-1] | {"rowId": rows[0]["rowId"]}
            errors.append(dict(errors[-1]))
            reply.update(successSize=reply["successSize"] - 1, errorSize=reply["errorSize"] + 1)
        case FaultKind.MISSING_FIELD:
            del reply["errorJsonList"]
            reply.update(successSize=len(rows), failSize=0, errorSize=0)
        case FaultKind.WRONG_SUBJECT:
            errors[-1] = errors[-1] | {"rowId": "another-row"}
        case FaultKind.UNKNOWN_STATE:
            errors[-1] = errors[-1] | {"errorCode": "777"}
        case FaultKind.UNKNOWN_STATUS:
            reply.update(errorCode="777", errorJsonList=[], successSize=len(rows), failSize=0, errorSize=0)
        case FaultKind.EXTRA_FIELDS:
            reply["phone"] = "020-00000000"
        case _:
            pass
