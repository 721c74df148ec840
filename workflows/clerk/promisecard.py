"""The promise of a case as the officers' page shows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from approval_hook.policy.promises import PromiseAct, PromiseState, SignedBy, SignedHow, Step
from workflows import materials, promising
from workflows.models import HandedIn
from workflows.templatetags.clerk import day

STATES: dict[PromiseState, Any] = {
    PromiseState.OPEN: gettext_lazy("待补交"),
    PromiseState.FULFILLED: gettext_lazy("已履行"),
    PromiseState.LATE: gettext_lazy("逾期未补齐"),
    PromiseState.BROKEN: gettext_lazy("已认定违约"),
    PromiseState.WITHDRAWN: gettext_lazy("已撤回，按普通程序办理"),
}
ACTS: dict[PromiseAct, Any] = {
    PromiseAct.SIGNED: gettext_lazy("签署容缺承诺书"),
    PromiseAct.SUPPLIED: gettext_lazy("补交"),
    PromiseAct.RETURNED: gettext_lazy("退回补交的材料"),
    PromiseAct.EXTENDED: gettext_lazy("准予延期补交"),
    PromiseAct.ADMITTED: gettext_lazy("准予采用逾期材料"),
    PromiseAct.BROKEN: gettext_lazy("认定违约"),
    PromiseAct.WITHDRAWN: gettext_lazy("撤回承诺"),
    PromiseAct.REPAIRED: gettext_lazy("登记违诺已修复"),
}
#: What the card offers, by what may be done; supplements have their own card.
_OFFERED = {
    PromiseState.OPEN: (PromiseAct.RETURNED, PromiseAct.EXTENDED, PromiseAct.WITHDRAWN),
    PromiseState.LATE: (PromiseAct.BROKEN, PromiseAct.RETURNED, PromiseAct.WITHDRAWN),
    PromiseState.FULFILLED: (PromiseAct.RETURNED,),
    PromiseState.BROKEN: (PromiseAct.REPAIRED,),
    PromiseState.WITHDRAWN: (),
}


@dataclass(frozen=True, slots=True)
class Offered:
    """One thing an officer may do about the promise."""

    act: PromiseAct
    title: str | Lazy

    @property
    def takes_items(self) -> bool:
        """Whether materials are to be chosen."""
        return self.act is PromiseAct.RETURNED

    @property
    def takes_date(self) -> bool:
        """Whether a new last day is to be given."""
        return self.act is PromiseAct.EXTENDED

    @property
    def takes_reason(self) -> bool:
        """Whether a reason must be written."""
        return self.act is not PromiseAct.WITHDRAWN


@dataclass(frozen=True, slots=True)
class Card:
    """The promise.

    Attributes:
        state: in words.
        signed: somebody put his name to it.
        signer: who did, and how.
        until: last day.
        items: titles of what was promised, with whether it came and came late.
        here: code and title of what came.
        files: what came as files, with the paper sheet.
        offered: what this officer may do now.
        may_sign_paper: whether this officer may register a sheet signed on paper.
        breaches: case numbers of earlier promises that were broken.
        feedback: of a broken promise, which platforms are told; empty for others.
    """

    state: str
    signed: bool
    signer: str
    until: date
    items: list[dict[str, Any]]
    here: list[tuple[str, str]]
    files: list[HandedIn]
    offered: list[Offered]
    may_sign_paper: bool
    breaches: list[str]
    version: str
    digest: str
    promise_id: str
    feedback: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the history."""

    at: datetime
    text: str
    tone: str


def card_of(case: Any, user: Any, found: Any | None) -> Card | None:
    """The card; None for a case without a promise.

    Args:
        case: whose promise it is.
        user: the officer.
        found: what ``promising.given`` says of the case.
    """
    if found is None:
        return None
    titles = _titles(case)
    standing, promise = found.standing, found.promise
    out = set(standing.out if standing else promise.items)
    late = set(standing.late if standing else ())
    items = [{"title": titles.get(code, code), "here": code not in out, "late": code in late} for code in promise.items]
    offered = [
        Offered(act, ACTS[act])
        for act in (_OFFERED[standing.state] if standing and not case.withdrawn_at else ())
        if promising.may(user, case, act) and (act is not PromiseAct.RETURNED or out != set(promise.items))
    ]
    return Card(
        state=str(STATES[standing.state]) if standing else _("待申请人签署"),
        signed=standing is not None,
        signer=_signer(found.steps[0]) if found.steps else "",
        until=standing.due if standing else promise.until,
        items=items,
        here=[(code, titles.get(code, code)) for code in promise.items if code not in out],
        files=list(case.handed_in.defer("content").select_related("by")),
        offered=offered,
        may_sign_paper=standing is None and promising.may(user, case, PromiseAct.SIGNED),
        breaches=[row.case_no for row in promising.breaches(case)],
        version=promise.version,
        digest=promise.text_digest,
        promise_id=str(promise.pk),
        feedback=_feedback(promise) if standing and standing.state is PromiseState.BROKEN else "",
    )


def history_of(case: Any, found: Any | None) -> list[Line]:
    """What happened to the promise, for the history of the case."""
    if found is None:
        return []
    titles = _titles(case)
    names = _names({found.promise.offered_by, *(step.by for step in found.steps)})
    lines = [
        Line(
            found.promise.offered_at,
            _("%(name)s 出具容缺承诺书，%(date)s前补交")
            % {"name": names(found.promise.offered_by), "date": day(found.promise.until)},
            "b",
        )
    ]
    for step in found.steps:
        about = "、".join(titles.get(code, code) for code in step.items) if step.act is not PromiseAct.SIGNED else ""
        about = "；".join(part for part in (about, step.reason, day(step.until) if _dated(step) else "") if part)
        tone = "a" if step.act in (PromiseAct.BROKEN, PromiseAct.RETURNED) else "b"
        text = f"{names(step.by)} {ACTS[step.act]}" + (_("：%(about)s") % {"about": about} if about else "")
        lines.append(Line(step.at, text, tone))
    return lines


def _feedback(promise: Any) -> str:
    targets = promising.reported(promise)
    if targets:
        return _("违约已列入发往信用平台的反馈：%(targets)s。") % {"targets": "、".join(targets)}
    return _("违约没有报送信用平台：没有配置结果反馈，或者平台没有答复过对申请人的查询。")


def _dated(step: Step) -> bool:
    return step.act is PromiseAct.EXTENDED


def _signer(step: Step) -> str:
    signature = step.signature
    if signature is None:
        return ""
    who = _("代理人") if signature.by is SignedBy.AGENT else _("申请人")
    how = _("在线签署") if signature.how is SignedHow.ONLINE else _("纸质签署")
    return _("%(who)s%(how)s") % {"who": who, "how": how}


def _titles(case: Any) -> dict[str, str]:
    titles = materials.titles_of(case)
    return titles | {HandedIn.PROMISE: _("纸质承诺书")}


def _names(logins: Iterable[str]) -> Any:
    users = get_user_model().objects.filter(username__in=set(logins))
    names = {user.get_username(): user.get_full_name() or user.get_username() for user in users}
    return lambda login: names.get(login, login)
