"""Scenarios S-10, S-14, S-19, S-20, S-23 and S-26, and the query without consent."""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.urls import get_resolver, reverse

import approval_hook
from adapters.signing import TifSigner
from adapters.simulator import FaultKind
from approval_hook import clock, gate
from approval_hook.errors import ConfigurationError
from approval_hook.hosts.viewflow.injection import binding_of
from approval_hook.hosts.viewflow.tending import tend
from approval_hook.models import CreditDecision, Identity, Inquiry, Recheck, Reply
from approval_hook.policy.workdays import add_workdays
from approval_hook.workcalendar import published_calendar
from tests.acceptance.evidence import people
from tests.acceptance.evidence.office import (
    fresh,
    hold,
    inquiries,
    key_of,
    opinion,
    recheck,
    statuses,
)
from tests.integration.workflows.driving import accepted_on_promise
from workflows import materials
from workflows.filing import FilingInvalid, file_case
from workflows.flows import RideHailingDriverFlow
from workflows.models import Officer


def subjects_asked(world: Any) -> set[str]:
    """Digests of the numbers that the required platform was asked about."""
    return {line["subject"] for line in world.asked()}


def digest(number: str) -> str:
    """A number as the simulator's ledger holds it."""
    return hashlib.sha256(number.encode()).hexdigest()


def test_s10_list_updated_after_acceptance_is_caught_before_the_decision(wired: Any, office: Any, later: Any) -> None:
    """Clean when accepted with a promise, listed on day 10: the fresh check catches it, the acceptance stands."""
    firm = people.firm(1001)
    firm.enter(wired.province.control)
    everything = firm.filing()["materials"]
    case = office.file(firm.filing(materials=[m for m in everything if m not in _secondary()]))
    assert opinion(case).outcome == "O-09"
    promised = add_workdays(clock.today(), 5, published_calendar()).on.isoformat()
    assert (
        accepted_on_promise(office.browsers["clerk"], fresh(case), fresh(case).materials, promised).status_code == 302
    )
    accepted = fresh(case)
    firm.enter(wired.province.control, people.row("S10"))
    with later(10):
        assert office.do(case, "review").status_code == 302
        caught = opinion(case)
        assert (caught.outcome, caught.channel, caught.permits) == ("O-06", "strict", False)
        assert statuses(case)["credit_before_decide"] == "STARTED"
    after = fresh(case)
    assert (after.accepted_at, after.supply_until.isoformat()) == (accepted.accepted_at, promised)
    assert [i.point for i in inquiries(case)] == ["acceptance", "decision"]
    assert opinion(case).due_on is not None


def _secondary() -> set[str]:
    return {m.code for m in materials.FOOD if not m.required}


@pytest.mark.parametrize("down", [False, True])
def test_s14_withdrawal_of_a_held_case(wired: Any, wire: Any, office: Any, later: Any, down: bool) -> None:
    """The flow ends, the hold is released, the query log stays, no refusal is recorded and nothing is asked again."""
    firm = people.firm(1401)
    if down:
        wired.province.control.fault(FaultKind.HTTP_502)
        wire(province=wired.province.url, seconds=0.3)
    else:
        firm.enter(wired.province.control, people.row("S14"))
    case = office.file(firm.filing())
    office.do(case, "accept")
    office.do(case, "review")
    assert hold(case) is not None
    kept = {model: model.objects.count() for model in (Inquiry, Reply, CreditDecision, Identity)}
    answer = office.browsers["clerk"].post(
        reverse("clerk:withdraw", args=[case.pk]), {"reason": "不再开店", "applicant_asked": "on"}
    )
    assert answer.status_code == 302
    assert fresh(case).status == "CANCELED"
    assert fresh(case).decision == ""
    assert set(statuses(case).values()) <= {"DONE", "CANCELED"}
    assert hold(case) is None
    asked = len(wired.asked())
    wired.province.control.behave()
    for days in (0.1, 2, 40):
        with later(days):
            tend()
    assert len(wired.asked()) == asked
    assert {model: model.objects.count() for model in kept} == kept
    assert not Recheck.objects.filter(host_key=key_of(case), supervise=True).exists()


def test_s19_row_with_a_name_only_never_burdens(wired: Any, office: Any, on_day: Any) -> None:
    """A severe row without identifier is at most a possible match; on the due date it has no effect at all."""
    firm = people.firm(1901)
    firm.enter(wired.province.control, people.row("S19", id_number="", id_type=""))
    case = office.file(firm.filing())
    row = opinion(case)
    assert row.outcome == "O-01"
    assert row.stated()["measures"] == []
    assert row.channel not in ("strict", "restricted", "green")
    office.do(case, "accept")
    office.do(case, "review")
    office.settle(case, "two_confirm_identity:not_same", who="clerk")
    assert statuses(case)["credit_before_decide"] == "STARTED"
    due = add_workdays(clock.today(), 20, published_calendar()).on
    with on_day(due):
        tend()
    assert opinion(case).origin == "lapsed"
    assert statuses(case)["decide"] == "NEW"


def test_s20_agent_is_never_queried(wired: Any, office: Any) -> None:
    """The agent is listed himself; he is no subject of the check, so the platform never hears of him."""
    firm, agent = people.firm(2001), people.somebody(2002)
    firm.enter(wired.province.control)
    wired.province.control.put(agent.held(people.row("S20")))
    filing = firm.filing()
    consent = {"consent_no": "SQ-1", "consent_from": "2026-01-01", "consent_until": "2099-01-01"}
    filing["persons"].append(firm.row(agent, "agent", **consent))
    case = office.file(filing)
    assert opinion(case).permits
    assert opinion(case).outcome == "O-09"
    assert subjects_asked(wired) == {digest(n) for n in (firm.code, firm.legal.number, firm.officer.number)}
    outcomes = {p["role"]: p for p in opinion(case).stated()["parties"]}
    assert (outcomes["agent"]["asked"], outcomes["agent"]["outcome"]) == (False, "O-10")


def test_s23_young_firm_is_ordinary_not_good(wired: Any, office: Any) -> None:
    """Fourteen months old and without record: not three years clean, the ordinary path, nothing held."""
    firm = people.firm(2301, established_on=clock.today() - timedelta(days=425))
    firm.enter(wired.province.control)
    case = office.file(firm.filing())
    row = opinion(case)
    assert (row.outcome, row.channel, row.permits) == ("O-10", "ordinary", True)
    assert row.stated()["measures"] == []


@pytest.mark.parametrize(
    ("start", "end", "problem"),
    [("2020-01-01", "2020-12-31", "授权已过期"), ("2098-01-01", "2098-12-31", "授权尚未生效")],
    ids=["expired", "not yet valid"],
)
def test_a_consent_that_does_not_run_is_told_at_intake(
    wired: Any, office: Any, start: str, end: str, problem: str
) -> None:
    """A period without the day of filing is a field error; nothing is saved and nothing is asked."""
    filing = people.driver(2401).filing(consent_no="SQ-9", consent_from=start, consent_until=end)
    with pytest.raises(FilingInvalid, match=problem):
        office.file(filing)
    assert wired.asked() == []


@pytest.mark.parametrize("consent", ["refused", "run out since filing"])
def test_person_without_valid_consent_is_not_queried(wired: Any, office: Any, consent: str) -> None:
    """授权 refused or run out: no platform hears of it, only the organ's own register (行政许可法 78, 79); no bonus."""
    driver = people.driver(2401)
    wired.province.control.put(driver.who.held(people.row("S24")))
    days = (
        {"consent_no": "", "consent_from": "", "consent_until": ""}
        if consent == "refused"
        else {
            "consent_no": "SQ-9",
            "consent_from": (clock.today() - timedelta(days=9)).isoformat(),
            "consent_until": (clock.today() - timedelta(days=1)).isoformat(),
        }
    )
    filed_at = clock.now() - timedelta(days=2)
    case = file_case(
        RideHailingDriverFlow, driver.filing(**days), organ=people.ORGAN, region=people.REGION, filed_at=filed_at
    )
    assert wired.asked() == []
    row = opinion(case)
    assert (row.outcome, row.channel, row.permits) == ("O-10", "ordinary", True)
    assert [(q["source"], q["ground"]) for q in row.inquiry.queries] == [("own_register", "licensing-78-applicant")]
    assert recheck(case) is None
    page = office.page(case)
    assert "不查询" in page or "未授权" in page
    assert "没有可用的失信记录" not in page
    for node in ("accept", "review", "decide", "deliver"):
        assert office.do(case, node).status_code == 302
    assert fresh(case).status == "DONE"


@pytest.mark.parametrize("down", [False, True], ids=["answering", "down"])
def test_persons_of_a_firm_without_consent_are_not_asked_about_at_the_platform(
    wired: Any, wire: Any, office: Any, down: bool
) -> None:
    """Only the firm goes to the platform; no page says that the platform holds nothing about the people."""
    firm = people.firm(2402)
    firm.enter(wired.province.control)
    wired.province.control.put(firm.legal.held(people.row("S24C")))
    if down:
        wired.province.control.fault(FaultKind.HTTP_502)
        wire(province=wired.province.url, seconds=0.3)
    filing = firm.filing()
    for row in filing["persons"]:
        row |= people.consent("")
    case = office.file(filing)
    assert subjects_asked(wired) == {digest(firm.code)}
    outcome = opinion(case)
    assert outcome.permits is not down
    assert "S24C" not in json.dumps(outcome.body)
    # The words may stand beside the firm, about which the platform did answer; never beside its people.
    assert office.page(case).count("无记录") == (0 if down else 1)


def test_s26_no_call_asks_without_a_registered_inquiry(wired: Any, office: Any) -> None:
    """There is no public call that queries, and the internal one refuses an inquiry that is not about this case."""
    assert not [n for n in approval_hook.__all__ if "ask" in n.lower() or "query" in n.lower()]
    first, second = people.firm(2601), people.firm(2602)
    for firm in (first, second):
        firm.enter(wired.province.control)
    one, two = office.file(first.filing()), office.file(second.filing())
    binding = binding_of(one.flow_class)
    case = binding.case(one.pk)
    asked = len(wired.asked())
    forged = Inquiry(id=uuid.uuid4(), host_key=case.host_key, subjects=case.subjects, queries=[])
    with pytest.raises(ConfigurationError, match="without a registered inquiry"):
        gate.ask(case, forged)
    with pytest.raises(ConfigurationError, match="without a registered inquiry"):
        gate.ask(case, inquiries(two)[0])
    assert len(wired.asked()) == asked


def test_s26_no_page_queries_by_number(wired: Any, office: Any) -> None:
    """No address takes an identifier; a search for one, by any officer, asks nobody."""
    patterns = [str(p.pattern) for p in get_resolver().url_patterns]
    assert not [p for p in patterns if "query" in p or "credit" in p]
    stranger = people.somebody(2603)
    wired.province.control.put(stranger.held(people.row("S26")))
    for who in office.browsers:
        answer = office.browsers[who].get(reverse("clerk:find"), {"q": stranger.number}, follow=True)
        assert answer.status_code == 200
        assert "失信" not in answer.content.decode()
    assert wired.asked() == []
    assert Inquiry.objects.count() == 0


def test_s26_another_organs_case_can_be_neither_seen_nor_checked(wired: Any, office: Any) -> None:
    """An officer of another organ gets 404 on the page and on the panel's action, and no query leaves."""
    firm = people.firm(2604)
    firm.enter(wired.province.control, people.row("S26B"))
    case = office.file(firm.filing())
    asked = len(wired.asked())
    Officer.objects.filter(user__username="head2").update(organ="示例县市场监督管理局")
    browser = office.browsers["head2"]
    assert browser.get(reverse("clerk:case", args=[case.pk])).status_code == 404
    for action in ("retry", "section_confirms:release"):
        answer = browser.post(reverse("clerk:credit-settle", args=[case.pk]), {"action": action, "reason": "看看"})
        assert answer.status_code == 404
    assert len(wired.asked()) == asked


def test_s26_platform_refuses_a_query_without_case(wired: Any) -> None:
    """The simulated platform itself answers 400 to a query that names no case, so such a query could not hide."""
    body = json.dumps({"queryId": "x", "matter": "food-business", "caseNo": "", "page": 1}).encode()
    signer = TifSigner(wired.province.paasid, wired.province.token)
    answer = requests.post(f"{wired.province.url}/credit/v1/query", data=body, headers=signer.headers(body), timeout=5)
    assert answer.status_code == 400
    assert [line["outcome"] for line in wired.asked()] == ["refused:malformed"]
