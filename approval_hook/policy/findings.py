"""What the questions about a record share: their context, their answers and the words for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from approval_hook.policy.case import CaseView, PartyView, Role
from approval_hook.policy.catalogue import Matter, RuleSet
from approval_hook.policy.decision import Citation, FiredMeasure, Obligation, Outcome, Reason, RefusedEffect
from approval_hook.policy.records import CreditRecord, RecordState
from approval_hook.policy.rules import LegalBasis

#: States in which a record is treated as absent (R-40, R-44, L-17).
GONE_STATES = frozenset({RecordState.REPAIRED, RecordState.REMOVED, RecordState.CORRECTED})


@dataclass(frozen=True, slots=True)
class Context:
    """What every question about a record needs."""

    case: CaseView
    matter: Matter
    rules: RuleSet
    on: date


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found; findings of several records are added up."""

    outcomes: tuple[Outcome, ...] = ()
    reasons: tuple[Reason, ...] = ()
    measures: tuple[FiredMeasure, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    refused: tuple[RefusedEffect, ...] = ()
    suppressed: int = 0
    good: tuple[CreditRecord, ...] = ()  # valid red-list entries

    def __add__(self, other: Finding) -> Finding:
        return Finding(
            self.outcomes + other.outcomes,
            self.reasons + other.reasons,
            self.measures + other.measures,
            self.obligations + other.obligations,
            self.refused + other.refused,
            self.suppressed + other.suppressed,
            self.good + other.good,
        )


def has_left(party: PartyView, record: CreditRecord, case: CaseView) -> bool:
    """Whether the party had left its role before the decision or before this application (R-25)."""
    return party.until is not None and (party.until < record.decided_on or party.until < case.filed_on)


def whose(party: PartyView) -> str:
    """Chinese word for the party in a sentence: the applicant, or a related person."""
    return "申请人" if party.role is Role.APPLICANT else "关联人员"


def citations_of(basis: tuple[LegalBasis, ...]) -> tuple[Citation, ...]:
    """Bases as the clerk sees them."""
    return tuple(b.citation() for b in basis)


def reason_for(
    rule: str,
    outcome: Outcome,
    party: PartyView,
    record: CreditRecord,
    text: str,
    text_en: str,
    basis: tuple[Citation, ...],
) -> Reason:
    """A reason about one record."""
    return Reason(rule, outcome, party.ref, record.record_id, record.source, text, text_en, basis)


def refuse(rule: str, party: PartyView, record: CreditRecord, text: str, text_en: str) -> Finding:
    """A finding that only says why an expected effect was not lawful."""
    return Finding(refused=(RefusedEffect(rule, party.ref, record.record_id, text, text_en),))
