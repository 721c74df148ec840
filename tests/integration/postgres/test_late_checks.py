"""The late-check queue with several sessions, and with workers that die: each case is asked about and decided once."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection
from viewflow.workflow.models import Task
from viewflow.workflow.status import STATUS

from approval_hook import clock, gate
from approval_hook.hosts.viewflow import latechecks, sweeping
from approval_hook.hosts.viewflow.attending import attend
from approval_hook.hosts.viewflow.injection import binding_of
from approval_hook.hosts.viewflow.latechecks import make_late_check
from approval_hook.hosts.viewflow.sweeping import sweep
from approval_hook.hosts.viewflow.tending import tend
from approval_hook.models import CreditDecision, Inquiry, LateCheck, Reply
from approval_hook.policy.records import CreditReport
from approval_hook.ports import Query
from approval_hook.testing import ScriptedPlatform
from tests.flows import flows
from tests.flows.many import add_cases
from tests.integration.postgres.test_workers import PATIENCE, counts, together

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

PAST = [("review", "DONE"), ("decide", "DONE"), ("deliver", "NEW")]
AT = [("accept", "DONE"), ("decide", "NEW")]


def queued(inject: Any, flow_class: Any, steps: list[tuple[str, str]]) -> tuple[Any, LateCheck]:
    """One case in the queue."""
    add_cases(flow_class, 1, steps)
    inject(flow_class)
    binding = binding_of(flow_class)
    sweep(binding, clock.now())
    return binding, LateCheck.objects.get()


def fresh(row: LateCheck) -> LateCheck:
    """The row as each worker reads it for itself."""
    return LateCheck.objects.get(pk=row.pk)


def meeting(monkeypatch: Any) -> None:
    """Let two workers ask at the same moment."""
    both_ask = threading.Barrier(2, timeout=PATIENCE)
    real = ScriptedPlatform.query

    def meet(self: ScriptedPlatform, query: Query, *, timeout: float) -> CreditReport:
        both_ask.wait()
        return real(self, query, timeout=timeout)

    monkeypatch.setattr(ScriptedPlatform, "query", meet)


def test_two_sweeps_at_once_queue_each_case_once(inject: Any, remote_credit: Any) -> None:
    """Both look at the same cases at the same moment; together they count and queue each exactly once."""
    add_cases(flows.HumanFlow, 400, [("review", "DONE"), ("decide", "NEW")])
    inject(flows.HumanFlow)
    binding = binding_of(flows.HumanFlow)
    swept = together(*[lambda: sweep(binding, clock.now())] * 3)
    assert [s.looked_at for s in swept] == [400] * 3
    assert LateCheck.objects.count() == 400
    assert sum(s.new.total() for s in swept) == 400


def test_two_workers_on_one_late_check_make_one_decision(inject: Any, remote_credit: Any, monkeypatch: Any) -> None:
    """Both ask under the same inquiry; one decides and the other finds it done."""
    binding, row = queued(inject, flows.HumanFlow, PAST)
    meeting(monkeypatch)
    outcomes = together(*[lambda: make_late_check(binding, fresh(row))] * 2)
    assert sorted(outcomes) == [False, True]
    assert counts() == (1, 1)
    assert len({query.query_id for query in remote_credit.asked}) == 1
    assert sorted(Reply.objects.values_list("attempt", flat=True)) == [1, 2]
    assert fresh(row).attempts == 0


def test_two_workers_on_one_late_check_at_the_decision_have_one_effect(
    inject: Any, remote_credit: Any, monkeypatch: Any
) -> None:
    """The waiting decision runs once, on one record."""
    binding, row = queued(inject, flows.LinearFlow, AT)
    meeting(monkeypatch)
    together(*[lambda: make_late_check(binding, fresh(row))] * 2)
    assert counts() == (1, 1)
    assert len(flows.ran) == 1
    tend()
    assert fresh(row).done_at is not None
    assert counts() == (1, 1)


def test_page_beside_the_late_check_asks_once(inject: Any, remote_credit: Any) -> None:
    """An officer opens the held decision while the runner checks it: one inquiry, one decision."""
    binding, row = queued(inject, flows.HumanFlow, [("review", "DONE"), ("decide", "NEW")])
    task = Task.objects.get(status=STATUS.NEW)
    together(lambda: make_late_check(binding, fresh(row)), lambda: attend(flows.HumanFlow, task.pk))
    assert counts() == (1, 1)
    assert Inquiry.objects.get().gate_key == f"viewflow_task:{task.pk}"


@pytest.mark.parametrize(("flow_class", "steps"), [(flows.HumanFlow, PAST), (flows.LinearFlow, AT)], ids=["past", "at"])
def test_worker_that_dies_between_answer_and_decision_of_a_late_check(
    inject: Any, remote_credit: Any, monkeypatch: Any, flow_class: Any, steps: list[tuple[str, str]]
) -> None:
    """The row is the debt: the next worker decides on the answer that is there, and asks nobody again."""
    binding, row = queued(inject, flow_class, steps)
    with monkeypatch.context() as patch:
        patch.setattr(gate, "decide", lambda *args, **kwargs: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            make_late_check(binding, fresh(row))
    assert (Reply.objects.count(), counts()) == (1, (1, 0))
    assert fresh(row).done_at is None
    assert make_late_check(binding, fresh(row))
    assert (Reply.objects.count(), counts()) == (1, (1, 1))
    assert len(remote_credit.asked) == 1
    assert fresh(row).found == CreditDecision.objects.get().outcome


def test_worker_that_dies_before_the_decision_is_committed_leaves_neither_record_nor_tick(
    inject: Any, remote_credit: Any, monkeypatch: Any
) -> None:
    """Record and tick are one transaction."""
    binding, row = queued(inject, flows.HumanFlow, PAST)
    settle = latechecks._settle

    def die(*args: Any) -> bool:
        settle(*args)
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(latechecks, "_settle", die)
        with pytest.raises(MemoryError):
            make_late_check(binding, fresh(row))
    assert (counts(), fresh(row).done_at) == ((1, 0), None)
    assert make_late_check(binding, fresh(row))
    assert counts() == (1, 1)


def test_sweep_killed_half_way_is_finished_by_the_next(inject: Any, remote_credit: Any, monkeypatch: Any) -> None:
    """What the first queued stays queued; the next queues the rest and nothing twice."""
    monkeypatch.setattr(sweeping, "PAGE", 10)
    add_cases(flows.HumanFlow, 35, [("review", "DONE"), ("decide", "NEW")])
    inject(flows.HumanFlow)
    binding = binding_of(flows.HumanFlow)
    pages: list[int] = []

    def die(cases: int) -> None:
        pages.append(cases)
        if len(pages) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(binding, clock.now(), advance=die)
    assert LateCheck.objects.count() == 20
    assert sweep(binding, clock.now()).new.total() == 15
    assert LateCheck.objects.count() == 35
    assert connection.vendor == "postgresql"
