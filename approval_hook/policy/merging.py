"""Several sources about one record: one spelling of its document, and where the sources contradict each other.

Which source prevails is decided in ``reconcile``, by the order of ``status_authority`` (L-17). It compares document
numbers as they are written, and sources write the same number with other brackets, widths and blanks; here they get
one spelling before anything is evaluated, so that a repair is not missed for a bracket. Contradictions change no
outcome: they are told to the clerk and kept.

Pure, like everything in this package. Source: L-17, domain facts 3.7 and 4.2.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from approval_hook.policy.plan import OWN_REGISTER
from approval_hook.policy.reconcile import Row, latest_reports, rows_of
from approval_hook.policy.records import CreditRecord, CreditReport, MatchGrade, QueryStatus, RecordState, Severity

_BRACKETS = str.maketrans(dict.fromkeys("〔［[【〈《{（", "(") | dict.fromkeys("〕］]】〉》}）", ")"))
_Key = tuple[str, str]


class Said(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """What one source says; ``state`` is a record state, "none" for no record, "other-name" or "same-name"."""

    source: str
    state: str


class Conflict(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Sources that contradict each other about one party. It names no document: one of them may be repaired."""

    kind: Literal["state", "one-sided", "name"]
    party: str  # PartyView.ref
    list_type: str  # of the record; empty for a name
    said: tuple[Said, ...]  # the strongest source first
    prevails: str  # the source whose word counts; empty where none has precedence


def written_alike(document_no: str) -> str:
    """A document number without what differs only in how it is written."""
    folded = unicodedata.normalize("NFKC", document_no).translate(_BRACKETS)
    return "".join(folded.split()).upper()


def one_spelling(reports: Sequence[CreditReport]) -> Sequence[CreditReport]:
    """The same reports, each document number of a party in the spelling that sorts first of those given for it."""
    spellings: dict[_Key, set[str]] = defaultdict(set)
    for report in reports:
        for record in report.records:
            if record.document_no:
                spellings[report.party, written_alike(record.document_no)].add(record.document_no)
    if all(len(known) < 2 for known in spellings.values()):
        return reports

    def spelt(party: str, record: CreditRecord) -> CreditRecord:
        if not record.document_no:
            return record
        return replace(record, document_no=min(spellings[party, written_alike(record.document_no)]))

    return [replace(r, records=tuple([spelt(r.party, record) for record in r.records])) for r in reports]


def find_conflicts(reports: Sequence[CreditReport], authority: Sequence[str]) -> tuple[Conflict, ...]:
    """Where the latest answers about one party contradict each other.

    Args:
        reports: of any parties, in any order.
        authority: sources whose record state prevails, the strongest first.

    Returns:
        In an order that does not depend on how they were given; empty when the sources agree.
    """
    if len(reports) < 2:
        return ()
    found: list[Conflict] = []
    rank = {source: place for place, source in enumerate(authority)}
    for party, by_source in sorted(latest_reports(one_spelling(reports)).items()):
        answered = [r for r in by_source.values() if r.status in (QueryStatus.OK, QueryStatus.PARTIAL)]
        mine = sorted(answered, key=lambda report: (rank.get(report.source, len(rank)), report.source))
        if len(mine) > 1:
            found += _states(party, mine, rank)
            found += _one_sided(party, mine, rank)
            found += _names(party, mine)
    return tuple(found)


def _states(party: str, reports: Sequence[CreditReport], rank: dict[str, int]) -> list[Conflict]:
    by_document: dict[_Key, dict[str, RecordState]] = defaultdict(dict)
    for source, record in _adverse(reports):
        if record.document_no:
            by_document[record.list_type, written_alike(record.document_no)].setdefault(source, record.state)
    order = {report.source: place for place, report in enumerate(reports)}
    found = []
    for (list_type, _), states in sorted(by_document.items()):
        if len(set(states.values())) > 1:
            said = [Said(source, states[source].value) for source in sorted(states, key=order.__getitem__)]
            prevails = said[0].source if said[0].source in rank else ""
            found.append(Conflict("state", party, list_type, tuple(said), prevails))
    return found


def _one_sided(party: str, reports: Sequence[CreditReport], rank: dict[str, int]) -> list[Conflict]:
    """A source with an active record, and a stronger one that answered in full and holds nothing adverse at all."""
    rows = _adverse(reports)
    hits = {(source, r.list_type) for source, r in rows if r.state is RecordState.ACTIVE}
    telling = {source for source, _ in rows}
    found = []
    for source, list_type in sorted(hits):
        above = [
            Said(r.source, "none")
            for r in reports
            if r.status is QueryStatus.OK
            and r.source in rank
            and rank[r.source] < rank.get(source, len(rank))
            and r.source not in telling
        ]
        if above and source != OWN_REGISTER:
            found.append(Conflict("one-sided", party, list_type, (*above, Said(source, RecordState.ACTIVE.value)), ""))
    return found


def _names(party: str, reports: Sequence[CreditReport]) -> list[Conflict]:
    said = [
        Said(r.source, "other-name" if r.registered_name_differs else "same-name")
        for r in reports
        if r.status is QueryStatus.OK and r.source != OWN_REGISTER
    ]
    differ = len({one.state for one in said}) > 1
    return [Conflict("name", party, "", tuple(said), "")] if differ else []


def _adverse(reports: Sequence[CreditReport]) -> list[Row]:
    """Rows that are surely about the party and are no good news."""
    return [
        (source, record)
        for source, record in rows_of(reports)
        if record.match is MatchGrade.EXACT and record.severity is not Severity.GOOD
    ]
