"""What one record means for one party, before the case is looked at as a whole.

The order of the questions is the safeguard: does the row belong to the party, is it still there, does a bar of
law meet it, is its list known, has it a basis, does it reach this region, is it doubted or disputed, does a
leniency take it away, does a measure reach this role.
"""

from __future__ import annotations

from datetime import date

from approval_hook.policy.bars import NO_BARS, fire_bars, statutory_bars
from approval_hook.policy.case import PartyView
from approval_hook.policy.decision import ObligationKind, Outcome, Why
from approval_hook.policy.findings import GONE_STATES, PartyTally
from approval_hook.policy.listings import effective_severity, listed_effect
from approval_hook.policy.periods import add_months, add_years
from approval_hook.policy.plan import OWN_REGISTER, ListPlan
from approval_hook.policy.records import CreditRecord, MatchGrade, RecordState, Severity
from approval_hook.policy.subjects import SubjectKind

#: Days of the shortest month, to tell at a glance that a period has not ended.
_SHORTEST_MONTH = 28

#: Age from which credit rules apply to a person (R-10).
ADULT_YEARS = 18


def is_minor(party: PartyView, on: date) -> bool:
    """Whether the party is known to be under eighteen on that day (R-10)."""
    return party.kind is SubjectKind.PERSON and party.born_on is not None and add_years(party.born_on, ADULT_YEARS) > on


def display_ended(found: PartyTally, record: CreditRecord, listed: ListPlan | None) -> bool:
    """Whether the record may no longer be shown or used: the source's own date or the longest lawful period is over.

    Source: R-40; L-16 and L-17 (longest periods); L-18 (period from decision or publication).
    """
    whole = found.whole
    if record.display_until is not None and whole.past(record.display_until):
        return True
    if listed is not None and listed.by_entry:
        return False
    period = listed.period if listed is not None and listed.period else whole.plan.severity_period(record.severity)
    if period is None:
        return False
    if (whole.on - record.decided_on).days < period.max_months * _SHORTEST_MONTH:
        return False
    # Without a publication date the decision date ends the period earlier, which favours the subject.
    start = record.published_on if period.start == "publication" and record.published_on else record.decided_on
    return whole.past(add_months(start, period.max_months))


def assess_record(found: PartyTally, record: CreditRecord, *, proof_source: str, prevailing: RecordState) -> None:
    """Add what one row means to the tally of its party.

    Args:
        found: tally of a party with a ground, asked about.
        record: a row about that party, as its source reports it.
        proof_source: source of the report that carried it; own-register bars look at it.
        prevailing: state of the same entry at the strongest source (L-17).
    """
    if record.match is MatchGrade.NONE:
        return
    whole = found.whole
    listed = whole.plan.lists.get(record.list_type)
    # A source that calls misconduct good standing errs, and an error is never good news.
    contradicts = record.severity is Severity.GOOD and (
        bool(record.event) or (listed is not None and listed.severity is not Severity.GOOD)
    )
    if record.severity is Severity.GOOD and not contradicts:
        _good(found, record, listed)
        return
    if is_minor(found.party, whole.on):
        found.refuse("minors-outside", Why.MINOR_PERSON, record)
        return
    if record.decided_on > whole.on:
        found.reason(Outcome.UNAVAILABLE, "clock-never-stops", Why.FUTURE_DATED, record)
        return
    shown = not display_ended(found, record, listed)
    own = proof_source == OWN_REGISTER
    # A statutory bar outlives the repair of credit at the platform; the effects of a list do not.
    proved = record.state if own else prevailing
    met = NO_BARS
    if record.event and proved not in GONE_STATES:
        met = statutory_bars(found, record, proof="own_register" if own else "platform", shown=shown)
    if met.holding:
        found.adverse.append(record)
        if not _suspended(found, record, proved):
            fire_bars(found, record, met)
            found.oblige(ObligationKind.HEAD_DECIDES, record, lapses=False)
        return
    if prevailing in GONE_STATES or not shown:
        found.outcomes.add(Outcome.GONE)
        found.suppressed += 1
        return
    for bar, why in met.refused:
        found.refuse(bar, why, record)
    if contradicts:
        found.reason(Outcome.UNAVAILABLE, "clock-never-stops", Why.CONTRADICTORY, record)
        return
    if listed is None or not _usable(found, record, listed):
        if listed is None:
            found.refuse("listed-basis-only", Why.UNCLASSIFIED, record)
        return
    _listed(found, record, listed, prevailing)


def _listed(found: PartyTally, record: CreditRecord, listed: ListPlan, state: RecordState) -> None:
    severity = effective_severity(record, listed)
    found.adverse.append(record)
    if _suspended(found, record, state):
        return
    if (record.rectified or found.party.restructured_on is not None) and _lenient(found, record, severity):
        return
    if severity is Severity.SERIOUS and not record.document_no:
        severity = Severity.GENERAL
        found.refuse("underlying-decision", Why.NO_UNDERLYING_DECISION, record)
    outcome = listed_effect(found, record, listed, severity)
    if outcome is Outcome.LISTED_MEASURE:
        found.oblige(ObligationKind.HEAD_DECIDES, record, lapses=False)
    elif outcome is Outcome.SEVERE:
        found.oblige(ObligationKind.SECTION_CONFIRMS, record, lapses=True)


def _usable(found: PartyTally, record: CreditRecord, listed: ListPlan) -> bool:
    plan, on, region = found.whole.plan, found.whole.on, found.whole.case.region
    if listed.severity is Severity.GOOD:
        why = Why.CONTRADICTORY
    elif not listed.usable:
        why = Why.REFERENCE_ONLY
    elif not (plan.covers(listed.scope, region, on) and plan.covers(record.scope, region, on)):
        why = Why.OUT_OF_SCOPE
    else:
        return True
    found.refuse(listed.code, why, record)
    return False


def _suspended(found: PartyTally, record: CreditRecord, state: RecordState) -> bool:
    """Whether doubt about the person or an open dispute keeps the row from having any effect."""
    if record.match is not MatchGrade.EXACT:
        found.reason(Outcome.AMBIGUOUS, "identity-by-number", Why.POSSIBLE_MATCH, record)
        found.oblige(ObligationKind.TWO_CONFIRM_IDENTITY, record, lapses=True)
        return True
    if state is RecordState.DISPUTED:
        found.reason(Outcome.DISPUTED, "dispute-suspends", Why.DISPUTED, record)
        return True
    return False


def _lenient(found: PartyTally, record: CreditRecord, severity: Severity) -> bool:
    """Whether a leniency takes the effect of the list away; the record still breaks "no bad record" (L-06, L-16)."""
    party, whole = found.party, found.whole
    for rule in whole.plan.leniencies:
        if not whole.plan.covers(rule.scope, whole.case.region, whole.on):
            continue
        why: Why | None = None
        if rule.kind == "restructured":
            approved = party.restructured_on
            if approved is not None and party.restructuring_ruling and record.decided_on <= approved <= whole.on:
                why = Why.RESTRUCTURED
        elif rule.kind == "minor_corrected" and severity is Severity.MINOR and record.rectified:
            why = Why.MINOR_CORRECTED
        if why is not None:
            found.blemished = True
            found.refuse(rule.id, why, record)
            return True
    return False


def note_first_minor(found: PartyTally) -> None:
    """Say that sanctions may be waived where the party's only record is a first, corrected one (L-06 art. 67)."""
    if Outcome.GENERAL not in found.outcomes or len(found.adverse) != 1:
        return
    (record,) = found.adverse
    if record.severity not in (Severity.MINOR, Severity.GENERAL):
        return
    whole = found.whole
    for rule in whole.plan.leniencies:
        # A record that is gone is absent here too: it makes no later one a repetition (R-40, L-17).
        if (
            rule.kind == "first_minor"
            and record.rectified
            and whole.plan.covers(rule.scope, whole.case.region, whole.on)
        ):
            found.note(Outcome.GENERAL, rule.id, Why.FIRST_MINOR, record)
            return


def _good(found: PartyTally, record: CreditRecord, listed: ListPlan | None) -> None:
    whole = found.whole
    plan, region, on = whole.plan, whole.case.region, whole.on
    if (
        listed is not None
        and listed.severity is Severity.GOOD
        and listed.sound_good
        and record.match is MatchGrade.EXACT
        and record.state is RecordState.ACTIVE
        and record.decided_on <= on
        and (record.valid_until is None or not whole.past(record.valid_until))
        and (record.display_until is None or not whole.past(record.display_until))
        and plan.covers(listed.scope, region, on)
        and plan.covers(record.scope, region, on)
        and found.is_applicant
    ):
        found.good.append(record)
