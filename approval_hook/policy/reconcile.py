"""Which of several answers counts: the latest of a source, and the strongest source about one entry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from msgspec.structs import replace

from approval_hook.policy.findings import GONE_STATES
from approval_hook.policy.records import CreditRecord, CreditReport, MatchGrade, RecordState

#: By list type and document number: rank of the source and the state it reports.
Prevailing = dict[tuple[str, str], tuple[int, RecordState]]
#: A row with the source of the report that carried it.
Row = tuple[str, CreditRecord]

#: From most to least favourable to the subject.
_FAVOUR = {
    RecordState.CORRECTED: 0,
    RecordState.REMOVED: 1,
    RecordState.REPAIRED: 2,
    RecordState.DISPUTED: 3,
    RecordState.ACTIVE: 4,
}
_encode = msgspec.json.Encoder(order="sorted").encode


def latest_reports(reports: Iterable[CreditReport]) -> dict[str, dict[str, CreditReport]]:
    """The latest report of each source, by party and source."""
    by_party: dict[str, dict[str, CreditReport]] = {}
    for report in reports:
        mine = by_party.get(report.party)
        if mine is None:
            by_party[report.party] = {report.source: report}
            continue
        other = mine.get(report.source)
        mine[report.source] = report if other is None else max(other, report, key=_report_key)
    return by_party


def _report_key(report: CreditReport) -> tuple[object, ...]:
    # The order of rows inside a report carries no meaning and must not break the tie.
    sorted_rows = replace(report, records=tuple(sorted(report.records, key=_encode)))
    return report.answered_at, report.asked_at, _encode(sorted_rows)


def rows_of(reports: Iterable[CreditReport]) -> list[Row]:
    """Every row once, in an order that does not depend on how it was given."""
    rows = [
        (report.source, _doubted(record) if report.registered_name_differs else record)
        for report in reports
        for record in report.records
    ]
    if len(rows) < 2:
        return rows
    by_name = {(source, record.record_id): (source, record) for source, record in rows}
    if len(by_name) < len(rows):
        # One source used a number twice: only the whole content tells such rows apart.
        by_content = {(source, record.record_id, _encode(record)): (source, record) for source, record in rows}
        return [by_content[key] for key in sorted(by_content)]
    return [by_name[key] for key in sorted(by_name)]


def _doubted(record: CreditRecord) -> CreditRecord:
    # The code is valid but registered under another name: its rows may be somebody else's.
    return replace(record, match=MatchGrade.POSSIBLE) if record.match is MatchGrade.EXACT else record


def prevailing_states(authority: Sequence[str], rows: Iterable[Row]) -> Prevailing:
    """State of a listed decision at the strongest source that reports it (L-17)."""
    found: Prevailing = {}
    for _, record in rows:
        if record.match is not MatchGrade.EXACT or not record.document_no or record.source not in authority:
            continue
        candidate = (authority.index(record.source), record.state)
        key = (record.list_type, record.document_no)
        # Two rows of one source: the state that favours the subject, so that order does not matter.
        known = found.get(key)
        if known is None or (candidate[0], _FAVOUR[candidate[1]]) < (known[0], _FAVOUR[known[1]]):
            found[key] = candidate
    return found


def state_of(record: CreditRecord, prevailing: Prevailing) -> RecordState:
    """State of a row after the strongest source has spoken; a row already gone stays gone."""
    if record.state in GONE_STATES or record.match is not MatchGrade.EXACT:
        return record.state
    winner = prevailing.get((record.list_type, record.document_no))
    return record.state if winner is None or winner[1] is RecordState.ACTIVE else winner[1]
