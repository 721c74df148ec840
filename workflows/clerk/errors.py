"""Error pages that say what happened and what to do."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import requires_csrf_token
from viewflow.fsm import TransitionNotAllowed


@requires_csrf_token
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that the page had been open too long."""
    return render(request, "403_csrf.html", status=403)


@requires_csrf_token
def permission_denied(request: HttpRequest, exception: BaseException) -> HttpResponse:
    """Say why, and lead back to the case when the page was about one.

    Viewflow answers a step that is no longer open, for example after a double click, with
    the engine's own words; the reader gets ours instead.
    """
    activation = getattr(request, "activation", None)
    case_pk = activation.process.pk if activation is not None else None
    if isinstance(exception.__context__, TransitionNotAllowed):
        reason = _("这一步已经办结，或者状态刚刚变化。没有重复提交。")
    else:
        reason = str(exception)
    return render(request, "403.html", {"reason": reason, "case_pk": case_pk}, status=403)
