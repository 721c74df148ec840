"""Rows that no case can meet: of 应用事项清单, and bars."""

from __future__ import annotations

from collections.abc import Iterator

from approval_hook.policy.analysis.findings import Finding, FindingKind, Witness, listed
from approval_hook.policy.analysis.space import BarBox, Space, joint_scopes, usable, usable_severe
from approval_hook.policy.analysis.spans import common
from approval_hook.policy.case import Role
from approval_hook.policy.plan import carries_adverse
from approval_hook.policy.rules import Application, Measure


def dead_rows(space: Space) -> Iterator[Finding]:
    """Rows of 应用事项清单 without a cell. Measures of other bodies never fire by their nature and are left out."""
    for number, row in enumerate(space.rules.applications):
        if number in space.live_rows:
            continue
        measure = space.measures.get(row.measure)
        if measure is not None and measure.effect == "of_others":
            continue
        adverse = measure is None or measure.kind == "sanction"
        yield Finding(
            FindingKind.NEVER_FIRES,
            "error" if adverse else "warning",
            f"applications({row.matter} / {row.measure})",
            f"本条永远不会适用：{'；'.join(_why(space, row, measure))}。请改正，或删除本条。",
            (row.measure,),
            Witness(matter=row.matter),
        )


def _why(space: Space, row: Application, measure: Measure | None) -> Iterator[str]:
    matter = space.matters.get(row.matter)
    if matter is None:
        yield f"事项“{row.matter}”不存在"
    if measure is None:
        yield f"措施“{row.measure}”不存在"
    if matter is None or measure is None:
        return
    spans = space.row_days(row, measure)
    if not spans:
        yield "措施、应用和规则的有效期没有共同的日子"
    if measure.kind == "incentive":
        if Role.APPLICANT not in measure.roles:
            yield "激励只给申请人，roles 中没有 applicant"
        if not common(spans, space.good_days) and spans:
            yield "有效期内没有可以成立的守信途径"
        if measure.effect == "green_channel" and matter.quota_limited:
            yield "有数量限制的事项不设绿色通道"
        return
    if not set(measure.roles) & set(matter.queried_roles):
        yield "措施所列角色，本事项一个也不核查"
    if measure.effect == "limit_entry" and not row.basis:
        yield "限制准入没有写明适用于本事项的依据"
    if not carries_adverse((*row.basis, *measure.basis)):
        yield "依据不全是已核实的法律、行政法规、地方性法规或中央政策文件"
    if not measure.list_types:
        yield "没有写明对应名单"
    for code in measure.list_types:
        yield from _why_list(space, code, row, measure)


def _why_list(space: Space, code: str, row: Application, measure: Measure) -> Iterator[str]:
    listing = space.lists.get(code)
    if listing is None:
        yield f"名单“{code}”不存在"
    elif not usable_severe(listing):
        wrong = "不是严重失信名单" if usable(listing) else "仅供参考、属守信名单或没有已核实的依据"
        yield f"名单“{code}”{wrong}"
    elif not space.list_days[code]:
        yield f"名单“{code}”在规则有效期内不及于任何地域"
    else:
        scopes = joint_scopes((*row.basis, *measure.basis), listing.scope)
        if not space.territory.anywhere(scopes):
            yield f"名单“{code}”与各项依据没有共同的适用地域"
        elif not common(space.row_days(row, measure), space.territory.anywhere(scopes)):
            yield f"名单“{code}”及各项依据适用的日子与措施的有效期没有重合"


def dead_bars(space: Space) -> Iterator[Finding]:
    """Matters that a bar names and can never close."""
    for box in space.bars:
        if not box.live:
            yield _dead_bar(box)
    for bar in space.rules.bars:
        for code in dict.fromkeys(bar.matters):
            if code not in space.matters:
                yield Finding(
                    FindingKind.NEVER_FIRES,
                    "error",
                    f"bars({bar.id}).matters({code})",
                    f"本条永远不会适用：事项“{code}”不存在。请改正，或从 matters 中删除。",
                    (bar.id,),
                    Witness(matter=code),
                )


def _dead_bar(box: BarBox) -> Finding:
    reasons = []
    if not box.roles:
        reasons.append("所列角色，本事项一个也不核查")
    if not box.proofs:
        reasons.append(f"本事项没有能够证明它的来源（{listed(box.bar.proofs)}）")
    if not box.days:
        reasons.append("各项依据没有共同的适用地域")
    if not box.lawful:
        reasons.append("依据不全是已核实的法律、行政法规、地方性法规或中央政策文件")
    return Finding(
        FindingKind.NEVER_FIRES,
        "error",
        f"bars({box.bar.id}).matters({box.matter.code})",
        f"本条永远不会适用：{'；'.join(reasons)}。请改正，或从 matters 中删除本事项。",
        (box.bar.id,),
        Witness(matter=box.matter.code),
    )
