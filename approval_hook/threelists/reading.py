"""Read the workbook: all of it becomes rule data, or none of it and every reason why."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from openpyxl.reader.excel import ExcelReader
from openpyxl.reader.strings import read_string_table
from openpyxl.utils import get_column_letter
from openpyxl.workbook.defined_name import DefinedNameList
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from approval_hook.errors import RulesInvalid
from approval_hook.policy.catalogue import RuleSet
from approval_hook.threelists.cells import Cell, code_of, day_of, is_blank, lines_of, text_of, word_of
from approval_hook.threelists.crosscheck import cross_check
from approval_hook.threelists.explaining import explain
from approval_hook.threelists.layout import BASE_DIGEST, BASE_REVISION, GUIDE, READ, Column, Form, Sheet
from approval_hook.threelists.package import Package, Part, open_package
from approval_hook.threelists.problems import Problems, Refused, SheetProblem
from approval_hook.threelists.sheets import chosen, heading, unseen
from approval_hook.threelists.tables import Plain, Row, Table
from approval_hook.threelists.words import by_word, folded

_GUIDE_ROWS = 200


@dataclass(frozen=True, slots=True)
class Imported:
    """What a workbook holds: sound rule data, or what is wrong with it; never a half of either."""

    data: Plain | None  # plain rule data: the base with the lists of the workbook; None when there are problems
    problems: tuple[SheetProblem, ...] = ()  # the first of them, in the order of the sheets
    total: int = 0  # of problems, also those not listed
    notes: tuple[str, ...] = ()  # what was passed over, in Chinese


def read_workbook(raw: bytes, base: RuleSet) -> Imported:
    """Read the three lists and the memoranda, with everything else as in the base.

    Args:
        raw: the file as it came, from anybody.
        base: the rule set that the workbook was exported from; its bases, lists, matters and editions are the ones
            that rows may name.

    Returns:
        The data, sound as ``RuleSet.parse`` finds it and in the order of the rows; or the problems, each with sheet,
        cell, what is wrong and how to mend it. Reading stops early at a sheet longer than ``MAX_ROWS``.
    """
    problems = Problems()
    notes: list[str] = []
    try:
        package = open_package(raw)
        parts = chosen(package.sheets, problems, notes)
        if package.refused is not None and not problems:
            raise package.refused
    except Refused as why:
        problems.refused("", "", why)
    if problems:
        return Imported(None, problems.rows, problems.total, tuple(notes))
    try:
        tables = _tables(raw, package, parts, base, problems, notes)
    except Exception:  # noqa: BLE001 - openpyxl raises nearly anything on a file that was made to hurt
        problems.add("", "", "文件已损坏，无法读取", "请用 Excel 或 WPS 打开，另存为新的 xlsx 文件后再导入")
        return Imported(None, problems.rows, problems.total, tuple(notes))
    cross_check(tables, base, problems)
    if problems:
        return Imported(None, problems.rows, problems.total, tuple(notes))
    data = base.plain() | {part: [row.values for row in table.rows] for part, table in tables.items()}
    try:
        whole = RuleSet.parse(data).plain()
    except RulesInvalid as error:
        for text in error.problems:
            problems.add(*explain(text, tables))
        return Imported(None, problems.rows, problems.total, tuple(notes))
    return Imported(whole, notes=tuple(notes))


class _Reader(ExcelReader):
    """Opens nothing but what was counted, and of that only what the import needs."""

    def __init__(self, raw: bytes, package: Package, parts: Sequence[Part]) -> None:
        super().__init__(io.BytesIO(raw), read_only=True, data_only=False, keep_links=False)
        self._counted = package
        self._parts = parts

    def read_strings(self) -> None:
        if self._counted.strings is not None:
            with self.archive.open(self._counted.strings) as stream:
                self.shared_strings = read_string_table(stream)

    def read_workbook(self) -> None:
        super().read_workbook()
        parser: Any = self.parser
        parser.defined_names = DefinedNameList()

    def read_properties(self) -> None:
        pass

    def read_custom(self) -> None:
        pass

    def read_theme(self) -> None:
        pass

    def read_worksheets(self) -> None:
        book: Any = self.wb
        for part in self._parts:
            book._sheets.append(ReadOnlyWorksheet(book, part.name, part.path, self.shared_strings))


def _tables(
    raw: bytes, package: Package, parts: dict[str, Part], base: RuleSet, problems: Problems, notes: list[str]
) -> dict[str, Table]:
    wanted = [part for title, part in parts.items() if title == GUIDE or title in {s.title for s in READ}]
    reader = _Reader(raw, package, wanted)
    reader.read()
    book = reader.wb
    try:
        if GUIDE in parts:
            _same_base(book[parts[GUIDE].name], base, problems, notes)
        else:
            notes.append(f"没有“{GUIDE}”表，无法核对文件由哪个版本导出。")
        return {s.part: _table(book[parts[s.title].name], s, parts[s.title], book.epoch, problems, notes) for s in READ}
    finally:
        book.close()


def _same_base(worksheet: Any, base: RuleSet, problems: Problems, notes: list[str]) -> None:
    said = {
        folded(str(row[0].value)): str(row[1].value).strip()
        for row in worksheet.iter_rows(max_row=_GUIDE_ROWS, max_col=2)
        if len(row) > 1 and row[0].value is not None and row[1].value is not None
    }
    if BASE_DIGEST not in said:
        notes.append(f"“{GUIDE}”没有写明{BASE_DIGEST}，无法核对文件由哪个版本导出。")
    elif said[BASE_DIGEST] != base.digest:
        problems.add(
            GUIDE,
            "",
            f"文件由版本“{said.get(BASE_REVISION, '未知')[:64]}”导出，与作为基准的版本“{base.revision}”不同",
            "请以该版本为基准导入，或重新导出后再修改，以免覆盖他人的改动",
        )


def _table(worksheet: Any, sheet: Sheet, part: Part, epoch: datetime, problems: Problems, notes: list[str]) -> Table:
    shape = part.shape
    table = Table(sheet, {}, [])
    if shape is None or not shape.rows:
        problems.add(sheet.title, "", "表是空的，连表头也没有", "请重新导出后填写")
        return table
    unseen(sheet, shape, problems)
    columns: dict[int, Column] | None = None
    stray: set[int] = set()
    blank = 0
    lines = worksheet.iter_rows(max_row=shape.last_row, max_col=shape.last_column)
    for number, cells in enumerate(lines, start=1):
        if columns is None:
            columns = heading(sheet, cells, problems)
            if columns is None:
                return table
            table.letters = {column.header: get_column_letter(at + 1) for at, column in columns.items()}
            continue
        if all(is_blank(cell) for cell in cells):
            blank += 1
            continue
        if blank:
            notes.append(f"“{sheet.title}”第{number - blank}行起有{blank}个空行，已跳过。")
            blank = 0
        for at, cell in enumerate(cells):
            if at not in columns and at not in stray and not is_blank(cell):
                stray.add(at)
                where = f"{get_column_letter(at + 1)}{number}"
                problems.add(sheet.title, where, "此列没有表头，却有内容", "请删除整列")
        table.rows.append(_row(sheet, columns, cells, number, epoch, problems))
    return table


def _row(
    sheet: Sheet,
    columns: dict[int, Column],
    cells: Sequence[Cell],
    number: int,
    epoch: datetime,
    problems: Problems,
) -> Row:
    row = Row(number)
    for at, column in columns.items():
        try:
            value = _value(column, cells[at], epoch)
        except Refused as why:
            problems.refused(sheet.title, f"{get_column_letter(at + 1)}{number}", why)
            continue
        if column.reading:
            row.titles[column.field] = value
        elif value in (None, "", []) and not column.optional:
            problems.add(sheet.title, f"{get_column_letter(at + 1)}{number}", f"“{column.header}”没有填写", "请填写")
        else:
            row.values[column.field] = value
    return row


def _value(column: Column, cell: Cell, epoch: datetime) -> Any:
    match column.form:
        case Form.DAY:
            day = day_of(cell, epoch)
            return day.isoformat() if isinstance(day, date) else None
        case Form.TITLES:
            return lines_of(cell)
        case Form.TEXT:
            return text_of(cell)
        case Form.CODE:
            text = text_of(cell)
            return code_of(text) if text else ""
        case Form.CODES:
            return _distinct([code_of(line) for line in lines_of(cell)])
        case Form.WORD:
            text = text_of(cell)
            return word_of(text, _words(column), _choices(column)) if text else None
        case Form.WORDS:
            return _distinct([word_of(line, _words(column), _choices(column)) for line in lines_of(cell)])


def _distinct(values: list[str]) -> list[str]:
    twice = next((v for v in values if values.count(v) > 1), None)
    if twice is not None:
        raise Refused(f"“{twice}”在同一单元格内重复", "请只保留一个")
    return values


_folded_words: dict[int, dict[str, Any]] = {}


def _words(column: Column) -> dict[str, Any]:
    words = column.words or {}
    return _folded_words.setdefault(id(words), by_word(words))


def _choices(column: Column) -> str:
    return "、".join((column.words or {}).values())
