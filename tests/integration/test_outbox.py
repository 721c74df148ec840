"""The outbox: committed with its cause, delivered at least once under one key, and honest about what nobody knows."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import checks, mail
from django.core.management import call_command
from django.db import transaction

from approval_hook import clock, outbox
from approval_hook.checks import check_database, check_outbox
from approval_hook.errors import (
    CaseInvalid,
    ConfigurationError,
    OutboxConflict,
    PlatformRefused,
    PlatformUnavailable,
)
from approval_hook.models import Kind, Outgoing, OutgoingAct, RestingTarget
from approval_hook.outbox import Message
from approval_hook.outbox.delivering import BACKOFF, LEASE, MOST_ATTEMPTS
from approval_hook.policy.subjects import organisation
from approval_hook.ports import Feedback, FeedbackResult, ItemOutcome, ItemState, Publication

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
CASE_NO = "440104-20261118-0042"
CASE = {"host_key": "viewflow_process:7", "case_no": CASE_NO}
FACTS = {"case_no": CASE_NO, "matter": "食品经营许可", "organ": "示例局", "decided_on": "2026-11-18"}
State, What = Outgoing.State, OutgoingAct.What
Answer = Callable[[list[Any]], list[ItemOutcome]]


def accepts(items: list[Any]) -> list[ItemOutcome]:
    """Everything is taken."""
    return [ItemOutcome(_id(item), ItemState.ACCEPTED, receipt_no=f"R-{_id(item)}") for item in items]


def answers(state: ItemState, reason: str = "") -> Answer:
    """The same is said of everything."""
    return lambda items: [ItemOutcome(_id(item), state, reason) for item in items]


def fails(error: BaseException) -> Answer:
    """Nothing comes back."""

    def fail(items: list[Any]) -> list[ItemOutcome]:
        raise error

    return fail


def _id(item: Any) -> str:
    return str(getattr(item, "letter_id", "") or getattr(item, "feedback_id", "") or item.item_id)


class Receiver:
    """A receiver of every kind that answers from a script and keeps what it was sent."""

    def __init__(self, name: str, script: Script, *, idempotent: bool = True, remote: bool = False) -> None:
        """Answer from the script."""
        self.name, self.script, self.idempotent, self.remote = name, script, idempotent, remote

    def addressed(self, letter: Any) -> str:
        """Any receiver."""
        return f"{letter.to[:1]}•••"

    def send(self, letter: Any, *, timeout: float) -> ItemOutcome:
        """One message."""
        return self._take([letter])[0]

    def feed_back(self, items: Any, *, timeout: float) -> list[ItemOutcome]:
        """Several."""
        return self._take(list(items))

    publish = feed_back

    def _take(self, items: list[Any]) -> list[ItemOutcome]:
        self.script.calls.append(items)
        return (self.script.answers.pop(0) if self.script.answers else accepts)(items)


class Script:
    """What the receiver answers next, and what it was sent."""

    def __init__(self) -> None:
        """Everything is taken."""
        self.answers: list[Answer] = []
        self.calls: list[list[Any]] = []

    @property
    def keys(self) -> list[str]:
        """Ids in the order in which they came."""
        return [_id(item) for items in self.calls for item in items]


@pytest.fixture
def script(settings: Any) -> Script:
    """``once`` and ``any`` are channels, ``any`` takes what may have arrived again; ``any`` takes feedback and rows."""
    made = Script()
    entry = {"BACKEND": f"{__name__}.Receiver", "OPTIONS": {"script": made}}
    once = {**entry, "OPTIONS": {"script": made, "idempotent": False}}
    email = {"BACKEND": "approval_hook.channels.mail.EmailChannel", "OPTIONS": {"from_email": "no-reply@example.cn"}}
    settings.APPROVAL_HOOK = {
        **settings.APPROVAL_HOOK,
        "CHANNELS": {"any": entry, "once": once, "email": email},
        "FEEDBACK": {"any": entry},
        "PUBLICATION": {"any": entry},
    }
    return made


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with clock.standing_at(NOW):
        yield


@contextmanager
def later(by: timedelta) -> Iterator[None]:
    """Let time pass and deliver what is due then."""
    with clock.standing_at(NOW + by):
        outbox.deliver_due()
        yield


def said(key: str = "k-1", channel: str = "any", to: str = "甲", **changes: Any) -> Outgoing:
    """A message in the outbox."""
    with transaction.atomic():
        message = Message(template="decision-made", facts=FACTS | changes, to=to)
        return outbox.enqueue(key, message, channel=channel, **CASE)


def feedback(number: int) -> Feedback:
    """Feedback about a firm."""
    firm = organisation("示例餐饮（广州）有限公司", "92440104MA5FKAEH4C", on=date(2026, 10, 1))
    return Feedback(
        feedback_id=f"F-{number}",
        query_id="q-1",
        receipt_no="r-1",
        subject=firm,
        matter="food-business",
        case_no=CASE_NO,
        organ="示例局",
        region="440104",
        result=FeedbackResult.EXECUTED,
        handled_on=date(2026, 11, 18),
        measures=("从严审核，限制申请",),
    )


def whats(row: Outgoing) -> list[str]:
    """What happened to a row, in order."""
    return list(OutgoingAct.objects.filter(outgoing=row).order_by("fence").values_list("what", flat=True))


def fresh(row: Outgoing) -> Outgoing:
    """As it is stored now."""
    return Outgoing.objects.get(pk=row.pk)


@pytest.mark.django_db(transaction=True)
def test_nothing_enters_outside_the_transaction_of_its_cause(script: Script) -> None:
    """And what is rolled back was never there."""
    message = Message(template="decision-made", facts=FACTS, to="甲")
    with pytest.raises(ConfigurationError, match="outside of the transaction"):
        outbox.enqueue("k-1", message, channel="any", **CASE)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        said()
        raise ZeroDivisionError
    assert not Outgoing.objects.exists()


def test_one_key_is_one_thing_for_good(script: Script) -> None:
    """The same again is the same row, other content is an error, another channel is another row."""
    assert said() == said() != said(channel="once")
    with pytest.raises(OutboxConflict):
        said(organ="另一个局")
    with pytest.raises(OutboxConflict):
        said(to="乙")
    outbox.deliver_due()
    assert said().state == State.DELIVERED
    assert sorted(script.keys) == ["k-1", "k-1"]
    assert Outgoing.objects.count() == 2


def test_content_is_sealed_and_bound_to_its_row(script: Script) -> None:
    """Neither the address nor a fact stands in any column; a ciphertext moved to another row does not open."""
    row, other = said(to="收件人甲乙丙"), said("k-2")
    stored = str(Outgoing.objects.filter(pk=row.pk).values().get())
    assert "收件人甲乙丙" not in stored
    assert "示例局" not in stored
    assert fresh(row).receiver == "收•••"
    Outgoing.objects.filter(pk=other.pk).update(sealed=bytes(row.sealed or b""))
    outbox.deliver_due()
    assert (fresh(other).state, fresh(other).reason) == (State.WAITING, "unreadable")
    assert script.keys == ["k-1"]


def test_what_cannot_be_sent_is_refused_when_it_is_added(script: Script) -> None:
    """A missing fact, an unknown template, an address that is none, a channel that nobody configured."""
    for message, channel, says in (
        (Message(template="decision-made", facts={}, to="甲"), "any", "缺少"),
        (Message(template="birthday", facts={}, to="甲"), "any", "没有消息模板"),
        (Message(template="decision-made", facts=FACTS, to="甲"), "email", "电子邮箱的写法有误"),
        (Message(template="decision-made", facts=FACTS, to="甲"), "default", "不填收件人"),
    ):
        with pytest.raises(CaseInvalid, match=says), transaction.atomic():
            outbox.enqueue("k-1", message, channel=channel, **CASE)
    with pytest.raises(ConfigurationError, match="does not name 'pigeon'"):
        said(channel="pigeon")
    assert not Outgoing.objects.exists()


def test_a_receipt_is_kept(script: Script) -> None:
    """Taken: delivered, with the receiver's own number, and never sent again."""
    row = said()
    outbox.deliver_due()
    outbox.deliver_due()
    assert (fresh(row).state, fresh(row).receipt_no, whats(row)) == (State.DELIVERED, "R-k-1", [What.DELIVERED])
    assert script.keys == ["k-1"]
    assert script.calls[0][0].texts["zh"].startswith("示例局已于 2026-11-18 对您申请的“食品经营许可”")


def test_nothing_is_sent_before_its_time(script: Script) -> None:
    """A reminder for tomorrow leaves tomorrow, unless it is taken back; what left cannot be."""
    with transaction.atomic():
        message = Message(template="decision-made", facts=FACTS, to="甲")
        for key in ("k-1", "k-2"):
            outbox.enqueue(key, message, channel="any", not_before=NOW + timedelta(days=1), **CASE)
    outbox.deliver_due()
    assert script.calls == []
    assert outbox.cancel("k-2", target="any", reason="superseded")
    with later(timedelta(days=1)):
        assert script.keys == ["k-1"]
        assert not outbox.cancel("k-1", target="any", reason="superseded")
        assert [s.waiting for s in outbox.standings()] == [0] * 6


def test_a_refusal_is_final_until_a_person_says_otherwise(script: Script, caplog: pytest.LogCaptureFixture) -> None:
    """Given up with an alarm; sent again under the same key with a reason, which is kept."""
    script.answers = [answers(ItemState.REFUSED, "number-invalid")]
    row = said()
    with caplog.at_level(logging.ERROR, "approval_hook"):
        outbox.deliver_due()
    assert [json.loads(r.getMessage())["event"] for r in caplog.records] == ["not delivered"]
    with later(timedelta(days=30)):
        assert (fresh(row).state, fresh(row).reason, script.keys) == (State.GIVEN_UP, "number-invalid", ["k-1"])
    user = User(username="zhao")
    with pytest.raises(CaseInvalid, match="至少 4 个字"):
        outbox.retry(Outgoing.objects.all(), row.pk, user, "好")
    with pytest.raises(CaseInvalid, match="不在您的权限之内"):
        outbox.retry(Outgoing.objects.none(), row.pk, user, "号码已更正。")
    outbox.retry(Outgoing.objects.all(), row.pk, user, "网关已恢复该号码。")
    with pytest.raises(CaseInvalid, match="已不在等待人工处理"):
        outbox.retry(Outgoing.objects.all(), row.pk, user, "网关已恢复该号码。")
    outbox.deliver_due()
    assert (fresh(row).state, script.keys) == (State.DELIVERED, ["k-1", "k-1"])
    assert whats(row) == [What.REFUSED, What.RETRIED, What.DELIVERED]
    act = OutgoingAct.objects.get(what=What.RETRIED)
    assert (act.by, act.text) == ("zhao", "网关已恢复该号码。")


def test_what_nobody_knows_is_repeated_only_where_that_is_harmless(script: Script) -> None:
    """Under the same key to a receiver that takes a key once; otherwise it is left to a person."""
    script.answers = [answers(ItemState.UNKNOWN)] * 2
    rows = [said(channel=channel) for channel in ("any", "once")]
    outbox.deliver_due()
    assert [fresh(row).state for row in rows] == [State.UNKNOWN, State.UNKNOWN]
    with later(BACKOFF[0]):
        assert [fresh(row).state for row in rows] == [State.DELIVERED, State.UNKNOWN]
    with later(timedelta(days=60)):
        assert script.keys == ["k-1", "k-1", "k-1"]
        assert fresh(rows[1]).waits_for_a_person
        outbox.close(Outgoing.objects.all(), rows[1].pk, User(username="zhao"), "申请人来电确认已收到。")
    assert whats(rows[1]) == [What.UNKNOWN, What.CLOSED]


def test_a_broken_backend_may_have_sent(script: Script) -> None:
    """Any other exception, and an answer about something else, leave the outcome unknown."""
    script.answers = [fails(ZeroDivisionError()), lambda items: [ItemOutcome("another", ItemState.ACCEPTED)]]
    rows = [said(), said("k-2", "once")]
    outbox.deliver_due()
    assert [(fresh(r).state, fresh(r).reason) for r in rows] == [(State.UNKNOWN, "unanswered")] * 2


def test_retry_after_holds_for_everything_that_comes_meanwhile(script: Script) -> None:
    """A receiver that asks for an hour is left alone for an hour; what is new waits too, and nothing is lost."""
    script.answers = [fails(PlatformUnavailable(retry_after=3600, sent=False))]
    first = said()
    outbox.deliver_due()
    assert (fresh(first).state, whats(first)) == (State.WAITING, [What.NOT_TAKEN])
    second = said("k-2")
    with later(timedelta(minutes=59)):
        assert script.keys == ["k-1"]
    with later(timedelta(minutes=61)):
        assert {fresh(first).state, fresh(second).state} == {State.DELIVERED}


def test_attempts_back_off_and_end(script: Script) -> None:
    """Each wait is at least as long as the one before; after the last attempt a person looks."""
    script.answers = [fails(PlatformRefused())] * MOST_ATTEMPTS
    row, at, waits = said(), NOW, []
    for _ in range(MOST_ATTEMPTS):
        with clock.standing_at(at):
            outbox.deliver_due()
        following = fresh(row).next_try_at
        waits.append(following - at if following else None)
        at = following or at
    assert waits == [*BACKOFF, *[BACKOFF[-1]] * (MOST_ATTEMPTS - len(BACKOFF) - 1), None]
    assert (fresh(row).state, fresh(row).reason, len(script.calls)) == (State.GIVEN_UP, "refused", MOST_ATTEMPTS)


@pytest.mark.parametrize(("channel", "sent"), [("any", 2), ("once", 1)])
def test_killed_between_sending_and_recording(script: Script, channel: str, sent: int) -> None:
    """The receiver sees the same key again where it takes a key once; elsewhere nobody sends it a second time."""
    script.answers = [fails(SystemExit())]
    row = said(channel=channel)
    with pytest.raises(SystemExit):
        outbox.deliver_due()
    assert (fresh(row).state, whats(row)) == (State.WAITING, [])
    with later(LEASE - timedelta(seconds=1)):
        assert script.keys == ["k-1"]
    said("k-2", channel)
    with later(LEASE):
        assert script.keys == [*["k-1"] * sent, "k-2"]
    if sent == 2:
        assert (fresh(row).state, whats(row)) == (State.DELIVERED, [What.LOST, What.DELIVERED])
    else:
        assert (fresh(row).state, fresh(row).waits_for_a_person, whats(row)) == (State.UNKNOWN, True, [What.LOST])


def test_a_worker_whose_lease_is_over_records_nothing(script: Script) -> None:
    """While it still sends, another one takes the row and delivers; the late word is not written down."""

    def slowly(items: list[Any]) -> list[ItemOutcome]:
        with later(LEASE):
            assert fresh(row).state == State.DELIVERED
        return answers(ItemState.REFUSED, "too-late")(items)

    script.answers = [slowly]
    row = said()
    outbox.deliver_due()
    assert (fresh(row).state, fresh(row).reason, script.keys) == (State.DELIVERED, "", ["k-1", "k-1"])
    assert whats(row) == [What.LOST, What.DELIVERED]


def test_partial_success_is_told_row_by_row(script: Script) -> None:
    """Five go together, one is refused and one unanswered; only that one goes again."""
    script.answers = [
        lambda items: [
            ItemOutcome(i.feedback_id, ItemState.REFUSED, "field-missing")
            if i.feedback_id == "F-1"
            else ItemOutcome(i.feedback_id, ItemState.UNKNOWN if i.feedback_id == "F-3" else ItemState.ACCEPTED)
            for i in items
        ]
    ]
    with transaction.atomic():
        rows = [outbox.enqueue_feedback(feedback(n), host_key=CASE["host_key"], target="any") for n in range(5)]
    outbox.deliver_due()
    assert script.calls == [[feedback(n) for n in range(5)]]
    with later(timedelta(hours=1)):
        assert script.keys[5:] == ["F-3"]
    wanted = [State.DELIVERED] * 5
    wanted[1] = State.GIVEN_UP
    assert [fresh(row).state for row in rows] == wanted


def test_a_row_at_which_the_receiver_stumbles_spoils_no_other(script: Script) -> None:
    """After a call that failed as a whole each of its rows goes alone."""

    def stumbles(items: list[Any]) -> list[ItemOutcome]:
        if any(item.item_id == "P-1" for item in items):
            raise PlatformRefused
        return accepts(items)

    script.answers = [stumbles] * 20
    with transaction.atomic():
        for n in range(3):
            outbox.enqueue_publication(Publication(f"P-{n}", "permission", {"n": str(n)}), target="any", **CASE)
    for minutes in (0, 2, 4, 6, 8, 10):
        with later(timedelta(minutes=minutes)):
            pass
    states = dict(Outgoing.objects.values_list("key", "state"))
    assert states == {"P-0": State.DELIVERED, "P-1": State.WAITING, "P-2": State.DELIVERED}


def test_the_page_of_a_case_shows_its_messages(script: Script) -> None:
    """At once, in both languages; not another case's, not what was taken back, and no text once erased."""
    said("k-1", "default", to="")
    said("k-2", "default", to="")
    said("k-3", "any")
    outbox.cancel("k-2", target="default", reason="superseded")
    (shown,) = outbox.messages_for(CASE_NO)
    assert shown.subjects == {"zh": f"已作出决定：{CASE_NO}", "en": f"The decision was made: {CASE_NO}"}
    assert outbox.messages_for("440104-20261118-0043") == []
    outbox.deliver_due()
    assert Outgoing.objects.get(key="k-1").state == State.DELIVERED
    with clock.standing_at(NOW + timedelta(days=366)):
        assert outbox.erase_old() == 3
        (shown,) = outbox.messages_for(CASE_NO)
    assert (shown.texts, Outgoing.objects.exclude(sealed=None).count()) == ({}, 0)


def test_what_waits_for_a_person_can_be_sent_only_while_it_is_kept(script: Script) -> None:
    """After its time it can be closed and not repeated."""
    script.answers = [answers(ItemState.REFUSED)]
    row = said()
    outbox.deliver_due()
    with clock.standing_at(NOW + timedelta(days=366)):
        outbox.erase_old()
        with pytest.raises(CaseInvalid, match="已过保存期"):
            outbox.retry(Outgoing.objects.all(), row.pk, User(username="zhao"), "再发一次吧。")
        outbox.close(Outgoing.objects.all(), row.pk, User(username="zhao"), "申请人已领取。")
    assert fresh(row).state == State.CANCELLED


@pytest.mark.django_db(transaction=True)
def test_mail_leaves_once_under_one_message_id(script: Script, client: Any) -> None:
    """By Django's own mail, in the language asked for; a server that cannot be reached took nothing."""
    row = said(channel="email", to="shi.li@example.cn")
    assert fresh(row).receiver == "s•••@example.cn"
    waiting = 'approval_hook_outbox_waiting{kind="message",target="email"}'
    with clock.standing_at(NOW + timedelta(hours=1)):
        text = client.get("/metrics/").text
    assert f"{waiting} 1" in text
    assert 'approval_hook_outbox_oldest_seconds{kind="message",target="email"} 3600' in text
    with transaction.atomic(), pytest.raises(ConfigurationError, match="inside a database transaction"):
        outbox.deliver_due()
    call_command("credit_runner", "--once")
    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == (["shi.li@example.cn"], f"已作出决定：{CASE_NO}")
    assert sent.message()["Message-ID"].endswith("@example.cn>")
    assert fresh(row).state == State.DELIVERED
    assert f"{waiting} 0" in client.get("/metrics/").text


@pytest.mark.django_db(transaction=True)
def test_a_mail_server_that_is_down_took_nothing(script: Script, settings: Any) -> None:
    """No connection: waits. It is not unknown, because nothing left."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    row = said(channel="email", to="shi.li@example.cn")
    outbox.deliver_due()
    assert (fresh(row).state, fresh(row).reason, whats(row)) == (State.WAITING, "unavailable", [What.NOT_TAKEN])
    assert RestingTarget.objects.get().until > NOW


@pytest.mark.parametrize(
    ("channel", "says"),
    [
        ({"BACKEND": "approval_hook.channels.pigeon.Pigeon"}, "cannot be built"),
        ({"BACKEND": "approval_hook.channels.mail.EmailChannel"}, "from_email"),
        ({"BACKEND": f"{__name__}.Script"}, "cannot be built"),
        (
            {
                "BACKEND": "adapters.sms_gateway.SmsGateway",
                "OPTIONS": {"key_secret": "NO_SUCH_SECRET"},
            },
            "NO_SUCH_SECRET",
        ),
    ],
)
def test_a_channel_that_cannot_be_used_stops_the_start(settings: Any, channel: dict[str, Any], says: str) -> None:
    """E031 names the entry; a misspelt key stops earlier."""
    settings.APPROVAL_HOOK = {**settings.APPROVAL_HOOK, "CHANNELS": {"letters": channel}}
    (problem,) = check_outbox(None)
    assert (problem.id, says in problem.msg) == ("approval_hook.E031", True)
    assert check_outbox in checks.registry.registry.get_checks()
    settings.APPROVAL_HOOK = {**settings.APPROVAL_HOOK, "CHANNELS": {"letters": {"BACKENDS": "x"}}}
    with pytest.raises(ConfigurationError, match="Did you mean 'BACKEND'"):
        outbox.targets()


def test_what_waits_for_nobody_is_told(script: Script, settings: Any) -> None:
    """A channel was taken out of the settings while something waits for it."""
    said()
    assert "approval_hook.W032" not in [p.id for p in check_database(None, databases=["default"])]
    settings.APPROVAL_HOOK = {**settings.APPROVAL_HOOK, "CHANNELS": {}}
    (problem,) = [p for p in check_database(None, databases=["default"]) if p.id == "approval_hook.W032"]
    assert "any" in problem.msg
    outbox.deliver_due()
    assert Outgoing.objects.get().state == State.WAITING


def test_a_stopped_worker_begins_nothing(script: Script) -> None:
    """Told to stop, it leaves what is due to another one."""
    from approval_hook.outbox.delivering import carry

    said()
    stop = threading.Event()
    stop.set()
    assert carry(outbox.targets()[Kind.MESSAGE, "any"], stop) == 0
    assert script.calls == []
