"""The mandatory public-credit check (信用核查) for licensing flows.

Public names; importing this package needs neither Django settings nor Viewflow.
"""

from approval_hook.errors import (
    ApprovalHookError,
    CaseInvalid,
    ConfigurationError,
    IdentifierInvalid,
    PlatformError,
    PlatformRefused,
    PlatformReplyInvalid,
    PlatformUnavailable,
    RulesInvalid,
)
from approval_hook.spec import Gate

__version__ = "0.1.0"

__all__ = [
    "ApprovalHookError",
    "CaseInvalid",
    "ConfigurationError",
    "Gate",
    "IdentifierInvalid",
    "PlatformError",
    "PlatformRefused",
    "PlatformReplyInvalid",
    "PlatformUnavailable",
    "RulesInvalid",
    "__version__",
]
