"""Why an edition is refused."""

from __future__ import annotations

from approval_hook.errors import ApprovalHookError


class EditionRefused(ApprovalHookError):
    """The edition of a list cannot be used; the last good one stays in use."""

    def __init__(self, reason: str) -> None:
        """Keep the short machine word, such as ``count-differs``; never payload."""
        self.reason = reason
        super().__init__(f"{self.__doc__ or ''} ({reason})")


class ListShrunken(EditionRefused):
    """The edition would leave far fewer rows than are in use; a person has to confirm it first."""

    def __init__(self, rows: int, rows_in_use: int) -> None:
        """Keep how many rows there would be, and how many there are."""
        self.rows, self.rows_in_use = rows, rows_in_use
        super().__init__("shrunken")
