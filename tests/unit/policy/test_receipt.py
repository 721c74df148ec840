"""Stored forms: canonical bytes and strict reading."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

import pytest
from msgspec.structs import replace

from approval_hook.errors import CaseInvalid
from approval_hook.policy import receipt

from .building import BOSS, FIRM, NOW, ON, case, clean, decide, record, report


def test_canonical_bytes_sort_keys_by_utf16_and_keep_chinese() -> None:
    """Keys are in the order of RFC 8785, which differs from code points beyond the BMP."""
    assert (
        receipt.canonical_bytes({"\ufb33": 1, "\U0001f600": 2, "a": "中"}).decode()
        == '{"a":"中","\U0001f600":2,"\ufb33":1}'
    )


@pytest.mark.parametrize("value", [1.5, float("nan"), {1: 2}, {"a": {1, 2}}, b"x", object()])
def test_what_is_not_our_json_is_refused(value: object) -> None:
    """Floats, other keys and other types have no canonical form."""
    with pytest.raises(CaseInvalid):
        receipt.canonical_bytes(value)


@pytest.mark.parametrize(
    ("value", "place"), [(1.5, "$"), ({"rows": [1, {"age": 1.5}]}, "$.rows[1].age"), (({1: 2},), "$[0]")]
)
def test_what_is_refused_is_named_by_its_place(value: object, place: str) -> None:
    """The place is written as a path, the remedy says what may stand there."""
    with pytest.raises(CaseInvalid) as refused:
        receipt.canonical_bytes(value)
    assert (refused.value.field, refused.value.message, refused.value.remedy) == (
        "记录",
        f"{place} 不能写成规范 JSON。",
        "只能用文字、整数、布尔、空值、数组和对象。",
    )


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


def test_a_receipt_says_what_it_was_made_of_and_how_old_each_answer_was() -> None:
    """Ages are whole seconds in the order of the reports; the digest is the SHA-256 of the bytes."""
    reports = [replace(each, answered_at=NOW - timedelta(seconds=90.5 * i)) for i, each in enumerate(clean(FIRM, BOSS))]
    decision = decide(case(FIRM, BOSS), reports)
    made = receipt.make_receipt(
        case(FIRM, BOSS), reports, decision, at=NOW, rules_digest="rules", calendar_digest="days", software="0.1.0"
    )
    assert made == receipt.Receipt(
        software="0.1.0",
        rules_revision=decision.rules_revision,
        rules_digest="rules",
        calendar_digest="days",
        at=NOW,
        on=ON,
        case=case(FIRM, BOSS),
        reports=tuple(reports),
        ages=(0, 90, 181, 271),
        decision=decision,
    )
    assert receipt.receipt_digest(b"receipt") == sha256(b"receipt").hexdigest()


def test_a_form_that_is_refused_is_named_by_its_place() -> None:
    """Which of the stored objects, and where in it; the remedy is to check again."""
    told = receipt.reports_to_json([report(FIRM, "province", record())])
    told[0]["records"][0]["severity"] = "dreadful"
    with pytest.raises(CaseInvalid) as refused:
        receipt.reports_from_json(told)
    assert (refused.value.field, refused.value.message, refused.value.remedy) == (
        "记录",
        "存档记录的 reports[0].records[0].severity 格式不符。",
        "该记录不可采信，请重新核查。",
    )
    with pytest.raises(CaseInvalid, match=r"的 case\.filed_on 格式不符"):
        receipt.case_from_json({**receipt.case_to_json(case(FIRM)), "filed_on": "tomorrow"})
    with pytest.raises(CaseInvalid, match="的 receipt 格式不符"):
        receipt.receipt_from_bytes(b"{}")
    with pytest.raises(CaseInvalid, match=r"的 receipt\.software 格式不符"):
        receipt.receipt_from_bytes(b'{"software":1}')


def test_a_decision_reads_back_equal_and_a_refusal_never_repeats_what_was_stored() -> None:
    """The place is the last thing that the reader says, whatever the stored value looks like."""
    stored = receipt.decision_to_json(decide(case(FIRM), clean(FIRM)))
    assert receipt.decision_from_json(stored) == decide(case(FIRM), clean(FIRM))
    with pytest.raises(CaseInvalid, match=r"的 decision\.outcome 格式不符"):
        receipt.decision_from_json({**stored, "outcome": "O - at 99"})
