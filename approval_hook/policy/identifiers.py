"""One identifier: its type, its number and every check before it may be asked about.

Numbers are checked first, because a wrong number asks about somebody else. Every
check names the place and the remedy in Chinese.

Source: GB 32100-2015 (统一社会信用代码), GB 11643-1999 (公民身份号码), GB 11714-1997
(organisation code inside the USCC); domain facts 3.1 to 3.3.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NoReturn

from approval_hook.errors import IdentifierInvalid
from approval_hook.policy.checkdigits import (
    USCC_ALPHABET,
    USCC_FILLER,
    organisation_code_digit,
    resident_check_digit,
    uscc_check_digit,
)
from approval_hook.policy.masking import mask_number

_OLDEST_YEARS = 150
_DATED_LENGTH = 18

#: A code with every character in its place; what does not fit is told character by character.
_USCC_FORM = re.compile(rf"[{USCC_ALPHABET}]{{2}}[0-9]{{6}}[{USCC_ALPHABET}]{{10}}")

#: Unicode categories that nobody can see or that turn text around.
INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


class IdentifierType(StrEnum):
    """Kind of a number that identifies a subject."""

    USCC = "uscc"  # 统一社会信用代码
    RESIDENT_ID = "resident_id"  # 居民身份证
    RESIDENCE_PERMIT = "residence_permit"  # 港澳台居民居住证 (81/82/83)
    FOREIGN_PERMANENT = "foreign_permanent"  # 外国人永久居留身份证
    HM_PERMIT = "hm_permit"  # 港澳居民来往内地通行证
    TW_PERMIT = "tw_permit"  # 台湾居民来往大陆通行证
    PASSPORT = "passport"  # 护照


#: Chinese names of the document types, for messages and screens.
TYPE_NAMES = {
    IdentifierType.USCC: "统一社会信用代码",
    IdentifierType.RESIDENT_ID: "居民身份证",
    IdentifierType.RESIDENCE_PERMIT: "港澳台居民居住证",
    IdentifierType.FOREIGN_PERMANENT: "外国人永久居留身份证",
    IdentifierType.HM_PERMIT: "港澳居民来往内地通行证",
    IdentifierType.TW_PERMIT: "台湾居民来往大陆通行证",
    IdentifierType.PASSPORT: "护照",
}


@dataclass(frozen=True, slots=True, repr=False)
class Identifier:
    """A checked number with its type. Printing it never shows the number."""

    type: IdentifierType
    number: str  # normalised: NFKC, no spaces, upper case

    def masked(self) -> str:
        """Number for screens: at most the first six and the last four characters."""
        return mask_number(self.number)

    @property
    def matching_number(self) -> str:
        """Number as platforms match it: travel permits without the issue count of older prints."""
        if self.type is IdentifierType.HM_PERMIT:
            return self.number[:9]
        if self.type is IdentifierType.TW_PERMIT:
            return self.number[:8]
        return self.number

    def __repr__(self) -> str:
        return f"Identifier({self.type.value})"

    __str__ = __repr__


def parse_identifier(text: str, *, type: IdentifierType, field: str, on: date) -> Identifier:  # noqa: A002 the field's own word
    """Check one number.

    Args:
        text: as typed; full-width characters, spaces and lower case are normalised.
        type: what the number claims to be.
        field: Chinese name of the form field, for the message.
        on: today in China; birth dates after it are refused.

    Raises:
        IdentifierInvalid: show ``message`` and ``remedy`` beside the field; ask nothing.

    Source: domain facts 3.1 to 3.3.
    """
    number = normalised_number(text)
    if not number:
        raise IdentifierInvalid(field, f"{field}为空。", f"请填写{TYPE_NAMES[type]}号码。")
    for position, char in enumerate("" if number.isprintable() else number, start=1):
        if unicodedata.category(char) in INVISIBLE:
            raise IdentifierInvalid(
                field, f"{field}第{position}位是不可见字符。", "请删除后重新手工输入，不要从网页粘贴。"
            )
    match type:
        case IdentifierType.USCC:
            _check_uscc(number, field, on)
        case IdentifierType.RESIDENT_ID:
            _check_resident(number, field, on)
        case IdentifierType.RESIDENCE_PERMIT:
            _check_residence(number, field, on)
        case IdentifierType.FOREIGN_PERMANENT:
            _check_foreign(number, field, on)
        case IdentifierType.HM_PERMIT:
            if not (number[0] in "HM" and _digits(number[1:]) and len(number) in (9, 11)):
                raise IdentifierInvalid(
                    field,
                    f"{field}不是港澳居民来往内地通行证号码。",
                    "应为字母H或M加8位数字（旧版加10位数字），请核对。",
                )
        case IdentifierType.TW_PERMIT:
            if not (_digits(number) and len(number) in (8, 10)):
                raise IdentifierInvalid(
                    field, f"{field}不是台湾居民来往大陆通行证号码。", "应为8位数字（旧版10位数字），请核对。"
                )
        case _:
            if not (number.isascii() and number.isalnum() and 5 <= len(number) <= 17):
                raise IdentifierInvalid(field, f"{field}不是护照号码。", "应为5至17位字母或数字，请核对。")
    return Identifier(type, number)


def untyped_matching_number(text: str) -> str:
    """Matching number of a personal document whose type was not kept, for look-ups.

    Two numbers of one document always give the same text. Two documents of different types may
    do so as well, so a hit must be compared again with the type of the number asked about.

    Args:
        text: as typed; full-width characters, spaces and lower case are normalised.

    Source: domain facts 3.3.
    """
    number = normalised_number(text)
    if len(number) == 11 and number[0] in "HM" and _digits(number[1:]):
        return Identifier(IdentifierType.HM_PERMIT, number).matching_number
    if len(number) == 10 and _digits(number):
        return Identifier(IdentifierType.TW_PERMIT, number).matching_number
    return number


def normalised_number(text: str) -> str:
    """Number in narrow characters and upper case, without spaces."""
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()


def uscc_warnings(code: str) -> tuple[str, ...]:
    """Doubts about a valid code that do not reject it; empty means none.

    Codes assigned before 2015 may carry an organisation code whose inner digit differs.

    Source: GB 11714-1997; domain facts 3.1.
    """
    number = normalised_number(code)
    if len(number) != _DATED_LENGTH or organisation_code_digit(number[8:16]) == number[16]:
        return ()
    return ("第9至17位的组织机构代码校验位不符，旧码可能如此，请对照营业执照。",)


def _check_uscc(number: str, field: str, on: date) -> None:
    if number == USCC_FILLER or len(set(number)) == 1:
        raise IdentifierInvalid(
            field, f"{field}是数据上报用的占位码，不对应任何单位。", "请填写该单位营业执照或登记证书上的代码。"
        )
    if _digits(number) and len(number) in (13, 15):
        raise IdentifierInvalid(
            field,
            f"{field}是{len(number)}位数字，像是旧的工商注册号。",
            "请填写营业执照上的18位统一社会信用代码。",
        )
    _length(number, (18,), field)
    if _is_resident(number, on) and uscc_check_digit(number[:17]) != number[17]:
        raise IdentifierInvalid(field, f"{field}填的是个人身份证件号码。", "请填写单位的统一社会信用代码。")
    for position, char in enumerate("" if _USCC_FORM.fullmatch(number) else number, start=1):
        if char in "OI":
            _letter_for_digit(position, char, field)
        if char not in USCC_ALPHABET:
            raise IdentifierInvalid(
                field,
                f"{field}第{position}位的“{char}”不在代码字符集内。",
                "代码不含字母I、O、S、V、Z，请按营业执照核对。",
            )
        if 3 <= position <= 8 and not char.isdigit():
            raise IdentifierInvalid(
                field, f"{field}第{position}位应为数字。", "第3至8位是登记机关行政区划码，请按营业执照核对。"
            )
    if uscc_check_digit(number[:17]) != number[17]:
        raise IdentifierInvalid(field, f"{field}校验位不符，至少有一位填错。", "请按营业执照逐位核对。")


def _check_resident(number: str, field: str, on: date) -> None:
    if _digits(number) and len(number) == 15:
        raise IdentifierInvalid(
            field, f"{field}是15位的旧身份证号码，旧证已停止使用。", "请填写现行居民身份证上的18位号码。"
        )
    _length(number, (18,), field)
    if uscc_check_digit(number[:17]) == number[17] and not _is_resident(number, on):
        raise IdentifierInvalid(field, f"{field}填的是单位的统一社会信用代码。", "请填写个人的身份证件号码。")
    _check_dated(number, field, on)
    if number[0] == "9":
        raise IdentifierInvalid(
            field, f"{field}是外国人永久居留身份证号码。", "请把证件类型改为“外国人永久居留身份证”。"
        )
    if number[:2] in {"81", "82", "83"}:
        raise IdentifierInvalid(field, f"{field}是港澳台居民居住证号码。", "请把证件类型改为“港澳台居民居住证”。")
    if not "11" <= number[:2] <= "71":
        raise IdentifierInvalid(field, f"{field}前两位不是省级行政区划码。", "请按身份证逐位核对。")


def _check_residence(number: str, field: str, on: date) -> None:
    _length(number, (18,), field)
    _check_dated(number, field, on)
    if number[:6] not in {"810000", "820000", "830000"}:
        raise IdentifierInvalid(
            field, f"{field}不是港澳台居民居住证号码。", "居住证号码以810000、820000或830000开头，请核对证件类型。"
        )


def _check_foreign(number: str, field: str, on: date) -> None:
    _length(number, (15, 18), field)
    if len(number) == 15:
        if not (number.isascii() and number[:3].isalpha() and number[3:].isdigit()):
            raise IdentifierInvalid(
                field, f"{field}不是2017版外国人永久居留身份证号码。", "应为3个字母加12位数字，请按证件核对。"
            )
        return
    _check_dated(number, field, on)
    if number[0] != "9":
        raise IdentifierInvalid(field, f"{field}不是外国人永久居留身份证号码。", "2023版号码以9开头，请核对证件类型。")


def _check_dated(number: str, field: str, on: date) -> None:
    for position, char in enumerate(number, start=1):
        if char in "OI":
            _letter_for_digit(position, char, field)
        if not (char.isascii() and char.isdigit()) and not (position == 18 and char == "X"):
            raise IdentifierInvalid(
                field, f"{field}第{position}位的“{char}”不是数字。", "前17位为数字，末位为数字或X，请按证件核对。"
            )
    if resident_check_digit(number[:17]) != number[17]:
        raise IdentifierInvalid(field, f"{field}校验位不符，至少有一位填错。", "请按证件逐位核对。")
    born = date_of_eight(number[6:14])
    if born is None:
        raise IdentifierInvalid(field, f"{field}第7至14位不是真实日期。", "请按证件核对出生日期。")
    if born > on:
        raise IdentifierInvalid(field, f"{field}中的出生日期晚于今天。", "请按证件核对出生日期。")
    if on.year - born.year > _OLDEST_YEARS:
        raise IdentifierInvalid(field, f"{field}中的出生日期距今超过{_OLDEST_YEARS}年。", "请按证件核对出生日期。")


def _letter_for_digit(position: int, char: str, field: str) -> NoReturn:
    digit = {"O": "0", "I": "1"}[char]
    raise IdentifierInvalid(
        field,
        f"{field}第{position}位是字母{char}，应为数字{digit}。",
        f"请把第{position}位改为数字{digit}后再核对一遍。",
    )


def _length(number: str, allowed: tuple[int, ...], field: str) -> None:
    if len(number) not in allowed:
        wanted = "或".join(str(n) for n in allowed)
        raise IdentifierInvalid(
            field, f"{field}应为{wanted}位，现为{len(number)}位。", "请按证照逐位核对，不要多填或漏填。"
        )


def _is_resident(number: str, on: date) -> bool:
    if resident_check_digit(number[:17]) != number[17]:
        return False
    born = date_of_eight(number[6:14])
    return born is not None and born <= on and on.year - born.year <= _OLDEST_YEARS


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def date_of_eight(eight: str) -> date | None:
    """Date written as YYYYMMDD; ``None`` when there is no such day."""
    try:
        return date(int(eight[:4]), int(eight[4:6]), int(eight[6:]))
    except ValueError:
        return None
