"""``manage.py demo``: drives synthetic applications through the real pages and prints what came of them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from approval_hook.errors import RulesInvalid
from approval_hook.rulebook import RuleBook
from workflows.site.demo.browser import PageRefused
from workflows.site.demo.cases import CASES_FILE, read_cases
from workflows.site.demo.cast import Drawn, draw
from workflows.site.demo.drive import Driven, Driver
from workflows.site.demo.evidence import NoRecord, check_ledger, row_of
from workflows.site.demo.officers import (
    APPLICANT,
    POLICY_STAFF,
    Login,
    create_applicant,
    create_officers,
    fill_registers,
)
from workflows.site.demo.progress import Progress
from workflows.site.demo.servers import Runner, WebServer, log_to
from workflows.site.demo.state import STATE_VARIABLE, DemoState
from workflows.site.demo.table import Row, render
from workflows.site.management.commands._demo_platform import SimulatedPlatform

_WISHED_PORT = 8000
_WIDEST_TABLE = 160


@dataclass(slots=True)
class _Result:
    """One case with what became of it."""

    drawn: Drawn
    row: Row | None
    driven: Driven | None
    problem: str = ""

    @property
    def difference(self) -> str:
        """What is not as expected; empty when all is."""
        if self.row is None or self.driven is None:
            return self.problem
        spec, parts = self.drawn.spec, []
        if self.row.outcome != spec.outcome.value:
            parts.append(f"{spec.outcome.value} → {self.row.outcome}")
        if self.driven.stage is not spec.stage:
            parts.append(f"{spec.stage.shown} → {self.driven.stage.shown}")
        return "，".join(parts)


def _driven(driver: Driver, drawn: Drawn) -> Driven | str:
    """Where the case came to, or what went wrong."""
    try:
        return driver.drive(drawn)
    except (PageRefused, requests.RequestException) as error:
        return f"未办成：{error}"


def _result(drawn: Drawn, driven: Driven | str) -> _Result:
    if isinstance(driven, str):
        return _Result(drawn, None, None, driven)
    try:
        return _Result(drawn, row_of(drawn, driven.process_pk, timezone.localdate()), driven)
    except NoRecord:
        return _Result(drawn, None, driven, "没有核查意见")


class Command(BaseCommand):
    """Makes its own database, servers and subjects; nothing outside the state directory is touched."""

    help = "演示：经真实页面办理一组合成申请，打印结果表，然后提供页面，按 Ctrl-C 结束"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take ``--once``, ``--seed``, ``--port``, ``--cases``, ``--flip`` and ``--platform-down``."""
        parser.add_argument("--once", action="store_true", help="打印结果表后退出；有任一案例与预期不符则返回非零")
        parser.add_argument("--seed", type=int, default=1, help="抽取主体、姓名和记录的种子，默认 1")
        parser.add_argument("--port", type=int, default=_WISHED_PORT, help="页面端口；被占用时另取空闲端口")
        parser.add_argument("--cases", type=Path, default=CASES_FILE, help="案例文件，默认 fixtures/demo/cases.yaml")
        parser.add_argument("--flip", metavar="CASE", help="办理前在模拟平台上翻转该案例主体的记录，然后打印变化")
        parser.add_argument("--platform-down", action="store_true", help="办理前停止模拟平台，然后打印变化")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the whole demonstration.

        Raises:
            CommandError: not started through manage.py, no rules in force, an unknown case, or a case not as expected.
        """
        if STATE_VARIABLE not in os.environ:
            raise CommandError("请用 manage.py demo 或 make demo 启动演示。")
        self._require_rules()
        state = DemoState(Path(os.environ[STATE_VARIABLE]))
        log_to(state.log)
        # Stopping by a signal closes the children as Ctrl-C does, also where the shell had it ignored.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.default_int_handler)
        with ExitStack() as stack:
            try:
                self._demonstrate(state, stack, options)
            except KeyboardInterrupt:
                self.stderr.write("\n正在停止 ...")

    def _require_rules(self) -> None:
        """Say at once when no rule file is in force today, for example on a computer with a wrong date."""
        try:
            RuleBook(settings.APPROVAL_HOOK["RULES"]).on(timezone.localdate())
        except RulesInvalid as error:
            raise CommandError(f"今天没有可用的规则：{error}") from None

    def _demonstrate(self, state: DemoState, stack: ExitStack, options: dict[str, Any]) -> None:
        today = timezone.localdate()
        cast = draw(read_cases(options["cases"]), options["seed"], today)
        flipped = self._flipped(cast, options["flip"])
        progress = Progress(sys.stderr, len(cast) + 3)
        progress.step("启动模拟信用平台")
        platform = SimulatedPlatform(state, urlsplit(os.environ["CREDIT_PLATFORM_URL"]).port or 0, settings.BASE_DIR)
        stack.callback(platform.close)
        progress.step("建立演示数据库")
        call_command("migrate", verbosity=0, interactive=False)
        logins, password = create_officers()
        create_applicant(cast, password)
        fill_registers(cast)
        platform.enter(cast)
        if flipped is not None:
            platform.flip(flipped, today)
        progress.step("启动页面")
        server = self._serve(stack, options["port"])
        if options["platform_down"]:
            platform.close()
        results = self._drive_all(cast, lambda: Driver(server.address, logins, password, today), progress)
        progress.end()
        self._show(results)
        free_run = flipped is not None or options["platform_down"]
        sound = self._ledger_line(state, platform_down=options["platform_down"])
        if free_run:
            self._show_changes(results)
        else:
            sound = self._compare(results) and sound
        if options["once"]:
            if not sound or any(result.row is None for result in results):
                raise CommandError("演示结果与预期不符，见上。")
            return
        self._show_entrances(server.address, platform, logins, password, results, state)
        while True:
            time.sleep(3600)

    def _flipped(self, cast: list[Drawn], name: str | None) -> Drawn | None:
        if name is None:
            return None
        found = next((drawn for drawn in cast if drawn.spec.name == name), None)
        if found is None:
            raise CommandError(f"没有案例“{name}”。可选：{'、'.join(d.spec.name for d in cast)}。")
        return found

    def _serve(self, stack: ExitStack, port: int) -> WebServer:
        from workflows.site.wsgi import application

        server = WebServer(application, port)
        server.start()
        stack.callback(server.close)
        runner = Runner()
        runner.start()
        stack.callback(runner.close)
        return server

    def _drive_all(self, cast: list[Drawn], new_driver: Callable[[], Driver], progress: Progress) -> list[_Result]:
        """Drive the cases of each organ one after the other, the organs side by side."""
        stop = threading.Event()

        def drive_organ(matter: str) -> dict[str, Driven | str]:
            driver, done = new_driver(), {}
            try:
                for drawn in cast:
                    if drawn.spec.matter == matter and not stop.is_set():
                        progress.step(f"办理 {drawn.spec.name}：{drawn.spec.shows}")
                        done[drawn.spec.name] = _driven(driver, drawn)
            finally:
                driver.close()
            return done

        matters = dict.fromkeys(drawn.spec.matter for drawn in cast)
        with ThreadPoolExecutor(max_workers=len(matters)) as pool:
            try:
                done = {name: found for part in pool.map(drive_organ, matters) for name, found in part.items()}
            finally:
                stop.set()
        return [_result(drawn, done[drawn.spec.name]) for drawn in cast]

    def _show(self, results: list[_Result]) -> None:
        columns = min(shutil.get_terminal_size((_WIDEST_TABLE, 50)).columns, _WIDEST_TABLE)
        self.stdout.write(render([result.row for result in results if result.row is not None], columns))
        self.stdout.write("")

    def _ledger_line(self, state: DemoState, *, platform_down: bool) -> bool:
        check = check_ledger(state.ledger)
        if check.unregistered:
            self.stdout.write(f"查询登记：平台收到 {len(check.unregistered)} 次未登记的查询，有误。")
            return False
        if check.not_received and not platform_down:
            self.stdout.write(f"查询登记：{len(check.not_received)} 次登记的查询平台没有收到，有误。")
            return False
        arrived = f"平台已停，收到 {len(check.received)} 次" if platform_down else "与平台台账逐一相符，双向无差异"
        self.stdout.write(f"查询登记：共登记 {len(check.registered)} 次查询，{arrived}。")
        return True

    def _compare(self, results: list[_Result]) -> bool:
        wrong = [result for result in results if result.difference]
        for result in wrong:
            self.stdout.write(f"不符预期：{result.drawn.spec.name}：{result.difference}")
        if not wrong:
            self.stdout.write(f"全部 {len(results)} 个案例与预期相符。")
        return not wrong

    def _show_changes(self, results: list[_Result]) -> None:
        changed = [
            (r.drawn.spec.name, r.drawn.spec.outcome.value, r.row.outcome)
            for r in results
            if r.row is not None and r.row.outcome != r.drawn.spec.outcome.value
        ]
        for result in results:
            if result.row is None:
                self.stdout.write(f"{result.drawn.spec.name}：{result.problem}")
        for name, before, after in changed:
            self.stdout.write(f"变化：{name}：{before} → {after}")
        self.stdout.write(f"变化 {len(changed)} 行，其余 {len(results) - len(changed)} 行不变。")

    def _show_entrances(
        self,
        address: str,
        platform: SimulatedPlatform,
        logins: dict[tuple[str, str], Login],
        password: str,
        results: list[_Result],
        state: DemoState,
    ) -> None:
        write = self.stdout.write
        write(f"\n页面：{address}/    密码（全部账号）：{password}")
        organs = {login.organ.name: login.organ for login in logins.values()}
        for name, organ in organs.items():
            accounts = "  ".join(f"{i.username}（{i.title}）" for i in logins.values() if i.organ == organ)
            write(f"  {name}：{accounts}")
        write(f"  申请人（我的办件）：{APPLICANT}")
        write(f"  规则工作台：{'  '.join(f'{login}（{group}）' for login, (_name, group) in POLICY_STAFF.items())}")
        record = next((a.records[0]["record_id"] for r in results for a in r.drawn.actors if a.records), "RECORD")
        write(f"\n模拟平台控制接口：{platform.control_url}    令牌文件：{platform.token_file}")
        write("  查看全部主体（号码、记录号）：")
        write(f"    {platform.curl('GET', 'subjects')}")
        write("  把一条记录改为已修复（state：1 有效，2 已修复，3 已移出，5 异议中），对之后的查询生效：")
        repaired = json.dumps({"state": "2"})
        write(f"    {platform.curl('PATCH', f'records/{record}', repaired)}")
        write("  只翻转一个案例并重新演示：")
        write("    .venv/bin/python manage.py demo --flip food-ordinary")
        write(f"\n日志：{state.log}。按 Ctrl-C 结束。")
        self.stdout.flush()
