"""Closed vocabularies of rule sets in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from approval_hook.policy.analysis import FindingKind
from approval_hook.policy.catalogue import RuleSet
from approval_hook.policy.rules import Clock, LegalBasis, Material
from approval_hook.threelists import words

MATERIAL_KINDS = {
    "statutory": _("法律规定"),
    "regulation": _("法规规章规定"),
    "internal": _("机关自行要求"),
}
TOLERANCES = {"never": _("不可容缺"), "good_credit": _("守信者可容缺"), "everyone": _("所有申请人可容缺")}
PROOFS = {"own_register": _("本机关登记"), "platform": _("信用平台记录")}
DISPLAYS = {"severity": _("按失信程度"), "source": _("按记录自身载明")}
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
    FindingKind.NO_MEASURE: _("严重失信没有对应措施"),
    FindingKind.NO_MEASURE_DAYS: _("部分日期没有对应措施"),
    FindingKind.UNREACHED_MATTER: _("没有措施及于该事项"),
    FindingKind.ROLE_WITHOUT_EFFECT: _("角色没有作用"),
    FindingKind.UNKNOWN_DOMAIN: _("领域没有对应事项"),
    FindingKind.UNUSED: _("没有被引用"),
    FindingKind.UNVERIFIED_BASIS: _("依据未核实"),
}


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
