"""The rule set compiled for deciding: what one matter may need, looked up by key and never searched.

A plan is made once per rule set. A decision touches only the rows that its own records name, so its cost
does not grow with the number of rules.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from approval_hook.policy.case import PartyView, Role
from approval_hook.policy.decision import Why
from approval_hook.policy.periods import scope_covers
from approval_hook.policy.records import Severity
from approval_hook.policy.rules import (
    SAME_LICENCE,
    Application,
    Bar,
    DisplayPeriod,
    GoodCreditRoute,
    Ground,
    LegalBasis,
    Leniency,
    ListType,
    Material,
    Measure,
)
from approval_hook.policy.subjects import SubjectKind

if TYPE_CHECKING:
    from approval_hook.policy.catalogue import Matter, RuleSet

#: Name of the source that is the organ's own licensing database.
OWN_REGISTER = "own_register"


class Granted(Struct, frozen=True, gc=False):
    """A ground on which a party may be asked about, with the sources it suffices for."""

    id: str
    full: bool  # it suffices for every source of the matter; less than that earns no bonus
    required: frozenset[str]
    sources: tuple[str, ...]  # required and advisory, sorted


@dataclass(frozen=True, slots=True)
class GroundPlan:
    """A statutory ground at this matter."""

    granted: Granted
    market_only: bool
    valid_from: date
    valid_to: date
    scopes: tuple[str, ...]  # where its bases are law, beside the whole country


@dataclass(frozen=True, slots=True)
class BarPlan:
    """A bar at this matter."""

    id: str
    roles: frozenset[Role]
    roles_then: frozenset[str]
    period_years: int | None
    proofs: frozenset[str]
    lawful: bool  # every basis may burden somebody
    may_refuse: bool  # and may carry a refusal
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MeasurePlan:
    """A measure at this matter, with the dates on which both the measure and its application are in force."""

    id: str
    effect: str
    force: Literal["mandatory", "recommended"]
    limits_entry: bool
    may_refuse: bool
    valid_from: date
    valid_to: date
    ends: date | None
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reach:
    """What a list may cause for one role and kind of subject, and what its basis does not reach."""

    measures: tuple[MeasurePlan, ...] = ()
    refused: tuple[tuple[Why, tuple[str, ...]], ...] = ()  # rules by the reason why not


NO_REACH = Reach()


@dataclass(frozen=True, slots=True)
class ListPlan:
    """A list at this matter: who may use it, how long its rows are shown, what it causes."""

    code: str
    severity: Severity
    usable: bool  # it has a verified basis that may burden somebody
    sound_good: bool  # a list of good standing that is not for reference only
    scope: str
    by_entry: bool  # the entry itself says when display ends
    period: DisplayPeriod | None  # of its own; None: by severity
    reach: dict[tuple[Role, SubjectKind], Reach]


class MatterPlan:
    """One matter, compiled."""

    __slots__ = (
        "agreements",
        "bars",
        "due_days",
        "due_in_workdays",
        "grounds",
        "incentives",
        "leniencies",
        "lists",
        "material_codes",
        "materials",
        "matter",
        "periods",
        "public_tolerance",
        "queried",
        "quota_limited",
        "required",
        "routes",
        "sources",
    )

    def __init__(self, rules: RuleSet, matter: Matter) -> None:
        """Lay out what is the same for every case of the matter."""
        self.matter = matter
        self.queried = frozenset(matter.queried_roles)
        self.required = frozenset(matter.required_sources)
        self.sources = tuple(sorted({*matter.required_sources, *matter.advisory_sources}))
        self.quota_limited = matter.quota_limited
        self.public_tolerance = matter.public_tolerance_list
        self.due_days = matter.clock.days
        self.due_in_workdays = matter.clock.unit == "workdays"
        self.materials: tuple[Material, ...] = tuple(sorted(matter.materials, key=lambda m: m.code))
        self.material_codes = frozenset(m.code for m in matter.materials)
        self.agreements = rules.agreements
        self.leniencies: tuple[Leniency, ...] = rules.leniencies
        self.routes: tuple[GoodCreditRoute, ...] = rules.good_credit_routes
        self.periods = {p.severity: p for p in rules.display_periods if p.severity is not None}
        self.grounds = self._grounds(rules)
        self.bars = self._bars(rules)
        self.lists: dict[str, ListPlan] = {}
        self.incentives: dict[SubjectKind, tuple[MeasurePlan, ...]] = {}

    def _grounds(self, rules: RuleSet) -> dict[tuple[Role, SubjectKind], tuple[GroundPlan, ...]]:
        found: dict[tuple[Role, SubjectKind], list[GroundPlan]] = {}
        for ground in rules.grounds:
            if ground.matters and self.matter.code not in ground.matters:
                continue
            plan = GroundPlan(
                self._granted(ground),
                ground.market_only,
                ground.valid_from,
                ground.valid_to or date.max,
                _scopes(ground.basis),
            )
            for role in set(ground.roles) & self.queried:
                for kind in ground.kinds:
                    found.setdefault((role, kind), []).append(plan)
        # A ground that suffices for more sources goes first; what suffices for none is no ground here.
        return {
            key: tuple(sorted((p for p in plans if p.granted.sources), key=_widest_first))
            for key, plans in found.items()
        }

    def _granted(self, ground: Ground) -> Granted:
        if not ground.sources:
            return Granted(ground.id, True, self.required, self.sources)
        allowed = tuple(s for s in self.sources if s in ground.sources)
        return Granted(ground.id, allowed == self.sources, self.required & set(allowed), allowed)

    def _bars(self, rules: RuleSet) -> dict[tuple[str, str], tuple[BarPlan, ...]]:
        found: dict[tuple[str, str], tuple[BarPlan, ...]] = {}
        for bar in sorted(rules.bars, key=lambda b: b.id):
            if self.matter.code not in bar.matters:
                continue
            plan = _bar_plan(bar)
            domains = {self.matter.domain if d == SAME_LICENCE else d for d in bar.domains}
            for key in ((event, domain) for event in bar.events for domain in sorted(domains)):
                found[key] = (*found.get(key, ()), plan)
        return found

    def ground_for(self, party: PartyView, region: str, on: date) -> Granted | None:
        """Why an organ of this region may ask about this party; ``None``: it may not, so nothing is asked.

        A ground that suffices for every source goes first, then the person's authorisation, then the widest ground.

        Source: R-39, L-07, L-14; 个人信息保护法 第十三条, 第三十四条.
        """
        if not party.identified:
            return None
        partial: Granted | None = None
        for ground in self.grounds.get((party.role, party.kind), ()):
            if (
                ground.valid_from <= on <= ground.valid_to
                and (party.market or not ground.market_only)
                and (not ground.scopes or self.covers_all(ground.scopes, region, on))
            ):
                if ground.granted.full:
                    return ground.granted
                partial = partial or ground.granted
        consent = party.authorisation
        if (
            consent is not None
            and consent.reference
            and consent.valid_from <= on <= consent.valid_until
            and party.role in self.queried
        ):
            return Granted(f"authorisation:{consent.reference}", True, self.required, self.sources)
        return partial

    def covers(self, scope: str, region: str, on: date) -> bool:
        """Whether a list or entry of this scope reaches an organ in this region on that day (R-29)."""
        if scope == "national":
            return True
        kind, _, name = scope.partition(":")
        if kind != "agreement":
            return scope_covers(scope, region)
        return any(
            a.id == name and a.valid_from <= on <= (a.valid_to or date.max) and region.startswith(a.regions)
            for a in self.agreements
        )

    def covers_all(self, scopes: tuple[str, ...], region: str, on: date) -> bool:
        """Whether every document with these scopes is law for an organ in this region on that day."""
        return all(self.covers(scope, region, on) for scope in scopes)

    def severity_period(self, severity: Severity) -> DisplayPeriod | None:
        """Period of display for a severity; ``None`` when the rule set sets none."""
        return self.periods.get(severity)


def _widest_first(ground: GroundPlan) -> tuple[int, str]:
    return -len(ground.granted.sources), ground.granted.id


def plans_of(rules: RuleSet) -> dict[str, MatterPlan]:
    """Every matter of a rule set, compiled. Time grows with the rows, not with rows times matters."""
    plans = {matter.code: MatterPlan(rules, matter) for matter in rules.matters}
    measures = {measure.id: measure for measure in rules.measures}
    sanctions: dict[tuple[str, str], list[tuple[Measure, Application]]] = {}
    incentives: dict[str, list[tuple[Measure, Application]]] = {}
    for row in rules.applications:
        measure = measures.get(row.measure)
        if measure is None or row.matter not in plans:
            continue
        if measure.kind == "incentive":
            incentives.setdefault(row.matter, []).append((measure, row))
        else:
            for code in measure.list_types:
                sanctions.setdefault((row.matter, code), []).append((measure, row))
    periods = {period.id: period for period in rules.display_periods}
    bare = {listed.code: _list_plan(listed, periods) for listed in rules.list_types}
    for code, plan in plans.items():
        plan.lists.update(bare)
        fitting = sorted(incentives.get(code, ()), key=lambda pair: pair[0].id)
        for kind in SubjectKind:
            plan.incentives[kind] = tuple(
                _measure_plan(m, row) for m, row in fitting if kind in m.kinds and Role.APPLICANT in m.roles
            )
    for (matter, code), rows in sanctions.items():
        plan = plans[matter]
        if code in bare:
            reach = _reach(sorted(rows, key=lambda pair: pair[0].id), plan.queried)
            plan.lists[code] = replace(bare[code], reach=reach)
    return plans


def _reach(rows: list[tuple[Measure, Application]], queried: frozenset[Role]) -> dict[tuple[Role, SubjectKind], Reach]:
    compiled = []
    for measure, row in rows:
        compiled.append((measure, _measure_plan(measure, row), may_burden(measure, row)))
    found = {}
    for role in queried:
        for kind in SubjectKind:
            fitting: list[MeasurePlan] = []
            refused: dict[Why, list[str]] = {}
            for measure, plan, lawful in compiled:
                why: Why | None = None
                if measure.effect == "of_others":
                    why = Why.MEASURE_OF_OTHERS
                elif not lawful:
                    why = Why.BASIS_UNVERIFIED
                elif kind not in measure.kinds:
                    why = Why.KIND_NOT_TARGETED
                elif role not in measure.roles:
                    why = Why.ROLE_NOT_NAMED
                if why is None:
                    fitting.append(plan)
                else:
                    refused.setdefault(why, []).append(measure.id)
            found[role, kind] = Reach(tuple(fitting), tuple((w, tuple(names)) for w, names in sorted(refused.items())))
    return found


def may_burden(measure: Measure, row: Application) -> bool:
    """Whether a measure may burden anybody at a matter; entry is limited only by a basis that names the matter."""
    named = bool(row.basis) or measure.effect != "limit_entry"
    return named and carries_adverse((*row.basis, *measure.basis))


def _scopes(basis: tuple[LegalBasis, ...]) -> tuple[str, ...]:
    return tuple(sorted({b.scope for b in basis} - {"national"}))


def carries_adverse(basis: tuple[LegalBasis, ...]) -> bool:
    """Whether something adverse may rest on these bases, all of them."""
    return bool(basis) and all(b.carries_adverse for b in basis)


def _bar_plan(bar: Bar) -> BarPlan:
    return BarPlan(
        bar.id,
        frozenset(bar.roles),
        frozenset(r.value for r in bar.roles_then),
        bar.period_years,
        frozenset(bar.proofs),
        carries_adverse(bar.basis),
        bar.may_refuse and all(b.carries_refusal for b in bar.basis),
        _scopes(bar.basis),
    )


def _measure_plan(measure: Measure, row: Application) -> MeasurePlan:
    ends = min((d for d in (measure.valid_to, row.valid_to) if d is not None), default=None)
    limits = measure.effect == "limit_entry"
    return MeasurePlan(
        measure.id,
        measure.effect,
        row.force,
        limits,
        limits and row.may_refuse and bool(row.basis) and all(b.carries_refusal for b in row.basis),
        max(measure.valid_from, row.valid_from),
        ends or date.max,
        ends,
        _scopes((*row.basis, *measure.basis)),
    )


def _list_plan(listed: ListType, periods: dict[str, DisplayPeriod]) -> ListPlan:
    return ListPlan(
        listed.code,
        listed.severity,
        not listed.reference_only and any(b.carries_adverse for b in listed.basis),
        not listed.reference_only and listed.severity is Severity.GOOD,
        listed.scope,
        listed.display == "source",
        periods.get(listed.display),
        {},
    )
