"""What a number in the courts' list is, by its form alone.

The list says whether a row is about a person or an organisation, and not by which document. A check digit proves a
kind; a mask of eighteen characters shows it by its first ones. Shorter numbers, such as those of passports and travel
permits or the old codes of organisations, look alike, so they get no kind: without one they are found by the number and
are possible matches by the name, and are never proof that the row is about somebody else.

Source: domain facts 3.1 to 3.4; GB 11643-1999 for numbers of fifteen digits.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from approval_hook.errors import IdentifierInvalid
from approval_hook.policy.checkdigits import resident_check_digit
from approval_hook.policy.subjects import IdentifierType, parse_identifier

__all__ = ["CourtNumber", "read_court_number"]

_DASHES_AND_SPACES = re.compile(r"[\s\u2010-\u2015-]")
_MASK = re.compile(r"[*∗•●○■□×#?_]|X{2,}")
_OLD = re.compile(r"[0-9]{15}", re.ASCII)
_SHORT = re.compile(r"[0-9A-Z]{4,15}", re.ASCII)
_PROVEN = (
    IdentifierType.RESIDENT_ID,
    IdentifierType.USCC,
    IdentifierType.RESIDENCE_PERMIT,
    IdentifierType.FOREIGN_PERMANENT,
)
_LONG = 18


@dataclass(frozen=True, slots=True, repr=False)
class CourtNumber:
    """A number as the mirror is to compare it.

    Attributes:
        id_type: value of ``IdentifierType``; empty where the form does not prove one.
        number: full or masked; empty where it is of no known form, so that only the name is left.
        is_known: False for a number of no known form; a missing one is no fault.
    """

    id_type: str
    number: str
    is_known: bool = True


def read_court_number(shown: str, *, of_person: bool, on: date) -> CourtNumber:
    """Read ``cardNum``.

    Args:
        shown: as the courts write it.
        of_person: whether the row says that it is about a person.
        on: day of the list; a number with a later birth date is not valid.
    """
    number = _DASHES_AND_SPACES.sub("", unicodedata.normalize("NFKC", shown)).upper()
    if not number:
        return CourtNumber("", "")
    if _MASK.search(number):
        return CourtNumber(_kind_of_mask(number, of_person=of_person), number)
    candidates = (number, _renewed(number)) if _OLD.fullmatch(number) else (number,)
    for candidate in candidates if len(candidates[-1]) == _LONG else ():
        for kind in _PROVEN:
            if _is_valid(candidate, kind, on):
                return CourtNumber(kind.value, candidate)
    if _SHORT.fullmatch(number):
        return CourtNumber("", number)
    return CourtNumber("", "", is_known=False)


def _renewed(number: str) -> str:
    """The number of eighteen characters that the holder of one of fifteen digits has; those were born in 19xx."""
    body = f"{number[:6]}19{number[6:]}"
    return body + resident_check_digit(body)


def _kind_of_mask(number: str, *, of_person: bool) -> str:
    if len(number) != _LONG:
        return ""
    if not of_person:
        return IdentifierType.USCC.value
    if number[:2] in {"81", "82", "83"}:
        return IdentifierType.RESIDENCE_PERMIT.value
    return (IdentifierType.FOREIGN_PERMANENT if number[0] == "9" else IdentifierType.RESIDENT_ID).value


def _is_valid(number: str, kind: IdentifierType, on: date) -> bool:
    try:
        return parse_identifier(number, type=kind, field="证件号码", on=on).number == number
    except IdentifierInvalid:
        return False
