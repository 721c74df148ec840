"""The adapter for DES messages keeps the contract, over real HTTP, and falls into no trap of its interface."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from urllib.parse import parse_qsl

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters import message_gateway as module
from adapters.message_gateway import MessageGatewayPlatform
from adapters.simulator import Fault, FaultKind, SimulatedRecord, SimulatedSubject, Simulator
from adapters.simulator.faults import HARMLESS
from adapters.simulator.keys import SimulatedKeys
from adapters.simulator.register import Register
from adapters.simulator.shapes import Question
from adapters.simulator.shapes.message_gateway import MessageGatewayShape
from approval_hook.errors import (
    ConfigurationError,
    PlatformError,
    PlatformRefused,
    PlatformReplyInvalid,
    PlatformUnavailable,
)
from approval_hook.policy.records import CreditReport, MatchGrade, QueryStatus
from approval_hook.policy.subjects import Subject, organisation, person
from approval_hook.testing import EnvelopedPlatformContract, make_query
from tests.contract.conftest import OnSimulator, RunningSimulator, message_gateway, row

ON = date(2026, 10, 1)
FIRM = organisation("广州示例丙餐饮有限公司", "92440104MA5FKAEH4C", on=ON)
PERSON = person("陈示例", "440300199001010016", on=ON)
NAMESAKE = "93441900MA5FKAEH45"


class TestMessageGateway(OnSimulator, EnvelopedPlatformContract):
    """The shipped contract; what the shape cannot show stands in the shape, with the reasons."""

    cannot_express = {kind.value: reason for kind, reason in MessageGatewayShape.inexpressible.items()}

    clean, hit = PERSON, FIRM
    rows = (row("R-1", list_type="general"), row("R-2"))

    def connect(self, simulator: RunningSimulator) -> MessageGatewayPlatform:
        """As its own shape is asked."""
        return simulator.messages()


@pytest.fixture
def ask(simulator: RunningSimulator) -> Iterator[MessageGatewayPlatform]:
    """The adapter on an empty simulator."""
    platform = simulator.messages()
    yield platform
    platform.close()


def test_records_and_every_list_make_one_answer(simulator: RunningSimulator, ask: MessageGatewayPlatform) -> None:
    """The credit query comes first, then each list of the settings, red ones too; matter and organ go with it."""
    rows = (row("R-1", list_type="general"), row("R-2"), row("R-3", list_type="integrity_model", severity="9"))
    simulator.control.put(SimulatedSubject.of(FIRM, *rows))
    report = ask.query(make_query(FIRM, "q-1"), timeout=5)
    assert {r.record_id: r.match for r in report.records} == dict.fromkeys(("R-1", "R-2", "R-3"), MatchGrade.EXACT)
    first, *lists = simulator.control.ledger()
    assert (first["path"], first["query_id"]) == ("/share/credit", "q-1")
    assert (first["matter"], first["organ"]) == ("food-business", "示例市市场监督管理局")
    assert [line["path"] for line in lists] == ["/share/redblack"] * 2


def test_a_list_that_nobody_named_is_not_asked(simulator: RunningSimulator) -> None:
    """What is asked is in the settings, so what is missing there is known beforehand."""
    simulator.control.put(SimulatedSubject.of(FIRM, row("R-1", list_type="court_defaulter")))
    without = simulator.messages()
    assert without.query(make_query(FIRM, "q-1"), timeout=5).records == ()
    with_it = simulator.messages(black_lists={"court_defaulter": "B-002"})
    assert [r.record_id for r in with_it.query(make_query(FIRM, "q-2"), timeout=5).records] == ["R-1"]
    without.close()
    with_it.close()


def test_an_unknown_subject_is_never_clean_and_no_list_is_asked(
    simulator: RunningSimulator, ask: MessageGatewayPlatform
) -> None:
    """An unknown subject is on no list, and that is not "no record"."""
    report = ask.query(make_query(FIRM, "q"), timeout=5)
    assert (report.status, report.reason) == (QueryStatus.REJECTED, "unknown-subject")
    assert [line["path"] for line in simulator.control.ledger()] == ["/share/credit"]


@pytest.mark.parametrize("name", [FIRM.name, FIRM.name + "天河分公司"])
def test_rows_that_a_fuzzy_name_brings_are_dropped_and_counted(
    simulator: RunningSimulator, ask: MessageGatewayPlatform, name: str
) -> None:
    """A firm of the same or a longer name with another code is not ours."""
    simulator.control.put(SimulatedSubject.of(FIRM))
    simulator.control.put(SimulatedSubject.of(organisation(name, NAMESAKE, on=ON), row("R-1"), row("R-2")))
    report = ask.query(make_query(FIRM, "q"), timeout=5)
    assert (report.status, report.records, report.mismatched) == (QueryStatus.OK, (), 2)


#: Faults that show only where the clocks are hours apart.
CLOCKS = (FaultKind.CLOCK_SKEW, FaultKind.CLOCK_BEHIND)


@pytest.mark.parametrize(
    "fault", [k for k in FaultKind if k not in HARMLESS and not MessageGatewayShape.cannot_show(k)]
)
def test_a_list_that_fails_spoils_the_whole_answer(
    simulator: RunningSimulator, ask: MessageGatewayPlatform, fault: FaultKind
) -> None:
    """The records of the credit query alone are never the answer."""
    simulator.control.put(SimulatedSubject.of(FIRM, row("R-1", list_type="general"), row("R-2")))
    simulator.control.fault(fault, path="/share/redblack", seconds=3600.0 if fault in CLOCKS else 0.2)
    try:
        report = ask.query(make_query(FIRM, "q"), timeout=0.8)
    except PlatformError:
        return
    assert report.status is not QueryStatus.OK


@pytest.mark.parametrize("signed_by", ["appkey", "tif"])
@pytest.mark.parametrize("sign", ["md5", "hmac-sm3"])
def test_both_kinds_of_gateway_are_spoken_to(simulator: RunningSimulator, signed_by: str, sign: str) -> None:
    """The gateway knows us by appKey fields or by x-tif headers."""
    simulator.control.put(SimulatedSubject.of(PERSON))
    platform = simulator.messages(signed_by=signed_by, sign=sign)
    assert platform.query(make_query(PERSON, "q"), timeout=5).status is QueryStatus.OK
    platform.close()


@pytest.mark.parametrize("signed_by", ["appkey", "tif"])
def test_a_wrong_secret_is_refused(simulator: RunningSimulator, signed_by: str) -> None:
    """And the gateway's ledger says why."""
    simulator.control.put(SimulatedSubject.of(PERSON))
    platform = message_gateway(simulator.url, simulator.paasid, "wrong", simulator.keys, signed_by=signed_by)
    with pytest.raises(PlatformRefused):
        platform.query(make_query(PERSON, "q"), timeout=5)
    assert {line["outcome"] for line in simulator.control.ledger()} == {"refused:signature"}
    platform.close()


def test_one_field_goes_over_the_line_and_it_hides_whom(
    simulator: RunningSimulator, ask: MessageGatewayPlatform
) -> None:
    """The form has the message and the credentials; name, number and matter are not readable in it."""
    body, _ = ask._outgoing({"personName": "陈示例", "certCode": "440300199001010016"})()
    assert {key for key, _ in parse_qsl(body.decode())} == {"message", "appKey", "requestTime", "sign"}
    assert b"440300199001010016" not in body


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (FaultKind.FORGED_SIGNATURE, "signature"),
        (FaultKind.OLD_TIMESTAMP, "moment"),
        (FaultKind.CLOCK_SKEW, "moment"),
        (FaultKind.NOT_ENCRYPTED, "decrypted"),
        (FaultKind.OTHER_KEY, "decrypted|JSON"),
    ],
)
def test_an_envelope_fails_for_its_own_reason(
    simulator: RunningSimulator, ask: MessageGatewayPlatform, fault: FaultKind, why: str
) -> None:
    """Each fault of the envelope is what stops the answer, and not something else."""
    simulator.control.put(SimulatedSubject.of(PERSON))
    simulator.control.fault(fault, seconds=3600.0)
    with pytest.raises(PlatformReplyInvalid, match=why):
        ask.query(make_query(PERSON, "q"), timeout=5)


@pytest.mark.parametrize("about", [PERSON, FIRM])
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_any_flipped_byte_of_a_reply_is_never_an_answer(about: Subject, nth: int, simulator: RunningSimulator) -> None:
    """Whichever byte of whichever genuine reply changes, to whatever: could-not-tell. DES alone would not see it."""
    simulator.control.put(SimulatedSubject.of(PERSON))
    simulator.control.put(SimulatedSubject.of(FIRM, row("R-1", severity="4")))
    platform = simulator.messages()
    real = platform._http.post
    place, mask, call = 0.0, 0, 0

    def post(*args: Any, **options: Any) -> bytes:
        nonlocal call
        call += 1
        body = bytearray(real(*args, **options))
        if call == nth:
            body[int(place * len(body))] ^= mask
        return bytes(body)

    platform._http.post = post  # type: ignore[method-assign]
    assert platform.query(make_query(about, "flipped"), timeout=10).status is QueryStatus.OK

    @settings(max_examples=60, deadline=None, database=None)
    @given(where=st.floats(0, 1, exclude_max=True), bits=st.integers(1, 255))
    def check(where: float, bits: int) -> None:
        nonlocal place, mask, call
        place, mask, call = where, bits, 0
        with pytest.raises(PlatformReplyInvalid):
            platform.query(make_query(about, "flipped"), timeout=10)

    check()
    platform.close()


class Bent(MessageGatewayShape):
    """The same interface under paths of its own, with some fields of its replies replaced or left out (``None``)."""

    paths = ("/bent/share/credit", "/bent/share/redblack")
    exchange_paths = ()

    def __init__(self, keys: SimulatedKeys, method: str, changes: dict[str, Any]) -> None:
        """Bend the replies of one method."""
        super().__init__("me", "token", keys)
        self._method = method
        self._changes = changes

    def read(self, path: str, body: bytes) -> Question | None:
        """As the original reads it."""
        return super().read(path.removeprefix("/bent"), body)

    def credit(self, said: Mapping[str, Any], register: Register, fault: Fault | None) -> dict[str, Any]:
        """The right reply with the changes."""
        return self._changed("credit", super().credit(said, register, fault))

    def listed(self, said: Mapping[str, Any], register: Register, fault: Fault | None) -> dict[str, Any]:
        """The right reply with the changes."""
        right = super().listed(said, register, fault)
        # One list only: what was bent for it would be of another list in the other one.
        return self._changed("redblack", right) if said["itemCode"] == "B-001" else right

    def _changed(self, method: str, right: dict[str, Any]) -> dict[str, Any]:
        changed = right | (self._changes if method == self._method else {})
        return {key: value for key, value in changed.items() if value is not None}


def answer_of(method: str, changes: dict[str, Any], *rows: SimulatedRecord) -> CreditReport | PlatformError:
    """What the adapter makes of a platform that knows the firm, and whose replies are bent."""
    keys = SimulatedKeys.fresh()
    with Simulator([SimulatedSubject.of(FIRM, *rows)], shapes=[Bent(keys, method, changes)]) as simulator:
        platform = message_gateway(simulator.url + "/bent", "me", "token", keys)
        try:
            return platform.query(make_query(FIRM, "q"), timeout=5)
        except PlatformError as error:
            return error
        finally:
            platform.close()


ANOTHER_LIST = row("R-9", list_type="court_defaulter", id_number=FIRM.identifiers[0].number, name=FIRM.name)


@pytest.mark.parametrize(
    ("method", "changes"),
    [
        ("credit", {"itemId": None}),
        ("credit", {"itemId": "q.2"}),
        ("credit", {"certCode": None}),
        ("credit", {"certCode": NAMESAKE}),
        ("credit", {"count": None}),
        ("credit", {"count": 1}),
        ("credit", {"records": {}}),
        ("credit", {"code": "00"}),
        ("redblack", {"count": None}),
        ("redblack", {"count": 1}),
        ("redblack", {"count": "0"}),
        ("redblack", {"records": None}),
        ("redblack", {"code": None}),
        ("redblack", {"code": 0}),
    ],
)
def test_a_reply_that_proves_nothing_is_invalid(method: str, changes: dict[str, Any]) -> None:
    """0 is not enough: echo, list and count must be there, be what they should be, and agree."""
    assert isinstance(answer_of(method, {}), CreditReport)
    assert isinstance(answer_of(method, changes), PlatformReplyInvalid)


def wire(record: SimulatedRecord, **changes: str) -> dict[str, Any]:
    """A row as it stands in a reply."""
    from adapters.simulator.answers import row as on_wire

    return on_wire(record, SimulatedSubject.of(FIRM)) | changes


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (wire(ANOTHER_LIST), "another list"),
        (wire(row("R-9"), idNumber=NAMESAKE, name="另一家示例公司"), "another subject"),
        (wire(row("R-9"), idNumber=NAMESAKE, name=""), "another subject"),
    ],
    ids=["a row of another list", "a row of another firm", "a row of another number without a name"],
)
def test_a_row_that_does_not_belong_spoils_the_list(record: dict[str, Any], why: str) -> None:
    """Without an echo, such a row is the only sign that another question was answered."""
    answer = answer_of("redblack", {"count": 1, "records": [record]})
    assert isinstance(answer, PlatformReplyInvalid)
    assert why in str(answer)


def test_one_row_with_two_contents_is_invalid() -> None:
    """By the credit query and by the list the same row must say the same."""
    listed = {"count": 1, "records": [wire(row("R-1"), title="别的内容")]}
    answer = answer_of("redblack", listed, row("R-1", list_type="general"))
    assert isinstance(answer, PlatformReplyInvalid)
    assert "two contents" in str(answer)


@pytest.mark.parametrize(
    ("method", "code", "reason"),
    [
        ("credit", "3", "refused"),
        ("credit", "4", "unknown-subject"),
        ("credit", "5", "field-missing"),
        ("redblack", "3", "refused"),
        ("redblack", "4", "list-refused"),
        ("redblack", "5", "field-missing"),
    ],
)
def test_codes_keep_their_meaning(method: str, code: str, reason: str) -> None:
    """A list that does not know a subject the platform knows is no reason to call it unknown."""
    report = answer_of(method, {"code": code}, row("R-1", list_type="general"))
    assert isinstance(report, CreditReport)
    assert (report.status, report.reason, report.records) == (QueryStatus.REJECTED, reason, ())


def test_the_weakness_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the log, once for each source; it names no key."""
    monkeypatch.setattr(module, "_warned", set())
    keys = SimulatedKeys.fresh()
    with structlog.testing.capture_logs() as events:
        for _ in range(3):
            message_gateway("http://127.0.0.1:9", "me", "token", keys)
    assert [(e["event"], e["log_level"], e["source"]) for e in events] == [("weak platform", "warning", "town")]
    assert "DES" in events[0]["weakness"]
    assert keys.des not in repr(events)


def test_plain_http_is_for_this_computer_only() -> None:
    """DES protects nothing, so TLS must."""
    with pytest.raises(ConfigurationError, match="https"):
        message_gateway("http://share.example.gov.cn", "me", "token", SimulatedKeys.fresh())


@pytest.mark.parametrize(
    "options",
    [
        {"des_key": "00ff"},
        {"des_key": "12345678"},
        {"des_key": "z" * 16},
        {"area_code": "44"},
        {"area_code": "４４０１００"},
        {"black_lists": {"penalty": ""}},
        {"black_lists": {"integrity_model": "R-001"}},
        {"signed_by": "nobody"},
        {"sign": "sha1"},
        {"request_time": "seconds"},
        {"window": 0.0},
        {"attempts": 0},
    ],
)
def test_a_bad_option_is_a_configuration_error_that_tells_no_key(options: dict[str, Any]) -> None:
    """Nothing is guessed at start-up."""
    with pytest.raises(ConfigurationError) as caught:
        message_gateway("http://127.0.0.1:9", "me", "token", SimulatedKeys.fresh(), **options)
    assert options.get("des_key", "no key") not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_a_wrong_des_key_is_never_clean(simulator: RunningSimulator, caplog: pytest.LogCaptureFixture) -> None:
    """The platform cannot read our message, and says nothing about the subject."""
    caplog.set_level(logging.DEBUG)
    simulator.control.put(SimulatedSubject.of(PERSON))
    platform = simulator.messages(des_key="0123456789abcdef")
    with pytest.raises((PlatformRefused, PlatformUnavailable)):
        platform.query(make_query(PERSON, "q"), timeout=5)
    assert "440300199001010016" not in caplog.text
    platform.close()
