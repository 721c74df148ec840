"""How an applicant signs: what proves that this person read these words and agreed.

The setting ``WORKFLOWS_SIGNING`` names the class; another electronic signature is a class with the same method.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from django.conf import settings
from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from approval_hook.policy.promises import Signature, SignedBy, SignedHow
from workflows.models import ApplicantAccount, Mandate


class SigningRefused(Exception):
    """Nothing was signed; the message says why and what to do, in the reader's language."""


class Signing(Protocol):
    """A way to sign."""

    #: Template of the fields that the page asks for.
    template: str

    def signature(
        self,
        request: HttpRequest,
        account: ApplicantAccount,
        mandate: Mandate | None,
        shown: Mapping[str, str],
    ) -> Signature:
        """Check what was sent and make the evidence.

        Args:
            request: with the posted fields.
            account: of the signer.
            mandate: on which an account acts for somebody else.
            shown: ``version`` and ``digest`` of the words on the page.

        Raises:
            SigningRefused: nobody signed.
        """
        ...


class AccountSigning:
    """Signs with the password of an account whose identity was verified."""

    template = "citizen/_sign_by_account.html"

    def signature(
        self,
        request: HttpRequest,
        account: ApplicantAccount,
        mandate: Mandate | None,
        shown: Mapping[str, str],
    ) -> Signature:
        """See :class:`Signing`; the password is asked for again."""
        if not request.POST.get("read"):
            raise SigningRefused(_("请先阅读承诺书全文，并勾选“我已阅读并同意”。"))
        user = authenticate(request, username=account.user.get_username(), password=request.POST.get("password", ""))
        if user is None or user.pk != account.user_id:
            raise SigningRefused(_("密码不正确，没有签署。请重新输入登录密码。"))
        agent = mandate is not None and mandate.capacity == Mandate.Capacity.AGENT
        return Signature(
            SignedBy.AGENT if agent else SignedBy.APPLICANT,
            SignedHow.ONLINE,
            shown["version"],
            shown["digest"],
            level=account.level,
            mandate_no=mandate.mandate_no if mandate is not None and agent else "",
        )


def configured() -> Signing:
    """The way to sign that the settings name."""
    made: Any = import_string(settings.WORKFLOWS_SIGNING)
    found: Signing = made()
    return found
