"""The gateway adapter keeps the contract, over real HTTP, against the simulator in its own process."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.gateway import GatewayPlatform
from adapters.simulator import FaultKind, SimulatedIdentifier, SimulatedRecord, SimulatedSubject
from adapters.simulator.faults import ENVELOPE_FAULTS as ENVELOPE
from adapters.simulator.faults import HARMLESS
from approval_hook.errors import PlatformRefused, PlatformReplyInvalid, PlatformUnavailable
from approval_hook.policy.records import MatchGrade, QueryStatus, RecordState, Severity
from approval_hook.policy.subjects import IdentifierType as T
from approval_hook.policy.subjects import organisation, parse_identifier, person
from approval_hook.testing import ENVELOPE_FAULTS, FAULTS, make_query
from tests.contract.conftest import OnSimulator, RunningSimulator, row, start_simulator

ON = date(2026, 10, 1)
FIRM = organisation("示例餐饮（广州）有限公司", "92440104MA5FKAEH4C", on=ON)
PERSON = person("陈示例", "440300199001010016", on=ON)
SERIOUS = SimulatedRecord("R-1", "serious_dishonesty", "4", "列入严重失信主体名单", "2026年01月05日")


class TestGateway(OnSimulator):
    """The shipped contract."""

    clean, hit = PERSON, FIRM
    rows = (SERIOUS, row("R-2"))

    def connect(self, simulator: RunningSimulator) -> GatewayPlatform:
        """As its own shape is asked."""
        return simulator.platform()


@pytest.fixture
def ask(simulator: RunningSimulator) -> Iterator[GatewayPlatform]:
    """The adapter on an empty simulator."""
    platform = simulator.platform()
    yield platform
    platform.close()


def test_every_harmful_fault_is_in_the_contract() -> None:
    """The contract and the simulator know the same misbehaviour."""
    assert set(FAULTS) == {k.value for k in FaultKind} - {k.value for k in HARMLESS | ENVELOPE} | {"slow"}
    assert set(ENVELOPE_FAULTS) == {k.value for k in ENVELOPE}


def test_a_row_is_read_whole(simulator: RunningSimulator, ask: GatewayPlatform) -> None:
    """Every field of a row arrives in our terms, dates in whichever form."""
    full = row(
        "R-9",
        severity="9",
        state="5",
        decided_on="2026/02/03",
        decided_by="示例市局",
        document_no="示例〔2026〕1号",
        category="C1-01",
        published_on="2026-02-04",
        display_until="20290203",
        valid_until="2029年2月3日",
        scope="city:4401",
        event="licence_revoked",
        domain="food",
        role_then="principal",
    )
    simulator.control.put(SimulatedSubject.of(FIRM, full))
    (record,) = ask.query(make_query(FIRM, "q"), timeout=5).records
    assert (record.record_id, record.source, record.list_type) == ("R-9", "province", "penalty")
    assert (record.severity, record.state, record.match) == (Severity.GOOD, RecordState.DISPUTED, MatchGrade.EXACT)
    assert (record.decided_on, record.published_on) == (date(2026, 2, 3), date(2026, 2, 4))
    assert (record.display_until, record.valid_until) == (date(2029, 2, 3), date(2029, 2, 3))
    assert (record.decided_by, record.document_no, record.category) == ("示例市局", "示例〔2026〕1号", "C1-01")
    assert (record.scope, record.event, record.domain, record.role_then) == (
        "city:4401",
        "licence_revoked",
        "food",
        "principal",
    )


@pytest.mark.parametrize(
    ("code", "state"), [("2", RecordState.REPAIRED), ("3", RecordState.REMOVED), ("4", RecordState.CORRECTED)]
)
def test_a_flip_at_the_source_is_seen(
    simulator: RunningSimulator, ask: GatewayPlatform, code: str, state: RecordState
) -> None:
    """A row that its source repaired, removed or corrected says so at the next query."""
    simulator.control.put(SimulatedSubject.of(FIRM, SERIOUS))
    simulator.control.flip("R-1", state=code)
    assert [r.state for r in ask.query(make_query(FIRM, "q"), timeout=5).records] == [state]


def test_all_pages_are_read(simulator: RunningSimulator, ask: GatewayPlatform) -> None:
    """Rows beyond the first page are part of the answer."""
    simulator.control.put(SimulatedSubject.of(FIRM, *(row(f"R-{n}") for n in range(45))))
    report = ask.query(make_query(FIRM, "q"), timeout=5)
    assert len(report.records) == 45
    assert [line["page"] for line in simulator.control.ledger()] == [1, 2, 3]


def test_the_digest_covers_the_bytes_of_every_page(
    simulator: RunningSimulator, ask: GatewayPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The digest in the report is SHA-256 over the bodies as they came, in order."""
    simulator.control.put(SimulatedSubject.of(FIRM, *(row(f"R-{n}") for n in range(25))))
    bodies: list[bytes] = []
    real = ask._http.post

    def tapped(*args: Any, **options: Any) -> bytes:
        bodies.append(real(*args, **options))
        return bodies[-1]

    monkeypatch.setattr(ask._http, "post", tapped)
    report = ask.query(make_query(FIRM, "q"), timeout=5)
    assert len(bodies) == 2
    assert report.raw_digest == hashlib.sha256(b"".join(bodies)).hexdigest()


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (FaultKind.PARTIAL, QueryStatus.PARTIAL),
        (FaultKind.PENDING, QueryStatus.PENDING),
        (FaultKind.REFUSED, QueryStatus.REJECTED),
        (FaultKind.QUOTA, QueryStatus.REJECTED),
        (FaultKind.BUSY, QueryStatus.UNAVAILABLE),
    ],
)
def test_reply_codes_keep_their_meaning(
    simulator: RunningSimulator, ask: GatewayPlatform, fault: FaultKind, status: QueryStatus
) -> None:
    """Partial, pending, refused and busy come out as such, with the word for it and without rows."""
    simulator.control.put(SimulatedSubject.of(FIRM, SERIOUS))
    simulator.control.fault(fault)
    report = ask.query(make_query(FIRM, "q"), timeout=5)
    # "busy" alone would say that a limit of ours kept the query back.
    reason = "platform-busy" if fault is FaultKind.BUSY else fault.value
    assert (report.status, report.reason, report.records) == (status, reason, ())


def test_the_case_goes_with_the_query(simulator: RunningSimulator, ask: GatewayPlatform) -> None:
    """The platform learns case, matter, organ, ground and date, and its ledger holds no number."""
    simulator.control.put(SimulatedSubject.of(PERSON))
    ask.query(make_query(PERSON, "q-17"), timeout=5)
    (line,) = simulator.control.ledger()
    assert (line["query_id"], line["case_no"], line["matter"]) == ("q-17", "HT-2026-0001", "food-business")
    assert (line["organ"], line["ground"], line["as_of"]) == ("示例市市场监督管理局", "L-07", "2026-10-01")
    assert line["subject"] == hashlib.sha256(b"440300199001010016").hexdigest()
    assert "440300199001010016" not in json.dumps(line)


def test_rows_of_a_namesake_are_dropped(simulator: RunningSimulator, ask: GatewayPlatform) -> None:
    """A firm of the same name with another code is not ours, and the drop is counted."""
    rows = (
        row("R-1"),
        row("R-2", id_number="93441900MA5FKAEH45"),
        row("R-3", id_number="93441900MA5FKAEH45", name="别家"),
    )
    simulator.control.put(SimulatedSubject.of(FIRM, *rows))
    report = ask.query(make_query(FIRM, "q"), timeout=5)
    assert [(r.record_id, r.match) for r in report.records] == [("R-1", MatchGrade.EXACT)]
    assert report.mismatched == 2


def test_a_mask_is_a_possible_match(simulator: RunningSimulator, ask: GatewayPlatform) -> None:
    """A masked number that fits is possible with the same name only; one that does not fit is somebody else."""
    rows = (
        row("R-1", id_number="4403001990****0016"),
        row("R-2", id_number="4403001990****0016", name="李示例"),
        row("R-3", id_number="4403001991****0016"),
        row("R-4", id_number=""),
    )
    simulator.control.put(SimulatedSubject.of(PERSON, *rows))
    report = ask.query(make_query(PERSON, "q"), timeout=5)
    assert {r.record_id: r.match for r in report.records} == {"R-1": MatchGrade.POSSIBLE, "R-4": MatchGrade.POSSIBLE}
    assert report.mismatched == 2


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"id_type": ""}, MatchGrade.EXACT),
        ({"id_type": "USCC"}, MatchGrade.EXACT),
        ({"id_type": "统一社会信用代码"}, MatchGrade.EXACT),
        ({"id_number": "92440104MAXXXXEH4C"}, MatchGrade.POSSIBLE),
        ({"id_number": "92440104MA????EH4C", "name": ""}, MatchGrade.POSSIBLE),
        ({"id_number": "000000000000000000"}, MatchGrade.POSSIBLE),
        ({"id_number": "9244O1O4MA5FKAEH4C"}, MatchGrade.POSSIBLE),
    ],
)
def test_a_listed_subject_never_looks_clean(
    simulator: RunningSimulator, ask: GatewayPlatform, changes: dict[str, str], match: MatchGrade
) -> None:
    """A strange label, mask, filler or typing error in a row does not turn a hit into no record."""
    simulator.control.put(SimulatedSubject.of(FIRM, row("R-1", **changes)))
    report = ask.query(make_query(FIRM, "q"), timeout=5)
    assert [(r.record_id, r.match) for r in report.records] == [("R-1", match)]
    assert report.mismatched == 0


def test_personal_numbers_in_free_text_are_masked(simulator: RunningSimulator, ask: GatewayPlatform) -> None:
    """Title, organ and document number reach the evidence without numbers, and two documents stay two."""
    rows = [
        row(
            f"R-{n}",
            title=f"对陈示例（{number}）的处罚",
            decided_by="示例市局 13800000000",
            document_no=f"示例罚{number}号",
        )
        for n, number in enumerate(("440300199001010016", "440300199001020017"), start=1)
    ]
    rows[1] = replace(rows[1], document_no="示例罚440300199912310016号")
    simulator.control.put(SimulatedSubject.of(PERSON, *rows))
    report = ask.query(make_query(PERSON, "q"), timeout=5)
    first, second = report.records
    assert first.title == "对陈示例（440300••••••••0016）的处罚"
    assert first.document_no == "示例罚440300••••••••0016号（R-1）"
    assert second.document_no == "示例罚440300••••••••0016号（R-2）"
    for number in ("440300199001010016", "440300199912310016", "13800000000"):
        assert number not in repr(report)


def test_a_passport_alone_is_never_clean(simulator: RunningSimulator, ask: GatewayPlatform) -> None:
    """A passport holder cannot be matched, so nothing is asked and nothing is clean."""
    traveller = person("示例旅客", "E12345678", type=T.PASSPORT, on=ON)
    report = ask.query(make_query(traveller, "q"), timeout=5)
    assert (report.status, report.reason) == (QueryStatus.REJECTED, "unidentified")
    assert simulator.control.ledger() == []


def test_an_unknown_subject_is_never_clean(ask: GatewayPlatform) -> None:
    """A subject that is not in the master file is not a subject without records."""
    report = ask.query(make_query(FIRM, "q"), timeout=5)
    assert (report.status, report.reason) == (QueryStatus.REJECTED, "unknown-subject")


@pytest.mark.parametrize("known", ["both", "old card only"])
def test_every_identifier_is_asked_and_merged(simulator: RunningSimulator, ask: GatewayPlatform, known: str) -> None:
    """A person with two card numbers gets the rows of both, each once, under query ids of their own."""
    old = parse_identifier("FRA440012345678", type=T.FOREIGN_PERMANENT, field="证件号码", on=ON)
    resident = person("示例旅客", "830000197812310052", type=T.RESIDENCE_PERMIT, on=ON, aliases=(old,))
    on_old = row("R-2", id_type="foreign_permanent", id_number="FRA440012345678")
    both = row("R-3", id_type="residence_permit", id_number="830000197812310052")
    old_subject = SimulatedSubject(
        "person", "示例旅客", (SimulatedIdentifier("foreign_permanent", "FRA440012345678"),), (on_old, both)
    )
    simulator.control.put(old_subject)
    if known == "both":
        new = SimulatedIdentifier("residence_permit", "830000197812310052")
        simulator.control.put(SimulatedSubject("person", "示例旅客", (new,), (row("R-1"), both)))
    report = ask.query(make_query(resident, "q"), timeout=5)
    expected = {"R-1", "R-2", "R-3"} if known == "both" else {"R-2", "R-3"}
    assert report.status is QueryStatus.OK
    assert {r.record_id for r in report.records} == expected
    assert {line["query_id"] for line in simulator.control.ledger()} == {"q", "q.2"}


def test_another_registered_name_is_told(simulator: RunningSimulator, ask: GatewayPlatform) -> None:
    """A valid code that is registered for another name is marked; width and spaces do not count."""
    simulator.control.put(SimulatedSubject.of(FIRM, name="另一家示例公司"))
    assert ask.query(make_query(FIRM, "q-1"), timeout=5).registered_name_differs
    simulator.control.put(SimulatedSubject.of(FIRM, name="示例餐饮 (广州) 有限公司"))
    assert not ask.query(make_query(FIRM, "q-2"), timeout=5).registered_name_differs


def test_a_second_page_that_fails_fails_the_whole(simulator: RunningSimulator, ask: GatewayPlatform) -> None:
    """The rows of page one are not handed out when page two does not come."""
    simulator.control.put(SimulatedSubject.of(FIRM, *(row(f"R-{n}") for n in range(25))))
    simulator.control.fault(FaultKind.HALF_PAGE)
    with pytest.raises(PlatformUnavailable):
        ask.query(make_query(FIRM, "q"), timeout=2)


def test_a_wrong_token_is_refused_and_not_repeated(simulator: RunningSimulator) -> None:
    """Wrong credentials are told apart from an outage, after one try."""
    platform = GatewayPlatform("province", simulator.url, simulator.paasid, "wrong")
    with pytest.raises(PlatformRefused):
        platform.query(make_query(FIRM, "q"), timeout=5)
    assert [line["outcome"] for line in simulator.control.ledger()] == ["refused:signature"]
    platform.close()


def test_retry_after_is_honoured_within_the_deadline(simulator: RunningSimulator, ask: GatewayPlatform) -> None:
    """We wait as long as the platform wishes, and give up at once when that is beyond the deadline."""
    simulator.control.put(SimulatedSubject.of(PERSON))
    simulator.control.fault(FaultKind.HTTP_429, retry_after=1, times=1)
    started = time.monotonic()
    assert ask.query(make_query(PERSON, "q-1"), timeout=5).status is QueryStatus.OK
    assert 1.0 <= time.monotonic() - started < 2.0
    simulator.control.fault(FaultKind.HTTP_429, retry_after=60, times=1)
    started = time.monotonic()
    with pytest.raises(PlatformUnavailable) as caught:
        ask.query(make_query(PERSON, "q-2"), timeout=5)
    assert caught.value.retry_after == 60.0
    assert time.monotonic() - started < 0.5


def test_each_try_has_its_own_nonce(simulator: RunningSimulator, ask: GatewayPlatform) -> None:
    """Nonce and timestamp are fresh, otherwise the gateway would refuse a retry as a replay."""
    simulator.control.put(SimulatedSubject.of(PERSON))
    simulator.control.fault(FaultKind.RESET, times=2)
    ask.query(make_query(PERSON, "q"), timeout=5)
    lines = simulator.control.ledger()
    assert [line["attempt"] for line in lines] == [1, 2, 3]
    assert len({line["nonce"] for line in lines}) == 3


@pytest.mark.parametrize("fault", [FaultKind.HANG, FaultKind.DRIP])
def test_a_platform_killed_in_mid_answer_is_unavailable(fault: FaultKind, tmp_path: Path) -> None:
    """When the platform dies while it answers, the query fails typed and early, and the ledger on disk has it."""
    ledger = tmp_path / "ledger.jsonl"
    running = start_simulator("--ledger", str(ledger))
    running.control.put(SimulatedSubject.of(PERSON))
    running.control.fault(fault, seconds=0.2)
    platform = running.platform(attempts=1)
    killer = threading.Timer(0.5, running.process.kill)
    killer.start()
    started = time.monotonic()
    with pytest.raises(PlatformUnavailable):
        platform.query(make_query(PERSON, "q-dying"), timeout=10)
    assert time.monotonic() - started < 3
    killer.join()
    running.end()
    assert [json.loads(line)["query_id"] for line in ledger.read_text().splitlines()] == ["q-dying"]
    with pytest.raises(PlatformUnavailable):
        platform.query(make_query(PERSON, "q-dead"), timeout=1)
    platform.close()


def test_a_platform_that_comes_back_is_asked_again(tmp_path: Path) -> None:
    """After a restart on the same port the same adapter gets an answer, and the ledger goes on."""
    ledger = tmp_path / "ledger.jsonl"
    first = start_simulator("--ledger", str(ledger), "--seed", "5")
    known = first.control.subjects()[0]
    firm = organisation(known.name, known.identifiers[0].number, on=ON)
    platform = first.platform()
    before = platform.query(make_query(firm, "q"), timeout=5)
    first.end()
    assert before.status is QueryStatus.OK
    port = first.url.rpartition(":")[2]
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GATEWAY_TOKEN", first.token)
        second = start_simulator("--port", port, "--ledger", str(ledger), "--seed", "5", "--token-env", "GATEWAY_TOKEN")
    after = platform.query(make_query(firm, "q"), timeout=5)
    assert after.records == before.records
    assert [line["attempt"] for line in second.control.ledger()] == [1, 2]
    second.end()
    platform.close()


def probe(query: dict[str, str]) -> dict[str, str]:
    """What the simulator process is told to run when a query arrives."""
    return {"saw": query["queryId"]}


def test_the_probe_runs_before_the_answer() -> None:
    """What a probe returns in the simulator's process stands in the ledger."""
    running = start_simulator("--probe", "tests.contract.test_gateway:probe")
    running.control.put(SimulatedSubject.of(PERSON))
    platform = running.platform()
    platform.query(make_query(PERSON, "q-probed"), timeout=5)
    assert [line["probe"] for line in running.control.ledger()] == [{"saw": "q-probed"}]
    platform.close()
    running.end()


def test_the_connection_is_tested_without_a_query(simulator: RunningSimulator, ask: GatewayPlatform) -> None:
    """The platform's clock comes back, and its ledger of queries stays empty."""
    found = ask.probe(timeout=5)
    assert found.source_time is not None
    assert abs(found.source_time - datetime.now(UTC)) < timedelta(seconds=5)
    assert found.certificate_until is None
    assert simulator.control.ledger() == []


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (FaultKind.HANG, PlatformUnavailable),
        (FaultKind.RESET, PlatformUnavailable),
        (FaultKind.HTTP_502, PlatformUnavailable),
        (FaultKind.HTTP_401, PlatformRefused),
        (FaultKind.REFUSED, PlatformRefused),
        (FaultKind.LOGIN_PAGE, PlatformReplyInvalid),
        (FaultKind.NAIVE_TIME, PlatformReplyInvalid),
        (FaultKind.UNKNOWN_STATUS, PlatformReplyInvalid),
    ],
)
def test_a_connection_that_fails_its_test_says_how(
    simulator: RunningSimulator, ask: GatewayPlatform, kind: FaultKind, error: type[Exception]
) -> None:
    """Unreachable, refused and not to be trusted are told apart, within the deadline."""
    simulator.control.fault(kind)
    started = time.monotonic()
    with pytest.raises(error):
        ask.probe(timeout=0.5)
    assert time.monotonic() - started < 0.8


def test_a_wrong_token_fails_the_test_of_the_connection(simulator: RunningSimulator) -> None:
    """What is tested are the credentials too."""
    stranger = GatewayPlatform("province", simulator.url, simulator.paasid, "another-token")
    with pytest.raises(PlatformRefused):
        stranger.probe(timeout=5)
    stranger.close()


def test_an_old_answer_is_not_trusted(simulator: RunningSimulator) -> None:
    """A reply whose clock is outside the tolerance may be a cached one and is refused."""
    simulator.control.put(SimulatedSubject.of(PERSON))
    simulator.control.fault(FaultKind.CLOCK_SKEW, seconds=-900)
    platform = simulator.platform()
    with pytest.raises(PlatformReplyInvalid):
        platform.query(make_query(PERSON, "q"), timeout=5)
    platform.close()
