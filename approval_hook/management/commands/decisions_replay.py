"""``manage.py decisions_replay``: make every stored decision again and compare the bytes."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from approval_hook.replaying import replay_all, stored_decisions


class Command(BaseCommand):
    """Replay stored decisions."""

    help = "按意见书重新核定每一条已存的核查意见，逐字节比较；有一条不同即以 1 退出。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One case, or all."""
        parser.add_argument("--case", help="只重算这个办件号的意见")

    def handle(self, *args: Any, **options: Any) -> None:
        """Replay and print what differs."""
        rows = stored_decisions()
        if options["case"]:
            rows = rows.filter(case_no=options["case"])
        total = rows.count()
        differing = 0
        bar = tqdm(total=total, desc="重算", unit="条", file=self.stderr, disable=None)
        for row, difference in replay_all(rows):
            bar.update()
            if difference:
                differing += 1
                bar.clear()
                self.stdout.write(f"{row.case_no} 意见 {row.pk}：{difference}")
        bar.close()
        self.stdout.write(f"重算 {total} 条：相同 {total - differing} 条，不同 {differing} 条。")
        if differing:
            raise CommandError(f"{differing} 条意见不能原样重算。", returncode=1)
        if not total and options["case"]:
            raise CommandError(f"没有办件号为“{options['case']}”的核查意见。", returncode=1)
