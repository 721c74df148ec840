"""The written promise of a case: offered and registered by officers, signed and kept by the applicant.

What may be promised is decided by the rules of the credit check; an installation without it accepts only what is
complete.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from importlib import import_module
from typing import Any

from django.apps import apps
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from viewflow.workflow.status import PROCESS

from approval_hook.errors import CaseInvalid
from approval_hook.people import same_person
from approval_hook.policy.promises import PromiseAct, PromiseState, Signature
from workflows import materials, telling
from workflows.models import FoodBusinessCase, HandedIn, RideHailingDriverCase
from workflows.uploads import Upload

Case = FoodBusinessCase | RideHailingDriverCase


#: While a promise may still be kept.
OPEN = (PromiseState.OPEN, PromiseState.LATE)


class PromiseRefused(Exception):
    """The act cannot be registered; the message says why and what to do, in the reader's language."""


def _desk() -> Any | None:
    return import_module("approval_hook.hosts.viewflow.promising") if apps.is_installed("approval_hook") else None


def _installed() -> Any:
    desk = _desk()
    if desk is None:
        raise PromiseRefused(_("没有接入信用核查组件，不能办理容缺受理。请一次告知申请人补齐材料后受理。"))
    return desk


def given(case: Case) -> Any | None:
    """The promise of a case as it stands (``approval_hook.aftercare.promises.Given``); None without one."""
    desk = _desk()
    return desk.given(case) if desk else None


def why_tolerated(case: Case, codes: Collection[str]) -> dict[str, str]:
    """Why each of these materials may follow, with the articles.

    Raises:
        CaseInvalid: the rules in force do not know one of them.
    """
    return dict(_installed().why_tolerated(case, codes))


def breaches(case: Case) -> list[Any]:
    """Earlier promises of the applicant that were broken and not repaired."""
    desk = _desk()
    return list(desk.breaches(case)) if desk else []


def latest_day(case: Case, codes: Collection[str]) -> date | None:
    """Until when these materials may follow; None when they may not."""
    desk = _desk()
    try:
        return desk.latest_day(case, codes) if desk else None
    except CaseInvalid:
        return None


def covers(found: Any | None, codes: Collection[str]) -> bool:
    """Whether a signed promise, still open, is about exactly these materials."""
    if found is None or found.standing is None:
        return False
    return found.standing.state is PromiseState.OPEN and set(found.standing.out) == set(codes)


def offer(case: Case, user: Any, codes: Sequence[str], until: date) -> None:
    """出具承诺书: put a promise about these materials to the applicant.

    Call it under the flow lock.

    Raises:
        PromiseRefused: no permission, a material that may not follow, or too late a day. Nothing has changed.
    """
    _demand(user, case, "accept", _("您没有办理容缺受理的权限。请由窗口经办人员办理。"))
    with _told():
        telling.offered(case, _installed().offer(case, items=codes, until=until, by=user.get_username()))


def sign(case: Case, user: Any, promise_id: Any, signature: Signature, scan: Upload | None = None) -> None:
    """Sign what was shown, or register the sheet that was signed on paper.

    Raises:
        PromiseRefused: the words changed meanwhile, or something is missing. Nothing has changed.
    """
    with _held(case) as current, _told():
        _installed().sign(current, promise_id, signature, by=user.get_username())
        if scan is not None:
            keep_file(current, user, HandedIn.PROMISE, scan)


def supply(case: Case, user: Any, files: dict[str, Upload]) -> bool:
    """补交 by the applicant: files by material code.

    Returns:
        Whether they came in time; what comes late is kept, and the head says whether it counts.

    Raises:
        PromiseRefused: nothing is out, another material, or after the decision. Nothing has changed.
    """
    with _held(case) as current, _told():
        if not files:
            raise PromiseRefused(_("没有选择文件。请选择要补交的材料。"))
        found = _act(current, user, PromiseAct.SUPPLIED, codes=sorted(files))
        for code, upload in files.items():
            keep_file(current, user, code, upload)
        in_time = not set(files) & set(found.late)
        if in_time:
            put(current, files)
        return in_time


def act(
    case: Case,
    user: Any,
    what: PromiseAct,
    *,
    codes: Sequence[str] = (),
    until: date | None = None,
    reason: str = "",
) -> None:
    """Register an officer's act: return, extend, break, repair, or the applicant's withdrawal of the promise.

    Raises:
        PromiseRefused: no permission, or the act may not follow. Nothing has changed.
    """
    with _held(case) as current, _told():
        _may(user, current, what)
        _act(current, user, what, codes=codes, until=until, reason=reason)


def take(case: Case, user: Any, what: PromiseAct, *, codes: Sequence[str] = (), reason: str = "") -> Any:
    """Register an act whose permission was asked already; under the flow lock.

    Returns:
        How the promise stands then (``approval_hook.policy.promises.PromiseStanding``).

    Raises:
        PromiseRefused: the act may not follow.
    """
    with _told():
        return _act(case, user, what, codes=codes, reason=reason)


def void(case: Case, user: Any) -> None:
    """A promise that is still open ends with its case (S-14); under the flow lock."""
    found = given(case)
    if found is not None and found.standing is not None and found.standing.state in OPEN:
        with _told():  # the withdrawal of the case is what the applicant is told
            _installed().act(case, PromiseAct.WITHDRAWN, by=user.get_username(), reason=_("申请人撤回申请"))


def withdraw_own(case: Case, user: Any, reason: str) -> None:
    """撤回承诺 by the applicant: the case goes on in the ordinary way.

    Raises:
        PromiseRefused: nothing to withdraw any more.
    """
    with _held(case) as current, _told():
        _act(current, user, PromiseAct.WITHDRAWN, reason=reason)


def _act(case: Case, user: Any, what: PromiseAct, *, codes: Sequence[str] = (), **more: Any) -> Any:
    """Register an act, let the case follow, and tell the applicant; how the promise stands then."""
    found = _installed().act(case, what, by=user.get_username(), items=codes, **more)
    if what is PromiseAct.RETURNED:
        case.materials = [code for code in case.materials if code not in codes]
        case.save(update_fields=["materials"])
    elif what in (PromiseAct.EXTENDED, PromiseAct.WITHDRAWN):
        case.supply_until = found.due if what is PromiseAct.EXTENDED else None
        case.save(update_fields=["supply_until"])
    telling.promised(case, what, given(case), codes)
    return found


def late(cases: Sequence[Case]) -> set[int]:
    """Keys of those cases whose promise is open after its last day: somebody must look into it (S-16)."""
    desk = _desk()
    return set(desk.late(cases)) if desk and cases else set()


def reported(promise: Any) -> list[str]:
    """Names of the platforms that are told of the breach of a promise; none where no feedback is configured."""
    desk = _desk()
    return list(desk.reported(promise)) if desk else []


def keep_file(case: Case, user: Any, code: str, upload: Upload) -> None:
    """Store a file with its digest."""
    HandedIn.objects.create(
        process_id=case.pk,
        code=code,
        name=upload.name,
        media_type=upload.media_type,
        size=len(upload.content),
        digest=upload.digest,
        content=upload.content,
        at=timezone.now(),
        by=user,
    )


def put(case: Case, codes: Collection[str]) -> None:
    """Count materials as handed in."""
    case.materials = [m.code for m in materials.catalogue_of(case) if m.code in {*case.materials, *codes}]
    case.save(update_fields=["materials"])


def may(user: Any, case: Case, what: PromiseAct) -> bool:
    """Whether an officer may do this to the promise of a case."""
    try:
        _may(user, case, what)
    except PromiseRefused:
        return False
    return True


def _may(user: Any, case: Case, what: PromiseAct) -> None:
    by_head = what in (PromiseAct.EXTENDED, PromiseAct.BROKEN, PromiseAct.REPAIRED, PromiseAct.ADMITTED)
    if not by_head:
        _demand(user, case, "accept", _("您没有办理容缺受理的权限。请由窗口经办人员办理。"))
        return
    _demand(user, case, "decide", _("须由审批负责人办理。"))
    # 认定违约 is adverse: whoever accepted the case does not say so alone.
    first = case.accepted_by
    if what is PromiseAct.BROKEN and first is not None and same_person(first.get_username(), user.get_username()):
        raise PromiseRefused(_("受理人不能认定违约。请由其他审批负责人核实后办理。"))


def _demand(user: Any, case: Case, step: str, otherwise: str) -> None:
    if not user.has_perm(f"workflows.{step}_{case._meta.model_name}"):
        raise PromiseRefused(otherwise)


@contextmanager
def _held(case: Case) -> Iterator[Any]:
    """The case as it is now, held still."""
    with case.flow_class.lock(case.pk), transaction.atomic():
        current = type(case)._default_manager.get(pk=case.pk)
        if current.status != PROCESS.NEW and current.decision == "":
            raise PromiseRefused(_("办件已经结束。"))
        yield current


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except CaseInvalid as error:
        raise PromiseRefused(f"{error.message}{error.remedy}") from None
