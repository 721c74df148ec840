"""Promises that hold for every case, drawn over several rule sets and all their matters.

Stated exceptions to "one more adverse record never softens":

* a row that its source reports disputed suspends rows about the same decision at weaker or equal sources, and a row
  reported repaired, removed or corrected takes them away (R-44, R-46, L-17: the strongest source prevails);
* of several answers of one source about one party the latest counts, whatever an earlier one held.

The order of rules carries no meaning, with four exceptions that the rule file states: ``status_authority`` (strongest
first), and ``grounds``, ``leniencies`` and ``good_credit_routes``, of which the first that fits is named.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import pytest
import rfc8785
from hypothesis import assume, event, given, settings, target
from hypothesis import strategies as st
from msgspec.structs import replace

from approval_hook.policy import receipt
from approval_hook.policy.case import Role
from approval_hook.policy.catalogue import RuleSet, due_date
from approval_hook.policy.decision import HEADLINE_ORDER, Channel, Decision, ObligationKind, Outcome, Why
from approval_hook.policy.records import CreditRecord, CreditReport, MatchGrade, QueryStatus, RecordState, Severity
from approval_hook.policy.workdays import add_workdays
from approval_hook.workcalendar import published_calendar

from .building import NOW, ON
from .drawn_cases import (
    SOUND_BOOKS,
    Situation,
    drawn_record,
    rebuilt,
    shipped,
    situations,
    spoilt,
    synthetic,
    varied,
)
from .effort import capped

GONE = (RecordState.REPAIRED, RecordState.REMOVED, RecordState.CORRECTED)
#: How much a channel burdens; 待核 and 从严 give no convenience either and are not compared.
WEIGHT = {
    Channel.GREEN: 0,
    Channel.ORDINARY: 1,
    Channel.STRICT: 2,
    Channel.UNDETERMINED: 2,
    Channel.RESTRICTED: 3,
}
MANY = settings(max_examples=capped(250), deadline=None)
MORE = settings(max_examples=capped(500), deadline=None)


def written(decision: Decision) -> bytes:
    """Canonical bytes of a decision."""
    return receipt.canonical_bytes(receipt.decision_to_json(decision))


def receipt_of(drawn: Situation) -> receipt.Receipt:
    """The receipt of a drawn case."""
    return receipt.make_receipt(
        drawn.case,
        drawn.reports,
        drawn.decide(),
        at=NOW,
        rules_digest="0" * 64,
        calendar_digest=published_calendar().digest,
        software="0.1.0",
    )


def adverse(decision: Decision) -> list[Any]:
    """Bars and sanctions."""
    return [m for m in decision.measures if m.kind != "incentive"]


def rows(drawn: Situation) -> list[tuple[CreditReport, CreditRecord]]:
    """Every row with the report that carried it."""
    return [(report, record) for report in drawn.reports for record in report.records]


# The strategies reach what the properties are about


def test_the_drawn_cases_reach_every_outcome_and_every_effect() -> None:
    """Each outcome class, each effect and each ground of relief occurs, so that no property holds for want of cases."""
    seen: Counter[Any] = Counter()

    @settings(max_examples=800, deadline=None, derandomize=True, database=None)
    @given(situations())
    def draw(drawn: Situation) -> None:
        decision = drawn.decide()
        seen.update({party.outcome for party in decision.parties})
        seen.update({(m.kind, m.effect, m.may_refuse) for m in decision.measures})
        seen.update({duty.kind for duty in decision.obligations})
        seen.update({decision.channel, f"{len(decision.tolerated)} tolerated"})
        seen.update({found.why for found in (*decision.reasons, *decision.refused)})
        seen.update({f"{m.kind} in {drawn.matter.type}" for m in adverse(decision)})
        seen.update({f"{m.kind} on {m.party[0]}" for m in adverse(decision)})

    draw()
    assert set(Outcome) <= seen.keys()
    assert set(ObligationKind) <= seen.keys()
    assert set(WEIGHT) <= seen.keys()
    assert {
        ("bar", "limit_entry", True),
        ("bar", "limit_entry", False),
        ("sanction", "limit_entry", True),
        ("sanction", "limit_entry", False),
        ("sanction", "strict_review", False),
        ("sanction", "withhold_convenience", False),
        ("sanction", "key_supervision", False),
        ("incentive", "green_channel", False),
        ("incentive", "longer_supplement", False),
        ("incentive", "fewer_inspections", False),
    } <= seen.keys()
    assert {
        *(Why.DISPUTED, Why.POSSIBLE_MATCH, Why.GONE, Why.MINOR_CORRECTED, Why.RESTRUCTURED, Why.MINOR_PERSON),
        *(Why.RED_LIST, Why.CLEAN_YEARS, Why.RED_AND_BLACK, Why.NO_PRIORITY_UNDER_QUOTA, Why.LEFT_ROLE),
        *(Why.BASIS_UNVERIFIED, Why.OUT_OF_SCOPE, Why.NO_GROUND, Why.ONLY_BARS_CHECKED, Why.FUTURE_DATED),
        *(Why.REFERENCE_ONLY, Why.UNCLASSIFIED, Why.NO_UNDERLYING_DECISION, Why.ROLE_NOT_NAMED, Why.NOT_IN_FORCE),
    } <= seen.keys()
    assert {"bar on a", "bar on p", "sanction on a", "sanction on p"} <= seen.keys()
    assert {"1 tolerated", "sanction in 补助申请", "sanction in 行政许可"} <= seen.keys()
    common = (Outcome.BARRED, Outcome.LISTED_MEASURE, Outcome.SEVERE, Outcome.AMBIGUOUS, Outcome.DISPUTED, Outcome.GOOD)
    assert min(seen[outcome] for outcome in common) >= 20, seen


# Total, deterministic, free of order, replayable


@given(situations(), st.integers(0, 2**40))
@MANY
def test_every_case_has_one_decision_whatever_the_order_of_the_facts(drawn: Situation, seed: int) -> None:
    """Parties, reports, rows and papers in any order give the same bytes, twice."""
    rng = random.Random(seed)  # noqa: S311 no secret
    first = drawn.decide()
    event(f"headline {first.outcome}")
    reports = [replace(r, records=tuple(rng.sample(r.records, len(r.records)))) for r in drawn.reports]
    rng.shuffle(reports)
    case = replace(
        drawn.case,
        parties=tuple(rng.sample(drawn.case.parties, len(drawn.case.parties))),
        materials=tuple(rng.sample(drawn.case.materials, len(drawn.case.materials))),
    )
    again = drawn.decide(case=case, reports=reports)
    assert written(drawn.decide()) == written(first) == written(again)
    assert first.outcome is min((p.outcome for p in first.parties), key=HEADLINE_ORDER.index)


def shuffled(value: Any, rng: random.Random, place: str = "") -> Any:
    """Plain rule data with every list in another order, but for those whose order the rule file gives a meaning."""
    if isinstance(value, dict):
        return {key: shuffled(item, rng, key) for key, item in value.items()}
    if not isinstance(value, list):
        return value
    items = [shuffled(item, rng) for item in value]
    meant = ("status_authority", "grounds", "leniencies", "good_credit_routes")
    return items if place in meant else rng.sample(items, len(items))


@cache
def in_another_order(name: str, seed: int) -> RuleSet:
    """One of the rule sets, its data shuffled and parsed anew."""
    book = {"shipped": shipped, "varied": varied, "small": lambda: synthetic(40), "large": lambda: synthetic(400)}[name]
    return RuleSet.parse(shuffled(book().plain(), random.Random(seed)))  # noqa: S311 no secret


@pytest.mark.parametrize(
    ("book", "name"),
    [(shipped, "shipped"), (varied, "varied"), (lambda: synthetic(40), "small"), (lambda: synthetic(400), "large")],
    ids=["shipped", "varied", "small", "large"],
)
def test_the_order_of_rules_carries_no_meaning(book: Any, name: str) -> None:
    """Lists, bars, measures, rows, matters and bases in another order are the same rules and decide to the byte."""
    for seed in (1, 2):
        other = in_another_order(name, seed)
        assert _sorted_data(other.plain()) == _sorted_data(book().plain())

        @given(situations((book,)), st.just(other))
        @settings(max_examples=capped(100), deadline=None)
        def check(drawn: Situation, other: RuleSet) -> None:
            assert written(drawn.decide(rules=other)) == written(drawn.decide())

        check()


def _sorted_data(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted_data(item) for key, item in sorted(value.items())}
    return sorted((_sorted_data(v) for v in value), key=repr) if isinstance(value, list) else value


@given(situations())
@MANY
def test_a_receipt_is_enough_to_decide_again_to_the_byte(drawn: Situation) -> None:
    """What was stored reads back equal, and deciding on what was read gives the stored bytes."""
    stored = receipt.receipt_bytes(receipt_of(drawn))
    read = receipt.receipt_from_bytes(stored)
    assert (read.case, list(read.reports)) == (drawn.case, drawn.reports)
    again = drawn.decide(case=read.case, reports=list(read.reports))
    assert again == read.decision
    assert receipt.receipt_bytes(replace(read, decision=again)) == stored


@given(situations())
@settings(max_examples=capped(100), deadline=None)
def test_the_parts_of_a_receipt_read_back_equal_on_their_own(drawn: Situation) -> None:
    """Case, reports and decision are stored apart as well, as canonical JSON."""
    decision = drawn.decide()
    assert receipt.case_from_json(_through_json(receipt.case_to_json(drawn.case))) == drawn.case
    assert list(receipt.reports_from_json(_through_json(receipt.reports_to_json(drawn.reports)))) == drawn.reports
    assert receipt.decision_from_json(_through_json(receipt.decision_to_json(decision))) == decision


def _through_json(plain: Any) -> Any:
    return json.loads(receipt.canonical_bytes(plain))


@given(situations(), st.text(max_size=20), st.datetimes(timezones=st.just(UTC)), st.integers(-(2**40), 2**40))
@MANY
def test_receipts_are_canonical_as_the_rfc8785_package_writes_them(
    drawn: Situation, text: str, at: datetime, age: int
) -> None:
    """Whatever a platform wrote into a title and whenever it was, the bytes are those of another implementation."""
    reports = [
        replace(r, reason=text, records=tuple(replace(row, title=text, decided_by=text) for row in r.records))
        for r in drawn.reports
    ]
    whole = receipt_of(Situation(drawn.rules, replace(drawn.case, organ=text), reports))
    raw = receipt.receipt_bytes(replace(whole, at=at, ages=tuple(age for _ in whole.ages)))
    plain = json.loads(raw)
    assert raw == rfc8785.dumps(plain) == receipt.canonical_bytes(plain)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
@settings(max_examples=capped(200), deadline=None)
def test_canonical_bytes_are_those_of_the_rfc8785_package(value: Any) -> None:
    """Any JSON without floats: keys by UTF-16, no spaces, control characters escaped, everything else as it is."""
    assert receipt.canonical_bytes(value) == rfc8785.dumps(value)


# Could not tell


@given(situations())
@MANY
def test_could_not_tell_never_becomes_clean(drawn: Situation) -> None:
    """A party whose required source did not answer in full keeps the case incomplete, owed and without bonus."""
    decision = drawn.decide()
    answered = {(r.party, r.source) for r in drawn.reports if r.status is QueryStatus.OK}
    told = {(r.party, r.source) for r in drawn.reports if not r.registered_name_differs}
    open_ends = False
    for party in decision.parties:
        required, _ = drawn.rules.sources_for(party.ground, drawn.matter)
        if party.asked and not {(party.party, source) for source in required} <= answered & told:
            open_ends = True
            assert party.outcome not in (Outcome.ORDINARY, Outcome.GONE, Outcome.GOOD)
            assert ObligationKind.SUPERVISOR_RELEASES in {
                o.kind for o in decision.obligations if o.party == party.party
            }
    event(f"open ends: {open_ends}")
    if open_ends:
        assert not decision.complete
        assert decision.recheck_owed
        assert decision.channel not in (Channel.GREEN, Channel.ORDINARY)
        assert not any(m.kind == "incentive" for m in decision.measures)


@given(situations(), st.sampled_from([s for s in QueryStatus if s is not QueryStatus.OK]), st.integers(0, 20))
@MANY
def test_a_source_that_answers_less_never_softens(drawn: Situation, status: QueryStatus, number: int) -> None:
    """The same rows in a partial answer take no measure and no duty away; in any other they mean nothing. No bonus."""
    complete = [i for i, report in enumerate(drawn.reports) if report.status is QueryStatus.OK]
    assume(complete)
    at = complete[number % len(complete)]
    less = [replace(r, status=status) if i == at else r for i, r in enumerate(drawn.reports)]
    after = drawn.decide(reports=less)
    if status is QueryStatus.PARTIAL:
        _assert_not_softer(drawn.decide(), after)
        return
    empty = [replace(r, records=()) if i == at else r for i, r in enumerate(less)]
    without_rows = drawn.decide(reports=empty)
    assert (after.outcome, after.measures, after.obligations) == (
        without_rows.outcome,
        without_rows.measures,
        without_rows.obligations,
    )
    gained = {m for m in after.measures if m.kind == "incentive"}
    assert gained <= {m for m in drawn.decide().measures if m.kind == "incentive"} or without_rows.complete


# Monotone


def _burdens(decision: Decision) -> set[Any]:
    """Reasons that burden somebody or may come to; a first and minor record is a relief."""
    relief = (Outcome.ORDINARY, Outcome.GONE, Outcome.GOOD)
    return {r for r in decision.reasons if r.outcome not in relief and r.why is not Why.FIRST_MINOR}


def _height(decision: Decision) -> int:
    """Place of the headline, with all that burdens nobody on one level."""
    return min(HEADLINE_ORDER.index(decision.outcome), HEADLINE_ORDER.index(Outcome.GONE))


def _assert_not_softer(before: Decision, after: Decision) -> None:
    assert set(adverse(before)) <= set(adverse(after))
    assert set(before.obligations) <= set(after.obligations)
    assert _burdens(before) <= _burdens(after)
    assert WEIGHT[after.channel] >= WEIGHT[before.channel]
    assert _height(after) <= _height(before)
    assert {m for m in after.measures if m.kind == "incentive"} <= set(before.measures)
    supply = {t.material: t.supply_until for t in before.tolerated}
    assert all(t.material in supply and t.supply_until <= supply[t.material] for t in after.tolerated)
    assert after.complete <= before.complete


@st.composite
def one_more(draw: st.DrawFn, *, active: bool) -> tuple[Situation, list[CreditReport], CreditRecord]:
    """A case, its answers with one more adverse row in one of them, and that row."""
    drawn = draw(situations((*SOUND_BOOKS, spoilt)))
    assume(drawn.reports)
    rng = random.Random(draw(st.integers(0, 2**40)))  # noqa: S311 no secret
    book = next(b for b in (*SOUND_BOOKS, spoilt) if b() is drawn.rules)
    extra = drawn_record(rng, book, drawn.case.matter)
    at = rng.randrange(len(drawn.reports))
    report = drawn.reports[at]
    extra = replace(
        extra,
        record_id="extra",
        source=report.source,
        state=RecordState.ACTIVE if active else rng.choice((*GONE, *[RecordState.DISPUTED] * 3)),
        severity=Severity.SERIOUS if extra.severity is Severity.GOOD else extra.severity,
    )
    with_extra = replace(report, records=(*report.records, extra))
    return drawn, [*drawn.reports[:at], with_extra, *drawn.reports[at + 1 :]], extra


@given(one_more(active=True))
@MORE
def test_one_more_adverse_record_never_softens(more: tuple[Situation, list[CreditReport], CreditRecord]) -> None:
    """A further row in force takes no measure, duty or burden away, and adds no bonus, no paper and no day."""
    drawn, reports, extra = more
    before, after = drawn.decide(), drawn.decide(reports=reports)
    event(f"changed: {before != after}, {extra.match}")
    _assert_not_softer(before, after)


@given(one_more(active=False))
@MORE
def test_a_row_not_in_force_softens_only_rows_about_the_same_decision(
    more: tuple[Situation, list[CreditReport], CreditRecord],
) -> None:
    """Disputed, repaired, removed and corrected rows act on their own decision (L-17, R-46), on nothing else."""
    drawn, reports, extra = more
    before, after = drawn.decide(), drawn.decide(reports=reports)
    same = {
        (report.party, row.source, row.record_id)
        for report, row in rows(drawn)
        if (row.list_type, row.document_no) == (extra.list_type, extra.document_no)
    }
    lost = {(m.party, m.source, m.record) for m in set(adverse(before)) - set(adverse(after))}
    lost |= {(r.party, r.source, r.record) for r in _burdens(before) - _burdens(after)}
    event(f"lost: {bool(lost)}")
    assert lost <= same
    assert {m for m in after.measures if m.kind == "incentive"} <= set(before.measures) or same
    if not same:
        _assert_not_softer(before, after)


@given(situations())
@MANY
def test_what_is_gone_is_as_if_it_had_never_been(drawn: Situation) -> None:
    """Repaired, removed, corrected and foreign rows only count as suppressed; without them all else is the same."""
    numbers = Counter((report.party, row.list_type, row.document_no) for report, row in rows(drawn))

    def stays(report: CreditReport, row: CreditRecord) -> bool:
        # About a decision that other rows are about too, a row speaks for the state of those (L-17).
        alone = not row.document_no or numbers[report.party, row.list_type, row.document_no] == 1
        minor = row.severity is Severity.GOOD
        return minor or not alone or (row.state not in GONE and row.match is not MatchGrade.NONE)

    kept = [replace(r, records=tuple(row for row in r.records if stays(r, row))) for r in drawn.reports]
    event(f"something gone: {kept != drawn.reports}")
    with_gone, without = drawn.decide(), drawn.decide(reports=kept)
    assert _but_for_the_gone(with_gone) == _but_for_the_gone(without)


def _but_for_the_gone(decision: Decision) -> Decision:
    """A decision without the counts of gone rows, and without what is said to rows that nobody may use."""
    plain = {Outcome.GONE: Outcome.ORDINARY}
    unused = (Why.MINOR_PERSON, Why.ROWS_WITHOUT_GROUND, Why.SOURCE_NOT_CONFIGURED)
    parties = tuple(replace(p, outcome=plain.get(p.outcome, p.outcome), suppressed=0) for p in decision.parties)
    return replace(
        decision,
        outcome=min((p.outcome for p in parties), key=HEADLINE_ORDER.index),
        parties=parties,
        reasons=tuple(r for r in decision.reasons if r.why is not Why.GONE),
        refused=tuple(r for r in decision.refused if r.why not in unused),
        suppressed=0,
    )


# No basis, no adverse effect


@given(situations((shipped, varied, spoilt, spoilt, spoilt, lambda: synthetic(40), lambda: synthetic(400))))
@MORE
def test_nothing_adverse_without_a_verified_basis_that_is_law_in_the_region(drawn: Situation) -> None:
    """Every basis of a bar or measure may carry it, is verified and is law here, though the rules were spoilt."""
    decision = drawn.decide()
    plan = drawn.rules.plan(drawn.case.matter)
    applied = {(row.matter, row.measure): row for row in drawn.rules.applications}
    target(float(len(adverse(decision))), label="adverse measures")
    for measure in adverse(decision):
        event(f"{measure.kind} {measure.effect}, may refuse: {measure.may_refuse}")
        bases = drawn.rules.rule_basis(measure.measure, drawn.case.matter)
        assert bases
        assert all(b.verified and b.carries_adverse for b in bases)
        assert all(plan.covers(b.scope, drawn.case.region, ON) for b in bases)
        if measure.kind == "sanction":
            row = applied[drawn.case.matter, measure.measure]
            assert row.basis or measure.effect != "limit_entry"
            assert not measure.may_refuse or all(b.carries_refusal for b in row.basis)
            assert row.valid_from <= ON <= (row.valid_to or date.max)
        elif measure.may_refuse:
            assert all(b.carries_refusal for b in bases)


@given(situations())
@MORE
def test_nothing_adverse_from_a_disputed_possible_gone_or_expired_record(drawn: Situation) -> None:
    """Only an exact row in force, still on display, of a party asked about has an effect that somebody must decide."""
    decision = drawn.decide()
    asked = {p.party for p in decision.parties if p.asked}
    heads = (ObligationKind.HEAD_DECIDES, ObligationKind.SECTION_CONFIRMS)
    used = {(m.party, m.source, m.record) for m in adverse(decision)}
    due = {(o.party, o.record) for o in decision.obligations if o.kind in heads}
    used |= {
        (r.party, r.source, r.record)
        for r in decision.reasons
        if (r.party, r.record) in due and r.outcome in (Outcome.BARRED, Outcome.LISTED_MEASURE, Outcome.SEVERE)
    }
    barred = {(m.party, m.source, m.record) for m in decision.measures if m.kind == "bar"}
    last_ends = timedelta(days=0 if drawn.rules.conventions.last_day == "included" else 1)
    periods = {p.severity: p.max_months for p in drawn.rules.display_periods if p.severity}
    for party, source, name in used:
        assert party in asked
        mine = [
            (report, row)
            for report, row in rows(drawn)
            if (report.party, row.source, row.record_id) == (party, source, name)
            and row.match is MatchGrade.EXACT
            and row.state is RecordState.ACTIVE
            and row.document_no
            and row.severity is not Severity.GOOD
            and row.decided_on <= ON
            and not report.registered_name_differs
        ]
        if (party, source, name) in barred and any(report.source == "own_register" for report, _ in mine):
            continue
        shown = [
            row
            for _, row in mine
            if (row.display_until is None or ON + last_ends <= row.display_until)
            and ((listed := drawn.rules.list_type(row.list_type)) is not None or row.event)
            and (
                (listed is not None and listed.display != "severity")
                or _months_since_first(row.decided_on) <= periods[row.severity]
            )
        ]
        assert shown, (party, source, name)


def _months_since_first(day: date) -> int:
    """Whole months from the month of a day to this month, so many at least as a period that has run since."""
    return (ON.year - day.year) * 12 + ON.month - day.month


@given(situations())
@MANY
def test_every_adverse_effect_waits_for_a_person(drawn: Situation) -> None:
    """Each bar and measure has a duty about its record that the head or the section must discharge by the due date."""
    decision = drawn.decide()
    duties = {(o.kind, o.party, o.record): o for o in decision.obligations}
    for measure in adverse(decision):
        limits = measure.effect == "limit_entry"
        duty = duties.get((ObligationKind.HEAD_DECIDES, measure.party, measure.record))
        if duty is None:
            assert not limits
            duty = duties[ObligationKind.SECTION_CONFIRMS, measure.party, measure.record]
        assert duty.lapses is (duty.kind is ObligationKind.SECTION_CONFIRMS)
    kinds = {o.kind for o in decision.obligations}
    assert decision.channel is not Channel.RESTRICTED or ObligationKind.HEAD_DECIDES in kinds
    assert decision.channel is not Channel.STRICT or ObligationKind.SECTION_CONFIRMS in kinds
    assert all(o.due_on == decision.due_on for o in decision.obligations)
    assert not any(m.may_refuse for m in decision.measures if m.effect != "limit_entry")


@given(situations())
@MANY
def test_agents_minors_and_the_unasked_stand_outside(drawn: Situation) -> None:
    """No agent is asked, no minor is burdened, and nobody without a ground has any outcome but the ordinary one."""
    decision = drawn.decide()
    minors = {p.ref for p in drawn.case.parties if p.born_on is not None and p.born_on > date(2008, 10, 12)}
    touched = {m.party for m in adverse(decision)}
    touched |= {r.party for r in _burdens(decision) if r.outcome is not Outcome.UNAVAILABLE}
    adults = {p.ref for p in drawn.case.parties if p.ref not in minors}
    assert not (touched - adults) & minors
    for party in decision.parties:
        if not party.asked:
            assert party.outcome in (Outcome.ORDINARY, Outcome.GOOD)
            assert not party.suppressed
    assert not any(p.asked for p in decision.parties if p.role == Role.AGENT.value)


# Tolerance and good credit


@given(situations())
@MANY
def test_tolerance_is_for_internal_papers_and_ends_before_the_buffer(drawn: Situation) -> None:
    """All that is missing may follow or nothing may; never a statutory paper, never later than due date less buffer."""
    decision, matter = drawn.decide(), drawn.matter
    start = drawn.case.accepted_on or drawn.case.filed_on
    due = drawn.case.due_on or due_date(matter, start, published_calendar()).on
    assert decision.due_on == (None if drawn.case.accepted_on is drawn.case.due_on is None else due)
    latest = add_workdays(due, -drawn.rules.supplement_buffer_days, published_calendar()).on
    event(f"tolerated: {bool(decision.tolerated)}")
    for item in decision.tolerated:
        paper = matter.material(item.material)
        assert paper.kind == "internal"
        assert paper.tolerance != "never"
        assert item.material not in drawn.case.materials
        assert start < item.supply_until <= latest
        assert published_calendar().is_workday(item.supply_until)
    missing = {m.code for m in matter.materials} - set(drawn.case.materials)
    spared = {m.code for m in matter.materials if m.condition} & set(drawn.case.not_needed)
    assert {t.material for t in decision.tolerated} in (set(), missing - spared)


@cache
def _without_good_credit(book: Any) -> RuleSet:
    return rebuilt(book(), good_credit_routes=())


@given(st.data())
@MORE
def test_good_credit_only_adds(data: st.DataObject) -> None:
    """Without good credit there is less: no other burden, no other paper, no later date, no other channel but green."""
    book = data.draw(st.sampled_from(SOUND_BOOKS))
    drawn = data.draw(situations((book,)))
    good, plain = drawn.decide(), drawn.decide(rules=_without_good_credit(book))
    event(f"good: {good.outcome is Outcome.GOOD}")
    assert adverse(good) == adverse(plain)
    assert good.obligations == plain.obligations
    assert _burdens(good) == _burdens(plain)
    assert (good.complete, good.due_on, good.suppressed) == (plain.complete, plain.due_on, plain.suppressed)
    assert good.channel in (plain.channel, Channel.GREEN)
    supply = {t.material: t.supply_until for t in good.tolerated}
    assert all(supply[t.material] >= t.supply_until for t in plain.tolerated)
    if any(m.kind == "incentive" for m in good.measures) or good.channel is Channel.GREEN:
        allowed = {Outcome.GOOD, Outcome.ORDINARY, Outcome.GONE, Outcome.DISPUTED}
        assert {p.outcome for p in good.parties} <= allowed
        assert good.complete
        assert drawn.rules.conventions.disputed_incentives == "point" or good.outcome is not Outcome.DISPUTED
    if drawn.matter.quota_limited:
        assert good.channel is not Channel.GREEN
