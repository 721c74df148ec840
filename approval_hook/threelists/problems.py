"""What is wrong with a workbook, told so that the person can mend it: sheet, cell, what, and how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from approval_hook.errors import RulesInvalid
from approval_hook.threelists.layout import MAX_PROBLEMS


@dataclass(frozen=True, slots=True)
class SheetProblem:
    """One thing to mend, in Chinese."""

    sheet: str  # "": the file as a whole
    cell: str  # "B7", a range, "第7行", or "": the sheet as a whole
    message: str
    remedy: str

    def __str__(self) -> str:
        place = " ".join(part for part in (f"“{self.sheet}”" if self.sheet else "", self.cell) if part)
        return f"{place or '文件'}：{self.message}；{self.remedy}。"


class ListsInvalid(RulesInvalid):
    """The workbook cannot be imported, so nothing of it is used."""

    def __init__(self, rows: tuple[SheetProblem, ...], total: int) -> None:
        """Keep the problems that are told one by one, and how many there are in all."""
        self.rows = rows
        self.total = total
        super().__init__([str(row) for row in rows])


class Refused(Exception):
    """A cell or a file that cannot be taken; carries what is wrong and how to mend it."""

    def __init__(self, message: str, remedy: str) -> None:
        """Say it without the place, which the caller knows."""
        self.message = message
        self.remedy = remedy
        super().__init__(message)


class Problems:
    """Problems as they are found: the first of them in full, all of them counted."""

    def __init__(self, most: int = MAX_PROBLEMS) -> None:
        """Keep at most so many."""
        self._most = most
        self._rows: list[SheetProblem] = []
        self.total = 0

    def __bool__(self) -> bool:
        return self.total > 0

    def add(self, sheet: str, cell: str, message: str, remedy: str | Callable[[], str]) -> None:
        """Add one. A remedy that is costly to find is found only when it will be told."""
        self.total += 1
        if len(self._rows) < self._most:
            self._rows.append(SheetProblem(sheet, cell, message, remedy if isinstance(remedy, str) else remedy()))

    def refused(self, sheet: str, cell: str, why: Refused) -> None:
        """Add what was refused at a place."""
        self.add(sheet, cell, why.message, why.remedy)

    @property
    def rows(self) -> tuple[SheetProblem, ...]:
        """The problems that are told, in the order in which they were found."""
        return tuple(self._rows)
