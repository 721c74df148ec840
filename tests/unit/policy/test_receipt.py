"""Stored forms: canonical bytes and strict reading."""

from __future__ import annotations

import pytest

from approval_hook.errors import CaseInvalid
from approval_hook.policy import receipt

from .building import FIRM, NOW, case, clean, decide


def test_canonical_bytes_sort_keys_by_utf16_and_keep_chinese() -> None:
    """Keys are in the order of RFC 8785, which differs from code points beyond the BMP."""
    assert (
        receipt.canonical_bytes({"\ufb33": 1, "\U0001f600": 2, "a": "中"}).decode()
        == '{"a":"中","\U0001f600":2,"\ufb33":1}'
    )


@pytest.mark.parametrize("value", [1.5, {1: 2}, {"a": {1, 2}}, b"x", object()])
def test_what_is_not_our_json_is_refused(value: object) -> None:
    """Floats, other keys and other types have no canonical form."""
    with pytest.raises(CaseInvalid):
        receipt.canonical_bytes(value)


@pytest.mark.parametrize(
    "change",
    [
        {"extra": 1},
        {"on": "tomorrow"},
        {"outcome": "O-99"},
        {"complete": 1},
        {"suppressed": True},
        {"parties": "none"},
        {"rules_revision": None},
        {"parties": [{}]},
    ],
)
def test_a_stored_decision_of_another_form_is_not_relied_on(change: dict[str, object]) -> None:
    """Unknown keys, wrong types and missing fields are refused with the place."""
    stored = receipt.decision_to_json(decide(case(FIRM), clean(FIRM)))
    with pytest.raises(CaseInvalid, match="decision"):
        receipt.decision_from_json({**stored, **change})


def test_a_stored_decision_with_a_missing_field_is_refused() -> None:
    """No field has a default when read back."""
    stored = receipt.decision_to_json(decide(case(FIRM), clean(FIRM)))
    stored.pop("complete")
    with pytest.raises(CaseInvalid):
        receipt.decision_from_json(stored)


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"{}", b"null", "收据", b"\xff\xfe"])
def test_a_stored_receipt_of_another_form_is_not_relied_on(raw: bytes | str) -> None:
    """What is no receipt is refused as such and never half read."""
    with pytest.raises(CaseInvalid, match="receipt"):
        receipt.receipt_from_bytes(raw)


def test_a_receipt_with_one_field_more_is_refused() -> None:
    """A receipt holds what it holds and nothing else; the digest is over every byte."""
    reports = clean(FIRM)
    whole = receipt.make_receipt(
        case(FIRM),
        reports,
        decide(case(FIRM), reports),
        at=NOW,
        rules_digest="",
        calendar_digest="",
        software="0.1.0",
    )
    raw = receipt.receipt_bytes(whole)
    assert receipt.receipt_from_bytes(raw) == whole
    more = raw.replace(b'{"ages"', b'{"aged":1,"ages"', 1)
    assert receipt.receipt_digest(more) != receipt.receipt_digest(raw)
    with pytest.raises(CaseInvalid):
        receipt.receipt_from_bytes(more)
