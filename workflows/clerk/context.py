"""What every page knows: the officer and which parts of the menu are theirs."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest

from workflows.groups import CASE_MODELS
from workflows.models import FoodBusinessCase, Officer, RideHailingDriverCase


def officer(request: HttpRequest) -> dict[str, Any]:
    """Name the officer for the page header; empty for visitors."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    place = Officer.objects.filter(user_id=user.pk).first()
    matters = place.matters if place is not None else []
    return {
        "officer": place,
        "back": _came_from(request),
        "may_supervise": may_supervise(user),
        "may_file": any(
            model.matter in matters and user.has_perm(f"workflows.file_{model._meta.model_name}")
            for model in (FoodBusinessCase, RideHailingDriverCase)
        ),
    }


def _came_from(request: HttpRequest) -> str:
    """Path of the page the reader came from, when it is one of ours; else the start page."""
    page = urlsplit(request.headers.get("Referer", ""))
    ours = page.netloc == request.get_host() and page.path.startswith("/")
    return f"{page.path}?{page.query}" if ours and page.query else page.path if ours else "/"


def may_supervise(user: Any) -> bool:
    """Whether the user decides or manages cases, and so sees the list of held cases."""
    return any(user.has_perm(f"workflows.{step}_{model}") for step in ("decide", "manage") for model in CASE_MODELS)
