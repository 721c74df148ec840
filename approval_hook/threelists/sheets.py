"""Which sheets and columns are read, and what on them a person would not see."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from openpyxl.utils import get_column_letter

from approval_hook.threelists.cells import Cell, is_blank
from approval_hook.threelists.counting import MAX_COLUMNS, Shape
from approval_hook.threelists.layout import GUIDE, HELP, MAX_ROWS, READ, Column, Sheet
from approval_hook.threelists.package import Part
from approval_hook.threelists.problems import Problems
from approval_hook.threelists.words import folded

_SHOWN = 20


def chosen(parts: Sequence[Part], problems: Problems, notes: list[str]) -> dict[str, Part]:
    """The sheets by the title they have in the layout.

    A sheet nobody knows is passed over with a note, unless its name looks like a list: then somebody believes that it
    is read.
    """
    titles = {folded(name): name for name in (*(s.title for s in READ), *HELP)}
    lists = [folded(s.title) for s in READ]
    found: dict[str, Part] = {}
    for part in parts:
        name = folded(part.name)
        shown = part.name[:31]
        if not part.visible:
            problems.add(shown, "", "工作表被隐藏", "请取消隐藏并核对内容，或删除该表")
        if name in titles:
            if titles[name] in found:
                problems.add(shown, "", "同名的工作表有两个", "请只保留一个")
            found[titles[name]] = part
        elif any(each in name for each in lists):
            problems.add(shown, "", "表名与清单相近，但不会被读取", "请把内容并入正式的清单后删除该表")
        else:
            notes.append(f"“{shown}”不是清单，没有读取。")
    for sheet in READ:
        part_found = found.get(sheet.title)
        if part_found is None:
            near = get_close_matches(sheet.title, [p.name for p in parts if folded(p.name) not in titles], n=1)
            what = f"请把“{near[0]}”改回原名" if near else "请从导出的文件中补上，没有内容也要保留表头"
            problems.add(sheet.title, "", "缺少这张表", what)
        elif part_found.shape is None:
            problems.add(sheet.title, "", "不是表格", "请从导出的文件中补上这张表")
        else:
            _measured(sheet.title, part_found.shape, problems)
    guide = found.get(GUIDE)
    if guide is not None and guide.shape is None:
        del found[GUIDE]  # a chart tells no version
    elif guide is not None and guide.shape is not None:
        _measured(GUIDE, guide.shape, problems)
    return found


def _measured(title: str, shape: Shape, problems: Problems) -> None:
    if shape.too_long:
        problems.add(title, "", f"超过 {MAX_ROWS} 行，没有读取", f"请核对是否误填，每张表最多 {MAX_ROWS} 行")
    if shape.damaged:
        problems.add(title, shape.damaged, "行或单元格的编号错乱", "请用 Excel 或 WPS 打开，另存为新的 xlsx 文件")
    if shape.too_many:
        problems.add(title, "", shape.too_many, "请删除多余的行列（包括只有格式的空行、空列）和合并")
    if shape.last_column > MAX_COLUMNS:
        problems.add(title, "", f"超过 {MAX_COLUMNS} 列有内容", "请删除多余的列")


def unseen(sheet: Sheet, shape: Shape, problems: Problems) -> None:
    """Report what is hidden or merged. It is neither used nor passed over."""
    for number in shape.hidden_rows[:_SHOWN]:
        problems.add(sheet.title, f"第{number}行", "该行有内容却被隐藏或筛选掉", "请取消筛选和隐藏，核对后再导入")
    if len(shape.hidden_rows) > _SHOWN:
        what = f"被隐藏或筛选掉的行共有{len(shape.hidden_rows)}行"
        problems.add(sheet.title, "", what, "请取消筛选和隐藏，核对后再导入")
    for letter in shape.hidden_used_columns():
        problems.add(sheet.title, f"{letter}列", "该列被隐藏", "请取消隐藏，核对后再导入")
    if shape.hidden_by_default:
        problems.add(sheet.title, "", "表格设为默认隐藏行或列", "请全选后取消隐藏，核对后再导入")
    for area in shape.merged[:_SHOWN]:
        problems.add(sheet.title, area, "单元格被合并", "请取消合并，并在每一行分别填写")
    if len(shape.merged) > _SHOWN:
        problems.add(sheet.title, "", f"合并的单元格共有{len(shape.merged)}处", "请全选后取消合并，并在每一行分别填写")


def heading(sheet: Sheet, cells: Sequence[Cell], problems: Problems) -> dict[int, Column] | None:
    """Columns of the sheet by their place, from its first row.

    Returns:
        ``None`` when the row of headers is wrong; the rows below cannot be read then.
    """
    known = {folded(column.header): column for column in sheet.columns}
    written = {folded(str(cell.value)) for cell in cells if not is_blank(cell)}
    missing = [name for name in known if name not in written]
    columns: dict[int, Column] = {}
    wrong = problems.total
    for at, cell in enumerate(cells):
        if is_blank(cell):
            continue
        where = f"{get_column_letter(at + 1)}1"
        text = str(cell.value)[:40]
        column = known.get(folded(str(cell.value))) if cell.data_type == "s" or isinstance(cell.value, str) else None
        if column is None:
            # A misspelt header is likelier to stand for a column that is not there than for one that is.
            near = get_close_matches(folded(text), missing, n=1) or get_close_matches(folded(text), known, n=1)
            what = f"请改正为“{known[near[0]].header}”，或删除该列" if near else "请删除该列，或改成填写说明中的列名"
            problems.add(sheet.title, where, f"表头“{' '.join(text.split())}”不认识", what)
        elif column in columns.values():
            problems.add(sheet.title, where, f"表头“{column.header}”重复", "请只保留一列")
        else:
            columns[at] = column
    for column in sheet.columns:
        if not column.reading and column not in columns.values():
            problems.add(sheet.title, "第1行", f"缺少“{column.header}”列", "表头应在第1行；请从导出的文件中补上该列")
    return columns if problems.total == wrong else None
