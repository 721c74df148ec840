"""A flow that observes: everything is recorded, nothing is held, and everybody sees it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from viewflow.workflow.models import Task
from viewflow.workflow.status import STATUS

from adapters.simulator import FaultKind
from approval_hook import triggers
from approval_hook.checks import check_flows
from approval_hook.hosts.viewflow.injection import binding_of, eject, inject
from approval_hook.hosts.viewflow.tending import tend
from approval_hook.models import Hold, Inquiry, Observation, Recheck
from approval_hook.spec import Gate
from tests.acceptance.evidence import people
from tests.acceptance.evidence.office import fresh, key_of, opinion, statuses, task_of
from workflows.clerk.taskforms import DecideForm
from workflows.flows import FoodBusinessFlow, RideHailingDriverFlow
from workflows.models import FoodBusinessCase


@pytest.fixture
def observed(wired: Any, office: Any) -> Iterator[Any]:
    """The food flow observes for the length of one test; the other one enforces."""
    real = binding_of(FoodBusinessFlow).gate
    eject(FoodBusinessFlow)
    inject(FoodBusinessFlow, Gate(real.matter, real.facts, real.protects, real.accepts, mode="observe"))  # type: ignore[arg-type] # as in settings
    triggers.install()
    yield wired
    eject(FoodBusinessFlow)
    inject(FoodBusinessFlow, real)
    triggers.install()


def decided(office: Any, case: Any) -> None:
    """Take a case to its decision."""
    for step in ("accept", "review", "decide"):
        assert office.do(case, step).status_code == 302, step
    assert fresh(case).decision == "granted"


def seen(case: Any) -> list[str]:
    """What would have held a case."""
    return list(Observation.objects.filter(host_key=key_of(case)).values_list("reason", flat=True))


def test_a_hit_is_recorded_and_passes_with_an_alarm(
    observed: Any, office: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Inquiry, record and observation are there; no hold is; one alarm for the case; the duty stays open."""
    firm = people.firm(8201)
    firm.enter(observed.province.control, people.row("M1"))
    with caplog.at_level(logging.ERROR, "approval_hook"):
        case = office.file(firm.filing())
        decided(office, case)
    assert seen(case) == ["section_confirms"]
    row = Observation.objects.get()
    assert (row.is_genuine(), row.decision.host_key) == (True, key_of(case))
    assert not opinion(case).permits
    assert not Hold.objects.exists()
    assert Inquiry.objects.filter(host_key=key_of(case)).exists()
    lines = [json.loads(r.getMessage()) for r in caplog.records if r.name == "approval_hook"]
    assert sum("would have been held" in line["event"] and line["alarm"] for line in lines) == 1


def test_a_decision_that_exchanges_the_applicant_is_observed(
    observed: Any, office: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The form saves another firm and decides at once: it passes, as everything here, and leaves its trace."""
    firm, other = people.firm(8211), people.firm(8212)
    firm.enter(observed.province.control)
    other.enter(observed.province.control, people.row("B1"))
    case = office.file(firm.filing())
    office.do(case, "accept")
    office.do(case, "review")
    apply = DecideForm.apply

    def exchange(form: Any, user: Any) -> None:
        apply(form, user)
        form.case.firm_code, form.case.firm_name = other.code, other.name

    monkeypatch.setattr(DecideForm, "apply", exchange)
    assert office.do(case, "decide").status_code == 302
    assert fresh(case).firm_code == other.code
    assert seen(case) == ["subjects-changed"]


def test_a_clean_case_leaves_no_observation(observed: Any, office: Any) -> None:
    """What would have passed anyway is not counted."""
    firm = people.firm(8202)
    firm.enter(observed.province.control)
    case = office.file(firm.filing())
    decided(office, case)
    assert seen(case) == []


def test_a_platform_that_is_down_holds_nothing(observed: Any, wire: Any, office: Any) -> None:
    """Could-not-tell passes at once, is recorded, and stays owed."""
    observed.province.control.fault(FaultKind.HANG)
    wire(province=observed.province.url, creditchina=observed.creditchina.url, seconds=0.25)
    case = office.file(people.firm(8203).filing())
    decided(office, case)
    assert seen(case) == ["supervisor_releases"]
    assert Recheck.objects.get(host_key=key_of(case)).paid_at is None


def test_unusable_facts_hold_nothing(observed: Any, office: Any) -> None:
    """Facts that cannot be used are recorded with what is wrong, and the case goes on."""
    firm = people.firm(8204)
    firm.enter(observed.province.control)
    case = office.file(firm.filing())
    office.do(case, "accept")
    FoodBusinessCase.objects.filter(pk=case.pk).update(firm_code="91440300MA5FKAEH41")
    for step in ("review", "decide"):
        assert office.do(case, step).status_code == 302
    assert seen(case) == ["facts-invalid"]


def test_a_changed_applicant_passes_and_is_asked_about_afterwards(observed: Any, office: Any) -> None:
    """A record that no longer fits holds nothing; the runner asks about the subjects of today and records the hit."""
    firm, other = people.firm(8205), people.firm(8206)
    firm.enter(observed.province.control)
    other.enter(observed.province.control, people.row("M2"))
    case = office.file(firm.filing())
    office.do(case, "accept")
    office.do(case, "review")
    before = opinion(case).pk
    FoodBusinessCase.objects.filter(pk=case.pk).update(firm_code=other.code, firm_name=other.name)
    assert office.do(case, "decide").status_code == 302
    assert seen(case) == ["subjects-changed"]
    tend()
    assert opinion(case).pk > before
    assert opinion(case).point == "recheck"
    assert Recheck.objects.get(host_key=key_of(case)).paid_at is not None


def test_everybody_sees_that_the_flow_observes(observed: Any, office: Any) -> None:
    """Banner on the case page and on the lists, numbers for the supervisor, a warning at start-up."""
    firm = people.firm(8207)
    firm.enter(observed.province.control, people.row("M3"))
    case = office.file(firm.filing())
    office.do(case, "accept")
    office.do(case, "review")
    page = office.page(case)
    assert "只记录、不拦截" in page
    assert "本应待核：" in page
    for name in ("clerk:worklist", "clerk:queue"):
        assert "食品经营许可（新办）”在试运行" in office.browsers["clerk"].get(reverse(name)).content.decode()
    held = office.browsers["head"].get(reverse("clerk:held"))
    (flow,) = held.context["observed"]
    assert (flow.matter, flow.cases, flow.reasons) == ("food-business", 1, [("从严审核待科室确认", 1)])
    assert "从严审核待科室确认" in held.content.decode()
    assert "approval_hook.W023" in [m.id for m in check_flows(None)]


def test_the_other_flow_still_holds(observed: Any, office: Any) -> None:
    """The mode is of one flow: a driver with a hit is held, and that page has no banner."""
    driver = people.driver(8208)
    observed.province.control.put(driver.who.held(people.row("M4")))
    case = office.file(driver.filing())
    office.do(case, "accept")
    office.do(case, "review")
    assert statuses(case)["credit_before_decide"] == "STARTED"
    assert task_of(case, "decide") is None
    assert "只记录、不拦截" not in office.page(case)
    assert case.flow_class is RideHailingDriverFlow


def test_the_database_wants_a_trace_of_the_case(observed: Any, office: Any) -> None:
    """Observed is not off: a decision of a case that was never asked about nor observed is refused by the database."""
    firm = people.firm(8209)
    firm.enter(observed.province.control)
    traced = office.file(firm.filing())
    bare = FoodBusinessCase.objects.create(
        flow_class=FoodBusinessFlow,
        case_no="440104-20261127-8209",
        organ=people.ORGAN,
        region=people.REGION,
        source="window",
        filed_at=traced.filed_at,
        firm_name=firm.name,
        firm_code=firm.code,
        established_on="2015-01-01",
        premises="示例路1号",
    )

    def finish(case: Any) -> None:
        Task.objects.create(
            process_id=case.pk, flow_task=FoodBusinessFlow.decide, flow_task_type="HUMAN", status=STATUS.DONE
        )

    with pytest.raises(IntegrityError, match="protected step"), transaction.atomic():
        finish(bare)
    finish(traced)


def test_changing_the_mode_needs_a_migration(observed: Any, office: Any) -> None:
    """The guards in the database are of the mode they were made for; another mode is told as out of date."""
    assert triggers.outdated() == []
    real = binding_of(FoodBusinessFlow).gate
    eject(FoodBusinessFlow)
    inject(FoodBusinessFlow, Gate(real.matter, real.facts, real.protects, real.accepts))
    assert triggers.outdated() != []
