"""Closed vocabularies of rule sets in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from approval_hook.policy.analysis import FindingKind
from approval_hook.policy.catalogue import RuleSet
from approval_hook.policy.rules import Clock, GatePoint, LegalBasis, Material
from approval_hook.threelists import words

MATERIAL_KINDS = {
    "statutory": _("法律规定"),
    "regulation": _("法规规章规定"),
    "internal": _("机关自行要求"),
}
TOLERANCES = {"never": _("不可容缺"), "good_credit": _("守信者可容缺"), "everyone": _("所有申请人可容缺")}
PROOFS = {"own_register": _("本机关登记"), "platform": _("信用平台记录")}
DISPLAYS = {"severity": _("按失信程度"), "source": _("按记录自身载明")}
POINTS = {
    GatePoint.ACCEPTANCE: _("受理时"),
    GatePoint.DECISION: _("决定前"),
    GatePoint.ISSUE: _("发证时（只复读，不拦截）"),
}
GRADES = {"error": _("错误"), "warning": _("警告"), "note": _("提示")}
FINDINGS = {
    FindingKind.CONFLICT: _("要求不一"),
    FindingKind.NEVER_FIRES: _("永远不会适用"),
    FindingKind.NO_BASIS: _("没有足够依据"),
    FindingKind.ROLE_NOT_QUERIED: _("角色不在核查之列"),
    FindingKind.STATUTORY_TOLERABLE: _("法定材料可容缺"),
    FindingKind.SUPPLEMENT_LATE: _("补交晚于决定"),
    FindingKind.DUPLICATE: _("重复规定"),
    FindingKind.UNUSED_MEASURE: _("措施没有事项使用"),
    FindingKind.OUTSIDE_EDITION: _("清单版本不在有效期"),
    FindingKind.PROOF_NOT_QUERIED: _("证明来源不在核查之列"),
    FindingKind.WRONG_KIND: _("对象不能申请"),
    FindingKind.NO_GROUND_DAYS: _("部分日期没有查询依据"),
    FindingKind.NO_DISPLAY_PERIOD: _("没有公示期限"),
    FindingKind.EXEMPTION_IDLE: _("豁免不起作用"),
    FindingKind.EXEMPTION_OVERLAP: _("豁免重复"),
    FindingKind.NO_MEASURE: _("严重失信没有对应措施"),
    FindingKind.NO_MEASURE_DAYS: _("部分日期没有对应措施"),
    FindingKind.UNREACHED_MATTER: _("没有措施及于该事项"),
    FindingKind.ROLE_WITHOUT_EFFECT: _("角色没有作用"),
    FindingKind.UNKNOWN_DOMAIN: _("领域没有对应事项"),
    FindingKind.UNUSED: _("没有被引用"),
    FindingKind.UNVERIFIED_BASIS: _("依据未核实"),
}

#: What ``Bar.events`` of the shipped rules stand for. Rule sets have no titles for them.
EVENTS = {
    "accounting_crime": "因会计违法犯罪被追究刑事责任",
    "accounting_falsification": "伪造、变造会计资料",
    "accounting_serious_offence": "会计违法情节严重",
    "business_licence_revoked_liable": "对企业被吊销营业执照负有个人责任",
    "cosmetics_serious_offence": "化妆品违法情节严重",
    "counterfeit_drug": "生产、销售假药",
    "counterfeit_drug_revoked": "因生产、销售假药被吊销许可",
    "crime_sentence": "被判处刑罚",
    "device_serious_offence": "医疗器械违法情节严重",
    "drink_driving_accident_crime": "酒后驾驶发生事故构成犯罪",
    "drink_driving_commercial_revoked": "饮酒驾驶营运车辆被吊销驾驶证",
    "drunk_driving_commercial_revoked": "醉酒驾驶营运车辆被吊销驾驶证",
    "drunk_driving_revoked": "醉酒驾驶被吊销驾驶证",
    "dumping_against_permit_revoked": "未按许可证规定倾倒被吊销许可",
    "entertainment_listed_crime": "犯有娱乐场所管理规定所列罪行",
    "fake_veterinary_drug_revoked": "经营假、劣兽药情节严重被吊销许可",
    "false_appraisal_crime": "出具虚假评估报告构成犯罪",
    "false_materials": "隐瞒情况或提供虚假材料",
    "food_crime_sentence": "因食品安全犯罪被判处刑罚",
    "forbidden_content_revoked": "因含有禁止内容被吊销许可",
    "forged_licence": "伪造、变造许可证",
    "hit_and_run_crime": "造成事故后逃逸构成犯罪",
    "inferior_drug_serious": "生产、销售劣药情节严重",
    "intentional_crime_sentence": "因故意犯罪被判处刑罚",
    "ip_serious_misconduct": "知识产权代理严重违法",
    "licence_by_fraud": "以欺骗、贿赂等不正当手段取得许可",
    "licence_cancelled": "许可被撤销",
    "licence_revoked": "许可证被吊销",
    "licence_revoked_same_product": "同一产品的生产许可证被吊销",
    "post_ban_life": "被处以终身从业禁止",
    "qualification_lost": "丧失资格",
    "registration_cancelled": "虚假登记被撤销",
    "safety_closure": "因安全生产违法被关闭",
    "serious_penalty": "受到严重行政处罚",
    "transferred_licence": "转让许可证",
    "unlicensed_operation": "无证经营",
}
#: The same for ``Bar.domains`` and ``Matter.domain``.
DOMAINS = {
    "accounting": "会计",
    "asset_appraisal": "资产评估",
    "bookkeeping": "代理记账",
    "civil_explosives": "民用爆炸物品",
    "construction_permit": "建筑施工",
    "cosmetics": "化妆品",
    "criminal": "刑事",
    "driving": "机动车驾驶",
    "drug_business": "药品经营",
    "dual_use": "两用物项",
    "entertainment": "娱乐场所",
    "financing_guarantee": "融资担保",
    "fire_check": "消防安全检查",
    "fireworks": "烟花爆竹",
    "fiscal_funds": "财政资金",
    "food": "食品经营",
    "food_production": "食品生产",
    "gas": "燃气",
    "hazardous_chemicals": "危险化学品",
    "human_resources": "人力资源服务",
    "industrial_product": "工业产品",
    "intellectual_property": "知识产权",
    "internet_information": "互联网信息服务",
    "labour_dispatch": "劳务派遣",
    "lawyer": "律师",
    "market_registration": "市场主体登记",
    "medical_device": "医疗器械",
    "medical_institution": "医疗机构",
    "notary": "公证",
    "nurse": "护士执业",
    "performance": "营业性演出",
    "pesticide": "农药",
    "physician": "医师执业",
    "pollution": "排污",
    "port": "港口",
    "precursor_chemicals": "易制毒化学品",
    "private_school": "民办学校",
    "publication": "出版",
    "radiation": "辐射安全",
    "ride_hailing": "网络预约出租汽车",
    "road_freight": "道路货物运输",
    "road_passenger": "道路旅客运输",
    "same_licence": "与所申请事项同一许可",
    "sea_dumping": "海洋倾倒",
    "seafarer": "船员",
    "security_service": "保安服务",
    "seed": "种子",
    "slaughter": "生猪屠宰",
    "special_equipment": "特种设备",
    "special_equipment_operator": "特种设备作业人员",
    "special_equipment_use": "特种设备使用",
    "survey": "测绘",
    "tax": "税务",
    "teacher": "教师",
    "tobacco": "烟草专卖",
    "tour_guide": "导游",
    "travel_agency": "旅行社",
    "vehicle_registration": "机动车登记",
    "veterinary_drug": "兽药",
    "water_abstraction": "取水",
    "work_safety": "安全生产",
}


def slugs(vocabulary: Mapping[str, str], values: Iterable[str]) -> str:
    """Codes of facts or fields in Chinese; one without a word stands as it is and is marked as a code."""
    return "、".join(vocabulary.get(v) or gettext("%(slug)s（代码）") % {"slug": v} for v in values)


def force_word(kind: str, force: str) -> str:
    """How binding a measure is: what burdens is mandatory or recommended, what favours must or may be given."""
    if kind == "incentive":
        return gettext("应当给予") if force == "mandatory" else gettext("可以给予")
    return word(words.FORCES, force)


def word(vocabulary: Mapping[Any, Any], value: Any) -> str:
    """The word for a value of a vocabulary; a value without a word stands for itself."""
    return gettext(str(vocabulary.get(value, value)))


def listed(vocabulary: Mapping[Any, Any], values: Iterable[Any]) -> str:
    """The words for several values."""
    return "、".join(word(vocabulary, value) for value in values)


def period(first: date, last: date | None) -> str:
    """From the first to the last day, both included."""
    if last is None:
        return gettext("%(first)s 起") % {"first": first.isoformat()}
    return gettext("%(first)s 至 %(last)s") % {"first": first.isoformat(), "last": last.isoformat()}


def time_limit(clock: Clock) -> str:
    """A statutory limit with its unit and extension."""
    text = gettext("%(n)d 个工作日") if clock.unit == "workdays" else gettext("%(n)d 日")
    text = text % {"n": clock.days}
    if clock.extension_days:
        text += gettext("（可延长 %(n)d 日）") % {"n": clock.extension_days}
    return text


def tolerance(material: Material) -> str:
    """Who may supply a material later, and for how long."""
    who = word(TOLERANCES, material.tolerance)
    if material.tolerance == "never":
        return who
    text = gettext("%(who)s，%(n)d 个工作日内补交") % {"who": who, "n": material.supplement_days}
    if material.good_credit_extra_days:
        text += gettext("，守信者加 %(n)d 日") % {"n": material.good_credit_extra_days}
    return text


def scope(value: str, rules: RuleSet) -> str:
    """Where a document or list holds."""
    kind, _sep, name = value.partition(":")
    if kind == "agreement":
        return next((a.title for a in rules.agreements if a.id == name), name)
    if kind == "national":
        return gettext("全国")
    text = gettext("省（%(code)s）") if kind == "province" else gettext("市（%(code)s）")
    return text % {"code": name}


def document(basis: LegalBasis) -> str:
    """A document as it is cited: the title of a law in its marks, the number of a policy without."""
    return basis.document if "〔" in basis.document else f"《{basis.document}》"


def basis_type(basis: LegalBasis) -> str:
    """Rank of a document in words."""
    return word(words.BASIS_TYPES, basis.type.value)
