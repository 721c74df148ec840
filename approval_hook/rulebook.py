"""Rule sets: read, check and find the one in force on a day.

A directory holds dated rule sets: a file such as ``2026-10-01.yaml``, or a folder ``2026-10-01`` whose YAML files are
read as one. A rule set is never edited once used: a change is a new one with a later date, so that old decisions can be
replayed. Rule sets published from the policy desk stand beside the files.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

import yaml

from approval_hook.errors import RulesInvalid
from approval_hook.policy.catalogue import RuleSet

_MAX_BYTES = 5 * 1024 * 1024
_MOST_NESTED = 20


@dataclass(frozen=True, slots=True)
class LoadedRules:
    """A rule set with the proof of which content it is."""

    rules: RuleSet
    digest: str  # SHA-256 of the canonical form of the content, hex
    name: str  # of the file or folder, or "已发布"


#: libyaml's parser where it is there: ten times as fast on a large rule set.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _parse(text: str) -> object:
    """Plain data of one YAML document, refusing what a reviewer cannot see: repeated keys and aliases."""
    _refuse_depth(text)
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        if root is None:
            return None
        _refuse_hidden(root)
        return loader.construct_document(root)
    finally:
        loader.dispose()


def _refuse_depth(text: str) -> None:
    """Refuse nesting that no rule set has, before a recursive reader meets it."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _MOST_NESTED:
                line = event.start_mark.line + 1 if event.start_mark else 1
                raise RulesInvalid([f"第{line}行：嵌套超过{_MOST_NESTED}层；请按规则文件说明改写。"])
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _refuse_hidden(root: yaml.Node) -> None:
    met: set[int] = set()
    waiting: list[yaml.Node] = [root]
    while waiting:
        node = waiting.pop()
        line = node.start_mark.line + 1
        if id(node) in met:
            raise RulesInvalid([f"第{line}行：使用了 YAML 引用（*），展开后可能极大且难以审阅；请写出全文。"])
        met.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting.extend(node.value)
        elif isinstance(node, yaml.MappingNode):
            seen: set[Hashable] = set()
            for key, value in node.value:
                line = key.start_mark.line + 1
                if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
                    raise RulesInvalid([f"第{line}行：字段名应为文字；请加引号。"])
                if key.value in seen:
                    raise RulesInvalid([f"第{line}行：字段“{key.value}”重复；请只保留一个。"])
                seen.add(key.value)
                waiting.append(value)


def load(path: Path | str) -> LoadedRules:
    """Read one rule set: a file, or a folder whose YAML files are read as one.

    Raises:
        RulesInvalid: unreadable, too large, not UTF-8, not plain YAML, or unsound; use nothing of it.
    """
    path = Path(path)
    files = sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
    if not files:
        raise RulesInvalid([f"{path.name}：文件夹中没有规则文件；请放入形如 measures.yaml 的文件。"])
    whole: dict[str, object] = {}
    problems: list[str] = []
    for file in files:
        name = file.name if file == path else str(file.relative_to(path.parent))
        for key, value in read_file(file, name).items():
            known = whole.get(key)
            if key not in whole:
                whole[key] = value
            elif isinstance(known, list) and isinstance(value, list):
                whole[key] = known + value
            else:
                problems.append(f"{name}：字段“{key}”在别的文件中已经有了；请只保留一处。")
    if problems:
        raise RulesInvalid(problems)
    rules = RuleSet.parse(whole)
    return LoadedRules(rules, rules.digest, path.name)


def read_file(path: Path, name: str) -> dict[str, object]:
    """The fields of one YAML file: plain data in UTF-8, no repeated keys, no aliases, no deep nesting.

    Raises:
        RulesInvalid: it is something else; the text names the file and the line.
    """
    try:
        with path.open("rb") as stream:
            raw = stream.read(_MAX_BYTES + 1)
    except OSError as error:
        raise RulesInvalid([f"{name}：文件无法读取；请核对路径和权限。"]) from error
    if len(raw) > _MAX_BYTES:
        raise RulesInvalid([f"{name}：文件超过5MB；请拆分或核对是否放错文件。"])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RulesInvalid([f"{name}：不是 UTF-8 编码；请另存为 UTF-8。"]) from None
    try:
        data = _parse(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise RulesInvalid([f"{name} 第{line}行：YAML 格式有误；请核对缩进、冒号和引号。"]) from None
    except (yaml.YAMLError, RecursionError, ValueError):
        raise RulesInvalid([f"{name}：YAML 格式有误；请核对日期、字符和嵌套层数。"]) from None
    if not isinstance(data, dict):
        raise RulesInvalid([f"{name}：最外层应为一组字段；请按规则文件说明填写。"])
    return data


class RuleBook:
    """The dated rule sets of one directory, read again only when a file changes, and those published beside them."""

    def __init__(
        self,
        directory: Path | str,
        published: Callable[[], Iterable[LoadedRules]] = tuple,
        *,
        believed: float = 0.0,
    ) -> None:
        """Name the directory; nothing is read yet.

        Args:
            directory: holds the dated rule sets.
            published: gives those published beside them.
            believed: seconds for which files just looked at count as unchanged; a case looks several times.
        """
        self.directory = Path(directory)
        self._published = published
        self._believed = believed
        self._files: tuple[float, date | None, list[LoadedRules]] | None = None
        self._chosen: tuple[date, list[LoadedRules], Iterable[LoadedRules], LoadedRules] | None = None
        self._cache: dict[Path, tuple[tuple[tuple[str, int, int], ...], LoadedRules]] = {}
        self._lock = threading.Lock()

    def all(self) -> tuple[LoadedRules, ...]:
        """Every rule set, oldest first.

        Raises:
            RulesInvalid: one file is unsound, there is none, or two share a revision or a first day.
        """
        return self._in_order([*self._from_files(None), *self._published()])

    def _in_order(self, loaded: list[LoadedRules]) -> tuple[LoadedRules, ...]:
        loaded.sort(key=lambda item: item.rules.valid_from)
        if not loaded:
            what = "目录中没有规则文件" if self.directory.is_dir() else "目录不存在"
            raise RulesInvalid(
                [f"{self.directory.resolve()}：{what}；请放入形如 2026-10-01.yaml 的文件或文件夹，并写绝对路径。"]
            )
        for first, second in pairwise(loaded):
            if first.rules.valid_from == second.rules.valid_from:
                raise RulesInvalid([f"{second.name}：与 {first.name} 的生效日相同；请保留一个。"])
        revisions = [item.rules.revision for item in loaded]
        for item in loaded:
            if revisions.count(item.rules.revision) > 1:
                raise RulesInvalid([f"{item.name}：revision“{item.rules.revision}”与另一文件重复；请改用新编号。"])
        return tuple(loaded)

    def on(self, day: date) -> LoadedRules:
        """The rule set in force on a day: the latest that has begun and not ended.

        What is named by a later day is not looked at: a mistake in the rules of next year stops nothing today.

        Raises:
            RulesInvalid: none is in force on that day, or one that has begun is unsound.
        """
        files, published = self._from_files(day), self._published()
        chosen = self._chosen
        # The very lists that were chosen from: as long as they are believed, so is the choice.
        if chosen is not None and chosen[0] == day and chosen[1] is files and chosen[2] is published:
            return chosen[3]
        found = [*files, *published]
        begun = [item for item in found if item.rules.valid_from <= day]
        if not found and not self._paths(None):
            self._in_order(found)
        for item in reversed(self._in_order(begun) if begun else ()):
            if item.rules.valid_to is not None and item.rules.valid_to < day:
                break
            self._chosen = (day, files, published, item)
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

    def _from_files(self, day: date | None) -> list[LoadedRules]:
        """Rule sets of the files; with a day, without those that are named by a later one."""
        if self._files is not None and self._files[1] == day and time.monotonic() - self._files[0] < self._believed:
            return self._files[2]
        found = [self._load(path) for path in self._paths(day)]
        self._files = (time.monotonic(), day, found)
        return found

    def _paths(self, day: date | None) -> list[Path]:
        paths = [p for p in self.directory.glob("*") if p.suffix == ".yaml" or (p.is_dir() and _day_of(p))]
        if day is not None:
            paths = [p for p in paths if (_day_of(p) or day) <= day]
        return sorted(paths)

    def _load(self, path: Path) -> LoadedRules:
        stamp = _stamp(path)
        with self._lock:
            cached = self._cache.get(path)
            if cached is None or cached[0] != stamp:
                cached = (stamp, load(path))
                self._cache[path] = cached
            return cached[1]


def _day_of(path: Path) -> date | None:
    """The day that a file or folder is named by; ``None`` for another name."""
    try:
        return date.fromisoformat(path.stem)
    except ValueError:
        return None


def _stamp(path: Path) -> tuple[tuple[str, int, int], ...]:
    """Names, times and sizes of the files a rule set is read from."""
    files = sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
    try:
        stats = [(str(file), file.stat()) for file in files]
    except OSError as error:
        raise RulesInvalid([f"{path.name}：文件无法读取；请核对路径和权限。"]) from error
    return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats)
