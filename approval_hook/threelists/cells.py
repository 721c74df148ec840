"""One cell: what it holds becomes one typed value, or a reason why not. Nothing is guessed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any, Protocol

from openpyxl.utils.datetime import from_excel

from approval_hook.threelists.problems import Refused
from approval_hook.threelists.words import folded, is_invisible

#: Longest text of a cell; Excel's own limit is 32,767.
MAX_TEXT = 5000
#: An escape of the file format for a character that cannot be seen; what it stood for is lost on reading.
ESCAPED = re.compile(r"_x[0-9A-Fa-f]{4}_|x005F_")
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")

_ISO = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})")
_CHINESE = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日")
#: A bare number in a date column is a date only if it lies where rules can lie: 2026 is a year, not a day in 1905.
_FIRST_SERIAL_YEAR, _LAST_SERIAL_YEAR = 1949, 2199
FIRST_YEAR = 1900
_COMMAS = re.compile(r"[,，、;；]")
_AS_TEXT = "请先把单元格格式设为“文本”，再重新输入"
_DAY_REMEDY = "请按 2026-10-01 的格式填写"


class Cell(Protocol):
    """What ``openpyxl`` gives for a cell."""

    @property
    def value(self) -> Any:
        """The value, or None."""

    @property
    def data_type(self) -> str | None:
        """One letter for the kind of value."""


def is_blank(cell: Cell) -> bool:
    """Whether nothing is in the cell, or only what cannot be seen."""
    value = cell.value
    if value is None or not isinstance(value, str) or cell.data_type == "f":
        return value is None
    return not value[:1].isalnum() and not folded(value)


def lines_of(cell: Cell) -> list[str]:
    """The lines of a text cell that hold something, without white space and byte order marks around them.

    Raises:
        Refused: a formula, an error value, a number, a date, a logical value, or something that cannot be seen.
    """
    if is_blank(cell):
        return []
    value = cell.value
    _no_formula(cell)
    if isinstance(value, bool):
        raise Refused("是逻辑值（TRUE/FALSE），应为文字", _AS_TEXT)
    if isinstance(value, int | float):
        raise Refused(f"是数字 {value}，应为文本（前面的 0 可能已经丢失）", _AS_TEXT)
    if not isinstance(value, str):
        raise Refused("是日期或时间，应为文本", _AS_TEXT)
    if len(value) > MAX_TEXT:
        raise Refused(f"超过 {MAX_TEXT} 个字符", "请精简")
    # A line break from another system arrives as an escaped carriage return before the line feed.
    text = value.replace("_x000D_\n", "\n").replace("\r\n", "\n")
    lines = [line.strip().strip("\ufeff").strip() for line in text.split("\n")]
    if any(holds_unseen(line) for line in lines):
        raise Refused("含有看不见的字符（控制字符、零宽字符等）", "请在记事本中重新输入后再粘贴")
    return [line for line in lines if line]


def holds_unseen(line: str) -> bool:
    """Whether a line holds what cannot be seen, or an escape of the file format for it."""
    return ESCAPED.search(line) is not None or (not line.isprintable() and any(is_invisible(c) for c in line))


def text_of(cell: Cell) -> str:
    """One line of free text; empty when the cell is.

    Raises:
        Refused: not a text, or more than one line.
    """
    lines = lines_of(cell)
    if len(lines) > 1:
        raise Refused("单元格内有换行，此处只能写一行", "请删除换行")
    return lines[0] if lines else ""


def code_of(text: str) -> str:
    """One code; full-width letters and figures become plain ones.

    Raises:
        Refused: it is not a code.
    """
    plain = unicodedata.normalize("NFKC", text)
    if not CODE.fullmatch(plain):
        if _COMMAS.search(text):
            raise Refused(
                f"“{_short(text)}”中有逗号、顿号或分号，编号不能用它们分隔", "多个编号请每行一个（Alt+Enter 换行）"
            )
        raise Refused(f"“{_short(text)}”不是编号", "编号只用字母、数字、短横线和下划线")
    return plain


def word_of(text: str, known: Mapping[str, Any], choices: str) -> Any:
    """The value that a word of a vocabulary stands for.

    Raises:
        Refused: it is none of the words.
    """
    found = known.get(folded(text))
    if found is None and folded(text) not in known:
        if _COMMAS.search(text) and all(folded(t) in known for t in _COMMAS.split(text)):
            raise Refused(f"“{_short(text)}”把几项写在一行", "请每行一项（Alt+Enter 换行）")
        raise Refused(f"“{_short(text)}”不在可选值之内", f"请从中选择：{choices}")
    return found


def day_of(cell: Cell, epoch: datetime) -> date | None:
    """A calendar day: a date cell, a day number, or a text; ``None`` when the cell is empty.

    Args:
        cell: the cell.
        epoch: day zero of the workbook, in the 1900 or the 1904 system.

    Raises:
        Refused: no such day, a time of day, or something else.
    """
    if is_blank(cell):
        return None
    value = cell.value
    _no_formula(cell)
    if isinstance(value, bool):
        raise Refused("是逻辑值（TRUE/FALSE），应为日期", _DAY_REMEDY)
    if isinstance(value, int | float):
        day = _from_serial(value, epoch)
        if day is None:
            raise Refused(f"数字 {value} 不是可用的日期", _DAY_REMEDY)
        return day
    if isinstance(value, str):
        return _from_text(value)
    if isinstance(value, datetime):
        if value.time() != time():
            raise Refused("日期带有时刻", "请只保留日期")
        if value.year < FIRST_YEAR:
            raise Refused("日期过早", _DAY_REMEDY)
        return value.date()
    if isinstance(value, date):
        return value
    raise Refused("是时间，应为日期", _DAY_REMEDY)


def _from_serial(value: float, epoch: datetime) -> date | None:
    if value != int(value):
        return None
    try:
        found = from_excel(int(value), epoch)
    except (ValueError, OverflowError):
        return None
    if not isinstance(found, datetime) or not _FIRST_SERIAL_YEAR <= found.year <= _LAST_SERIAL_YEAR:
        return None
    return found.date()


def _from_text(text: str) -> date:
    plain = folded(text)
    found = _ISO.fullmatch(plain)
    parts = (found[1], found[3], found[4]) if found else None
    if parts is None and (chinese := _CHINESE.fullmatch(plain)):
        parts = (chinese[1], chinese[2], chinese[3])
    if parts is None:
        if plain in ("长期", "长期有效", "永久", "无", "-", "—"):
            raise Refused(f"“{_short(text)}”不是日期", "长期有效请留空")
        raise Refused(f"“{_short(text)}”不是日期", _DAY_REMEDY)
    try:
        day = date(*map(int, parts))
    except ValueError:
        raise Refused(f"没有“{_short(text)}”这一天", "请核对月份和日期") from None
    if day.year < FIRST_YEAR:
        raise Refused(f"“{_short(text)}”过早", "请核对年份")
    return day


def _no_formula(cell: Cell) -> None:
    if cell.data_type == "f":
        raise Refused("是公式", "请复制后“选择性粘贴—数值”，只保留结果")
    if cell.data_type == "e":
        raise Refused(f"是错误值 {_short(str(cell.value))}", "请重新填写")


def _short(text: str) -> str:
    line = " ".join("".join(c for c in text if not is_invisible(c)).split())
    return line if len(line) <= 40 else f"{line[:40]}…"
