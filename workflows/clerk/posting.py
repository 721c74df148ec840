"""Addresses that only take forms: whoever follows one, as after signing in again, lands on the page it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect

#: In an address: what was sent to it was not saved, because nobody was signed in any more.
UNSAVED = "unsaved"

View = Callable[..., HttpResponse]


def only_posted(page: str) -> Callable[[View], View]:
    """A view that takes POST only and answers GET with a way to its page.

    Args:
        page: name of the page; it is of the same case where the address names one.
    """

    def made(view: View) -> View:
        @wraps(view)
        def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method == "POST":
                return view(request, *args, **kwargs)
            if request.method not in ("GET", "HEAD"):
                return HttpResponseNotAllowed(["POST"])
            case = {"process_pk": kwargs["process_pk"]} if "process_pk" in kwargs else {}
            way = redirect(page, **case)
            if UNSAVED in request.GET:
                way["Location"] += f"?{UNSAVED}=1"
            return way

        return answered

    return made
