"""Evidence rows hold keyed digests; names and numbers sit sealed in a side row that can be erased."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from approval_hook import privacy
from approval_hook.errors import ConfigurationError
from approval_hook.models import CreditDecision, Hold, Identity, Inquiry, Recheck, Reply, Settlement
from approval_hook.models.evidence import one_line
from tests.acceptance.evidence import people
from workflows.filing import file_case
from workflows.flows import FoodBusinessFlow

EVIDENCE = (Inquiry, Reply, CreditDecision, Settlement, Hold, Recheck)


def personal() -> list[str]:
    """Every name and number of the case used here."""
    firm = people.firm(5001)
    return [firm.name, firm.code, firm.legal.name, firm.legal.number, firm.officer.number]


@pytest.fixture
def inquiry(credit: Any, db: None) -> Inquiry:
    """The inquiry of one filed case."""
    file_case(FoodBusinessFlow, people.firm(5001).filing(), organ=people.ORGAN, region=people.REGION)
    return Inquiry.objects.get()


def test_no_evidence_row_holds_a_name_or_a_number(inquiry: Inquiry) -> None:
    """Inquiry, reply, decision and operational rows are free of names and identifiers."""
    assert CreditDecision.objects.count() == 1
    for model in EVIDENCE:
        stored = json.dumps(list(model._default_manager.values()), cls=DjangoJSONEncoder, ensure_ascii=False)
        assert not [text for text in personal() if text in stored], model.__name__


def test_identity_row_is_sealed_and_opens_with_the_key(inquiry: Inquiry) -> None:
    """The side row shows nothing without the key, and gives names and numbers back with it."""
    row = Identity.objects.get(inquiry=inquiry)
    sealed = bytes(row.sealed)
    assert not [text for text in personal() if text.encode() in sealed]
    opened = privacy.unseal(row.key_id, sealed, f"identity:{inquiry.pk.hex}").decode()
    assert not [text for text in personal() if text not in opened]


def test_sealed_row_is_bound_to_its_inquiry(inquiry: Inquiry) -> None:
    """Moved to another inquiry, changed by one bit or opened with another key, it does not open."""
    row = Identity.objects.get(inquiry=inquiry)
    sealed = bytes(row.sealed)
    context = f"identity:{inquiry.pk.hex}"
    with pytest.raises(ConfigurationError, match="does not open"):
        privacy.unseal(row.key_id, sealed, "identity:0")
    with pytest.raises(ConfigurationError, match="does not open"):
        privacy.unseal(row.key_id, sealed[:-1] + bytes([sealed[-1] ^ 1]), context)
    with pytest.raises(ConfigurationError, match="sealed with key"):
        privacy.unseal("00000000", sealed, context)


def test_other_secret_gives_other_digests_and_cannot_open(inquiry: Inquiry, settings: Any, monkeypatch: Any) -> None:
    """The digest is keyed: without the secret nobody can recognise a number by trying them all."""
    before = privacy.digest("person:resident_id:1")
    row = Identity.objects.get(inquiry=inquiry)
    monkeypatch.setenv("OTHER_SECRET", "another-secret-of-good-length")
    settings.APPROVAL_HOOK = {
        **settings.APPROVAL_HOOK,
        "DIGEST_SECRET": "OTHER_SECRET",
        "FIELD_SECRET": "OTHER_SECRET",
    }
    assert privacy.digest("person:resident_id:1") != before
    with pytest.raises(ConfigurationError, match="sealed with key"):
        privacy.unseal(row.key_id, bytes(row.sealed), f"identity:{inquiry.pk.hex}")


def test_short_secret_is_refused(settings: Any, monkeypatch: Any) -> None:
    """A secret of fewer than 16 characters protects nothing and is refused, without being shown."""
    monkeypatch.setenv("OTHER_SECRET", "short-one")
    settings.APPROVAL_HOOK = {**settings.APPROVAL_HOOK, "DIGEST_SECRET": "OTHER_SECRET"}
    with pytest.raises(ConfigurationError) as raised:
        privacy.digest("x")
    assert "short-one" not in str(raised.value)


def test_erasing_the_identity_leaves_the_evidence(inquiry: Inquiry) -> None:
    """The content of the side row can be erased; inquiry, reply and decision stay as they were."""
    kept = [m.objects.count() for m in (Inquiry, Reply, CreditDecision)]
    digest = CreditDecision.objects.get().digest
    assert Identity.objects.filter(inquiry=inquiry).update(sealed=None, erased_at=timezone.now()) == 1
    assert [m.objects.count() for m in (Inquiry, Reply, CreditDecision)] == kept
    assert CreditDecision.objects.get().digest == digest


def test_same_subject_is_recognised_across_cases(credit: Any, db: None) -> None:
    """Equal subjects have equal references in every case, and different subjects different ones."""
    for number in (5001, 5001, 5002):
        file_case(FoodBusinessFlow, people.firm(number).filing(), organ=people.ORGAN, region=people.REGION)
    first, again, other = ([p["ref"] for p in i.view["parties"]] for i in Inquiry.objects.order_by("made_at"))
    assert first == again
    assert not set(first) & set(other)


def test_a_seal_tells_an_endless_number_from_nothing() -> None:
    """A changed row may hold one: SQLite's JSON takes 1e999. What is plain is sealed as it always was."""
    assert one_line([float("inf")]) != one_line([None])
    for parts in (["甲\n\x7f\u2028", 1, True, {"b": [], "a": "\U00010000"}], [None, {"z": None, "a": 1.5}], []):
        plain = json.dumps(parts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        assert one_line(parts) == plain.encode()
