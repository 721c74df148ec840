"""The applicants' pages. Every one of them looks the case up among the account's own."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from workflows import promising, uploads
from workflows.citizen import casepage, scope, signing
from workflows.clerk.promiseviews import sent
from workflows.models import HandedIn


def cases(request: HttpRequest) -> HttpResponse:
    """我的办件: every case, with what is needed."""
    account = scope.account_of(request.user)
    rows = [
        {"case": case, "title": case.flow_class.process_title, "todo": casepage.todo_of(case, promising.given(case))}
        for case in scope.cases_of(account)
    ]
    rows.sort(key=lambda row: row["todo"] is None)
    return render(request, "citizen/cases.html", {"rows": rows, "account": account})


def case(request: HttpRequest, case_no: str) -> HttpResponse:
    """One case."""
    found = scope.case_of(scope.account_of(request.user), case_no)
    return render(request, "citizen/case.html", casepage.page_of(found))


def promise(request: HttpRequest, case_no: str) -> HttpResponse:
    """Read the promise in full, and sign it or leave it."""
    account = scope.account_of(request.user)
    found = scope.case_of(account, case_no)
    way, refusal, status = signing.configured(), "", 200
    if request.method == "POST":
        try:
            shown = {name: request.POST.get(name, "") for name in ("version", "digest")}
            read = uuid.UUID(request.POST.get("promise", ""))
            signature = way.signature(request, account, scope.mandate_for(account, found), shown)
            promising.sign(found, request.user, read, signature)
        except ValueError:
            refusal, status = _("承诺书的内容已经更新。请重新阅读后签署。"), 422
        except (signing.SigningRefused, promising.PromiseRefused) as refused:
            refusal, status = str(refused), 422
        else:
            messages.success(request, _("已签署。窗口受理后会通知您。"))
            return redirect("citizen:case", case_no=case_no)
    offered = promising.given(found)
    if offered is None:
        raise Http404
    context = {
        "case": found,
        "promise": offered.promise,
        "signed": offered.standing is not None,
        "text": offered.promise.words.text(),
        "way": way,
        "refusal": refusal,
        "todo": casepage.todo_of(found, offered),
    }
    return render(request, "citizen/promise.html", context, status=status)


def supply(request: HttpRequest, case_no: str) -> HttpResponse:
    """补交材料: one file for each material that is out."""
    found = scope.case_of(scope.account_of(request.user), case_no)
    refusal, status = "", 200
    if request.method == "POST":
        try:
            files = {code: uploads.taken(file) for code, file in request.FILES.items() if file}
            in_time = promising.supply(found, request.user, files)
        except (uploads.UploadRefused, promising.PromiseRefused) as refused:
            refusal, status = str(refused), 422
        else:
            if in_time:
                messages.success(request, _("已收到您补交的材料。"))
            else:
                messages.warning(request, _("已收到，但已过补交期限。是否采用由审批负责人决定，我们会告诉您结果。"))
            return redirect("citizen:case", case_no=case_no)
    context = {"case": found, "todo": casepage.todo_of(found, promising.given(found)), "refusal": refusal}
    return render(request, "citizen/supply.html", context, status=status)


def withdraw_promise(request: HttpRequest, case_no: str) -> HttpResponse:
    """撤回承诺: go on in the ordinary way."""
    found = scope.case_of(scope.account_of(request.user), case_no)
    if request.method == "POST":
        try:
            promising.withdraw_own(found, request.user, request.POST.get("reason", "").strip()[:200])
        except promising.PromiseRefused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, _("已撤回承诺，办件按普通程序办理。补齐材料前不能准予许可。"))
    return redirect("citizen:case", case_no=case_no)


def handed_in(request: HttpRequest, case_no: str, file: int) -> HttpResponse:
    """A file that the applicant handed in."""
    found = scope.case_of(scope.account_of(request.user), case_no)
    return sent(get_object_or_404(HandedIn, pk=file, process_id=found.pk))
