"""The decision table: one or more cases for each outcome class and each scenario the core decides."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from approval_hook.errors import CaseInvalid
from approval_hook.policy.case import Authorisation, PartyView, Role
from approval_hook.policy.decision import Channel, Decision, ObligationKind, Outcome, Why
from approval_hook.policy.records import (
    NOT_ASKED_REASONS,
    CreditRecord,
    CreditReport,
    MatchGrade,
    QueryStatus,
    RecordState,
    Severity,
)
from approval_hook.policy.workdays import add_workdays
from approval_hook.workcalendar import published_calendar

from .building import (
    BOSS,
    DRIVER,
    FIRM,
    FOOD_ALL,
    FOOD_MAIN,
    NOW,
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
    rules_with,
    serious,
    with_records,
)
from .drawn_cases import rebuilt


def duties(decision: object) -> set[tuple[ObligationKind, bool]]:
    """Kinds of the obligations and whether they lapse."""
    return {(o.kind, o.lapses) for o in decision.obligations}  # type: ignore[attr-defined]


def refused_rules(decision: Decision) -> set[str]:
    """Rules whose effect was not lawful."""
    return {rule for effect in decision.refused for rule in effect.rules}


def whys(decision: Decision) -> set[Why]:
    """Every code that the decision gives as a reason or for a refused effect."""
    return {r.why for r in decision.reasons} | {e.why for e in decision.refused}


def named(data: dict[str, Any], part: str, name: str) -> dict[str, Any]:
    """One part of plain rule data by its id or code."""
    return next(item for item in data[part] if name in (item.get("id"), item.get("code")))


def without_grounds(data: dict[str, Any]) -> None:
    """Leave consent as the only way to ask."""
    data["grounds"] = []


# O-10 ordinary


def test_o10_a_clean_young_firm_is_ordinary() -> None:
    """Complete answers without records mean the ordinary procedure and no duties."""
    decision = decide(case(FIRM), clean(FIRM))
    assert (decision.outcome, decision.channel, decision.complete) == (Outcome.ORDINARY, Channel.ORDINARY, True)
    assert decision.obligations == decision.measures == decision.refused == ()
    assert decision.due_on == date(2026, 11, 9)
    assert [(r.outcome, r.party, r.why) for r in decision.reasons] == [(Outcome.ORDINARY, "f1", Why.NOTHING_FOUND)]


def test_a_decision_says_of_which_day_and_which_rules_it_is() -> None:
    """Whoever reads it later must be able to take it again."""
    for on in (ON, ON + timedelta(days=1)):
        decision = decide(case(FIRM), clean(FIRM), on=on)
        assert (decision.on, decision.rules_revision) == (on, rules().revision)


def test_s23_a_young_firm_is_not_three_years_clean() -> None:
    """A firm of fourteen months without a record has no bonus but may use 容缺 of the public list."""
    decision = decide(case(FIRM, materials=FOOD_MAIN), clean(FIRM))
    assert decision.outcome is Outcome.ORDINARY
    assert [t.material for t in decision.tolerated] == [
        "business-licence-copy",
        "representative-id-copy",
        "service-address",
    ]


# O-09 good


def test_o09_three_clean_years_open_the_green_channel() -> None:
    """A firm older than three years without countable records gets the incentives with force by matter."""
    decision = decide(case(OLD_FIRM), clean(OLD_FIRM))
    assert (decision.outcome, decision.channel) == (Outcome.GOOD, Channel.GREEN)
    assert [(r.outcome, r.rule) for r in decision.reasons] == [
        (Outcome.ORDINARY, "accept-and-decide-by-conditions"),
        (Outcome.GOOD, "good-clean-years"),
    ]
    assert {(m.measure, m.kind, m.force) for m in decision.measures} == {
        ("green-channel", "incentive", "mandatory"),
        ("longer-supplement", "incentive", "mandatory"),
    }


def test_o09_a_red_list_entry_qualifies_a_young_firm() -> None:
    """The red list is a route of its own."""
    entry = record("tax_a_rating", Severity.GOOD, valid_until=date(2027, 5, 1))
    decision = decide(case(FIRM), with_records(FIRM, entry))
    assert decision.outcome is Outcome.GOOD
    assert "good-red-list" in {r.rule for r in decision.reasons}


@pytest.mark.parametrize(
    "entry",
    [
        record("tax_a_rating", Severity.GOOD, valid_until=ON - timedelta(days=1)),
        record("tax_a_rating", Severity.GOOD, match=MatchGrade.POSSIBLE),
        record("tax_a_rating", Severity.GOOD, state=RecordState.REMOVED),
        record("unheard_of", Severity.GOOD),
        record("integrity_model", Severity.GOOD, scope="city:4403"),
    ],
)
def test_o09_a_red_list_entry_without_force_gives_nothing(entry: object) -> None:
    """Expired, doubtful, removed, unknown or foreign red-list entries give no bonus and no harm."""
    decision = decide(case(FIRM), with_records(FIRM, entry))  # type: ignore[arg-type]
    assert decision.outcome is Outcome.ORDINARY
    assert decision.measures == ()


@pytest.mark.parametrize(
    "row",
    [
        record("penalty", Severity.GOOD),
        record("wage_arrears", Severity.GOOD),
        record("tax_a_rating", Severity.GOOD, event="unheard_of"),
    ],
)
def test_misconduct_called_good_standing_is_could_not_tell(row: CreditRecord) -> None:
    """A source that sends a list of misconduct, or an event, as good standing errs: no bonus, nothing clean."""
    decision = decide(case(OLD_FIRM), with_records(OLD_FIRM, row))
    assert (decision.outcome, decision.complete, decision.measures) == (Outcome.UNAVAILABLE, False, ())
    told = [(r.rule, r.source, r.record) for r in decision.reasons if r.why is Why.CONTRADICTORY]
    assert told == [("clock-never-stops", "province", row.record_id)]


def test_a_bar_is_looked_for_whatever_the_row_is_called() -> None:
    """A revocation in the own register sent as good standing still proposes its bar."""
    row = replace(revoked(), severity=Severity.GOOD)
    assert decide(case(FIRM), with_records(FIRM, row, source="own_register")).outcome is Outcome.BARRED


@pytest.mark.parametrize("status", [QueryStatus.UNAVAILABLE, QueryStatus.REJECTED, QueryStatus.NOT_CONFIGURED])
def test_rows_of_an_answer_that_is_none_burden_nobody(status: QueryStatus) -> None:
    """Only a complete or a partial answer says anything about rows."""
    reports = [report(FIRM, "own_register"), report(FIRM, "province", serious("wage_arrears"), status=status)]
    assert decide(case(FIRM), reports).outcome is Outcome.UNAVAILABLE
    partial = [reports[0], replace(reports[1], status=QueryStatus.PARTIAL)]
    assert decide(case(FIRM), partial).outcome is Outcome.LISTED_MEASURE


def test_o09_black_wins_over_red() -> None:
    """A subject that is red and black at once gets no bonus (R-11)."""
    red = record("tax_a_rating", Severity.GOOD, record_id="red")
    decision = decide(case(OLD_FIRM), with_records(OLD_FIRM, red, record()))
    assert decision.outcome is Outcome.GENERAL
    assert decision.measures == ()


def test_o09_an_adult_driver_with_consent_may_earn_the_discretionary_bonus() -> None:
    """A person adult for three years and clean gets a recommended incentive (442/23 says may)."""
    decision = decide(case(DRIVER), clean(DRIVER))
    assert decision.outcome is Outcome.GOOD
    assert {m.force for m in decision.measures} == {"recommended"}


@pytest.mark.parametrize("born", [None, date(2006, 1, 1)])
def test_o09_a_person_not_known_to_be_adult_for_three_years_is_ordinary(born: date | None) -> None:
    """Three clean years need three years of adult age."""
    driver = replace(DRIVER, born_on=born)
    assert decide(case(driver), clean(driver)).outcome is Outcome.ORDINARY


def test_o09_no_priority_where_the_licence_is_limited_in_number() -> None:
    """Quota matters are decided in order of acceptance; the green channel is refused with the reason (L-08)."""
    book = rules_with(lambda data: named(data, "matters", "food-business").update(quota_limited=True))
    decision = decide(case(OLD_FIRM), clean(OLD_FIRM), book=book)
    assert (decision.outcome, decision.channel) == (Outcome.GOOD, Channel.ORDINARY)
    assert "order-of-acceptance" in refused_rules(decision)


# O-07 general, O-06 severe


@pytest.mark.parametrize(
    "row",
    [
        record(),
        record(severity=Severity.MINOR, decided_on=date(2026, 9, 1)),
        record("abnormal_operation"),
        record("watch_list", Severity.WATCH),
        record("watch_list", Severity.SERIOUS),  # a source cannot raise a list
        serious(document_no=""),  # no underlying decision
    ],
)
def test_o07_watch_general_and_minor_records_only_end_the_bonus(row: object) -> None:
    """Displayable records below the severe level leave the ordinary procedure and no duty."""
    decision = decide(case(OLD_FIRM), with_records(OLD_FIRM, row))  # type: ignore[arg-type]
    assert (decision.outcome, decision.channel) == (Outcome.GENERAL, Channel.ORDINARY)
    assert decision.obligations == decision.measures == ()


def test_o06_a_court_defaulter_is_reviewed_strictly_only_if_the_section_confirms() -> None:
    """A severe entry without a licensing measure asks the section, lapses in silence and refuses nothing."""
    decision = decide(case(FIRM), with_records(FIRM, serious()))
    assert (decision.outcome, decision.channel) == (Outcome.SEVERE, Channel.STRICT)
    assert duties(decision) == {(ObligationKind.SECTION_CONFIRMS, True)}
    assert decision.measures == ()


# O-05 listed measure


def test_o05_the_wage_list_proposes_a_measure_that_may_not_refuse() -> None:
    """条例 第四十八条 carries a listed measure for the food matter; it needs the head and cannot refuse by itself."""
    decision = decide(case(FIRM), with_records(FIRM, serious("wage_arrears")))
    assert (decision.outcome, decision.channel) == (Outcome.LISTED_MEASURE, Channel.RESTRICTED)
    assert duties(decision) == {(ObligationKind.HEAD_DECIDES, False)}
    (measure,) = decision.measures
    assert (measure.measure, measure.kind, measure.force, measure.may_refuse) == (
        "wage-48-entry",
        "sanction",
        "mandatory",
        False,
    )
    assert rules().rule_basis(measure.measure, "food-business")[0].article == "第四十八条"


def test_o05_a_matter_without_the_measure_falls_back_to_o06() -> None:
    """The same list means no measure where none is mapped to the matter."""
    assert decide(case(DRIVER), with_records(DRIVER, serious("wage_arrears"))).outcome is Outcome.SEVERE


def test_o05_a_measure_not_yet_in_force_has_no_effect() -> None:
    """A measure counts only between its dates."""
    book = rules_with(
        lambda data: named(data, "measures", "wage-48-entry").update(valid_from=str(ON + timedelta(days=1)))
    )
    decision = decide(case(FIRM), with_records(FIRM, serious("wage_arrears")), book=book)
    assert decision.outcome is Outcome.SEVERE


@pytest.mark.parametrize(("first", "last"), [(ON, ON), (ON - timedelta(days=1), ON), (ON, ON + timedelta(days=1))])
def test_o05_a_measure_is_in_force_from_its_first_day_to_its_last(first: date, last: date) -> None:
    """Both days count; a measure that is out of force, or foreign, keeps no other of the same list from its effect."""

    def change(data: dict[str, Any]) -> None:
        wage = named(data, "measures", "wage-48-entry")
        line = next(a for a in data["applications"] if (a["matter"], a["measure"]) == ("food-business", wage["id"]))
        for name, days in (("a-over", ("2020-01-01", "2020-12-31")), ("z-now", (str(first), str(last)))):
            data["measures"].append({**wage, "id": name, "valid_from": days[0], "valid_to": days[1]})
            data["applications"].append({**line, "measure": name})
        wage["valid_to"] = str(ON - timedelta(days=1))

    decision = decide(case(FIRM), with_records(FIRM, serious("wage_arrears")), book=rules_with(change))
    assert [m.measure for m in decision.measures] == ["z-now"]
    assert {(e.rules, e.why, e.record) for e in decision.refused} == {
        (("wage-48-entry",), Why.NOT_IN_FORCE, "r1"),
        (("a-over",), Why.NOT_IN_FORCE, "r1"),
    }


@pytest.mark.parametrize(("ends", "reached"), [(ON, True), (ON - timedelta(days=1), False)])
def test_o05_a_measure_of_regional_law_ends_with_the_agreement(ends: date, reached: bool) -> None:
    """A measure by an agreement of regions fires on its last day; after it, others of the list still do."""
    agreed = {"scope": "agreement:pearl-river-delta"}
    wage = next(m for m in rules().measures if m.id == "wage-48-entry")
    line = next(a for a in rules().applications if (a.matter, a.measure) == ("food-business", wage.id))
    regional = wage.model_copy(
        update={"id": "a-regional", "basis": tuple(b.model_copy(update=agreed) for b in wage.basis)}
    )
    book = rebuilt(
        rules(),
        measures=(regional, *rules().measures),
        applications=(line.model_copy(update={"measure": "a-regional"}), *rules().applications),
        agreements=tuple(a.model_copy(update={"valid_to": ends}) for a in rules().agreements),
    )
    decision = decide(case(FIRM), with_records(FIRM, serious("wage_arrears")), book=book)
    assert {m.measure for m in decision.measures} == {"wage-48-entry", *(["a-regional"] if reached else [])}
    assert [(e.why, e.record) for e in decision.refused] == ([] if reached else [(Why.OUT_OF_SCOPE, "r1")])


@pytest.mark.parametrize(
    ("shown", "ends", "until"),
    [
        (ON, date(2027, 1, 1), ON),
        (date(2027, 1, 1), ON, ON),
        (None, ON, ON),
        (ON, None, ON),
        (None, None, None),
    ],
)
def test_o05_a_measure_ends_with_the_display_or_with_its_own_last_day(
    shown: date | None, ends: date | None, until: date | None
) -> None:
    """Whichever comes first; without either the end is not known."""
    book = rules_with(lambda data: named(data, "measures", "wage-48-entry").update(valid_to=ends and str(ends)))
    decision = decide(case(FIRM), with_records(FIRM, serious("wage_arrears", display_until=shown)), book=book)
    assert [m.until for m in decision.measures] == [until]


# O-04 statutory bars


def test_s04_the_bar_runs_on_after_the_display_has_ended() -> None:
    """Revoked four years ago, responsible person now legal representative: the register proposes the bar."""
    row = revoked(
        decided_on=date(2022, 10, 12), display_until=date(2025, 10, 12), role_then=Role.RESPONSIBLE_SUPERVISOR.value
    )
    decision = decide(case(FIRM, BOSS), [*clean(FIRM), *with_records(BOSS, row, source="own_register")])
    assert (decision.outcome, decision.channel) == (Outcome.BARRED, Channel.RESTRICTED)
    assert [(p.role, p.outcome) for p in decision.parties] == [
        ("applicant", Outcome.ORDINARY),
        ("legal_representative", Outcome.BARRED),
    ]
    (measure,) = decision.measures
    assert (measure.kind, measure.may_refuse, measure.until) == ("bar", True, date(2027, 10, 12))
    assert rules().rule_basis(measure.measure)[0].document == "食品安全法"
    assert duties(decision) == {(ObligationKind.HEAD_DECIDES, False)}


def test_s04_the_same_row_from_the_platform_is_gone() -> None:
    """After the end of display a platform row is neither shown nor used, bar or not."""
    row = revoked(
        source="province",
        decided_on=date(2022, 10, 12),
        display_until=date(2025, 10, 12),
        role_then="other_responsible",
    )
    decision = decide(case(FIRM, BOSS), [*clean(FIRM), *with_records(BOSS, row)])
    assert (decision.outcome, decision.suppressed, decision.refused) == (Outcome.GONE, 1, ())


@pytest.mark.parametrize(("on", "outcome"), [(date(2027, 6, 1), Outcome.BARRED), (date(2027, 6, 2), Outcome.GONE)])
def test_o04_the_bar_ends_with_its_last_day(on: date, outcome: Outcome) -> None:
    """Five years from the decision, the last day included."""
    row = revoked(decided_on=date(2022, 6, 1))
    assert decide(case(FIRM), with_records(FIRM, row, source="own_register"), on=on).outcome is outcome


def test_o04_the_own_register_does_not_wait_for_the_platform() -> None:
    """A bar that the register proves stands although the platform is down, and the platform stays owed."""
    reports = [
        report(FIRM, "own_register", revoked()),
        report(FIRM, "province", status=QueryStatus.UNAVAILABLE, reason="timeout"),
    ]
    decision = decide(case(FIRM), reports)
    assert (decision.outcome, decision.recheck_owed, decision.complete) == (Outcome.BARRED, True, False)
    assert duties(decision) == {(ObligationKind.HEAD_DECIDES, False), (ObligationKind.SUPERVISOR_RELEASES, True)}


def test_o04_repair_at_the_platform_does_not_lift_a_bar_of_law() -> None:
    """Credit repair ends lists and publicity, not the five years of 食品安全法 第一百三十五条."""
    repaired = revoked(source="province", record_id="p1", state=RecordState.REPAIRED)
    reports = [report(FIRM, "own_register", revoked()), report(FIRM, "province", repaired)]
    assert decide(case(FIRM), reports).outcome is Outcome.BARRED


@pytest.mark.parametrize(
    ("row", "boss"),
    [
        (revoked(document_no="", role_then="legal_representative"), BOSS),  # L-20
        (revoked(role_then=""), BOSS),  # role then unknown
        (revoked(role_then="", decided_on=date(2024, 1, 1)), BOSS),  # took the role later
        (revoked(role_then="principal"), BOSS),  # not named by the article
        (revoked(role_then="legal_representative"), replace(BOSS, until=date(2026, 5, 1))),  # left before the decision
        (revoked(role_then="legal_representative"), replace(BOSS, until=date(2026, 10, 1))),  # left before filing
    ],
)
def test_o04_a_bar_that_does_not_reach_is_refused_with_the_reason(row: object, boss: object) -> None:
    """Without document, role or present office the bar burdens nobody and the record is information only."""
    decision = decide(case(FIRM, boss), [*clean(FIRM), *with_records(boss, row, source="own_register")])  # type: ignore[arg-type]
    assert decision.outcome is Outcome.RELATED
    assert "food-135-persons-bar" in refused_rules(decision)
    assert decision.measures == ()


def test_o04_a_platform_row_that_creditchina_calls_repaired_proves_no_bar() -> None:
    """Only the organ's own register outlives repair; what a platform tells is as strong as the strongest of them."""
    row = revoked(source="province")
    assert decide(case(FIRM), with_records(FIRM, row)).outcome is Outcome.BARRED
    repaired = replace(row, source="creditchina", state=RecordState.REPAIRED, event="")
    told = [*with_records(FIRM, row), report(FIRM, "creditchina", repaired)]
    assert decide(case(FIRM), told).outcome is Outcome.GONE


def test_o04_false_materials_need_the_own_register() -> None:
    """行政许可法 第七十八条 is proved by the organ's own decision, not by a platform row."""
    row = record(event="false_materials", domain="food")
    assert decide(case(FIRM), with_records(FIRM, row)).outcome is Outcome.GENERAL
    own = with_records(FIRM, replace(row, source="own_register"), source="own_register")
    assert decide(case(FIRM), own).outcome is Outcome.BARRED


def test_o04_a_food_crime_bars_the_officer_for_life_but_refuses_no_licence() -> None:
    """The lifelong work ban reaches the food safety officer; the licence itself may not be refused for it."""
    row = revoked(event="food_crime_sentence", decided_on=date(2000, 1, 1))
    decision = decide(case(FIRM, OFFICER), [*clean(FIRM), *with_records(OFFICER, row, source="own_register")])
    assert [(m.until, m.may_refuse) for m in decision.measures] == [(None, False)]


def test_o04_a_bar_that_ran_out_hides_no_other_bar_of_the_same_fact() -> None:
    """Of two bars of one fact the shorter is over; the longer still holds, and its reason names the record."""
    book = rules_with(
        lambda data: (
            named(data, "bars", "food-135-applicant").update(period_years=1),
            data["bars"].append({**named(data, "bars", "food-135-applicant"), "id": "longer", "period_years": 5}),
        )
    )
    decision = decide(
        case(FIRM), with_records(FIRM, revoked(decided_on=date(2024, 1, 1)), source="own_register"), book=book
    )
    assert [m.measure for m in decision.measures] == ["longer"]
    assert [(r.rule, r.source, r.record) for r in decision.reasons if r.why is Why.BARRED] == [
        ("longer", "own_register", "own1")
    ]


@pytest.mark.parametrize(("ends", "outcome"), [(ON, Outcome.BARRED), (ON - timedelta(days=1), Outcome.GENERAL)])
def test_o04_a_bar_of_regional_law_ends_with_the_agreement(ends: date, outcome: Outcome) -> None:
    """A bar whose basis is law by an agreement of regions holds on the last day of the agreement and not after it."""
    agreed = {"scope": "agreement:pearl-river-delta"}
    book = rebuilt(
        rules(),
        bars=tuple(
            bar.model_copy(update={"basis": tuple(b.model_copy(update=agreed) for b in bar.basis)})
            for bar in rules().bars
        ),
        agreements=tuple(a.model_copy(update={"valid_to": ends}) for a in rules().agreements),
    )
    row = with_records(FIRM, revoked(), source="own_register")
    assert decide(case(FIRM), row, book=book).outcome is outcome


def test_o04_who_took_office_on_the_day_of_the_decision_did_not_join_later() -> None:
    """Only who joined after the decision is told so; who joined on that day may have had a role in it."""
    boss = replace(BOSS, since=revoked().decided_on)
    decision = decide(case(FIRM, boss), [*clean(FIRM), *with_records(boss, revoked(), source="own_register")])
    assert Why.ROLE_THEN_UNKNOWN in whys(decision)
    assert Why.JOINED_LATER not in whys(decision)


# O-08 related persons


def test_s06_a_private_debt_of_the_representative_is_information_only() -> None:
    """失信被执行人 for a private debt: the firm is not burdened, and the refused effect says why."""
    decision = decide(case(OLD_FIRM, BOSS), [*clean(OLD_FIRM), *with_records(BOSS, serious())])
    assert (decision.outcome, decision.channel) == (Outcome.RELATED, Channel.ORDINARY)
    assert decision.measures == decision.obligations == ()
    assert "related-persons-by-law" in refused_rules(decision)


def test_s06_a_measure_that_names_the_representative_runs_against_the_person() -> None:
    """Where the basis names 法定代表人, the person has O-05 and the reason says that the role is named."""
    decision = decide(case(FIRM, BOSS), [*clean(FIRM), *with_records(BOSS, serious("wage_arrears"))])
    assert decision.outcome is Outcome.LISTED_MEASURE
    assert {m.party for m in decision.measures} == {BOSS.ref}
    assert Why.LISTED_MEASURE in whys(decision)


def test_o08_a_role_that_the_basis_does_not_name_is_not_reached() -> None:
    """The wage article names no food safety officer."""
    decision = decide(case(FIRM, OFFICER), [*clean(FIRM), *with_records(OFFICER, serious("wage_arrears"))])
    assert decision.outcome is Outcome.RELATED
    assert "wage-48-entry" in refused_rules(decision)


def test_o08_a_former_representative_is_not_reached_by_the_measure() -> None:
    """A listed person who left before filing is information only, with the reason (R-25)."""
    former = replace(BOSS, until=date(2026, 10, 1))
    decision = decide(case(FIRM, former), [*clean(FIRM), *with_records(former, serious("wage_arrears"))])
    assert decision.outcome is Outcome.RELATED
    assert Why.LEFT_ROLE in whys(decision)


@pytest.mark.parametrize("decided", [date(2026, 6, 1), ON])
def test_o08_the_last_day_in_office_is_still_in_office(decided: date) -> None:
    """Who leaves on the day of filing, or of the decision itself, has not left before it (R-25)."""
    leaving = replace(BOSS, until=ON)
    rows = with_records(leaving, serious("wage_arrears", decided_on=decided))
    assert decide(case(FIRM, leaving), [*clean(FIRM), *rows]).outcome is Outcome.LISTED_MEASURE


def test_a_role_that_the_matter_does_not_check_is_not_asked() -> None:
    """A party outside the queried roles is neither asked nor in the way of a bonus."""
    other = replace(BOSS, ref="x1", role=Role.OTHER_RESPONSIBLE)
    decision = decide(case(OLD_FIRM, other), clean(OLD_FIRM))
    assert decision.outcome is Outcome.GOOD
    assert Why.ROLE_NOT_CHECKED in whys(decision)


def test_a_rule_set_spoilt_in_memory_still_burdens_nobody() -> None:
    """The basis is looked at again when the effect would arise, not only when the file is read."""
    book = rules_with(lambda data: None)
    for part in ("bars", "measures"):
        spoilt = tuple(
            item.model_copy(update={"basis": tuple(b.model_copy(update={"verified": False}) for b in item.basis)})
            for item in getattr(book, part)
        )
        book.__dict__[part] = spoilt
    assert decide(case(FIRM), with_records(FIRM, revoked(), source="own_register"), book=book).measures == ()
    assert decide(case(FIRM), with_records(FIRM, serious("wage_arrears")), book=book).outcome is Outcome.SEVERE


def test_an_incentive_out_of_force_opens_no_green_channel() -> None:
    """Good credit without an incentive in force is good in name and ordinary in effect."""

    def ended(data: dict[str, object]) -> None:
        for measure in data["measures"]:  # type: ignore[attr-defined]
            if measure["kind"] == "incentive":
                measure["valid_to"] = str(ON - timedelta(days=1))

    decision = decide(case(OLD_FIRM), clean(OLD_FIRM), book=rules_with(ended))
    assert (decision.outcome, decision.channel, decision.measures) == (Outcome.GOOD, Channel.ORDINARY, ())


def test_no_tolerance_outside_the_public_list() -> None:
    """A matter that is not on the published list offers no 容缺."""
    book = rules_with(lambda data: named(data, "matters", "food-business").update(public_tolerance_list=False))
    assert decide(case(FIRM, materials=FOOD_MAIN), clean(FIRM), book=book).tolerated == ()


def test_one_subject_in_two_roles_has_its_suppressed_rows_counted_once() -> None:
    """The same person as representative and officer does not double the count."""
    both = replace(BOSS, role=Role.FOOD_SAFETY_OFFICER)
    row = record(state=RecordState.REPAIRED)
    assert decide(case(FIRM, BOSS, both), [*clean(FIRM), *with_records(BOSS, row)]).suppressed == 1


def test_two_rows_of_one_number_are_told_the_same_way_whoever_else_is_in_the_case() -> None:
    """Only what a second role of the same subject repeats is said once."""
    reports = [*with_records(FIRM, record(), record(title="另一示例记录")), *clean(BOSS)]
    alone = [r for r in decide(case(FIRM), reports).reasons if r.record]
    assert [r.record for r in alone] == ["r1", "r1"]
    assert [r for r in decide(case(FIRM, BOSS), reports).reasons if r.record] == alone


# O-03 gone


@pytest.mark.parametrize("state", [RecordState.REPAIRED, RecordState.REMOVED, RecordState.CORRECTED])
def test_o03_repaired_removed_and_corrected_rows_are_absent(state: RecordState) -> None:
    """They are counted, never shown, and burden nobody."""
    decision = decide(case(FIRM), with_records(FIRM, serious("wage_arrears", state=state)))
    assert (decision.outcome, decision.channel, decision.suppressed) == (Outcome.GONE, Channel.ORDINARY, 1)
    assert not any(r.record for r in decision.reasons)
    assert {(r.outcome, r.why) for r in decision.reasons} == {
        (Outcome.ORDINARY, Why.NOTHING_FOUND),
        (Outcome.GONE, Why.GONE),
    }


def test_s02_a_repair_at_creditchina_beats_the_stale_city_list() -> None:
    """信用中国 prevails: the copy in the city's list is treated as absent."""
    stale = serious("wage_arrears", source="city_list", record_id="c1")
    fresh = serious("wage_arrears", source="creditchina", record_id="x1", state=RecordState.REPAIRED)
    reports = [*clean(FIRM), report(FIRM, "city_list", stale), report(FIRM, "creditchina", fresh)]
    decision = decide(case(FIRM), reports)
    assert (decision.outcome, decision.suppressed) == (Outcome.GONE, 2)
    assert [(p.party, p.suppressed) for p in decision.parties] == [("f1", 2)]


def test_s02_a_weaker_source_cannot_repair_a_stronger_one() -> None:
    """A repair mark in the city's list does not undo the active row of the province."""
    reports = [
        *with_records(FIRM, serious()),
        report(FIRM, "city_list", serious(source="city_list", record_id="c1", state=RecordState.REPAIRED)),
    ]
    assert decide(case(FIRM), reports).outcome is Outcome.SEVERE


def test_s03_an_expired_record_does_not_break_three_clean_years() -> None:
    """A general record of thirteen months ago is suppressed and the firm is good."""
    row = record(decided_on=date(2025, 9, 11))
    decision = decide(case(OLD_FIRM), with_records(OLD_FIRM, row))
    assert (decision.outcome, decision.channel, decision.suppressed) == (Outcome.GOOD, Channel.GREEN, 1)


@pytest.mark.parametrize(("on", "outcome"), [(date(2027, 6, 1), Outcome.GENERAL), (date(2027, 6, 2), Outcome.GONE)])
def test_s03_the_last_day_of_display_still_counts(on: date, outcome: Outcome) -> None:
    """One year from the decision, the last day included."""
    assert decide(case(FIRM), with_records(FIRM, record()), on=on).outcome is outcome


def test_o03_the_source_says_when_a_court_entry_ends() -> None:
    """A court entry has its own period: old entries count until the court's own end."""
    row = serious(decided_on=date(2020, 1, 1))
    assert decide(case(FIRM), with_records(FIRM, row)).outcome is Outcome.SEVERE
    ended = replace(row, display_until=ON - timedelta(days=1))
    assert decide(case(FIRM), with_records(FIRM, ended)).outcome is Outcome.GONE


def test_s30_old_entries_of_a_restructured_firm_are_gone() -> None:
    """After an approved plan the marked entries count as absent and the firm is ordinary in effect."""
    row = serious("serious_illegal", state=RecordState.REMOVED)
    decision = decide(case(FIRM), with_records(FIRM, row))
    assert decision.channel is Channel.ORDINARY
    assert decision.obligations == ()


# O-02 disputed


def test_s01_a_disputed_entry_parks_the_measure_and_ends_the_bonus() -> None:
    """The measure is not executed, no duty arises, the case goes on and no bonus is given."""
    row = serious("wage_arrears", state=RecordState.DISPUTED)
    decision = decide(case(OLD_FIRM), with_records(OLD_FIRM, row))
    assert (decision.outcome, decision.channel) == (Outcome.DISPUTED, Channel.ORDINARY)
    assert decision.measures == decision.obligations == ()


# O-01 ambiguous


@pytest.mark.parametrize("row", [revoked(), serious("wage_arrears"), serious(), record()])
def test_s05_s19_a_row_without_identifier_needs_two_people(row: object) -> None:
    """Name or mask alone never reaches O-04 to O-06; two people settle it, and silence means no effect."""
    loose = replace(row, match=MatchGrade.POSSIBLE)  # type: ignore[type-var]
    decision = decide(case(OLD_FIRM), with_records(OLD_FIRM, loose, source="own_register"))
    assert (decision.outcome, decision.channel) == (Outcome.AMBIGUOUS, Channel.UNDETERMINED)
    assert duties(decision) == {(ObligationKind.TWO_CONFIRM_IDENTITY, True)}
    assert decision.measures == ()


@pytest.mark.parametrize(
    "row",
    [
        record("unheard_of", match=MatchGrade.POSSIBLE),
        record(state=RecordState.REPAIRED, match=MatchGrade.POSSIBLE),
        serious(match=MatchGrade.NONE),
    ],
)
def test_o01_a_doubtful_row_that_would_not_matter_asks_nobody(row: object) -> None:
    """Two people are asked only where the answer could change something."""
    decision = decide(case(FIRM), with_records(FIRM, row))  # type: ignore[arg-type]
    assert decision.obligations == ()
    assert decision.outcome in (Outcome.ORDINARY, Outcome.GONE)


# O-00 could not tell


@pytest.mark.parametrize("status", [s for s in QueryStatus if s is not QueryStatus.OK])
def test_o00_anything_but_ok_is_could_not_tell(status: QueryStatus) -> None:
    """Partial, pending, unavailable, rejected and unconfigured sources never mean clean."""
    reports = [report(OLD_FIRM, "own_register"), report(OLD_FIRM, "province", status=status)]
    decision = decide(case(OLD_FIRM), reports)
    assert (decision.outcome, decision.channel) == (Outcome.UNAVAILABLE, Channel.UNDETERMINED)
    assert (decision.complete, decision.recheck_owed) == (False, True)
    assert duties(decision) == {(ObligationKind.SUPERVISOR_RELEASES, True)}


def test_o00_a_missing_report_is_could_not_tell() -> None:
    """No report at all from a required source is no answer."""
    assert decide(case(OLD_FIRM), [report(OLD_FIRM, "province")]).outcome is Outcome.UNAVAILABLE


@pytest.mark.parametrize(
    ("answer", "how"),
    [
        (None, ""),
        (report(FIRM, "province", status=QueryStatus.PENDING), "PENDING"),
        (report(FIRM, "province", status=QueryStatus.UNAVAILABLE, reason="timeout"), "UNAVAILABLE"),
        (report(FIRM, "province", status=QueryStatus.REJECTED, reason="unknown-subject"), "unknown-subject"),
        *(
            (report(FIRM, "province", status=QueryStatus.UNAVAILABLE, reason=reason), reason)
            for reason in sorted(NOT_ASKED_REASONS)
        ),
    ],
)
def test_o00_the_reason_says_which_source_did_not_answer_and_how(answer: CreditReport | None, how: str) -> None:
    """By its status, but for a source that does not know the subject at all, and one that nobody asked."""
    told = [report(FIRM, "own_register"), *([answer] if answer else [])]
    reasons = decide(case(FIRM), told).reasons
    assert [(r.source, r.record, r.rule, r.why, r.detail) for r in reasons] == [
        ("province", "", "clock-never-stops", Why.SOURCE_INCOMPLETE, how)
    ]


def test_o00_hits_of_a_partial_answer_still_count() -> None:
    """What a partial answer proves stands beside the missing rest."""
    reports = [
        report(FIRM, "own_register"),
        report(FIRM, "province", serious("wage_arrears"), status=QueryStatus.PARTIAL),
    ]
    decision = decide(case(FIRM), reports)
    assert decision.outcome is Outcome.LISTED_MEASURE
    assert decision.recheck_owed


def test_s25_a_name_that_differs_from_the_code_is_could_not_tell() -> None:
    """名称与代码不符: nothing about this subject is clean, and its rows are doubtful."""
    reports = [report(OLD_FIRM, "own_register"), report(OLD_FIRM, "province", registered_name_differs=True)]
    assert decide(case(OLD_FIRM), reports).outcome is Outcome.UNAVAILABLE
    hit = report(OLD_FIRM, "province", serious("wage_arrears"), registered_name_differs=True)
    assert decide(case(OLD_FIRM), [reports[0], hit]).outcome is Outcome.AMBIGUOUS


@pytest.mark.parametrize(
    ("answer", "doubted"),
    [
        ({"registered_name_differs": True}, True),
        ({"status": QueryStatus.REJECTED, "reason": "unknown-subject"}, True),
        ({"status": QueryStatus.UNAVAILABLE, "reason": "timeout"}, False),
        ({"status": QueryStatus.REJECTED, "reason": "signature"}, False),
        ({}, False),
    ],
)
def test_an_answer_about_nobody_is_told_apart_from_an_outage(answer: dict[str, Any], doubted: bool) -> None:
    """Both are could-not-tell; only the first calls for a look at the facts."""
    decision = decide(case(FIRM), [report(FIRM, "own_register"), report(FIRM, "province", **answer)])
    assert (decision.outcome is Outcome.UNAVAILABLE) is bool(answer)
    assert {reason.party for reason in decision.identity_doubts} == ({FIRM.ref} if doubted else set())


def test_o00_a_record_from_the_future_is_could_not_tell() -> None:
    """A row dated after the check shows a source in error (R-14)."""
    row = serious(decided_on=ON + timedelta(days=1))
    assert decide(case(FIRM), with_records(FIRM, row)).outcome is Outcome.UNAVAILABLE


def test_o00_the_latest_answer_of_a_source_counts() -> None:
    """A later complete answer replaces an earlier failure."""
    failed = report(FIRM, "province", status=QueryStatus.UNAVAILABLE)
    later = report(FIRM, "province", answered_at=NOW + timedelta(minutes=5))
    assert decide(case(FIRM), [later, report(FIRM, "own_register"), failed]).outcome is Outcome.ORDINARY


def test_o00_of_two_answers_of_one_moment_the_same_counts_whatever_the_order_of_rows() -> None:
    """The tie between answers of one moment is broken by what they hold, not by how their rows are ordered."""
    first, third = (serious(record_id=f"r{month}", decided_on=date(2026, month, 1)) for month in (1, 3))
    other = report(FIRM, "province", serious("wage_arrears", record_id="r2", decided_on=date(2026, 2, 1)))
    told = [
        decide(case(FIRM), [report(FIRM, "own_register"), *answers])
        for rows in ((first, third), (third, first))
        for answers in ((report(FIRM, "province", *rows), other), (other, report(FIRM, "province", *rows)))
    ]
    assert all(decision == told[0] for decision in told)


def test_s25_a_name_that_differs_does_not_revive_rows_that_match_nobody() -> None:
    """A row that the source itself says is not about the subject stays without effect."""
    none = report(OLD_FIRM, "province", serious(match=MatchGrade.NONE), registered_name_differs=True)
    decision = decide(case(OLD_FIRM), [report(OLD_FIRM, "own_register"), none])
    assert decision.outcome is Outcome.UNAVAILABLE
    assert Why.POSSIBLE_MATCH not in whys(decision)


def test_two_rows_are_told_in_one_order_however_they_came() -> None:
    """The order of rows in an answer is not the order of the reasons."""
    rows = (record(record_id="r1"), serious(record_id="r2"))
    assert decide(case(FIRM), with_records(FIRM, *rows)) == decide(case(FIRM), with_records(FIRM, *reversed(rows)))


@pytest.mark.parametrize(
    ("weak", "strong", "outcome", "suppressed"),
    [
        # Both exact and of one document: the strongest source prevails.
        ({}, {}, Outcome.GONE, 2),
        # What may be somebody else's, or names no document, says nothing about another row.
        ({}, {"match": MatchGrade.POSSIBLE}, Outcome.SEVERE, 1),
        ({"document_no": ""}, {"document_no": ""}, Outcome.GENERAL, 1),
        # And whoever is perhaps meant by a row is not cleared by one about the subject itself.
        ({"match": MatchGrade.POSSIBLE}, {}, Outcome.AMBIGUOUS, 1),
        # What its own source calls gone is gone, whatever a stronger one disputes.
        ({"state": RecordState.REPAIRED}, {"state": RecordState.DISPUTED}, Outcome.DISPUTED, 1),
    ],
)
def test_s02_a_state_prevails_only_between_exact_rows_of_one_document(
    weak: dict[str, Any], strong: dict[str, Any], outcome: Outcome, suppressed: int
) -> None:
    """The state at 信用中国 decides about the same decision at a weaker source, and about nothing else (L-17)."""
    told = [
        *clean(FIRM)[1:],
        report(FIRM, "province", serious(**weak)),
        report(FIRM, "creditchina", serious(**{"source": "creditchina", "state": RecordState.REPAIRED, **strong})),
    ]
    decision = decide(case(FIRM), told)
    assert (decision.outcome, decision.suppressed) == (outcome, suppressed)


def test_r29_what_an_agreement_of_regions_recognises_counts_in_them() -> None:
    """Lists, entries and leniencies may have the scope of an agreement; a first minor record is told by its rule."""
    agreed = {"scope": "agreement:pearl-river-delta"}
    book = rebuilt(
        rules(),
        list_types=tuple(each.model_copy(update=agreed) for each in rules().list_types),
        leniencies=tuple(each.model_copy(update=agreed) for each in rules().leniencies),
    )
    red = record("tax_a_rating", Severity.GOOD, **agreed)
    assert decide(case(FIRM), with_records(FIRM, red), book=book).outcome is Outcome.GOOD
    assert decide(case(FIRM), with_records(FIRM, serious(**agreed)), book=book).outcome is Outcome.SEVERE
    first = decide(case(FIRM), with_records(FIRM, record(rectified=True)), book=book)
    assert [(r.outcome, r.rule) for r in first.reasons if r.why is Why.FIRST_MINOR] == [
        (Outcome.GENERAL, "first-minor")
    ]
    minor = record("market_penalty_small", Severity.MINOR, rectified=True, decided_on=date(2026, 9, 1))
    assert Why.MINOR_CORRECTED in whys(decide(case(FIRM), with_records(FIRM, minor), book=book))


# The last and the first day


@pytest.mark.parametrize(
    ("entry", "outcome"),
    [
        (record("tax_a_rating", Severity.GOOD, decided_on=ON), Outcome.GOOD),
        (record("tax_a_rating", Severity.GOOD, decided_on=ON + timedelta(days=1)), Outcome.ORDINARY),
        (record("tax_a_rating", Severity.GOOD, valid_until=ON), Outcome.GOOD),
        (record("tax_a_rating", Severity.GOOD, display_until=ON), Outcome.GOOD),
        (record("tax_a_rating", Severity.GOOD, display_until=ON - timedelta(days=1)), Outcome.ORDINARY),
        (serious(decided_on=ON), Outcome.SEVERE),
        (serious(display_until=ON), Outcome.SEVERE),
        (serious(display_until=ON - timedelta(days=1)), Outcome.GONE),
    ],
)
def test_a_row_counts_from_the_day_of_its_decision_to_its_last_day(entry: object, outcome: Outcome) -> None:
    """Both days belong to it, for a red-list entry as for a black one."""
    assert decide(case(FIRM), with_records(FIRM, entry)).outcome is outcome  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("party", "outcome"),
    [
        (replace(FIRM, established_on=date(2023, 10, 12)), Outcome.GOOD),
        (replace(FIRM, established_on=date(2023, 10, 13)), Outcome.ORDINARY),
        (replace(DRIVER, born_on=date(2005, 10, 12)), Outcome.GOOD),
        (replace(DRIVER, born_on=date(2005, 10, 13)), Outcome.ORDINARY),
        (replace(DRIVER, born_on=date(2008, 10, 12)), Outcome.ORDINARY),
    ],
)
def test_o09_three_years_to_the_day_are_three_years(party: PartyView, outcome: Outcome) -> None:
    """A firm founded, or a person grown up, three years ago to the day has had three clean years."""
    assert decide(case(party), clean(party)).outcome is outcome


@pytest.mark.parametrize(
    ("born", "outcome"), [(date(2008, 10, 12), Outcome.SEVERE), (date(2008, 10, 13), Outcome.ORDINARY)]
)
def test_r10_on_the_eighteenth_birthday_a_person_is_of_age(born: date, outcome: Outcome) -> None:
    """The day before, the same row has no effect and the refusal names it."""
    driver = replace(DRIVER, born_on=born)
    decision = decide(case(driver), with_records(driver, serious()))
    assert decision.outcome is outcome
    assert [(e.rules, e.record) for e in decision.refused if e.why is Why.MINOR_PERSON] == (
        [] if outcome is Outcome.SEVERE else [(("minors-outside",), "r1")]
    )


@pytest.mark.parametrize(
    ("approved", "decided", "spared"),
    [
        (ON, date(2026, 6, 1), True),
        (date(2026, 6, 1), date(2026, 6, 1), True),
        (date(2026, 6, 1), date(2026, 6, 2), False),
        (ON + timedelta(days=1), date(2026, 6, 1), False),
    ],
)
def test_s30_a_plan_covers_what_was_decided_until_the_day_of_its_approval(
    approved: date, decided: date, spared: bool
) -> None:
    """Entries up to the approval itself are taken away, from that day on; later ones stand."""
    firm = replace(OLD_FIRM, restructured_on=approved, restructuring_ruling="（2026）粤03破1号")
    row = serious(decided_on=decided)
    decision = decide(case(firm, region="440304"), with_records(firm, row))
    assert (Why.RESTRUCTURED in whys(decision)) is spared
    assert (decision.outcome is Outcome.SEVERE) is not spared


@pytest.mark.parametrize(("first", "last"), [(ON, date(2027, 1, 1)), (date(2026, 1, 1), ON)])
def test_o09_an_incentive_is_in_force_from_its_first_day_to_its_last(first: date, last: date) -> None:
    """Both days count, and an incentive that is over keeps no other from its effect."""

    def change(data: dict[str, Any]) -> None:
        named(data, "measures", "green-channel").update(valid_from="2020-01-01", valid_to="2020-12-31")
        named(data, "measures", "longer-supplement").update(valid_from=str(first), valid_to=str(last))

    decision = decide(case(OLD_FIRM), clean(OLD_FIRM), book=rules_with(change))
    assert [(m.measure, m.until, m.may_refuse, m.source, m.record) for m in decision.measures] == [
        ("longer-supplement", last, False, "", "")
    ]


@pytest.mark.parametrize(("due", "until"), [(4, date(2026, 10, 13)), (3, None)])
def test_l10_a_supplement_needs_a_day_between_filing_and_the_buffer(due: int, until: date | None) -> None:
    """Three working days before the due date is the latest; when that is the day of filing, nothing may follow."""
    view = case(FIRM, materials=FOOD_MAIN, due_on=add_workdays(ON, due, published_calendar()).on)
    assert {m.supply_until for m in decide(view, clean(FIRM)).tolerated} == ({until} if until else set())


# Grounds, identity, scope


def test_r39_a_person_without_consent_is_not_asked_and_has_neither_bonus_nor_burden() -> None:
    """Without ground the driver is ordinary, and records that came anyway are not used."""
    driver = replace(DRIVER, authorisation=None)
    decision = decide(case(driver), with_records(driver, serious()), book=rules_with(without_grounds))
    assert (decision.outcome, decision.parties[0].asked, decision.complete) == (Outcome.ORDINARY, False, True)
    assert decision.measures == ()
    assert [(r.outcome, r.party, r.why) for r in decision.reasons] == [(Outcome.ORDINARY, "d1", Why.NO_GROUND)]
    assert Why.ROWS_WITHOUT_GROUND in whys(decision)


@pytest.mark.parametrize(
    "consent", [Authorisation("A", date(2026, 1, 1), date(2026, 10, 11)), Authorisation("", ON, ON)]
)
def test_r39_an_expired_or_nameless_consent_is_none(consent: Authorisation) -> None:
    """Consent must name its paper and hold on the day of the check."""
    driver = replace(DRIVER, authorisation=consent)
    assert not decide(case(driver), clean(driver), book=rules_with(without_grounds)).parties[0].asked


def test_r39_a_refused_consent_does_not_hide_a_bar_of_law() -> None:
    """行政许可法 78 and 79 carry a look into the organ's own register, and nothing else, about any applicant."""
    driver = replace(DRIVER, authorisation=None)
    false_papers = record(source="own_register", event="false_materials", domain="ride_hailing")
    barred = decide(case(driver), [report(driver, "own_register", false_papers), report(driver, "province", serious())])
    assert barred.outcome is Outcome.BARRED
    assert {e.why for e in barred.refused} == {Why.SOURCE_NOT_CONFIGURED}
    quiet = decide(case(driver), [report(driver, "own_register")])
    assert (quiet.outcome, quiet.complete) == (Outcome.ORDINARY, True)
    assert Why.ONLY_BARS_CHECKED in whys(quiet)


def test_s12_a_person_who_cannot_be_matched_is_ordinary_without_bonus() -> None:
    """A passport holder is not clean, only not matchable: ordinary path, no bonus, not asked."""
    driver = replace(DRIVER, identified=False, born_on=None)
    decision = decide(case(driver), [])
    assert (decision.outcome, decision.channel, decision.parties[0].asked) == (
        Outcome.ORDINARY,
        Channel.ORDINARY,
        False,
    )


def test_s20_an_agent_is_never_a_subject_of_the_check() -> None:
    """A listed agent with consent changes nothing and is not asked about."""
    agent = replace(DRIVER, ref="a1", role=Role.AGENT)
    decision = decide(case(OLD_FIRM, agent), [*clean(OLD_FIRM), *with_records(agent, serious("wage_arrears"))])
    assert decision.outcome is Outcome.GOOD
    assert [(p.asked, p.ground) for p in decision.parties] == [(True, "gd-market-53"), (False, "")]


def test_s22_a_list_without_basis_or_scope_has_no_effect() -> None:
    """Another city's list, an unverified list and an unknown list are reference only and do not end the bonus."""
    rows = [
        record("city_uncivil", record_id="a"),
        serious("tax_major", record_id="b"),
        serious("unheard_of", record_id="c"),
        serious("wage_arrears", record_id="d", scope="city:4403"),
        serious("wage_arrears", record_id="e", scope="somewhere"),
    ]
    decision = decide(case(OLD_FIRM), with_records(OLD_FIRM, *rows))
    assert decision.outcome is Outcome.GOOD
    assert {r.record for r in decision.refused} == {"a", "b", "c", "d", "e"}


def test_a_source_that_is_not_configured_is_not_used() -> None:
    """Answers of sources outside the matter's list count for nothing."""
    decision = decide(case(FIRM), [*clean(FIRM), report(FIRM, "gossip", serious("wage_arrears"))])
    assert decision.outcome is Outcome.ORDINARY
    assert any(e.source == "gossip" and e.why is Why.SOURCE_NOT_CONFIGURED for e in decision.refused)


def test_r10_a_minor_stands_outside_sanction_logic() -> None:
    """Under eighteen nothing adverse applies; from the eighteenth birthday it does."""
    driver = replace(DRIVER, born_on=date(2008, 10, 13))
    assert decide(case(driver), with_records(driver, serious())).outcome is Outcome.ORDINARY
    adult = replace(DRIVER, born_on=date(2008, 10, 12))
    assert decide(case(adult), with_records(adult, serious())).outcome is Outcome.SEVERE


def test_an_unconfigured_matter_and_a_case_without_applicant_fail_closed() -> None:
    """Neither goes on unchecked."""
    with pytest.raises(CaseInvalid, match="未配置"):
        decide(case(FIRM, matter="nail-salon"), clean(FIRM))
    with pytest.raises(CaseInvalid, match="申请人"):
        decide(case(BOSS), clean(BOSS))


@pytest.mark.parametrize(
    "parties",
    [
        (),
        (BOSS,),
        (BOSS, OFFICER),
        (FIRM, replace(FIRM, ref="f2")),
        (FIRM, replace(FIRM, market=False)),
        (FIRM, BOSS, OLD_FIRM),
    ],
)
def test_a_case_has_exactly_one_applicant(parties: tuple[PartyView, ...]) -> None:
    """None, another role alone, or two of them: the organ is told what to put right."""
    with pytest.raises(CaseInvalid) as refused:
        decide(case(parties=parties), clean(FIRM, BOSS))
    told = refused.value
    assert (told.field, told.message) == ("申请人", "案件须有且只有一个申请人。")
    assert told.remedy == "请核对申请主体后重新提交核查。"


def test_the_applicant_stands_first_however_the_parties_were_given() -> None:
    """Two in the wrong order are as good as two in the right one, and the applicant given twice is one."""
    reports = [*clean(FIRM), *with_records(BOSS, serious())]
    assert decide(case(BOSS, FIRM), reports) == decide(case(FIRM, BOSS), reports)
    assert [p.role for p in decide(case(BOSS, FIRM), reports).parties] == [Role.APPLICANT, Role.LEGAL_REPRESENTATIVE]
    assert decide(case(FIRM, FIRM), clean(FIRM)) == decide(case(FIRM), clean(FIRM))


# Tolerance and dates


def test_s17_a_missing_statutory_material_is_never_tolerated() -> None:
    """One missing statutory material closes 容缺 for the whole filing."""
    decision = decide(case(FIRM, materials=FOOD_MAIN[1:]), clean(FIRM))
    assert decision.tolerated == ()


@pytest.mark.parametrize("row", [None, record(), serious(), serious("wage_arrears")])
def test_l10_tolerance_is_open_in_every_class(row: object) -> None:
    """容缺 of the public list does not depend on credit."""
    reports = clean(FIRM) if row is None else with_records(FIRM, row)  # type: ignore[arg-type]
    decision = decide(case(FIRM, materials=FOOD_ALL[:-1]), reports)
    assert [(t.material, t.supply_until) for t in decision.tolerated] == [("service-address", date(2026, 10, 26))]


def test_l10_good_credit_only_adds_days() -> None:
    """The same gap, with five more working days for good credit."""
    decision = decide(case(OLD_FIRM, materials=FOOD_ALL[:-1]), clean(OLD_FIRM))
    assert decision.tolerated[0].supply_until == date(2026, 11, 2)


def test_a_supplement_never_reaches_the_buffer_before_the_due_date() -> None:
    """A shorter due date pulls the supplement date three working days before it."""
    decision = decide(case(FIRM, materials=FOOD_ALL[:-1], due_on=date(2026, 10, 20)), clean(FIRM))
    assert decision.tolerated[0].supply_until == date(2026, 10, 15)
    assert decision.due_on == date(2026, 10, 20)


def test_s15_a_due_date_in_an_unpublished_year_is_flagged() -> None:
    """Accepted in late December, the due date is provisional."""
    on = date(2026, 12, 28)
    decision = decide(case(FIRM, accepted_on=on), clean(FIRM), on=on)
    assert decision.due_provisional
    assert decide(case(FIRM, accepted_on=None), clean(FIRM)).due_on is None


def test_r39_without_an_authorisation_only_what_the_law_itself_restricts_is_asked() -> None:
    """个保法 34: the bar carries a look into the own register, not a credit query, and earns no bonus."""
    boss = replace(BOSS, authorisation=None)
    book = rules()
    ground = book.ground_for(boss, "food-business", "440104", ON)
    assert book.sources_for(ground, book.matter("food-business")) == (("own_register",), ())
    from_register = report(boss, "own_register")
    decision = decide(case(OLD_FIRM, boss), [*clean(OLD_FIRM), from_register])
    assert decision.outcome is Outcome.ORDINARY
    assert decision.complete
    leaked = report(boss, "province", serious())
    assert decide(case(OLD_FIRM, boss), [*clean(OLD_FIRM), from_register, leaked]).outcome is Outcome.ORDINARY
    barred = report(boss, "own_register", revoked(role_then="legal_representative"))
    assert decide(case(OLD_FIRM, boss), [*clean(OLD_FIRM), barred]).outcome is Outcome.BARRED
