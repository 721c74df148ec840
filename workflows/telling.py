"""What applicants are told, on the page of the case: each message is enqueued in the transaction of its cause.

An installation without the credit check has no outbox, and tells nobody. No step waits for a message: where one cannot
be made, those who watch the logs are told, and the step goes on.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from importlib import import_module
from typing import Any

from django.apps import apps
from django.conf import settings
from django.utils import translation

from approval_hook import clock, deadlines
from approval_hook.counting import ruling
from approval_hook.errors import CaseInvalid
from approval_hook.logs import get_logger
from approval_hook.policy.messages import facts_of
from approval_hook.policy.promises import PromiseAct
from workflows import materials
from workflows.models import FoodBusinessCase, RideHailingDriverCase

Case = FoodBusinessCase | RideHailingDriverCase

#: Notices that stay with the organ: what proves the service is no notice to the one who was served.
INTERNAL_NOTICES = frozenset({"service_return"})
_LONGEST_FACT = 200
_OF_PROMISE = {
    PromiseAct.RETURNED: "supplement-returned",
    PromiseAct.ADMITTED: "supplement-admitted",
    PromiseAct.EXTENDED: "promise-extended",
    PromiseAct.WITHDRAWN: "promise-withdrawn",
    PromiseAct.BROKEN: "promise-broken",
    PromiseAct.REPAIRED: "promise-repaired",
}


def acted(case: Case, act: Any) -> None:
    """Tell of a statutory act that an applicant waits for; of others nothing.

    Args:
        case: whose act it is, saved or not.
        act: ``approval_hook.models.StatutoryAct`` just written.
    """
    on, key = _day(act.on), f"act:{act.pk}"
    match act.kind:
        case "accepted":
            _tell(case, "accepted", key, accepted_on=on, due=_day(deadlines.decision_due(case.case_no)))
        case "extended":
            due = _day(deadlines.decision_due(case.case_no))
            _tell(case, "deadline-extended", key, days=str(act.days), due=due, notice_no=act.notice_no)
        case "decided":
            _tell(case, "decision-made", key, decided_on=on)
            delivery = deadlines.nearest([case.case_no]).get(case.case_no) if act.granted else None
            if delivery is not None:
                _tell(case, "licence-ready", f"{key}:ready", due=_day(delivery.due_on))
        case "withdrawn":
            _tell(case, "withdrawn", key, withdrawn_on=on)


def taken_back(case: Case, act: Any) -> None:
    """Tell that an act no longer counts, where the applicant was told of it.

    Args:
        case: whose act it was.
        act: the act, not the one that takes it back.
    """
    if act.kind in ("accepted", "decided", "extended"):
        _tell(case, "step-taken-back", f"act:{act.pk}:back", on=_day(act.on), step=str(act.get_kind_display()))


def offered(case: Case, promise: Any) -> None:
    """Tell that a promise is to be read and signed."""
    facts = {"materials": _titles(case, promise.items), "due": _day(promise.until)}
    _tell(case, "promise-offered", f"promise:{promise.pk}", **facts)


def promised(case: Case, what: PromiseAct, given: Any, codes: Collection[str]) -> None:
    """Tell of an act about a promise.

    Args:
        case: whose promise it is.
        what: the act.
        given: the promise with the act (``approval_hook.aftercare.promises.Given``).
        codes: of the materials that the act is about; without any those that are out.
    """
    standing, template = given.standing, _OF_PROMISE.get(what, "")
    facts = {
        "materials": _titles(case, codes or standing.out),
        "due": _day(standing.due),
        "received_on": _day(clock.today()),
    }
    if what is PromiseAct.SUPPLIED:
        template = "supplement-late" if set(codes) & set(standing.late) else "supplement-received"
    if template:
        _tell(case, template, f"promise:{given.promise.pk}:{len(given.steps)}", **facts)


def supplied(case: Case, codes: Collection[str], row: Any) -> None:
    """Tell that papers came about which no promise stands any more; ``row`` is their ``CaseEvent``."""
    facts = {"received_on": _day(clock.today()), "materials": _titles(case, codes)}
    _tell(case, "supplement-received", f"event:{row.pk}", **facts)


def issued(case: Case, notice: Any, title: str) -> None:
    """Tell of a notice: which one, and where to read and verify it."""
    if notice.kind not in INTERNAL_NOTICES:
        _tell(case, "notice-issued", f"notice:{notice.pk}", notice=title, notice_no=notice.number)


def on_deadline(reminder: Any, **kwargs: Any) -> None:
    """Receive ``deadline_reached``: what the law makes of a clock that ran out, with the remedy."""
    rules = ruling().rules
    # A day that reaches into a year without a calendar may yet change.
    if not reminder.lapse or reminder.provisional or rules is None:
        return
    case = _case(reminder.case_no)
    words = next((lapse.title for lapse in rules.lapses if lapse.id == reminder.lapse), "")
    if case is not None and words:
        facts = {"clock": reminder.title, "due": _day(reminder.due_on), "consequence": words}
        _tell(case, "deadline-lapsed", f"deadline:{reminder.pk}", **facts)


def on_promise(reminder: Any, **kwargs: Any) -> None:
    """Receive ``promise_reached``: what is due soon, and what was due."""
    case = _case(reminder.promise.case_no)
    if case is not None:
        template = "promise-overdue" if reminder.grade == "overdue" else "promise-due-soon"
        facts = {"materials": _titles(case, reminder.items), "due": _day(reminder.due_on)}
        _tell(case, template, f"promise-reminder:{reminder.pk}", **facts)


def messages_of(case: Case) -> list[dict[str, Any]]:
    """What stands on the page of a case, the newest first, in the reader's language."""
    outbox = _outbox()
    language = "zh" if (translation.get_language() or "zh").startswith("zh") else "en"
    shown = outbox.messages_for(case.case_no) if outbox is not None else []
    return [
        {"at": each.at, "subject": each.subjects[language], "text": each.texts[language]}
        for each in shown
        if language in each.texts
    ]


def _tell(case: Case, template: str, key: str, **facts: str) -> None:
    outbox, rules = _outbox(), ruling().rules
    if outbox is None or rules is None:  # without rules the start-up checks speak, and nothing is decided
        return
    host_key = import_module("approval_hook.hosts.viewflow.outboxdesk").host_key_of(case)
    known = {"case_no": case.case_no, "matter": _matter(case), "organ": case.organ} | facts
    try:
        wanted = facts_of(rules.message(template), "zh")
        message = outbox.Message(template=template, facts={name: known[name] for name in known if name in wanted})
        outbox.enqueue(key, message, host_key=host_key, case_no=case.case_no)
    except CaseInvalid as error:
        get_logger().error(
            "an applicant was not told", alarm=True, template=template, case=case.case_no, error=error.message
        )


def _outbox() -> Any | None:
    return import_module("approval_hook.outbox") if apps.is_installed("approval_hook") else None


def _case(case_no: str) -> Any | None:
    found = (
        model._default_manager.filter(case_no=case_no).first() for model in (FoodBusinessCase, RideHailingDriverCase)
    )
    return next((case for case in found if case is not None), None)


def _matter(case: Case) -> str:
    # One message goes to readers of both languages; what the law names, it names in Chinese.
    with translation.override(settings.LANGUAGE_CODE):
        return str(case.flow_class.process_title)


def _titles(case: Case, codes: Collection[str]) -> str:
    with translation.override(settings.LANGUAGE_CODE):
        titles = [str(m.title) for m in materials.catalogue_of(case) if m.code in codes]
    whole = "、".join(titles)
    if len(whole) <= _LONGEST_FACT:
        return whole
    return f"{titles[0][: _LONGEST_FACT - 20]}等{len(titles)}份材料"


def _day(day: date | None) -> str:
    return day.isoformat() if day is not None else ""
