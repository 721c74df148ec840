"""What every page knows: the officer and which parts of the menu are theirs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from workflows.groups import CASE_MODELS
from workflows.models import Officer


def officer(request: HttpRequest) -> dict[str, Any]:
    """Name the officer for the page header; empty for visitors."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {
        "officer": Officer.objects.filter(user_id=user.pk).first(),
        "may_supervise": may_supervise(user),
        "may_file": any(user.has_perm(f"workflows.file_{model}") for model in CASE_MODELS),
    }


def may_supervise(user: Any) -> bool:
    """Whether the user decides or manages cases, and so sees the list of held cases."""
    return any(user.has_perm(f"workflows.{step}_{model}") for step in ("decide", "manage") for model in CASE_MODELS)
