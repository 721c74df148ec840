"""Sign requests, and verify them as the platforms do.

Headers of a provincial gateway with x-tif names (P7)::

    x-tif-paasid      the caller, as registered at the gateway
    x-tif-timestamp   Unix seconds
    x-tif-nonce       32 random hexadecimal characters, never used twice
    x-tif-signature   SHA-256 over timestamp + token + nonce + timestamp, as
                      64 upper-case hexadecimal characters; verified in either case

The signature does not cover the body, so a ``Content-Digest`` header (RFC 9530) over
the very bytes sent goes with it.

Fields of a gateway that knows its callers by appKey (P2)::

    appKey            the caller, as registered
    requestTime       14 digits in China's time, or Unix milliseconds
    sign              lower-case hexadecimal: MD5 of appKey + secret + requestTime, or
                      HMAC with the secret over appKey + requestTime, by SHA-256 or SM3

That one covers neither the question nor the reply, and may be used again while it is young: what
protects them is TLS. MD5 is there because the platform demands it; prefer HMAC wherever it is offered.

Source: domain facts 4.1, patterns P2 (Zhejiang), P7 (Guangdong) and P8; the HMAC forms are design.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

from approval_hook.errors import ConfigurationError

__all__ = [
    "SIGN_METHODS",
    "TIME_FORMS",
    "AppKeySigner",
    "AppKeyVerifier",
    "TifSigner",
    "TifVerifier",
    "content_digest",
    "signature",
]

#: Seconds by which the two clocks may differ.
WINDOW = 300

_CHINA = ZoneInfo("Asia/Shanghai")
_FOURTEEN = "%Y%m%d%H%M%S"


def signature(token: str, timestamp: str, nonce: str) -> str:
    """Signature as sent, 64 upper-case hexadecimal characters.

    >>> signature("token", "1700000000", "n")[:8]
    '335B71BE'
    """
    return hashlib.sha256(f"{timestamp}{token}{nonce}{timestamp}".encode()).hexdigest().upper()


def content_digest(body: bytes) -> str:
    """Value of the ``Content-Digest`` header for these bytes (RFC 9530)."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


class TifSigner:
    """Makes the headers of one attempt."""

    def __init__(self, paasid: str, token: str, *, clock: Callable[[], float] = time.time) -> None:
        """Keep the credentials.

        Args:
            paasid: the caller, as registered at the gateway.
            token: the shared secret, resolved by the caller; never logged.
            clock: Unix seconds.
        """
        self._paasid = paasid
        self._token = token
        self._clock = clock

    def headers(self, body: bytes) -> dict[str, str]:
        """Headers for one attempt to send ``body``; call again for the next attempt."""
        timestamp, nonce = str(int(self._clock())), secrets.token_hex(16)
        return {
            "x-tif-paasid": self._paasid,
            "x-tif-timestamp": timestamp,
            "x-tif-nonce": nonce,
            "x-tif-signature": signature(self._token, timestamp, nonce),
            "Content-Digest": content_digest(body),
        }


class TifVerifier:
    """Checks the headers of incoming requests, as the gateway does. Safe for several threads."""

    def __init__(
        self, paasid: str, token: str, *, window: int = WINDOW, clock: Callable[[], float] = time.time
    ) -> None:
        """Keep the credentials; ``window`` is the clock difference allowed, in seconds."""
        self._paasid = paasid
        self._token = token
        self._window = window
        self._clock = clock
        self._seen: dict[str, float] = {}
        self._lock = threading.Lock()

    def problem(self, headers: Mapping[str, str], body: bytes) -> str:
        """Short machine word for what is wrong with a request; empty when nothing is."""
        paasid, timestamp, nonce, signed = (
            headers.get(f"x-tif-{part}") or "" for part in ("paasid", "timestamp", "nonce", "signature")
        )
        if not (timestamp.isascii() and timestamp.isdigit() and nonce):
            return "headers"
        expected = signature(self._token, timestamp, nonce)
        genuine = hmac.compare_digest(expected.encode(), signed.upper().encode())
        if not hmac.compare_digest(self._paasid.encode(), paasid.encode()) or not genuine:
            return "signature"
        now = self._clock()
        if abs(now - int(timestamp)) > self._window:
            return "clock"
        if not hmac.compare_digest(content_digest(body).encode(), (headers.get("Content-Digest") or "").encode()):
            return "digest"
        with self._lock:
            # An older nonce is refused by its timestamp, so it need not be kept. Insertion is in time order.
            while self._seen and now - next(iter(self._seen.values())) > 2 * self._window:
                del self._seen[next(iter(self._seen))]
            if nonce in self._seen:
                return "replay"
            self._seen[nonce] = now
        return ""


def _hmac(algorithm: hashes.HashAlgorithm, app_key: str, secret: str, request_time: str) -> str:
    made = HMAC(secret.encode(), algorithm)
    made.update(f"{app_key}{request_time}".encode())
    return made.finalize().hex()


#: What ``sign`` is made of appKey, secret and requestTime with, by the name in the settings.
SIGN_METHODS: Mapping[str, Callable[[str, str, str], str]] = {
    "md5": lambda key, secret, time: hashlib.md5(f"{key}{secret}{time}".encode(), usedforsecurity=False).hexdigest(),
    "hmac-sha256": lambda key, secret, time: _hmac(hashes.SHA256(), key, secret, time),
    "hmac-sm3": lambda key, secret, time: _hmac(hashes.SM3(), key, secret, time),
}

#: How ``requestTime`` writes Unix seconds, by the name in the settings.
TIME_FORMS: Mapping[str, Callable[[float], str]] = {
    "digits": lambda now: datetime.fromtimestamp(now, _CHINA).strftime(_FOURTEEN),
    "milliseconds": lambda now: str(int(now * 1000)),
}


class AppKeySigner:
    """Makes the signed fields of one attempt."""

    def __init__(
        self, app_key: str, secret: str, *, method: str, time_form: str, clock: Callable[[], float] = time.time
    ) -> None:
        """Keep the credentials.

        Args:
            app_key: the caller, as registered at the gateway.
            secret: shared with the gateway, resolved by the caller; never logged.
            method: a key of ``SIGN_METHODS``.
            time_form: a key of ``TIME_FORMS``.
            clock: Unix seconds.

        Raises:
            ConfigurationError: the method or the form is unknown.
        """
        if method not in SIGN_METHODS or time_form not in TIME_FORMS:
            known = ", ".join((*SIGN_METHODS, *TIME_FORMS))
            raise ConfigurationError(f"Signing by appKey: {method!r} or {time_form!r} is none of {known}.")
        self._app_key = app_key
        self._secret = secret
        self._sign = SIGN_METHODS[method]
        self._time = TIME_FORMS[time_form]
        self._clock = clock

    def fields(self) -> dict[str, str]:
        """Fields for one attempt; call again for the next attempt."""
        moment = self._time(self._clock())
        sign = self._sign(self._app_key, self._secret, moment)
        return {"appKey": self._app_key, "requestTime": moment, "sign": sign}


class AppKeyVerifier:
    """Checks the signed fields of incoming requests, as the gateway does, in any method and form."""

    def __init__(
        self, app_key: str, secret: str, *, window: int = WINDOW, clock: Callable[[], float] = time.time
    ) -> None:
        """Keep the credentials; ``window`` is the clock difference allowed, in seconds."""
        self._app_key = app_key
        self._secret = secret
        self._window = window
        self._clock = clock

    def problem(self, fields: Mapping[str, str]) -> str:
        """Short machine word for what is wrong with a request; empty when nothing is."""
        app_key, moment, signed = (fields.get(key, "") for key in ("appKey", "requestTime", "sign"))
        seconds = _seconds(moment)
        if seconds is None:
            return "fields"
        expected = [sign(self._app_key, self._secret, moment) for sign in SIGN_METHODS.values()]
        genuine = any(hmac.compare_digest(sign.encode(), signed.encode()) for sign in expected)
        if not hmac.compare_digest(self._app_key.encode(), app_key.encode()) or not genuine:
            return "signature"
        return "clock" if abs(self._clock() - seconds) > self._window else ""


def _seconds(moment: str) -> float | None:
    """Unix seconds of a requestTime in either form, which differ in length until the year 2286."""
    if not (moment.isascii() and moment.isdigit()):
        return None
    if len(moment) != len("20261001120000"):
        return int(moment) / 1000 if len(moment) == len("1790812800000") else None
    try:
        return datetime.strptime(moment, _FOURTEEN).replace(tzinfo=_CHINA).astimezone(UTC).timestamp()
    except ValueError:
        return None
