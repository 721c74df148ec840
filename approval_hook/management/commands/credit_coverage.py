"""``manage.py credit_coverage``: every flow of the installation with gate and proof, every matter without a flow."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from approval_hook import cases
from approval_hook.errors import ConfigurationError
from approval_hook.hosts.viewflow.coverage import Coverage, Fault, FaultKind, FlowCoverage, Placement, coverage
from approval_hook.management.commands._tables import lines
from approval_hook.policy.catalogue import Matter

_HEADINGS = ("流程", "事项", "受理环节", "决定环节", "闸口", "证明")
_PLACED = {Placement.GATE: "插入节点", Placement.GUARD: "仅守卫"}
_NOTHING = "—"


class Command(BaseCommand):
    """Exits with 1 when a flow that should be covered is not, or an expected matter has no flow."""

    help = "列出本系统的全部流程：事项、闸口位置、覆盖证明；列出没有流程办理的事项"
    #: The start-up checks stop at what this command is there to show.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """``--json``."""
        parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")

    def handle(self, *args: Any, **options: Any) -> None:
        """Look and report.

        Raises:
            CommandError: something is not covered; the rows say what.
        """
        try:
            found = self._look()
        except ConfigurationError as error:
            raise CommandError(f"系统设置有误：{error}", returncode=1) from None
        if options["json"]:
            self.stdout.write(json.dumps(_plain(found), ensure_ascii=False, indent=2))
        else:
            self._show(found)
        if not found.revision:
            raise CommandError("今天没有可用的规则，事项无从核对；请先运行 manage.py rules_check。", returncode=1)
        if found.faults:
            raise CommandError(f"覆盖检查未通过，共 {len(found.faults)} 处；请逐条改正后重新检查。", returncode=1)

    def _look(self) -> Coverage:
        try:
            return coverage(cases.book())
        except DatabaseError:
            self.stderr.write("数据库不可用，只核对规则文件，不含已发布的规则。")
            return coverage(cases.file_book())

    def _show(self, found: Coverage) -> None:
        covered = sum(flow.covered for flow in found.flows)
        exempt = sum(bool(flow.reason) and not flow.faults for flow in found.flows)
        self.stdout.write(
            f"规则 {found.revision or '（无可用规则）'}：流程 {len(found.flows)} 个，已覆盖 {covered} 个，"
            f"注明不设闸口 {exempt} 个，需要处理 {len(found.flows) - covered - exempt} 个"
        )
        self._table([_HEADINGS, *map(_row, found.flows)])
        if found.unserved:
            self.stdout.write(f"\n规则中有、本系统没有流程办理的事项 {len(found.unserved)} 个（供参考）：")
            self._table([(matter.code, matter.title) for matter in found.unserved], indent="  ")
        if found.faults:
            self.stdout.write(f"\n需要处理 {len(found.faults)} 处：")
            for fault in found.faults:
                self.stdout.write(f"  {_words(fault)}")

    def _table(self, rows: Sequence[tuple[str, ...]], indent: str = "") -> None:
        for line in lines(rows, indent):
            self.stdout.write(line)


def _row(flow: FlowCoverage) -> tuple[str, ...]:
    if flow.gate is None:
        return (flow.name, _NOTHING, _NOTHING, _NOTHING, _NOTHING, _proof(flow))
    matter = f"{flow.gate.matter} {flow.matter.title}" if flow.matter is not None else flow.gate.matter
    placed = [
        f"{_PLACED[where]}：{'、'.join(names)}"
        for where in Placement
        if (names := [name for name, it in flow.placed.items() if it is where])
    ]
    accepts, protects = "、".join(flow.gate.accepts) or _NOTHING, "、".join(flow.gate.protects)
    return (flow.name, matter, accepts, protects, "；".join(placed), _proof(flow))


def _proof(flow: FlowCoverage) -> str:
    if flow.gate is None:
        return f"不设闸口：{flow.reason}" if flow.reason else "未配置"
    if flow.gaps:
        return "；".join(f"可绕过：{_path(path)}" for path in flow.gaps.values())
    if any(f.kind is FaultKind.MATTER_UNKNOWN for f in flow.faults):
        return "事项未配置"
    return "已覆盖（仅观察，不拦办件）" if flow.gate.observes else "已覆盖"


def _path(path: Sequence[str]) -> str:
    return " → ".join(path)


def _words(fault: Fault) -> str:
    place, detail = fault.place, fault.detail
    match fault.kind:
        case FaultKind.NO_GATE:
            return (
                f"{place}：未配置信用核查闸口。请在 APPROVAL_HOOK['FLOWS'] 中配置；"
                "不是行政许可的，请在 NOT_GATED 中写明理由和依据。"
            )
        case FaultKind.WAY_AROUND:
            return (
                f"{place}：环节 {detail[-1]} 可以绕过闸口到达：{_path(detail)}。请去掉这条连线，"
                "或把它通向的环节也列入 protects。"
            )
        case FaultKind.MATTER_UNKNOWN:
            return (
                f"{place}：事项“{detail[0]}”未配置信用核查规则，该流程的办件提交时会被拦下。"
                "请在规则中配置该事项，或更正闸口的 matter。"
            )
        case FaultKind.SOURCE_MISSING:
            return f"{place}：事项要求的来源 {'、'.join(detail)} 没有写入 APPROVAL_HOOK['PLATFORMS']。请补上。"
        case FaultKind.LEADS_INTO:
            return f"{place}：通向 {detail[0]} 的环节，办件会一直等待。不能继承写好的流程，请让子类有自己的环节。"
        case FaultKind.GATED_AND_EXEMPT:
            return f"{place}：已有闸口，又列入 NOT_GATED。请从 NOT_GATED 中去掉。"
        case FaultKind.EXEMPT_NOT_FOUND:
            return f"NOT_GATED 中的 {place} 不是流程：{detail[0]} 请更正或去掉。"
        case FaultKind.EXPECTED_UNKNOWN:
            return f"EXPECTED_MATTERS 中的事项“{place}”不在现行规则中。请更正代码，或在规则中配置该事项。"
        case FaultKind.EXPECTED_UNSERVED:
            return f"EXPECTED_MATTERS 中的事项“{place}”没有设闸口的流程办理。请在 APPROVAL_HOOK['FLOWS'] 中配置。"


def _plain(found: Coverage) -> dict[str, Any]:
    return {
        "complete": bool(found.revision) and not found.faults,
        "rules_revision": found.revision or None,
        "flows": [
            {
                "flow": flow.name,
                "title": flow.title,
                "matter": {"code": flow.gate.matter, "name": flow.matter.title if flow.matter is not None else None}
                if flow.gate is not None
                else None,
                "accepts": list(flow.gate.accepts) if flow.gate is not None else [],
                "protects": list(flow.gate.protects) if flow.gate is not None else [],
                "issues": list(flow.gate.issues) if flow.gate is not None else [],
                "mode": flow.gate.mode.value if flow.gate is not None else None,
                "placed": {name: where.value for name, where in flow.placed.items()},
                "covered": flow.covered,
                "ways_around": {name: list(path) for name, path in flow.gaps.items()},
                "not_gated_because": flow.reason or None,
            }
            for flow in found.flows
        ],
        "matters_without_flow": [_matter(matter) for matter in found.unserved],
        "faults": [{"kind": f.kind.value, "place": f.place, "detail": list(f.detail)} for f in found.faults],
    }


def _matter(matter: Matter) -> dict[str, str]:
    return {"code": matter.code, "name": matter.title}
