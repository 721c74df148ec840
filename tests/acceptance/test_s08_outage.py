"""Scenario S-08 in full: the platform is down from filing to the due date."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse

from adapters.simulator import FaultKind
from approval_hook import gate
from approval_hook.hosts.viewflow.tending import tend
from approval_hook.models import CreditDecision, Inquiry, Reply, Settlement
from approval_hook.policy.workdays import add_workdays
from approval_hook.workcalendar import published_calendar
from tests.acceptance.evidence import people
from tests.acceptance.evidence.office import (
    SETTLED,
    fresh,
    hold,
    inquiries,
    key_of,
    opinion,
    recheck,
    statuses,
)
from workflows.models import FoodBusinessCase, PenaltyDecision

SAYS_CLEAN = ("无记录", "没有不良记录", "没有可用的失信记录", "无不良")
OnDay = Callable[[date], Any]


@pytest.fixture
def down(wired: Any, wire: Any) -> Any:
    """The required platform never answers; the advisory one knows nobody."""
    wired.province.control.fault(FaultKind.HANG)
    wire(province=wired.province.url, creditchina=wired.creditchina.url, seconds=0.25)
    return wired


def workdays_before(day: date, count: int) -> date:
    """A number of working days earlier."""
    return add_workdays(day, -count, published_calendar()).on


def held_case(office: Any, filing: dict[str, Any]) -> Any:
    """A case that was accepted and reviewed while the platform was down."""
    case = office.file(filing)
    assert office.do(case, "accept").status_code == 302
    assert office.do(case, "review").status_code == 302
    assert statuses(case)["credit_before_decide"] == "STARTED"
    return case


@pytest.mark.parametrize("kind", ["food", "driver"])
def test_s08_from_filing_to_the_day_after(
    down: Any, office: Any, on_day: OnDay, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    """Accepted as ordinary, escalated at due-2, decided on the due date in silence, re-checked the day after."""
    firm, driver = people.firm(801), people.driver(801)
    filing = firm.filing() if kind == "food" else driver.filing()

    case = office.file(filing)
    first = opinion(case)
    assert (first.outcome, first.channel, first.complete) == ("O-00", "undetermined", False)
    assert statuses(case)["accept"] == "NEW"
    assert office.do(case, "accept").status_code == 302
    assert not any(m["kind"] in ("incentive", "sanction") for m in first.stated()["measures"])
    assert recheck(case) is not None
    office.do(case, "review")
    waiting = hold(case)
    assert waiting is not None
    due = waiting.due_on
    assert due is not None
    assert due == add_workdays(date.fromisoformat(str(opinion(case).on)), 20, published_calendar()).on
    for text in SAYS_CLEAN:
        assert text not in office.page(case)
    assert "尚未到可以放行" in office.settle(case, "supervisor_releases:without_effect")
    assert Settlement.objects.count() == 0

    release = workdays_before(due, 2)
    with on_day(workdays_before(due, 3)):
        tend()
        assert hold(case).escalated_at is None  # type: ignore[union-attr] # held, so there is a hold
        assert "尚未到可以放行" in office.settle(case, "supervisor_releases:without_effect")
    with on_day(release):
        tend()
        assert hold(case).escalated_at is not None  # type: ignore[union-attr] # held, so there is a hold
        task_list = office.browsers["head"].get(reverse("clerk:held")).content.decode()
        assert case.case_no in task_list
        assert statuses(case)["credit_before_decide"] == "STARTED"
    with on_day(workdays_before(due, 1)):
        tend()
        assert statuses(case)["credit_before_decide"] == "STARTED"

    with on_day(due), caplog.at_level(logging.ERROR, "approval_hook"):
        tend()
        assert statuses(case)["decide"] == "NEW"
        lapsed = opinion(case)
        assert (lapsed.origin, lapsed.permits, lapsed.complete) == ("lapsed", True, False)
        assert lapsed.reply.attempt >= 1
        lines = [json.loads(r.getMessage()) for r in caplog.records if r.name == "approval_hook"]
        alarms = [line for line in lines if line.get("alarm") and "lapsed" in line["event"]]
        assert [line["due"] for line in alarms] == [due.isoformat()]
        assert hold(case) is None
        assert office.do(case, "decide").status_code == 302
    assert fresh(case).decision == "granted"
    owed = recheck(case)
    assert owed is not None
    assert owed.paid_at is None

    down.province.control.behave()
    hit = people.row("S08")
    if kind == "food":
        firm.enter(down.province.control, hit)
    else:
        down.province.control.put(driver.who.held(hit))
    with on_day(due + timedelta(days=1)):
        tend()
    paid = recheck(case)
    assert paid is not None
    assert (paid.found, paid.supervise) == ("O-06", True)
    assert paid.paid_at is not None
    # The late hit is a matter for supervision; the licence stays as it was decided.
    assert (fresh(case).decision, statuses(case)["deliver"]) == ("granted", "NEW")
    assert office.do(case, "deliver").status_code == 302
    assert fresh(case).status == "DONE"


def test_s08_supervisor_releases_two_working_days_before(down: Any, office: Any, on_day: OnDay) -> None:
    """At due-2 the supervisor lets the case go on without credit effect, with a reason, and the debt stays."""
    case = held_case(office, people.firm(802).filing())
    due = hold(case).due_on  # type: ignore[union-attr] # held, so there is a hold
    with on_day(workdays_before(due, 2)):
        tend()
        assert "没有填写理由" in office.settle(case, "supervisor_releases:without_effect", reason=" ")
        assert "没有确认核查意见的权限" in office.settle(case, "supervisor_releases:without_effect", who="clerk")
        assert office.settle(case, "supervisor_releases:without_effect") == SETTLED
        assert statuses(case)["decide"] == "NEW"
        assert opinion(case).origin == "settled"
        assert office.do(case, "decide").status_code == 302
    assert fresh(case).decision == "granted"
    acts = Settlement.objects.filter(host_key=key_of(case))
    assert {a.by for a in acts} == {"head"}
    assert recheck(case).paid_at is None  # type: ignore[union-attr] # owed since filing


def test_s08_a_bar_of_the_own_register_is_never_released_by_silence(down: Any, office: Any, on_day: OnDay) -> None:
    """The register proves the bar although the platform is down: neither silence nor the outage release opens it."""
    firm = people.firm(803)
    PenaltyDecision.objects.create(
        document_no="示市监罚〔2024〕8号",
        decided_on=date(2024, 6, 3),
        decided_by=people.ORGAN,
        event="licence_revoked",
        domain="food",
        unit_code=firm.code,
        unit_name=firm.name,
    )
    case = held_case(office, firm.filing())
    assert opinion(case).outcome == "O-04"
    due = opinion(case).due_on
    assert due is not None
    with on_day(workdays_before(due, 2)):
        tend()
        office.settle(case, "supervisor_releases:without_effect")
        assert statuses(case)["credit_before_decide"] == "STARTED"
    for day in (due, due + timedelta(days=30)):
        with on_day(day):
            tend()
            assert statuses(case)["credit_before_decide"] == "STARTED"
            assert not opinion(case).permits
    assert not CreditDecision.objects.filter(host_key=key_of(case), origin="lapsed").exists()
    with on_day(due + timedelta(days=30)):
        assert office.settle(case, "head_decides:release") == SETTLED
        tend()
        assert statuses(case)["decide"] == "NEW"


def test_s08_unusable_facts_are_not_released_by_silence(down: Any, office: Any, on_day: OnDay) -> None:
    """Facts that cannot be used are no could-not-tell: the case stays held past the due date, with the remedy."""
    case = held_case(office, people.firm(804).filing())
    due = hold(case).due_on  # type: ignore[union-attr] # held, so there is a hold
    FoodBusinessCase.objects.filter(pk=case.pk).update(firm_code="91440300MA5FKAEH41")
    before = Inquiry.objects.count()
    with on_day(due + timedelta(days=1)):
        tend()
        waiting = hold(case)
        assert waiting is not None
        assert waiting.reason == "facts-invalid"
        assert waiting.next_step
        assert office.settle(case, "supervisor_releases:without_effect") != SETTLED
        assert statuses(case)["credit_before_decide"] == "STARTED"
    assert Inquiry.objects.count() == before


def test_s08_no_registered_attempt_no_release(down: Any, office: Any, on_day: OnDay) -> None:
    """Where nothing was registered nothing lapses: the case asks first, and only its failed attempt lets it go on."""
    down.province.control.behave()
    firm = people.firm(805)
    firm.enter(down.province.control)
    case = office.file(firm.filing())
    office.do(case, "accept")
    down.province.control.fault(FaultKind.HANG)
    with on_day(date(2099, 1, 5)):
        before = Reply.objects.count()
        office.do(case, "review")
        assert Reply.objects.count() == before + 1
        assert opinion(case).origin == "lapsed"
        assert opinion(case).reply_id == Reply.objects.latest("pk").pk


def test_s08_the_day_after_the_due_date_the_page_still_opens(down: Any, office: Any, on_day: OnDay) -> None:
    """A head who decides a day late meets one honest retry, not a hold that outlives the statutory date."""
    case = held_case(office, people.firm(806).filing())
    due = hold(case).due_on  # type: ignore[union-attr] # held, so there is a hold
    with on_day(due):
        tend()
        assert statuses(case)["decide"] == "NEW"
    with on_day(due + timedelta(days=3)):
        first = office.do(case, "decide")
        assert first.status_code == 409
        assert "可以继续办理" in first.content.decode()
        assert office.do(case, "decide").status_code == 302
    assert fresh(case).decision == "granted"


def test_s08_platform_back_before_the_due_date_releases_the_case(down: Any, office: Any, later: Any) -> None:
    """As soon as the platform answers completely the case goes on, the debt is paid and the same inquiry is used."""
    firm = people.firm(807)
    case = held_case(office, firm.filing())
    asked = [i.pk for i in inquiries(case)]
    down.province.control.behave()
    firm.enter(down.province.control)
    with later(0.1):
        tend()
    assert statuses(case)["decide"] == "NEW"
    assert opinion(case).complete
    assert recheck(case).paid_at is not None  # type: ignore[union-attr] # owed since filing
    assert {i.pk for i in inquiries(case) if i.point != "recheck"} == set(asked)
    assert gate.in_force(key_of(case)).outcome == "O-09"  # type: ignore[union-attr] # it was just decided
