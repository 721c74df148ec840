"""The sections of a version: what each lists, in one line per rule, and what the search looks at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from approval_hook.policy.rules import Bases
from approval_hook.threelists import words
from workflows.policydesk.others import other_lines
from workflows.policydesk.versions import Reading
from workflows.policydesk.wording import (
    DISPLAYS,
    MATERIAL_KINDS,
    POINTS,
    basis_type,
    document,
    period,
    scope,
    time_limit,
    tolerance,
    word,
)


@dataclass(frozen=True, slots=True)
class Line:
    """One rule in a list."""

    code: str
    title: str
    cells: tuple[str, ...]  # under the columns of the section, after the title
    page: str = ""  # name of the address about it; "": it has none, so its bases stand in the line
    page_code: str = ""  # in that address; "": the code itself
    bases: Bases = ()
    unverified: bool = False
    search: str = ""  # what else the search looks at

    @property
    def link_code(self) -> str:
        """What the address names."""
        return self.page_code or self.code

    def holds(self, text: str) -> bool:
        """Whether every word of a search is in this line."""
        hay = " ".join((self.code, self.title, *self.cells, self.search)).lower()
        return all(part in hay for part in text.lower().split())


@dataclass(frozen=True, slots=True)
class Section:
    """One list of a version."""

    key: str  # in the address
    title: str | Promise
    columns: tuple[str | Promise, ...]  # after the first, which is the title
    lines: Callable[[Reading], Iterator[Line]]
    hint: str | Promise = ""


def _unverified(bases: Bases) -> bool:
    return any(not b.verified for b in bases)


def _cited(*groups: Bases) -> str:
    """The documents that a line rests on, for the search."""
    return " ".join(dict.fromkeys(f"{b.document} {b.article} {b.id}" for bases in groups for b in bases))


def _matters(reading: Reading) -> Iterator[Line]:
    bars = Counter(code for bar in reading.rules.bars for code in bar.matters)
    for m in reading.rules.matters:
        late = sum(x.tolerance != "never" for x in m.materials)
        yield Line(
            m.code,
            m.title,
            (
                f"{m.department} · {m.level} · {m.type}",
                time_limit(m.clock),
                gettext("%(all)d 份，可容缺 %(late)d") % {"all": len(m.materials), "late": late},
                gettext("限制 %(bars)d · 措施 %(measures)d")
                % {"bars": bars[m.code], "measures": len(reading.reach.measures_of(m.code))},
            ),
            "policydesk:matter",
            unverified=_unverified(m.basis)
            or _unverified(m.clock.basis)
            or any(_unverified(x.basis) for x in m.materials),
            search=" ".join(
                (*(x.title for x in m.materials), _cited(m.basis, m.clock.basis, *(x.basis for x in m.materials)))
            ),
        )


def _measures(reading: Reading) -> Iterator[Line]:
    lists = {t.code: t.title for t in reading.rules.list_types}
    for m in reading.rules.measures:
        reached = len(reading.reach.matters_of(m.id))
        yield Line(
            m.id,
            m.title,
            (
                f"{word(words.KINDS, m.kind)} · {word(words.EFFECTS, m.effect)}",
                "、".join(lists.get(code, code) for code in m.list_types) or gettext("守信"),
                m.organ,
                gettext("%(n)d 个事项") % {"n": reached} if reached else gettext("不及于任何事项"),
            ),
            "policydesk:measure",
            unverified=_unverified(m.basis),
            search=_cited(m.basis),
        )


def _lists(reading: Reading) -> Iterator[Line]:
    used = Counter(code for m in reading.rules.measures for code in m.list_types)
    categories = {c.code: c.title for c in reading.rules.categories}
    for t in reading.rules.list_types:
        yield Line(
            t.code,
            t.title,
            (
                word(words.SEVERITIES, t.severity.value),
                scope(t.scope, reading.rules),
                categories.get(t.category, "—"),
                word(DISPLAYS, t.display),
                gettext("仅供参考") if t.reference_only else gettext("%(n)d 项措施") % {"n": used[t.code]},
            ),
            "policydesk:list",
            unverified=_unverified(t.basis),
            search=_cited(t.basis),
        )


def _bars(reading: Reading) -> Iterator[Line]:
    for b in reading.rules.bars:
        yield Line(
            b.id,
            b.title,
            (
                b.licence,
                gettext("终身") if b.period_years is None else gettext("%(n)d 年") % {"n": b.period_years},
                gettext("%(n)d 个事项") % {"n": len(b.matters)} if b.matters else gettext("本规则中没有该事项"),
                gettext("可据以不予许可") if b.may_refuse else gettext("不得据以不予许可"),
            ),
            "policydesk:bar",
            unverified=_unverified(b.basis),
            search=_cited(b.basis),
        )


def _bases(reading: Reading) -> Iterator[Line]:
    citing = reading.citing
    for b in citing.bases.values():
        yield Line(
            b.id,
            f"{document(b)} {b.article}",
            (
                f"“{b.quote}”",
                f"{basis_type(b)} · {b.version.isoformat()}",
                gettext("%(n)d 条规则") % {"n": len(citing.rules.get(b.id, ()))},
            ),
            "policydesk:basis",
            unverified=not b.verified,
            search="未核实 unverified" if not b.verified else "",
        )


def _clocks(reading: Reading) -> Iterator[Line]:
    for c in reading.rules.clocks:
        used = [m.title for m in reading.rules.matters if m.clock.id == c.id]
        yield Line(
            c.id,
            c.title,
            (time_limit(c), "、".join(used) or gettext("没有事项使用")),
            bases=c.basis,
            unverified=_unverified(c.basis),
            search=_cited(c.basis),
        )


def _tolerances(reading: Reading) -> Iterator[Line]:
    for m in reading.rules.matters:
        for x in m.materials:
            if x.tolerance != "never":
                yield Line(
                    x.code,
                    x.title,
                    (m.title, word(MATERIAL_KINDS, x.kind), tolerance(x), x.condition or gettext("都要提交")),
                    "policydesk:matter",
                    m.code,
                    unverified=_unverified(x.basis),
                    search=_cited(x.basis),
                )


def _others(reading: Reading) -> Iterator[Line]:
    for code, title, part, facts, bases in other_lines(reading.rules):
        yield Line(code, title, (part, facts), bases=bases, unverified=_unverified(bases), search=_cited(bases))


def _exemptions(reading: Reading) -> Iterator[Line]:
    matters = {m.code: m.title for m in reading.rules.matters}
    for e in reading.rules.exemptions:
        yield Line(
            e.id,
            e.title,
            (
                matters.get(e.matter, e.matter),
                e.region or gettext("全部地域"),
                "、".join(str(POINTS[point]) for point in e.points),
                period(e.valid_from, e.valid_to),
            ),
            bases=e.basis,
            unverified=_unverified(e.basis),
            search=_cited(e.basis),
        )


SECTIONS = {
    section.key: section
    for section in (
        Section(
            "matters",
            _("事项"),
            (_("部门与层级"), _("法定期限"), _("材料"), _("可能的影响")),
            _matters,
        ),
        Section(
            "measures",
            _("措施"),
            (_("性质与效果"), _("对应名单"), _("实施机关"), _("及于")),
            _measures,
        ),
        Section(
            "lists",
            _("名单"),
            (_("失信程度"), _("适用地域"), _("失信类别"), _("公示期限"), _("措施")),
            _lists,
        ),
        Section(
            "bars",
            _("法定限制"),
            (_("所限许可"), _("期限"), _("及于"), _("后果")),
            _bars,
            _("法律本身规定在一定时期内不得取得许可的事实。"),
        ),
        Section("bases", _("依据"), (_("原文摘录"), _("类型与版本"), _("引用")), _bases),
        Section("clocks", _("期限"), (_("法定期限"), _("适用事项")), _clocks),
        Section(
            "tolerances",
            _("容缺材料"),
            (_("事项"), _("设定"), _("谁可容缺、何时补交"), _("何时需要")),
            _tolerances,
            _("可以先受理、后补交的材料。法律法规规定必须提交的材料不在其中。"),
        ),
        Section(
            "exemptions",
            _("豁免"),
            (_("事项"), _("地域"), _("核查环节"), _("有效期")),
            _exemptions,
            _("依规定在一定地域、期间和环节免予信用核查的事项。依据未核实的不产生豁免。"),
        ),
        Section(
            "others",
            _("其他规则"),
            (_("种类"), _("内容")),
            _others,
            _("通则、查询依据、公示期限、守信途径、从轻情形和各种目录。"),
        ),
    )
}


def listing(section: Section, reading: Reading, text: str) -> list[Line]:
    """The lines of a section that hold every word of a search; an empty search keeps them all."""
    lines = section.lines(reading)
    return [line for line in lines if line.holds(text)] if text else list(lines)
