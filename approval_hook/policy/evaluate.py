"""The decision point: facts, reports and rules in; one decision out.

Pure: no clock, no settings, no randomness. The same inputs in any order give the same value.

Source: domain facts 5.1, 5.2, 5.4 and L-01 to L-21.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from approval_hook.errors import CaseInvalid
from approval_hook.policy.assess import assess_record, note_first_minor
from approval_hook.policy.case import CaseView, PartyView, Role
from approval_hook.policy.decision import (
    Channel,
    Decision,
    ObligationKind,
    Outcome,
    PartyOutcome,
    Reason,
    Why,
)
from approval_hook.policy.findings import RANK, PartyTally, Tally
from approval_hook.policy.incentives import grant_good_credit, tolerated
from approval_hook.policy.plan import Granted, MatterPlan
from approval_hook.policy.reconcile import Prevailing, latest_reports, prevailing_states, rows_of, state_of
from approval_hook.policy.records import NOT_ASKED_REASONS, CreditReport, QueryStatus
from approval_hook.policy.workdays import DueDate, WorkCalendar, add_workdays

if TYPE_CHECKING:
    from approval_hook.policy.catalogue import RuleSet

_APPLICANT = Role.APPLICANT
_ROLE_RANK = {role: rank for rank, role in enumerate(Role)}
#: Channels by what any party has, the first that holds: a milder headline never hides what else was found.
_CHANNELS = (
    (Outcome.BARRED, Channel.RESTRICTED),
    (Outcome.LISTED_MEASURE, Channel.RESTRICTED),
    (Outcome.AMBIGUOUS, Channel.UNDETERMINED),
    (Outcome.UNAVAILABLE, Channel.UNDETERMINED),
    (Outcome.SEVERE, Channel.STRICT),
)
_UNAVAILABLE = Outcome.UNAVAILABLE
_ORDINARY = Outcome.ORDINARY
_OK = QueryStatus.OK
#: Statuses under which rows count: what a partial answer did say may be true, what a refusal carries along is nothing.
_WITH_ROWS = frozenset({QueryStatus.OK, QueryStatus.PARTIAL})
#: Reasons that say more than the status.
_TOLD_REASONS = NOT_ASKED_REASONS | {"unknown-subject"}
_NO_REPORTS: Mapping[str, CreditReport] = {}
_NOTHING_PREVAILS: Prevailing = {}
_ONLY_GONE = {Outcome.GONE}


def evaluate(
    case: CaseView, reports: Sequence[CreditReport], rules: RuleSet, on: date, calendar: WorkCalendar
) -> Decision:
    """Decide what the credit reports mean for this case.

    Args:
        case: facts without identifiers.
        reports: answers of any source about any party, in any order; of several answers of one
            source about one party the latest counts.
        rules: the rule set in force.
        on: today in China.
        calendar: working days, for the due date.

    Returns:
        A proposal with its reasons. Nothing in it is executed: people discharge its obligations.

    Raises:
        CaseInvalid: the matter is not configured, or the case has not exactly one applicant; it must not
            go on unchecked.
    """
    plan = rules.plan(case.matter)
    parties = _in_order(case.parties)
    due, settled = _due(case, plan, calendar)
    due_on = due.on if settled else None
    whole = Tally(case, plan, rules.conventions, on, due_on)
    latest = latest_reports(reports)
    exemption = rules.exemption(case.exemption)
    exempt = exemption is not None and exemption.covers(case.matter, case.region, on)
    found = []
    for party in parties:
        one = PartyTally(whole, party, None if exempt else plan.ground_for(party, case.region, on))
        mine = latest.get(party.ref, _NO_REPORTS)
        if exempt:
            one.note(_ORDINARY, case.exemption, Why.EXEMPTED)
        elif one.granted is None:
            _not_asked(one, mine)
        else:
            _assess(one, one.granted, mine, rules.status_authority)
        found.append(one)
    good = grant_good_credit(whole, found)
    headline = found[0].outcome
    suppressed = found[0].suppressed
    if len(found) > 1:
        headline = min((one.outcome for one in found), key=RANK.__getitem__)
        suppressed = _once_for_each_subject(whole, found)
    complete = _UNAVAILABLE not in whole.outcomes
    return Decision(
        outcome=headline,
        channel=_channel(whole, good=good),
        on=on,
        rules_revision=rules.revision,
        parties=tuple([_party_outcome(one) for one in found]),
        reasons=tuple(whole.reasons),
        measures=tuple(whole.measures),
        obligations=tuple(whole.obligations),
        refused=tuple(whole.refused),
        tolerated=tolerated(whole, due, calendar, rules.supplement_buffer_days),
        suppressed=suppressed,
        complete=complete,
        recheck_owed=not complete,
        due_on=due_on,
        due_provisional=settled and due.provisional,
    )


def _once_for_each_subject(whole: Tally, found: Sequence[PartyTally]) -> int:
    """One subject in two roles has its rows counted once, and says the same things once."""
    suppressed = {one.party.ref: 0 for one in found}
    for one in found:
        suppressed[one.party.ref] = max(suppressed[one.party.ref], one.suppressed)
    if len(suppressed) < len(found):
        whole.reasons = list(dict.fromkeys(whole.reasons))
        whole.measures = list(dict.fromkeys(whole.measures))
        whole.obligations = list(dict.fromkeys(whole.obligations))
        whole.refused = list(dict.fromkeys(whole.refused))
    return sum(suppressed.values())


def _in_order(parties: Sequence[PartyView]) -> Sequence[PartyView]:
    """Each party once, the applicant first, in an order that does not depend on how they were given.

    Raises:
        CaseInvalid: there is not exactly one applicant.
    """
    if len(parties) > 1:
        by_key = {(_ROLE_RANK[party.role], party.ref): party for party in parties}
        if len(by_key) == len(parties):
            parties = [by_key[key] for key in sorted(by_key)]
        else:
            parties = sorted(set(parties), key=lambda party: (_ROLE_RANK[party.role], party.ref, repr(party)))
    if not parties or parties[0].role is not _APPLICANT or (len(parties) > 1 and parties[1].role is _APPLICANT):
        raise CaseInvalid("申请人", "案件须有且只有一个申请人。", "请核对申请主体后重新提交核查。")
    return parties


def _party_outcome(found: PartyTally) -> PartyOutcome:
    party, granted = found.party, found.granted
    return PartyOutcome(
        party.ref,
        party.role,
        found.outcome,
        granted is not None,
        granted.id if granted is not None else "",
        found.suppressed,
    )


def _assess(found: PartyTally, granted: Granted, mine: Mapping[str, CreditReport], authority: Sequence[str]) -> None:
    """Look at everything that was answered about one party."""
    usable = []
    for source in granted.sources:
        report = mine.get(source)
        if report is not None:
            if report.registered_name_differs:
                _doubt(found, source, Why.NAME_DIFFERS)
            if report.records and report.status in _WITH_ROWS:
                usable.append(report)
            if report.status is _OK:
                continue
        if source in granted.required:
            _doubt(found, source, Why.SOURCE_INCOMPLETE, _how(report))
    for source in sorted(mine.keys() - granted.sources):
        if mine[source].registered_name_differs:
            _doubt(found, source, Why.NAME_DIFFERS)
        found.refuse("listed-basis-only", Why.SOURCE_NOT_CONFIGURED, source=source)
    if usable:
        rows = rows_of(usable)
        prevailing = prevailing_states(authority, rows) if len(rows) > 1 else _NOTHING_PREVAILS
        for source, record in rows:
            assess_record(found, record, proof_source=source, prevailing=state_of(record, prevailing))
        note_first_minor(found)
    outcomes = found.outcomes
    if _UNAVAILABLE in outcomes:
        found.oblige(ObligationKind.SUPERVISOR_RELEASES, lapses=True)
        return
    found.answered = True
    if not outcomes or outcomes == _ONLY_GONE:
        why = Why.NOTHING_FOUND if granted.full else Why.ONLY_BARS_CHECKED
        found.note(_ORDINARY, "accept-and-decide-by-conditions", why, detail=granted.id)
        if outcomes:
            found.note(Outcome.GONE, "gone-is-absent", Why.GONE)


def _doubt(found: PartyTally, source: str, why: Why, detail: str = "") -> None:
    """Note that a source leaves something untold."""
    found.outcomes.add(_UNAVAILABLE)
    found.whole.outcomes.add(_UNAVAILABLE)
    found.whole.reasons.append(Reason(_UNAVAILABLE, found.party.ref, source, "", "clock-never-stops", why, detail))


def _how(report: CreditReport | None) -> str:
    """In which way a source did not answer in full."""
    if report is None:
        return ""
    return report.reason if report.reason in _TOLD_REASONS else report.status


def _not_asked(found: PartyTally, mine: Mapping[str, CreditReport]) -> None:
    party = found.party
    if party.role is Role.AGENT:
        why = Why.AGENT
    elif party.role not in found.whole.plan.queried:
        why = Why.ROLE_NOT_CHECKED
    elif not party.identified:
        why = Why.NO_NUMBER
    else:
        why = Why.NO_GROUND
    found.note(Outcome.ORDINARY, "ask-only-with-ground", why)
    if any(report.records for report in mine.values()):
        found.refuse("ask-only-with-ground", Why.ROWS_WITHOUT_GROUND)


def _channel(whole: Tally, *, good: bool) -> Channel:
    if good:
        return Channel.GREEN if any(m.effect == "green_channel" for m in whole.measures) else Channel.ORDINARY
    if whole.outcomes:
        for outcome, channel in _CHANNELS:
            if outcome in whole.outcomes:
                return channel
    return Channel.ORDINARY


def _due(case: CaseView, plan: MatterPlan, calendar: WorkCalendar) -> tuple[DueDate, bool]:
    """The decision date, and whether it is settled: before acceptance it is only what it would be."""
    if case.due_on is not None:
        return DueDate(case.due_on, provisional=case.due_on > calendar.published_until), True
    start = case.accepted_on or case.filed_on
    if plan.due_in_workdays:
        due = add_workdays(start, plan.due_days, calendar)
    else:
        day = start + timedelta(days=plan.due_days)
        due = DueDate(day, provisional=day > calendar.published_until)
    return due, case.accepted_on is not None
