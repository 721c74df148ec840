"""At issue the gate reads the newest record once more, writes down what it saw, and holds nothing."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from adapters.simulator import FaultKind
from approval_hook import clock
from approval_hook.checks import check_flows
from approval_hook.errors import RulesInvalid
from approval_hook.hosts.viewflow.tending import tend
from approval_hook.models import CreditDecision, Inquiry, IssueReading
from tests.acceptance.evidence import people
from tests.acceptance.evidence.office import fresh, key_of, opinion
from workflows.models import FoodBusinessCase


def decided(office: Any, filing: dict[str, Any]) -> Any:
    """A case that was granted and waits for its delivery."""
    case = office.file(filing)
    for step in ("accept", "review", "decide"):
        assert office.do(case, step).status_code == 302, step
    assert not IssueReading.objects.exists()
    return case


def delivered(office: Any, case: Any) -> IssueReading:
    """Deliver, which always works, and give what was read."""
    before = Inquiry.objects.count(), CreditDecision.objects.count()
    assert office.do(case, "deliver").status_code == 302
    assert fresh(case).status == "DONE"
    assert (Inquiry.objects.count(), CreditDecision.objects.count()) == before
    reading = IssueReading.objects.get(host_key=key_of(case))
    assert reading.is_genuine()
    return reading


def alarms(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Alarms that were logged."""
    lines = [json.loads(r.getMessage()) for r in caplog.records if r.name == "approval_hook"]
    return [line["event"] for line in lines if line.get("alarm")]


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Any:
    """The log of the gate from warnings on."""
    caplog.set_level(logging.WARNING, "approval_hook")
    return caplog


@pytest.mark.parametrize("kind", ["food", "driver"])
def test_a_clean_licence_is_read_once_and_delivered(wired: Any, office: Any, log: Any, kind: str) -> None:
    """Everything fits: one row without a fault, no alarm, and the case page says so."""
    firm, driver = people.firm(8301), people.driver(8301)
    if kind == "food":
        firm.enter(wired.province.control)
    else:
        wired.province.control.put(driver.who.held())
    case = decided(office, firm.filing() if kind == "food" else driver.filing())
    reading = delivered(office, case)
    assert (reading.genuine, reading.fresh, reading.same_subjects, reading.same_rules) == (True,) * 4
    assert (reading.faults, reading.decision, reading.outcome) == ([], opinion(case), opinion(case).outcome)
    assert alarms(log) == []
    assert "发证时复读核查意见：未见异常" in office.page(case)


def test_age_is_written_down_and_alarms_nobody(wired: Any, office: Any, log: Any) -> None:
    """Delivery ten days after the decision is lawful; the row says that the answer is older than the rules' limit."""
    firm = people.firm(8302)
    firm.enter(wired.province.control)
    case = decided(office, firm.filing())
    with clock.standing_at(clock.now() + timedelta(days=10)):
        reading = delivered(office, case)
    assert (reading.fresh, reading.faults) == (False, [])
    assert alarms(log) == []


def test_a_changed_applicant_alarms_and_is_delivered(wired: Any, office: Any, log: Any) -> None:
    """The licence goes out, and the row and the alarm say that the subjects are not those of the record."""
    firm, other = people.firm(8303), people.firm(8304)
    firm.enter(wired.province.control)
    case = decided(office, firm.filing())
    FoodBusinessCase.objects.filter(pk=case.pk).update(firm_code=other.code, firm_name=other.name)
    reading = delivered(office, case)
    assert (reading.same_subjects, reading.faults) == (False, ["subjects-changed"])
    assert alarms(log) == ["something is off at issue"]
    assert "决定后主体有变动" in office.page(case)


def test_s08_a_hit_found_after_the_decision_alarms_and_is_delivered(
    wired: Any, wire: Any, office: Any, on_day: Any, log: Any
) -> None:
    """Decided on silence, re-checked to a severe record before delivery: told, never held."""
    wired.province.control.fault(FaultKind.HANG)
    wire(province=wired.province.url, creditchina=wired.creditchina.url, seconds=0.25)
    firm = people.firm(8305)
    case = office.file(firm.filing())
    office.do(case, "accept")
    office.do(case, "review")
    due = opinion(case).due_on
    assert due is not None
    with on_day(due):
        tend()
        office.do(case, "decide")
    wired.province.control.behave()
    wire(province=wired.province.url, creditchina=wired.creditchina.url, seconds=10.0)
    firm.enter(wired.province.control, people.row("I1"))
    with on_day(due + timedelta(days=1)):
        tend()
        assert opinion(case).outcome == "O-06"
        reading = delivered(office, case)
    assert (reading.faults, reading.outcome) == (["not-permitted"], "O-06")
    assert "something is off at issue" in alarms(log)


def test_unusable_facts_and_a_forged_record_are_told_and_delivered(wired: Any, office: Any, log: Any) -> None:
    """Neither facts that cannot be used nor a record that the gate did not write stop the delivery."""
    firm = people.firm(8306)
    firm.enter(wired.province.control)
    case = decided(office, firm.filing())
    row = opinion(case)
    row.pk, row.outcome, row.digest = None, "O-07", "0" * 64
    row._state.adding = True
    row.save()
    FoodBusinessCase.objects.filter(pk=case.pk).update(firm_code="91440300MA5FKAEH41")
    reading = delivered(office, case)
    assert set(reading.faults) == {"facts-invalid", "forged"}


def test_a_broken_rule_file_does_not_hold_the_delivery(
    wired: Any, office: Any, log: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing can be read then: an alarm, and the licence goes out."""
    firm = people.firm(8307)
    firm.enter(wired.province.control)
    case = decided(office, firm.filing())

    def broken(*_: Any) -> Any:
        raise RulesInvalid(["规则文件缺少 matters"])

    with monkeypatch.context() as patch:
        patch.setattr("approval_hook.hosts.viewflow.binding.case_of", lambda *_, **__: broken())
        office.do(case, "deliver")
    assert fresh(case).delivered_at is not None
    assert not IssueReading.objects.exists()
    assert alarms(log) == ["nothing read at issue"]


def test_readings_are_append_only(wired: Any, office: Any) -> None:
    """What was read at issue is neither changed nor deleted."""
    firm = people.firm(8308)
    firm.enter(wired.province.control)
    delivered(office, decided(office, firm.filing()))
    table = connection.ops.quote_name(IssueReading._meta.db_table)
    for statement in (f"UPDATE {table} SET outcome = 'O-10'", f"DELETE FROM {table}"):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_the_shipped_flows_place_every_point_of_their_matters(wired: Any) -> None:
    """Rules and settings agree about where the check stands."""
    assert check_flows(None) == []
