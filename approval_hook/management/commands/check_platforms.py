"""``manage.py check_platforms``: tests the connection to every configured source, without asking about anybody."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from approval_hook import clock
from approval_hook.conf import conf
from approval_hook.errors import ConfigurationError
from approval_hook.management.commands._tables import lines
from approval_hook.ports import ListStanding
from approval_hook.probing import Connection, Fault, Health, Use, look_at
from approval_hook.readiness import plain

_HEADINGS = ("来源", "设置与密钥", "连通", "凭证", "证书到期", "时钟差", "今日余量", "熔断", "维护", "结论")
_NOTHING = "—"
_WORDS = {
    Fault.SETTINGS: "设置有误或缺少密钥",
    Fault.UNREACHABLE: "连接不上或没有及时答复",
    Fault.REFUSED: "平台不接受我方凭证",
    Fault.REPLY_INVALID: "证书不受信任或答复不可信",
    Fault.ADAPTER: "适配器出错",
    Fault.CERTIFICATE: "平台证书即将到期",
    Fault.CLOCK: "与平台的时钟相差过大",
    Fault.LISTS: "有名单过期、未装载或已损坏",
    Fault.QUOTA: "今日配额已用完",
    Fault.DATABASE: "数据库不可用，余量和熔断情况未知",
}


class Command(BaseCommand):
    """Exits with 1 when something is wrong with a source."""

    help = (
        "逐个检查已配置的来源：设置与密钥、连通、凭证、证书到期、时钟差、今日余量、熔断与维护；"
        "不查询任何主体，不占配额。有一个来源不正常时以 1 退出。"
    )
    #: The start-up checks stop at what this command is there to show.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """``--json``."""
        parser.add_argument("--json", action="store_true", help="以 JSON 给出结果")

    def handle(self, *args: Any, **options: Any) -> None:
        """Look at all sources one after the other and report.

        Raises:
            CommandError: something is wrong; the rows say what.
        """
        try:
            c = conf()
        except ConfigurationError as error:
            raise CommandError(f"系统设置有误：{error}", returncode=1) from None
        found = [look_at(c, settings) for settings in c.platforms.values()]
        if options["json"]:
            self.stdout.write(json.dumps([_plain(health) for health in found], ensure_ascii=False, indent=2))
        else:
            self._show(found)
        wrong = sum(bool(health.faults) for health in found)
        if wrong:
            raise CommandError(f"{wrong} 个来源不正常。", returncode=1)

    def _show(self, found: list[Health]) -> None:
        for line in lines([_HEADINGS, *map(_row, found)]):
            self.stdout.write(line)
        for health in found:
            for fault in health.faults:
                problem = f"（{health.connection.problem}）" if fault is health.connection.fault else ""
                self.stdout.write(f"  {health.source}：{_WORDS[fault]}{problem}")
            for standing in health.connection.lists:
                self.stdout.write(f"  {health.source}：{_list(standing)}")


def _row(health: Health) -> tuple[str, ...]:
    connection, use = health.connection, health.use
    return (
        health.source,
        "有误" if connection.fault is Fault.SETTINGS else "齐全",
        *_reached(connection),
        _day(connection.certificate_until) if connection.certificate_until else _NOTHING,
        f"{connection.skew.total_seconds():+.1f} 秒" if connection.skew is not None else _NOTHING,
        "未知" if use is None else str(use.left) if use.left is not None else _NOTHING,
        "未知" if use is None else _breaker(use),
        "维护中" if health.in_maintenance else "否",
        "不正常" if health.faults else "正常" if connection.milliseconds is not None else "未探测",
    )


def _reached(connection: Connection) -> tuple[str, str]:
    """Whether the source answered, and whether it took our credentials."""
    if connection.milliseconds is None:
        return _NOTHING, _NOTHING
    taken = f"{connection.milliseconds} 毫秒"
    match connection.fault:
        case None:
            return taken, "接受"
        case Fault.REFUSED:
            return taken, "不接受"
        case Fault.REPLY_INVALID:
            return "答复不可信", _NOTHING
        case _:
            return "不通", _NOTHING


def _breaker(use: Use) -> str:
    if use.open_until is None:
        return _NOTHING
    return f"{'熔断中，' * (use.open_until > clock.now())}今日 {use.openings} 次"


def _day(moment: datetime) -> str:
    return clock.china_date(moment).isoformat()


def _list(standing: ListStanding) -> str:
    what, at = f"名单 {standing.source}/{standing.list_type}", clock.now()
    age = standing.age(at)
    refused = f"；较新的版本 {r.version} 被拒绝（{r.reason}）" if (r := standing.refused) is not None else ""
    if age is None:
        return f"{what} 未装载{refused}"
    hours, most = age.total_seconds() / 3600, standing.max_age.total_seconds() / 3600
    verdict = "损坏，须重新装载" if standing.damaged else "未过期" if standing.is_fresh(at) else "过期"
    old = f"{hours:.1f} 小时前的数据（最长 {most:.0f} 小时）"
    return f"{what} {standing.version}，{standing.rows} 行，{old}，{verdict}{refused}"


def _plain(health: Health) -> dict[str, Any]:
    connection, use = health.connection, health.use
    return {
        "source": health.source,
        "ok": not health.faults,
        "faults": [fault.value for fault in health.faults],
        "problem": connection.problem or None,
        "probed": connection.milliseconds is not None,
        "milliseconds": connection.milliseconds,
        "clock_skew_seconds": round(connection.skew.total_seconds(), 3) if connection.skew is not None else None,
        "certificate_until": connection.certificate_until.isoformat() if connection.certificate_until else None,
        "quota_left": use.left if use else None,
        "breaker_openings_today": use.openings if use else None,
        "breaker_open_until": use.open_until.isoformat() if use and use.open_until else None,
        "lists": [plain(standing, clock.now()) for standing in connection.lists],
        "in_maintenance": health.in_maintenance,
    }
