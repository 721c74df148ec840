"""Which of several answers counts: the latest of a source, and the strongest source about one entry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from approval_hook.policy.catalogue import RuleSet
from approval_hook.policy.findings import GONE_STATES
from approval_hook.policy.receipt import canonical_bytes, reports_to_json
from approval_hook.policy.records import CreditRecord, CreditReport, MatchGrade, RecordState

#: By list type and document number: rank of the source and the state it reports.
Prevailing = dict[tuple[str, str], tuple[int, RecordState]]

#: From most to least favourable to the subject.
_FAVOUR = (
    RecordState.CORRECTED,
    RecordState.REMOVED,
    RecordState.REPAIRED,
    RecordState.DISPUTED,
    RecordState.ACTIVE,
)


def latest_reports(reports: Iterable[CreditReport]) -> dict[str, tuple[CreditReport, ...]]:
    """The latest report of each source, by party."""
    groups: dict[tuple[str, str], set[CreditReport]] = {}
    for report in reports:
        groups.setdefault((report.party, report.source), set()).add(report)
    by_party: dict[str, tuple[CreditReport, ...]] = {}
    for party, source in sorted(groups):
        newest = max(groups[party, source], key=_report_key) if len(groups[party, source]) > 1 else None
        chosen = newest or next(iter(groups[party, source]))
        by_party[party] = (*by_party.get(party, ()), chosen)
    return by_party


def _report_key(report: CreditReport) -> tuple[object, ...]:
    # The order of rows inside a report carries no meaning and must not break the tie.
    sorted_rows = replace(report, records=tuple(sorted(report.records, key=repr)))
    return report.answered_at, report.asked_at, canonical_bytes(reports_to_json([sorted_rows]))


def prevailing_states(
    rules: RuleSet, records: Iterable[CreditRecord]
) -> dict[tuple[str, str], tuple[int, RecordState]]:
    """State of a listed decision at the strongest source that reports it (L-17)."""
    found: Prevailing = {}
    for record in records:
        if record.match is not MatchGrade.EXACT or not record.document_no:
            continue
        if record.source not in rules.status_authority:
            continue
        candidate = (rules.status_authority.index(record.source), record.state)
        key = (record.list_type, record.document_no)
        # Two rows of one source: the state that favours the subject, so that order does not matter.
        found[key] = min(found.get(key, candidate), candidate, key=lambda c: (c[0], _FAVOUR.index(c[1])))
    return found


def state_of(record: CreditRecord, prevailing: Prevailing) -> RecordState:
    """State of a row after the strongest source has spoken; a row already gone stays gone."""
    winner = prevailing.get((record.list_type, record.document_no))
    if winner is None or record.match is not MatchGrade.EXACT or record.state in GONE_STATES:
        return record.state
    return record.state if winner[1] is RecordState.ACTIVE else winner[1]
