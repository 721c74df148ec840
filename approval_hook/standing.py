"""What the newest record of a case means for a step: passes, ask, or held."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from approval_hook import emergency
from approval_hook.cases import Case, due_on, exemption_of, fresh_until, release_on
from approval_hook.errors import ConfigurationError
from approval_hook.logs import get_logger
from approval_hook.models import CreditDecision, Point
from approval_hook.policy.decision import ObligationKind
from approval_hook.policy.receipt import receipt_from_bytes
from approval_hook.statements import First
from approval_hook.wording import DOUBTED_HEADLINE, DOUBTED_NEXT


class Verdict(StrEnum):
    """What the newest record means for a step."""

    PASSES = "passes"
    ASK = "ask"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Standing:
    """The verdict with its reason, in the clerk's words.

    A step that passes with a reason passes only because its flow observes.
    """

    verdict: Verdict
    reason: str
    text: str
    next_step: str
    decision: CreditDecision | None

    @property
    def passes(self) -> bool:
        """True when the step may go on."""
        return self.verdict is Verdict.PASSES


#: Clocks of several workers differ by less than this.
_CLOCK_TOLERANCE = timedelta(minutes=5)


_ASK_TEXTS = {
    "never-asked": "本办件尚无信用核查记录",
    "subjects-changed": "办件主体或其授权已变更，原核查记录不再适用",
    "rules-changed": "规则版本已更新，需按现行规则重新核查",
    "exemption-changed": "本环节是否免予核查与原记录不同，需重新登记",
    "forged": "核查意见校验不符，不能采用，需重新核查",
    "stale": "核查答复已超过规定的有效时间，需重新核查",
}


_HELD_TEXTS = {
    ObligationKind.HEAD_DECIDES: (
        "拟适用的法定限制或惩戒措施尚未经负责人确认",
        "请负责人听取陈述申辩后确认适用或不适用",
    ),
    ObligationKind.SECTION_CONFIRMS: ("从严审核建议尚未经科室确认", "请科室负责人确认开始从严审核，或说明理由不予从严"),
    ObligationKind.TWO_CONFIRM_IDENTITY: ("疑似记录尚未核实是否同一主体", "请两名工作人员分别核实是否为同一主体"),
    ObligationKind.SUPERVISOR_RELEASES: (
        "信用平台尚无完整答复",
        "系统会自动补查",
    ),
}


def standing(case: Case, point: Point) -> Standing:
    """What the newest record of the case means for a step. One SELECT.

    At acceptance every valid record passes: the check sets the channel and never holds.
    """
    return standing_on(case, point, in_force(case.host_key))


def standing_on(case: Case, point: Point, found: CreditDecision | None) -> Standing:
    """The same for a record that the caller just read or made, under the flow lock.

    No SELECT, but for a record that an emergency release made.
    """
    if point is Point.ACCEPTANCE and not case.matter.has_point(point):
        return Standing(Verdict.PASSES, "", "", "", found)
    reason = _why_ask(case, point, found)
    if reason:
        return Standing(Verdict.ASK, reason, _ASK_TEXTS[reason], "系统正在核查，请稍候", found)
    if found is None:  # pragma: no cover - _why_ask names this case
        raise ConfigurationError
    if not found.is_genuine() or not emergency.stands(found):
        get_logger().error("a decision row was not made by the gate", alarm=True, case=case.host_key, row=found.pk)
        return Standing(Verdict.ASK, "forged", _ASK_TEXTS["forged"], "系统正在重新核查，请联系系统管理员", found)
    if point is Point.ACCEPTANCE or found.permits:
        return Standing(Verdict.PASSES, "", "", "", found)
    kinds = {ObligationKind(duty["kind"]) for duty in found.body["outstanding"]}
    kind = next(k for k in _HELD_TEXTS if k in kinds)
    text, next_step = _HELD_TEXTS[kind]
    if kind is ObligationKind.SUPERVISOR_RELEASES:
        next_step = _release_step(case)
        if receipt_from_bytes(found.receipt).decision.identity_doubts:
            text = DOUBTED_HEADLINE
            next_step = f"{DOUBTED_NEXT[case.view.accepted_on is not None]}；{next_step}"
    return Standing(Verdict.PASSES if case.observed else Verdict.HELD, kind.value, text, next_step, found)


def _release_step(case: Case) -> str:
    """What to do about a could-not-tell case, with the days it depends on."""
    due = due_on(case)
    release = release_on(due)
    if case.on >= release:
        return "请负责人今天决定：按无信用影响办理，或先人工查询并留存证据"
    days = [f"{d.month}月{d.day}日周{'一二三四五六日'[d.weekday()]}" for d in (release, due)]
    return f"系统会自动补查；{days[0]}起可由负责人按无信用影响办理，{days[1]}仍无答复的自动按无信用影响办理"


#: The newest decision of a case, by its key.
in_force = First(CreditDecision, "host_key", lambda rows: rows.order_by("-id"))


def _why_ask(case: Case, point: Point, found: CreditDecision | None) -> str:
    if found is None:
        return "never-asked"
    if found.subjects != case.subjects:
        return "subjects-changed"
    if found.rules_digest != case.loaded.digest:
        return "rules-changed"
    if found.body.get("exemption", "") != exemption_of(case, point):
        return "exemption-changed"
    if found.made_at > case.at + _CLOCK_TOLERANCE:
        return "stale"  # from a time that has not come
    limit = fresh_until(case, point, found.answered_at) if point is Point.ACCEPTANCE else found.fresh_until
    return "stale" if case.at >= limit else ""
