"""What rows owe each other and the rule set: codes that exist, titles that fit them, no row twice."""

from __future__ import annotations

from approval_hook.policy.catalogue import RuleSet
from approval_hook.threelists.known import Known, titles_of
from approval_hook.threelists.layout import PART_SHEETS, Column
from approval_hook.threelists.problems import Problems
from approval_hook.threelists.tables import Row, Table


def cross_check(tables: dict[str, Table], base: RuleSet, problems: Problems) -> None:
    """Add a problem for every code nobody knows, every title that is another code's, and every row that is twice."""
    before = titles_of(base)
    known: dict[str, Known] = {}
    for part, titles in before.items():
        table = tables.get(part)
        if table is None:
            known[part] = Known(titles, titles)
        elif table.letters:
            now = {str(key): str(row.values.get("title", "")) for row in table.rows if (key := table.key(row))}
            known[part] = Known(now, titles)
    for table in tables.values():
        _no_duplicates(table, problems)
        for row in table.rows:
            for column in table.sheet.columns:
                if column.names in known and not column.reading:
                    _codes_known(table, row, column, known[column.names], problems)
            for column in table.sheet.columns:
                if column.reading and column.names in known and row.titles.get(column.field):
                    _titles_fit(table, row, column, known[column.names], problems)


def _no_duplicates(table: Table, problems: Problems) -> None:
    first: dict[str, int] = {}
    column = table.sheet.column(table.sheet.key[0])
    for row in table.rows:
        key = table.key(row)
        if key is not None and first.setdefault(key, row.number) != row.number:
            cell = table.cell(column, row)
            problems.add(table.sheet.title, cell, f"“{key}”与第{first[key]}行重复", "请合并两行，只保留一行")


def _named(row: Row, column: Column) -> list[str] | None:
    """The codes in a cell; ``None`` when the cell itself was refused."""
    value = row.values.get(column.field)
    if value is None:
        return None
    return value if isinstance(value, list) else [value] if value else []


def _codes_known(table: Table, row: Row, column: Column, known: Known, problems: Problems) -> None:
    for code in _named(row, column) or ():
        if code in known:
            continue
        sheet = PART_SHEETS[column.names]

        def remedy(code: str = code, sheet: str = sheet) -> str:
            near = known.near(code)
            if near:
                return f"是否应为“{near}”（{known.titles[near]}）？请改用“{sheet}”中的编号"
            return f"请改用“{sheet}”中的编号"

        problems.add(table.sheet.title, table.cell(column, row), f"编号“{code}”不在“{sheet}”中", remedy)


def _titles_fit(table: Table, row: Row, column: Column, known: Known, problems: Problems) -> None:
    shown = row.titles[column.field]
    codes = _named(row, table.sheet.column(column.field))
    cell = table.cell(column, row)
    if codes is None:
        return
    if not codes:
        code = known.titled(shown[0])
        remedy = f"该名称的编号是“{code}”，请填入编号列" if code else "请填写编号，或清空本单元格"
        problems.add(table.sheet.title, cell, "写了名称，却没有写编号", remedy)
        return
    if len(shown) != len(codes):
        problems.add(
            table.sheet.title, cell, f"名称有{len(shown)}行，编号有{len(codes)}个", "请逐行对应，或清空本单元格"
        )
        return
    for code, text in zip(codes, shown, strict=True):
        if code in known and not known.fits(code, text):
            other = known.titled(text)
            also = f"；“{text[:40]}”的编号是“{other}”" if other else ""
            problems.add(
                table.sheet.title,
                cell,
                f"编号“{code}”的名称是“{known.titles[code]}”，此处写“{text[:40]}”{also}",
                "请核对是编号错还是名称错；名称列可以清空",
            )
