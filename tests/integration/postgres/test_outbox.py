"""The outbox with several sessions at once: one row per key, one delivery per row, and no channel waits for another."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import transaction

from approval_hook import outbox
from approval_hook.errors import OutboxConflict
from approval_hook.models import Outgoing, OutgoingAct
from approval_hook.outbox import Carriers, Message
from approval_hook.outbox.delivering import carry
from approval_hook.ports import ItemOutcome
from tests.integration.postgres.test_workers import PATIENCE, together
from tests.integration.test_outbox import CASE, FACTS, Script, accepts

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

State = Outgoing.State


@pytest.fixture
def scripts(settings: Any) -> tuple[Script, Script]:
    """Two channels that leave this process."""
    made = Script(), Script()
    backend = "tests.integration.test_outbox.Receiver"
    settings.APPROVAL_HOOK = {
        **settings.APPROVAL_HOOK,
        "CHANNELS": {
            name: {"BACKEND": backend, "OPTIONS": {"script": script, "remote": True}}
            for name, script in zip(("slow", "quick"), made, strict=True)
        },
    }
    outbox.targets()
    return made


def said(key: str, channel: str, organ: str = "示例局") -> str:
    """A message, or that its key has another one."""
    message = Message(template="decision-made", facts=FACTS | {"organ": organ}, to="甲")
    try:
        with transaction.atomic():
            outbox.enqueue(key, message, channel=channel, **CASE)
    except OutboxConflict:
        return "conflict"
    return "kept"


def test_one_key_at_the_same_moment_is_one_row(scripts: Any) -> None:
    """Four sessions with the same content get one row; of two contents one wins."""
    for n in range(5):
        assert together(*[lambda n=n: said(f"same-{n}", "quick")] * 4) == ["kept"] * 4
        told = together(*(lambda n=n, o=o: said(f"other-{n}", "quick", o) for o in ("甲局", "乙局")))
        assert sorted(told) == ["conflict", "kept"]
    assert Outgoing.objects.count() == 10


def test_two_runners_deliver_once(scripts: tuple[Script, Script]) -> None:
    """Whoever leases a row sends it; each key arrives once, and there is one act for each."""
    for n in range(30):
        said(f"k-{n}", "quick")
    target = outbox.targets()["message", "quick"]
    taken = together(*[lambda: carry(target, threading.Event())] * 2)
    assert sum(taken) == 30
    assert sorted(scripts[1].keys) == sorted(f"k-{n}" for n in range(30))
    assert OutgoingAct.objects.filter(what="delivered").count() == 30
    assert not Outgoing.objects.exclude(state=State.DELIVERED).exists()


def test_a_channel_that_hangs_keeps_no_other_waiting(scripts: tuple[Script, Script]) -> None:
    """While one delivery does not come back, another channel is emptied, and nobody else is sent to the first."""
    slow, quick = scripts
    begun, let_go = threading.Event(), threading.Event()

    def hangs(items: list[Any]) -> list[ItemOutcome]:
        begun.set()
        assert let_go.wait(PATIENCE)
        return accepts(items)

    slow.answers = [hangs]
    said("s-1", "slow")
    said("s-2", "slow")
    carriers = Carriers()
    try:
        carriers.send_off()
        assert begun.wait(PATIENCE)
        for n in range(3):
            said(f"q-{n}", "quick")
            carriers.send_off()
            carriers._running["message", "quick"].join(PATIENCE)
            assert quick.keys == [f"q-{m}" for m in range(n + 1)]
        assert slow.keys == ["s-1"]
        assert Outgoing.objects.filter(state=State.DELIVERED).count() == 3
    finally:
        let_go.set()
        carriers.finish()
    assert slow.keys[0] == "s-1"
    assert Outgoing.objects.get(key="s-1").state == State.DELIVERED
