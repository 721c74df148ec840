"""Write the feedback of ``adapters.joint_reward``: what the platform must know of a case, in its own words.

One request carries every feedback that belongs to one query: its ``requestId`` and, for each, our uuid, the subject's
name and code, the organ, the list by id, colour and name, what was done (handleType 1 实施奖惩, 2 其他), the day,
the remark, each measure as an element of its own, the memo or basis with each measure, and the row acted on. Nothing
is joined by commas, which measures contain.

Source: domain facts 4.1 (P1); R-26.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.joint_reward_documents import NamedList
from adapters.xmlrows import sendable
from approval_hook.policy.subjects import IdentifierType
from approval_hook.ports import Feedback, FeedbackResult, ItemOutcome, ItemState

__all__ = ["feedback_batches"]

_LONGEST_ID = 100
_HANDLED = {FeedbackResult.EXECUTED: ("1", "实施奖惩"), FeedbackResult.OTHER: ("2", "其他")}

#: Ids of the items of one request, and the arguments of the call.
Request = tuple[list[str], dict[str, Any]]


def feedback_batches(
    items: Sequence[Feedback], lists: Mapping[str, NamedList]
) -> tuple[dict[str, ItemOutcome], list[Request]]:
    """Items that can never be sent, as refused, and one request for each query and organ of the others.

    Args:
        items: each id once.
        lists: the platform's lists by type in the rule set.
    """
    refused: dict[str, ItemOutcome] = {}
    by_query: dict[tuple[str, str], list[Feedback]] = {}
    for item in items:
        problem = _problem(item, lists)
        if problem:
            refused[item.feedback_id] = ItemOutcome(item.feedback_id, ItemState.REFUSED, problem)
        else:
            by_query.setdefault((item.receipt_no, item.organ), []).append(item)
    requests: list[Request] = []
    for (receipt_no, organ), group in by_query.items():
        request = {"requestId": receipt_no, "feedback": [_written(item, lists) for item in group]}
        requests.append(([item.feedback_id for item in group], {"operatorName": organ, "request": request}))
    return refused, requests


def _problem(item: Feedback, lists: Mapping[str, NamedList]) -> str:
    """Short machine word for what keeps an item from being sent; empty when nothing does."""
    primary = item.subject.primary
    if primary is None or primary.type is not IdentifierType.USCC:
        return "unidentified"
    if not 0 < len(item.feedback_id) <= _LONGEST_ID:
        return "feedback-id"
    if not item.receipt_no:
        return "receipt-missing"
    if item.list_type and item.list_type not in lists:
        return "list-unknown"
    texts = (item.feedback_id, item.receipt_no, item.subject.name, item.organ, item.record_id, item.basis, item.remark)
    return "" if sendable(*texts, *item.measures) else "text-unsendable"


def _written(item: Feedback, lists: Mapping[str, NamedList]) -> dict[str, Any]:
    listed = lists[item.list_type] if item.list_type else NamedList("", "", "", "")
    handle_type, said = _HANDLED[item.result]
    primary = item.subject.primary
    return {
        "uuid": item.feedback_id,
        "name": item.subject.name,
        "code": primary.number if primary else "",
        "originDept": item.organ,
        "unitedId": listed.united_id,
        "unitedType": listed.colour,
        "unitedName": listed.name,
        "feedbackResult": said,
        "handleType": handle_type,
        "clTime": item.handled_on.isoformat(),
        "remark": item.remark,
        "action": list(item.measures),
        "unionPair": [{"itemName": item.basis, "content": measure} for measure in item.measures],
        "detail": [{"title": "记录编号", "content": item.record_id}] if item.record_id else [],
    }
