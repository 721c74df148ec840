"""Answers that serve the same case once more: only where the settings say so, in time, about the same, and told."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from viewflow.workflow.models import Task
from viewflow.workflow.status import STATUS

from approval_hook import cases, clock
from approval_hook.errors import PlatformUnavailable
from approval_hook.hosts.viewflow.desk import panel_for
from approval_hook.hosts.viewflow.tending import tend
from approval_hook.models import CreditDecision, Hold, Reply
from approval_hook.policy.records import QueryStatus
from approval_hook.replaying import Remade, replay
from approval_hook.testing import Script, lifted_triggers, standing_at
from tests.flows import flows
from tests.flows.facts import firm_data

pytestmark = pytest.mark.django_db(transaction=True)

#: Tomorrow morning, and just before that day ends: the guard in the database reads the real clock.
AT = datetime.combine(clock.today() + timedelta(days=1), time(9), clock.CHINA)
EVENING = AT.replace(hour=23, minute=50)


@pytest.fixture
def two(settings: Any, remote_credit: Any) -> Any:
    """The required platform, which is down, and an advisory one, which answers and may be reused for 40 minutes."""
    advisory = Script()

    def to(**more: Any) -> tuple[Script, Script]:
        real = settings.APPROVAL_HOOK
        entry = {
            "BACKEND": "approval_hook.testing.ScriptedPlatform",
            "OPTIONS": {"script": advisory, "remote": True},
            **more,
        }
        settings.APPROVAL_HOOK = {**real, "PLATFORMS": {**real["PLATFORMS"], "creditchina": entry}}
        remote_credit.fault = PlatformUnavailable()
        return remote_credit, advisory

    return to


def held(inject: Any, at: datetime = AT) -> Any:
    """A case that waits before its decision for the required platform."""
    inject(flows.LinearFlow)
    with standing_at(at):
        process = flows.LinearFlow.start.run(data=firm_data())
        flows.LinearFlow.accept.run(Task.objects.get(process=process, status=STATUS.NEW))
    assert Hold.objects.get().released_at is None
    return process


def pass_at(minutes: float, at: datetime = AT) -> None:
    """One pass of the runner."""
    with standing_at(at + timedelta(minutes=minutes)):
        tend()


def test_off_by_default(two: Any, inject: Any) -> None:
    """Without the setting every source is asked at every try."""
    required, advisory = two()
    held(inject)
    pass_at(2)
    assert (len(required.asked), len(advisory.asked)) == (2, 2)
    assert Reply.objects.exclude(reused=None).count() == 0


def test_a_source_that_answered_is_not_asked_again_for_another_s_sake(two: Any, inject: Any) -> None:
    """The retry asks the one that failed; the reply says which answer serves again, how old, from where."""
    required, advisory = two(REUSE_MINUTES=40)
    process = held(inject)
    required.fault = None
    pass_at(30)
    assert (len(required.asked), len(advisory.asked)) == (2, 1)
    first, second = Reply.objects.order_by("pk")
    (query,) = [q["query_id"] for q in second.inquiry.queries if q["source"] == "creditchina"]
    assert second.reused == [{"query": query, "reply": first.pk, "age": 1800}]
    assert (second.complete, second.is_genuine()) == (True, True)
    decision = CreditDecision.objects.order_by("pk").last()
    assert decision is not None
    assert (decision.outcome, decision.answered_at) == ("O-09", AT)
    assert replay(decision, Remade()) == ""
    with standing_at(AT + timedelta(minutes=35)):
        (party,) = panel_for(process).parties  # type: ignore[union-attr] # the flow has a gate
    assert "的答复取自35 分钟前的查询" in party.note


def test_the_record_is_as_old_as_the_oldest_answer_in_it(two: Any, inject: Any) -> None:
    """Freshness before the decision counts from the reused answer, so reuse never makes a record younger."""
    required, _ = two(REUSE_MINUTES=40)
    held(inject)
    required.fault = None
    pass_at(30)
    decision = CreditDecision.objects.order_by("pk").last()
    assert decision is not None
    matter = cases.book().on(AT.date()).rules.matter("food-business")
    assert decision.fresh_until == AT + timedelta(minutes=matter.fresh_minutes("decision"))


@pytest.mark.parametrize(
    ("minutes", "at"),
    [
        (41, AT),  # older than the settings allow
        (35, EVENING),  # another day, so another purpose
    ],
)
def test_an_old_answer_is_asked_for_again(two: Any, inject: Any, minutes: float, at: datetime) -> None:
    """Age and day bound what serves again."""
    _, advisory = two(REUSE_MINUTES=40)
    held(inject, at)
    pass_at(minutes, at)
    assert len(advisory.asked) == 2


def test_the_rule_set_s_freshness_bounds_it_too(two: Any, inject: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the decision may not rest on is not reused, whatever the settings say."""
    _, advisory = two(REUSE_MINUTES=100_000)
    held(inject)
    monkeypatch.setattr("approval_hook.reusing.fresh_until", lambda case, point, at: at + timedelta(minutes=10))
    pass_at(9)
    assert len(advisory.asked) == 1
    pass_at(300)
    assert len(advisory.asked) == 2


@pytest.mark.parametrize("status", [s for s in QueryStatus if s is not QueryStatus.OK])
def test_only_a_complete_answer_serves_again(two: Any, inject: Any, status: QueryStatus) -> None:
    """Everything else is could-not-tell and is asked about again."""
    _, advisory = two(REUSE_MINUTES=40)
    advisory.status = status
    held(inject)
    pass_at(2)
    assert len(advisory.asked) == 2


def test_never_for_another_case(two: Any, inject: Any) -> None:
    """Two cases of one firm at one organ on one day: each has its own query, its own receipt, its own entry."""
    _, advisory = two(REUSE_MINUTES=40)
    held(inject)
    with standing_at(AT + timedelta(minutes=1)):
        process = flows.LinearFlow.start.run(data=firm_data())
        flows.LinearFlow.accept.run(Task.objects.get(process=process, status=STATUS.NEW))
    assert len(advisory.asked) == 2
    assert len({q.case_no for q in advisory.asked}) == 2


def test_never_after_the_subjects_changed(two: Any, inject: Any) -> None:
    """A corrected name or number is another question."""
    _, advisory = two(REUSE_MINUTES=40)
    process = held(inject)
    process.data["name"] = "粤示例（更名）有限公司"
    process.save()
    pass_at(2)
    assert len(advisory.asked) == 2


def test_a_changed_row_serves_nothing(two: Any, inject: Any) -> None:
    """An answer that the gate did not write, or an age that somebody changed, does not hold."""
    required, advisory = two(REUSE_MINUTES=40)
    held(inject)
    with lifted_triggers(), connection.cursor() as cursor:
        cursor.execute("UPDATE approval_hook_reply SET digest = %s", ["0" * 64])
    required.fault = None
    pass_at(2)
    assert len(advisory.asked) == 2


def test_the_digest_covers_what_was_reused(two: Any, inject: Any) -> None:
    """Nobody makes an old answer look asked for."""
    required, _ = two(REUSE_MINUTES=40)
    held(inject)
    required.fault = None
    pass_at(30)
    reply = Reply.objects.order_by("-pk")[0]
    assert reply.is_genuine()
    reply.reused = None
    assert not reply.is_genuine()


def test_no_statement_more_where_nothing_may_be_reused(two: Any, inject: Any) -> None:
    """A retry costs what it did; a first check never looks for earlier answers."""

    def statements(minutes: float) -> int:
        with CaptureQueriesContext(connection) as asked:
            pass_at(minutes)
        return len([q for q in asked.captured_queries if "SELECT" in q["sql"] and "_reply" in q["sql"]])

    two()
    held(inject)
    without = statements(2)
    two(REUSE_MINUTES=40)
    assert statements(10) == without + 1
