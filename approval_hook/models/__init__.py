"""Evidence (append-only), operations (holds, debts), mirrored lists, and the rule sets and calendars of decisions."""

from approval_hook.models.casehistory import ClockedCase, Deadline, Grade, Reminder, StatutoryAct
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
from approval_hook.models.outbox import Kind, Outgoing, OutgoingAct, RestingTarget
from approval_hook.models.promises import OpenPromise, Promise, PromiseReminder, PromiseStep, PromiseWords
from approval_hook.models.rules import CalendarEdition, RuleDraft, RuleRevision

__all__ = [
    "CalendarEdition",
    "CallbackNonce",
    "ClockedCase",
    "CreditDecision",
    "Deadline",
    "EmergencyAct",
    "Grade",
    "Hold",
    "Identity",
    "Inquiry",
    "IssueReading",
    "Kind",
    "LateCheck",
    "MirroredEdition",
    "MirroredRow",
    "Observation",
    "OpenPromise",
    "Outgoing",
    "OutgoingAct",
    "PendingQuery",
    "Point",
    "Promise",
    "PromiseReminder",
    "PromiseStep",
    "PromiseWords",
    "RawReply",
    "Recheck",
    "Reminder",
    "Reply",
    "RestingTarget",
    "RuleDraft",
    "RuleRevision",
    "Settlement",
    "SourceDay",
    "StatutoryAct",
    "TaskMove",
]
