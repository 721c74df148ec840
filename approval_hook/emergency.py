"""Emergency release (应急放行): two people let a could-not-tell case be decided before the platform answers.

It lifts one kind of hold only, a record whose every open duty is "the platform has not answered" and whose attempts
are registered. A bar, a listed measure, strict review and a possible match stay: there a record *is* a hit, and the
people who may settle it can do so at any time. Unusable facts stay too, because nobody knows whom they hide.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from approval_hook import privacy
from approval_hook.cases import Case
from approval_hook.conf import conf
from approval_hook.errors import CaseInvalid
from approval_hook.logs import get_logger
from approval_hook.models import CreditDecision, EmergencyAct
from approval_hook.people import person_of, same_person
from approval_hook.policy.decision import ObligationKind
from approval_hook.policy.receipt import receipt_from_bytes
from approval_hook.settling import stated

_KIND = EmergencyAct.Kind

#: Said to whoever confirmed or reviewed a release and now wants to take the decision that it lets pass.
NOT_BOTH = "您批准或复核过本办件的应急放行，不能再作决定，须由其他负责人办理"

#: Shortest reason to ask with: it must say what cannot wait, for whoever confirms and whoever looks at it later.
SHORTEST_REASON = 10


def stands(decision: CreditDecision) -> bool:
    """Whether a record that an emergency release made rests on two genuine acts. Other records stand by themselves."""
    if decision.origin != CreditDecision.Origin.EMERGENCY:
        return True
    confirmations = EmergencyAct.objects.select_related("request")
    found = confirmations.filter(request_id=decision.body.get("emergency"), kind=_KIND.CONFIRMED).first()
    if found is None:
        return False
    asked = found.request
    return bool(
        asked.kind == _KIND.ASKED
        and asked.person != found.person
        and found.asked_by == asked.asked_by
        and found.host_key == asked.host_key == decision.host_key
        and decision.fresh_until <= asked.expires_at
        and asked.is_genuine()
        and found.is_genuine()
    )


def opened_by(decision: CreditDecision, username: str) -> bool:
    """Whether this person confirmed or reviewed the release that a record rests on; no query for other records."""
    if decision.origin != CreditDecision.Origin.EMERGENCY:
        return False
    acts = EmergencyAct.objects.filter(request_id=decision.body.get("emergency"), person=person_of(username))
    return any(act.is_genuine() for act in acts)


def may_lift(decision: CreditDecision) -> bool:
    """Whether nothing but a missing answer holds the case.

    A platform that knows no such subject, or another name, has answered: whom the case is about must be found out.
    """
    duties = {duty["kind"] for duty in decision.body["outstanding"]}
    missing = duties == {ObligationKind.SUPERVISOR_RELEASES.value}
    return missing and not receipt_from_bytes(decision.receipt).decision.identity_doubts


def require_liftable(case: Case, decision: CreditDecision | None) -> CreditDecision:
    """The record in force, if an emergency release may lift its hold.

    Raises:
        CaseInvalid: with what is in the way and what to do instead.
    """
    retry = "请先点“立即重查”，有了查询登记再提请。"
    if decision is None or not decision.is_genuine():
        raise CaseInvalid("操作", "本办件还没有可用的核查意见。", retry)
    if decision.permits:
        raise CaseInvalid("操作", "核查意见已经允许作出决定。", "不需要应急放行，请刷新页面。")
    if decision.subjects != case.subjects or decision.rules_digest != case.loaded.digest:
        raise CaseInvalid("操作", "办件主体或规则版本在核查之后有变动。", retry)
    if not may_lift(decision):
        raise CaseInvalid(
            "操作",
            "应急放行只用于信用平台没有完整答复的办件。",
            "已查到的法定限制、惩戒措施、从严建议和疑似记录须由有权人员确认；查无此主体、名称不符的，请核对名称和号码。",
        )
    return decision


def ask(case: Case, decision: CreditDecision, *, by: str, reason: str, hours: int, at: datetime) -> EmergencyAct:
    """Register a supervisor's request; it opens nothing until a second person confirms it.

    Raises:
        CaseInvalid: no reason or one too short, an expiry beyond the maximum, or a request that already waits.
    """
    reason = stated("理由", reason, SHORTEST_REASON)
    most = conf().emergency_hours
    if not 1 <= hours <= most:
        raise CaseInvalid("放行时长", f"放行时长应为 1 至 {most} 小时。", "请更正后再提交。")
    waiting = open_request(case.host_key, at)
    if waiting is not None and waiting.decision.subjects == decision.subjects:
        raise CaseInvalid("操作", "已有一项应急放行在等待批准。", "请由另一名有权限的人员批准。")
    act = _insert(
        EmergencyAct(
            kind=_KIND.ASKED,
            decision=decision,
            host_key=case.host_key,
            flow=case.flow,
            case_no=case.facts.case_no,
            organ=case.facts.organ,
            asked_by=person_of(by),
            by=by,
            text=reason,
            expires_at=at + timedelta(hours=hours),
            made_at=at,
        )
    )
    get_logger().warning("emergency release asked for", alarm=True, case=case.host_key, request=act.pk)
    return act


def open_request(host_key: str, at: datetime) -> EmergencyAct | None:
    """The genuine request of a case that waits for its second person and has not expired."""
    asked = EmergencyAct.objects.filter(host_key=host_key, kind=_KIND.ASKED, expires_at__gt=at)
    waiting = asked.exclude(acts__kind=_KIND.CONFIRMED).order_by("-pk")
    return next((act for act in waiting if act.is_genuine()), None)


def confirm(request: EmergencyAct, decision: CreditDecision, *, by: str, note: str, at: datetime) -> EmergencyAct:
    """Register the second person's confirmation.

    Raises:
        CaseInvalid: the same person, other subjects than were asked for, no words, or somebody was faster.
    """
    if request.decision.subjects != decision.subjects:
        raise CaseInvalid("操作", "办件主体在提请之后有变动。", "仍有需要的，请就现在的主体重新提请。")
    text = require_confirming(request, decision, by=by, note=note)
    return _answer(request, _KIND.CONFIRMED, decision, by=by, confirmed_by=person_of(by), text=text, at=at)


def require_confirming(request: EmergencyAct, decision: CreditDecision, *, by: str, note: str) -> str:
    """The confirmer's words as they are kept.

    Raises:
        CaseInvalid: the same person as asked or set the check off, or no words.
    """
    if same_person(by, request.by):
        raise CaseInvalid("批准人", "提请人不能批准自己的提请。", "请由另一名有权限的人员批准。")
    if same_person(by, decision.inquiry.asked_by):
        raise CaseInvalid("批准人", "经办人不能批准自己经办的办件。", "请由另一名有权限的人员批准。")
    return stated("意见", note)


def review(request: EmergencyAct, *, by: str, finding: str, at: datetime) -> EmergencyAct:
    """Register what a third person found after the release.

    Raises:
        CaseInvalid: not confirmed, reviewed already, no words, or one of the two who opened it.
    """
    confirmed = request.acts.filter(kind=_KIND.CONFIRMED).first()
    if confirmed is None or not confirmed.is_genuine() or not request.is_genuine():
        raise CaseInvalid("操作", "这一项没有经批准的应急放行。", "不需要复核。")
    if same_person(by, request.by) or same_person(by, confirmed.by):
        raise CaseInvalid("复核人", "提请人和批准人不能复核。", "请由第三名有权限的人员复核。")
    text = stated("复核意见", finding)
    return _answer(request, _KIND.REVIEWED, confirmed.decision, by=by, confirmed_by=confirmed.person, text=text, at=at)


def _answer(
    request: EmergencyAct,
    kind: EmergencyAct.Kind,
    decision: CreditDecision,
    *,
    by: str,
    confirmed_by: str,
    text: str,
    at: datetime,
) -> EmergencyAct:
    try:
        with transaction.atomic():
            return _insert(
                EmergencyAct(
                    kind=kind,
                    request=request,
                    decision=decision,
                    host_key=request.host_key,
                    flow=request.flow,
                    case_no=request.case_no,
                    organ=request.organ,
                    asked_by=request.asked_by,
                    confirmed_by=confirmed_by,
                    by=by,
                    text=text,
                    expires_at=request.expires_at,
                    made_at=at,
                )
            )
    except IntegrityError:
        raise CaseInvalid("操作", "这一项刚刚已由他人办理。", "请刷新页面查看最新情况。") from None


def _insert(act: EmergencyAct) -> EmergencyAct:
    act.person = person_of(act.by)
    act.seal = privacy.digest(act.sealed_text())
    act.save()
    return act
