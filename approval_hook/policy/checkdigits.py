"""Check digits of Chinese identifiers.

Source: GB 32100-2015, GB 11714-1997, GB 11643-1999 (ISO 7064 MOD 11-2).
"""

from __future__ import annotations

from itertools import cycle
from operator import mul

#: The 31 characters of a 统一社会信用代码: no I, O, S, V, Z.
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"

#: Written by organs that have no code; allowed in imported organ fields, never as a subject.
USCC_FILLER = "00000000000000000X"

_USCC_VALUES = {char: value for value, char in enumerate(USCC_ALPHABET)}
_USCC_WEIGHTS = tuple(pow(3, power, 31) for power in range(30))  # 3 to the 30th is 1 again
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_RESIDENT_CODES = "10X98765432"


def uscc_check_digit(body: str) -> str:
    """Eighteenth character of a code from its first seventeen; ``""`` when a character is not in the alphabet.

    >>> uscc_check_digit("91440300MA5FKAEH4")
    '0'
    """
    try:
        total = sum(map(mul, map(_USCC_VALUES.__getitem__, body), cycle(_USCC_WEIGHTS)))
    except KeyError:
        return ""
    return USCC_ALPHABET[-total % 31]


def organisation_code_digit(body: str) -> str:
    """Ninth character of a GB 11714 organisation code from its first eight; ``""`` when one is not 0-9 or A-Z."""
    if not (body.isascii() and body.isalnum()):
        return ""
    total = sum(int(char, 36) * weight for char, weight in zip(body, _ORGANISATION_WEIGHTS, strict=True))
    return "0123456789X0"[11 - total % 11]


def resident_check_digit(body: str) -> str:
    """Eighteenth character of a resident number from its seventeen digits; ``""`` when one is not a digit.

    >>> resident_check_digit("44030019900101001")
    '6'
    """
    if not (body.isascii() and body.isdigit()):
        return ""
    total = sum(int(char) * pow(2, 17 - place, 11) for place, char in enumerate(body))
    return _RESIDENT_CODES[total % 11]
