"""A case that goes back: what keeps its record, and what makes it void.

The record belongs to the case and not to the step, so returning, undoing and repeating steps neither spends nor renews
it. It stays while subjects, rules and age fit; the people who settled a duty need not say it again about the same
records; and the decision is looked at afresh each time it is made.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.utils import timezone
from viewflow.workflow.status import STATUS

from approval_hook.models import Inquiry, Settlement
from approval_hook.rulebook import RuleBook
from tests.acceptance.evidence import people
from tests.acceptance.evidence.office import SETTLED, fresh, inquiries, key_of, open_task, opinion, statuses
from workflows.models import CasePerson, FoodBusinessCase


@pytest.fixture
def clean(wired: Any, office: Any) -> Any:
    """A clean case whose decision is open."""
    firm = people.firm(8401)
    firm.enter(wired.province.control)
    return before_decision(office, firm.filing())


def before_decision(office: Any, filing: dict[str, Any]) -> Any:
    """File, accept and review."""
    case = office.file(filing)
    office.do(case, "accept")
    office.do(case, "review")
    return case


def take_back(case: Any, *nodes: str) -> None:
    """Undo the newest tasks of these nodes, the last step first, and open the last of them again."""
    flow_class = case.flow_class
    with flow_class.lock(case.pk):
        for name in nodes:
            activation = getattr(flow_class, name).activation_class(open_task(case, name))
            if activation.task.status == STATUS.DONE:
                activation.undo()
            else:
                activation.cancel()
        getattr(flow_class, nodes[-1]).activation_class(open_task(case, nodes[-1])).revive()


def test_returned_to_acceptance_unchanged_keeps_the_record(clean: Any, office: Any) -> None:
    """Undone to acceptance and done again with the same facts: the same record serves, and nobody is asked twice."""
    record, asked = opinion(clean).pk, len(inquiries(clean))
    take_back(clean, "decide", "credit_before_decide", "review", "accept")
    assert fresh(clean).accepted_at is None
    for step in ("accept", "review", "decide"):
        assert office.do(clean, step).status_code == 302
    assert (opinion(clean).pk, len(inquiries(clean))) == (record, asked)
    assert fresh(clean).decision == "granted"


def test_returned_with_more_papers_keeps_the_record(clean: Any, office: Any) -> None:
    """Other papers after a return (补正) are no other subject: the record serves."""
    record = opinion(clean).pk
    take_back(clean, "decide", "credit_before_decide", "review")
    FoodBusinessCase.objects.filter(pk=clean.pk).update(materials=[*clean.materials[:-1]])
    assert office.do(clean, "review").status_code == 302
    assert statuses(clean)["decide"] == "NEW"
    assert opinion(clean).pk == record


def test_returned_and_another_representative_voids_the_record(clean: Any, office: Any, wired: Any) -> None:
    """The representative was exchanged while the case was back: asked about at the next gate, and his hit is seen."""
    other = people.firm(8402)
    wired.province.control.put(other.legal.held(people.row("G1")))
    asked = len(inquiries(clean))
    take_back(clean, "decide", "credit_before_decide", "review")
    row = CasePerson.objects.get(case_id=clean.pk, role="legal_representative")
    row.name, row.number = other.legal.name, other.legal.number
    row.consent_no, row.consent_from, row.consent_until = "SQ-8402", timezone.localdate(), timezone.localdate()
    row.save()
    subjects = opinion(clean).subjects
    office.do(clean, "review")
    assert len(inquiries(clean)) == asked + 1
    assert opinion(clean).subjects != subjects
    assert opinion(clean).outcome == "O-08"


def test_a_decision_taken_back_is_looked_at_afresh(clean: Any, office: Any, wired: Any, later: Any) -> None:
    """Undone after it was made and made again two days later: the old record is stale, and what came since is seen."""
    assert office.do(clean, "decide").status_code == 302
    take_back(clean, "deliver", "check_granted", "decide")
    assert fresh(clean).decision == ""
    people.firm(8401).enter(wired.province.control, people.row("G2"))
    with later(2):
        assert office.do(clean, "decide").status_code == 409
        assert opinion(clean).outcome == "O-06"
    assert fresh(clean).decision == ""


def test_what_people_settled_stays_settled_about_the_same_record(wired: Any, office: Any) -> None:
    """A strict review that the section declined is not asked for again after a return; a new record is."""
    firm = people.firm(8403)
    firm.enter(wired.province.control, people.row("G3"))
    case = before_decision(office, firm.filing())
    assert office.settle(case, "section_confirms:release") == SETTLED
    take_back(case, "decide", "credit_before_decide", "review")
    office.do(case, "review")
    assert statuses(case)["decide"] == "NEW"
    assert Settlement.objects.filter(host_key=key_of(case)).count() == 1
    other = people.firm(8404)
    other.enter(wired.province.control, people.row("G4"))
    take_back(case, "decide", "credit_before_decide", "review")
    FoodBusinessCase.objects.filter(pk=case.pk).update(firm_code=other.code, firm_name=other.name)
    office.do(case, "review")
    assert statuses(case)["credit_before_decide"] == "STARTED"
    assert not opinion(case).permits


def test_a_new_rule_revision_voids_the_record(clean: Any, office: Any, settings: Any, tmp_path: Path) -> None:
    """Records made by rules no longer in force open no decision; the case is asked about under the new ones."""
    data = RuleBook(Path(settings.APPROVAL_HOOK["RULES"])).all()[0].rules.plain()
    data["revision"] = "gd-next"
    (tmp_path / "2026-10-01.yaml").write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    settings.APPROVAL_HOOK = {**settings.APPROVAL_HOOK, "RULES": str(tmp_path)}
    asked = len(inquiries(clean))
    assert office.do(clean, "decide").status_code == 409
    assert len(inquiries(clean)) == asked + 1
    assert opinion(clean).rules_revision == "gd-next"
    assert office.do(clean, "decide").status_code == 302


def test_age_counts_from_the_answer_and_not_from_the_step(clean: Any, office: Any, later: Any) -> None:
    """Repeating steps makes a record no younger: after its time the next gate asks again."""
    asked = Inquiry.objects.count()
    with later(1.5):
        take_back(clean, "decide", "credit_before_decide", "review")
        office.do(clean, "review")
        assert Inquiry.objects.count() == asked + 1
        assert office.do(clean, "decide").status_code == 302
    assert timedelta(0) < opinion(clean).answered_at - clean.filed_at
