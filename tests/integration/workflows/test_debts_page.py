"""欠查清单: what a supervisor reads of owed re-checks, filters, takes up, and who reads it."""

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

from approval_hook import clock, debts
from approval_hook.errors import PlatformUnavailable
from approval_hook.hosts.viewflow.tending import tend
from approval_hook.models import Recheck
from tests.integration.workflows.conftest import OTHER_ORGAN
from tests.integration.workflows.driving import accepted, filed_food
from workflows.clerk import debts as page
from workflows.groups import DECIDERS

URL = "/work/debts/"


@pytest.fixture
def owing(clerk: Client, food: dict[str, Any], credit: Any) -> list[Any]:
    """Three cases accepted while the platform was down; the first is overdue, the last lacks another source."""
    credit.fault = PlatformUnavailable()
    cases = [filed_food(food) for _ in range(3)]
    for case in cases:
        accepted(clerk, case)
    first, _, last = Recheck.objects.order_by("pk")
    Recheck.objects.filter(pk=first.pk).update(due_on=clock.today() - timedelta(days=3), attempts=2)
    Recheck.objects.filter(pk=last.pk).update(waits_for=",own_register,")
    return cases


def read(client: Client, query: str = "") -> str:
    """The page."""
    answer = client.get(URL + query)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_a_case_accepted_without_an_answer_owes_a_re_check(head: Client, owing: list[Any]) -> None:
    """Each row says which case, until when, which source is missing, how often it was tried, and leads to the case."""
    rows = head.get(URL).context["rows"]
    assert [row["case"].pk for row in rows] == [case.pk for case in owing]
    debt = Recheck.objects.order_by("pk")[1]
    assert debt.due_on == debts.deadline(debt.owed_since)
    assert (debt.waits_for, debt.silent) == (",province,", ",province,")
    text = read(head)
    for case in owing:
        assert f'href="/cases/{case.pk}/"' in text
        assert case.case_no in text
    assert text.count("逾期 3 天") == 1
    assert "试过 2 次，未成" in text
    assert 'aria-current="page">欠查</a>' in text
    assert "决定之后查到记录" not in text


def test_filters_by_source_and_overdue(head: Client, owing: list[Any]) -> None:
    """Each alone and both together; a source that nobody waits for filters nothing out by mistake."""

    def found(query: str) -> list[int]:
        return [row["case"].pk for row in head.get(URL + query).context["rows"]]

    one, two, three = (case.pk for case in owing)
    assert found("?source=province") == [one, two]
    assert found("?source=own_register") == [three]
    assert found("?overdue=1") == [one]
    assert found("?source=own_register&overdue=1") == []
    assert "没有符合筛选条件的欠查办件。" in read(head, "?source=own_register&overdue=1")
    assert found("?source=vin") == [one, two, three]


def test_an_empty_list_says_so(head: Client) -> None:
    """No debt, no table."""
    assert "没有欠查的办件。" in read(head)


def test_long_lists_are_paged_and_keep_their_filter(
    head: Client, owing: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pager carries the filter on."""
    monkeypatch.setattr(page, "PAGE_ROWS", 1)
    answer = head.get(f"{URL}?source=province&page=2")
    assert [row["case"].pk for row in answer.context["rows"]] == [owing[1].pk]
    assert "source=province" in answer.content.decode().split('class="pager')[1]


def test_only_supervisors_of_the_organ_see_its_debts(
    clerk: Client, manager: Client, sign_in: Callable[..., Client], owing: list[Any]
) -> None:
    """Another organ's head reads an empty page and takes nothing up; window officers read none."""
    Recheck.objects.update(paid_at=clock.now(), found="O-06", after_decision=True)
    assert clerk.get(URL).status_code == 403
    number = Recheck.objects.order_by("pk").first().pk  # type: ignore[union-attr] # there are three
    assert clerk.post(f"{URL}{number}/", {"text": "已转监管部门。"}).status_code == 403
    assert all(case.case_no in read(manager) for case in owing)
    other = sign_in("qian", DECIDERS, OTHER_ORGAN)
    assert not any(case.case_no in read(other) for case in owing)
    assert other.post(f"{URL}{number}/", {"text": "已转监管部门。"}).status_code == 422
    assert Recheck.objects.exclude(handled_at=None).count() == 0


def test_what_was_found_late_waits_for_a_person(head: Client, owing: list[Any]) -> None:
    """It stands first until somebody says in words what was done; nobody does it twice."""
    debt = Recheck.objects.order_by("pk")[0]
    Recheck.objects.filter(pk=debt.pk).update(paid_at=clock.now(), found="O-06", after_decision=True)
    text = read(head)
    assert text.index("决定之后查到记录") < text.index("待补查")
    assert "严重失信主体" in text
    refused = head.post(f"{URL}{debt.pk}/", {"text": "好"})
    assert refused.status_code == 422
    assert "至少 4 个字" in refused.content.decode()
    assert head.post(f"{URL}{debt.pk}/", {"text": "已转食品监管科核查。"}).status_code == 302
    kept = Recheck.objects.get(pk=debt.pk)
    assert (kept.handled_by, kept.handling) == ("zhao", "已转食品监管科核查。")
    assert kept.handled_at is not None
    assert "决定之后查到记录" not in read(head)
    assert head.post(f"{URL}{debt.pk}/", {"text": "再次登记一遍。"}).status_code == 422
    assert Recheck.objects.get(pk=debt.pk).handling == "已转食品监管科核查。"
    assert head.get(f"{URL}{debt.pk}/").status_code == 405


def test_an_overdue_debt_calls_the_supervisor_once_and_stops_nothing(
    head: Client, owing: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    """One alarm, one mark, a notice on the list of held cases, a number for the monitoring; the case goes on."""
    assert "补查已逾期" in read_held(head)
    first = tend()
    assert first.overdue == 1
    assert tend().overdue == 0
    assert Recheck.objects.exclude(escalated_at=None).count() == 1
    assert caplog.text.count("re-check overdue") == 1
    assert "已提请督办" in read(head)
    out = StringIO()
    with pytest.raises(CommandError, match="1 件补查已逾期"):
        call_command("credit_debts", "--json", stdout=out)
    assert '"owed": 3, "overdue": 1' in out.getvalue()
    assert '"province": {"owed": 2, "overdue": 1}' in out.getvalue()


def read_held(client: Client) -> str:
    """The list of held cases."""
    return str(client.get("/work/held/").content.decode())


def test_no_debt_is_no_alarm(head: Client) -> None:
    """The command ends well, and no notice is shown."""
    out = StringIO()
    call_command("credit_debts", stdout=out)
    assert "合计" in out.getvalue()
    assert "补查已逾期" not in read_held(head)


def test_the_page_is_there_in_english(head: Client, owing: list[Any]) -> None:
    """Every word of the page that is not a name has its English."""
    head.cookies["django_language"] = "en"
    text = read(head)
    for words in ("Owed re-checks", "Overdue alone", "3 days overdue", "Sources without an answer", "Re-check by"):
        assert words in text


def test_number_of_statements_does_not_grow_with_the_rows(
    head: Client, owing: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three debts cost what one does."""

    def statements(rows: int) -> int:
        monkeypatch.setattr(page, "PAGE_ROWS", rows)
        with CaptureQueriesContext(connection) as asked:
            head.get(URL)
        return len(asked)

    statements(1)
    assert statements(1) == statements(3)
