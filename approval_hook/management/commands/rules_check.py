"""``manage.py rules_check``: proves that rule sets hold no contradiction, gap or dead row, or says where they do."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from approval_hook import cases, clock, rulebook
from approval_hook.errors import ConfigurationError, RulesInvalid
from approval_hook.policy.analysis import Analysis, Finding, analyse
from approval_hook.policy.catalogue import RuleSet
from approval_hook.workcalendar import published_calendar

_GRADES = {"error": "错误", "warning": "警告", "note": "提示"}


class Command(BaseCommand):
    """Exits with 1 when a rule set is invalid or has an error; warnings and notes do not fail."""

    help = "检查规则：矛盾、缺口、永远不会适用的条目、没有依据的不利影响"
    #: The start-up checks stop at an invalid rule file, which this command is there to explain.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """A path or a revision, and ``--json``."""
        parser.add_argument(
            "rules", nargs="?", metavar="PATH_OR_REVISION", help="a rule set on disk or a configured revision; else all"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object instead of rows")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check and report.

        Raises:
            CommandError: something is wrong; the rows say what.
        """
        try:
            chosen = self._chosen(options["rules"])
        except RulesInvalid as error:
            self._report_invalid(error.problems, as_json=options["json"])
            raise CommandError(f"规则无效，共 {len(error.problems)} 处；请逐条改正后重新检查。") from None
        except ConfigurationError as error:
            raise CommandError(f"系统设置有误：{error}") from None
        analyses = [analyse(rules, published_calendar(), clock.today()) for rules in chosen]
        if options["json"]:
            self._write_json({"valid": True, "problems": [], "rule_sets": [_plain(one) for one in analyses]})
        else:
            for one in analyses:
                self._report(one)
        wrong = sum(len(one.errors) for one in analyses)
        if wrong:
            raise CommandError(f"规则检查未通过，共 {wrong} 处错误；请逐条改正后重新检查。")

    def _report_invalid(self, problems: Sequence[str], *, as_json: bool) -> None:
        if as_json:
            self._write_json({"valid": False, "problems": list(problems), "rule_sets": []})
            return
        for problem in problems:
            self.stdout.write(f"错误\tinvalid\t{problem}")

    def _report(self, analysis: Analysis) -> None:
        counts = (len(analysis.errors), len(analysis.warnings), len(analysis.notes))
        self.stdout.write("规则 {}：错误 {} 处，警告 {} 处，提示 {} 处".format(analysis.revision, *counts))
        for finding in analysis.findings:
            self.stdout.write(_row(finding))

    def _write_json(self, value: dict[str, Any]) -> None:
        self.stdout.write(json.dumps(value, ensure_ascii=False, indent=2))

    def _chosen(self, name: str | None) -> list[RuleSet]:
        """The rule sets to look at: of a path, of a configured revision, or all configured ones."""
        if name and (Path(name).exists() or Path(name).name != name or name.endswith(".yaml")):
            return [rulebook.load(Path(name)).rules]
        found = cases.book()
        try:
            return [found.revision(name).rules] if name else [loaded.rules for loaded in found.all()]
        except DatabaseError:
            self.stderr.write("数据库不可用，只检查规则文件，不含已发布的规则。")
        found = cases.file_book()
        return [found.revision(name).rules] if name else [loaded.rules for loaded in found.all()]


def _row(finding: Finding) -> str:
    example = finding.witness.words() if finding.witness else ""
    shown = f"（例：{example}）" if example else ""
    return f"{_GRADES[finding.severity]}\t{finding.kind}\t{finding.place}\t{finding.text}{shown}"


def _plain(analysis: Analysis) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(analysis)
    return plain
