"""The pages as an officer sees them: Chinese, one next action, reasons to the article, wide and narrow."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from approval_hook import clock

OUTCOMES = [f"O-{n:02d}" for n in range(11)]
#: Latin words a Chinese page may show: codes of rules and records, key caps, the language switch.
_ALLOWED = re.compile(r"English|Enter|[A-Za-z0-9]*[-_•][A-Za-z0-9•_-]*|[0-9A-Z]{15,18}")


def open_case(page: Any, url: str, number: str) -> None:
    """Find a case by its number, as a clerk does."""
    page.goto(f"{url}/find/?q={number}")
    if page.locator("h1").first.inner_text().strip() in ("没有这一页",):
        raise AssertionError(page.url)


def user_for(number: str, role: str = "clerk") -> str:
    """A demo user of the organ that handles a case."""
    return f"{'food' if number.startswith('440104') else 'driver'}-{role}"


def visible_text(page: Any) -> str:
    """Everything a person can read on the page."""
    return str(page.locator("body").inner_text())


def test_inbox_is_chinese_and_leads_to_the_next_step(visit: Any, demo: Any, shoot: Any) -> None:
    """The list puts the next step first, shows channel in words and working days left."""
    page = visit("food-clerk")
    page.goto(demo.url + "/work/?show=all")
    shoot(page, "inbox")
    heads = page.locator("thead th").all_inner_texts()
    assert heads[0] == "下一步"
    text = visible_text(page)
    assert "个工作日" in text
    assert any(word in text for word in ("普通程序", "绿色通道"))
    assert page.locator("html").get_attribute("lang").lower().startswith("zh")


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_case_page_per_outcome(outcome: str, visit: Any, demo: Any, shoot: Any) -> None:
    """Every outcome class has a case page with verdict, reasons with basis, and at most one primary button."""
    number = demo.case_numbers()[outcome]
    page = visit(user_for(number))
    open_case(page, demo.url, number)
    shoot(page, f"case-{outcome}")
    text = visible_text(page)
    assert number in text
    assert "为什么" in text
    assert "《" in text
    assert page.locator(".btn.primary").count() <= 1
    assert not re.search(r"\b\d{17}[\dX]\b", text), "a personal number is shown in full"
    if outcome == "O-00":
        assert "待核" in text
        for claim in ("无记录", "没有不良记录", "没有可用的失信记录"):
            assert claim not in page.locator(".verdict").inner_text()
            assert claim not in page.locator(".subj").first.inner_text()


@pytest.mark.parametrize("outcome", ["O-04", "O-09", "O-00"])
def test_pages_fit_a_phone(outcome: str, visit: Any, demo: Any, shoot: Any) -> None:
    """At 360 px nothing scrolls sideways, on the list and on the case page."""
    number = demo.case_numbers()[outcome]
    page = visit(user_for(number), width=360, height=740)
    for name, path in (("inbox", "/work/?show=all"), ("case", f"/find/?q={number}")):
        page.goto(demo.url + path)
        shoot(page, f"phone-{name}-{outcome}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_no_english_is_left_on_chinese_pages(visit: Any, demo: Any) -> None:
    """No page of the application falls back to English words of the engine."""
    number = demo.case_numbers()["O-06"]
    page = visit(user_for(number))
    for path in ("/work/", "/work/queue/", "/work/done/", "/work/new/", f"/find/?q={number}"):
        page.goto(demo.url + path)
        text = _ALLOWED.sub("", visible_text(page))
        assert re.findall(r"[A-Za-z]{4,}", text.replace("food-clerk", "")) == [], path


def test_language_can_be_switched(visit: Any, demo: Any, shoot: Any) -> None:
    """English is one click away and stays."""
    page = visit("food-clerk")
    page.goto(demo.url + "/work/")
    page.get_by_role("button", name="English").or_(page.get_by_role("link", name="English")).click()
    page.wait_for_load_state()
    shoot(page, "inbox-english")
    assert page.locator("html").get_attribute("lang") == "en"


def test_head_settles_a_bar_and_the_case_goes_on(visit: Any, demo: Any, shoot: Any) -> None:
    """An adverse step needs a reason and a second person; then the decision step opens."""
    number = demo.case_numbers()["O-05"]
    clerk = visit(user_for(number))
    open_case(clerk, demo.url, number)
    assert clerk.locator("textarea[name=reason]").count() == 0, "a clerk may not settle what only the head may"
    head = visit(user_for(number, "head"))
    open_case(head, demo.url, number)
    shoot(head, "head-settles")
    head.get_by_label("确认不适用").check()
    head.locator("textarea[name=reason]").fill("拖欠工资已付清，依法不适用。")
    head.locator("textarea[name=reason]").press("Enter")
    assert "确认不适用" in visible_text(head), "Enter alone must not send an adverse step"
    for box in head.locator("form input[type=checkbox]").all():
        box.check()
    head.get_by_role("button", name="提交结论").click()
    head.wait_for_load_state()
    shoot(head, "head-settled")
    assert "负责人确认不适用" in visible_text(head)
    assert "领取并办理" in visible_text(head)


def test_on_a_phone_the_credit_verdict_follows_the_next_step(visit: Any, demo: Any) -> None:
    """At 360 px the reader meets the next step, then the verdict, then history and facts."""
    number = demo.case_numbers()["O-09"]
    page = visit(user_for(number), width=360, height=740)
    open_case(page, demo.url, number)
    tops = [page.locator(part).first.bounding_box()["y"] for part in (".next", ".credit", ".tl", ".facts")]
    assert tops == sorted(tops)


def test_a_window_offers_only_its_own_matter(visit: Any, demo: Any) -> None:
    """Filing opens the one form of the organ, with the cursor on its first field and a button for more people."""
    page = visit("food-clerk")
    page.goto(demo.url + "/work/new/")
    assert "/foodbusiness/start/" in page.url
    assert page.evaluate("document.activeElement.name") == "firm_name"
    page.fill("input[name=firm_name]", "示例餐饮有限公司")
    page.get_by_role("button", name="增加人员").click()
    page.wait_for_load_state()
    assert page.input_value("input[name=firm_name]") == "示例餐饮有限公司"
    assert page.locator("input[name=persons-4-name]").count() == 1
    other = page.goto(demo.url + "/flows/licensing/flows/ridehailingdriver/start/")
    assert other.status == 403
    assert "不受理" in visible_text(page)


_DRAWN = """() => [...document.querySelectorAll('g[id^=credit_before_]')].map(g => {
  const box = e => { const b = e.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom] };
  return {
    id: g.id,
    state: g.getAttribute('class'),
    fill: getComputedStyle(g.querySelector('rect.task')).fill,
    rect: box(g.querySelector('rect.task')),
    text: box(g.querySelector('text')),
    words: g.querySelector('text').textContent.trim(),
    symbol: [...g.querySelectorAll('path')].map(box),
  };
})"""


def test_chart_of_a_held_case_shows_the_gates(visit: Any, demo: Any, shoot: Any) -> None:
    """Symbol and caption stand apart inside their box, and a waiting gate has another colour than a passed one."""
    number = demo.case_numbers()["O-06"]
    page = visit(user_for(number))
    open_case(page, demo.url, number)
    page.goto(page.url.rstrip("/") + "/chart/")
    page.locator("img").first.wait_for()
    shoot(page, "chart-held")
    image = page.request.get(demo.url + page.locator(".scroll img").get_attribute("src")).text()
    blank = page.context.new_page()  # a page of the application would refuse the image's own styles
    blank.set_content(f"<div style='width:1400px'>{image}</div>")
    drawn = {gate["id"]: gate for gate in blank.evaluate(_DRAWN)}
    assert {name: gate["state"] for name, gate in drawn.items()} == {
        "credit_before_accept": "done",
        "credit_before_decide": "started",
    }
    assert len({gate["fill"] for gate in drawn.values()}) == 2
    for gate in drawn.values():
        assert gate["words"].startswith("信用核查")
        left, top, right, bottom = gate["rect"]
        for box in (gate["text"], *gate["symbol"]):
            assert left < box[0] < box[2] < right, gate
            assert top < box[1] < box[3] < bottom, gate
        assert max(box[3] for box in gate["symbol"]) <= gate["text"][1], gate


@pytest.fixture
def late(demo: Any) -> Iterator[int]:
    """An accepted case whose promised paper is out since yesterday; set back afterwards."""
    table = "workflows_foodbusinesscase"
    with closing(sqlite3.connect(demo.state / "demo.sqlite3", timeout=30)) as database, database:
        pk, papers, until = database.execute(
            f"SELECT process_ptr_id, materials, supply_until FROM {table}"
            " JOIN viewflow_process p ON p.id = process_ptr_id"
            " WHERE accepted_at IS NOT NULL AND decision = '' AND p.status = 'NEW'"
            " AND case_no NOT IN (SELECT case_no FROM approval_hook_promise) ORDER BY 1 LIMIT 1"
        ).fetchone()
        out = [code for code in json.loads(papers) if code != "service-address"]
        changed = f"UPDATE {table} SET materials = ?, supply_until = ? WHERE process_ptr_id = ?"
        database.execute(changed, (json.dumps(out), str(clock.today() - timedelta(days=9)), pk))
    yield pk
    with closing(sqlite3.connect(demo.state / "demo.sqlite3", timeout=30)) as database, database:
        database.execute(changed, (papers, until, pk))


@pytest.mark.parametrize("width", [1440, 360])
def test_s16_a_late_supplement_is_for_the_head_to_admit(
    width: int, late: int, visit: Any, demo: Any, shoot: Any
) -> None:
    """The clerk reads who decides; the head ticks, says why, and the history has it."""
    page = visit("food-clerk", width=width)
    page.goto(f"{demo.url}/cases/{late}/")
    assert "请负责人在本页登记并写明理由" in page.locator("main").inner_text()
    assert page.get_by_label("采用理由").count() == 0
    shoot(page, f"late-supply-clerk-{width}")
    page = visit("food-head", width=width)
    page.goto(f"{demo.url}/cases/{late}/")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    shoot(page, f"late-supply-head-{width}")
    page.get_by_label("送达地址确认书").check()
    page.get_by_label("采用理由").fill("系统故障所致")
    page.get_by_role("button", name="登记补交").click()
    page.wait_for_load_state()
    assert "逾期补交，准予采用：系统故障所致" in page.locator("main").inner_text()
