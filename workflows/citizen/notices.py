"""Notices of an applicant's own case: read one, take it along as PDF."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from workflows.citizen.scope import Case, account_of, case_of
from workflows.notices.catalogue import catalogue
from workflows.notices.errors import UNUSABLE
from workflows.notices.models import Notice
from workflows.notices.views import printed, shown
from workflows.telling import INTERNAL_NOTICES


def notices_of(case: Case) -> list[dict[str, Any]]:
    """What the page of a case lists, the newest first."""
    try:
        titles = catalogue().titles
    except UNUSABLE:  # the start-up checks say what is wrong; what was issued can still be read
        titles = {}
    rows = _meant(case).prefetch_related("superseded_by").defer("facts", "sealed_document")
    return [
        {"row": row, "title": titles.get(row.kind, row.number), "replaced": bool(row.superseded_by.all())}
        for row in rows.order_by("-issued_at", "-pk")
    ]


def show(request: HttpRequest, case_no: str, notice_pk: int) -> HttpResponse:
    """The notice as a page."""
    case, notice = _notice(request, case_no, notice_pk)
    context = {"case": case, "notice": notice, "replaced": notice.is_superseded} | shown(notice.document)
    return render(request, "citizen/notice.html", context)


def pdf(request: HttpRequest, case_no: str, notice_pk: int) -> HttpResponse:
    """The notice as PDF."""
    _, notice = _notice(request, case_no, notice_pk)
    return printed(request, notice, reverse("citizen:notice", args=[case_no, notice_pk]))


def _notice(request: HttpRequest, case_no: str, notice_pk: int) -> tuple[Case, Notice]:
    case = case_of(account_of(request.user), case_no)
    return case, get_object_or_404(_meant(case), pk=notice_pk)


def _meant(case: Case) -> QuerySet[Notice]:
    """Notices of the case that are meant for the applicant."""
    return Notice.objects.filter(process_id=case.pk).exclude(kind__in=INTERNAL_NOTICES)
