"""``manage.py credit_debts``: how many re-checks are owed and overdue, by source."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from approval_hook import debts
from approval_hook.management.commands._tables import lines

_HEADINGS = ("来源", "待补查", "其中逾期")


class Command(BaseCommand):
    """Exits with 1 when a re-check is overdue."""

    help = "按来源统计待补查和逾期的办件；一件欠两个来源的，两处都计。有逾期的以 1 退出。"

    def add_arguments(self, parser: CommandParser) -> None:
        """``--json``."""
        parser.add_argument("--json", action="store_true", help="以 JSON 给出结果，供监控读取")

    def handle(self, *args: Any, **options: Any) -> None:
        """Count.

        Raises:
            CommandError: some are overdue.
        """
        found = debts.counts()
        owed, overdue = found.pop("")
        if options["json"]:
            sources = {name: {"owed": many, "overdue": late} for name, (many, late) in sorted(found.items())}
            self.stdout.write(json.dumps({"owed": owed, "overdue": overdue, "sources": sources}, ensure_ascii=False))
        else:
            rows = [(name, str(many), str(late)) for name, (many, late) in sorted(found.items())]
            for line in lines([_HEADINGS, *rows, ("合计", str(owed), str(overdue))]):
                self.stdout.write(line)
        if overdue:
            raise CommandError(f"{overdue} 件补查已逾期。", returncode=1)
