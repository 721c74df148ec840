"""What a page shows of a case's credit check: plain values with Chinese texts, no queries in templates."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Action:
    """Something a person may do about a held case."""

    code: str  # "<obligation kind>:<verdict>", or "retry"
    label: str
    url: str = ""
    needs_reason: bool = True
    who: str = ""


@dataclass(frozen=True, slots=True)
class HoldView:
    """Why a case waits, since when, until when, and what ends it."""

    reason: str
    next_step: str
    since: datetime
    due_on: date | None
    workdays_left: int | None
    actions: list[Action]
    escalated: bool = False
    voices: list[str] = field(default_factory=list)  # what others have said already
    spoken_by: list[str] = field(default_factory=list)  # usernames who may not speak again
    node: str = ""  # name of the step that waits


@dataclass(frozen=True, slots=True)
class RecordPanel:
    """One usable record."""

    title: str
    meta: str
    tone: str
    tone_title: str


@dataclass(frozen=True, slots=True)
class ReasonPanel:
    """One reason with the rule and the articles it rests on."""

    text: str
    basis: list[str]
    rule: str


@dataclass(frozen=True, slots=True)
class PartyPanel:
    """One subject of the check."""

    name: str
    role_title: str
    masked_id: str
    badge: str
    colour: str
    note: str
    records: list[RecordPanel]
    reasons: list[ReasonPanel]
    suppressed: int
    asked: bool
    conflicts: list[str] = field(default_factory=list)  # where the sources contradict each other


@dataclass(frozen=True, slots=True)
class MeasurePanel:
    """One bar, measure or incentive that the facts meet."""

    title: str
    force_title: str
    kind_title: str
    basis: list[str]
    until: date | None
    note: str = ""  # what people decided about it
    refusal: str = ""  # whether a refusal may rest on it; empty for an incentive
    carries_refusal: bool = False  # it is a bar for this licence, and the head confirmed that it applies
    cited: list[tuple[str, str]] = field(default_factory=list)  # document and article of each basis


@dataclass(frozen=True, slots=True)
class TimelineItem:
    """One event of the check."""

    at: datetime
    text: str
    tone: str
    emergency: bool = False  # a record that an emergency release made


@dataclass(frozen=True, slots=True)
class EmergencyView:
    """One emergency release from request to review."""

    request: int
    flow: str
    process_pk: int
    case_no: str
    state: str  # "asked" | "unanswered" | "outdated" | "running" | "unreviewed" | "reviewed" | "forged"
    state_title: str
    asked_by: str  # full names
    asked_at: datetime
    reason: str
    expires_at: datetime
    confirmed_by: str
    confirmed_at: datetime | None
    note: str
    reviewed_by: str
    reviewed_at: datetime | None
    finding: str
    hands: frozenset[str]  # logins of the two who opened it; neither may do the next act


@dataclass(frozen=True, slots=True)
class Panel:
    """Everything the credit panel of a case page shows."""

    state: str  # "none" | "asking" | "held" | "done"
    headline: str
    colour: str
    channel_title: str
    outcome: str
    asked_at: datetime | None
    age_text: str
    next_step: str
    primary: Action | None
    hold: HoldView | None
    parties: list[PartyPanel] = field(default_factory=list)
    measures: list[MeasurePanel] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    tolerated: list[tuple[str, date | None]] = field(default_factory=list)
    timeline: list[TimelineItem] = field(default_factory=list)
    due_on: date | None = None
    workdays_left: int | None = None
    due_provisional: bool = False
    recheck_owed: bool = False
    rules_revision: str = ""
    emergencies: list[EmergencyView] = field(default_factory=list)
    may_ask_emergency: bool = False  # nothing but a missing answer holds the case
    observing: bool = False  # the flow observes: nothing of it is held
    observed: list[str] = field(default_factory=list)  # what would have held the case
    promised_days: int | None = None  # working days from acceptance that the green channel promises
    promised_on: date | None = None  # the last of them, once the case is accepted
    doubts: list[str] = field(default_factory=list)  # whom a platform does not know under name and number
    settled: str = ""  # "uphold" | "release" once people have decided about an adverse proposal


@dataclass(frozen=True, slots=True)
class Badge:
    """Channel of one case in a list."""

    channel: str
    title: str
    colour: str
    outcome: str


@dataclass(frozen=True, slots=True)
class ObservedFlow:
    """A flow that observes, with how many cases would have been held."""

    title: str
    matter: str
    cases: int
    reasons: list[tuple[str, int]]  # in words, with how many cases each


@dataclass(frozen=True, slots=True)
class HeldRow:
    """One held case in the supervisor's list."""

    process_pk: int
    flow_label: str
    case_no: str
    reason: str
    next_step: str
    since: datetime
    due_on: date | None
    workdays_left: int | None
    escalated: bool
    waits_for: str = ""  # kind of the duty that holds it, as in ``Action.code``; empty for none
    spoken_by: list[str] = field(default_factory=list)  # usernames who may not speak again
    node: str = ""  # name of the step that waits
    release_asked_by: str = ""  # login of who asked for an emergency release that waits for a second person


@dataclass(frozen=True, slots=True)
class DebtRow:
    """One owed re-check in the supervisor's list, or one that found something after the decision."""

    debt: int  # its number, to record how it was handled
    process_pk: int
    matter: str  # title in the rules in force; empty where no gate covers the flow any more
    sources: list[str]  # titles of those that left something untold; empty: not known
    since: datetime
    due_on: date
    overdue_days: int  # calendar days past the deadline; 0 while it is not over
    escalated_at: datetime | None
    attempts: int
    next_try_at: datetime | None  # none once it is paid, or while no gate covers the flow
    paid_at: datetime | None
    found: str  # outcome in words; empty while it is owed


@dataclass(frozen=True, slots=True)
class LateRow:
    """One late check in the supervisor's list."""

    process_pk: int
    matter: str  # title in the rules in force; empty where no gate covers the flow any more
    where: str  # code of ``LateCheck.Where``: where the case stood when it was found
    since: datetime
    attempts: int
    next_try_at: datetime | None  # none once it is made, or while no gate covers the flow
    made_at: datetime | None
    found: str  # outcome in words; empty when nothing had to be asked
