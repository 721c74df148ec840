"""Rule files: read, check and find the one in force on a day.

A directory holds dated files such as ``2026-10-01.yaml``. A file is never edited once
used: a change is a new file with a later date, so that old decisions can be replayed.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

import yaml

from approval_hook.errors import RulesInvalid
from approval_hook.policy.catalogue import RuleSet

_MAX_BYTES = 5 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class LoadedRules:
    """A rule set with the proof of which bytes it came from."""

    rules: RuleSet
    digest: str  # SHA-256 of the file, hex
    path: Path


class _StrictLoader(yaml.SafeLoader):
    """Safe loader that refuses what a reviewer cannot see: repeated keys and aliases."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            line = self.peek_event().start_mark.line + 1  # type: ignore[no-untyped-call]  # absent from types-PyYAML
            raise RulesInvalid([f"第{line}行：使用了 YAML 引用（*），展开后可能极大且难以审阅；请写出全文。"])
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            line = key_node.start_mark.line + 1
            if not isinstance(key, str):
                raise RulesInvalid([f"第{line}行：字段名应为文字；请加引号。"])
            if key in seen:
                raise RulesInvalid([f"第{line}行：字段“{key}”重复；请只保留一个。"])
            seen.add(key)
        return super().construct_mapping(node, deep)


def load(path: Path | str) -> LoadedRules:
    """Read one rule file.

    Raises:
        RulesInvalid: unreadable, too large, not UTF-8, not plain YAML, or unsound; use nothing of it.
    """
    path = Path(path)
    try:
        with path.open("rb") as stream:
            raw = stream.read(_MAX_BYTES + 1)
    except OSError as error:
        raise RulesInvalid([f"{path.name}：文件无法读取；请核对路径和权限。"]) from error
    if len(raw) > _MAX_BYTES:
        raise RulesInvalid([f"{path.name}：文件超过5MB；请拆分或核对是否放错文件。"])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RulesInvalid([f"{path.name}：不是 UTF-8 编码；请另存为 UTF-8。"]) from None
    try:
        data = yaml.load(text, Loader=_StrictLoader)  # noqa: S506 subclass of SafeLoader
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise RulesInvalid([f"{path.name} 第{line}行：YAML 格式有误；请核对缩进、冒号和引号。"]) from None
    except (yaml.YAMLError, RecursionError, ValueError):
        raise RulesInvalid([f"{path.name}：YAML 格式有误；请核对日期、字符和嵌套层数。"]) from None
    if not isinstance(data, dict):
        raise RulesInvalid([f"{path.name}：最外层应为一组字段；请按规则文件说明填写。"])
    return LoadedRules(RuleSet.parse(data), hashlib.sha256(raw).hexdigest(), path)


class RuleBook:
    """The dated rule files of one directory, read again only when a file changes."""

    def __init__(self, directory: Path | str) -> None:
        """Name the directory; nothing is read yet."""
        self.directory = Path(directory)
        self._cache: dict[Path, tuple[tuple[int, int], LoadedRules]] = {}
        self._lock = threading.Lock()

    def all(self) -> tuple[LoadedRules, ...]:
        """Every rule set of the directory, oldest first.

        Raises:
            RulesInvalid: one file is unsound, there is none, or two share a revision or a first day.
        """
        loaded = sorted((self._read(path) for path in self._paths()), key=lambda item: item.rules.valid_from)
        if not loaded:
            what = "目录中没有规则文件" if self.directory.is_dir() else "目录不存在"
            raise RulesInvalid(
                [f"{self.directory.resolve()}：{what}；请放入形如 2026-10-01.yaml 的文件，并写绝对路径。"]
            )
        for first, second in pairwise(loaded):
            if first.rules.valid_from == second.rules.valid_from:
                raise RulesInvalid([f"{second.path.name}：与 {first.path.name} 的生效日相同；请保留一个。"])
        revisions = [item.rules.revision for item in loaded]
        for item in loaded:
            if revisions.count(item.rules.revision) > 1:
                raise RulesInvalid([f"{item.path.name}：revision“{item.rules.revision}”与另一文件重复；请改用新编号。"])
        return tuple(loaded)

    def on(self, day: date) -> LoadedRules:
        """The rule set in force on a day: the latest that has begun and not ended.

        Raises:
            RulesInvalid: none is in force on that day.
        """
        for item in reversed(self.all()):
            if item.rules.valid_from <= day:
                if item.rules.valid_to is not None and item.rules.valid_to < day:
                    break
                return item
        raise RulesInvalid([f"{self.directory.name}：{day.isoformat()} 没有生效的规则文件；请补充该日的规则。"])

    def revision(self, name: str) -> LoadedRules:
        """The rule set with this revision, for replay.

        Raises:
            RulesInvalid: the directory no longer holds it.
        """
        for item in self.all():
            if item.rules.revision == name:
                return item
        raise RulesInvalid([f"{self.directory.name}：找不到版本“{name}”；已使用过的规则文件不得删除，请恢复。"])

    def _paths(self) -> list[Path]:
        return sorted(self.directory.glob("*.yaml"))

    def _read(self, path: Path) -> LoadedRules:
        try:
            stat = path.stat()
        except OSError as error:
            raise RulesInvalid([f"{path.name}：文件无法读取；请核对路径和权限。"]) from error
        stamp = (stat.st_mtime_ns, stat.st_size)
        with self._lock:
            cached = self._cache.get(path)
            if cached is None or cached[0] != stamp:
                cached = (stamp, load(path))
                self._cache[path] = cached
            return cached[1]
