"""What an attacker tried, and what must stand in the way."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import DatabaseError, transaction
from django.test import RequestFactory
from msgspec.structs import replace
from viewflow.fsm import TransitionNotAllowed
from viewflow.workflow.context import Context
from viewflow.workflow.flow.views.actions import BulkAssignTasksActionView, BulkUnassignTasksActionView
from viewflow.workflow.models import Process, Task
from viewflow.workflow.status import PROCESS, STATUS

from approval_hook import cases, clock, gate, privacy, triggers
from approval_hook.checks import check_surroundings
from approval_hook.errors import CaseInvalid, PlatformUnavailable, RulesInvalid
from approval_hook.gate import Verdict
from approval_hook.hosts.viewflow.attending import Attended, attend
from approval_hook.hosts.viewflow.desk import act
from approval_hook.hosts.viewflow.injection import binding_of
from approval_hook.models import CalendarEdition, CreditDecision, Point, RuleRevision, Settlement
from approval_hook.policy.records import MatchGrade
from approval_hook.workcalendar import published_calendar
from tests.flows import flows
from tests.flows.facts import CLEAN, OTHER, firm_data
from tests.flows.flows import ran

pytestmark = pytest.mark.django_db


def task_of(process: Any, name: str) -> Task:
    """The newest task of a node."""
    ref = f"testflows/flows.{process.flow_class.__name__}.{name}"
    return Task.objects.filter(process=process, flow_task=ref).latest("pk")


def held(inject: Any, credit: Any, record: Any) -> Process:
    """A case that waits at its gate because of one record."""
    credit.records[CLEAN] = (record,)
    inject(flows.LinearFlow)
    process = flows.LinearFlow.start.run(data=firm_data())
    flows.LinearFlow.accept.run(task_of(process, "accept"))
    return Process.objects.get(pk=process.pk)


def officer(name: str, *, settles: bool = False) -> Any:
    """A user, with the permission to settle if asked for."""
    user = get_user_model().objects.create_user(name)
    if settles:
        user.user_permissions.add(Permission.objects.get(codename="settle_decision"))
    return get_user_model().objects.get(pk=user.pk)


@pytest.mark.django_db(transaction=True)
def test_protected_task_is_guarded_under_another_nodes_activation_class(inject: Any, remote_credit: Any) -> None:
    """Viewflow's pages take the activation class from the address; the task stays protected under each of them."""
    remote_credit.fault = PlatformUnavailable()
    process = flows.HumanFlow.start_by_code.run(data=firm_data())
    inject(flows.HumanFlow)
    user = officer("head")
    task = Task.objects.create(
        process=process, flow_task=flows.HumanFlow.decide, flow_task_type="HUMAN", status=STATUS.ASSIGNED, owner=user
    )
    activation = flows.HumanFlow.review.activation_class(task)
    with pytest.raises(TransitionNotAllowed):
        activation.start(None)
    assert Task.objects.get(pk=task.pk).status == STATUS.ASSIGNED


@pytest.mark.django_db(transaction=True)
def test_claiming_one_by_one_or_in_bulk_opens_nothing(inject: Any, remote_credit: Any) -> None:
    """Whoever gets a protected task, by Viewflow's bulk actions or one call after another, meets the guard."""
    process = flows.HumanFlow.start_by_code.run(data=firm_data())
    with flows.HumanFlow.lock(process.pk):
        review = flows.HumanFlow.review.activation_class(task_of(process, "review"))
        review.assign(officer("clerk"))
        review.start(None)
        review.execute()
    remote_credit.fault = PlatformUnavailable()
    inject(flows.HumanFlow)
    head = get_user_model().objects.create_superuser("head")
    task = task_of(process, "decide")

    def refused() -> bool:
        activation = flows.HumanFlow.decide.activation_class(task_of(process, "decide"))
        with flows.HumanFlow.lock(process.pk), pytest.raises(TransitionNotAllowed):
            activation.start(None)
        return True

    for view, status in (
        (BulkAssignTasksActionView, STATUS.ASSIGNED),
        (BulkUnassignTasksActionView, STATUS.NEW),
        (BulkAssignTasksActionView, STATUS.ASSIGNED),
    ):
        request = RequestFactory().post("/", {"pk": task.pk, "_confirm": "1"})
        request.user = head
        assert view.as_view()(request).status_code == 302
        assert task_of(process, "decide").status == status
        assert refused()
    activation = flows.HumanFlow.decide.activation_class(task_of(process, "decide"))
    activation.reassign(officer("deputy"))
    assert refused()


@pytest.mark.django_db(transaction=True)
def test_error_boundary_that_leads_to_the_decision_meets_the_gate(inject: Any, remote_credit: Any) -> None:
    """A step that fails and is caught on the way to the decision comes to the gate like one that does not."""
    remote_credit.fault = PlatformUnavailable()
    inject(flows.CaughtFlow)
    with Context(propagate_exception=False):
        process = flows.CaughtFlow.start.run(data=firm_data())
    caught = {task.flow_task.name: task.status for task in Task.objects.filter(process=process)}
    assert caught["look_up"] == STATUS.CANCELED
    assert caught["credit_before_decide"] == STATUS.STARTED
    assert "decide" not in caught
    assert ran == []


@pytest.mark.django_db(transaction=True)
def test_finished_decision_cannot_be_moved_to_another_case(inject: Any, remote_credit: Any) -> None:
    """A DONE decision of a clean case is no decision of the held one."""
    inject(flows.LinearFlow)
    clean = flows.LinearFlow.start.run(data=firm_data())
    flows.LinearFlow.accept.run(task_of(clean, "accept"))
    remote_credit.fault = PlatformUnavailable()
    other = flows.LinearFlow.start.run(data=firm_data(code=OTHER))
    flows.LinearFlow.accept.run(task_of(other, "accept"))
    done = task_of(clean, "decide")
    assert done.status == STATUS.DONE
    with pytest.raises(DatabaseError), transaction.atomic():
        Task.objects.filter(pk=done.pk).update(process_id=other.pk)


@pytest.mark.django_db(transaction=True)
def test_step_behind_the_decision_needs_the_decision(inject: Any, remote_credit: Any) -> None:
    """A hand-made delivery of an undecided case is refused by the database, a regular one is not."""
    remote_credit.fault = PlatformUnavailable()
    inject(flows.HumanFlow)
    process = flows.HumanFlow.start_by_code.run(data=firm_data())
    for status in (STATUS.STARTED, STATUS.DONE):
        with pytest.raises(DatabaseError), transaction.atomic():
            Task.objects.create(
                process=process, flow_task=flows.HumanFlow.deliver, flow_task_type="FUNCTION", status=status
            )
    behind = {ref.rpartition(".")[2] for ref in binding_of(flows.HumanFlow).refs_behind()}
    assert behind == {"deliver", "end"}


def step(process: Any, name: str) -> None:
    """Carry out a person's step."""
    node = getattr(process.flow_class, name)
    user = get_user_model().objects.get_or_create(username="clerk")[0]
    with process.flow_class.lock(process.pk):
        activation = node.activation_class(task_of(process, name))
        activation.assign(user)
        activation.start(None)
        activation.execute()


@pytest.mark.parametrize("hit", [True, False], ids=["held at the gate", "waits for its decision"])
def test_an_earlier_decision_opens_no_delivery(inject: Any, credit: Any, defaulter: Any, hit: bool) -> None:
    """Sent back and with another applicant, the case has no decision until there is a new one: by ORM and by jump."""
    inject(flows.ReturnFlow)
    process = flows.ReturnFlow.start.run(data=firm_data(again=True))
    step(process, "review")
    step(process, "decide")
    assert task_of(process, "review").status == STATUS.NEW
    Process.objects.filter(pk=process.pk).update(data=firm_data(name="粤另名有限公司"))
    if hit:
        credit.records[CLEAN] = (defaulter,)
    step(process, "review")
    waiting = task_of(process, "credit_before_decide" if hit else "decide")
    assert waiting.status == (STATUS.STARTED if hit else STATUS.NEW)
    for name in ("again", "deliver", "end"):
        for status in (STATUS.STARTED, STATUS.DONE):
            with pytest.raises(DatabaseError, match="protected step"), transaction.atomic():
                Task.objects.create(
                    process=process, flow_task=getattr(flows.ReturnFlow, name), flow_task_type="X", status=status
                )
    with flows.ReturnFlow.lock(process.pk):
        review = flows.ReturnFlow.review.activation_class(task_of(process, "review"))
        jumped = flows.ReturnFlow.deliver._create(review, review.task.token)
        review._activate_next({jumped})
    assert task_of(process, "deliver").status == STATUS.NEW
    assert ran == []
    if not hit:
        task_of(process, "deliver").delete()
        step(process, "decide")
        assert ran == [f"deliver:{process.pk}"]


def test_delivery_goes_on_while_the_next_decision_is_held(inject: Any, credit: Any, defaulter: Any) -> None:
    """Where a flow delivers one decision while it prepares the next, what holds the next does not stop the delivery."""
    inject(flows.RenewFlow)
    process = flows.RenewFlow.start.run(data=firm_data())
    flows.RenewFlow.review.run(task_of(process, "review"))
    flows.RenewFlow.decide.run(task_of(process, "decide"))
    Process.objects.filter(pk=process.pk).update(data=firm_data(name="粤另名有限公司"))
    credit.records[CLEAN] = (defaulter,)
    flows.RenewFlow.review.run(task_of(process, "review"))
    assert task_of(process, "credit_before_decide").status == STATUS.STARTED
    flows.RenewFlow.deliver.run(task_of(process, "deliver"))
    assert task_of(process, "deliver").status == STATUS.DONE


def test_guard_has_no_list_that_could_be_emptied(inject: Any, credit: Any) -> None:
    """The protected nodes stand in the trigger's own text; a check tells when they differ from the flows."""
    inject(flows.LinearFlow)
    assert triggers.outdated() == []
    binding = binding_of(flows.LinearFlow)
    texts = [text for name, _, text in triggers.installed() if name.endswith("_insert") and "_guard_" in name]
    assert any(f"'{binding.flow_ref}.'" in text and "named.node IN ('decide')" in text for text in texts)


def test_forged_decision_row_opens_nothing(inject: Any, credit: Any, defaulter: Any) -> None:
    """A row that the gate did not seal is not believed; the case is asked about again."""
    process = held(inject, credit, defaulter)
    row = CreditDecision.objects.latest("id")
    fields = {f.attname: getattr(row, f.attname) for f in CreditDecision._meta.fields if f.name != "id"}
    CreditDecision.objects.create(**{**fields, "permits": True, "digest": "0" * 64})
    case = binding_of(flows.LinearFlow).case(process.pk)
    assert gate.standing(case, Point.DECISION).reason == "forged"
    assert attend(flows.LinearFlow, task_of(process, "credit_before_decide").pk) is Attended.HELD
    assert ran == []


def test_older_record_put_in_again_is_not_in_force(inject: Any, credit: Any, defaulter: Any) -> None:
    """A clean record whose seal fits, inserted once more after a hit was found, does not become the newest."""
    inject(flows.HumanFlow)
    process = flows.HumanFlow.start_by_code.run(data=firm_data())
    case = binding_of(flows.HumanFlow).case(process.pk)
    clean = asked_again(case, "test:1")
    assert clean.permits
    credit.records[CLEAN] = (defaulter,)
    assert not asked_again(case, "test:2").permits
    fields = {f.attname: getattr(clean, f.attname) for f in CreditDecision._meta.fields if f.name != "id"}
    with pytest.raises(DatabaseError), transaction.atomic():
        CreditDecision.objects.create(**fields)
    assert gate.standing(case, Point.DECISION).verdict is Verdict.HELD


def asked_again(case: Any, key: str) -> CreditDecision:
    """A record of a new inquiry."""
    opened = gate.open_inquiry(case, Point.RECHECK, key, "system")
    reply = gate.record_reply(case, opened, gate.ask(case, opened.inquiry))
    return gate.decide(case, opened.inquiry, reply, Point.RECHECK, "system")


def test_what_changes_after_the_seal_is_not_believed(inject: Any, credit: Any, defaulter: Any) -> None:
    """A receiver of Django's signals, or whoever else holds the sealed object, cannot make it say something else."""
    process = held(inject, credit, defaulter)
    case = binding_of(flows.LinearFlow).case(process.pk)
    row = asked_again(case, "test:1")
    assert row.is_genuine()
    row.permits = True
    assert gate.standing_on(case, Point.DECISION, row).reason == "forged"
    row = asked_again(case, "test:1")
    row.body["outstanding"].clear()
    row.receipt = row.receipt.replace("O-06", "O-09")
    assert gate.standing_on(case, Point.DECISION, row).reason == "forged"
    row.reply.refresh_from_db()
    reply = row.reply
    reply.digest = privacy.digest(reply.sealed_text())
    assert reply.is_genuine()
    reply.reports.clear()
    with pytest.raises(CaseInvalid, match="核查答复校验不符"):
        gate.decide(case, row.inquiry, reply, Point.DECISION, "system")


def test_word_about_one_record_covers_no_other_of_the_same_number(inject: Any, credit: Any, defaulter: Any) -> None:
    """After a release the platform answers with another entry under the same record id: it must be settled anew."""
    process = held(inject, credit, defaulter)
    Process.objects.filter(pk=process.pk).update(data=firm_data(extra=1))
    credit.records[CLEAN] = (replace(defaulter, document_no="（2026）示执2号", title="另一条记录"),)
    head = officer("head", settles=True)
    row = CreditDecision.objects.latest("id")
    binding = binding_of(flows.LinearFlow)
    act(process, head, "section_confirms:release", "已经核对")
    assert CreditDecision.objects.latest("id").permits
    case = binding.case(process.pk)
    again = asked_again(case, "test:1")
    assert again.pk > row.pk
    assert not again.permits


def test_changed_vote_counts_once(inject: Any, credit: Any, defaulter: Any) -> None:
    """Who corrects himself has one voice, the newest."""
    process = held(inject, credit, replace(defaulter, match=MatchGrade.POSSIBLE))
    act(process, officer("a"), "two_confirm_identity:not_same", "出生日期不同")
    row = CreditDecision.objects.latest("id")
    case = binding_of(flows.LinearFlow).case(process.pk)
    fresh = gate.decide(case, row.inquiry, row.reply, Point.DECISION, "system")
    assert not fresh.permits
    act(process, get_user_model().objects.get(username="a"), "two_confirm_identity:same", "更正：核对证件后一致")
    act(process, officer("b"), "two_confirm_identity:not_same", "住址不同")
    assert not CreditDecision.objects.latest("id").permits


@pytest.mark.parametrize("spelled", ["LI", "Li", "ｌｉ"])
def test_who_handled_the_case_settles_nothing_under_another_spelling(
    inject: Any, credit: Any, defaulter: Any, spelled: str
) -> None:
    """An account that differs in case or width only from the one that took a step is the same person's."""
    process = held(inject, credit, defaulter)
    Task.objects.filter(process=process, status=STATUS.DONE).update(owner=officer("li"))
    same = officer("second account", settles=True)
    get_user_model().objects.filter(pk=same.pk).update(username=spelled)
    with pytest.raises(CaseInvalid, match="经办过本办件"):
        act(process, get_user_model().objects.get(pk=same.pk), "section_confirms:release", "已经核对")
    assert Settlement.objects.count() == 0
    officer("another", settles=True)
    act(process, get_user_model().objects.get(username="another"), "section_confirms:release", "已经核对")


@pytest.mark.parametrize("what", ["rules", "calendar"])
def test_a_rule_set_put_in_before_its_time_is_not_decided_on(
    inject: Any, credit: Any, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    """Under today's digest somebody stored something else: no decision cites it, and an alarm says so."""
    now = clock.now()
    if what == "rules":
        found = cases.book().on(clock.today())
        RuleRevision.objects.create(
            digest=found.digest,
            revision=found.rules.revision,
            origin=RuleRevision.Origin.FILE,
            valid_from=found.rules.valid_from,
            valid_to=found.rules.valid_to,
            content="{}",
            made_at=now,
            seal="0" * 64,
        )
    else:
        calendar = published_calendar()
        CalendarEdition.objects.create(
            digest=calendar.digest, published_until=calendar.published_until, holidays=[], workdays=[], made_at=now
        )
    inject(flows.LinearFlow)
    process = flows.LinearFlow.start.run(data=firm_data())
    with (
        caplog.at_level(logging.ERROR, "approval_hook"),
        pytest.raises(RulesInvalid, match="内容与摘要不符"),
        transaction.atomic(),
    ):
        flows.LinearFlow.accept.run(task_of(process, "accept"))
    assert CreditDecision.objects.count() == 0
    lines = [json.loads(r.getMessage()) for r in caplog.records if r.name == "approval_hook"]
    assert [line["event"] for line in lines if line.get("alarm")] == ["what is kept is not what decisions would cite"]
    assert ran == []


def test_ended_case_takes_no_settlement(inject: Any, credit: Any, defaulter: Any) -> None:
    """Nobody confirms anything about a withdrawn case."""
    process = held(inject, credit, defaulter)
    Process.objects.filter(pk=process.pk).update(status=PROCESS.CANCELED)
    with pytest.raises(CaseInvalid, match="已经结束"):
        act(process, officer("head", settles=True), "section_confirms:release", "理由")
    assert Settlement.objects.count() == 0


@pytest.mark.parametrize("text", ["\u202e反转", "有\x00空字符", "长" * 2001])
def test_reason_is_hostile_until_parsed(text: str, inject: Any, credit: Any, defaulter: Any) -> None:
    """Control and bidi characters and over-long reasons are refused; numbers in them are masked."""
    process = held(inject, credit, defaulter)
    head = officer("head", settles=True)
    with pytest.raises(CaseInvalid):
        act(process, head, "section_confirms:release", text)
    act(process, head, "section_confirms:release", "核对证件 440300199001010016 后不予从严")
    assert "440300199001010016" not in Settlement.objects.get().reason


@pytest.mark.parametrize("change", [{"name": "粤另名有限公司"}, {"established": "2020-01-01"}])
def test_changed_facts_void_the_record(change: dict[str, str], inject: Any, credit: Any) -> None:
    """Name and date of establishment went into the answer, so a change of them asks again."""
    inject(flows.HumanFlow, accepts=("review",))
    process = flows.HumanFlow.start_by_code.run(data=firm_data())
    binding = binding_of(flows.HumanFlow)
    assert gate.standing(binding.case(process.pk), Point.DECISION).passes
    Process.objects.filter(pk=process.pk).update(data={**firm_data(), **change})
    assert gate.standing(binding.case(process.pk), Point.DECISION).verdict is Verdict.ASK


def test_guard_never_reads_from_a_replica(settings: Any) -> None:
    """A router that reads elsewhere would show the guard what a record said a while ago; the start-up check refuses."""
    assert check_surroundings(None) == []
    settings.DATABASE_ROUTERS = [type("Replica", (), {"db_for_read": lambda *_args, **_hints: "replica"})()]
    assert [message.id for message in check_surroundings(None)] == ["approval_hook.E012"]
