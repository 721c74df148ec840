"""What ``RuleSet.parse`` finds, told at the row and in the words of the sheet."""

from __future__ import annotations

import re
from collections.abc import Mapping

from approval_hook.threelists.layout import PART_SHEETS, READ
from approval_hook.threelists.tables import Row, Table
from approval_hook.threelists.words import BASIS_TYPES

_PLACE = re.compile(
    r"(?P<part>" + "|".join(s.part for s in READ) + r")(?:\[(?P<number>\d+)\]|\((?P<key>[^)]*)\))"
    r"(?:\.(?P<field>\w+))?(?:[.\[\]\w]*)(?:（.*?）)?：(?P<text>.*)",
    re.DOTALL,
)
_SHARED = re.compile(r"principles、[\w、]+：编号“(?P<key>[^”]*)”")
_TYPE = re.compile(r"类型“(\w+)”")
#: The words of the rule file, and those of the sheets.
_SAID = (
    ("请设 may_refuse: false", "请在“可据以不予许可”填“否”"),
    ("或设 may_refuse: false", "或在“可据以不予许可”填“否”"),
    ("请设 false", "请填“否”"),
    ("设 verified: true", "在规则文件中标为已核实"),
    ("请删除 agent", "请删除“代理人”"),
    ("kind、effect、list_types", "“奖惩性质”“措施效果”“名单编号”"),
    ("与 kind 不一致", "与“奖惩性质”不一致"),
    ("早于 valid_from", "“失效日期”早于“生效日期”"),
    *((f"{part} 中的编号", f"“{title}”中的编号") for part, title in PART_SHEETS.items()),
)


def explain(problem: str, tables: Mapping[str, Table]) -> tuple[str, str, str, str]:
    """Sheet, cell, what is wrong and how to mend it.

    Returns:
        Sheet and cell are empty when the problem is not about one row of the workbook.
    """
    found = _PLACE.fullmatch(problem)
    if found is None:
        shared = _SHARED.match(problem)
        table = tables["measures"]
        row = _row(table, None, shared["key"]) if shared else None
        if row is not None and shared is not None:
            cell = table.cell(table.sheet.column("id"), row)
            return table.sheet.title, cell, f"编号“{shared['key']}”已用于名单、依据条款等其他规则", "请改用别的编号"
        message, _, remedy = problem.rpartition("；")
        return "", "", message or problem, remedy.rstrip("。") or "请核对"
    table = tables[found["part"]]
    row = _row(table, found["number"], found["key"])
    text = _TYPE.sub(lambda m: f"类型“{BASIS_TYPES.get(m[1], m[1])}”", found["text"])
    for said, here in _SAID:
        text = text.replace(said, here)
    message, _, remedy = text.partition("；")
    cell = ""
    if row is not None:
        field = found["field"] or ("roles" if "agent" in found["text"] else table.sheet.key[0])
        columns = [c for c in table.sheet.columns if c.field == field and not c.reading]
        cell = table.cell(columns[0], row) if columns else f"第{row.number}行"
    return table.sheet.title, cell, message, remedy.rstrip("。") or "请核对"


def _row(table: Table, number: str | None, key: str | None) -> Row | None:
    if number is not None:
        return table.rows[int(number)] if int(number) < len(table.rows) else None
    return next((row for row in table.rows if table.key(row) == key), None)
