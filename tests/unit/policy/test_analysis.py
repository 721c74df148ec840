"""The analysis of a rule set agrees with ``evaluate`` over the whole finite product, and finds what is planted."""

from __future__ import annotations

import os
import re
import time
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from approval_hook.policy.analysis import Analysis, Finding, FindingKind, Witness, analyse, reach
from approval_hook.policy.analysis.lawful import least_room
from approval_hook.policy.analysis.regions import region_classes
from approval_hook.policy.case import Role
from approval_hook.policy.catalogue import RuleSet
from approval_hook.policy.decision import Outcome
from approval_hook.policy.records import Severity
from approval_hook.policy.rules import Leniency
from approval_hook.policy.subjects import SubjectKind
from approval_hook.policy.workdays import WorkCalendar, add_workdays
from approval_hook.workcalendar import published_calendar
from tests.benchmarks.policy_set import policy_data

from . import brute_force
from .effort import capped
from .planting import (
    APPLICATION,
    AWAY,
    BASE,
    LISTED,
    bar,
    changed,
    clock,
    first,
    material,
    of,
    places,
    relisted,
    shared,
    twins,
)
from .random_rules import BAR_SETS, CITY, GROUND_SETS, GUESS, LAW, LENIENCY_SETS, MEASURE_SETS, MEMO, POLICY, PROVINCE

PAGE = Path(__file__).resolve().parents[3] / "docs" / "explanation" / "rule-analysis.md"
exhaustive = settings(
    deadline=None, max_examples=capped(400 if os.environ.get("LONG") else 30), suppress_health_check=list(HealthCheck)
)


def by_cell(found: list[Finding], *fields: str) -> dict[tuple[str, ...], set[str]]:
    """Rules of findings, by fields of their witness."""
    names: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for finding in found:
        assert finding.witness is not None
        names[tuple(getattr(finding.witness, name) for name in fields)].update(finding.rules)
    return dict(names)


def flat(names: brute_force.Names, *, typed: bool) -> dict[tuple[str, ...], set[str]]:
    """What brute force saw, with the measure types of one matter and list together."""
    found: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for key, rules in names.items():
        found[key[:2] if typed else key] |= rules
    return dict(found)


@exhaustive
@given(MEASURE_SETS)
def test_measures_agree_with_brute_force(rules: RuleSet) -> None:
    """Reach, dead rows, contradictions, repetitions, gaps and orphans are exactly what every cell shows."""
    seen = brute_force.measured(rules)
    analysis = analyse(rules)
    days = brute_force.days_of(rules)
    cells = {
        (c.measure, c.matter, c.list_type, c.role, c.kind, day)
        for c in reach(rules).cells
        for day in days
        if any(a <= day <= (b or date.max) for a, b in c.days)
    }
    rows = rules.applications
    assert cells == {(rows[n].measure, *rest) for n, *rest in seen.cells}
    effects = {m.id: m.effect for m in rules.measures}
    fired = {n for n, *_ in seen.cells}
    dead = [n for n, row in enumerate(rows) if n not in fired and effects.get(row.measure) != "of_others"]
    said = of(analysis, FindingKind.NEVER_FIRES)
    rows_said = sorted(f.place for f in said if f.place.startswith("applications"))
    assert rows_said == sorted(f"applications({rows[n].matter} / {rows[n].measure})" for n in dead)
    for kind, names in ((FindingKind.CONFLICT, seen.conflicts), (FindingKind.DUPLICATE, seen.duplicates)):
        assert by_cell(of(analysis, kind), "matter", "list_type") == flat(names, typed=True)
    never, partly = defaultdict(set), defaultdict(set)
    for (matter, code), severe in seen.severe_days.items():
        left = severe - seen.fired_days[matter, code]
        # A measure for related persons alone leaves no gap: the list does cause something at this matter.
        if left:
            (partly if seen.fired_days[matter, code] else never)[code].add(matter)
    for kind, gap in ((FindingKind.NO_MEASURE, never), (FindingKind.NO_MEASURE_DAYS, partly)):
        assert {f.rules[0]: set(f.rules[1:]) for f in of(analysis, kind)} == gap
    reached = {matter for _, matter, *_ in seen.cells}
    assert {f.rules[0] for f in of(analysis, FindingKind.UNREACHED_MATTER)} == {"m1", "m2"} - reached
    _check_witnesses(rules, analysis)
    _check_roles(rules, analysis, seen)
    _check_editions(rules, analysis, seen)


def _check_witnesses(rules: RuleSet, analysis: Analysis) -> None:
    """Each witness of a contradiction or gap is a cell in which ``evaluate`` shows it."""
    for finding in analysis.findings:
        cell = finding.witness
        if cell is None or not cell.list_type or cell.role is None or cell.kind is None or cell.on is None:
            continue
        row = brute_force.record(cell.list_type, cell.on)
        who = brute_force.party(cell.role, cell.kind)
        decision = brute_force.decide(rules, rules.matter(cell.matter), who, cell.on, cell.region, row)
        fired = [m.measure for m in decision.measures]
        if finding.kind in (FindingKind.CONFLICT, FindingKind.DUPLICATE):
            assert len([name for name in fired if name in finding.rules]) > 1
        elif finding.kind in (FindingKind.NO_MEASURE, FindingKind.NO_MEASURE_DAYS):
            assert not fired
            assert decision.outcome is Outcome.SEVERE
        else:
            assert set(finding.rules) <= set(fired)


def _check_roles(rules: RuleSet, analysis: Analysis, seen: brute_force.Measured) -> None:
    """A role is never queried exactly where a row names it and fires for other roles only."""
    named = {m.id: m for m in rules.measures}
    silent = set()
    for n, row in enumerate(rules.applications):
        roles = {role for number, _, code, role, *_ in seen.cells if number == n and code}
        if roles and set(named[row.measure].roles) - roles:
            silent.add(f"applications({row.matter} / {row.measure})")
    said = places(analysis, FindingKind.ROLE_NOT_QUERIED)
    dead = places(analysis, FindingKind.NEVER_FIRES)
    assert silent <= said
    assert said - dead <= silent | dead
    kinds = {m.code: m.subject_kind for m in rules.matters}
    wrong = {
        f"applications({row.matter} / {row.measure})"
        for n, row in enumerate(rules.applications)
        for mine in ({(role, kind) for number, _, _, role, kind, _ in seen.cells if number == n},)
        if mine and not any(role != "applicant" or kind == kinds[row.matter] for role, kind in mine)
    }
    assert places(analysis, FindingKind.WRONG_KIND) == wrong


def _check_editions(rules: RuleSet, analysis: Analysis, seen: brute_force.Measured) -> None:
    """A measure is outside its edition exactly where it fires on a day on which the edition is not in force."""
    editions = {e.id: e for e in rules.editions}
    types = {t.code: editions.get(t.edition) for t in rules.measure_types}
    outside = set()
    for n, *_, day in seen.cells:
        measure = next(m for m in rules.measures if m.id == rules.applications[n].measure)
        edition = types[measure.type]
        if edition and not edition.valid_from <= day <= (edition.valid_to or date.max):
            outside.add(f"measures({measure.id})")
    assert places(analysis, FindingKind.OUTSIDE_EDITION) == outside


@exhaustive
@given(BAR_SETS)
def test_bars_agree_with_brute_force(rules: RuleSet) -> None:
    """Dead bars, contradicting and repeated bars and unasked roles are exactly what every cell shows."""
    seen = brute_force.barred(rules)
    analysis = analyse(rules)
    pairs = {(bar.id, matter) for bar in rules.bars for matter in bar.matters}
    fired = {(bar, matter) for bar, matter, _ in seen.fired}
    dead = {f"bars({bar}).matters({matter})" for bar, matter in pairs - fired}
    assert {p for p in places(analysis, FindingKind.NEVER_FIRES) if p.startswith("bars")} == dead
    for kind, names in ((FindingKind.CONFLICT, seen.conflicts), (FindingKind.DUPLICATE, seen.duplicates)):
        assert by_cell(of(analysis, kind), "matter", "event", "domain") == flat(names, typed=False)
    silent = {
        (bar.id, matter)
        for bar in rules.bars
        for matter in bar.matters
        if (bar.id, matter) in fired and any((bar.id, matter, role) not in seen.fired for role in bar.roles)
    }
    said = {(f.rules[0], f.witness.matter) for f in of(analysis, FindingKind.ROLE_NOT_QUERIED) if f.witness}
    assert said & fired == silent
    for finding in of(analysis, FindingKind.CONFLICT):
        cell = finding.witness
        assert cell is not None
        assert cell.role is not None
        assert cell.kind is not None
        assert cell.on is not None
        row = brute_force.record("none", cell.on, event=cell.event, domain=cell.domain, role_then=cell.role_then)
        source = "own_register" if cell.proof == "own_register" else "province"
        who = brute_force.party(cell.role, cell.kind)
        matter = rules.matter(cell.matter)
        decision = brute_force.decide(rules, matter, who, cell.on, cell.region, row, source=source)
        met = [m for m in decision.measures if m.measure in finding.rules]
        assert len({(m.until, m.may_refuse) for m in met}) > 1


@exhaustive
@given(GROUND_SETS)
def test_grounds_agree_with_brute_force(rules: RuleSet) -> None:
    """A ground is dead exactly where nobody is asked on it, and lapses exactly where a day is left out."""
    used, lapsing = brute_force.grounded(rules)
    analysis = analyse(rules)
    said = {p for p in places(analysis, FindingKind.NEVER_FIRES) if p.startswith("grounds")}
    assert said == {f"grounds({g.id})" for g in rules.grounds if g.id not in used}
    assert {f.place for f in of(analysis, FindingKind.NO_GROUND_DAYS)} == {f"matters({code})" for code in lapsing}


@exhaustive
@given(LENIENCY_SETS)
def test_leniencies_agree_with_brute_force(rules: RuleSet) -> None:
    """A leniency is dead exactly where no record of any list, region, day and severity is softened by it."""
    found = brute_force.softened(rules)
    said = {p for p in places(analyse(rules), FindingKind.NEVER_FIRES) if p.startswith("leniencies")}
    assert said == {f"leniencies({i.id})" for i in rules.leniencies if i.id not in found}


@pytest.mark.parametrize(
    ("parts", "place", "said"),
    [
        ({"applications": first("applications", basis=())}, APPLICATION, "限制准入没有适用于本事项的依据"),
        ({"applications": first("applications", basis=(MEMO,))}, APPLICATION, "不得产生不利影响"),
        ({"applications": first("applications", basis=(LAW, GUESS))}, APPLICATION, "不得产生不利影响"),
        ({"measures": first("measures", basis=(MEMO,))}, APPLICATION, "不得产生不利影响"),
        ({"applications": first("applications", basis=(POLICY,), may_refuse=True)}, APPLICATION, "不予许可须全部依据"),
        (
            {
                "applications": first("applications", may_refuse=True),
                "measures": first("measures", effect="strict_review"),
            },
            APPLICATION,
            "只有限制准入",
        ),
        (
            {"applications": first("applications", may_refuse=True), "measures": first("measures", effect="of_others")},
            APPLICATION,
            "其他机关的措施不能",
        ),
        ({"list_types": first("list_types", basis=(MEMO,))}, "list_types(list0)", "名单没有已核实的"),
    ],
)
def test_an_adverse_effect_without_a_basis_is_found_behind_the_validation(
    parts: dict[str, Any], place: str, said: str
) -> None:
    """What a rule file may not say is found where it was said past the loader, as an error (L-01, 许可法 第十六条)."""
    assert not of(analyse(BASE), FindingKind.NO_BASIS)
    found = {f.place: f for f in of(changed(**parts), FindingKind.NO_BASIS)}
    assert said in found[place].text
    assert {f.severity for f in found.values()} == {"error"}


def test_a_bar_without_a_basis_is_found_behind_the_validation() -> None:
    """A bar is a blocking effect: a memorandum carries none, a central policy document no refusal."""
    assert not of(changed(bars=(bar(),)), FindingKind.NO_BASIS)
    assert places(changed(bars=(bar(basis=(MEMO,)),)), FindingKind.NO_BASIS) == {"bars(b)"}
    assert places(changed(bars=(bar(basis=(POLICY,)),)), FindingKind.NO_BASIS) == {"bars(b)"}
    assert not of(changed(bars=(bar(basis=(POLICY,), may_refuse=False),)), FindingKind.NO_BASIS)
    assert not of(changed(bars=(bar(basis=(MEMO,), matters=()),)), FindingKind.NO_BASIS)


def test_one_measure_twice_at_one_matter_is_found_behind_the_validation() -> None:
    """The same row twice is a repetition, with another force a contradiction."""
    row = BASE.applications[0].model_copy(update={"force": "mandatory"})
    measure = BASE.measures[0].model_copy(update={"roles": ("applicant",)})
    twin = row.model_copy(update={"force": "recommended"})
    again = changed(measures=(measure,), applications=(row, row))
    assert [f.rules for f in of(again, FindingKind.DUPLICATE)] == [(measure.id,)] * len(measure.list_types)
    assert not of(again, FindingKind.CONFLICT)
    opposed = of(changed(measures=(measure,), applications=(row, twin)), FindingKind.CONFLICT)
    assert {f.severity for f in opposed} == {"error"}
    assert {f.rules for f in opposed} == {(measure.id,)}


@pytest.mark.parametrize(
    ("one", "two", "kinds"),
    [
        ("limit_entry", "strict_review", {FindingKind.CONFLICT}),
        ("strict_review", "key_supervision", set()),
        ("strict_review", "strict_review", {FindingKind.DUPLICATE}),
    ],
)
def test_effects_of_one_type_contradict_only_about_who_decides(one: str, two: str, kinds: set[FindingKind]) -> None:
    """The head decides a limit on entry, the section everything else; those effects add up (O-05, O-06)."""
    found = changed(**twins({"effect": one}, {"effect": two}))
    assert {f.kind for f in found.findings} & {FindingKind.CONFLICT, FindingKind.DUPLICATE} == kinds


def test_rows_meet_only_in_the_roles_that_they_share() -> None:
    """Rows about different roles of one matter and list never meet; a role that only one of them has shows nothing."""
    boss = {"roles": (Role.LEGAL_REPRESENTATIVE,)}
    assert not of(changed(**twins({}, boss)), FindingKind.DUPLICATE)
    both = {"roles": (Role.APPLICANT, Role.LEGAL_REPRESENTATIVE)}
    (found,) = of(changed(**twins(both, boss)), FindingKind.DUPLICATE)
    assert found.rules == ("first", "second")
    assert found.witness is not None
    assert (found.witness.role, found.witness.kind) == (Role.LEGAL_REPRESENTATIVE, SubjectKind.PERSON)


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({"measures": first("measures", roles=("investor",))}, "一个也不核查"),
        ({"measures": first("measures", list_types=())}, "没有写明对应名单"),
        ({"measures": first("measures", list_types=("gone",))}, "名单“gone”不存在"),
        ({"measures": first("measures", basis=(MEMO,))}, "依据不全是已核实的"),
        ({"applications": first("applications", valid_to=date(2025, 1, 1))}, "有效期没有共同的日子"),
        ({"applications": first("applications", basis=(PROVINCE, AWAY))}, "与各项依据没有共同的适用地域"),
        ({"applications": first("applications", matter="gone")}, "事项“gone”不存在"),
        ({"applications": first("applications", measure="gone")}, "措施“gone”不存在"),
        ({"list_types": relisted(severity=Severity.GENERAL)}, "不是严重失信名单"),
        ({"list_types": relisted(reference_only=True)}, "仅供参考"),
        ({"list_types": relisted(scope="agreement:gone")}, "在规则有效期内不及于任何地域"),
        (
            {
                "agreements": (shared(),),
                "list_types": relisted(scope="agreement:a"),
                "applications": first("applications", valid_from=date(2026, 7, 1)),
            },
            "适用的日子与措施的有效期没有重合",
        ),
    ],
)
def test_a_dead_row_says_why(parts: dict[str, Any], why: str) -> None:
    """Each reason for which a sanction can never fire is named, as an error."""
    if "list_types" in parts:
        parts = {**parts, "measures": first("measures", list_types=(LISTED,))}
    base = of(analyse(BASE), FindingKind.NEVER_FIRES)
    found = [f for f in of(changed(**parts), FindingKind.NEVER_FIRES) if f not in base and f.rules != (LISTED,)]
    assert found
    assert all(f.severity == "error" and why in f.text for f in found)


def test_a_short_row_inside_a_long_one_hides_no_later_repetition() -> None:
    """The longest row so far is the one that a later row is held against."""
    like = {"roles": ("applicant",), "list_types": ("list1",)}
    spans = {"long": (1, 12), "short": (2, 3), "later": (6, 7), "alone": (13, 13)}
    measures = tuple(BASE.measures[0].model_copy(update={**like, "id": name}) for name in spans)
    rows = tuple(
        BASE.applications[0].model_copy(
            update={
                "measure": name,
                "force": "mandatory",
                "valid_from": date(2026, 1, one),
                "valid_to": date(2026, 1, two),
            }
        )
        for name, (one, two) in spans.items()
    )
    (found,) = of(changed(measures=measures, applications=rows), FindingKind.DUPLICATE)
    assert found.rules == ("later", "long", "short")


def test_a_row_only_for_applicants_who_may_not_apply_is_found() -> None:
    """A measure for persons does nothing where only organisations apply and nobody else is reached."""
    fields = {"roles": ("applicant",), "kinds": ("person",)}
    assert APPLICATION in places(changed(measures=first("measures", **fields)), FindingKind.WRONG_KIND)
    fields["roles"] = ("applicant", "legal_representative")
    assert APPLICATION not in places(changed(measures=first("measures", **fields)), FindingKind.WRONG_KIND)


def test_a_first_offence_needs_a_record_that_is_not_forgiven_outright() -> None:
    """Where every list is a minor one and corrected minor records are forgiven, nothing is left to be a first one."""
    given = {"title": "从轻", "title_en": "Leniency", "scope": "national", "basis": (LAW,)}
    forgiven, once = (
        Leniency.model_validate({**given, "id": kind, "kind": kind}) for kind in ("minor_corrected", "first_minor")
    )
    minor = tuple(t.model_copy(update={"severity": Severity.MINOR}) for t in BASE.list_types)
    dead = "leniencies(first_minor)"
    assert dead not in places(changed(leniencies=(forgiven, once)), FindingKind.NEVER_FIRES)
    assert dead not in places(changed(leniencies=(once,), list_types=minor), FindingKind.NEVER_FIRES)
    assert dead in places(changed(leniencies=(forgiven, once), list_types=minor), FindingKind.NEVER_FIRES)


def test_a_bar_whose_bases_share_no_territory_never_fires() -> None:
    """A regulation of one province and one of a city elsewhere are law together nowhere."""
    assert not of(changed(bars=(bar(basis=(PROVINCE, CITY)),)), FindingKind.NEVER_FIRES)
    (found,) = of(changed(bars=(bar(basis=(PROVINCE, AWAY)),)), FindingKind.NEVER_FIRES)
    assert "没有共同的适用地域" in found.text


def test_a_green_channel_under_a_quota_never_fires() -> None:
    """Quota-limited licences go by order of acceptance (许可法 第五十七条)."""
    green = {"kind": "incentive", "effect": "green_channel", "list_types": (), "roles": ("applicant",)}
    parts = {"measures": first("measures", **green)}
    assert APPLICATION not in places(changed(**parts), FindingKind.NEVER_FIRES)
    found = of(changed(**parts, matters=first("matters", quota_limited=True)), FindingKind.NEVER_FIRES)
    assert [f.severity for f in found if f.place == APPLICATION] == ["warning"]


def test_a_prefix_with_every_longer_one_mentioned_has_no_class_of_its_own() -> None:
    """Regions are sorted by the longest prefix mentioned; where all are longer, the shorter one sorts none."""
    cities, counties = (f"44{n:02d}" for n in range(100)), (f"3500{n:02d}" for n in range(100))
    share = shared(regions=("44", "440104", "35", *cities, *counties))
    rules = BASE.model_copy(update={"agreements": (share,), "list_types": first("list_types", scope="nowhere")})
    found = region_classes(rules)
    assert len(found) == 203
    assert {"440104", "440100", "350100", "110000"} <= set(found)


def test_a_tolerable_material_of_law_is_found_behind_the_validation() -> None:
    """What law or regulation requires is never tolerated missing (R-13)."""
    assert not of(analyse(BASE), FindingKind.STATUTORY_TOLERABLE)
    (found,) = of(changed(matters=material(kind="statutory")), FindingKind.STATUTORY_TOLERABLE)
    assert (found.place, found.severity) == ("matters(matter-0).materials(paper-0)", "error")
    assert not of(changed(matters=material(kind="statutory", tolerance="never")), FindingKind.STATUTORY_TOLERABLE)


def test_a_supplement_beyond_the_decision_is_found() -> None:
    """Twenty working days less three leave seventeen, of which good credit adds some."""
    fits = changed(matters=material(supplement_days=12))
    late = changed(matters=material(supplement_days=13))
    assert not of(fits, FindingKind.SUPPLEMENT_LATE)
    assert [f.place for f in of(late, FindingKind.SUPPLEMENT_LATE)] == ["matters(matter-0).materials(paper-0)"]


@pytest.mark.parametrize("unit", ["workdays", "days"])
@pytest.mark.parametrize("length", [0, 1, 7, 20, 45, 90])
@pytest.mark.parametrize("buffer", [0, 1, 3, 25])
def test_room_for_supplements_is_that_of_the_tightest_day(unit: str, length: int, buffer: int) -> None:
    """Counted day by day as ``evaluate`` counts it, over three published years, no day leaves less room."""
    calendar = published_calendar()
    since = date(2024, 1, 1)
    recent = WorkCalendar(
        frozenset(d for d in calendar.holidays if d >= since),
        frozenset(d for d in calendar.workdays if d >= since),
        calendar.published_until,
    )
    rooms = {}
    for number in range((calendar.published_until - since).days + 1):
        start = since + timedelta(days=number)
        due = add_workdays(start, length, recent).on if unit == "workdays" else start + timedelta(days=length)
        latest = add_workdays(due, -buffer, recent).on
        room = 0
        while add_workdays(start, room + 1, recent).on <= latest:
            room += 1
        rooms[start] = room
    least, tightest = least_room(clock(length, unit), buffer, recent)
    assert least == min(rooms.values())
    assert tightest is None or rooms[tightest] == least


def test_a_clock_in_calendar_days_is_counted_over_the_published_days() -> None:
    """Without a calendar every day counts; with one, the tightest day of acceptance is named."""
    matter = BASE.matters[0]
    paper = matter.materials[0].model_copy(update={"supplement_days": 10, "good_credit_extra_days": 0})
    short = matter.model_copy(update={"clock": clock(15, "days"), "materials": (paper,)})
    rules = BASE.model_copy(update={"matters": (short, *BASE.matters[1:])})
    assert not of(analyse(rules), FindingKind.SUPPLEMENT_LATE)
    (found,) = of(analyse(rules, published_calendar()), FindingKind.SUPPLEMENT_LATE)
    assert found.witness is not None
    assert found.witness.on is not None
    assert "材料 paper-0" in found.witness.words()


@pytest.mark.parametrize(
    ("days", "until", "holidays", "least", "tightest"),
    [
        (7, date(2026, 12, 31), range(2, 10), 0, date(2026, 1, 1)),
        (2, date(2026, 1, 2), (), 0, date(2026, 1, 2)),
        (2, date(2026, 1, 1), (), 1, date(2026, 1, 1)),
    ],
)
def test_room_is_that_of_the_first_tightest_day_of_whole_published_years(
    days: int, until: date, holidays: Iterable[int], least: int, tightest: date
) -> None:
    """From the first of January to the last published day, a Friday or the Thursday before it, and not beyond."""
    calendar = WorkCalendar(frozenset(date(2026, 1, day) for day in holidays), frozenset(), until)
    assert least_room(clock(days, "days"), 0, calendar) == (least, tightest)


def _without_minor(rules: RuleSet) -> tuple[Any, ...]:
    return tuple(p for p in rules.display_periods if p.severity is not Severity.MINOR)


@pytest.mark.parametrize(
    ("parts", "kind", "place"),
    [
        ({"display_periods": _without_minor(BASE)}, FindingKind.NO_DISPLAY_PERIOD, "display_periods"),
        ({"bars": (bar(proofs=("own_register", "platform")),)}, None, ""),
        (
            {
                "bars": (bar(proofs=("own_register", "platform")),),
                "matters": first("matters", required_sources=("province",)),
            },
            FindingKind.PROOF_NOT_QUERIED,
            "bars(b)",
        ),
        (
            {"bars": (bar(),), "matters": first("matters", required_sources=("province",))},
            FindingKind.NEVER_FIRES,
            "bars(b).matters(matter-0)",
        ),
        ({"bars": (bar(roles=("investor",)),)}, FindingKind.NEVER_FIRES, "bars(b).matters(matter-0)"),
        ({"bars": (bar(domains=("elsewhere",)),)}, FindingKind.UNKNOWN_DOMAIN, "bars(b).domains"),
        ({"bars": (bar(matters=()),)}, FindingKind.UNUSED, "bars(b)"),
        ({"applications": BASE.applications[:1]}, FindingKind.UNUSED_MEASURE, "measures(measure-1)"),
        ({"bases": (*BASE.bases, GUESS)}, FindingKind.UNVERIFIED_BASIS, "bases(guess)"),
        ({"bases": (*BASE.bases, POLICY)}, FindingKind.UNUSED, "bases(policy)"),
        ({"measures": first("measures", basis=(GUESS,))}, FindingKind.UNVERIFIED_BASIS, "bases(guess)"),
        ({"documents": first("documents", title="无人引用")}, FindingKind.UNUSED, "documents(law)"),
        ({"editions": first("editions", id="spare")}, FindingKind.UNUSED, "editions(spare)"),
        ({"measure_types": first("measure_types", code="spare")}, FindingKind.UNUSED, "measure_types(spare)"),
        ({"clocks": first("clocks", id="spare")}, FindingKind.UNUSED, "clocks(spare)"),
        ({"sources": first("sources", name="spare")}, FindingKind.UNUSED, "sources(spare)"),
        (
            {"good_credit_routes": first("good_credit_routes", kind="red_list", years=None)},
            FindingKind.NEVER_FIRES,
            "good_credit_routes(clean)",
        ),
        (
            {"good_credit_routes": first("good_credit_routes", years=None)},
            FindingKind.NEVER_FIRES,
            "good_credit_routes(clean)",
        ),
        (
            {"measures": first("measures", kind="incentive", list_types=(), roles=("investor",))},
            FindingKind.ROLE_WITHOUT_EFFECT,
            "measures(measure-0).roles",
        ),
        ({"list_types": first("list_types", scope="agreement:none")}, FindingKind.NEVER_FIRES, "list_types(list0)"),
    ],
)
def test_what_is_planted_is_found(parts: dict[str, Any], kind: FindingKind | None, place: str) -> None:
    """Each planted flaw is found at its place, and the untouched rule set does not have it."""
    found = changed(**parts)
    if kind is None:
        assert not of(found, FindingKind.PROOF_NOT_QUERIED)
        return
    assert place in places(found, kind)
    assert place not in places(analyse(BASE), kind)


def test_measures_of_others_that_no_matter_uses_are_only_noted() -> None:
    """What other bodies carry out is listed for the record (R-23)."""
    spare = BASE.measures[0].model_copy(update={"id": "spare", "effect": "of_others"})
    found = {f.place: f.severity for f in of(changed(measures=(*BASE.measures, spare)), FindingKind.UNUSED_MEASURE)}
    assert found["measures(spare)"] == "note"


def test_every_finding_says_what_to_do_and_has_the_severity_of_its_kind() -> None:
    """A text is Chinese, ends as a sentence and asks for something; only dead rows differ in severity."""
    findings = (*analyse(BASE).findings, *changed(bars=(bar(basis=(MEMO,)), bar(id="c", period_years=5))).findings)
    grades = defaultdict(set)
    for finding in findings:
        assert re.search(r"请|无妨", finding.text)
        assert finding.text.endswith("。")
        grades[finding.kind].add(finding.severity)
    mixed = {FindingKind.NEVER_FIRES, FindingKind.UNUSED_MEASURE}
    assert all(len(found) == 1 for kind, found in grades.items() if kind not in mixed)


def test_findings_are_sorted_and_do_not_depend_on_the_order_of_rows() -> None:
    """Errors come first; turning measures, rows, bars and lists around changes no finding's kind, place and rules."""
    plain = analyse(BASE)
    turned = changed(
        applications=BASE.applications[::-1], measures=BASE.measures[::-1], list_types=BASE.list_types[::-1]
    )
    assert plain.revision == "synthetic"
    assert plain.findings == (*plain.errors, *plain.warnings, *plain.notes)
    assert plain.errors
    assert {(f.kind, f.place, f.rules) for f in plain.findings} == {(f.kind, f.place, f.rules) for f in turned.findings}


def test_reach_answers_both_ways() -> None:
    """A measure names its matters and a matter its measures, and what is unknown reaches nothing."""
    found = reach(BASE)
    for cell in found.cells:
        assert cell.matter in found.matters_of(cell.measure)
        assert cell.measure in found.measures_of(cell.matter)
        assert cell in found.cells_of(cell.measure)
        assert cell in found.cells_at(cell.matter)
    assert found.matters_of("nobody") == ()
    assert found.measures_of("nowhere") == ()


@pytest.mark.parametrize("shape", ["spread", "one-bucket", "bars"])
def test_four_thousand_rows_take_less_than_two_seconds(shape: str) -> None:
    """Rows are never compared pair by pair: not even when all stand at one matter, on one list."""
    rules = BASE if shape == "bars" else RuleSet.parse(policy_data(4000))
    if shape == "one-bucket":
        begin = date(2026, 1, 1)
        rows = tuple(
            rules.applications[n].model_copy(
                update={
                    "matter": "matter-0",
                    "measure": f"m{n}",
                    "force": ("mandatory", "recommended")[n % 2],
                    "valid_from": begin + timedelta(days=2 * n),
                    "valid_to": begin + timedelta(days=2 * n),
                }
            )
            for n in range(4000)
        )
        like = rules.measures[0].model_copy(update={"roles": ("applicant",), "list_types": ("list1",)})
        measures = tuple(like.model_copy(update={"id": f"m{n}"}) for n in range(4000))
        rules = rules.model_copy(update={"applications": rows, "measures": measures})
    if shape == "bars":
        bars = tuple(bar(id=f"b{n}", events=(f"e{n // 2}",), roles_then=("principal",)) for n in range(4000))
        rules = rules.model_copy(update={"bars": bars})
    taken = []
    for _ in range(3):
        begin_at = time.process_time()
        assert analyse(rules, published_calendar()).findings
        taken.append(time.process_time() - begin_at)
    assert min(taken) < 2


def test_the_page_names_every_kind_of_finding() -> None:
    """The table of the explanation lists exactly the kinds of the code, each with the severity it can have."""
    rows = re.findall(r"^\| `([a-z-]+)` \| ([a-z, ]+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert [name for name, _ in rows] == [kind.value for kind in FindingKind]
    assert Witness().words() == ""
