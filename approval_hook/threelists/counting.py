"""One pass over a part of the file that counts before anything is built of it.

Elements are counted where they begin and no tree is kept, so neither one endless row nor a million of anything costs
more than reading up to the limit. What passes here is small enough for the readers that build trees.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import IO, Any
from xml.parsers.expat import ParserCreate

from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.utils.cell import coordinate_from_string
from openpyxl.utils.exceptions import CellCoordinatesException

from approval_hook.threelists.layout import MAX_ROWS
from approval_hook.threelists.problems import Refused

MAX_COLUMNS = 60
#: Cells of all sheets together, the empty ones included.
MAX_CELLS = (MAX_ROWS + 1) * 25
#: Rows of one sheet, the empty ones included.
MAX_ROW_ELEMENTS = 5 * MAX_ROWS
MAX_MERGED = 5_000
MAX_STRINGS = 400_000
#: Elements that are neither rows, cells nor shared texts: of all sheets; of styles; of what says which part is what; of
#: the parts that only are counted. A reader takes far longer for each of them than for a cell.
MAX_OTHER_ELEMENTS = 20_000
MAX_STRUCTURE_ELEMENTS = 5_000
MAX_UNREAD_ELEMENTS = 100_000
_MAX_INSIDE = 2_000  # elements inside one cell or one shared text
_MAX_STRING_ELEMENTS = 4 * MAX_STRINGS
_MAX_TEXT = 100_000  # characters of one cell; Excel's own limit is 32,767
_MAX_LOOSE_TEXT = 5_000_000  # characters outside cells
_MAX_DEPTH = 60
_MAX_TOKEN = 1024 * 1024  # bytes of one tag, comment or the like
_CHUNK = 64 * 1024
_LAST_ROW = 1_048_576

TOO_LARGE = Refused("文件解压后过大", "请删除图片、多余的工作表和格式后再导入；来源不明的文件请勿使用")
DECLARES = Refused("文件含有 XML 实体定义，可能是恶意文件", "请勿使用该文件；请从可信的表格重新另存")
_COLUMNS = {get_column_letter(number): number for number in range(1, MAX_COLUMNS + 1)}


class _Enough(Exception):
    """The rest of the part need not be looked at."""


@dataclass(slots=True)
class Shape:
    """What one pass over a sheet finds."""

    rows: int = 0  # rows with content, the header included
    last_row: int = 0  # with content
    last_column: int = 0  # with content
    hidden_rows: list[int] = field(default_factory=list)  # with content
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)  # first and last number
    hidden_by_default: bool = False
    merged: list[str] = field(default_factory=list)
    damaged: str = ""  # where the order of rows or cells is broken
    too_long: bool = False  # reading stopped at the limit
    too_many: str = ""  # reading stopped: so much of what, in Chinese

    def hidden_used_columns(self) -> list[str]:
        """Hidden columns among those with content, as letters."""
        numbers = {
            number
            for first, last in self.hidden_columns
            for number in range(max(first, 1), min(last, self.last_column) + 1)
        }
        return [get_column_letter(number) for number in sorted(numbers)]


@dataclass(slots=True)
class Budget:
    """What is left for some parts together."""

    cells: int = MAX_CELLS
    others: int = MAX_OTHER_ELEMENTS

    def other(self) -> None:
        """Take one element that is no row, cell or text.

        Raises:
            Refused: there are too many.
        """
        self.others -= 1
        if self.others < 0:
            raise TOO_LARGE


def count_others(stream: IO[bytes], budget: Budget) -> None:
    """Pass over a part that is neither a sheet nor the shared texts.

    Raises:
        Refused: too many elements, too deep, too long, or a definition of entities.
        ExpatError: it is not XML.
    """
    _run(stream, lambda name, values, depth: budget.other(), _ignore, _ignore)


def count_strings(stream: IO[bytes], budget: Budget) -> None:
    """Pass over the shared texts.

    Raises:
        Refused: too many texts, one too long, or as ``count_others``.
        ExpatError: it is not XML.
    """
    strings = elements = inside = length = loose = 0

    def start(name: str, values: Mapping[str, str], depth: int) -> None:
        nonlocal strings, elements, inside, length
        if depth == 2 and name == "si":
            strings += 1
            inside = length = 0
        elif not strings or depth <= 2:
            budget.other()
        elements += 1
        inside += 1
        if strings > MAX_STRINGS or elements > _MAX_STRING_ELEMENTS or inside > _MAX_INSIDE:
            raise TOO_LARGE

    def text(data: str, depth: int) -> None:
        nonlocal length, loose
        if depth > 2:
            length += len(data)
        else:
            loose += len(data)
        if length > _MAX_TEXT or loose > _MAX_LOOSE_TEXT:
            raise TOO_LARGE

    _run(stream, start, _ignore, text)


def measure(stream: IO[bytes], budget: Budget) -> Shape:
    """Pass over a sheet, up to its end or the first limit.

    Raises:
        Refused: cells or other elements exceed what the whole file may hold, or as ``count_others``.
        ExpatError: it is not XML.
    """
    sheet = _Sheet(budget)
    _run(stream, sheet.start, sheet.end, sheet.text)
    return sheet.shape


class _Sheet:
    """The state of the pass over one sheet."""

    def __init__(self, budget: Budget) -> None:
        self.shape = Shape()
        self._budget = budget
        self._row = 0  # depth of the row; 0: outside
        self._row_elements = 0
        self._number = 0
        self._line = ""
        self._in_row = 0  # cells
        self._at = 0  # column
        self._filled = 0  # the last column with content
        self._content = False  # of this cell
        self._hidden = False
        self._inside = 0
        self._length = 0
        self._loose = 0

    def start(self, name: str, values: Mapping[str, str], depth: int) -> None:
        row = self._row
        if row:
            if depth == row + 1:
                self._cell(values)
            elif name == "row":
                self._damaged()
            else:
                self._inside += 1
                if self._inside > _MAX_INSIDE:
                    raise TOO_LARGE
                if depth == row + 2 and name in ("is", "f"):
                    self._content = True
        elif name == "row":
            self._begin_row(values, depth)
        else:
            self._outside(name, values)

    def end(self, depth: int) -> None:
        row = self._row
        if not row:
            return
        if depth == row + 1:
            if self._content:
                self._filled = self._at
        elif depth == row:
            self._row = 0
            if self._filled:
                self._end_row()

    def text(self, data: str, depth: int) -> None:
        row = self._row
        if row and depth > row:
            self._length += len(data)
            if self._length > _MAX_TEXT:
                raise TOO_LARGE
            if depth == row + 2:
                self._content = True
        else:
            self._loose += len(data)
            if self._loose > _MAX_LOOSE_TEXT:
                raise TOO_LARGE

    def _begin_row(self, values: Mapping[str, str], depth: int) -> None:
        self._row_elements += 1
        if self._row_elements > MAX_ROW_ELEMENTS:
            self.shape.too_many = f"连同空行超过 {MAX_ROW_ELEMENTS} 行"
            raise _Enough
        number = int(values.get("r", self._number + 1))
        in_order = self._number < number <= _LAST_ROW
        self._number = number
        if not in_order:
            self._damaged()
        self._line = str(number)
        self._row = depth
        self._in_row = self._at = self._filled = 0
        self._hidden = is_true(values.get("hidden")) or ("ht" in values and float(values["ht"]) == 0)

    def _cell(self, values: Mapping[str, str]) -> None:
        self._in_row += 1
        if self._in_row > MAX_COLUMNS:
            self.shape.too_many = f"第{self._number}行连同空单元格超过 {MAX_COLUMNS} 列"
            raise _Enough
        self._budget.cells -= 1
        if self._budget.cells < 0:
            raise TOO_LARGE
        self._content = False
        self._inside = self._length = 0
        where = values.get("r")
        if where is None:
            self._at += 1
            return
        line = self._line
        at = _COLUMNS.get(where[: -len(line)], 0) if where.endswith(line) else 0
        at = at or _column(where, self._number)
        # Two cells of one address: a reader takes one of them, and nobody knows which.
        if at <= self._at:
            self._damaged()
        self._at = at

    def _end_row(self) -> None:
        shape = self.shape
        shape.rows += 1
        shape.last_row = self._number
        shape.last_column = max(shape.last_column, self._filled)
        if self._hidden:
            shape.hidden_rows.append(self._number)
        if shape.rows > MAX_ROWS + 1:
            shape.too_long = True
            raise _Enough

    def _outside(self, name: str, values: Mapping[str, str]) -> None:
        shape = self.shape
        if name == "mergeCell":
            shape.merged.append(values.get("ref", ""))
            if len(shape.merged) > MAX_MERGED:
                shape.too_many = f"合并的单元格超过 {MAX_MERGED} 处"
                raise _Enough
            return
        self._budget.other()
        if name == "col":
            if is_true(values.get("hidden")) or float(values.get("width", 1)) == 0:
                shape.hidden_columns.append((int(values.get("min", 1)), int(values.get("max", 1))))
        elif name == "sheetFormatPr":
            shape.hidden_by_default = is_true(values.get("zeroHeight")) or values.get("defaultColWidth") == "0"

    def _damaged(self) -> None:
        self.shape.damaged = f"第{self._number}行"
        raise _Enough


def _column(where: str, number: int) -> int:
    """The column of an address in this row; 0 when it is none."""
    try:
        letters, line = coordinate_from_string(where)
        return column_index_from_string(letters) if line == number else 0
    except (CellCoordinatesException, ValueError):
        return 0


def is_true(value: str | None) -> bool:
    """A logical attribute."""
    return value in ("1", "true", "on")


def _ignore(*_: object) -> None:
    """Nothing to count."""


def _run(
    stream: IO[bytes],
    start: Callable[[str, Mapping[str, str], int], None],
    end: Callable[[int], None],
    text: Callable[[str, int], None],
) -> None:
    """Feed the parser; each call gets the depth, the root being 1, and names without their space."""
    parser = ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    depth = 0

    def on_start(name: str, values: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _MAX_DEPTH:
            raise TOO_LARGE
        start(name[name.rfind("}") + 1 :], values, depth)

    def on_end(_: str) -> None:
        nonlocal depth
        end(depth)
        depth -= 1

    def on_text(data: str) -> None:
        text(data, depth)

    def on_doctype(*_: Any) -> None:
        # Neither entities nor defaults of attributes: both make much of little.
        raise DECLARES

    parser.StartElementHandler = on_start
    parser.EndElementHandler = on_end
    parser.CharacterDataHandler = on_text
    parser.StartDoctypeDeclHandler = on_doctype
    fed = 0
    try:
        while chunk := stream.read(_CHUNK):
            parser.Parse(chunk, False)
            fed += len(chunk)
            # The parser keeps what it cannot finish; a tag without an end would make it keep everything.
            if fed - max(parser.CurrentByteIndex, 0) > _MAX_TOKEN:
                raise TOO_LARGE
        parser.Parse(b"", True)
    except _Enough:
        return
