"""The Chinese names of parts, fields and values of a rule set, for pages and reports."""

from __future__ import annotations

from approval_hook.threelists import words

PART_LABELS = {
    "rule_set": "规则整体",
    "documents": "文件",
    "bases": "依据",
    "sources": "核查来源",
    "principles": "通则",
    "categories": "失信类别",
    "agreements": "互认协议",
    "list_types": "名单",
    "display_periods": "公示期限",
    "grounds": "查询依据",
    "bars": "法定限制",
    "editions": "清单版本",
    "measure_types": "措施类别清单",
    "memos": "备忘录",
    "measures": "备忘录措施清单",
    "leniencies": "从轻情形",
    "good_credit_routes": "守信认定途径",
    "clocks": "法定期限",
    "matters": "事项",
    "materials": "材料",
    "applications": "应用事项清单",
    "exemptions": "豁免",
    "excluded_procedures": "不计入期限的程序",
    "messages": "消息模板",
    "reminders": "期限提醒",
    "lapses": "逾期的法律后果",
    "promise_texts": "承诺书文本",
    "promise_bars": "不适用承诺的情形",
}

#: By field, or by "part.field" where a part means something else by it.
FIELD_LABELS = {
    "order": "排列顺序",
    "id": "编号",
    "code": "编号",
    "name": "名称",
    "sources.name": "编号",
    "sources.keep_raw": "留存答复原文",
    "title": "名称",
    "paragraphs": "段落",
    "title_en": "英文名称",
    "basis": "依据",
    "valid_from": "生效日期",
    "valid_to": "失效日期",
    "kind": "种类",
    "measures.kind": "奖惩性质",
    "measure_types.kind": "奖惩性质",
    "memos.kind": "奖惩性质",
    "materials.kind": "设定类型",
    "type": "类型",
    "measures.type": "措施类别",
    "documents.type": "文件类型",
    "matters.type": "事项类型",
    # the rule set itself
    "revision": "版本号",
    "supplement_buffer_days": "补交期限与决定期限的间隔（工作日）",
    "status_authority": "信息状态以何来源为准",
    "conventions.disputed_incentives": "异议期间的守信激励",
    "conventions.last_day": "期限最后一日",
    "conventions.red_and_black": "同时列入红黑名单",
    "conventions.state_conflict": "同一决定状态不一",
    # documents and bases
    "version": "版本日期",
    "document": "文件",
    "article": "条款",
    "quote": "原文摘录",
    "verified": "已核实",
    # lists
    "origins": "提出该类别的文件",
    "regions": "适用地区",
    "severity": "失信程度",
    "scope": "适用地域",
    "category": "失信类别",
    "display": "公示期限",
    "reference_only": "仅供参考",
    "min_months": "最短月数",
    "max_months": "最长月数",
    "start": "起算点",
    # grounds and bars
    "kinds": "适用对象",
    "roles": "落实到人",
    "market_only": "仅限经营主体",
    "matters": "适用事项",
    "sources": "可查来源",
    "licence": "所限许可",
    "events": "触发事实",
    "domains": "领域",
    "roles_then": "当时的职务",
    "period_years": "限制年数",
    "proofs": "证明来源",
    "may_refuse": "可据以不予许可",
    # measures and their application
    "edition": "清单版本",
    "memo": "备忘录",
    "effect": "措施效果",
    "organ": "实施机关",
    "list_types": "对应名单",
    "matter": "事项",
    "measure": "措施",
    "level": "行使层级",
    "force": "实施力度",
    "years": "年数",
    # messages
    "subject": "标题",
    "subject_en": "英文标题",
    "text": "正文",
    "text_en": "英文正文",
    # clocks
    "days": "天数",
    "unit": "单位",
    "extension_days": "可延长天数",
    "normal_workdays": "到期前提醒（工作日）",
    "warning_workdays": "到期前预警（工作日）",
    # matters and materials
    "department": "主管部门",
    "domain": "许可领域",
    "subject_kind": "申请主体",
    "clock": "法定期限",
    "promised_days": "承诺时限",
    "green_promised_days": "绿色通道承诺时限",
    "quota_limited": "有数量限制",
    "public_tolerance_list": "列入容缺受理清单",
    "queried_roles": "核查对象",
    "required_sources": "必查来源",
    "advisory_sources": "参考来源",
    "freshness.acceptance": "受理时信息时效（分钟）",
    "freshness.decision": "决定时信息时效（分钟）",
    "freshness.issue": "发证时信息时效（分钟）",
    "points": "核查环节",
    "region": "决定机关所在地域",
    "condition": "提交情形",
    "main": "主要材料",
    "tolerance": "容缺范围",
    "supplement_days": "补交期限（工作日）",
    "good_credit_extra_days": "守信延长（工作日）",
}

_VALUES = {
    **words.KINDS,
    **words.EFFECTS,
    **words.FORCES,
    **words.SUBJECTS,
    **words.ROLES,
    **words.SEVERITIES,
    **words.BASIS_TYPES,
}
#: Fields whose values are words of a vocabulary. Everywhere else a value is a code or a text and is shown as it is.
_WORDED = frozenset(
    {"kind", "effect", "force", "kinds", "roles", "roles_then", "queried_roles", "severity", "type", "subject_kind"}
)


def shown(name: str, value: object) -> str:
    """A plain value of a field as a page or a report shows it; "无" when there is none.

    >>> shown("effect", "limit_entry"), shown("may_refuse", False), shown("basis", ["law-1", "law-2"])
    ('限制准入', '否', 'law-1、law-2')
    """
    if isinstance(value, bool):
        return words.ANSWERS[value]
    if isinstance(value, list):
        return "、".join(shown(name, each) for each in value) or "无"
    if value is None or value == "":
        return "无"
    text = str(value)
    return _VALUES.get(text, text) if name.rpartition(".")[2] in _WORDED else text
