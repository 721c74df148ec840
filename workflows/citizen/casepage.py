"""What an applicant sees of a case: first what is needed and until when, then what happens otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from viewflow.workflow.status import PROCESS

from approval_hook import deadlines
from approval_hook.counting import standing_of
from approval_hook.policy.clocks import Act
from approval_hook.policy.promises import PromiseAct, PromiseState
from workflows import materials, promising, telling
from workflows.citizen.notices import notices_of
from workflows.citizen.scope import Case
from workflows.clerk import clock
from workflows.models import HandedIn, Result
from workflows.templatetags.clerk import day


@dataclass(frozen=True, slots=True)
class Todo:
    """The one thing that the applicant is waited for."""

    kind: str  # "sign" or "supply"
    title: str
    until: date
    items: list[tuple[str, str]]  # code, title
    late: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the case, in the order of the law."""

    title: str
    at: datetime | None
    state: str  # "done", "now" or "later"


def todo_of(case: Case, found: Any | None) -> Todo | None:
    """What the applicant has to do; None when nothing is waited for.

    Args:
        case: of the applicant.
        found: its promise (``promising.given``).
    """
    if found is None or case.status != PROCESS.NEW or case.decision:
        return None
    titles = materials.titles_of(case)
    if found.standing is None:
        items = [(code, titles.get(code, code)) for code in found.promise.items]
        return Todo("sign", _("请阅读并签署容缺承诺书"), found.promise.until, items)
    if found.standing.state not in promising.OPEN:
        return None
    items = [(code, titles.get(code, code)) for code in found.standing.out if code not in found.standing.late]
    if not items:
        return None
    title = _("还差 %(count)d 份材料") % {"count": len(items)}
    return Todo("supply", title, found.standing.due, items, late=found.standing.state is PromiseState.LATE)


def page_of(case: Case) -> dict[str, Any]:
    """Everything the page of a case shows."""
    found = promising.given(case)
    handed_in = list(case.handed_in.exclude(code=HandedIn.PROMISE).defer("content"))
    titles = materials.titles_of(case)
    return {
        "case": case,
        "case_title": case.flow_class.process_title,
        "todo": todo_of(case, found),
        "stages": stages_of(case),
        "deadline": clock.deadline(case, timezone.localdate()) if case.status == PROCESS.NEW else None,
        "clock_notes": _clock_notes(case),
        "promise": found,
        "promise_note": _promise_note(found),
        "notices": notices_of(case),
        "told": telling.messages_of(case),
        "may_withdraw_promise": found is not None
        and found.standing is not None
        and found.standing.state in promising.OPEN
        and not case.decision,
        "handed_in": [{"row": row, "title": titles.get(row.code, row.code)} for row in handed_in],
        "ended": _ended(case),
    }


def _clock_notes(case: Case) -> list[str]:
    """Why the last day is not the ordinary one, as the applicant was notified; and what the law makes of a lapse."""
    standing = deadlines.standing(case.case_no)
    going = standing.progress.open_procedures if standing.progress and case.status == PROCESS.NEW else ()
    titles = {p.id: p.title for p in standing.procedures}
    notes = []
    for act in standing_of(standing.acts):
        about = {"days": act.days, "date": day(act.on), "reason": act.reason, "number": act.notice_no}
        about["procedure"] = titles.get(act.procedure, act.procedure)
        if act.kind == Act.EXTENDED:
            notes.append(_("办理期限已延长 %(days)d 个工作日。理由：%(reason)s（文书号 %(number)s）") % about)
        elif act.kind == Act.PROCEDURE_BEGAN and act.procedure in going:
            said = _("期限停止计算：%(date)s起进行“%(procedure)s”，所需时间不计入期限。%(reason)s（文书号 %(number)s）")
            notes.append(said % about)
        elif act.kind == Act.PROCEDURE_BEGAN:
            notes.append(_("“%(procedure)s”所需时间没有计入期限。%(reason)s（文书号 %(number)s）") % about)
    return notes + [line.lapse for line in standing.lines if line.lapse]


def _promise_note(found: Any | None) -> str:
    """What was found about a promise that was not kept, and why."""
    if found is None or found.standing is None or found.standing.state is not PromiseState.BROKEN:
        return ""
    broken = next(step for step in found.steps if step.act is PromiseAct.BROKEN)
    said = _("容缺承诺经核实认定未履行。理由：%(reason)s") % {"reason": broken.reason}
    return said + (_("（违约已经修复）") if found.standing.repaired else "")


def stages_of(case: Case) -> list[Stage]:
    """The stages, each done, under way or still to come."""
    moments = [
        (_("收件"), case.filed_at),
        (_("受理"), case.accepted_at),
        (_("审查"), case.reviewed_at),
        (_("决定"), case.decided_at),
    ]
    if case.decision != Result.REFUSED:
        moments.append((_("送达"), case.delivered_at))
    stages: list[Stage] = []
    for title, at in moments:
        first_open = case.status == PROCESS.NEW and all(s.state == "done" for s in stages)
        stages.append(Stage(title, at, "done" if at else "now" if first_open else "later"))
    return stages


def _ended(case: Case) -> str:
    if case.withdrawn_at:
        return _("您已撤回申请，办件终止。没有作出不予许可的记录，可以重新申请。")
    if case.decision == Result.REFUSED:
        return _("已决定不予许可。理由：%(reason)s") % {"reason": case.decision_reason}
    if case.delivered_at:
        return _("许可证件已送达。")
    if case.decision == Result.GRANTED:
        return _("已准予许可，正在送达。")
    return ""
