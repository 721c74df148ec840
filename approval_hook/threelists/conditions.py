"""What a rule set must meet to become a draft and to be published."""

from __future__ import annotations

from datetime import date

from approval_hook import cases, clock
from approval_hook.errors import ApprovalHookError
from approval_hook.models import RuleRevision
from approval_hook.threelists.words import is_invisible

_LONGEST_TITLE = 200
_LONGEST_NOTE = 2000


class DraftRefused(ApprovalHookError):
    """The draft cannot take this step."""

    def __init__(self, message: str, remedy: str) -> None:
        """Say in Chinese what stands in the way and what to do."""
        self.message = message
        self.remedy = remedy
        super().__init__(f"{message}{remedy}")


def note_of(note: str, *, needed: bool = False) -> str:
    """A note without white space around it.

    Raises:
        DraftRefused: it is missing where one is needed, too long, or holds what cannot be seen.
    """
    note = note.strip()
    if needed and not note:
        raise DraftRefused("没有填写审查意见。", "请写明退回的理由。")
    if len(note) > _LONGEST_NOTE:
        raise DraftRefused(f"意见超过 {_LONGEST_NOTE} 个字符。", "请精简后再提交。")
    if any(is_invisible(c) and c not in "\r\t" for c in note):
        raise DraftRefused("意见中有不可见的控制字符。", "请重新输入后再提交。")
    return note


def title_of(title: str) -> str:
    """A title without white space around it.

    Raises:
        DraftRefused: it is empty, too long, or not one visible line.
    """
    title = title.strip()
    if not 0 < len(title) <= _LONGEST_TITLE or any(is_invisible(c) or c == "\n" for c in title):
        raise DraftRefused(f"名称应为一行，1 至 {_LONGEST_TITLE} 个字符。", "请更正名称。")
    return title


def ahead(first_day: date) -> None:
    """Make sure that nothing has been decided yet on a first day.

    Raises:
        DraftRefused: it is not later than today in China.
    """
    today = clock.today()
    if first_day <= today:
        raise DraftRefused(
            f"生效日期 {first_day.isoformat()} 不晚于今天（{today.isoformat()}）。",
            "规则不溯及既往，请改用以后的日期重新导入。",
        )


def free(revision: str, first_day: date) -> None:
    """Make sure that no file, publication or decision knows the revision, and nothing else begins on the day.

    Raises:
        DraftRefused: one of them does.
        RulesInvalid: the rule files are unsound.
    """
    files = cases.file_book().all()
    kept = RuleRevision.objects.filter(revision=revision).exists()
    if kept or any(loaded.rules.revision == revision for loaded in files):
        raise DraftRefused(f"版本号“{revision}”已经用过。", "请改用新的版本号。")
    published = RuleRevision.objects.filter(origin=RuleRevision.Origin.PUBLISHED, valid_from=first_day).exists()
    if published or any(loaded.rules.valid_from == first_day for loaded in files):
        raise DraftRefused(f"{first_day.isoformat()} 已有一个版本生效。", "请改用别的生效日期。")


def taken() -> DraftRefused:
    """What to say when somebody else was faster."""
    return DraftRefused("版本号或生效日期刚被另一份规则占用，没有发布。", "请退回草案，改用新的版本号和日期。")
