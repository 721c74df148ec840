"""The three lists as one workbook: ``write_workbook`` and ``read_workbook`` are each other's inverse."""

from __future__ import annotations

from approval_hook.threelists.problems import ListsInvalid, SheetProblem
from approval_hook.threelists.reading import Imported, read_workbook
from approval_hook.threelists.writing import write_workbook

__all__ = ["Imported", "ListsInvalid", "SheetProblem", "read_workbook", "write_workbook"]
