"""No application reaches its decision without a valid record, whichever way somebody tries.

Every test runs on both licensing flows. ``held`` is a case before its decision whose record does not permit
it; ``stranded`` is one whose decision task is open while its record has become void, because the subjects
were changed after the check.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin import AdminSite, ModelAdmin
from django.db import IntegrityError, connection, transaction
from django.http import Http404, HttpResponse
from django.test import RequestFactory
from django.urls import resolve
from viewflow.fsm import TransitionNotAllowed
from viewflow.workflow.activation import Activation
from viewflow.workflow.context import Context
from viewflow.workflow.models import Process, Task
from viewflow.workflow.nodes.view import ViewActivation
from viewflow.workflow.status import STATUS

from adapters.simulator import FaultKind
from approval_hook import gate
from approval_hook.hosts.viewflow.attending import Attended, attend
from approval_hook.hosts.viewflow.middleware import HeldCaseMiddleware
from approval_hook.hosts.viewflow.tending import tend
from approval_hook.models import CreditDecision, Point
from tests.acceptance.evidence import people
from tests.acceptance.evidence.office import (
    FORMS,
    fresh,
    key_of,
    open_task,
    opinion,
    statuses,
    task_of,
)
from workflows.clerk.taskforms import DecideForm
from workflows.models import CasePerson, FoodBusinessCase, RideHailingDriverCase

KINDS = ("food", "driver")
FORWARD = (STATUS.STARTED, STATUS.SCHEDULED, STATUS.DONE)


def enter(world: Any, kind: str, *rows: Any) -> dict[str, Any]:
    """Make the platform know an applicant with these rows; gives the filing."""
    if kind == "food":
        firm = people.firm(3001)
        firm.enter(world.province.control, *rows)
        return firm.filing()
    driver = people.driver(3001)
    world.province.control.put(driver.who.held(*rows))
    return driver.filing()


@pytest.fixture(params=KINDS)
def held(request: Any, wired: Any, office: Any) -> Any:
    """A case before its decision with a severe record that nobody has settled."""
    case = office.file(enter(wired, request.param, people.row("B1")))
    office.do(case, "accept")
    office.do(case, "review")
    assert statuses(case)["credit_before_decide"] == "STARTED"
    assert task_of(case, "decide") is None
    return case


@pytest.fixture(params=KINDS)
def stranded(request: Any, wired: Any, office: Any) -> Any:
    """A case whose decision task is open and whose subjects were exchanged behind the check's back."""
    case = office.file(enter(wired, request.param))
    office.do(case, "accept")
    office.do(case, "review")
    assert statuses(case)["decide"] == "NEW"
    other = people.firm(3002)
    other.enter(wired.province.control, people.row("B2"))
    wired.province.control.put(other.legal.held(people.row("B3")))
    if request.param == "food":
        FoodBusinessCase.objects.filter(pk=case.pk).update(firm_code=other.code, firm_name=other.name)
    else:
        row = RideHailingDriverCase.objects.get(pk=case.pk)
        row.driver_name, row.number = other.legal.name, other.legal.number
        row.save()
    return case


def untouched(case: Any) -> None:
    """Nothing of a decision has happened."""
    assert fresh(case).decision == ""
    assert fresh(case).decided_at is None
    nodes = statuses(case)
    assert nodes.get("decide") not in FORWARD, nodes
    assert not {"check_granted", "deliver", "end_granted", "end_refused"} & set(nodes)


def decide_row(case: Any, **fields: Any) -> Task:
    """A decision task made by hand."""
    node = case.flow_class.decide
    return Task(process_id=case.pk, flow_task=node, flow_task_type="HUMAN", **fields)


def refused_by_database(act: Callable[[], Any]) -> None:
    """The database itself says no."""
    with pytest.raises(IntegrityError, match="protected step without a valid credit record"), transaction.atomic():
        act()


def test_page_of_a_held_decision_answers_409_in_chinese(stranded: Any, office: Any) -> None:
    """The decision page says in Chinese what is waited for, before and after a retry, and changes nothing."""
    office.claim(stranded, "decide")
    for _ in range(2):
        answer = office.do(stranded, "decide")
        assert answer.status_code == 409
        page = answer.content.decode()
        assert "这一步在等待核查" in page
        assert "等待不停止法定期限" in page
        untouched(stranded)
    assert opinion(stranded).outcome in ("O-06", "O-08")
    assert statuses(stranded)["decide"] == "ASSIGNED"


def test_page_get_of_a_held_decision_offers_no_form(stranded: Any, office: Any) -> None:
    """Opening the form of a held decision answers the same page, not a form that would be lost on sending."""
    task = office.claim(stranded, "decide")
    answer = office.browsers["head"].get(task.reverse("execute"))
    assert answer.status_code == 409
    untouched(stranded)


def test_page_with_another_tasks_number(held: Any, office: Any) -> None:
    """The decision's address with the number of the gate's or the review's task decides nothing."""
    for node in ("credit_before_decide", "review", "accept"):
        url = held.flow_class.decide.reverse("execute", args=[held.pk, open_task(held, node).pk])
        for who in ("head", "clerk", "manager"):
            answer = office.browsers[who].post(url, FORMS["decide"])
            assert answer.status_code in (403, 404, 409), (who, node, answer.status_code)
    untouched(held)


def _through_the_middleware(url: str) -> None:
    request = RequestFactory().post(url)
    request.resolver_match = match = resolve(url)
    HeldCaseMiddleware(lambda _: HttpResponse()).process_view(request, match.func, (), match.kwargs)


@pytest.mark.parametrize("kind", KINDS)
def test_page_with_another_cases_number(wired: Any, office: Any, kind: str) -> None:
    """A task under another case's number would be decided under that case's lock; the address is not found."""
    filing = enter(wired, kind)
    case, other = office.file(filing), office.file(filing)
    for each in (case, other):
        office.do(each, "accept")
        office.do(each, "review")
    task = office.claim(case, "decide")
    for verb in ("execute", "detail", "unassign", "cancel"):
        url = case.flow_class.decide.reverse(verb, args=[other.pk, task.pk])
        for who in ("head", "manager"):
            assert office.browsers[who].get(url).status_code == 404, (verb, who)
            assert office.browsers[who].post(url, FORMS["decide"]).status_code == 404, (verb, who)
        # The application looks at the numbers itself; a host with Viewflow's own pages has the gate's middleware alone.
        with pytest.raises(Http404):
            _through_the_middleware(url)
        _through_the_middleware(case.flow_class.decide.reverse(verb, args=[case.pk, task.pk]))
    untouched(case)
    untouched(other)
    assert office.do(case, "decide").status_code == 302


def test_pages_of_the_gate_do_not_complete_it(held: Any, office: Any) -> None:
    """Whatever page the gate's task has, sending it neither passes the gate nor opens the decision."""
    task = open_task(held, "credit_before_decide")
    for name in ("detail", "execute", "assign", "revive", "undo"):
        for who in ("manager", "head"):
            office.browsers[who].post(f"{task.reverse('detail').rsplit('detail', 1)[0]}{name}/", {})
    assert statuses(held)["credit_before_decide"] == "STARTED"
    untouched(held)


def test_admin_cannot_finish_the_decision(held: Any) -> None:
    """What Django's admin writes for a task or for a new task is refused by the database."""
    admin = ModelAdmin(Task, AdminSite())
    for status in FORWARD:
        refused_by_database(lambda s=status: admin.save_model(None, decide_row(held, status=s), None, False))  # type: ignore[misc, arg-type] # the admin needs neither request nor form here
    task = decide_row(held)
    task.save()
    task.status = STATUS.DONE
    refused_by_database(lambda: admin.save_model(None, task, None, True))  # type: ignore[arg-type] # the admin needs neither request nor form here
    Task.objects.filter(pk=task.pk).delete()
    untouched(held)


def test_shell_start_execute_and_complete_are_refused(stranded: Any, office: Any) -> None:
    """Viewflow's own calls on the decision meet the guard, whatever status the object in memory claims."""
    task = office.claim(stranded, "decide")
    node = stranded.flow_class.decide
    with stranded.flow_class.lock(stranded.pk):
        for status, call in (("ASSIGNED", "start"), ("STARTED", "execute"), ("STARTED", "complete")):
            activation = node.activation_class(Task.objects.get(pk=task.pk))
            activation.task.status = status
            arguments = (None,) if call == "start" else ()
            with pytest.raises(TransitionNotAllowed):
                getattr(activation, call)(*arguments)
    untouched(stranded)


def test_shell_cannot_complete_the_gate(held: Any) -> None:
    """Complete and execute of the gate node are refused, and a forged flag on it only meets the guard behind it."""
    node = held.flow_class.credit_before_decide
    with held.flow_class.lock(held.pk):
        for call in ("complete", "execute"):
            with pytest.raises(TransitionNotAllowed):
                getattr(node.activation_class(open_task(held, "credit_before_decide")), call)()
        forged = node.activation_class(open_task(held, "credit_before_decide"))
        forged.passes = True
        forged.execute()
    assert statuses(held)["decide"] == "NEW"
    decide = held.flow_class.decide.activation_class(open_task(held, "decide"))
    decide.task.status = STATUS.ASSIGNED
    with held.flow_class.lock(held.pk), pytest.raises(TransitionNotAllowed):
        decide.start(None)
    untouched(held)


def test_base_activation_class_is_stopped_by_the_database(held: Any, office: Any) -> None:
    """Viewflow's activation class without our guard gets as far as the database and no further."""
    task = decide_row(held, status=STATUS.ASSIGNED, owner=office.user("head"))
    task.save()

    def decide() -> None:
        activation = ViewActivation(Task.objects.get(pk=task.pk))
        activation.start(None)
        activation.execute()

    refused_by_database(decide)
    refused_by_database(lambda: _finish_by_hand(task))
    assert statuses(held)["decide"] == "ASSIGNED"
    untouched(held)


def _finish_by_hand(task: Task) -> None:
    activation = Activation(Task.objects.get(pk=task.pk))
    activation.task.status = STATUS.DONE
    activation.task.save()


def test_plain_orm_and_sql_are_stopped_by_the_database(held: Any) -> None:
    """create, bulk_create, update, save, a renamed row and raw SQL: each is refused."""
    decide = held.flow_class.decide
    gate_task = open_task(held, "credit_before_decide")
    waiting = decide_row(held)
    waiting.save()
    table = Task._meta.db_table
    ref = connection.ops.quote_name

    def raw(statement: str, *values: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)

    for status in FORWARD:
        refused_by_database(lambda s=status: decide_row(held, status=s).save())  # type: ignore[misc] # the default binds the loop variable
        refused_by_database(lambda s=status: Task.objects.bulk_create([decide_row(held, status=s)]))  # type: ignore[misc] # the default binds the loop variable
        refused_by_database(lambda s=status: Task.objects.filter(pk=waiting.pk).update(status=s))  # type: ignore[misc] # the default binds the loop variable
    refused_by_database(lambda: Task.objects.filter(pk=gate_task.pk).update(flow_task=decide, status=STATUS.DONE))
    refused_by_database(lambda: Task.objects.filter(pk=gate_task.pk).update(flow_task=decide))
    refused_by_database(lambda: raw(f"UPDATE {ref(table)} SET status = %s WHERE id = %s", "DONE", waiting.pk))
    untouched(held)


@pytest.mark.parametrize("spelled", ["flows.{flow}", "credit.{flow}", "credit.The{flow}Now"])
def test_a_node_under_another_path_is_stopped_by_the_database(
    held: Any, monkeypatch: pytest.MonkeyPatch, spelled: str
) -> None:
    """Viewflow finds the same node under the path of every module that holds the flow; the database knows them all."""
    flow_class = held.flow_class
    another = f"The{flow_class.__name__}Now"
    for name in (another, flow_class.__name__):
        monkeypatch.setattr("workflows.credit." + name, flow_class, raising=False)
    path = f"workflows/{spelled.format(flow=flow_class.__name__)}"
    waiting = Task.objects.create(process_id=held.pk, flow_task=f"{path}.decide", flow_task_type="HUMAN")
    assert Task.objects.get(pk=waiting.pk).flow_task is flow_class.decide
    for node in ("decide", "check_granted", "deliver", "end_granted"):
        for status in FORWARD:
            row = Task(process_id=held.pk, flow_task=f"{path}.{node}", flow_task_type="HUMAN", status=status)
            refused_by_database(row.save)
    refused_by_database(lambda: Task.objects.filter(pk=waiting.pk).update(status=STATUS.DONE))
    with pytest.raises(IntegrityError, match="a case stays in its flow"), transaction.atomic():
        Process.objects.filter(pk=held.pk).update(flow_class=f"workflows/credit.{another}")
    Task.objects.filter(pk=waiting.pk).update(status=STATUS.CANCELED)
    untouched(held)


def test_process_row_marked_done_decides_nothing(held: Any, office: Any) -> None:
    """Closing the process row by hand makes no decision: no step ran, and the runner lets it be."""
    Process.objects.filter(pk=held.pk).update(status="DONE")
    tend()
    untouched(held)
    Process.objects.filter(pk=held.pk).update(status="NEW")
    assert statuses(held)["credit_before_decide"] == "STARTED"


def test_cancelled_check_revived_or_jumped_over_meets_the_guard(held: Any) -> None:
    """Cancelling, reviving and jumping past the gate: an edge is not enforcement, the guard re-reads the record."""
    flow_class = held.flow_class
    with flow_class.lock(held.pk):
        flow_class.credit_before_decide.activation_class(open_task(held, "credit_before_decide")).cancel()
    untouched(held)
    review = flow_class.review.activation_class(open_task(held, "review"))
    with flow_class.lock(held.pk):
        jumped = flow_class.decide._create(review, review.task.token)
        review._activate_next({jumped})
    assert statuses(held)["decide"] == "NEW"
    jumped.task.status = STATUS.ASSIGNED
    with flow_class.lock(held.pk), pytest.raises(TransitionNotAllowed):
        jumped.start(None)
    with flow_class.lock(held.pk):
        again = flow_class.decide.activation_class(open_task(held, "decide"))
        again.cancel()
        revived = again.revive()
    assert Task.objects.get(pk=revived.pk).status == STATUS.NEW
    untouched(held)


def test_undone_review_comes_back_to_the_gate(held: Any, office: Any) -> None:
    """Undoing the review and doing it again parks the case at a new gate task, on the same record."""
    flow_class = held.flow_class
    with flow_class.lock(held.pk):
        flow_class.credit_before_decide.activation_class(open_task(held, "credit_before_decide")).cancel()
        flow_class.review.activation_class(open_task(held, "review")).undo()
        flow_class.review.activation_class(open_task(held, "review")).revive()
    before = CreditDecision.objects.count()
    assert office.do(held, "review").status_code == 302
    assert statuses(held)["credit_before_decide"] == "STARTED"
    assert CreditDecision.objects.count() == before
    untouched(held)


def test_job_context_does_not_loosen_the_guard(held: Any) -> None:
    """A background context, in which errors are recorded and not raised, passes nothing either."""
    flow_class = held.flow_class
    with flow_class.lock(held.pk), Context(propagate_exception=False):
        review = flow_class.review.activation_class(open_task(held, "review"))
        jumped = flow_class.decide._create(review, review.task.token)
        review._activate_next({jumped})
    assert attend(flow_class, open_task(held, "decide").pk) is Attended.HELD
    tend()
    untouched(held)


def test_record_of_another_case_does_not_serve(held: Any, office: Any, wired: Any) -> None:
    """A clean record of the same subject in another case leaves this one held."""
    kind = "food" if isinstance(held, FoodBusinessCase) else "driver"
    filing = enter(wired, kind)
    other = office.file(filing)
    assert opinion(other).permits
    assert not opinion(held).permits
    assert attend(held.flow_class, open_task(held, "credit_before_decide").pk) is Attended.HELD
    untouched(held)


def test_stale_record_does_not_serve(wired: Any, office: Any, later: Any) -> None:
    """A record older than the rules allow is void at the page and at the database, until asked afresh."""
    case = office.file(enter(wired, "food"))
    office.do(case, "accept")
    office.do(case, "review")
    office.claim(case, "decide")
    firm = people.firm(3001)
    firm.enter(wired.province.control, people.row("B9"))
    with later(1.1):
        assert office.do(case, "decide").status_code == 409
        untouched(case)
        assert opinion(case).outcome == "O-06"


def test_changed_consent_voids_the_record(wired: Any, office: Any) -> None:
    """A withdrawn consent of a person in the case makes the record void, because it names who was asked and why."""
    case = office.file(enter(wired, "food"))
    office.do(case, "accept")
    office.do(case, "review")
    CasePerson.objects.filter(case=case, role="legal_representative").update(consent_no="SQ-other")
    binding_case = _case(case)
    standing = gate.standing(binding_case, Point.DECISION)
    assert (standing.passes, standing.reason) == (False, "subjects-changed")


@pytest.mark.parametrize("kind", KINDS)
def test_decision_form_cannot_exchange_the_applicant(
    wired: Any, office: Any, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """A form that saves another applicant and decides in one step is undone, says so, and decides on the next try."""
    case = office.file(enter(wired, kind))
    office.do(case, "accept")
    office.do(case, "review")
    other = people.firm(3002)
    other.enter(wired.province.control, people.row("B1"))
    wired.province.control.put(other.legal.held(people.row("B3")))
    before = fresh(case).__dict__ | {"_state": None}
    apply = DecideForm.apply

    def exchange(form: Any, user: Any) -> None:
        apply(form, user)
        if kind == "food":
            form.case.firm_code, form.case.firm_name = other.code, other.name
        else:
            form.case.driver_name, form.case.number = other.legal.name, other.legal.number

    with monkeypatch.context() as changed:
        changed.setattr(DecideForm, "apply", exchange)
        answer = office.do(case, "decide")
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "改动了办件主体" in page
    assert "先更正主体，待重新核查后再作决定" in page
    assert fresh(case).__dict__ | {"_state": None} == before
    untouched(case)
    assert office.do(case, "decide").status_code == 302
    assert fresh(case).decision == "granted"


@pytest.mark.parametrize("spelled", ["CLERK", "ｃｌｅｒｋ"])
def test_who_accepted_does_not_decide_under_another_spelling(wired: Any, office: Any, spelled: str) -> None:
    """A second account whose name differs in case or width only is the same person's."""
    case = office.file(enter(wired, "food"))
    office.do(case, "accept")
    office.do(case, "review")
    head = office.user("head")
    type(head).objects.filter(pk=head.pk).update(username=spelled)
    assert office.do(case, "decide").status_code == 403
    untouched(case)
    assert office.do(case, "decide", who="head2").status_code == 403  # claimed by the other
    type(head).objects.filter(pk=head.pk).update(username="head")
    assert office.do(case, "decide").status_code == 302


def _case(case: Any) -> Any:
    from approval_hook.hosts.viewflow.injection import binding_of

    return binding_of(case.flow_class).case(case.pk)


@pytest.mark.parametrize("kind", KINDS)
def test_registered_could_not_tell_is_a_record(wired: Any, wire: Any, office: Any, kind: str) -> None:
    """With the platform down the registered failure opens acceptance at once; without any record even that waits."""
    filing = enter(wired, kind)
    wired.province.control.fault(FaultKind.HTTP_502)
    wire(province=wired.province.url, seconds=0.3)
    case = office.file(filing)
    assert (opinion(case).outcome, opinion(case).permits) == ("O-00", False)
    assert opinion(case).reply.attempt == 1
    assert office.do(case, "accept").status_code == 302
    office.do(case, "review")
    assert statuses(case)["credit_before_decide"] == "STARTED"
    assert key_of(case) == opinion(case).host_key
    untouched(case)
