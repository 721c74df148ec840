"""What applicants are told and when, reminders of promises, and a breach that is fed back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from approval_hook import clock, deadlines
from approval_hook.aftercare import reminding
from approval_hook.counting import beginning_of
from approval_hook.errors import CaseInvalid
from approval_hook.hosts.viewflow.tending import tend
from approval_hook.models import Kind, OpenPromise, Outgoing, PromiseReminder, Reminder
from approval_hook.outbox import deliver_due
from approval_hook.policy.clocks import Act
from approval_hook.policy.records import QueryStatus
from approval_hook.policy.workdays import add_workdays
from approval_hook.ports import Feedback, ItemOutcome, ItemState, Query
from approval_hook.signals import promise_reached
from approval_hook.testing import ScriptedPlatform
from approval_hook.workcalendar import published_calendar
from tests.integration.workflows.conftest import FOOD, ORGAN, REGION
from tests.integration.workflows.driving import (
    MISSING,
    PASSWORD,
    REFUSAL,
    SCAN,
    accepted,
    accepted_on_promise,
    account,
    do,
    filed_food,
    promise_day,
    reviewed,
    task_named,
)
from workflows import acts, telling
from workflows.filing import file_case
from workflows.flows import FoodBusinessFlow
from workflows.models import FoodBusinessCase, Notice

#: Numbers that no message may hold.
WHOLE = [FOOD["firm_code"], *(person["number"] for person in FOOD["persons"])]  # type: ignore[attr-defined] # data


def told(case: Any) -> list[str]:
    """Templates of the messages of a case, oldest first, but for notices."""
    rows = Outgoing.objects.filter(case_no=case.case_no, kind=Kind.MESSAGE).exclude(content="notice-issued")
    return list(rows.order_by("pk").values_list("content", flat=True))


@contextmanager
def on(day: date, hour: int = 9) -> Iterator[None]:
    """Stand at an hour of a day in China."""
    with clock.standing_at(beginning_of(day) + timedelta(hours=hour)):
        yield


def before(day: date, n: int) -> date:
    """Working days earlier."""
    return add_workdays(day, -n, published_calendar()).on


def act(client: Client, case: Any, what: str, **more: Any) -> str:
    """An officer's act about the promise; the page after it."""
    sent = {"act": what, "reason": "核实情况属实"} | more
    return str(client.post(f"/cases/{case.pk}/promise/act/", sent, follow=True).content.decode())


def test_a_case_is_told_from_the_promise_to_the_licence(
    clerk: Client, head: Client, chen: Client, offered: Any, driver: Any
) -> None:
    """Each step once, the newest first on the page, no whole number in any; nobody else reads it."""
    url = f"/my/{offered.case_no}/promise/"
    promise = chen.get(url).context["promise"]
    sent = {"promise": str(promise.pk), "version": promise.version, "digest": promise.text_digest}
    chen.post(url, sent | {"read": "1", "password": PASSWORD})
    clerk.post(task_named(offered, "accept").reverse("execute"), {"materials": offered.materials})
    chen.post(f"/my/{offered.case_no}/supply/", {MISSING: SimpleUploadedFile("a.pdf", SCAN)})
    do(clerk, offered, "review", {"review_opinion": "符合法定条件。"})
    do(head, offered, "decide", {"decision": "granted", "decision_reason": "符合条件"})
    expected = ["promise-offered", "accepted", "supplement-received", "decision-made", "licence-ready"]
    assert told(offered) == expected
    page = chen.get(f"/my/{offered.case_no}/")
    messages = [each["text"] for each in page.context["told"]]
    assert "已准予许可" in messages[0]
    assert "送达地址确认书" in messages[2]
    assert not [number for number in WHOLE if any(number in text for text in messages)]
    chen.cookies["django_language"] = "en"
    english = chen.get(f"/my/{offered.case_no}/").context["told"]
    assert english[0]["text"].startswith("Your application “食品经营许可（新办）”")
    kinds = set(Notice.objects.values_list("kind", flat=True))
    assert kinds == {"receipt", "credit_privacy", "acceptance", "tolerance"}
    assert sum("文书核验" in text for text in messages) == len(kinds)
    for notice in Notice.objects.all():
        address = f"/my/{offered.case_no}/notices/{notice.pk}/"
        assert address in page.content.decode()
        assert notice.number in chen.get(address).content.decode()
        assert account_of_another(driver).get(address).status_code == 404
        assert clerk.get(address).status_code == 403
    printed = chen.get(f"/my/{offered.case_no}/notices/{notice.pk}/pdf/")
    assert printed["Content-Type"] == "application/pdf"
    assert printed.content.startswith(b"%PDF")


def account_of_another(driver: Any) -> Client:
    """An applicant who has nothing to do with the firm."""
    found = User.objects.filter(username="huang").first()
    if found is None:
        return account("huang", "黄示例", driver["number"])
    client = Client()
    client.force_login(found)
    return client


def test_what_stays_with_the_organ_is_not_shown(clerk: Client, chen: Client, offered: Any) -> None:
    """送达回证 proves the service to others; the applicant neither sees it nor is told."""
    receipt = Notice.objects.get(kind="receipt")
    values = {field.attname: getattr(receipt, field.attname) for field in Notice._meta.concrete_fields}
    values |= {"id": None, "kind": "service_return", "number": "示回证〔2026〕1号"}
    proof = Notice.objects.create(**values)
    telling.issued(offered, proof, "送达回证")
    assert chen.get(f"/my/{offered.case_no}/notices/{proof.pk}/").status_code == 404
    assert chen.get(f"/my/{offered.case_no}/notices/{proof.pk}/pdf/").status_code == 404
    assert "示回证" not in chen.get(f"/my/{offered.case_no}/").content.decode()


def test_a_step_does_not_wait_for_its_message(
    clerk: Client, head: Client, food: Any, manager: Client, monkeypatch: Any
) -> None:
    """Where a message cannot be made the step stands; a decision that is taken back is put right."""
    case = filed_food(food)

    def unfit(*args: Any) -> Any:
        raise CaseInvalid("消息内容", "不合模板。", "请更正。")

    with monkeypatch.context() as patched:
        patched.setattr(telling, "facts_of", unfit)
        reviewed(clerk, case)
    assert (told(case), case.reviewed_at is not None) == ([], True)
    do(head, case, "decide", {"decision": "refused", "decision_reason": REFUSAL, "remedy_told": "on"})
    assert told(case) == ["decision-made"]
    other = filed_food(food | {"premises": "越秀区示例路 9 号"})
    accepted(clerk, other)
    manager.post(task_named(other, "review").reverse("cancel"))
    assert manager.post(task_named(other, "accept").reverse("undo")).status_code == 302
    assert told(other) == ["accepted", "step-taken-back"]


def test_an_extension_is_told_and_its_reason_shown(clerk: Client, head: Client, chen: Client, food: Any) -> None:
    """Once it is approved, with the notice; the page has the reason."""
    case = filed_food(food)
    reviewed(clerk, case)
    url = f"/cases/{case.pk}/clocks/"
    ask = {"act": "ask", "ask-days": "10", "ask-reason": "需要现场复核。"}
    assert clerk.post(url, ask).status_code == 302
    answer = {"act": "answer", "answer-agreed": "yes", "answer-reason": "案情复杂，需要复核。"}
    assert head.post(url, answer | {"answer-notice_no": "示延〔2026〕7号"}).status_code == 302
    assert told(case)[-1] == "deadline-extended"
    page = chen.get(f"/my/{case.case_no}/").content.decode()
    assert "办理期限已延长 10 个工作日。理由：案情复杂，需要复核。" in page


def test_a_lapse_is_told_once_with_the_words_of_the_rules(clerk: Client, chen: Client, food: Any) -> None:
    """By the runner: 复议 first; a day that may yet change is told to nobody."""
    monday = beginning_of(date(2026, 10, 12)) + timedelta(hours=9)
    case = file_case(FoodBusinessFlow, food, organ=ORGAN, region=REGION, filed_at=monday)
    with clock.standing_at(monday):
        acts.register(case, Act.ACCEPTED, User.objects.get(username="lin"))
    due = deadlines.decision_due(case.case_no)
    assert due == date(2026, 11, 9)
    with on(due):
        tend()
        assert told(case) == ["accepted"]
    with on(due + timedelta(days=1)):
        assert (tend().reminded, tend().reminded) == (1, 0)
        (row, _) = chen.get(f"/my/{case.case_no}/").context["told"][:2]
        assert told(case) == ["accepted", "deadline-lapsed"]
    assert "“作出许可决定”的法定期限已于 2026-11-09 届满" in row["text"]
    assert "申请人应当先申请行政复议" in row["text"]
    reminder = Reminder.objects.get(grade="overdue", case_no=case.case_no)
    reminder.provisional = True
    telling.on_deadline(reminder)
    assert len(told(case)) == 2


def test_a_promise_is_reminded_once_a_grade(clerk: Client, head: Client, chen: Client, offered: Any) -> None:
    """By the sweep alone, also by a killed one; an extension moves what is to come; a late one waits for a head."""
    assert accepted_on_promise(clerk, offered, offered.materials, promise_day()).status_code == 302
    due = promise_day()

    def sweep(day: date) -> int:
        with on(day):
            return reminding.remind().told

    assert sweep(before(due, 3) - timedelta(days=1)) == 0
    assert (sweep(before(due, 3)), sweep(before(due, 3)), sweep(before(due, 2))) == (1, 0, 0)
    later = add_workdays(due, 3, published_calendar()).on
    assert "准予延期补交" in act(head, offered, "extended", until=str(later))
    assert sweep(due + timedelta(days=1)) == (1 if due + timedelta(days=1) >= before(later, 3) else 0)

    def dies(**kwargs: Any) -> None:
        raise RuntimeError

    with on(before(later, 1)):
        promise_reached.connect(dies)
        broken = reminding.remind()
        promise_reached.disconnect(dies)
        assert (broken.told, broken.failed, reminding.remind().told) == (0, 1, 0)
    with clock.standing_at(beginning_of(before(later, 1)) + timedelta(hours=10)):
        assert (reminding.remind().told, reminding.remind().told) == (1, 0)
    assert sweep(later) == 0
    with on(later + timedelta(days=1)):
        assert (tend().promises, tend().promises) == (1, 0)
        assert "补交期限" in chen.get(f"/my/{offered.case_no}/").content.decode()
        for client, chip in ((clerk, "tolerant"), (head, "tolerant"), (head, "late")):
            rows = client.get(f"/work/?show={chip}").context["page"].object_list
            assert [row.case.pk for row in rows] == [offered.pk]
        assert "逾期未补齐" in head.get("/work/").content.decode()
        assert "逾期未补齐" not in clerk.get("/work/").content.decode()
    grades = PromiseReminder.objects.order_by("pk").values_list("due_on", "grade", "missed")
    assert list(grades)[-3:] == [(later, "normal", False), (later, "warning", False), (later, "overdue", False)]
    assert told(offered)[-4:] == ["promise-extended", "promise-due-soon", "promise-due-soon", "promise-overdue"]


@pytest.mark.parametrize("end", ["kept", "withdrawn", "broken", "refused"])
def test_nobody_is_reminded_of_what_is_over(clerk: Client, head: Client, chen: Client, offered: Any, end: str) -> None:
    """Kept, withdrawn, found broken, or the case decided: silence, and a later grade counts as missed."""
    assert accepted_on_promise(clerk, offered, offered.materials, promise_day()).status_code == 302
    if end == "kept":
        clerk.post(f"/cases/{offered.pk}/supply/", {"materials": [MISSING]})
    elif end == "withdrawn":
        chen.post(f"/my/{offered.case_no}/promise/withdraw/", {})
    elif end == "broken":
        with on(promise_day() + timedelta(days=1)):
            act(head, offered, "broken")
            assert not head.get("/work/?show=late").context["page"].object_list
    else:
        do(clerk, offered, "review", {"review_opinion": "不符合法定条件。"})
        refusal = {"decision": "refused", "decision_reason": REFUSAL, "remedy_told": "on"}
        assert do(head, offered, "decide", refusal).status_code == 302
    before_sweep = told(offered)
    with on(promise_day() + timedelta(days=2)):
        assert reminding.remind().told == 0
    assert told(offered) == before_sweep
    assert OpenPromise.objects.filter(next_fire_at__isnull=False).count() == 0
    missed = PromiseReminder.objects.values_list("missed", flat=True)
    assert list(missed) == ([True] * 3 if end == "refused" else [])


class Receipted(ScriptedPlatform):
    """A platform that gives a receipt for each answer."""

    def query(self, query: Query, *, timeout: float) -> Any:
        """Answer as scripted."""
        report = super().query(query, timeout=timeout)
        return msgspec.structs.replace(report, receipt_no=f"HZ-{query.query_id[-6:]}")


class Taking:
    """A platform that takes all feedback."""

    remote = False
    taken: list[Feedback] = []

    def __init__(self, name: str) -> None:
        """Nothing is needed."""

    def feed_back(self, items: Any, *, timeout: float) -> list[ItemOutcome]:
        """Take them."""
        self.taken.extend(items)
        return [ItemOutcome(item.feedback_id, ItemState.ACCEPTED) for item in items]


def test_a_breach_is_fed_back_where_the_platform_answered(
    settings: Any, credit: Any, clerk: Client, head: Client, food: Any, chen: Client
) -> None:
    """Once, under the query it belongs to, and its repair after it; nobody else is told."""
    module = "tests.integration.workflows.test_telling"
    real, other = settings.APPROVAL_HOOK, {"BACKEND": f"{module}.Taking"}
    province = {"BACKEND": f"{module}.Receipted", "OPTIONS": {"script": credit, "remote": False}}
    settings.APPROVAL_HOOK = {
        **real,
        "PLATFORMS": {**real["PLATFORMS"], "province": province},
        "FEEDBACK": {"province": other, "elsewhere": other},
    }
    assert credit.status is QueryStatus.OK
    Taking.taken.clear()
    case = broken(clerk, head, food)
    with on(promise_day() + timedelta(days=1)):
        assert "已列入发往信用平台的反馈：province" in head.get(f"/cases/{case.pk}/").content.decode()
        assert "没有待修复的违诺记录" not in act(head, case, "repaired")
        tend()
        deliver_due()
        page = chen.get(f"/my/{case.case_no}/").content.decode()
    assert "容缺承诺经核实认定未履行。理由：核实情况属实（违约已经修复）" in page
    assert told(case)[-2:] == ["promise-broken", "promise-repaired"]
    first, second = Taking.taken
    assert (first.receipt_no, first.subject.primary.number) == (f"HZ-{first.query_id[-6:]}", case.firm_code)  # type: ignore[union-attr] # a firm has one
    assert ("认定违约" in first.remark, first.feedback_id in second.remark) == (True, True)
    assert (first.basis, first.query_id) == (second.basis, second.query_id)
    assert "第三十二条" in first.basis


def test_without_feedback_the_page_says_that_nobody_is_told(clerk: Client, head: Client, food: Any) -> None:
    """Nothing is enqueued."""
    case = broken(clerk, head, food)
    with on(promise_day() + timedelta(days=1)):
        assert "违约没有报送信用平台" in head.get(f"/cases/{case.pk}/").content.decode()
    assert not Outgoing.objects.filter(kind=Kind.FEEDBACK).exists()


def broken(clerk: Client, head: Client, food: Any) -> Any:
    """A case whose promise was found broken on the day after its last day."""
    food["materials"].remove(MISSING)
    case = filed_food(food)
    assert accepted_on_promise(clerk, case, food["materials"], promise_day()).status_code == 302
    with on(promise_day() + timedelta(days=1)):
        assert "已认定违约" in act(head, case, "broken")
    return FoodBusinessCase.objects.get(pk=case.pk)
