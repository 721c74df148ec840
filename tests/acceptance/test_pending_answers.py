"""A platform whose staff approve queries: the case goes on as could-not-tell until they let the answer out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from adapters.simulator import FaultKind
from approval_hook.hosts.viewflow.tending import tend
from approval_hook.models import Inquiry, PendingQuery
from approval_hook.policy.workdays import add_workdays
from approval_hook.workcalendar import published_calendar
from tests.acceptance.conftest import World
from tests.acceptance.evidence import people
from tests.acceptance.evidence.office import fresh, hold, opinion, recheck, statuses

State = PendingQuery.State


@pytest.fixture
def staffed(wired: World, wire: Any) -> Any:
    """The required platform answers nobody before its staff approve; the advisory one knows nobody."""
    wire(province=wired.province.url, creditchina=wired.creditchina.url)
    wired.province.control.demand_approval()
    return wired.province.control


def held_case(office: Any, filing: dict[str, Any]) -> Any:
    """A case that waits for the staff before its decision."""
    case = office.file(filing)
    assert office.do(case, "accept").status_code == 302
    assert office.do(case, "review").status_code == 302
    assert statuses(case)["credit_before_decide"] == "STARTED"
    return case


def settle_all(control: Any, *, approved: bool = True) -> None:
    """The staff work off their tray."""
    for one in control.approvals():
        control.settle(one["receipt_no"], approved=approved)


def test_the_case_is_accepted_and_waits_before_the_decision(staffed: Any, office: Any, later: Any) -> None:
    """Nothing is clean meanwhile; the staff get each question once, whatever gate asks; the answer lets it go on."""
    firm = people.firm(901)
    firm.enter(staffed)
    case = office.file(firm.filing())
    assert (opinion(case).outcome, opinion(case).complete, statuses(case)["accept"]) == ("O-00", False, "NEW")
    office.do(case, "accept")
    office.do(case, "review")
    waiting = staffed.approvals()
    page = office.page(case)
    assert "等待平台人工审批（回执 A-1）" in page
    assert "没有不良记录" not in page
    assert statuses(case)["credit_before_decide"] == "STARTED"
    assert len(waiting) == len(people_asked(case))
    for days in (0.1, 1, 2):
        with later(days):
            tend()
        assert statuses(case)["credit_before_decide"] == "STARTED"
    assert [one["query_id"] for one in staffed.approvals()] == [one["query_id"] for one in waiting]
    settle_all(staffed)
    with later(3):
        tend()
        assert statuses(case)["decide"] == "NEW"
    assert opinion(case).complete
    assert recheck(case).paid_at is not None  # type: ignore[union-attr] # owed since filing
    assert set(PendingQuery.objects.values_list("state", flat=True)) == {State.ANSWERED}


def people_asked(case: Any) -> set[str]:
    """Subjects about whom the required platform was asked."""
    return {
        q["party"] for i in Inquiry.objects.filter(case_no=case.case_no) for q in i.queries if q["source"] == "province"
    }


def test_polling_backs_off(staffed: Any, office: Any, later: Any) -> None:
    """The runner passes every few seconds; it fetches after 1, 5 and 30 minutes, then every 2 hours."""
    firm = people.firm(902)
    firm.enter(staffed)
    case = held_case(office, firm.filing())

    def polled(minutes: float) -> int:
        with later(minutes / 1440):
            tend()
        return max(one["asked"] for one in staffed.approvals())

    before = polled(0)
    seen = [polled(minutes) - before for minutes in (0.5, 2, 2.1, 10, 11, 45, 60, 90, 200, 201)]
    assert seen == sorted(seen)
    assert seen[-1] <= 5
    assert hold(case).next_try_at - PendingQuery.objects.first().polled_at > timedelta(hours=1)  # type: ignore[union-attr, operator] # both are there


def test_a_hit_that_the_staff_release_holds_the_case(staffed: Any, office: Any, later: Any) -> None:
    """What they release is an answer like any other."""
    firm = people.firm(903)
    firm.enter(staffed, people.row("P903"))
    case = held_case(office, firm.filing())
    settle_all(staffed)
    with later(1):
        tend()
    assert (opinion(case).outcome, opinion(case).complete) == ("O-06", True)
    assert hold(case).reason == "section_confirms"  # type: ignore[union-attr] # held, so there is a hold


def test_refused_stays_could_not_tell(staffed: Any, office: Any, later: Any) -> None:
    """The staff's refusal is no "no record": the case is held on, says so, and its receipts are closed."""
    firm = people.firm(904)
    firm.enter(staffed)
    case = held_case(office, firm.filing())
    settle_all(staffed, approved=False)
    with later(1):
        tend()
    assert (opinion(case).outcome, opinion(case).complete) == ("O-00", False)
    assert statuses(case)["credit_before_decide"] == "STARTED"
    assert set(PendingQuery.objects.values_list("state", flat=True)) == {State.REFUSED}
    assert "拒绝查询" in office.page(case)


def test_an_outage_while_fetching_keeps_the_receipt(staffed: Any, office: Any, later: Any) -> None:
    """The query stays pending, and nobody is asked a second time."""
    firm = people.firm(905)
    firm.enter(staffed)
    case = held_case(office, firm.filing())
    asked = len(staffed.approvals())
    staffed.fault(FaultKind.HTTP_502)
    with later(1):
        tend()
    staffed.behave()
    settle_all(staffed)
    assert not opinion(case).complete
    with later(2):
        tend()
    assert opinion(case).complete
    assert len(staffed.approvals()) == asked


def test_the_statutory_date_is_never_missed_and_a_late_answer_goes_to_a_person(
    staffed: Any, office: Any, on_day: Any
) -> None:
    """On the due date the case is decided without credit effect; a hit released afterwards changes nothing of it."""
    firm = people.firm(906)
    firm.enter(staffed, people.row("P906"))
    case = held_case(office, firm.filing())
    due = hold(case).due_on  # type: ignore[union-attr] # held, so there is a hold
    with on_day(due):
        tend()
        assert opinion(case).origin == "lapsed"
        assert office.do(case, "decide").status_code == 302
    settle_all(staffed)
    with on_day(add_workdays(due, 3, published_calendar()).on):
        tend()
    owed = recheck(case)
    assert owed is not None
    assert (owed.found, owed.supervise) == ("O-06", True)
    assert fresh(case).decision == "granted"
    assert len(staffed.approvals()) == len(people_asked(case))


def test_nothing_is_fetched_for_a_withdrawn_case(staffed: Any, office: Any, later: Any) -> None:
    """A withdrawn case gives no ground to ask."""
    firm = people.firm(907)
    firm.enter(staffed)
    case = office.file(firm.filing())
    office.do(case, "accept")
    type(case)._default_manager.filter(pk=case.pk).update(status="CANCELED")
    before = sum(one["asked"] for one in staffed.approvals())
    with later(1):
        tend()
    assert sum(one["asked"] for one in staffed.approvals()) == before
    assert set(PendingQuery.objects.values_list("state", flat=True)) == {State.WITHDRAWN}


def test_changed_subjects_are_asked_anew(staffed: Any, office: Any, later: Any) -> None:
    """A receipt about other subjects answers nothing."""
    firm = people.firm(908)
    firm.enter(staffed)
    case = held_case(office, firm.filing())
    type(case)._default_manager.filter(pk=case.pk).update(firm_name="示例改名食品有限公司")
    before = len(staffed.approvals())
    with later(1):
        tend()
    assert len(staffed.approvals()) > before
    assert State.OUTDATED in PendingQuery.objects.values_list("state", flat=True)
