"""Exemptions that exempt nothing, and exemptions that cover the same cases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import combinations
from typing import TYPE_CHECKING

from approval_hook.policy.analysis.findings import Finding, FindingKind

if TYPE_CHECKING:
    from approval_hook.policy.catalogue import RuleSet
    from approval_hook.policy.rules import Exemption


def exemptions(rules: RuleSet, on: date | None) -> Iterator[Finding]:
    """What is wrong with the exemptions of a rule set.

    Args:
        rules: the rule set.
        on: today; None looks at the days of the rule set only.
    """
    for one in rules.exemptions:
        why = _idle(rules, one, on)
        if why:
            yield Finding(FindingKind.EXEMPTION_IDLE, "warning", f"exemptions({one.id})", why, (one.id,))
    for one, other in combinations(sorted(rules.exemptions, key=lambda e: e.id), 2):
        points = sorted(set(one.points) & set(other.points))
        near = one.region.startswith(other.region) or other.region.startswith(one.region)
        if one.matter == other.matter and points and near and _meet(one, other):
            text = f"与豁免“{other.id}”在同一事项、地域和期间内重复（{'、'.join(points)}）；请合并，或分开期间和地域。"
            ids = (one.id, other.id)
            yield Finding(FindingKind.EXEMPTION_OVERLAP, "warning", f"exemptions({one.id})", text, ids)


def _idle(rules: RuleSet, one: Exemption, on: date | None) -> str:
    if not one.founded:
        return "依据尚未全部核实，不产生豁免；请核对原文后设 verified: true。"
    begins = rules.valid_to is not None and rules.valid_to < one.valid_from
    ended = one.valid_to is not None and one.valid_to < rules.valid_from
    if begins or ended:
        return "有效期与规则集的有效期没有交集，从不适用；请删除，或核对日期。"
    if on is not None and one.valid_to is not None and one.valid_to < on:
        return f"已于{one.valid_to.isoformat()}到期，不再适用；请在下一版规则集中删除。"
    return ""


def _meet(one: Exemption, other: Exemption) -> bool:
    starts = max(one.valid_from, other.valid_from)
    return all(e.valid_to is None or starts <= e.valid_to for e in (one, other))
