"""What pages say of the credit check is true: nobody asked, released, upheld, lapsed, unknown at the platform."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from msgspec.structs import replace
from viewflow.workflow.models import Task

from approval_hook.hosts.viewflow.desk import act, badge_for, panel_for
from approval_hook.policy.records import CreditReport, MatchGrade, QueryStatus
from approval_hook.testing import ScriptedPlatform
from tests.flows import flows
from tests.flows.facts import CLEAN, firm_data

pytestmark = pytest.mark.django_db


def held(inject: Any, credit: Any, record: Any) -> Any:
    """A case of HumanFlow that waits at its gate because of one record."""
    credit.records[CLEAN] = (record,)
    inject(flows.LinearFlow)
    process = flows.LinearFlow.start.run(data=firm_data())
    flows.LinearFlow.accept.run(Task.objects.get(process=process, flow_task=flows.LinearFlow.accept))
    process.refresh_from_db()
    return process


def officer(name: str, *, settles: bool = True) -> Any:
    """A user with a real name."""
    user = get_user_model().objects.create_user(name, first_name=f"示例{name}")
    if settles:
        user.user_permissions.add(Permission.objects.get(codename="settle_decision"))
    return get_user_model().objects.get(pk=user.pk)


@pytest.mark.parametrize(
    ("verdict", "channel", "headline", "settled"),
    [
        ("release", "ordinary", "科室确认不予从严，按普通程序办理", "release"),
        ("uphold", "strict", "已开始从严审核", "uphold"),
    ],
)
def test_panel_says_what_the_section_decided(
    verdict: str, channel: str, headline: str, settled: str, inject: Any, credit: Any, defaulter: Any
) -> None:
    """After a release neither headline nor badge keeps the proposal; after an uphold both say it."""
    process = held(inject, credit, defaulter)
    assert badge_for([process])[process.pk].channel == "strict"
    act(process, officer("head"), f"section_confirms:{verdict}", "核对后的理由")
    panel = panel_for(process)
    assert (panel.headline, panel.settled) == (headline, settled)
    assert badge_for([process])[process.pk].channel == channel
    assert panel.parties[0].badge == ("有记录，已确认不适用" if verdict == "release" else "严重失信")
    assert "示例head" in next(item for item in panel.timeline if "核对后的理由" in item.text).text
    texts = [item.text for item in panel.timeline]
    assert texts.index(next(t for t in texts if "核对后的理由" in t)) < texts.index(
        next(t for t in texts if "人工确认" in t)
    )


def test_panel_names_who_has_spoken_and_disagreement(inject: Any, credit: Any, defaulter: Any) -> None:
    """The second voice sees the first; two that differ call for a third."""
    process = held(inject, credit, replace(defaulter, match=MatchGrade.POSSIBLE))
    act(process, officer("a", settles=False), "two_confirm_identity:not_same", "出生日期不同")
    hold = panel_for(process).hold
    assert hold.voices == ["示例a核实为：不是同一主体"]
    assert hold.spoken_by == ["a"]
    assert "还需另一人" in hold.next_step
    act(process, officer("b", settles=False), "two_confirm_identity:same", "姓名相同")
    assert "第三人" in panel_for(process).hold.next_step
    act(process, officer("c", settles=False), "two_confirm_identity:not_same", "住址不同")
    assert panel_for(process).hold is None


def test_platform_that_does_not_know_the_subject_is_named_so(inject: Any, credit: Any, monkeypatch: Any) -> None:
    """Unknown at the platform is neither a refusal nor a clean answer."""

    def unknown(self: ScriptedPlatform, query: Any, *, timeout: float) -> CreditReport:
        from approval_hook import clock

        now = clock.now()
        return CreditReport(query.party, self.name, QueryStatus.REJECTED, now, now, reason="unknown-subject")

    monkeypatch.setattr(ScriptedPlatform, "query", unknown)
    inject(flows.LinearFlow)
    process = flows.LinearFlow.start.run(data=firm_data())
    flows.LinearFlow.accept.run(Task.objects.get(process=process, flow_task=flows.LinearFlow.accept))
    panel = panel_for(process)
    assert "查无此主体" in panel.parties[0].note
    assert any("查无此主体" in reason.text for reason in panel.parties[0].reasons)
    assert panel.outcome == "O-00"
    assert "月" in panel.hold.next_step
