"""The encrypted message of a gateway of type P3: DES in ECB with PKCS#7 padding, in base64.

DES is broken: its key has 56 bits and is found in a day, equal blocks of eight bytes look equal, and nothing tells
that a message was changed. It is here only because platforms exist that know nothing else. So we count on it for
nothing: plain HTTP is refused except to this computer, TLS tells who answers, and a reply must be signed::

    asked     message=<base64>, a form; with appKey, requestTime and sign of ``adapters.signing``, or x-tif headers
    answered  {"message": "<base64>", "timestamp": "1790812800000", "sign": "<hex>"}

``sign`` is HMAC-SM3 with the gateway's secret over timestamp + message, as lower-case hexadecimal digits. A reply
without it is not trusted: whoever can change bytes on the way could make a hit look clean.

The key is 16 hexadecimal digits (K1 = K2 = K3 of Triple DES is DES); the last bit of each byte does not count.

Source: domain facts 4.1 (P3, Taizhou); the signature of the reply is design.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
import time
from collections.abc import Callable

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.padding import PKCS7

from adapters.signing import WINDOW
from adapters.wire import parse_object
from approval_hook.errors import ConfigurationError, PlatformReplyInvalid

__all__ = ["WEAKNESS", "DesMessage", "SignedReply"]

#: What an operator is told.
WEAKNESS = "its messages are encrypted with DES, which is broken: only TLS protects them"

_KEY = re.compile(r"[0-9a-fA-F]{16}", re.ASCII)
_MILLISECONDS = re.compile(r"[1-9][0-9]{12}", re.ASCII)
_BLOCK = 64  # bits


class DesMessage:
    """Encrypts and decrypts messages. Safe for several threads."""

    def __init__(self, key: str) -> None:
        """Read the key.

        Raises:
            ConfigurationError: it is not 16 hexadecimal digits.
        """
        if not _KEY.fullmatch(key):
            raise ConfigurationError("A DES key has 16 hexadecimal digits.")
        self._cipher = Cipher(TripleDES(bytes.fromhex(key) * 3), modes.ECB())  # noqa: S305 - see the module

    def encrypt(self, document: bytes) -> str:
        """A message, in base64."""
        padding, encryptor = PKCS7(_BLOCK).padder(), self._cipher.encryptor()
        padded = padding.update(document) + padding.finalize()
        return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()

    def decrypt(self, message: str) -> bytes | None:
        """The document of a message; ``None`` when it is none, or was encrypted with another key."""
        padding, decryptor = PKCS7(_BLOCK).unpadder(), self._cipher.decryptor()
        try:
            hidden = base64.b64decode(message, validate=True)
            return padding.update(decryptor.update(hidden) + decryptor.finalize()) + padding.finalize()
        except (ValueError, binascii.Error):
            return None


class SignedReply:
    """Makes and opens the gateway's reply around a message. Safe for several threads."""

    def __init__(
        self, secret: str, message: DesMessage, *, window: float = WINDOW, clock: Callable[[], float] = time.time
    ) -> None:
        """Keep the secret shared with the gateway; ``window`` is the clock difference allowed, in seconds."""
        self._secret = secret
        self._message = message
        self._window = window
        self._clock = clock

    def make(self, message: str) -> bytes:
        """A reply of this moment, as the gateway makes it."""
        timestamp = str(int(self._clock() * 1000))
        reply = {"message": message, "timestamp": timestamp, "sign": self._sign(timestamp, message)}
        return json.dumps(reply, separators=(",", ":")).encode()

    def open(self, raw: bytes, source: str) -> bytes:
        """The document of a reply that the gateway signed of late.

        Raises:
            PlatformReplyInvalid: anything about the reply is not as it should be.
        """
        reply = parse_object(raw, source)
        message, timestamp = reply.text("message", longest=len(raw)), reply.text("timestamp", longest=13)
        if not hmac.compare_digest(self._sign(timestamp, message).encode(), reply.text("sign", longest=64).encode()):
            raise PlatformReplyInvalid(f"{source}: the gateway's signature does not fit.")
        fresh = _MILLISECONDS.fullmatch(timestamp) and abs(self._clock() - int(timestamp) / 1000) <= self._window
        if not fresh:
            raise PlatformReplyInvalid(f"{source}: the reply is not of this moment.")
        document = self._message.decrypt(message)
        if document is None:
            raise PlatformReplyInvalid(f"{source}: the reply cannot be decrypted.")
        return document

    def _sign(self, timestamp: str, message: str) -> str:
        made = HMAC(self._secret.encode(), hashes.SM3())
        made.update(f"{timestamp}{message}".encode())
        return made.finalize().hex()
