"""The outbox against the simulated platform over HTTP: what our rows say and what stands on the other side agree."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from adapters.simulator import Fault, FaultKind, Simulator
from approval_hook import clock, outbox
from approval_hook.errors import CaseInvalid
from approval_hook.models import Outgoing, OutgoingAct
from approval_hook.outbox import Message
from approval_hook.ports import Publication
from tests.integration.test_outbox import CASE, CASE_NO, FACTS, feedback, fresh, whats

pytestmark = pytest.mark.django_db(transaction=True)

State, What = Outgoing.State, OutgoingAct.What
MOBILE = "13800000000"


@pytest.fixture
def platform(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """A platform that takes feedback, rows and short messages, as the settings name it."""
    with Simulator() as simulator:
        monkeypatch.setenv("OUTBOX_TEST_TOKEN", simulator.token)
        caller = {"base_url": simulator.url, "paasid": simulator.paasid}
        gateway = {
            "BACKEND": "adapters.gateway.GatewayPlatform",
            "OPTIONS": {**caller, "token_secret": "OUTBOX_TEST_TOKEN", "attempts": 1},
            "TIMEOUT": 2,
        }
        sms = {
            "BACKEND": "adapters.sms_gateway.SmsGateway",
            "OPTIONS": {
                **caller,
                "key_secret": "OUTBOX_TEST_TOKEN",
                "sign_name": "示例局",
                "templates": {"decision-made": "SMS-1002", "supplement-received": "SMS-9999"},
                "attempts": 1,
            },
            "TIMEOUT": 2,
        }
        settings.APPROVAL_HOOK = {
            **settings.APPROVAL_HOOK,
            "CHANNELS": {"sms": sms},
            "FEEDBACK": {"province": gateway},
            "PUBLICATION": {"province": gateway},
        }
        yield simulator


def taken(platform: Simulator) -> dict[tuple[str, str], dict[str, Any]]:
    """What the platform took, by kind and id."""
    return {(one["kind"], one["id"]): one for one in platform.inbox.all()}


def message(key: str = "k-1", to: str = MOBILE) -> Outgoing:
    """A short message in the outbox."""
    with transaction.atomic():
        return outbox.enqueue(key, Message(template="decision-made", facts=FACTS, to=to), channel="sms", **CASE)


def test_feedback_publication_and_message_stand_on_both_sides(platform: Simulator) -> None:
    """One refused, the others taken once; receipts are those of the platform, and the key is ours everywhere."""
    spoilt = Publication("P-1", "permission", {"文号": ""})
    with transaction.atomic():
        for n in range(3):
            outbox.enqueue_feedback(feedback(n), host_key=CASE["host_key"], target="province")
    outbox.deliver_due()
    with transaction.atomic():
        for item in (Publication("P-0", "permission", {"文号": "示例〔2026〕1号"}), spoilt):
            outbox.enqueue_publication(item, target="province", **CASE)
    outbox.deliver_due()
    message()
    outbox.deliver_due()
    there = taken(platform)
    kinds = {"feedback": "feedback", "publication": "publish", "message": "sms"}
    ours = {(kinds[row.kind], row.key): row for row in Outgoing.objects.all()}
    assert {key for key, row in ours.items() if row.state == State.DELIVERED} == there.keys()
    assert {key for key, row in ours.items() if row.state == State.GIVEN_UP} == {("publish", "P-1")}
    assert {one["arrivals"] for one in there.values()} == {1}
    assert all(row.receipt_no for row in ours.values() if row.state == State.DELIVERED)
    assert there["feedback", "F-0"]["document"]["measures"] == ["从严审核，限制申请"]
    short = there["sms", "k-1"]["document"]
    assert (short["mobile"], short["signName"], short["templateId"]) == (MOBILE, "示例局", "SMS-1002")
    assert short["parameters"] == FACTS


@pytest.mark.parametrize("kind", [FaultKind.CUT, FaultKind.RESET, FaultKind.BAD_JSON, FaultKind.WRONG_QUERY])
def test_an_answer_that_is_lost_is_unknown_and_repeated_under_the_same_key(
    platform: Simulator, kind: FaultKind
) -> None:
    """The gateway took it and its word did not come: it goes again, and stands there once."""
    platform.faults.add(Fault(kind, times=1))
    row = message()
    outbox.deliver_due()
    assert (fresh(row).state, fresh(row).closed_at, taken(platform)["sms", "k-1"]["arrivals"]) == ("unknown", None, 1)
    with clock.standing_at(clock.now() + timedelta(minutes=2)):
        outbox.deliver_due()
    assert (fresh(row).state, taken(platform)["sms", "k-1"]["arrivals"]) == (State.DELIVERED, 2)
    assert whats(row) == [What.UNKNOWN, What.DELIVERED]


@pytest.mark.parametrize("kind", [FaultKind.QUOTA, FaultKind.HTTP_429, FaultKind.REFUSED, FaultKind.HTTP_401])
def test_what_the_gateway_did_not_take_waits(platform: Simulator, kind: FaultKind) -> None:
    """A quota that is used up, asked to come later, or refused as a whole: nothing stands there."""
    platform.faults.add(Fault(kind, times=1, retry_after=7200))
    row, at = message(), clock.now()
    outbox.deliver_due()
    assert taken(platform) == {}
    waits = fresh(row).next_try_at
    assert waits is not None
    asked_to_wait = kind in (FaultKind.QUOTA, FaultKind.HTTP_429)
    assert (waits - at >= timedelta(hours=2)) is asked_to_wait
    # A 429 is an answer, but nobody promises that it came before the message was taken.
    assert fresh(row).state == (State.UNKNOWN if kind is FaultKind.HTTP_429 else State.WAITING)
    with clock.standing_at(at + timedelta(hours=3)):
        outbox.deliver_due()
    assert (fresh(row).state, len(taken(platform))) == (State.DELIVERED, 1)


def test_the_gateway_refuses_for_good(platform: Simulator) -> None:
    """A template that it has not approved; what cannot be sent at all never enters the outbox."""
    facts = {"case_no": CASE_NO, "organ": "示例局", "materials": "平面图", "received_on": "2026-11-18"}
    with transaction.atomic():
        unknown = Message(template="supplement-received", facts=facts, to=MOBILE)
        row = outbox.enqueue("k-1", unknown, channel="sms", **CASE)
    outbox.deliver_due()
    assert (fresh(row).state, fresh(row).reason) == (State.GIVEN_UP, "template-unknown")
    assert fresh(row).receiver == "13•••••••00"
    for to in ("1380000000", "+8613800000000", ""):
        with pytest.raises(CaseInvalid, match="11 位"):
            message("k-2", to)
    with pytest.raises(CaseInvalid, match="没有报备"), transaction.atomic():
        facts = {"case_no": CASE_NO, "matter": "示例", "organ": "示例局", "materials": "平面图", "due": "2026-11-25"}
        reminder = Message(template="reminder", facts=facts, to=MOBILE)
        outbox.enqueue("k-3", reminder, channel="sms", **CASE)
    assert taken(platform) == {}
