"""Ask a platform over HTTP: one session, one total deadline, one retry policy.

Every way in which an exchange can fail ends in one of three typed errors; what is
returned is the complete body of a 200 reply that claims to be JSON in UTF-8.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from functools import lru_cache
from http.cookiejar import DefaultCookiePolicy
from typing import TypedDict
from urllib.parse import urljoin, urlsplit

import requests
import structlog
import urllib3
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_before_delay,
    wait_exponential_jitter,
)

from adapters.deadline import Deadline, DeadlineAdapter, enforced, phases
from approval_hook.errors import (
    ConfigurationError,
    PlatformError,
    PlatformRefused,
    PlatformReplyInvalid,
    PlatformUnavailable,
)

__all__ = ["Deadline", "HttpClient", "HttpOptions", "Outgoing"]

#: Body and headers of one attempt.
Outgoing = tuple[bytes, Mapping[str, str]]

_PIECE = 65536
_LONGEST_WISH = 7 * 24 * 3600
_BACK_OFF = wait_exponential_jitter(multiplier=0.05, max=2.0, jitter=0.05)
_TRY_LATER = frozenset({408, 425, 429})
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(slots=True)
class _Call:
    """What the log line of one call says."""

    attempts: int = 0
    status: int | None = None
    outcome: str = "ok"


class HttpOptions(TypedDict, total=False):
    """Options of ``HttpClient`` that every adapter hands through."""

    connect_timeout: float
    attempts: int
    connections: int
    max_bytes: int
    ca_file: str | None


class HttpClient:
    """Ask one platform, named ``source`` in logs.

    Safe for use by several threads at once; at most ``connections`` exchanges run together.
    """

    def __init__(
        self,
        source: str,
        base_url: str,
        *,
        connect_timeout: float = 2.0,
        attempts: int = 3,
        connections: int = 8,
        max_bytes: int = 2_000_000,
        ca_file: str | None = None,
    ) -> None:
        """Prepare the session; nothing is sent.

        Args:
            source: short name of the platform, written to logs.
            base_url: scheme, host, port and perhaps a path; no query, no credentials.
                Plain HTTP only to this computer, because queries carry personal data.
            connect_timeout: seconds for one connection, at most; the deadline of the call may be shorter.
            attempts: tries of an idempotent call, the first included; at least 1.
            connections: size of the pool, and the most exchanges at one time.
            max_bytes: the longest body accepted.
            ca_file: certificates to trust in place of the system's.

        Raises:
            ConfigurationError: ``base_url`` or a number is malformed.
        """
        if attempts < 1 or connections < 1 or max_bytes < 1 or connect_timeout <= 0:
            raise ConfigurationError(f"Platform {source}: attempts, connections, sizes and times must be positive.")
        self._source = source
        self._origin = _origin(source, base_url)
        self._base = base_url.rstrip("/") + "/"
        self._url = lru_cache(maxsize=32)(self._within_origin)
        self._connect_timeout = connect_timeout
        self._attempts = attempts
        self._max_bytes = max_bytes
        self._places = threading.BoundedSemaphore(connections)
        self._session = requests.Session()
        # Neither a proxy nor the .netrc of the environment may redirect or re-sign a query.
        self._session.trust_env = False
        self._trust = ca_file or requests.utils.DEFAULT_CA_BUNDLE_PATH
        self._session.verify = self._trust
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.headers.clear()
        transport = DeadlineAdapter(connections)
        self._session.mount("http://", transport)
        self._session.mount("https://", transport)

    def post(
        self,
        path: str,
        outgoing: Callable[[], Outgoing],
        *,
        deadline: Deadline,
        idempotent: bool,
    ) -> bytes:
        """Post and return the reply's body.

        Args:
            path: below the base URL, without a leading slash, or a whole URL of the same origin.
            outgoing: makes the very bytes that are sent and their headers; called once per attempt,
                so that nonce, time and signature are fresh. The bytes are JSON unless Content-Type says
                otherwise, and the reply must be JSON unless Accept names one other media type.
            deadline: for everything: waiting for a place, connecting, retries, body.
            idempotent: whether a repeat is harmless; only then are failures retried.

        Returns:
            The body of a complete reply with status 200 that claims the media type accepted, in UTF-8; not yet parsed.

        Raises:
            PlatformUnavailable: may succeed later; ``retry_after`` when the platform says when.
            PlatformRefused: do not repeat; an operator checks credentials and permission.
            PlatformReplyInvalid: the reply cannot be trusted.
            ConfigurationError: ``path`` leads to another origin.
        """
        url = self._url(path)
        call = _Call()
        started = time.monotonic()

        def attempt() -> bytes:
            call.attempts += 1
            call.status = None
            return self._exchange(url, outgoing(), deadline, call)

        policy = Retrying(
            stop=stop_after_attempt(self._attempts if idempotent else 1) | stop_before_delay(deadline.left),
            wait=_wait,
            retry=retry_if_exception_type(PlatformUnavailable),
            reraise=True,
        )
        try:
            return policy(attempt)
        except PlatformError as error:
            call.outcome = error.reason
            raise
        finally:
            structlog.get_logger("approval_hook").info(
                "platform call",
                source=self._source,
                status=call.status,
                outcome=call.outcome,
                ms=round((time.monotonic() - started) * 1000),
                attempts=call.attempts,
            )

    def certificate_until(self, deadline: Deadline) -> datetime | None:
        """When the certificate of the platform ends; None without TLS. Opens a connection of its own.

        Raises:
            PlatformUnavailable: no connection in time.
            PlatformReplyInvalid: the certificate is not trusted.
        """
        scheme, host, port = self._origin
        if scheme != "https":
            return None
        failure: PlatformError
        try:
            trusted = ssl.create_default_context(cafile=self._trust)
            with (
                socket.create_connection((host, port), timeout=max(deadline.left, 0.001)) as line,
                trusted.wrap_socket(line, server_hostname=host) as secured,
            ):
                certificate = secured.getpeercert() or {}
            return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
        except OSError as error:
            failure = self._failure(error, cut_by_us=False)
        raise failure

    def close(self) -> None:
        """Close idle connections."""
        self._session.close()

    def _within_origin(self, path: str) -> str:
        url = urljoin(self._base, path)
        if _origin(self._source, url) != self._origin:
            raise ConfigurationError(f"Platform {self._source}: the address leads to another origin.")
        return url

    def _exchange(self, url: str, outgoing: Outgoing, deadline: Deadline, call: _Call) -> bytes:
        if not self._places.acquire(timeout=deadline.left):
            raise PlatformUnavailable(f"{self._source}: all connections are busy.", sent=False)
        failure: PlatformError
        try:
            with enforced(deadline) as watch:
                try:
                    return self._attempt(url, outgoing, deadline, call)
                except (OSError, urllib3.exceptions.HTTPError) as error:
                    failure = self._failure(error, cut_by_us=watch.fired or deadline.left == 0)
        finally:
            self._places.release()
        # Raised outside the handler: the original carries URL and payload in its frames and arguments.
        raise failure

    def _attempt(self, url: str, outgoing: Outgoing, deadline: Deadline, call: _Call) -> bytes:
        body, headers = outgoing
        sent = {
            "Content-Type": "application/json; charset=utf-8",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "approval-hook",
        } | dict(headers)
        with closing(
            self._session.post(
                url,
                data=body,
                headers=sent,
                timeout=phases(deadline, self._connect_timeout),  # type: ignore[arg-type] # requests takes urllib3's Timeout
                allow_redirects=False,
                stream=True,
            )
        ) as reply:
            call.status = reply.status_code
            self._check_status(reply)
            self._check_form(reply, sent["Accept"])
            return self._body(reply, deadline)

    def _check_status(self, reply: requests.Response) -> None:
        status = reply.status_code
        if status in _TRY_LATER or status >= 500:
            raise PlatformUnavailable(f"{self._source}: HTTP {status}.", retry_after=_retry_after(reply))
        if 400 <= status < 500:
            raise PlatformRefused(f"{self._source}: HTTP {status}.")
        if status != 200:
            raise PlatformReplyInvalid(f"{self._source}: HTTP {status} where 200 was expected.")

    def _check_form(self, reply: requests.Response, accepted: str) -> None:
        declared = Message()
        declared["Content-Type"] = reply.headers.get("Content-Type", "")
        if declared.get_content_type() != accepted:
            raise PlatformReplyInvalid(f"{self._source}: the reply is not {accepted} by its content type.")
        if declared.get_content_charset("utf-8") not in {"utf-8", "utf8"}:
            raise PlatformReplyInvalid(f"{self._source}: the reply declares a charset other than UTF-8.")
        if reply.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
            raise PlatformReplyInvalid(f"{self._source}: the reply is encoded although we asked for none.")

    def _body(self, reply: requests.Response, deadline: Deadline) -> bytes:
        pieces = bytearray()
        while True:
            piece = reply.raw.read1(_PIECE, decode_content=False)
            # The end may be our own cut, where the reply does not announce its length.
            if deadline.left == 0:
                raise PlatformUnavailable(f"{self._source}: no complete reply in time.")
            if not piece:
                return bytes(pieces)
            pieces += piece
            if len(pieces) > self._max_bytes:
                raise PlatformReplyInvalid(f"{self._source}: the reply is longer than {self._max_bytes} bytes.")

    def _failure(self, error: BaseException, *, cut_by_us: bool) -> PlatformError:
        if _has_cause(error, ssl.SSLCertVerificationError):
            return PlatformReplyInvalid(f"{self._source}: the certificate of the platform is not trusted.")
        if _has_cause(error, urllib3.exceptions.ConnectTimeoutError, urllib3.exceptions.NewConnectionError):
            return PlatformUnavailable(f"{self._source}: no connection.", sent=False)
        if cut_by_us or isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError | TimeoutError):
            return PlatformUnavailable(f"{self._source}: no complete reply in time.")
        return PlatformUnavailable(f"{self._source}: the connection failed or was cut.")


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    wished = error.retry_after if isinstance(error, PlatformUnavailable) else None
    return max(_BACK_OFF(state), wished or 0.0)


def _retry_after(reply: requests.Response) -> float | None:
    text = reply.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(min(int(text[:10]), _LONGEST_WISH))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - datetime.now(UTC)).total_seconds(), 0.0), float(_LONGEST_WISH))


def _has_cause(error: BaseException | None, *kinds: type[BaseException]) -> bool:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, kinds):
            return True
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return False


def _origin(source: str, url: str) -> tuple[str, str, int]:
    """Scheme, host and port: compared as a whole, because a prefix also fits a longer host name."""
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme, parts.hostname or "", parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
    except ValueError:
        raise ConfigurationError(f"Platform {source}: base_url is not a URL.") from None
    if not host or port == 0:
        raise ConfigurationError(f"Platform {source}: base_url needs http or https and a host.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigurationError(f"Platform {source}: base_url may hold neither credentials nor a query.")
    if scheme == "http" and not _is_this_computer(host):
        raise ConfigurationError(f"Platform {source}: base_url must be https; queries carry personal data.")
    return scheme, host, port


def _is_this_computer(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
