"""What ``evaluate`` does in every cell of a small rule set: the witness against the analysis.

Every function walks the full finite product, with one region for each class and one day for each elementary interval.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import combinations, product

from msgspec.structs import replace

from approval_hook.policy.case import Authorisation, CaseView, PartyView, Role
from approval_hook.policy.catalogue import Matter, RuleSet
from approval_hook.policy.decision import Decision, FiredMeasure, Outcome, Why
from approval_hook.policy.evaluate import evaluate
from approval_hook.policy.records import CreditRecord, CreditReport, QueryStatus, Severity
from approval_hook.policy.subjects import SubjectKind
from approval_hook.policy.workdays import WorkCalendar

from .random_rules import DOMAINS, EVENTS, KINDS, LISTS, ROLES

CALENDAR = WorkCalendar(frozenset(), frozenset(), date(2026, 12, 31))
#: One of each class that the scopes and agreements of the random rule sets can tell apart.
REGIONS = ("440104", "440304", "440500", "310000", "110000")
_CONSENT = Authorisation("SQ-1", date(2000, 1, 1), date(2100, 1, 1))
_LONG_AGO, _AT = date(1960, 1, 1), datetime(2026, 1, 1, tzinfo=UTC)
_SEVERE = (Outcome.LISTED_MEASURE, Outcome.SEVERE)

Names = dict[tuple[str, str, str], set[str]]


def days_of(rules: RuleSet) -> tuple[date, ...]:
    """The first day of every elementary interval within the validity."""
    dated = (*rules.measures, *rules.applications, *rules.agreements, *rules.grounds, *rules.editions)
    found = {rules.valid_from, *(part.valid_from for part in dated)}
    found |= {part.valid_to + timedelta(days=1) for part in dated if part.valid_to}
    return tuple(sorted(day for day in found if rules.valid_from <= day <= (rules.valid_to or date.max)))


def party(role: Role, kind: SubjectKind, *, market: bool = True, consent: bool = True, old: bool = True) -> PartyView:
    """A party of the synthetic case."""
    since = _LONG_AGO if old else None
    return PartyView(
        f"{role}-{kind}",
        kind,
        role,
        True,
        market=market and kind is SubjectKind.ORGANISATION,
        born_on=since,
        established_on=since,
        authorisation=_CONSENT if consent else None,
    )


def decide(
    rules: RuleSet, matter: Matter, who: PartyView, day: date, region: str, *rows: CreditRecord, source: str = ""
) -> Decision:
    """Evaluate a synthetic case with these rows about one party and clean answers otherwise."""
    parties = (who,) if who.role is Role.APPLICANT else (party(Role.APPLICANT, matter.subject_kind), who)
    where = source or matter.required_sources[0]
    reports = [
        CreditReport(p.ref, s, QueryStatus.OK, _AT, _AT, rows if p is who and s == where else ())
        for p in parties
        for s in dict.fromkeys((*matter.required_sources, where))
    ]
    case = CaseView("办件", matter.code, "机关", region, day, day, parties)
    return evaluate(case, reports, rules, day, CALENDAR)


def record(list_type: str, day: date, severity: Severity = Severity.SERIOUS, **more: str | bool) -> CreditRecord:
    """A row decided on the day itself."""
    row = CreditRecord("r", "province", list_type, severity, "示例", day, document_no="1号")
    return replace(row, **more)


@dataclass
class Measured:
    """What the measures of a rule set do."""

    cells: set[tuple[int, str, str, Role, SubjectKind, date]] = field(default_factory=set)  # by number of the row
    conflicts: Names = field(default_factory=lambda: defaultdict(set))  # by matter, list and type
    duplicates: Names = field(default_factory=lambda: defaultdict(set))
    severe_days: dict[tuple[str, str], set[date]] = field(default_factory=lambda: defaultdict(set))
    fired_days: dict[tuple[str, str], set[date]] = field(default_factory=lambda: defaultdict(set))


def measured(rules: RuleSet) -> Measured:
    """Every cell of matter, list, role, kind, region and day; each row under a name of its own."""
    tagged = _tagged(rules)
    found = Measured()
    for matter, day, kind in product(rules.matters, days_of(rules), KINDS):
        for code, role, region in product(LISTS, ROLES, REGIONS):
            who = party(role, kind)
            decision = decide(tagged, matter, who, day, region, record(code, day))
            fired = [m for m in decision.measures if m.kind == "sanction"]
            _add(found, rules, fired, matter.code, code, (role, kind, day))
            if role is Role.APPLICANT and decision.outcome in _SEVERE:
                found.severe_days[matter.code, code].add(day)
        for decision in _good(tagged, matter, kind, day):
            fired = [m for m in decision.measures if m.kind == "incentive"]
            _add(found, rules, fired, matter.code, "", (Role.APPLICANT, kind, day))
    return found


def _tagged(rules: RuleSet) -> RuleSet:
    measures = {m.id: m for m in rules.measures}
    rows = [(n, row) for n, row in enumerate(rules.applications) if row.measure in measures]
    return rules.model_copy(
        update={
            "measures": tuple(measures[row.measure].model_copy(update={"id": str(n)}) for n, row in rows),
            "applications": tuple(row.model_copy(update={"measure": str(n)}) for n, row in rows),
        }
    )


def _good(rules: RuleSet, matter: Matter, kind: SubjectKind, day: date) -> Iterator[Decision]:
    yield decide(rules, matter, party(Role.APPLICANT, kind), day, REGIONS[0])
    for code, region in product(LISTS, REGIONS):
        who = party(Role.APPLICANT, kind, old=False)
        yield decide(rules, matter, who, day, region, record(code, day, Severity.GOOD))


def _add(
    found: Measured,
    rules: RuleSet,
    fired: list[FiredMeasure],
    matter: str,
    code: str,
    cell: tuple[Role, SubjectKind, date],
) -> None:
    rows = {str(n): row for n, row in enumerate(rules.applications)}
    types = {m.id: m.type for m in rules.measures}
    for one in fired:
        found.cells.add((int(one.measure), matter, code, *cell))
        found.fired_days[matter, code].add(cell[-1])
    for one, two in combinations(fired, 2):
        names = {rows[one.measure].measure, rows[two.measure].measure}
        kinds = {types[name] for name in names}
        if len(kinds) > 1:
            continue
        key = (matter, code, kinds.pop())
        if one.effect != two.effect:
            if "limit_entry" in (one.effect, two.effect):
                found.conflicts[key] |= names
        elif (one.force, one.may_refuse) != (two.force, two.may_refuse):
            found.conflicts[key] |= names
        else:
            found.duplicates[key] |= names


@dataclass
class Barred:
    """What the bars of a rule set do."""

    fired: set[tuple[str, str, Role]] = field(default_factory=set)  # bar, matter and role
    conflicts: Names = field(default_factory=lambda: defaultdict(set))  # by matter, event and domain
    duplicates: Names = field(default_factory=lambda: defaultdict(set))


def barred(rules: RuleSet) -> Barred:
    """Every cell of matter, event, field, role, kind, former role and proof."""
    found = Barred()
    places = product(REGIONS, days_of(rules))
    for (region, day), matter, event, domain in product(places, rules.matters, EVENTS, DOMAINS):
        for role, kind, then, source in product(ROLES, KINDS, ("", *ROLES), ("own_register", "province")):
            row = record("none", day, event=event, domain=domain, role_then=str(then))
            decision = decide(rules, matter, party(role, kind), day, region, row, source=source)
            key = (matter.code, event, domain)
            for one in decision.measures:
                found.fired.add((one.measure, matter.code, role))
            for one, two in combinations(decision.measures, 2):
                same = (one.until, one.may_refuse) == (two.until, two.may_refuse)
                (found.duplicates if same else found.conflicts)[key].update((one.measure, two.measure))
    return found


def grounded(rules: RuleSet) -> tuple[set[str], set[str]]:
    """Grounds on which something is asked, and matters at which a ground lapses for some party."""
    used, lapsing = set(), set()
    for matter, role, kind, market, region in product(rules.matters, ROLES, KINDS, (True, False), REGIONS):
        who = party(role, kind, market=market, consent=False)
        named = [decide(rules, matter, who, day, region).parties[-1].ground for day in days_of(rules)]
        used |= {name for name in named if name and rules.sources_for(name, matter) != ((), ())}
        if any(named) and not all(named):
            lapsing.add(matter.code)
    return used, lapsing


def softened(rules: RuleSet) -> set[str]:
    """Leniencies that take something away or say that it may be."""
    found = set()
    shades = (Severity.MINOR, Severity.GENERAL, Severity.SERIOUS)
    whys = (Why.RESTRUCTURED, Why.MINOR_CORRECTED)
    cells = product(LISTS, REGIONS, days_of(rules), shades, (True, False), (True, False))
    for code, region, day, shade, saved, mended in cells:
        who = party(Role.APPLICANT, SubjectKind.ORGANISATION)
        if saved:
            who = replace(who, restructured_on=day, restructuring_ruling="1号")
        row = record(code, day, shade, rectified=mended)
        decision = decide(rules, rules.matters[0], who, day, region, row)
        found |= {name for effect in decision.refused if effect.why in whys for name in effect.rules}
        found |= {reason.rule for reason in decision.reasons if reason.why is Why.FIRST_MINOR}
    return found
