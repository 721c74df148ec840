"""Settling a case on its page: what was typed stays, and people who have spoken are told so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from msgspec.structs import replace

from approval_hook import clock
from approval_hook.errors import PlatformUnavailable
from approval_hook.hosts.viewflow.attending import attend
from approval_hook.models import Hold
from approval_hook.panel import Action, HoldView, Panel
from approval_hook.policy.records import CreditRecord, MatchGrade
from tests.integration.workflows.driving import claim, filed_driver, filed_food, reviewed, revoked, task_named
from workflows.clerk.settlement import settling_of
from workflows.flows import FoodBusinessFlow
from workflows.groups import CLERKS, DECIDERS


def _barred(clerk: Client, food: dict[str, Any]) -> Any:
    revoked(food)
    case = filed_food(food)
    reviewed(clerk, case)
    return case


def test_a_refused_settlement_keeps_what_was_typed(clerk: Client, head: Client, food: dict[str, Any]) -> None:
    """Without a reason the page answers 422 with choice and evidence kept and the error at the reason."""
    case = _barred(clerk, food)
    sent = {"action": "head_decides:release", "reason": " ", "evidence": "示例卷宗第 7 页"}
    response = head.post(f"/cases/{case.pk}/credit/", sent)
    text = response.content.decode()
    assert response.status_code == 422
    assert 'value="head_decides:release" required checked' in text
    assert "示例卷宗第 7 页</textarea>" in text
    assert text.index('id="settle-reason"') < text.index("没有填写理由") < text.index('id="settle-evidence"')


def test_a_settlement_by_the_wrong_officer_answers_403_and_says_why(clerk: Client, food: dict[str, Any]) -> None:
    """An officer without the right reads why on the case page, and nothing is settled."""
    case = _barred(clerk, food)
    response = clerk.post(f"/cases/{case.pk}/credit/", {"action": "head_decides:uphold", "reason": "属实，已核对"})
    assert response.status_code == 403
    assert "请由负责人办理" in response.content.decode()


def test_a_release_by_the_supervisor_names_its_evidence(clerk: Client, head: Client, food: dict[str, Any]) -> None:
    """A release that rests on a look-up by hand is refused without evidence, at that field."""
    case = _barred(clerk, food)
    sent = {"action": "supervisor_releases:without_effect", "reason": "平台连续三日无答复", "evidence": ""}
    response = head.post(f"/cases/{case.pk}/credit/", sent)
    assert response.status_code == 422
    assert (response.context["sent"].field, response.context["sent"].reason) == ("evidence", sent["reason"])


def test_who_has_spoken_gets_no_form_and_the_next_reads_what_was_said(
    clerk: Client, sign_in: Any, credit: Any, food: dict[str, Any], defaulter: CreditRecord
) -> None:
    """After one voice its speaker sees no choices; the other reads who said what and that one more is needed."""
    credit.records = {food["firm_code"]: (replace(defaulter, match=MatchGrade.POSSIBLE),)}
    case = filed_food(food)
    reviewed(clerk, case)
    second = sign_in("su", CLERKS)
    User.objects.filter(username="lin").update(first_name="示例经办甲")
    sent = {"action": "two_confirm_identity:not_same", "reason": "出生日期不同"}
    assert clerk.post(f"/cases/{case.pk}/credit/", sent).status_code == 302
    mine = clerk.get(f"/cases/{case.pk}/").content.decode()
    assert 'name="action" id="settle-1"' not in mine
    assert "您已经核实过" in mine
    theirs = second.get(f"/cases/{case.pk}/").content.decode()
    assert 'name="action" id="settle-1"' in theirs
    assert "示例经办甲核实为" in theirs
    assert "还需一人" in theirs
    again = clerk.post(f"/cases/{case.pk}/credit/", sent)
    assert again.status_code == 422
    assert "您已经对这一项作出过确认" in again.content.decode()
    second.post(f"/cases/{case.pk}/credit/", {"action": "two_confirm_identity:same", "reason": "同一主体"})
    assert "两人意见不一，须第三人核实" in sign_in("third", CLERKS).get(f"/cases/{case.pk}/").content.decode()


@pytest.mark.parametrize(("spoken_by", "open_to"), [([], 1), (["lin"], 0)])
def test_only_the_identity_is_closed_to_who_has_spoken(clerk: Client, spoken_by: list[str], open_to: int) -> None:
    """Having spoken about the identity closes that choice, and asking again stays open."""
    actions = [
        Action("two_confirm_identity:same", "核实为同一主体", who="两名工作人员分别确认"),
        Action("retry", "立即重查", needs_reason=False),
    ]
    due = timezone.localdate() + timedelta(days=9)
    hold = HoldView(
        "疑似", "核实", timezone.now(), due, 7, actions, voices=["某人核实为：同一主体"], spoken_by=spoken_by
    )
    panel = Panel("held", "", "violet", "待核", "O-01", None, "", "核实", actions[0], hold)
    settling = settling_of(User.objects.get(username="lin"), panel)
    assert settling is not None
    assert (len(settling.choices), len(settling.plain), settling.others) == (open_to, 1, [])


def _listed(client: Client, path: str = "/work/") -> list[str]:
    return [row.case.case_no for row in client.get(path).context["page"]]


def test_what_waits_for_the_head_is_among_their_own_work(clerk: Client, head: Client, food: dict[str, Any]) -> None:
    """A bar stands in the head's own list, marked as theirs, and not in that of the clerk, who may not settle it."""
    case = _barred(clerk, food)
    assert _listed(head) == [case.case_no]
    assert "待我确认" in head.get("/work/").content.decode()
    assert _listed(clerk) == []
    assert _listed(clerk, "/work/?show=all") == [case.case_no]


def test_a_possible_match_is_the_work_of_who_has_not_spoken(
    clerk: Client, sign_in: Any, credit: Any, food: dict[str, Any], defaulter: CreditRecord
) -> None:
    """Every list says that one has spoken, as the case page does, and asks only the others for their word."""
    credit.records = {food["firm_code"]: (replace(defaulter, match=MatchGrade.POSSIBLE),)}
    case = filed_food(food)
    reviewed(clerk, case)
    second, head = sign_in("su", CLERKS), sign_in("zhao", DECIDERS)
    assert (_listed(clerk), _listed(second)) == ([case.case_no], [case.case_no])
    clerk.post(f"/cases/{case.pk}/credit/", {"action": "two_confirm_identity:not_same", "reason": "出生日期不同"})
    assert (_listed(clerk), _listed(second)) == ([], [case.case_no])
    for page in (second.get("/work/"), head.get("/work/held/")):
        text = page.content.decode()
        assert "已有一人核实，还需另一人独立核实" in text
        assert "请两名工作人员分别核实" not in text


def test_a_missing_answer_is_nobodys_work_until_it_is_nearly_due(
    clerk: Client, head: Client, credit: Any, food: dict[str, Any]
) -> None:
    """The platform is asked again by itself; the head need not look before the case is escalated."""
    credit.fault = PlatformUnavailable()
    case = filed_food(food)
    reviewed(clerk, case)
    assert _listed(head) == []
    Hold.objects.update(escalated_at=timezone.now())
    assert _listed(head) == [case.case_no]


def test_the_held_list_names_the_applicant_and_masks_a_person(
    clerk: Client, head: Client, credit: Any, food: dict[str, Any], driver: dict[str, Any]
) -> None:
    """A firm is named in full, a natural person with the family name only."""
    credit.fault = PlatformUnavailable()
    reviewed(clerk, filed_food(food))
    reviewed(clerk, filed_driver(driver))
    text = head.get("/work/held/").content.decode()
    assert food["firm_name"] in text
    assert "黄＊＊" in text
    assert "黄示例" not in text


@pytest.mark.django_db(transaction=True)
def test_a_case_held_at_the_decision_does_not_offer_the_decision(
    clerk: Client, head: Client, remote_credit: Any, food: dict[str, Any]
) -> None:
    """The held step is no “step that need not wait”: neither the page nor a list leads into the 409."""
    case = filed_food(food)
    reviewed(clerk, case)
    remote_credit.fault = PlatformUnavailable()
    with clock.standing_at(clock.now() + timedelta(days=2)):
        attend(FoodBusinessFlow, task_named(case, "decide").pk)
        page = head.get(f"/cases/{case.pk}/")
        assert page.context["panel"].hold.node == "decide"
        assert page.context["next_step"].url == ""
        assert "不必等待的步骤" not in page.content.decode()
        (row,) = head.get("/work/?show=all").context["page"]
        assert not row.claimable
        assert row.step == Hold.objects.get(released_at=None).next_step
        claim(head, case, "decide")
        assert "继续办理" not in head.get(f"/cases/{case.pk}/").content.decode()


def test_a_case_held_at_its_gate_says_what_it_waits_for(clerk: Client, head: Client, food: dict[str, Any]) -> None:
    """The gate is nobody's step to claim: the page repeats what ends the hold."""
    case = _barred(clerk, food)
    step = head.get(f"/cases/{case.pk}/").context["next_step"]
    assert (step.kind, step.url) == ("wait", "")
    assert step.text == Hold.objects.get(released_at=None).next_step


def test_whoever_began_the_strict_review_does_not_decide(
    clerk: Client, head: Client, sign_in: Any, credit: Any, food: dict[str, Any], defaulter: CreditRecord
) -> None:
    """The evidence is reviewed by a second head: the first neither claims nor sends the decision."""
    credit.records = {food["firm_code"]: (defaulter,)}
    case = filed_food(food)
    reviewed(clerk, case)
    head.post(f"/cases/{case.pk}/credit/", {"action": "section_confirms:uphold", "reason": "情况属实，从严审核。"})
    page = head.get(f"/cases/{case.pk}/")
    assert (page.context["next_step"].kind, page.context["next_step"].url) == ("wait", "")
    assert "须由另一名负责人" in page.content.decode()
    assert claim(head, case, "decide").status_code == 403
    task = task_named(case, "decide")
    type(task).objects.filter(pk=task.pk).update(status="ASSIGNED", owner=User.objects.get(username="zhao"))
    sent = {"decision": "granted", "decision_reason": "符合法定条件，准予许可。"}
    refused = head.post(task.reverse("execute"), sent)
    assert "须由另一名负责人" in refused.content.decode()
    case.refresh_from_db()
    assert case.decision == ""
    type(task).objects.filter(pk=task.pk).update(status="NEW", owner=None)
    second = sign_in("qian", DECIDERS)
    assert claim(second, case, "decide").status_code == 302
    assert second.post(task.reverse("execute"), sent).status_code == 302


def test_whoever_declined_the_strict_review_may_decide(
    clerk: Client, head: Client, credit: Any, food: dict[str, Any], defaulter: CreditRecord
) -> None:
    """Nothing is left for a second person where the review is not strict."""
    credit.records = {food["firm_code"]: (defaulter,)}
    case = filed_food(food)
    reviewed(clerk, case)
    head.post(f"/cases/{case.pk}/credit/", {"action": "section_confirms:release", "reason": "情节轻微，不予从严。"})
    assert claim(head, case, "decide").status_code == 302
