"""Turn the evidence of a case into the values its page shows (``panel``).

Personal numbers are masked here; names come from the host's own facts, never from the evidence.
What the law forbids to show (expired, repaired, removed records) is counted, never listed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

import msgspec
from django.contrib.auth import get_user_model

from approval_hook import clock, emergency
from approval_hook.gate import Case
from approval_hook.keeping import rules_by_digest
from approval_hook.models import CreditDecision, EmergencyAct, Hold, Inquiry, IssueReading, Point, Settlement
from approval_hook.panel import (
    Action,
    Badge,
    EmergencyView,
    HoldView,
    MeasurePanel,
    Panel,
    PartyPanel,
    ReasonPanel,
    RecordPanel,
    TimelineItem,
)
from approval_hook.policy.case import Role
from approval_hook.policy.catalogue import RuleSet
from approval_hook.policy.decision import Channel, Citation, Decision, ObligationKind, Outcome, PartyOutcome, Why
from approval_hook.policy.explain import Explainer
from approval_hook.policy.findings import GONE_STATES
from approval_hook.policy.merging import Conflict
from approval_hook.policy.receipt import receipt_from_bytes, reports_from_json
from approval_hook.policy.records import CreditRecord, CreditReport, MatchGrade, QueryStatus, RecordState
from approval_hook.policy.subjects import SubjectKind
from approval_hook.policy.workdays import add_workdays, workdays_between
from approval_hook.settling import VERDICTS
from approval_hook.wording import (
    ACTION_LABELS,
    ACTORS,
    CHANNEL_TITLES,
    DECIDED_NEXT,
    DOUBTED_HEADLINE,
    DOUBTED_NEXT,
    DOUBTS,
    EMERGENCY_STATES,
    EXEMPTED,
    FORCE_TITLES,
    HOLD_TITLES,
    ISSUE_FAULTS,
    KIND_TITLES,
    MEASURE_NOTES,
    NOT_ASKED,
    NOT_ASKED_TEXTS,
    OUTCOME_TITLES,
    PARTY_BADGES,
    REFUSAL_NOTES,
    ROLE_TITLES,
    RUN_OUT,
    SAID_TITLES,
    SETTLED,
    SEVERITY_TITLES,
    STATUS_TEXTS,
    UNCHECKED_TITLE,
    UPHELD_WITHOUT_REFUSAL,
)
from approval_hook.workcalendar import published_calendar

#: What a source says of a record that counts as gone.
_GONE = frozenset(state.value for state in GONE_STATES)
#: A party and a source that was asked about it.
_Asked = tuple[str, str]


def badges(host_keys: Sequence[str]) -> dict[str, Badge]:
    """Channel of many cases by host key, in one query."""
    newest: dict[str, CreditDecision] = {}
    rows = CreditDecision.objects.filter(host_key__in=host_keys).order_by("id").only("host_key", "channel", "outcome")
    for row in rows:
        newest[row.host_key] = row
    return {key: _badge(row) for key, row in newest.items()}


def _badge(row: CreditDecision) -> Badge:
    title, colour = CHANNEL_TITLES[Channel(row.channel)]
    return Badge(row.channel, title, colour, row.outcome)


def workdays_left(due_on: date | None) -> int | None:
    """Working days until a date; negative when it is past; None without a date."""
    if due_on is None:
        return None
    today = clock.today()
    if due_on >= today:
        return workdays_between(today, due_on, published_calendar())
    return -workdays_between(due_on, today, published_calendar())


def hold_title(reason: str) -> str:
    """What holds a case, or would have held it, in one short line."""
    return HOLD_TITLES.get(reason, reason)


def age_text(moment: datetime) -> str:
    """How long ago, as a colleague would say it."""
    minutes = max(0, int((clock.now() - moment).total_seconds() // 60))
    if minutes < 1:
        return "刚刚"
    if minutes < 60:
        return f"{minutes} 分钟前"
    if minutes < 60 * 24:
        return f"{minutes // 60} 小时前"
    return f"{minutes // (60 * 24)} 天前"


def cite(citation: Citation) -> str:
    """A basis in one line, with its mark when it is not verified."""
    text = f"《{citation.document}》（{citation.version}）{citation.article}：“{citation.quote}”"
    return text if citation.verified else text + "（未核实）"


def build(
    host_key: str,
    *,
    case: Case | None,
    waiting: bool,
    decided: bool = False,
) -> Panel:
    """The panel of one case.

    Args:
        host_key: key of the case in the evidence.
        case: the case as its facts stand now, for names and titles; None when they cannot be read.
        waiting: True while a gate of the case is parked.
        decided: True once the decision is taken: nothing is advised for it and no time runs for it any more.
    """
    row = CreditDecision.objects.filter(host_key=host_key).select_related("reply", "inquiry").order_by("-id").first()
    hold = Hold.objects.filter(host_key=host_key, released_at=None).order_by("-since").first()
    timeline = _timeline(host_key)
    if row is None:
        return _without_record(hold, waiting, timeline)
    if hold is None and case is not None and row.subjects != case.subjects and not decided:
        return _about_others(waiting, timeline)
    receipt = receipt_from_bytes(row.receipt)
    decision = receipt.decision
    reports = reports_from_json(row.reply.reports)
    explainer = Explainer(_rules_of(row, case), receipt.case, receipt.reports, decision)
    over = _run_out(row) and not decided
    title, colour = CHANNEL_TITLES[Channel.UNDETERMINED if over else Channel(row.channel)]
    asked = any(p.asked for p in decision.parties)
    verdict = _verdict(row)
    hold_view = _hold_view(hold, row, decision.due_on) if hold is not None else None
    return Panel(
        state="held" if hold_view else "asking" if waiting else "done",
        headline=_headline(row, decision, decided=decided),
        colour=colour,
        channel_title=title,
        outcome=row.outcome,
        asked_at=row.answered_at if asked else None,
        age_text=age_text(row.answered_at) if asked else "",
        next_step=hold_view.next_step if hold_view else _next_step(row, decision, case, decided=decided),
        primary=hold_view.actions[0] if hold_view and hold_view.actions else None,
        hold=hold_view,
        parties=_parties(explainer, reports, case, verdict, row),
        measures=[
            MeasurePanel(
                explainer.rules.rule_title(m.measure),
                FORCE_TITLES[m.kind == "incentive", m.force],
                KIND_TITLES[m.kind],
                [cite(c) for c in explainer.citations(m.measure)],
                m.until,
                MEASURE_NOTES.get(verdict, "") if m.kind != "incentive" else "",
                REFUSAL_NOTES[m.may_refuse] if m.kind != "incentive" else "",
                m.may_refuse and (m.party, m.record) in _upheld(row),
                [(c.document, c.article) for c in explainer.citations(m.measure)],
            )
            for m in decision.measures
        ],
        refused=list(dict.fromkeys(explainer.refused(effect) for effect in decision.refused)),
        tolerated=[(_material(explainer, t.material), t.supply_until) for t in decision.tolerated],
        timeline=timeline,
        due_on=None if decided else decision.due_on,
        workdays_left=None if decided else workdays_left(decision.due_on),
        due_provisional=decision.due_provisional,
        recheck_owed=decision.recheck_owed,
        emergencies=_emergencies(row, hold, timeline),
        may_ask_emergency=hold is not None and hold.reason != "facts-invalid" and emergency.may_lift(row),
        rules_revision=row.rules_revision,
        settled=verdict,
        promised_days=case.matter.green_promised_days if case is not None and row.channel == Channel.GREEN else None,
        promised_on=_promised_on(row, case),
        doubts=_doubts(explainer, case),
    )


def _rules_of(row: CreditDecision, case: Case | None) -> RuleSet:
    """The rule set that the record was made with."""
    if case is not None and case.loaded.digest == row.rules_digest:
        return case.loaded.rules
    return rules_by_digest(row.rules_digest).rules


def _without_record(hold: Hold | None, waiting: bool, timeline: list[TimelineItem]) -> Panel:
    if hold is not None:
        actions = [Action("retry", "更正后重新核查", needs_reason=False, who="经办人")]
        left = workdays_left(hold.due_on)
        view = HoldView(hold.text, hold.next_step, hold.since, hold.due_on, left, actions, node=hold.node)
        return Panel(
            "held", hold.text, "violet", "待核", "", None, "", hold.next_step, actions[0], view, timeline=timeline
        )
    if waiting:
        retry = Action("retry", "立即核查", needs_reason=False, who="经办人")
        text = "信用核查尚未得到答复，系统会自动继续"
        return Panel(
            "asking", text, "violet", "待核", "", None, "", "可以稍候，也可以立即核查", retry, None, timeline=timeline
        )
    return Panel("none", "尚未进行信用核查", "grey", UNCHECKED_TITLE, "", None, "", "", None, None, timeline=timeline)


def _about_others(waiting: bool, timeline: list[TimelineItem]) -> Panel:
    """The subjects were changed after the check: what it said of others is nothing to go by."""
    retry = Action("retry", "立即核查", needs_reason=False, who="经办人") if waiting else None
    text = "办件主体已变更，原核查意见不再适用"
    return Panel(
        "asking",
        text,
        "violet",
        "待核",
        "",
        None,
        "",
        "系统会重新核查",
        retry,
        None,
        timeline=timeline,
        recheck_owed=True,
    )


def _said(row: CreditDecision) -> set[tuple[ObligationKind, str]]:
    return {(ObligationKind(s["kind"]), s["verdict"]) for s in row.body["settled"]}


def _settled(row: CreditDecision) -> tuple[str, str] | None:
    said = _said(row)
    return next((texts for key, texts in SETTLED.items() if key in said), None) if row.permits else None


def _upheld(row: CreditDecision) -> set[tuple[str, str]]:
    """Party and record of what the head confirmed, once nothing else is open."""
    upheld = (s for s in row.body["settled"] if (s["kind"], s["verdict"]) == (ObligationKind.HEAD_DECIDES, "uphold"))
    return {(s["party"], s["record"]) for s in upheld} if row.permits else set()


def _verdict(row: CreditDecision) -> str:
    verdicts = {verdict for _, verdict in _said(row)}
    return next((v for v in ("uphold", "release") if v in verdicts and row.permits), "")


def _headline(row: CreditDecision, decision: Decision, *, decided: bool) -> str:
    if row.body.get("exemption"):
        return f"{EXEMPTED}（豁免编号 {row.body['exemption']}）"
    if not any(p.asked for p in decision.parties):
        return NOT_ASKED
    settled = _settled(row)
    if _run_out(row) and not decided:
        return RUN_OUT[0]
    if row.origin == CreditDecision.Origin.EMERGENCY:
        return "经应急放行，按无信用影响办理，之后补查"
    if row.origin == CreditDecision.Origin.LAPSED:
        return "法定期限已到，按无信用影响办理" + ("，之后补查" if decision.recheck_owed else "")
    if settled is None and row.outcome == Outcome.UNAVAILABLE and decision.identity_doubts:
        return f"{DOUBTED_HEADLINE}，待核对"
    return settled[0] if settled else OUTCOME_TITLES[Outcome(row.outcome)]


def _promised_on(row: CreditDecision, case: Case | None) -> date | None:
    """Day of the green channel's promise; it runs from acceptance, like the statutory time."""
    if case is None or row.channel != Channel.GREEN or case.view.accepted_on is None:
        return None
    return add_workdays(case.view.accepted_on, case.matter.green_promised_days, published_calendar()).on


def _in_time(row: CreditDecision, case: Case | None) -> str:
    """How long the green channel gives, and until when once that is known."""
    if case is None or row.channel != Channel.GREEN:
        return "按绿色通道时限优先办理"
    day = _promised_on(row, case)
    until = f"，{day.month}月{day.day}日周{'一二三四五六日'[day.weekday()]}前办结" if day is not None else ""
    return f"按绿色通道优先办理：受理后 {case.matter.green_promised_days} 个工作日内作出决定{until}"


def _run_out(row: CreditDecision) -> bool:
    """Whether an emergency release was not used before it expired."""
    return row.origin == CreditDecision.Origin.EMERGENCY and clock.now() >= row.fresh_until


def _doubts(explainer: Explainer, case: Case | None) -> list[str]:
    """Whom a source does not know under name and number, and in which way."""
    parties = {party.ref: party for party in explainer.case.parties}
    names = {v.ref: p.subject.name for v, p in zip(case.view.parties, case.facts.parties, strict=True)} if case else {}
    said = []
    for reason in explainer.decision.identity_doubts:
        party = parties[reason.party]
        person = party.kind is SubjectKind.PERSON if reason.why is Why.NAME_DIFFERS else None
        said.append(f"{ROLE_TITLES[party.role]} {names.get(reason.party, '')} {DOUBTS[person]}")
    return list(dict.fromkeys(said))


def _next_step(row: CreditDecision, decision: Decision, case: Case | None, *, decided: bool) -> str:
    if decided:
        afterwards = row.point in (Point.LATE, Point.RECHECK) and decision.outcome in _ADVERSE
        return DECIDED_NEXT[afterwards]
    if _run_out(row):
        return RUN_OUT[1]
    settled = _settled(row)
    if settled is not None:
        upheld = _upheld(row)
        if upheld and not any(m.may_refuse and (m.party, m.record) in upheld for m in decision.measures):
            return UPHELD_WITHOUT_REFUSAL
        return settled[1]
    if row.outcome == Outcome.UNAVAILABLE and decision.identity_doubts:
        return DOUBTED_NEXT[case is not None and case.view.accepted_on is not None]
    return {
        Outcome.GOOD: _in_time(row, case),
        Outcome.UNAVAILABLE: "照常办理，系统会自动补查",
        Outcome.DISPUTED: "照常办理，不因该记录减损，也不加分",
        Outcome.GENERAL: "照常办理，不得增加材料",
        Outcome.RELATED: "照常办理，关联人员的记录不影响申请人",
        Outcome.BARRED: "先照常审查，决定前由负责人听取申辩后确认",
        Outcome.LISTED_MEASURE: "先照常审查，决定前由负责人听取申辩后确认",
        Outcome.SEVERE: "先照常审查，决定前由科室确认是否从严",
        Outcome.AMBIGUOUS: "先照常审查，决定前由两人核实身份",
    }.get(decision.outcome, "照常办理")


def _hold_view(hold: Hold, row: CreditDecision, due_on: date | None) -> HoldView:
    actions: list[Action] = []
    kinds = {ObligationKind(duty["kind"]): None for duty in row.body["outstanding"]}
    for kind in kinds:
        if kind is ObligationKind.SUPERVISOR_RELEASES and hold.escalated_at is None:
            continue  # a supervisor may release it from two working days before it is due
        for verdict in VERDICTS[kind]:
            actions.append(
                Action(f"{kind.value}:{verdict.value}", ACTION_LABELS[(kind, verdict.value)], who=ACTORS[kind])
            )
    if not row.complete or hold.reason == "facts-invalid":
        actions.append(Action("retry", "立即重查", needs_reason=False, who="经办人"))
    due = hold.due_on or due_on
    said = _voices(row, Settlement.objects.filter(host_key=row.host_key).order_by("id"))
    names = real_names({by for by, _ in said})
    return HoldView(
        hold.text,
        _after_voices(hold, said),
        hold.since,
        due,
        workdays_left(due),
        actions,
        hold.escalated_at is not None,
        [f"{names[by]}核实为：{verdict}" for by, verdict in said],
        sorted({by for by, _ in said}),
        hold.node,
    )


def _voices(row: CreditDecision, acts: Iterable[Settlement]) -> list[tuple[str, str]]:
    """Who has said what about duties that are still outstanding, each once."""
    outstanding = {(duty["kind"], duty["party"], duty["record"]) for duty in row.body["outstanding"]}
    heard = [act for act in acts if (act.kind, act.party, act.record) in outstanding]
    return list(dict.fromkeys((act.by, act.get_verdict_display()) for act in heard))


def _after_voices(hold: Hold, said: Sequence[tuple[str, str]]) -> str:
    """The next step of a hold once people have spoken."""
    if not said:
        return hold.next_step
    differ = len({verdict for _, verdict in said}) > 1
    return "两人意见不一，请第三人核实" if differ else "已有一人核实，还需另一人独立核实"


def spoken(holds: Sequence[Hold]) -> dict[str, tuple[str, list[str]]]:
    """Next step and who has spoken, by host key, of the holds in which somebody has. At most two queries."""
    acts: dict[str, list[Settlement]] = {}
    for act in Settlement.objects.filter(host_key__in={hold.host_key for hold in holds}).order_by("id"):
        acts.setdefault(act.host_key, []).append(act)
    rows = CreditDecision.objects.filter(host_key__in=set(acts)).order_by("id").only("host_key", "body")
    newest = {row.host_key: row for row in rows}
    said = {key: _voices(row, acts[key]) for key, row in newest.items()}
    return {
        hold.host_key: (_after_voices(hold, said[hold.host_key]), sorted({by for by, _ in said[hold.host_key]}))
        for hold in holds
        if said.get(hold.host_key)
    }


def open_releases(host_keys: Iterable[str]) -> dict[str, str]:
    """Who asked for an emergency release that waits for a second person, by host key. One query."""
    acts = EmergencyAct.objects.filter(
        host_key__in=set(host_keys), kind=EmergencyAct.Kind.ASKED, expires_at__gt=clock.now()
    )
    waiting = acts.exclude(acts__kind=EmergencyAct.Kind.CONFIRMED).order_by("pk")
    return {act.host_key: act.by for act in waiting if act.is_genuine()}


def real_names(usernames: Iterable[str]) -> dict[str, str]:
    """Full names of officers by login; a login without one stands for itself."""
    model = get_user_model()
    wanted = set(usernames)
    users = model._default_manager.filter(**{f"{model.USERNAME_FIELD}__in": wanted})
    found = {user.get_username(): user.get_full_name() or user.get_username() for user in users}
    return {name: found.get(name, "系统" if name == "system" else name) for name in wanted}


def _parties(
    explainer: Explainer, reports: Sequence[CreditReport], case: Case | None, verdict: str, row: CreditDecision
) -> list[PartyPanel]:
    people: dict[tuple[str, str], tuple[str, str]] = {}
    if case is not None:
        for v, p in zip(case.view.parties, case.facts.parties, strict=True):
            number = p.subject.primary
            people[(v.ref, v.role.value)] = (p.subject.name, number.masked() if number else "无可用证件")
    reused, conflicts = _reused(row), msgspec.convert(row.body.get("conflicts", []), list[Conflict])
    return [
        replace(
            _party(outcome, explainer, reports, people, verdict, reused),
            conflicts=[_contradiction(c, explainer.rules) for c in conflicts if c.party == outcome.party],
        )
        for outcome in explainer.decision.parties
    ]


def _contradiction(conflict: Conflict, rules: RuleSet) -> str:
    """A conflict of sources in words; of a record its list alone is named, and not even that where it is gone."""
    said = "，".join(f"{rules.source_title(one.source)}：{SAID_TITLES[one.state]}" for one in conflict.said)
    listed = rules.list_type(conflict.list_type)
    about = "登记名称" if conflict.kind == "name" else listed.title if listed else "未归类的记录"
    # What is repaired is not shown any more (S-02), by whichever source the page speaks.
    if any(one.source == conflict.prevails and one.state in _GONE for one in conflict.said):
        about = "一条不再展示的记录"
    after = {
        "state": f"以{rules.source_title(conflict.prevails)}为准"
        if conflict.prevails
        else "没有规定以谁为准，请人工核实",
        "one-sided": "两处收录范围可能不同，请核对",
        "name": "请核对所填名称和号码",
    }[conflict.kind]
    return f"{about}，来源不一致（{said}），{after}"


def _reused(row: CreditDecision) -> frozenset[_Asked]:
    """Of whom an earlier answer of the case served again."""
    queries = {one["query"] for one in row.reply.reused or ()}
    return frozenset((q["party"], q["source"]) for q in row.inquiry.queries if q["query_id"] in queries)


_ADVERSE = (Outcome.BARRED, Outcome.LISTED_MEASURE, Outcome.SEVERE)


def _party(
    outcome: PartyOutcome,
    explainer: Explainer,
    reports: Sequence[CreditReport],
    people: Mapping[tuple[str, str], tuple[str, str]],
    verdict: str,
    reused: Collection[_Asked],
) -> PartyPanel:
    decision = explainer.decision
    name, masked = people.get((outcome.party, outcome.role), ("（主体已变更）", ""))
    badge, colour = PARTY_BADGES[outcome.outcome]
    required = set(explainer.rules.matter(explainer.case.matter).required_sources)
    partly = outcome.asked and bool(required - {r.source for r in reports if r.party == outcome.party})
    if not outcome.asked:
        badge, colour = "未查询", "grey"
    elif verdict == "release" and outcome.outcome in _ADVERSE:
        badge, colour = "有记录，已确认不适用", "grey"
    elif partly and outcome.outcome is Outcome.ORDINARY:
        badge, colour = "仅核法定限制", "grey"
    shown = {(r.source, r.record): r.outcome for r in decision.reasons if r.party == outcome.party and r.record}
    mine = [r for r in reports if r.party == outcome.party]
    records = [
        _record(record, shown[(report.source, record.record_id)])
        for report in mine
        for record in report.records
        if (report.source, record.record_id) in shown and record.state in (RecordState.ACTIVE, RecordState.DISPUTED)
    ]
    return PartyPanel(
        name=name,
        role_title=ROLE_TITLES[Role(outcome.role)],
        masked_id=masked,
        badge=badge,
        colour=colour,
        note="依规定免予核查，未查询"
        if explainer.case.exemption
        else ("本人未授权查询公共信用信息；" if partly else "")
        + _note(outcome, mine, explainer.rules.source_title)
        + _ages([r for r in mine if (r.party, r.source) in reused], explainer.rules.source_title),
        records=records,
        reasons=[
            ReasonPanel(
                explainer.reason(r),
                [cite(c) for c in explainer.citations_of(r)],
                explainer.rules.rule_title(r.rule),
            )
            for r in decision.reasons
            if r.party == outcome.party
        ],
        suppressed=outcome.suppressed,
        asked=outcome.asked,
    )


def _record(record: CreditRecord, outcome: Outcome) -> RecordPanel:
    tone_title, tone = SEVERITY_TITLES[record.severity]
    if outcome is Outcome.BARRED:
        tone_title, tone = "法定限制的依据", "red"
    elif record.state is RecordState.DISPUTED:
        tone_title, tone = "异议核实中", "grey"
    elif record.match is MatchGrade.POSSIBLE:
        tone_title, tone = "疑似", "violet"
    parts = [record.decided_by, record.document_no, f"认定 {record.decided_on:%Y-%m-%d}"]
    if record.valid_until or record.display_until:
        parts.append(f"有效至 {(record.valid_until or record.display_until):%Y-%m-%d}")
    return RecordPanel(record.title, " · ".join(p for p in parts if p), tone, tone_title)


def _note(outcome: PartyOutcome, reports: Sequence[CreditReport], title: Callable[[str], str]) -> str:
    if not outcome.asked:
        return "没有查询依据或本人未授权，未查询；不加分，不减损"
    missing = [f"{title(r.source)}{_status_text(r)}" for r in reports if r.status is not QueryStatus.OK]
    differs = [title(r.source) for r in reports if r.registered_name_differs]
    if differs:
        missing.append(f"{'、'.join(differs)}登记的名称与所填名称不符")
    if missing:
        return "；".join(dict.fromkeys(missing))
    return "、".join(dict.fromkeys(title(r.source) for r in reports)) + "均已完整答复"


def _ages(reports: Sequence[CreditReport], title: Callable[[str], str]) -> str:
    """How old the answers are that served again."""
    return "".join(f"；{title(r.source)}的答复取自{age_text(r.answered_at)}的查询" for r in reports)


def _status_text(report: CreditReport) -> str:
    if report.reason == "unknown-subject":
        return "查无此主体，请核对名称和号码；未查清不等于没有记录"
    if report.status is QueryStatus.PENDING and report.receipt_no:
        return f"{STATUS_TEXTS[report.status]}（回执 {report.receipt_no}）"
    return NOT_ASKED_TEXTS.get(report.reason) or STATUS_TEXTS[report.status]


def emergency_views(acts: Iterable[EmergencyAct], subjects: str = "") -> list[EmergencyView]:
    """Requests in the order of the acts, each with what was answered. A forged act counts as none.

    Args:
        acts: of any cases.
        subjects: whom the record in force is about, where all acts are of one case.
    """
    rows = list(acts)
    names = real_names({act.by for act in rows})
    answers = {(act.request_id, act.kind): act for act in rows if act.request_id is not None and act.is_genuine()}
    return [_emergency_view(act, answers, names, subjects) for act in rows if act.kind == EmergencyAct.Kind.ASKED]


def _emergency_view(
    asked: EmergencyAct, answers: Mapping[tuple[int, str], EmergencyAct], names: Mapping[str, str], subjects: str
) -> EmergencyView:
    confirmed = answers.get((asked.pk, EmergencyAct.Kind.CONFIRMED))
    reviewed = answers.get((asked.pk, EmergencyAct.Kind.REVIEWED))
    runs = clock.now() < asked.expires_at
    if not asked.is_genuine():
        state = "forged"
    elif confirmed is None and runs and subjects and asked.decision.subjects != subjects:
        state = "outdated"
    elif confirmed is None:
        state = "asked" if runs else "unanswered"
    elif reviewed is not None:
        state = "reviewed"
    else:
        state = "running" if runs else "unreviewed"
    return EmergencyView(
        request=asked.pk,
        flow=asked.flow,
        process_pk=int(asked.host_key.rpartition(":")[2]),
        case_no=asked.case_no,
        state=state,
        state_title=EMERGENCY_STATES[state],
        asked_by=names[asked.by],
        asked_at=asked.made_at,
        reason=asked.text,
        expires_at=asked.expires_at,
        confirmed_by=names[confirmed.by] if confirmed else "",
        confirmed_at=confirmed.made_at if confirmed else None,
        note=confirmed.text if confirmed else "",
        reviewed_by=names[reviewed.by] if reviewed else "",
        reviewed_at=reviewed.made_at if reviewed else None,
        finding=reviewed.text if reviewed else "",
        hands=frozenset({asked.by, confirmed.by} if confirmed else {asked.by}),
    )


def _emergencies(row: CreditDecision, hold: Hold | None, timeline: Sequence[TimelineItem]) -> list[EmergencyView]:
    """Emergency releases of the case. Read only where there may be one: most cases are never held."""
    if hold is None and not any(item.emergency for item in timeline):
        return []
    acts = EmergencyAct.objects.filter(host_key=row.host_key).select_related("decision").order_by("pk")
    return emergency_views(acts, row.subjects)


def _timeline(host_key: str) -> list[TimelineItem]:
    inquiries = list(Inquiry.objects.filter(host_key=host_key).prefetch_related("replies").order_by("made_at"))
    rows = list(CreditDecision.objects.filter(host_key=host_key).order_by("id"))
    acts = list(Settlement.objects.filter(host_key=host_key).order_by("id"))
    names = real_names({i.asked_by for i in inquiries} | {a.by for a in acts})
    items: list[TimelineItem] = []
    for inquiry in inquiries:
        items += _inquiry_items(inquiry, names)
    for row in rows:
        title, colour = CHANNEL_TITLES[Channel(row.channel)]
        text = f"核查意见（{row.get_origin_display()}）：{title}"
        items.append(TimelineItem(row.made_at, text, colour, row.origin == CreditDecision.Origin.EMERGENCY))
    for (by, verdict, reason), act in {(a.by, a.get_verdict_display(), a.reason): a for a in acts}.items():
        items.append(TimelineItem(act.made_at, f"{names[by]} {verdict}：{reason}", "amber"))
    return sorted(items, key=lambda i: i.at)


def issue_item(row: IssueReading) -> TimelineItem:
    """What was read when the licence was issued, as the history of the case tells it."""
    if not row.is_genuine():
        return TimelineItem(row.made_at, "发证时复读的登记校验不符，不能采用", "red")
    if row.faults:
        said = "；".join(ISSUE_FAULTS.get(fault, fault) for fault in row.faults)
        return TimelineItem(row.made_at, f"发证时复读核查意见，有异常（不影响送达）：{said}", "amber")
    age = "" if row.fresh else "，答复已超过时效"
    return TimelineItem(row.made_at, f"发证时复读核查意见：未见异常{age}", "blue")


def _inquiry_items(inquiry: Inquiry, names: Mapping[str, str]) -> list[TimelineItem]:
    asked = len({q["party"] for q in inquiry.queries})
    point = f"{inquiry.get_point_display()}信用核查"
    if not asked:
        return [TimelineItem(inquiry.made_at, f"{point}：没有查询依据，未查询", "blue")]
    text = f"{point}：登记查询 {asked} 个主体，经手人 {names[inquiry.asked_by]}"
    items = [TimelineItem(inquiry.made_at, text, "blue")]
    for reply in inquiry.replies.all():
        millis = round((reply.answered_at - reply.asked_at).total_seconds() * 1000)
        answer = "答复完整" if reply.complete else "没有完整答复"
        items.append(TimelineItem(reply.answered_at, f"第 {reply.attempt} 次查询{answer}，用时 {millis} 毫秒", "blue"))
    return items


def _material(explainer: Explainer, code: str) -> str:
    materials = explainer.rules.matter(explainer.case.matter).materials
    return next((material.title for material in materials if material.code == code), code)
