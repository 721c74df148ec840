"""What ``adapters.gateway_exchange`` sends and fetches, as the simulated gateway takes and gives it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from adapters.simulator.answers import Reply, json_reply
from adapters.simulator.editions import Edition
from adapters.simulator.faults import ENVELOPE_FAULTS, Fault, FaultKind
from adapters.simulator.shapes import Holdings, Shape

__all__ = ["CODES", "NOT_TAKEN", "ON_THE_LINE", "PAGE_ROWS", "ExchangingShape"]

#: Rows per page; small, so that tests reach the second page.
PAGE_ROWS = 20

#: Codes that a fault puts in the place of 0.
CODES = {FaultKind.PENDING: "2", FaultKind.REFUSED: "3", FaultKind.UNKNOWN_STATUS: "77"}

#: Faults that say truly that nothing was taken; with every other one the items are in the inbox.
NOT_TAKEN = frozenset({FaultKind.HTTP_401, FaultKind.HTTP_429, FaultKind.REFUSED, FaultKind.BUSY})

_CHINA = ZoneInfo("Asia/Shanghai")
_FEEDBACK = ("queryId", "matter", "caseNo", "organ", "region", "result", "handledOn")
#: Faults of the line and of bytes, which every reply can show.
ON_THE_LINE = ENVELOPE_FAULTS | {
    FaultKind.SLOW,
    FaultKind.DRIP,
    FaultKind.DRIP_HEAD,
    FaultKind.RESET,
    FaultKind.CUT,
    FaultKind.HANG,
    FaultKind.HTTP_401,
    FaultKind.HTTP_429,
    FaultKind.HTTP_500,
    FaultKind.HTTP_502,
    FaultKind.REDIRECT,
    FaultKind.LOGIN_PAGE,
    FaultKind.EMPTY,
    FaultKind.BAD_JSON,
    FaultKind.DUPLICATE_KEY,
    FaultKind.GBK,
    FaultKind.OVERSIZE,
}
_ANYWHERE = ON_THE_LINE | set(CODES) | {FaultKind.MISSING_FIELD, FaultKind.MISSING_ROWS}
_OTHERS = frozenset({FaultKind.WRONG_QUERY, FaultKind.WRONG_SUBJECT, FaultKind.UNKNOWN_STATE})

#: What each path can show; another fault is told by 501.
_SHOWN = {
    "feedback": _ANYWHERE | _OTHERS | {FaultKind.PARTIAL, FaultKind.EXTRA_FIELDS},
    "publish": _ANYWHERE | _OTHERS | {FaultKind.PARTIAL, FaultKind.EXTRA_FIELDS},
    "lists": _ANYWHERE | {FaultKind.NAIVE_TIME, FaultKind.CLOCK_SKEW, FaultKind.EXTRA_FIELDS},
    "list": _ANYWHERE | _OTHERS | {FaultKind.HALF_PAGE, FaultKind.DUPLICATE_PAGE},
}


class ExchangingShape(Shape):
    """Keeps feedback and publications in the inbox, under the sender's own ids, and publishes lists."""

    exchange_paths: ClassVar[tuple[str, ...]] = tuple(
        f"/credit/v1/{what}" for what in ("feedback", "publish", "lists", "list")
    )

    def exchange(self, path: str, body: bytes, holdings: Holdings, fault: Fault | None) -> Reply:
        """Take or give; a fault that this path cannot show is refused loudly."""
        try:
            said = json.loads(body.decode("utf-8"))
        except ValueError:
            return self.refusal("malformed")
        if not isinstance(said, dict):
            return self.refusal("malformed")
        what = path.rpartition("/")[2]
        if fault is not None and fault.kind not in _SHOWN[what]:
            return Reply(501, b"{}")
        if what == "lists":
            return _lists(holdings, fault)
        if what == "list":
            edition = holdings.editions.get(*(str(said.get(key)) for key in ("listType", "version", "base")))
            page = said.get("page")
            if edition is None or not isinstance(page, int) or not 1 <= page <= _pages(edition) + 1:
                return self.refusal("malformed")
            return _page_reply(edition, page, fault)
        items = said.get("items")
        if not isinstance(items, list) or not all(isinstance(i, dict) and i.get("id") for i in items):
            return self.refusal("malformed")
        problem = _problem_of_feedback if what == "feedback" else _problem_of_publication
        return _take(what, items, problem, holdings, fault)


def _take(
    what: str,
    items: list[dict[str, Any]],
    problem: Callable[[Mapping[str, Any]], str],
    holdings: Holdings,
    fault: Fault | None,
) -> Reply:
    kind = fault.kind if fault else None
    told = []
    for number, item in enumerate(items, start=1):
        reason = problem(item) or ("field-invalid" if kind is FaultKind.PARTIAL and number % 2 == 0 else "")
        if not reason and kind not in NOT_TAKEN:
            holdings.inbox.take(what, item["id"], item)
        receipt = "" if reason else f"F-{hashlib.sha256(item['id'].encode()).hexdigest()[:12]}"
        told.append({"id": item["id"], "state": "2" if reason else "1", "reason": reason, "receiptNo": receipt})
    reply: dict[str, Any] = {"code": CODES.get(kind, "0") if kind else "0", "items": told}
    match kind:
        case FaultKind.MISSING_FIELD:
            del reply["items"]
        case FaultKind.MISSING_ROWS:
            told.pop()
        case FaultKind.WRONG_QUERY | FaultKind.WRONG_SUBJECT:
            reply["items"] = [one | {"id": f"another-{one['id']}"} for one in told]
        case FaultKind.UNKNOWN_STATE:
            reply["items"] = [one | {"state": "0"} for one in told]
        case FaultKind.EXTRA_FIELDS:
            reply["phone"] = "020-00000000"
    return json_reply(reply, fault, other_code="3")


def _problem_of_feedback(item: Mapping[str, Any]) -> str:
    subject = item.get("subject")
    if not isinstance(subject, dict) or not subject.get("idNumber") or not all(item.get(key) for key in _FEEDBACK):
        return "field-missing"
    region = str(item["region"])
    return "" if len(region) == 6 and region.isdigit() else "field-invalid"


def _problem_of_publication(item: Mapping[str, Any]) -> str:
    if not item.get("table"):
        return "table-unknown"
    fields = item.get("fields")
    return "" if isinstance(fields, dict) and fields and all(fields.values()) else "field-missing"


def _lists(holdings: Holdings, fault: Fault | None) -> Reply:
    kind, now = (fault.kind if fault else None), datetime.now(UTC)
    lists = [
        {
            "listType": edition.list_type,
            "version": edition.version,
            "base": edition.base,
            "asOf": edition.as_of.astimezone(_CHINA).isoformat(),
            "count": len(edition.rows),
            "digest": _digest(edition),
        }
        for edition in holdings.editions.all()
    ]
    reply: dict[str, Any] = {
        "code": CODES.get(kind, "0") if kind else "0",
        "sourceTime": now.astimezone(_CHINA).isoformat(),
        "count": len(lists),
        "lists": lists,
    }
    match kind:
        case FaultKind.MISSING_FIELD:
            del reply["lists"]
        case FaultKind.MISSING_ROWS:
            reply["count"] += 1
        case FaultKind.NAIVE_TIME:
            reply["sourceTime"] = now.replace(tzinfo=None).isoformat()
        case FaultKind.CLOCK_SKEW if fault is not None:
            reply["sourceTime"] = (now + timedelta(seconds=fault.seconds)).isoformat()
        case FaultKind.EXTRA_FIELDS:
            reply["phone"] = "020-00000000"
    return json_reply(reply, fault, other_code="3")


def _pages(edition: Edition) -> int:
    return max(1, -(-len(edition.rows) // PAGE_ROWS))


def _page(edition: Edition, page: int) -> dict[str, Any]:
    return {
        "code": "0",
        "listType": edition.list_type,
        "version": edition.version,
        "base": edition.base,
        "page": page,
        "total": _pages(edition),
        "count": len(edition.rows),
        "entries": list(edition.rows[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]),
    }


def _digest(edition: Edition) -> str:
    made = hashlib.sha256()
    for page in range(1, _pages(edition) + 1):
        made.update(json_reply(_page(edition, page), None, other_code="3").body)
    return made.hexdigest()


def _page_reply(edition: Edition, page: int, fault: Fault | None) -> Reply:
    kind = fault.kind if fault else None
    reply = _page(edition, page)
    if kind in CODES:
        reply["code"] = CODES[kind]
    match kind:
        case FaultKind.HALF_PAGE if page > 1:
            return Reply(500, b"{}")
        case FaultKind.HALF_PAGE:
            reply["total"] = max(2, reply["total"])
        case FaultKind.DUPLICATE_PAGE:
            reply.update(total=max(2, reply["total"]), entries=_page(edition, 1)["entries"])
        case FaultKind.WRONG_QUERY:
            reply["version"] = "another-version"
        case FaultKind.WRONG_SUBJECT:
            reply["listType"] = "another_list"
        case FaultKind.MISSING_FIELD:
            del reply["entries"]
        case FaultKind.MISSING_ROWS:
            reply["entries"] = reply["entries"][:-1]
        case FaultKind.UNKNOWN_STATE:
            reply["entries"] = [one | {"state": "0"} for one in reply["entries"]]
    return json_reply(reply, fault, other_code="3")
