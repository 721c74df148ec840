"""Who a credit query is about: organisations and persons with their identifiers.

This module is the public door to identifiers and masking as well.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date

from approval_hook.errors import IdentifierInvalid
from approval_hook.policy.identifiers import (
    INVISIBLE,
    TYPE_NAMES,
    Identifier,
    IdentifierType,
    date_of_eight,
    normalised_number,
    parse_identifier,
    untyped_matching_number,
    uscc_warnings,
)
from approval_hook.policy.masking import mask_name, mask_number, mask_text
from approval_hook.policy.words import Word

__all__ = [
    "TYPE_NAMES",
    "Identifier",
    "IdentifierType",
    "Subject",
    "SubjectKind",
    "mask_name",
    "mask_number",
    "mask_text",
    "normalised_number",
    "organisation",
    "parse_identifier",
    "person",
    "untyped_matching_number",
    "uscc_warnings",
]

_NAME_MAX = 200
_DATED_LENGTH = 18


class SubjectKind(Word):
    """Organisation or natural person."""

    ORGANISATION = "organisation"
    PERSON = "person"


# A passport number is unique only together with its country and changes with every
# renewal, so no platform can match it; the order is the order of preference.
_MATCHABLE = (
    IdentifierType.USCC,
    IdentifierType.RESIDENT_ID,
    IdentifierType.RESIDENCE_PERMIT,
    IdentifierType.FOREIGN_PERMANENT,
    IdentifierType.HM_PERMIT,
    IdentifierType.TW_PERMIT,
)


_DATED = (IdentifierType.RESIDENT_ID, IdentifierType.RESIDENCE_PERMIT, IdentifierType.FOREIGN_PERMANENT)


@dataclass(frozen=True, slots=True, repr=False)
class Subject:
    """An organisation or a person with every identifier that belongs to it.

    Several identifiers of one person are aliases: any of them may match, never the name.
    """

    kind: SubjectKind
    name: str
    identifiers: tuple[Identifier, ...]
    established_on: date | None = None  # organisations: registration date

    @property
    def primary(self) -> Identifier | None:
        """The identifier used for matching; ``None`` means that no platform can match this subject."""
        if len(self.identifiers) == 1:
            only = self.identifiers[0]
            return only if only.type in _MATCHABLE else None
        for wanted in _MATCHABLE:
            of_type = [i for i in self.identifiers if i.type is wanted]
            if of_type:
                # The 2023 card of a foreigner (18) replaces the 2017 card (15).
                return max(of_type, key=lambda i: (len(i.number), i.number))
        return None

    @property
    def is_market(self) -> bool:
        """Whether it is a market subject (经营主体): its 统一社会信用代码 was given by market registration."""
        primary = self.primary
        return primary is not None and primary.type is IdentifierType.USCC and primary.number.startswith("9")

    def digest_text(self) -> str:
        """Text to be digested into a reference: kind and number, or kind and name when nothing matches."""
        primary = self.primary
        if primary is not None:
            return f"{self.kind.value}:{primary.type.value}:{primary.matching_number}"
        unmatched = "".join(f":{i.type.value}:{i.number}" for i in self.identifiers)
        return f"{self.kind.value}:name:{self.name}{unmatched}"

    def born_on(self) -> date | None:
        """Birth date carried by a resident, residence or 2023 foreign number; ``None`` when none carries it."""
        for identifier in self.identifiers:
            if identifier.type in _DATED and len(identifier.number) == _DATED_LENGTH:
                return date_of_eight(identifier.number[6:14])
        return None

    def __repr__(self) -> str:
        return f"Subject({self.kind.value}, {len(self.identifiers)} identifiers)"

    __str__ = __repr__


def organisation(
    name: str,
    code: str,
    *,
    field: str = "统一社会信用代码",
    on: date,
    established_on: date | None = None,
) -> Subject:
    """Make an organisation from its name and 统一社会信用代码.

    Raises:
        IdentifierInvalid: the name or the code is malformed.
    """
    clean = _checked_name(name, "单位名称")
    if established_on is not None and established_on > on:
        raise IdentifierInvalid("成立日期", "成立日期晚于今天。", "请按营业执照核对成立日期。")
    identifier = parse_identifier(code, type=IdentifierType.USCC, field=field, on=on)
    return Subject(SubjectKind.ORGANISATION, clean, (identifier,), established_on)


def person(
    name: str,
    number: str,
    *,
    type: IdentifierType = IdentifierType.RESIDENT_ID,  # noqa: A002 the field's own word
    field: str = "证件号码",
    on: date,
    aliases: tuple[Identifier, ...] = (),
) -> Subject:
    """Make a natural person from name, document type and number.

    Args:
        name: as on the document.
        number: the number of the document shown.
        type: type of that document.
        field: Chinese name of the form field, for the message.
        on: today in China.
        aliases: further checked identifiers of the same person, for example the
            2017 card beside the 2023 card.

    Raises:
        IdentifierInvalid: the name or the number is malformed.
    """
    clean = _checked_name(name, "姓名")
    if type is IdentifierType.USCC or any(a.type is IdentifierType.USCC for a in aliases):
        raise IdentifierInvalid(field, "统一社会信用代码不是个人证件。", "请选择个人的证件类型并填写其号码。")
    first = parse_identifier(number, type=type, field=field, on=on)
    return Subject(SubjectKind.PERSON, clean, tuple(dict.fromkeys((first, *aliases))))


def _checked_name(name: str, field: str) -> str:
    clean = name.strip()
    if not clean:
        raise IdentifierInvalid(field, f"{field}为空。", f"请按证照填写{field}。")
    for position, char in enumerate("" if clean.isprintable() else clean, start=1):
        if unicodedata.category(char) in INVISIBLE:
            raise IdentifierInvalid(
                field, f"{field}第{position}个字符是控制字符或不可见字符。", "请删除后重新手工输入，不要从网页粘贴。"
            )
    if len(clean) > _NAME_MAX:
        raise IdentifierInvalid(field, f"{field}超过{_NAME_MAX}个字符。", "请按证照上的全称填写。")
    return clean
