"""Evidence (append-only), operations (holds, debts), and the rule sets and calendars that decisions rest on."""

from approval_hook.models.evidence import (
    CreditDecision,
    Identity,
    Inquiry,
    Point,
    Reply,
    Settlement,
)
from approval_hook.models.operations import Hold, LateCheck, Recheck, TaskMove
from approval_hook.models.rules import CalendarEdition, RuleDraft, RuleRevision

__all__ = [
    "CalendarEdition",
    "CreditDecision",
    "Hold",
    "Identity",
    "Inquiry",
    "LateCheck",
    "Point",
    "Recheck",
    "Reply",
    "RuleDraft",
    "RuleRevision",
    "Settlement",
    "TaskMove",
]
