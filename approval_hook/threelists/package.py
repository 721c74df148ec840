"""The file itself: whether it is a workbook at all, how large, and what a person looking at it would not see.

Everything here is read with ``defusedxml`` in one pass per sheet, before anything else opens the file. It stops at the
limits, so a hostile file costs little.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from posixpath import join, normpath
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring, iterparse
from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.utils.cell import coordinate_from_string
from openpyxl.utils.exceptions import CellCoordinatesException

from approval_hook.threelists.layout import MAX_ROWS
from approval_hook.threelists.problems import Refused

MAX_FILE_BYTES = 10 * 1024 * 1024
MAX_UNPACKED_BYTES = 120 * 1024 * 1024
MAX_ENTRIES = 500
MAX_SHEETS = 50
MAX_COLUMNS = 60
MAX_STRINGS = 400_000
_MAX_STRINGS_BYTES = 40 * 1024 * 1024
_MAX_OTHER_BYTES = 5 * 1024 * 1024  # styles and the like
_LAST_ROW = 1_048_576

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SAVE_AS = "请用 Excel 或 WPS 另存为“Excel 工作簿（*.xlsx）”后再导入"
_TOO_LARGE = Refused("文件解压后过大", "请删除图片、多余的工作表和格式后再导入；来源不明的文件请勿使用")
_DAMAGED = Refused("文件已损坏，无法读取", "请用 Excel 或 WPS 打开，另存为新的 xlsx 文件后再导入")


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

    def hidden_used_columns(self) -> list[str]:
        """Hidden columns among those with content, as letters."""
        return [
            get_column_letter(number)
            for first, last in self.hidden_columns
            for number in range(first, min(last, self.last_column) + 1)
        ]


@dataclass(frozen=True, slots=True)
class Part:
    """A sheet of the file."""

    name: str
    visible: bool
    shape: Shape | None  # None: no table of cells, such as a chart


def open_package(raw: bytes) -> tuple[Part, ...]:
    """The sheets of a workbook, each passed over once.

    Raises:
        Refused: it is not an xlsx workbook, is too large, holds macros or is damaged; read nothing of it.
    """
    if len(raw) > MAX_FILE_BYTES:
        raise Refused(f"文件超过 {MAX_FILE_BYTES // 1024 // 1024} MB", "请删除图片、多余的工作表和格式后再导入")
    if not raw.startswith(b"PK"):
        raise _not_a_workbook(raw)
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            _check(archive)
            parts = tuple(_parts(archive))
            # A list that is too long is told as such, not as too many texts.
            if not any(part.shape and part.shape.too_long for part in parts):
                _check_strings(archive)
            return parts
    except DefusedXmlException:
        raise Refused("文件含有 XML 实体定义，可能是恶意文件", "请勿使用该文件；请从可信的表格重新另存") from None
    except (
        zipfile.BadZipFile,
        zlib.error,
        ParseError,
        KeyError,
        ValueError,
        EOFError,
        OSError,
        NotImplementedError,  # an unknown compression method
        RuntimeError,  # an encrypted entry
        RecursionError,
    ):
        raise _DAMAGED from None


def _not_a_workbook(raw: bytes) -> Refused:
    if raw.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in raw:
            return Refused("文件设有打开密码", "请取消密码后另存为 xlsx 再导入")
        return Refused("文件是旧版 Excel 格式（xls）", _SAVE_AS)
    if not raw:
        return Refused("文件是空的", "请重新选择文件")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            raw.decode("gb18030")
        except UnicodeDecodeError:
            return Refused("文件不是 Excel 工作簿", _SAVE_AS)
        return Refused("文件是 GBK 编码的文本（CSV），不是 Excel 工作簿", _SAVE_AS)
    if "\0" in text:
        return Refused("文件不是 Excel 工作簿", _SAVE_AS)
    return Refused("文件是文本（CSV 等），不是 Excel 工作簿", _SAVE_AS)


def _check(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    # ``zipfile`` never unpacks more than an entry declares, so the declared sizes are a bound.
    if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES:
        raise _TOO_LARGE
    if len(set(names)) != len(names):
        raise _DAMAGED
    for entry in entries:
        most = _MAX_STRINGS_BYTES if entry.filename.endswith("sharedStrings.xml") else _MAX_OTHER_BYTES
        if (
            entry.filename.endswith((".xml", ".rels"))
            and "worksheets/" not in entry.filename
            and entry.file_size > most
        ):
            raise _TOO_LARGE
    if any("vbaproject" in name.lower() or "macrosheets/" in name.lower() for name in names):
        raise Refused("文件含有宏", "请另存为不含宏的“Excel 工作簿（*.xlsx）”后再导入")
    if "xl/workbook.xml" not in names:
        raise Refused("文件不是 xlsx 工作簿", _SAVE_AS)


def _check_strings(archive: zipfile.ZipFile) -> None:
    for name in archive.namelist():
        if name.endswith("sharedStrings.xml"):
            with archive.open(name) as stream:
                count = 0
                table: Element | None = None
                for event, element in iterparse(stream, events=("start", "end")):
                    if table is None:
                        table = element
                    if event == "end" and _local(element) == "si":
                        count += 1
                        table.clear()
                    if count > MAX_STRINGS:
                        raise _TOO_LARGE


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _parts(archive: zipfile.ZipFile) -> Iterator[Part]:
    book = fromstring(archive.read("xl/workbook.xml"))
    if "purl.oclc.org" in str(book.tag):
        raise Refused("文件是“Strict Open XML”格式", _SAVE_AS)
    relations = fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {
        str(r.get("Id")): normpath(join("xl", str(r.get("Target"))).lstrip("/"))
        for r in relations
        if str(r.get("Type")).endswith("/worksheet")
    }
    sheets = [e for e in book.iter() if _local(e) == "sheet"]
    if len(sheets) > MAX_SHEETS:
        raise Refused(f"工作表超过 {MAX_SHEETS} 个", "请删除多余的工作表后再导入")
    for sheet in sheets:
        link = next((v for k, v in sheet.attrib.items() if k.endswith("}id")), "")
        visible = sheet.get("state", "visible") == "visible"
        path = targets.get(link)
        shape = None
        if path is not None:
            with archive.open(path) as stream:
                shape = _shape(stream)
        yield Part(str(sheet.get("name")), visible, shape)


def _shape(stream: Any) -> Shape:
    shape = Shape()
    data: Element | None = None
    last = 0
    for event, element in iterparse(stream, events=("start", "end")):
        name = _local(element)
        if event == "start":
            if name == "sheetData":
                data = element
            continue
        if name == "row":
            number = int(element.get("r", last + 1))
            if not last < number <= _LAST_ROW:
                shape.damaged = f"第{number}行"
                return shape
            last = number
            _row(shape, element, number)
            if shape.damaged:
                return shape
            if shape.rows > MAX_ROWS + 1:
                shape.too_long = True
                return shape
            if data is not None:
                data.clear()
        elif name == "col":
            if _is_true(element.get("hidden")) or float(element.get("width", 1)) == 0:
                shape.hidden_columns.append((int(element.get("min", 1)), int(element.get("max", 1))))
        elif name == "sheetFormatPr":
            shape.hidden_by_default = _is_true(element.get("zeroHeight")) or element.get("defaultColWidth") == "0"
        elif name == "mergeCell":
            shape.merged.append(str(element.get("ref")))
    return shape


def _row(shape: Shape, row: Element, number: int) -> None:
    column = 0
    filled = 0
    for cell in row:
        where = cell.get("r")
        if where is None:
            at = column + 1
        else:
            try:
                letters, line = coordinate_from_string(where)
                at = column_index_from_string(letters)
            except (CellCoordinatesException, ValueError):
                line, at = 0, 0
            if line != number:
                at = 0
        # Two cells of one address: a reader takes one of them, and nobody knows which.
        if at <= column:
            shape.damaged = f"第{number}行"
            return
        column = at
        if any(_local(child) in ("is", "f") or child.text for child in cell):
            filled = at
    if filled:
        shape.rows += 1
        shape.last_row = number
        shape.last_column = max(shape.last_column, filled)
        if _is_true(row.get("hidden")) or (row.get("ht") is not None and float(row.get("ht", 1)) == 0):
            shape.hidden_rows.append(number)


def _is_true(value: str | None) -> bool:
    return value in ("1", "true", "on")
