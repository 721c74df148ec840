"""The gate is taken out of a flow while cases wait at it: they end, pages stay open, and what is uncovered is said."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import NoReverseMatch
from viewflow.workflow.models import Process, Task
from viewflow.workflow.status import STATUS

from approval_hook import Gate, triggers
from approval_hook.errors import PlatformUnavailable
from approval_hook.hosts.viewflow.injection import eject
from approval_hook.hosts.viewflow.injection import inject as put
from approval_hook.hosts.viewflow.missing import MissingNode
from approval_hook.hosts.viewflow.tending import tend
from approval_hook.models import CreditDecision, Hold, LateCheck
from tests.flows import flows
from tests.flows.facts import CLEAN, facts_of, firm_data

ROOT = Path(__file__).resolve().parents[2]
PATH = "tests.flows.flows.LinearFlow"


def _host(command: str, database: Path) -> dict[str, Any]:
    """The stock host, with the flow in its settings or without it."""
    env = {k: v for k, v in os.environ.items() if k != "TEST_DATABASE_URL"} | {
        "DJANGO_SETTINGS_MODULE": "tests.flows.stock_settings",
        "DATABASE_URL": f"sqlite:///{database}",
        "GATED": "1" if command == "gated" else "0",
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.flows.stock_host", command],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return seen


def test_flow_taken_out_of_the_settings(tmp_path: Path) -> None:
    """On Viewflow's own pages: nothing breaks, the runner ends the gate task once migrate confirmed it, all is said."""
    made = _host("gated", tmp_path / "host.sqlite3")
    assert made["tasks"]["credit_before_decide"] == "STARTED"
    seen = _host("removed", tmp_path / "host.sqlite3")
    assert seen["pages"] == seen["pages_after"] == []
    # The database still guards the flow, so nothing is let go, and the checks say both.
    assert seen["checks"] == ["E010", "E022", "W014", "W018"]
    assert seen["before_migrate"] == [0, made["tasks"]]
    assert seen["checks_after_migrate"] == ["E022", "W014", "W018"]
    assert seen["after_migrate"] == [1, 0, {**made["tasks"], "credit_before_decide": "DONE", "decide": "NEW"}]
    assert seen["again"] == 0
    assert seen["late"] == [[f"viewflow_process:{made['held']}", "retired", None]]
    assert seen["open_holds"] == 0
    assert seen["checks_at_the_end"] == ["E022", "W018"]
    assert seen["decided"] == ["DONE", "DONE"]


def waiting_at_the_gate(inject: Any) -> tuple[Process, Task]:
    """A case that the platform's silence keeps at its gate."""
    inject(flows.LinearFlow)
    process = flows.LinearFlow.start.run(data=firm_data())
    flows.LinearFlow.accept.run(Task.objects.get(process=process, status=STATUS.NEW))
    task = Task.objects.get(process=process, flow_task="testflows/flows.LinearFlow.credit_before_decide")
    assert task.status == STATUS.STARTED
    return process, task


@pytest.mark.django_db
def test_orderly_way_checks_what_waits_before_the_flow_is_taken_out(inject: Any, credit: Any) -> None:
    """With the flow still in the settings every gate task is asked about again; those who pass go on with a record."""
    credit.fault = PlatformUnavailable()
    process, _ = waiting_at_the_gate(inject)
    out = StringIO()
    with pytest.raises(CommandError, match="请先办完待核办件") as refused:
        call_command("credit_uninstall", PATH, stdout=out, stderr=StringIO())
    assert refused.value.returncode == 1
    assert "停在闸口 1 件，办完 0 件，仍待核 1 件" in out.getvalue()
    assert "1 件：信用平台尚无完整答复" in out.getvalue()
    credit.fault = None
    out = StringIO()
    call_command("credit_uninstall", PATH, stdout=out, stderr=StringIO())
    assert "办完 1 件，仍待核 0 件" in out.getvalue()
    assert "删除该流程" in out.getvalue()
    assert flows.ran == [f"decide:{process.pk}"]
    assert CreditDecision.objects.latest("pk").complete
    with pytest.raises(CommandError, match="没有信用核查闸口"):
        call_command("credit_uninstall", "tests.flows.flows.PlainFlow", stdout=StringIO())


@pytest.mark.django_db
def test_flow_that_comes_back_gets_the_check_it_owes(inject: Any, credit: Any, defaulter: Any, caplog: Any) -> None:
    """A held case let go by the removal is alarmed with its outcome; when the gate is back, its late check settles."""
    credit.records[CLEAN] = (defaulter,)
    process, task = waiting_at_the_gate(inject)
    gate = Gate("food-business", facts_of, ("decide",), ())
    eject(flows.LinearFlow)
    try:
        assert tend().retired == 0  # the database still guards it
        assert flows.ran == []
        triggers.install()
        assert (tend().retired, tend().retired) == (1, 0)
        assert flows.ran == [f"decide:{process.pk}"]
        assert Task.objects.get(pk=task.pk).status == STATUS.DONE
        assert "gate task finished without a check" in caplog.text
        assert '"permits": false' in caplog.text
        assert Hold.objects.filter(released_at=None).count() == 0
        assert LateCheck.objects.get().done_at is None
        tend()
        assert LateCheck.objects.get().done_at is None  # nobody may ask without a gate
    finally:
        put(flows.LinearFlow, gate)
        triggers.install()
    tend()
    assert LateCheck.objects.get().done_at is not None
    assert len({d.inquiry_id for d in CreditDecision.objects.all()}) == 1


@pytest.mark.django_db
def test_node_no_longer_protected_lets_its_gate_task_end(inject: Any, credit: Any) -> None:
    """The flow keeps its gate but protects another node: the task before the former one ends the same way."""
    credit.fault = PlatformUnavailable()
    process, task = waiting_at_the_gate(inject)
    eject(flows.LinearFlow)
    put(flows.LinearFlow, Gate("food-business", facts_of, ("accept",), ()))
    try:
        assert tend().retired == 0
        triggers.install()
        assert tend().retired == 1
    finally:
        eject(flows.LinearFlow)
        put(flows.LinearFlow, Gate("food-business", facts_of, ("decide",), ()))
    assert Task.objects.get(pk=task.pk).status == STATUS.DONE
    assert flows.ran == [f"decide:{process.pk}"]
    assert LateCheck.objects.get().where == LateCheck.Where.RETIRED


@pytest.mark.django_db
def test_guard_that_nobody_expects_any_more_is_out_of_date(monkeypatch: Any) -> None:
    """A removed flow with a task table of its own leaves a guard there, which only migrate takes away."""
    triggers.install()
    assert triggers.outdated() == []
    monkeypatch.setattr(triggers, "_guarded_tables", list)
    assert [name.rpartition("_")[2] for name in sorted(triggers.outdated())] == ["insert", "update", "update"]
    triggers.install()
    assert triggers.outdated() == []
    monkeypatch.undo()
    triggers.install()


def test_missing_node_of_a_flow_without_pages_has_no_address() -> None:
    """Viewflow's templates know how to go without an address, not how to go without a viewset."""
    node = MissingNode().create_node("gone", flows.PlainFlow)
    with pytest.raises(NoReverseMatch):
        node.reverse("index", args=[1, 2])
    assert str(node.task_title) == "已不存在的环节 gone"
