"""待发送: what a supervisor reads of the outbox, what is tried again with a reason, and who reads it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from approval_hook import outbox
from approval_hook.hosts.viewflow import outboxdesk
from approval_hook.models import Outgoing, OutgoingAct
from approval_hook.outbox import Message
from tests.integration.workflows.conftest import OTHER_ORGAN
from tests.integration.workflows.driving import filed_food
from workflows.groups import DECIDERS

URL = "/work/outbox/"
MOBILE = "13800000000"


@pytest.fixture
def sent(clerk: Client, food: dict[str, Any], settings: Any) -> list[Outgoing]:
    """Three short messages of one case: one waits, one was refused, of one nobody knows."""
    sms = {
        "BACKEND": "adapters.sms_gateway.SmsGateway",
        "OPTIONS": {
            "base_url": "http://127.0.0.1:9",
            "paasid": "x",
            "key_secret": "CREDIT_PLATFORM_TOKEN",
            "sign_name": "示例局",
            "templates": {"decision-made": "SMS-1002"},
        },
    }
    settings.APPROVAL_HOOK = {**settings.APPROVAL_HOOK, "CHANNELS": {"sms": sms}}
    case = filed_food(food)
    facts = {"case_no": case.case_no, "matter": "食品经营许可", "organ": "示例局", "decided_on": "2026-11-18"}
    said = Message(template="decision-made", facts=facts, to=MOBILE)
    place = {"host_key": outboxdesk.host_key_of(case), "case_no": case.case_no, "channel": "sms"}
    rows = [outbox.enqueue(f"k-{n}", said, **place) for n in range(3)]
    over = {"next_try_at": None, "attempts": 1}
    Outgoing.objects.filter(pk=rows[1].pk).update(state=Outgoing.State.GIVEN_UP, reason="number-invalid", **over)
    Outgoing.objects.filter(pk=rows[2].pk).update(state=Outgoing.State.UNKNOWN, reason="lost", **over)
    return rows


def test_what_waits_for_a_person_stands_first(head: Client, sent: list[Outgoing]) -> None:
    """State, reason, masked receiver, and the case; what may have arrived says so."""
    text = head.get(URL).content.decode()
    assert text.index("等待人工处理") < text.index(">后台发送")
    for shown in ("未能送达", "短信网关不接受该号码", "结果未知", "可能已经收到", "决定作出提示", "13•••••••00"):
        assert shown in text
    assert MOBILE not in text
    assert 'aria-current="page">待发送</a>' in text
    assert sent[0].case_no in text


def test_sending_again_needs_a_reason_and_is_written_down(head: Client, sent: list[Outgoing]) -> None:
    """Once; the other way out is not to send."""
    url = f"{URL}{sent[1].pk}/"
    refused = head.post(url, {"act": "retry", "text": "好"})
    assert (refused.status_code, "至少 4 个字" in refused.content.decode()) == (422, True)
    assert head.post(url, {"act": "burn", "text": "烧掉这一封。"}).status_code == 400
    assert head.get(url).status_code == 405
    assert head.post(url, {"act": "retry", "text": "申请人更正了号码。"}).status_code == 302
    assert head.post(url, {"act": "retry", "text": "申请人更正了号码。"}).status_code == 422
    assert head.post(f"{URL}{sent[2].pk}/", {"act": "close", "text": "申请人确认已收到。"}).status_code == 302
    states = list(Outgoing.objects.filter(target="sms").order_by("pk").values_list("state", flat=True))
    assert states == [Outgoing.State.WAITING, Outgoing.State.WAITING, Outgoing.State.CANCELLED]
    assert set(OutgoingAct.objects.values_list("by", "what")) == {("zhao", "retried"), ("zhao", "closed")}


def test_only_supervisors_of_the_organ(
    clerk: Client, sign_in: Callable[..., Client], sent: list[Outgoing], manager: Client
) -> None:
    """Window officers read none; another organ's head reads an empty page and sends nothing."""
    assert clerk.get(URL).status_code == 403
    assert clerk.post(f"{URL}{sent[1].pk}/", {"act": "retry", "text": "再发一次吧。"}).status_code == 403
    assert sent[0].case_no in manager.get(URL).content.decode()
    other = sign_in("qian", DECIDERS, OTHER_ORGAN)
    assert sent[0].case_no not in other.get(URL).content.decode()
    assert other.post(f"{URL}{sent[1].pk}/", {"act": "retry", "text": "再发一次吧。"}).status_code == 422
    assert not OutgoingAct.objects.exists()


def test_many_rows_take_no_more_queries(head: Client, sent: list[Outgoing]) -> None:
    """The page asks the database as often for one row as for several."""

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert head.get(URL).status_code == 200
        return len(captured)

    queries()
    many = queries()
    Outgoing.objects.filter(pk=sent[0].pk).update(next_try_at=None, state=Outgoing.State.GIVEN_UP)
    assert queries() <= many
