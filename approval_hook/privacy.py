"""Keyed digests and sealed identifiers (SM3, SM4-GCM), so that evidence rows hold no personal data."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from approval_hook.conf import conf
from approval_hook.errors import ConfigurationError

_NONCE_BYTES = 12
_TAG_BYTES = 16
_SECRET_LENGTH = 16


def digest(text: str | bytes) -> str:
    """Keyed digest of a text: HMAC-SM3, 64 hex digits. Equal texts give equal digests."""
    return digester()(text)


def digester() -> Callable[[str | bytes], str]:
    """What digests with the key now in force; for several texts at once, and never to be kept."""
    c = conf()
    keyed = _mac(c.secret(c.digest_secret))

    def digest_of(text: str | bytes) -> str:
        mac = keyed.copy()
        mac.update(text.encode() if isinstance(text, str) else text)
        return mac.finalize().hex()

    return digest_of


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
    algorithm, key_id = _field_key(c.secret(c.field_secret))
    nonce = os.urandom(_NONCE_BYTES)
    encryptor = Cipher(algorithm, modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(context.encode())
    body = encryptor.update(plain) + encryptor.finalize()
    return key_id, nonce + body + encryptor.tag


def unseal(key_id: str, sealed: bytes, context: str) -> bytes:
    """Decrypt what ``seal`` made.

    Raises:
        ConfigurationError: another key sealed it, or it was changed.
    """
    c = conf()
    algorithm, known_id = _field_key(c.secret(c.field_secret))
    if key_id != known_id:
        raise ConfigurationError(f"The row was sealed with key {key_id}, which is not the configured one.")
    nonce, body, tag = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:-_TAG_BYTES], sealed[-_TAG_BYTES:]
    decryptor = Cipher(algorithm, modes.GCM(nonce, tag)).decryptor()
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
def _field_key(secret: str) -> tuple[algorithms.SM4, str]:
    """The key that seals, and its id."""
    key = _key(secret, "field")[:16]
    h = hashes.Hash(hashes.SM3())
    h.update(b"key-id" + key)
    return algorithms.SM4(key), h.finalize().hex()[:8]
