"""A rule set laid out as boxes: what each row reaches, as a product of sets and days.

The boxes are made from the rows themselves and not from the compiled plan that decisions read, so that the tests
which compare the two prove both.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from approval_hook.policy.analysis.findings import Witness
from approval_hook.policy.analysis.regions import Territory
from approval_hook.policy.analysis.spans import Spans, common, days, first_day, union
from approval_hook.policy.case import Role
from approval_hook.policy.plan import OWN_REGISTER, carries_adverse, may_burden
from approval_hook.policy.records import Severity
from approval_hook.policy.rules import SAME_LICENCE, Application, Bar, LegalBasis, ListType, Measure
from approval_hook.policy.subjects import SubjectKind

if TYPE_CHECKING:
    from approval_hook.policy.catalogue import Matter, RuleSet


class Box(NamedTuple):
    """Cells in which a row of 应用事项清单 fires: every role with every kind, on every day where its scopes hold."""

    number: int  # of the row
    row: Application
    measure: Measure
    list_type: str  # "" for an incentive
    roles: tuple[Role, ...]
    kinds: tuple[SubjectKind, ...]
    scopes: tuple[str, ...]  # of the list and of the bases, beside the whole country; all must hold
    dates: Spans  # of validity, measure, application; of the routes to good credit
    days: Spans  # of those, the ones on which the scopes hold in some region
    may_refuse: bool  # as a decision would say it


class BarBox(NamedTuple):
    """Cells in which a bar closes a matter; without roles, proofs, days or lawful bases there are none."""

    bar: Bar
    matter: Matter
    roles: tuple[Role, ...]
    proofs: tuple[str, ...]
    scopes: tuple[str, ...]
    days: Spans  # on which the scopes hold in some region
    lawful: bool
    may_refuse: bool

    @property
    def keys(self) -> tuple[tuple[str, str], ...]:
        """Event and field of the facts that meet it."""
        domains = dict.fromkeys(self.matter.domain if d == SAME_LICENCE else d for d in self.bar.domains)
        return tuple((event, domain) for event in self.bar.events for domain in domains)

    @property
    def live(self) -> bool:
        """Whether any facts meet it."""
        return bool(self.roles) and bool(self.proofs) and bool(self.days) and self.lawful


class Space:
    """A rule set, its rows indexed and laid out as boxes. Time and room grow with the rows."""

    def __init__(self, rules: RuleSet) -> None:
        """Lay it out; unknown codes lead nowhere and raise nothing."""
        self.rules = rules
        self.territory = Territory(rules)
        self.valid = self.territory.valid
        self.matters = {m.code: m for m in rules.matters}
        self.measures = {m.id: m for m in rules.measures}
        self.lists = {t.code: t for t in rules.list_types}
        self.list_days = {t.code: self.territory.anywhere((t.scope,)) for t in rules.list_types}
        self.severe = {code: self.list_days[code] for code, listed in self.lists.items() if usable_severe(listed)}
        self.good_days = self._good_days()
        self.sanctions: list[Box] = []
        self.incentives: list[Box] = []
        for number, row in enumerate(rules.applications):
            self._lay_out(number, row)
        self.bars = tuple(self._bars())
        self.live_rows = {box.number for box in (*self.sanctions, *self.incentives)}

    def row_days(self, row: Application, measure: Measure) -> Spans:
        """Days of validity on which both the measure and its application are in force."""
        both = common(days(measure.valid_from, measure.valid_to), days(row.valid_from, row.valid_to))
        return common(both, self.valid)

    def cell(self, box: Box, role: Role, kind: SubjectKind, day: date, region: str = "") -> Witness:
        """One cell of a box as a witness; without a region one that it reaches on that day."""
        if box.list_type and not region:
            region = self.territory.region_of(box.scopes, day)
        return Witness(
            matter=box.row.matter,
            list_type=box.list_type,
            role=role,
            kind=kind,
            region=region if box.list_type else "",
            on=day,
        )

    def some_cell(self, box: Box) -> Witness:
        """The first cell of a box."""
        return self.cell(box, box.roles[0], box.kinds[0], first_day(box.days))

    def _good_days(self) -> Spans:
        """Days on which some route to good credit can be met."""
        found: list[Spans] = []
        for route in self.rules.good_credit_routes:
            if route.kind == "red_list":
                found.extend(self.list_days[t.code] for t in self.rules.list_types if usable_good(t))
            elif route.years is not None:
                found.append(self.valid)
        return union(found)

    def _lay_out(self, number: int, row: Application) -> None:
        matter, measure = self.matters.get(row.matter), self.measures.get(row.measure)
        if matter is None or measure is None:
            return
        spans = self.row_days(row, measure)
        kinds = tuple(dict.fromkeys(measure.kinds))
        if measure.kind == "incentive" and Role.APPLICANT in measure.roles:
            held = common(spans, self.good_days)
            if held and not (measure.effect == "green_channel" and matter.quota_limited):
                box = Box(number, row, measure, "", (Role.APPLICANT,), kinds, (), held, held, may_refuse=False)
                self.incentives.append(box)
        roles = tuple(role for role in dict.fromkeys(measure.roles) if role in matter.queried_roles)
        if not roles or measure.effect == "of_others" or not may_burden(measure, row):
            return
        refuses = (
            measure.effect == "limit_entry"
            and row.may_refuse
            and bool(row.basis)
            and all(b.carries_refusal for b in row.basis)
        )
        for code in measure.list_types:
            if code in self.severe:
                scopes = joint_scopes((*row.basis, *measure.basis), self.lists[code].scope)
                held = common(spans, self.territory.anywhere(scopes))
                if held:
                    box = Box(number, row, measure, code, roles, kinds, scopes, spans, held, refuses)
                    self.sanctions.append(box)

    def _bars(self) -> Iterator[BarBox]:
        for bar in self.rules.bars:
            scopes = joint_scopes(bar.basis)
            held = self.territory.anywhere(scopes)
            lawful = carries_adverse(bar.basis)
            refuses = bar.may_refuse and all(b.carries_refusal for b in bar.basis)
            for code in dict.fromkeys(bar.matters):
                matter = self.matters.get(code)
                if matter is not None:
                    roles = tuple(role for role in dict.fromkeys(bar.roles) if role in matter.queried_roles)
                    given = proofs_of(matter)
                    proofs = tuple(p for p in dict.fromkeys(bar.proofs) if p in given)
                    yield BarBox(bar, matter, roles, proofs, scopes, held, lawful, refuses)


def joint_scopes(basis: tuple[LegalBasis, ...], scope: str = "national") -> tuple[str, ...]:
    """Where a rule with these bases, about a list of this scope, can hold: the scopes that must all hold."""
    return tuple(sorted({scope, *(b.scope for b in basis)} - {"national"}))


def proofs_of(matter: Matter) -> frozenset[str]:
    """What the sources of a matter can prove: the organ's own register, or a record at a platform."""
    sources = {*matter.required_sources, *matter.advisory_sources}
    own = frozenset({"own_register"}) if OWN_REGISTER in sources else frozenset[str]()
    return own | {"platform"} if sources - {OWN_REGISTER} else own


def usable(listed: ListType) -> bool:
    """Whether rows of an adverse list may be used at all: it is not for reference only and has a basis."""
    adverse = listed.severity is not Severity.GOOD and not listed.reference_only
    return adverse and any(b.carries_adverse for b in listed.basis)


def usable_severe(listed: ListType) -> bool:
    """Whether rows of a list can be severe and have an effect."""
    return listed.severity is Severity.SERIOUS and usable(listed)


def usable_good(listed: ListType) -> bool:
    """Whether rows of a list can show good standing."""
    return listed.severity is Severity.GOOD and not listed.reference_only


def likely_kind(role: Role, matter: Matter) -> SubjectKind:
    """The kind that a reader expects in a role: for the applicant the one that may apply, else a person."""
    return matter.subject_kind if role is Role.APPLICANT else SubjectKind.PERSON
