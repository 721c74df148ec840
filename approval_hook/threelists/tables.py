"""Rows as they were read, with their place on the sheet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from approval_hook.threelists.layout import KEY_SEPARATOR, Column, Sheet

Plain = dict[str, Any]


@dataclass(slots=True)
class Row:
    """One row that was read, with the number it has on its sheet."""

    number: int
    values: Plain = field(default_factory=dict)
    titles: dict[str, list[str]] = field(default_factory=dict)  # what stands beside the codes of a field


@dataclass(slots=True)
class Table:
    """One sheet that was read."""

    sheet: Sheet
    letters: dict[str, str]  # column letter by header
    rows: list[Row]

    def cell(self, column: Column, row: Row) -> str:
        """Address of a cell."""
        return f"{self.letters.get(column.header, '')}{row.number}"

    def key(self, row: Row) -> str | None:
        """What the row is about; ``None`` while its code is missing or wrong."""
        parts = [row.values.get(name) for name in self.sheet.key]
        return KEY_SEPARATOR.join(map(str, parts)) if all(parts) else None
