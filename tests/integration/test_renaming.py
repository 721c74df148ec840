"""Somebody renames a node while cases wait at it: none is lost, none passes, all go on under the new name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from viewflow.workflow.models import Process, Task
from viewflow.workflow.status import PROCESS, STATUS

from approval_hook import Gate, clock, triggers
from approval_hook.checks import check_database, check_flows
from approval_hook.hosts.viewflow import graph
from approval_hook.hosts.viewflow.attending import attend
from approval_hook.hosts.viewflow.injection import GATE_PREFIX, binding_of, eject
from approval_hook.hosts.viewflow.injection import inject as put
from approval_hook.hosts.viewflow.tending import tend
from approval_hook.models import Hold, Inquiry, TaskMove
from tests.flows import flows
from tests.flows.facts import CLEAN, facts_of, firm_data
from tests.flows.many import add_cases

pytestmark = pytest.mark.django_db

REF = "testflows/flows.LinearFlow"
PATH = "tests.flows.flows.LinearFlow"


@pytest.fixture
def rename(inject: Any, settings: Any) -> Iterator[Any]:
    """Rename ``decide`` of ``LinearFlow`` and start anew, with or without saying so in the settings."""
    flow_class = flows.LinearFlow
    before = dict(graph.nodes_of(flow_class))
    changed = []

    def do(*, told: bool) -> None:
        if not changed:
            eject(flow_class)
            decide = graph.nodes_of(flow_class)["decide"]
            graph.unregister(flow_class, "decide")
            graph.register(flow_class, "decision", decide)
            changed.append(decide)
            put(flow_class, Gate("food-business", facts_of, ("decision",), ()))
        settings.APPROVAL_HOOK = {
            **settings.APPROVAL_HOOK,
            "RENAMED": {PATH: {"decide": "decision"}} if told else {},
        }
        triggers.install()

    yield do
    if changed:
        eject(flow_class)
        graph.unregister(flow_class, "decision")
        graph.register(flow_class, "decide", changed[0])
        assert set(graph.nodes_of(flow_class)) == {n for n in before if not n.startswith(GATE_PREFIX)}
        put(flow_class, Gate("food-business", facts_of, ("decide",), ()))  # for the fixture ``inject`` to take out


def sweep_report() -> dict[str, Any]:
    """What the sweep says."""
    out = StringIO()
    call_command("credit_sweep", "--json", stdout=out, stderr=StringIO())
    report: dict[str, Any] = json.loads(out.getvalue())
    return report


def ref_of(task_pk: int) -> str:
    """The stored reference as the database has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT flow_task FROM viewflow_task WHERE id = %s", [task_pk])
        return str(cursor.fetchone()[0])


def warnings(ident: str) -> list[str]:
    """Texts of one start-up check."""
    return [w.msg for w in check_database(None, databases=["default"]) if w.id == f"approval_hook.{ident}"]


def held_at_its_gate(inject: Any, credit: Any, defaulter: Any) -> tuple[Process, Task]:
    """A case that waits at the gate before ``decide``."""
    credit.records[CLEAN] = (defaulter,)
    inject(flows.LinearFlow)
    process = flows.LinearFlow.start.run(data=firm_data())
    flows.LinearFlow.accept.run(Task.objects.get(process=process, status=STATUS.NEW))
    task = Task.objects.get(process=process, flow_task=f"{REF}.credit_before_decide")
    assert task.status == STATUS.STARTED
    return process, task


def test_case_waits_on_until_the_new_name_is_told(inject: Any, credit: Any, defaulter: Any, rename: Any) -> None:
    """Untold, the case is counted by sweep and check and stays; told, it is moved and goes on from its record."""
    process, task = held_at_its_gate(inject, credit, defaulter)
    rename(told=False)
    tend()
    assert Task.objects.get(pk=task.pk).status == STATUS.STARTED
    assert Hold.objects.get(released_at=None).node == "credit_before_decide"
    assert flows.ran == []
    report = sweep_report()
    assert report["stuck"] == [{"node": f"{PATH}.credit_before_decide", "tasks": 1, "renamed": False}]
    assert (report["moved"], report["retired"]) == ([], 0)
    assert warnings("W017") == [f"default: 1 件办件停在已不存在的环节 {PATH}.credit_before_decide。"]

    rename(told=True)
    assert warnings("W017") != []
    moved = sweep_report()
    assert [(m["old"], m["new"], m["tasks"]) for m in moved["moved"]] == [
        ("credit_before_decide", "credit_before_decision", 1)
    ]
    assert (moved["stuck"], warnings("W017")) == ([], [])
    assert ref_of(task.pk) == f"{REF}.credit_before_decision"
    trace = TaskMove.objects.get()
    assert (trace.task_key, trace.status) == (f"viewflow_task:{task.pk}", "STARTED")
    assert (trace.old, trace.new) == (f"{REF}.credit_before_decide", f"{REF}.credit_before_decision")
    assert Hold.objects.get(released_at=None).node == "credit_before_decision"
    assert flows.ran == []  # moved, not passed: the hit still holds it

    credit.records.clear()
    with clock.standing_at(clock.now() + timedelta(days=40)):
        attend(flows.LinearFlow, task.pk, force=True)
    assert flows.ran == [f"decide:{process.pk}"]
    assert Process.objects.get(pk=process.pk).status == PROCESS.DONE
    assert sweep_report()["moved"] == []


@pytest.mark.parametrize("told", [False, True])
def test_old_name_of_a_protected_node_stays_guarded(inject: Any, credit: Any, rename: Any, told: bool) -> None:
    """Nobody moves a waiting decision forward under its old name, whether the settings know of it or not."""
    (pk,) = add_cases(flows.LinearFlow, 1, [("accept", "DONE"), ("decide", "NEW")])
    task_pk = Task.objects.filter(process_id=pk).latest("pk").pk
    inject(flows.LinearFlow)
    rename(told=told)
    task = Task.objects.get(pk=task_pk)
    assert type(task.flow_task).__name__ == "MissingNode"
    for status in ("STARTED", "SCHEDULED", "DONE"):
        with pytest.raises(IntegrityError, match="protected step"), transaction.atomic():
            Task.objects.filter(pk=task_pk).update(status=status)
        with pytest.raises(IntegrityError, match="protected step"), transaction.atomic():
            Task.objects.create(process_id=pk, flow_task=f"{REF}.decide", flow_task_type="FUNCTION", status=status)
    with pytest.raises(IntegrityError, match="protected step"), transaction.atomic():
        Task.objects.create(process_id=pk, flow_task=f"{REF}.anything", flow_task_type="FUNCTION", status="DONE")
    Task.objects.filter(pk=task_pk).update(status="CANCELED")  # withdrawing is open
    assert flows.ran == []


def test_moved_decision_is_checked_before_it_runs(inject: Any, credit: Any, rename: Any) -> None:
    """A decision that waited from before the gate and was renamed meanwhile: moved, found, checked, then run."""
    (pk,) = add_cases(flows.LinearFlow, 1, [("accept", "DONE"), ("decide", "NEW")])
    inject(flows.LinearFlow)
    rename(told=True)
    report = sweep_report()
    assert [m["tasks"] for m in report["moved"]] == [1]
    assert flows.ran == []
    assert tend().late == 1
    assert flows.ran == [f"decide:{pk}"]
    assert Inquiry.objects.count() == 1


def test_dry_run_moves_nothing(inject: Any, credit: Any, rename: Any) -> None:
    """Only finds."""
    (pk,) = add_cases(flows.LinearFlow, 1, [("accept", "DONE"), ("decide", "NEW")])
    inject(flows.LinearFlow)
    rename(told=True)
    out = StringIO()
    call_command("credit_sweep", "--dry-run", stdout=out, stderr=StringIO())
    assert "环节 decide 改名为 decision，应迁移 1 件" in out.getvalue()
    assert f"1 件办件停在已不存在的环节 {PATH}.decide；新名已写明，由 credit_sweep 迁移" in out.getvalue()
    assert "RENAMED" not in out.getvalue()
    assert "RENAMED" not in str([w.hint for w in check_database(None, ["default"]) if w.id == "approval_hook.W017"])
    assert ref_of(Task.objects.filter(process_id=pk).latest("pk").pk) == f"{REF}.decide"
    assert TaskMove.objects.count() == 0


def test_case_decided_under_the_old_name_is_delivered(inject: Any, credit: Any, settings: Any) -> None:
    """The guard of the steps behind the decision knows the old name from the settings, and only from there."""
    inject(flows.HumanFlow)
    (pk,) = add_cases(flows.HumanFlow, 1, [("review", "DONE"), ("deliver", "NEW")])
    with_old_name = {"process_id": pk, "flow_task": "testflows/flows.HumanFlow.resolve", "flow_task_type": "HUMAN"}
    triggers.remove()
    Task.objects.create(**with_old_name, status=STATUS.DONE)
    triggers.install()
    deliver = Task.objects.get(process_id=pk, status=STATUS.NEW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Task.objects.filter(pk=deliver.pk).update(status=STATUS.DONE)
    settings.APPROVAL_HOOK = {
        **settings.APPROVAL_HOOK,
        "RENAMED": {"tests.flows.flows.HumanFlow": {"resolve": "decide"}},
    }
    assert triggers.outdated() != []
    triggers.install()
    Task.objects.filter(pk=deliver.pk).update(status=STATUS.DONE)
    assert binding_of(flows.HumanFlow).guarded_refs()[-1].endswith(".resolve")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"tests.flows.flows.PlainFlow": {"a": "decide"}}, "is not a flow with a credit gate"),
        ({"tests.flows.nowhere.Flow": {"a": "decide"}}, "is not a flow with a credit gate"),
        ({PATH: {"accept": "decide"}}, "still has a node accept"),
        ({PATH: {"gone": "nowhere"}}, "has no node nowhere"),
    ],
)
def test_wrong_new_name_is_an_error_at_start_up(inject: Any, settings: Any, entry: Any, said: str) -> None:
    """Each mistake in RENAMED is named."""
    inject(flows.LinearFlow)
    settings.APPROVAL_HOOK = {**settings.APPROVAL_HOOK, "RENAMED": entry}
    found = [e.msg for e in check_flows(None) if e.id == "approval_hook.E016"]
    assert len(found) == 1
    assert said in found[0]
    triggers.install()
    assert sweep_report()["moved"] == []  # ignored until it is mended
