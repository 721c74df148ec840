"""Decisions, cases and reports as plain JSON, for storage, digests and replay, and the receipt of a decision.

The forms carry no identifier and no name, because the types they come from carry none.
Round trips are exact: reading what was written gives an equal value. A field that has its default is not written,
so the default of a stored field never changes.

Source: RFC 8785 for the canonical bytes. Our values are strings, integers, booleans, null, arrays and
objects with ASCII keys, for which sorting the keys and writing without spaces is all of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from approval_hook.errors import CaseInvalid
from approval_hook.policy.canonical import canonical_bytes
from approval_hook.policy.case import CaseView
from approval_hook.policy.decision import Decision
from approval_hook.policy.records import CreditReport

__all__ = [
    "Receipt",
    "canonical_bytes",
    "case_from_json",
    "case_to_json",
    "decision_from_json",
    "decision_to_json",
    "make_receipt",
    "receipt_bytes",
    "receipt_digest",
    "receipt_from_bytes",
    "reports_from_json",
    "reports_to_json",
]

T = TypeVar("T")
Json = dict[str, Any]

_encode = msgspec.json.Encoder(order="sorted").encode
_SECOND = timedelta(seconds=1)


class Receipt(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Everything a decision was made of and what came out, so that it can be made again to the byte."""

    software: str  # version that decided
    rules_revision: str
    rules_digest: str  # SHA-256 of the rule set's canonical form, hex
    calendar_digest: str  # SHA-256 of the working-day calendar, hex
    at: datetime  # aware; moment of the decision, not before the last answer
    on: date  # the day in China that was decided for
    case: CaseView
    reports: tuple[CreditReport, ...]  # as evaluated, settled matches applied
    ages: tuple[int, ...]  # whole seconds from each answer to ``at``, in the order of ``reports``
    decision: Decision


def make_receipt(
    case: CaseView,
    reports: Sequence[CreditReport],
    decision: Decision,
    *,
    at: datetime,
    rules_digest: str,
    calendar_digest: str,
    software: str,
) -> Receipt:
    """The receipt of a decision just made from these inputs."""
    return Receipt(
        software,
        decision.rules_revision,
        rules_digest,
        calendar_digest,
        at,
        decision.on,
        case,
        tuple(reports),
        tuple([(at - report.answered_at) // _SECOND for report in reports]),
        decision,
    )


def receipt_bytes(receipt: Receipt) -> bytes:
    """Canonical bytes of a receipt."""
    return _encode(receipt)


def receipt_digest(raw: bytes) -> str:
    """SHA-256 of a receipt's canonical bytes, hex."""
    return hashlib.sha256(raw).hexdigest()


def receipt_from_bytes(raw: bytes | str) -> Receipt:
    """A stored receipt.

    Raises:
        CaseInvalid: the stored text does not have exactly this form; do not rely on it.
    """
    try:
        return msgspec.json.decode(raw, type=Receipt)
    except msgspec.MsgspecError as error:
        raise _malformed("receipt", error) from None


def decision_to_json(decision: Decision) -> Json:
    """A decision as a JSON object."""
    return _plain(decision)


def decision_from_json(data: Mapping[str, Any]) -> Decision:
    """A stored decision.

    Raises:
        CaseInvalid: the stored object does not have exactly this form; do not rely on it.
    """
    return _read(Decision, data, "decision")


def case_to_json(case: CaseView) -> Json:
    """A case as a JSON object."""
    return _plain(case)


def case_from_json(data: Mapping[str, Any]) -> CaseView:
    """A stored case.

    Raises:
        CaseInvalid: the stored object does not have exactly this form; do not rely on it.
    """
    return _read(CaseView, data, "case")


def reports_to_json(reports: Sequence[CreditReport]) -> list[Json]:
    """Reports as a JSON array, in the given order."""
    return [_plain(report) for report in reports]


def reports_from_json(data: Sequence[Mapping[str, Any]]) -> tuple[CreditReport, ...]:
    """Stored reports.

    Raises:
        CaseInvalid: a stored object does not have exactly this form; do not rely on it.
    """
    return _read(tuple[CreditReport, ...], data, "reports")


def _plain(value: Struct) -> Json:
    plain: Json = msgspec.to_builtins(value)
    return plain


def _read(kind: type[T], data: object, place: str) -> T:
    try:
        return msgspec.convert(data, kind, strict=True)
    except (msgspec.MsgspecError, TypeError) as error:
        raise _malformed(place, error) from None


def _malformed(place: str, error: Exception) -> CaseInvalid:
    where = str(error).rpartition(" - at ")[2].strip("`") if " - at " in str(error) else ""
    return CaseInvalid(
        "记录", f"存档记录的 {place}{where.removeprefix('$')} 格式不符。", "该记录不可采信，请重新核查。"
    )
