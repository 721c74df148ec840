"""The officers' pages of notices: issue one, read it, print it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _

from workflows.clerk.scope import Case, case_of
from workflows.notices.automatic import FACTS_OF
from workflows.notices.board import STEPS, require_issuable
from workflows.notices.catalogue import catalogue
from workflows.notices.document import Document
from workflows.notices.errors import UNUSABLE, CharactersMissing, NoticeRefused, PrintingFailed
from workflows.notices.forms import FORMS, NoticeForm
from workflows.notices.issuing import in_force, issue, print_of
from workflows.notices.models import Notice


def new(request: HttpRequest, process_pk: int, kind: str) -> HttpResponse:
    """出具文书: what the kind needs, then the notice."""
    case = case_of(request.user, process_pk)
    if kind not in STEPS:
        raise Http404
    try:
        title = catalogue().titles[kind]
    except UNUSABLE as broken:
        messages.error(request, str(broken))
        return HttpResponseRedirect(reverse("clerk:case", args=[case.pk]))
    with case.flow_class.lock(case.pk), transaction.atomic():
        case = type(case)._default_manager.get(pk=case.pk)
        require_issuable(case, kind, request.user)
        make = FORMS.get(kind, NoticeForm)
        form = make(request.POST if request.method == "POST" else None, case=case, kind=kind, user=request.user)
        if request.method == "POST" and form.is_valid():
            try:
                old = in_force(case, kind) if kind in FACTS_OF else None
                notice = issue(case, kind, form.facts(), request.user, supersedes=old)
            except (NoticeRefused, *UNUSABLE) as refused:
                form.add_error(None, str(refused))
            else:
                messages.success(request, _("已出具，文号 %(number)s。") % {"number": notice.number})
                return HttpResponseRedirect(reverse("clerk:notices:show", args=[case.pk, notice.pk]))
        form.focus_first()
        context = {"case": case, "form": form, "title": title, "kind": kind}
        return render(request, "notices/new.html", context, status=422 if form.errors else 200)


def show(request: HttpRequest, process_pk: int, notice_pk: int) -> HttpResponse:
    """The notice as a page."""
    case, notice = _notice(request, process_pk, notice_pk)
    context = {"case": case, "notice": notice, "replaced": notice.is_superseded} | shown(notice.document)
    return render(request, "notices/show.html", context)


def pdf(request: HttpRequest, process_pk: int, notice_pk: int) -> HttpResponse:
    """The notice as PDF, every copy."""
    case, notice = _notice(request, process_pk, notice_pk)
    return printed(request, notice, reverse("clerk:notices:show", args=[case.pk, notice.pk]))


def printed(request: HttpRequest, notice: Notice, otherwise: str) -> HttpResponse:
    """The PDF of a notice that the reader may see.

    Args:
        request: of the reader.
        notice: any.
        otherwise: address of the page that says why, where it cannot be printed now.
    """
    try:
        content = print_of(notice).pdf
    except (PrintingFailed, CharactersMissing, *UNUSABLE) as failed:
        messages.error(request, _("暂时不能印出：%(why)s") % {"why": failed})
        return HttpResponseRedirect(otherwise)
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f"inline; filename*=UTF-8''{quote(notice.number)}.pdf"
    answer["Cache-Control"] = "private, no-store"
    return answer


def shown(document: Document) -> dict[str, Any]:
    """What the page of a document needs."""
    blocks = [{"kind": type(block).__struct_config__.tag, "is": block} for block in document.blocks]
    return {"document": document, "blocks": blocks}


def _notice(request: HttpRequest, process_pk: int, notice_pk: int) -> tuple[Case, Notice]:
    case = case_of(request.user, process_pk)
    return case, get_object_or_404(Notice, pk=notice_pk, process_id=case.pk)
