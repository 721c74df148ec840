"""``manage.py rules_export FILE.xlsx``: the three lists of a rule set as a workbook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from approval_hook import cases, clock
from approval_hook.errors import RulesInvalid
from approval_hook.threelists.workbook import write_workbook


class Command(BaseCommand):
    """Writes one file, and never over another."""

    help = "导出三张清单：备忘录措施清单、措施类别清单、应用事项清单"

    def add_arguments(self, parser: CommandParser) -> None:
        """The file, and which rule set."""
        parser.add_argument("file", type=Path, help="要写入的 xlsx 文件")
        parser.add_argument("--revision", help="版本号；不写则为今天施行的版本")

    def handle(self, *args: Any, **options: Any) -> None:
        """Export.

        Raises:
            CommandError: no such revision, the file exists, or the rules do not fit on sheets.
        """
        path: Path = options["file"]
        if path.suffix.lower() != ".xlsx":
            raise CommandError("文件名应以 .xlsx 结尾。")
        try:
            book = cases.book()
            loaded = book.revision(options["revision"]) if options["revision"] else book.on(clock.today())
            raw = write_workbook(loaded.rules)
        except RulesInvalid as error:
            raise CommandError("\n".join(error.problems)) from None
        try:
            with path.open("xb") as target:
                target.write(raw)
        except FileExistsError:
            raise CommandError(f"{path} 已存在，没有覆盖；请换一个文件名。") from None
        except OSError as error:
            raise CommandError(f"{path} 无法写入：{error.strerror}。") from None
        rules = loaded.rules
        self.stdout.write(
            f"已导出版本“{rules.revision}”：措施 {len(rules.measures)} 条，措施类别 {len(rules.measure_types)} 条，"
            f"应用事项 {len(rules.applications)} 条，备忘录 {len(rules.memos)} 份。"
        )
