"""Keep what decisions rest on: rule sets and calendars by digest, and find them again."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Hashable
from datetime import date

from django.db import transaction
from django.db.models import Model

from approval_hook import clock, privacy
from approval_hook.errors import RulesInvalid
from approval_hook.logs import get_logger
from approval_hook.models import CalendarEdition, RuleRevision
from approval_hook.policy.catalogue import RuleSet
from approval_hook.policy.workdays import WorkCalendar
from approval_hook.rulebook import LoadedRules

#: Seconds for which a process believes its list of publications. A publication begins on a later day, and a new day
#: is always looked up afresh, so nothing is decided by a list that is too old.
_BELIEVED = 60.0

#: Compiled rule sets remembered by digest; content never changes under a digest.
_REMEMBERED = 8

_kept: set[Hashable] = set()
_compiled: dict[str, LoadedRules] = {}
_published: tuple[float, date, tuple[LoadedRules, ...]] | None = None
_lock = threading.Lock()


def forget() -> None:
    """Forget what this process knows of the database; after a publication, and between tests."""
    global _published
    with _lock:
        _kept.clear()
        _compiled.clear()
        _published = None


def keep(loaded: LoadedRules, calendar: WorkCalendar) -> None:
    """Store the rule set and the calendar that a decision is about to cite, in the same transaction."""
    if loaded.digest not in _kept:
        row = RuleRevision(
            digest=loaded.digest,
            revision=loaded.rules.revision,
            origin=RuleRevision.Origin.FILE,
            valid_from=loaded.rules.valid_from,
            valid_to=loaded.rules.valid_to,
            content=loaded.rules.canonical.decode(),
            made_at=clock.now(),
        )
        row.seal = privacy.digest(row.sealed_text())
        RuleRevision.objects.bulk_create([row], ignore_conflicts=True)
        _require(RuleRevision, row, ("content", "revision", "valid_from", "valid_to"))
        _keep_known(loaded.digest)
    if calendar.digest not in _kept:
        edition = CalendarEdition(
            digest=calendar.digest,
            published_until=calendar.published_until,
            holidays=sorted(day.isoformat() for day in calendar.holidays),
            workdays=sorted(day.isoformat() for day in calendar.workdays),
            made_at=clock.now(),
        )
        CalendarEdition.objects.bulk_create([edition], ignore_conflicts=True)
        _require(CalendarEdition, edition, ("published_until", "holidays", "workdays"))
        _keep_known(calendar.digest)


def _require(model: type[Model], row: Model, fields: tuple[str, ...]) -> None:
    """What stands under the digest is what a decision is about to cite; a row that was there first may be anybody's.

    Raises:
        RulesInvalid: it is something else; nothing is decided, because the decision could not be made out again.
    """
    if model._default_manager.filter(pk=row.pk).values_list(*fields).first() != tuple(getattr(row, f) for f in fields):
        get_logger().error("what is kept is not what decisions would cite", alarm=True, kind=model.__name__, row=row.pk)
        what = model._meta.verbose_name
        raise RulesInvalid(
            [f"库中摘要为 {row.pk[:12]}… 的{what}，内容与摘要不符；请联系数据库管理员，或以新版本号发布。"]
        )


def _keep_known(digest: str) -> None:
    # Only what is committed is known: a rollback takes the row away again.
    transaction.on_commit(lambda: _kept.add(digest))


def rules_by_digest(digest: str) -> LoadedRules:
    """The rule set with this content.

    Raises:
        RulesInvalid: it was never kept, or what is kept is not what the digest says.
    """
    with _lock:
        known = _compiled.get(digest)
    if known is not None:
        return known
    row = RuleRevision.objects.filter(pk=digest).first()
    if row is None:
        raise RulesInvalid([f"规则库中没有摘要为 {digest[:12]}… 的版本；请恢复该版本的规则文件。"])
    try:
        rules = RuleSet.parse(json.loads(row.content))
    except (ValueError, TypeError, RecursionError):
        raise RulesInvalid([f"规则版本“{row.revision}”的内容无法读取；请从备份恢复。"]) from None
    stated = (row.digest, row.revision, row.valid_from, row.valid_to)
    if stated != (rules.digest, rules.revision, rules.valid_from, rules.valid_to):
        raise RulesInvalid([f"规则版本“{row.revision}”的内容与摘要不符；请从备份恢复。"])
    loaded = LoadedRules(rules, row.digest, row.get_origin_display())
    with _lock:
        while len(_compiled) >= _REMEMBERED:
            del _compiled[next(iter(_compiled))]
        _compiled[digest] = loaded
    return loaded


def calendar_by_digest(digest: str) -> WorkCalendar:
    """The calendar with these days.

    Raises:
        RulesInvalid: it was never kept, or what is kept is not what the digest says.
    """
    row = CalendarEdition.objects.filter(pk=digest).first()
    if row is None:
        raise RulesInvalid([f"没有摘要为 {digest[:12]}… 的工作日历；请从备份恢复。"])
    calendar = WorkCalendar(
        frozenset(map(date.fromisoformat, row.holidays)),
        frozenset(map(date.fromisoformat, row.workdays)),
        row.published_until,
    )
    if calendar.digest != digest:
        raise RulesInvalid(["工作日历的内容与摘要不符；请从备份恢复。"])
    return calendar


def _published_here(row: RuleRevision) -> bool:
    """Whether the row was published through the policy desk; another one is told and not used."""
    try:
        if row.is_genuine() and clock.china_date(row.made_at) < row.valid_from:
            rules_by_digest(row.pk)
            return True
        reason = "it was not published here"
    except RulesInvalid as error:
        reason = str(error)
    get_logger().error("a rule revision is not believed", alarm=True, revision=row.revision, reason=reason)
    return False


def published_rules() -> tuple[LoadedRules, ...]:
    """Every rule set published from the policy desk. One SELECT a minute and at each change of day."""
    global _published
    today = clock.today()
    with _lock:
        known = _published
    if known is not None and known[1] == today and time.monotonic() - known[0] < _BELIEVED:
        return known[2]
    old = {loaded.digest: loaded for loaded in known[2]} if known else {}
    rows = RuleRevision.objects.filter(origin=RuleRevision.Origin.PUBLISHED).defer("content").order_by("valid_from")
    found = tuple(old.get(row.pk) or rules_by_digest(row.pk) for row in rows if _published_here(row))
    with _lock:
        _published = (time.monotonic(), today, found)
    return found
