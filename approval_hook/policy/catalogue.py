"""The compiled rule set: matters, lists, bars, measures, grounds and clocks, validated.

``RuleSet.parse`` is total over data: it answers with a sound rule set or raises
``RulesInvalid`` with every problem it found, each with place and remedy.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Self

from pydantic import Field, StrictBool, StrictInt, ValidationError, model_validator

from approval_hook.errors import CaseInvalid, RulesInvalid
from approval_hook.policy.case import PartyView, Role
from approval_hook.policy.decision import Citation
from approval_hook.policy.records import Severity
from approval_hook.policy.rules import (
    Bar,
    BasisType,
    Category,
    Clock,
    Code,
    Day,
    Days,
    DisplayPeriod,
    Force,
    GoodCreditRoute,
    Ground,
    LegalBasis,
    ListType,
    Material,
    Measure,
    Part,
    Principle,
    Source,
    Text,
)
from approval_hook.policy.soundness import problems, structural_problems
from approval_hook.policy.subjects import SubjectKind
from approval_hook.policy.workdays import DueDate, WorkCalendar, add_workdays

__all__ = [
    "Bar",
    "BasisType",
    "Category",
    "Clock",
    "DisplayPeriod",
    "GatePoint",
    "GoodCreditRoute",
    "Ground",
    "LegalBasis",
    "ListType",
    "Material",
    "Matter",
    "Measure",
    "Principle",
    "RuleSet",
    "due_date",
    "release_date",
]

#: Name of the source that is the organ's own licensing database.
OWN_REGISTER = "own_register"

_RELEASE_WORKDAYS = 2


class GatePoint(StrEnum):
    """Where in a case the gate stands."""

    ACCEPTANCE = "acceptance"
    DECISION = "decision"
    ISSUE = "issue"


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
    level: Text  # 行使层级: 省级, 市级, 县级
    type: Text  # 事项类型: 行政许可, 行政确认, ...
    subject_kind: SubjectKind  # who may apply
    clock: Clock
    promised_days: Days  # 承诺时限, ordinary
    green_promised_days: Days  # 承诺时限, green channel
    incentive_force: Force  # 133 "shall" or 442 "may"
    quota_limited: StrictBool  # 行政许可法 第五十七条
    public_tolerance_list: StrictBool  # on the published list of 容缺 matters (L-10)
    queried_roles: Annotated[tuple[Role, ...], Field(min_length=1)]
    required_sources: Annotated[tuple[Text, ...], Field(min_length=1)]
    advisory_sources: tuple[Text, ...]
    freshness: Freshness
    materials: tuple[Material, ...]

    def fresh_minutes(self, point: GatePoint | str) -> int:
        """Maximum age of a credit record at a gate point, in minutes.

        Raises:
            ValueError: there is no such gate point.
        """
        match GatePoint(point):
            case GatePoint.ACCEPTANCE:
                return self.freshness.acceptance
            case GatePoint.DECISION:
                return self.freshness.decision
            case GatePoint.ISSUE:
                return self.freshness.issue

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

    revision: Text
    title: Text
    valid_from: Day
    valid_to: Day | None
    supplement_buffer_days: Days  # a supplement ends so many working days before the decision is due
    status_authority: tuple[Text, ...]  # sources whose record state prevails, strongest first (L-17)
    sources: tuple[Source, ...]
    principles: tuple[Principle, ...]
    categories: tuple[Category, ...]
    list_types: tuple[ListType, ...]
    display_periods: tuple[DisplayPeriod, ...]
    grounds: tuple[Ground, ...]
    bars: tuple[Bar, ...]
    measures: tuple[Measure, ...]
    good_credit_routes: tuple[GoodCreditRoute, ...]
    clocks: tuple[Clock, ...]
    matters: tuple[Matter, ...]

    @classmethod
    def parse(cls, data: Mapping[str, object]) -> Self:
        """Make a sound rule set from plain data.

        Raises:
            RulesInvalid: with every problem found; use nothing of the data.
        """
        try:
            return cls.model_validate(dict(data))
        except ValidationError as error:
            raise RulesInvalid(structural_problems(error)) from None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        found = problems(self)
        if found:
            raise RulesInvalid(found)
        return self

    def matter(self, code: str) -> Matter:
        """The matter with this code.

        Raises:
            CaseInvalid: the matter is not configured; the case cannot be checked and must not go on unchecked.
        """
        found = self._matters.get(code)
        if found is None:
            raise CaseInvalid(
                "事项", f"事项“{code}”未配置信用核查规则。", "请联系系统管理员在规则文件中配置该事项后再办理。"
            )
        return found

    def list_type(self, code: str) -> ListType | None:
        """The list type with this code; ``None`` means 未归类, without any effect."""
        return self._list_types.get(code)

    def display_period(self, severity: Severity) -> DisplayPeriod | None:
        """Period of display for a severity; ``None`` when the rule set sets none."""
        return self._display_periods.get(severity)

    def bars_for(self, matter: str, event: str, domain: str) -> tuple[Bar, ...]:
        """Bars of a matter that such an event in such a domain triggers."""
        return self._bars.get((matter, event, domain), ())

    def sanctions_for(self, matter: str, list_type: str) -> tuple[Measure, ...]:
        """Sanctions of a matter that such a list triggers, whether in force or not."""
        return self._sanctions.get((matter, list_type), ())

    def incentives_for(self, matter: str) -> tuple[Measure, ...]:
        """Incentives of a matter, whether in force or not."""
        return self._incentives.get(matter, ())

    def cite(self, principle: str) -> tuple[Citation, ...]:
        """Citations of a general rule."""
        return tuple(b.citation() for b in self._principles[principle].basis)

    def source_title(self, name: str) -> str:
        """A source's name as pages show it; the configured name when the rule set has none."""
        return self._source_titles.get(name, name)

    def ground(self, ground_id: str) -> Ground | None:
        """The statutory ground with this id; ``None`` for an authorisation or an unknown id."""
        return self._grounds.get(ground_id)

    def ground_for(self, party: PartyView, matter: Matter | str, on: date) -> str:
        """Why this party may be asked about on that day.

        A ground that suffices for every source goes before one that does not.

        Returns:
            Id of a statutory ground, ``"authorisation:<reference>"``, or ``""``: there is
            none, so nothing is asked. Agents, roles that the matter does not query and parties
            without a matchable identifier never have one.

        Source: R-39, L-07, L-14; 个人信息保护法 第十三条, 第三十四条.
        """
        wanted = self.matter(matter) if isinstance(matter, str) else matter
        if party.role is Role.AGENT or party.role not in wanted.queried_roles or not party.identified:
            return ""
        fitting = [
            ground
            for ground in self.grounds
            if party.kind in ground.kinds
            and party.role in ground.roles
            and (not ground.matters or wanted.code in ground.matters)
            and ground.valid_from <= on
            and (ground.valid_to is None or on <= ground.valid_to)
        ]
        for ground in fitting:
            if not ground.sources:
                return ground.id
        consent = party.authorisation
        if consent is not None and consent.reference and consent.valid_from <= on <= consent.valid_until:
            return f"authorisation:{consent.reference}"
        return fitting[0].id if fitting else ""

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
    def _display_periods(self) -> dict[Severity, DisplayPeriod]:
        return {p.severity: p for p in self.display_periods}

    @cached_property
    def _principles(self) -> dict[str, Principle]:
        return {p.id: p for p in self.principles}

    @cached_property
    def _source_titles(self) -> dict[str, str]:
        return {s.name: s.title for s in self.sources}

    @cached_property
    def _grounds(self) -> dict[str, Ground]:
        return {g.id: g for g in self.grounds}

    @cached_property
    def _bars(self) -> dict[tuple[str, str, str], tuple[Bar, ...]]:
        index: dict[tuple[str, str, str], tuple[Bar, ...]] = {}
        for bar in sorted(self.bars, key=lambda b: b.id):
            for key in ((m, e, d) for m in bar.matters for e in bar.events for d in bar.domains):
                index[key] = (*index.get(key, ()), bar)
        return index

    @cached_property
    def _sanctions(self) -> dict[tuple[str, str], tuple[Measure, ...]]:
        index: dict[tuple[str, str], tuple[Measure, ...]] = {}
        for measure in sorted(self.measures, key=lambda m: m.id):
            if measure.kind == "sanction":
                for key in ((m, t) for m in measure.matters for t in measure.list_types):
                    index[key] = (*index.get(key, ()), measure)
        return index

    @cached_property
    def _incentives(self) -> dict[str, tuple[Measure, ...]]:
        index: dict[str, tuple[Measure, ...]] = {}
        for measure in sorted(self.measures, key=lambda m: m.id):
            if measure.kind == "incentive":
                for matter in measure.matters:
                    index[matter] = (*index.get(matter, ()), measure)
        return index


def due_date(matter: Matter, accepted_on: date, calendar: WorkCalendar) -> DueDate:
    """Last day for the decision; a credit query never stops this clock (行政许可法 第四十二条, 第四十五条)."""
    return add_workdays(accepted_on, matter.clock.days, calendar)


def release_date(due: date, calendar: WorkCalendar) -> date:
    """Day on which an unanswered check goes to the supervisor: two working days before the due date."""
    return add_workdays(due, -_RELEASE_WORKDAYS, calendar).on
