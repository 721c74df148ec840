"""A small rule set of every shape that the sheets must hold, and workbooks with one thing changed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from functools import cache
from typing import Any

from openpyxl import Workbook, load_workbook

from approval_hook.policy.catalogue import RuleSet
from approval_hook.threelists.layout import READ, Column, Sheet
from approval_hook.threelists.workbook import Imported, read_workbook, write_workbook
from tests.benchmarks.policy_set import policy_data

LAW = ["law-1"]
MEASURES, TYPES, APPLICATIONS, MEMOS = "备忘录措施清单", "措施类别清单", "应用事项清单", "备忘录"


def rule_data() -> dict[str, Any]:
    """Sanctions, an incentive, one measure of others; codes with leading zeros; free text with commas.

    The analysis finds no error in it.
    """
    data = policy_data(132)
    few = {f"matter-{n}" for n in range(4)}
    data["matters"] = [m for m in data["matters"] if m["code"] in few]
    data["applications"] = [a for a in data["applications"] if a["matter"] in few]
    law = data["bases"][0]
    data["bases"] = [law, {**law, "id": "law-2", "article": "第二条"}, {**law, "id": "002", "article": "第三条"}]
    data["measure_types"].append(
        {"code": "001", "title": "激励，措施", "edition": "2024", "kind": "incentive", "basis": ["002", "law-2"]}
    )
    data["memos"] = [
        {"code": "memo-1", "title": "关于对严重失信主体，实施联合惩戒的备忘录", "kind": "sanction", "basis": []},
        {"code": "002", "title": "=联合激励备忘录", "kind": "incentive", "basis": LAW},
    ]
    for row in data["measures"]:
        row["roles"] = ["legal_representative", "applicant"]
    first = data["measures"][0]
    first.update(memo="memo-1", organ="某局、某委，会同某办", title="限制取得许可；从严,从重", basis=["law-2", "law-1"])
    data["measures"] += [
        {
            **first,
            "id": "incentive-1",
            "title": "优先办理",
            "kind": "incentive",
            "type": "001",
            "memo": "002",
            "effect": "green_channel",
            "list_types": [],
            "kinds": ["person", "organisation"],
            "roles": ["applicant"],
            "valid_to": "9999-12-31",
        },
        {
            **first,
            "id": "others-1",
            "title": "限制高消费",
            "memo": "",
            "effect": "of_others",
            "list_types": ["list3", "list1"],
        },
    ]
    data["applications"] += [
        {**row, "measure": "incentive-1", "force": "recommended", "basis": []} for row in data["applications"][:2]
    ]
    data["applications"][0]["may_refuse"] = True
    return data


@cache
def rules() -> RuleSet:
    """The small rule set."""
    return RuleSet.parse(rule_data())


@cache
def exported() -> bytes:
    """Its workbook."""
    return write_workbook(rules())


def edited(change: Callable[[Any], object]) -> bytes:
    """The workbook after somebody worked on it in a spreadsheet program."""
    book = load_workbook(io.BytesIO(exported()))
    change(book)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def imported(change: Callable[[Any], object]) -> Imported:
    """What comes of such a workbook."""
    return read_workbook(edited(change), rules())


def repacked(change: Callable[[dict[str, bytes]], object], raw: bytes | None = None) -> bytes:
    """The workbook with its parts changed behind the back of any spreadsheet program."""
    with zipfile.ZipFile(io.BytesIO(raw or exported())) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return target.getvalue()


def at(sheet: str, header: str, row: int) -> str:
    """Address of a cell by the header of its column, as exported."""
    layout: Sheet = next(s for s in READ if s.title == sheet)
    number = next(i for i, c in enumerate(layout.columns) if c.header == header)
    return f"{chr(ord('A') + number)}{row}"


def column(sheet: str, header: str) -> Column:
    """A column of the layout."""
    return next(c for s in READ if s.title == sheet for c in s.columns if c.header == header)


def put(sheet: str, header: str, row: int, value: Any, number_format: str | None = None) -> Callable[[Any], None]:
    """A change of one cell."""

    def change(book: Any) -> None:
        cell = book[sheet][at(sheet, header, row)]
        cell.value = value
        if number_format is not None:
            cell.number_format = number_format

    return change


def places(found: Imported) -> list[tuple[str, str]]:
    """Where the problems are."""
    return [(p.sheet, p.cell) for p in found.problems]


def empty_book() -> Workbook:
    """A workbook of somebody who does not know the form."""
    return Workbook()
