"""容缺受理: promised materials are shown, supplied and waited for before a grant."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from approval_hook import clock
from approval_hook.panel import Badge
from approval_hook.policy.workdays import add_workdays
from approval_hook.workcalendar import published_calendar
from tests.integration.workflows.driving import accepted_on_promise, claim, do, filed_food, promised, task_named
from workflows import promising
from workflows.clerk import tolerance
from workflows.clerk.tolerance import shown_badge
from workflows.models import FoodBusinessCase
from workflows.templatetags.clerk import day

MISSING = "service-address"


def _workday() -> date:
    return add_workdays(timezone.localdate(), 4, published_calendar()).on


@pytest.fixture
def tolerated(clerk: Client, food: dict[str, Any]) -> FoodBusinessCase:
    """A case accepted with one material promised."""
    food["materials"].remove(MISSING)
    case: FoodBusinessCase = filed_food(food)
    assert accepted_on_promise(clerk, case, food["materials"], _workday()).status_code == 302
    return case


def test_a_grant_waits_for_the_promised_material(clerk: Client, head: Client, tolerated: FoodBusinessCase) -> None:
    """Review and decision say what is out; a grant is refused until it is registered, then it goes through."""
    page = clerk.get(f"/cases/{tolerated.pk}/").content.decode()
    assert "还有 1 份承诺补交的材料未到" in page
    assert '<span class="lane amber">容缺受理</span>' in page
    do(clerk, tolerated, "review", {"review_opinion": "符合法定条件。"})
    grant = {"decision": "granted", "decision_reason": "符合条件"}
    refused = do(head, tolerated, "decide", grant).content.decode()
    assert "补齐前不能准予许可" in refused
    assert day(_workday()) in refused
    supplied = clerk.post(f"/cases/{tolerated.pk}/supply/", {"materials": [MISSING]}, follow=True).content.decode()
    assert "lin 登记补交：送达地址确认书" in supplied
    assert '<span class="lane amber">容缺受理</span>' not in supplied
    assert head.post(task_named(tolerated, "decide").reverse("execute"), grant).status_code == 302
    tolerated.refresh_from_db()
    assert (tolerated.decision, MISSING in tolerated.materials) == ("granted", True)


def test_s16_what_comes_late_counts_only_if_the_head_says_so(
    clerk: Client, head: Client, tolerated: FoodBusinessCase
) -> None:
    """The day after, the clerk is told who decides; the head writes why, and the history keeps it."""
    url, page = f"/cases/{tolerated.pk}/supply/", f"/cases/{tolerated.pk}/"
    with clock.standing_at(_after(_workday())):
        _late_supply(clerk, head, tolerated, url, page)


def _late_supply(clerk: Client, head: Client, tolerated: FoodBusinessCase, url: str, page: str) -> None:
    shown = clerk.get(page).content.decode()
    assert "请负责人在本页登记并写明理由" in shown
    assert 'name="reason"' not in shown
    told = clerk.post(url, {"materials": [MISSING], "reason": "材料齐全"}, follow=True).content.decode()
    assert "补交期限已过" in told
    for reason in ("", "好", "长" * 101):
        asked = head.post(url, {"materials": [MISSING], "reason": reason}, follow=True).content.decode()
        assert "写明采用的理由" in asked
    tolerated.refresh_from_db()
    assert MISSING not in tolerated.materials
    assert 'name="reason"' in head.get(page).content.decode()
    kept = head.post(url, {"materials": [MISSING], "reason": "系统故障所致"}, follow=True).content.decode()
    assert "逾期补交，准予采用：系统故障所致（送达地址确认书）" in kept
    tolerated.refresh_from_db()
    assert MISSING in tolerated.materials


def test_a_column_that_says_late_admits_nothing_that_came_in_time(head: Client, tolerated: FoodBusinessCase) -> None:
    """The promise says what is late; the head's page answers and the material counts once."""
    yesterday = add_workdays(clock.today(), -1, published_calendar()).on
    FoodBusinessCase.objects.filter(pk=tolerated.pk).update(supply_until=yesterday)
    sent = {"materials": [MISSING], "reason": "系统故障所致"}
    assert head.post(f"/cases/{tolerated.pk}/supply/", sent, follow=True).status_code == 200
    found = promising.given(tolerated)
    assert found is not None
    assert [step.act for step in found.steps] == ["signed", "supplied"]
    tolerated.refresh_from_db()
    assert MISSING in tolerated.materials


def test_s15_a_day_off_is_no_last_day(tolerated: FoodBusinessCase) -> None:
    """A supplement is late only after the next working day."""
    tolerated.supply_until = date(2026, 10, 1)  # 国庆 to 7 October
    for today, late in ((date(2026, 10, 8), False), (date(2026, 10, 9), True)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(tolerance, "today", lambda day=today: day)
            assert tolerance.is_late(tolerated) is late


def test_a_refusal_does_not_wait_for_it(clerk: Client, head: Client, tolerated: FoodBusinessCase) -> None:
    """A promise that is still open stops only a grant."""
    do(clerk, tolerated, "review", {"review_opinion": "不符合法定条件。"})
    refusal = "经营场所与有毒场所距离不足，不符合《食品安全法》第三十三条规定的条件。"
    data = {"decision": "refused", "decision_reason": refusal, "remedy_told": "on"}
    assert do(head, tolerated, "decide", data).status_code == 302


def test_only_what_is_out_is_supplied_and_only_by_the_window(
    clerk: Client, head: Client, tolerated: FoodBusinessCase
) -> None:
    """An empty tick, a paper that is already here and an officer without the right change nothing."""
    url = f"/cases/{tolerated.pk}/supply/"
    assert "请勾选收到的材料" in clerk.post(url, {}, follow=True).content.decode()
    here = clerk.post(url, {"materials": ["application-form"]}, follow=True)
    assert "请勾选收到的材料" in here.content.decode()
    assert "没有登记补交的权限" in head.post(url, {"materials": [MISSING]}, follow=True).content.decode()
    assert tolerated.case_events.count() == 0


def test_the_list_shows_the_promise_and_its_chip_keeps_it(clerk: Client, tolerated: FoodBusinessCase) -> None:
    """The list has the amber badge while the paper is out, and not after."""
    shown = clerk.get("/work/?show=tolerant")
    assert [row.case for row in shown.context["page"]] == [tolerated]
    assert "容缺受理" in shown.content.decode()
    clerk.post(f"/cases/{tolerated.pk}/supply/", {"materials": [MISSING]})
    assert list(clerk.get("/work/?show=tolerant").context["page"]) == []


@pytest.mark.parametrize(
    ("channel", "shown"),
    [("ordinary", "tolerant"), ("green", "tolerant"), ("strict", "strict"), ("restricted", "restricted")],
)
def test_a_stricter_channel_keeps_its_word(tolerated: FoodBusinessCase, channel: str, shown: str) -> None:
    """A promise never hides that a case is examined strictly or restricted."""
    badge = shown_badge(tolerated, Badge(channel, channel, "grey", "O-10"))
    assert badge is not None
    assert badge.channel == shown


def test_the_last_day_of_a_promise_is_a_working_day(clerk: Client, food: dict[str, Any]) -> None:
    """A Saturday off is refused as the last day."""
    food["materials"].remove(MISSING)
    case = filed_food(food)
    day = timezone.localdate() + timedelta(days=1)
    while published_calendar().is_workday(day):
        day += timedelta(days=1)
    assert "工作日" in promised(clerk, case, food["materials"], day).content.decode()
    assert promising.given(case) is None


def test_received_materials_are_kept_without_accepting(clerk: Client, food: dict[str, Any]) -> None:
    """The second button stores the ticks, says so in the history and leaves the case unaccepted."""
    food["materials"] = ["application-form"]
    case = filed_food(food)
    claim(clerk, case, "accept")
    url = task_named(case, "accept").reverse("execute")
    assert clerk.post(url, {"materials": ["invented"], "save": "materials"}).status_code == 200
    now = ["application-form", "safety-rules"]
    page = clerk.post(url, {"materials": now, "save": "materials"}, follow=True).content.decode()
    assert "尚未受理" in page
    assert "lin 保存已收材料：食品安全规章制度" in page
    case.refresh_from_db()
    assert (case.materials, case.accepted_at) == (now, None)


def test_the_rule_limits_the_date_of_supply(clerk: Client, food: dict[str, Any]) -> None:
    """The latest date is the proposed one; a later one is refused though the statutory date is far."""
    food["materials"].remove(MISSING)
    case = filed_food(food)
    claim(clerk, case, "accept")
    form = clerk.get(task_named(case, "accept").reverse("execute")).context["form"]
    latest = form["supply_until"].value()
    refused = promised(clerk, case, food["materials"], add_workdays(latest, 1, published_calendar()).on)
    assert f"按规则最迟{latest}" in str(refused.context["form"].errors["supply_until"])
    assert accepted_on_promise(clerk, case, food["materials"], latest).status_code == 302
    assert case.supply_until == latest


def test_after_acceptance_one_date_is_shown(clerk: Client, tolerated: FoodBusinessCase) -> None:
    """The date that was promised, not the one that the check before acceptance had counted."""
    text = clerk.get(f"/cases/{tolerated.pk}/").content.decode()
    assert "可容缺：送达地址确认书" in text
    assert set(re.findall(r"最迟 (.{4,12}?)(?: 补交|。)", text)) == {day(_workday())}


def test_the_days_run_from_acceptance(food: dict[str, Any]) -> None:
    """Filed two working days ago; as many days run from the day of acceptance."""
    case = filed_food(food)
    calendar, today = published_calendar(), clock.today()
    counted = promising.latest_day(case, [MISSING])
    assert counted is not None
    later = add_workdays(today, 2, calendar).on
    with clock.standing_at(_after(today, days=2)):
        assert promising.latest_day(case, [MISSING]) == add_workdays(counted, 2, calendar).on
        assert later == clock.today()
    assert promising.latest_day(case, ["application-form"]) is None


def _after(day: date, days: int = 1) -> datetime:
    """Nine in the morning in China, so many working days after a day."""
    return datetime.combine(add_workdays(day, days, published_calendar()).on, time(9), clock.CHINA)
