"""``manage.py rules_import FILE.xlsx``: a workbook becomes a draft, or a list of what is wrong with it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError, CommandParser

from approval_hook import cases, clock
from approval_hook.errors import RulesInvalid
from approval_hook.management.commands._acting import find_user
from approval_hook.threelists import drafting
from approval_hook.threelists.difference import Change, Orphans
from approval_hook.threelists.naming import shown
from approval_hook.threelists.package import MAX_FILE_BYTES
from approval_hook.threelists.problems import ListsInvalid

_KINDS = {"added": "新增", "removed": "删除", "changed": "修改"}
_LONGEST = 60


class Command(BaseCommand):
    """Shows the difference first; stores a draft unless it is a dry run."""

    help = "导入三张清单，存为规则草案；另一人用 rules_publish 发布"

    def add_arguments(self, parser: CommandParser) -> None:
        """The file, and what the new rule set is called and when it begins."""
        parser.add_argument("file", type=Path, help="xlsx 文件")
        parser.add_argument("--revision", required=True, help="新的版本号")
        parser.add_argument("--valid-from", required=True, help="生效日期，如 2027-01-01，须晚于今天")
        parser.add_argument("--by", required=True, help="起草人的用户名")
        parser.add_argument("--base", help="作为基准的版本号；不写则为今天施行的版本")
        parser.add_argument("--title", default="", help="规则名称；不写则沿用基准版本的名称")
        parser.add_argument("--submit", action="store_true", help="存为草案后即提交审查")
        parser.add_argument("--dry-run", action="store_true", help="只显示差异和问题，不保存")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import.

        Raises:
            CommandError: the workbook, the user or an argument cannot be used; nothing is stored.
        """
        user = find_user(options["by"])
        try:
            first_day = date.fromisoformat(options["valid_from"])
        except ValueError:
            raise CommandError("--valid-from 应为日期，请按 2027-01-01 的格式填写。") from None
        path: Path = options["file"]
        try:
            with path.open("rb") as source:
                raw = source.read(MAX_FILE_BYTES + 1)
        except OSError as error:
            raise CommandError(f"{path} 无法读取：{error.strerror}。") from None
        try:
            book = cases.book()
            base = book.revision(options["base"]) if options["base"] else book.on(clock.today())
            new = {"title": options["title"], "revision": options["revision"], "valid_from": first_day}
            found = drafting.preview(base, raw, **new)
            self._show(found)
            if options["dry_run"]:
                self.stdout.write("试运行，没有保存。")
                return
            draft = drafting.import_draft(base, raw, path.name, by=user, **new)
            if options["submit"]:
                drafting.submit(draft, user)
        except ListsInvalid as error:
            self._refuse(error)
        except RulesInvalid as error:
            raise CommandError("\n".join(error.problems)) from None
        except drafting.DraftRefused as error:
            raise CommandError(str(error)) from None
        except PermissionDenied:
            raise CommandError(f"用户“{options['by']}”没有起草规则的权限。") from None
        else:
            self.stdout.write(f"已存为草案 {draft.pk}（{draft.get_state_display()}）。")

    def _refuse(self, error: ListsInvalid) -> None:
        for row in error.rows:
            self.stderr.write(str(row))
        more = f"，以上列出前 {len(error.rows)} 处" if error.total > len(error.rows) else ""
        raise CommandError(f"共有 {error.total} 处问题{more}；没有导入任何内容。")

    def _show(self, found: drafting.Preview) -> None:
        for note in found.notes:
            self.stdout.write(f"提示：{note}")
        self.stdout.write(f"与基准版本相比，共有 {len(found.changes)} 处不同：" if found.changes else "内容没有变化。")
        for change in found.changes:
            self._change(change)
        self._orphans(found.orphans)
        for finding in found.analysis.errors:
            self.stdout.write(f"发布前必须改正：{finding.place}：{finding.text}")
        if found.analysis.warnings:
            self.stdout.write(f"另有 {len(found.analysis.warnings)} 处提醒，见 rules_check。")

    def _change(self, change: Change) -> None:
        key = f"（{change.key}）" if change.key else ""
        self.stdout.write(f"  {_KINDS[change.kind]} {change.part_zh} {_short(change.title)}{key}")
        if change.kind == "changed":
            for each in change.fields:
                before, after = _short(shown(each.name, each.before)), _short(shown(each.name, each.after))
                self.stdout.write(f"      {each.label_zh}：{before} → {after}")

    def _orphans(self, found: Orphans) -> None:
        for title, rows in (
            ("没有事项使用的措施", found.measures),
            ("没有措施适用的事项", found.matters),
            ("没有措施使用的类别", found.measure_types),
            ("没有措施引用的备忘录", found.memos),
        ):
            if rows:
                self.stdout.write(f"{title}（{len(rows)}）：")
                for code, name in rows:
                    self.stdout.write(f"  {code} {_short(name)}")


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
