"""The simulator itself: what it holds, how it is steered, how it is protected."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import pytest
import requests

from adapters.gateway import GatewayPlatform
from adapters.simulator import (
    ControlClient,
    Fault,
    FaultKind,
    SimulatedIdentifier,
    SimulatedRecord,
    SimulatedSubject,
    Simulator,
)
from adapters.simulator.answers import Reply
from adapters.simulator.faults import FaultPlan
from adapters.simulator.ledger import Ledger
from adapters.simulator.register import Register
from adapters.simulator.shapes import Holdings, Question, Shape
from approval_hook.errors import PlatformError
from approval_hook.policy.subjects import organisation, person
from approval_hook.testing import make_query

ON = date(2026, 10, 1)
PERSON = person("陈示例", "440300199001010016", on=ON)
ROW = SimulatedRecord("R-1", "penalty", "2", "行政处罚", "2026-01-05")


@pytest.fixture
def running() -> Iterator[Simulator]:
    """A simulator inside this process."""
    with Simulator() as simulator:
        yield simulator


def test_the_control_interface_holds_subjects(running: Simulator) -> None:
    """What is put can be read back, changed row by row, and removed."""
    control = running.control()
    subject = SimulatedSubject.of(PERSON, ROW)
    control.put(subject)
    assert control.get("440300199001010016") == subject
    control.flip("R-1", state="2")
    changed = control.get("440300199001010016")
    assert changed is not None
    assert changed.records[0].state == "2"
    control.remove("440300199001010016")
    assert control.get("440300199001010016") is None
    control.close()


def test_the_control_interface_needs_its_own_token(running: Simulator) -> None:
    """Neither no token nor the gateway's token opens it."""
    assert requests.get(running.control_url + "/ledger", timeout=5).status_code == 403
    stranger = ControlClient(running.control_url, running.token)
    with pytest.raises(requests.HTTPError):
        stranger.ledger()
    stranger.close()


@pytest.mark.parametrize(
    ("method", "path", "data", "status"),
    [
        ("POST", "faults", {"kind": "nonsense"}, 400),
        ("POST", "faults", {"kind": "slow", "speed": 1}, 400),
        ("POST", "faults", {"kind": "slow", "probability": "often"}, 400),
        ("POST", "faults", {"kind": "slow", "probability": 1.5}, 400),
        ("POST", "faults", {"kind": "slow", "seconds": None}, 400),
        ("POST", "faults", {"kind": "slow", "times": True}, 400),
        ("PUT", "subjects", {"kind": "person"}, 400),
        ("PATCH", "records/R-404", {"state": "2"}, 404),
        ("DELETE", "subjects/404", None, 404),
        ("GET", "nowhere", None, 404),
    ],
)
def test_bad_control_requests_are_told(running: Simulator, method: str, path: str, data: object, status: int) -> None:
    """A mistyped fault or field is an error, not a fault that never strikes."""
    headers = {"X-Control-Token": running.control_token}
    reply = requests.request(method, f"{running.control_url}/{path}", json=data, headers=headers, timeout=5)
    assert reply.status_code == status


def test_a_row_that_two_subjects_have_is_changed_at_the_one_entered_last() -> None:
    """Dropping that one leaves the other's row, which is not found any more rather than changed by chance."""
    register = Register()
    first = SimulatedSubject.of(PERSON, ROW)
    second = SimulatedSubject.of(organisation("示例餐饮（广州）有限公司", "92440104MA5FKAEH4C", on=ON), ROW)
    register.put(first)
    register.put(second)
    assert register.patch("R-1", {"state": "2"})
    assert [(s.kind, s.records[0].state) for s in register.all()] == [("person", "1"), ("organisation", "2")]
    assert register.remove("92440104MA5FKAEH4C")
    assert not register.remove("92440104MA5FKAEH4C")
    assert not register.patch("R-1", {"state": "3"})
    assert register.all() == (first,)


def test_whoever_holds_one_of_the_numbers_is_replaced_whole() -> None:
    """A subject entered with an alias of another takes its place, and the other numbers of that one find nobody."""
    register = Register()
    one, two, three = (SimulatedIdentifier("hm_permit", f"H0000000{n}") for n in (1, 2, 3))
    register.put(SimulatedSubject("person", "甲", (one, two), (ROW,)))
    newer = SimulatedSubject("person", "乙", (two, three))
    register.put(newer)
    assert [register.get(i.number) for i in (one, two, three)] == [None, newer, newer]
    assert not register.patch("R-1", {"state": "2"})


def test_a_query_without_case_or_signature_is_refused_and_logged(running: Simulator) -> None:
    """Both refusals stand in the ledger, because every query received does."""
    url = running.url + "/credit/v1/query"
    whole = {
        "queryId": "q",
        "matter": "m",
        "caseNo": "c",
        "organ": "o",
        "ground": "L-07",
        "asOf": "2026-10-01",
        "page": 1,
        "subject": {"kind": "person", "name": "陈示例", "idType": "resident_id", "idNumber": "440300199001010016"},
    }
    assert requests.post(url, json=whole | {"caseNo": ""}, timeout=5).status_code == 400
    assert requests.post(url, json=whole, timeout=5).status_code == 401
    assert [line["outcome"] for line in running.ledger.lines()] == ["refused:malformed", "refused:headers"]


def test_faults_strike_in_order_and_run_out() -> None:
    """The first fault that fits wins; one with a count is used up; one for a number or path spares the others."""
    plan = FaultPlan(0)
    plan.add(Fault(FaultKind.EMPTY, path="/other"))
    plan.add(Fault(FaultKind.SLOW, number="1", times=1))
    plan.add(Fault(FaultKind.RESET, times=1))
    struck = [plan.strike(number, "/asked") for number in ("2", "1", "1")]
    assert [f.kind if f else None for f in struck] == [FaultKind.RESET, FaultKind.SLOW, None]


def test_faults_by_probability_repeat_with_the_seed() -> None:
    """The same seed strikes the same queries, at about the share asked for."""

    def strikes(seed: int) -> list[bool]:
        plan = FaultPlan(seed)
        plan.add(Fault(FaultKind.RESET, probability=0.3))
        return [plan.strike("1", "/asked") is not None for _ in range(1000)]

    assert strikes(4) == strikes(4) != strikes(5)
    assert 230 < sum(strikes(4)) < 370


def test_faults_by_probability_strike_over_http(running: Simulator) -> None:
    """Put in force by the control interface they strike about their share, are listed with what is left, and end."""
    control = running.control()
    control.put(SimulatedSubject.of(PERSON))
    control.fault(FaultKind.HTTP_401, probability=0.3)
    control.fault(FaultKind.HTTP_500, times=5, path="/elsewhere")
    platform = GatewayPlatform("province", running.url, running.paasid, running.token)

    def outcome(n: int) -> str:
        try:
            return platform.query(make_query(PERSON, f"q-{n}"), timeout=5).status.value
        except PlatformError as error:
            return error.reason

    said = [outcome(n) for n in range(200)]
    assert set(said) == {"OK", "refused"}
    assert 35 < said.count("refused") < 85
    assert [(f["kind"], f["probability"], f["left"]) for f in control.faults()] == [
        ("http_401", 0.3, None),
        ("http_500", 1.0, 5),
    ]
    control.behave()
    assert control.faults() == []
    assert {outcome(200 + n) for n in range(20)} == {"OK"}
    platform.close()
    control.close()


def test_the_ledger_is_on_disk_before_the_answer(tmp_path: Path) -> None:
    """A line can be read from the file as soon as it is appended, and a new ledger goes on after a torn line."""
    path = tmp_path / "ledger.jsonl"
    ledger = Ledger(path)
    ledger.append({"query_id": "q", "page": 1})
    assert json.loads(path.read_text())["attempt"] == 1
    ledger.close()
    with path.open("a") as torn:
        torn.write('{"query_id": "q", "pa')
    continued = Ledger(path)
    continued.append({"query_id": "q", "page": 1})
    assert [(line["seq"], line["attempt"]) for line in continued.lines()] == [(1, 1), (2, 2)]
    assert [json.loads(line)["seq"] for line in path.read_text().splitlines()] == [1, 2]
    continued.close()


@pytest.mark.parametrize("text", ["no JSON\nand no end", "{}\n", "[]\n{"])
def test_a_file_that_is_no_ledger_stays_as_it_is(tmp_path: Path, text: str) -> None:
    """A path mistyped at the start costs nobody a file."""
    path = tmp_path / "notes.txt"
    path.write_text(text)
    with pytest.raises(ValueError):  # noqa: PT011 - its words come from two places
        Ledger(path)
    assert path.read_text() == text


def test_a_probe_that_fails_is_seen(running: Simulator) -> None:
    """The query is answered and logged although the probe broke, and the ledger says that it did."""

    def broken(_query: object) -> None:
        raise LookupError("no table")

    running.probe = broken
    requests.post(
        running.url + "/credit/v1/query",
        json=dict.fromkeys(("queryId", "matter", "caseNo", "organ", "ground", "asOf"), "x")
        | {"page": 1, "subject": {"kind": "person", "name": "x", "idType": "x", "idNumber": "x"}},
        timeout=5,
    )
    assert [line["probe"] for line in running.ledger.lines()] == [{"probe_error": "LookupError", "message": "no table"}]


class BrokenShape(Shape):
    """Breaks while it reads, or under a fault, with the number in its error."""

    paths = ("/broken",)

    def read(self, path: str, body: bytes) -> Question | None:
        """What is asked, unless there is nothing."""
        return Question(path, {}, "", {b"asked": "440300199001010016"}[body])

    def problem(self, headers: Mapping[str, str], body: bytes) -> str:
        """Nobody signs."""
        return ""

    def refusal(self, problem: str) -> Reply:
        """Never."""
        return Reply(400, b"{}")

    def reply(self, question: Question, holdings: Holdings, fault: Fault | None) -> Reply:
        """Well, unless something is in force."""
        if fault is not None:
            raise LookupError(question.number)
        return Reply(200, b"{}")


def test_what_breaks_inside_a_shape_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    """Path, fault and type of the error, without what it says; the caller sees a broken connection."""
    with Simulator(shapes=[BrokenShape()]) as running:
        control = running.control()
        url = running.url + "/broken"
        assert requests.post(url, data=b"asked", timeout=5).status_code == 200
        assert control.failures() == []
        with pytest.raises(requests.ConnectionError):
            requests.post(url, data=b"other", timeout=5)
        control.fault(FaultKind.PARTIAL)
        with pytest.raises(requests.ConnectionError):
            requests.post(url, data=b"asked", timeout=5)
        assert control.failures() == [
            {"path": "/broken", "fault": "", "error": "KeyError"},
            {"path": "/broken", "fault": "partial", "error": "LookupError"},
        ]
        control.reset()
        assert control.failures() == []
        control.close()
    assert "in reply" in capfd.readouterr().err


def test_closing_twice_is_harmless() -> None:
    """A simulator that was closed by hand may be closed again by its context."""
    simulator = Simulator()
    with simulator:
        simulator.close()
    with pytest.raises(requests.ConnectionError):
        requests.get(simulator.url, timeout=1)
