"""Notices of real cases: issued with the steps, numbered without gaps, shown, printed, kept, and never changed."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from approval_hook.errors import AppendOnlyError
from approval_hook.models import Inquiry
from approval_hook.testing import lifted_triggers
from tests.integration.workflows.conftest import OTHER_ORGAN
from tests.integration.workflows.driving import (
    accepted,
    accepted_on_promise,
    filed_driver,
    filed_food,
    posted,
    promised,
    reviewed,
)
from tests.unit.notices.building import rare_font
from workflows import promising
from workflows.flows import FoodBusinessFlow
from workflows.models import FoodBusinessCase
from workflows.notices.automatic import receipt_facts
from workflows.notices.document import Table, digest_of
from workflows.notices.errors import CharactersMissing, NoticeRefused, NoticeTampered
from workflows.notices.issuing import in_force, issue, print_of
from workflows.notices.models import Notice, NoticeNumberSequence, NoticePrint

RARE = "粤𠮷餐饮（示例）有限公司"


def address(case: Any, kind: str) -> str:
    """Of the page that issues a kind."""
    return reverse("clerk:notices:new", args=[case.pk, kind])


def kinds(case: Any) -> list[str]:
    """Kinds of the notices of a case, oldest first."""
    return list(Notice.objects.filter(process_id=case.pk).values_list("kind", flat=True))


def table_of(case: Any) -> list[tuple[str, str]]:
    """Subject and ground of each line of the privacy notice of a case."""
    blocks = Notice.objects.get(process_id=case.pk, kind="credit_privacy").document.blocks
    (table,) = [block for block in blocks if isinstance(block, Table)]
    return [(about, note) for _, about, note in table.rows]


def test_filing_and_acceptance_issue_what_the_law_wants(clerk: Client, food: dict[str, Any]) -> None:
    """Filing gives a receipt and says who is queried; acceptance gives the 受理通知书. Page and PDF say the same."""
    start = FoodBusinessFlow.start.reverse("execute")
    assert clerk.post(start, posted(food)).status_code == 302
    case = FoodBusinessCase.objects.get()
    assert kinds(case) == ["receipt", "credit_privacy"]
    accepted(clerk, case)
    assert kinds(case) == ["receipt", "credit_privacy", "acceptance"]
    notice = Notice.objects.get(kind="acceptance")
    assert notice.number == f"穗越市监食许受〔{notice.issued_at.year}〕1号"
    page = clerk.get(f"/cases/{case.pk}/").content.decode()
    assert notice.number in page
    assert "还没有出具" not in page

    shown = clerk.get(reverse("clerk:notices:show", args=[case.pk, notice.pk])).content.decode()
    document = notice.document
    assert [text for text in document.texts() if text not in shown and text not in document.copies] == []
    url = reverse("clerk:notices:pdf", args=[case.pk, notice.pk])
    first, second = clerk.get(url), clerk.get(url)
    assert first["Content-Type"] == "application/pdf"
    assert first.content == second.content
    kept = NoticePrint.objects.get(notice=notice)
    assert kept.digest == digest_of(first.content)
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(first.content)).pages)
    assert "粤悦里餐饮（示例）有限公司" in "".join(text.split())


def test_an_online_filing_gets_its_receipt_from_the_system(driver: dict[str, Any]) -> None:
    """L-20: the time of the system counts, so the receipt comes at once, with nobody's name under it."""
    case = filed_driver(driver)
    receipt = Notice.objects.get(kind="receipt")
    assert receipt.issued_by is None
    texts = receipt.document.texts()
    assert "网办" in texts
    assert any("系统登记时间" in text for text in texts)
    # The name in full, the number masked, in the notice itself.
    assert any("黄示例" in text for text in texts)
    assert not any(case.number in text for text in texts)


def test_the_privacy_notice_says_of_each_subject_what_the_rules_let_be_asked(
    food: dict[str, Any], driver: dict[str, Any]
) -> None:
    """Notice and inquiry name the same subjects; who gave no consent is named with the organ's own register alone."""
    case = filed_food(food)
    lines = table_of(case)
    (firm,) = [note for about, note in lines if about == f"{case.firm_name}（申请人）"]
    assert "广东省市场监管条例 第五十三条" in firm
    assert "省公共信用信息平台" in firm
    queries = Inquiry.objects.get(case_no=case.case_no).queries
    assert len(lines) == len({query["party"] for query in queries})
    driver |= {"consent_no": "", "consent_from": "", "consent_until": ""}
    ((about, note),) = table_of(filed_driver(driver))
    assert about == "黄＊＊（申请人）"
    assert "行政许可法 第七十八条" in note
    assert note.endswith("查询：本机关许可处罚登记")


def test_a_consent_is_named_as_the_ground(driver: dict[str, Any]) -> None:
    """By its number, with the articles that ask for one; every source of the matter may then be asked."""
    case = filed_driver(driver)
    ((_, note),) = table_of(case)
    assert f"本人授权（{case.consent_no}）" in note
    assert "省公共信用信息平台" in note


def test_personal_data_is_sealed_at_rest(driver: dict[str, Any]) -> None:
    """Neither the facts nor the document nor the print stand in the database in the clear."""
    filed_driver(driver)
    notice = Notice.objects.get(kind="receipt")
    print_of(notice)
    with connection.cursor() as cursor:
        for table in (Notice, NoticePrint):
            cursor.execute(f"SELECT * FROM {table._meta.db_table}")
            raw = repr(cursor.fetchall())
            assert "黄示例" not in raw
            assert "%PDF" not in raw
            assert "JVBERi" not in raw  # %PDF in Base64


def test_a_rare_character_stops_the_notice_and_not_the_filing(
    clerk: Client, food: dict[str, Any], settings: Any, tmp_path: Path
) -> None:
    """The filing stands, the page names the character and what is owed; with a font of the organ it is issued."""
    food["firm_name"] = RARE
    answer = clerk.post(FoodBusinessFlow.start.reverse("execute"), posted(food), follow=True)
    case = FoodBusinessCase.objects.get()
    page = answer.content.decode()
    assert kinds(case) == []
    assert "U+20BB7" in page
    assert "还没有出具收件凭证" in page
    refused = clerk.post(address(case, "receipt"))
    assert refused.status_code == 422
    assert "U+20BB7" in refused.content.decode()
    rare_font(tmp_path)
    settings.NOTICES = {**settings.NOTICES, "FONT_DIRS": [str(tmp_path)]}
    assert clerk.post(address(case, "receipt")).status_code == 302
    notice = Notice.objects.get()
    assert notice.number.endswith("1号")  # the refusals used no number
    assert RARE in "".join(PdfReader(io.BytesIO(print_of(notice).pdf)).pages[0].extract_text().split())


def test_numbers_run_without_gaps(food: dict[str, Any]) -> None:
    """A notice that is rolled back or refused leaves no gap, and each organ and kind counts for itself."""
    case = filed_food(food)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        issue(case, "receipt", receipt_facts(case), None)
        raise ZeroDivisionError
    rare = FoodBusinessCase.objects.get(pk=case.pk)
    rare.firm_name = RARE
    with pytest.raises(CharactersMissing):
        issue(rare, "receipt", receipt_facts(case), None)
    issue(case, "receipt", receipt_facts(case), None)
    numbers = Notice.objects.filter(kind="receipt").values_list("number", flat=True)
    assert [number.rpartition("〕")[2] for number in numbers] == ["1号", "2号"]
    assert NoticeNumberSequence.objects.count() == 2  # of receipts and of privacy notices


@pytest.mark.parametrize("what", ["organ", "matter"])
def test_an_organ_that_is_not_configured_is_named(what: str, food: dict[str, Any]) -> None:
    """Without the details of the organ nothing is issued, and the case goes on."""
    case = filed_food(food)
    facts = receipt_facts(case)
    if what == "organ":
        case.organ = "某局"
    else:
        case.matter = "unknown"
    with pytest.raises(NoticeRefused, match=r"organs\.yaml"):
        issue(case, "receipt", facts, None)


@pytest.mark.parametrize("page", ["new/receipt/", "{pk}/", "{pk}/pdf/"])
def test_no_notice_opens_to_another_organ(page: str, stranger: Client, clerk: Client, food: dict[str, Any]) -> None:
    """Pages of notices answer 404 to another organ, and under another case."""
    case, other = filed_food(food), filed_food(food)
    notice = Notice.objects.filter(process_id=case.pk)[0]
    assert stranger.get(f"/cases/{case.pk}/notices/{page.format(pk=notice.pk)}").status_code == 404
    if "{pk}" in page:
        assert clerk.get(f"/cases/{other.pk}/notices/{page.format(pk=notice.pk)}").status_code == 404


def test_a_notice_is_never_changed_and_never_deleted(food: dict[str, Any]) -> None:
    """Neither by the model nor past it: the database refuses too."""
    notice = issue(filed_food(food), "receipt", receipt_facts(FoodBusinessCase.objects.get()), None)
    print_of(notice)
    for act in (notice.save, notice.delete, NoticePrint.objects.get().save):
        with pytest.raises(AppendOnlyError):
            act()
    for rows in (Notice.objects.all(), NoticePrint.objects.all()):
        for act in (lambda rows=rows: rows.update(id=7), lambda rows=rows: rows._raw_delete("default")):
            with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
                act()


def test_a_document_put_in_the_place_of_another_is_found_out(food: dict[str, Any]) -> None:
    """Whoever writes past every trigger is found out by digest and number."""
    filed_food(food)
    first, second = Notice.objects.all()
    with lifted_triggers():
        Notice.objects.filter(pk=first.pk).update(sealed_document=second.sealed_document)
        with pytest.raises(NoticeTampered):
            _ = Notice.objects.get(pk=first.pk).document
        Notice.objects.filter(pk=first.pk).update(text_digest=second.text_digest)
        with pytest.raises(NoticeTampered):
            _ = Notice.objects.get(pk=first.pk).document


def test_s17_statutory_material_missing_is_corrected_never_tolerated(clerk: Client, food: dict[str, Any]) -> None:
    """容缺 is refused for a statutory material; the correction notice names every missing item at once."""
    food["materials"] = [code for code in food["materials"] if code not in ("safety-rules", "service-address")]
    case = filed_food(food)
    refused = clerk.get(address(case, "tolerance"))
    assert refused.status_code == 403
    assert "一次性告知补正" in refused.content.decode()
    assert "不能容缺" in promised(clerk, case, food["materials"], "2099-01-05").content.decode()
    sent = {
        "act": "notice",
        "notice-note-safety-rules": "原件一份",
        "notice-note-service-address": "签字",
        "notice-more": "申请书：第3页缺签名",
        "notice-due_on": "2099-01-05",
    }
    clocks = f"/cases/{case.pk}/clocks/"
    assert clerk.post(clocks, sent | {"notice-due_on": "2000-01-01"}).status_code == 422
    assert clerk.post(clocks, sent | {"notice-note-safety-rules": " "}).status_code == 422
    assert clerk.post(clocks, sent | {"notice-more": "申请书"}).status_code == 422
    assert "correction" not in kinds(case)
    assert clerk.post(clocks, sent).status_code == 302
    texts = Notice.objects.get(kind="correction").document.texts()
    assert {"食品安全规章制度", "送达地址确认书", "申请书", "第3页缺签名", "2099年1月5日（含当日）"} <= set(texts)


def test_tolerance_comes_with_the_promise_that_was_signed(clerk: Client, food: dict[str, Any]) -> None:
    """With acceptance: the missing items, the day, the words that were signed and by whom."""
    food["materials"].remove("service-address")
    case = filed_food(food)
    until = promising.latest_day(case, ["service-address"])
    assert until is not None
    assert accepted_on_promise(clerk, case, food["materials"], until).status_code == 302
    found = promising.given(case)
    assert found is not None
    texts = Notice.objects.get(kind="tolerance").document.texts()
    assert "次要材料容缺面向所有申请人（广东省优化营商环境条例 第三十二条）" in texts
    assert {"service-address", f"申请人 {case.applicant_name}", found.promise.version} <= set(texts)
    assert set(found.promise.words.text().split("\n")) <= set(texts)


@pytest.mark.parametrize("kind", ["correction", "extension", "special_procedure"])
def test_a_notice_of_an_act_has_no_page_of_its_own(kind: str, clerk: Client, food: dict[str, Any]) -> None:
    """It is issued with its act and in no other way."""
    assert clerk.get(address(filed_food(food), kind)).status_code == 404


def test_proof_of_service(clerk: Client, food: dict[str, Any]) -> None:
    """A paper left behind needs a reason and a witness."""
    case = filed_food(food)
    accepted(clerk, case)
    served = in_force(case, "acceptance")
    assert served is not None
    proof = {
        "served": served.number,
        "way": "留置送达",
        "served_at": "2026-11-18T10:00",
        "receiver": "拒收",
        "relation": "本人",
    }
    assert clerk.post(address(case, "service_return"), proof).status_code == 422
    whole = proof | {"refusal": "不认可", "witness": "吴示例"}
    assert clerk.post(address(case, "service_return"), whole).status_code == 302
    assert f"受理通知书（{served.number}）" in Notice.objects.get(kind="service_return").document.texts()


def test_an_acceptance_taken_back_is_replaced_by_the_next(clerk: Client, manager: Client, food: dict[str, Any]) -> None:
    """The second 受理通知书 supersedes the first; the first stays readable and says so."""
    case = filed_food(food)
    reviewed(clerk, case)
    first = in_force(case, "acceptance")
    assert first is not None
    assert clerk.post(address(case, "acceptance")).status_code == 302
    second = in_force(case, "acceptance")
    assert second is not None
    assert second.supersedes == first
    page = clerk.get(reverse("clerk:notices:show", args=[case.pk, first.pk])).content.decode()
    assert "已被新的文书替代" in page
    assert OTHER_ORGAN not in page


def test_a_slip_in_the_organs_own_directory_stops_no_case(
    clerk: Client, food: dict[str, Any], settings: Any, tmp_path: Path
) -> None:
    """A template that is just being spoilt stops neither filing nor the case page; once mended, what is owed shows."""
    slip = tmp_path / "acceptance.yaml"
    slip.write_text("kind: [", encoding="utf-8")
    settings.NOTICES = {**settings.NOTICES, "OWN_TEMPLATES": [str(tmp_path)]}
    answer = clerk.post(FoodBusinessFlow.start.reverse("execute"), posted(food), follow=True)
    case = FoodBusinessCase.objects.get()
    assert answer.status_code == 200
    assert "文书模板或者字体设置有误" in answer.content.decode()
    assert kinds(case) == []
    assert clerk.get(address(case, "receipt")).url == f"/cases/{case.pk}/"
    slip.unlink()
    assert "还没有出具收件凭证" in clerk.get(f"/cases/{case.pk}/").content.decode()
