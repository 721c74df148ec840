"""Verification codes: 15 random signs and a check sign, so that a slip of the pen is told from a wrong paper."""

from __future__ import annotations

import secrets
import unicodedata

#: Without 0, 1, I, L and O, which people take for each other. 31 signs, a prime: see ``_check_sign``.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_DRAWN = 15  # 74 bits
_BASE = len(ALPHABET)


def new_code() -> str:
    """A code that nobody can guess, e.g. ``ABCDEFGHJKMNPQRS``."""
    drawn = "".join(secrets.choice(ALPHABET) for _ in range(_DRAWN))
    return drawn + _check_sign(drawn)


def in_groups(code: str) -> str:
    """The code as it is printed, e.g. ``ABCD-EFGH-JKMN-PQRS``."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def typed_code(text: str) -> str | None:
    """The code that somebody typed, in any case, width and grouping; None where it is mistyped."""
    code = "".join(c for c in unicodedata.normalize("NFKC", text).upper() if c.isalnum())
    whole = len(code) == _DRAWN + 1 and all(c in ALPHABET for c in code)
    return code if whole and _check_sign(code[:-1]) == code[-1] else None


def typed_number(text: str) -> str:
    """A document number as it was given out, from what somebody typed: brackets of any shape, no spaces."""
    plain = "".join(unicodedata.normalize("NFKC", text).split())
    return plain.translate(str.maketrans("[({【［（〖])}】］）〗", "〔〔〔〔〔〔〔〕〕〕〕〕〕〕"))


def _check_sign(drawn: str) -> str:
    """Weighted by place modulo a prime: one wrong sign, or two neighbours exchanged, always shows."""
    return ALPHABET[sum(place * ALPHABET.index(c) for place, c in enumerate(drawn, 1)) % _BASE]
