"""What good credit adds, and which missing materials may follow later.

Source: 133/(四), 442/23 (two routes, incentives); R-14 (three years); L-08 (quota); L-10 (容缺 for everyone).
"""

from __future__ import annotations

from approval_hook.policy.assess import ADULT_YEARS, is_minor
from approval_hook.policy.case import PartyView, Role
from approval_hook.policy.catalogue import due_date
from approval_hook.policy.decision import FiredMeasure, Outcome, Reason, RefusedEffect, ToleratedMaterial
from approval_hook.policy.findings import Context, Finding
from approval_hook.policy.periods import add_years
from approval_hook.policy.records import CreditRecord
from approval_hook.policy.rules import GoodCreditRoute
from approval_hook.policy.subjects import SubjectKind
from approval_hook.policy.workdays import DueDate, WorkCalendar, add_workdays


def good_credit(ctx: Context, party: PartyView, red_list: tuple[CreditRecord, ...]) -> Finding | None:
    """Reasons and incentives for an applicant about whom nothing adverse or doubtful was found.

    Args:
        ctx: case, matter, rules and day.
        party: the applicant.
        red_list: valid red-list entries of the applicant.

    Returns:
        What good credit adds, or ``None`` when neither route is met.
    """
    met = [
        (route, record)
        for route in ctx.rules.good_credit_routes
        for record in _route_proofs(ctx, party, red_list, route)
    ]
    if not met:
        return None
    extra = Finding()
    for route, record in met:
        extra += Finding(reasons=(_route_reason(party, route, record),))
    for measure in ctx.rules.incentives_for(ctx.matter.code):
        if not measure.valid_on(ctx.on) or Role.APPLICANT not in measure.roles:
            continue
        if measure.effect == "green_channel" and ctx.matter.quota_limited:
            extra += Finding(
                refused=(
                    RefusedEffect(
                        "order-of-acceptance",
                        party.ref,
                        "",
                        "本事项有数量限制，按受理先后顺序决定，不适用绿色通道优先。",
                        "The licence is limited in number and decided in order of acceptance; no priority applies.",
                    ),
                )
            )
            continue
        fired = FiredMeasure(
            measure.id,
            measure.title,
            "incentive",
            ctx.matter.incentive_force,
            False,
            party.ref,
            "",
            measure.valid_to,
            tuple(b.citation() for b in measure.basis),
        )
        extra += Finding(measures=(fired,))
    return extra


def _route_proofs(
    ctx: Context, party: PartyView, red_list: tuple[CreditRecord, ...], route: GoodCreditRoute
) -> tuple[CreditRecord | None, ...]:
    if route.kind == "red_list":
        return red_list
    if route.years is None or is_minor(party, ctx.on):
        return ()
    window_start = add_years(ctx.on, -route.years)
    if party.kind is SubjectKind.ORGANISATION:
        old_enough = party.established_on is not None and party.established_on <= window_start
    else:
        old_enough = party.born_on is not None and add_years(party.born_on, ADULT_YEARS) <= window_start
    return (None,) if old_enough else ()


def _route_reason(party: PartyView, route: GoodCreditRoute, record: CreditRecord | None) -> Reason:
    cited = tuple(b.citation() for b in route.basis)
    if record is not None:
        text = f"申请人列入有效的守信名单（{record.title}），符合“{route.title}”。"
        text_en = "The applicant holds a valid red-list entry."
        return Reason(route.id, Outcome.GOOD, party.ref, record.record_id, record.source, text, text_en, cited)
    text = f"申请人在核查日前连续{route.years}年没有可用的不良信用记录，符合“{route.title}”。"
    text_en = f"No usable adverse record in the {route.years} calendar years before the check."
    return Reason(route.id, Outcome.GOOD, party.ref, "", "", text, text_en, cited)


def tolerated(
    ctx: Context, due: DueDate | None, calendar: WorkCalendar, *, good: bool
) -> tuple[ToleratedMaterial, ...]:
    """Missing materials that may follow later; all of what is missing must be tolerable, or none is."""
    if not ctx.matter.public_tolerance_list:
        return ()
    missing = [m for m in ctx.matter.materials if m.code not in ctx.case.materials]
    if not all(m.tolerable and not m.main and m.kind == "internal" for m in missing):
        return ()
    start = ctx.case.accepted_on or ctx.case.filed_on
    limit = due or due_date(ctx.matter, start, calendar)
    latest = add_workdays(limit.on, -ctx.rules.supplement_buffer_days, calendar).on
    found = []
    for material in sorted(missing, key=lambda m: m.code):
        days = material.supplement_days + (material.good_credit_extra_days if good else 0)
        found.append(ToleratedMaterial(material.code, min(add_workdays(start, days, calendar).on, latest)))
    return tuple(found)
