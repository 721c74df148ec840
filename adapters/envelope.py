"""The national-cryptography envelope (国密): SM4 hides the document, SM2 signs the envelope, both ways.

    {"data": {"encData"}, "appCode", "version": "1.0.0", "encType": "SM4", "signType": "SM2", "timestamp", "signData"}

``encData``    the document in SM4 (GB/T 32907) with PKCS#7 padding, as lower-case hexadecimal digits; in CBC the
               first 16 bytes are a random start value, in ECB there is none
``timestamp``  Unix milliseconds, a number
``signData``   SM2 signature in DER and base64 over the other fields in the order of their names::

    appCode=<..>&encData=<..>&encType=SM4&signType=SM2&timestamp=<..>&version=1.0.0

Each side signs with its own private key and verifies with the other's public key, so that nobody can answer with what
we asked. The signature is checked before anything is decrypted. CBC is the default; ECB shows which blocks
are alike and is there for platforms that know nothing else.

Source: domain facts 4.1 (P8); what exactly is signed and in which mode differs by platform, this is design.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.padding import PKCS7

from adapters.sm2 import Sm2Signer, Sm2Verifier
from adapters.wire import parse_object
from approval_hook.errors import ConfigurationError, PlatformReplyInvalid

__all__ = ["MODES", "SmEnvelope"]

VERSION = "1.0.0"
_BLOCK = 16
_KEY = re.compile(r"[0-9a-fA-F]{32}", re.ASCII)
_HEX = re.compile(r"(?:[0-9a-f]{32})+", re.ASCII)
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,100}", re.ASCII)
#: Milliseconds of the years 2000 to 2200.
_MOMENTS = (946_684_800_000, 7_258_118_400_000)

#: How SM4 blocks are chained, by the name in the settings.
MODES = ("cbc", "ecb")


class SmEnvelope:
    """Seals what one side sends and opens what the other side sent. Safe for several threads."""

    def __init__(
        self,
        app_code: str,
        *,
        sm4_key: str,
        private_key: str,
        public_key: str,
        peer_public_key: str,
        mode: str = "cbc",
        window: float = 300.0,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        """Read the keys.

        Args:
            app_code: of the caller, in both directions.
            sm4_key: 32 hexadecimal digits, shared by both sides.
            private_key: our own for SM2, as ``adapters.sm2`` says.
            public_key: the one that belongs to it.
            peer_public_key: of the other side.
            mode: one of ``MODES``.
            window: seconds by which the timestamp of an envelope may differ from our clock.
            clock: the present moment, aware; the computer's clock when not given.

        Raises:
            ConfigurationError: a key or another argument is malformed, or the library for SM2 is missing.
        """
        if not _CODE.fullmatch(app_code):
            raise ConfigurationError("An appCode has letters, digits, '_', '.' and '-', at most 100.")
        if not _KEY.fullmatch(sm4_key):
            raise ConfigurationError("An SM4 key has 32 hexadecimal digits.")
        if mode not in MODES or window <= 0:
            raise ConfigurationError(f"The SM4 mode is one of {', '.join(MODES)}, and the window is positive.")
        self._app_code = app_code
        self._cipher = SM4(bytes.fromhex(sm4_key))
        self._signer = Sm2Signer(private_key, public_key)
        self._verifier = Sm2Verifier(peer_public_key)
        self._mode = mode
        self._window = timedelta(seconds=window)
        self._clock = clock or _now

    def seal(self, document: bytes) -> bytes:
        """An envelope of this moment; another one each time."""
        timestamp = int(self._clock().timestamp() * 1000)
        hidden = self.hidden(document)
        signature = self._signer.sign(_signed_text(self._app_code, hidden, timestamp))
        envelope = {
            "data": {"encData": hidden},
            "appCode": self._app_code,
            "version": VERSION,
            "encType": "SM4",
            "signType": "SM2",
            "timestamp": timestamp,
            "signData": base64.b64encode(signature).decode(),
        }
        # Without blanks: a blank may become another one unnoticed, and then not every byte would count.
        return json.dumps(envelope, separators=(",", ":")).encode()

    def open(self, sealed: bytes, source: str) -> bytes:
        """The document of an envelope that the other side made for us, of late.

        Raises:
            PlatformReplyInvalid: anything about the envelope is not as it should be.
        """
        envelope = parse_object(sealed, source)
        for key, expected in (("version", VERSION), ("encType", "SM4"), ("signType", "SM2")):
            if envelope.text(key, longest=20) != expected:
                raise PlatformReplyInvalid(f"{source}: the envelope's {key} is not {expected}.")
        app_code = envelope.text("appCode", longest=100)
        if not hmac.compare_digest(app_code.encode(), self._app_code.encode()):
            raise PlatformReplyInvalid(f"{source}: the envelope is for another appCode.")
        timestamp = envelope.number("timestamp", least=_MOMENTS[0], most=_MOMENTS[1])
        if abs(datetime.fromtimestamp(timestamp / 1000, UTC) - self._clock()) > self._window:
            raise PlatformReplyInvalid(f"{source}: the envelope is not of this moment.")
        hidden = envelope.object("data").text("encData", longest=len(sealed))
        signature = _from_base64(envelope.text("signData", longest=200))
        if signature is None or not self._verifier.fits(_signed_text(app_code, hidden, timestamp), signature):
            raise PlatformReplyInvalid(f"{source}: the platform's signature does not fit.")
        document = self._decrypted(bytes.fromhex(hidden)) if _HEX.fullmatch(hidden) else None
        if document is None:
            raise PlatformReplyInvalid(f"{source}: the envelope cannot be decrypted.")
        return document

    def hidden(self, document: bytes) -> str:
        """``encData`` for a document."""
        padding = PKCS7(_BLOCK * 8).padder()
        padded = padding.update(document) + padding.finalize()
        start = secrets.token_bytes(_BLOCK) if self._mode == "cbc" else b""
        encryptor = self._chained(start).encryptor()
        return (start + encryptor.update(padded) + encryptor.finalize()).hex()

    def _decrypted(self, hidden: bytes) -> bytes | None:
        start, blocks = (hidden[:_BLOCK], hidden[_BLOCK:]) if self._mode == "cbc" else (b"", hidden)
        decryptor = self._chained(start).decryptor()
        padding = PKCS7(_BLOCK * 8).unpadder()
        try:
            return padding.update(decryptor.update(blocks) + decryptor.finalize()) + padding.finalize()
        except ValueError:
            return None

    def _chained(self, start: bytes) -> Cipher[modes.CBC] | Cipher[modes.ECB]:
        if self._mode == "cbc":
            return Cipher(self._cipher, modes.CBC(start))
        return Cipher(self._cipher, modes.ECB())  # noqa: S305 - for platforms that know nothing else


def _signed_text(app_code: str, hidden: str, timestamp: int) -> bytes:
    fields = f"appCode={app_code}&encData={hidden}&encType=SM4&signType=SM2&timestamp={timestamp}&version={VERSION}"
    return fields.encode()


def _from_base64(text: str) -> bytes | None:
    """Bytes of canonical base64 only: otherwise several texts would mean the same bytes."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return None
    return raw if base64.b64encode(raw).decode() == text else None


def _now() -> datetime:
    return datetime.now(UTC)
