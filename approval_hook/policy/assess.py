"""What one record means for one party, before the case is looked at as a whole.

The order of the questions is the safeguard: does the row belong to the party, is it still
there, does a bar of law meet it, is its list known, has it a basis, does the basis reach this role.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from approval_hook.policy.bars import Proof, statutory_bars
from approval_hook.policy.case import PartyView, Role
from approval_hook.policy.catalogue import OWN_REGISTER, RuleSet
from approval_hook.policy.decision import Obligation, ObligationKind, Outcome
from approval_hook.policy.findings import GONE_STATES, Context, Finding, reason_for, refuse, whose
from approval_hook.policy.listings import listed_effect
from approval_hook.policy.periods import add_months, add_years, scope_covers
from approval_hook.policy.records import CreditRecord, MatchGrade, RecordState, Severity
from approval_hook.policy.rules import ListType
from approval_hook.policy.subjects import SubjectKind

#: Age from which credit rules apply to a person (R-10).
ADULT_YEARS = 18


def is_minor(party: PartyView, on: date) -> bool:
    """Whether the party is known to be under eighteen on that day (R-10)."""
    return party.kind is SubjectKind.PERSON and party.born_on is not None and add_years(party.born_on, ADULT_YEARS) > on


def display_ended(record: CreditRecord, listed: ListType | None, rules: RuleSet, on: date) -> bool:
    """Whether the record may no longer be shown or used: the source's own date or the longest lawful period is over.

    Source: R-40; L-16 and L-17 (longest periods); L-18 (period from decision or publication).
    """
    if record.display_until is not None and on > record.display_until:
        return True
    period = rules.display_period(record.severity)
    if period is None or (listed is not None and listed.display == "source"):
        return False
    # Without a publication date the decision date ends the period earlier, which favours the subject.
    start = record.published_on if period.start == "publication" and record.published_on else record.decided_on
    return on > add_months(start, period.max_months)


def assess_record(
    ctx: Context, party: PartyView, record: CreditRecord, *, proof_source: str, prevailing: RecordState
) -> Finding:
    """Say what one row means for one party.

    Args:
        ctx: case, matter, rules and day.
        party: a party with a ground, asked about.
        record: a row about that party, as its source reports it.
        proof_source: source of the report that carried it; own-register bars look at it.
        prevailing: state of the same entry at the strongest source (L-17).
    """
    if proof_source != OWN_REGISTER:
        record = replace(record, state=prevailing)
    if record.match is MatchGrade.NONE:
        return Finding()
    listed = ctx.rules.list_type(record.list_type)
    if record.severity is Severity.GOOD:
        return _good(ctx, party, record, listed)
    if is_minor(party, ctx.on):
        return refuse(
            "minors-outside",
            party,
            record,
            "当事人未满十八周岁，不适用失信惩戒规则。",
            "The person is under eighteen; sanction rules do not apply.",
        )
    if record.decided_on > ctx.on:
        reason = reason_for(
            "clock-never-stops",
            Outcome.UNAVAILABLE,
            party,
            record,
            "记录的决定日期晚于核查日，来源数据有误，按未查清处理。",
            "The record is dated after the check; the source is in error, so nothing could be told.",
            ctx.rules.cite("clock-never-stops"),
        )
        return Finding((Outcome.UNAVAILABLE,), (reason,))
    shown = not display_ended(record, listed, ctx.rules, ctx.on)
    proof: Proof = "own_register" if proof_source == OWN_REGISTER else "platform"
    barred, refused = statutory_bars(ctx, party, record, proof=proof, shown=shown)
    if barred:
        return _settle(ctx, party, record, barred) + Finding(refused=refused)
    # A statutory bar outlives the repair of credit at the platform; the effects of a list do not.
    record = replace(record, state=prevailing)
    if record.state in GONE_STATES or not shown:
        return Finding((Outcome.GONE,), suppressed=1)
    unusable = _unusable(ctx, party, record, listed)
    if unusable is not None or listed is None:
        return (unusable or Finding()) + Finding(refused=refused)
    return _settle(ctx, party, record, listed_effect(ctx, party, record, listed)) + Finding(refused=refused)


def _unusable(ctx: Context, party: PartyView, record: CreditRecord, listed: ListType | None) -> Finding | None:
    if listed is None:
        return refuse(
            "listed-basis-only",
            party,
            record,
            f"记录“{record.title}”的名单类型未归类，不产生任何影响；已提示系统管理员。",
            "The list type is not in the rule set (unclassified) and has no effect.",
        )
    if listed.severity is Severity.GOOD:
        return refuse(
            listed.code,
            party,
            record,
            f"“{listed.title}”是守信名单，却标为失信，来源数据矛盾，不产生影响。",
            "A good-standing list marked as misconduct contradicts itself and has no effect.",
        )
    if listed.reference_only or not any(b.carries_adverse for b in listed.basis):
        return refuse(
            listed.code,
            party,
            record,
            f"“{listed.title}”没有已核实的法律法规或中央政策依据，仅供参考，不产生影响。",
            "The list has no verified basis; it is for reference only and has no effect.",
        )
    if not (scope_covers(listed.scope, ctx.case.region) and scope_covers(record.scope, ctx.case.region)):
        return refuse(
            listed.code,
            party,
            record,
            f"“{listed.title}”的适用地域不含本机关所在地，不产生影响。",
            "The list does not apply in the region of this organ.",
        )
    return None


def _settle(ctx: Context, party: PartyView, record: CreditRecord, found: Finding) -> Finding:
    """Take back what doubt or dispute forbids, and add the duty of the person who must act."""
    if record.match is not MatchGrade.EXACT:
        reason = reason_for(
            "identity-by-number",
            Outcome.AMBIGUOUS,
            party,
            record,
            f"{whose(party)}疑似有一条记录，仅凭姓名或部分号码不能认定，决定前由两人核实身份。",
            "A record may belong to this party by name or masked number only; two people must settle it.",
            ctx.rules.cite("identity-by-number"),
        )
        duty = Obligation(
            ObligationKind.TWO_CONFIRM_IDENTITY,
            party.ref,
            record.record_id,
            lapses=True,
            text="请由两名工作人员分别核实该记录是否属于此人；到期未核实的，不产生任何信用影响。",
        )
        return Finding((Outcome.AMBIGUOUS,), (reason,), obligations=(duty,))
    if record.state is RecordState.DISPUTED:
        reason = reason_for(
            "dispute-suspends",
            Outcome.DISPUTED,
            party,
            record,
            f"{whose(party)}的一条记录正在异议、复议或诉讼中，暂不执行措施，案件继续办理。",
            "A record is under objection, review or litigation; its measure is suspended and the case goes on.",
            ctx.rules.cite("dispute-suspends"),
        )
        return Finding((Outcome.DISPUTED,), (reason,), refused=found.refused)
    duties: tuple[Obligation, ...] = ()
    if Outcome.BARRED in found.outcomes or Outcome.LISTED_MEASURE in found.outcomes:
        duties = (
            Obligation(
                ObligationKind.HEAD_DECIDES,
                party.ref,
                record.record_id,
                lapses=False,
                text="请告知事实、依据和拟采取的措施，听取陈述申辩并经法制审核后，由负责人决定是否适用。",
            ),
        )
    elif Outcome.SEVERE in found.outcomes:
        duties = (
            Obligation(
                ObligationKind.SECTION_CONFIRMS,
                party.ref,
                record.record_id,
                lapses=True,
                text="请科室负责人写明理由，确认或不予从严审核；到期未确认的，按普通程序办理。",
            ),
        )
    return replace(found, obligations=found.obligations + duties)


def _good(ctx: Context, party: PartyView, record: CreditRecord, listed: ListType | None) -> Finding:
    usable = (
        listed is not None
        and listed.severity is Severity.GOOD
        and not listed.reference_only
        and record.match is MatchGrade.EXACT
        and record.state is RecordState.ACTIVE
        and record.decided_on <= ctx.on
        and (record.valid_until is None or ctx.on <= record.valid_until)
        and (record.display_until is None or ctx.on <= record.display_until)
        and scope_covers(listed.scope, ctx.case.region)
        and scope_covers(record.scope, ctx.case.region)
        and party.role is Role.APPLICANT
    )
    return Finding(good=(record,)) if usable else Finding()
