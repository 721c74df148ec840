"""Anybody verifies a notice by its number and code. The answer never tells which of the two was wrong."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from approval_hook.policy.masking import mask_name
from workflows.clerk.formfields import PlainForm
from workflows.fields import keyed_digest
from workflows.notices.codes import typed_code, typed_number
from workflows.notices.models import Notice, NoticePrint

#: Tries of one address in a minute. A code cannot be guessed; this bounds what one address costs.
PER_MINUTE = 20
_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Genuine:
    """What anybody who holds the paper may be told of it."""

    title: str
    number: str
    organ: str
    day: date
    applicant: str  # masked
    text_digest: str
    pdf_digest: str  # empty while it was never printed
    superseded_by: str  # number; empty while it is in force


class VerifyForm(PlainForm):
    """Number and code, as they stand at the foot of every notice."""

    number = forms.CharField(
        label=_("文号"), max_length=64, help_text=_("例如：穗天市监食许受〔2026〕42号；括号用 [ ] 也可以。")
    )
    code = forms.CharField(
        label=_("核验码"),
        max_length=40,
        help_text=_("16 位，分四组，印在文书每页下方。"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_code(self) -> str:
        """Tell a slip of the pen by the check sign, before anything is looked up."""
        code = typed_code(self.cleaned_data["code"])
        if code is None:
            raise forms.ValidationError(_("核验码打错了，请对照文书每页下方重新输入。"))
        return code


def genuine(number: str, code: str) -> Genuine | None:
    """What is known of a notice, if number and code belong together.

    Args:
        number: as somebody typed it.
        code: read by ``typed_code``.
    """
    notice = Notice.objects.filter(number=typed_number(number)).first()
    # The same work, and a comparison in the same time, whether there is such a number or not.
    known = notice.code_digest if notice is not None else "0" * 64
    right = hmac.compare_digest(keyed_digest(code), known)
    if notice is None or not right:
        return None
    later = Notice.objects.filter(supersedes=notice).values_list("number", flat=True).first()
    printed = NoticePrint.objects.filter(notice=notice).values_list("digest", flat=True).first()
    return Genuine(
        title=notice.document.title,
        number=notice.number,
        organ=notice.organ,
        day=timezone.localdate(notice.issued_at),
        applicant=_masked(notice.process.coerced),
        text_digest=notice.text_digest,
        pdf_digest=printed or "",
        superseded_by=later or "",
    )


def _masked(case: Any) -> str:
    name: str = case.applicant_name
    if case.is_person or len(name) < 8:
        return mask_name(name)
    return f"{name[:2]}＊＊＊{name[-2:]}"


@login_not_required
def verify(request: HttpRequest) -> HttpResponse:
    """The public page. What is typed is posted, so that no code stands in an address or a log."""
    form = VerifyForm(request.POST if request.method == "POST" else None)
    found: Genuine | None = None
    status, asked = 200, False
    if request.method == "POST":
        if _too_many(request):
            form.add_error(None, _("查询太频繁，请一分钟后再试。"))
            status = 429
        elif form.is_valid():
            found, asked = genuine(form.cleaned_data["number"], form.cleaned_data["code"]), True
    form.focus_first()
    answer = render(request, "notices/verify.html", {"form": form, "found": found, "asked": asked}, status=status)
    answer["Cache-Control"] = "no-store"
    return answer


def _too_many(request: HttpRequest) -> bool:
    """Count a try of this address; in each process by itself unless a shared cache is configured."""
    key = f"notices.verify.{keyed_digest(_address(request))}"
    if cache.add(key, 1, _SECONDS):
        return False
    try:
        return bool(cache.incr(key) > PER_MINUTE)
    except ValueError:  # it ran out just now
        return False


def _address(request: HttpRequest) -> str:
    """Whose try it is; behind a proxy the address that the proxy itself saw, which is the last one it names."""
    if settings.SECURE_PROXY_SSL_HEADER is not None:
        forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        if forwarded:
            return forwarded
    return str(request.META.get("REMOTE_ADDR", ""))
