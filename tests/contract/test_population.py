"""The population: what is in it, how fast it is drawn, and that every adapter tells its cases apart over HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date

import pytest

from adapters.appkey import AppKeyPlatform
from adapters.gateway import GatewayPlatform
from adapters.simulator import SimulatedSubject, Simulator
from adapters.simulator.examples import examples
from adapters.simulator.population import disagreeing, population
from adapters.simulator.register import Register
from adapters.simulator.shapes.gateway import PAGE_ROWS
from approval_hook.policy.records import MatchGrade, QueryStatus, RecordState
from approval_hook.policy.subjects import IdentifierType, Subject, SubjectKind, parse_identifier
from approval_hook.testing import make_query

ON = date(2026, 10, 1)
SEED = 7


def ours(subject: SimulatedSubject) -> Subject:
    """A subject of the master file as we know it."""
    numbers = (
        parse_identifier(i.number, type=IdentifierType(i.type), field="号码", on=ON) for i in subject.identifiers
    )
    return Subject(SubjectKind(subject.kind), subject.name, tuple(numbers))


@pytest.fixture(scope="module")
def block() -> tuple[SimulatedSubject, ...]:
    """One block, which holds every special case."""
    return population(SEED, 60)


@pytest.fixture(scope="module")
def running(block: tuple[SimulatedSubject, ...]) -> Iterator[Simulator]:
    """A simulator that holds it."""
    with Simulator(block) as simulator:
        yield simulator


def test_it_is_valid_and_repeats_with_its_seed() -> None:
    """Every number passes its check digits and is one subject's, and a larger population begins like a smaller one."""
    subjects = population(SEED, 5_000)
    assert subjects[:300] == population(SEED) != population(SEED + 1)
    assert all(ours(s).identifiers for s in subjects)
    numbers = [i.number for s in subjects for i in s.identifiers]
    assert len(set(numbers)) == len(numbers) > 5_000
    assert len({r.record_id for s in subjects for r in s.records}) == sum(len(s.records) for s in subjects)


def test_thousands_are_drawn_entered_and_dropped_in_two_seconds() -> None:
    """The fastest of three, because others work on this machine as well."""

    def seconds() -> float:
        started = time.perf_counter()
        subjects = population(SEED, 5_000)
        register = Register(subjects)
        for subject in subjects:
            assert register.remove(subject.identifiers[0].number)
        assert register.all() == ()
        return time.perf_counter() - started

    assert min(seconds() for _ in range(3)) < 2.0


def test_every_special_case_is_in_a_block(block: tuple[SimulatedSubject, ...]) -> None:
    """What is listed for somebody to try is what its word says."""
    found = {e.word: e.subjects for e in examples(block)}
    assert set(found) == {
        *("clean", "hit", "serious", "disputed", "good", "repaired", "removed", "expired"),
        *("masked", "pages", "aliases", "branch", "rare", "long", "namesake"),
    }
    assert {s.records for s in found["clean"]} == {()}
    assert {r.severity for s in found["serious"] for r in s.records} == {"4"}
    assert {r.state for s in found["disputed"] for r in s.records} == {"5"}
    assert len(found["pages"][0].records) > 2 * PAGE_ROWS
    # The clean firm that is offered first has the name of one with rows, and its name stands in that of another.
    clean, branch = found["clean"][0], found["branch"][0]
    assert clean in found["namesake"]
    assert clean.name in branch.name
    assert branch.records
    assert {len(i.number) for s in block for i in s.identifiers if i.type == "foreign_permanent"} == {15, 18}
    assert max(len(s.name) for s in block) > 180


def test_two_sources_disagree_about_some_rows_and_about_nobody_s_identity() -> None:
    """Repaired here and not there, active here and repaired there, and missing there; the subjects are the same."""
    here = population(SEED, 600)
    there = disagreeing(here, SEED)
    assert there == disagreeing(here, SEED) != disagreeing(here, SEED + 1)
    assert [(s.name, s.identifiers) for s in here] == [(s.name, s.identifiers) for s in there]
    states = {r.record_id: r.state for s in there for r in s.records}
    pairs = [(r.state, states.get(r.record_id)) for s in here for r in s.records]
    assert {("1", "2"), ("2", "1"), ("1", None), ("1", "1")} <= set(pairs)
    assert 0.3 < sum(a != b for a, b in pairs) / len(pairs) < 0.55
    numbers = {r.record_id: r.document_no for s in here for r in s.records}
    assert all(numbers[r.record_id] == r.document_no for s in there for r in s.records)


def test_the_gateway_adapter_tells_every_case_apart(running: Simulator, block: tuple[SimulatedSubject, ...]) -> None:
    """Complete for each subject, however many numbers, pages and characters; a mask is a possible match."""
    platform = GatewayPlatform("province", running.url, running.paasid, running.token)
    for n, subject in enumerate(block):
        report = platform.query(make_query(ours(subject), f"q-{n}"), timeout=10)
        assert report.status is QueryStatus.OK, (n, report.reason)
        assert {r.record_id for r in report.records} == {r.record_id for r in subject.records}
        masked = any("*" in (r.id_number or "") for r in subject.records)
        assert {r.match for r in report.records} <= {MatchGrade.POSSIBLE if masked else MatchGrade.EXACT}
        disputed = [r.state is RecordState.DISPUTED for r in report.records]
        assert disputed == [r.state == "5" for r in subject.records]
    platform.close()


def test_the_appkey_adapter_keeps_firms_of_like_names_apart(
    running: Simulator, block: tuple[SimulatedSubject, ...]
) -> None:
    """The clean firm whose name two others have is clean, with their rows dropped and counted."""
    platform = AppKeyPlatform("city", running.url, running.paasid, running.token)
    firms = [s for s in block if s.kind == "organisation"]
    reports = [platform.query(make_query(ours(s), f"q-{n}"), timeout=10) for n, s in enumerate(firms)]
    assert {r.status for r in reports} == {QueryStatus.OK}
    for subject, report in zip(firms, reports, strict=True):
        assert {r.record_id for r in report.records} == {r.record_id for r in subject.records}
    assert (reports[0].records, reports[0].mismatched) == ((), 2)
    platform.close()
