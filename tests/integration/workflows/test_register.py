"""The organ's own register speaks the language of the rules."""

from __future__ import annotations

from datetime import date

import pytest

from approval_hook import gate
from approval_hook.policy.case import Role
from approval_hook.policy.records import MatchGrade
from approval_hook.policy.subjects import Identifier, IdentifierType, parse_identifier, person
from approval_hook.testing import make_query
from workflows.credit import OwnRegister
from workflows.materials import DRIVER, FOOD
from workflows.models import DocumentType, PenaltyDecision, PenaltyEvent, PenaltyPerson, PersonRole


def test_every_event_of_the_register_that_bars_is_an_event_of_the_rules() -> None:
    """A penalty event that no bar knows could never fire; only 'penalised' is meant to be without one."""
    rules = gate.book().on(date(2026, 11, 1)).rules
    known = {event for bar in rules.bars if bar.matters for event in bar.events}
    assert {event.value for event in PenaltyEvent} - known == {"penalised"}


def test_materials_roles_and_documents_are_those_of_the_rules() -> None:
    """Codes that the forms save are the codes that the rule set and the core know."""
    rules = gate.book().on(date(2026, 11, 1)).rules
    for matter, materials in (("food-business", FOOD), ("ride-hailing-driver", DRIVER)):
        assert [m.code for m in materials] == [m.code for m in rules.matter(matter).materials]
    assert {role.value for role in PersonRole} <= {role.value for role in Role}
    assert {document.value for document in DocumentType} < {kind.value for kind in IdentifierType}


HM, TW, FOREIGN, PASSPORT = (
    IdentifierType.HM_PERMIT,
    IdentifierType.TW_PERMIT,
    IdentifierType.FOREIGN_PERMANENT,
    IdentifierType.PASSPORT,
)
OLD_CARD, NEW_CARD = "FRA440012345678", "911124199102030028"
ON = date(2026, 10, 1)


def _register(number: str) -> None:
    decision = PenaltyDecision.objects.create(
        document_no="示例〔2025〕9号",
        decided_on=date(2025, 3, 1),
        decided_by="示例局",
        event="licence_revoked",
        domain="food",
    )
    PenaltyPerson.objects.create(decision=decision, role="principal", name="示例旅客", number=number)


def _alias(number: str) -> Identifier:
    return parse_identifier(number, type=FOREIGN, field="证件号码", on=ON)


@pytest.mark.parametrize(
    ("registered", "kind", "asked", "hits"),
    [
        ("H1234567801", HM, "H12345678", 1),
        ("H12345678", HM, "H1234567801", 1),
        ("H1234567801", HM, "H1234567802", 1),
        (" ｈ1234 567801", HM, "H12345678", 1),
        ("H1234567901", HM, "H12345678", 0),
        ("M12345678", HM, "H12345678", 0),
        ("1234567801", TW, "12345678", 1),
        ("12345678", TW, "1234567802", 1),
        ("1234567801", PASSPORT, "1234567801", 1),
        ("1234567801", PASSPORT, "1234567802", 0),  # a passport has no issue count
    ],
)
def test_another_print_of_a_permit_evades_no_bar(registered: str, kind: IdentifierType, asked: str, hits: int) -> None:
    """A penalty registered under one print of a document is found under every other, and under no other document."""
    _register(registered)
    subject = person("示例旅客", asked, type=kind, on=ON)
    records = OwnRegister("own").query(make_query(subject, "q"), timeout=1).records
    assert [(r.event, r.match) for r in records] == [("licence_revoked", MatchGrade.EXACT)] * hits


@pytest.mark.parametrize("registered", [OLD_CARD, NEW_CARD])
@pytest.mark.parametrize(("shown", "alias"), [(OLD_CARD, NEW_CARD), (NEW_CARD, OLD_CARD)])
def test_both_cards_of_a_foreigner_are_looked_up(registered: str, shown: str, alias: str) -> None:
    """Whichever of the two cards was registered, it is found when both are given."""
    _register(registered)
    subject = person("示例旅客", shown, type=FOREIGN, on=ON, aliases=(_alias(alias),))
    assert len(OwnRegister("own").query(make_query(subject, "q"), timeout=1).records) == 1
