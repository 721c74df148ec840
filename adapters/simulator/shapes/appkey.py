"""The shape that ``adapters.appkey`` asks: forms signed by appKey, replies without query id, echo or pages."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from adapters.signing import WINDOW, AppKeyVerifier
from adapters.simulator.answers import ANY_ROW, OTHER_NAME, OTHERS, Reply, json_reply, row, rows_of, similar_number
from adapters.simulator.faults import Fault, FaultKind
from adapters.simulator.register import Register, SimulatedIdentifier, SimulatedSubject
from adapters.simulator.shapes import Holdings, Question, Shape, Wiring

__all__ = ["AppKeyShape"]

_SUBJECT = "/credit/api/subject"
_RECORDS = "/credit/api/records"


class AppKeyShape(Shape):
    """A number that it does not know gives empty lists; a number that it knows brings rows of like names too."""

    paths = (_SUBJECT, _RECORDS)
    wiring = Wiring(
        "city",
        "adapters.appkey.AppKeyPlatform",
        {"base_url": "{url}", "app_key": "{caller}", "token_secret": "{token_name}"},
    )
    inexpressible = {
        FaultKind.HALF_PAGE: "there are no pages",
        FaultKind.DUPLICATE_PAGE: "there are no pages",
        FaultKind.MIDDLE_PAGE_EMPTY: "there are no pages",
        FaultKind.MIDDLE_PAGE_TWICE: "there are no pages",
        FaultKind.WRONG_QUERY: "there is no query id",
        FaultKind.NAIVE_TIME: "the reply tells no time",
        FaultKind.PARTIAL: "no code means partial; too few rows show in the count (missing_rows)",
        FaultKind.PENDING: "no code means pending",
    }

    def __init__(self, app_key: str, secret: str) -> None:
        """Know one caller."""
        self._verifier = AppKeyVerifier(app_key, secret)

    def read(self, path: str, body: bytes) -> Question | None:
        """``None`` without a code to look up."""
        said = _form(body)
        number = said.get("uscc", "")
        asked = hashlib.sha256(f"{path}?{number}".encode()).hexdigest()
        return Question(path, said, asked, number) if number else None

    def problem(self, headers: Mapping[str, str], body: bytes) -> str:
        """As the gateway verifies it."""
        return self._verifier.problem(_form(body))

    def refusal(self, problem: str) -> Reply:
        """Status 200 and a code, as this gateway does."""
        document = _said("97" if problem == "malformed" else "99", problem)
        return Reply(200, json.dumps(document, ensure_ascii=False).encode())

    def reply(self, question: Question, holdings: Holdings, fault: Fault | None) -> Reply:
        """Everything in one reply."""
        return json_reply(self.document(question, holdings.register, fault), fault, other_code="99")

    def document(self, question: Question, register: Register, fault: Fault | None) -> dict[str, Any]:
        """Reply document, bent by a fault that shows in its fields."""
        match fault.kind if fault else None:
            case FaultKind.UNKNOWN_STATUS:
                return _said("77", question.number)
            # The only code for it; a text says why, which nobody reads.
            case FaultKind.QUOTA:
                return _said("99", question.number) | {"msg": "今日调用次数已用完"}
            case FaultKind.BUSY:
                return _said("99", question.number) | {"msg": "系统繁忙，请稍后再试"}
            case FaultKind.REFUSED:
                return _said("99", question.number)
            # Where the two clocks differ, our requestTime looks old or lies ahead.
            case FaultKind.CLOCK_SKEW | FaultKind.CLOCK_BEHIND if fault is not None and abs(fault.seconds) > WINDOW:
                return _said("99", question.number)
            case FaultKind.WRONG_SUBJECT | FaultKind.SIMILAR_SUBJECT as kind:
                number = next(code for code in OTHERS if code != question.number)
                if kind is FaultKind.SIMILAR_SUBJECT:
                    number = similar_number(question.number)
                subject: SimulatedSubject | None = SimulatedSubject(
                    "organisation", OTHER_NAME, (SimulatedIdentifier("uscc", number),), (ANY_ROW,)
                )
            case _:
                subject = register.get(question.number)
        alike = register.named_like(subject) if subject else ()
        make = _master if question.path == _SUBJECT else _records
        reply = _said("00", question.number) | make(subject, alike, fault)
        if fault is not None and fault.kind is FaultKind.MISSING_FIELD:
            reply = {key: value for key, value in reply.items() if key not in ("data", "datas")}
        if fault is not None and fault.kind is FaultKind.EXTRA_FIELDS:
            reply["phone"] = "020-00000000"
        return reply


def _form(body: bytes) -> dict[str, str]:
    return dict(parse_qsl(body.decode("ascii", "replace")))


def _said(code: str, number: str) -> dict[str, Any]:
    """The texts repeat the number, as those of real gateways do."""
    return {"code": code, "msg": f"统一社会信用代码{number}", "description": f"查询{number}"}


def _master(
    subject: SimulatedSubject | None, alike: tuple[SimulatedSubject, ...], fault: Fault | None
) -> dict[str, Any]:
    rows = [
        {"name": s.name, "idType": s.identifiers[0].type, "idNumber": i.number}
        for s in (subject, *alike)
        if s is not None
        for i in s.identifiers
    ]
    return {"data": rows}


def _records(
    subject: SimulatedSubject | None, alike: tuple[SimulatedSubject, ...], fault: Fault | None
) -> dict[str, Any]:
    rows = rows_of(subject, fault) if subject else []
    rows += [row(record, other) for other in alike for record in other.records]
    missing = fault is not None and fault.kind is FaultKind.MISSING_ROWS
    return {"datas": rows, "dataCount": len(rows) + missing}
