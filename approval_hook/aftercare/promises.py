"""Written promises to supply what is missing: put to the applicant, signed, kept, broken, repaired.

What may be promised and until when is said by the rules, whoever asks: page, API, import or shell. Every act is
evidence; how a promise stands is read from the acts.

Source: R-13, L-10; S-14 to S-17; domain facts 5.3.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec
from django.db import IntegrityError, transaction

from approval_hook import clock, gate, privacy
from approval_hook.aftercare import reminding, reporting
from approval_hook.cases import Case
from approval_hook.errors import CaseInvalid
from approval_hook.models import CreditDecision, Promise, PromiseStep, PromiseWords
from approval_hook.policy import promises
from approval_hook.policy.catalogue import Material, due_date
from approval_hook.policy.incentives import tolerable
from approval_hook.policy.promises import Bounds, PromiseAct, PromiseStanding, Signature, Step
from approval_hook.policy.promisetexts import bar_in_force, worded
from approval_hook.policy.rules import PromiseKind
from approval_hook.policy.subjects import mask_text
from approval_hook.policy.workdays import add_workdays
from approval_hook.workcalendar import published_calendar

TOLERANCE: PromiseKind = "tolerance"
_LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Given:
    """The promise of a case as it stands.

    Attributes:
        promise: the newest that was put to the applicant.
        steps: what happened to it, oldest first; empty while nobody signed it.
        standing: None while nobody signed it.
    """

    promise: Promise
    steps: tuple[Step, ...]
    standing: PromiseStanding | None


def given(case: Case, *, decided: bool) -> Given | None:
    """The promise of a case; None when none was put to the applicant."""
    promise = _newest(case.facts.case_no)
    if promise is None:
        return None
    steps = _steps(promise)
    bounds = _bounds(case, promise.items, decided=decided)
    found = promises.standing(steps, bounds, published_calendar(), clock.now()) if steps else None
    return Given(promise, steps, found)


def latest_day(case: Case, items: Collection[str]) -> date:
    """The last day that the rules let these materials follow, were the case accepted today.

    Raises:
        CaseInvalid: one of them may not follow at all; the message names it.
    """
    rules, matter, calendar = case.loaded.rules, case.matter, published_calendar()
    good = _found_good(case)
    wanted = [matter.material(code) for code in items]
    if not wanted:
        raise CaseInvalid("容缺材料", "没有缺少的材料，无需承诺。", "请直接受理。")
    for material in wanted:
        if not tolerable(material, good=good, public=matter.public_tolerance_list):
            raise CaseInvalid("容缺材料", f"“{material.title}”不能容缺。", _why_not(material))
    start = case.view.accepted_on or case.on
    due = _decision_due(case)
    earliest = min(add_workdays(start, m.supply_days(good=good), calendar).on for m in wanted)
    return min(earliest, add_workdays(due, -rules.supplement_buffer_days, calendar).on)


def offer(case: Case, *, items: Sequence[str], until: date, by: str, decided: bool) -> Promise:
    """Put a promise to the applicant, in the words of the rules in force.

    Args:
        case: not yet accepted, or accepted; call it in the transaction and lock that hold the case still.
        items: codes of the missing materials.
        until: last day, in China.
        by: login of the officer.
        decided: a decision was made.

    Raises:
        CaseInvalid: a material may not follow, the day is too late, the applicant is kept from promising by a law, or
            a promise is signed already. Nothing has changed.
    """
    text = case.loaded.rules.promise_text(TOLERANCE)
    if text is None:
        raise CaseInvalid("承诺书", "规则中没有容缺受理承诺书文本。", "请联系规则管理人员发布后再办理。")
    latest = latest_day(case, items)
    if decided:
        raise CaseInvalid("承诺书", "已经作出决定。", "决定之后不能再出具承诺书。")
    if not case.on < until <= latest or not published_calendar().is_workday(until):
        why = "补交截止日期须是今天以后的工作日，且来得及审查。"
        raise CaseInvalid("补交截止日期", why, f"按规则最迟{latest.isoformat()}；请填写这一天或更早的工作日。")
    _refuse_the_barred(case)
    before = _newest(case.facts.case_no)
    if before is not None and before.steps.exists():
        raise CaseInvalid("承诺书", "承诺书已经签署。", "需要延期的，请报批延期。")
    applicant = case.facts.parties[0].subject
    number = applicant.primary
    words = worded(
        text,
        {
            "applicant": applicant.name,
            "number": number.masked() if number is not None else "",
            "organ": case.facts.organ,
            "matter": case.matter.title,
            "case_no": case.facts.case_no,
            "materials": "；".join(_described(case.matter.material(code)) for code in items),
            "until": f"{until:%Y}年{until.month}月{until.day}日",
        },
    )
    with transaction.atomic():
        promise = Promise(
            case_no=case.facts.case_no,
            host_key=case.host_key,
            matter=case.matter.code,
            organ=case.facts.organ,
            kind=TOLERANCE,
            subject=case.view.parties[0].ref,
            items=list(items),
            until=until,
            version=f"{text.id}@{case.loaded.rules.revision}",
            text_digest=hashlib.sha256(words.encode()).hexdigest(),
            offered_at=clock.now(),
            offered_by=by,
        )
        promise.save()
        key_id, sealed = privacy.seal(words.encode(), PromiseWords.context(promise.pk))
        PromiseWords.objects.create(promise=promise, key_id=key_id, sealed=sealed)
    return promise


def sign(case: Case, promise_id: Any, signature: Signature, *, by: str, decided: bool) -> PromiseStanding:
    """Sign the promise that the signer read.

    Args:
        case: whose promise it is.
        promise_id: of the promise that was shown.
        signature: what proves it; version and digest are those of the words that were shown.
        by: login, or the applicant's own account.
        decided: a decision was made.

    Raises:
        CaseInvalid: another promise took its place meanwhile, its words are others, or the signature lacks something.
    """
    promise = _newest(case.facts.case_no)
    shown = (signature.version, signature.text_digest)
    if promise is None or promise.pk != promise_id or shown != (promise.version, promise.text_digest):
        raise CaseInvalid("承诺书", "承诺书的内容已经更新。", "请重新阅读后签署。")
    step = Step(PromiseAct.SIGNED, clock.now(), by, tuple(promise.items), promise.until, signature=signature)
    return take(case, step, decided=decided)


def take(case: Case, step: Step, *, decided: bool) -> PromiseStanding:
    """Register an act about the promise of a case, in the turn that it comes.

    Raises:
        CaseInvalid: the act may not follow, no promise was put to the applicant, or somebody was faster.
    """
    if len(step.reason) > _LONGEST_REASON:
        raise CaseInvalid("理由", f"理由超过{_LONGEST_REASON}个字。", "请写得简短些。")
    try:
        with transaction.atomic():
            promise = _newest(case.facts.case_no, locked=True)
            if promise is None:
                raise CaseInvalid("承诺书", "本办件没有承诺书。", "请先出具承诺书。")
            before = _steps(promise)
            bounds = _bounds(case, promise.items, decided=decided)
            promises.checked(before, step, bounds, published_calendar())
            PromiseStep(
                promise=promise,
                number=len(before) + 1,
                act=step.act,
                at=step.at,
                by=step.by,
                items=list(step.items),
                until=step.until,
                reason=step.reason,
                signature=msgspec.to_builtins(step.signature) if step.signature else None,
            ).save()
            found = promises.standing([*before, step], bounds, published_calendar(), step.at)
            reminding.follow(promise, [*before, step], found)
            if step.act in (PromiseAct.BROKEN, PromiseAct.REPAIRED):
                reporting.report(case, promise, step.act, TOLERANCE)
    except IntegrityError:
        raise CaseInvalid("承诺书", "刚刚有人登记了同一份承诺。", "请刷新页面，核对后再办理。") from None
    return found


def breaches(subject: str) -> list[Promise]:
    """Broken promises of a subject that were not repaired, the oldest first.

    Args:
        subject: keyed digest, as ``CaseView`` has it.
    """
    broken = Promise.objects.filter(subject=subject, steps__act=PromiseAct.BROKEN)
    return list(broken.exclude(steps__act=PromiseAct.REPAIRED).order_by("offered_at"))


def _refuse_the_barred(case: Case) -> None:
    bar = bar_in_force(case.loaded.rules.promise_bars, TOLERANCE, case.view.region, case.on)
    if bar is None:
        return
    broken = breaches(case.view.parties[0].ref)
    if broken:
        basis = next(b for b in bar.basis if b.carries_adverse)
        raise CaseInvalid(
            "承诺书",
            f"申请人在办件{mask_text(broken[0].case_no)}中未履行承诺，尚未修复（{basis.document}{basis.article}）。",
            "请按普通程序补齐材料后受理，并告知申请人可以申请修复或者提出异议。",
        )


def _newest(case_no: str, *, locked: bool = False) -> Promise | None:
    found = Promise.objects.select_for_update() if locked else Promise.objects.all()
    return found.filter(case_no=case_no).order_by("-offered_at", "-pk").first()


def _steps(promise: Promise) -> tuple[Step, ...]:
    return tuple(row.step() for row in promise.steps.order_by("number"))


def _bounds(case: Case, items: Sequence[str], *, decided: bool) -> Bounds:
    return Bounds(frozenset(items), _decision_due(case), case.loaded.rules.supplement_buffer_days, decided)


def _decision_due(case: Case) -> date:
    start = case.view.accepted_on or case.on
    return case.view.due_on or due_date(case.matter, start, published_calendar()).on


def _found_good(case: Case) -> bool:
    """Whether the opinion in force grants the longer supplement."""
    row: CreditDecision | None = gate.in_force(case.host_key)
    return row is not None and any(m.effect == "longer_supplement" for m in gate.stated_decision(row).measures)


def _described(material: Material) -> str:
    return f"{material.title}（{material.condition}）" if material.condition else material.title


def _why_not(material: Material) -> str:
    if material.kind != "internal":
        return "法律、法规要求的材料不能容缺；请一次告知申请人补正后再受理。"
    return "这份材料不在可以容缺的范围内；请一次告知申请人补正后再受理。"
