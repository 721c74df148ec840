"""The policy desk as policy staff see it, wide and on a phone: read, search, picture, compare, draft, review."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

#: Latin words that a Chinese page of rules may show: codes, file names, the product that staff use, the switch.
_ALLOWED = re.compile(r"English|Excel|xlsx|[A-Za-z0-9]*[-_./][A-Za-z0-9_./-]*|[0-9a-f]{12,64}")


def top_of(page: Any, url: str) -> str:
    """Address of the version in force, as the list links to it."""
    page.goto(url + "/rules/")
    return str(page.locator("table a.go", has_text="规则").last.get_attribute("href"))


def pages_of(top: str) -> dict[str, str]:
    """Every kind of page that only shows, by the name of its screenshot."""
    return {
        "versions": "/rules/",
        "version": top,
        "matters": f"{top}matters/",
        "matter": f"{top}matters/food-business/",
        "measures": f"{top}measures/",
        "measure": f"{top}measures/wage-48-entry/",
        "lists": f"{top}lists/",
        "list": f"{top}lists/wage_arrears/",
        "bars": f"{top}bars/",
        "bar": f"{top}bars/licensing-78/",
        "bases": f"{top}bases/",
        "basis": f"{top}bases/xkf-78/",
        "clocks": f"{top}clocks/",
        "tolerances": f"{top}tolerances/",
        "others": f"{top}others/",
        "unverified": f"{top}unverified/",
        "findings": f"{top}findings/",
        "reach": f"{top}reach/",
        "reach-by-matter": f"{top}reach/?by=matter",
        "picture": f"{top}reach/picture/",
        "picture-all": f"{top}reach/picture/?all=1",
        "compare": "/rules/compare/",
        "draft-new": f"{top}draft/",
        "drafts": "/rules/drafts/",
    }


@pytest.mark.parametrize("width", [1440, 360])
def test_every_page_fits(width: int, visit: Any, demo: Any, shoot: Any) -> None:
    """No page scrolls sideways, each has one heading and one primary button at most, and the words are Chinese."""
    page = visit("rules-author", width=width, height=900 if width > 500 else 740)
    for name, path in pages_of(top_of(page, demo.url)).items():
        response = page.goto(demo.url + path)
        shoot(page, f"rules-{name}-{width}")
        assert response.status == 200, path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.locator("h1").count() == 1, path
        assert page.locator(".btn.primary").count() <= 1, path
        text = _ALLOWED.sub("", page.locator("body").inner_text())
        if name in ("versions", "version", "matter", "measure", "reach", "picture", "draft-new", "drafts"):
            assert re.findall(r"[A-Za-z]{4,}", text) == [], path


def test_the_keyboard_reaches_marks_and_shows_where_it_is(visit: Any, demo: Any, shoot: Any) -> None:
    """A mark of the picture takes the focus, shows it, names its pair and leads to the measure by Enter."""
    page = visit("rules-author")
    page.goto(demo.url + top_of(page, demo.url) + "reach/picture/")
    mark = page.locator(".marks svg a", has=page.locator("g")).first
    mark.focus()
    assert page.evaluate("document.activeElement.closest('.marks') !== null")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    shoot(page, "rules-picture-focus")
    assert outline == "solid"
    assert "→" in mark.locator("title").text_content()
    page.keyboard.press("Enter")
    page.wait_for_url("**/measures/**")
    assert "及于" in page.locator("body").inner_text()


def test_on_a_phone_the_picture_scrolls_in_its_own_box(visit: Any, demo: Any) -> None:
    """Names stay in sight while the marks scroll, and the page itself does not move."""
    page = visit("rules-author", width=360, height=740)
    page.goto(demo.url + top_of(page, demo.url) + "reach/picture/")
    box = page.locator(".picture .marks")
    assert box.evaluate("e => e.scrollWidth > e.clientWidth")
    before = page.locator(".picture .names").bounding_box()
    box.evaluate("e => { e.scrollLeft = 200; }")
    assert box.evaluate("e => e.scrollLeft") > 0
    assert page.locator(".picture .names").bounding_box()["x"] == before["x"] >= 0


def test_search_needs_no_script(chromium: Any, demo: Any) -> None:
    """With scripts off, search, tabs, paging and picture work."""
    context = chromium.new_context(java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    page.goto(demo.url + "/login/")
    page.fill("input[name=username]", "rules-publisher")
    page.fill("input[name=password]", demo.password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/rules/")
    page.locator("table a.go").last.click()
    page.get_by_role("link", name=re.compile("^事项")).first.click()
    page.get_by_label("在事项中查找").fill("食品 经营许可")
    page.keyboard.press("Enter")
    page.wait_for_url("**/matters/?q=*")
    assert page.locator("table a.go").all_inner_texts() == ["食品经营许可（新办）"]
    page.get_by_role("link", name="措施与事项").click()
    page.get_by_role("link", name="图", exact=True).click()
    page.wait_for_url("**/picture/**")
    page.locator(".marks svg a g").first.wait_for()
    page.wait_for_load_state()
    assert page.locator(".marks svg a g").count() > 100
    context.close()


def changed(raw: bytes, header: str, value: str) -> bytes:
    """A workbook with one cell of its first measure changed."""
    book = load_workbook(io.BytesIO(raw))
    sheet = book["备忘录措施清单"]
    sheet.cell(2, [cell.value for cell in sheet[1]].index(header) + 1).value = value
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def test_a_draft_from_download_to_review(visit: Any, demo: Any, shoot: Any, tmp_path: Path) -> None:
    """Download, upload with a mistake, mend, see the difference, submit; a second person sends it back."""
    author = visit("rules-author")
    top = top_of(author, demo.url)
    author.goto(demo.url + top)
    with author.expect_download() as waiting:
        author.get_by_role("link", name="下载 Excel").click()
    raw = Path(waiting.value.path()).read_bytes()
    (tmp_path / "错.xlsx").write_bytes(changed(raw, "措施效果", "随便"))
    (tmp_path / "对.xlsx").write_bytes(changed(raw, "实施机关", "示例机关"))

    author.goto(demo.url + top + "draft/")
    author.get_by_label("新版本号").fill("demo-next")
    author.get_by_label("生效日期").fill("2099-01-01")
    author.get_by_label("三张清单的 Excel 文件").set_input_files(tmp_path / "错.xlsx")
    author.get_by_role("button", name="上传并检查").click()
    shoot(author, "rules-draft-errors")
    text = author.locator("body").inner_text()
    assert "文件中有 1 处错误，全部没有导入" in text
    assert "备忘录措施清单" in text
    assert author.get_by_label("新版本号").input_value() == "demo-next"
    author.get_by_label("三张清单的 Excel 文件").set_input_files(tmp_path / "对.xlsx")
    author.get_by_role("button", name="上传并检查").click()
    author.wait_for_url("**/rules/drafts/*/")
    shoot(author, "rules-draft")
    text = author.locator("body").inner_text()
    assert "示例机关" in text
    assert "改前" in text
    author.get_by_role("button", name="提交审查").click()
    assert "等待另一人审查和发布" in author.locator("body").inner_text()

    reviewer = visit("rules-publisher", width=360, height=740)
    reviewer.goto(author.url)
    shoot(reviewer, "rules-draft-review-360")
    assert reviewer.evaluate("document.documentElement.scrollWidth") <= 360
    reviewer.goto(author.url + "publish/")
    shoot(reviewer, "rules-draft-publish-360")
    assert reviewer.evaluate("document.documentElement.scrollWidth") <= 360
    reviewer.goto(author.url + "return/")
    reviewer.get_by_label("退回理由").fill("第 2 行的实施机关应为许可机关。")
    reviewer.get_by_role("button", name="退回修改").click()
    author.goto(author.url)
    shoot(author, "rules-draft-returned")
    assert "第 2 行的实施机关应为许可机关。" in author.locator("body").inner_text()
    author.get_by_role("link", name="撤回草案").click()
    author.get_by_label("我确认放弃这份草案").check()
    author.keyboard.press("Enter")
    assert "确认撤回" in author.locator("body").inner_text(), "Enter alone must not give a draft up"
    author.get_by_role("button", name="确认撤回").click()
    assert "草案已撤回" in author.locator("body").inner_text()


def test_an_officer_is_kept_out(visit: Any, demo: Any, shoot: Any) -> None:
    """A clerk sees no link, and the page says who may."""
    page = visit("food-clerk")
    assert page.get_by_role("link", name="规则", exact=True).count() == 0
    assert page.goto(demo.url + "/rules/").status == 403
    shoot(page, "rules-refused")
    assert "起草或发布规则的人员" in page.locator("body").inner_text()
