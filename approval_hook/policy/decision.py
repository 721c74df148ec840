"""What ``evaluate`` answers: outcome, channel, reasons, measures, obligations.

A decision names rules, records and codes. Its words, in Chinese and English, for the clerk and for the
applicant, are made by ``approval_hook.policy.explain``; its legal bases are read from the rule set by rule id.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from msgspec import Struct

from approval_hook.policy.words import Word


class Outcome(Word):
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


class Channel(Word):
    """The one word for the lane a case takes."""

    GREEN = "green"  # 绿色通道
    TOLERANT = "tolerant"  # 容缺受理
    STRICT = "strict"  # 从严审核
    RESTRICTED = "restricted"  # 依法限制
    UNDETERMINED = "undetermined"  # 待核
    ORDINARY = "ordinary"  # 普通程序


class ObligationKind(Word):
    """A duty on the decision; the guard asks whether it is discharged."""

    HEAD_DECIDES = "head_decides"  # O-04/O-05: the head settles the proposed bar or measure
    SECTION_CONFIRMS = "section_confirms"  # O-06: the section begins or declines 从严审核
    TWO_CONFIRM_IDENTITY = "two_confirm_identity"  # O-01: two different people settle the match
    SUPERVISOR_RELEASES = "supervisor_releases"  # O-00: manual look-up, or decide without credit effect


class Actor(Word):
    """Who must act on a duty."""

    HEAD = "head"  # 行政机关负责人
    SECTION = "section"  # 科室负责人
    TWO_OFFICERS = "two_officers"  # 两名工作人员
    SUPERVISOR = "supervisor"  # 审批负责人


class Why(Word):
    """Why a party got its outcome, or why an expected effect was not lawful."""

    # Reasons
    SOURCE_INCOMPLETE = "source-incomplete"
    NAME_DIFFERS = "name-differs"
    FUTURE_DATED = "future-dated"
    BARRED = "barred"
    LISTED_MEASURE = "listed-measure"
    STRICTER_REVIEW = "stricter-review"
    SEVERE = "severe"
    GENERAL = "general"
    RELATED = "related"
    POSSIBLE_MATCH = "possible-match"
    DISPUTED = "disputed"
    GONE = "gone"
    AGENT = "agent"
    ROLE_NOT_CHECKED = "role-not-checked"
    NO_NUMBER = "no-number"
    NO_GROUND = "no-ground"
    EXEMPTED = "exempted"
    NOTHING_FOUND = "nothing-found"
    ONLY_BARS_CHECKED = "only-bars-checked"
    RED_LIST = "red-list"
    CLEAN_YEARS = "clean-years"
    FIRST_MINOR = "first-minor"
    # Refused effects
    SOURCE_NOT_CONFIGURED = "source-not-configured"
    ROWS_WITHOUT_GROUND = "rows-without-ground"
    MINOR_PERSON = "minor-person"
    UNCLASSIFIED = "unclassified"
    CONTRADICTORY = "contradictory"
    REFERENCE_ONLY = "reference-only"
    OUT_OF_SCOPE = "out-of-scope"
    NO_UNDERLYING_DECISION = "no-underlying-decision"
    ROLE_NOT_NAMED = "role-not-named"
    KIND_NOT_TARGETED = "kind-not-targeted"
    LEFT_ROLE = "left-role"
    JOINED_LATER = "joined-later"
    ROLE_THEN_UNKNOWN = "role-then-unknown"
    BASIS_UNVERIFIED = "basis-unverified"
    NEEDS_OWN_REGISTER = "needs-own-register"
    MEASURE_OF_OTHERS = "measure-of-others"
    NOT_IN_FORCE = "not-in-force"
    MINOR_CORRECTED = "minor-corrected"
    RESTRUCTURED = "restructured"
    RED_AND_BLACK = "red-and-black"
    NO_PRIORITY_UNDER_QUOTA = "no-priority-under-quota"


class Obligation(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A duty: what, by whom, until when, and what silence means."""

    kind: ObligationKind
    party: str  # PartyView.ref
    record: str  # record id the duty is about, or ""
    by: Actor
    due_on: date | None  # statutory decision date; None before acceptance
    lapses: bool  # True: on the statutory due date silence means "no credit effect"


class Citation(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Where a rule comes from; every field is shown to the clerk."""

    document: str
    version: str
    article: str
    quote: str
    verified: bool


class Reason(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """Why a party got its outcome: rule, record, code."""

    outcome: Outcome
    party: str  # PartyView.ref
    source: str  # source of the record, or ""
    record: str  # record id, or "" when no record is involved
    rule: str  # id of the rule in the rule set
    why: Why
    detail: str = ""  # query status, severity or ground that the words need


class FiredMeasure(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A bar, measure or incentive that the facts meet; proposed, never executed here."""

    measure: str  # id in the rule set
    kind: Literal["bar", "sanction", "incentive"]
    effect: str  # rules.Effect; "limit_entry" for a bar
    force: Literal["mandatory", "recommended"]  # 强制性 or 推荐性
    may_refuse: bool  # True only for a statutory bar or a measure that restricts this very licence
    party: str
    source: str
    record: str
    until: date | None  # end of the bar or measure


class RefusedEffect(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Effects somebody might expect, and why they were not lawful."""

    rules: tuple[str, ...]  # ids in the rule set, all refused for the same reason
    why: Why
    party: str
    source: str
    record: str


class PartyOutcome(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Outcome class of one party."""

    party: str
    role: str
    outcome: Outcome
    asked: bool  # False: no ground, so nothing was asked
    ground: str  # id of the statutory ground, "authorisation:<reference>", or ""
    suppressed: int  # expired, repaired, removed, corrected rows: counted, never shown


class ToleratedMaterial(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A missing material that may be supplied later (容缺), with its latest date."""

    material: str
    supply_until: date


class Decision(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
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

    @property
    def identity_doubts(self) -> tuple[Reason, ...]:
        """Where a source knows no such subject, or another name: that is no outage, the facts need a look."""
        return tuple(r for r in self.reasons if r.why is Why.NAME_DIFFERS or r.detail == "unknown-subject")
