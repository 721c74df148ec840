"""Whether a row of a reply is about our subject.

A server may answer with the rows of a firm of the same name, so every row is checked
again by its own number. A name is never proof.

Source: domain facts 3.4 and 4.2; R-07.
"""

from __future__ import annotations

import unicodedata

from approval_hook.policy.records import MatchGrade
from approval_hook.policy.subjects import Identifier, IdentifierType, Subject, masked_number_fits

__all__ = ["grade", "same_name"]

_MASKS = frozenset("*＊•●×")
_TYPES = {t.value: t for t in IdentifierType}


def grade(subject: Subject, *, name: str, id_type: str, number: str) -> MatchGrade:
    """Grade of one row.

    Args:
        subject: whom we asked about.
        name: name in the row, perhaps empty.
        id_type: type of the number in the row, a value of ``IdentifierType``; perhaps empty.
        number: number in the row: full, masked or empty.

    Returns:
        ``EXACT`` for a full number of ours; ``POSSIBLE`` for our name with a fitting mask,
        without a readable number, or with a number of a kind we do not hold; else ``NONE``.
    """
    named = bool(name) and same_name(name, subject.name)
    by_name = MatchGrade.POSSIBLE if named else MatchGrade.NONE
    shown = "".join(unicodedata.normalize("NFKC", number).split()).upper()
    if not shown:
        return by_name
    if _MASKS & set(number):
        return _masked(subject, shown, by_name)
    row_type = _TYPES.get(id_type)
    row = Identifier(row_type, shown).matching_number if row_type else shown
    comparable = [i for i in subject.identifiers if i.type is row_type and len(i.matching_number) == len(row)]
    if any(i.matching_number == row for i in comparable):
        # A passport number is unique only together with its country.
        return MatchGrade.POSSIBLE if row_type is IdentifierType.PASSPORT else MatchGrade.EXACT
    # Another kind of number, such as an old registration number, does not tell two subjects apart.
    return MatchGrade.NONE if comparable else by_name


def same_name(one: str, other: str) -> bool:
    """Whether two names are the same but for width, case and spaces."""
    return _plain(one) == _plain(other)


def _masked(subject: Subject, mask: str, by_name: MatchGrade) -> MatchGrade:
    if any(masked_number_fits(i.number, mask) for i in subject.identifiers):
        return by_name
    # Only a mask of the known shape can tell that the row is about somebody else.
    readable = len(mask) == 18 and set(mask[10:14]) == {"*"} and "*" not in mask[:10] + mask[14:]
    return MatchGrade.NONE if readable else by_name


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).split()).casefold()
