"""Every rule set the desk knows: files, publications, those kept for replay, and drafts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any

from django.db.models import TextChoices
from django.http import Http404
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from approval_hook import clock
from approval_hook.cases import book
from approval_hook.errors import RulesInvalid
from approval_hook.keeping import rules_by_digest
from approval_hook.models import RuleDraft, RuleRevision
from approval_hook.policy.analysis import Analysis, ReachMap, analyse, reach
from approval_hook.policy.catalogue import RuleSet
from approval_hook.rulebook import LoadedRules
from approval_hook.threelists.drafting import rules_of
from approval_hook.workcalendar import published_calendar
from workflows.policydesk.citing import Citing, citing
from workflows.policydesk.saying import Sayings

#: Digits of the digest that name a version in an address.
KEY_DIGITS = 16


class State(TextChoices):
    """Where a version stands today."""

    IN_FORCE = "in_force", _("现行")
    AHEAD = "ahead", _("待生效")
    PAST = "past", _("已失效")
    KEPT = "kept", _("存档")
    DRAFT = "draft", _("草案")


@dataclass(frozen=True, slots=True)
class Version:
    """One rule set as a line of a list; its content is read only when it is opened."""

    digest: str
    revision: str
    title: str
    state: State
    origin: str  # where it came from, in words
    first_day: date
    last_day: date | None  # None: no end known
    author: str = ""
    publisher: str = ""
    note: str = ""
    made_at: datetime | None = None
    draft: int | None = None  # primary key of the draft

    @property
    def key(self) -> str:
        """How addresses name it."""
        return self.digest[:KEY_DIGITS]


class Reading:
    """The content of a rule set with everything the pages derive from it, each derived once."""

    def __init__(self, rules: RuleSet) -> None:
        """Take the rules; nothing is derived yet."""
        self.rules = rules

    @cached_property
    def analysis(self) -> Analysis:
        """What can be proved about the rules."""
        return analyse(self.rules, published_calendar())

    @cached_property
    def reach(self) -> ReachMap:
        """Which matter each measure reaches, and the reverse."""
        return reach(self.rules)

    @cached_property
    def citing(self) -> Citing:
        """Which rules rest on which basis."""
        return citing(self.rules)

    @cached_property
    def names(self) -> Sayings:
        """The titles behind every code that a finding names."""
        return Sayings(self.rules)


def versions() -> tuple[list[Version], tuple[str, ...]]:
    """Every version but drafts, the newest first day first; and what is wrong with the rule files.

    Where the files cannot be read, the stored versions are still listed.
    """
    stored = {row.digest: row for row in RuleRevision.objects.defer("content").order_by("made_at")}
    loaded: tuple[LoadedRules, ...] = ()
    problems: tuple[str, ...] = ()
    try:
        loaded = book().all()
    except RulesInvalid as error:
        problems = error.problems
    found = [_of_loaded(item, last, stored.pop(item.digest, None)) for item, last in _with_last_days(loaded)]
    found += [_of_stored(row) for row in stored.values()]
    found.sort(key=lambda v: (v.state != State.KEPT, v.first_day), reverse=True)
    return found, problems


def _with_last_days(loaded: tuple[LoadedRules, ...]) -> Iterator[tuple[LoadedRules, date | None]]:
    """Each version with its last day: its own, or the day before the next one begins."""
    for first, second in pairwise(loaded):
        until = second.rules.valid_from - timedelta(days=1)
        yield first, min(until, first.rules.valid_to or until)
    for item in loaded[-1:]:
        yield item, item.rules.valid_to


def _of_loaded(item: LoadedRules, last: date | None, row: RuleRevision | None) -> Version:
    rules, today = item.rules, clock.today()
    if rules.valid_from > today:
        state = State.AHEAD
    else:
        state = State.PAST if last is not None and last < today else State.IN_FORCE
    published = row is not None and row.origin == RuleRevision.Origin.PUBLISHED
    made = Version(
        digest=item.digest,
        revision=rules.revision,
        title=rules.title,
        state=state,
        origin=gettext(str((RuleRevision.Origin.PUBLISHED if published else RuleRevision.Origin.FILE).label)),
        first_day=rules.valid_from,
        last_day=last,
    )
    if row is None or not published:
        return replace(made, origin=f"{made.origin} {item.name}")
    return replace(made, author=row.author, publisher=row.publisher, note=row.note, made_at=row.made_at)


def _of_stored(row: RuleRevision) -> Version:
    return Version(
        digest=row.digest,
        revision=row.revision,
        title=row.revision,
        state=State.KEPT,
        origin=gettext(row.get_origin_display()),
        first_day=row.valid_from,
        last_day=row.valid_to,
        author=row.author,
        publisher=row.publisher,
        note=row.note,
        made_at=row.made_at,
    )


def version_of_draft(draft: RuleDraft) -> Version:
    """A draft as a version, to be opened and compared like any other; its content is not checked for this."""
    content = json.loads(draft.content)
    last = content["valid_to"]
    return Version(
        digest=draft.digest,
        revision=content["revision"],
        title=draft.title,
        state=State.DRAFT,
        origin=gettext(draft.get_state_display()),
        first_day=date.fromisoformat(content["valid_from"]),
        last_day=date.fromisoformat(last) if last else None,
        author=draft.author,
        made_at=draft.changed_at,
        draft=draft.pk,
    )


def opened(key: str) -> tuple[Version, Reading]:
    """The version with this key and its content.

    Raises:
        Http404: there is none.
        RulesInvalid: its content cannot be read.
    """
    found, problems = versions()
    for version in found:
        if version.key == key:
            return version, reading(version.digest)
    draft = RuleDraft.objects.filter(digest__startswith=key).order_by("-changed_at").first()
    if draft is not None:
        return version_of_draft(draft), reading(draft.digest)
    if problems:
        raise RulesInvalid(problems)
    raise Http404


@lru_cache(maxsize=8)
def reading(digest: str) -> Reading:
    """The content with this digest. It never changes, so what is derived from it may be remembered.

    Raises:
        RulesInvalid: nothing with this digest can be read.
    """
    try:
        for item in book().all():
            if item.digest == digest:
                return Reading(item.rules)
    except RulesInvalid:
        # One unsound file must not hide the versions that are stored.
        pass
    draft: Any = RuleDraft.objects.filter(digest=digest).first()
    if draft is not None and not RuleRevision.objects.filter(pk=digest).exists():
        return Reading(rules_of(draft))
    return Reading(rules_by_digest(digest).rules)


def in_force_or_next(found: list[Version]) -> Version | None:
    """The version to start from: the one in force, else the next to be."""
    for state in (State.IN_FORCE, State.AHEAD):
        for version in reversed(found):
            if version.state == state:
                return version
    return None
