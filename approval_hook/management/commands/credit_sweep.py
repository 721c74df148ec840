"""``manage.py credit_sweep``: finds cases that came past a hook point without a record, and queues their late check."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from datetime import UTC, date, datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count
from tqdm import tqdm

from approval_hook import clock
from approval_hook.hosts.viewflow import graph
from approval_hook.hosts.viewflow.injection import bindings
from approval_hook.hosts.viewflow.missing import Astray, Stuck, astray, retired, stuck
from approval_hook.hosts.viewflow.renaming import move_flow, move_renamed
from approval_hook.hosts.viewflow.sweeping import Where, running, sweep
from approval_hook.models import LateCheck

#: Cases that are named one by one; of more only the number is given.
LISTED = 50


class Command(BaseCommand):
    """Can be run at any time and any number of times; nothing is queued or checked twice."""

    help = (
        "在办补核：找出已过核查环节而没有核查记录的办件，登记待补核，由后台在下一受保护环节之前补核；"
        "已越过决定环节的只作事后核查和报警，不改动办件。有办件未经核查即越过决定环节时以 1 退出。"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to look at, and how to say it."""
        parser.add_argument("--dry-run", action="store_true", help="只查找，不登记、不迁移")
        parser.add_argument("--json", action="store_true", help="以 JSON 给出结果")
        parser.add_argument(
            "--ended-since", type=date.fromisoformat, metavar="YYYY-MM-DD", help="同时查找自该日起已办结的办件"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Sweep every gated flow and report."""
        at, dry_run = clock.now(), options["dry_run"]
        day = options["ended_since"]
        since = datetime.combine(day, time(), clock.CHINA).astimezone(UTC) if day else None
        found = bindings()
        flows = [
            {"old": graph.dotted(old), "flow": graph.dotted(b.flow_ref), "cases": number}
            for b in found
            for old, number in move_flow(b, dry_run=dry_run).items()
        ]
        moved = [
            {"flow": graph.dotted(b.flow_ref), "old": old, "new": new, "tasks": number}
            for b in found
            for (old, new), number in move_renamed(b, dry_run=dry_run).items()
        ]
        total = sum(running(b, since).count() for b in found)
        with tqdm(total=total, desc="在办补核", unit="件", file=self.stderr, disable=None) as bar:
            swept = [sweep(b, at, ended_since=since, dry_run=dry_run, advance=bar.update) for b in found]
        past = LateCheck.objects.filter(where=Where.PAST, done_at=None)
        report = {
            "dry_run": dry_run,
            "flows": [{"flow": s.flow, "looked_at": s.looked_at, "new": {w: s.new[w] for w in _NEW}} for s in swept],
            "open": dict.fromkeys(Where.values, 0)
            | dict(LateCheck.objects.filter(done_at=None).order_by().values_list("where").annotate(Count("pk"))),
            "past": list(past.order_by("pk").values_list("host_key", flat=True)[:LISTED]),
            "moved": moved,
            "flows_moved": flows,
            "astray": [asdict(lost) for lost in astray()],
            "stuck": [asdict(s) for b in found for s in stuck(b)],
            "retired": sum(1 for _ in retired()),
        }
        if options["json"]:
            self.stdout.write(json.dumps(report, ensure_ascii=False))
        else:
            self._say(report)
        new_past = sum(s.new[Where.PAST] for s in swept)
        if new_past or report["open"][Where.PAST]:
            raise CommandError("有办件未经信用核查即越过决定环节。", returncode=1)
        if any(not lost["told"] for lost in report["astray"]):
            raise CommandError("有办件登记在流程的原路径下，没有闸口照管。", returncode=1)

    def _say(self, report: dict[str, Any]) -> None:
        for moved in report["flows_moved"]:
            done = "应迁移" if report["dry_run"] else "已迁移"
            self.stdout.write(f"流程 {moved['old']} 现为 {moved['flow']}，{done} {moved['cases']} 件")
        for lost in report["astray"]:
            self.stdout.write(f"{Astray(**lost).text}；{_CARRIED if lost['told'] else _LEFT}")
        for moved in report["moved"]:
            done = "应迁移" if report["dry_run"] else "已迁移"
            self.stdout.write(f"{moved['flow']}：环节 {moved['old']} 改名为 {moved['new']}，{done} {moved['tasks']} 件")
        for flow in report["flows"]:
            counts = "，".join(f"{Where(w).label} {number} 件" for w, number in flow["new"].items())
            self.stdout.write(f"{flow['flow']}：查看 {flow['looked_at']} 件；新发现无记录：{counts}")
        if not report["flows"]:
            self.stdout.write("没有注入信用核查闸口的流程")
        for key in report["past"]:
            self.stdout.write(f"  已越过决定环节：{key}")
        more = report["open"][Where.PAST] - len(report["past"])
        if more > 0:
            self.stdout.write(f"  另有 {more} 件")
        for row in report["stuck"]:
            self.stdout.write(f"{Stuck(**row).text}；{_TOLD if row['renamed'] else _UNTOLD}")
        if report["retired"]:
            self.stdout.write(f"{report['retired']} 件办件停在已撤除的闸口，由后台放行并登记")
        waiting = "，".join(f"{Where(w).label} {number} 件" for w, number in report["open"].items() if number)
        self.stdout.write(f"待补核：{waiting or '0 件'}" + ("（试运行，未登记）" if report["dry_run"] else ""))


#: What to do about cases at a renamed node: with its new name in the settings, and without.
_TOLD = "新名已写明，由 credit_sweep 迁移；未能迁移的，原因见日志"
_UNTOLD = '请恢复该环节名，或在 APPROVAL_HOOK["RENAMED"] 中写明新名'
#: And about cases of a flow that was moved.
_CARRIED = "新路径已写明，由 credit_sweep 迁移；未能迁移的，原因见日志"
_LEFT = '请在 APPROVAL_HOOK["MOVED"] 中写明新路径，再运行 migrate 和 credit_sweep'
_NEW = (Where.AT, Where.BEFORE, Where.PAST)
