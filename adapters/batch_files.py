"""Batch files in XML, by a folder on this computer or over SFTP: lists come in, rows for publication go out.

Names are ``<number>_<yyyyMMdd>_<sequence>.xml``: a message number of six characters (four for the department, two for
the table), a day, five digits. A list is one message of one day in pages::

    <MESSAGE no="SXZX01" date="20261001" list="court_defaulter" version="20261001" base="" count="2500"
             asOf="2026-10-01T02:00:00+08:00" current="1" total="3" rows="1000"><ROW>...</ROW></MESSAGE>

with a row as in ``adapters.rows``, each field an element, and ``removed`` beside them. A day has one edition of a list.
Pages still on their way mean that the edition cannot be had yet; anything else that does not add up means that it
cannot be used: another number of rows than announced, a page twice, a page of another edition.

What we publish is written under the number of its table, with the id of every item::

    <MESSAGE no="SXZX09" date="20261001" rows="2"><ROW><itemId>...</itemId>...</ROW></MESSAGE>

and is answered by ``<name>.receipt.xml``::

    <RECEIPT file="SXZX09_20261001_00001.xml" rows="2" receiptNo="..."><ROW><itemId>...</itemId><result>1</result>
    <reason></reason></ROW></RECEIPT>

``result`` is 1 taken, 0 refused with a short machine word as reason. Before anything is written, our own files and the
receipts are read: what lies there is not written again, not even after a restart, and waits for its receipt as
``UNKNOWN``.

Source: domain facts 4.1 (P6); elements and attributes are design.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from xml.etree.ElementTree import Element, ElementTree, SubElement
from zoneinfo import ZoneInfo

from adapters.deadline import Deadline
from adapters.delivery import firsts, in_order
from adapters.folders import Folder, OpenFolder, as_folder
from adapters.rows import read_entry
from adapters.wire import Fields
from adapters.xmlrows import RowFile, sendable
from approval_hook.errors import ConfigurationError, PlatformReplyInvalid, PlatformUnavailable
from approval_hook.ports import ItemOutcome, ItemState, ListEdition, ListEntry, Publication

__all__ = ["BatchFiles"]

_CHINA = ZoneInfo("Asia/Shanghai")
_NUMBER = re.compile(r"[A-Z0-9]{6}", re.ASCII)
_NAME = re.compile(r"([A-Z0-9]{6})_(\d{8})_(\d{5})\.xml", re.ASCII)
_RECEIPT = ".receipt.xml"
_MOST_PAGES = 10_000
_MOST_ROWS = 50_000_000
_ROWS_A_FILE = 500
_MOST_BYTES = 500_000_000
_ELEMENT = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}", re.ASCII)
_RESULT = {"1": ItemState.ACCEPTED, "0": ItemState.REFUSED}
_ITEM_ID = "itemId"
_TRIES = 50


@dataclass(frozen=True, slots=True)
class _Page:
    current: int
    total: int
    rows: int
    edition: ListEdition


class BatchFiles:
    """Lists from files, and rows for publication into files; meets ``ListSource`` and ``PublicationTarget``."""

    def __init__(
        self,
        name: str,
        *,
        lists: Folder | str | None = None,
        outgoing: Folder | str | None = None,
        receipts: Folder | str | None = None,
        tables: Mapping[str, str] | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        """Nothing is opened.

        Args:
            name: short name as configured.
            lists: where lists arrive; a path of this computer, or a folder such as ``adapters.sftp.SftpFolder``.
            outgoing: where we put what is to be published.
            receipts: where its receipts arrive; together with ``outgoing`` or not at all.
            tables: message number by table code, for example ``{"permission": "SXZX09"}``.
            clock: the present moment, aware; the computer's clock when not given.

        Raises:
            ConfigurationError: folders or message numbers are missing or malformed.
        """
        self.name = name
        self._lists = as_folder(lists) if lists is not None else None
        self._outgoing = as_folder(outgoing) if outgoing is not None else None
        self._receipts = as_folder(receipts) if receipts is not None else None
        self._tables = dict(tables or {})
        self._clock = clock or (lambda: datetime.now(UTC))
        if (outgoing is None) is not (receipts is None) or (outgoing is None) is not (not self._tables):
            raise ConfigurationError(f"Files {name}: give outgoing, receipts and tables together, or none of them.")
        if not all(_NUMBER.fullmatch(number) for number in self._tables.values()):
            raise ConfigurationError(f"Files {name}: a message number is six capital letters or digits.")
        if len(set(self._tables.values())) != len(self._tables):
            raise ConfigurationError(f"Files {name}: two tables have one message number.")

    def editions(self, *, timeout: float) -> Sequence[ListEdition]:
        """Every list and day of which the first page is there, oldest first."""
        deadline = Deadline(timeout)
        with _there(self._lists, self.name).open(self.name, deadline) as folder:
            found = [page.edition for _, page in self._first_pages(folder) if page.current == 1]
        return sorted(found, key=lambda e: (e.as_of, e.list_type))

    def entries(self, edition: ListEdition, *, timeout: float) -> Iterator[ListEntry]:
        """The rows of every page, in order.

        Raises:
            PlatformUnavailable: pages are still on their way.
            PlatformReplyInvalid: the files do not add up.
        """
        deadline = Deadline(timeout)
        with _there(self._lists, self.name).open(self.name, deadline) as folder:
            names = self._pages(folder, edition)
            seen = 0
            for nth, name in enumerate(names, start=1):
                file = RowFile(folder.pieces(name, most=_MOST_BYTES), self.name, root="MESSAGE")
                page = _page(file, name)
                if (page.edition, page.current, page.total) != (edition, nth, len(names)):
                    raise PlatformReplyInvalid(f"{self.name}: a page is another than expected.")
                here = 0
                for row in file.rows():
                    here += 1
                    yield read_entry(row, self.name)
                if here != page.rows:
                    raise PlatformReplyInvalid(f"{self.name}: a page holds another number of rows than it says.")
                seen += here
            if seen != edition.count:
                raise PlatformReplyInvalid(f"{self.name}: rows are missing or too many.")

    def publish(self, items: Sequence[Publication], *, timeout: float) -> Sequence[ItemOutcome]:
        """Write what does not lie there yet; as ``PublicationTarget.publish``.

        A second item under one id with other fields is refused, and so is one of an unknown table or with
        characters that XML cannot carry.
        """
        deadline = Deadline(timeout)
        first = firsts(items, _item_id)
        said: dict[str, ItemOutcome] = {
            key: ItemOutcome(key, ItemState.REFUSED, why) for key, item in first.items() if (why := self._unfit(item))
        }
        with (
            _there(self._receipts, self.name).open(self.name, deadline) as receipts,
            _there(self._outgoing, self.name).open(self.name, deadline) as outgoing,
        ):
            answered = self._answered(receipts)
            waiting = self._lying(outgoing, set(answered))
            said |= {key: answered[key] for key in first if key in answered and key not in said}
            fresh = [item for key, item in first.items() if key not in said and key not in waiting]
            for table in dict.fromkeys(item.table for item in fresh):
                rows = [item for item in fresh if item.table == table]
                for start in range(0, len(rows), _ROWS_A_FILE):
                    self._write(outgoing, self._tables[table], rows[start : start + _ROWS_A_FILE])
        said |= {key: ItemOutcome(key, ItemState.UNKNOWN, "awaiting-receipt") for key in first if key not in said}
        return in_order(items, _item_id, first, said)

    def _first_pages(self, folder: OpenFolder) -> Iterator[tuple[list[str], _Page]]:
        """For each message and day the names of its files, and what the first of them says."""
        for names in _by_day(folder.names()).values():
            yield names, _page(RowFile(folder.pieces(names[0], most=_MOST_BYTES), self.name, root="MESSAGE"), names[0])

    def _pages(self, folder: OpenFolder, edition: ListEdition) -> list[str]:
        for names, page in self._first_pages(folder):
            if page.edition == edition:
                if len(names) < page.total:
                    raise PlatformUnavailable(f"{self.name}: pages of the list are still on their way.")
                if len(names) > page.total:
                    raise PlatformReplyInvalid(f"{self.name}: the list has more pages than it says.")
                return names
        raise PlatformUnavailable(f"{self.name}: this edition of the list is not there.")

    def _unfit(self, item: Publication) -> str:
        if item.table not in self._tables:
            return "unknown-table"
        if not all(_ELEMENT.fullmatch(key) and key != _ITEM_ID for key in item.fields):
            return "field-name"
        if not sendable(item.item_id, *item.fields.values()):
            return "unwritable-character"
        return ""

    def _answered(self, folder: OpenFolder) -> dict[str, ItemOutcome]:
        """What the receipts say, by item; one that does not add up says nothing."""
        found: dict[str, ItemOutcome] = {}
        for name in folder.names():
            if not name.endswith(_RECEIPT) or not _NAME.fullmatch(name.removesuffix(_RECEIPT) + ".xml"):
                continue
            file = RowFile(folder.pieces(name, most=_MOST_BYTES), self.name, root="RECEIPT")
            if file.header.text("file", longest=60) != name.removesuffix(_RECEIPT) + ".xml":
                raise PlatformReplyInvalid(f"{self.name}: a receipt is of another file than its name says.")
            receipt_no = file.header.text_or_empty("receiptNo", longest=100)
            rows = [_outcome(row, receipt_no) for row in file.rows()]
            if len(rows) != _count(file.header, "rows", _ROWS_A_FILE):
                raise PlatformReplyInvalid(f"{self.name}: a receipt holds another number of rows than it says.")
            for row in rows:
                if found.setdefault(row.item_id, row).state is not row.state:
                    raise PlatformReplyInvalid(f"{self.name}: two receipts say different things of one item.")
        return found

    def _lying(self, folder: OpenFolder, answered: set[str]) -> set[str]:
        """Items that lie in our files without a receipt."""
        numbers = set(self._tables.values())
        lying: set[str] = set()
        for name in folder.names():
            found = _NAME.fullmatch(name)
            if found and found.group(1) in numbers:
                file = RowFile(folder.pieces(name, most=_MOST_BYTES), self.name, root="MESSAGE")
                lying.update(row.text(_ITEM_ID, longest=200) for row in file.rows())
        return lying - answered

    def _write(self, folder: OpenFolder, number: str, items: Sequence[Publication]) -> None:
        day = f"{self._clock().astimezone(_CHINA):%Y%m%d}"
        content = _message(number, day, items)
        taken = [
            int(f.group(3)) for n in folder.names() if (f := _NAME.fullmatch(n)) and f.group(1, 2) == (number, day)
        ]
        start = max(taken, default=0) + 1
        for sequence in range(start, min(start + _TRIES, 100_000)):
            if folder.put(f"{number}_{day}_{sequence:05d}.xml", content):
                return
        raise PlatformUnavailable(f"{self.name}: no free file name is left for today.")


def _item_id(item: Publication) -> str:
    return item.item_id


def _there(folder: Folder | None, name: str) -> Folder:
    if folder is None:
        raise ConfigurationError(f"Files {name}: this folder is not configured.")
    return folder


def _by_day(names: Iterable[str]) -> dict[tuple[str, str], list[str]]:
    groups: dict[tuple[str, str], list[str]] = {}
    for name in names:
        if found := _NAME.fullmatch(name):
            groups.setdefault((found.group(1), found.group(2)), []).append(name)
    return groups


def _page(file: RowFile, name: str) -> _Page:
    header = file.header
    found = _NAME.fullmatch(name)
    if found is None or (header.text("no", longest=6), header.text("date", longest=8)) != found.group(1, 2):
        raise PlatformReplyInvalid("A file has another number or day than its name.")
    return _Page(
        current=_count(header, "current", _MOST_PAGES),
        total=_count(header, "total", _MOST_PAGES),
        rows=_count(header, "rows", _MOST_ROWS),
        edition=ListEdition(
            list_type=header.text("list", longest=60),
            version=header.text("version", longest=60),
            as_of=header.moment("asOf"),
            count=_count(header, "count", _MOST_ROWS),
            base=header.text_or_empty("base", longest=60),
        ),
    )


def _count(header: Fields, key: str, most: int) -> int:
    text = header.text(key, longest=10)
    if not (text.isascii() and text.isdigit()) or int(text) > most:
        raise PlatformReplyInvalid(f"A file has an attribute {key} that is not a number in its range.")
    return int(text)


def _outcome(row: Fields, receipt_no: str) -> ItemOutcome:
    state = row.code("result", _RESULT)
    reason = row.text_or_empty("reason", longest=60)
    return ItemOutcome(
        row.text(_ITEM_ID, longest=200),
        state,
        (reason if re.fullmatch(r"[a-z0-9-]+", reason) else "refused") if state is ItemState.REFUSED else "",
        receipt_no,
    )


def _message(number: str, day: str, items: Sequence[Publication]) -> bytes:
    root = Element("MESSAGE", {"no": number, "date": day, "rows": str(len(items))})
    for item in items:
        row = SubElement(root, "ROW")
        for key, text in {_ITEM_ID: item.item_id, **item.fields}.items():
            SubElement(row, key).text = text
    made = BytesIO()
    ElementTree(root).write(made, encoding="utf-8", xml_declaration=True)
    return made.getvalue()
