"""What is to be done next with a draft, and by whom: one sentence, one button."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext as _

from approval_hook import clock
from approval_hook.models import RuleDraft
from approval_hook.policy.catalogue import RuleSet
from approval_hook.presenting import real_names
from approval_hook.threelists.conditions import DraftRefused, free
from approval_hook.threelists.difference import Change
from approval_hook.threelists.drafting import base_of
from approval_hook.threelists.history import entries
from approval_hook.threelists.replacing import replaced_by, undone
from workflows.policydesk.access import may_author, may_publish
from workflows.policydesk.versions import KEY_DIGITS, Reading, Version, version_of_draft

State = RuleDraft.State
OPEN = (State.WRITING, State.SUBMITTED, State.RETURNED)


@dataclass(frozen=True, slots=True)
class Step:
    """The next step of a page."""

    eyebrow: str
    title: str
    text: str
    label: str = ""  # of the one primary button; "": there is none
    url: str = ""
    posts: bool = False  # the button sends at once; otherwise it leads to a page


def _page(name: str, draft: RuleDraft) -> str:
    return reverse(f"policydesk:{name}", args=[draft.pk])


def is_author(user: Any, draft: RuleDraft) -> bool:
    """Whether the user drafts rules and this is theirs."""
    return may_author(user) and user.get_username() == draft.author


def may_review(user: Any, draft: RuleDraft) -> bool:
    """Whether the user may publish or send back this draft: somebody other than its author."""
    return may_publish(user) and user.get_username() != draft.author


@dataclass(frozen=True, slots=True)
class Standing:
    """How a draft stands to the versions that came after its start."""

    replaced: str = ""  # revision of the version it takes over from, where it did not start from that one
    key: str = ""  # of that version in addresses
    later: bool = True  # it came after the start; otherwise the draft runs ahead of its own base
    undone: tuple[Change, ...] = ()  # what the draft would take back of it
    before: RuleSet | None = None  # that version
    clash: str = ""  # why its revision or first day cannot be used; "": both are free


def standing(draft: RuleDraft, rules: RuleSet) -> Standing:
    """How an open draft stands to what was published since; nothing to tell of a closed one.

    Raises:
        RulesInvalid: the rule files are unsound, or the base is nowhere.
    """
    if draft.state not in OPEN:
        return Standing()
    clash = ""
    try:
        free(rules.revision, rules.valid_from)
    except DraftRefused as error:
        clash = str(error)
    before = replaced_by(rules.valid_from)
    if before is None or before.digest == draft.base:
        return Standing(clash=clash)
    base = base_of(draft).rules
    return Standing(
        before.rules.revision,
        before.digest[:KEY_DIGITS],
        before.rules.valid_from > base.valid_from,
        undone(base, before.rules, rules),
        before.rules,
        clash,
    )


def steps_of(draft: RuleDraft) -> list[tuple[str, str, str, str]]:
    """When, who by full name, what and why of every recorded step, the oldest first."""
    found = entries(draft.review_note)
    names = real_names({e.who for e in found if e.who})
    return [(e.when, names.get(e.who, ""), e.what, e.note) for e in found]


def returned_because(draft: RuleDraft) -> str:
    """The reason of the last return; empty when it was never sent back."""
    notes = [e.note for e in entries(draft.review_note) if e.what in ("退回修改", "")]
    return notes[-1] if notes else ""


@dataclass(frozen=True, slots=True)
class Row:
    """A draft as a line of a list."""

    draft: RuleDraft
    revision: str
    first_day: date
    author: str
    reviewer: str


def draft_rows(drafts: Iterable[RuleDraft]) -> list[Row]:
    """Drafts with their revision, first day, and the names of the people."""
    found = [(d, version_of_draft(d)) for d in drafts]
    names = real_names({n for d, _v in found for n in (d.author, d.reviewer) if n})
    return [Row(d, v.revision, v.first_day, names[d.author], names.get(d.reviewer, "")) for d, v in found]


def named(login: str) -> str:
    """The full name of a person where there is one."""
    return real_names([login])[login]


def draft_step(user: Any, draft: RuleDraft, content: Reading, where: Standing) -> Step:
    """What this person does next with a draft."""
    errors = len(content.analysis.errors)
    late = content.rules.valid_from <= clock.today()
    first_day = content.rules.valid_from.isoformat()
    match draft.state:
        case State.PUBLISHED:
            return Step(
                _("已结束"),
                _("已发布，自 %(day)s 起施行") % {"day": first_day},
                _("由 %(who)s 发布。发布的版本不能修改，只能由以后的版本替代。") % {"who": named(draft.reviewer)},
            )
        case State.WITHDRAWN:
            return Step(_("已结束"), _("草案已撤回"), _("草案留档备查，没有产生任何影响。需要时请另行起草。"))
    if late:
        return _too_late(user, draft, first_day)
    if where.replaced:
        return _outdated(user, draft, where)
    if draft.state == State.SUBMITTED:
        return _review_step(user, draft, errors, where)
    if is_author(user, draft) and where.clash:
        return Step(
            _("下一步"),
            _("改用空闲的版本号或生效日期"),
            gettext(where.clash),
            _("改名称、版本号或日期"),
            _page("draft-rename", draft),
        )
    if not is_author(user, draft):
        return Step(_("等待中"), _("等待 %(who)s 提交") % {"who": named(draft.author)}, _("由起草人提交后才能审查。"))
    if draft.state == State.RETURNED:
        return Step(
            _("下一步"),
            _("按退回意见修改后重新上传"),
            _("%(who)s 退回：%(note)s") % {"who": named(draft.reviewer), "note": returned_because(draft)},
            _("重新上传"),
            _page("draft-change", draft),
        )
    if errors:
        return Step(
            _("下一步"),
            _("更正 %(n)d 处错误后重新上传") % {"n": errors},
            _("错误会阻止发布，逐条列在“检查结果”里。不在三张清单内的，请规则管理员更正规则文件。"),
            _("重新上传"),
            _page("draft-change", draft),
        )
    return Step(
        _("下一步"),
        _("核对下面的差异，提交审查"),
        _("提交后由另一人审查和发布；发布前仍可重新上传或撤回。草案不影响任何办件。"),
        _("提交审查"),
        _page("draft-submit", draft),
        posts=True,
    )


def _too_late(user: Any, draft: RuleDraft, first_day: str) -> Step:
    why = _("生效日期 %(day)s 已到，规则不溯及既往，这份草案不能再发布。") % {"day": first_day}
    if is_author(user, draft):
        return Step(
            _("下一步"),
            _("撤回，改用以后的日期另行起草"),
            why,
            _("撤回草案"),
            _page("draft-withdraw", draft),
        )
    return Step(_("等待中"), _("等待 %(who)s 撤回并另行起草") % {"who": named(draft.author)}, why)


def _outdated(user: Any, draft: RuleDraft, where: Standing) -> Step:
    why = _("草案不是从它将要替代的版本 %(revision)s 起草的，发布会取消该版本的改动，因此不能发布。") % {
        "revision": where.replaced
    }
    again = _("撤回后从版本 %(revision)s 重新起草") % {"revision": where.replaced}
    if is_author(user, draft):
        return Step(_("下一步"), again, why, _("撤回草案"), _page("draft-withdraw", draft))
    if draft.state == State.SUBMITTED and may_review(user, draft):
        title = _("退回 %(who)s，从版本 %(revision)s 重新起草") % {
            "who": named(draft.author),
            "revision": where.replaced,
        }
        return Step(_("下一步"), title, why, _("退回修改"), _page("draft-return", draft))
    return Step(_("等待中"), _("等待 %(who)s 撤回并另行起草") % {"who": named(draft.author)}, why)


def _review_step(user: Any, draft: RuleDraft, errors: int, where: Standing) -> Step:
    if not may_review(user, draft):
        own = user.get_username() == draft.author
        text = _("起草人不能发布自己的草案。") if own else _("您没有发布权限。")
        return Step(_("等待中"), _("等待另一人审查和发布"), text + _("由有发布权限的其他人员办理。"))
    if where.clash:
        return Step(
            _("下一步"),
            _("版本号或生效日期已被占用，退回 %(who)s 修改") % {"who": named(draft.author)},
            gettext(where.clash),
            _("退回修改"),
            _page("draft-return", draft),
        )
    if errors:
        return Step(
            _("下一步"),
            _("有 %(n)d 处错误，退回 %(who)s 修改") % {"n": errors, "who": named(draft.author)},
            _("有错误的草案不能发布，错误逐条列在“检查结果”里。"),
            _("退回修改"),
            _page("draft-return", draft),
        )
    return Step(
        _("下一步"),
        _("核对差异，决定发布或退回"),
        _("由 %(who)s 起草。发布须写明理由，从生效日起对新的核查生效，不能撤销。") % {"who": named(draft.author)},
        _("去发布"),
        _page("draft-publish", draft),
    )


def desk_step(user: Any, waiting: Sequence[RuleDraft], base: Version | None) -> Step | None:
    """What this person does next at the desk: a draft that waits for them goes before a new one."""
    for draft in waiting:
        if draft.state == State.SUBMITTED and may_review(user, draft):
            return _waiting(_("审查草案“%(title)s”"), _("%(who)s 已提交，等待您发布或退回。"), draft)
        if draft.state == State.RETURNED and is_author(user, draft):
            return _waiting(_("修改退回的草案“%(title)s”"), _("审查意见已写在草案里。"), draft)
        if draft.state == State.WRITING and is_author(user, draft):
            return _waiting(_("提交草案“%(title)s”"), _("核对差异后提交，由另一人发布。"), draft)
    if may_author(user) and base is not None:
        return Step(
            _("下一步"),
            _("需要修改规则时，从版本 %(revision)s 起草") % {"revision": base.revision},
            _("下载三张清单，在 Excel 中修改后上传；先看到差异，再提交另一人发布。"),
            _("起草新版本"),
            reverse("policydesk:draft-new", args=[base.key]),
        )
    if may_publish(user):
        return Step(_("现在"), _("没有等待您发布的草案"), _("有人提交后会出现在这里。"))
    return None


def _waiting(title: str, text: str, draft: RuleDraft) -> Step:
    return Step(
        _("下一步"),
        title % {"title": draft.title},
        text % {"who": named(draft.author)},
        _("打开草案"),
        _page("draft", draft),
    )
