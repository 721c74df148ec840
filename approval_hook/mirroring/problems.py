"""Why an edition is refused."""

from __future__ import annotations

from approval_hook.errors import ApprovalHookError


class EditionRefused(ApprovalHookError):
    """The edition of a list cannot be used; the last good one stays in use."""

    def __init__(self, reason: str) -> None:
        """Keep the short machine word, such as ``count-differs``; never payload."""
        self.reason = reason
        super().__init__(f"{self.__doc__ or ''} ({reason})")
