"""Strict readers for JSON replies: unknown fields are ignored, missing ones are loud.

Errors name the field and never its content.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, NoReturn, TypeVar

from approval_hook.errors import PlatformReplyInvalid

__all__ = ["Fields", "parse_object"]

T = TypeVar("T")

#: Text with these would show something else than it holds, or break the line it is written to.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_DATE_FORMS = (
    re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII),
    re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII),
    re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})", re.ASCII),
    re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日", re.ASCII),
)
#: Epoch milliseconds of the years 2000 to 2200; seconds would fall before, so units cannot be confused.
_EPOCH_MS = (946_684_800_000, 7_258_118_400_000)


def parse_object(body: bytes, source: str) -> Fields:
    """Parse a reply that must be one JSON object in UTF-8.

    Raises:
        PlatformReplyInvalid: empty, not UTF-8, not JSON, not an object, or a key comes twice.
    """
    if not body:
        raise PlatformReplyInvalid(f"{source}: the reply is empty.")
    problem = ""
    document: Any = None
    try:
        document = json.loads(body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except UnicodeDecodeError:
        problem = "the reply is not UTF-8"
    except (ValueError, RecursionError):
        problem = "the reply is not JSON, or repeats a key"
    # Raised outside the handlers: the original error carries the payload.
    if problem:
        raise PlatformReplyInvalid(f"{source}: {problem}.")
    if not isinstance(document, dict):
        raise PlatformReplyInvalid(f"{source}: the reply is not a JSON object.")
    return Fields(document, source)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key comes twice")
    return made


def _no_constant(_name: str) -> NoReturn:
    raise ValueError("not a JSON number")


class Fields:
    """One JSON object, read field by field. Printing it shows no content."""

    def __init__(self, data: Mapping[str, Any], source: str, path: str = "") -> None:
        """Read ``data``; ``path`` is where it stands in the reply, for messages."""
        self._data = data
        self._source = source
        self._path = path

    def __repr__(self) -> str:
        return f"Fields({self._path or 'reply'})"

    def __contains__(self, key: str) -> bool:
        return key in self._data

    def text(self, key: str, *, longest: int = 500) -> str:
        """Text in NFC, outer spaces removed; neither empty nor with control or invisible characters.

        Raises:
            PlatformReplyInvalid: missing, another type, empty, too long, or invisible characters.
        """
        return self._text(key, self._get(key), longest) or self._fail(key, "is empty")

    def text_or_empty(self, key: str, *, longest: int = 500) -> str:
        """The same, but ``null`` and empty text are allowed and give ``""``; the key must be there."""
        value = self._get(key)
        return "" if value is None else self._text(key, value, longest)

    def text_if_given(self, key: str, *, longest: int = 500) -> str:
        """The same, but the key may be missing too."""
        return self.text_or_empty(key, longest=longest) if key in self._data else ""

    def code(self, key: str, codes: Mapping[str, T]) -> T:
        """Meaning of a code.

        Raises:
            PlatformReplyInvalid: missing, not text, or a code that is not in the table.
        """
        value = self._get(key)
        if not isinstance(value, str) or value not in codes:
            self._fail(key, "holds an unknown code")
        return codes[value]

    def number(self, key: str, *, least: int, most: int) -> int:
        """Whole number between two bounds, both allowed.

        Raises:
            PlatformReplyInvalid: missing, not a whole number, or out of bounds.
        """
        value = self._get(key)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            self._fail(key, "is not a number in its range")
        return value

    def day(self, key: str) -> date:
        """Calendar date, written 20190709, 2019-07-09, 2019/07/09 or 2019年07月09日.

        Raises:
            PlatformReplyInvalid: missing, another form, or no day of the calendar.

        Source: domain facts 3.6; one record of the courts mixes forms.
        """
        return self.day_or_none(key) or self._fail(key, "is empty")

    def day_or_none(self, key: str) -> date | None:
        """The same, but ``null`` and empty text are allowed and give ``None``; the key must be there."""
        text = self.text_or_empty(key, longest=20)
        if not text:
            return None
        for form in _DATE_FORMS:
            if found := form.fullmatch(text):
                year, month, day = (int(part) for part in found.groups())
                try:
                    return date(year, month, day)
                except ValueError:
                    break
        return self._fail(key, "is not a date")

    def moment(self, key: str) -> datetime:
        """Aware moment, from ISO 8601 with an offset or epoch milliseconds.

        Raises:
            PlatformReplyInvalid: missing, without offset, or not a moment. A moment
                without offset is refused because guessing shifts it by eight hours.
        """
        value = self._get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            if not _EPOCH_MS[0] <= value <= _EPOCH_MS[1]:
                self._fail(key, "is not a moment in milliseconds")
            return datetime.fromtimestamp(value / 1000, UTC)
        try:
            parsed = datetime.fromisoformat(self._text(key, value, 40))
        except ValueError:
            parsed = None
        if parsed is None or parsed.tzinfo is None:
            self._fail(key, "is not a moment with an offset")
        return parsed

    def object(self, key: str) -> Fields:
        """Inner object.

        Raises:
            PlatformReplyInvalid: missing or not an object.
        """
        value = self._get(key)
        if not isinstance(value, dict):
            self._fail(key, "is not an object")
        return Fields(value, self._source, f"{self._path}{key}.")

    def objects(self, key: str, *, most: int) -> list[Fields]:
        """Inner objects; an empty list is allowed.

        Raises:
            PlatformReplyInvalid: missing, not a list of objects, or longer than ``most``.
        """
        value = self._get(key)
        if not isinstance(value, list) or len(value) > most or not all(isinstance(v, dict) for v in value):
            self._fail(key, "is not a list of objects in its bounds")
        return [Fields(v, self._source, f"{self._path}{key}[{n}].") for n, v in enumerate(value)]

    def _get(self, key: str) -> Any:
        if key not in self._data:
            self._fail(key, "is missing")
        return self._data[key]

    def _text(self, key: str, value: Any, longest: int) -> str:
        if not isinstance(value, str):
            self._fail(key, "is not text")
        clean = unicodedata.normalize("NFC", value).strip()
        if len(clean) > longest:
            self._fail(key, "is too long")
        # Nothing printable is in those categories, and most text is printable.
        if not clean.isprintable() and any(unicodedata.category(char) in _INVISIBLE for char in clean):
            self._fail(key, "holds control or invisible characters")
        return clean

    def _fail(self, key: str, problem: str) -> NoReturn:
        raise PlatformReplyInvalid(f"{self._source}: field {self._path}{key} {problem}.")
