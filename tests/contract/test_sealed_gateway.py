"""The gateway adapter with envelopes keeps the contract, over real HTTP, and believes no envelope that does not fit."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.sealed_gateway import SealedGatewayPlatform
from adapters.simulator import FaultKind, SimulatedSubject, Simulator
from adapters.simulator.keys import SimulatedKeys
from adapters.simulator.shapes.sealed_gateway import SealedGatewayShape
from adapters.sm2 import generate
from approval_hook.errors import ConfigurationError, PlatformRefused, PlatformReplyInvalid
from approval_hook.policy.records import QueryStatus
from approval_hook.policy.subjects import Subject, organisation, person
from approval_hook.testing import EnvelopedPlatformContract, make_query
from tests.contract.conftest import OnSimulator, RunningSimulator, row, sealed_gateway

ON = date(2026, 10, 1)
FIRM = organisation("示例餐饮（广州）有限公司", "92440104MA5FKAEH4C", on=ON)
PERSON = person("陈示例", "440300199001010016", on=ON)


class TestSealedGateway(OnSimulator, EnvelopedPlatformContract):
    """The shipped contract, with the faults of envelopes."""

    clean, hit = PERSON, FIRM
    rows = (row("R-1", severity="4"), row("R-2"))

    def connect(self, simulator: RunningSimulator) -> SealedGatewayPlatform:
        """As its own shape is asked."""
        return simulator.sealed()


@pytest.fixture
def ask(simulator: RunningSimulator) -> Iterator[SealedGatewayPlatform]:
    """The adapter on an empty simulator."""
    platform = simulator.sealed()
    yield platform
    platform.close()


def tapped(platform: SealedGatewayPlatform, monkeypatch: pytest.MonkeyPatch) -> list[tuple[bytes, bytes]]:
    """What goes over the line from now on: bodies asked and answered."""
    lines: list[tuple[bytes, bytes]] = []
    real = platform._http.post

    def post(path: str, outgoing: Any, **options: Any) -> bytes:
        asked: list[bytes] = []

        def watched() -> Any:
            body, headers = outgoing()
            asked.append(body)
            return body, headers

        answered = real(path, watched, **options)
        lines.append((asked[-1], answered))
        return answered

    monkeypatch.setattr(platform._http, "post", post)
    return lines


def test_all_pages_are_read_and_nobody_on_the_line_reads_along(
    simulator: RunningSimulator, ask: SealedGatewayPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither number nor name nor row stands readable in a request or a reply; the digest is of the bytes that came."""
    lines = tapped(ask, monkeypatch)
    simulator.control.put(SimulatedSubject.of(FIRM, *(row(f"R-{n}") for n in range(45))))
    report = ask.query(make_query(FIRM, "q"), timeout=10)
    assert (report.status, len(report.records), len(lines)) == (QueryStatus.OK, 45, 3)
    assert report.raw_digest == hashlib.sha256(b"".join(answered for _, answered in lines)).hexdigest()
    for body in (body for pair in lines for body in pair):
        envelope = json.loads(body)
        assert (envelope["version"], envelope["encType"], envelope["signType"]) == ("1.0.0", "SM4", "SM2")
        readable = json.dumps(envelope, ensure_ascii=False)
        assert not any(word in readable for word in ("92440104MA5FKAEH4C", "示例", "R-1", "queryId"))
    assert [line["page"] for line in simulator.control.ledger()] == [1, 2, 3]


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (FaultKind.FORGED_SIGNATURE, "signature"),
        (FaultKind.OLD_TIMESTAMP, "moment"),
        (FaultKind.WRONG_APP_CODE, "appCode"),
        (FaultKind.NOT_ENCRYPTED, "decrypted"),
        (FaultKind.OTHER_KEY, "decrypted|UTF-8|JSON"),
    ],
)
def test_an_envelope_fails_for_its_own_reason(
    simulator: RunningSimulator, ask: SealedGatewayPlatform, fault: FaultKind, why: str
) -> None:
    """Each fault of the envelope is what stops the answer, and not something else."""
    simulator.control.put(SimulatedSubject.of(PERSON))
    simulator.control.fault(fault)
    with pytest.raises(PlatformReplyInvalid, match=why):
        ask.query(make_query(PERSON, "q"), timeout=5)


@pytest.mark.parametrize("about", [PERSON, FIRM])
def test_any_flipped_byte_of_a_reply_is_never_an_answer(about: Subject, simulator: RunningSimulator) -> None:
    """Whichever byte of a genuine reply changes, to whatever: could-not-tell."""
    simulator.control.put(SimulatedSubject.of(PERSON))
    simulator.control.put(SimulatedSubject.of(FIRM, row("R-1", severity="4")))
    platform = simulator.sealed()
    real = platform._http.post
    flip: tuple[float, int] = (0.0, 0)

    def post(*args: Any, **options: Any) -> bytes:
        body = bytearray(real(*args, **options))
        place, mask = flip
        body[int(place * len(body))] ^= mask
        return bytes(body)

    platform._http.post = post  # type: ignore[method-assign]
    assert platform.query(make_query(about, "flipped"), timeout=10).status is QueryStatus.OK

    @settings(max_examples=150, deadline=None, database=None)
    @given(place=st.floats(0, 1, exclude_max=True), mask=st.integers(1, 255))
    def check(place: float, mask: int) -> None:
        nonlocal flip
        flip = (place, mask)
        with pytest.raises(PlatformReplyInvalid):
            platform.query(make_query(about, "flipped"), timeout=10)

    check()
    platform.close()


def test_an_envelope_of_ours_is_not_taken_for_an_answer(ask: SealedGatewayPlatform) -> None:
    """Whoever sends our own question back cannot answer with it: the platform signs with another key."""
    sent = ask._signed({"code": "0"})()[0]
    with pytest.raises(PlatformReplyInvalid, match="signature"):
        ask.opened(sent)


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_reply_outside_the_window_is_not_trusted(simulator: RunningSimulator, hours: int) -> None:
    """The same genuine reply is an answer in its time only."""
    simulator.control.put(SimulatedSubject.of(PERSON))
    platform = simulator.sealed()
    now = datetime.now(UTC)
    sealed = platform._http.post(
        "credit/v1/status", platform._signed({}), deadline=platform.exchanges(5).deadline, idempotent=True
    )
    assert json.loads(platform.opened(sealed))["code"] == "0"
    later = simulator.sealed(clock=lambda: now + timedelta(hours=hours))
    with pytest.raises(PlatformReplyInvalid, match="moment"):
        later.opened(sealed)
    platform.close()
    later.close()


@pytest.mark.parametrize(
    "change", ["sm4_key", "pair", "app_code", "token"], ids=["another SM4 key", "another SM2 pair", "appCode", "token"]
)
def test_the_platform_believes_no_stranger(simulator: RunningSimulator, change: str) -> None:
    """The simulated platform checks our envelope too, so that what passes here is sealed as it should be."""
    simulator.control.put(SimulatedSubject.of(PERSON))
    options: dict[str, object] = {"sm4_key": "0" * 32} if change == "sm4_key" else {"app_code": "somebody"}
    if change == "pair":
        private, public = generate()
        options = {"private_key": private, "public_key": public}
    if change == "token":
        stranger = sealed_gateway(simulator.url, simulator.paasid, "another", simulator.keys)
    else:
        stranger = simulator.sealed(**options)
    with pytest.raises(PlatformRefused):
        stranger.query(make_query(PERSON, "q"), timeout=5)
    assert all(line["outcome"].startswith("refused:") for line in simulator.control.ledger())
    stranger.close()


def test_the_connection_is_tested_in_an_envelope(simulator: RunningSimulator, ask: SealedGatewayPlatform) -> None:
    """The probe is sealed like a question; a reply with a signature that does not fit fails it."""
    assert ask.probe(timeout=5).source_time is not None
    simulator.control.fault(FaultKind.FORGED_SIGNATURE)
    with pytest.raises(PlatformReplyInvalid):
        ask.probe(timeout=5)


def test_a_platform_that_knows_only_ecb_can_be_asked() -> None:
    """The mode is an option, and both sides must have the same."""

    class Ecb(SealedGatewayShape):
        paths = ("/ecb/sealed/credit/v1/query",)
        status_path = "/ecb/sealed/credit/v1/status"
        exchange_paths = ()

    keys = SimulatedKeys.fresh()
    assert keys.sm is not None
    shape = Ecb("me", "token", keys.sm, mode="ecb")
    with Simulator([SimulatedSubject.of(PERSON)], shapes=[shape]) as simulator:
        for mode, error in (("ecb", None), ("cbc", PlatformRefused)):
            platform = sealed_gateway(simulator.url + "/ecb", "me", "token", keys, sm4_mode=mode)
            if error is None:
                assert platform.query(make_query(PERSON, "q"), timeout=5).status is QueryStatus.OK
            else:
                with pytest.raises(error):
                    platform.query(make_query(PERSON, "q"), timeout=5)
            platform.close()


KEYS = SimulatedKeys.fresh()


@pytest.mark.parametrize(
    "options",
    [
        {"app_code": ""},
        {"app_code": "应用"},
        {"sm4_key": "00"},
        {"sm4_key": "g" * 32},
        {"private_key": "0" * 64},
        {"private_key": "f" * 64},
        {"private_key": "ab"},
        {"private_key": generate()[0]},
        {"public_key": "12" * 64},
        {"public_key": generate()[1]},
        {"platform_public_key": ""},
        {"platform_public_key": "34" * 64},
        {"sm4_mode": "ctr"},
        {"window": 0.0},
        {"paasid": ""},
    ],
)
def test_a_bad_option_is_a_configuration_error_that_tells_no_key(options: dict[str, Any]) -> None:
    """Nothing is guessed at start-up, and nothing of a key is in the error or behind it."""
    paasid = options.get("paasid", "me")
    others = {key: value for key, value in options.items() if key != "paasid"}
    with pytest.raises(ConfigurationError, match="Platform ministry") as caught:
        sealed_gateway("http://127.0.0.1:9", paasid, "token", KEYS, **others)
    assert KEYS.sm is not None
    shown, error = "", caught.value
    while error is not None:
        shown += repr(error) + str(error)
        error = error.__cause__ or error.__context__  # type: ignore[assignment] # a chain may hold any error
    secrets = [KEYS.sm.sm4, KEYS.sm.caller_private, *(v for v in options.values() if isinstance(v, str) and len(v) > 5)]
    assert not any(secret in shown for secret in secrets)


def test_a_public_key_may_have_the_mark_of_an_uncompressed_point(simulator: RunningSimulator) -> None:
    """04 in front is what most tools write."""
    simulator.control.put(SimulatedSubject.of(PERSON))
    assert simulator.keys.sm is not None
    platform = simulator.sealed(platform_public_key="04" + simulator.keys.sm.platform_public.upper())
    assert platform.query(make_query(PERSON, "q"), timeout=5).status is QueryStatus.OK
    platform.close()


def test_a_missing_library_is_a_configuration_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra the adapter says what to install, and the simulator speaks the other shapes."""
    monkeypatch.setitem(sys.modules, "gmssl_pyx", None)
    with pytest.raises(ConfigurationError, match="extra 'gm'"):
        sealed_gateway("http://127.0.0.1:9", "me", "token", KEYS)
    with Simulator() as simulator:
        assert simulator.keys.sm is None
        assert "/sealed/credit/v1/query" not in simulator.shapes
