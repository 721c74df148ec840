"""What the core does with rules that no validation would let through, and with parties named twice."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from approval_hook.policy.case import Authorisation, Role
from approval_hook.policy.catalogue import RuleSet
from approval_hook.policy.decision import Channel, Decision, Outcome, Why
from approval_hook.policy.records import Severity
from approval_hook.policy.rules import BasisType, Ground
from approval_hook.policy.subjects import SubjectKind
from approval_hook.workcalendar import published_calendar

from .building import (
    BOSS,
    CONSENT,
    FIRM,
    OFFICER,
    OLD_FIRM,
    ON,
    case,
    clean,
    decide,
    record,
    report,
    revoked,
    rules,
    serious,
    with_records,
)
from .drawn_cases import rebuilt

YESTERDAY, TOMORROW = ON - timedelta(days=1), ON + timedelta(days=1)
DELTA = {"scope": "agreement:pearl-river-delta"}


def ground(name: str, **changes: Any) -> Ground:
    """A ground of national law on which the food matter may ask about persons and firms in every role, from any day."""
    market = rules().grounds[0]
    plain = {
        "id": name,
        "kinds": tuple(SubjectKind),
        "roles": tuple(Role),
        "market_only": False,
        "basis": tuple(b.model_copy(update={"scope": "national"}) for b in market.basis),
    }
    return market.model_copy(update={**plain, **changes})


def of_basis(item: Any, **changes: Any) -> tuple[Any, ...]:
    """The bases of a rule with a change in each."""
    return tuple(b.model_copy(update=changes) for b in item.basis)


def asked_on(*grounds: Ground, party: Any = FIRM, on: date = ON, **parts: Any) -> str:
    """The ground on which a book with these grounds, in this order, asks about a party at the food matter."""
    return rebuilt(rules(), grounds=grounds, **parts).ground_for(party, "food-business", "440104", on)


def wage_book(measure: dict[str, Any] | None = None, row: dict[str, Any] | None = None) -> RuleSet:
    """The shipped rules with a change in the measure of the wage list and in its row for the food matter."""
    return rebuilt(
        rules(),
        measures=tuple(m.model_copy(update=measure or {}) if m.id == "wage-48-entry" else m for m in rules().measures),
        applications=tuple(
            a.model_copy(update=row or {}) if (a.matter, a.measure) == ("food-business", "wage-48-entry") else a
            for a in rules().applications
        ),
    )


def on_the_wage_list(book: RuleSet) -> Decision:
    """The decision about a firm on the wage list."""
    return decide(case(FIRM), with_records(FIRM, serious("wage_arrears")), book=book)


# Grounds


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({}, True),
        ({"valid_from": ON}, True),
        ({"valid_from": TOMORROW}, False),
        ({"valid_to": ON}, True),
        ({"valid_to": YESTERDAY}, False),
        ({"matters": ("hr-service", "food-business")}, True),
        ({"matters": ("hr-service",)}, False),
        ({"roles": (Role.APPLICANT,)}, True),
        ({"roles": (Role.PRINCIPAL,)}, False),
        ({"kinds": (SubjectKind.PERSON,)}, False),
        ({"sources": ("own_register", "nowhere")}, True),
        ({"sources": ("nowhere",)}, False),
        ({"market_only": True}, True),
    ],
)
def test_r39_a_ground_counts_on_its_days_for_what_it_names(changes: dict[str, Any], asked: bool) -> None:
    """First and last day included; one that does not fit hides no other."""
    tried = ground("tried", **changes)
    assert asked_on(tried) == ("tried" if asked else "")
    assert asked_on(tried, ground("z-other")) == ("tried" if asked and not tried.sources else "z-other")


def test_r39_a_ground_about_market_subjects_is_none_about_others() -> None:
    """A school is no market subject (L-07)."""
    assert asked_on(ground("market", market_only=True), party=replace(FIRM, market=False)) == ""
    assert asked_on(ground("any"), party=replace(FIRM, market=False)) == "any"


@pytest.mark.parametrize(
    ("scopes", "asked"),
    [
        (["province:44"], True),
        (["province:33"], False),
        (["national", "city:4401"], True),
        (["province:44", "city:4403"], False),
    ],
)
def test_r39_a_ground_is_law_only_where_all_its_bases_are(scopes: list[str], asked: bool) -> None:
    """One basis of another place is enough for there being no ground here."""
    (basis, *_) = rules().grounds[0].basis
    local = ground("local", basis=tuple(basis.model_copy(update={"scope": scope}) for scope in scopes))
    assert asked_on(local) == ("local" if asked else "")


def test_r39_the_widest_ground_goes_first() -> None:
    """A full ground, then the consent, then the ground of the most sources, then the first by name."""
    one = ground("a-one", sources=("own_register",))
    two = ground("b-two", sources=("own_register", "province"))
    also = ground("c-two", sources=("own_register", "creditchina"))
    full = ground("d-full")
    silent = replace(BOSS, authorisation=None)
    assert asked_on(one, also, two, full, party=BOSS) == "d-full"
    assert asked_on(one, also, two, party=BOSS) == "authorisation:SQ-示例-1"
    assert asked_on(one, also, two, party=silent) == asked_on(two, also, one, party=silent) == "b-two"
    assert asked_on(one, also, party=silent) == "c-two"


def test_r39_a_ground_that_names_every_source_is_as_good_as_one_that_names_none() -> None:
    """Good credit needs every source of the matter asked; all but one are not enough."""
    every = ("city_list", "creditchina", "own_register", "province")
    for sources, outcome in ((every, Outcome.GOOD), (every[1:], Outcome.ORDINARY)):
        book = rebuilt(rules(), grounds=(ground("named", sources=sources),))
        decision = decide(case(OLD_FIRM), clean(OLD_FIRM), book=book)
        assert (decision.outcome, decision.complete) == (outcome, True)


def test_r39_a_partial_ground_requires_the_required_sources_it_suffices_for() -> None:
    """What it does not suffice for is not owed, and what it does is."""
    book = rebuilt(rules(), grounds=(ground("some", sources=("province", "creditchina")),))
    assert decide(case(FIRM), [report(FIRM, "province")], book=book).complete
    assert not decide(case(FIRM), [report(FIRM, "creditchina")], book=book).complete


@pytest.mark.parametrize(
    ("first", "last", "asked"),
    [(ON, ON, True), (TOMORROW, TOMORROW, False), (YESTERDAY, YESTERDAY, False)],
)
def test_r39_a_consent_holds_from_its_first_day_to_its_last(first: date, last: date, asked: bool) -> None:
    """Both days count; it suffices for every source, and for a role that the matter checks only."""
    boss = replace(BOSS, authorisation=Authorisation("SQ-1", first, last))
    assert asked_on(party=boss) == ("authorisation:SQ-1" if asked else "")
    assert asked_on(party=replace(boss, role=Role.INVESTOR)) == ""


def test_r39_a_consent_is_a_ground_for_every_source() -> None:
    """With the representative asked everywhere and clean the firm is good; a source that is silent is owed."""
    book = rebuilt(rules(), grounds=(ground("firms", kinds=(SubjectKind.ORGANISATION,)),))
    boss = replace(BOSS, authorisation=CONSENT)
    assert decide(case(OLD_FIRM, boss), clean(OLD_FIRM, boss), book=book).outcome is Outcome.GOOD
    some = [*clean(OLD_FIRM), report(boss, "own_register")]
    assert decide(case(OLD_FIRM, boss), some, book=book).outcome is Outcome.UNAVAILABLE
    told = [*clean(OLD_FIRM, boss), report(boss, "city_list", serious("wage_arrears", source="city_list"))]
    assert decide(case(OLD_FIRM, boss), told, book=book).outcome is Outcome.LISTED_MEASURE


@pytest.mark.parametrize(
    ("first", "last", "regions", "reached"),
    [
        (ON, ON, ("4401",), True),
        (TOMORROW, None, ("4401",), False),
        (YESTERDAY, YESTERDAY, ("4401",), False),
        (YESTERDAY, None, ("4403", "4401"), True),
        (YESTERDAY, None, ("4403",), False),
    ],
)
def test_r29_an_agreement_holds_from_its_first_day_to_its_last_in_its_regions(
    first: date, last: date | None, regions: tuple[str, ...], reached: bool
) -> None:
    """Both days count; what another agreement says is nothing to this one."""
    (agreed,) = rules().agreements
    changed = agreed.model_copy(update={"valid_from": first, "valid_to": last, "regions": regions})
    other = agreed.model_copy(update={"id": "another", "valid_to": YESTERDAY if reached else None})
    for agreements in ((changed, other), (other, changed)):
        local = ground("delta", basis=of_basis(rules().grounds[0], **DELTA))
        assert asked_on(local, agreements=agreements) == ("delta" if reached else "")


# Measures and bars


@pytest.mark.parametrize(
    ("measure", "row", "fires", "until"),
    [
        ({"valid_from": ON}, {"valid_from": YESTERDAY}, True, None),
        ({"valid_from": TOMORROW}, {"valid_from": YESTERDAY}, False, None),
        ({"valid_from": YESTERDAY}, {"valid_from": TOMORROW}, False, None),
        ({"valid_to": TOMORROW}, {"valid_to": ON}, True, ON),
        ({"valid_to": ON}, {"valid_to": TOMORROW}, True, ON),
        ({"valid_to": TOMORROW}, {"valid_to": YESTERDAY}, False, None),
        ({"valid_to": YESTERDAY}, {"valid_to": TOMORROW}, False, None),
        ({}, {"valid_to": TOMORROW}, True, TOMORROW),
        ({"valid_to": TOMORROW}, {}, True, TOMORROW),
    ],
)
def test_a_measure_is_in_force_while_it_and_its_row_are(
    measure: dict[str, Any], row: dict[str, Any], fires: bool, until: date | None
) -> None:
    """From the later first day to the earlier last one."""
    decision = on_the_wage_list(wage_book(measure, row))
    assert [(m.measure, m.until) for m in decision.measures] == ([("wage-48-entry", until)] if fires else [])


@pytest.mark.parametrize(
    ("effect", "basis", "may_refuse", "refuses"),
    [
        ("limit_entry", {}, True, True),
        ("limit_entry", {}, False, False),
        ("limit_entry", {"type": BasisType.CENTRAL_POLICY}, True, False),
        ("strict_review", {}, True, False),
    ],
)
def test_a_refusal_needs_a_row_that_allows_it_and_law_under_it(
    effect: str, basis: dict[str, Any], may_refuse: bool, refuses: bool
) -> None:
    """Only entry can be refused, only where the row says so, and only on law or regulation."""
    row = next(a for a in rules().applications if (a.matter, a.measure) == ("food-business", "wage-48-entry"))
    book = wage_book({"effect": effect}, {"may_refuse": may_refuse, "basis": of_basis(row, **basis)})
    assert [(m.effect, m.may_refuse) for m in on_the_wage_list(book).measures] == [(effect, refuses)]


@pytest.mark.parametrize("weak", ["measure", "row"])
def test_a_measure_burdens_nobody_on_a_basis_that_may_not(weak: str) -> None:
    """Of the measure and of its row alike; entry besides needs a row that names its basis, other effects do not."""
    wage = next(m for m in rules().measures if m.id == "wage-48-entry")
    row = next(a for a in rules().applications if (a.matter, a.measure) == ("food-business", wage.id))
    bad = {"basis": of_basis(wage if weak == "measure" else row, verified=False)}
    decision = on_the_wage_list(wage_book(**{weak: bad}))
    assert decision.measures == ()
    assert [(e.rules, e.why) for e in decision.refused] == [(("wage-48-entry",), Why.BASIS_UNVERIFIED)]
    bare = {"basis": ()}
    assert on_the_wage_list(wage_book(row=bare)).measures == ()
    assert on_the_wage_list(wage_book({"effect": "strict_review"}, bare)).measures != ()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"effect": "of_others", "roles": (), "kinds": (), "basis": ()}, Why.MEASURE_OF_OTHERS),
        ({"roles": (), "kinds": (), "basis": ()}, None),
        ({"roles": (), "kinds": ()}, Why.KIND_NOT_TARGETED),
        ({"roles": (Role.PRINCIPAL,)}, Why.ROLE_NOT_NAMED),
    ],
)
def test_a_measure_that_does_not_reach_is_refused_for_the_first_reason_that_holds(
    changes: dict[str, Any], why: Why | None
) -> None:
    """Whose measure it is, then its basis, then the kind of subject, then the role."""
    if why is None:
        changes, why = {**changes, "basis": of_basis(rules().measures[0], verified=False)}, Why.BASIS_UNVERIFIED
    decision = on_the_wage_list(wage_book(changes))
    assert [(e.rules, e.why, e.record) for e in decision.refused] == [(("wage-48-entry",), why, "r1")]
    assert decision.outcome is Outcome.SEVERE


def test_measures_that_do_not_reach_are_told_together_by_their_reason() -> None:
    """Each reason once, with every rule it holds for in the order of their names; the others still fire."""
    wage = next(m for m in rules().measures if m.id == "wage-48-entry")
    row = next(a for a in rules().applications if (a.matter, a.measure) == ("food-business", wage.id))
    more = {
        "z-of-others": {"effect": "of_others"},
        "y-role": {"roles": (Role.PRINCIPAL,)},
        "x-of-others": {"effect": "of_others"},
        "w-fires": {},
    }
    book = rebuilt(
        rules(),
        measures=(*rules().measures, *(wage.model_copy(update={"id": name, **each}) for name, each in more.items())),
        applications=(*rules().applications, *(row.model_copy(update={"measure": name}) for name in more)),
    )
    decision = on_the_wage_list(book)
    assert [m.measure for m in decision.measures] == ["w-fires", "wage-48-entry"]
    assert {(e.rules, e.why) for e in decision.refused} == {
        (("x-of-others", "z-of-others"), Why.MEASURE_OF_OTHERS),
        (("y-role",), Why.ROLE_NOT_NAMED),
    }
    assert [e.why for e in decision.refused] == sorted(e.why for e in decision.refused)


def test_an_incentive_is_for_the_applicant_and_the_kinds_it_names() -> None:
    """One for persons only, or for other roles only, gives a firm nothing."""
    for changes in ({"kinds": (SubjectKind.PERSON,)}, {"roles": (Role.PRINCIPAL,)}):
        measures = tuple(m.model_copy(update=changes) if m.id == "green-channel" else m for m in rules().measures)
        decision = decide(case(OLD_FIRM), clean(OLD_FIRM), book=rebuilt(rules(), measures=measures))
        assert [m.measure for m in decision.measures] == ["longer-supplement"]


@pytest.mark.parametrize(
    ("basis", "may_refuse", "refuses"),
    [({}, True, True), ({}, False, False), ({"type": BasisType.CENTRAL_POLICY}, True, False)],
)
def test_o04_a_bar_refuses_only_where_the_law_itself_says_so(
    basis: dict[str, Any], may_refuse: bool, refuses: bool
) -> None:
    """A bar on less than law or regulation may propose a measure and refuse nothing."""
    bars = tuple(b.model_copy(update={"may_refuse": may_refuse, "basis": of_basis(b, **basis)}) for b in rules().bars)
    reports = with_records(FIRM, revoked(), source="own_register")
    decision = decide(case(FIRM), reports, book=rebuilt(rules(), bars=bars))
    assert [(m.kind, m.may_refuse) for m in decision.measures] == [("bar", refuses)]


def test_o04_a_bar_is_met_by_each_of_its_facts_in_each_of_its_fields() -> None:
    """Every event with every domain, the licence of the matter itself among them."""
    bar = next(b for b in rules().bars if b.id == "food-135-applicant")
    wide = bar.model_copy(update={"events": ("one", "two"), "domains": ("same_licence", "other")})
    book = rebuilt(rules(), bars=(wide,))
    for event, domain in (("one", "food"), ("one", "other"), ("two", "food"), ("two", "other")):
        reports = with_records(FIRM, revoked(event=event, domain=domain), source="own_register")
        assert decide(case(FIRM), reports, book=book).outcome is Outcome.BARRED
    reports = with_records(FIRM, revoked(event="two", domain="same_licence"), source="own_register")
    assert decide(case(FIRM), reports, book=book).outcome is Outcome.GENERAL


def test_rows_of_rules_that_are_not_there_are_left_out() -> None:
    """A row of 应用事项清单 without its measure, matter or list changes nothing."""
    book = rules()
    row = next(a for a in book.applications if (a.matter, a.measure) == ("food-business", "wage-48-entry"))
    wage = next(m for m in book.measures if m.id == "wage-48-entry")
    other = rebuilt(
        book,
        measures=(*book.measures, wage.model_copy(update={"id": "of-no-list", "list_types": ("nobody",)})),
        applications=(
            row.model_copy(update={"measure": "nobody"}),
            row.model_copy(update={"matter": "nail-salon"}),
            row.model_copy(update={"measure": "of-no-list"}),
            *book.applications,
        ),
    )
    reports = with_records(FIRM, serious("wage_arrears"), serious("nobody", record_id="r2"))
    assert decide(case(FIRM), reports, book=other) == decide(case(FIRM), reports)


def test_without_display_periods_only_the_source_ends_the_display() -> None:
    """No period, no end by age: the source's own last day is all that is left."""
    bare = rebuilt(rules(), display_periods=())
    old = record(decided_on=date(2010, 1, 1))
    assert decide(case(FIRM), with_records(FIRM, old), book=bare).outcome is Outcome.GENERAL
    ended = replace(old, display_until=date(2011, 1, 1))
    assert decide(case(FIRM), with_records(FIRM, ended), book=bare).outcome is Outcome.GONE


@pytest.mark.parametrize(
    ("code", "decided", "published", "gone"),
    [
        ("penalty", date(2025, 6, 1), None, True),
        ("market_penalty", date(2025, 6, 1), None, False),
        ("penalty", date(2026, 6, 1), None, False),
        ("market_penalty_small", date(2026, 6, 1), None, True),
        ("market_penalty_small", date(2026, 6, 1), date(2026, 8, 1), False),
    ],
)
def test_l18_a_list_that_names_its_period_is_shown_so_long(
    code: str, decided: date, published: date | None, gone: bool
) -> None:
    """Three years or three months from publication, whatever the severity of the row would give."""
    row = record(code, decided_on=decided, published_on=published)
    assert (decide(case(FIRM), with_records(FIRM, row)).outcome is Outcome.GONE) is gone


def test_a_bonus_never_grows_out_of_a_rule_set_without_routes() -> None:
    """Without a route nobody is good, and the ordinary procedure is what remains."""
    decision = decide(case(OLD_FIRM), clean(OLD_FIRM), book=rebuilt(rules(), good_credit_routes=()))
    assert (decision.outcome, decision.channel, decision.measures) == (Outcome.ORDINARY, Channel.ORDINARY, ())


def test_clean_years_without_a_number_of_years_make_nobody_good() -> None:
    """A route that lost its years, which no validation lets through, is met by nobody."""
    routes = tuple(route.model_copy(update={"years": None}) for route in rules().good_credit_routes)
    decision = decide(case(OLD_FIRM), clean(OLD_FIRM), book=rebuilt(rules(), good_credit_routes=routes))
    assert decision.outcome is Outcome.ORDINARY


def test_a_party_named_twice_is_one_party() -> None:
    """The same line again adds nothing; two spells in one role are two lines about one person."""
    reports = [*clean(FIRM), *with_records(BOSS, serious("wage_arrears"))]
    once = decide(case(FIRM, BOSS), reports)
    assert decide(case(FIRM, BOSS, BOSS), reports) == once
    earlier = replace(BOSS, since=date(2020, 1, 1), until=date(2024, 1, 1))
    twice = decide(case(FIRM, BOSS, earlier), reports)
    assert twice == decide(case(FIRM, earlier, BOSS), reports)
    assert [p.role for p in twice.parties] == ["applicant", "legal_representative", "legal_representative"]
    assert twice.measures == once.measures


def test_many_spells_in_one_role_are_told_from_the_first_to_the_last() -> None:
    """Only the present one is burdened, and it stands last however the spells were given."""
    spells = [replace(BOSS, since=date(year, 1, 1), until=date(year, 12, 31)) for year in range(2000, 2020)]
    reports = [*clean(FIRM), *with_records(BOSS, serious("wage_arrears"))]
    for parties in ((*spells, BOSS), (BOSS, *spells)):
        decision = decide(case(*parties, FIRM), reports)
        assert [p.outcome for p in decision.parties] == [
            Outcome.ORDINARY,
            *(Outcome.RELATED for _ in spells),
            Outcome.LISTED_MEASURE,
        ]


def test_one_person_in_two_roles_says_the_same_things_once() -> None:
    """Reasons, measures and duties about one record of one person are not doubled by a second role."""
    both = replace(BOSS, role=Role.FOOD_SAFETY_OFFICER)
    loose = replace(serious("wage_arrears"), match="possible")
    reports = [*clean(FIRM), *with_records(BOSS, loose)]
    decision = decide(case(FIRM, BOSS, both), reports)
    assert len(decision.obligations) == 1
    assert len([r for r in decision.reasons if r.record]) == 1


def test_a_severe_source_never_raises_a_mild_list_and_a_mild_one_lowers_a_severe_list() -> None:
    """The milder of the two counts (R-24)."""
    for severity in (Severity.MINOR, Severity.GENERAL, Severity.WATCH):
        assert decide(case(FIRM), with_records(FIRM, record("wage_arrears", severity))).measures == ()
    assert decide(case(FIRM), with_records(FIRM, serious("penalty"))).outcome is Outcome.GENERAL


def test_a_name_that_differs_at_an_unknown_source_still_raises_doubt() -> None:
    """Whoever says that the code belongs to another name makes the check incomplete."""
    told = report(OFFICER, "gossip", registered_name_differs=True)
    decision = decide(case(OLD_FIRM, OFFICER), [*clean(OLD_FIRM), *clean(OFFICER), told])
    assert (decision.outcome, decision.complete) == (Outcome.UNAVAILABLE, False)
    doubts = [r for r in decision.reasons if r.outcome is Outcome.UNAVAILABLE]
    assert [(r.party, r.source, r.why) for r in doubts] == [(OFFICER.ref, "gossip", Why.NAME_DIFFERS)]


def test_a_list_for_reference_only_neither_burdens_nor_makes_good() -> None:
    """Nor does one whose basis may burden nobody; a list for good standing needs no such basis."""

    def book(code: str, **changes: Any) -> RuleSet:
        return rebuilt(
            rules(), list_types=tuple(t.model_copy(update=changes) if t.code == code else t for t in rules().list_types)
        )

    wage = next(t for t in rules().list_types if t.code == "wage_arrears")
    for changes in ({"reference_only": True}, {"basis": of_basis(wage, verified=False)}, {"basis": ()}):
        decision = on_the_wage_list(book("wage_arrears", **changes))
        assert [(e.rules, e.why) for e in decision.refused] == [(("wage_arrears",), Why.REFERENCE_ONLY)]
    mixed = (*of_basis(wage, verified=False), *wage.basis)
    assert on_the_wage_list(book("wage_arrears", basis=mixed)).outcome is Outcome.LISTED_MEASURE
    red = with_records(FIRM, record("tax_a_rating", Severity.GOOD))
    assert decide(case(FIRM), red, book=book("tax_a_rating", reference_only=True)).outcome is Outcome.ORDINARY
    assert decide(case(FIRM), red, book=book("tax_a_rating", basis=())).outcome is Outcome.GOOD


def clocked(unit: str) -> RuleSet:
    """The shipped rules with every clock in working days or in days."""
    clocks = ((m, m.clock.model_copy(update={"unit": unit})) for m in rules().matters)
    return rebuilt(rules(), matters=tuple(m.model_copy(update={"clock": clock}) for m, clock in clocks))


@pytest.mark.parametrize(("unit", "due"), [("workdays", date(2026, 11, 9)), ("days", date(2026, 11, 1))])
def test_s15_a_clock_counts_working_days_or_days(unit: str, due: date) -> None:
    """Twenty of the one are four weeks, twenty of the other end sooner; before acceptance nothing is due."""
    decision = decide(case(FIRM), clean(FIRM), book=clocked(unit))
    assert (decision.due_on, decision.due_provisional) == (due, False)
    waiting = decide(case(FIRM, accepted_on=None), clean(FIRM), book=clocked(unit))
    assert (waiting.due_on, waiting.due_provisional) == (None, False)


@pytest.mark.parametrize(("late", "provisional"), [(0, False), (1, True)])
def test_s15_a_due_date_is_provisional_from_the_first_day_that_is_not_published(late: int, provisional: bool) -> None:
    """Whether the host names the date or a clock in days runs up to it."""
    due = published_calendar().published_until + timedelta(days=late)
    named = decide(case(FIRM, due_on=due), clean(FIRM))
    counted = decide(case(FIRM, accepted_on=due - timedelta(days=20)), clean(FIRM), book=clocked("days"))
    for decision in (named, counted):
        assert (decision.due_on, decision.due_provisional) == (due, provisional)
