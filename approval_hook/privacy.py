"""Keyed digests and sealed identifiers (SM3, SM4-GCM), so that evidence rows hold no personal data."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from approval_hook.conf import conf
from approval_hook.errors import ConfigurationError

_NONCE_BYTES = 12
_TAG_BYTES = 16
_SECRET_LENGTH = 16


def digest(text: str) -> str:
    """Keyed digest of a text: HMAC-SM3, 64 hex digits. Equal texts give equal digests."""
    c = conf()
    mac = _mac(c.secret(c.digest_secret)).copy()
    mac.update(text.encode())
    return mac.finalize().hex()


def digests(texts: Iterable[bytes]) -> list[bytes]:
    """Keyed digests of many texts in UTF-8, 32 bytes each; ``digest`` in bulk."""
    c = conf()
    begin = _mac(c.secret(c.digest_secret)).copy
    found = []
    for text in texts:
        mac = begin()
        mac.update(text)
        found.append(mac.finalize())
    return found


def seal(plain: bytes, context: str) -> tuple[str, bytes]:
    """Encrypt with SM4-GCM, bound to ``context``; returns (key id, nonce + ciphertext + tag)."""
    c = conf()
    key = _key(c.secret(c.field_secret), "field")[:16]
    nonce = os.urandom(_NONCE_BYTES)
    encryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(context.encode())
    body = encryptor.update(plain) + encryptor.finalize()
    return _key_id(key), nonce + body + encryptor.tag


def unseal(key_id: str, sealed: bytes, context: str) -> bytes:
    """Decrypt what ``seal`` made.

    Raises:
        ConfigurationError: another key sealed it, or it was changed.
    """
    c = conf()
    key = _key(c.secret(c.field_secret), "field")[:16]
    if key_id != _key_id(key):
        raise ConfigurationError(f"The row was sealed with key {key_id}, which is not the configured one.")
    nonce, body, tag = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:-_TAG_BYTES], sealed[-_TAG_BYTES:]
    decryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce, tag)).decryptor()
    decryptor.authenticate_additional_data(context.encode())
    try:
        return decryptor.update(body) + decryptor.finalize()
    except InvalidTag:
        raise ConfigurationError("The sealed row does not open: it was changed or belongs to another row.") from None


def check_secrets() -> None:
    """Read both secrets.

    Raises:
        ConfigurationError: one is missing or too short.
    """
    c = conf()
    for setting, name in (("DIGEST_SECRET", c.digest_secret), ("FIELD_SECRET", c.field_secret)):
        if len(c.secret(name)) < _SECRET_LENGTH:
            raise ConfigurationError(
                f"The secret that APPROVAL_HOOK[{setting!r}] names has fewer than {_SECRET_LENGTH} characters."
            )


@lru_cache(maxsize=8)
def _key(secret: str, purpose: str) -> bytes:
    if len(secret) < _SECRET_LENGTH:
        raise ConfigurationError(f"A secret of the credit gate has fewer than {_SECRET_LENGTH} characters.")
    h = hashes.Hash(hashes.SM3())
    h.update(f"approval-hook/{purpose}/1\0{secret}".encode())
    return h.finalize()


@lru_cache(maxsize=8)
def _mac(secret: str) -> hmac.HMAC:
    return hmac.HMAC(_key(secret, "digest"), hashes.SM3())


@lru_cache(maxsize=8)
def _key_id(key: bytes) -> str:
    h = hashes.Hash(hashes.SM3())
    h.update(b"key-id" + key)
    return h.finalize().hex()[:8]
