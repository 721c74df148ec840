"""Several workers on one case, each with its own PostgreSQL session."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from viewflow.fsm import TransitionNotAllowed
from viewflow.workflow.exceptions import FlowLockFailed
from viewflow.workflow.models import Process, Task
from viewflow.workflow.status import PROCESS, STATUS

from approval_hook import gate
from approval_hook.errors import PlatformUnavailable
from approval_hook.hosts.viewflow.attending import Attended, attend
from approval_hook.hosts.viewflow.injection import binding_of
from approval_hook.models import CreditDecision, Inquiry, Point, Reply
from approval_hook.policy.records import CreditReport
from approval_hook.ports import Query
from approval_hook.testing import ScriptedPlatform
from tests.flows import flows
from tests.flows.facts import firm_data
from tests.flows.many import add_cases

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

#: A worker that waits this many seconds for the other one has missed it.
PATIENCE = 15


def together(*works: Callable[[], Any]) -> list[Any]:
    """Run each work in a thread with a database session of its own, started at the same moment; results in order."""
    start = threading.Barrier(len(works), timeout=PATIENCE)

    def run(work: Callable[[], Any]) -> Any:
        try:
            start.wait()
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=len(works)) as pool:
        return [f.result(timeout=2 * PATIENCE) for f in [pool.submit(run, w) for w in works]]


def parked(remote_credit: Any) -> Task:
    """A gate task left behind by a request that died after its commit: STARTED, and nobody asked yet."""
    process = flows.LinearFlow.start.run(data=firm_data())
    accept = Task.objects.get(process=process, status=STATUS.NEW)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("approval_hook.hosts.viewflow.attending.attend", lambda *args, **kwargs: Attended.PARKED)
        flows.LinearFlow.accept.run(accept)
    task = Task.objects.get(process=process, flow_task=flows.LinearFlow.credit_before_decide)
    assert (task.status, Inquiry.objects.count()) == (STATUS.STARTED, 0)
    assert remote_credit.asked == []
    return task


def counts() -> tuple[int, int]:
    """Inquiries and decisions."""
    return Inquiry.objects.count(), CreditDecision.objects.count()


def test_two_workers_on_one_parked_gate_make_one_inquiry_one_decision_one_effect(
    inject: Any, remote_credit: Any, monkeypatch: Any
) -> None:
    """Both ask at the same moment under the same inquiry; one finishes the case and the other finds it settled."""
    inject(flows.LinearFlow)
    task = parked(remote_credit)
    both_ask = threading.Barrier(2, timeout=PATIENCE)
    real = ScriptedPlatform.query

    def meet(self: ScriptedPlatform, query: Query, *, timeout: float) -> CreditReport:
        both_ask.wait()
        return real(self, query, timeout=timeout)

    monkeypatch.setattr(ScriptedPlatform, "query", meet)
    outcomes = together(*[lambda: attend(flows.LinearFlow, task.pk)] * 2)
    assert sorted(outcomes) == [Attended.GONE, Attended.PASSED]
    assert counts() == (1, 1)
    assert len({query.query_id for query in remote_credit.asked}) == 1
    assert flows.ran == [f"decide:{task.process_id}"]
    assert Process.objects.get(pk=task.process_id).status == PROCESS.DONE
    assert sorted(Reply.objects.values_list("attempt", flat=True)) == [1, 2]


def test_four_workers_without_a_rendezvous_settle_a_case_once(inject: Any, remote_credit: Any) -> None:
    """However four workers interleave, there is one inquiry, one decision and one effect, and the case ends."""
    inject(flows.LinearFlow)
    task = parked(remote_credit)
    outcomes = together(*[lambda: attend(flows.LinearFlow, task.pk)] * 4)
    assert outcomes.count(Attended.PASSED) == 1
    assert set(outcomes) <= {Attended.PASSED, Attended.GONE, Attended.PARKED}
    assert counts() == (1, 1)
    assert flows.ran == [f"decide:{task.process_id}"]


def test_answer_that_a_dead_worker_left_undecided_is_used_and_not_asked_for_again(
    inject: Any, remote_credit: Any, monkeypatch: Any
) -> None:
    """A worker dies between the committed reply and the decision; the next one decides on that reply."""
    inject(flows.LinearFlow)
    task = parked(remote_credit)
    with monkeypatch.context() as patch:
        patch.setattr(gate, "decide", lambda *args, **kwargs: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            attend(flows.LinearFlow, task.pk)
    assert (Reply.objects.count(), counts()) == (1, (1, 0))
    assert attend(flows.LinearFlow, task.pk) is Attended.PASSED
    assert (Reply.objects.count(), counts()) == (1, (1, 1))
    assert len(remote_credit.asked) == 1
    assert flows.ran == [f"decide:{task.process_id}"]


def test_two_workers_open_the_same_round_once(inject: Any, remote_credit: Any) -> None:
    """Opening an inquiry at the same moment gives both workers the same one."""
    inject(flows.LinearFlow)
    task = parked(remote_credit)
    binding = binding_of(flows.LinearFlow)

    def open_it() -> Any:
        case = binding.case(task.process_id)
        return gate.open_inquiry(case, Point.DECISION, binding.task_key(task.pk), "worker").inquiry.pk

    first, second, third = together(open_it, open_it, open_it)
    assert first == second == third
    assert list(Inquiry.objects.values_list("pk", "round")) == [(first, 1)]


def test_double_submit_at_the_same_moment_has_one_effect(inject: Any, remote_credit: Any) -> None:
    """Two submits of the same step: one runs, the other is refused or finds the lock taken, and nothing doubles."""
    inject(flows.LinearFlow)
    process = flows.LinearFlow.start.run(data=firm_data())
    accept = Task.objects.get(process=process, status=STATUS.NEW)

    def submit() -> str:
        try:
            flows.LinearFlow.accept.run(Task.objects.get(pk=accept.pk))
        except (TransitionNotAllowed, FlowLockFailed) as refusal:
            return type(refusal).__name__
        return "ran"

    results = together(submit, submit)
    assert results.count("ran") == 1
    assert counts() == (1, 1)
    assert flows.ran == [f"decide:{process.pk}"]
    done = Task.objects.filter(process=process).values_list("status", flat=True)
    assert set(done) == {STATUS.DONE}


def test_retry_beside_the_runner_after_a_silent_platform_opens_one_new_round(inject: Any, remote_credit: Any) -> None:
    """A clerk's retry and the runner at the same moment pass the case once, on the inquiry that was left unanswered."""
    remote_credit.fault = PlatformUnavailable()
    inject(flows.LinearFlow)
    process = flows.LinearFlow.start.run(data=firm_data())
    flows.LinearFlow.accept.run(Task.objects.get(process=process, status=STATUS.NEW))
    task = Task.objects.get(process=process, flow_task=flows.LinearFlow.credit_before_decide)
    assert (task.status, counts()) == (STATUS.STARTED, (1, 1))
    remote_credit.fault = None
    outcomes = together(*[lambda: attend(flows.LinearFlow, task.pk, force=True)] * 2)
    assert outcomes.count(Attended.PASSED) == 1
    assert flows.ran == [f"decide:{process.pk}"]
    # The could-not-tell record stays beside the one that lets the case pass.
    assert counts() == (1, 2)
    assert list(CreditDecision.objects.order_by("pk").values_list("permits", flat=True)) == [False, True]


def test_two_retries_at_a_held_decision_record_one_opinion(inject: Any, remote_credit: Any, monkeypatch: Any) -> None:
    """Both ask again for a person's task that waits on a silent platform; what one decided the other takes over."""
    remote_credit.fault = PlatformUnavailable()
    add_cases(flows.HumanFlow, 1, [("review", "DONE"), ("decide", "NEW")])
    inject(flows.HumanFlow)
    task = Task.objects.get(status=STATUS.NEW)
    assert attend(flows.HumanFlow, task.pk) is Attended.HELD
    assert counts() == (1, 1)
    both_ask = threading.Barrier(2, timeout=PATIENCE)
    real = ScriptedPlatform.query

    def meet(self: ScriptedPlatform, query: Query, *, timeout: float) -> CreditReport:
        both_ask.wait()
        return real(self, query, timeout=timeout)

    monkeypatch.setattr(ScriptedPlatform, "query", meet)
    outcomes = together(*[lambda: attend(flows.HumanFlow, task.pk, force=True)] * 2)
    assert outcomes == [Attended.HELD, Attended.HELD]
    assert (counts(), Reply.objects.count()) == ((1, 2), 3)
