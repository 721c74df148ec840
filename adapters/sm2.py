"""SM2 signatures (GB/T 32918) by gmssl-pyx, the extra ``gm``.

Keys are hexadecimal: a private key has 64 digits, a public key 128, or 130 with the 04 of an uncompressed
point. Signatures are DER; the signer's id is the one everybody uses, 1234567812345678.

The library writes two lines with places in its own source to standard error when a signature does not
verify. They hold neither key nor payload. Turning that off would redirect the whole process for a moment, so it stays.

Source: domain facts 4.1 (P8).
"""

from __future__ import annotations

import contextlib
import re
from importlib import import_module
from types import ModuleType

from approval_hook.errors import ConfigurationError

__all__ = ["Sm2Signer", "Sm2Verifier", "generate", "is_installed"]

_PRIVATE = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_PUBLIC = re.compile(r"(?:04)?[0-9a-fA-F]{128}", re.ASCII)
_PROOF = b"approval_hook"


def is_installed() -> bool:
    """Whether the library is there."""
    try:
        _library()
    except ConfigurationError:
        return False
    return True


def generate() -> tuple[str, str]:
    """A new private key and its public key.

    Raises:
        ConfigurationError: the library is missing.
    """
    public, private = _library().sm2_key_generate()
    return private.hex(), public.hex()


class Sm2Verifier:
    """Checks signatures by one public key. Safe for several threads."""

    def __init__(self, public_key: str) -> None:
        """Read the key.

        Raises:
            ConfigurationError: the library is missing, or this is no public key.
        """
        self._gm = _library()
        self._public = _public(self._gm, public_key)

    def fits(self, message: bytes, signature: bytes) -> bool:
        """Whether the holder of the private key signed this very message."""
        try:
            return self._gm.sm2_verify(self._public, message, signature) is True
        except self._gm.GmsslInnerError:
            return False


class Sm2Signer:
    """Signs by one private key. Safe for several threads."""

    def __init__(self, private_key: str, public_key: str) -> None:
        """Read both keys, and sign once to see that they belong together.

        Raises:
            ConfigurationError: the library is missing, one is no key, or they do not belong together.
        """
        self._gm = _library()
        self._public = _public(self._gm, public_key)
        if not _PRIVATE.fullmatch(private_key):
            raise ConfigurationError("An SM2 private key has 64 hexadecimal digits.")
        self._private = bytes.fromhex(private_key)
        try:
            genuine = self._gm.sm2_verify(self._public, _PROOF, self.sign(_PROOF)) is True
        except self._gm.GmsslInnerError:
            genuine = False
        if not genuine:
            raise ConfigurationError("The SM2 private key is none, or belongs to another public key.")

    def sign(self, message: bytes) -> bytes:
        """A signature in DER; another one each time."""
        signature: bytes = self._gm.sm2_sign(self._private, self._public, message)
        return signature


def _library() -> ModuleType:
    with contextlib.suppress(ImportError):
        return import_module("gmssl_pyx")
    raise ConfigurationError("SM2 needs gmssl-pyx: install approval-hook with its extra 'gm'.")


def _public(gm: ModuleType, text: str) -> bytes:
    problem = not _PUBLIC.fullmatch(text)
    if not problem:
        try:
            public: bytes = gm.normalize_sm2_public_key(text)
        except gm.GmsslInnerError:
            problem = True
    # Raised outside the handler, so that nothing of a key is in the chain.
    if problem:
        raise ConfigurationError("An SM2 public key has 128 hexadecimal digits, or 130 with 04 in front.")
    return public
