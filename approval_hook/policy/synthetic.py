"""Synthetic subjects with valid check digits, for the simulator, the demonstration and tests.

No person and no firm here is real: every name says 示例 (example). Randomness enters as an argument.
"""

from __future__ import annotations

import random
from datetime import date

from approval_hook.policy.checkdigits import (
    USCC_ALPHABET,
    organisation_code_digit,
    resident_check_digit,
    uscc_check_digit,
)

_SURNAMES = "陈李张黄何林梁周吴刘罗郑冯谢邓许曾彭苏卢"
_TRADES = ("餐饮", "食品", "商贸", "酒楼", "茶饮", "烘焙", "供应链", "出行科技")
_BRANDS = ("甲", "乙", "丙", "丁", "戊", "己", "庚", "辛")
_CITIES = ("广州", "深圳", "佛山", "东莞", "珠海", "惠州")


def synthetic_uscc(rng: random.Random, region: str = "440104", kind: str = "91") -> str:
    """A valid 统一社会信用代码 with a valid inner organisation code.

    Args:
        rng: source of randomness; the same state gives the same code.
        region: six-digit code of the registering organ.
        kind: first two characters: 91 enterprise, 92 sole trader, 12 public institution, ...
    """
    body = "MA" + "".join(rng.choice(USCC_ALPHABET) for _ in range(6))
    seventeen = f"{kind}{region}{body}{organisation_code_digit(body)}"
    return seventeen + uscc_check_digit(seventeen)


def synthetic_resident_id(rng: random.Random, *, born_on: date, region: str = "440104") -> str:
    """A valid 18-digit resident number for a birth date and an address code."""
    return _dated(f"{region}{born_on:%Y%m%d}{rng.randrange(1, 996):03d}")


def synthetic_residence_permit(rng: random.Random, *, born_on: date, place: str = "810000") -> str:
    """A valid 港澳台居民居住证 number; ``place`` is 810000 Hong Kong, 820000 Macao or 830000 Taiwan."""
    return synthetic_resident_id(rng, born_on=born_on, region=place)


def synthetic_foreign_permanent(rng: random.Random, *, born_on: date, place: str = "44", nation: str = "840") -> str:
    """A valid 2023 外国人永久居留身份证 number: 9, place of acceptance, country, birth date, sequence, check digit."""
    return _dated(f"9{place}{nation}{born_on:%Y%m%d}{rng.randrange(1, 996):03d}")


def synthetic_foreign_permanent_2017(rng: random.Random, *, born_on: date, nation: str = "USA") -> str:
    """A well-formed 2017 foreigner's card number: three letters and twelve digits."""
    return f"{nation}4401{born_on:%y%m%d}{rng.randrange(100):02d}"


def synthetic_hm_permit(rng: random.Random, *, place: str = "H") -> str:
    """A well-formed 港澳居民来往内地通行证 number; ``place`` is H or M."""
    return f"{place}{rng.randrange(10**8):08d}"


def synthetic_tw_permit(rng: random.Random) -> str:
    """A well-formed 台湾居民来往大陆通行证 number."""
    return f"{rng.randrange(10**8):08d}"


def synthetic_person_name(rng: random.Random) -> str:
    """A person's name that is visibly an example, such as 陈示例."""
    return f"{rng.choice(_SURNAMES)}示例"


def synthetic_firm_name(rng: random.Random) -> str:
    """A firm's name that is visibly an example, such as 广州示例甲餐饮有限公司."""
    return f"{rng.choice(_CITIES)}示例{rng.choice(_BRANDS)}{rng.choice(_TRADES)}有限公司"


def _dated(seventeen: str) -> str:
    return seventeen + resident_check_digit(seventeen)
