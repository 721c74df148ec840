"""Text encrypted at rest with SM4-GCM, and a keyed digest to look it up by.

Numbers of natural persons are stored only in this form. The key is derived from
the secret whose *name* is the setting ``WORKFLOWS_FIELD_KEY``. Model and field are
authenticated with the text, so a value copied into another column does not decrypt.
"""

from __future__ import annotations

import base64
import binascii
import os
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hmac import HMAC
from django.conf import settings
from django.core.exceptions import FieldError
from django.db import models

from workflows.secrets import read_secret

_PREFIX = "sm4g1:"
_NONCE_BYTES = 12  # the length SP 800-38D recommends for GCM
_TAG_BYTES = 16
_LEAST_SECRET_CHARS = 32


class FieldTampered(Exception):
    """The stored text was altered, moved from another column or written with another key."""


def _hmac_sm3(key: bytes, text: bytes) -> bytes:
    mac = HMAC(key, hashes.SM3())
    mac.update(text)
    return mac.finalize()


@lru_cache(maxsize=8)
def _derived(secret: str, purpose: bytes) -> bytes:
    return _hmac_sm3(secret.encode(), purpose)


def _key(purpose: bytes) -> bytes:
    secret = read_secret(settings.WORKFLOWS_FIELD_KEY, settings.SECRETS_DIR)
    if len(secret) < _LEAST_SECRET_CHARS:
        raise ValueError(f"The secret {settings.WORKFLOWS_FIELD_KEY} needs at least {_LEAST_SECRET_CHARS} characters")
    return _derived(secret, purpose)


def keyed_digest(text: str) -> str:
    """Give the same 64 hex digits for the same text under the same key, for equality look-ups.

    Args:
        text: normalised identifier, e.g. a resident number with a capital X.
    """
    return _hmac_sm3(_key(b"workflows.digest"), text.encode()).hex()


def encrypt(plain: bytes, label: str) -> bytes:
    """Encrypt with a fresh nonce; ``label`` names the column the content belongs to."""
    nonce = os.urandom(_NONCE_BYTES)
    encryptor = Cipher(algorithms.SM4(_key(b"workflows.field")[:16]), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(label.encode())
    return nonce + encryptor.update(plain) + encryptor.finalize() + encryptor.tag


def decrypt(raw: bytes, label: str) -> bytes:
    """Decrypt what :func:`encrypt` gave for the same label.

    Raises:
        FieldTampered: the content was altered or belongs elsewhere; restore it from backup.
    """
    if len(raw) < _NONCE_BYTES + _TAG_BYTES:
        raise FieldTampered
    nonce, body, tag = raw[:_NONCE_BYTES], raw[_NONCE_BYTES:-_TAG_BYTES], raw[-_TAG_BYTES:]
    decryptor = Cipher(algorithms.SM4(_key(b"workflows.field")[:16]), modes.GCM(nonce, tag)).decryptor()
    decryptor.authenticate_additional_data(label.encode())
    try:
        return decryptor.update(body) + decryptor.finalize()
    except InvalidTag:
        raise FieldTampered from None


def encrypt_text(text: str, label: str) -> str:
    """A text in its stored form."""
    return _PREFIX + base64.b64encode(encrypt(text.encode(), label)).decode()


def decrypt_text(stored: str, label: str) -> str:
    """The text of a stored form.

    Raises:
        FieldTampered: the text was altered or belongs elsewhere; restore it from backup.
    """
    if not stored.startswith(_PREFIX):
        raise FieldTampered
    try:
        raw = base64.b64decode(stored[len(_PREFIX) :], validate=True)
    except binascii.Error:
        raise FieldTampered from None
    return decrypt(raw, label).decode()


class EncryptedTextField(models.TextField):  # type: ignore[type-arg] # generic only in the stubs
    """A text column whose database form is SM4-GCM; empty text stays empty.

    Only ``isnull`` may be looked up: equal texts have different stored forms. Keep a
    :func:`keyed_digest` beside it where an equality look-up is needed.
    """

    @property
    def _label(self) -> str:
        return f"{self.model._meta.label_lower}.{self.name}"

    def get_prep_value(self, value: Any) -> Any:
        """Encrypt on the way into the database."""
        value = super().get_prep_value(value)
        return encrypt_text(value, self._label) if value else value

    def from_db_value(self, value: str | None, _expression: object, _connection: object) -> str | None:
        """Decrypt on the way out of the database."""
        return decrypt_text(value, self._label) if value else value

    def get_lookup(self, lookup_name: str) -> Any:
        """Refuse every comparison with ciphertext.

        Raises:
            FieldError: use the digest column instead.
        """
        if lookup_name != "isnull":
            raise FieldError(f"{self.name} is encrypted and cannot be searched by {lookup_name!r}; use its digest")
        return super().get_lookup(lookup_name)


class EncryptedBytesField(models.BinaryField):  # type: ignore[type-arg] # generic only in the stubs
    """A column of bytes whose database form is SM4-GCM; it cannot be looked up."""

    @property
    def _label(self) -> str:
        return f"{self.model._meta.label_lower}.{self.name}"

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """Encrypt on the way into the database."""
        sealed = encrypt(bytes(value), self._label) if value is not None else None
        return super().get_db_prep_value(sealed, connection, prepared)

    def from_db_value(self, value: Any, _expression: object, _connection: object) -> bytes | None:
        """Decrypt on the way out of the database."""
        return decrypt(bytes(value), self._label) if value is not None else None

    def get_lookup(self, lookup_name: str) -> Any:
        """Refuse every comparison with ciphertext.

        Raises:
            FieldError: keep a digest beside it.
        """
        raise FieldError(f"{self.name} is encrypted and cannot be searched by {lookup_name!r}")
