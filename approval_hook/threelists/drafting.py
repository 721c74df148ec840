"""From a workbook to rules in force: one person drafts, another one publishes, and what is published stays as it is.

    起草中 ──submit──> 待发布审查 ──publish──> 已发布
      ^  ^                 │   │
      │  └────reimport─────┘   └─send_back─> 退回修改 ──submit──> 待发布审查
      └───────────reimport────────────────────────┘
    起草中, 退回修改 ──rename──> 起草中
    起草中, 待发布审查, 退回修改 ──withdraw──> 已撤回

Every step is one conditional UPDATE on the state and the content that the person saw, so that two people at once
take one step between them. The draft keeps who took which step when, and why (``history``).

Source: R-04, R-27.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import F, Value
from django.db.models.functions import Concat

from approval_hook import cases, clock, keeping, privacy
from approval_hook.errors import RulesInvalid
from approval_hook.models import RuleDraft, RuleRevision
from approval_hook.people import same_person
from approval_hook.policy.analysis import Analysis, analyse
from approval_hook.policy.canonical import canonical_bytes
from approval_hook.policy.catalogue import RuleSet
from approval_hook.rulebook import LoadedRules
from approval_hook.threelists.conditions import DraftRefused, ahead, free, note_of, taken, title_of
from approval_hook.threelists.difference import Change, Orphans, differences, orphans
from approval_hook.threelists.history import entry
from approval_hook.threelists.problems import ListsInvalid
from approval_hook.threelists.reading import read_workbook
from approval_hook.threelists.replacing import started_from_it
from approval_hook.threelists.words import is_invisible
from approval_hook.workcalendar import published_calendar

__all__ = [
    "AUTHOR_PERMISSION",
    "PUBLISH_PERMISSION",
    "DraftRefused",
    "Preview",
    "base_of",
    "import_draft",
    "preview",
    "publish",
    "reimport",
    "rename",
    "rules_of",
    "send_back",
    "submit",
    "withdraw",
]

AUTHOR_PERMISSION = "approval_hook.author_rules"
PUBLISH_PERMISSION = "approval_hook.publish_rules"

_LONGEST_NAME = 255
_State = RuleDraft.State
_OPEN = (_State.WRITING, _State.SUBMITTED, _State.RETURNED)
#: States in which the draft is in its author's hands.
_HELD = (_State.WRITING, _State.RETURNED)


class User(Protocol):
    """Who acts: any user model of Django."""

    def get_username(self) -> str:
        """The name that is recorded."""

    def has_perm(self, perm: str) -> bool:
        """Whether the user holds a permission."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a workbook would become, before anything is stored."""

    rules: RuleSet
    changes: tuple[Change, ...]  # from the base
    orphans: Orphans
    analysis: Analysis  # its errors would stop a publication
    notes: tuple[str, ...]  # what was passed over in the workbook


def preview(base: LoadedRules, raw: bytes, *, title: str, revision: str, valid_from: date) -> Preview:
    """Read a workbook as a new rule set that begins on a later day. Stores nothing.

    Args:
        base: what the workbook was exported from; everything outside the lists is taken from it.
        raw: the file as it came.
        title: of the new rule set; empty keeps the base's.
        revision: a name that no rule set has had.
        valid_from: first day, later than today in China. The base's last day is kept where it still lies ahead.

    Raises:
        ListsInvalid: the workbook has problems; ``rows`` has them by sheet and cell.
        RulesInvalid: revision or title is malformed, or the rule files are.
        DraftRefused: the day or the revision cannot be used.
    """
    title = title_of(title or base.rules.title)
    ahead(valid_from)
    free(revision, valid_from)
    imported = read_workbook(raw, base.rules)
    if imported.data is None:
        raise ListsInvalid(imported.problems, imported.total)
    rules = RuleSet.parse({**imported.data, **_named(base.rules, title, revision, valid_from)})
    analysis = analyse(rules, published_calendar())
    return Preview(rules, differences(base.rules, rules), orphans(rules), analysis, imported.notes)


def _named(base: RuleSet, title: str, revision: str, valid_from: date) -> dict[str, Any]:
    ends = base.valid_to
    return {
        "title": title,
        "revision": revision,
        "valid_from": valid_from.isoformat(),
        "valid_to": ends.isoformat() if ends is not None and ends >= valid_from else None,
    }


def import_draft(
    base: LoadedRules, raw: bytes, file_name: str, title: str, revision: str, valid_from: date, by: User
) -> RuleDraft:
    """Store a workbook as a draft, or nothing of it. The arguments are those of ``preview``.

    Raises:
        PermissionDenied: the user may not draft rules.
        ListsInvalid, RulesInvalid, DraftRefused: as ``preview``.
    """
    _permitted(by, AUTHOR_PERMISSION)
    found = preview(base, raw, title=title, revision=revision, valid_from=valid_from)
    now = clock.now()
    return RuleDraft.objects.create(
        **_content(found.rules, raw, file_name),
        base=base.digest,
        author=by.get_username(),
        state=_State.WRITING,
        created_at=now,
        changed_at=now,
    )


def reimport(draft: RuleDraft, raw: bytes, file_name: str, by: User) -> None:
    """Put another workbook in the place of a draft's content; the draft goes back to writing.

    Only the author may: whoever changes the content is an author, and could not publish it.

    Raises:
        PermissionDenied: the user may not draft rules.
        DraftRefused: somebody else's draft, or one that is closed or has changed meanwhile.
        ListsInvalid, RulesInvalid: as ``preview``.
    """
    _author(draft, by)
    before = rules_of(draft)
    found = preview(base_of(draft), raw, title=before.title, revision=before.revision, valid_from=before.valid_from)
    content = _content(found.rules, raw, file_name)
    _step(draft, _OPEN, _State.WRITING, _done(by, "重新上传", content["source_name"]), **content)
    draft.refresh_from_db()


def rename(draft: RuleDraft, title: str, revision: str, valid_from: date, by: User) -> None:
    """Give a draft another title, revision or first day; what its lists say stays. It goes back to writing.

    Raises:
        PermissionDenied: the user may not draft rules.
        DraftRefused: somebody else's draft, one that is submitted or closed or has changed meanwhile, or the day or
            the revision cannot be used.
        RulesInvalid: revision or title is malformed, or base or rule files are nowhere or unsound.
    """
    _author(draft, by)
    title = title_of(title)
    ahead(valid_from)
    free(revision, valid_from)
    named = _named(base_of(draft).rules, title, revision, valid_from)
    rules = RuleSet.parse({**rules_of(draft).plain(), **named})
    done = _done(by, "改名称、版本号或生效日期", f"{title}，{revision}，{valid_from.isoformat()}")
    content = {"title": rules.title, "content": _canonical(rules), "digest": rules.digest}
    _step(draft, _HELD, _State.WRITING, done, **content)
    draft.refresh_from_db()


def submit(draft: RuleDraft, by: User) -> None:
    """Hand the draft to somebody who publishes.

    Raises:
        PermissionDenied: the user may not draft rules.
        DraftRefused: somebody else's draft, or not one that is being written.
    """
    _author(draft, by)
    ahead(rules_of(draft).valid_from)
    _step(draft, _HELD, _State.SUBMITTED, _done(by, "提交审查"))
    draft.refresh_from_db()


def send_back(draft: RuleDraft, by: User, note: str) -> None:
    """Return a submitted draft to its author, with the reason.

    Raises:
        PermissionDenied: the user may not publish rules.
        DraftRefused: no reason, one's own draft, or not a submitted one.
    """
    reviewer = _reviewer(draft, by)
    done = _done(by, "退回修改", note_of(note, needed=True))
    _step(draft, (_State.SUBMITTED,), _State.RETURNED, done, reviewer=reviewer)
    draft.refresh_from_db()


def withdraw(draft: RuleDraft, by: User) -> None:
    """Give a draft up. It stays on record.

    Raises:
        PermissionDenied: the user may not draft rules.
        DraftRefused: somebody else's draft, or one that is closed.
    """
    _author(draft, by)
    _step(draft, _OPEN, _State.WITHDRAWN, _done(by, "撤回"))
    draft.refresh_from_db()


def publish(draft: RuleDraft, by: User, note: str = "") -> RuleRevision:
    """Put a submitted draft in force from its first day.

    Args:
        draft: as the publisher saw it; if its content has changed since, nothing is published.
        by: somebody other than the author.
        note: why, kept with the publication.

    Raises:
        PermissionDenied: the user may not publish rules.
        DraftRefused: one's own draft, not a submitted one, its day has come, its revision or day is taken, or it did
            not start from the version that it replaces.
        RulesInvalid: the content is not sound any more, or the analysis finds an error.
    """
    publisher = _reviewer(draft, by)
    note = note_of(note)
    rules = rules_of(draft)
    errors = analyse(rules, published_calendar()).errors
    if errors:
        raise RulesInvalid([f"{finding.place}：{finding.text}" for finding in errors])
    ahead(rules.valid_from)
    try:
        with transaction.atomic():
            # Two publications that start from one version follow each other, and the second sees the first.
            list(RuleDraft.objects.select_for_update().filter(base=draft.base).order_by("pk").values_list("pk"))
            _step(draft, (_State.SUBMITTED,), _State.PUBLISHED, _done(by, "发布", note), reviewer=publisher)
            free(rules.revision, rules.valid_from)
            started_from_it(draft.base, rules.valid_from)
            revision = RuleRevision(
                digest=rules.digest,
                revision=rules.revision,
                origin=RuleRevision.Origin.PUBLISHED,
                valid_from=rules.valid_from,
                valid_to=rules.valid_to,
                content=_canonical(rules),
                author=draft.author,
                publisher=publisher,
                note=note,
                made_at=clock.now(),
            )
            revision.seal = privacy.digest(revision.sealed_text())
            revision.save()
            # An insert over a row of the same content is passed over without an error on SQLite (``triggers``).
            made = RuleRevision.objects.get(pk=rules.digest)
            if (made.origin, made.publisher) != (RuleRevision.Origin.PUBLISHED, publisher):
                raise taken()
            transaction.on_commit(keeping.forget)
    except IntegrityError:
        raise taken() from None
    draft.refresh_from_db()
    return made


def rules_of(draft: RuleDraft) -> RuleSet:
    """The rule set that a draft holds, checked anew.

    Raises:
        RulesInvalid: it is not sound, or not what its digest says.
    """
    rules = RuleSet.parse(json.loads(draft.content))
    if rules.digest != draft.digest:
        raise RulesInvalid([f"草案“{draft.title}”的内容与摘要不符；请重新导入。"])
    return rules


def base_of(draft: RuleDraft) -> LoadedRules:
    """The rule set that a draft started from.

    Raises:
        RulesInvalid: neither the files nor the database hold it any more.
    """
    for loaded in cases.book().all():
        if loaded.digest == draft.base:
            return loaded
    return keeping.rules_by_digest(draft.base)


def _content(rules: RuleSet, raw: bytes, file_name: str) -> dict[str, Any]:
    name = "".join(c for c in file_name if not is_invisible(c)).replace("\\", "/").rpartition("/")[2]
    return {
        "title": rules.title,
        "content": _canonical(rules),
        "digest": rules.digest,
        "source_name": name.strip()[:_LONGEST_NAME],
        "source_digest": hashlib.sha256(raw).hexdigest(),
    }


def _canonical(rules: RuleSet) -> str:
    return canonical_bytes(rules.plain()).decode()


def _done(by: User, what: str, note: str = "") -> str:
    return entry(clock.now().astimezone(clock.CHINA), by.get_username(), what, note)


def _step(draft: RuleDraft, start: tuple[str, ...], end: str, done: str, **values: Any) -> None:
    """Move a draft on if it still is what the person saw, and record it.

    Raises:
        DraftRefused: it is not.
    """
    seen = RuleDraft.objects.filter(pk=draft.pk, state__in=start, digest=draft.digest, author=draft.author)
    record = Concat(F("review_note"), Value(done))
    moved = seen.update(state=end, changed_at=clock.now(), review_note=record, **values)
    now = RuleDraft.objects.filter(pk=draft.pk).first()
    if not moved:
        if now is not None and now.state not in start:
            raise DraftRefused(f"草案现为“{now.get_state_display()}”，不能这样处理。", "请刷新后查看最新状态。")
        raise DraftRefused("草案已被他人修改。", "请刷新，核对新的内容后再处理。")


def _permitted(by: User, permission: str) -> None:
    if not by.has_perm(permission):
        raise PermissionDenied


def _author(draft: RuleDraft, by: User) -> None:
    _permitted(by, AUTHOR_PERMISSION)
    if by.get_username() != draft.author:
        raise DraftRefused("这是他人起草的草案。", "请由起草人处理，或另行导入一份草案。")


def _reviewer(draft: RuleDraft, by: User) -> str:
    _permitted(by, PUBLISH_PERMISSION)
    if same_person(by.get_username(), draft.author):
        raise DraftRefused("起草人不能审查或发布自己的草案。", "请由另一名有发布权限的人员办理。")
    return by.get_username()
