"""The two flows from filing to the end, through the pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from viewflow.workflow.status import PROCESS, STATUS

from approval_hook.policy.workdays import add_workdays
from approval_hook.workcalendar import published_calendar
from tests.integration.workflows.driving import (
    REFUSAL,
    accepted,
    accepted_on_promise,
    claim,
    do,
    filed_driver,
    filed_food,
    open_names,
    promised,
    reviewed,
    task_named,
)


@pytest.mark.parametrize("matter", ["food", "driver"])
def test_a_granted_case_runs_to_delivery(
    matter: str, clerk: Client, head: Client, food: dict[str, Any], driver: dict[str, Any]
) -> None:
    """Accept, review, grant by another person, deliver: the process is done and every date is set."""
    case = filed_food(food) if matter == "food" else filed_driver(driver)
    reviewed(clerk, case)
    assert do(head, case, "decide", {"decision": "granted", "decision_reason": "符合条件"}).status_code == 302
    assert do(clerk, case, "deliver", {"way": "直接送达", "receiver": "李示例"}).status_code == 302
    case.refresh_from_db()
    assert case.status == PROCESS.DONE
    assert case.decision == "granted"
    assert case.accepted_at < case.reviewed_at < case.decided_at < case.delivered_at
    assert case.decided_by != case.accepted_by
    assert open_names(case) == []


def test_a_refused_case_ends_without_delivery_of_a_licence(clerk: Client, head: Client, food: dict[str, Any]) -> None:
    """A refusal with article and remedies ends the process at the refusal."""
    case = filed_food(food)
    reviewed(clerk, case)
    data = {"decision": "refused", "decision_reason": REFUSAL, "remedy_told": "on"}
    assert do(head, case, "decide", data).status_code == 302
    case.refresh_from_db()
    assert (case.status, case.decision, case.delivered_at) == (PROCESS.DONE, "refused", None)
    assert task_named(case, "end_refused").status == STATUS.DONE
    assert REFUSAL in clerk.get(f"/cases/{case.pk}/").content.decode()


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"decision_reason": "信用不好", "remedy_told": "on"}, "法律条款"),
        ({"decision_reason": REFUSAL}, "救济途径"),
        ({"remedy_told": "on"}, "请填写理由"),
    ],
)
def test_a_refusal_without_article_or_remedy_is_not_sent(
    clerk: Client, head: Client, food: dict[str, Any], data: dict[str, str], problem: str
) -> None:
    """A refusal says facts, article and remedies, or it is not made."""
    case = filed_food(food)
    reviewed(clerk, case)
    response = do(head, case, "decide", {"decision": "refused"} | data)
    assert problem in response.content.decode()
    case.refresh_from_db()
    assert case.decision == ""


def test_a_missing_required_material_stops_acceptance(clerk: Client, food: dict[str, Any]) -> None:
    """A material the law requires is never tolerated missing, promise or not."""
    case = filed_food(food)
    present = [code for code in food["materials"] if code != "safety-rules"]
    response = do(clerk, case, "accept", {"materials": present})
    assert "食品安全规章制度" in response.content.decode()
    assert "“食品安全规章制度”不能容缺" in promised(clerk, case, present, _soon()).content.decode()
    case.refresh_from_db()
    assert case.accepted_at is None


def test_a_missing_secondary_material_needs_a_signed_promise(clerk: Client, food: dict[str, Any]) -> None:
    """A secondary material may follow when promise and date are there, and only then."""
    food["materials"].remove("service-address")
    case = filed_food(food)
    response = do(clerk, case, "accept", {"materials": food["materials"]})
    assert "容缺承诺书" in response.content.decode()
    assert "来得及审查" in promised(clerk, case, food["materials"], "2099-01-05").content.decode()
    assert accepted_on_promise(clerk, case, food["materials"], _soon()).status_code == 302
    case.refresh_from_db()
    assert str(case.supply_until) == _soon()
    assert case.accepted_at is not None


def test_who_accepted_cannot_decide(clerk: Client, food: dict[str, Any]) -> None:
    """Even with the permission to decide, the accepting officer can neither claim nor carry out the decision."""
    case = filed_food(food)
    reviewed(clerk, case)
    lin = User.objects.get(username="lin")
    lin.user_permissions.add(_permission("decide_foodbusinesscase"))
    task = task_named(case, "decide")
    assert claim(clerk, case, "decide").status_code == 403
    assert clerk.post(task.reverse("assign")).status_code == 403
    task.owner, task.status = lin, STATUS.ASSIGNED
    task.save()
    assert clerk.get(task.reverse("execute")).status_code == 403
    assert clerk.post(task.reverse("execute"), {"decision": "granted", "decision_reason": "x"}).status_code == 403


def test_the_database_refuses_one_person_for_both(clerk: Client, food: dict[str, Any]) -> None:
    """A hand-written update that makes the accepting officer the decider breaks a constraint."""
    case = filed_food(food)
    accepted(clerk, case)
    with pytest.raises(IntegrityError), transaction.atomic():
        type(case).objects.filter(pk=case.pk).update(decided_by=case.accepted_by)


def test_a_clerk_may_not_decide_and_a_head_may_not_accept(clerk: Client, head: Client, food: dict[str, Any]) -> None:
    """Each step belongs to its group."""
    case = filed_food(food)
    assert claim(head, case, "accept").status_code == 403
    reviewed(clerk, case)
    assert claim(clerk, case, "decide").status_code == 403


def test_the_second_of_two_claims_is_told(clerk: Client, sign_in: Any, food: dict[str, Any]) -> None:
    """Two officers who claim the same step: one gets it, the other reads who was faster."""
    case = filed_food(food)
    second = sign_in("su", "窗口经办")
    claim(clerk, case, "accept")
    response = second.post(f"/cases/{case.pk}/claim/{task_named(case, 'accept').pk}/", follow=True)
    assert "已由他人领取" in response.content.decode()
    assert task_named(case, "accept").owner.username == "lin"


def test_a_double_click_is_told_in_chinese(clerk: Client, food: dict[str, Any]) -> None:
    """The same form sent twice accepts once; the second answer says so and leads back to the case."""
    case = filed_food(food)
    accepted(clerk, case)
    first = case.accepted_at
    again = clerk.post(task_named(case, "accept").reverse("execute"), {"materials": case.materials})
    assert again.status_code == 403
    text = again.content.decode()
    assert "这一步已经办结" in text
    assert f'href="/cases/{case.pk}/"' in text
    case.refresh_from_db()
    assert case.accepted_at == first


def test_undoing_the_decision_takes_it_back(clerk: Client, head: Client, manager: Client, food: dict[str, Any]) -> None:
    """A manager who undoes and revives the decision leaves no decision behind, and the step is open again."""
    case = filed_food(food)
    reviewed(clerk, case)
    do(head, case, "decide", {"decision": "granted", "decision_reason": "符合条件"})
    assert manager.post(task_named(case, "deliver").reverse("cancel")).status_code == 302
    assert manager.post(task_named(case, "check_granted").reverse("undo")).status_code == 302
    assert manager.post(task_named(case, "decide").reverse("undo")).status_code == 302
    case.refresh_from_db()
    assert (case.decision, case.decided_at, case.decided_by) == ("", None, None)
    assert manager.post(task_named(case, "decide").reverse("revive")).status_code == 302
    assert open_names(case) == ["decide"]


def _soon() -> str:
    return str(add_workdays(timezone.localdate(), 4, published_calendar()).on)


def _permission(codename: str) -> Any:
    from django.contrib.auth.models import Permission

    return Permission.objects.get(codename=codename)
