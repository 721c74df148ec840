"""A sign-in that expires while an officer types: the text is back in its place after signing in again."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.test_pages import open_case, user_for, visible_text

REASON = "台风登陆，应急食堂明日须供餐，不能再等。"


def sign_in_again(page: Any, user: str, password: str) -> None:
    """What the officer meets after sending with an expired sign-in."""
    page.wait_for_url(lambda url: "login" in url)
    assert "没有保存" in visible_text(page)
    page.fill("input[name=username]", user)
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda url: "login" not in url)


@pytest.mark.parametrize("width", [1440, 360])
def test_the_text_of_an_emergency_request_is_put_back(visit: Any, demo: Any, shoot: Any, width: int) -> None:
    """Typed, sent too late, signed in again: the page says that nothing was saved and holds every word."""
    number = demo.case_numbers()["O-00"]
    user = user_for(number, "head")
    page = visit(user, width=width)
    open_case(page, demo.url, number)
    page.get_by_text("提请应急放行", exact=True).click()
    page.fill("#emergency-reason", REASON)
    page.fill("#emergency-hours", "5")
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="提请", exact=True).click()
    sign_in_again(page, user, demo.password)
    shoot(page, f"unsaved-{width}")
    assert "刚才提交的内容没有保存" in visible_text(page)
    assert "填写的内容已放回原处" in visible_text(page)
    assert (page.input_value("#emergency-reason"), page.input_value("#emergency-hours")) == (REASON, "5")
    assert page.locator("#emergency-reason").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.reload()
    assert page.input_value("#emergency-reason") == ""
    assert page.evaluate("sessionStorage.length") == 0


def test_what_one_officer_typed_is_not_put_before_another(visit: Any, demo: Any) -> None:
    """Another account that signs in at the same window finds an empty form."""
    number = demo.case_numbers()["O-00"]
    page = visit(user_for(number, "head"))
    open_case(page, demo.url, number)
    page.get_by_text("提请应急放行", exact=True).click()
    page.fill("#emergency-reason", REASON)
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="提请", exact=True).click()
    sign_in_again(page, user_for(number, "head2"), demo.password)
    assert "没有保存" in visible_text(page)
    assert "放回原处" not in visible_text(page)
    assert page.input_value("#emergency-reason") == ""
    assert page.evaluate("sessionStorage.length") == 0


def test_numbers_of_persons_are_not_kept_in_the_tab(visit: Any, demo: Any) -> None:
    """The application form keeps names and dates for the moment, never a document number."""
    page = visit("food-clerk")
    page.goto(demo.url + "/work/new/")
    page.fill("input[name=firm_name]", "示例餐饮有限公司")
    page.fill("input[name=persons-0-number]", "440300199001010016")
    page.evaluate("document.querySelector('form[novalidate]').addEventListener('submit', (e) => e.preventDefault())")
    page.get_by_role("button", name="登记收件").click()
    kept = page.evaluate("sessionStorage.getItem('clerk-sent')")
    assert "示例餐饮有限公司" in kept
    assert "440300199001010016" not in kept


@pytest.mark.parametrize("width", [1440, 360])
def test_the_chart_says_the_current_step_in_words(visit: Any, demo: Any, shoot: Any, width: int) -> None:
    """On a phone the picture is wider than the screen; the words above it are not."""
    number = demo.case_numbers()["O-06"]
    page = visit(user_for(number), width=width)
    open_case(page, demo.url, number)
    page.goto(page.url.rstrip("/") + "/chart/")
    shoot(page, f"chart-words-{width}")
    assert "现在的步骤" in visible_text(page)
    assert "带信封的是网上收件" in visible_text(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
