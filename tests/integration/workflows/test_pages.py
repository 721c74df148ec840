"""The officers' pages: what they show, what they hide, and what they never contain."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

import workflows
from approval_hook.errors import CaseInvalid, PlatformUnavailable, RulesInvalid
from approval_hook.hosts.viewflow.injection import binding_of
from approval_hook.hosts.viewflow.middleware import HeldCaseMiddleware
from approval_hook.hosts.viewflow.sweeping import sweep
from approval_hook.hosts.viewflow.tending import tend
from approval_hook.models import CreditDecision
from approval_hook.panel import MeasurePanel, Panel, PartyPanel, ReasonPanel, RecordPanel
from approval_hook.policy.workdays import add_workdays
from approval_hook.testing import lifted_triggers
from approval_hook.workcalendar import published_calendar
from tests.integration.workflows.conftest import ORGAN, REGION
from tests.integration.workflows.driving import (
    accepted,
    claim,
    do,
    filed_driver,
    filed_food,
    open_names,
    reviewed,
    revoked,
    task_named,
)
from workflows.filing import file_case
from workflows.flows import FoodBusinessFlow
from workflows.groups import DECIDERS
from workflows.templatetags.clerk import day

NUMBERS = ("440300199001010016", "440524198801010011", "440300200002290019")


def _pages(case: Any) -> list[str]:
    return [
        "/work/",
        "/work/?show=all",
        "/work/queue/",
        "/work/done/",
        "/work/new/",
        f"/cases/{case.pk}/",
        f"/cases/{case.pk}/withdraw/",
        f"/cases/{case.pk}/chart/",
        "/flows/licensing/flows/foodbusiness/start/",
        "/flows/licensing/flows/ridehailingdriver/start/",
        task_named(case, "accept").reverse("execute"),
        task_named(case, "accept").reverse("detail"),
        task_named(case, "accept").reverse("unassign"),
        "/nowhere/",
    ]


def test_pages_are_free_of_inline_code_foreign_hosts_and_numbers(
    clerk: Client, food: dict[str, Any], driver: dict[str, Any]
) -> None:
    """No page holds an inline script or style, an address of another host, or a personal number in full."""
    filed_driver(driver)
    case = filed_food(food)
    claim(clerk, case, "accept")
    for url in _pages(case):
        response = clerk.get(url)
        text = response.content.decode()
        assert "default-src 'self'" in response.headers["Content-Security-Policy"], url
        assert "unsafe-inline" not in response.headers["Content-Security-Policy"]
        assert not re.search(r"<script(?![^>]*\ssrc=\"/static/)", text), url
        assert not re.search(r"\sstyle=|<style|\son\w+=|javascript:", text), url
        assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", text), url
        assert not any(number in text for number in NUMBERS), url


def test_every_page_has_one_primary_button_at_most(clerk: Client, food: dict[str, Any]) -> None:
    """The page asks for one thing: never two primary buttons."""
    case = filed_food(food)
    claim(clerk, case, "accept")
    for url in _pages(case):
        assert clerk.get(url).content.decode().count("btn primary") <= 1, url


def test_lists_mask_natural_persons_and_the_case_page_names_them(clerk: Client, driver: dict[str, Any]) -> None:
    """A driver's name and number are masked in the list; the case page shows the name and a masked number."""
    case = filed_driver(driver)
    listed = clerk.get("/work/").content.decode()
    assert "黄示例" not in listed
    assert "黄＊＊" in listed
    page = clerk.get(f"/cases/{case.pk}/").content.decode()
    assert "黄示例" in page
    assert "440300••••••••0019" in page


def test_the_chips_filter(clerk: Client, credit: Any, food: dict[str, Any], driver: dict[str, Any]) -> None:
    """Each chip keeps the rows of its channel, and its number says how many."""
    clean = filed_food(food)
    credit.fault = PlatformUnavailable()
    unknown = filed_driver(driver)

    def shown(query: str) -> set[str]:
        return {row.case.case_no for row in clerk.get(f"/work/?{query}").context["page"]}

    assert shown("show=all") == {clean.case_no, unknown.case_no}
    assert shown("show=undetermined") == {unknown.case_no}
    assert shown("show=strict") == set()
    assert shown("show=mine&q=粤悦里") == {clean.case_no}
    chips = {str(chip["title"]): chip["count"] for chip in clerk.get("/work/").context["chips"]}
    assert (chips["本机关"], chips["待核"]) == (2, 1)


def test_the_soon_chip_keeps_what_is_nearly_due(clerk: Client, food: dict[str, Any]) -> None:
    """A case that nobody took up for fifty days is late; one accepted now is not."""
    fresh = filed_food(food)
    accepted(clerk, fresh)
    then = timezone.now() - timedelta(days=50)
    case = file_case(FoodBusinessFlow, food, organ=ORGAN, region=REGION, filed_at=then)
    response = clerk.get("/work/?show=soon")
    assert [row.case.case_no for row in response.context["page"]] == [case.case_no]
    assert "超期" in response.content.decode()


def test_find_goes_to_the_exact_case_and_else_to_the_list(clerk: Client, food: dict[str, Any]) -> None:
    """A whole case number opens the case; part of a name opens the filtered list."""
    case = filed_food(food)
    assert clerk.get("/find/", {"q": case.case_no}).headers["Location"] == f"/cases/{case.pk}/"
    assert clerk.get("/find/", {"q": "粤悦"}, follow=True).context["page"].object_list[0].case == case


def test_the_search_finds_finished_cases(clerk: Client, stranger: Client, food: dict[str, Any]) -> None:
    """A withdrawn case is found by number, name and code with its result, by its own organ only."""
    case = filed_food(food)
    clerk.post(f"/cases/{case.pk}/withdraw/", {"reason": "不办了", "applicant_asked": "on"})
    for text in (case.case_no[-9:], "粤悦里", food["firm_code"]):
        page = clerk.get("/find/", {"q": text}, follow=True)
        assert [row["case"] for row in page.context["settled"]] == [case], text
        assert "已撤回" in page.content.decode()
    assert stranger.get("/find/", {"q": "粤悦里"}, follow=True).context["settled"] == []
    assert clerk.get("/work/?show=all").context["settled"] == []


@pytest.mark.parametrize(
    ("start", "end", "word"),
    [(-9, 9, "已授权查询"), (1, 9, "授权尚未生效"), (-9, -1, "授权已过期")],
)
def test_the_case_page_tells_whether_the_consent_runs(
    clerk: Client, driver: dict[str, Any], start: int, end: int, word: str
) -> None:
    """A consent counts from its first to its last day, not before and not after."""
    case = filed_driver(driver)
    today = timezone.localdate()
    case.consent_from, case.consent_until = today + timedelta(days=start), today + timedelta(days=end)
    case.save()
    assert f"<dd>{word}</dd>" in clerk.get(f"/cases/{case.pk}/").content.decode()


def test_the_list_says_what_a_colleague_would(clerk: Client, food: dict[str, Any]) -> None:
    """The list names the missing papers of a case instead of a status."""
    food["materials"].remove("service-address")
    filed_food(food)
    assert "还缺 1 份次要材料（送达地址确认书）" in clerk.get("/work/").content.decode()


def test_the_list_asks_the_database_the_same_number_of_times(
    clerk: Client, food: dict[str, Any], driver: dict[str, Any], django_assert_max_num_queries: Any
) -> None:
    """A list of twelve cases takes no more queries than a list of two."""
    filed_food(food), filed_driver(driver)
    clerk.get("/work/?show=all")
    with CaptureQueriesContext(connection) as few:
        clerk.get("/work/?show=all")
    for _ in range(5):
        filed_food(food), filed_driver(driver)
    with django_assert_max_num_queries(len(few)):
        clerk.get("/work/?show=all")


def test_every_text_has_its_english() -> None:
    """Each translatable text of templates and code has an entry in the English catalogue."""
    root = Path(workflows.__file__).parent
    marked = [
        r"""{%\s*(?:block)?translate\s+["']([^"']+)["']""",
        r"""\b_\(\s*"([^"]+)"\s*\)""",
        r"""noop\(\s*"([^"]+)"\s*\)""",
    ]
    texts = {
        text
        for path in [*root.rglob("*.html"), *root.rglob("*.py")]
        if "migrations" not in path.parts and "demo" not in path.parts
        for pattern in marked
        for text in re.findall(pattern, path.read_text(encoding="utf-8"))
    }
    assert len(texts) > 250
    with translation.override("en"):
        untranslated = sorted(text for text in texts if translation.gettext(text) == text)
    assert untranslated == []


def test_chinese_is_shown_until_english_is_chosen(clerk: Client) -> None:
    """The browser's language changes nothing; the switch in the header does, and back."""
    assert "<h1>待办</h1>" in clerk.get("/work/", headers={"accept-language": "en"}).content.decode()
    clerk.post("/language/", {"language": "en", "next": "/work/"})
    assert "<h1>To do</h1>" in clerk.get("/work/").content.decode()
    clerk.post("/language/", {"language": "zh-hans", "next": "/work/"})
    assert "<h1>待办</h1>" in clerk.get("/work/").content.decode()


def test_login_and_its_failure_are_chinese() -> None:
    """The login page greets in Chinese and says plainly when it fails."""
    client = Client()
    assert "账号一人一号" in client.get("/login/").content.decode()
    failed = client.post("/login/", {"username": "lin", "password": "wrong"})
    assert "用户名或密码不正确" in failed.content.decode()


def test_an_expired_form_is_told_in_chinese() -> None:
    """A post without a valid token answers our page, not the framework's."""
    response = Client(enforce_csrf_checks=True).post("/login/", {"username": "x", "password": "y"})
    assert response.status_code == 403
    assert "页面已过期" in response.content.decode()


def test_the_server_error_page_needs_nothing() -> None:
    """The page for a crash renders without request, database or context."""
    text = render_to_string("500.html")
    assert "没有保存" in text
    assert 'lang="zh-hans"' in text


def _barred(food: dict[str, Any]) -> Any:
    revoked(food, "越市监处罚〔2025〕12号")
    return filed_food(food)


def test_a_barred_case_waits_for_the_head_and_says_so_to_everybody(
    clerk: Client, head: Client, food: dict[str, Any]
) -> None:
    """The clerk reads who must act and gets no verdict form; the head gets one, and it needs a reason."""
    case = _barred(food)
    reviewed(clerk, case)
    seen_by_clerk = clerk.get(f"/cases/{case.pk}/").content.decode()
    assert "须由负责人办理" in seen_by_clerk
    assert 'name="reason"' not in seen_by_clerk
    assert case.case_no in head.get("/work/held/").content.decode()
    page = head.get(f"/cases/{case.pk}/").content.decode()
    assert "第一百三十五条" in page
    assert "申请人会读到" in page
    url = f"/cases/{case.pk}/credit/"
    refused = head.post(url, {"action": "head_decides:release", "reason": "  "}, follow=True)
    assert "没有填写理由" in refused.content.decode()
    assert "decide" not in open_names(case)
    forbidden = clerk.post(url, {"action": "head_decides:release", "reason": "放行"}, follow=True)
    assert "没有确认核查意见的权限" in forbidden.content.decode()
    done = head.post(url, {"action": "head_decides:release", "reason": "处罚决定主体不符，见核对记录"}, follow=True)
    assert "已登记，可以继续办理" in done.content.decode()
    assert open_names(case) == ["decide"]


def test_a_retry_that_changed_nothing_does_not_say_done(clerk: Client, credit: Any, food: dict[str, Any]) -> None:
    """With the platform still down, asking again is answered with what the case still waits for."""
    credit.fault = PlatformUnavailable()
    case = filed_food(food)
    reviewed(clerk, case)
    response = clerk.post(f"/cases/{case.pk}/credit/", {"action": "retry"}, follow=True)
    text = response.content.decode()
    assert "办件还在等待" in text
    assert "可以继续办理" not in text
    credit.fault = None
    answered = clerk.post(f"/cases/{case.pk}/credit/", {"action": "retry"}, follow=True)
    assert "可以继续办理" in answered.content.decode()
    assert open_names(case) == ["decide"]


def test_only_deciders_and_managers_see_the_held_list(clerk: Client, head: Client, manager: Client) -> None:
    """The supervisors' list is closed to window officers."""
    assert clerk.get("/work/held/").status_code == 403
    assert head.get("/work/held/").status_code == 200
    assert manager.get("/work/held/").status_code == 200


def test_a_held_case_never_stops_acceptance(clerk: Client, food: dict[str, Any]) -> None:
    """A bar proved by the own register is a matter of decision: the case is accepted as usual."""
    case = _barred(food)
    accepted(clerk, case)
    assert case.accepted_at is not None


def test_the_chart_is_a_confined_image_in_chinese(clerk: Client, food: dict[str, Any]) -> None:
    """The chart shows the steps by their Chinese names, branches too, under a policy of its own."""
    case = filed_food(food)
    image = clerk.get(clerk.get(f"/cases/{case.pk}/chart/").context["image"])
    text = image.content.decode()
    assert "决定" in text
    assert re.search(r">\s*是\s*</text>", text)
    assert not re.search(r">\s*(yes|no)\s*</text>", text)
    assert image.headers["Content-Security-Policy"].endswith("sandbox")


def test_withdrawal_is_offered_until_the_decision(clerk: Client, head: Client, food: dict[str, Any]) -> None:
    """The link to withdraw is there before the decision and gone after it."""
    case = filed_food(food)
    link = f"/cases/{case.pk}/withdraw/"
    assert link in clerk.get(f"/cases/{case.pk}/").content.decode()
    reviewed(clerk, case)
    do(head, case, "decide", {"decision": "granted", "decision_reason": "符合条件"})
    assert link not in clerk.get(f"/cases/{case.pk}/").content.decode()


def _panel(**changes: Any) -> Panel:
    values: dict[str, Any] = {
        "state": "done",
        "headline": "信用良好，可走绿色通道",
        "colour": "green",
        "channel_title": "绿色通道",
        "outcome": "O-09",
        "asked_at": timezone.now(),
        "age_text": "刚刚",
        "next_step": "按绿色通道时限优先办理",
        "primary": None,
        "hold": None,
    }
    return Panel(**(values | changes))


def test_the_credit_panel_shows_records_and_counts_what_it_must_not_show() -> None:
    """Usable records appear with source and date; suppressed ones only as a number; the class only in details."""
    party = PartyPanel(
        name="粤悦里餐饮（示例）有限公司",
        role_title="申请人",
        masked_id="914403••••••••EH40",
        badge="信用良好",
        colour="green",
        note="省公共信用信息平台均已完整答复",
        records=[RecordPanel("A级纳税人", "认定 2026-04-20", "green", "激励依据")],
        reasons=[ReasonPanel("连续三年无不良记录", ["《条例》第三十二条"], "R-17")],
        suppressed=2,
        asked=True,
    )
    measure = MeasurePanel("绿色通道：七个工作日", "强制", "激励", ["粤府〔2016〕133号（四）"], date(2027, 4, 19))
    text = render_to_string("clerk/_credit_panel.html", {"panel": _panel(parties=[party], measures=[measure])})
    assert "A级纳税人" in text
    assert "另有 2 条" in text
    assert "粤府〔2016〕133号（四）" in text
    assert text.index("<details><summary>核查详情") < text.index("O-09")


@pytest.mark.parametrize(
    ("state", "word"), [("none", "未核查"), ("asking", "正在核查"), ("held", "等待人工确认"), ("done", "已核查")]
)
def test_the_credit_panel_names_its_state(state: str, word: str) -> None:
    """Every state of the panel has its word."""
    text = render_to_string("clerk/_credit_panel.html", {"panel": _panel(state=state, outcome="", asked_at=None)})
    assert word in text


def test_the_pages_run_without_a_credit_check(
    clerk: Client, monkeypatch: pytest.MonkeyPatch, food: dict[str, Any]
) -> None:
    """Where no credit check is installed the case page has no credit column and settling answers 404."""
    monkeypatch.setattr("workflows.clerk.credit_bridge._desk", lambda: None)
    case = filed_food(food)
    text = clerk.get(f"/cases/{case.pk}/").content.decode()
    assert "信用核查" not in text
    assert "受理" in text
    assert clerk.get("/work/").status_code == 200
    assert clerk.post(f"/cases/{case.pk}/credit/", {"action": "retry"}).status_code == 404


def test_the_cursor_is_on_the_first_field_after_the_claim(clerk: Client, food: dict[str, Any]) -> None:
    """A claimed step opens with the cursor in its form, on one element only."""
    case = filed_food(food)
    text = clerk.get(claim(clerk, case, "accept").headers["Location"]).content.decode()
    focused = re.findall(r"<[^>]*autofocus[^>]*>", text)
    assert len(focused) == 1
    assert 'name="materials"' in focused[0]


def test_who_accepted_may_not_decide_is_said_of_the_decision_only(
    clerk: Client, head: Client, food: dict[str, Any]
) -> None:
    """A head who waits for the review is not told about deciding; a clerk who waits for the decision is."""
    case = filed_food(food)
    accepted(clerk, case)
    assert "受理人不能作决定" not in head.get(f"/cases/{case.pk}/").content.decode()
    assert do(clerk, case, "review", {"review_opinion": "符合法定条件。"}).status_code == 302
    assert "受理人不能作决定" in clerk.get(f"/cases/{case.pk}/").content.decode()


def test_the_reason_of_a_grant_is_shown(clerk: Client, head: Client, food: dict[str, Any]) -> None:
    """Whoever delivers reads why the licence was granted."""
    case = filed_food(food)
    reviewed(clerk, case)
    do(head, case, "decide", {"decision": "granted", "decision_reason": "现场核查合格，准予。"})
    assert "现场核查合格，准予。" in clerk.get(f"/cases/{case.pk}/").content.decode()


@pytest.mark.parametrize(
    ("error", "status", "words", "absent"),
    [
        (RulesInvalid(["规则文件缺少版本。"]), 503, ["系统设置有误", "不是您填错"], "办件事实需要更正"),
        (
            CaseInvalid("证件号码", "号码为空。", "请填写号码。"),
            422,
            ["办件事实需要更正", "填写的内容还在"],
            "系统设置",
        ),
    ],
)
def test_a_fault_of_the_settings_is_not_blamed_on_the_reader(
    clerk: Client, rf: Any, error: Exception, status: int, words: list[str], absent: str
) -> None:
    """Unusable facts and an unsound rule file have texts of their own, a way back, and single full stops."""
    request = rf.post("/cases/7/credit/", headers={"referer": "http://testserver/cases/7/?from=list"})
    request.user = User.objects.get(username="lin")
    response = HeldCaseMiddleware(lambda _request: HttpResponse()).process_exception(request, error)
    assert response is not None
    text = response.content.decode()
    assert response.status_code == status
    assert all(word in text for word in words)
    assert absent not in text
    assert "。。" not in text
    assert 'href="/cases/7/?from=list">返回上一页' in text


def _forget_records() -> None:
    """Leave the cases as if no gate had been there when they passed."""
    with lifted_triggers(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {CreditDecision._meta.db_table}")


def test_an_unchecked_case_is_not_called_ordinary(clerk: Client, food: dict[str, Any]) -> None:
    """Nobody has asked about it: the list says so, and claims no channel."""
    case = filed_food(food)
    _forget_records()
    (row,) = clerk.get("/work/?show=all").context["page"]
    assert (row.badge.title, row.channel) == ("未核查", "unchecked")
    assert '<span class="lane grey">未核查</span>' in clerk.get("/work/?show=all").content.decode()
    page = clerk.get(f"/cases/{case.pk}/").content.decode()
    assert "普通程序" not in page
    assert '<span class="lane grey">未核查</span>' in page


@pytest.fixture
def green(food: dict[str, Any], credit: Any) -> dict[str, Any]:
    """An old firm whose people consent, so that three clean years are known."""
    for person in food["persons"]:
        person |= {"consent_no": "SQ-1", "consent_from": "2026-01-01", "consent_until": "2099-01-01"}
    return food | {"established_on": "2015-03-01"}


def test_the_green_channel_says_until_when(clerk: Client, head: Client, green: dict[str, Any]) -> None:
    """Days before acceptance, a date after it, nothing after the decision."""
    case = filed_food(green)
    panel = clerk.get(f"/cases/{case.pk}/").context["panel"]
    assert (panel.channel_title, panel.promised_on) == ("绿色通道", None)
    assert f"受理后 {panel.promised_days} 个工作日内" in panel.next_step
    accepted(clerk, case)
    page = clerk.get(f"/cases/{case.pk}/")
    until = add_workdays(timezone.localdate(), panel.promised_days, published_calendar()).on
    assert page.context["panel"].promised_on == until
    (fact,) = [fact for fact in page.context["dates"] if fact.label == "承诺办结"]
    assert fact.value == until
    assert day(until) in page.content.decode()
    assert f"{until.month}月{until.day}日" in page.context["panel"].next_step


def test_after_the_decision_no_time_to_decide_is_left(
    clerk: Client, head: Client, green: dict[str, Any], credit: Any
) -> None:
    """The panel neither counts down nor advises for a decision that is taken."""
    credit.fault = PlatformUnavailable()
    case = filed_food(green)
    reviewed(clerk, case)
    credit.fault = None
    tend()  # the record is made after acceptance, so that it knows the statutory date
    assert "决定期限" in clerk.get(f"/cases/{case.pk}/").content.decode()
    do(head, case, "decide", {"decision": "granted", "decision_reason": "符合法定条件。"})
    page = clerk.get(f"/cases/{case.pk}/")
    assert page.context["panel"].due_on is None
    assert page.context["panel"].next_step == "决定已经作出"
    assert "决定期限" not in page.content.decode()
    assert not [fact for fact in page.context["dates"] if fact.label == "承诺办结"]


def test_a_late_check_after_the_decision_advises_nothing_for_it(
    clerk: Client, head: Client, food: dict[str, Any], credit: Any, defaulter: Any
) -> None:
    """What is found afterwards goes to supervision; the decision stands."""
    case = filed_food(food)
    reviewed(clerk, case)
    do(head, case, "decide", {"decision": "granted", "decision_reason": "符合法定条件。"})
    _forget_records()
    credit.records = {food["firm_code"]: (defaulter,)}
    binding = binding_of(FoodBusinessFlow)
    sweep(binding, timezone.now())
    tend()
    panel = clerk.get(f"/cases/{case.pk}/").context["panel"]
    assert panel.outcome == "O-06"
    assert panel.next_step == "决定已经作出，不因此改变；查到的记录转事后监管"


def test_an_emergency_request_is_seen_by_who_may_confirm_it(
    clerk: Client, head: Client, sign_in: Any, food: dict[str, Any], credit: Any
) -> None:
    """In both lists and as the one primary button of the case page; not as work of who asked."""
    second = sign_in("qian", DECIDERS)
    credit.fault = PlatformUnavailable()
    case = filed_food(food)
    reviewed(clerk, case)
    assert [row.case for row in second.get("/work/").context["page"]] == []
    sent = {"text": "台风登陆，应急食堂明日须供餐。", "hours": "6"}
    assert head.post(f"/cases/{case.pk}/emergency/", sent).status_code == 302
    (row,) = second.get("/work/").context["page"]
    assert (row.awaited, row.step) == (True, "应急放行等待第二人批准")
    assert [row.case for row in head.get("/work/").context["page"]] == []
    (listed,) = second.get("/work/held/").context["rows"]
    assert (listed["awaited"], listed["held"].next_step) == (True, "应急放行等待第二人批准")
    page = second.get(f"/cases/{case.pk}/").content.decode()
    assert re.findall(r'class="btn[^"]*primary[^"]*"[^>]*>([^<]+)<', page) == ["批准应急放行"]
    mine = head.get(f"/cases/{case.pk}/").content.decode()
    assert re.findall(r'class="btn[^"]*primary[^"]*"[^>]*>([^<]+)<', mine) == ["立即重查"]


def test_a_refused_emergency_request_is_told_where_none_is_offered(
    clerk: Client, head: Client, food: dict[str, Any]
) -> None:
    """A request sent for a case that no release may lift is answered in words, not by the same page again."""
    case = filed_food(food)
    reviewed(clerk, case)
    sent = {"text": "台风登陆，应急食堂明日须供餐。", "hours": "6"}
    answer = head.post(f"/cases/{case.pk}/emergency/", sent)
    assert answer.status_code == 422
    assert answer.context["emergency_sent"].error in answer.content.decode()
