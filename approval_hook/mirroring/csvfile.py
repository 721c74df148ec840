"""A list in a CSV file, beside a manifest that announces it.

``NAME.csv`` has a header and the columns of ``COLUMNS``; others are dropped (R-36). ``NAME.csv.json`` announces it::

    {"list_type": "court_defaulter", "version": "2026-11-27", "as_of": "2026-11-27T02:00:00+08:00", "count": 5000000,
     "base": "", "digest": "SHA-256, hexadecimal", "encoding": "utf-8"}

``base``, ``digest`` and ``encoding`` (``utf-8`` or ``gb18030``) may be missing. Codes as in the replies of platforms:
``severity`` 1 minor, 2 general, 3 watch, 4 serious, 9 good; ``state`` 1 active, 2 repaired, 3 removed, 4 corrected,
5 disputed; ``removed`` is 1 where an incremental edition takes the record out. A field never goes over a line's end,
because no text of a record may hold one.

Source: domain facts 3.6, 3.7 and 4.1 (P6); the columns are design.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from approval_hook.mirroring.problems import EditionRefused
from approval_hook.mirroring.rows import RowRefused
from approval_hook.policy.records import CreditRecord, RecordState, Severity
from approval_hook.ports import ListEdition, ListEntry

T = TypeVar("T")

REQUIRED = ("record_id", "severity", "title", "decided_on", "name", "id_type", "number")
COLUMNS = (
    *REQUIRED,
    *("decided_by", "document_no", "category", "state", "published_on", "display_until", "valid_until"),
    *("scope", "event", "domain", "role_then", "removed"),
)
SEVERITY = {
    "1": Severity.MINOR,
    "2": Severity.GENERAL,
    "3": Severity.WATCH,
    "4": Severity.SERIOUS,
    "9": Severity.GOOD,
}
STATE = {
    "": RecordState.ACTIVE,
    "1": RecordState.ACTIVE,
    "2": RecordState.REPAIRED,
    "3": RecordState.REMOVED,
    "4": RecordState.CORRECTED,
    "5": RecordState.DISPUTED,
}
ENCODINGS = ("utf-8", "gb18030")
_REMOVED = {"": False, "0": False, "1": True}
_DATES = (
    re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII),
    re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII),
    re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})", re.ASCII),
    re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日", re.ASCII),
)
_HEX = re.compile(r"[0-9a-f]{64}")
_BOM = b"\xef\xbb\xbf"
#: Bytes read at a time, and the longest line.
BLOCK = 2 << 20
LONGEST_LINE = 1 << 16
_LONGEST_MANIFEST = 1 << 16


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the file beside a list announces."""

    edition: ListEdition
    encoding: str


def manifest(path: Path) -> Manifest:
    """Read ``PATH.json``.

    Raises:
        EditionRefused: missing, unreadable, or a field is of the wrong shape.
    """
    try:
        with Path(f"{path}.json").open("rb") as file:
            raw = file.read(_LONGEST_MANIFEST + 1)
        found = json.loads(raw.decode("utf-8-sig")) if len(raw) <= _LONGEST_MANIFEST else None
        return _manifest(found)
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        raise EditionRefused("manifest") from None


def _manifest(found: Any) -> Manifest:
    texts = {key: found.get(key, "") for key in ("base", "digest")} | {k: found[k] for k in ("list_type", "version")}
    as_of, count = datetime.fromisoformat(found["as_of"]), found["count"]
    encoding = found.get("encoding", "utf-8")
    sound = (
        all(isinstance(t, str) and len(t) <= 100 and t.isprintable() for t in texts.values())
        and texts["list_type"]
        and texts["version"]
        and (not texts["digest"] or _HEX.fullmatch(texts["digest"]))
        and as_of.tzinfo is not None
        and isinstance(count, int)
        and not isinstance(count, bool)
        and count >= 0
        and encoding in ENCODINGS
    )
    if not sound:
        raise ValueError
    return Manifest(ListEdition(as_of=as_of, count=count, **texts), encoding)


def digest_of(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class Block:
    """Some whole lines of a file, without their ends; the first has the number ``first``, from 1."""

    lines: list[str]
    first: int


class Blocks:
    """The lines of a file, block by block, with the digest of every byte that was read."""

    def __init__(self, file: BinaryIO, encoding: str, advance: Callable[[int], object]) -> None:
        """Read from the beginning; ``advance`` is told the bytes read."""
        self._file = file
        self._encoding = encoding
        self._advance = advance
        self._digest = hashlib.sha256()

    @property
    def digest(self) -> str:
        """SHA-256 of what was read so far, hexadecimal."""
        return self._digest.hexdigest()

    def __iter__(self) -> Iterator[Block | RowProblem]:
        """Blocks in order; in place of lines that cannot be decoded or are too long, their problem."""
        rest, number = b"", 1
        while raw := self._file.read(BLOCK):
            self._digest.update(raw)
            self._advance(len(raw))
            if number == 1 and not rest and raw.startswith(_BOM):
                raw = raw[len(_BOM) :]
            whole, end, rest_of = (rest + raw).rpartition(b"\n")
            rest = rest_of
            if end:
                yield from self._decoded(whole, number)
                number += whole.count(b"\n") + 1
            if len(rest) > LONGEST_LINE:
                yield RowProblem(number, "", "line-too-long")
                return
        if rest:
            yield from self._decoded(rest, number)

    def _decoded(self, raw: bytes, first: int) -> Iterator[Block | RowProblem]:
        try:
            text = raw.decode(self._encoding)
        except UnicodeDecodeError:
            for n, line in enumerate(raw.split(b"\n")):
                try:
                    yield Block([line.decode(self._encoding).removesuffix("\r")], first + n)
                except UnicodeDecodeError:
                    yield RowProblem(first + n, "", "not-" + self._encoding)
            return
        lines = text.split("\n")
        yield Block([line.removesuffix("\r") for line in lines] if "\r" in text else lines, first)


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with one line: short words, nothing of the row."""

    line: int
    field: str
    problem: str


class Header:
    """Which column of a file holds which field."""

    def __init__(self, line: str) -> None:
        """Read the first line.

        Raises:
            EditionRefused: a column is missing or comes twice.
        """
        names = [n.strip() for n in fields_of(line) or ()]
        known = [n for n in names if n in COLUMNS]
        if len(set(known)) != len(known) or not set(REQUIRED) <= set(known):
            raise EditionRefused("columns")
        self.width = len(names)
        self.place = {n: names.index(n) for n in known}

    def picked(self, values: Sequence[str]) -> dict[str, str]:
        """Fields of a line by name; those without a column are empty."""
        return {name: values[self.place[name]] if name in self.place else "" for name in COLUMNS}


def fields_of(line: str) -> list[str] | None:
    """Fields of one line; None when its quotes do not fit."""
    if '"' not in line:
        return line.split(",")
    try:
        found = list(csv.reader([line], strict=True))
    except csv.Error:
        return None
    return found[0] if len(found) == 1 else None


def entry_of(values: dict[str, str], list_type: str) -> ListEntry:
    """One line as an entry, not yet checked for its texts and its number.

    Raises:
        RowRefused: a code or a date is none.
    """
    record = CreditRecord(
        record_id=values["record_id"],
        source="",
        list_type=list_type,
        severity=_code("severity", values, SEVERITY),
        title=values["title"],
        decided_on=_day("decided_on", values) or _empty("decided_on"),
        decided_by=values["decided_by"],
        document_no=values["document_no"],
        category=values["category"],
        state=_code("state", values, STATE),
        published_on=_day("published_on", values),
        display_until=_day("display_until", values),
        valid_until=_day("valid_until", values),
        scope=values["scope"] or "national",
        event=values["event"],
        domain=values["domain"],
        role_then=values["role_then"],
    )
    return ListEntry(record, values["name"], values["id_type"], values["number"])


def is_removed(values: dict[str, str]) -> bool:
    """Whether the line takes its record out.

    Raises:
        RowRefused: an unknown code.
    """
    return _code("removed", values, _REMOVED)


def _code(field: str, values: dict[str, str], codes: dict[str, T]) -> T:
    try:
        return codes[values[field].strip()]
    except KeyError:
        raise RowRefused(field, "unknown-code") from None


def _day(field: str, values: dict[str, str]) -> date | None:
    written = values[field].strip()
    if not written:
        return None
    for form in _DATES:
        if found := form.fullmatch(written):
            try:
                return date(*(int(part) for part in found.groups()))
            except ValueError:
                break
    raise RowRefused(field, "not-a-date")


def _empty(field: str) -> date:
    raise RowRefused(field, "empty")
