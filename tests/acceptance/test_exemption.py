"""An exempted matter: no platform is asked at that point, the record says by which exemption, and the guard permits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from adapters.simulator import FaultKind
from approval_hook.models import CreditDecision
from approval_hook.replaying import replay_all, stored_decisions
from approval_hook.rulebook import RuleBook
from tests.acceptance.evidence import people
from tests.acceptance.evidence.office import fresh, inquiries, opinion, statuses
from tests.unit.policy.test_exemptions import TRIAL


@pytest.fixture
def exempting(settings: Any, tmp_path: Path) -> Any:
    """Put the shipped rules in force with a made-up exemption."""

    def into(**changes: Any) -> None:
        data = RuleBook(Path(settings.APPROVAL_HOOK["RULES"])).all()[0].rules.plain()
        data["exemptions"] = [{**TRIAL, "region": people.REGION[:4], "valid_to": None, **changes}]
        (tmp_path / "2026-10-01.yaml").write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
        settings.APPROVAL_HOOK = {**settings.APPROVAL_HOOK, "RULES": str(tmp_path)}

    return into


def decided(office: Any, case: Any) -> None:
    """Take a case to its decision."""
    for step in ("accept", "review", "decide"):
        assert office.do(case, step).status_code == 302, step
    assert fresh(case).decision == "granted"


def test_an_exempted_case_asks_nobody_and_says_so(wired: Any, office: Any, exempting: Any) -> None:
    """Registered, never asked, permitted, shown with id and basis, replayed to the byte, delivered."""
    exempting()
    firm = people.firm(8501)
    firm.enter(wired.province.control, people.row("X1"))
    case = office.file(firm.filing())
    decided(office, case)
    assert wired.asked() == []
    assert [(i.queries, i.view["exemption"]) for i in inquiries(case)] == [([], "trial-exemption")]
    found = opinion(case)
    assert (found.permits, found.complete, found.outcome, found.channel) == (True, True, "O-10", "ordinary")
    assert found.body["exemption"] == "trial-exemption"
    page = office.page(case)
    assert "依规定免予信用核查，按普通程序办理（豁免编号 trial-exemption）" in page
    assert "示例豁免" in page
    assert "行政许可法" in page
    assert office.do(case, "deliver").status_code == 302
    assert [problem for _, problem in replay_all(stored_decisions())] == [""]


def test_a_platform_that_is_down_does_not_matter_to_an_exempted_case(
    wired: Any, wire: Any, office: Any, exempting: Any
) -> None:
    """Nothing is could-not-tell, held or owed where nobody is asked."""
    exempting()
    wired.province.control.fault(FaultKind.HANG)
    wire(province=wired.province.url, creditchina=wired.creditchina.url, seconds=0.25)
    exempting()
    case = office.file(people.firm(8502).filing())
    decided(office, case)
    assert CreditDecision.objects.count() == 1


def test_exempt_at_acceptance_only_is_asked_before_the_decision(wired: Any, office: Any, exempting: Any) -> None:
    """The record of the exempted point does not serve where there is no exemption: the hit is found and held."""
    exempting(points=["acceptance"])
    firm = people.firm(8503)
    firm.enter(wired.province.control, people.row("X2"))
    case = office.file(firm.filing())
    assert wired.asked() == []
    assert opinion(case).body["exemption"] == "trial-exemption"
    office.do(case, "accept")
    office.do(case, "review")
    assert wired.asked() != []
    assert opinion(case).outcome == "O-06"
    assert "exemption" not in opinion(case).body
    assert statuses(case)["credit_before_decide"] == "STARTED"


@pytest.mark.parametrize(
    "changes", [{"region": "4403"}, {"matter": "ride-hailing-driver"}, {"valid_from": "2099-01-01"}]
)
def test_an_exemption_of_another_region_matter_or_time_exempts_nothing(
    wired: Any, office: Any, exempting: Any, changes: dict[str, Any]
) -> None:
    """The case is asked about as ever."""
    exempting(**changes)
    firm = people.firm(8504)
    firm.enter(wired.province.control, people.row("X3"))
    case = office.file(firm.filing())
    assert wired.asked() != []
    assert opinion(case).outcome == "O-06"
