"""Issues notices: number, code, document, in the caller's transaction. The PDF is printed at the first call for it."""

from __future__ import annotations

import base64
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from msgspec import json

from approval_hook import clock
from approval_hook.logs import get_logger
from approval_hook.policy.masking import mask_number
from workflows import telling
from workflows.fields import keyed_digest
from workflows.notices import pdf
from workflows.notices.catalogue import OrganDetails, catalogue
from workflows.notices.codes import in_groups, new_code
from workflows.notices.conf import conf
from workflows.notices.document import digest_of
from workflows.notices.errors import UNUSABLE, NoticeRefused
from workflows.notices.facts import KINDS, CaseWords, Facts
from workflows.notices.fonts import font_set, require_printable
from workflows.notices.models import Notice, NoticeNumberSequence, NoticePrint
from workflows.notices.templates import Template
from workflows.notices.wording import checked, document, in_chinese, labelled

_VERIFIED_AT = "核验：打开 {url} ，输入文号和核验码。"
_BROKEN = "文书模板或者字体设置有误，暂时不能出具文书。请联系管理人员检查。"
_LATER = "改正后在办件页面补出。"
_VERIFIED_HERE = "核验：在本机关政务服务网站的“文书核验”页输入文号和核验码，或者凭文号向本机关查询。"


def issue(case: Any, kind: str, facts: Facts, by: Any, *, supersedes: Notice | None = None) -> Notice:
    """Issue a notice.

    Args:
        case: a licensing case.
        kind: one of ``facts.KINDS``.
        facts: of that kind.
        by: the officer; None where the system issues it, as the receipt of an online application.
        supersedes: an earlier notice of the same case and kind that this one replaces.

    Returns:
        The notice, saved in the caller's transaction.

    Raises:
        NoticeRefused: a fact is missing or too long, the organ or the template is not configured, or a character cannot
            be printed (``CharactersMissing``). Nothing was issued, and no number was used.
        TemplatesInvalid, NoticeSettingsInvalid: the installation is wrong.
    """
    if not isinstance(facts, KINDS[kind]):
        raise TypeError(f"{kind} needs {KINDS[kind].__name__}, not {type(facts).__name__}")
    if supersedes is not None and (supersedes.process_id, supersedes.kind) != (case.pk, kind):
        raise ValueError("a notice replaces only one of its own case and kind")
    now = clock.now()
    day = clock.china_date(now)
    organ, word, template = _configured(case, kind, day)
    with in_chinese():
        words, facts = checked(_words(case, organ)), checked(facts)
    fonts = font_set()
    require_printable(labelled(words, facts), fonts)
    code, url = new_code(), conf().verify_url
    verify = _VERIFIED_AT.format(url=url) if url else _VERIFIED_HERE
    with transaction.atomic():
        number = NoticeNumberSequence.next_number(f"{organ.short}{word}{template.word}", day.year)
        made = document(template, words, facts, number=number, code=in_groups(code), verify=verify, day=day)
        # The words of template and organ were looked at too: nothing of the paper may be a box.
        require_printable((("文书模板", text) for text in made.texts()), fonts)
        text = made.text()
        notice = Notice.objects.create(
            process_id=case.pk,
            organ=case.organ,
            kind=kind,
            number=number,
            version=template.version,
            code_digest=keyed_digest(code),
            facts=json.encode(facts).decode(),
            sealed_document=text,
            text_digest=digest_of(text),
            issued_at=now,
            issued_by=by,
            supersedes=supersedes,
        )
        telling.issued(case, notice, template.title)
        return notice


def _configured(case: Any, kind: str, day: date) -> tuple[OrganDetails, str, Template]:
    """Details of the organ, the word of the matter in the number, and the template in force."""
    known = catalogue()
    organ, template = known.organ(case.organ), known.template(kind, day)
    word = organ.matters.get(case.matter)
    if word is None:
        raise NoticeRefused("机关", "没有本事项的文号用字。", "请管理人员在文书目录的 organs.yaml 的 matters 中补充。")
    return organ, word, template


def why_on_paper(case: Any, kind: str) -> str:
    """Why a notice of this kind can only be written outside this installation, in Chinese; empty where it can issue it.

    A fact that is wrong or a character that cannot be printed is no such reason: those are put right, or a font added.
    """
    try:
        _configured(case, kind, clock.today())
        font_set()
    except NoticeRefused as refused:
        return str(refused)
    except UNUSABLE:
        return _BROKEN
    return ""


def _words(case: Any, organ: OrganDetails) -> CaseWords:
    return CaseWords(
        organ=case.organ,
        applicant=case.applicant_name,
        # A person's number is masked: the paper passes through many hands, and the name with the case identifies.
        applicant_id=mask_number(case.number) if case.is_person else case.firm_code,
        matter=str(case.flow_class.process_title),
        case_no=case.case_no,
        filed_on=timezone.localdate(case.filed_at),
        contact=organ.contact,
        phone=organ.phone,
        address=organ.address,
        hours=organ.hours,
        review_organ=organ.review_organ,
        court=organ.court,
    )


def in_force(case: Any, kind: str) -> Notice | None:
    """The latest notice of a kind that nothing replaced; None where none was issued."""
    return Notice.objects.filter(process_id=case.pk, kind=kind, superseded_by=None).last()


def print_of(notice: Notice) -> NoticePrint:
    """The print of a notice, made at the first call and kept.

    Raises:
        PrintingFailed: the printer failed; try again once that is mended.
        CharactersMissing: a font that was there at issue was taken away; put it back.
        NoticeTampered: what is kept is not what was issued.
    """
    found = NoticePrint.objects.filter(notice=notice).first()
    if found is not None:
        return found
    made, fonts = notice.document, font_set()
    require_printable((("文书", text) for text in made.texts()), fonts)
    content = pdf.pdf(made, fonts)
    fresh = NoticePrint(
        notice=notice,
        sealed_pdf=base64.b64encode(content).decode(),
        digest=digest_of(content),
        printer=pdf.PRINTER,
        made_at=clock.now(),
    )
    try:
        with transaction.atomic():
            fresh.save()
    except IntegrityError:
        # Two first calls at once print the same; the faster one is kept.
        return NoticePrint.objects.get(notice=notice)
    return fresh


def issue_or_log(case: Any, kind: str, facts: Facts, by: Any, **more: Any) -> str:
    """Issue a notice beside a step that must not wait for it.

    No notice that cannot be printed ever stops filing or acceptance: the step goes on, the case page says what is owed.

    Returns:
        Empty when it was issued; else why not, in Chinese.
    """
    try:
        issue(case, kind, facts, by, **more)
    except NoticeRefused as refused:
        get_logger().warning("a notice is owed", kind=kind, case_no=case.case_no, field=refused.field)
        return str(refused)
    except UNUSABLE as broken:
        get_logger().error("notices cannot be issued", alarm=True, kind=kind, case_no=case.case_no, reason=str(broken))
        return _BROKEN + _LATER
    return ""
