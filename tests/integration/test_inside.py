"""A check that is part of the protected step: no node of its own, the same evidence, the same guard."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from viewflow.workflow.models import Task
from viewflow.workflow.status import STATUS

from approval_hook import Gate, clock, triggers
from approval_hook.checks import check_flows
from approval_hook.errors import ConfigurationError
from approval_hook.hosts.viewflow import prove
from approval_hook.hosts.viewflow.injection import eject, inject
from approval_hook.hosts.viewflow.tending import tend
from approval_hook.models import CreditDecision, Hold, Inquiry
from tests.flows import flows
from tests.flows.facts import CLEAN, facts_of, firm_data

pytestmark = pytest.mark.django_db

FLOW = flows.LinearFlow


@pytest.fixture
def inside() -> Iterator[None]:
    """The linear flow with its check inside the decision."""
    inject(FLOW, Gate("food-business", facts_of, ("decide",), inside=True))
    triggers.install()
    yield
    eject(FLOW)


def at_the_decision() -> Task:
    """The task of the decision of a new case, which runs by itself unless it is held."""
    process = FLOW.start.run(data=firm_data())
    FLOW.accept.run(Task.objects.get(process=process, flow_task=FLOW.accept))
    return Task.objects.get(process=process, flow_task=FLOW.decide)


def test_no_node_is_added_and_every_way_is_covered(inside: None) -> None:
    """The flow's nodes stay its author's; the proof says covered, and the start-up check has nothing to warn of."""
    assert not [name for name in FLOW._nodes_by_name if name.startswith("credit")]
    assert (prove(FLOW).covered, prove(FLOW).gaps) == (True, {})
    assert {m.id for m in check_flows(None)} <= {"approval_hook.W024", "approval_hook.E021"}


def test_a_clean_case_is_asked_when_its_decision_is_next(inside: None, credit: Any) -> None:
    """One inquiry and one record, made before the step runs; then it runs."""
    credit.records[CLEAN] = ()
    assert at_the_decision().status == STATUS.DONE
    assert (Inquiry.objects.count(), CreditDecision.objects.get().permits) == (1, True)


def test_a_hit_holds_the_step(inside: None, credit: Any, defaulter: Any) -> None:
    """The guard and the database hold it, under the same hold as behind a gate node."""
    credit.records[CLEAN] = (defaulter,)
    task = at_the_decision()
    assert (task.status, Hold.objects.get().node) == (STATUS.NEW, "decide")
    activation = FLOW.decide.activation_class(task)
    assert not activation.activate.can_proceed()
    with pytest.raises(IntegrityError), transaction.atomic():
        Task.objects.filter(pk=task.pk).update(status=STATUS.DONE)


def test_the_runner_asks_for_a_step_that_nobody_asked_about(inside: None, credit: Any, monkeypatch: Any) -> None:
    """The process that made the task died before it asked: the runner finds the step without a record."""
    credit.records[CLEAN] = ()
    monkeypatch.setattr("approval_hook.hosts.viewflow.attending.pass_or_park", lambda activation: False)
    task = at_the_decision()
    assert not Inquiry.objects.exists()
    tend()
    assert not Inquiry.objects.exists()  # it may still be asked about by the request that made it
    Task.objects.filter(pk=task.pk).update(created=clock.now() - timedelta(minutes=1))
    tend()
    assert CreditDecision.objects.get().permits
    tend()
    assert Inquiry.objects.count() == 1


@pytest.mark.parametrize("value", ["yes", 1, None])
def test_inside_is_true_or_false(value: Any) -> None:
    """A text that looks like an answer is refused."""
    with pytest.raises(ConfigurationError, match=r"Gate\.inside must be True or False"):
        Gate("food-business", facts_of, ("decide",), inside=value)
