"""The authors' tests of every flow end the same with and without the gate, for a clean applicant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from django.test import TestCase, TransactionTestCase
from viewflow.workflow.models import Process, Task

from approval_hook.hosts.viewflow.injection import GATE_PREFIX
from approval_hook.models import CreditDecision
from approval_hook.testing import GateTransactionTestCase
from tests.flows.patterns.driving import SCENARIOS
from tests.integration.patterns.hooks import FLOWS, gated, scripted


def outcome(drive: Callable[[], None]) -> list[tuple[str, str, dict[str, Any], Counter[tuple[str, str, str]]]]:
    """What an author's test leaves behind: per case its flow, status, data and the multiset of its tasks."""
    before = set(Process.objects.values_list("pk", flat=True))
    drive()
    cases = Process.objects.exclude(pk__in=before).order_by("pk")
    return [(case.flow_class.__name__, case.status, case.data, tasks_of(case)) for case in cases]


def tasks_of(case: Process) -> Counter[tuple[str, str, str]]:
    """Node, final status and data of every task but the gate's."""
    tasks = Counter[tuple[str, str, str]]()
    for task in Task.objects.filter(process=case):
        name = task.flow_task.name
        if not name.startswith(GATE_PREFIX):
            data = {key: value for key, value in task.data.items() if key != "_exception"}
            tasks[(name, task.status, repr(data))] += 1
    return tasks


def same_result(test: TestCase | TransactionTestCase, flow_class: type, *, remote: bool) -> None:
    """Each author's test of a flow twice, without and with the gate."""
    decisions = 0
    for drive in SCENARIOS[flow_class]:
        with test.subTest(drive.__name__):
            plain = outcome(drive)
            with scripted(remote=remote) as script, gated(flow_class):
                assert outcome(drive) == plain
                decisions += len(script.asked)
    assert decisions, "no scenario of this flow came to the gate"
    assert {d.permits for d in CreditDecision.objects.all()} == {True}


def _one_test_per_flow(*, remote: bool) -> Callable[[type], type]:
    def fill(cls: type) -> type:
        for flow_class in FLOWS:

            def run(self: Any, flow_class: type = flow_class) -> None:
                same_result(self, flow_class, remote=remote)

            run.__doc__ = flow_class.__doc__
            setattr(cls, f"test_{flow_class.__name__}", run)
        return cls

    return fill


@_one_test_per_flow(remote=False)
class LocalPlatformTest(TestCase):
    """A local platform under ``TestCase``: asked within the transaction."""


@_one_test_per_flow(remote=True)
class RemotePlatformTest(GateTransactionTestCase):
    """A remote platform under ``TransactionTestCase``: asked after the commit."""
