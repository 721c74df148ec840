"""The appKey adapter keeps the contract, over real HTTP, and falls into none of the traps of its interface."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import structlog

from adapters.appkey import AppKeyPlatform
from adapters.simulator import FaultKind, SimulatedRecord, SimulatedSubject, Simulator
from adapters.simulator.faults import Fault
from adapters.simulator.register import Register
from adapters.simulator.shapes import Question
from adapters.simulator.shapes.appkey import AppKeyShape
from approval_hook.errors import ConfigurationError, PlatformError, PlatformReplyInvalid, PlatformUnavailable
from approval_hook.policy.records import CreditReport, MatchGrade, QueryStatus
from approval_hook.policy.subjects import organisation, person
from approval_hook.testing import make_query
from tests.contract.conftest import OnSimulator, RunningSimulator, row

ON = date(2026, 10, 1)
FIRM = organisation("广州示例丙餐饮有限公司", "92440104MA5FKAEH4C", on=ON)
CLEAN = organisation("广州示例乙商贸有限公司", "91440300MA5FKAEH40", on=ON)
NAMESAKE = "93441900MA5FKAEH45"


class TestAppKey(OnSimulator):
    """The shipped contract; what the shape cannot show stands in the shape, with the reasons."""

    cannot_express = {kind.value: reason for kind, reason in AppKeyShape.inexpressible.items()}

    clean, hit = CLEAN, FIRM
    rows = (row("R-1", severity="4"), row("R-2"))

    def connect(self, simulator: RunningSimulator) -> AppKeyPlatform:
        """As its own shape is asked."""
        return simulator.appkey()


@pytest.fixture
def ask(simulator: RunningSimulator) -> Iterator[AppKeyPlatform]:
    """The adapter on an empty simulator."""
    platform = simulator.appkey()
    yield platform
    platform.close()


def namesake(name: str, *records: SimulatedRecord) -> SimulatedSubject:
    """Another firm, under a name of its own."""
    return SimulatedSubject.of(organisation(name, NAMESAKE, on=ON), *records)


def test_a_fault_without_a_form_in_this_shape_is_refused_loudly(
    simulator: RunningSimulator, ask: AppKeyPlatform
) -> None:
    """The simulator never answers well where it was told to misbehave."""
    simulator.control.put(SimulatedSubject.of(CLEAN))
    simulator.control.fault(FaultKind.PENDING)
    with pytest.raises(PlatformUnavailable):
        ask.query(make_query(CLEAN, "q"), timeout=0.3)
    assert {line["outcome"] for line in simulator.control.ledger()} == {"inexpressible:pending"}


def test_an_unknown_subject_is_never_clean(simulator: RunningSimulator, ask: AppKeyPlatform) -> None:
    """The platform says 00 and nothing else about a number it does not hold; that is not "no record"."""
    report = ask.query(make_query(FIRM, "q"), timeout=5)
    assert (report.status, report.reason) == (QueryStatus.REJECTED, "unknown-subject")
    assert [line["path"] for line in simulator.control.ledger()] == ["/credit/api/subject"]


def test_a_person_is_not_asked_about(simulator: RunningSimulator, ask: AppKeyPlatform) -> None:
    """A register of organisations would hold nothing under a person's number and look clean."""
    report = ask.query(make_query(person("陈示例", "440300199001010016", on=ON), "q"), timeout=5)
    assert (report.status, report.reason) == (QueryStatus.REJECTED, "unidentified")
    assert simulator.control.ledger() == []


@pytest.mark.parametrize("name", [FIRM.name, FIRM.name + "天河分公司"])
def test_rows_that_a_fuzzy_name_brings_are_dropped_and_counted(
    simulator: RunningSimulator, ask: AppKeyPlatform, name: str
) -> None:
    """A firm of the same or a longer name with another code is not ours, whether or not ours has rows."""
    simulator.control.put(SimulatedSubject.of(FIRM))
    simulator.control.put(namesake(name, row("R-1"), row("R-2")))
    clean = ask.query(make_query(FIRM, "q-1"), timeout=5)
    assert (clean.status, clean.records, clean.mismatched) == (QueryStatus.OK, (), 2)
    simulator.control.put(SimulatedSubject.of(FIRM, row("R-3")))
    hit = ask.query(make_query(FIRM, "q-2"), timeout=5)
    assert [(r.record_id, r.match) for r in hit.records] == [("R-3", MatchGrade.EXACT)]
    assert hit.mismatched == 2


@pytest.mark.parametrize("number", ["", "9244************4C"])
def test_a_namesake_without_a_readable_number_is_possible(
    simulator: RunningSimulator, ask: AppKeyPlatform, number: str
) -> None:
    """The same name beside no number, or one that nobody can read, is neither ours nor somebody else's."""
    simulator.control.put(SimulatedSubject.of(FIRM))
    simulator.control.put(namesake(FIRM.name, row("R-1", id_number=number)))
    report = ask.query(make_query(FIRM, "q"), timeout=5)
    assert [(r.record_id, r.match) for r in report.records] == [("R-1", MatchGrade.POSSIBLE)]


@pytest.mark.parametrize("name", ["另一家示例公司", ""])
def test_a_row_of_another_that_no_name_explains_spoils_the_reply(
    simulator: RunningSimulator, ask: AppKeyPlatform, name: str
) -> None:
    """Without an echo, such a row is the only sign that the reply is about somebody else."""
    simulator.control.put(SimulatedSubject.of(FIRM, row("R-1"), row("R-2", id_number=NAMESAKE, name=name)))
    with pytest.raises(PlatformReplyInvalid, match="another subject"):
        ask.query(make_query(FIRM, "q"), timeout=5)


def test_another_registered_name_is_told(simulator: RunningSimulator, ask: AppKeyPlatform) -> None:
    """The master file's name for the code is compared with ours; it explains fuzzy rows as well."""
    simulator.control.put(SimulatedSubject.of(FIRM, name="改名示例公司"))
    simulator.control.put(namesake("改名示例公司东莞分公司", row("R-1")))
    report = ask.query(make_query(FIRM, "q"), timeout=5)
    assert (report.status, report.registered_name_differs, report.mismatched) == (QueryStatus.OK, True, 1)


@pytest.mark.parametrize("sign", ["md5", "hmac-sha256", "hmac-sm3"])
@pytest.mark.parametrize("request_time", ["digits", "milliseconds"])
def test_every_signature_and_both_times_are_accepted(simulator: RunningSimulator, sign: str, request_time: str) -> None:
    """Whatever the gateway demands can be set."""
    simulator.control.put(SimulatedSubject.of(CLEAN))
    platform = simulator.appkey(sign=sign, request_time=request_time)
    assert platform.query(make_query(CLEAN, "q"), timeout=5).status is QueryStatus.OK
    platform.close()


def test_a_wrong_secret_is_an_answer_that_is_not_ok(simulator: RunningSimulator) -> None:
    """The gateway has one code for every failure, so it is told as such, after one try."""
    simulator.control.put(SimulatedSubject.of(CLEAN))
    platform = AppKeyPlatform("city", simulator.url, simulator.paasid, "wrong")
    report = platform.query(make_query(CLEAN, "q"), timeout=5)
    assert (report.status, report.reason) == (QueryStatus.UNAVAILABLE, "failure")
    assert [line["outcome"] for line in simulator.control.ledger()] == ["refused:signature"]
    platform.close()


@pytest.mark.parametrize(
    "options", [{"app_key": ""}, {"token": ""}, {"sign": "sha1"}, {"request_time": "seconds"}, {"attempts": 0}]
)
def test_a_bad_option_is_a_configuration_error(options: dict[str, Any]) -> None:
    """Nothing is guessed at start-up."""
    good = {"name": "city", "base_url": "http://127.0.0.1:9", "app_key": "k", "token": "s"}
    with pytest.raises(ConfigurationError):
        AppKeyPlatform(**(good | options))


class Bent(AppKeyShape):
    """The same interface under paths of its own, with some fields of its replies replaced or left out (``None``)."""

    paths = ("/bent/credit/api/subject", "/bent/credit/api/records")

    def __init__(self, method: str, changes: dict[str, Any]) -> None:
        """Bend the replies of one method."""
        super().__init__("me", "token")
        self._method = method
        self._changes = changes

    def read(self, path: str, body: bytes) -> Question | None:
        """As the original reads it."""
        return super().read(path.removeprefix("/bent"), body)

    def document(self, question: Question, register: Register, fault: Fault | None) -> dict[str, Any]:
        """The right reply with the changes."""
        right = super().document(question, register, fault)
        changed = right | (self._changes if question.path.endswith(self._method) else {})
        return {key: value for key, value in changed.items() if value is not None}


def answer_of(method: str, changes: dict[str, Any]) -> CreditReport | PlatformError:
    """What the adapter makes of a platform that knows a clean firm, and whose replies are bent."""
    known = [SimulatedSubject.of(CLEAN)]
    with Simulator(known, paasid="me", token="token", shapes=[Bent(method, changes)]) as simulator:
        platform = AppKeyPlatform("city", simulator.url + "/bent", "me", "token")
        try:
            return platform.query(make_query(CLEAN, "q"), timeout=5)
        except PlatformError as error:
            return error
        finally:
            platform.close()


@pytest.mark.parametrize(
    ("method", "changes"),
    [
        ("records", {"dataCount": None}),
        ("records", {"dataCount": 1}),
        ("records", {"dataCount": -1}),
        ("records", {"dataCount": "0"}),
        ("records", {"dataCount": False}),
        ("records", {"datas": None}),
        ("records", {"datas": None, "data": []}),
        ("records", {"datas": {}}),
        ("records", {"code": "0"}),
        ("records", {"code": 0}),
        ("records", {"code": None}),
        ("subject", {"data": None}),
        ("subject", {"code": "100"}),
        ("subject", {"data": [{"name": "", "idNumber": CLEAN.identifiers[0].number}]}),
    ],
)
def test_a_reply_that_proves_nothing_is_invalid(method: str, changes: dict[str, Any]) -> None:
    """00 is not enough: list and count must be there, be what they should be, and agree."""
    assert isinstance(answer_of(method, changes), PlatformReplyInvalid)


@pytest.mark.parametrize("method", ["subject", "records"])
@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        ("96", QueryStatus.UNAVAILABLE, "data-error"),
        ("97", QueryStatus.REJECTED, "missing-parameter"),
        ("98", QueryStatus.REJECTED, "wrong-type"),
        ("99", QueryStatus.UNAVAILABLE, "failure"),
    ],
)
def test_codes_keep_their_meaning(method: str, code: str, status: QueryStatus, reason: str) -> None:
    """Each code of the gateway comes out as its own word, without rows, from either method."""
    report = answer_of(method, {"code": code})
    assert isinstance(report, CreditReport)
    assert (report.status, report.reason, report.records) == (status, reason, ())


def test_texts_of_the_platform_reach_neither_errors_nor_logs(caplog: pytest.LogCaptureFixture) -> None:
    """``msg`` and ``description`` repeat names and numbers, so nobody reads them."""
    told = f"{CLEAN.name} {CLEAN.identifiers[0].number} 陈示例 440300199001010016"
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as events:
        answers = [answer_of("records", {"msg": told, "description": told, "code": code}) for code in ("00", "99", "5")]
    shown = "".join(repr(a) + str(a) for a in answers) + repr(events) + caplog.text
    assert not any(secret in shown for secret in told.split())
