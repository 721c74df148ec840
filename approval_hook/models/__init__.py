"""Evidence (append-only), operations (holds, debts), mirrored lists, and the rule sets and calendars of decisions."""

from approval_hook.models.deferred import CallbackNonce, PendingQuery
from approval_hook.models.emergencies import EmergencyAct
from approval_hook.models.evidence import (
    CreditDecision,
    Identity,
    Inquiry,
    Point,
    RawReply,
    Reply,
    Settlement,
)
from approval_hook.models.mirror import MirroredEdition, MirroredRow
from approval_hook.models.observations import IssueReading, Observation
from approval_hook.models.operations import Hold, LateCheck, Recheck, SourceDay, TaskMove
from approval_hook.models.promises import Promise, PromiseStep, PromiseWords
from approval_hook.models.rules import CalendarEdition, RuleDraft, RuleRevision

__all__ = [
    "CalendarEdition",
    "CallbackNonce",
    "CreditDecision",
    "EmergencyAct",
    "Hold",
    "Identity",
    "Inquiry",
    "IssueReading",
    "LateCheck",
    "MirroredEdition",
    "MirroredRow",
    "Observation",
    "PendingQuery",
    "Point",
    "Promise",
    "PromiseStep",
    "PromiseWords",
    "RawReply",
    "Recheck",
    "Reply",
    "RuleDraft",
    "RuleRevision",
    "Settlement",
    "SourceDay",
    "TaskMove",
]
