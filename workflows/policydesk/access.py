"""Who may see the policy desk, and what a page does when the rules themselves cannot be read."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from approval_hook.errors import RulesInvalid
from approval_hook.threelists.drafting import AUTHOR_PERMISSION, PUBLISH_PERMISSION

View = Callable[..., HttpResponse]


def may_author(user: Any) -> bool:
    """Whether the user may draft rules."""
    return bool(user.has_perm(AUTHOR_PERMISSION))


def may_publish(user: Any) -> bool:
    """Whether the user may publish what somebody else drafted."""
    return bool(user.has_perm(PUBLISH_PERMISSION))


def policy_staff(view: View) -> View:
    """Open a page to those who draft or publish rules, and to nobody else.

    A rule file or stored version that cannot be read becomes a page that says what is wrong with it; a page that is
    not there or not for this person leads back to the versions.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not (may_author(request.user) or may_publish(request.user)):
            raise PermissionDenied(_("规则工作台由起草或发布规则的人员使用。需要使用的，请联系管理人员开通权限。"))
        try:
            return view(request, *args, **kwargs)
        except Http404:
            return render(request, "policydesk/lost.html", status=404)
        except PermissionDenied as error:
            return render(request, "policydesk/lost.html", {"reason": str(error)}, status=403)
        except RulesInvalid as error:
            return render(request, "policydesk/broken.html", {"problems": error.problems[:200]}, status=503)

    return guarded


@policy_staff
def lost(request: HttpRequest, rest: str) -> HttpResponse:
    """An address of the desk that is none."""
    raise Http404


def authors_only(user: Any) -> None:
    """Let only those pass who may draft.

    Raises:
        PermissionDenied: the user may not; the message says who may.
    """
    if not may_author(user):
        raise PermissionDenied(_("起草规则须有起草权限。发布人员只审查和发布他人的草案。"))


def publishers_only(user: Any) -> None:
    """Let only those pass who may publish.

    Raises:
        PermissionDenied: the user may not; the message says who may.
    """
    if not may_publish(user):
        raise PermissionDenied(_("审查和发布须有发布权限，而且由起草人以外的人员办理。"))
