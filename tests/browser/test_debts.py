"""欠查清单 in a browser: wide and narrow, filtered, overdue, found late and taken up, for the organ alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

FOODS = """SELECT 'viewflow_process:' || process_ptr_id, 'workflows/flows.food.FoodBusinessFlow', case_no
    FROM workflows_foodbusinesscase ORDER BY process_ptr_id LIMIT 3"""
DRIVERS = """SELECT 'viewflow_process:' || process_ptr_id, 'workflows/flows.ridehailing.RideHailingDriverFlow', case_no
    FROM workflows_ridehailingdrivercase LIMIT 1"""
ADD = """INSERT OR REPLACE INTO approval_hook_recheck (due_on, waits_for, silent, attempts, escalated_at, paid_at,
    found, after_decision, supervise, host_key, flow, case_no, owed_since, next_try_at, handled_by, handling)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, '', '')"""


@pytest.fixture
def owed(demo: Any) -> Iterator[dict[str, list[str]]]:
    """Debts as the gate leaves them, in the running demonstration; case numbers by organ."""
    now = datetime.now(UTC).replace(tzinfo=None)
    at, later = str(now), str(now + timedelta(hours=6))
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    past, soon = str(today - timedelta(days=4)), str(today + timedelta(days=4))
    with closing(sqlite3.connect(demo.state / "demo.sqlite3", timeout=30)) as database, database:
        before = database.execute("SELECT * FROM approval_hook_recheck").fetchall()
        database.execute("DELETE FROM approval_hook_recheck")
        foods, drivers = database.execute(FOODS).fetchall(), database.execute(DRIVERS).fetchall()
        # None waits for a silent source: the running demonstration would see that it is back, and pay.
        states = [
            (past, ",province,", ",", 3, at, None, "", False),
            (soon, ",creditchina,", ",", 0, None, None, "", False),
            (soon, ",province,", ",", 1, None, at, "O-06", True),
        ]
        for (key, flow, number), state in zip([*foods, *drivers], [*states, states[0]], strict=True):
            database.execute(ADD, (*state, key, flow, number, at, later))
    yield {"food": [number for *_, number in foods], "driver": [number for *_, number in drivers]}
    with closing(sqlite3.connect(demo.state / "demo.sqlite3", timeout=30)) as database, database:
        database.execute("DELETE FROM approval_hook_recheck")
        marks = ", ".join("?" * len(before[0])) if before else ""
        for row in before:
            database.execute(f"INSERT INTO approval_hook_recheck VALUES ({marks})", row)


@pytest.mark.parametrize("width", [1440, 360])
def test_supervisor_reads_filters_and_takes_up(
    width: int, owed: dict[str, list[str]], visit: Any, demo: Any, shoot: Any
) -> None:
    """What was found late first, overdue marked, one filter at a time, nothing sideways, nothing of another organ."""
    page = visit("food-head", width=width)
    page.goto(demo.url + "/work/held/")
    assert "有 1 件补查已逾期" in page.locator("main").inner_text()
    page.get_by_role("link", name="欠查", exact=True).click()
    page.wait_for_url("**/work/debts/")
    shoot(page, f"debts-{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    text = page.locator("main").inner_text()
    assert text.index("决定之后查到记录") < text.index("待补查　")
    assert "逾期 4 天" in text
    assert "已提请督办" in text
    assert all(number in text for number in owed["food"])
    assert not any(number in text for number in owed["driver"])
    page.get_by_role("link", name="只看逾期").click()
    page.wait_for_url("**overdue=1*")
    table = page.locator("table.work").inner_text()
    assert owed["food"][0] in table
    assert owed["food"][1] not in table
    page.get_by_label("处理情况").fill("已转食品监管科核查。")
    page.get_by_role("button", name="登记处理情况").click()
    page.wait_for_load_state()
    text = page.locator("main").inner_text()
    assert "已登记处理情况" in text
    assert "决定之后查到记录" not in text
    page.get_by_role("link", name="前补查").first.click()
    page.wait_for_url("**/cases/*/")
    assert owed["food"][0] in page.locator("main").inner_text()


def test_an_organ_without_debts_reads_so(owed: dict[str, list[str]], visit: Any, demo: Any, shoot: Any) -> None:
    """The list is the organ's own; empty it says so, and it has its English."""
    with closing(sqlite3.connect(demo.state / "demo.sqlite3", timeout=30)) as database, database:
        database.execute("DELETE FROM approval_hook_recheck WHERE case_no = ?", (owed["driver"][0],))
    page = visit("driver-head", width=360)
    page.goto(demo.url + "/work/debts/")
    shoot(page, "debts-empty-360")
    assert "没有欠查的办件。" in page.locator("main").inner_text()
    page.get_by_role("button", name="English").click()
    page.wait_for_load_state()
    assert "No re-check is owed." in page.locator("main").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
