"""Withdrawal by the applicant, at any time before the decision."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from viewflow.workflow.status import PROCESS, STATUS

from approval_hook.errors import PlatformUnavailable
from tests.integration.workflows.driving import do, filed_food, open_names, reviewed
from workflows.withdrawal import WithdrawalRefused, withdraw

ASKED = {"reason": "申请人不再经营", "applicant_asked": "on"}


@pytest.mark.parametrize("stage", ["filed", "reviewed"])
def test_the_page_withdraws_before_the_decision(stage: str, clerk: Client, food: dict[str, Any]) -> None:
    """The case ends cancelled with reason and time, no task stays open, and no refusal is recorded."""
    case = filed_food(food)
    if stage == "reviewed":
        reviewed(clerk, case)
    assert clerk.post(f"/cases/{case.pk}/withdraw/", ASKED).status_code == 302
    case.refresh_from_db()
    assert (case.status, case.decision, case.withdraw_reason) == (PROCESS.CANCELED, "", ASKED["reason"])
    assert case.withdrawn_at is not None
    assert open_names(case) == []
    assert "已撤回" in clerk.get(f"/cases/{case.pk}/").content.decode()


def test_a_case_that_waits_in_a_foreign_node_can_be_withdrawn(clerk: Client, credit: Any, food: dict[str, Any]) -> None:
    """A case waiting in the gate, whose platform is down, is withdrawn all the same."""
    credit.fault = PlatformUnavailable()
    case = filed_food(food)
    reviewed(clerk, case)
    withdraw(case, User.objects.get(username="lin"), "不办了")
    case.refresh_from_db()
    assert case.status == PROCESS.CANCELED
    assert not case.task_set.filter(status__in=[STATUS.NEW, STATUS.STARTED, STATUS.ASSIGNED]).exists()


def test_a_decided_case_cannot_be_withdrawn(clerk: Client, head: Client, food: dict[str, Any]) -> None:
    """After the decision the page says so and names the remedies."""
    case = filed_food(food)
    reviewed(clerk, case)
    do(head, case, "decide", {"decision": "granted", "decision_reason": "符合条件"})
    response = clerk.post(f"/cases/{case.pk}/withdraw/", ASKED)
    assert "已作出许可决定，不能再撤回" in response.content.decode()
    case.refresh_from_db()
    assert (case.status, case.withdrawn_at) == (PROCESS.NEW, None)


def test_withdrawal_needs_permission_reason_and_request(clerk: Client, head: Client, food: dict[str, Any]) -> None:
    """A head may not take it, a blank reason is refused, and the applicant must have asked."""
    case = filed_food(food)
    with pytest.raises(WithdrawalRefused, match="没有办理撤回的权限"):
        withdraw(case, User.objects.get(username="zhao"), "x")
    with pytest.raises(WithdrawalRefused, match="填写撤回原因"):
        withdraw(case, User.objects.get(username="lin"), "   ")
    assert clerk.post(f"/cases/{case.pk}/withdraw/", {"reason": "x"}).status_code == 200
    case.refresh_from_db()
    assert case.status == PROCESS.NEW


def test_a_withdrawn_case_owes_nothing_and_says_who_took_it(clerk: Client, credit: Any, food: dict[str, Any]) -> None:
    """After the withdrawal no retry, no re-check and no ordinary course is promised; the history names the officer."""
    credit.fault = PlatformUnavailable()
    case = filed_food(food)
    reviewed(clerk, case)
    User.objects.filter(username="lin").update(first_name="示例经办甲")
    assert clerk.post(f"/cases/{case.pk}/withdraw/", ASKED).status_code == 302
    text = clerk.get(f"/cases/{case.pk}/").content.decode()
    for promise in ("照常办理", "自动补查", "还欠一次补查", "立即重查", "待补查"):
        assert promise not in text, promise
    assert "信用核查不再继续" in text
    assert "示例经办甲 受理申请人撤回：申请人不再经营" in text
