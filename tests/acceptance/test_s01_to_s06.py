"""Scenarios S-01 to S-06: disputes, repairs, display periods, bars, mistaken identity, related persons."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from approval_hook import clock, gate
from approval_hook.hosts.viewflow.attending import Attended, attend
from approval_hook.hosts.viewflow.tending import tend
from approval_hook.models import CreditDecision, Settlement
from tests.acceptance.evidence import people
from tests.acceptance.evidence.office import (
    REFUSAL,
    SETTLED,
    fresh,
    hold,
    open_task,
    opinion,
    statuses,
)
from workflows.models import PenaltyDecision, PenaltyPerson


def attend_gate(case: Any, node: str = "credit_before_decide") -> Attended:
    """Let the runner's step run for one gate task."""
    return attend(case.flow_class, open_task(case, node).pk)


def rules_of(row: CreditDecision, outcome: str) -> set[str]:
    """Ids of the rules that gave an outcome."""
    return {r["rule"] for r in row.stated()["reasons"] if r["outcome"] == outcome}


def test_s01_dispute_in_flight_is_decided_without_it(wired: Any, office: Any, later: Any) -> None:
    """A severe entry disputed on day 3 is parked; the case is decided on conditions and stays so."""
    firm = people.firm(101)
    firm.enter(wired.province.control, people.row("S01"))
    case = office.file(firm.filing())
    assert opinion(case).outcome == "O-06"
    office.do(case, "accept")
    office.do(case, "review")
    assert statuses(case)["credit_before_decide"] == "STARTED"
    wired.province.control.flip("S01", state="5")
    with later(3):
        assert attend_gate(case) is Attended.PASSED
        parked = opinion(case)
        assert (parked.outcome, parked.permits) == ("O-02", True)
        assert parked.body["outstanding"] == []
        assert not any(m["kind"] == "sanction" for m in parked.stated()["measures"])
        assert office.do(case, "decide").status_code == 302
    wired.province.control.flip("S01", state="1")
    with later(22):
        tend()
        assert fresh(case).decision == "granted"
        assert opinion(case).pk == parked.pk
        assert office.do(case, "deliver").status_code == 302
    assert fresh(case).status == "DONE"


def test_s02_repaired_entry_that_a_cache_still_holds_counts_as_absent(wired: Any, office: Any, later: Any) -> None:
    """信用中国 says repaired, the province's copy still says active: the duty falls away and the case goes on."""
    firm = people.firm(102)
    row = people.row("S02", document_no="示例〔2026〕2号")
    firm.enter(wired.province.control, row)
    firm.enter(wired.creditchina.control, row)
    case = office.file(firm.filing())
    office.do(case, "accept")
    office.do(case, "review")
    assert opinion(case).outcome == "O-06"
    assert hold(case) is not None
    wired.creditchina.control.flip("S02", state="2")
    with later(2):
        assert attend_gate(case) is Attended.PASSED
    gone = opinion(case)
    assert gone.permits
    assert gone.outcome in ("O-03", "O-09")
    assert gone.stated()["suppressed"] >= 1
    assert hold(case) is None
    assert "失信被执行人" not in office.page(case)


def test_s03_expired_record_is_never_shown_and_breaks_nothing(wired: Any, office: Any) -> None:
    """A general record past its longest period is counted as suppressed, not shown, and three clean years stand."""
    firm = people.firm(103)
    decided = clock.today() - timedelta(days=400)
    old = people.row("S03", "penalty", "2", decided_on=decided.isoformat(), display_until=None, title="示例旧处罚")
    firm.enter(wired.province.control, old)
    case = office.file(firm.filing())
    row = opinion(case)
    assert (row.outcome, row.channel) == ("O-09", "green")
    assert row.stated()["suppressed"] == 1
    for who in ("clerk", "head", "manager"):
        page = office.page(case, who)
        assert "示例旧处罚" not in page
        assert "S03" not in page


def test_s04_bar_in_the_own_register_outlives_the_public_display(wired: Any, office: Any) -> None:
    """The list is clean, the own register proves the bar, the head decides; the bar is cited, not the list."""
    firm = people.firm(104)
    decided = clock.today() - timedelta(days=4 * 365)
    expired = people.row("S04", "food_serious", decided_on=decided.isoformat(), display_until="2025-12-31")
    wired.province.control.put(firm.held())
    wired.province.control.put(firm.legal.held(expired))
    wired.province.control.put(firm.officer.held())
    penalty = PenaltyDecision.objects.create(
        document_no="示市监罚〔2022〕4号",
        decided_on=decided,
        decided_by=people.ORGAN,
        event="licence_revoked",
        domain="food",
        unit_code=people.firm(9104).code,
        unit_name="示例旧店",
    )
    PenaltyPerson.objects.create(
        decision=penalty, role="legal_representative", name=firm.legal.name, number=firm.legal.number
    )
    case = office.file(firm.filing())
    row = opinion(case)
    assert (row.outcome, row.channel) == ("O-04", "restricted")
    assert rules_of(row, "O-04") == {"food-135-persons-bar"}
    (bar,) = [m for m in row.stated()["measures"] if m["kind"] == "bar"]
    (basis,) = gate.book().on(clock.today()).rules.rule_basis(bar["measure"])
    assert (basis.document, basis.article) == ("食品安全法", "第一百三十五条")
    assert "S04" not in str(row.stated()["reasons"])
    assert office.do(case, "accept").status_code == 302
    office.do(case, "review")
    assert statuses(case)["credit_before_decide"] == "STARTED"
    assert fresh(case).decision == ""
    assert "没有确认核查意见的权限" in office.settle(case, "head_decides:uphold", who="clerk")
    assert "没有填写理由" in office.settle(case, "head_decides:uphold", reason="")
    assert Settlement.objects.count() == 0
    assert office.settle(case, "head_decides:uphold") == SETTLED
    # The head's confirmation opens the decision; it does not make it.
    assert fresh(case).decision == ""
    assert office.do(case, "decide", REFUSAL).status_code == 302
    assert (fresh(case).decision, fresh(case).status) == ("refused", "DONE")


def test_s05_masked_collision_is_settled_by_two_and_remembered(wired: Any, office: Any, later: Any) -> None:
    """Same name and a fitting mask: two different people settle it, and the case is not asked about it again."""
    driver = people.driver(105)
    number = driver.who.number
    masked = people.row("S05", id_number=f"{number[:10]}****{number[14:]}", id_type="resident_id")
    wired.province.control.put(driver.who.held(masked))
    case = office.file(driver.filing())
    row = opinion(case)
    assert (row.outcome, row.permits) == ("O-01", False)
    assert row.channel != "green"
    assert office.do(case, "accept").status_code == 302
    office.do(case, "review")
    assert statuses(case)["credit_before_decide"] == "STARTED"
    assert office.settle(case, "two_confirm_identity:not_same", who="clerk") == SETTLED
    assert "另一名" in office.settle(case, "two_confirm_identity:not_same", who="clerk")
    assert statuses(case)["credit_before_decide"] == "STARTED"
    assert office.settle(case, "two_confirm_identity:not_same", who="clerk2") == SETTLED
    assert statuses(case)["decide"] == "NEW"
    settled = opinion(case)
    assert (settled.permits, settled.origin) == (True, "settled")
    assert settled.outcome in ("O-09", "O-10")
    with later(2):
        # The answer has grown old: the page holds, asks afresh, and the false match does not come back.
        held = office.do(case, "decide")
        assert held.status_code == 409
        assert "可以继续办理" in held.content.decode()
        again = opinion(case)
        assert again.pk != settled.pk
        assert (again.permits, again.outcome, again.body["outstanding"]) == (True, settled.outcome, [])
        assert office.do(case, "decide").status_code == 302
    assert fresh(case).decision == "granted"
    assert Settlement.objects.count() == 2


def test_s05_two_people_who_disagree_settle_nothing(wired: Any, office: Any) -> None:
    """One says same, one says not the same: the case stays held, and a third voice is needed."""
    driver = people.driver(1052)
    masked = people.row("S05B", id_number=f"{driver.who.number[:10]}****{driver.who.number[14:]}")
    wired.province.control.put(driver.who.held(masked))
    case = office.file(driver.filing())
    office.do(case, "accept")
    office.do(case, "review")
    office.settle(case, "two_confirm_identity:not_same", who="clerk")
    office.settle(case, "two_confirm_identity:same", who="clerk2")
    assert statuses(case)["credit_before_decide"] == "STARTED"
    office.settle(case, "two_confirm_identity:same", who="head")
    assert opinion(case).outcome == "O-06"


def test_s06_private_debt_of_the_representative_is_information_only(wired: Any, office: Any) -> None:
    """The representative is a court defaulter: O-08, nobody has to release anything, and the licence is granted."""
    firm = people.firm(106)
    wired.province.control.put(firm.held())
    wired.province.control.put(firm.legal.held(people.row("S06A")))
    wired.province.control.put(firm.officer.held())
    case = office.file(firm.filing())
    row = opinion(case)
    assert (row.outcome, row.permits, row.channel) == ("O-08", True, "ordinary")
    for node in ("accept", "review", "decide", "deliver"):
        assert office.do(case, node).status_code == 302
    assert fresh(case).status == "DONE"


def test_s06_measure_that_names_the_representative_goes_to_the_head(wired: Any, office: Any) -> None:
    """A wage defaulter's list whose basis names 法定代表人 proposes the measure; the head may decline it."""
    firm = people.firm(1062)
    wired.province.control.put(firm.held())
    wired.province.control.put(firm.legal.held(people.row("S06B", "wage_arrears")))
    wired.province.control.put(firm.officer.held())
    case = office.file(firm.filing())
    row = opinion(case)
    assert (row.outcome, row.permits) == ("O-05", False)
    assert {m["measure"] for m in row.stated()["measures"]} == {"wage-48-entry"}
    office.do(case, "accept")
    office.do(case, "review")
    assert statuses(case)["credit_before_decide"] == "STARTED"
    assert office.settle(case, "head_decides:release") == SETTLED
    assert office.do(case, "decide").status_code == 302
    assert fresh(case).decision == "granted"


def test_s06_nobody_confirms_what_he_started(wired: Any, office: Any) -> None:
    """The officer who set the check off may not settle its duty, whatever his rights."""
    from django.contrib.auth.models import Permission

    firm = people.firm(1063)
    firm.enter(wired.province.control, people.row("S06C"))
    case = office.file_at_window(firm.filing())
    office.do(case, "accept")
    office.do(case, "review")
    clerk = office.user("clerk")
    clerk.user_permissions.add(Permission.objects.get(codename="settle_decision"))
    assert opinion(case).inquiry.asked_by == "clerk"
    assert "经办过本办件，不能确认" in office.settle(case, "section_confirms:uphold", who="clerk")
    assert Settlement.objects.count() == 0
    assert office.settle(case, "section_confirms:uphold") == SETTLED
    assert statuses(case)["decide"] == "NEW"
