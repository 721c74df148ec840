"""Several sources about one record: one spelling of its document, what prevails, and what is told to the clerk."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approval_hook.policy.decision import Outcome
from approval_hook.policy.merging import Conflict, Said, find_conflicts, one_spelling, written_alike
from approval_hook.policy.plan import OWN_REGISTER
from approval_hook.policy.records import CreditReport, MatchGrade, QueryStatus, RecordState, Severity

from .building import case, clean, decide, record, report, rules, serious
from .test_evaluate import FIRM

AUTHORITY = ("creditchina", "province")
WAYS = ("粤监罚〔2024〕1号", "粤监罚[2024]1号", "粤监罚（2024）1号", "粤监罚【2024】 1号", "粤监罚［2024］１号")
BURDENS = {Outcome.SEVERE, Outcome.LISTED_MEASURE, Outcome.BARRED, Outcome.GENERAL}


def told(*reports: CreditReport) -> tuple[Conflict, ...]:
    """Conflicts by the shipped order of precedence."""
    return find_conflicts(reports, AUTHORITY)


def city(*rows: Any, **changes: Any) -> CreditReport:
    """A report of a source without precedence."""
    return report(FIRM, "city_list", *rows, **changes)


def china(*rows: Any, **changes: Any) -> CreditReport:
    """A report of the source that prevails over all."""
    return report(FIRM, "creditchina", *rows, **changes)


def province(*rows: Any, **changes: Any) -> CreditReport:
    """A report of the source that prevails over the city's."""
    return report(FIRM, "province", *rows, **changes)


def mine(source: str, **changes: Any) -> Any:
    """A serious row of a source."""
    return serious(**{"source": source, "record_id": f"{source}-1", **changes})


@pytest.mark.parametrize("one", WAYS)
@pytest.mark.parametrize("other", WAYS)
@pytest.mark.parametrize("gone", [RecordState.REPAIRED, RecordState.REMOVED, RecordState.CORRECTED])
def test_no_burden_rests_on_what_a_stronger_source_says_is_gone(one: str, other: str, gone: RecordState) -> None:
    """However either writes the document's number."""
    reports = [
        *clean(FIRM)[1:],
        province(mine("province", document_no=one)),
        china(mine("creditchina", document_no=other, state=gone)),
    ]
    decision = decide(case(FIRM), one_spelling(reports))
    assert decision.outcome not in BURDENS
    assert decision.obligations == ()
    assert not any(m.kind == "sanction" for m in decision.measures)


@given(seed=st.integers(0, 10_000), weak=st.sampled_from(["province", "city_list"]), one=st.sampled_from(WAYS))
def test_the_order_of_reports_and_rows_carries_no_meaning(seed: int, weak: str, one: str) -> None:
    """Neither for the spelling, nor for the conflicts, nor for what comes out."""
    rng = random.Random(seed)  # noqa: S311 - an order, no secret
    reports = [
        *clean(FIRM)[1:],
        report(FIRM, weak, mine(weak, document_no=one), mine(weak, record_id="w2", document_no=rng.choice(WAYS))),
        china(mine("creditchina", document_no=rng.choice(WAYS), state=rng.choice(list(RecordState)))),
    ]
    shuffled = list(reports)
    rng.shuffle(shuffled)
    assert told(*shuffled) == told(*reports)
    assert decide(case(FIRM), one_spelling(shuffled)) == decide(case(FIRM), one_spelling(reports))


def test_a_document_of_another_number_or_list_is_another_one() -> None:
    """Only the way of writing is evened out."""
    assert len({written_alike(way) for way in WAYS}) == 1
    assert written_alike("粤监罚〔2024〕11号") != written_alike(WAYS[0])
    rows = [mine("province", document_no=WAYS[0]), mine("province", record_id="2", document_no="粤监罚〔2024〕11号")]
    reports = [province(*rows)]
    assert one_spelling(reports) is reports
    other = china(mine("creditchina", list_type="wage_arrears", document_no=WAYS[1], state=RecordState.REPAIRED))
    assert decide(case(FIRM), one_spelling([*clean(FIRM)[1:], province(rows[0]), other])).outcome is Outcome.SEVERE


def test_what_has_no_number_keeps_none_and_other_fields_stay() -> None:
    """Spelling changes the document number and nothing else, and only where there are two ways."""
    bare = mine("city_list", record_id="b", document_no="")
    before = [city(bare, mine("city_list", document_no=WAYS[1])), china(mine("creditchina", document_no=WAYS[0]))]
    first, second = one_spelling(before)
    assert first.records[0] == bare
    assert {first.records[1].document_no, second.records[0].document_no} == {min(WAYS[0], WAYS[1])}
    assert one_spelling(before[:1]) is not None


def test_a_required_source_s_silence_is_could_not_tell_whatever_the_advisory_says() -> None:
    """Neither a clean word nor a hit of an advisory source stands in for it."""
    required = rules().matter("food-business").required_sources
    assert "province" in required
    assert "creditchina" not in required
    for status in (s for s in QueryStatus if s is not QueryStatus.OK):
        for advisory in (china(), china(mine("creditchina"))):
            reports = [*clean(FIRM)[1:], province(status=status), advisory]
            decision = decide(case(FIRM), reports)
            assert (decision.complete, decision.recheck_owed) == (False, True)
            assert decision.outcome is not Outcome.ORDINARY


def test_states_that_differ_are_told_with_both_sources_the_strongest_first() -> None:
    """One says repaired, the other active; the strongest prevails."""
    found = told(province(mine("province")), china(mine("creditchina", state=RecordState.REPAIRED)))
    said = (Said("creditchina", "repaired"), Said("province", "active"))
    assert found == (Conflict("state", FIRM.ref, "court_defaulter", said, "creditchina"),)


def test_without_precedence_nobody_prevails() -> None:
    """Two sources of no rank: a person looks."""
    rows = city(mine("city_list")), report(FIRM, "another", mine("another", state=RecordState.DISPUTED))
    (found,) = told(*rows)
    assert (found.kind, found.prevails) == ("state", "")
    assert [one.source for one in found.said] == ["another", "city_list"]


def test_a_hit_that_a_stronger_source_does_not_hold_is_told() -> None:
    """It stays a hit: what a source collects may differ."""
    (found,) = told(province(mine("province")), china())
    assert (found.kind, found.prevails) == ("one-sided", "")
    assert found.said == (Said("creditchina", "none"), Said("province", "active"))
    assert decide(case(FIRM), [*clean(FIRM)[1:], province(mine("province")), china()]).outcome is Outcome.SEVERE


@pytest.mark.parametrize(
    "reports",
    [
        (province(), china(mine("creditchina"))),  # the weaker one holds nothing
        (province(mine("province")), city()),  # a source without precedence holds nothing
        (province(mine("province")), china(status=QueryStatus.PARTIAL)),  # it did not answer in full
        (province(mine("province")), china(status=QueryStatus.UNAVAILABLE)),
        (province(mine("province", state=RecordState.REPAIRED)), china()),  # gone anyway
        (province(mine("province", match=MatchGrade.POSSIBLE)), china()),  # perhaps somebody else
        (province(record("tax_a_rating", Severity.GOOD, source="province")), china()),  # good news
        (province(mine("province")), china(mine("creditchina"))),  # they agree
        (province(mine("province")), china(mine("creditchina", document_no="另一文书"))),  # both have something
        (report(FIRM, OWN_REGISTER, mine(OWN_REGISTER)), china()),  # the organ's own decisions
        (
            province(mine("province", document_no="")),
            china(mine("creditchina", document_no="", state=RecordState.REPAIRED)),
        ),
        (province(), china()),
        (province(mine("province")),),
        (),
    ],
)
def test_what_is_no_conflict_is_not_told(reports: tuple[CreditReport, ...]) -> None:
    """Sources that hold different things agree, as long as none denies another's word."""
    assert told(*reports) == ()


def test_names_that_differ_are_told() -> None:
    """One source has another name registered for the number; the organ's own register says nothing of names."""
    own = report(FIRM, OWN_REGISTER)
    (found,) = told(province(registered_name_differs=True), china(), own)
    assert (found.kind, found.list_type) == ("name", "")
    assert found.said == (Said("creditchina", "same-name"), Said("province", "other-name"))
    assert told(province(registered_name_differs=True), own) == ()


def test_only_the_latest_answer_of_a_source_counts() -> None:
    """An older word of the same source contradicts nobody."""
    old = china(mine("creditchina", state=RecordState.REPAIRED))
    new = china(mine("creditchina"), answered_at=old.answered_at.replace(year=old.answered_at.year + 1))
    assert told(province(mine("province")), old, new) == ()
