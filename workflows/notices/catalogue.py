"""The templates in force: shipped ones, an organ's own before them, and what is known of each organ.

A directory holds templates (any ``*.yaml`` but the two below), ``organs.yaml`` with details of organs, and, the shipped
one alone, ``compulsory.yaml``. Where an organ has a template of its own in force, it is taken; of several the latest.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, TypeVar

from msgspec import Meta, Struct, ValidationError, convert

from approval_hook.errors import RulesInvalid
from approval_hook.rulebook import read_file
from workflows.notices.conf import conf
from workflows.notices.errors import NoticeRefused, TemplatesInvalid
from workflows.notices.facts import KINDS, Name
from workflows.notices.templates import Compulsory, Template, problems

_ORGANS, _COMPULSORY = "organs.yaml", "compulsory.yaml"
T = TypeVar("T")


class OrganDetails(Struct, frozen=True, forbid_unknown_fields=True):
    """What notices say of one organ."""

    organ: Name
    short: Annotated[str, Meta(min_length=1, max_length=12)]  # begins the document number
    matters: dict[str, Annotated[str, Meta(min_length=1, max_length=8)]]  # code of a matter -> word in the number
    contact: Name
    phone: Name
    address: Name
    hours: Name
    review_organ: Name
    court: Name


class Catalogue(Struct, frozen=True):
    """Everything that was read, sound as a whole."""

    templates: tuple[tuple[int, Template], ...]  # with the rank of its directory
    organs: dict[str, OrganDetails]
    demands: dict[str, Compulsory]  # of the law, by kind

    @property
    def titles(self) -> dict[str, str]:
        """Titles of the kinds."""
        return {kind: demand.title for kind, demand in self.demands.items()}

    def template(self, kind: str, day: date) -> Template:
        """The template of a kind in force on a day.

        Raises:
            NoticeRefused: there is none.
        """
        begun = [(rank, t.valid_from, t) for rank, t in self.templates if t.kind == kind and t.valid_from <= day]
        if not begun:
            title = self.titles.get(kind, kind)
            raise NoticeRefused("文书", f"{day.isoformat()}没有生效的“{title}”模板。", "请在文书模板目录补充。")
        return max(begun, key=lambda found: found[:2])[2]

    def organ(self, name: str) -> OrganDetails:
        """Details of an organ.

        Raises:
            NoticeRefused: none are configured.
        """
        if name not in self.organs:
            raise NoticeRefused("机关", "没有本机关的文书资料。", f"请管理人员在文书目录的 {_ORGANS} 中补充。")
        return self.organs[name]


def catalogue() -> Catalogue:
    """What is in the directories now; read again only when a file changes.

    Raises:
        NoticeSettingsInvalid: the setting is wrong.
        TemplatesInvalid: a file is unsound; every problem is named.
    """
    directories = conf().directories()
    stamps = tuple((file, *_stamp(file)) for folder in directories for file in sorted(folder.glob("*.yaml")))
    return _read(directories, stamps)


def _stamp(file: Path) -> tuple[int, int]:
    stat = file.stat()
    return stat.st_mtime_ns, stat.st_size


@lru_cache(maxsize=4)
def _read(directories: tuple[Path, ...], stamps: tuple[tuple[Path, int, int], ...]) -> Catalogue:
    found: list[str] = []
    demands = _typed(directories[0] / _COMPULSORY, "kinds", dict[str, Compulsory], found) or {}
    found += [f"{_COMPULSORY}：没有“{kind}”的必备内容；请补充。" for kind in KINDS if not found and kind not in demands]
    templates: list[tuple[int, Template]] = []
    organs: dict[str, OrganDetails] = {}
    for file, _, _ in stamps:
        rank = directories.index(file.parent)
        if file.name == _ORGANS:
            rows = _typed(file, "organs", tuple[OrganDetails, ...], found) or ()
            organs |= {row.organ: row for row in rows}
        elif file.name != _COMPULSORY:
            template = _typed(file, "", Template, found)
            if template is not None and _sound(template, file.name, demands, found):
                templates.append((rank, template))
    versions = [(t.kind, t.version) for _, t in templates]
    days = [(rank, t.kind, t.valid_from) for rank, t in templates]
    found += [f"“{k}”的版本“{v}”重复；请改用新版本号。" for k, v in sorted(set(versions)) if versions.count((k, v)) > 1]
    found += [
        f"“{k}”在{d.isoformat()}有两个模板；请保留一个。" for r, k, d in sorted(set(days)) if days.count((r, k, d)) > 1
    ]
    shorts = [details.short for details in organs.values()]
    found += [
        f"{_ORGANS}：机关代字“{s}”重复，文号会重复；请改用不同的代字。" for s in set(shorts) if shorts.count(s) > 1
    ]
    if found:
        raise TemplatesInvalid(found)
    return Catalogue(tuple(templates), organs, demands)


def _sound(template: Template, name: str, demands: dict[str, Compulsory], found: list[str]) -> bool:
    if template.kind not in KINDS or template.kind not in demands:
        found.append(f"{name}：没有“{template.kind}”这类文书；可用：{'、'.join(KINDS)}。")
        return False
    wrong = problems(template, demands[template.kind])
    found += [f"{name}：{problem}" for problem in wrong]
    return not wrong


def _typed(file: Path, key: str, shape: Any, found: list[str]) -> Any:
    """The content of one file in its shape; what is wrong is added to ``found``, and None given."""
    try:
        data: Any = read_file(file, file.name)
        if key:
            return convert(data, dict[str, shape])[key]
        return convert(data, shape)
    except RulesInvalid as error:
        found += error.problems
    except KeyError:
        found.append(f"{file.name}：最外层应为“{key}”。")
    except ValidationError as error:
        found.append(f"{file.name}：字段有误（{error}）；请按文书模板说明填写。")
    return None
