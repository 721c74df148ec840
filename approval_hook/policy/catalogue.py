"""The compiled rule set: matters, lists, bars, measures, grounds and clocks, validated.

``RuleSet.parse`` is total over data: it answers with a sound rule set or raises
``RulesInvalid`` with every problem it found, each with place and remedy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from functools import cached_property
from typing import Annotated, Literal, Self

import msgspec
from pydantic import Field, StrictBool, StrictInt, ValidationError, model_validator

from approval_hook.errors import CaseInvalid, MatterNotConfigured, RulesInvalid
from approval_hook.policy.case import PartyView, Role
from approval_hook.policy.plan import MatterPlan, plans_of
from approval_hook.policy.rules import (
    Agreement,
    Application,
    Bar,
    BasisType,
    Category,
    Clock,
    ClockReminder,
    Code,
    Conventions,
    Day,
    Days,
    DisplayPeriod,
    Document,
    Edition,
    ExcludedProcedure,
    Exemption,
    GatePoint,
    GoodCreditRoute,
    Ground,
    Lapse,
    LegalBasis,
    Leniency,
    Level,
    ListType,
    Material,
    Measure,
    MeasureType,
    Memo,
    MessageTemplate,
    Part,
    Principle,
    PromiseBar,
    PromiseKind,
    PromiseText,
    SomeBases,
    Source,
    Text,
)
from approval_hook.policy.soundness import problems, structural_problems
from approval_hook.policy.spelling import spelled, written_out
from approval_hook.policy.subjects import SubjectKind
from approval_hook.policy.workdays import DueDate, WorkCalendar, add_workdays, count_days

__all__ = [
    "Bar",
    "BasisType",
    "Category",
    "Clock",
    "DisplayPeriod",
    "ExcludedProcedure",
    "Exemption",
    "GatePoint",
    "GoodCreditRoute",
    "Ground",
    "LegalBasis",
    "ListType",
    "Material",
    "Matter",
    "Measure",
    "Principle",
    "PromiseBar",
    "PromiseText",
    "RuleSet",
    "due_date",
    "release_date",
]

_RELEASE_WORKDAYS = 2


#: Writes what ``canonical_bytes`` writes, ten times as fast: the keys of rule data are ASCII, its numbers whole.
_encode = msgspec.json.Encoder(order="sorted").encode


class Freshness(Part):
    """Maximum age of a credit record in minutes, by gate point."""

    acceptance: Annotated[StrictInt, Field(ge=1)]
    decision: Annotated[StrictInt, Field(ge=1)]
    issue: Annotated[StrictInt, Field(ge=1)]


class Matter(Part):
    """A licensing matter (事项) with what the credit check needs to know of it."""

    code: Code
    title: Text
    title_en: Text
    department: Text
    level: Level  # 行使层级
    type: Literal["行政许可", "行政确认", "行政备案", "补助申请", "税收减免"]  # 事项类型
    domain: Code  # field of the licence, by which a bar recognises the same licence
    basis: SomeBases  # 设定依据
    subject_kind: SubjectKind  # who may apply
    clock: Clock
    promised_days: Days  # 承诺时限, ordinary
    green_promised_days: Days  # 承诺时限, green channel
    quota_limited: StrictBool  # 行政许可法 第五十七条
    public_tolerance_list: StrictBool  # on the published list of 容缺 matters (L-10)
    queried_roles: Annotated[tuple[Role, ...], Field(min_length=1)]
    required_sources: Annotated[tuple[Text, ...], Field(min_length=1)]
    advisory_sources: tuple[Text, ...]
    freshness: Freshness
    materials: tuple[Material, ...]
    points: Annotated[tuple[GatePoint, ...], Field(min_length=1)] = tuple(GatePoint)  # where the check stands

    def has_point(self, point: GatePoint | str) -> bool:
        """Whether the check of this matter stands at a gate point."""
        return point in self.points

    def fresh_minutes(self, point: GatePoint | str) -> int:
        """Maximum age of a credit record at a gate point, in minutes.

        Raises:
            ValueError: there is no such gate point.
        """
        minutes: int = getattr(self.freshness, GatePoint(point).value)
        return minutes

    def material(self, code: str) -> Material:
        """The material with this code.

        Raises:
            CaseInvalid: the matter does not ask for it; nothing outside the list may be asked (L-11).
        """
        for material in self.materials:
            if material.code == code:
                return material
        raise CaseInvalid("材料", f"材料“{code}”不在本事项的材料清单内。", "请按办事指南选择材料。")


class RuleSet(Part):
    """Everything a decision rests on, for one period of validity."""

    revision: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    title: Text
    valid_from: Day
    valid_to: Day | None
    supplement_buffer_days: Days  # a supplement ends so many working days before the decision is due
    status_authority: tuple[Text, ...]  # sources whose record state prevails, strongest first (L-17)
    conventions: Conventions
    documents: tuple[Document, ...]
    bases: tuple[LegalBasis, ...]
    sources: tuple[Source, ...]
    principles: tuple[Principle, ...]
    categories: tuple[Category, ...]
    agreements: tuple[Agreement, ...]
    list_types: tuple[ListType, ...]
    display_periods: tuple[DisplayPeriod, ...]
    grounds: tuple[Ground, ...]
    bars: tuple[Bar, ...]
    editions: tuple[Edition, ...]
    measure_types: tuple[MeasureType, ...]
    memos: tuple[Memo, ...]
    measures: tuple[Measure, ...]
    leniencies: tuple[Leniency, ...]
    good_credit_routes: tuple[GoodCreditRoute, ...]
    clocks: tuple[Clock, ...]
    matters: tuple[Matter, ...]
    applications: tuple[Application, ...]
    exemptions: tuple[Exemption, ...] = ()
    excluded_procedures: tuple[ExcludedProcedure, ...] = ()
    messages: tuple[MessageTemplate, ...] = ()
    reminders: tuple[ClockReminder, ...] = ()
    lapses: tuple[Lapse, ...] = ()
    promise_texts: tuple[PromiseText, ...] = ()
    promise_bars: tuple[PromiseBar, ...] = ()

    @classmethod
    def parse(cls, data: Mapping[str, object]) -> Self:
        """Make a sound rule set from plain data.

        Raises:
            RulesInvalid: with every problem found; use nothing of the data.
        """
        whole, wrong = written_out(data)
        if wrong:
            raise RulesInvalid(wrong)
        try:
            return cls.model_validate(whole)
        except ValidationError as error:
            raise RulesInvalid(structural_problems(error)) from None

    def plain(self) -> dict[str, object]:
        """The rule set as the plain data that ``parse`` reads, with bases and clocks by id."""
        return spelled(self)

    @cached_property
    def canonical(self) -> bytes:
        """The canonical form of ``plain()``, by which a rule set is kept and compared."""
        return _encode(self.plain())

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the canonical form, hex: the same content has the same digest."""
        return hashlib.sha256(self.canonical).hexdigest()

    @model_validator(mode="after")
    def _sound(self) -> Self:
        found = problems(self)
        if found:
            raise RulesInvalid(found)
        return self

    def matter(self, code: str) -> Matter:
        """The matter with this code.

        Raises:
            MatterNotConfigured: the rule set does not know it; the case cannot be checked and must not go on unchecked.
        """
        found = self._matters.get(code)
        if found is None:
            raise MatterNotConfigured(
                "事项", f"事项“{code}”未配置信用核查规则。", "请联系系统管理员在规则文件中配置该事项后再办理。"
            )
        return found

    def list_type(self, code: str) -> ListType | None:
        """The list type with this code; ``None`` means 未归类, without any effect."""
        return self._list_types.get(code)

    def message(self, code: str) -> MessageTemplate:
        """The message with this code.

        Raises:
            CaseInvalid: the rule set has none.
        """
        for message in self.messages:
            if message.code == code:
                return message
        raise CaseInvalid("消息", f"规则集没有消息模板“{code}”。", "请联系系统管理员在规则文件中补上该模板。")

    def plan(self, matter: str) -> MatterPlan:
        """Everything compiled that a decision at this matter may need.

        Raises:
            MatterNotConfigured: the rule set does not know it.
        """
        return self._plans[self.matter(matter).code]

    def rule_basis(self, rule: str, matter: str = "") -> tuple[LegalBasis, ...]:
        """Bases of any rule by its id; of a measure at a matter, those that name the matter come first."""
        named = self._application_basis.get((matter, rule), ())
        return tuple(dict.fromkeys((*named, *self._rule_basis.get(rule, ()))))

    def rule_title(self, rule: str, *, english: bool = False) -> str:
        """Title of any rule by its id; the id itself when the rule set has none."""
        titles = self._rule_titles.get(rule)
        return rule if titles is None else titles[1] if english else titles[0]

    def source_title(self, name: str) -> str:
        """A source's name as pages show it; the configured name when the rule set has none."""
        return self._source_titles.get(name, name)

    def reminder(self, clock: str) -> ClockReminder | None:
        """When people are reminded of a clock; ``None``: only once it is over."""
        return self._reminders.get(clock) or self._reminders.get("default")

    def ground(self, ground_id: str) -> Ground | None:
        """The statutory ground with this id; ``None`` for an authorisation or an unknown id."""
        return self._grounds.get(ground_id)

    def exemption(self, exemption_id: str) -> Exemption | None:
        """The exemption with this id."""
        return self._exemptions.get(exemption_id)

    def exemption_for(self, matter: str, region: str, on: date, point: GatePoint | str) -> Exemption | None:
        """By which exemption a case is not checked at a gate point; the first by id where several cover it."""
        found = (e for e in self._exempting.get(matter, ()) if point in e.points and e.covers(matter, region, on))
        return next(found, None)

    def promise_text(self, kind: PromiseKind) -> PromiseText | None:
        """The words of a kind of promise; ``None`` where there are none, and so no such promise."""
        return next((t for t in self.promise_texts if t.kind == kind), None)

    def ground_for(self, party: PartyView, matter: Matter | str, region: str, on: date) -> str:
        """Why an organ of this region may ask about this party on that day.

        A ground that suffices for every source goes before one that does not.

        Returns:
            Id of a statutory ground, ``"authorisation:<reference>"``, or ``""``: there is
            none, so nothing is asked. Agents, roles that the matter does not query and parties
            without a matchable identifier never have one.

        Source: R-39, L-07, L-14; 个人信息保护法 第十三条, 第三十四条.
        """
        plan = self.plan(matter if isinstance(matter, str) else matter.code)
        granted = plan.ground_for(party, region, on)
        return granted.id if granted is not None else ""

    def keeps_raw(self, source: str) -> bool:
        """Whether replies of a source are kept in full."""
        return any(s.keep_raw for s in self.sources if s.name == source)

    def sources_for(self, ground_id: str, matter: Matter) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Required and advisory sources of a matter that a ground suffices to ask."""
        ground = self.ground(ground_id)
        if ground is None or not ground.sources:
            return matter.required_sources, matter.advisory_sources
        allowed = set(ground.sources)
        return (
            tuple(s for s in matter.required_sources if s in allowed),
            tuple(s for s in matter.advisory_sources if s in allowed),
        )

    @cached_property
    def _matters(self) -> dict[str, Matter]:
        return {m.code: m for m in self.matters}

    @cached_property
    def _list_types(self) -> dict[str, ListType]:
        return {t.code: t for t in self.list_types}

    @cached_property
    def _plans(self) -> dict[str, MatterPlan]:
        return plans_of(self)

    @cached_property
    def _exemptions(self) -> dict[str, Exemption]:
        return {e.id: e for e in self.exemptions}

    @cached_property
    def _exempting(self) -> dict[str, list[Exemption]]:
        by_matter: dict[str, list[Exemption]] = {}
        for exemption in sorted(self.exemptions, key=lambda e: e.id):
            by_matter.setdefault(exemption.matter, []).append(exemption)
        return by_matter

    @cached_property
    def _named(self) -> list[tuple[str, str, str, tuple[LegalBasis, ...]]]:
        """Id, titles and bases of everything that a decision can name."""
        named = [(b.id, b.title, b.title_en, b.basis) for b in self.bars]
        named += [(m.id, m.title, m.title_en, m.basis) for m in self.measures]
        named += [(i.id, i.title, i.title_en, i.basis) for i in self.leniencies]
        named += [(t.code, t.title, t.title_en, t.basis) for t in self.list_types]
        named += [(p.id, p.title, p.title, p.basis) for p in self.principles]
        named += [(g.id, g.title, g.title, g.basis) for g in self.grounds]
        named += [(r.id, r.title, r.title, r.basis) for r in self.good_credit_routes]
        named += [(e.id, e.title, e.title, e.basis) for e in self.exemptions]
        return named

    @cached_property
    def _rule_basis(self) -> dict[str, tuple[LegalBasis, ...]]:
        return {name: basis for name, _, _, basis in self._named}

    @cached_property
    def _rule_titles(self) -> dict[str, tuple[str, str]]:
        return {name: (title, title_en) for name, title, title_en, _ in self._named}

    @cached_property
    def _application_basis(self) -> dict[tuple[str, str], tuple[LegalBasis, ...]]:
        return {(a.matter, a.measure): a.basis for a in self.applications}

    @cached_property
    def _source_titles(self) -> dict[str, str]:
        return {s.name: s.title for s in self.sources}

    @cached_property
    def _reminders(self) -> dict[str, ClockReminder]:
        return {r.id: r for r in self.reminders}

    @cached_property
    def _grounds(self) -> dict[str, Ground]:
        return {g.id: g for g in self.grounds}


def due_date(matter: Matter, accepted_on: date, calendar: WorkCalendar) -> DueDate:
    """Last day for the decision; a credit query never stops this clock (行政许可法 第四十二条, 第四十五条)."""
    return count_days(accepted_on, matter.clock.days, matter.clock.unit, calendar)


def release_date(due: date, calendar: WorkCalendar) -> date:
    """Day on which an unanswered check goes to the supervisor: two working days before the due date."""
    return add_workdays(due, -_RELEASE_WORKDAYS, calendar).on
