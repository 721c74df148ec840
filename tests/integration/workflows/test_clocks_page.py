"""期限与程序: notice, procedures, extension and publication through the pages; S-14 and S-15 about the clocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.test import Client
from django.utils import timezone

from approval_hook import clock, deadlines
from approval_hook.counting import beginning_of
from approval_hook.errors import CaseInvalid
from approval_hook.hosts.viewflow.tending import tend
from approval_hook.models import ClockedCase, Deadline, Reminder, StatutoryAct
from approval_hook.policy.workdays import add_workdays
from approval_hook.workcalendar import published_calendar
from tests.integration.workflows.driving import accepted, do, filed_food, reviewed, task_named
from workflows.clerk.noticedforms import BeginForm
from workflows.groups import CLERKS, DECIDERS
from workflows.models import FoodBusinessCase
from workflows.notices.models import Notice, NoticeNumberSequence
from workflows.templatetags.clerk import day

MONDAY = date(2026, 10, 12)
Standing = Callable[[date], Any]


@pytest.fixture(autouse=True)
def _long_session(settings: Any) -> None:
    """Officers stay signed in while the days go by."""
    settings.SESSION_COOKIE_AGE = 400 * 24 * 3600


@pytest.fixture
def standing(monkeypatch: pytest.MonkeyPatch) -> Standing:
    """Stand at ten o'clock on a day, pages and gate alike."""

    @contextmanager
    def at(day: date) -> Iterator[None]:
        moment = beginning_of(day) + timedelta(hours=10)
        with clock.standing_at(moment), monkeypatch.context() as patched:
            patched.setattr(timezone, "now", clock.now)
            yield

    return at


def after(day: date, n: int) -> date:
    """Working days later."""
    return add_workdays(day, n, published_calendar()).on


def post(client: Client, case: Any, act: str, **fields: Any) -> Any:
    """Send one form of the page."""
    return client.post(f"/cases/{case.pk}/clocks/", {"act": act} | {f"{act}-{k}": v for k, v in fields.items()})


def kinds(case: Any) -> list[str]:
    """Acts of the case in order."""
    return list(StatutoryAct.objects.filter(case_no=case.case_no).values_list("kind", flat=True))


def notice_of(case: Any, kind: str) -> Notice:
    """The notice that the newest act of a kind bears."""
    act = StatutoryAct.objects.filter(case_no=case.case_no, kind=kind).latest("number")
    return Notice.objects.get(process_id=case.pk, number=act.notice_no)


def test_every_step_of_a_case_writes_its_act(clerk: Client, head: Client, food: dict[str, Any]) -> None:
    """From receipt to publication, each with the hand that did it."""
    case = filed_food(food)
    reviewed(clerk, case)
    assert do(head, case, "decide", {"decision": "granted", "decision_reason": "符合法定条件。"}).status_code == 302
    assert do(clerk, case, "deliver", {"way": "直接送达", "receiver": "陈示例"}).status_code == 302
    assert post(clerk, case, "published").status_code == 302
    hands = StatutoryAct.objects.filter(case_no=case.case_no).values_list("kind", "by")
    steps = ["received", "accepted", "decided", "delivered", "published"]
    assert list(hands) == list(zip(steps, ["", "lin", "zhao", "lin", "lin"], strict=True))
    assert not ClockedCase.objects.get(case_no=case.case_no).owed
    page = clerk.get(f"/cases/{case.pk}/").content.decode()
    assert "第四十二条" in page
    assert "按期完成" in page


def test_a_notice_names_everything_at_once_and_its_supply_begins_a_new_clock(
    clerk: Client, food: dict[str, Any], standing: Standing
) -> None:
    """A paper left out is refused; when all of it has come, five working days begin."""
    food["materials"] = food["materials"][2:]
    with standing(MONDAY):
        case = filed_food(food)
    with standing(after(MONDAY, 2)):
        sent = {"note-application-form": "加盖公章", "note-premises-layout": "原件", "due_on": after(MONDAY, 12)}
        partial = post(clerk, case, "notice", **(sent | {"note-premises-layout": ""}))
        assert partial.status_code == 422
        assert "请填写经营场所方位图与布局图：法定形式和补正要求" in partial.content.decode()
        # The number is given out, never typed; the notice is Chinese, whatever the officer reads.
        clerk.post("/language/", {"language": "en", "next": "/work/"})
        assert post(clerk, case, "notice", **sent, notice_no="示补〔2026〕9号").status_code == 302
        assert post(clerk, case, "notice", **sent).status_code == 302
        assert kinds(case) == ["received", "noticed"]
        notice = notice_of(case, "noticed")
        assert notice.kind == "correction"
        whole = {"application-form", "加盖公章", "premises-layout", "经营场所方位图与布局图", "原件"}
        assert whole <= set(notice.document.texts())
    with standing(after(MONDAY, 30)):
        tend()
        assert kinds(case) == ["received", "noticed"]  # nothing runs against the applicant
        full = {"save": "materials", "materials": [*food["materials"], "application-form"]}
        assert do(clerk, case, "accept", full).status_code == 302
        assert kinds(case)[-1] == "noticed"
        url = task_named(case, "accept").reverse("execute")
        clerk.post(url, {"save": "materials", "materials": [*full["materials"], "premises-layout"]})
        assert kinds(case)[-1] == "supplied"
    waits = Deadline.objects.get(case__case_no=case.case_no, owed=True)
    assert (waits.clock, waits.due_on) == ("correction-notice", after(MONDAY, 35))


def test_silence_is_an_acceptance_that_the_page_shows(clerk: Client, food: dict[str, Any], standing: Standing) -> None:
    """The runner alone writes it; the page says since when, by which article, and offers no notice any more."""
    with standing(MONDAY):
        case = filed_food(food)
    with standing(after(MONDAY, 6)):
        assert tend().lapsed == 1
        page = clerk.get(f"/cases/{case.pk}/").content.decode()
        assert "自收到申请材料之日起即为受理" in page
        assert "依法视为受理" in page
        assert 'value="notice"' not in clerk.get(f"/cases/{case.pk}/clocks/").content.decode()
        accepted(clerk, case)
    assert Deadline.objects.get(case__case_no=case.case_no, clock="decision").began_on == MONDAY


def test_an_extension_is_asked_by_the_clerk_and_agreed_by_the_head(
    clerk: Client, head: Client, sign_in: Any, food: dict[str, Any]
) -> None:
    """The head is called on the case page, a clerk cannot answer, and the gate counts by the new last day."""
    case = filed_food(food)
    accepted(clerk, case)
    due = Deadline.objects.get(case__case_no=case.case_no, clock="decision").due_on
    assert post(clerk, case, "ask", days=11, reason="现场核查需要更多时间").status_code == 422
    assert post(clerk, case, "ask", days=10, reason="现场核查需要更多时间").status_code == 302
    assert "延长期限等待您批准" in head.get(f"/cases/{case.pk}/").content.decode()
    answer = {"agreed": "yes", "reason": "情况属实，批准延长。"}
    assert post(sign_in("qian", CLERKS), case, "answer", **answer).status_code == 403
    assert post(sign_in("wei", DECIDERS, "别的机关（示例）"), case, "answer", **answer).status_code == 404
    # Whoever accepted the case or asked is not the second person, whatever else they may do.
    User.objects.get(username="lin").groups.add(Group.objects.get(name=DECIDERS))
    assert post(clerk, case, "answer", **answer).status_code == 403
    assert 'value="answer"' not in clerk.get(f"/cases/{case.pk}/clocks/").content.decode()
    assert "延长期限等待您批准" not in clerk.get(f"/cases/{case.pk}/").content.decode()
    assert f"延长后 {day(after(due, 10))}" in head.get(f"/cases/{case.pk}/clocks/").content.decode()
    assert post(head, case, "answer", **(answer | {"reason": "好"})).status_code == 422
    assert kinds(case)[-1] == "extension_asked"
    assert post(head, case, "answer", **answer).status_code == 302
    assert deadlines.decision_due(case.case_no) == after(due, 10)
    assert kinds(case)[-2:] == ["extension_asked", "extended"]
    texts = notice_of(case, "extended").document.texts()
    last = after(due, 10)
    assert f"{last.year}年{last.month}月{last.day}日（含当日）" in texts
    assert {"情况属实，批准延长。", "10个工作日", "zhao（本机关负责人）"} <= set(texts)
    assert any("应当先申请行政复议" in text for text in texts)
    assert post(clerk, case, "ask", days=1, reason="现场核查需要更多时间").status_code == 302  # once, says the law
    assert kinds(case)[-1] == "extended"


def test_an_extension_that_is_not_agreed_to_sends_no_notice(clerk: Client, head: Client, food: dict[str, Any]) -> None:
    """A no is between the officers."""
    case = filed_food(food)
    accepted(clerk, case)
    post(clerk, case, "ask", days=5, reason="现场核查需要更多时间")
    assert post(head, case, "answer", agreed="no", reason="时间足够，不予延长。").status_code == 302
    assert kinds(case)[-1] == "extension_refused"
    assert not Notice.objects.filter(kind="extension").exists()


def test_a_procedure_stops_the_clock_and_a_credit_query_is_none(
    clerk: Client, food: dict[str, Any], standing: Standing
) -> None:
    """Only what the rules list can be chosen, with a written notice; the list says that the clock stands still."""
    with standing(MONDAY):
        case = filed_food(food)
        accepted(clerk, case)
        begin = {"reason": "委托检验", "days": 15}
        assert post(clerk, case, "begin", procedure="credit-query", **begin).status_code == 422
        assert post(clerk, case, "begin", procedure="inspection", **(begin | {"days": 0})).status_code == 422
        assert post(clerk, case, "begin", procedure="inspection", **begin).status_code == 302
        notice = notice_of(case, "procedure_began")
        whole = {"检验", "《行政许可法》第四十五条", "2026年10月12日", "15个工作日", "委托检验"}
        assert whole <= set(notice.document.texts())
        for page in (f"/cases/{case.pk}/", f"/cases/{case.pk}/clocks/"):
            assert f'href="/cases/{case.pk}/notices/{notice.pk}/"' in clerk.get(page).content.decode()
        assert "特别程序中" in clerk.get("/work/?show=all").content.decode()
    with standing(after(MONDAY, 15)):
        assert post(clerk, case, "end", procedure="inspection").status_code == 302
    assert deadlines.decision_due(case.case_no) == after(MONDAY, 35)


def test_a_character_that_cannot_be_printed_stops_the_act(clerk: Client, food: dict[str, Any]) -> None:
    """Act and notice stand together or not at all; the officer reads which character it is, and no number is used."""
    case = filed_food(food)
    accepted(clerk, case)
    refused = post(clerk, case, "begin", procedure="inspection", reason="委托𠮷检验", days=3)
    assert refused.status_code == 422
    assert "U+20BB7" in refused.content.decode()
    assert kinds(case)[-1] == "accepted"
    assert post(clerk, case, "begin", procedure="inspection", reason="委托吉检验", days=3).status_code == 302
    assert notice_of(case, "procedure_began").number.endswith("〕1号")


def test_an_act_that_may_not_follow_issues_no_notice(clerk: Client, food: dict[str, Any]) -> None:
    """The clocks refuse after the notice was made: it is undone, and its number is free again."""
    case = filed_food(food)
    accepted(clerk, case)
    form = BeginForm(
        {"begin-procedure": "hearing", "begin-reason": "依申请听证", "begin-days": "20"},
        case=case,
        standing=deadlines.standing(case.case_no),
    )
    assert form.is_valid()
    assert post(clerk, case, "begin", procedure="hearing", reason="依申请听证", days=20).status_code == 302
    with pytest.raises(CaseInvalid), transaction.atomic():
        form.act(User.objects.get(username="lin"))
    assert [n.number for n in Notice.objects.filter(kind="special_procedure")] == [
        notice_of(case, "procedure_began").number
    ]
    assert NoticeNumberSequence.objects.get(prefix__endswith="特").last == 1


def test_where_no_notice_can_be_issued_the_paper_is_named(
    clerk: Client, head: Client, food: dict[str, Any], settings: Any, tmp_path: Path
) -> None:
    """Only then is a number asked for, with the reason; without one the act is refused."""
    case = filed_food(food)
    accepted(clerk, case)
    (tmp_path / "spoilt.yaml").write_text("kind: [", encoding="utf-8")
    settings.NOTICES = {**settings.NOTICES, "OWN_TEMPLATES": [str(tmp_path)]}
    begin = {"procedure": "inspection", "reason": "委托检验", "days": 15}
    refused = post(clerk, case, "begin", **begin)
    assert refused.status_code == 422
    assert "文书模板或者字体设置有误" in refused.content.decode()
    assert post(clerk, case, "begin", **begin, notice_no="示特〔2026〕1号").status_code == 302
    post(clerk, case, "ask", days=5, reason="现场核查需要更多时间")
    yes = {"agreed": "yes", "reason": "情况属实，批准延长。"}
    assert post(head, case, "answer", **yes).status_code == 422
    assert post(head, case, "answer", **yes, notice_no="示延〔2026〕1号").status_code == 302
    numbers = StatutoryAct.objects.filter(case_no=case.case_no).exclude(notice_no="")
    assert list(numbers.values_list("notice_no", flat=True)) == ["示特〔2026〕1号", "示延〔2026〕1号"]


def test_s14_a_withdrawn_case_is_reminded_of_nothing(clerk: Client, food: dict[str, Any], standing: Standing) -> None:
    """Withdrawn before the decision: every clock ends, no refusal is an act, and the runner has nothing to say."""
    with standing(MONDAY):
        case = filed_food(food)
        accepted(clerk, case)
        url = f"/cases/{case.pk}/withdraw/"
        assert clerk.post(url, {"reason": "不再开店", "applicant_asked": "on"}).status_code == 302
    with standing(after(MONDAY, 40)):
        tally = tend()
        assert (tally.reminded, tally.lapsed, tally.failed) == (0, 0, 0)
        assert "不再计算" in clerk.get(f"/cases/{case.pk}/").content.decode()
    assert kinds(case) == ["received", "accepted", "withdrawn"]
    assert not Reminder.objects.exists()
    assert FoodBusinessCase.objects.get(pk=case.pk).decision == ""


def test_s15_the_last_day_skips_days_off_and_is_flagged_where_no_calendar_is_published(
    clerk: Client, food: dict[str, Any], standing: Standing
) -> None:
    """New Year's Day is not published yet, so list and case page call the day provisional."""
    with standing(date(2026, 12, 21)):
        case = filed_food(food)
        accepted(clerk, case)
        for page in (f"/cases/{case.pk}/", "/work/?show=all"):
            assert "节假日未公布，暂定" in clerk.get(page).content.decode()
    row = Deadline.objects.get(case__case_no=case.case_no, clock="decision")
    assert (row.provisional, row.due_on, row.warning_on) == (True, date(2027, 1, 18), date(2027, 1, 13))


def test_a_step_that_is_taken_back_names_the_manager(clerk: Client, manager: Client, food: dict[str, Any]) -> None:
    """The act stays and a further one takes it back; the case waits for its acceptance again."""
    case = filed_food(food)
    accepted(clerk, case)
    begin = {"procedure": "inspection", "reason": "委托检验", "days": 15}
    post(clerk, case, "begin", **begin)
    first = notice_of(case, "procedure_began")
    review, accept = task_named(case, "review"), task_named(case, "accept")
    manager.post(review.reverse("cancel"))
    assert manager.post(accept.reverse("undo")).status_code == 302
    acts = [(act.by, act.about.kind if act.about else "") for act in StatutoryAct.objects.filter(kind="taken_back")]
    assert acts == [("guan", "accepted"), ("guan", "procedure_began")]
    assert not Deadline.objects.filter(case__case_no=case.case_no, clock="decision").exists()
    # Its notice says so, and the notice of the procedure when it begins again takes its place.
    assert "（登记已撤销）" in clerk.get(f"/cases/{case.pk}/").content.decode()
    assert manager.post(task_named(case, "accept").reverse("revive")).status_code == 302
    accepted(clerk, case)
    assert post(clerk, case, "begin", **begin).status_code == 302
    assert Notice.objects.filter(kind="special_procedure").last().supersedes == first
