"""The decision point: facts, reports and rules in; one decision out.

Pure: no clock, no settings, no randomness. The same inputs in any order give the same value.

Source: domain facts 5.1, 5.2, 5.4 and L-01 to L-21.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from approval_hook.errors import CaseInvalid
from approval_hook.policy.assess import assess_record
from approval_hook.policy.case import CaseView, PartyView, Role
from approval_hook.policy.catalogue import Matter, RuleSet, due_date
from approval_hook.policy.decision import (
    HEADLINE_ORDER,
    Channel,
    Decision,
    FiredMeasure,
    Obligation,
    ObligationKind,
    Outcome,
    PartyOutcome,
    Reason,
    RefusedEffect,
)
from approval_hook.policy.findings import Context, Finding
from approval_hook.policy.incentives import good_credit, tolerated
from approval_hook.policy.reconcile import latest_reports, prevailing_states, state_of
from approval_hook.policy.records import CreditRecord, CreditReport, MatchGrade, QueryStatus
from approval_hook.policy.workdays import DueDate, WorkCalendar

_RANK = {outcome: rank for rank, outcome in enumerate(HEADLINE_ORDER)}
_ROLE_RANK = {role: rank for rank, role in enumerate(Role)}
_CHANNELS = {
    Outcome.BARRED: Channel.RESTRICTED,
    Outcome.LISTED_MEASURE: Channel.RESTRICTED,
    Outcome.SEVERE: Channel.STRICT,
    Outcome.UNAVAILABLE: Channel.UNDETERMINED,
    Outcome.AMBIGUOUS: Channel.UNDETERMINED,
}
_STATUS_TEXT = {
    QueryStatus.PARTIAL: "只返回了部分内容",
    QueryStatus.PENDING: "尚未返回结果",
    QueryStatus.UNAVAILABLE: "未能应答",
    QueryStatus.REJECTED: "拒绝了查询",
    QueryStatus.NOT_CONFIGURED: "尚未配置",
}


@dataclass(frozen=True, slots=True)
class _Assessed:
    """One party with everything found about it."""

    party: PartyView
    ground: str
    finding: Finding
    complete: bool

    @property
    def outcome(self) -> Outcome:
        return min(self.finding.outcomes, key=_RANK.__getitem__, default=Outcome.ORDINARY)


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
    ctx = Context(case, rules.matter(case.matter), rules, on)
    if sum(party.role is Role.APPLICANT for party in set(case.parties)) != 1:
        raise CaseInvalid("申请人", "案件须有且只有一个申请人。", "请核对申请主体后重新提交核查。")
    latest = latest_reports(reports)
    assessed = [_assess(ctx, party, latest.get(party.ref, ())) for party in sorted(set(case.parties), key=_party_key)]
    assessed, good = _with_good_credit(ctx, assessed)
    findings = [a.finding for a in assessed]
    headline = min((a.outcome for a in assessed), key=_RANK.__getitem__, default=Outcome.ORDINARY)
    measures: set[FiredMeasure] = {m for f in findings for m in f.measures}
    refused: set[RefusedEffect] = {r for f in findings for r in f.refused}
    channel = _CHANNELS.get(headline, Channel.ORDINARY)
    if headline is Outcome.GOOD and any(_effect(rules, m) == "green_channel" for m in measures):
        channel = Channel.GREEN
    due = _due(case, ctx.matter, calendar)
    # One subject in two roles has its rows counted once.
    suppressed: dict[str, int] = {}
    for a in assessed:
        suppressed[a.party.ref] = max(suppressed.get(a.party.ref, 0), a.finding.suppressed)
    return Decision(
        outcome=headline,
        channel=channel,
        on=on,
        rules_revision=rules.revision,
        parties=tuple(
            PartyOutcome(a.party.ref, a.party.role.value, a.outcome, bool(a.ground), a.ground, a.finding.suppressed)
            for a in assessed
        ),
        reasons=tuple(sorted({r for f in findings for r in f.reasons}, key=_reason_key)),
        measures=tuple(sorted(measures, key=lambda m: (m.kind, m.measure, m.party, m.record, str(m.until)))),
        obligations=tuple(
            sorted({o for f in findings for o in f.obligations}, key=lambda o: (o.kind, o.party, o.record, o.text))
        ),
        refused=tuple(sorted(refused, key=lambda r: (r.rule, r.party, r.record, r.text))),
        tolerated=tolerated(ctx, due, calendar, good=good),
        suppressed=sum(suppressed.values()),
        complete=all(a.complete for a in assessed),
        recheck_owed=any(Outcome.UNAVAILABLE in f.outcomes for f in findings),
        due_on=due.on if due else None,
        due_provisional=due.provisional if due else False,
    )


def _assess(ctx: Context, party: PartyView, reports: Sequence[CreditReport]) -> _Assessed:
    ground = ctx.rules.ground_for(party, ctx.matter, ctx.on)
    if not ground:
        return _Assessed(party, "", _not_asked(ctx, party, reports), complete=True)
    finding, complete = _completeness(ctx, party, ground, reports)
    required, advisory = ctx.rules.sources_for(ground, ctx.matter)
    sources = {*required, *advisory}
    usable = []
    for report in reports:
        if report.source not in sources:
            finding += _refuse_source(ctx, party, report)
            continue
        usable.append(report)
    rows = {
        (report.source, _doubted(record) if report.registered_name_differs else record)
        for report in usable
        for record in report.records
    }
    prevailing = prevailing_states(ctx.rules, (record for _, record in rows))
    for source, record in sorted(rows, key=lambda row: (row[0], row[1].record_id, repr(row[1]))):
        finding += assess_record(ctx, party, record, proof_source=source, prevailing=state_of(record, prevailing))
    if Outcome.UNAVAILABLE in finding.outcomes:
        complete = False
        finding += Finding(
            obligations=(
                Obligation(
                    ObligationKind.SUPERVISOR_RELEASES,
                    party.ref,
                    "",
                    lapses=True,
                    text="请负责人安排人工核查并留存证据，或决定不计信用影响；到期未处理的，按不计信用影响办理并补查。",
                ),
            )
        )
    if not finding.outcomes or set(finding.outcomes) == {Outcome.GONE}:
        finding += _nothing_found(ctx, party, ground)
    if set(finding.outcomes) == {Outcome.GONE}:
        finding += _only_gone(ctx, party)
    return _Assessed(party, ground, finding, complete)


def _doubted(record: CreditRecord) -> CreditRecord:
    # The code is valid but registered under another name: its rows may be somebody else's.
    return replace(record, match=MatchGrade.POSSIBLE) if record.match is MatchGrade.EXACT else record


def _completeness(ctx: Context, party: PartyView, ground: str, reports: Sequence[CreditReport]) -> tuple[Finding, bool]:
    required, _ = ctx.rules.sources_for(ground, ctx.matter)
    by_source = {report.source: report for report in reports}
    finding = Finding()
    for source in sorted(required):
        report = by_source.get(source)
        if report is not None and report.status is QueryStatus.OK:
            continue
        what = "没有查询结果" if report is None else _STATUS_TEXT[report.status]
        if report is not None and report.reason == "unknown-subject":
            what = "查无此主体，请核对名称和号码"
        finding += _unavailable(
            ctx,
            party,
            source,
            f"必查来源“{ctx.rules.source_title(source)}”{what}，未查清不等于没有记录；案件照常受理，须补查。",
            f"Required source {source} gave no complete answer; this is not a clean result, and a re-check is owed.",
        )
    for report in reports:
        if report.registered_name_differs:
            finding += _unavailable(
                ctx,
                party,
                report.source,
                "名称与代码不符，无法确认所查主体，请核对申请人提供的代码。",
                "The code is registered under another name; check the code that the applicant gave.",
            )
    return finding, not finding.outcomes


def _unavailable(ctx: Context, party: PartyView, source: str, text: str, text_en: str) -> Finding:
    cited = ctx.rules.cite("clock-never-stops")
    reason = Reason("clock-never-stops", Outcome.UNAVAILABLE, party.ref, "", source, text, text_en, cited)
    return Finding((Outcome.UNAVAILABLE,), (reason,))


def _refuse_source(ctx: Context, party: PartyView, report: CreditReport) -> Finding:
    return Finding(
        refused=(
            RefusedEffect(
                "listed-basis-only",
                party.ref,
                "",
                f"来源“{ctx.rules.source_title(report.source)}”未列入本事项的核查来源，其结果不使用。",
                f"Source {report.source} is not configured for this matter; its answer is not used.",
            ),
        )
    )


def _not_asked(ctx: Context, party: PartyView, reports: Sequence[CreditReport]) -> Finding:
    if party.role is Role.AGENT:
        text, text_en = "代理人不是核查对象，只核对委托手续。", "An agent is not checked; only the mandate is verified."
    elif party.role not in ctx.matter.queried_roles:
        text, text_en = "本事项不核查该角色。", "This matter does not check this role."
    elif not party.identified:
        text = "没有可供平台比对的证件号码，无法核查；按普通程序办理，不加分、不减损。"
        text_en = "No number can be matched by a platform; the ordinary path applies, without bonus and without burden."
    else:
        text = "未授权且无法定查询依据，不查询、不加分、不减损。"
        text_en = "There is neither a statutory ground nor an authorisation: not asked, no bonus, no burden."
    cited = ctx.rules.cite("ask-only-with-ground")
    found = Finding(
        reasons=(Reason("ask-only-with-ground", Outcome.ORDINARY, party.ref, "", "", text, text_en, cited),)
    )
    if any(report.records for report in reports):
        found += Finding(
            refused=(
                RefusedEffect(
                    "ask-only-with-ground",
                    party.ref,
                    "",
                    "没有查询依据，所得记录一律不使用。",
                    "There was no ground to ask, so no record of this party is used.",
                ),
            )
        )
    return found


def _nothing_found(ctx: Context, party: PartyView, ground: str) -> Finding:
    statutory = ctx.rules.ground(ground)
    text = "必查来源均已完整应答，没有可用的失信记录。"
    text_en = "Every required source answered completely; there is no usable adverse record."
    if not _fully_asked(ctx, ground):
        text = "本人未授权查询公共信用信息，只依法核对了法律规定的限制，未发现限制；不加分、不减损。"
        text_en = "Without an authorisation only what the law itself restricts was checked, and nothing was found."
    cited = tuple(b.citation() for b in statutory.basis) if statutory else ctx.rules.cite("ask-only-with-ground")
    return Finding(
        reasons=(
            Reason(
                "accept-and-decide-by-conditions",
                Outcome.ORDINARY,
                party.ref,
                "",
                "",
                text,
                text_en,
                ctx.rules.cite("accept-and-decide-by-conditions") + cited,
            ),
        )
    )


def _fully_asked(ctx: Context, ground: str) -> bool:
    """Whether the ground suffices for every source of the matter; less than that earns no bonus."""
    matter = ctx.matter
    return ctx.rules.sources_for(ground, matter) == (matter.required_sources, matter.advisory_sources)


def _only_gone(ctx: Context, party: PartyView) -> Finding:
    return Finding(
        reasons=(
            Reason(
                "gone-is-absent",
                Outcome.GONE,
                party.ref,
                "",
                "",
                "已修复、移出、更正或公示期满的信息不再展示和使用，按没有处理。",
                "Repaired, removed, corrected or expired rows are neither shown nor used.",
                ctx.rules.cite("gone-is-absent"),
            ),
        )
    )


def _with_good_credit(ctx: Context, assessed: list[_Assessed]) -> tuple[list[_Assessed], bool]:
    """Give the applicant O-09 where a route is met and nobody who must be checked stands in doubt."""
    checked = [a for a in assessed if a.party.role in ctx.matter.queried_roles]
    quiet = all(
        a.ground and _fully_asked(ctx, a.ground) and a.complete and a.outcome in (Outcome.ORDINARY, Outcome.GONE)
        for a in checked
    )
    applicant = next((a for a in checked if a.party.role is Role.APPLICANT), None)
    if not quiet or applicant is None:
        return assessed, False
    extra = good_credit(ctx, applicant.party, applicant.finding.good)
    if extra is None:
        return assessed, False
    kept = replace(applicant.finding, outcomes=(Outcome.GOOD,)) + extra
    return [replace(a, finding=kept) if a is applicant else a for a in assessed], True


def _due(case: CaseView, matter: Matter, calendar: WorkCalendar) -> DueDate | None:
    if case.due_on is not None:
        return DueDate(case.due_on, provisional=case.due_on > calendar.published_until)
    if case.accepted_on is None:
        return None
    return due_date(matter, case.accepted_on, calendar)


def _effect(rules: RuleSet, fired: FiredMeasure) -> str:
    return next((m.effect for m in rules.measures if m.id == fired.measure), "")


def _party_key(party: PartyView) -> tuple[object, ...]:
    return _ROLE_RANK[party.role], party.ref, repr(party)


def _reason_key(reason: Reason) -> tuple[object, ...]:
    return _RANK[reason.outcome], reason.party, reason.source, reason.record, reason.rule, reason.text
