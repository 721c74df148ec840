"""Evidence (append-only) and operations (holds, debts) of the gate."""

from approval_hook.models.evidence import (
    CreditDecision,
    Identity,
    Inquiry,
    Point,
    Reply,
    Settlement,
)
from approval_hook.models.operations import Hold, Recheck

__all__ = [
    "CreditDecision",
    "Hold",
    "Identity",
    "Inquiry",
    "Point",
    "Recheck",
    "Reply",
    "Settlement",
]
