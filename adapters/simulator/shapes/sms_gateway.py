"""The shape that ``adapters.sms_gateway`` sends to: it keeps each message once and fills no template."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from adapters.signing import TifVerifier
from adapters.simulator.answers import Reply, json_reply
from adapters.simulator.faults import Fault, FaultKind
from adapters.simulator.shapes import Holdings, Question, Shape
from adapters.simulator.shapes.gateway_exchange import CODES, NOT_TAKEN, ON_THE_LINE

__all__ = ["SMS_TEMPLATES", "SmsGatewayShape"]

#: Templates that the gateway has approved, with the parameters that each wants.
SMS_TEMPLATES = {
    "SMS-1001": frozenset({"case_no", "matter", "materials", "due", "organ"}),
    "SMS-1002": frozenset({"case_no", "matter", "decided_on", "organ"}),
}

_MOBILE = re.compile(r"1[3-9][0-9]{9}", re.ASCII)
_SHOWN = ON_THE_LINE | {
    FaultKind.QUOTA,
    FaultKind.REFUSED,
    FaultKind.UNKNOWN_STATUS,
    FaultKind.UNKNOWN_STATE,
    FaultKind.WRONG_QUERY,
    FaultKind.MISSING_FIELD,
    FaultKind.EXTRA_FIELDS,
}


class SmsGatewayShape(Shape):
    """Refuses a template that it does not know, one with other parameters, and a number that is none."""

    paths = ()
    exchange_paths = ("/sms/v1/send",)
    inexpressible = {kind: "there are no queries" for kind in FaultKind if kind not in _SHOWN}

    def __init__(self, paasid: str, key: str) -> None:
        """Know one caller."""
        self._verifier = TifVerifier(paasid, key)

    def read(self, path: str, body: bytes) -> Question | None:
        """Nothing is asked here."""
        return None

    def problem(self, headers: Mapping[str, str], body: bytes) -> str:
        """As the gateway verifies it."""
        return self._verifier.problem(headers, body)

    def refusal(self, problem: str) -> Reply:
        """Status 401 for a caller that is not genuine."""
        return Reply(400 if problem == "malformed" else 401, b"{}")

    def reply(self, question: Question, holdings: Holdings, fault: Fault | None) -> Reply:
        """Nothing is asked here."""
        return self.refusal("malformed")

    def exchange(self, path: str, body: bytes, holdings: Holdings, fault: Fault | None) -> Reply:
        """Take one message; with most faults it is taken all the same."""
        try:
            said = json.loads(body.decode("utf-8"))
        except ValueError:
            said = None
        if not isinstance(said, dict) or not said.get("id") or not said.get("signName"):
            return self.refusal("malformed")
        kind = fault.kind if fault else None
        if kind is FaultKind.QUOTA and fault is not None:
            return json_reply({"code": "5", "retryAfter": fault.retry_after}, None, other_code="0")
        reason = _problem(said)
        if not reason and kind not in NOT_TAKEN:
            holdings.inbox.take("sms", said["id"], said)
        receipt = "" if reason else f"S-{hashlib.sha256(said['id'].encode()).hexdigest()[:12]}"
        item = {"id": said["id"], "state": "2" if reason else "1", "reason": reason, "receiptNo": receipt}
        reply: dict[str, Any] = {"code": CODES.get(kind, "0") if kind else "0", "items": [item]}
        match kind:
            case FaultKind.MISSING_FIELD:
                del reply["items"]
            case FaultKind.WRONG_QUERY:
                item["id"] = f"another-{said['id']}"
            case FaultKind.UNKNOWN_STATE:
                item["state"] = "0"
            case FaultKind.EXTRA_FIELDS:
                reply["phone"] = "020-00000000"
        return json_reply(reply, fault, other_code="3")


def _problem(said: Mapping[str, Any]) -> str:
    wanted = SMS_TEMPLATES.get(str(said.get("templateId")))
    if wanted is None:
        return "template-unknown"
    parameters = said.get("parameters")
    if not isinstance(parameters, dict) or parameters.keys() != wanted or not all(parameters.values()):
        return "parameters-wrong"
    return "" if _MOBILE.fullmatch(str(said.get("mobile"))) else "number-invalid"
