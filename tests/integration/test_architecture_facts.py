"""One test per fact of the host engine that decides the design (docs/explanation/architecture.md)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone
from viewflow.fsm import TransitionNotAllowed
from viewflow.workflow import chart
from viewflow.workflow.context import Context
from viewflow.workflow.models import Process, Task
from viewflow.workflow.status import PROCESS, STATUS

from approval_hook.errors import CaseInvalid, ConfigurationError, PlatformUnavailable
from approval_hook.hosts.viewflow import prove
from approval_hook.hosts.viewflow.attending import Attended, attend
from approval_hook.hosts.viewflow.injection import bindings, eject
from approval_hook.models import CreditDecision, Hold, Inquiry, Reply
from tests.flows import flows
from tests.flows.facts import OTHER, firm_data
from tests.flows.flows import ran

pytestmark = pytest.mark.django_db


def task_of(process: Any, name: str) -> Task:
    """The newest task of a node."""
    ref = f"testflows/flows.{process.flow_class.__name__}.{name}"
    return Task.objects.filter(process=process, flow_task=ref).latest("pk")


def statuses(process: Any) -> dict[str, str]:
    """Status of the newest task per node."""
    return {t.flow_task.name: t.status for t in Task.objects.filter(process=process).order_by("pk")}


# --- nodes are linked when the class is made --------------------------------------------------


def test_fact_injection_in_place_shows_on_chart_and_in_bpmn(inject: Any, credit: Any) -> None:
    """Re-pointing edges on the finished class works, and chart and BPMN export show the gate."""
    before = [n.name for n in flows.LinearFlow.instance.nodes()]
    inject(flows.LinearFlow, accepts=("accept",))
    names = [n.name for n in flows.LinearFlow.instance.nodes()]
    assert set(names) - set(before) == {"credit_before_accept", "credit_before_decide"}
    assert [e.dst.name for e in flows.LinearFlow.start._outgoing()] == ["credit_before_accept"]
    assert {e.src.name for e in flows.LinearFlow.decide._incoming()} == {"credit_before_decide"}
    grid = chart.calc_layout_data(flows.LinearFlow)
    assert "信用核查" in chart.grid_to_svg(grid)
    assert "credit_before_decide" in chart.grid_to_bpmn(grid)


def test_fact_injection_is_idempotent_reversible_and_loud(inject: Any, credit: Any) -> None:
    """The same gate twice changes nothing, another one is refused, and ejecting restores every edge."""
    from approval_hook import Gate
    from approval_hook.hosts.viewflow import inject as put
    from tests.flows.facts import facts_of

    before = {n.name: [e.dst.name for e in n._outgoing()] for n in flows.LoopFlow.instance.nodes()}
    classes = {n.name: n.activation_class for n in flows.LoopFlow.instance.nodes()}
    gate = Gate("food-business", facts_of, ("decide",))
    assert put(flows.LoopFlow, gate) is put(flows.LoopFlow, gate)
    with pytest.raises(ConfigurationError, match="another credit gate"):
        put(flows.LoopFlow, Gate("food-business", facts_of, ("review",)))
    eject(flows.LoopFlow)
    assert {n.name: [e.dst.name for e in n._outgoing()] for n in flows.LoopFlow.instance.nodes()} == before
    assert {n.name: n.activation_class for n in flows.LoopFlow.instance.nodes()} == classes
    with pytest.raises(ConfigurationError, match="no node nowhere"):
        put(flows.LoopFlow, Gate("food-business", facts_of, ("nowhere",)))
    assert not hasattr(flows.LoopFlow, "credit_before_decide")


def test_fact_authors_flow_gives_the_same_result_with_the_gate(inject: Any, credit: Any) -> None:
    """A clean case runs through loop, split and join with the same tasks and statuses as without the gate."""

    def run(flow_class: Any) -> tuple[list[tuple[str, str]], str]:
        process = flow_class.start.run(data=firm_data())
        for name in ("left", "right", "review"):
            for task in Task.objects.filter(process=process, status=STATUS.NEW):
                if task.flow_task.name == name:
                    getattr(flow_class, name).run(task)
        process.refresh_from_db()
        tasks = Task.objects.filter(process=process)
        return sorted((t.flow_task.name, t.status) for t in tasks if "credit" not in t.flow_task.name), process.status

    for flow_class in (flows.ParallelFlow, flows.LoopFlow):
        plain = run(flow_class)
        inject(flow_class)
        assert run(flow_class) == plain
        assert plain[1] == PROCESS.DONE


# --- plain subclassing keeps edges to the parent's nodes --------------------------------------


def test_fact_subclass_keeps_edges_to_parent_so_nothing_is_injected_by_subclassing(inject: Any, credit: Any) -> None:
    """A subclass shares activation targets with its parent; the gate goes into the class itself."""
    sub = type("SubLinearFlow", (flows.LinearFlow,), {"__module__": flows.__name__})
    assert sub.start._next.flow_class is flows.LinearFlow
    inject(flows.LinearFlow)
    assert "credit_before_decide" in flows.LinearFlow._nodes_by_name
    assert "credit_before_decide" not in sub._nodes_by_name
    assert not prove(sub).covered


# --- _outgoing() leaves boundary and compensation edges out -----------------------------------


def test_fact_boundary_edge_is_followed_by_injection_and_proof(inject: Any, credit: Any) -> None:
    """The timer boundary that jumps to the decision is re-pointed, and a new one around the gate is named."""
    inject(flows.BoundaryFlow)
    assert prove(flows.BoundaryFlow).covered
    boundary = flows.BoundaryFlow.review__timeout
    assert boundary._next.name == "credit_before_decide"
    boundary._next = flows.BoundaryFlow.decide
    try:
        gaps = prove(flows.BoundaryFlow).gaps
    finally:
        boundary._next = flows.BoundaryFlow.credit_before_decide
    assert gaps == {"decide": ("start", "review", "review__timeout", "decide")}


def test_fact_boundary_on_the_gate_leaves_from_in_not_from_out(inject: Any, credit: Any) -> None:
    """A boundary event armed on the gate itself goes around it although the gate was never passed."""
    inject(flows.BoundaryFlow)
    gate_node = flows.BoundaryFlow.credit_before_decide
    boundary = flows.BoundaryFlow.review__timeout
    boundary._next = flows.BoundaryFlow.decide
    gate_node._boundary_events.append(boundary)
    flows.BoundaryFlow.review._boundary_events.remove(boundary)
    try:
        gaps = prove(flows.BoundaryFlow).gaps
    finally:
        gate_node._boundary_events.remove(boundary)
        flows.BoundaryFlow.review._boundary_events.append(boundary)
        boundary._next = gate_node
    assert gaps["decide"][-3:] == ("credit_before_decide", "review__timeout", "decide")


def test_fact_compensation_edges_survive_injection(inject: Any, credit: Any) -> None:
    """Incoming edges are rebuilt with the synthetic compensation edge, and the handler still runs."""
    inject(flows.CompensatingFlow)
    kinds = [e.edge_class for e in flows.CompensatingFlow.unbook._incoming()]
    assert kinds == ["compensation"]
    process = flows.CompensatingFlow.start.run(data=firm_data())
    assert ran == [f"{n}:{process.pk}" for n in ("book", "decide", "unbook")]


def test_fact_compensation_handler_that_is_the_decision_is_seen_by_the_proof(inject: Any, credit: Any) -> None:
    """A compensation throw reaches every handler, so a protected handler counts as reachable around the gate."""
    with pytest.raises(ConfigurationError, match="cannot be placed"):
        inject(flows.CompensatingFlow, protects=("unbook",))


# --- SplitFirst -------------------------------------------------------------------------------


def test_fact_split_first_is_guarded_not_inserted_into(inject: Any, remote_credit: Any) -> None:
    """No gate node is put behind SplitFirst; the guard alone holds, and the other branch stays alive."""
    inject(flows.FirstWinsFlow)
    assert "credit_before_decide" not in flows.FirstWinsFlow._nodes_by_name
    process = flows.FirstWinsFlow.start.run(data=firm_data())
    with pytest.raises(TransitionNotAllowed):
        flows.FirstWinsFlow.decide.run(task_of(process, "decide"))
    assert statuses(process)["wait"] == STATUS.NEW
    assert prove(flows.FirstWinsFlow).gaps == {"decide": ("start", "split", "decide")}


# --- the guard --------------------------------------------------------------------------------


def test_fact_guard_holds_function_without_running_it(inject: Any, remote_credit: Any) -> None:
    """A held Function stays NEW, its body has not run, and nothing is raised."""
    inject(flows.LinearFlow)
    process = flows.LinearFlow.start.run(data=firm_data())
    node = flows.LinearFlow.decide
    task = Task.objects.create(process=process, flow_task=node, flow_task_type="FUNCTION")
    with flows.LinearFlow.lock(process.pk):
        activation = node.activation_class(task)
        activation._activate_next({activation})
    task.refresh_from_db()
    assert task.status == STATUS.NEW
    assert ran == []
    with pytest.raises(TransitionNotAllowed):
        activation.activate()
    activation.cancel()
    assert task.status == STATUS.CANCELED


def test_fact_guard_holds_if_without_evaluating_its_condition(inject: Any, remote_credit: Any) -> None:
    """Transitions made by status.super() are resolved through getattr: the If condition must not run."""
    inject(flows.ChoiceFlow)
    process = flows.ChoiceFlow.start.run(data=firm_data())
    flows.ChoiceFlow.work.run(task_of(process, "work"))
    task = Task.objects.create(process=process, flow_task=flows.ChoiceFlow.decide, flow_task_type="EXCLUSIVE_GATEWAY")
    with flows.ChoiceFlow.lock(process.pk):
        activation = flows.ChoiceFlow.decide.activation_class(task)
        activation._activate_next({activation})
    assert Task.objects.get(pk=task.pk).status == STATUS.NEW
    assert ran == []


def test_fact_guard_lets_a_clean_case_through_once(inject: Any, credit: Any) -> None:
    """With a valid record the body runs exactly once and the process ends."""
    inject(flows.ChoiceFlow)
    process = flows.ChoiceFlow.start.run(data=firm_data())
    flows.ChoiceFlow.work.run(task_of(process, "work"))
    assert ran == [f"condition:{process.pk}", f"yes:{process.pk}"]
    assert Process.objects.get(pk=process.pk).status == PROCESS.DONE


# --- base classes and plain ORM pass any guard in Python --------------------------------------


@pytest.mark.django_db(transaction=True)
def test_fact_plain_orm_is_stopped_by_the_database_trigger(inject: Any, remote_credit: Any) -> None:
    """INSERT and UPDATE of a protected task row without a valid record are refused by the database."""
    remote_credit.fault = PlatformUnavailable()
    inject(flows.HumanFlow)
    process = flows.HumanFlow.start_by_code.run(data=firm_data())
    decide = flows.HumanFlow.decide
    for status in (STATUS.STARTED, STATUS.DONE, STATUS.SCHEDULED):
        with pytest.raises(IntegrityError), transaction.atomic():
            Task.objects.create(process=process, flow_task=decide, flow_task_type="HUMAN", status=status)
    task = Task.objects.create(process=process, flow_task=decide, flow_task_type="HUMAN")
    with pytest.raises(IntegrityError), transaction.atomic():
        Task.objects.filter(pk=task.pk).update(status=STATUS.DONE)
    other = task_of(process, "review")
    with pytest.raises(IntegrityError), transaction.atomic():
        # an unprotected row that is renamed into the decision
        Task.objects.filter(pk=other.pk).update(flow_task=decide, status=STATUS.DONE)
    task.refresh_from_db()
    assert task.status == STATUS.NEW


@pytest.mark.django_db(transaction=True)
def test_fact_base_activation_class_is_stopped_by_the_database_trigger(inject: Any, remote_credit: Any) -> None:
    """Viewflow's own activation class, without our guard, fails at the database."""
    from viewflow.workflow.nodes.view import ViewActivation

    remote_credit.fault = PlatformUnavailable()
    inject(flows.HumanFlow)
    process = flows.HumanFlow.start_by_code.run(data=firm_data())
    user = get_user_model().objects.create_user("shell")
    task = Task.objects.create(
        process=process, flow_task=flows.HumanFlow.decide, flow_task_type="HUMAN", status=STATUS.ASSIGNED, owner=user
    )
    activation = ViewActivation(task)
    activation.start(None)
    with pytest.raises(IntegrityError), transaction.atomic():
        activation.execute()
    assert ran == []


def test_fact_decisions_are_not_cascaded_away_with_a_task(inject: Any, credit: Any) -> None:
    """Deleting process and tasks leaves inquiry, reply and decision in place."""
    inject(flows.LinearFlow, accepts=("accept",))
    process = flows.LinearFlow.start.run(data=firm_data())
    Process.objects.filter(pk=process.pk).delete()
    assert (Inquiry.objects.count(), Reply.objects.count(), CreditDecision.objects.count()) == (1, 1, 1)


def test_fact_evidence_is_append_only_in_code_and_in_the_database(inject: Any, credit: Any) -> None:
    """Update and delete are refused by the models, by bulk calls and by raw SQL."""
    from django.db import connection

    from approval_hook.errors import AppendOnlyError
    from approval_hook.models import Identity

    inject(flows.LinearFlow)
    process = flows.LinearFlow.start.run(data=firm_data())
    flows.LinearFlow.accept.run(task_of(process, "accept"))
    for model in (Inquiry, Reply, CreditDecision):
        row = model.objects.get()
        with pytest.raises(AppendOnlyError):
            row.save()
        with pytest.raises(AppendOnlyError):
            row.delete()
        with pytest.raises(AppendOnlyError):
            model.objects.all().delete()
        table = model._meta.db_table
        for statement in (
            f"DELETE FROM {table}",
            f"UPDATE {table} SET rules_revision = ''" if model is not Reply else f"UPDATE {table} SET digest = ''",
        ):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)
    with pytest.raises(DatabaseError), transaction.atomic():
        Identity.objects.all().delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        Identity.objects.update(sealed=b"other")
    identity = Identity.objects.get()
    assert [p["name"] for p in identity.people().values()] == ["粤示例有限公司"]
    identity.erase()
    assert Identity.objects.get().people() == {}
    with pytest.raises(DatabaseError), transaction.atomic():
        Identity.objects.update(sealed=b"again")


# --- a held View; the activation caches the process -------------------------------------------


def test_fact_guard_reads_facts_afresh(inject: Any, credit: Any) -> None:
    """A changed applicant invalidates the record although the activation still holds the old process."""
    inject(flows.HumanFlow)
    process = flows.HumanFlow.start_by_code.run(data=firm_data())
    user = get_user_model().objects.create_user("clerk")
    review = flows.HumanFlow.review.activation_class(task_of(process, "review"))
    with flows.HumanFlow.lock(process.pk):
        review.assign(user)
        review.start(None)
        review.execute()
    decide = flows.HumanFlow.decide.activation_class(task_of(process, "decide"))
    decide.assign(user)
    Process.objects.filter(pk=process.pk).update(data=firm_data(code=OTHER))
    assert decide.process.data["code"] != OTHER
    with pytest.raises(TransitionNotAllowed, match="主体或其授权已变更"):
        decide.start(None)


def test_fact_guard_reads_once_per_flow_lock(inject: Any, credit: Any, django_assert_num_queries: Any) -> None:
    """start, execute and complete under one lock cost one read of the record, and a new lock reads again."""
    inject(flows.HumanFlow)
    process = flows.HumanFlow.start_by_code.run(data=firm_data())
    user = get_user_model().objects.create_user("clerk")
    review = flows.HumanFlow.review.activation_class(task_of(process, "review"))
    with flows.HumanFlow.lock(process.pk):
        review.assign(user)
        review.start(None)
        review.execute()
    decide = flows.HumanFlow.decide.activation_class(task_of(process, "decide"))
    decide.assign(user)
    with flows.HumanFlow.lock(process.pk):
        with django_assert_num_queries(2):  # the process and the newest record
            decide.start(None)
        with django_assert_num_queries(0):
            assert decide.complete.can_proceed()
    with flows.HumanFlow.lock(process.pk), django_assert_num_queries(2):
        assert decide.complete.can_proceed()


def test_fact_guard_reads_again_what_was_saved_under_the_lock(
    inject: Any, credit: Any, django_assert_num_queries: Any
) -> None:
    """A write is answered by one read of the facts; other parties make the guard refuse; no lock leaves a watch."""
    inject(flows.HumanFlow)
    process = flows.HumanFlow.start_by_code.run(data=firm_data())
    user = get_user_model().objects.create_user("clerk")
    with flows.HumanFlow.lock(process.pk):
        review = flows.HumanFlow.review.activation_class(task_of(process, "review"))
        review.assign(user)
        review.start(None)
        review.execute()
    decide = flows.HumanFlow.decide.activation_class(task_of(process, "decide"))
    decide.assign(user)
    with flows.HumanFlow.lock(process.pk), transaction.atomic():
        decide.start(None)
        Process.objects.filter(pk=process.pk).update(data=firm_data(remark="nothing of the parties"))
        with django_assert_num_queries(1):
            assert decide.execute.can_proceed()
            assert decide.complete.can_proceed()
        Process.objects.filter(pk=process.pk).update(data=firm_data(name="粤另名有限公司"))
        with pytest.raises(TransitionNotAllowed, match="先更正主体，待重新核查后再作决定"):
            decide.execute()
        Process.objects.filter(pk=process.pk).update(data=firm_data())
        decide.execute()
    assert task_of(process, "decide").status == STATUS.DONE
    assert connection.execute_wrappers == []


def test_fact_function_that_exchanges_the_applicant_decides_nothing(inject: Any, credit: Any) -> None:
    """What the body of an automatic decision saved is undone with it, in the request and in the background."""
    inject(flows.LinearFlow)

    def exchange(activation: Any) -> None:
        Process.objects.filter(pk=activation.process.pk).update(data=firm_data(name="粤另名有限公司"))

    body, flows.LinearFlow.decide._func = flows.LinearFlow.decide._func, exchange
    try:
        for in_request in (True, False):
            process = flows.LinearFlow.start.run(data=firm_data())
            with (
                Context(propagate_exception=in_request),
                pytest.raises(CaseInvalid, match="改动了办件主体"),
                transaction.atomic(),
            ):
                flows.LinearFlow.accept.run(task_of(process, "accept"))
            assert Process.objects.get(pk=process.pk).data == firm_data()
            assert not Task.objects.filter(process=process, flow_task=flows.LinearFlow.decide).exists()
    finally:
        flows.LinearFlow.decide._func = body
    assert connection.execute_wrappers == []


# --- child flows ------------------------------------------------------------------------------


def test_fact_child_flow_started_by_a_handle_has_its_own_gate(inject: Any, credit: Any) -> None:
    """A child case started with _parent_task passes its own gate; the parent is not asked about."""
    inject(flows.LinearFlow, accepts=("accept",))
    parent = flows.ParentFlow.start.run(data=firm_data())
    child = Process.objects.get(parent_task__process=parent)
    assert Inquiry.objects.get().host_key == f"viewflow_process:{child.pk}"


# --- cases that are past the insertion point --------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_fact_case_past_the_insertion_point_is_caught_by_the_guard(inject: Any, remote_credit: Any) -> None:
    """A task that waited at the decision before injection is held, and goes on after the late check."""
    process = flows.HumanFlow.start_by_code.run(data=firm_data())
    user = get_user_model().objects.create_user("clerk")
    with flows.HumanFlow.lock(process.pk):
        review = flows.HumanFlow.review.activation_class(task_of(process, "review"))
        review.assign(user)
        review.start(None)
        review.execute()
    waiting = task_of(process, "decide")
    inject(flows.HumanFlow)
    activation = flows.HumanFlow.decide.activation_class(Task.objects.get(pk=waiting.pk))
    activation.assign(user)
    with pytest.raises(TransitionNotAllowed):
        activation.start(None)
    attend(flows.HumanFlow, waiting.pk)
    assert Inquiry.objects.get().gate_key == f"viewflow_task:{waiting.pk}"
    fresh = flows.HumanFlow.decide.activation_class(Task.objects.get(pk=waiting.pk))
    with flows.HumanFlow.lock(process.pk):
        fresh.start(None)
        fresh.execute()
    assert ran == [f"deliver:{process.pk}"]


# --- cancel, undo, revive ---------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_fact_cancelled_check_does_not_open_the_way(inject: Any, remote_credit: Any) -> None:
    """Cancelling the gate and reviving or jumping past it meets the guard, because an edge is not enforcement."""
    remote_credit.fault = PlatformUnavailable()
    inject(flows.LinearFlow)
    process = flows.LinearFlow.start.run(data=firm_data())
    flows.LinearFlow.accept.run(task_of(process, "accept"))
    gate_task = task_of(process, "credit_before_decide")
    assert gate_task.status == STATUS.STARTED
    gate = flows.LinearFlow.credit_before_decide.activation_class(gate_task)
    with flows.LinearFlow.lock(process.pk):
        gate.cancel()
    with flows.LinearFlow.lock(process.pk):
        gate.revive()
    assert statuses(process)["credit_before_decide"] == STATUS.STARTED
    accept = flows.LinearFlow.accept.activation_class(task_of(process, "accept"))
    with flows.LinearFlow.lock(process.pk):
        jumped = flows.LinearFlow.decide._create(accept, accept.task.token)
        accept._activate_next({jumped})
    assert statuses(process)["decide"] == STATUS.NEW
    assert ran == []
    with flows.LinearFlow.lock(process.pk):
        jumped.cancel()
        again = jumped.revive()
    assert Task.objects.get(pk=again.pk).status == STATUS.NEW
    assert ran == []


# --- a failing background task stores its locals ----------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_fact_no_identifier_reaches_task_data(inject: Any, remote_credit: Any) -> None:
    """Whatever the adapter throws, no number and no secret appears in task.data, holds or replies."""
    from tests.flows.facts import CLEAN

    class Leaky(PlatformUnavailable):
        """Carries what it should not."""

    remote_credit.fault = Leaky(f"token=verysecret {CLEAN}")
    inject(flows.LinearFlow)
    with Context(propagate_exception=False):
        process = flows.LinearFlow.start.run(data=firm_data())
        flows.LinearFlow.accept.run(task_of(process, "accept"))
    remote_credit.fault = RuntimeError(f"token=verysecret {CLEAN}")  # type: ignore[assignment]
    attend(flows.LinearFlow, task_of(process, "credit_before_decide").pk, force=True)
    tasks = json.dumps(list(Task.objects.values_list("data", flat=True)), ensure_ascii=False)
    holds = json.dumps(list(Hold.objects.values("text", "next_step")), ensure_ascii=False)
    replies = json.dumps(list(Reply.objects.values_list("reports", flat=True)), ensure_ascii=False)
    inquiries = json.dumps(list(Inquiry.objects.values("view", "queries")), ensure_ascii=False)
    for stored in (tasks, holds, replies, inquiries):
        assert CLEAN not in stored
        assert "verysecret" not in stored
    assert Reply.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_fact_unusable_facts_in_the_background_are_held_not_errored(inject: Any, remote_credit: Any) -> None:
    """In a background context unusable facts make a hold with remedy; in the foreground they roll back."""
    inject(flows.LinearFlow)
    with pytest.raises(CaseInvalid):
        bad = flows.LinearFlow.start.run(data=firm_data(code="91440300MA5FKAEH41"))
        flows.LinearFlow.accept.run(task_of(bad, "accept"))
    process = flows.LinearFlow.start.run(data=firm_data(code="91440300MA5FKAEH41"))
    with Context(propagate_exception=False):
        flows.LinearFlow.accept.run(task_of(process, "accept"))
    hold = Hold.objects.get(host_key=f"viewflow_process:{process.pk}")
    assert hold.reason == "facts-invalid"
    assert hold.next_step
    assert "91440300MA5FKAEH41" not in hold.text + hold.next_step
    assert remote_credit.asked == []


# --- a Function node runs in a savepoint ------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_fact_evidence_survives_the_rollback_of_the_step_behind_it(
    inject: Any, remote_credit: Any, monkeypatch: Any
) -> None:
    """The step after the gate raises; inquiry, reply and decision are committed all the same."""
    inject(flows.RaisingFlow)

    def boom(activation: Any) -> None:
        raise RuntimeError("host code failed")

    monkeypatch.setattr(flows.RaisingFlow.decide, "_func", boom)
    process = flows.RaisingFlow.start.run(data=firm_data())
    assert statuses(process)["decide"] == STATUS.ERROR
    assert (Inquiry.objects.count(), Reply.objects.count(), CreditDecision.objects.count()) == (1, 1, 1)


# --- import needs no settings -----------------------------------------------------------------


def test_fact_public_names_import_without_settings_and_without_viewflow() -> None:
    """``import approval_hook`` works in a bare interpreter and pulls in neither Django nor Viewflow."""
    code = "import sys, approval_hook as a; assert a.Gate; print({'django', 'viewflow'} & set(sys.modules))"
    env = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


# --- locks and middleware ---------------------------------------------------------------------


def test_fact_default_lock_is_reported(inject: Any, credit: Any) -> None:
    """A gated flow that keeps Viewflow's default no_lock is a start-up warning."""
    from approval_hook.checks import check_middleware

    inject(flows.UnlockedFlow)
    assert [m.id for m in check_middleware(None)] == ["approval_hook.W008"]


def test_fact_missing_auth_middleware_is_reported(settings: Any, credit: Any) -> None:
    """Without request.user every Viewflow page fails; the start-up check says so first."""
    from approval_hook.checks import check_middleware

    settings.MIDDLEWARE = []
    assert {m.id for m in check_middleware(None)} == {"approval_hook.E006", "approval_hook.E007"}


class _Swallowing:
    """A host's middleware that answers every exception itself."""

    def process_exception(self, request: Any, exception: Exception) -> None:
        """Take it."""


def test_order_of_the_application_as_shipped_is_sound(credit: Any) -> None:
    """Nothing is said of the settings that the project itself runs with."""
    from approval_hook.checks import check_order

    assert check_order(None) == []


@pytest.mark.parametrize("name", ["AuthenticationMiddleware", "LoginRequiredMiddleware"])
def test_pages_for_held_cases_before_authentication_are_reported(settings: Any, credit: Any, name: str) -> None:
    """Standing before authentication, the middleware would tell a stranger which task exists."""
    from approval_hook.checks import check_order

    ours = settings.MIDDLEWARE[-1]
    settings.MIDDLEWARE = [ours, f"django.contrib.auth.middleware.{name}"]
    (found,) = check_order(None)
    assert (found.id, found.hint) == ("approval_hook.E026", "Put it after authentication.")
    assert name in found.msg
    settings.MIDDLEWARE.reverse()
    assert check_order(None) == []


def test_middleware_that_takes_exceptions_first_is_reported(settings: Any, credit: Any) -> None:
    """What stands last has the exception first; in front of ours it takes what we leave."""
    from approval_hook.checks import check_order

    ours, other = settings.MIDDLEWARE[-1], f"{__name__}._Swallowing"
    settings.MIDDLEWARE = [ours, other]
    assert [(m.id, m.msg.split()[0]) for m in check_order(None)] == [("approval_hook.W027", other)]
    settings.MIDDLEWARE = [other, ours]
    assert check_order(None) == []


def test_gate_listed_before_the_flows_it_enters_is_reported(inject: Any, credit: Any, monkeypatch: Any) -> None:
    """The host's own templates and its ``ready()`` come first only if the host does."""
    from django.apps import apps

    from approval_hook.checks import check_order

    inject(flows.LinearFlow)
    assert check_order(None) == []
    turned = dict(reversed(apps.app_configs.items()))
    monkeypatch.setattr(apps, "app_configs", turned)
    found = check_order(None)
    assert {m.id for m in found} == {"approval_hook.W028"}
    assert [m.msg.split()[3] for m in found] == ["tests.flows", "workflows"]


@pytest.mark.django_db(transaction=True)
def test_fact_on_commit_alone_fires_while_a_cache_lock_is_held(inject: Any, remote_credit: Any) -> None:
    """With a CacheLock of a single attempt the resume only succeeds because it waits for the release."""
    inject(flows.CacheLockedFlow)
    process = flows.CacheLockedFlow.start.run(data=firm_data())
    flows.CacheLockedFlow.work.run(task_of(process, "work"))
    assert ran == [f"decide:{process.pk}"]


# --- nothing is asked inside a transaction ----------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("nested", [False, True])
def test_fact_nothing_is_asked_inside_a_transaction(inject: Any, remote_credit: Any, nested: bool) -> None:
    """Park, commit, ask, resume: also when the host wraps everything in a transaction of its own."""
    from contextlib import nullcontext

    from django.db import connection

    inject(flows.LinearFlow)
    seen: list[tuple[bool, int]] = []
    plain_append = remote_credit.asked.append

    class Watch(list):  # type: ignore[type-arg]
        def append(self, query: Any) -> None:
            seen.append((connection.in_atomic_block, Inquiry.objects.count()))
            plain_append(query)

    remote_credit.asked = Watch()
    with transaction.atomic() if nested else nullcontext():
        process = flows.LinearFlow.start.run(data=firm_data())
        flows.LinearFlow.accept.run(task_of(process, "accept"))
        if nested:
            assert seen == []
    assert seen == [(False, 1)]
    assert ran == [f"decide:{process.pk}"]


@pytest.mark.django_db(transaction=True)
def test_fact_rollback_asks_nothing(inject: Any, remote_credit: Any) -> None:
    """A rolled-back step leaves no inquiry and no query."""
    inject(flows.LinearFlow)
    process = flows.LinearFlow.start.run(data=firm_data())
    with pytest.raises(PermissionDenied), transaction.atomic():
        flows.LinearFlow.accept.run(task_of(process, "accept"))
        raise PermissionDenied
    assert remote_credit.asked == []
    assert Inquiry.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_fact_second_resume_finds_it_settled(inject: Any, remote_credit: Any) -> None:
    """Retries and double calls add no second inquiry, no second decision and no second effect."""
    inject(flows.LinearFlow)
    process = flows.LinearFlow.start.run(data=firm_data())
    flows.LinearFlow.accept.run(task_of(process, "accept"))
    gate_task = task_of(process, "credit_before_decide")
    assert attend(flows.LinearFlow, gate_task.pk) is Attended.GONE
    assert (Inquiry.objects.count(), CreditDecision.objects.count()) == (1, 1)
    assert ran == [f"decide:{process.pk}"]


@pytest.mark.django_db(transaction=True)
def test_fact_timer_boundary_meets_the_guard(inject: Any, remote_credit: Any) -> None:
    """A timer that fires to the decision parks at the gate while the platform is down."""
    remote_credit.fault = PlatformUnavailable()
    inject(flows.BoundaryFlow)
    process = flows.BoundaryFlow.start.run(data=firm_data())
    Task.objects.filter(process=process, status=STATUS.SCHEDULED).update(scheduled=timezone.now() - timedelta(days=1))
    from viewflow.workflow.timers import fire_due_timers

    assert fire_due_timers() == 1
    assert statuses(process)["credit_before_decide"] == STATUS.STARTED
    assert ran == []


def test_every_injected_flow_of_the_application_is_bound_by_settings() -> None:
    """The two shipped flows are injected by dotted path from settings, and covered."""
    names = {b.flow_class.__name__ for b in bindings()}
    assert {"FoodBusinessFlow", "RideHailingDriverFlow"} <= names
    assert all(prove(b.flow_class).covered for b in bindings())
