"""Anybody verifies a paper by number and code, and learns nothing without both."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from tests.integration.workflows.driving import filed_driver
from workflows.notices.automatic import receipt_facts
from workflows.notices.codes import new_code
from workflows.notices.issuing import issue, print_of
from workflows.notices.models import Notice
from workflows.notices.verifying import PER_MINUTE


@pytest.fixture(autouse=True)
def _fresh_limit() -> None:
    """Every test begins with all its tries."""
    cache.clear()


@pytest.fixture
def notice(driver: dict[str, Any]) -> Notice:
    """A receipt about a natural person."""
    filed_driver(driver)
    return Notice.objects.get(kind="receipt")


def told(client: Client, number: str, code: str) -> str:
    """What the page answers, without what differs in every answer."""
    answer = client.post("/verify/", {"number": number, "code": code})
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    return re.sub(r'value="[^"]*"', "", answer.content.decode())


def test_a_genuine_paper_is_told_without_signing_in(client: Client, notice: Notice) -> None:
    """Kind, organ, date, digests; the applicant masked, nothing of the case."""
    assert client.get("/verify/").status_code == 200
    text = told(client, notice.number.replace("〔", "[").replace("〕", "]"), notice.document.code.lower())
    assert "现行有效" in text
    for shown in (notice.document.title, notice.number, notice.organ, "黄＊＊", notice.text_digest):
        assert shown in text
    assert "黄示例" not in text
    assert "440104-" not in text
    assert print_of(notice).digest in told(client, notice.number, notice.document.code)


def test_the_answer_does_not_tell_which_of_the_two_was_wrong(client: Client, notice: Notice) -> None:
    """A wrong code for a real number and a real code for a wrong number read the same to the letter."""
    wrong_code = told(client, notice.number, new_code())
    wrong_number = told(client, notice.number.replace("1号", "999号"), notice.document.code)
    neither = told(client, "不存在的文号", new_code())
    assert wrong_code == wrong_number == neither
    assert "没有查到" in wrong_code


def test_a_mistyped_code_is_told_before_anything_is_looked_up(
    client: Client, notice: Notice, django_assert_num_queries: Any
) -> None:
    """A slip of the pen is called one, whatever the number, and no notice is looked for."""
    code = notice.document.code
    slip = code[:-1] + ("A" if code[-1] != "A" else "B")
    with django_assert_num_queries(0):
        text = told(client, notice.number, slip)
    assert "打错了" in text


def test_a_replaced_paper_says_by_which(client: Client, notice: Notice) -> None:
    """The paper was genuine and is no longer in force."""
    case = notice.process.coerced
    later = issue(case, "receipt", receipt_facts(case), None, supersedes=notice)
    text = told(client, notice.number, notice.document.code)
    assert f"已被 {later.number} 替代" in text


def test_one_address_tries_so_often_in_a_minute(client: Client, notice: Notice, settings: Any) -> None:
    """Then it is told to wait, also with the right code; another address goes on, and a proxy is seen through."""
    for _ in range(PER_MINUTE):
        told(client, notice.number, new_code())
    right = {"number": notice.number, "code": notice.document.code}
    refused = client.post("/verify/", right)
    assert refused.status_code == 429
    assert "现行有效" not in refused.content.decode()
    assert client.post("/verify/", right, REMOTE_ADDR="192.0.2.7").status_code == 200
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert client.post("/verify/", right, HTTP_X_FORWARDED_FOR="192.0.2.1, 192.0.2.8").status_code == 200


@pytest.mark.parametrize("typed", ["<script>alert(1)</script>", "' OR 1=1 --", "\x00", "号" * 65])
def test_hostile_input_is_an_ordinary_miss(client: Client, db: None, typed: str) -> None:
    """Whatever is typed is text, shown escaped."""
    text = client.post("/verify/", {"number": typed, "code": new_code()}).content.decode()
    assert "<script>alert" not in text
    assert "现行有效" not in text


def test_a_form_without_token_is_refused(notice: Notice) -> None:
    """The page is public, its form still needs the token of the page."""
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/verify/", {"number": notice.number, "code": notice.document.code}).status_code == 403
