"""Write the workbook: the lists to fill in, and beside them what their codes mean."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from xlsxwriter import Workbook  # type: ignore[import-untyped]  # it ships no types

from approval_hook.errors import RulesInvalid
from approval_hook.policy.catalogue import RuleSet
from approval_hook.threelists import words
from approval_hook.threelists.cells import FIRST_YEAR, MAX_TEXT, holds_unseen
from approval_hook.threelists.known import one_line, titles_of
from approval_hook.threelists.layout import (
    APPLICATIONS,
    BASE_DIGEST,
    BASE_REVISION,
    GUIDE,
    MAX_ROWS,
    MEASURE_TYPES,
    MEASURES,
    MEMOS,
    PART_SHEETS,
    Column,
    Form,
    Sheet,
)

Rows = Sequence[Sequence[str]]

#: The file names no moment, so that the same rules make the same bytes.
_NO_MOMENT = datetime(2000, 1, 1)  # noqa: DTZ001 - the file format has no time zone
_ORDER = (MEASURES, MEASURE_TYPES, APPLICATIONS, MEMOS)
_CELL_LIMIT = 32_767
_TEXT_FORMAT = 49  # built in: 文本


def write_workbook(rules: RuleSet, base: RuleSet | None = None) -> bytes:
    """The three lists of a rule set as an xlsx file; the same rules give the same bytes.

    Args:
        rules: what is written.
        base: the rule set that the workbook will be read against; without one ``rules`` itself. A draft names its own.

    Raises:
        RulesInvalid: a text or a list does not fit on a sheet so that it could be read back unchanged; correct it in
            the rule file.
    """
    plain: dict[str, Any] = rules.plain()
    titles = titles_of(rules)
    wrong = [p for sheet in _ORDER for p in _unfit(sheet, plain[sheet.part])]
    if wrong:
        raise RulesInvalid(wrong)
    target = io.BytesIO()
    book = Workbook(target, _options())
    book.set_properties({"created": _NO_MOMENT, "title": rules.title, "author": "approval_hook"})
    writer = _Writer(book)
    writer.guide(base or rules)
    for sheet in _ORDER:
        writer.table(sheet, plain[sheet.part], titles)
    for title, widths, rows in _help(rules, titles):
        writer.reference(title, widths, rows)
    book.close()
    return target.getvalue()


def _options() -> dict[str, Any]:
    # Made anew each time: xlsxwriter writes into what it is given.
    return {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
        "default_format_properties": {"font_name": "宋体", "font_size": 11},
    }


def _unfit(sheet: Sheet, rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    if len(rows) > MAX_ROWS:
        yield f"{sheet.part}：超过 {MAX_ROWS} 行，一张表放不下；请拆分规则。"
    for row in rows:
        place = f"{sheet.part}({' / '.join(str(row[name]) for name in sheet.key)})"
        for column in sheet.columns:
            value = row[column.field]
            where = f"{place}.{column.field}"
            if column.form is Form.TEXT:
                if "\n" in value or "\r" in value or holds_unseen(value):
                    yield f"{where}：含有换行或看不见的字符，无法写入表格；请改正。"
                if len(value) > MAX_TEXT:
                    yield f"{where}：超过 {MAX_TEXT} 个字符，无法写入表格；请精简。"
            elif column.many and (len(set(value)) != len(value) or len("\n".join(map(str, value))) > MAX_TEXT):
                yield f"{where}：有重复的项，或项数过多；请改正。"
            elif column.form is Form.DAY and value is not None and date.fromisoformat(value).year < FIRST_YEAR:
                yield f"{where}：早于 {FIRST_YEAR} 年，无法写入表格；请改正。"


class _Writer:
    """Formats and sheets of one workbook."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        head = {"bold": True, "bg_color": "#DDEBF7", "border": 1, "text_wrap": True, "valign": "vcenter"}
        self._head = book.add_format(head)
        self._reading_head = book.add_format({**head, "bg_color": "#EDEDED", "italic": True})
        cell = {"num_format": _TEXT_FORMAT, "text_wrap": True, "valign": "top"}
        self._text = book.add_format(cell)
        self._reading = book.add_format({**cell, "font_color": "#7F7F7F"})

    def table(self, sheet: Sheet, rows: Iterable[dict[str, Any]], titles: dict[str, dict[str, str]]) -> None:
        """One list to fill in."""
        worksheet = self._book.add_worksheet(sheet.title)
        worksheet.freeze_panes(1, 0)
        for at, column in enumerate(sheet.columns):
            worksheet.set_column(at, at, column.width, self._reading if column.reading else self._text)
            worksheet.write_string(0, at, column.header, self._reading_head if column.reading else self._head)
            worksheet.data_validation(1, at, MAX_ROWS, at, _validation(column))
        count = 0
        for count, row in enumerate(rows, start=1):
            for at, column in enumerate(sheet.columns):
                text = _shown(column, row[column.field], titles)
                if text:
                    _put(worksheet, count, at, text, self._reading if column.reading else self._text)
        worksheet.autofilter(0, 0, max(count, 1), len(sheet.columns) - 1)

    def reference(self, title: str, widths: Sequence[int], rows: Rows) -> None:
        """One sheet that is only there to be looked at: protected, without a password."""
        worksheet = self._book.add_worksheet(title)
        worksheet.freeze_panes(1, 0)
        worksheet.protect("", {"autofilter": True, "format_columns": True, "select_locked_cells": True})
        for at, width in enumerate(widths):
            worksheet.set_column(at, at, width, self._reading)
        for number, row in enumerate(rows):
            for at, text in enumerate(row):
                _put(worksheet, number, at, text, self._reading_head if number == 0 else self._text)
        worksheet.autofilter(0, 0, max(len(rows) - 1, 1), len(widths) - 1)

    def guide(self, rules: RuleSet) -> None:
        """How to fill in, the words to choose from, and which rule set this is."""
        worksheet = self._book.add_worksheet(GUIDE)
        worksheet.protect()
        worksheet.set_column(0, 0, 22, self._text)
        worksheet.set_column(1, 1, 100, self._text)
        for number, (left, right) in enumerate(_guide(rules)):
            _put(worksheet, number, 0, left, self._head)
            _put(worksheet, number, 1, right, self._text)


def _put(worksheet: Any, row: int, column: int, text: str, style: Any) -> None:
    # What is only for reading may be cut; what is read back was measured before.
    if worksheet.write_string(row, column, text[:_CELL_LIMIT], style) != 0:
        raise RulesInvalid([f"表格第{row + 1}行无法写入；请精简。"])


def _shown(column: Column, value: Any, titles: dict[str, dict[str, str]]) -> str:
    if column.reading:
        codes = value if isinstance(value, list) else [value] if value else []
        return "\n".join(one_line(titles[column.names][code]) for code in codes)
    if column.words is not None:
        return "\n".join(column.words[v] for v in value) if column.many else column.words[value]
    return "\n".join(value) if column.many else value or ""


def _validation(column: Column) -> dict[str, Any]:
    """A drop-down where one value is chosen, and a hint everywhere."""
    hint = {"input_title": column.header[:32], "input_message": column.hint[:255]}
    if column.form is Form.WORD and column.words is not None:
        return {"validate": "list", "source": list(column.words.values()), **hint, **_STOP}
    if column.form is Form.CODE and column.names:
        return {"validate": "list", "source": _range_of(column.names), **hint, **_STOP}
    return {"validate": "any", **hint}


_STOP = {"error_title": "不在可选值之内", "error_message": "请从下拉列表中选择。"}


def _range_of(part: str) -> str:
    """Where the codes of a part stand."""
    sheet = next((s for s in _ORDER if s.part == part), None)
    at = 0
    if sheet is not None:
        at = sheet.columns.index(sheet.column(sheet.key[0]))
    letter = chr(ord("A") + at)
    return f"='{PART_SHEETS[part]}'!${letter}$2:${letter}${MAX_ROWS + 1}"


def _help(rules: RuleSet, titles: dict[str, dict[str, str]]) -> Iterator[tuple[str, Sequence[int], Rows]]:
    yield (
        PART_SHEETS["bases"],
        (24, 40, 13, 18, 80, 20, 10),
        [
            ("依据编号", "文件", "版本", "条款", "原文摘录", "文件类型", "已核实"),
            *(
                (
                    b.id,
                    b.document,
                    b.version.isoformat(),
                    b.article,
                    b.quote,
                    words.BASIS_TYPES[b.type],
                    words.ANSWERS[b.verified],
                )
                for b in rules.bases
            ),
        ],
    )
    yield (
        PART_SHEETS["list_types"],
        (26, 44, 14, 20, 16),
        [
            ("名单编号", "名单名称", "失信程度", "适用地域", "仅供参考"),
            *(
                (t.code, t.title, words.SEVERITIES[t.severity], t.scope, words.ANSWERS[t.reference_only])
                for t in rules.list_types
            ),
        ],
    )
    yield (
        PART_SHEETS["matters"],
        (28, 44, 28, 10, 14, 22),
        [
            ("事项编号", "事项名称", "主管部门", "行使层级", "事项类型", "申请主体"),
            *((m.code, m.title, m.department, m.level, m.type, words.SUBJECTS[m.subject_kind]) for m in rules.matters),
        ],
    )
    yield (
        PART_SHEETS["editions"],
        (20, 60, 13, 13),
        [
            ("清单版本编号", "清单版本名称", "生效日期", "失效日期"),
            *(
                (e.id, titles["editions"][e.id], e.valid_from.isoformat(), e.valid_to.isoformat() if e.valid_to else "")
                for e in rules.editions
            ),
        ],
    )


def _guide(rules: RuleSet) -> Iterator[tuple[str, str]]:
    yield "规则名称", rules.title
    yield BASE_REVISION, rules.revision
    yield BASE_DIGEST, rules.digest
    yield "可修改的表", "、".join(sheet.title for sheet in _ORDER) + "。其余各表只供查阅，修改无效。"
    yield "导入方式", "整份导入：四张表的内容整体替换原有内容，删除一行即删除该条；有一处错误，全部不导入。"
    yield "编号与名称", "以编号为准。灰色的名称列只供阅读，可以留空；填写时必须与编号一致。"
    yield "多个值", "同一单元格有多个值时每行一个（Alt+Enter 换行），不要用逗号、顿号分隔。"
    yield "日期", "按 2026-10-01 的格式填写；失效日期为最后有效的一天，长期有效留空。"
    yield "新的依据", "“依据”中没有的条文，须先由规则管理员写入规则文件并核对原文。备忘录本身不是依据。"
    yield "不要使用", "公式、合并单元格、隐藏行列、筛选后的隐藏行、批注中的内容；这些会报错或不被读取。"
    for title, vocabulary in (
        ("奖惩性质", words.KINDS),
        ("措施效果", words.EFFECTS),
        ("适用对象", words.SUBJECTS),
        ("落实到人", words.ROLES),
        ("行使层级", words.LEVELS),
        ("实施力度", words.FORCES),
        ("可据以不予许可", words.ANSWERS),
    ):
        yield f"可选值：{title}", "、".join(vocabulary.values())
    for sheet in _ORDER:
        for column in sheet.columns:
            yield f"{sheet.title}：{column.header}", column.hint
