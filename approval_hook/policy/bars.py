"""The bar engine: facts for which the law itself closes a licence for a time.

It is separate from display periods: a record may have left public display while a bar runs on,
and is then proved by the decision in the organ's own register.
"""

from __future__ import annotations

from typing import Literal

from approval_hook.policy.case import PartyView, Role
from approval_hook.policy.decision import FiredMeasure, Outcome, RefusedEffect
from approval_hook.policy.findings import (
    GONE_STATES,
    Context,
    Finding,
    citations_of,
    has_left,
    reason_for,
    refuse,
    whose,
)
from approval_hook.policy.periods import add_years
from approval_hook.policy.records import CreditRecord
from approval_hook.policy.rules import Bar
from approval_hook.policy.subjects import SubjectKind

Proof = Literal["own_register", "platform"]


def statutory_bars(
    ctx: Context, party: PartyView, record: CreditRecord, *, proof: Proof, shown: bool
) -> tuple[Finding | None, tuple[RefusedEffect, ...]]:
    """Bars of law that the facts of a row meet, and why others do not hold.

    Args:
        ctx: case, matter, rules and day.
        party: the party the row is about.
        record: the row.
        proof: where it comes from; the organ's own register outlives public display.
        shown: whether the row may still be displayed and used.

    Returns:
        The finding of the bars that hold (``None``: no bar holds), and refused effects.

    Source: domain facts 2.1; 行政许可法 第七十八条, 第七十九条; 食品安全法 第一百三十五条.
    """
    if not record.event or record.state in GONE_STATES:
        return None, ()
    if proof == "platform" and not shown:
        return None, ()
    found = Finding()
    for bar in ctx.rules.bars_for(ctx.matter.code, record.event, record.domain):
        until = None if bar.period_years is None else add_years(record.decided_on, bar.period_years)
        if until is not None and ctx.on > until:
            continue
        why_not = _bar_obstacle(ctx, party, record, bar, proof=proof)
        if why_not is not None:
            found += refuse(bar.id, party, record, *why_not)
            continue
        citations = citations_of(bar.basis)
        found += Finding(
            outcomes=(Outcome.BARRED,),
            reasons=(
                reason_for(
                    bar.id,
                    Outcome.BARRED,
                    party,
                    record,
                    f"{bar.title}：{whose(party)}的记录“{record.title}”符合该法定限制，是否适用由负责人决定。",
                    f"{bar.title_en}: the record meets this statutory bar; the head decides whether it applies.",
                    citations,
                ),
            ),
            measures=(
                FiredMeasure(
                    bar.id,
                    bar.title,
                    "bar",
                    "mandatory",
                    bar.may_refuse,
                    party.ref,
                    record.record_id,
                    until,
                    citations,
                ),
            ),
        )
    if found.outcomes:
        return found, ()
    return None, found.refused


def _bar_obstacle(
    ctx: Context, party: PartyView, record: CreditRecord, bar: Bar, *, proof: Proof
) -> tuple[str, str] | None:
    if not all(b.carries_adverse for b in bar.basis):
        return "依据未核实，不得据以限制。", "The basis is not verified and can burden nobody."
    if proof not in bar.proofs:
        return (
            "该限制须以本机关登记的处罚决定为证，平台记录不足。",
            "This bar needs proof in the organ's own register.",
        )
    if not record.document_no:
        return "缺少决定文书号，不得据以限制。", "No underlying decision is named, so it carries no bar."
    if party.role not in bar.roles:
        return (
            "依据未列明该角色，不影响申请人。",
            "The basis does not name this role; the applicant is not burdened.",
        )
    if party.role is not Role.APPLICANT and has_left(party, record, ctx.case):
        return (
            "该人在决定作出前或申请前已离任，依据不及于此人。",
            "The person had left the role; the basis does not reach.",
        )
    needs_role = bool(bar.roles_then) and party.kind is SubjectKind.PERSON and party.role is not Role.APPLICANT
    if needs_role and record.role_then not in bar.roles_then:
        if not record.role_then and party.since is not None and party.since > record.decided_on:
            return (
                "该人任职晚于决定作出，且记录未载明其当时职务，依据不及于此人。",
                "The person took the role after the decision and no earlier role is recorded.",
            )
        return (
            "记录未载明该人当时属于依据列明的责任人员，依据不及于此人。",
            "The record does not show that the person held a responsible role then.",
        )
    return None
