"""Short messages over real HTTP: what the gateway says it took stands there, whatever happens on the line."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adapters.simulator import FaultKind
from adapters.simulator.shapes.gateway_exchange import NOT_TAKEN
from adapters.simulator.shapes.sms_gateway import SMS_TEMPLATES, SmsGatewayShape
from adapters.sms_gateway import SmsGateway
from approval_hook.errors import ConfigurationError, PlatformError
from approval_hook.ports import ItemOutcome, ItemState, Letter
from tests.contract.conftest import SECONDS, RunningSimulator

FAULTS = [kind for kind in FaultKind if not SmsGatewayShape.cannot_show(kind)]
#: Faults with which the answer comes in time and is right.
HARMLESS = {FaultKind.EXTRA_FIELDS}


def connected(simulator: RunningSimulator, **options: object) -> SmsGateway:
    """The adapter on the simulator, which has approved one of its two templates."""
    templates = {"known": "SMS-1002", "unknown": "SMS-9999"}
    given = {"sign_name": "示例局", "templates": templates, "attempts": 1} | options
    return SmsGateway("sms", simulator.url, simulator.paasid, simulator.token, **given)  # type: ignore[arg-type] # test options


@pytest.fixture
def gateway(simulator: RunningSimulator) -> Iterator[SmsGateway]:
    """On an empty simulator."""
    made = connected(simulator)
    yield made
    made.close()


def letter(letter_id: str = "k-1", template: str = "known", **changes: str) -> Letter:
    """With everything that the approved template wants."""
    facts = dict.fromkeys(SMS_TEMPLATES["SMS-1002"], "值") | changes
    return Letter(letter_id, "13800000000", "zh", template, "r-1", {"zh": "标题"}, {"zh": "正文"}, facts)


def told(gateway: SmsGateway, said: Letter, timeout: float) -> ItemOutcome | None:
    """What became of it; None where it was not taken."""
    try:
        return gateway.send(said, timeout=timeout)
    except PlatformError:
        return None


@pytest.mark.parametrize("kind", FAULTS)
def test_both_sides_agree_with_every_fault(simulator: RunningSimulator, gateway: SmsGateway, kind: FaultKind) -> None:
    """Accepted stands there; not taken and refused do not; what is unknown may; a repeat stands there once."""
    timeout = 0.4 if kind.value in SECONDS or kind is FaultKind.HANG else 5.0
    simulator.control.fault(kind, seconds=SECONDS.get(kind.value, 1.0))
    outcome = told(gateway, letter(), timeout)
    there = [one["id"] for one in simulator.control.taken()]
    if outcome is None or outcome.state is ItemState.REFUSED:
        assert there == []
    assert (outcome is not None and outcome.state is ItemState.ACCEPTED) is (kind in HARMLESS)
    assert (there == []) is (kind in NOT_TAKEN or kind is FaultKind.QUOTA)
    simulator.control.behave()
    again = told(gateway, letter(), 5.0)
    assert again is not None
    assert (again.state, again.receipt_no[:2]) == (ItemState.ACCEPTED, "S-")
    assert [one["id"] for one in simulator.control.taken()] == ["k-1"]
    assert simulator.control.failures() == []


def test_what_the_gateway_refuses_is_told_in_its_word(simulator: RunningSimulator, gateway: SmsGateway) -> None:
    """A template that it has not approved, and parameters that are not those of the template."""
    for said, reason in ((letter(template="unknown"), "template-unknown"), (letter(more="值"), "parameters-wrong")):
        assert told(gateway, said, 5.0) == ItemOutcome("k-1", ItemState.REFUSED, reason)
    assert simulator.control.taken() == []


def test_a_wrong_key_is_not_taken(simulator: RunningSimulator) -> None:
    """The signature is looked at before anything else."""
    stranger = SmsGateway("sms", simulator.url, simulator.paasid, "another-key", "示例局", {"known": "SMS-1002"})
    assert told(stranger, letter(), 5.0) is None
    stranger.close()
    with pytest.raises(ConfigurationError, match="templates"):
        connected(simulator, templates={})
