"""待补核: what a supervisor reads of the cases that came past their check, and who reads it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from approval_hook import clock, triggers
from approval_hook.errors import PlatformUnavailable
from approval_hook.hosts.viewflow.tending import tend
from approval_hook.models import CreditDecision, Identity, Inquiry, LateCheck, Reply
from tests.integration.workflows.conftest import OTHER_ORGAN
from tests.integration.workflows.driving import accepted, do, filed_food, reviewed
from workflows.clerk import latechecks
from workflows.groups import DECIDERS

URL = "/work/late/"


def forget_checks() -> None:
    """As if there had been no gate while the cases were under way."""
    triggers.remove()
    for evidence in (CreditDecision, Reply, Identity, Inquiry):
        evidence.objects.all()._raw_delete("default")
    triggers.install()


@pytest.fixture
def under_way(clerk: Client, head: Client, food: dict[str, Any]) -> dict[str, Any]:
    """A case past acceptance, one at its decision and one past it, all without a record, found and queued."""
    cases = {where: filed_food(food) for where in ("before", "past", "at")}
    accepted(clerk, cases["before"])
    for where in ("past", "at"):
        reviewed(clerk, cases[where])
    do(head, cases["past"], "decide", {"decision": "granted", "decision_reason": "符合法定条件，准予许可。"})
    forget_checks()
    with pytest.raises(CommandError, match="越过决定环节"):
        call_command("credit_sweep", stdout=StringIO(), stderr=StringIO())
    return cases


def read(client: Client) -> str:
    """The page."""
    answer = client.get(URL)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_open_checks_come_first_the_most_urgent_at_the_top(head: Client, under_way: dict[str, Any]) -> None:
    """Each row says which case, where it stands, since when, what happens next, and leads to the case."""
    answer = head.get(URL)
    rows = answer.context["rows"]
    assert [(row["case"].pk, str(row["place"].title), row["steps"]) for row in rows] == [
        (under_way["at"].pk, "停在决定环节", ["决定"]),
        (under_way["before"].pk, "已过受理、未到决定", ["审查"]),
        (under_way["past"].pk, "已越过决定环节", ["送达"]),
    ]
    text = answer.content.decode()
    for case in under_way.values():
        assert f'href="/cases/{case.pk}/"' in text
        assert case.case_no in text
    assert text.count("已报警") == 1
    assert text.count("尚未试过") == 3
    assert "后再补核" not in text
    assert text.count("后台即将补核") == 3
    # Matter and flow bear the same title here, which is said once.
    assert "流程：" not in text
    assert "食品经营许可（新办）" in text
    assert "下一受保护环节前补核" in text
    assert "最近补核的办件" not in text
    assert 'aria-current="page">待补核</a>' in text


def test_a_check_that_failed_says_how_often_and_when_next(head: Client, under_way: dict[str, Any]) -> None:
    """A case whose facts cannot be used is tried again later."""
    type(under_way["before"])._default_manager.filter(pk=under_way["before"].pk).update(firm_code="91440300MA5FKAEH41")
    tend()
    text = read(head)
    assert "试过 1 次，未成" in text
    assert "后再补核" in text
    assert text.count("没有不良记录，按普通程序办理") == 2


def test_made_checks_say_what_was_found(head: Client, credit: Any, under_way: dict[str, Any]) -> None:
    """The newest first, in words, with a case that was withdrawn meanwhile told apart; nothing is open any more."""
    credit.fault = PlatformUnavailable()
    process = under_way["before"]
    type(process)._default_manager.filter(pk=process.pk).update(status="CANCELED")
    with clock.standing_at(clock.now() + timedelta(minutes=1)):
        tend()
    text = read(head)
    assert "没有待补核的办件。" in text
    assert text.count("信用平台没有完整答复，按普通程序办理，待补查") == 2
    assert "无须再查" in text
    assert LateCheck.objects.filter(done_at=None).count() == 0


def test_only_supervisors_of_the_organ_see_its_late_checks(
    clerk: Client, manager: Client, sign_in: Callable[..., Client], under_way: dict[str, Any]
) -> None:
    """Another organ's head reads an empty page, before and after the checks are made; window officers none."""
    assert clerk.get(URL).status_code == 403
    other = sign_in("qian", DECIDERS, OTHER_ORGAN)
    for _ in range(2):
        assert all(case.case_no in read(manager) for case in under_way.values())
        text = read(other)
        assert "没有待补核的办件。" in text
        assert "最近补核的办件" not in text
        assert not any(case.case_no in text for case in under_way.values())
        tend()


def test_long_lists_are_paged(head: Client, under_way: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue goes on over the page; of those made only the latest are listed, and the page says so."""
    monkeypatch.setattr(latechecks, "PAGE_ROWS", 2)
    assert len(head.get(URL).context["rows"]) == 2
    second = head.get(f"{URL}?page=2")
    assert [row["case"].pk for row in second.context["rows"]] == [under_way["past"].pk]
    tend()
    assert "只列出最近补核的 2 件。" in read(head)


def test_the_page_is_there_in_english(head: Client, under_way: dict[str, Any]) -> None:
    """Every word of the page that is not a name has its English."""
    head.cookies["django_language"] = "en"
    text = read(head)
    for words in ("Late checks", "Checked before its decision", "Past its decision", "Alarmed", "Not tried yet"):
        assert words in text


def test_number_of_statements_does_not_grow_with_the_rows(
    head: Client, under_way: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three cases cost what one does."""

    def statements(rows: int) -> int:
        monkeypatch.setattr(latechecks, "PAGE_ROWS", rows)
        with CaptureQueriesContext(connection) as asked:
            head.get(URL)
        return len(asked)

    statements(1)  # what is read once for all pages is read now
    assert statements(1) == statements(3)
