"""The organ's own register speaks the language of the rules."""

from __future__ import annotations

from datetime import date

from approval_hook import gate
from approval_hook.policy.case import Role
from approval_hook.policy.subjects import IdentifierType
from workflows.materials import DRIVER, FOOD
from workflows.models import DocumentType, PenaltyEvent, PersonRole


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
