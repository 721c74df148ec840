"""Officers and the promise of a case: read and print it, register the sheet signed on paper, extend, break."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from approval_hook.policy.promises import PromiseAct, Signature, SignedBy, SignedHow
from workflows import promising, uploads
from workflows.clerk.casepage import case_url
from workflows.clerk.posting import only_posted
from workflows.clerk.promisecard import ACTS, card_of
from workflows.clerk.scope import case_of
from workflows.models import HandedIn


def promise_text(request: HttpRequest, process_pk: int) -> HttpResponse:
    """The words of the promise, to be read aloud or printed."""
    case = case_of(request.user, process_pk)
    found = promising.given(case)
    if found is None:
        raise Http404
    context = {"case": case, "text": found.promise.words.text(), "promise": card_of(case, request.user, found)}
    return render(request, "clerk/promise.html", context)


@only_posted("clerk:case")
def sign_on_paper(request: HttpRequest, process_pk: int) -> HttpResponse:
    """登记纸质承诺书: the sheet that the applicant or the agent signed at the window."""
    case = case_of(request.user, process_pk)
    found = promising.given(case)
    mandate = request.POST.get("mandate_no", "").strip()[:64]
    try:
        if found is None or not promising.may(request.user, case, PromiseAct.SIGNED):
            raise promising.PromiseRefused(_("您没有办理容缺受理的权限。请由窗口经办人员办理。"))
        scan = uploads.taken(request.FILES.get("scan"))
        signature = Signature(
            SignedBy.AGENT if request.POST.get("by") == SignedBy.AGENT else SignedBy.APPLICANT,
            SignedHow.PAPER,
            request.POST.get("version", ""),
            request.POST.get("digest", ""),
            scan_digest=scan.digest,
            mandate_no=mandate,
        )
        promising.sign(case, request.user, found.promise.pk, signature, scan)
    except (promising.PromiseRefused, uploads.UploadRefused) as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("已登记纸质承诺书，可以受理。"))
    return HttpResponseRedirect(case_url(case))


@only_posted("clerk:case")
def act(request: HttpRequest, process_pk: int) -> HttpResponse:
    """Return, extend, break, withdraw or repair."""
    case = case_of(request.user, process_pk)
    try:
        what = PromiseAct(request.POST.get("act", ""))
        until = date.fromisoformat(request.POST["until"]) if request.POST.get("until") else None
    except ValueError:
        messages.error(request, _("没有选择要办理的事项，或者日期填写有误。请重新选择。"))
        return HttpResponseRedirect(case_url(case))
    if what in (PromiseAct.SIGNED, PromiseAct.SUPPLIED, PromiseAct.ADMITTED):
        raise Http404
    codes: Any = request.POST.getlist("materials")
    try:
        promising.act(case, request.user, what, codes=codes, until=until, reason=request.POST.get("reason", ""))
    except promising.PromiseRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("已登记：%(act)s。") % {"act": ACTS[what]})
    return HttpResponseRedirect(case_url(case))


def handed_in(request: HttpRequest, process_pk: int, file: int) -> HttpResponse:
    """One file of the case, to be saved; never shown inside our pages."""
    case = case_of(request.user, process_pk)
    return sent(get_object_or_404(HandedIn, pk=file, process_id=case.pk))


def sent(row: HandedIn) -> HttpResponse:
    """The file as a download that no browser runs."""
    return HttpResponse(
        row.content,
        content_type=row.media_type,
        headers={
            "Content-Disposition": content_disposition_header(True, row.name) or "attachment",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
        },
    )
