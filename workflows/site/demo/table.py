"""The demonstration's table: one row per case, aligned also with wide Chinese characters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_GAP = "  "
#: Below this the measures stand on lines of their own under each row.
_LEAST_MEASURES = 28
_PIECE = re.compile(r"[0-9A-Za-z.\-]+|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one case; texts are shown as they are."""

    case: str
    case_no: str
    matter: str
    applicant: str  # name of a firm, masked name of a person
    number: str  # masked
    outcome: str
    channel: str
    measures: tuple[str, ...]  # lines: title, then its basis
    due: str  # which date, then the date; empty when none runs
    ms: int


_HEAD = ("案例 / 办件号", "事项", "申请人", "结果", "通道", "触发的措施及依据", "下一期限", "毫秒")


def width(text: str) -> int:
    """Columns a terminal needs for the text."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def wrap(text: str, columns: int) -> list[str]:
    """Break a text into lines of at most so many columns; at least one line.

    Latin words and numbers stay whole where they fit on a line at all.

    Args:
        text: without line breaks.
        columns: at least 2, the width of one Chinese character.
    """
    lines, line = [], ""
    for piece in _PIECE.findall(text):
        if line and width(line) + width(piece) > columns:
            lines.append(line)
            line = ""
        for char in piece:
            if line and width(line) + width(char) > columns:
                lines.append(line)
                line = ""
            line += char
    return [*lines, line]


def render(rows: Sequence[Row], columns: int) -> str:
    """The table as text of at most so many columns; very narrow terminals get wrapped cells.

    Args:
        rows: in the order to show.
        columns: width of the terminal.
    """
    cells = [_cells(row) for row in rows]
    fixed = [_widest(position, cells) for position in range(len(_HEAD))]
    rest = sum(fixed) - fixed[5] + len(_GAP) * (len(_HEAD) - 1)
    room = columns - rest
    if room >= _LEAST_MEASURES:
        fixed[5] = min(fixed[5], room)
        return _grid(cells, fixed)
    return _stacked(rows, columns)


def _cells(row: Row) -> list[list[str]]:
    due = row.due.split(" ") if row.due else ["—"]
    return [
        [row.case, row.case_no],
        [row.matter],
        [row.applicant, row.number],
        [row.outcome],
        [row.channel],
        list(row.measures) or ["—"],
        due,
        [str(row.ms)],
    ]


def _widest(position: int, cells: Sequence[list[list[str]]]) -> int:
    return max([width(_HEAD[position]), *(width(line) for row in cells for line in row[position])])


def _grid(cells: Sequence[list[list[str]]], widths: list[int]) -> str:
    lines = [_line(list(_HEAD), widths), "─" * (sum(widths) + len(_GAP) * (len(widths) - 1))]
    for row in cells:
        wrapped = [[part for line in cell for part in wrap(line, w)] for cell, w in zip(row, widths, strict=True)]
        for level in range(max(map(len, wrapped))):
            lines.append(_line([cell[level] if level < len(cell) else "" for cell in wrapped], widths))
    return "\n".join(lines)


def _line(texts: list[str], widths: list[int]) -> str:
    last = len(texts) - 1
    padded = [
        " " * (w - width(text)) + text if position == last else text + " " * (w - width(text))
        for position, (text, w) in enumerate(zip(texts, widths, strict=True))
    ]
    return _GAP.join(padded).rstrip()


def _stacked(rows: Sequence[Row], columns: int) -> str:
    lines = []
    for row in rows:
        head = f"{row.outcome}  {row.case}  {row.channel}  {row.ms} ms"
        body = [f"{row.matter}  {row.case_no}", f"{row.applicant}  {row.number}", *row.measures]
        if row.due:
            body.append(f"下一期限：{row.due}")
        lines += wrap(head, columns)
        lines += ["    " + part for line in body for part in wrap(line, max(2, columns - 4))]
    return "\n".join(lines)
