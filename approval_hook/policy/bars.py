"""The bar engine: facts for which the law itself closes a licence for a time.

It is separate from display periods: a record may have left public display while a bar runs on,
and is then proved by the decision in the organ's own register.
"""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from approval_hook.policy.decision import FiredMeasure, Outcome, Why
from approval_hook.policy.findings import PartyTally
from approval_hook.policy.periods import add_years
from approval_hook.policy.plan import BarPlan
from approval_hook.policy.records import CreditRecord
from approval_hook.policy.subjects import SubjectKind


class BarsMet(Struct, frozen=True, gc=False):
    """Bars that the facts of a row meet, and those that do not hold with the reason."""

    holding: tuple[tuple[BarPlan, date | None], ...]  # with their last day
    refused: tuple[tuple[str, Why], ...]


NO_BARS = BarsMet((), ())


def statutory_bars(found: PartyTally, record: CreditRecord, *, proof: str, shown: bool) -> BarsMet:
    """Bars of law that the facts of a row meet, and why others do not hold.

    Args:
        found: the party the row is about.
        record: the row, not gone at its own source.
        proof: "own_register" or "platform"; the organ's own register outlives public display.
        shown: whether the row may still be displayed and used.

    Source: domain facts 2.1; 行政许可法 第七十八条, 第七十九条; 食品安全法 第一百三十五条.
    """
    bars = found.whole.plan.bars.get((record.event, record.domain), ())
    if not bars or (proof == "platform" and not shown):
        return NO_BARS
    holding: list[tuple[BarPlan, date | None]] = []
    refused: list[tuple[str, Why]] = []
    for bar in bars:
        until = None if bar.period_years is None else add_years(record.decided_on, bar.period_years)
        if until is not None and found.whole.past(until):
            continue
        why = _obstacle(found, record, bar, proof)
        if why is None:
            holding.append((bar, until))
        else:
            refused.append((bar.id, why))
    return BarsMet(tuple(holding), tuple(refused))


def fire_bars(found: PartyTally, record: CreditRecord, met: BarsMet) -> None:
    """Propose the bars that hold; the head decides whether they apply."""
    for bar, until in met.holding:
        found.reason(Outcome.BARRED, bar.id, Why.BARRED, record)
        found.whole.measures.append(
            FiredMeasure(
                bar.id,
                "bar",
                "limit_entry",
                "mandatory",
                bar.may_refuse,
                found.party.ref,
                record.source,
                record.record_id,
                until,
            )
        )


def _obstacle(found: PartyTally, record: CreditRecord, bar: BarPlan, proof: str) -> Why | None:
    party = found.party
    if not bar.lawful:
        return Why.BASIS_UNVERIFIED
    if bar.scopes and not found.whole.plan.covers_all(bar.scopes, found.whole.case.region, found.whole.on):
        return Why.OUT_OF_SCOPE
    if proof not in bar.proofs:
        return Why.NEEDS_OWN_REGISTER
    if not record.document_no:
        return Why.NO_UNDERLYING_DECISION
    if party.role not in bar.roles:
        return Why.ROLE_NOT_NAMED
    if found.is_applicant:
        return None
    if found.has_left(record):
        return Why.LEFT_ROLE
    if bar.roles_then and party.kind is SubjectKind.PERSON and record.role_then not in bar.roles_then:
        if not record.role_then and party.since is not None and party.since > record.decided_on:
            return Why.JOINED_LATER
        return Why.ROLE_THEN_UNKNOWN
    return None
