"""A written promise to supply what is missing (容缺受理承诺), from what happened to it. Pure.

What may be promised at all is said by ``incentives.tolerated``. Here: until when, what counts as kept, and what never
happens by itself. A promise is broken only after a person has looked (S-16).

Source: R-13, L-10; domain facts 5.3; S-15, S-16.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from approval_hook.errors import CaseInvalid
from approval_hook.policy.words import Word
from approval_hook.policy.workdays import WorkCalendar, add_workdays, workday_from

_CHINA = ZoneInfo("Asia/Shanghai")
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
#: Where words are demanded, a word is not enough.
_SHORTEST_REASON = 4


class PromiseAct(Word):
    """What happened to a promise."""

    SIGNED = "signed"  # 签署
    SUPPLIED = "supplied"  # 补交
    RETURNED = "returned"  # 退回: what came is not what was promised
    EXTENDED = "extended"  # 延期
    ADMITTED = "admitted"  # 准予逾期补交
    BROKEN = "broken"  # 核实违约
    WITHDRAWN = "withdrawn"  # 撤回承诺
    REPAIRED = "repaired"  # 违诺已修复


class PromiseState(Word):
    """Where a promise stands."""

    OPEN = "open"  # 待补交
    FULFILLED = "fulfilled"  # 已履行
    LATE = "late"  # 逾期未补齐
    BROKEN = "broken"  # 已违约
    WITHDRAWN = "withdrawn"  # 已撤回


class SignedBy(Word):
    """Who put his name to it."""

    APPLICANT = "applicant"
    AGENT = "agent"  # with a mandate


class SignedHow(Word):
    """In which way."""

    ONLINE = "online"  # an account with a real-name level
    PAPER = "paper"  # a scanned sheet


class Signature(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What proves that the promise was read and signed.

    Attributes:
        by: the applicant, or an agent.
        how: online or on paper.
        version: of the text that was signed.
        text_digest: SHA-256 of the text, hexadecimal.
        level: real-name level of the account; online only.
        scan_digest: SHA-256 of the scanned sheet, hexadecimal; paper only.
        mandate_no: number of the agent's mandate.
    """

    by: SignedBy
    how: SignedHow
    version: str
    text_digest: str
    level: str = ""
    scan_digest: str = ""
    mandate_no: str = ""


class Step(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One act, with what it takes; ``checked`` says what that is."""

    act: PromiseAct
    at: datetime  # aware
    by: str  # account, or the applicant's own
    items: tuple[str, ...] = ()  # codes of materials
    until: date | None = None  # last day in China
    reason: str = ""
    signature: Signature | None = None


class Bounds(Struct, frozen=True):
    """What the case allows.

    Attributes:
        items: codes of the missing materials that may follow later.
        decision_due: last day of the decision.
        buffer_days: working days between the last supplement and that day.
        decided: a decision was made; nothing counts after it.
    """

    items: frozenset[str]
    decision_due: date
    buffer_days: int
    decided: bool = False


class PromiseStanding(Struct, frozen=True):
    """How a promise stands.

    Attributes:
        state: in one word.
        due: last day; what comes on it is in time.
        out: materials that have not come, or came late and do not count.
        late: of those, what came late.
        admitted: what came late and counts, because a supervisor said so.
        repaired: the breach was repaired; it keeps nobody from another promise.
    """

    state: PromiseState
    due: date
    out: tuple[str, ...]
    late: tuple[str, ...] = ()
    admitted: tuple[str, ...] = ()
    repaired: bool = False

    @property
    def in_fast_lane(self) -> bool:
        """Whether the case keeps what the promise brought it."""
        return self.state in (PromiseState.OPEN, PromiseState.FULFILLED)


def latest_day(bounds: Bounds, calendar: WorkCalendar) -> date:
    """The last day on which a supplement can still be weighed in the decision."""
    return add_workdays(bounds.decision_due, -bounds.buffer_days, calendar).on


def due_day(until: date, bounds: Bounds, calendar: WorkCalendar) -> date:
    """The last day as it counts: a day off moves to the next working day (S-15), and never beyond the latest."""
    return min(workday_from(until, calendar), latest_day(bounds, calendar))


def standing(steps: Sequence[Step], bounds: Bounds, calendar: WorkCalendar, now: datetime) -> PromiseStanding:
    """How a promise stands.

    Args:
        steps: what happened, oldest first, each as ``checked`` lets it through; the first is the signature.
        bounds: what the case allows.
        calendar: working days.
        now: the present moment, aware.
    """
    out = dict.fromkeys(steps[0].items)
    late: dict[str, None] = {}
    admitted: dict[str, None] = {}
    due = due_day(_day_of(steps[0]), bounds, calendar)
    ended: PromiseState | None = None
    repaired = False
    for step in steps[1:]:
        if step.act is PromiseAct.EXTENDED:
            due = due_day(_day_of(step), bounds, calendar)
        elif step.act is PromiseAct.SUPPLIED:
            in_time = _china(step.at) <= due
            for item in step.items:
                if in_time:
                    del out[item]
                else:
                    late[item] = None
        elif step.act is PromiseAct.ADMITTED:
            for item in step.items:
                del out[item], late[item]
                admitted[item] = None
        elif step.act is PromiseAct.RETURNED:
            for item in step.items:
                admitted.pop(item, None)
            # In the order of the promise, whatever came and went.
            out = {item: None for item in steps[0].items if item in out or item in step.items}
        elif step.act is PromiseAct.REPAIRED:
            repaired = True
        else:
            ended = PromiseState.BROKEN if step.act is PromiseAct.BROKEN else PromiseState.WITHDRAWN
    if ended is None:
        over = _china(now) > due
        ended = (PromiseState.LATE if over else PromiseState.OPEN) if out else PromiseState.FULFILLED
    return PromiseStanding(ended, due, tuple(out), tuple(late), tuple(admitted), repaired)


def checked(steps: Sequence[Step], step: Step, bounds: Bounds, calendar: WorkCalendar) -> Step:
    """The step, if it may follow what happened.

    Raises:
        CaseInvalid: it may not; the message says why and what to do. Nothing has changed.
    """
    problem = _problem(steps, step, bounds, calendar)
    if problem is not None:
        raise CaseInvalid("容缺承诺", *problem)
    return step


_Problem = tuple[str, str] | None


def _problem(steps: Sequence[Step], step: Step, bounds: Bounds, calendar: WorkCalendar) -> _Problem:
    if step.act is PromiseAct.REPAIRED:
        return _repairing(steps, step, bounds, calendar)
    if bounds.decided:
        return "已经作出决定。", "决定之后不能再签署、补交或者处理承诺。"
    if not steps:
        if step.act is not PromiseAct.SIGNED:
            return "还没有签署承诺书。", "请先由申请人或者代理人签署。"
        return _signing(step, bounds, calendar)
    if step.act is PromiseAct.SIGNED:
        return "承诺书已经签署。", "需要延期的，请报批延期。"
    if step.at < steps[-1].at:
        return "时间早于上一次登记。", "请核对时间。"
    found = standing(steps, bounds, calendar, step.at)
    if step.act is PromiseAct.RETURNED and found.state is not PromiseState.BROKEN:
        return _returning(steps, step, found)
    if found.state not in (PromiseState.OPEN, PromiseState.LATE):
        return f"承诺{_ENDED[found.state]}。", "不能再补交或者处理；需要时请重新申请。"
    return _CHECKS[step.act](step, found, bounds, calendar)


_ENDED = {
    PromiseState.FULFILLED: "已经履行",
    PromiseState.BROKEN: "已经认定违约",
    PromiseState.WITHDRAWN: "已经撤回",
}


def _signing(step: Step, bounds: Bounds, calendar: WorkCalendar) -> _Problem:
    signature = step.signature
    if not step.items or not set(step.items) <= bounds.items or len(set(step.items)) != len(step.items):
        return "承诺的材料不是本办件可以容缺的材料。", "请按容缺受理通知书所列的材料签署；法定材料不能容缺。"
    if signature is None or not signature.version.strip() or not _DIGEST.fullmatch(signature.text_digest):
        return "没有承诺书的文本或者版本。", "请阅读承诺书全文后签署。"
    if signature.by is SignedBy.AGENT and not signature.mandate_no.strip():
        return "代理人签署，没有授权委托书。", "请登记授权委托书编号，或者由申请人本人签署。"
    if signature.how is SignedHow.ONLINE and not signature.level.strip():
        return "签署账号没有实名认证。", "请用实名账号签署，或者上传纸质承诺书。"
    if signature.how is SignedHow.PAPER and not _DIGEST.fullmatch(signature.scan_digest):
        return "没有纸质承诺书的扫描件。", "请上传签字的承诺书。"
    return _day_in_bounds(step, _china(step.at), bounds, calendar)


def _day_in_bounds(step: Step, after: date, bounds: Bounds, calendar: WorkCalendar) -> _Problem:
    latest = latest_day(bounds, calendar)
    if step.until is None or step.until <= after:
        return "补交截止日期须晚于今天和原定日期。", "请改填以后的工作日。"
    if step.until > latest:
        return "补交截止日期太晚，材料来不及审查。", f"最迟{latest.isoformat()}。"
    return None


def _supplying(step: Step, found: PromiseStanding, bounds: Bounds, calendar: WorkCalendar) -> _Problem:
    if not step.items or len(set(step.items)) != len(step.items):
        return "没有选择补交的材料。", "请选择收到的材料，每份一次。"
    if set(step.items) & set(found.late):
        return "这份材料已经逾期收到。", "是否采用由负责人决定，不必重复提交。"
    if not set(step.items) <= set(found.out):
        return "这份材料已经收到，或者不在承诺补交的材料内。", "请核对承诺书所列的材料。"
    return None


def _extending(step: Step, found: PromiseStanding, bounds: Bounds, calendar: WorkCalendar) -> _Problem:
    if found.state is PromiseState.LATE:
        return "补交期限已过。", "延期须在到期之前批准；逾期收到的材料由负责人决定是否采用。"
    return _reason(step) or _day_in_bounds(step, found.due, bounds, calendar)


def _admitting(step: Step, found: PromiseStanding, bounds: Bounds, calendar: WorkCalendar) -> _Problem:
    if not step.items or not set(step.items) <= set(found.late):
        return "没有这份逾期收到的材料。", "请选择逾期收到的材料。"
    return _reason(step)


def _breaking(step: Step, found: PromiseStanding, bounds: Bounds, calendar: WorkCalendar) -> _Problem:
    if found.state is not PromiseState.LATE:
        return "补交期限未到。", "到期未补齐，并经核实后，才能认定违约。"
    return _reason(step)


def _returning(steps: Sequence[Step], step: Step, found: PromiseStanding) -> _Problem:
    here = set(steps[0].items) - set(found.out)
    if found.state is PromiseState.WITHDRAWN or not step.items or not set(step.items) <= here:
        return "没有收到这份材料。", "请选择已经补交的材料。"
    return _reason(step)


def _repairing(steps: Sequence[Step], step: Step, bounds: Bounds, calendar: WorkCalendar) -> _Problem:
    broken = bool(steps) and standing(steps, bounds, calendar, step.at)
    if not broken or broken.state is not PromiseState.BROKEN or broken.repaired or step.at < steps[-1].at:
        return "没有待修复的违诺记录。", "请核对办件和承诺书。"
    return _reason(step)


def _withdrawing(step: Step, found: PromiseStanding, bounds: Bounds, calendar: WorkCalendar) -> _Problem:
    return None


_CHECKS = {
    PromiseAct.SUPPLIED: _supplying,
    PromiseAct.EXTENDED: _extending,
    PromiseAct.ADMITTED: _admitting,
    PromiseAct.BROKEN: _breaking,
    PromiseAct.WITHDRAWN: _withdrawing,
}


def _reason(step: Step) -> _Problem:
    short = len(step.reason.strip()) < _SHORTEST_REASON
    return ("没有写明理由。", "请写明理由，至少四个字。") if short else None


def _day_of(step: Step) -> date:
    return step.until or _china(step.at)


def _china(moment: datetime) -> date:
    return moment.astimezone(_CHINA).date()
