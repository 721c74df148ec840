"""An officer at the pages: real HTTP, real login, real CSRF protection."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import requests

_SECONDS = 30.0
_ERROR = re.compile(r'<ul class="(?:errorlist|notes)[^"]*"[^>]*>.*?</ul>', re.DOTALL)
_TAG = re.compile(r"<[^>]+>")


class PageRefused(Exception):
    """A page answered with an error or did not take the form; the message says what it showed."""


class Browser:
    """One signed-in officer."""

    def __init__(self, address: str, username: str, password: str) -> None:
        """Sign in.

        Raises:
            PageRefused: the login was not taken.
            requests.RequestException: the server does not answer.
        """
        self._address = address.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy of this computer has no business on the loopback
        self.get("/login/")
        page = self.post("/login/", {"username": username, "password": password})
        if urlsplit(page.url).path == "/login/":
            raise PageRefused(f"{username}: {shown_errors(page.text)}")

    def get(self, path: str) -> requests.Response:
        """Open a page.

        Raises:
            PageRefused: the status is an error.
        """
        return self._checked(self._session.get(self._address + path, timeout=_SECONDS))

    def post(self, path: str, data: Mapping[str, Any]) -> requests.Response:
        """Send a form and follow to the page after it.

        Args:
            path: of the form.
            data: field name -> text or list of texts.

        Raises:
            PageRefused: the status is an error.
        """
        token = self._session.cookies.get("csrftoken", "")
        return self._checked(
            self._session.post(self._address + path, data={**data, "csrfmiddlewaretoken": token}, timeout=_SECONDS)
        )

    def close(self) -> None:
        """Close idle connections."""
        self._session.close()

    def _checked(self, page: requests.Response) -> requests.Response:
        if not page.ok:
            raise PageRefused(f"HTTP {page.status_code} {urlsplit(page.url).path}")
        return page


def path_of(page: requests.Response) -> str:
    """Path of the page that was reached in the end."""
    return urlsplit(page.url).path


def shown_errors(html: str) -> str:
    """Text of the error lists on a page; empty when it shows none."""
    return " ".join(" ".join(unescape(_TAG.sub(" ", found)).split()) for found in _ERROR.findall(html))
