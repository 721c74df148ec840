"""Somebody moves the module of a gated flow while cases are under way: none is lost, none passes, none is retired."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from viewflow.workflow.models import Process, Task
from viewflow.workflow.status import PROCESS, STATUS

from approval_hook import clock, triggers
from approval_hook.checks import check_database, check_flows
from approval_hook.hosts.viewflow.attending import attend
from approval_hook.hosts.viewflow.missing import retired
from approval_hook.hosts.viewflow.tending import tend
from approval_hook.models import Hold, LateCheck, TaskMove
from approval_hook.testing import lifted_triggers
from tests.flows import flows
from tests.flows.facts import CLEAN, OTHER, firm_data
from tests.flows.many import add_cases

pytestmark = pytest.mark.django_db

NOW = "testflows/flows"
#: With the class still to be found under its old path, and without.
FORMER = ("testflows/former", "testflows/nowhere")


def stored_under(where: str, *pks: int) -> None:
    """Let cases be stored as they were when the flows' module was another."""
    with lifted_triggers(), connection.cursor() as cursor:
        for pk in pks:
            cursor.execute(
                "UPDATE viewflow_process SET flow_class = replace(flow_class, %s, %s) WHERE id = %s", [NOW, where, pk]
            )
            cursor.execute(
                "UPDATE viewflow_task SET flow_task = replace(flow_task, %s, %s) WHERE process_id = %s",
                [NOW, where, pk],
            )
    for model in (Hold, LateCheck):
        for row in model._default_manager.filter(host_key__in=[f"viewflow_process:{pk}" for pk in pks]):
            row.flow = row.flow.replace(NOW, where)
            row.save()


def refs(pk: int) -> set[str]:
    """Everything that a case is stored under, up to the class."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT flow_class FROM viewflow_process WHERE id = %s", [pk])
        found = {str(row[0]) for row in cursor.fetchall()}
        cursor.execute("SELECT flow_task FROM viewflow_task WHERE process_id = %s", [pk])
        found |= {str(row[0]).rpartition(".")[0] for row in cursor.fetchall()}
    return found


def tell(settings: Any, where: str, flow: str = "LinearFlow") -> None:
    """Say in the settings where the flow was, and migrate."""
    old = f"tests.flows.{where.partition('/')[2]}.{flow}"
    settings.APPROVAL_HOOK = {**settings.APPROVAL_HOOK, "MOVED": {old: f"tests.flows.flows.{flow}"}}
    triggers.install()


def held(inject: Any, credit: Any, defaulter: Any) -> tuple[int, int]:
    """A case that waits at its gate; its number and that of its gate task."""
    credit.records[CLEAN] = (defaulter,)
    inject(flows.LinearFlow)
    process = flows.LinearFlow.start.run(data=firm_data())
    flows.LinearFlow.accept.run(Task.objects.get(process=process, status=STATUS.NEW))
    return process.pk, Task.objects.get(process=process, status=STATUS.STARTED).pk


def messages(ident: str) -> list[str]:
    """Texts of one check of the database."""
    return [m.msg for m in check_database(None, databases=["default"]) if m.id == f"approval_hook.{ident}"]


def sweep(*arguments: str) -> dict[str, Any]:
    """What the sweep says."""
    out, failed = StringIO(), ""
    try:
        call_command("credit_sweep", "--json", *arguments, stdout=out, stderr=StringIO())
    except CommandError as error:
        failed = str(error)
    return {**json.loads(out.getvalue()), "failed": failed}


@pytest.mark.parametrize("where", FORMER)
def test_moved_flow_retires_no_case(inject: Any, credit: Any, defaulter: Any, where: str) -> None:
    """Untold, the case waits; sweep and start-up check fail and say what to write, and nobody says no gate is left."""
    pk, task_pk = held(inject, credit, defaulter)
    stored_under(where, pk)
    tally = tend()
    assert (tally.retired, tally.failed) == (0, 0)
    assert list(retired()) == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT status FROM viewflow_task WHERE id = %s", [task_pk])
        assert cursor.fetchone()[0] == STATUS.STARTED
    assert flows.ran == []
    assert Hold.objects.filter(released_at=None).count() == 1
    old = f"tests.flows.{where.partition('/')[2]}.LinearFlow"
    (error,) = [m for m in check_database(None, databases=["default"]) if m.id == "approval_hook.E029"]
    assert error.msg == f"default: 1 件办件仍登记在流程的原路径 {old} 下，该流程现为 tests.flows.flows.LinearFlow。"
    assert f"'{old}': 'tests.flows.flows.LinearFlow'" in str(error.hint)
    assert (messages("W014"), messages("W018")) == ([], [])
    report = sweep()
    assert report["astray"] == [{"stored": old, "flow": "tests.flows.flows.LinearFlow", "cases": 1, "told": False}]
    assert "原路径" in report["failed"]


@pytest.mark.parametrize("where", FORMER)
@pytest.mark.parametrize("told", [False, True])
def test_nodes_stay_guarded_under_the_old_path(
    inject: Any, credit: Any, defaulter: Any, settings: Any, where: str, told: bool
) -> None:
    """The database refuses decision and what is behind it under the old path too, told or not; the rest is free."""
    pk, _ = held(inject, credit, defaulter)
    stored_under(where, pk)
    if told:
        tell(settings, where)
    triggers.install()
    for node in ("decide", "end", "anything"):
        for ref in (f"{where}.LinearFlow.{node}", f"{NOW}.LinearFlow.{node}"):
            with pytest.raises(IntegrityError, match="protected step"), transaction.atomic():
                Task.objects.create(process_id=pk, flow_task=ref, flow_task_type="FUNCTION", status="DONE")
    Task.objects.create(process_id=pk, flow_task=f"{where}.LinearFlow.accept", flow_task_type="X", status="DONE")
    Task.objects.create(process_id=pk, flow_task=f"{where}.LinearFlow.decide", flow_task_type="X", status="NEW")


@pytest.mark.parametrize("where", FORMER)
def test_told_the_sweep_moves_every_case(inject: Any, credit: Any, defaulter: Any, settings: Any, where: str) -> None:
    """Running and ended cases come under the path of now, with hold and trace; the held one goes on from its record."""
    pk, task_pk = held(inject, credit, defaulter)
    ended = flows.LinearFlow.start.run(data=firm_data(code=OTHER))
    flows.LinearFlow.accept.run(Task.objects.get(process=ended, status=STATUS.NEW))
    assert Process.objects.get(pk=ended.pk).status == PROCESS.DONE
    stored_under(where, pk, ended.pk)
    # Saving a case writes the flow's own reference into it; its tasks still have the old one.
    with connection.cursor() as cursor:
        cursor.execute("UPDATE viewflow_process SET flow_class = %s WHERE id = %s", [f"{NOW}.LinearFlow", pk])
    tell(settings, where)
    with clock.standing_at(clock.now() + timedelta(days=40)):  # the decided case's record is stale by now
        assert sweep("--dry-run")["flows_moved"][0]["cases"] == 2
        assert refs(ended.pk) == {f"{where}.LinearFlow"}
        report = sweep()
        old = f"tests.flows.{where.partition('/')[2]}.LinearFlow"
        assert report["flows_moved"] == [{"old": old, "flow": "tests.flows.flows.LinearFlow", "cases": 2}]
        assert (report["astray"], report["failed"], messages("E029")) == ([], "", [])
        for number in (pk, ended.pk):
            assert refs(number) == {f"{NOW}.LinearFlow"}
        trace = TaskMove.objects.get()
        assert (trace.task_key, trace.status) == (f"viewflow_task:{task_pk}", "STARTED")
        assert trace.old == f"{where}.LinearFlow.credit_before_decide"
        assert trace.new == f"{NOW}.LinearFlow.credit_before_decide"
        assert Hold.objects.get(released_at=None).flow == f"{NOW}.LinearFlow"
        assert flows.ran == [f"decide:{ended.pk}"]  # moved, not passed
        credit.records.clear()
        attend(flows.LinearFlow, task_pk, force=True)
        assert flows.ran == [f"decide:{ended.pk}", f"decide:{pk}"]
        assert sweep()["flows_moved"] == []


def test_only_a_move_as_told_may_change_the_reference_of_a_decision(inject: Any, credit: Any, settings: Any) -> None:
    """Under a stale record a finished decision takes the new path of its own node and no other reference."""
    inject(flows.HumanFlow)
    (pk,) = add_cases(flows.HumanFlow, 1, [("review", "DONE"), ("deliver", "NEW")])
    with lifted_triggers():
        done = Task.objects.create(
            process_id=pk, flow_task="testflows/former.HumanFlow.decide", flow_task_type="HUMAN", status="DONE"
        )
    tell(settings, FORMER[0], "HumanFlow")
    rows = Task.objects.filter(pk=done.pk)
    for ref in ("flows.LinearFlow.decide", "other.HumanFlow.decide", "former.Other.decide"):
        with pytest.raises(IntegrityError, match="protected step"), transaction.atomic():
            rows.update(flow_task=f"testflows/{ref}", process_id=pk)
    waiting = Task.objects.create(process_id=pk, flow_task=flows.HumanFlow.decide, flow_task_type="HUMAN")
    Task.objects.filter(pk=waiting.pk).update(flow_task="testflows/former.HumanFlow.decide")
    with pytest.raises(IntegrityError, match="protected step"), transaction.atomic():
        Task.objects.filter(pk=waiting.pk).update(flow_task=flows.HumanFlow.decide, status="DONE")
    rows.update(flow_task=flows.HumanFlow.decide)


def test_a_case_stays_in_its_flow(inject: Any, credit: Any, settings: Any) -> None:
    """A gated case is not made another flow's, under which its tasks would be free; its old path is its own flow."""
    inject(flows.LinearFlow)
    process = flows.LinearFlow.start.run(data=firm_data())
    rows = Process.objects.filter(pk=process.pk)
    for flow in ("testflows/flows.PlainFlow", "testflows/flows.Other", ""):
        with pytest.raises(IntegrityError, match="a case stays in its flow"), transaction.atomic():
            rows.update(flow_class=flow)
    rows.update(flow_class="testflows/former.LinearFlow")
    rows.update(flow_class=flows.LinearFlow, status=PROCESS.CANCELED)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"tests.flows.old.LinearFlow": "tests.flows.flows.PlainFlow"}, "is not a flow with a credit gate"),
        ({"tests.flows.old.LinearFlow": "tests.flows.nowhere.Flow"}, "is not a flow with a credit gate"),
        ({"tests.flows.flows.PlainFlow": "tests.flows.flows.LinearFlow"}, "is another flow"),
        ({"tests.flows.flows.LinearFlow": "tests.flows.flows.LinearFlow"}, "is where the flow is now"),
    ],
)
def test_wrong_new_path_is_an_error_at_start_up(inject: Any, settings: Any, entry: Any, said: str) -> None:
    """Each mistake in MOVED is named."""
    inject(flows.LinearFlow)
    settings.APPROVAL_HOOK = {**settings.APPROVAL_HOOK, "MOVED": entry}
    (found,) = [e.msg for e in check_flows(None) if e.id == "approval_hook.E016"]
    assert said in found
