"""Promises that hold for every case: total, deterministic, order-free, replayable, never clean by mistake, monotone."""

from __future__ import annotations

import json
import random
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from approval_hook.policy import receipt
from approval_hook.policy.case import PartyView, Role
from approval_hook.policy.decision import HEADLINE_ORDER, Channel, Outcome
from approval_hook.policy.records import CreditRecord, CreditReport, MatchGrade, QueryStatus, RecordState, Severity
from approval_hook.policy.rules import ADVERSE_BASES

from .building import BOSS, DRIVER, FIRM, FOOD_ALL, NOW, OFFICER, OLD_FIRM, ON, case, decide, rules

SOURCES = ("province", "own_register", "creditchina", "city_list", "gossip")
LISTS = (*(t.code for t in rules().list_types), "unheard_of")
DATES = st.dates(date(2015, 1, 1), date(2027, 3, 1))
RECORDS = st.builds(
    CreditRecord,
    record_id=st.sampled_from(["r1", "r2", "r3", "r4", "r5"]),
    source=st.sampled_from(SOURCES),
    list_type=st.sampled_from(LISTS),
    severity=st.sampled_from(Severity),
    title=st.just("示例记录"),
    decided_on=DATES,
    document_no=st.sampled_from(["", "示例1号", "示例2号"]),
    match=st.sampled_from(MatchGrade),
    state=st.sampled_from(RecordState),
    published_on=st.none() | DATES,
    display_until=st.none() | DATES,
    valid_until=st.none() | DATES,
    scope=st.sampled_from(["national", "province:44", "city:4401", "city:4403", "nowhere"]),
    event=st.sampled_from(["", "licence_revoked", "licence_by_fraud", "food_crime_sentence"]),
    domain=st.sampled_from(["", "food", "ride_hailing"]),
    role_then=st.sampled_from(["", "legal_representative", "other_responsible"]),
)
PARTIES: tuple[tuple[PartyView, ...], ...] = (
    (FIRM,),
    (OLD_FIRM, BOSS),
    (OLD_FIRM, BOSS, OFFICER, replace(BOSS, role=Role.FOOD_SAFETY_OFFICER)),
    (DRIVER,),
    (replace(DRIVER, authorisation=None), replace(DRIVER, ref="a1", role=Role.AGENT)),
)
CASES = st.builds(
    lambda parties, materials, region: case(*parties, materials=tuple(materials), region=region),
    st.sampled_from(PARTIES),
    st.lists(st.sampled_from(FOOD_ALL), unique=True),
    st.sampled_from(["440104", "440304", "330106"]),
)
REPORTS = st.lists(
    st.builds(
        CreditReport,
        party=st.sampled_from(["f1", "b1", "o1", "d1", "a1"]),
        source=st.sampled_from(SOURCES),
        status=st.sampled_from(QueryStatus) | st.just(QueryStatus.OK),
        asked_at=st.just(NOW),
        answered_at=st.just(NOW),
        records=st.lists(RECORDS, max_size=3).map(tuple),
        registered_name_differs=st.booleans(),
    ),
    max_size=10,
)
ADVERSE = st.builds(
    CreditRecord,
    record_id=st.just("extra"),
    source=st.sampled_from(["province", "own_register"]),
    list_type=st.sampled_from(["court_defaulter", "wage_arrears", "penalty", "watch_list", "abnormal_operation"]),
    severity=st.sampled_from([Severity.SERIOUS, Severity.WATCH, Severity.GENERAL, Severity.MINOR]),
    title=st.just("追加的记录"),
    decided_on=st.dates(date(2026, 9, 1), ON),
    document_no=st.just("追加1号"),
    event=st.sampled_from(["", "licence_revoked"]),
    domain=st.just("food"),
)
RANK = {outcome: rank for rank, outcome in enumerate(HEADLINE_ORDER)}


@given(CASES, REPORTS, st.randoms(use_true_random=False))
@settings(max_examples=150)
def test_total_deterministic_and_order_free(view: object, reports: list[CreditReport], rng: random.Random) -> None:
    """Any reports in any order give the same bytes, with rows and parties shuffled too."""
    first = decide(view, reports)  # type: ignore[arg-type]
    shuffled = [replace(r, records=tuple(rng.sample(r.records, len(r.records)))) for r in reports]
    rng.shuffle(shuffled)
    parties = list(view.parties)  # type: ignore[attr-defined]
    rng.shuffle(parties)
    second = decide(replace(view, parties=tuple(parties)), shuffled)  # type: ignore[type-var]
    assert receipt.canonical_bytes(receipt.decision_to_json(first)) == receipt.canonical_bytes(
        receipt.decision_to_json(second)
    )


@given(CASES, REPORTS)
def test_replay_from_json_gives_the_same_decision(view: object, reports: list[CreditReport]) -> None:
    """What was stored reads back equal and decides equal."""
    stored_case = json.loads(receipt.canonical_bytes(receipt.case_to_json(view)))  # type: ignore[arg-type]
    stored_reports = json.loads(receipt.canonical_bytes(receipt.reports_to_json(reports)))
    again_case, again_reports = receipt.case_from_json(stored_case), receipt.reports_from_json(stored_reports)
    assert (again_case, list(again_reports)) == (view, reports)
    decision = decide(view, reports)  # type: ignore[arg-type]
    assert decide(again_case, again_reports) == decision
    assert (
        receipt.decision_from_json(json.loads(receipt.canonical_bytes(receipt.decision_to_json(decision)))) == decision
    )


@given(CASES, REPORTS)
def test_could_not_tell_never_becomes_clean(view: object, reports: list[CreditReport]) -> None:
    """A party with a ground and a required source not OK keeps the case incomplete, owed and without bonus."""
    decision = decide(view, reports)  # type: ignore[arg-type]
    answered = {(r.party, r.source) for r in reports if r.status is QueryStatus.OK}
    for party in decision.parties:
        required, _ = rules().sources_for(party.ground, rules().matter(view.matter))  # type: ignore[attr-defined]
        if party.asked and not {(party.party, source) for source in required} <= answered:
            assert not decision.complete
            assert decision.recheck_owed
            assert party.outcome not in (Outcome.ORDINARY, Outcome.GONE, Outcome.GOOD)
            assert decision.channel is not Channel.GREEN


@given(CASES, REPORTS)
def test_nothing_adverse_without_a_verified_basis_and_an_exact_record(
    view: object, reports: list[CreditReport]
) -> None:
    """Every bar and sanction cites verified law, names an exact active row and an asked party; none comes to agents."""
    decision = decide(view, reports)  # type: ignore[arg-type]
    adverse_articles = {
        (b.document, b.article)
        for part in (*rules().bars, *rules().measures)
        for b in part.basis
        if b.type in ADVERSE_BASES and b.verified
    }
    asked = {p.party for p in decision.parties if p.asked}
    rows = {
        (r.party, row.record_id)
        for r in reports
        for row in r.records
        if row.match is MatchGrade.EXACT and row.state is RecordState.ACTIVE and row.document_no
    }
    for measure in decision.measures:
        if measure.kind != "incentive":
            assert measure.basis
            assert all((b.document, b.article) in adverse_articles for b in measure.basis)
            assert measure.party in asked
            assert (measure.party, measure.record) in rows
    assert not any(p.asked for p in decision.parties if p.role == Role.AGENT.value)


@given(CASES, REPORTS, ADVERSE, st.sampled_from(["f1", "b1", "o1", "d1"]))
def test_one_more_adverse_record_never_softens(
    view: object, reports: list[CreditReport], extra: CreditRecord, ref: str
) -> None:
    """An exact, active, fresh record leaves the headline as high or raises it and takes no measure or duty away."""
    # One answer per source, so that adding a row changes no choice between answers.
    unique = list({(r.party, r.source): r for r in reports}.values())
    base = [r for r in unique if (r.party, r.source) != (ref, extra.source)]
    answer = CreditReport(ref, extra.source, QueryStatus.OK, NOW, NOW)
    before = decide(view, [*base, answer])  # type: ignore[arg-type]
    after = decide(view, [*base, replace(answer, records=(extra,))])  # type: ignore[arg-type]
    assert RANK[after.outcome] <= RANK[before.outcome]
    adverse_before = {m for m in before.measures if m.kind != "incentive"}
    assert adverse_before <= set(after.measures)
    assert set(before.obligations) <= set(after.obligations)
    assert {m for m in after.measures if m.kind == "incentive"} <= set(before.measures)


@given(CASES, REPORTS)
def test_tolerance_depends_on_credit_only_by_adding_days(view: object, reports: list[CreditReport]) -> None:
    """容缺 offers the same materials whatever the reports say, and never an earlier date than without them."""
    with_reports = {t.material: t.supply_until for t in decide(view, reports).tolerated}  # type: ignore[arg-type]
    without = {t.material: t.supply_until for t in decide(view, []).tolerated}  # type: ignore[arg-type]
    assert with_reports.keys() == without.keys()
    assert all(with_reports[m] >= without[m] for m in without)  # type: ignore[operator]
