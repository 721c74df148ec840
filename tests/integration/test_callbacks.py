"""Call-backs: signed, fresh, once; they make the runner fetch and carry no answer."""

from __future__ import annotations

import json
import secrets
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from viewflow.workflow.models import Task
from viewflow.workflow.status import STATUS

from approval_hook import clock, pending
from approval_hook.callbacks import MOST_BYTES, signature
from approval_hook.errors import ConfigurationError
from approval_hook.hosts.viewflow.tending import tend
from approval_hook.models import CallbackNonce, CreditDecision, Hold, PendingQuery, Recheck, Reply
from approval_hook.platforms import platforms
from approval_hook.policy.records import QueryStatus
from approval_hook.testing import ScriptedPlatform
from tests.flows import flows
from tests.flows.facts import firm_data

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "callback-secret-0123456789abcdef0123"
URL = "/platforms/callback/province/"


@pytest.fixture
def staffed(settings: Any, remote_credit: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A scripted platform whose staff approve queries, and which may call back."""
    monkeypatch.setenv("CALLBACK_SECRET", SECRET)
    real = settings.APPROVAL_HOOK
    province = {**real["PLATFORMS"]["province"], "CALLBACK": {"SECRET": "CALLBACK_SECRET", "PER_MINUTE": 20}}
    settings.APPROVAL_HOOK = {**real, "PLATFORMS": {**real["PLATFORMS"], "province": province}}
    remote_credit.status = QueryStatus.PENDING
    remote_credit.receipt_no = "A-1"
    return remote_credit


@pytest.fixture
def waiting(staffed: Any, inject: Any) -> Any:
    """A case that waits for the platform's staff before its decision."""
    inject(flows.LinearFlow)
    process = flows.LinearFlow.start.run(data=firm_data())
    flows.LinearFlow.accept.run(Task.objects.get(process=process, status=STATUS.NEW))
    assert PendingQuery.objects.get().receipt_no == "A-1"
    return process


def call(
    body: Any, *, url: str = URL, secret: str = SECRET, source: str = "province", age: float = 0.0, **more: str
) -> int:
    """Send one call-back and give the status of the reply."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    timestamp = more.get("timestamp", str(int(clock.now().timestamp() - age)))
    nonce = more.get("nonce", secrets.token_hex(16))
    signed = more.get("signature", signature(secret, source, timestamp, nonce, raw))
    headers = {"X-Credit-Timestamp": timestamp, "X-Credit-Nonce": nonce, "X-Credit-Signature": signed}
    answer = Client(enforce_csrf_checks=True).post(url, raw, content_type="application/json", headers=headers)
    assert answer.content == b""
    return answer.status_code


def test_a_call_back_makes_the_runner_fetch_now(waiting: Any, staffed: Any) -> None:
    """Without it the runner waits for its time; with it the next pass fetches, by the receipt, and the case goes on."""
    staffed.status = QueryStatus.OK
    tend()
    assert staffed.fetched == []
    assert call({"queryId": PendingQuery.objects.get().query_id, "receiptNo": "A-1"}) == 202
    tend()
    assert staffed.fetched == ["A-1"]
    assert len(staffed.asked) == 1
    assert CreditDecision.objects.order_by("pk").last().complete  # type: ignore[union-attr] # there are two
    assert PendingQuery.objects.get().state == PendingQuery.State.ANSWERED


@pytest.mark.parametrize("body", [{"receiptNo": "A-1"}, {"receiptNo": "A-1", "queryId": ""}])
def test_the_receipt_alone_is_enough(waiting: Any, body: dict[str, str]) -> None:
    """A platform that forgot our number still finds the query."""
    assert call(body) == 202
    assert Hold.objects.get().next_try_at <= clock.now()  # type: ignore[operator] # set by the call


def test_an_answer_in_a_call_back_is_not_read(waiting: Any, staffed: Any) -> None:
    """Whatever it says of the subject changes nothing; what counts is what the platform answers when it is asked."""
    before = Reply.objects.count()
    assert call({"receiptNo": "A-1", "code": "0", "records": [], "count": 0, "total": 1, "approved": True}) == 202
    assert Reply.objects.count() == before
    tend()
    assert not CreditDecision.objects.order_by("pk").last().complete  # type: ignore[union-attr] # there is one
    assert PendingQuery.objects.get().state == PendingQuery.State.OPEN


@pytest.mark.parametrize(
    "more",
    [
        {"secret": "another-secret-0123456789abcdef0123"},
        {"source": "creditchina"},  # signed for another source
        {"signature": ""},
        {"signature": "0" * 64},
        {"nonce": "short"},
        {"nonce": "with blank 0123456789"},
        {"timestamp": ""},
        {"timestamp": "-5"},
        {"timestamp": "１７６０００００００"},
        {"age": 301.0},
        {"age": -301.0},
    ],
)
def test_what_is_not_genuine_is_refused(waiting: Any, more: dict[str, Any]) -> None:
    """Signature, source, time and shape must fit; nothing is written and nothing hurried."""
    before = Hold.objects.get().next_try_at
    if "timestamp" in more and not more["timestamp"].isascii():
        more["signature"] = "0" * 64
    assert call({"receiptNo": "A-1"}, **more) == 401
    assert (CallbackNonce.objects.count(), Hold.objects.get().next_try_at) == (0, before)


def test_the_signature_covers_the_body(waiting: Any) -> None:
    """One byte more, and it is somebody else's."""
    timestamp, nonce = str(int(clock.now().timestamp())), secrets.token_hex(16)
    signed = signature(SECRET, "province", timestamp, nonce, b'{"receiptNo": "A-2"}')
    assert call(b'{"receiptNo": "A-1"}', timestamp=timestamp, nonce=nonce, signature=signed) == 401


@pytest.mark.parametrize("url", ["/platforms/callback/own_register/", "/platforms/callback/nobody/"])
def test_a_source_without_call_backs_is_refused_alike(waiting: Any, url: str) -> None:
    """Nobody learns from the reply which sources there are."""
    assert call({"receiptNo": "A-1"}, url=url) == 401


def test_other_methods_and_long_bodies_are_refused(waiting: Any) -> None:
    """POST alone, and little of it; a long body is not even read to its end."""
    assert Client().get(URL).status_code == 405
    assert call(b" " * (MOST_BYTES + 1)) == 413
    assert call({"receiptNo": "A-1", "filler": "x" * (MOST_BYTES - 60)}) == 202


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"{}",
        b'{"queryId": 5}',
        b'{"receiptNo": "A 1"}',
        b'{"receiptNo": "A-1", "receiptNo": "A-2"}',
        b"\xff",
    ],
)
def test_a_genuine_call_back_that_names_nothing_is_malformed(waiting: Any, body: bytes) -> None:
    """The platform's mistake is told to the platform."""
    assert call(body) == 400


def test_repeated_and_out_of_order_call_backs_do_no_harm(waiting: Any, staffed: Any) -> None:
    """The same one again does nothing; a new one a moment later neither; one about an answered query neither."""
    nonce = secrets.token_hex(16)
    assert call({"receiptNo": "A-1"}, nonce=nonce) == 202
    tend()
    polled = len(staffed.fetched)
    before = Hold.objects.get().next_try_at
    assert call({"receiptNo": "A-1"}, nonce=nonce) == 202
    assert call({"receiptNo": "A-1"}) == 202
    assert Hold.objects.get().next_try_at == before
    staffed.status = QueryStatus.OK
    with clock.standing_at(clock.now() + timedelta(minutes=2)):
        assert call({"receiptNo": "A-1"}, nonce=nonce) == 202  # a repeat within the tolerance
        assert call({"receiptNo": "A-1"}) == 202
        tend()
        decisions = CreditDecision.objects.count()
        assert call({"receiptNo": "A-1"}) == 202
        assert call({"receiptNo": "A-9"}) == 202
        tend()
    assert len(staffed.fetched) == polled + 1
    assert CreditDecision.objects.count() == decisions


def test_a_debt_is_hurried_too(staffed: Any, inject: Any) -> None:
    """A case that was accepted without an answer has no hold; its owed re-check is made at once."""
    inject(flows.LinearFlow, accepts=("accept",))
    flows.LinearFlow.start.run(data=firm_data())
    PendingQuery.objects.get()
    assert not Hold.objects.filter(released_at=None).exists()
    assert Recheck.objects.get().next_try_at > clock.now()
    assert call({"receiptNo": "A-1"}) == 202
    assert Recheck.objects.get().next_try_at <= clock.now()


def test_too_many_in_a_minute_are_put_off(waiting: Any) -> None:
    """A platform gone wild costs little."""
    statuses = [call({"receiptNo": f"B-{n}"}) for n in range(22)]
    assert statuses == [202] * 20 + [429] * 2
    with clock.standing_at(clock.now() + timedelta(seconds=61)):
        assert call({"receiptNo": "A-1"}) == 202


def test_replays_leave_the_genuine_senders_rate_alone(waiting: Any) -> None:
    """Whoever captured one call-back, or one that nobody can read, keeps no other out by sending it again and again."""
    taken = {
        "body": {"receiptNo": "A-1"},
        "nonce": "captured-0123456789",
        "timestamp": str(int(clock.now().timestamp())),
    }
    assert call(**taken) == 202
    assert {call(**taken) for _ in range(25)} == {202}
    unread = taken | {"body": b"{}", "nonce": "unreadable-0123456789"}
    assert {call(**unread) for _ in range(25)} == {400}
    assert [call({"receiptNo": "A-1"}) for _ in range(20)] == [202] * 19 + [429]


def test_a_call_back_that_was_put_off_may_come_again(waiting: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its nonce is not used up by the refusal."""
    for _ in range(20):
        assert call({"receiptNo": "A-1"}) == 202
    again = {"body": {"receiptNo": "A-1"}, "nonce": "comes-again-0123456789"}
    assert call(**again) == 429
    assert not CallbackNonce.objects.filter(nonce=again["nonce"]).exists()


def test_old_nonces_are_forgotten(waiting: Any) -> None:
    """The table stays as long as the tolerance demands, and no longer."""
    assert call({"receiptNo": "A-1"}) == 202
    with clock.standing_at(clock.now() + timedelta(hours=1)):
        assert call({"receiptNo": "A-1"}) == 202
    assert CallbackNonce.objects.count() == 1


def test_a_short_or_missing_secret_stops_the_start(
    staffed: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever can try signatures at leisure must not find it."""
    monkeypatch.setenv("CALLBACK_SECRET", "short")
    settings.APPROVAL_HOOK = {**settings.APPROVAL_HOOK}
    with pytest.raises(ConfigurationError, match="32 characters"):
        platforms()
    monkeypatch.delenv("CALLBACK_SECRET")
    settings.APPROVAL_HOOK = {**settings.APPROVAL_HOOK}
    with pytest.raises(ConfigurationError, match="CALLBACK_SECRET"):
        platforms()


def test_what_came_after_the_lease_is_kept_and_not_decided_on(
    waiting: Any, staffed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else fetched meanwhile: the reply is evidence, and what that one found stands."""
    real = ScriptedPlatform.fetch

    def overtaken(self: ScriptedPlatform, query: Any, receipt_no: str, *, timeout: float) -> Any:
        report = real(self, query, receipt_no, timeout=timeout)
        PendingQuery.objects.update(leased_until=clock.now() + timedelta(minutes=9))  # another worker's lease
        return report

    monkeypatch.setattr(ScriptedPlatform, "fetch", overtaken)
    before = CreditDecision.objects.count(), Reply.objects.count()
    Hold.objects.update(next_try_at=clock.now())
    tend()
    assert (CreditDecision.objects.count(), Reply.objects.count()) == (before[0], before[1] + 1)


def test_a_dead_workers_lease_ends(waiting: Any, staffed: Any) -> None:
    """A receipt that somebody took and never gave back is fetched by again after the lease."""
    row = PendingQuery.objects.get()
    assert pending.lease([row])
    assert not pending.lease([PendingQuery.objects.get()])
    staffed.status = QueryStatus.OK
    with clock.standing_at(clock.now() + timedelta(seconds=90)):
        Hold.objects.update(next_try_at=clock.now())
        tend()
    assert staffed.fetched == []
    with clock.standing_at(clock.now() + timedelta(minutes=3)):
        tend()
    assert staffed.fetched == ["A-1"]
