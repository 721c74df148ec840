"""Turn the evidence of a case into the values its page shows (``panel``).

Personal numbers are masked here; names come from the host's own facts, never from the evidence.
What the law forbids to show (expired, repaired, removed records) is counted, never listed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

from approval_hook import clock
from approval_hook.gate import Case
from approval_hook.models import CreditDecision, Hold, Inquiry
from approval_hook.panel import (
    Action,
    Badge,
    HoldView,
    MeasurePanel,
    Panel,
    PartyPanel,
    ReasonPanel,
    RecordPanel,
    TimelineItem,
)
from approval_hook.policy.case import Role
from approval_hook.policy.decision import (
    Channel,
    Citation,
    Decision,
    ObligationKind,
    Outcome,
    PartyOutcome,
    Reason,
)
from approval_hook.policy.receipt import decision_from_json, reports_from_json
from approval_hook.policy.records import CreditRecord, CreditReport, MatchGrade, QueryStatus, RecordState, Severity
from approval_hook.policy.workdays import workdays_between
from approval_hook.settling import VERDICTS
from approval_hook.workcalendar import published_calendar

CHANNEL_TITLES = {
    Channel.GREEN: ("绿色通道", "green"),
    Channel.TOLERANT: ("容缺受理", "amber"),
    Channel.STRICT: ("从严审核", "orange"),
    Channel.RESTRICTED: ("依法限制", "red"),
    Channel.UNDETERMINED: ("待核", "violet"),
    Channel.ORDINARY: ("普通程序", "grey"),
}

OUTCOME_TITLES = {
    Outcome.UNAVAILABLE: "信用平台没有完整答复，按普通程序办理，待补查",
    Outcome.AMBIGUOUS: "有疑似记录，须两人核实是否同一主体",
    Outcome.DISPUTED: "记录在异议核实中，暂不执行，照常办理",
    Outcome.GONE: "没有可用的不良记录，按普通程序办理",
    Outcome.BARRED: "查到法定限制，须由负责人听取申辩后决定",
    Outcome.LISTED_MEASURE: "严重失信且有适用措施，须由负责人听取申辩后决定",
    Outcome.SEVERE: "严重失信主体，建议从严审核，由科室确认",
    Outcome.GENERAL: "有一般不良记录，照常办理，不享受信用便利",
    Outcome.RELATED: "关联人员有记录，仅供参考，不影响本办件",
    Outcome.GOOD: "信用良好，可走绿色通道",
    Outcome.ORDINARY: "没有不良记录，按普通程序办理",
}

ROLE_TITLES = {
    Role.APPLICANT: "申请人",
    Role.LEGAL_REPRESENTATIVE: "法定代表人",
    Role.PRINCIPAL: "主要负责人",
    Role.RESPONSIBLE_SUPERVISOR: "直接负责的主管人员",
    Role.OTHER_RESPONSIBLE: "其他直接责任人员",
    Role.FOOD_SAFETY_OFFICER: "食品安全管理人员",
    Role.AGENT: "经办人",
}

_PARTY_BADGES = {
    Outcome.UNAVAILABLE: ("待核", "violet"),
    Outcome.AMBIGUOUS: ("疑似，待核实", "violet"),
    Outcome.DISPUTED: ("异议核实中", "grey"),
    Outcome.GONE: ("无可用记录", "grey"),
    Outcome.BARRED: ("法定限制", "red"),
    Outcome.LISTED_MEASURE: ("严重失信，有适用措施", "red"),
    Outcome.SEVERE: ("严重失信", "orange"),
    Outcome.GENERAL: ("一般记录", "grey"),
    Outcome.RELATED: ("有记录，仅供参考", "grey"),
    Outcome.GOOD: ("信用良好", "green"),
    Outcome.ORDINARY: ("无记录", "grey"),
}

_SEVERITY_TITLES = {
    Severity.SERIOUS: ("严重失信", "orange"),
    Severity.WATCH: ("重点关注", "grey"),
    Severity.GENERAL: ("一般记录", "grey"),
    Severity.MINOR: ("轻微记录", "grey"),
    Severity.GOOD: ("激励依据", "green"),
}

_ACTION_LABELS = {
    (ObligationKind.HEAD_DECIDES, "uphold"): "确认适用限制或措施",
    (ObligationKind.HEAD_DECIDES, "release"): "确认不适用",
    (ObligationKind.SECTION_CONFIRMS, "uphold"): "开始从严审核",
    (ObligationKind.SECTION_CONFIRMS, "release"): "不予从严",
    (ObligationKind.TWO_CONFIRM_IDENTITY, "same"): "核实为同一主体",
    (ObligationKind.TWO_CONFIRM_IDENTITY, "not_same"): "核实为不同主体",
    (ObligationKind.SUPERVISOR_RELEASES, "without_effect"): "按无信用影响办理",
}

_ACTORS = {
    ObligationKind.HEAD_DECIDES: "负责人",
    ObligationKind.SECTION_CONFIRMS: "科室负责人",
    ObligationKind.TWO_CONFIRM_IDENTITY: "两名工作人员分别确认",
    ObligationKind.SUPERVISOR_RELEASES: "负责人",
}


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
) -> Panel:
    """The panel of one case.

    Args:
        host_key: key of the case in the evidence.
        case: the case as its facts stand now, for names and titles; None when they cannot be read.
        waiting: True while a gate of the case is parked.
    """
    row = CreditDecision.objects.filter(host_key=host_key).select_related("reply", "inquiry").order_by("-id").first()
    hold = Hold.objects.filter(host_key=host_key, released_at=None).order_by("-since").first()
    timeline = _timeline(host_key)
    if row is None:
        return _without_record(hold, waiting, timeline)
    decision = decision_from_json(row.body["decision"])
    reports = reports_from_json(row.reply.reports)
    title, colour = CHANNEL_TITLES[Channel(row.channel)]
    hold_view = _hold_view(hold, row, decision.due_on) if hold is not None else None
    return Panel(
        state="held" if hold_view else "asking" if waiting else "done",
        headline=_headline(row, decision),
        colour=colour,
        channel_title=title,
        outcome=row.outcome,
        asked_at=row.answered_at,
        age_text=age_text(row.answered_at),
        next_step=hold_view.next_step if hold_view else _next_step(decision),
        primary=hold_view.actions[0] if hold_view and hold_view.actions else None,
        hold=hold_view,
        parties=_parties(decision, reports, case),
        measures=[
            MeasurePanel(
                m.title,
                "强制" if m.force == "mandatory" else "推荐",
                {"bar": "法定限制", "sanction": "惩戒", "incentive": "激励"}.get(m.kind, m.kind),
                [cite(c) for c in m.basis],
                m.until,
            )
            for m in decision.measures
        ],
        refused=[r.text for r in decision.refused],
        tolerated=[(_material(case, t.material), t.supply_until) for t in decision.tolerated],
        timeline=timeline,
        due_on=decision.due_on,
        workdays_left=workdays_left(decision.due_on),
        due_provisional=decision.due_provisional,
        recheck_owed=decision.recheck_owed,
        rules_revision=row.rules_revision,
    )


def _without_record(hold: Hold | None, waiting: bool, timeline: list[TimelineItem]) -> Panel:
    if hold is not None:
        actions = [Action("retry", "更正后重新核查", needs_reason=False, who="经办人")]
        view = HoldView(hold.text, hold.next_step, hold.since, hold.due_on, workdays_left(hold.due_on), actions)
        return Panel(
            "held", hold.text, "violet", "待核", "", None, "", hold.next_step, actions[0], view, timeline=timeline
        )
    if waiting:
        retry = Action("retry", "立即核查", needs_reason=False, who="经办人")
        text = "信用核查尚未得到答复，系统会自动继续"
        return Panel(
            "asking", text, "violet", "待核", "", None, "", "可以稍候，也可以立即核查", retry, None, timeline=timeline
        )
    return Panel("none", "尚未进行信用核查", "grey", "普通程序", "", None, "", "", None, None, timeline=timeline)


def _headline(row: CreditDecision, decision: Decision) -> str:
    if row.origin == CreditDecision.Origin.LAPSED:
        return "法定期限已到，按无信用影响办理，之后补查"
    if row.origin == CreditDecision.Origin.SETTLED and row.permits and decision.obligations:
        return OUTCOME_TITLES[Outcome(row.outcome)].split("，")[0] + "，已由人工确认"
    return OUTCOME_TITLES[Outcome(row.outcome)]


def _next_step(decision: Decision) -> str:
    return {
        Outcome.GOOD: "按绿色通道时限优先办理",
        Outcome.UNAVAILABLE: "照常办理，系统会自动补查",
        Outcome.DISPUTED: "照常办理，不因该记录减损，也不加分",
        Outcome.GENERAL: "照常办理，不得增加材料",
        Outcome.RELATED: "照常办理，关联人员的记录不影响申请人",
    }.get(decision.outcome, "照常办理")


def _hold_view(hold: Hold, row: CreditDecision, due_on: date | None) -> HoldView:
    actions: list[Action] = []
    kinds = {ObligationKind(duty["kind"]): None for duty in row.body["outstanding"]}
    for kind in kinds:
        if kind is ObligationKind.SUPERVISOR_RELEASES and hold.escalated_at is None:
            continue  # a supervisor may release it from two working days before it is due
        for verdict in VERDICTS[kind]:
            actions.append(
                Action(f"{kind.value}:{verdict.value}", _ACTION_LABELS[(kind, verdict.value)], who=_ACTORS[kind])
            )
    if not row.complete or hold.reason == "facts-invalid":
        actions.append(Action("retry", "立即重查", needs_reason=False, who="经办人"))
    due = hold.due_on or due_on
    escalated = hold.escalated_at is not None
    return HoldView(hold.text, hold.next_step, hold.since, due, workdays_left(due), actions, escalated)


def _parties(decision: Decision, reports: Sequence[CreditReport], case: Case | None) -> list[PartyPanel]:
    people: dict[tuple[str, str], tuple[str, str]] = {}
    if case is not None:
        for v, p in zip(case.view.parties, case.facts.parties, strict=True):
            number = p.subject.primary
            people[(v.ref, v.role.value)] = (p.subject.name, number.masked() if number else "无可用证件")
    return [_party(o, decision, reports, people, case) for o in decision.parties]


def _party(
    outcome: PartyOutcome,
    decision: Decision,
    reports: Sequence[CreditReport],
    people: Mapping[tuple[str, str], tuple[str, str]],
    case: Case | None,
) -> PartyPanel:
    name, masked = people.get((outcome.party, outcome.role), ("（主体已变更）", ""))
    badge, colour = _PARTY_BADGES[outcome.outcome]
    required = set(case.matter.required_sources) if case is not None else set()
    partly = outcome.asked and bool(required - {r.source for r in reports if r.party == outcome.party})
    if not outcome.asked:
        badge, colour = "未查询", "grey"
    elif partly and outcome.outcome is Outcome.ORDINARY:
        badge, colour = "仅核法定限制", "grey"
    shown = {(r.source, r.record) for r in decision.reasons if r.party == outcome.party and r.record}
    mine = [r for r in reports if r.party == outcome.party]
    records = [
        _record(record)
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
        note=("本人未授权查询公共信用信息；" if partly else "")
        + _note(outcome, mine, case.loaded.rules.source_title if case is not None else str),
        records=records,
        reasons=[_reason(r) for r in decision.reasons if r.party == outcome.party],
        suppressed=outcome.suppressed,
        asked=outcome.asked,
    )


def _record(record: CreditRecord) -> RecordPanel:
    tone_title, tone = _SEVERITY_TITLES[record.severity]
    if record.state is RecordState.DISPUTED:
        tone_title, tone = "异议核实中", "grey"
    elif record.match is MatchGrade.POSSIBLE:
        tone_title, tone = "疑似", "violet"
    parts = [record.decided_by, record.document_no, f"认定 {record.decided_on:%Y-%m-%d}"]
    if record.valid_until or record.display_until:
        parts.append(f"有效至 {(record.valid_until or record.display_until):%Y-%m-%d}")
    return RecordPanel(record.title, " · ".join(p for p in parts if p), tone, tone_title)


def _reason(reason: Reason) -> ReasonPanel:
    return ReasonPanel(reason.text, [cite(c) for c in reason.basis], reason.rule)


_STATUS_TEXTS = {
    QueryStatus.PARTIAL: "答复不完整",
    QueryStatus.PENDING: "等待平台人工审批",
    QueryStatus.UNAVAILABLE: "没有答复",
    QueryStatus.REJECTED: "拒绝查询",
    QueryStatus.NOT_CONFIGURED: "未配置",
}


def _note(outcome: PartyOutcome, reports: Sequence[CreditReport], title: Callable[[str], str]) -> str:
    if not outcome.asked:
        return "没有查询依据或本人未授权，未查询；不加分，不减损"
    missing = [f"{title(r.source)}{_STATUS_TEXTS[r.status]}" for r in reports if r.status is not QueryStatus.OK]
    differs = [title(r.source) for r in reports if r.registered_name_differs]
    if differs:
        missing.append(f"{'、'.join(differs)}登记的名称与所填名称不符")
    if missing:
        return "；".join(missing)
    return "、".join(title(r.source) for r in reports) + "均已完整答复"


def _timeline(host_key: str) -> list[TimelineItem]:
    items: list[TimelineItem] = []
    inquiries = Inquiry.objects.filter(host_key=host_key).prefetch_related("replies").order_by("made_at")
    for inquiry in inquiries:
        asked = len({q["party"] for q in inquiry.queries})
        text = f"{inquiry.get_point_display()}信用核查：登记查询 {asked} 个主体，经手人 {inquiry.asked_by}"
        items.append(TimelineItem(inquiry.made_at, text, "blue"))
        for reply in inquiry.replies.all():
            millis = round((reply.answered_at - reply.asked_at).total_seconds() * 1000)
            answer = "答复完整" if reply.complete else "没有完整答复"
            items.append(
                TimelineItem(reply.answered_at, f"第 {reply.attempt} 次查询{answer}，用时 {millis} 毫秒", "blue")
            )
    for row in CreditDecision.objects.filter(host_key=host_key).order_by("id"):
        title, colour = CHANNEL_TITLES[Channel(row.channel)]
        items.append(TimelineItem(row.made_at, f"核查意见（{row.get_origin_display()}）：{title}", colour))
        for act in row.settlements.order_by("id"):
            items.append(TimelineItem(act.made_at, f"{act.by} {act.get_verdict_display()}：{act.reason}", "amber"))
    return sorted(items, key=lambda i: i.at)


def _material(case: Case | None, code: str) -> str:
    if case is not None:
        for material in case.matter.materials:
            if material.code == code:
                return material.title
    return code
