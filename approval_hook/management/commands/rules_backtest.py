"""``manage.py rules_backtest OLD NEW``: which stored cases a candidate rule set would decide otherwise."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from approval_hook.errors import RulesInvalid
from approval_hook.replaying import ADVERSE, Flip, Tally, backtest, rules_named, stored_decisions


class Command(BaseCommand):
    """Back-test a candidate rule set over history."""

    help = "把新旧两个规则版本用于全部已存的核查意见，逐件列出结果不同的办件及理由，最后给出合计。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Two rule sets, and how many flips are too many."""
        parser.add_argument("old", help="旧版本：路径、版本号或摘要")
        parser.add_argument("new", help="新版本：路径、版本号或摘要")
        parser.add_argument("--summary", action="store_true", help="只给出合计")
        parser.add_argument("--fail-on-flip", action="store_true", help="有结果不同的办件时以 1 退出")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run both over history."""
        try:
            old, new = rules_named(options["old"]), rules_named(options["new"])
        except RulesInvalid as error:
            raise CommandError("\n".join(error.problems), returncode=1) from None
        rows, tally = stored_decisions(), Tally()
        bar = tqdm(total=rows.count(), desc="回测", unit="条", file=self.stderr, disable=None)
        for flip in backtest(old.rules, new.rules, rows, tally):
            bar.update()
            if flip is not None and not options["summary"]:
                bar.clear()
                self._write(flip)
        bar.close()
        self.stdout.write(
            f"{old.rules.revision} → {new.rules.revision}：共 {tally.read} 条，相同 {tally.same} 条，"
            f"不同 {tally.flipped} 条，无法重算 {tally.failed} 条。"
        )
        for (before, after), count in sorted(tally.moves.items()):
            mark = "（加重）" if after in ADVERSE and before not in ADVERSE else ""
            self.stdout.write(f"  {before} → {after}：{count} 条{mark}")
        if tally.failed or (tally.flipped and options["fail_on_flip"]):
            raise CommandError("回测未通过。", returncode=1)

    def _write(self, flip: Flip) -> None:
        if not flip.case_no:
            self.stdout.write("；".join(flip.changes))
            return
        self.stdout.write(f"{flip.case_no} {flip.matter} {flip.on}：{'；'.join(flip.changes)}")
        for reason in flip.reasons:
            self.stdout.write(f"    {reason}")
