"""Every error this package raises.

    ApprovalHookError
    ├── ConfigurationError      settings or deployment are wrong; start-up stops
    ├── RulesInvalid            a rule file is malformed; nothing of it is used
    │   └── ListsInvalid        (threelists.problems) a workbook cannot be imported, row by row
    ├── DraftRefused            (threelists.conditions) a draft cannot take this step
    ├── EditionRefused          (mirroring.problems) the edition of a list is not taken in
    │   └── ListShrunken        (mirroring.problems) it is suddenly empty or small, and nobody confirmed that
    ├── CaseInvalid             facts about a case are malformed; nothing is asked
    │   ├── IdentifierInvalid   one identifier field, with its remedy
    │   └── MatterNotConfigured the rules in force do not know the matter of the case
    ├── PlatformError           a platform gave no usable answer; always could-not-tell
    │   ├── PlatformUnavailable     may succeed later; retryable
    │   ├── PlatformNotAsked        a limit of ours kept the query back
    │   ├── PlatformRefused         refused us: credentials, quota, permission
    │   └── PlatformReplyInvalid    answered something that cannot be trusted
    ├── OutboxConflict          other content under a key that the outbox has already
    └── AppendOnlyError         somebody tried to change or delete evidence

Each class docstring is its default message. A clean record is never an error.
No error carries personal data or a platform's payload.
"""

from __future__ import annotations


class ApprovalHookError(Exception):
    """The credit gate could not go on."""

    def __init__(self, message: str | None = None) -> None:
        """Use the class docstring when no message is given."""
        super().__init__(message or (type(self).__doc__ or "").strip())


class ConfigurationError(ApprovalHookError):
    """The settings of the credit gate are wrong."""


class RulesInvalid(ApprovalHookError):
    """The rule file is malformed, so nothing of it is used."""

    def __init__(self, problems: list[str] | tuple[str, ...]) -> None:
        """Keep every problem, each naming the place in the file and the remedy."""
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


class CaseInvalid(ApprovalHookError):
    """The facts of the case are malformed, so nothing is asked."""

    def __init__(self, field: str, message: str, remedy: str) -> None:
        """Name the field, what is wrong and what to do, in Chinese."""
        self.field = field
        self.message = message
        self.remedy = remedy
        super().__init__(f"{message}{remedy}")


class IdentifierInvalid(CaseInvalid):
    """The identifier is not valid, so nothing is asked."""


class MatterNotConfigured(CaseInvalid):
    """The rules in force do not know the matter of the case, so it cannot go on unchecked."""


class PlatformError(ApprovalHookError):
    """The credit platform gave no usable answer."""

    #: Short machine word for logs and rows; never contains payload.
    reason = "platform"


class PlatformUnavailable(PlatformError):
    """The credit platform did not answer in time; try again later."""

    reason = "unavailable"

    def __init__(self, message: str | None = None, *, retry_after: float | None = None, sent: bool = True) -> None:
        """Carry the platform's own wish for the next try, in seconds, and whether it may have got what was sent."""
        self.retry_after = retry_after
        self.sent = sent
        super().__init__(message)


class PlatformNotAsked(PlatformError):
    """A limit of the source kept the query back, so nothing was asked; try again later."""

    def __init__(self, reason: str) -> None:
        """Say which limit: ``busy``, ``breaker-open``, ``quota``, ``rate`` or ``maintenance``."""
        self.reason = reason
        super().__init__()


class PlatformRefused(PlatformError):
    """The credit platform refused the query; check credentials, quota and permission."""

    reason = "refused"


class PlatformReplyInvalid(PlatformError):
    """The credit platform answered something that cannot be trusted."""

    reason = "reply-invalid"


class OutboxConflict(ApprovalHookError):
    """The outbox holds something else under this key, so nothing was added to it."""


class AppendOnlyError(ApprovalHookError):
    """Evidence rows are never changed and never deleted."""
