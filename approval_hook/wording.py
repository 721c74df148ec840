"""The Chinese words for what the core and the evidence say."""

from __future__ import annotations

from approval_hook.policy.case import Role
from approval_hook.policy.decision import Channel, ObligationKind, Outcome
from approval_hook.policy.records import QueryStatus, Severity

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
    Role.SAFETY_OFFICER: "安全生产管理人员",
    Role.QUALITY_PRINCIPAL: "质量负责人",
    Role.LICENSED_PRACTITIONER: "执业人员",
    Role.DIRECTOR_EXECUTIVE: "董事、监事、高级管理人员",
    Role.INVESTOR: "举办者、出资人、股东",
    Role.ACTUAL_CONTROLLER: "实际控制人",
    Role.AGENT: "代理人",
}

PARTY_BADGES = {
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

SEVERITY_TITLES = {
    Severity.SERIOUS: ("严重失信", "orange"),
    Severity.WATCH: ("重点关注", "grey"),
    Severity.GENERAL: ("一般记录", "grey"),
    Severity.MINOR: ("轻微记录", "grey"),
    Severity.GOOD: ("激励依据", "green"),
}

ACTION_LABELS = {
    (ObligationKind.HEAD_DECIDES, "uphold"): "确认适用限制或措施",
    (ObligationKind.HEAD_DECIDES, "release"): "确认不适用",
    (ObligationKind.SECTION_CONFIRMS, "uphold"): "开始从严审核",
    (ObligationKind.SECTION_CONFIRMS, "release"): "不予从严",
    (ObligationKind.TWO_CONFIRM_IDENTITY, "same"): "核实为同一主体",
    (ObligationKind.TWO_CONFIRM_IDENTITY, "not_same"): "核实为不同主体",
    (ObligationKind.SUPERVISOR_RELEASES, "without_effect"): "按无信用影响办理",
}

ACTORS = {
    ObligationKind.HEAD_DECIDES: "负责人",
    ObligationKind.SECTION_CONFIRMS: "科室负责人",
    ObligationKind.TWO_CONFIRM_IDENTITY: "两名工作人员分别确认",
    ObligationKind.SUPERVISOR_RELEASES: "负责人",
}


#: The platform answered, but about nobody or somebody else: what stands in the place of “has not answered in full”.
DOUBTED_HEADLINE = "信用平台查无此主体，或登记的名称不符"
#: By whether the case is accepted, after which nothing can be corrected any more.
DOUBTED_NEXT = {
    False: "先核对证照；填写有误的，受理前更正申请事项，系统会重新核查",
    True: "核对证照；填写有误的，须由申请人撤回后重新申请",
}
DOUBTS = {True: "姓名与证件号码不符", False: "名称与代码不符", None: "查无此主体"}

#: Headline and next step by duty and verdict, the strongest first.
SETTLED = {
    (ObligationKind.HEAD_DECIDES, "uphold"): (
        "负责人已确认适用所列限制或措施",
        "不予许可的，只引用可据以不予许可的条款，写明事实、理由和救济途径",
    ),
    (ObligationKind.SECTION_CONFIRMS, "uphold"): (
        "已开始从严审核",
        "由第二人复核证据；只按法定条件决定，不增加材料",
    ),
    (ObligationKind.SUPERVISOR_RELEASES, "without_effect"): (
        "负责人确认按无信用影响办理，之后补查",
        "按普通程序办理，系统会自动补查",
    ),
    (ObligationKind.HEAD_DECIDES, "release"): ("负责人确认不适用，按普通程序办理", "按普通程序办理，不得因该记录减损"),
    (ObligationKind.SECTION_CONFIRMS, "release"): (
        "科室确认不予从严，按普通程序办理",
        "按普通程序办理，不得因该记录减损",
    ),
}
#: Next step where what the head confirmed is no bar (行政许可法 第十六条).
UPHELD_WITHOUT_REFUSAL = "按所列措施办理；不得据以不予许可，不予许可须另有法定条件或法定限制"
EXEMPTED = "依规定免予信用核查，按普通程序办理"
#: Once the decision is taken; by whether the check that came after it found something severe.
DECIDED_NEXT = {
    False: "决定已经作出",
    True: "决定已经作出，不因此改变；查到的记录转事后监管",
}
#: Headline and next step of an emergency release that expired unused.
RUN_OUT = ("应急放行已到期，没有作出决定", "系统会重新核查；仍无答复的转为待核，确有需要的可重新提请")
UNCHECKED_TITLE = "未核查"
RELEASE_ASKED = "应急放行等待第二人批准"
#: How a person's own authorisation is named as the ground of a query.
AUTHORISED = "本人授权（{reference}）"
NOT_ASKED = "没有查询（没有依据或本人未授权），按普通程序办理"


KIND_TITLES = {"bar": "法定限制", "sanction": "惩戒", "incentive": "激励"}

#: By whether it is an incentive, and its force.
FORCE_TITLES = {
    (False, "mandatory"): "强制",
    (False, "recommended"): "推荐",
    (True, "mandatory"): "应当给予",
    (True, "recommended"): "可以给予",
}

#: By whether a refusal may rest on the bar or measure.
REFUSAL_NOTES = {
    True: "负责人确认适用的，可据以不予许可",
    False: "不得据以不予许可；不予许可须另有法定条件或法定限制",
}

MEASURE_NOTES = {"uphold": "已确认适用", "release": "已确认不适用"}


HOLD_TITLES = {
    "head_decides": "法定限制或措施待负责人确认",
    "section_confirms": "从严审核待科室确认",
    "two_confirm_identity": "疑似记录待两人核实",
    "supervisor_releases": "信用平台没有完整答复",
    "never-asked": "没有核查过",
    "subjects-changed": "核查后主体有变动",
    "rules-changed": "规则版本已更新",
    "exemption-changed": "是否免予核查有变动",
    "stale": "核查答复已过期",
    "forged": "核查意见校验不符",
    "facts-invalid": "办件事实无法使用",
}

ISSUE_FAULTS = {
    "facts-invalid": "办件事实无法使用",
    "never-asked": "没有核查意见",
    "forged": "核查意见校验不符",
    "subjects-changed": "决定后主体有变动",
    "not-permitted": "决定后的补查查到须人工确认的记录",
    "unanswered": "信用平台仍没有完整答复",
}

EMERGENCY_STATES = {
    "asked": "等待第二人批准",
    "unanswered": "无人批准，已过期",
    "outdated": "主体已变更，须重新提请",
    "running": "放行中，待复核",
    "unreviewed": "已到期，待复核",
    "reviewed": "已复核",
    "forged": "校验不符，不生效",
}


STATUS_TEXTS = {
    QueryStatus.PARTIAL: "答复不完整",
    QueryStatus.PENDING: "等待平台人工审批",
    QueryStatus.UNAVAILABLE: "没有答复",
    QueryStatus.REJECTED: "拒绝查询",
    QueryStatus.NOT_CONFIGURED: "未配置",
}

#: What a source says of a record, as a conflict of sources tells it.
SAID_TITLES = {
    "active": "有效",
    "disputed": "异议核实中",
    "repaired": "已修复",
    "removed": "已移出",
    "corrected": "已更正",
    "none": "没有记录",
    "other-name": "登记名称与所填不符",
    "same-name": "登记名称相符",
}

#: By the reason for which nobody was asked: the keys of ``records.NOT_ASKED_REASONS``.
NOT_ASKED_TEXTS = {
    "busy": "查询排队过长，本次未查询",
    "breaker-open": "连续没有答复，暂停查询",
    "quota": "今日查询配额已用完，本次未查询",
    "rate": "查询频次已到上限，本次未查询",
    "maintenance": "正在维护，本次未查询",
    "deadline": "在时限内没有轮到，本次未查询",
}
