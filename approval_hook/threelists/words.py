"""The Chinese words for every closed vocabulary that the sheets show, one word per value."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

#: ``kind`` of measures, measure types and memos.
KINDS = {"sanction": "惩戒", "incentive": "激励"}

EFFECTS = {
    "limit_entry": "限制准入",
    "strict_review": "从严审核",
    "withhold_convenience": "限制享受便利措施",
    "key_supervision": "纳入重点监管",
    "of_others": "由其他机关实施",
    "green_channel": "绿色通道",
    "longer_supplement": "容缺受理",
    "fewer_inspections": "减少检查频次",
}

SUBJECTS = {"organisation": "法人和非法人组织", "person": "自然人"}

ROLES = {
    "applicant": "申请人",
    "legal_representative": "法定代表人",
    "principal": "主要负责人",
    "responsible_supervisor": "直接负责的主管人员",
    "other_responsible": "其他直接责任人员",
    "food_safety_officer": "食品安全管理人员",
    "safety_officer": "安全生产管理人员",
    "quality_principal": "质量负责人",
    "licensed_practitioner": "执业人员和专业技术人员",
    "director_executive": "董事监事和高级管理人员",
    "investor": "举办者出资人和股东",
    "actual_controller": "实际控制人",
    "agent": "代理人",
}

LEVELS = {"省级": "省级", "市级": "市级", "县级": "县级"}
FORCES = {"mandatory": "强制性", "recommended": "推荐性"}
ANSWERS = {True: "是", False: "否"}

SEVERITIES = {
    "serious": "严重失信",
    "watch": "重点关注",
    "general": "一般失信",
    "minor": "轻微失信",
    "good": "守信",
}

BASIS_TYPES = {
    "law": "法律",
    "administrative_regulation": "行政法规",
    "local_regulation": "地方性法规",
    "central_policy": "党中央、国务院政策文件",
    "judicial_interpretation": "司法解释",
    "departmental_rule": "部门规章",
    "local_policy": "地方政策文件",
    "memorandum": "备忘录",
    "guide": "办事指南、内部规定",
}

#: Categories of characters that a reader cannot see: control, format (byte order mark, zero width, direction marks),
#: surrogates, and the two line separators that are no line break to a spreadsheet.
_INVISIBLE = ("Cc", "Cf", "Cs", "Zl", "Zp")


def is_invisible(char: str) -> bool:
    """Whether a reader could not see that the character is there. A line break and a space can be seen."""
    return char != "\n" and (unicodedata.category(char) in _INVISIBLE or char in "\ufffe\uffff")


def folded(text: str) -> str:
    """A text as it is compared: full-width forms, white space and invisible marks make no difference.

    >>> folded(" 措施 编号（ＩＤ）")
    '措施编号(ID)'
    """
    plain = unicodedata.normalize("NFKC", text)
    return "".join(c for c in plain if not c.isspace() and unicodedata.category(c) not in _INVISIBLE)


def by_word(words: Mapping[Any, str]) -> dict[str, Any]:
    """Values of a vocabulary by their folded words."""
    return {folded(word): value for value, word in words.items()}
