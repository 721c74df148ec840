"""``manage.py lists_sync``: fetch the lists that the mirror holds, or take one in from a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.module_loading import import_string
from tqdm import tqdm

from approval_hook.conf import ListSettings, conf
from approval_hook.errors import ConfigurationError, PlatformError
from approval_hook.management.commands._acting import find_user, system_user
from approval_hook.mirroring import judging, loading, watching
from approval_hook.mirroring.judging import Acceptance
from approval_hook.mirroring.loading import Outcome
from approval_hook.mirroring.problems import EditionRefused
from approval_hook.platforms import resolved
from approval_hook.ports import ListEdition, ListSource

_REASONS = {
    "rows": "有行不合格",
    "count-differs": "行数与公布的不符，可能没有下载完整",
    "digest-differs": "文件摘要与公布的不符",
    "duplicate-record": "记录编号重复",
    "base-differs": "不是在用版本的增量",
    "older": "早于在用版本",
    "shrunken": "行数过少",
    "another-content": "版本号已用于另一内容；更正的名单须由来源用新的版本号发布",
    "not-as-confirmed": "内容与先前因行数过少被拒绝的不同，未予确认",
    "in-the-future": "数据时间晚于现在",
    "columns": "缺少必需的列，或列重复",
    "manifest": "说明文件（.json）缺失或有误",
    "unreadable": "文件无法读取",
    "busy": "另一进程正在装载该名单",
    "interrupted": "装载中断",
    "failed": "装载出错，见日志",
}
_PROBLEMS = {
    "check-digit": "校验位不符",
    "malformed": "格式有误",
    "too-long": "过长",
    "invisible": "含控制字符或不可见字符",
    "formula": "像是电子表格公式",
    "unknown-code": "代码不在码表内",
    "not-a-date": "不是日期",
    "empty": "为空",
    "quotes": "引号不成对",
    "columns": "列数与表头不符",
    "holds-number": "含有号码",
    "tells-nobody": "既无名称又无可用号码",
    "whole-list": "全量名单中不得有删除标记",
    "another-list": "属于另一名单",
    "line-too-long": "行过长",
    "not-utf-8": "不是UTF-8编码",
    "not-gb18030": "不是GB18030编码",
}


class Command(BaseCommand):
    """Exits with 1 when something was refused or could not be fetched; what was in use stays in use."""

    help = (
        "同步名单：从各来源取新版本，或用 --file 装载一个文件（旁边须有同名 .json 说明文件）。"
        "逐行校验；有一行不合格、行数或摘要不符，整版拒绝，在用版本不变。有拒绝时以 1 退出。"
    )

    _acceptance: Acceptance | None = None
    _list = ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Which source, which file."""
        parser.add_argument("--source", help="只同步设置中的这一来源")
        parser.add_argument("--file", type=Path, help="装载这个 CSV 文件；须同时给出 --source")
        parser.add_argument("--timeout", type=float, default=3600.0, help="每个版本的下载时限（秒），默认 3600")
        parser.add_argument("--json", action="store_true", help="以 JSON 给出结果")
        parser.add_argument(
            "--accept-shrunken",
            metavar="版本",
            help="向来源核实后，启用一个因行数过少被拒绝的版本；须同时给出 --source、--by 和 --reason",
        )
        parser.add_argument("--list", help="确认的是哪个名单；来源只有一个名单时可省略")
        parser.add_argument("--by", metavar="账号", help="确认人的账号")
        parser.add_argument("--reason", metavar="理由", help="怎样核实的，至少四个字")

    def handle(self, *args: Any, **options: Any) -> None:
        """Synchronise.

        Raises:
            CommandError: something was refused, or the settings are wrong.
        """
        if options["file"] and not options["source"]:
            raise CommandError("--file 须与 --source 同时给出。")
        try:
            watching.damaged(afresh=True)
            self._accept(**options)
            outcomes, failed = self._from_file(**options) if options["file"] else self._from_sources(**options)
        except ConfigurationError as error:
            raise CommandError(f"系统设置有误：{error}", returncode=1) from None
        if options["json"]:
            self.stdout.write(json.dumps([_plain(name, o) for name, o in outcomes], ensure_ascii=False, indent=2))
        else:
            for name, outcome in outcomes:
                self._say(name, outcome)
            if not outcomes and not failed:
                self.stdout.write("没有可装载的名单")
        refused = sum(o.is_refused for _, o in outcomes)
        if refused or failed:
            said = [f"{refused} 个版本被拒绝"] * bool(refused) + [f"{failed} 个来源没有答复"] * bool(failed)
            raise CommandError(f"{'，'.join(said)}；在用版本不变。", returncode=1)

    def _accept(self, **options: Any) -> None:
        """Read whose word is given for which edition; that one must have been refused and shown before."""
        version, name, reason = options["accept_shrunken"], options["source"], (options["reason"] or "").strip()
        self._acceptance, self._list = None, ""
        if version is None:
            if options["by"] or options["reason"] or options["list"]:
                raise CommandError("--list、--by 和 --reason 只与 --accept-shrunken 同用。", returncode=1)
            return
        if not (name and options["by"]) or len(reason) < 4:
            raise CommandError(
                "启用行数过少的版本须写明 --source、--by 账号和 --reason 理由（至少四个字）。", returncode=1
            )
        settings = conf().lists.get(name)
        lists = list(settings.max_age) if settings is not None else []
        list_type = options["list"] or (lists[0] if len(lists) == 1 else "")
        if list_type not in lists:
            raise CommandError(f"须用 --list 写明来源“{name}”的哪个名单：{'、'.join(lists) or '无'}。", returncode=1)
        if not judging.shrunken(name, list_type, version).exists():
            text = f"{name}/{list_type} 没有因行数过少被拒绝的版本 {version}；请先不加 --accept-shrunken 运行。"
            raise CommandError(text, returncode=1)
        self._list = list_type
        self._acceptance = Acceptance(version, find_user(options["by"]).get_username(), system_user(), reason[:500])

    def _is_wanted(self, edition: ListEdition) -> bool:
        accepted = self._acceptance
        return accepted is None or (edition.list_type, edition.version) == (self._list, accepted.version)

    def _from_file(self, **options: Any) -> tuple[list[tuple[str, Outcome]], int]:
        path, name = options["file"], options["source"]
        try:
            size = path.stat().st_size
            with tqdm(total=size, desc="装载名单", unit="B", unit_scale=True, file=self.stderr, disable=None) as bar:
                outcome = loading.load_file(path, name=name, advance=bar.update, acceptance=self._acceptance)
        except OSError as error:
            raise CommandError(f"{path} 无法读取：{error.strerror}。", returncode=1) from None
        except EditionRefused as error:
            raise CommandError(f"{path}：{_REASONS[error.reason]}；没有装载任何内容。", returncode=1) from None
        return [(name, outcome)], 0

    def _from_sources(self, **options: Any) -> tuple[list[tuple[str, Outcome]], int]:
        lists = conf().lists
        if options["source"] and options["source"] not in lists:
            raise CommandError(f"设置 APPROVAL_HOOK['LISTS'] 中没有来源“{options['source']}”。", returncode=1)
        outcomes: list[tuple[str, Outcome]] = []
        failed = 0
        for name, settings in lists.items():
            if not settings.backend or options["source"] not in (None, name):
                continue
            try:
                outcomes += [(name, o) for o in self._fetched(settings, options["timeout"])]
            except PlatformError as error:
                failed += 1
                self.stderr.write(f"{name}：没有可用的答复（{error.reason}）")
        return outcomes, failed

    def _fetched(self, settings: ListSettings, timeout: float) -> list[Outcome]:
        source = source_of(settings)
        found = []
        for edition in source.editions(timeout=timeout):
            if edition.list_type not in settings.max_age or not self._is_wanted(edition):
                continue
            what = f"{settings.name}/{edition.list_type}"
            with tqdm(total=edition.count, desc=what, unit="行", file=self.stderr, disable=None) as bar:
                outcome = loading.load(
                    source,
                    edition,
                    name=settings.name,
                    timeout=timeout,
                    advance=bar.update,
                    acceptance=self._acceptance,
                )
                found.append(outcome)
        return found

    def _say(self, name: str, outcome: Outcome) -> None:
        what = f"{name}/{outcome.edition.list_type} {outcome.edition.version}"
        if outcome.loaded:
            self.stdout.write(f"{what}：已启用，共 {outcome.rows} 行")
        elif not outcome.is_refused:
            self.stdout.write(f"{what}：已装载过")
        else:
            self.stdout.write(f"{what}：拒绝，{_REASONS.get(outcome.reason, outcome.reason)}")
        if outcome.reason == "shrunken":
            self.stdout.write(
                f"  只有 {outcome.rows} 行，在用版本 {outcome.rows_in_use} 行。请向来源核实；确实如此的，再次运行并加上"
                f" --source {name} --list {outcome.edition.list_type} --accept-shrunken {outcome.edition.version}"
                " --by 账号 --reason 理由"
            )
        for problem in outcome.problems:
            field = f" {problem.field}" if problem.field else ""
            self.stderr.write(f"  第 {problem.line} 行{field}：{_PROBLEMS.get(problem.problem, problem.problem)}")
        if outcome.refused > len(outcome.problems):
            self.stderr.write(f"  共 {outcome.refused} 行不合格，以上列出前 {len(outcome.problems)} 行")


def source_of(settings: ListSettings) -> ListSource:
    """The source of some lists, from its settings.

    Raises:
        ConfigurationError: it cannot be imported or built.
    """
    options = resolved(conf(), settings.options, f"The list {settings.name}")
    try:
        source: ListSource = import_string(settings.backend)(name=settings.name, **options)
    except Exception as error:  # a backend may fail in any way
        text = f"The list source {settings.name} cannot be built from {settings.backend}: {type(error).__name__}"
        raise ConfigurationError(text) from error
    return source


def _plain(name: str, outcome: Outcome) -> dict[str, Any]:
    return {
        "source": name,
        "list": outcome.edition.list_type,
        "version": outcome.edition.version,
        "loaded": outcome.loaded,
        "reason": outcome.reason or None,
        "rows": outcome.rows,
        "rows_in_use": outcome.rows_in_use if outcome.reason == "shrunken" else None,
        "refused_rows": outcome.refused,
        "problems": [{"line": p.line, "field": p.field or None, "problem": p.problem} for p in outcome.problems],
    }
