"""The one place where the pages meet the credit check.

An installation without the check has the same pages, with no credit panel and every
case on the ordinary channel.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any

from django.apps import apps
from django.db.models import QuerySet
from django.utils.translation import gettext as _


def _desk() -> Any | None:
    # Imported late: the check's own modules need the application registry.
    return import_module("approval_hook.hosts.viewflow.desk") if apps.is_installed("approval_hook") else None


def is_installed() -> bool:
    """Whether this installation checks credit."""
    return _desk() is not None


def panel_for(process: Any) -> Any | None:
    """Everything the credit column shows about one case; None when there is nothing to show."""
    module = _desk()
    return module.panel_for(process) if module else None


def told_queries(process: Any) -> list[Any]:
    """Who is asked about, on which ground and where (``approval_hook.grounds.Told``); nobody without a check.

    Raises:
        CaseInvalid: the facts cannot be used.
        RulesInvalid: no rule set is in force.
    """
    module = _desk()
    return list(module.told_queries(process)) if module else []


def badges_for(processes: Sequence[Any]) -> dict[int, Any]:
    """Channel of each case by process key, in a bounded number of queries."""
    module = _desk()
    return dict(module.badge_for(processes)) if module and processes else {}


def held_cases(organ: str) -> list[Any]:
    """Cases of the organ that wait for a settlement."""
    module = _desk()
    return list(module.held_cases(organ)) if module else []


def observing(matters: Sequence[str]) -> list[str]:
    """Titles of the flows of these matters in which nothing is held."""
    module = _desk()
    return list(module.observing(matters)) if module else []


def observed_flows(organ: str) -> list[Any]:
    """Flows in which nothing is held, with how many cases of the organ would have been."""
    module = _desk()
    return list(module.observed_flows(organ)) if module else []


def late_checks(processes: QuerySet[Any]) -> QuerySet[Any] | None:
    """Late checks of these cases; None where nothing checks credit."""
    module = _desk()
    return module.late_checks(processes) if module else None


def late_rows(checks: Iterable[Any]) -> list[Any]:
    """What the page shows of them."""
    module = _desk()
    return list(module.late_rows(checks)) if module else []


def check_again(process: Any, user: Any) -> None:
    """Have a case checked again whose facts an officer just corrected, in the same transaction and flow lock."""
    if is_installed():
        module = import_module("approval_hook.hosts.viewflow.correcting")
        module.check_again(process, user.get_username())


def debts() -> Any | None:
    """What lists owed re-checks and takes up what they found late; None where nothing checks credit."""
    if not is_installed():
        return None
    return import_module("approval_hook.hosts.viewflow.debtdesk")


def outbox() -> Any | None:
    """What lists deliveries and has them tried again; None where there is no outbox."""
    return import_module("approval_hook.hosts.viewflow.outboxdesk") if is_installed() else None


def emergencies() -> Any | None:
    """What asks for, confirms, reviews and lists emergency releases; None where nothing checks credit."""
    if not is_installed():
        return None
    return import_module("approval_hook.hosts.viewflow.emergencies")


def why_not_decide(process: Any, user: Any) -> str:
    """Why this officer may not decide the case: what they did about its credit check; empty where they may."""
    module, desk = _desk(), emergencies()
    if desk is not None and desk.opened_by(process, user):
        return _("您批准或复核过本办件的应急放行，不能再作决定，请由其他负责人领取。")
    if module is not None and module.began_strict_review(process, user):
        return _("您已确认对本办件从严审核，须由另一名负责人复核证据并作出决定。")
    return ""


def may_settle(user: Any, action: Any) -> bool:
    """Whether the officer may carry the action out; the check asks again when it is sent."""
    module = _desk()
    if module is None:
        return False
    open_to_all = not action.needs_reason or action.code.startswith("two_confirm_identity:")
    return open_to_all or bool(user.has_perm(module.SETTLE_PERMISSION))


def may_settle_held(user: Any, held: Any) -> bool:
    """Whether a case of the list waits for this officer, who has not spoken on it yet."""
    module, desk = _desk(), emergencies()
    if desk is not None and held.release_asked_by:
        me = user.get_username()
        if me != held.release_asked_by and user.has_perm(desk.CONFIRM_PERMISSION):
            return True
    if module is None or not held.waits_for or user.get_username() in held.spoken_by:
        return False
    if held.waits_for == "two_confirm_identity":
        return True
    # A missing answer waits for a person only from two working days before the case is due.
    due = held.waits_for != "supervisor_releases" or held.escalated
    return due and bool(user.has_perm(module.SETTLE_PERMISSION))


def settle(process: Any, user: Any, action: str, reason: str, evidence: str) -> None:
    """Carry out one settling action.

    Raises:
        CaseInvalid: the action does not fit; show message and remedy.
        PermissionDenied: another officer must do it; show the message.
        LookupError: this installation has no credit check.
    """
    module = _desk()
    if module is None:
        raise LookupError("no credit check is installed")
    module.act(process, user, action, reason, evidence)
