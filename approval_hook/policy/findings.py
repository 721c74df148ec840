"""What the questions about a case share: their context, and the tally of their answers."""

from __future__ import annotations

from datetime import date

from approval_hook.policy.case import CaseView, PartyView, Role
from approval_hook.policy.decision import (
    HEADLINE_ORDER,
    Actor,
    FiredMeasure,
    Obligation,
    ObligationKind,
    Outcome,
    Reason,
    RefusedEffect,
    Why,
)
from approval_hook.policy.plan import Granted, MatterPlan
from approval_hook.policy.records import CreditRecord, RecordState, Severity
from approval_hook.policy.rules import Conventions

#: States in which a record is treated as absent (R-40, R-44, L-17).
GONE_STATES = frozenset({RecordState.REPAIRED, RecordState.REMOVED, RecordState.CORRECTED})

#: Place of an outcome in the headline order; the smaller one wins.
RANK = {outcome: rank for rank, outcome in enumerate(HEADLINE_ORDER)}

#: Severities from mild to severe.
MILDNESS = {Severity.MINOR: 0, Severity.GENERAL: 1, Severity.WATCH: 2, Severity.SERIOUS: 3}

_APPLICANT = Role.APPLICANT
_ORDINARY = Outcome.ORDINARY

_ACTORS = {
    ObligationKind.HEAD_DECIDES: Actor.HEAD,
    ObligationKind.SECTION_CONFIRMS: Actor.SECTION,
    ObligationKind.TWO_CONFIRM_IDENTITY: Actor.TWO_OFFICERS,
    ObligationKind.SUPERVISOR_RELEASES: Actor.SUPERVISOR,
}


class Tally:
    """Everything found about one case so far, in the order of its parties and their rows; only ever added to."""

    __slots__ = (
        "case",
        "due_on",
        "last_day_included",
        "measures",
        "obligations",
        "on",
        "outcomes",
        "plan",
        "point_disputes",
        "reasons",
        "refused",
    )

    def __init__(
        self, case: CaseView, plan: MatterPlan, conventions: Conventions, on: date, due_on: date | None
    ) -> None:
        """Start with nothing found."""
        self.case = case
        self.plan = plan
        self.last_day_included = conventions.last_day == "included"
        self.point_disputes = conventions.disputed_incentives == "point"
        self.on = on
        self.due_on = due_on
        self.outcomes: set[Outcome] = set()  # of any party
        self.reasons: list[Reason] = []
        self.measures: list[FiredMeasure] = []
        self.obligations: list[Obligation] = []
        self.refused: list[RefusedEffect] = []

    def past(self, last_day: date) -> bool:
        """Whether the day of the check lies beyond the last day of a period."""
        return self.on > last_day if self.last_day_included else self.on >= last_day


class PartyTally:
    """What was found about one party, added to the tally of its case."""

    __slots__ = (
        "adverse",
        "answered",
        "blemished",
        "good",
        "granted",
        "is_applicant",
        "outcomes",
        "party",
        "suppressed",
        "whole",
    )

    def __init__(self, whole: Tally, party: PartyView, granted: Granted | None) -> None:
        """Start with nothing found about the party, asked about on that ground."""
        self.whole = whole
        self.party = party
        self.granted = granted
        self.answered = False  # every required source that the ground suffices for answered in full
        self.is_applicant = party.role is _APPLICANT
        self.outcomes: set[Outcome] = set()
        self.suppressed = 0
        self.blemished = False  # a record exists that burdens nobody but breaks "no bad record"
        self.good: list[CreditRecord] = []  # valid red-list entries
        self.adverse: list[CreditRecord] = []  # usable adverse rows, whatever they caused

    @property
    def answered_in_full(self) -> bool:
        """Whether the ground suffices for every source of the matter, and the required ones answered in full."""
        return self.answered and self.granted is not None and self.granted.full

    @property
    def outcome(self) -> Outcome:
        """Outcome class of the party: the first in headline order of what was found."""
        found = self.outcomes
        if not found:
            return _ORDINARY
        return min(found, key=RANK.__getitem__)

    def reason(
        self, outcome: Outcome, rule: str, why: Why, record: CreditRecord | None = None, detail: str = ""
    ) -> None:
        """Note an outcome with its reason."""
        self.outcomes.add(outcome)
        self.whole.outcomes.add(outcome)
        self.note(outcome, rule, why, record, detail)

    def note(self, outcome: Outcome, rule: str, why: Why, record: CreditRecord | None = None, detail: str = "") -> None:
        """Note a reason that explains without setting an outcome."""
        source, name = (record.source, record.record_id) if record is not None else ("", "")
        self.whole.reasons.append(Reason(outcome, self.party.ref, source, name, rule, why, detail))

    def refuse(self, rule: str, why: Why, record: CreditRecord | None = None, source: str = "") -> None:
        """Note an effect that was not lawful, and why."""
        self.refuse_all((rule,), why, record, source)

    def refuse_all(
        self, rules: tuple[str, ...], why: Why, record: CreditRecord | None = None, source: str = ""
    ) -> None:
        """Note effects that were not lawful for the same reason."""
        name = ""
        if record is not None:
            source, name = record.source, record.record_id
        self.whole.refused.append(RefusedEffect(rules, why, self.party.ref, source, name))

    def oblige(self, kind: ObligationKind, record: CreditRecord | None = None, *, lapses: bool) -> None:
        """Add the duty of the person who must act."""
        name = record.record_id if record is not None else ""
        self.whole.obligations.append(Obligation(kind, self.party.ref, name, _ACTORS[kind], self.whole.due_on, lapses))

    def has_left(self, record: CreditRecord) -> bool:
        """Whether the party had left its role before the decision or before this application (R-25)."""
        until = self.party.until
        return until is not None and (until < record.decided_on or until < self.whole.case.filed_on)
