"""待发送: what was to be delivered for the organ's cases, what became of it, and having it tried again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from approval_hook.errors import CaseInvalid
from workflows.clerk import credit_bridge
from workflows.clerk.context import may_supervise
from workflows.clerk.lists import PAGE_ROWS, applicant_of
from workflows.clerk.scope import cases_of, officer_of, processes_of

#: Usual names of channels; another one is shown as the settings have it.
_TARGETS = {
    "default": gettext_lazy("办件页面"),
    "email": gettext_lazy("电子邮件"),
    "sms": gettext_lazy("短信"),
}
#: Why something was not delivered; another word is shown as the receiver gave it.
_REASONS = {
    "unavailable": gettext_lazy("接收方连接不上或没有及时答复"),
    "refused": gettext_lazy("接收方拒绝"),
    "reply-invalid": gettext_lazy("接收方的答复不可信"),
    "unanswered": gettext_lazy("已发出，没有得到可用的答复"),
    "connection-cut": gettext_lazy("已发出，没有得到可用的答复"),
    "lost": gettext_lazy("发送时中断，不知是否发出"),
    "unreadable": gettext_lazy("内容无法解密，请联系管理员"),
    "mail-refused": gettext_lazy("邮件服务器拒收，请核对邮箱"),
    "number-invalid": gettext_lazy("短信网关不接受该号码"),
    "template-unknown": gettext_lazy("短信网关没有该模板"),
}


@dataclass(frozen=True, slots=True)
class Sent:
    """What was typed into a form that was refused."""

    number: int
    text: str
    error: str


def deliveries(request: HttpRequest) -> HttpResponse:
    """What waits for a person first, then what is tried by itself."""
    return _list(request)


@require_POST
def steered(request: HttpRequest, number: int) -> HttpResponse:
    """再次发送 or 不再发送."""
    desk, organ = _desk(request)
    acts = {"retry": (desk.retry, _("已安排再次发送。")), "close": (desk.close, _("已登记，不再发送。"))}
    if request.POST.get("act") not in acts:
        return HttpResponseBadRequest(_("没有这项操作。"))
    act, done = acts[request.POST["act"]]
    text = request.POST.get("text", "")
    try:
        act(desk.outgoing_of(processes_of(organ)), number, request.user, text)
    except CaseInvalid as error:
        return _list(request, Sent(number, text, f"{error.message}{error.remedy}"), 422)
    messages.success(request, done)
    return redirect("clerk:outbox")


def _desk(request: HttpRequest) -> tuple[Any, str]:
    if not may_supervise(request.user):
        raise PermissionDenied(_("待发送清单由审批负责人和管理人员查看。"))
    desk = credit_bridge.outbox()
    if desk is None:
        raise Http404
    return desk, officer_of(request.user).organ


def _list(request: HttpRequest, sent: Sent | None = None, status: int = 200) -> HttpResponse:
    desk, organ = _desk(request)
    mine = desk.outgoing_of(processes_of(organ))
    page = Paginator(desk.on_the_way(mine), PAGE_ROWS).get_page(request.GET.get("page"))
    left = desk.left(mine)
    context = {
        "page": page,
        "rows": _rows(desk, organ, page.object_list),
        "left": _rows(desk, organ, left[:PAGE_ROWS]),
        "left_count": left.count(),
        "resting": [(_TARGETS.get(name, name), until) for (_kind, name), until in desk.resting().items()],
        "sent": sent,
    }
    return render(request, "clerk/outbox.html", context, status=status)


def _rows(desk: Any, organ: str, found: Any) -> list[dict[str, Any]]:
    rows = desk.outgoing_rows(found)
    cases = cases_of(organ, [row.process_pk for row in rows])
    return [
        {
            "out": row,
            "case": cases[row.process_pk],
            "applicant": applicant_of(cases[row.process_pk])[0],
            "target": _TARGETS.get(row.target, row.target),
            "reason": _REASONS.get(row.reason, row.reason),
        }
        for row in rows
    ]
