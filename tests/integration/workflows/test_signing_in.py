"""A sign-in that expires while something is typed: nothing is lost in silence, no address answers a blank 405."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from tests.integration.workflows.driving import claim, filed_food, reviewed, task_named

SAID = "刚才提交的内容没有保存"


def posted_only(case: Any) -> dict[str, str]:
    """Every address that takes forms only, with the page it belongs to."""
    page = reverse("clerk:case", args=[case.pk])
    task = task_named(case, "accept")
    return {
        reverse("clerk:emergency-ask", args=[case.pk]): page,
        reverse("clerk:emergency-confirm", args=[case.pk, 1]): page,
        reverse("clerk:credit-settle", args=[case.pk]): page,
        reverse("clerk:supply", args=[case.pk]): page,
        reverse("clerk:claim", args=[case.pk, task.pk]): page,
        reverse("clerk:emergency-review", args=[1]): reverse("clerk:emergencies"),
    }


def signed_in_again(client: Client, answer: Any) -> Any:
    """Sign in where the answer leads, and follow to the page in the end."""
    assert answer.status_code == 302
    where = answer.headers["Location"]
    assert where.startswith("/login/")
    assert SAID in client.get(where).content.decode()
    going_to = parse_qs(urlsplit(where).query)["next"][0]
    return client.post(where, {"username": "zhao", "password": "long-enough-1", "next": going_to}, follow=True)


def test_an_address_for_forms_leads_to_its_page(head: Client, food: dict[str, Any]) -> None:
    """Whoever follows such an address, or reloads it, lands on the page and not on an empty 405."""
    for address, page in posted_only(filed_food(food)).items():
        answer = head.get(address)
        assert (answer.status_code, answer.headers.get("Location")) == (302, page), address
        assert SAID not in head.get(page).content.decode()
        assert head.put(address).status_code == 405


def test_what_was_sent_after_the_sign_in_expired_is_said_to_be_unsaved(head: Client, food: dict[str, Any]) -> None:
    """From every such address the way leads over the login to the page, which says it."""
    case = filed_food(food)
    for address in posted_only(case):
        visitor = Client()
        page = signed_in_again(visitor, visitor.post(address, {"text": "台风登陆，应急食堂明日须供餐。", "hours": "6"}))
        assert page.status_code == 200, address
        assert SAID in page.content.decode(), address
    assert case.task_set.filter(owner__isnull=False).count() == 0


def test_a_step_sent_after_the_sign_in_expired_says_so(clerk: Client, head: Client, food: dict[str, Any]) -> None:
    """The form is there again with the words that nothing was saved; sending it anew says them no more."""
    case = filed_food(food)
    reviewed(clerk, case)
    claim(head, case, "decide")
    url = task_named(case, "decide").reverse("execute")
    visitor = Client()
    page = signed_in_again(visitor, visitor.post(url, {"decision": "granted"}))
    assert SAID in page.content.decode()
    here = page.request["PATH_INFO"] + "?" + page.request["QUERY_STRING"]
    assert SAID not in visitor.post(here, {"decision": "granted"}).content.decode()
    case.refresh_from_db()
    assert case.decision == ""


@pytest.mark.parametrize("path", ["/work/", "/cases/1/"])
def test_who_only_looks_is_told_nothing_of_the_kind(path: str, food: dict[str, Any]) -> None:
    """An expired sign-in on a page that was only read lost nothing."""
    filed_food(food)
    answer = Client().get(path, follow=True)
    assert SAID not in answer.content.decode()
