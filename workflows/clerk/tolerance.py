"""容缺受理: what an accepted case still owes, how it is shown, and how it is supplied."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from viewflow.workflow.status import PROCESS

from approval_hook.clock import today
from approval_hook.panel import Badge
from approval_hook.policy.promises import PromiseAct
from approval_hook.policy.workdays import workday_from
from approval_hook.workcalendar import published_calendar
from workflows import materials, promising, telling
from workflows.models import CaseEvent, FoodBusinessCase, RideHailingDriverCase
from workflows.templatetags.clerk import day

Case = FoodBusinessCase | RideHailingDriverCase

#: Channels that a promise colours; a stricter one keeps its own word.
_MILD = {"ordinary", "green", "unchecked"}
#: Of the reason why a late supplement counts.
_SHORTEST_REASON, _LONGEST_REASON = 4, 100


class SupplyRefused(Exception):
    """Nothing can be supplied now; the message says why, in the reader's language."""


def promised(case: Case) -> list[materials.Material]:
    """Materials that the applicant promised and has not brought; empty when nothing is owed or all is over."""
    if case.accepted_at is None or case.decision or case.status != PROCESS.NEW:
        return []
    return materials.missing(materials.catalogue_of(case), case.materials)


def shown_badge(case: Case, badge: Any | None) -> Any | None:
    """The channel as lists and the case page show it.

    Args:
        case: any case.
        badge: the channel that the credit check gave, if any.

    Returns:
        容缺受理 while promised materials are out and the check found nothing that weighs more; the ordinary procedure
        once they are late; else the badge as it is.

    Source: 广东省优化营商环境条例 第三十二条.
    """
    mild = badge is None or badge.channel in _MILD
    if case.supply_until is None or not mild or not promised(case):
        return badge
    outcome = badge.outcome if badge else ""
    if is_late(case):  # out of the fast lane, whatever the credit check gave
        return Badge("ordinary", _("普通程序"), "grey", outcome)
    return Badge("tolerant", _("容缺受理"), "amber", outcome)


def still_out(case: Case) -> str:
    """One sentence about promised materials that are still out; empty when none are."""
    out = promised(case)
    if not out:
        return ""
    if case.supply_until is None:
        return _("还有 %(count)d 份材料未到。") % {"count": len(out)}
    return _("还有 %(count)d 份承诺补交的材料未到，最迟 %(date)s。") % {
        "count": len(out),
        "date": day(case.supply_until),
    }


def is_late(case: Case) -> bool:
    """Whether the day on which promised materials were to come is over (S-15: a day off moves to the next)."""
    if case.supply_until is None:
        return False
    return today() > workday_from(case.supply_until, published_calendar())


def may_supply(case: Case, user: Any) -> bool:
    """Whether this officer may register a supplement now: in time whoever accepts, late whoever decides (S-16)."""
    step = "decide" if is_late(case) else "accept"
    return bool(user.has_perm(f"workflows.{step}_{case._meta.model_name}"))


def supply(process: Case, user: Any, codes: Sequence[str], reason: str = "") -> None:
    """Register that the applicant brought promised materials.

    Args:
        process: the case; it is read again under the flow lock.
        user: the officer who takes them; needs the accept permission of the case, or when they are late the decide
            permission.
        codes: codes of the materials, at least one, each among those still out.
        reason: why late ones count; at least four characters.

    Raises:
        SupplyRefused: no permission, nothing is out, another code, or late and no reason. Nothing has changed.
    """
    model = type(process)
    with process.flow_class.lock(process.pk), transaction.atomic():
        case = model._default_manager.get(pk=process.pk)
        late = is_late(case)
        if not may_supply(case, user):
            raise SupplyRefused(
                _("补交期限已过。材料是否采用由审批负责人决定，请负责人在本页登记并写明理由。")
                if late
                else _("您没有登记补交的权限。请由窗口经办人员办理。")
            )
        out = {material.code for material in promised(case)}
        if not out:
            raise SupplyRefused(_("没有待补交的材料。"))
        if not codes or not set(codes) <= out:
            raise SupplyRefused(_("请勾选收到的材料。"))
        reason = reason.strip()
        if late and not _SHORTEST_REASON <= len(reason) <= _LONGEST_REASON:
            raise SupplyRefused(_("逾期补交的，请写明采用的理由，四至一百字。"))
        try:
            _register(case, user, sorted(set(codes)), reason, late=late)
        except promising.PromiseRefused as refused:
            raise SupplyRefused(str(refused)) from None


def _register(case: Case, user: Any, codes: Sequence[str], reason: str, *, late: bool) -> None:
    """Under the promise where it still holds, else as plain materials of the case."""
    found = promising.given(case)
    standing: Any = found.standing if found is not None else None
    holds = standing is not None and standing.state in promising.OPEN
    if holds:
        fresh = [code for code in codes if code not in standing.late]
        if fresh:
            standing = promising.take(case, user, PromiseAct.SUPPLIED, codes=fresh)
        # Whether it came late is for the promise to say, whose last day may have moved.
        came_late = [code for code in codes if code in standing.late]
        if came_late:
            promising.take(case, user, PromiseAct.ADMITTED, codes=came_late, reason=reason)
    promising.put(case, codes)
    row = register(case, user, CaseEvent.Kind.SUPPLIED, codes, _admitted(case, codes, reason) if late else "")
    if not holds:
        telling.supplied(case, codes, row)


def _admitted(case: Case, codes: Collection[str], reason: str) -> str:
    titles = "、".join(str(m.title) for m in materials.catalogue_of(case) if m.code in codes)
    whole = _("逾期补交，准予采用：%(reason)s（%(titles)s）") % {"reason": reason, "titles": titles}
    longest = CaseEvent._meta.get_field("note").max_length or 0
    return whole if len(whole) <= longest else whole[: longest - 1] + "…"


def register(case: Case, user: Any, kind: CaseEvent.Kind, codes: Sequence[str] = (), note: str = "") -> CaseEvent:
    """Keep what an officer did to the case outside its steps, for the history."""
    return CaseEvent.objects.create(
        process_id=case.pk, kind=kind, at=timezone.now(), by=user, materials=list(codes), note=note
    )
