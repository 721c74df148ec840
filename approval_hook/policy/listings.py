"""The list engine: what an entry on a known list with a valid basis may cause for this matter and role."""

from __future__ import annotations

from datetime import date

from approval_hook.policy.decision import FiredMeasure, Outcome, Why
from approval_hook.policy.findings import MILDNESS, PartyTally
from approval_hook.policy.plan import NO_REACH, ListPlan, MeasurePlan
from approval_hook.policy.records import CreditRecord, Severity


def effective_severity(record: CreditRecord, listed: ListPlan) -> Severity:
    """The milder of the severities of list and row, so that a source cannot raise a list."""
    return record.severity if MILDNESS[record.severity] < MILDNESS[listed.severity] else listed.severity


def listed_effect(found: PartyTally, record: CreditRecord, listed: ListPlan, severity: Severity) -> Outcome:
    """Propose what a usable, undisputed row causes by its list, and say which class that is.

    Source: domain facts 5.1 (O-05 to O-08); L-01, R-19, R-23, R-25.
    """
    if severity is Severity.SERIOUS:
        outcome = _fire_measures(found, record, listed)
        if outcome is Outcome.LISTED_MEASURE:
            found.reason(outcome, listed.code, Why.LISTED_MEASURE, record)
            return outcome
        if outcome is not None:
            found.reason(outcome, listed.code, Why.STRICTER_REVIEW, record)
            return outcome
    if not found.is_applicant:
        found.reason(Outcome.RELATED, listed.code, Why.RELATED, record, severity)
        found.refuse("related-persons-by-law", Why.RELATED, record)
        return Outcome.RELATED
    if severity is Severity.SERIOUS:
        found.reason(Outcome.SEVERE, listed.code, Why.SEVERE, record, severity)
        return Outcome.SEVERE
    found.reason(Outcome.GENERAL, listed.code, Why.GENERAL, record, severity)
    return Outcome.GENERAL


def _fire_measures(found: PartyTally, record: CreditRecord, listed: ListPlan) -> Outcome | None:
    """Propose the measures of the list that reach matter, day, kind and role; say why the others do not."""
    party, on, measures = found.party, found.whole.on, found.whole.measures
    reach = listed.reach.get((party.role, party.kind), NO_REACH)
    for why, rules in reach.refused:
        found.refuse_all(rules, why, record)
    fitting = []
    for measure in reach.measures:
        if not measure.valid_from <= on <= measure.valid_to:
            found.refuse(measure.id, Why.NOT_IN_FORCE, record)
            continue
        if measure.scopes and not found.whole.plan.covers_all(measure.scopes, found.whole.case.region, on):
            found.refuse(measure.id, Why.OUT_OF_SCOPE, record)
            continue
        fitting.append(measure)
    if not fitting:
        return None
    if not found.is_applicant and found.has_left(record):
        found.refuse_all(tuple([m.id for m in fitting]), Why.LEFT_ROLE, record)
        return None
    outcome = Outcome.SEVERE
    for measure in fitting:
        if measure.limits_entry:
            outcome = Outcome.LISTED_MEASURE
        measures.append(
            FiredMeasure(
                measure.id,
                "sanction",
                measure.effect,
                measure.force,
                measure.may_refuse,
                party.ref,
                record.source,
                record.record_id,
                _earlier(record.display_until, measure),
            )
        )
    return outcome


def _earlier(display_until: date | None, measure: MeasurePlan) -> date | None:
    ends = measure.ends
    if display_until is None or ends is None:
        return display_until or ends
    return min(display_until, ends)
