"""The applicants' pages: who sees what, signing a promise, supplying in time and late (R-13, L-10, S-14 to S-17)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from approval_hook import clock
from approval_hook.models import PromiseStep, PromiseWords
from approval_hook.policy.promises import PromiseAct, PromiseState
from approval_hook.policy.workdays import add_workdays
from approval_hook.workcalendar import published_calendar
from tests.integration.workflows.conftest import REGION
from tests.integration.workflows.driving import (
    MISSING,
    PASSWORD,
    SCAN,
    accepted_on_promise,
    account,
    do,
    filed_driver,
    filed_food,
    promise_day,
    promised,
    task_named,
)
from workflows import promising, uploads
from workflows.models import FoodBusinessCase, HandedIn, Mandate
from workflows.withdrawal import withdraw


def _signed(client: Client, case: Any, **changes: str) -> Any:
    url = f"/my/{case.case_no}/promise/"
    promise = client.get(url).context["promise"]
    sent = {"promise": str(promise.pk), "version": promise.version, "digest": promise.text_digest}
    return client.post(url, sent | {"read": "1", "password": PASSWORD} | changes, follow=True)


def _uploaded(client: Client, case: Any, code: str = MISSING, content: bytes = SCAN) -> Any:
    file = SimpleUploadedFile("地址 确认书.pdf", content)
    return client.post(f"/my/{case.case_no}/supply/", {code: file}, follow=True)


@contextmanager
def _after_the_day() -> Iterator[None]:
    """One minute after the last day of the promise is over, in China."""
    with clock.standing_at(datetime.combine(promise_day() + timedelta(days=1), time(0, 1), clock.CHINA)):
        yield


def test_an_applicant_reads_signs_and_supplies(clerk: Client, head: Client, chen: Client, offered: Any) -> None:
    """From the signature to acceptance, to the supplement, to the grant; each side sees what the other did."""
    assert "请阅读并签署容缺承诺书" in chen.get("/", follow=True).content.decode()
    page = chen.get(f"/my/{offered.case_no}/").content.decode()
    assert "不签也可以" in page
    text = chen.get(f"/my/{offered.case_no}/promise/").content.decode()
    assert "送达地址确认书" in text
    assert f"{promise_day().month}月{promise_day().day}日" in text
    assert "已签署" in _signed(chen, offered).content.decode()
    step = PromiseStep.objects.get()
    assert (step.act, step.by, step.signature["level"], step.signature["how"]) == ("signed", "chen", "window", "online")
    url = task_named(offered, "accept").reverse("execute")
    assert clerk.post(url, {"materials": offered.materials}).status_code == 302
    assert "还差 1 份材料" in chen.get(f"/my/{offered.case_no}/").content.decode()
    assert "已收到您补交的材料" in _uploaded(chen, offered).content.decode()
    case = FoodBusinessCase.objects.get(pk=offered.pk)
    assert MISSING in case.materials
    row = HandedIn.objects.get()
    assert (row.content, row.name, row.media_type) == (SCAN, "地址 确认书.pdf", "application/pdf")
    for client, url in ((clerk, f"/cases/{case.pk}/files/{row.pk}/"), (chen, f"/my/{case.case_no}/files/{row.pk}/")):
        answer = client.get(url)
        assert answer.content == SCAN
        assert answer["Content-Disposition"].startswith("attachment")
        assert "sandbox" in answer["Content-Security-Policy"]
    assert "陈" in clerk.get(f"/cases/{case.pk}/").content.decode()
    do(clerk, case, "review", {"review_opinion": "符合法定条件。"})
    assert do(head, case, "decide", {"decision": "granted", "decision_reason": "符合条件"}).status_code == 302
    assert "没有需要补交的材料" in chen.get(f"/my/{case.case_no}/supply/").content.decode()


def test_nobody_else_sees_the_case(chen: Client, clerk: Client, stranger: Client, offered: Any, driver: Any) -> None:
    """Neither another applicant nor a revoked mandate, nor an officer; and an applicant sees no officer's page."""
    other, own = account("huang", "黄示例", driver["number"]), filed_driver(driver)
    assert [row["case"] for row in other.get("/my/").context["rows"]] == [own]
    pages = ("", "promise/", "supply/", "promise/withdraw/", "files/1/")
    for page in pages:
        assert other.get(f"/my/{offered.case_no}/{page}").status_code == 404
        assert clerk.get(f"/my/{offered.case_no}/{page}").status_code == 403
    for url in ("/work/", f"/cases/{offered.pk}/", f"/cases/{offered.pk}/promise/", "/rules/", "/work/new/"):
        assert chen.get(url).status_code == 403
    for url in (f"/cases/{offered.pk}/promise/", f"/cases/{offered.pk}/files/1/"):
        assert stranger.get(url).status_code == 404
    Mandate.objects.update(revoked=True)
    assert list(chen.get("/my/").context["rows"]) == []
    assert chen.get(f"/my/{offered.case_no}/").status_code == 404


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"password": "wrong"}, "密码不正确"),
        ({"read": ""}, "请先阅读承诺书全文"),
        ({"digest": "0" * 64}, "已经更新"),
        ({"promise": "nothing"}, "已经更新"),
        ({"version": "older"}, "已经更新"),
    ],
)
def test_only_who_read_these_words_signs_them(chen: Client, offered: Any, changes: dict[str, str], why: str) -> None:
    """Otherwise nothing is signed, and the page says what to do."""
    answer = _signed(chen, offered, **changes)
    assert answer.status_code == 422
    assert why in answer.content.decode()
    assert not PromiseStep.objects.exists()


def test_a_newer_promise_takes_the_place_of_one_nobody_signed(clerk: Client, chen: Client, offered: Any) -> None:
    """Whoever read the older one is told to read again; a signed one stays."""
    older = chen.get(f"/my/{offered.case_no}/promise/").context["promise"]
    later = add_workdays(promise_day(), 1, published_calendar()).on
    assert "纸质" in promised(clerk, offered, offered.materials, later).content.decode()
    assert promising.given(offered).promise.until == later  # type: ignore[union-attr] # it is there
    sent = {"promise": str(older.pk), "version": older.version, "digest": older.text_digest}
    again = chen.post(f"/my/{offered.case_no}/promise/", sent | {"read": "1", "password": PASSWORD})
    assert "已经更新" in again.content.decode()
    url = task_named(offered, "accept").reverse("execute")
    third = clerk.post(url, {"materials": offered.materials, "supply_until": str(later), "save": "promise"})
    assert "承诺书已经签署" in str(third.context["form"].errors["supply_until"])


def test_two_uploads_a_wrong_item_and_a_file_that_is_none(chen: Client, clerk: Client, offered: Any) -> None:
    """One counts, the others change nothing."""
    _signed(chen, offered)
    assert "只收 PDF" in _uploaded(chen, offered, content=b"MZ\x90").content.decode()
    assert "文件是空的" in _uploaded(chen, offered, content=b"").content.decode()
    assert "不在承诺补交的材料内" in _uploaded(chen, offered, "safety-rules").content.decode()
    assert "没有选择文件" in chen.post(f"/my/{offered.case_no}/supply/", {}).content.decode()
    assert not HandedIn.objects.exists()
    assert "已收到" in _uploaded(chen, offered).content.decode()
    assert "已经履行" in _uploaded(chen, offered).content.decode()
    assert HandedIn.objects.count() == 1
    large = SimpleUploadedFile("x.pdf", SCAN + b"0" * uploads.MOST_BYTES)
    with pytest.raises(uploads.UploadRefused, match="5 MB"):
        uploads.taken(large)


def test_s16_a_minute_late_is_kept_and_the_head_decides(
    clerk: Client, head: Client, chen: Client, offered: Any
) -> None:
    """Nothing is lost, nothing counts by itself; the head admits it with a reason."""
    assert accepted_on_promise(clerk, offered, offered.materials, promise_day()).status_code == 302
    with _after_the_day():
        assert "补交期限已过" in chen.get(f"/my/{offered.case_no}/").content.decode()
        assert "已过补交期限" in _uploaded(chen, offered).content.decode()
        case = FoodBusinessCase.objects.get(pk=offered.pk)
        assert (HandedIn.objects.filter(code=MISSING).count(), MISSING in case.materials) == (1, False)
        assert "逾期收到，未采用" in clerk.get(f"/cases/{case.pk}/").content.decode()
        head.post(f"/cases/{case.pk}/supply/", {"materials": [MISSING], "reason": "系统故障所致"})
        assert promising.given(case).standing.state is PromiseState.FULFILLED  # type: ignore[union-attr] # it is there
        case.refresh_from_db()
        assert MISSING in case.materials


def _act(client: Client, case: Any, act: str, **more: Any) -> str:
    sent = {"act": act, "reason": "核实情况属实"} | more
    return str(client.post(f"/cases/{case.pk}/promise/act/", sent, follow=True).content.decode())


def test_s16_a_breach_is_said_by_a_person_and_bars_only_where_a_law_says_so(
    clerk: Client, head: Client, food: dict[str, Any], offered: Any
) -> None:
    """Not before the day; Guangzhou bars nothing, Shenzhen the next promise until the breach is repaired."""
    assert accepted_on_promise(clerk, offered, offered.materials, promise_day()).status_code == 302
    assert "补交期限未到" in _act(head, offered, "broken")
    with _after_the_day():
        assert "普通程序" in clerk.get("/work/?show=all").content.decode()
        assert "须由审批负责人办理" in _act(clerk, offered, "broken")
        assert "没有写明理由" in _act(head, offered, "broken", reason="")
        assert "已认定违约" in _act(head, offered, "broken")
        again = filed_food(food)
        assert "已登记纸质承诺书" in promised(clerk, again, food["materials"], _until_later()).content.decode()
        assert offered.case_no in clerk.get(f"/cases/{again.pk}/").content.decode()
        withdraw(again, User.objects.get(username="lin"), "重新申请")
        third = filed_food(food)
        FoodBusinessCase.objects.filter(pk=third.pk).update(region="440304")
        refused = promised(clerk, third, food["materials"], _until_later()).content.decode()
        assert "深圳经济特区社会信用条例第五十九条" in refused
        assert "已登记" in _act(head, offered, "repaired")
        assert "已登记纸质承诺书" in promised(clerk, third, food["materials"], _until_later()).content.decode()


def _until_later() -> date:
    return add_workdays(clock.today(), 3, published_calendar()).on


def test_an_extension_is_approved_by_the_head_and_a_wrong_paper_goes_back(
    clerk: Client, head: Client, chen: Client, offered: Any
) -> None:
    """Within the decision's time only; what is returned is out again and counts as missing."""
    assert accepted_on_promise(clerk, offered, offered.materials, promise_day()).status_code == 302
    later = add_workdays(promise_day(), 2, published_calendar()).on
    assert "须由审批负责人办理" in _act(clerk, offered, "extended", until=str(later))
    assert "来不及审查" in _act(head, offered, "extended", until="2099-01-05")
    assert "日期填写有误" in _act(head, offered, "extended", until="soon")
    assert "准予延期补交" in _act(head, offered, "extended", until=str(later))
    case = FoodBusinessCase.objects.get(pk=offered.pk)
    assert case.supply_until == later
    _uploaded(chen, offered)
    assert "退回补交的材料" in _act(clerk, offered, "returned", materials=[MISSING], reason="不是本单位的地址")
    case.refresh_from_db()
    assert MISSING not in case.materials
    assert "还差 1 份材料" in chen.get(f"/my/{case.case_no}/").content.decode()


def test_an_applicant_may_go_on_without_the_promise(clerk: Client, head: Client, chen: Client, offered: Any) -> None:
    """The case stays accepted and is granted only when the paper is here."""
    assert accepted_on_promise(clerk, offered, offered.materials, promise_day()).status_code == 302
    left = chen.post(f"/my/{offered.case_no}/promise/withdraw/", {}, follow=True).content.decode()
    assert "按普通程序办理" in left
    case = FoodBusinessCase.objects.get(pk=offered.pk)
    assert (case.supply_until, case.accepted_at is not None) == (None, True)
    do(clerk, case, "review", {"review_opinion": "符合法定条件。"})
    grant = {"decision": "granted", "decision_reason": "符合条件"}
    assert "补齐前不能准予许可" in do(head, case, "decide", grant).content.decode()
    clerk.post(f"/cases/{case.pk}/supply/", {"materials": [MISSING]})
    assert head.post(task_named(case, "decide").reverse("execute"), grant).status_code == 302


def test_s14_the_promise_ends_with_the_case(clerk: Client, offered: Any) -> None:
    """Withdrawn before the decision: no breach can follow."""
    assert accepted_on_promise(clerk, offered, offered.materials, promise_day()).status_code == 302
    withdraw(FoodBusinessCase.objects.get(pk=offered.pk), User.objects.get(username="lin"), "不再经营")
    found = promising.given(offered)
    assert found is not None
    assert found.standing.state is PromiseState.WITHDRAWN


@pytest.mark.parametrize("code", ["safety-rules", "application-form"])
def test_s17_a_statutory_material_is_promised_by_no_way(clerk: Client, food: dict[str, Any], code: str) -> None:
    """Neither by page nor by code, whoever asks."""
    food["materials"].remove(code)
    case = filed_food(food)
    assert "不能容缺" in promised(clerk, case, food["materials"], promise_day()).content.decode()
    lin = User.objects.get(username="lin")
    with pytest.raises(promising.PromiseRefused, match="法律、法规要求的材料不能容缺"):
        promising.offer(case, lin, [code], promise_day())
    assert promising.given(case) is None


def test_s23_a_young_firm_may_promise_too(clerk: Client, food: dict[str, Any]) -> None:
    """容缺受理 of a matter on the public list is open to everyone (L-10)."""
    food["established_on"] = str(clock.today() - timedelta(days=420))
    food["persons"][0]["since"] = food["established_on"]
    food["materials"].remove(MISSING)
    case = filed_food(food)
    assert accepted_on_promise(clerk, case, food["materials"], promise_day()).status_code == 302


def test_the_words_are_sealed_and_can_be_forgotten(clerk: Client, chen: Client, offered: Any) -> None:
    """The row holds no name; once erased the digest and the signature stay."""
    words = PromiseWords.objects.get()
    assert "粤悦里".encode() not in bytes(words.sealed)
    assert "粤悦里" in (words.text() or "")
    _signed(chen, offered)
    words.erase()
    assert "已依法删除" in chen.get(f"/my/{offered.case_no}/promise/").content.decode()
    found = promising.given(offered)
    assert found is not None
    assert found.standing.state is PromiseState.OPEN
    assert PromiseAct(PromiseStep.objects.get().act) is PromiseAct.SIGNED
    assert REGION
