"""Hide numbers and names on screens and in logs, and compare with masked numbers.

Source: domain facts 3.4; 个人信息保护法 第五十一条 (de-identification).
"""

from __future__ import annotations

import re
from datetime import date

_MASK = "•"
_LONG = 15

# Alternatives from long to short, so that a long number is never taken for a short one.
# Look-arounds keep hexadecimal digests and UUIDs readable.
_NUMBER = re.compile(
    r"""
    (?<!\d)\d{6}[ \-]?\d{8}[ \-]?\d{3}[\dXxＸｘ](?!\d)         # resident, residence and 2023 foreign numbers
    | (?<![0-9A-Za-z])[0-9A-Z]{2}\d{6}[0-9A-Z]{10}(?![0-9A-Za-z])  # USCC
    | (?<![0-9A-Za-z])[0-9a-z]{2}\d{6}[0-9a-z]{10}(?![0-9A-Za-z])  # USCC in lower case
    | (?<![0-9A-Za-z])[A-Za-z]{3}\d{12}(?![0-9A-Za-z])           # 2017 card of a foreigner
    | (?<![0-9A-Za-z])\d{15}(?![0-9A-Za-z])                     # old resident and registration numbers
    | (?<![0-9A-Za-z])[HMhm]\d{8}(?:\d{2})?(?![0-9A-Za-z])      # Hong Kong and Macao permit
    | (?<!\d)(?:\+?86[ \-]?)?1[3-9]\d[ \-]?\d{4}[ \-]?\d{4}(?![0-9A-Za-z])  # mobile phone
    | (?<![0-9A-Za-z])[A-Za-z]{1,2}\d{7,8}(?![0-9A-Za-z])       # passport
    | (?<![0-9A-Za-z\-])\d{10}(?![0-9A-Za-z\-])                 # older Taiwan permit
    | (?<![0-9A-Za-z\-])\d{8}(?![0-9A-Za-z\-])                  # Taiwan permit
    """,
    re.VERBOSE,
)


def mask_number(number: str) -> str:
    """Number with its middle hidden: six and four shown when long, a quarter at each end when short."""
    head, tail = (6, 4) if len(number) >= _LONG else (len(number) // 4, len(number) // 4)
    hidden = len(number) - head - tail
    return number[:head] + _MASK * hidden + number[len(number) - tail :]


def mask_name(name: str) -> str:
    """Name of a person with only its first character.

    >>> mask_name("陈示例")
    '陈＊＊'
    """
    clean = name.strip()
    return clean[:1] + "＊" * max(1, min(len(clean) - 1, 3)) if clean else ""


def mask_text(text: str) -> str:
    """Free text with everything that looks like an identifier or a telephone number masked.

    It errs towards masking. A standing eight-digit group is left alone only when it is a
    calendar date (20261001), because dates of that shape fill every log.
    """
    return _NUMBER.sub(lambda m: m.group() if _is_date(m.group()) else mask_number(m.group()), text)


def _is_date(text: str) -> bool:
    if len(text) != 8 or text[:2] not in {"19", "20"}:
        return False
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return True
