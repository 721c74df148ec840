"""待补核 in a browser: wide and narrow, with cases queued and checked, for the organ alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

FOODS = """SELECT 'viewflow_process:' || process_ptr_id, 'workflows/flows.food.FoodBusinessFlow', case_no
    FROM workflows_foodbusinesscase LIMIT 5"""
DRIVERS = """SELECT 'viewflow_process:' || process_ptr_id, 'workflows/flows.ridehailing.RideHailingDriverFlow', case_no
    FROM workflows_ridehailingdrivercase LIMIT 1"""
ADD = """INSERT INTO approval_hook_latecheck ("where", attempts, done_at, found, host_key, flow, found_at, next_try_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""


@pytest.fixture(scope="module")
def queued(demo: Any) -> Iterator[dict[str, list[str]]]:
    """Late checks as a sweep leaves them, in the running demonstration; case numbers by organ."""
    now = datetime.now(UTC).replace(tzinfo=None)
    at, later = str(now), str(now + timedelta(hours=6))  # until then the demonstration's own runner leaves them alone
    with closing(sqlite3.connect(demo.state / "demo.sqlite3", timeout=30)) as database, database:
        foods, drivers = database.execute(FOODS).fetchall(), database.execute(DRIVERS).fetchall()
        owed = [("at", 0, None, ""), ("before", 2, None, ""), ("past", 1, None, "")]
        made = [("past", 0, at, "O-06"), ("at", 0, at, "")]
        for (key, flow, _), state in zip([*foods, *drivers], [*owed, *made, owed[0]], strict=True):
            database.execute(ADD, (*state, key, flow, at, later))
    yield {"food": [number for *_, number in foods], "driver": [number for *_, number in drivers]}
    with closing(sqlite3.connect(demo.state / "demo.sqlite3", timeout=30)) as database, database:
        database.execute("DELETE FROM approval_hook_latecheck")


@pytest.mark.parametrize("width", [1440, 360])
def test_supervisor_reads_what_is_owed_and_what_was_found(
    width: int, queued: dict[str, list[str]], visit: Any, demo: Any, shoot: Any
) -> None:
    """Open checks first, then those made, nothing of another organ, nothing sideways, and the case one click away."""
    page = visit("food-head", width=width)
    page.goto(demo.url + "/work/held/")
    page.get_by_role("link", name="待补核", exact=True).click()
    page.wait_for_url("**/work/late/")
    shoot(page, f"late-{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    text = page.locator("main").inner_text()
    assert text.index("决定前补核") < text.index("事后补核") < text.index("最近补核的办件")
    assert "已报警" in text
    assert "试过 2 次，未成" in text
    assert "严重失信主体，建议从严审核，由科室确认" in text
    assert all(number in text for number in queued["food"])
    assert not any(number in text for number in queued["driver"])
    page.get_by_role("link", name="决定前补核").click()
    page.wait_for_url("**/cases/*/")
    assert queued["food"][0] in page.locator("main").inner_text()


def test_head_of_another_organ_reads_that_organ_alone(
    queued: dict[str, list[str]], visit: Any, demo: Any, shoot: Any
) -> None:
    """The list is the organ's own, and the page has its English."""
    page = visit("driver-head")
    page.goto(demo.url + "/work/late/")
    text = page.locator("main").inner_text()
    assert queued["driver"][0] in text
    assert not any(number in text for number in queued["food"])
    page.get_by_role("button", name="English").click()
    page.wait_for_load_state()
    shoot(page, "late-english")
    assert "Checked before its decision" in page.locator("main").inner_text()
