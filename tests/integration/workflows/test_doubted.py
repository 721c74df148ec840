"""A platform that knows no such subject, or another name, has answered: the facts need a look, there is no outage."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from msgspec.structs import replace

from approval_hook.policy.records import CreditReport, QueryStatus
from approval_hook.ports import Query
from approval_hook.testing import ScriptedPlatform
from tests.integration.workflows.driving import accepted, filed_food, reviewed


@pytest.fixture(params=["unknown", "differs"])
def doubting(request: Any, monkeypatch: Any) -> str:
    """The platform knows nobody, or another name, under one person's number."""
    real = ScriptedPlatform.query

    def query(self: ScriptedPlatform, query: Query, *, timeout: float) -> CreditReport:
        report = real(self, query, timeout=timeout)
        if query.subject.name != "吴示例" and not query.subject.name.endswith("公司"):
            return report
        if request.param == "unknown":
            return replace(report, status=QueryStatus.REJECTED, reason="unknown-subject")
        return replace(report, registered_name_differs=True)

    monkeypatch.setattr(ScriptedPlatform, "query", query)
    return str(request.param)


def test_the_panel_says_what_to_check_and_the_acceptance_warns(
    clerk: Client, doubting: str, food: dict[str, Any]
) -> None:
    """Not an outage that mends itself: whose name and number, and that they can be corrected only now."""
    food["persons"][1] |= {"consent_no": "SQ-1", "consent_from": "2026-01-01", "consent_until": "2099-01-01"}
    case = filed_food(food)
    response = clerk.get(f"/cases/{case.pk}/")
    panel, text = response.context["panel"], response.content.decode()
    assert panel.outcome == "O-00"
    assert "没有完整答复" not in panel.headline
    assert "查无此主体，或登记的名称不符" in panel.headline
    assert "受理前更正" in panel.next_step
    assert "自动补查" not in panel.next_step
    step = response.context["next_step"].text
    words = {"unknown": "查无此主体", "differs": "名称与代码不符"}[doubting]
    assert f"申请人 {food['firm_name']} {words}" in step
    assert "受理后不能再更正" in step
    if doubting == "differs":
        # The firm's manager has a document, not a code.
        assert "姓名与证件号码不符" in text


def test_after_acceptance_the_way_out_is_another_one(clerk: Client, doubting: str, food: dict[str, Any]) -> None:
    """What cannot be corrected any more is not offered; acceptance itself was never stopped."""
    case = filed_food(food)
    accepted(clerk, case)
    panel = clerk.get(f"/cases/{case.pk}/").context["panel"]
    assert "撤回后重新申请" in panel.next_step
    assert "更正申请事项" not in panel.next_step


def test_it_is_no_emergency(clerk: Client, head: Client, doubting: str, food: dict[str, Any]) -> None:
    """An emergency release is for a platform that has not answered; here it did."""
    case = filed_food(food)
    reviewed(clerk, case)
    page = head.get(f"/cases/{case.pk}/")
    assert page.context["panel"].hold.reason == "信用平台查无此主体，或登记的名称不符"
    assert not page.context["emergency"]["may_ask"]
    asked = head.post(f"/cases/{case.pk}/emergency/", {"text": "台风登陆，应急食堂明日须供餐。", "hours": "6"})
    assert asked.status_code == 422
    # It still cannot outlive the statutory date.
    assert "仍无答复的自动按无信用影响办理" in page.context["panel"].next_step
