"""What ``evaluate`` answers: outcome, channel, reasons, obligations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Outcome(StrEnum):
    """Outcome classes of the clerk's rule table (docs/reference/glossary.md)."""

    UNAVAILABLE = "O-00"
    AMBIGUOUS = "O-01"
    DISPUTED = "O-02"
    GONE = "O-03"
    BARRED = "O-04"
    LISTED_MEASURE = "O-05"
    SEVERE = "O-06"
    GENERAL = "O-07"
    RELATED = "O-08"
    GOOD = "O-09"
    ORDINARY = "O-10"


#: The headline of a case is the first of these that holds.
HEADLINE_ORDER = (
    Outcome.BARRED,
    Outcome.LISTED_MEASURE,
    Outcome.AMBIGUOUS,
    Outcome.DISPUTED,
    Outcome.UNAVAILABLE,
    Outcome.RELATED,
    Outcome.SEVERE,
    Outcome.GENERAL,
    Outcome.GONE,
    Outcome.GOOD,
    Outcome.ORDINARY,
)


class Channel(StrEnum):
    """The one word for the lane a case takes."""

    GREEN = "green"  # 绿色通道
    TOLERANT = "tolerant"  # 容缺受理
    STRICT = "strict"  # 从严审核
    RESTRICTED = "restricted"  # 依法限制
    UNDETERMINED = "undetermined"  # 待核
    ORDINARY = "ordinary"  # 普通程序


class ObligationKind(StrEnum):
    """A duty on the decision; the guard asks whether it is discharged."""

    HEAD_DECIDES = "head_decides"  # O-04/O-05: the head settles the proposed bar or measure
    SECTION_CONFIRMS = "section_confirms"  # O-06: the section begins or declines 从严审核
    TWO_CONFIRM_IDENTITY = "two_confirm_identity"  # O-01: two different people settle the match
    SUPERVISOR_RELEASES = "supervisor_releases"  # O-00: manual look-up, or decide without credit effect


@dataclass(frozen=True, slots=True)
class Obligation:
    """A duty: what, by whom, until when, and what silence means."""

    kind: ObligationKind
    party: str  # PartyView.ref
    record: str  # record id the duty is about, or ""
    lapses: bool  # True: on the statutory due date silence means "no credit effect"
    text: str  # Chinese, for the clerk


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a rule comes from; every field is shown to the clerk."""

    document: str
    version: str
    article: str
    quote: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a party got its outcome: rule, record, legal basis."""

    rule: str  # id of the rule in the rule set
    outcome: Outcome
    party: str  # PartyView.ref
    record: str  # record id, or "" when no record is involved
    source: str  # source of that record, or ""
    text: str  # Chinese, plain
    text_en: str
    basis: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class FiredMeasure:
    """A bar, measure or incentive that the facts meet; proposed, never executed here."""

    measure: str  # id in the rule set
    title: str
    kind: str  # "bar" | "sanction" | "incentive"
    force: str  # "mandatory" (强制性) | "recommended" (推荐性)
    may_refuse: bool  # True only for a statutory bar or a measure that restricts this very licence
    party: str
    record: str
    until: date | None  # end of the bar or measure
    basis: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class RefusedEffect:
    """An effect somebody might expect, and why it was not lawful."""

    rule: str
    party: str
    record: str
    text: str  # Chinese
    text_en: str


@dataclass(frozen=True, slots=True)
class PartyOutcome:
    """Outcome class of one party."""

    party: str
    role: str
    outcome: Outcome
    asked: bool  # False: no ground, so nothing was asked
    ground: str  # id of the statutory ground, "authorisation:<reference>", or ""
    suppressed: int  # expired, repaired, removed, corrected rows: counted, never shown


@dataclass(frozen=True, slots=True)
class ToleratedMaterial:
    """A missing material that may be supplied later (容缺), with its latest date."""

    material: str
    supply_until: date | None


@dataclass(frozen=True, slots=True)
class Decision:
    """The whole answer. The same inputs give the same value, to the byte."""

    outcome: Outcome
    channel: Channel
    on: date
    rules_revision: str
    parties: tuple[PartyOutcome, ...]
    reasons: tuple[Reason, ...]
    measures: tuple[FiredMeasure, ...]
    obligations: tuple[Obligation, ...]
    refused: tuple[RefusedEffect, ...]
    tolerated: tuple[ToleratedMaterial, ...]
    suppressed: int
    complete: bool  # every required source answered OK for every party with a ground
    recheck_owed: bool
    due_on: date | None  # statutory decision date
    due_provisional: bool  # the date reaches into a year whose calendar is not published
