"""The list engine: what an entry on a known list with a valid basis may cause for this matter and role."""

from __future__ import annotations

from approval_hook.policy.case import PartyView, Role
from approval_hook.policy.decision import FiredMeasure, Outcome
from approval_hook.policy.findings import Context, Finding, citations_of, has_left, reason_for, refuse, whose
from approval_hook.policy.records import CreditRecord, Severity
from approval_hook.policy.rules import ListType, Measure

_MILDNESS = (Severity.MINOR, Severity.GENERAL, Severity.WATCH, Severity.SERIOUS)
_SEVERITY_TEXT = {
    Severity.SERIOUS: ("严重失信", "severe"),
    Severity.WATCH: ("重点关注", "watch-level"),
    Severity.GENERAL: ("一般失信", "general"),
    Severity.MINOR: ("轻微失信", "minor"),
}


def listed_effect(ctx: Context, party: PartyView, record: CreditRecord, listed: ListType) -> Finding:
    """Effect of a usable row by its list: a listed measure, stricter review, ordinary, or information only.

    The milder of the severities of list and row counts, so that a source cannot raise a list.

    Source: domain facts 5.1 (O-05 to O-08); L-01, R-19, R-25.
    """
    severity = _MILDNESS[min(_MILDNESS.index(listed.severity), _MILDNESS.index(record.severity))]
    found = Finding()
    if severity is Severity.SERIOUS and not record.document_no:
        severity = Severity.GENERAL
        found += refuse(
            "underlying-decision",
            party,
            record,
            "严重失信记录缺少认定文书号，不得据以惩戒或从严。",
            "A severe entry without an underlying decision carries neither sanction nor scrutiny.",
        )
    if severity is Severity.SERIOUS:
        for measure in ctx.rules.sanctions_for(ctx.matter.code, listed.code):
            found += _sanction(ctx, party, record, listed, measure)
    if found.outcomes:
        return found
    applicant = party.role is Role.APPLICANT
    outcome = Outcome.RELATED
    if applicant:
        outcome = Outcome.SEVERE if severity is Severity.SERIOUS else Outcome.GENERAL
    degree, degree_en = _SEVERITY_TEXT[severity]
    tail, tail_en = {
        Outcome.RELATED: (
            "属关联人员记录，仅供了解，不影响申请人。",
            "It concerns a related person and is for information only.",
        ),
        Outcome.SEVERE: (
            "本事项没有对应的限制措施，经科室确认可从严审核，仍按法定条件决定。",
            "No measure restricts this matter; the section may confirm stricter review by statutory conditions.",
        ),
        Outcome.GENERAL: (
            "按普通程序办理，不享受守信便利，不得增加材料。",
            "The ordinary procedure applies, without bonus and without extra materials.",
        ),
    }[outcome]
    basis = citations_of(listed.basis)
    if outcome is Outcome.RELATED:
        basis += ctx.rules.cite("related-persons-by-law")
        found += refuse(
            "related-persons-by-law",
            party,
            record,
            "没有依据把关联人员的该记录用于限制申请人。",
            "No basis lets this record of a related person burden the applicant.",
        )
    return found + Finding(
        outcomes=(outcome,),
        reasons=(
            reason_for(
                listed.code,
                outcome,
                party,
                record,
                f"{whose(party)}有{degree}记录（{listed.title}）。{tail}",
                f"A {degree_en} record ({listed.title_en}) exists. {tail_en}",
                basis,
            ),
        ),
    )


def _sanction(ctx: Context, party: PartyView, record: CreditRecord, listed: ListType, measure: Measure) -> Finding:
    if not measure.valid_on(ctx.on) or not all(b.carries_adverse for b in measure.basis):
        return Finding()
    if party.role not in measure.roles:
        return refuse(
            measure.id,
            party,
            record,
            f"“{measure.title}”的依据未列明该角色，不影响申请人。",
            "The basis of the measure does not name this role; the applicant is not burdened.",
        )
    if party.role is not Role.APPLICANT and has_left(party, record, ctx.case):
        return refuse(
            measure.id,
            party,
            record,
            f"该人在认定前或申请前已离任，“{measure.title}”不及于此人。",
            "The person had left the role; the measure does not reach.",
        )
    citations = citations_of(measure.basis)
    named = "" if party.role is Role.APPLICANT else "依据列明了该角色；"
    return Finding(
        outcomes=(Outcome.LISTED_MEASURE,),
        reasons=(
            reason_for(
                measure.id,
                Outcome.LISTED_MEASURE,
                party,
                record,
                f"{whose(party)}列入{listed.title}，{named}拟采取“{measure.title}”，须告知并听取陈述申辩后由负责人决定。",
                f"Listed ({listed.title_en}); the proposed measure needs notice, a hearing of the party and the head.",
                citations,
            ),
        ),
        measures=(
            FiredMeasure(
                measure.id,
                measure.title,
                "sanction",
                measure.force,
                measure.may_refuse,
                party.ref,
                record.record_id,
                record.display_until,
                citations,
            ),
        ),
    )
