"""Pending queries with several sessions: one worker fetches, and an older answer never follows a newer one."""

from __future__ import annotations

import secrets
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from viewflow.workflow.models import Task
from viewflow.workflow.status import STATUS

from approval_hook import clock, pending
from approval_hook.hosts.viewflow.attending import Attended, attend
from approval_hook.models import CallbackNonce, CreditDecision, PendingQuery
from approval_hook.policy.records import CreditReport, QueryStatus
from approval_hook.ports import Query
from approval_hook.testing import ScriptedPlatform
from tests.flows import flows
from tests.flows.facts import CLEAN, firm_data
from tests.integration.postgres.test_workers import PATIENCE, together
from tests.integration.test_callbacks import call, staffed

__all__ = ["staffed"]

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def task(staffed: Any, inject: Any) -> Any:
    """The gate task of a case that waits for the platform's staff."""
    inject(flows.LinearFlow)
    process = flows.LinearFlow.start.run(data=firm_data())
    flows.LinearFlow.accept.run(Task.objects.get(process=process, status=STATUS.NEW))
    return Task.objects.get(process=process, flow_task=flows.LinearFlow.credit_before_decide)


def test_two_workers_poll_once(task: Any, staffed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one fetches the other leaves the case to it; together they make one decision."""
    staffed.status = QueryStatus.OK
    fetching, go_on = threading.Event(), threading.Event()
    real = ScriptedPlatform.fetch

    def slow(self: ScriptedPlatform, query: Query, receipt_no: str, *, timeout: float) -> CreditReport:
        fetching.set()
        assert go_on.wait(PATIENCE)
        return real(self, query, receipt_no, timeout=timeout)

    monkeypatch.setattr(ScriptedPlatform, "fetch", slow)

    def second() -> Attended:
        assert fetching.wait(PATIENCE)
        try:
            return attend(flows.LinearFlow, task.pk, force=True)
        finally:
            go_on.set()

    outcomes = together(lambda: attend(flows.LinearFlow, task.pk, force=True), second)
    assert outcomes == [Attended.PASSED, Attended.HELD]
    assert staffed.fetched == ["A-1"]
    assert [d.complete for d in CreditDecision.objects.order_by("pk")] == [False, True]


def test_eight_workers_that_start_together_poll_once(task: Any, staffed: Any) -> None:
    """However they interleave, one lease is given at a time, and the case is decided once."""
    staffed.status = QueryStatus.OK
    outcomes = together(*[lambda: attend(flows.LinearFlow, task.pk, force=True)] * 8)
    assert outcomes.count(Attended.PASSED) == 1
    assert staffed.fetched == ["A-1"]
    assert CreditDecision.objects.count() == 2


def test_a_worker_that_slept_over_its_lease_decides_nothing(
    task: Any, staffed: Any, defaulter: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its "still pending" is older than the hit that another worker fetched, and must not stand above it."""
    staffed.records[CLEAN] = (defaulter,)
    asleep, wake = threading.Event(), threading.Event()
    real = ScriptedPlatform.fetch

    def sleepy(self: ScriptedPlatform, query: Query, receipt_no: str, *, timeout: float) -> CreditReport:
        report = real(self, query, receipt_no, timeout=timeout)
        if report.status is QueryStatus.PENDING:
            asleep.set()
            assert wake.wait(PATIENCE)
        return report

    monkeypatch.setattr(ScriptedPlatform, "fetch", sleepy)

    def second() -> Attended:
        assert asleep.wait(PATIENCE)
        staffed.status = QueryStatus.OK
        try:
            with clock.standing_at(clock.now() + pending.LEASE + timedelta(seconds=1)):
                return attend(flows.LinearFlow, task.pk, force=True)
        finally:
            wake.set()

    outcomes = together(lambda: attend(flows.LinearFlow, task.pk, force=True), second)
    assert outcomes == [Attended.HELD, Attended.HELD]
    newest = CreditDecision.objects.order_by("pk").last()
    assert newest is not None
    assert (newest.complete, newest.outcome) == (True, "O-06")
    assert PendingQuery.objects.get().state == PendingQuery.State.ANSWERED


def test_one_call_back_sent_eight_times_at_once_counts_once(task: Any, staffed: Any) -> None:
    """Each is answered alike; one row, one hurry."""
    nonce = secrets.token_hex(16)
    Client()  # imports what the threads need
    assert together(*[lambda: call({"receiptNo": "A-1"}, nonce=nonce)] * 8) == [202] * 8
    assert CallbackNonce.objects.count() == 1
