"""The rows of an edition in batches, checked; the first row that is refused ends the storing, not the reading."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from approval_hook.mirroring import rows
from approval_hook.mirroring.csvfile import (
    Block,
    Blocks,
    Header,
    Manifest,
    RowProblem,
    entry_of,
    fields_of,
    is_removed,
)
from approval_hook.mirroring.problems import EditionRefused
from approval_hook.mirroring.rows import Draft, Row, RowRefused
from approval_hook.ports import ListEntry

if TYPE_CHECKING:
    import polars as pl

try:
    from approval_hook.mirroring import fast
except ImportError:  # the extra "lists" is not installed
    fast = None  # type: ignore[assignment] # asked for before each use

T = TypeVar("T")

#: Problems that are told one by one; of more only the number is given.
LISTED = 100
_BATCH = 20_000


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows to store; ``frame`` holds more of them in columns named as the fields of ``Row``."""

    rows: Sequence[Row] = ()
    removed: Sequence[str] = ()
    frame: pl.DataFrame | None = None


@dataclass(slots=True)
class Reading:
    """What was read of an edition so far.

    Attributes:
        count: rows, the refused ones included.
        problems: the first of the refused rows.
        refused: how many rows were.
        digest: SHA-256 of what was read, hexadecimal; set at the end.
    """

    count: int = 0
    problems: list[RowProblem] = field(default_factory=list)
    refused: int = 0
    digest: str = ""

    def refuse(self, problem: RowProblem) -> None:
        """Note a row that cannot be used."""
        self.refused += 1
        if len(self.problems) < LISTED:
            self.problems.append(problem)


def from_entries(
    entries: Iterable[ListEntry], list_type: str, on: date, reading: Reading, *, incremental: bool
) -> Iterator[Batch]:
    """Batches of entries that an adapter read; lines are counted from 1."""
    numbered = iter(enumerate(entries, start=1))
    while some := list(islice(numbered, _BATCH)):
        drafts: list[Draft] = []
        removed: list[str] = []
        for line, entry in some:
            try:
                if entry.record.list_type != list_type:
                    raise RowRefused("list_type", "another-list")
                if entry.removed:
                    removed.append(_removal(entry.record.record_id, incremental=incremental))
                else:
                    drafts.append(rows.draft(entry, on))
            except RowRefused as error:
                reading.refuse(RowProblem(line, error.field, error.problem))
        reading.count += len(some)
        if not reading.refused:
            yield Batch(rows.finished(drafts), removed)


def from_file(
    path: Path,
    found: Manifest,
    on: date,
    reading: Reading,
    advance: Callable[[int], object],
    *,
    vectorised: bool = True,
) -> Iterator[Batch]:
    """Batches of a file; ``vectorised`` only decides how fast they are made, where polars is installed.

    Raises:
        EditionRefused: the file cannot be read, or its header is none.
    """
    columnwise = vectorised and fast is not None
    checked = _checked_blocks(path, found, on, reading, advance, columnwise=columnwise)
    # The columns of the next block are compared while the digests of this one are made.
    for batch in _ahead(checked) if columnwise else checked:
        if not reading.refused:
            yield batch if batch.frame is None else replace(batch, frame=fast.made(batch.frame))


def _checked_blocks(
    path: Path,
    found: Manifest,
    on: date,
    reading: Reading,
    advance: Callable[[int], object],
    *,
    columnwise: bool,
) -> Iterator[Batch]:
    """Batches whose frames are checked and not yet made into rows."""
    list_type, incremental = found.edition.list_type, bool(found.edition.base)
    header: Header | None = None
    try:
        with path.open("rb") as file:
            blocks = Blocks(file, found.encoding, advance)
            for block in _ahead(iter(blocks)) if columnwise else blocks:
                if isinstance(block, RowProblem):
                    if header is None:
                        raise EditionRefused("columns")
                    reading.count += 1
                    reading.refuse(block)
                    continue
                if header is None:
                    header = Header(block.lines[0])
                    block = Block(block.lines[1:], block.first + 1)
                if columnwise:
                    yield _in_columns(block, header, on, list_type, reading, incremental=incremental)
                else:
                    lines = enumerate(block.lines, block.first)
                    yield _one_by_one(lines, header, on, list_type, reading, incremental=incremental)
            reading.digest = blocks.digest
    except OSError:
        raise EditionRefused("unreadable") from None
    if header is None:
        raise EditionRefused("columns")


def _ahead(made: Iterator[T]) -> Iterator[T]:
    """The same, with the next one being made in another thread."""
    end = object()
    with ThreadPoolExecutor(max_workers=1) as pool:
        coming = pool.submit(next, made, end)
        while (found := coming.result()) is not end:
            coming = pool.submit(next, made, end)
            yield cast("T", found)


def _one_by_one(
    lines: Iterable[tuple[int, str]], header: Header, on: date, list_type: str, reading: Reading, *, incremental: bool
) -> Batch:
    drafts: list[Draft] = []
    removed: list[str] = []
    for number, line in lines:
        if not line:
            continue
        reading.count += 1
        try:
            values = fields_of(line)
            if values is None:
                raise RowRefused("", "quotes")
            if len(values) != header.width:
                raise RowRefused("", "columns")
            picked = header.picked(values)
            if is_removed(picked):
                removed.append(_removal(picked["record_id"], incremental=incremental))
            else:
                drafts.append(rows.draft(entry_of(picked, list_type), on))
        except RowRefused as error:
            reading.refuse(RowProblem(number, error.field, error.problem))
    return Batch(rows.finished(drafts), removed)


def _in_columns(
    block: Block, header: Header, on: date, list_type: str, reading: Reading, *, incremental: bool
) -> Batch:
    columns = fast.frame(block.lines, block.first, header.place, header.width)
    with_quotes = [
        (number, values)
        for number, line in enumerate(block.lines, block.first)
        if '"' in line and (values := fields_of(line)) is not None and len(values) == header.width
    ]
    checked = fast.right(columns, on, list_type)
    if with_quotes:
        again = fast.right(fast.quoted(with_quotes, header.place), on, list_type)
        good = again.filter("right")
        checked = checked.join(good, on="at", how="anti").vstack(good)
    wrong = checked.filter(~checked["right"])["at"].sort().to_list()
    rest = _one_by_one(
        ((n, block.lines[n - block.first]) for n in wrong), header, on, list_type, reading, incremental=incremental
    )
    good = checked.filter("right")
    reading.count += good.height
    return Batch(rest.rows, rest.removed, good if good.height else None)


def _removal(record_id: str, *, incremental: bool) -> str:
    if not incremental:
        raise RowRefused("removed", "whole-list")
    return rows.removal(record_id)
