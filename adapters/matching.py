"""Whether a row of a reply is about our subject.

A server may answer with the rows of a firm of the same name, so every row is checked
again by its own number. A name is never proof. Nor is a number that nobody can read:
only a valid number of somebody else lets a row go, because a dropped row reads as "no record".

Source: domain facts 3.4 and 4.2; R-07.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from approval_hook.errors import IdentifierInvalid
from approval_hook.policy.names import NAME_MASK, compared_name
from approval_hook.policy.records import MatchGrade
from approval_hook.policy.subjects import TYPE_NAMES, Identifier, IdentifierType, Subject, parse_identifier

__all__ = ["grade", "name_within", "same_name"]

_TYPES = {t.value.upper(): t for t in IdentifierType} | {name: t for t, name in TYPE_NAMES.items()}

# X is a check character too, so alone it hides nothing.
_NUMBER_MASK = re.compile(r"[*∗•●○■□×#?_]|X{2,}")
_LONG = 15

#: Types whose numbers prove themselves by a check digit, so that a missing label does not matter.
_CHECKED = frozenset({IdentifierType.USCC, IdentifierType.RESIDENT_ID, IdentifierType.RESIDENCE_PERMIT})


def grade(subject: Subject, *, name: str, id_type: str, number: str, on: date) -> MatchGrade:
    """Grade of one row that the platform gave when asked for ``subject`` by number.

    Args:
        subject: whom we asked about.
        name: name in the row: full, masked or empty.
        id_type: label of the number in the row: a value of ``IdentifierType`` in any case, its
            Chinese name, or any other text, which tells nothing.
        number: number in the row: full, masked, unreadable or empty.
        on: day of the query in China; a number with a later birth date is not valid.

    Returns:
        ``EXACT`` for a full number of ours, except a passport. ``NONE`` for a valid number of
        somebody else, for a court mask that does not fit, and for another name beside a number
        that tells nothing. Everything else is ``POSSIBLE``.
    """
    shown = _compact(number)
    row_type = _TYPES.get(_compact(id_type))
    ours = [i for i in subject.identifiers if _same_number(i, shown, on)]
    if ours:
        # A passport number is unique only together with its country.
        passport = row_type is IdentifierType.PASSPORT or all(i.type is IdentifierType.PASSPORT for i in ours)
        return MatchGrade.POSSIBLE if passport else MatchGrade.EXACT
    if any(_holds(text, i) for text in (number, name, id_type) for i in subject.identifiers):
        return MatchGrade.POSSIBLE
    if _is_another(subject, row_type, shown, on):
        return MatchGrade.NONE
    return MatchGrade.POSSIBLE if _name_fits(name, subject.name) else MatchGrade.NONE


def same_name(one: str, other: str) -> bool:
    """Whether two names are the same but for width, case and spaces."""
    return _plain(one) == _plain(other)


def name_within(part: str, whole: str) -> bool:
    """Whether a name stands inside another, as a fuzzy look-up would find it; an empty one stands nowhere."""
    return bool(_plain(part)) and _plain(part) in _plain(whole)


def _same_number(own: Identifier, shown: str, on: date) -> bool:
    if shown == own.number:
        return True
    parsed = _parsed(shown, own.type, on)
    return parsed is not None and parsed.matching_number == own.matching_number


def _holds(text: str, own: Identifier) -> bool:
    """Whether our number stands somewhere in a longer text."""
    if len(own.number) >= _LONG:
        return own.number in _compact(text)
    # A short number may be part of a longer one by chance.
    standing = rf"(?<![0-9A-Z]){re.escape(own.matching_number)}(?:[0-9]{{2}})?(?![0-9A-Z])"
    written = unicodedata.normalize("NFKC", text).upper()
    return own.number in (written, _compact(text)) or re.search(standing, written) is not None


def _is_another(subject: Subject, row_type: IdentifierType | None, shown: str, on: date) -> bool:
    """Whether the number proves that the row is about somebody else."""
    if _is_filler(shown):
        return False
    # A new passport has a new number, so another one proves nothing.
    rivals = [
        i
        for i in subject.identifiers
        if i.type is not IdentifierType.PASSPORT and (i.type is row_type or row_type is None)
    ]
    for own in rivals:
        if row_type is None and own.type not in _CHECKED:
            continue
        other = _parsed(shown, own.type, on)
        if other is not None and len(other.matching_number) == len(own.matching_number):
            return True
    mask = _NUMBER_MASK.sub(lambda hidden: "*" * len(hidden.group()), shown)
    # The holder may have been asked for by another number than the row hides, so one fit of any is enough.
    return (
        _is_court_mask(mask)
        and any(len(i.number) == len(mask) for i in rivals)
        and not any(_mask_fits(i.number, mask) for i in subject.identifiers)
    )


def _is_court_mask(mask: str) -> bool:
    """Whether a mask hides positions 11 to 14 of 18 and no more; only this shape can tell two subjects apart."""
    seen = mask[:10] + mask[14:]
    plain = seen.isascii() and seen.isalnum() and not set(seen) & set("OI")
    return len(mask) == 18 and mask[10:14] == "****" and plain


def _is_filler(shown: str) -> bool:
    """Whether the digits are one and the same; 18 zeros pass the check digit of a code and are nobody's."""
    return len({c for c in shown if c.isdigit()}) <= 1


def _mask_fits(number: str, mask: str) -> bool:
    return len(number) == len(mask) and all(m in ("*", c) for c, m in zip(number, mask, strict=True))


def _name_fits(shown: str, name: str) -> bool:
    """Whether a name that is full, masked or empty may be ours."""
    row, own = compared_name(shown), compared_name(name)
    if not row or row == own:
        return True
    return re.fullmatch(".*".join(re.escape(part) for part in NAME_MASK.split(row)), own) is not None


def _parsed(number: str, kind: IdentifierType, on: date) -> Identifier | None:
    try:
        return parse_identifier(number, type=kind, field="证件号码", on=on)
    except IdentifierInvalid:
        return None


def _compact(text: str) -> str:
    """Upper case and narrow, without blanks, dashes and characters nobody can see."""
    return "".join(
        c
        for c in unicodedata.normalize("NFKC", text).upper()
        if not c.isspace() and unicodedata.category(c) not in {"Pd", "Cf"}
    )


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).split()).casefold()
