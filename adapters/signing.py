"""Sign requests for a provincial gateway with x-tif headers, and verify them.

    x-tif-paasid      the caller, as registered at the gateway
    x-tif-timestamp   Unix seconds
    x-tif-nonce       32 random hexadecimal characters, never used twice
    x-tif-signature   SHA-256 over timestamp + token + nonce + timestamp, as
                      64 upper-case hexadecimal characters; verified in either case

The signature does not cover the body, so a ``Content-Digest`` header (RFC 9530) over
the very bytes sent goes with it.

Source: domain facts 4.1, pattern P7 (Guangdong gateway).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable, Mapping

__all__ = ["TifSigner", "TifVerifier", "content_digest", "signature"]

#: Seconds by which the two clocks may differ.
WINDOW = 300


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
