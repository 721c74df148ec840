"""Gathers what the case page shows: facts, the one next action, history, deadline, credit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from viewflow.workflow.status import PROCESS, STATUS

from approval_hook import deadlines
from approval_hook.deadlines import Standing
from approval_hook.models import StatutoryAct
from approval_hook.policy.subjects import mask_number
from workflows import materials, promising
from workflows.clerk import clock, credit_bridge, promisecard
from workflows.clerk.noticedforms import AnswerForm, open_to
from workflows.clerk.scope import OPEN, Case
from workflows.clerk.settlement import settling_of
from workflows.clerk.tolerance import is_late, may_supply, promised, shown_badge, still_out
from workflows.models import CaseEvent, CasePerson, FoodBusinessCase, Result, RideHailingDriverCase
from workflows.notices.board import board


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the facts column."""

    label: str
    value: Any  # text or date
    note: str = ""  # a masked number or a remark
    mono: bool = False


@dataclass(frozen=True, slots=True)
class NextStep:
    """The one thing to do now."""

    title: str
    text: str
    kind: str  # "open" (go to the form), "claim" (take it and go), "wait", "ended"
    url: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the history."""

    at: datetime
    text: str
    tone: str  # colour of the dot: "b", "g", "a", "" or a tone of the credit panel


def case_url(case: Any) -> str:
    """Address of the case page."""
    return reverse("clerk:case", args=[case.pk])


def case_context(request: HttpRequest, case: Case, open_task: Any = None) -> dict[str, Any]:
    """Everything the case page needs.

    Args:
        request: of the officer.
        case: a case the officer may see.
        open_task: the task whose form the page shows, if any.
    """
    tasks = list(case.task_set.select_related("owner").order_by("created", "pk"))
    panel = credit_bridge.panel_for(case)
    clocks = deadlines.standing(case.case_no)
    registrable = open_to(request.user, case, clocks)
    promise = promising.given(case)
    handed_in = set(case.materials)
    rows = [{"material": material, "here": material.code in handed_in} for material in materials.catalogue_of(case)]
    return {
        "case": case,
        "lane": _lane(case, panel),
        "promised": promised(case),
        "promise": promisecard.card_of(case, request.user, promise),
        "may_supply": may_supply(case, request.user),
        "supply_late": is_late(case),
        "may_correct": open_task is None
        and case.status == PROCESS.NEW
        and case.accepted_at is None
        and request.user.has_perm(f"workflows.file_{case._meta.model_name}"),
        "case_title": case.flow_class.process_title,
        "deadline": clock.deadline(case, timezone.localdate()) if case.status == PROCESS.NEW else None,
        "clocks": clocks,
        "may_clock": bool(registrable),
        "extension_waits": AnswerForm in registrable,
        "facts": _facts(case),
        "material_rows": rows,
        "materials_here": sum(row["here"] for row in rows),
        "dates": _dates(case, panel),
        "next_step": None if open_task else _next_step(request.user, case, tasks, panel),
        "history": _history(case, tasks, panel, clocks, promise),
        "board": board(case, request.user, clocks),
        "panel": panel,
        "emergency": _emergency(request.user, case, panel),
        "reasons": _grouped(panel),
        "settling": None if open_task or case.status != PROCESS.NEW else settling_of(request.user, panel),
        "may_withdraw": case.status == PROCESS.NEW
        and not case.decision
        and request.user.has_perm(f"workflows.withdraw_{case._meta.model_name}"),
        "manage_links": _manage_links(request.user, tasks),
        # A case that ended without a decision is no longer worked on: nothing is asked, owed or next.
        "undecided_end": case.status != PROCESS.NEW and not case.decision,
        "open_task": open_task,
        "step_hint": step_hint(case, open_task, panel) if open_task else "",
    }


def _emergency(user: Any, case: Case, panel: Any) -> dict[str, Any]:
    """What this officer may do about an emergency release of the case."""
    desk = credit_bridge.emergencies()
    if desk is None or panel is None or case.status != PROCESS.NEW:
        return {}
    asked = [use for use in panel.emergencies if use.state == "asked"]
    waits, confirms = bool(asked), user.has_perm(desk.CONFIRM_PERMISSION)
    return {
        # The one thing this officer is waited for.
        "awaited": confirms and any(user.get_username() not in use.hands for use in asked),
        "may_ask": panel.may_ask_emergency and not waits and user.has_perm(desk.ASK_PERMISSION),
        "may_confirm": confirms,
        "most_hours": desk.most_hours(),
        "shortest_reason": desk.shortest_reason(),
    }


def _lane(case: Case, panel: Any) -> dict[str, str] | None:
    """Word and colour of the channel in the head of the page; None when there is none to name."""
    badge = shown_badge(case, credit_bridge.badges_for([case]).get(case.pk))
    if badge is not None and badge.channel == "tolerant":
        return {"title": str(badge.title), "colour": badge.colour}
    return {"title": panel.channel_title, "colour": panel.colour} if panel and panel.channel_title else None


def step_hint(case: Case, task: Any, panel: Any = None) -> str:
    """What a colleague would say about the step of this case.

    Args:
        case: the case of the task.
        task: an open task, of any node.
        panel: what the credit check says, where it is known.
    """
    hint = _plain_hint(case, task)
    if panel is None or not panel.doubts or case.accepted_at is not None or task.flow_task.name != "accept":
        return hint
    doubts = _("信用平台答复：%(doubts)s。请先核对证照，填写有误的先更正申请事项；受理后不能再更正。") % {
        "doubts": "、".join(panel.doubts)
    }
    return f"{doubts}{hint}"


def _plain_hint(case: Case, task: Any) -> str:
    if case.accepted_at is not None or task.flow_task.name != "accept":
        return str(task.flow_task.task_description or "") + still_out(case)
    absent = materials.missing(materials.catalogue_of(case), case.materials)
    required = [str(material.title) for material in absent if material.required]
    if required:
        return _("还缺 %(count)d 份必备材料（%(titles)s），请一次告知申请人补正。") % {
            "count": len(required),
            "titles": "、".join(required),
        }
    if absent:
        return _("还缺 %(count)d 份次要材料（%(titles)s），签了承诺书即可先受理。") % {
            "count": len(absent),
            "titles": "、".join(str(material.title) for material in absent),
        }
    return _("材料齐全，可以受理。")


def _grouped(panel: Any) -> list[dict[str, Any]]:
    """Reasons of the panel, each once, with everybody it is about."""
    groups: dict[tuple[str, str], dict[str, Any]] = {}
    for party in panel.parties if panel else ():
        for reason in party.reasons:
            group = groups.setdefault((reason.rule, reason.text), {"reason": reason, "about": []})
            group["about"].append(f"{party.role_title} {party.name}")
    return list(groups.values())


def _facts(case: Case) -> list[Fact]:
    if isinstance(case, FoodBusinessCase):
        facts = [
            Fact(_("名称"), case.firm_name),
            Fact(_("信用代码"), case.firm_code, mono=True),
            Fact(_("成立"), case.established_on),
            Fact(_("经营场所"), case.premises),
        ]
        facts += [Fact(str(p.get_role_display()), p.name, _person_note(p)) for p in case.persons.all()]
        return facts
    return [
        Fact(_("姓名"), case.driver_name),
        Fact(str(case.get_document_type_display()), mask_number(case.number), mono=True),
        Fact(_("初次领证"), case.driving_since),
        Fact(_("查询授权"), _consent(case)),
    ]


def _person_note(row: CasePerson) -> str:
    return f"{mask_number(row.number)}　{_consent(row)}"


def _consent(giver: CasePerson | RideHailingDriverCase) -> str:
    start, end = giver.consent_from, giver.consent_until
    if not giver.consent_no or start is None or end is None:
        return _("未授权查询")
    if start > timezone.localdate():
        return _("授权尚未生效")
    if end < timezone.localdate():
        return _("授权已过期")
    return _("已授权查询")


def _dates(case: Case, panel: Any) -> list[Fact]:
    promised = panel.promised_on if panel is not None and not case.decision else None
    days = _("绿色通道时限 %(days)d 个工作日") % {"days": panel.promised_days} if promised else ""
    stamps = [
        (_("收件"), case.filed_at, str(case.get_source_display())),
        (_("受理"), case.accepted_at, ""),
        (_("承诺办结"), promised, days),
        (_("补交截止"), case.supply_until, ""),
        (_("审查"), case.reviewed_at, ""),
        (_("决定"), case.decided_at, str(case.get_decision_display()) if case.decision else ""),
        (_("送达"), case.delivered_at, case.delivery_note),
        (_("撤回"), case.withdrawn_at, ""),
    ]
    return [Fact(label, value, note) for label, value, note in stamps if value is not None]


def _next_step(user: Any, case: Case, tasks: list[Any], panel: Any) -> NextStep:
    if case.status != PROCESS.NEW:
        return ended(case)
    still_open = [task for task in tasks if task.status in OPEN and task.flow_task is not None]
    held_at = panel.hold.node if panel is not None and panel.hold else ""
    waiting = [task for task in still_open if task.flow_task.name != held_at]
    if still_open and not waiting:
        # Opening the held step would only meet the page that says it is held.
        return NextStep(_("等待：%(step)s") % {"step": still_open[0].title}, panel.next_step, "wait")
    for task in waiting:
        node = task.flow_task
        if task.status == STATUS.ASSIGNED and node.can_execute(user, task):
            return NextStep(
                str(task.title), step_hint(case, task, panel), "open", task.reverse("execute"), _("继续办理")
            )
    for task in waiting:
        node = task.flow_task
        if task.status == STATUS.NEW and hasattr(node, "can_assign") and node.can_assign(user, task):
            why_not = credit_bridge.why_not_decide(case, user) if node.name == "decide" else ""
            if why_not:
                return NextStep(_("等待：%(step)s") % {"step": task.title}, why_not, "wait")
            url = reverse("clerk:claim", args=[case.pk, task.pk])
            return NextStep(str(task.title), step_hint(case, task, panel), "claim", url, _("领取并办理"))
    if not waiting:
        return NextStep(_("没有待办步骤"), _("请联系管理人员检查流程。"), "wait")
    task = waiting[0]
    if task.owner is not None:
        text = _("由%(name)s办理。") % {"name": _name(task.owner)}
    else:
        text = _("等待有权限的人员领取。")
        if task.flow_task.name == "decide":
            text += _("受理人不能作决定。")
    return NextStep(_("等待：%(step)s") % {"step": task.title}, text, "wait")


def ended(case: Case) -> NextStep:
    """How a case without an open step ended."""
    if case.withdrawn_at:
        return NextStep(_("已撤回"), case.withdraw_reason, "ended")
    if case.decision == Result.REFUSED:
        return NextStep(_("已决定不予许可"), case.decision_reason, "ended")
    if case.delivered_at:
        return NextStep(_("已准予并送达"), case.delivery_note, "ended")
    return NextStep(_("已终止"), _("办件由管理人员终止。"), "ended")


def _history(case: Case, tasks: list[Any], panel: Any, clocks: Standing, promise: Any) -> list[Event]:
    events = [Event(case.filed_at, _("登记收件 %(case_no)s") % {"case_no": case.case_no}, "")]
    for task in tasks:
        if task.finished is None or task.flow_task is None or task.flow_task_type not in {"HUMAN", "END"}:
            continue
        who = _name(task.owner) if task.owner else ""
        state = {STATUS.CANCELED: _("（已取消）"), STATUS.REVIVED: _("（已重开）")}.get(task.status, "")
        events.append(
            Event(task.finished, f"{who} {task.title}{state}".strip(), "g" if task.status == STATUS.DONE else "")
        )
    for row in case.case_events.select_related("by"):
        events.append(Event(row.at, _registered(case, row), "a" if row.kind == CaseEvent.Kind.WITHDRAWN else "b"))
    events += [Event(act.made_at, _said(act), "a") for act in clocks.acts if act.kind in _BESIDE_STEPS]
    events += [Event(line.at, line.text, line.tone) for line in promisecard.history_of(case, promise)]
    if panel is not None:
        events += [Event(item.at, item.text, item.tone or "b") for item in panel.timeline]
    return sorted(events, key=lambda event: event.at)


#: Acts that no step of the flow shows.
_BESIDE_STEPS = frozenset(StatutoryAct.Kind) - {
    *("received", "accepted", "decided", "delivered", "withdrawn", "not_accepted")
}


def _said(act: StatutoryAct) -> str:
    about = "，".join(text for text in (act.notice_no, act.reason) if text)
    return f"{act.by} {_(str(act.get_kind_display()))}".strip() + (_("：%(about)s") % {"about": about} if about else "")


def _registered(case: Case, row: CaseEvent) -> str:
    titles = materials.titles_of(case)
    about = row.note or "、".join(titles.get(code, code) for code in row.materials)
    return f"{_name(row.by)} {row.get_kind_display()}" + (_("：%(about)s") % {"about": about} if about else "")


def _name(user: Any) -> str:
    return str(user.get_full_name() or user.get_username())


def _manage_links(user: Any, tasks: list[Any]) -> list[dict[str, str]]:
    labels = {
        "unassign": _("退回待认领"),
        "cancel": _("取消步骤"),
        "undo": _("撤销步骤"),
        "revive": _("重开步骤"),
    }
    links = []
    for task in tasks:
        if task.flow_task is None:
            continue
        activation = task.flow_task.activation_class(task)
        for transition in activation.get_available_transitions(user):
            if transition.slug in labels and hasattr(task.flow_task, f"{transition.slug}_path"):
                links.append(
                    {"label": f"{labels[transition.slug]}：{task.title}", "url": task.reverse(transition.slug)}
                )
    return links
