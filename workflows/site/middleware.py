"""Security policy and language of the officers' pages."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

from workflows.clerk.posting import UNSAVED

#: Own origin only: no inline script, no inline style, no foreign host, no framing.
POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'none'"
)


class ContentSecurityPolicyMiddleware:
    """Sets the policy on every answer that has none of its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next handler."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request and add the header."""
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response


class ChosenLanguageMiddleware(LocaleMiddleware):
    """Shows Chinese until the reader chooses English in the header.

    The browser's own language does not decide: shared window computers are often set to
    English while their users and the law they work with are Chinese.
    """

    def process_request(self, request: HttpRequest) -> None:
        """Activate the chosen language."""
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        known = dict(settings.LANGUAGES)
        translation.activate(chosen if chosen in known else settings.LANGUAGE_CODE)
        request.LANGUAGE_CODE = translation.get_language()


class SignInMiddleware(LoginRequiredMiddleware):
    """Sends whoever is not signed in to the login page, and says so where something was sent that is not saved."""

    def handle_no_permission(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseRedirect:
        """Lead back to the page afterwards, which tells that nothing was saved."""
        if request.method in ("GET", "HEAD", "OPTIONS"):
            return super().handle_no_permission(request, view_func)
        query = QueryDict(request.META.get("QUERY_STRING", ""), mutable=True)
        query[UNSAVED] = "1"
        page = f"{request.path}?{query.urlencode()}"
        return redirect_to_login(page, self.get_login_url(view_func), self.get_redirect_field_name(view_func))
