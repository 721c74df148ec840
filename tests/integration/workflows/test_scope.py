"""Officers see the cases of their own organ and nothing else, in lists and in details."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.integration.workflows.driving import filed_driver, filed_food, posted, task_named
from workflows.flows import FoodBusinessFlow, RideHailingDriverFlow
from workflows.models import FoodBusinessCase, Officer

LISTS = ["/work/", "/work/?show=all", "/work/queue/", "/work/?show=all&q=440104"]


@pytest.mark.parametrize("url", LISTS)
def test_lists_hold_only_the_own_organ(url: str, clerk: Client, stranger: Client, food: dict[str, Any]) -> None:
    """The same list shows a case to its organ and not to another."""
    case = filed_food(food)
    assert case.case_no in clerk.get(url).content.decode()
    assert case.case_no not in stranger.get(url).content.decode()


@pytest.mark.parametrize("name", ["index", "detail", "execute", "assign", "unassign", "cancel", "undo", "revive"])
def test_no_page_of_a_task_opens_to_another_organ(name: str, stranger: Client, food: dict[str, Any]) -> None:
    """Every page Viewflow serves about a task answers 404 to another organ, to read and to send."""
    case = filed_food(food)
    url = task_named(case, "accept").reverse(name)
    assert stranger.get(url).status_code == 404
    assert stranger.post(url).status_code == 404


@pytest.mark.parametrize("suffix", ["", "withdraw/", "credit/", "claim/{task}/"])
def test_no_page_of_a_case_opens_to_another_organ(suffix: str, stranger: Client, food: dict[str, Any]) -> None:
    """Case page, withdrawal, settlement and claim answer 404 to another organ."""
    case = filed_food(food)
    url = f"/cases/{case.pk}/" + suffix.format(task=task_named(case, "accept").pk)
    assert stranger.post(url, {"reason": "x"}).status_code == 404
    case.refresh_from_db()
    assert case.withdrawn_at is None


def test_a_task_cannot_be_reached_through_another_case(
    clerk: Client, stranger: Client, food: dict[str, Any], driver: dict[str, Any]
) -> None:
    """An address that pairs an own case with a foreign task is refused, although both exist."""
    foreign = filed_food(food)
    own = filed_food(food)
    type(own).objects.filter(pk=own.pk).update(organ="天河区市场监督管理局（示例）")
    task = task_named(foreign, "accept")
    url = task.reverse("assign").replace(f"/{foreign.pk}/", f"/{own.pk}/", 1)
    assert stranger.post(url).status_code == 404
    assert stranger.post(f"/cases/{own.pk}/claim/{task.pk}/").status_code == 404
    task.refresh_from_db()
    assert task.owner is None


def test_viewflows_own_lists_lead_to_the_scoped_one(clerk: Client) -> None:
    """No unscoped list of the engine is left open, nor its bulk claim."""
    base = "/flows/licensing/"
    for path in ("inbox/", "queue/", "archive/", "queue/assign/", "inbox/unassign/"):
        assert clerk.get(base + path).headers["Location"] == "/work/"
    for path in ("", "tasks/", "flows/"):
        assert clerk.get(f"{base}flows/foodbusiness/{path}").headers["Location"] == "/work/"


def test_an_account_without_an_organ_is_told_so(food: dict[str, Any]) -> None:
    """A user bound to no organ sees no list and reads what to do."""
    client = Client()
    client.force_login(User.objects.create_user("nobody", password="long-enough-1"))
    response = client.get("/work/")
    assert response.status_code == 403
    assert "还没有绑定机关" in response.content.decode()


def test_a_visitor_is_led_to_the_login(food: dict[str, Any]) -> None:
    """Without a login no page of a case answers."""
    case = filed_food(food)
    for url in ("/work/", f"/cases/{case.pk}/", task_named(case, "accept").reverse("execute")):
        assert Client().get(url).headers["Location"].startswith("/login/")


def test_view_permission_is_per_matter(clerk: Client, food: dict[str, Any], driver: dict[str, Any]) -> None:
    """An officer of the same organ without the permission of a matter sees none of its cases."""
    from django.contrib.auth.models import Permission

    lin = User.objects.get(username="lin")
    lin.groups.clear()
    lin.user_permissions.add(Permission.objects.get(codename="view_foodbusinesscase"))
    seen, hidden = filed_food(food), filed_driver(driver)
    text = clerk.get("/work/?show=all").content.decode()
    assert seen.case_no in text
    assert hidden.case_no not in text
    assert clerk.get(f"/cases/{hidden.pk}/").status_code == 403


def test_officers_file_only_the_matters_of_their_organ(clerk: Client, food: dict[str, Any]) -> None:
    """A matter of another organ is not offered, and its form is refused in Chinese, to read and to send."""
    Officer.objects.filter(user__username="lin").update(matters=["ride-hailing-driver"])
    start = FoodBusinessFlow.start.reverse("execute")
    assert clerk.get("/work/new/").headers["Location"] == RideHailingDriverFlow.start.reverse("execute")
    for response in (clerk.get(start), clerk.post(start, posted(food))):
        assert response.status_code == 403
        assert "不受理“食品经营许可（新办）”" in response.content.decode()
    assert not FoodBusinessCase.objects.exists()
