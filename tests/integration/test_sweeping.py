"""The in-flight sweep: who is found, who is not, what becomes of them, and what it costs."""

from __future__ import annotations

import json
import os
import tracemalloc
from collections import Counter
from datetime import timedelta
from functools import partial
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import connection
from msgspec.structs import replace
from viewflow.workflow.models import Process, Task
from viewflow.workflow.status import PROCESS, STATUS

from approval_hook import clock, gate
from approval_hook.errors import PlatformUnavailable
from approval_hook.hosts.viewflow import sweeping
from approval_hook.hosts.viewflow.desk import act
from approval_hook.hosts.viewflow.injection import binding_of
from approval_hook.hosts.viewflow.latechecks import PER_PASS
from approval_hook.hosts.viewflow.sweeping import Where, sweep
from approval_hook.hosts.viewflow.tending import tend
from approval_hook.models import CreditDecision, Hold, Inquiry, LateCheck, Point, Recheck
from approval_hook.testing import lifted_triggers
from tests.flows import flows, former
from tests.flows.facts import CLEAN, firm_data
from tests.flows.many import add_cases, add_records

pytestmark = pytest.mark.django_db

MANY = 100_000 if os.environ.get("LONG") == "1" else 4_000
DONE_SO_FAR = [("start", "DONE"), ("review", "DONE")]


def reported(*arguments: str, status: int = 0) -> dict[str, Any]:
    """What the command says as JSON; fails when its exit code is another one."""
    out = StringIO()
    found = 0
    try:
        call_command("credit_sweep", "--json", *arguments, stdout=out, stderr=StringIO())
    except CommandError as error:
        found = error.returncode
    assert found == status
    report: dict[str, Any] = json.loads(out.getvalue())
    return report


def new(report: dict[str, Any]) -> dict[str, int]:
    """Cases newly found, by where."""
    return {where: sum(f["new"][where] for f in report["flows"]) for where in (Where.AT, Where.BEFORE, Where.PAST)}


def task_of(pk: int, name: str) -> Task:
    """The newest task of a node."""
    process = Process.objects.get(pk=pk)
    return Task.objects.filter(process=process, flow_task=getattr(process.flow_class, name)).latest("pk")


def advance_clock() -> Any:
    """Let every retry that waits be due."""
    return clock.standing_at(clock.now() + timedelta(hours=3))


def test_cases_are_found_where_they_stand(inject: Any, credit: Any) -> None:
    """At the decision, between acceptance and decision, past it; not those who come to a gate by themselves."""
    at = add_cases(flows.HumanFlow, 3, [("start_by_code", "DONE"), ("review", "DONE"), ("decide", "NEW")])
    assigned = add_cases(flows.HumanFlow, 1, [("review", "DONE"), ("decide", "ASSIGNED")])
    past = add_cases(flows.HumanFlow, 2, [("review", "DONE"), ("decide", "DONE"), ("deliver", "NEW")])
    led_around = add_cases(flows.HumanFlow, 1, [("review", "DONE"), ("deliver", "NEW")])
    ended = add_cases(flows.HumanFlow, 1, [("review", "DONE"), ("decide", "DONE"), ("end", "DONE")], status="DONE")
    add_cases(flows.HumanFlow, 5, [("start_by_code", "DONE"), ("review", "NEW")])
    withdrawn = [("review", "DONE"), ("decide", "CANCELED")]
    add_cases(flows.HumanFlow, 1, withdrawn, status="CANCELED")
    add_cases(flows.PlainFlow, 2, [("accept", "DONE"), ("decide", "DONE")])
    accepted = add_cases(flows.LoopFlow, 2, [("review", "DONE"), ("again", "NEW")])
    add_cases(flows.LoopFlow, 2, [("review", "NEW")])
    no_node_behind = add_cases(flows.FirstWinsFlow, 1, [("decide", "DONE"), ("wait", "NEW")])
    inject(flows.HumanFlow)
    inject(flows.LoopFlow, accepts=("review",))
    inject(flows.FirstWinsFlow)

    report = reported(status=1)
    assert {f["flow"]: f["looked_at"] for f in report["flows"]} == {
        "tests.flows.flows.HumanFlow": 12,
        "tests.flows.flows.LoopFlow": 4,
        "tests.flows.flows.FirstWinsFlow": 1,
        "workflows.flows.food.FoodBusinessFlow": 0,
        "workflows.flows.ridehailing.RideHailingDriverFlow": 0,
    }
    where = {int(row.host_key.rpartition(":")[2]): row.where for row in LateCheck.objects.all()}
    assert where == (
        dict.fromkeys([*at, *assigned], "at")
        | dict.fromkeys(accepted, "before")
        | dict.fromkeys([*past, *led_around, *no_node_behind], "past")
    )
    assert set(report["past"]) == {f"viewflow_process:{pk}" for pk in [*past, *led_around, *no_node_behind]}
    assert new(reported("--ended-since", "2020-01-01", status=1)) == {"at": 0, "before": 0, "past": 0}
    Process.objects.filter(pk__in=ended).update(finished=clock.now())
    assert new(reported("--ended-since", "2020-01-01", status=1)) == {"at": 0, "before": 0, "past": 1}


def test_dry_run_queues_nothing_and_a_second_run_finds_nothing_new(inject: Any, credit: Any) -> None:
    """The counts of a dry run are those of the run after it; once queued a case is not found again, before or after."""
    add_cases(flows.HumanFlow, 4, [("review", "DONE"), ("decide", "NEW")])
    inject(flows.HumanFlow)
    dry = reported("--dry-run")
    assert (new(dry)["at"], dry["open"]["at"], LateCheck.objects.count()) == (4, 0, 0)
    assert new(reported())["at"] == 4
    again = reported()
    assert (new(again)["at"], again["open"]["at"]) == (0, 4)
    tend()
    assert LateCheck.objects.filter(done_at=None).count() == 0
    assert new(reported())["at"] == 0
    assert Inquiry.objects.count() == 4
    with clock.standing_at(clock.now() + timedelta(days=9)):
        assert new(reported())["at"] == 0  # stale by now; asked afresh when the officer opens it


def test_case_at_the_decision_is_checked_before_it_and_goes_on(inject: Any, credit: Any) -> None:
    """An automatic decision that waited when the gate came in runs after the late check, under the guard's own key."""
    (pk,) = add_cases(flows.LinearFlow, 1, [("accept", "DONE"), ("decide", "NEW")])
    inject(flows.LinearFlow)
    reported()
    assert flows.ran == []
    assert tend().late == 1
    assert flows.ran == [f"decide:{pk}"]
    assert Process.objects.get(pk=pk).status == PROCESS.DONE
    inquiry = Inquiry.objects.get()
    assert (inquiry.gate_key, inquiry.point) == (f"viewflow_task:{task_of(pk, 'decide').pk}", Point.DECISION)
    assert LateCheck.objects.get().found == CreditDecision.objects.get().outcome
    assert reported()["open"] == {"at": 0, "before": 0, "past": 0, "retired": 0}


def test_hit_found_late_holds_the_case(inject: Any, credit: Any, defaulter: Any) -> None:
    """The late check of a case before its decision holds it like any other check; the hold is then the debt."""
    credit.records[CLEAN] = (defaulter,)
    (pk,) = add_cases(flows.LinearFlow, 1, [("accept", "DONE"), ("decide", "NEW")])
    inject(flows.LinearFlow)
    reported()
    tend()
    assert flows.ran == []
    assert task_of(pk, "decide").status == STATUS.NEW
    assert Hold.objects.get(released_at=None).node == "decide"
    assert LateCheck.objects.get().done_at is not None
    assert new(reported())["at"] == 0  # held: attended as any held case
    assert Inquiry.objects.count() == 1


def test_late_check_before_the_decision_serves_the_gate(inject: Any, credit: Any) -> None:
    """A case past acceptance gets its record early, and the gate before the decision asks nobody again."""
    (pk,) = add_cases(flows.LoopFlow, 1, [("review", "DONE"), ("again", "NEW")])
    inject(flows.LoopFlow, accepts=("review",))
    reported()
    assert tend().late == 1
    assert Inquiry.objects.get().point == Point.LATE
    assert CreditDecision.objects.get().point == Point.LATE
    waiting = flows.LoopFlow.again.activation_class(task_of(pk, "again"))
    with flows.LoopFlow.lock(pk):
        waiting._activate_next({waiting})
    assert flows.ran == [f"decide:{pk}"]
    assert Inquiry.objects.count() == 1


def test_late_check_with_a_silent_platform_owes_a_recheck(inject: Any, credit: Any) -> None:
    """Could-not-tell is a record: the late check is made, and what is still owed is a re-check."""
    credit.fault = PlatformUnavailable()
    add_cases(flows.LoopFlow, 1, [("review", "DONE"), ("again", "NEW")])
    inject(flows.LoopFlow, accepts=("review",))
    reported()
    tend()
    assert LateCheck.objects.get().found == "O-00"
    credit.fault = None
    with advance_clock():
        tend()
    assert Recheck.objects.get().paid_at is not None
    assert CreditDecision.objects.latest("pk").complete


def test_case_past_its_decision_is_recorded_and_alarmed_and_left_alone(
    inject: Any, credit: Any, defaulter: Any, caplog: Any
) -> None:
    """After the fact nothing is held or undone, whatever is found; the command says 1 until it is recorded."""
    credit.records[CLEAN] = (defaulter,)
    (pk,) = add_cases(flows.HumanFlow, 1, [("review", "DONE"), ("decide", "DONE"), ("deliver", "NEW")])
    inject(flows.HumanFlow)
    before = list(Task.objects.order_by("pk").values_list("pk", "status"))
    reported(status=1)
    assert "cases past their decision without a record" in caplog.text
    tend()
    row = CreditDecision.objects.get()
    assert (row.permits, row.point) == (False, Point.LATE)
    assert "checked after the fact" in caplog.text
    assert list(Task.objects.order_by("pk").values_list("pk", "status")) == before
    assert Hold.objects.count() == 0
    deliver = flows.HumanFlow.deliver.activation_class(task_of(pk, "deliver"))
    with flows.HumanFlow.lock(pk):
        deliver._activate_next({deliver})
    assert flows.ran == [f"deliver:{pk}"]
    assert reported(status=0)["past"] == []


def held_case(credit: Any, defaulter: Any) -> Process:
    """A case of ``HumanFlow`` that waits at its gate because of a record."""
    credit.records[CLEAN] = (defaulter,)
    process = flows.HumanFlow.start_by_code.run(data=firm_data())
    with flows.HumanFlow.lock(process.pk):
        review = flows.HumanFlow.review.activation_class(task_of(process.pk, "review"))
        review.assign(get_user_model().objects.get_or_create(username="clerk")[0])
        review.start(None)
        review.execute()
    assert task_of(process.pk, "credit_before_decide").status == STATUS.STARTED
    return process


def decide_by_hand(process: Process, *, reference: str = "", gate_too: bool = True) -> None:
    """Finish the decision around guard and database."""
    with lifted_triggers():
        ref = reference or flows.HumanFlow.decide
        Task.objects.create(
            process=process, flow_task=ref, flow_task_type="HUMAN", status=STATUS.DONE, finished=clock.now()
        )
        if gate_too:
            Task.objects.filter(process=process, status=STATUS.STARTED).update(status=STATUS.DONE)


def forged(process: Process) -> None:
    """A record that permits and that the gate did not make; the database lets the decision pass on it."""
    row = CreditDecision.objects.filter(host_key=f"viewflow_process:{process.pk}").latest("pk")
    fields = {f.attname: getattr(row, f.attname) for f in CreditDecision._meta.fields if f.name != "id"}
    CreditDecision.objects.create(**{**fields, "permits": True, "digest": "0" * 64})
    Task.objects.create(process=process, flow_task=flows.HumanFlow.decide, flow_task_type="HUMAN", status=STATUS.DONE)
    Task.objects.filter(process=process, status=STATUS.STARTED).update(status=STATUS.DONE)


@pytest.mark.parametrize("ended", [False, True])
@pytest.mark.parametrize(
    "past",
    [
        decide_by_hand,
        forged,
        partial(decide_by_hand, gate_too=False),
        partial(decide_by_hand, reference="testflows/former.HumanFlow.decide"),
        partial(decide_by_hand, reference="testflows/former.Other.decide"),
    ],
    ids=["triggers lifted", "forged record", "gate still open", "other path", "other name"],
)
def test_decision_on_no_record_that_permitted_it_is_found(
    inject: Any, credit: Any, defaulter: Any, monkeypatch: pytest.MonkeyPatch, past: Any, ended: bool
) -> None:
    """That there is a record is not enough: it must have permitted, and the gate must have made it. Once is enough."""
    monkeypatch.setattr(former, "Other", flows.HumanFlow, raising=False)
    inject(flows.HumanFlow)
    process = held_case(credit, defaulter)
    past(process)
    arguments = []
    if ended:
        Process.objects.filter(pk=process.pk).update(status=PROCESS.DONE, finished=clock.now())
        arguments = ["--ended-since", "2020-01-01"]
    assert new(reported("--dry-run", *arguments, status=1))["past"] == 1
    assert LateCheck.objects.count() == 0
    assert new(reported(*arguments, status=1)) == {"at": 0, "before": 0, "past": 1}
    assert new(reported(*arguments, status=1))["past"] == 0
    assert tend().late == 1
    late = CreditDecision.objects.latest("pk")
    assert (late.point, late.permits, late.inquiry.gate_key) == (
        Point.LATE,
        False,
        f"late:{LateCheck.objects.get().pk}",
    )
    assert new(reported(*arguments))["past"] == 0


def test_a_late_check_that_nobody_made_silences_nothing(inject: Any, credit: Any, defaulter: Any) -> None:
    """A row that says the check was made, put in for a decided case with and without a record, is opened again."""
    inject(flows.HumanFlow)
    process = held_case(credit, defaulter)
    decide_by_hand(process)
    (unchecked,) = add_cases(flows.HumanFlow, 1, [("review", "DONE"), ("deliver", "NEW")])
    with lifted_triggers():
        Task.objects.create(
            process_id=unchecked, flow_task=flows.HumanFlow.decide, flow_task_type="HUMAN", status=STATUS.DONE
        )
    pks = (process.pk, unchecked)
    for pk in pks:
        LateCheck.objects.create(
            host_key=f"viewflow_process:{pk}",
            flow="testflows/flows.HumanFlow",
            where=Where.PAST,
            found_at=clock.now(),
            next_try_at=clock.now(),
            done_at=clock.now(),
            found="O-09",
        )
    report = reported(status=1)
    assert new(report)["past"] == 2
    assert report["past"] == [f"viewflow_process:{pk}" for pk in pks]
    assert tend().late == 2
    assert CreditDecision.objects.filter(point=Point.LATE).count() == 2
    assert new(reported())["past"] == 0


def test_lawful_decisions_are_not_found(inject: Any, credit: Any, defaulter: Any) -> None:
    """Decided after people settled what was found; what a later record says changes nothing about that."""
    inject(flows.HumanFlow)
    process = held_case(credit, defaulter)
    head = get_user_model().objects.create_superuser("head")
    act(process, head, "section_confirms:release", "已经核对")
    with flows.HumanFlow.lock(process.pk):
        decide = flows.HumanFlow.decide.activation_class(task_of(process.pk, "decide"))
        decide.assign(head)
        decide.start(None)
        decide.execute()
    assert flows.ran == [f"deliver:{process.pk}"]
    with clock.standing_at(clock.now() + timedelta(days=20)):
        case = binding_of(flows.HumanFlow).case(process.pk)
        opened = gate.open_inquiry(case, Point.RECHECK, "test:1", "system")
        reply = gate.record_reply(case, opened, gate.ask(case, opened.inquiry))
        credit.records[CLEAN] = (replace(defaulter, document_no="（2026）示执9号"),)
        gate.decide(case, opened.inquiry, reply, Point.RECHECK, "system")
        assert new(reported("--ended-since", "2020-01-01"))["past"] == 0


def test_withdrawn_meanwhile_is_not_asked_about(inject: Any, credit: Any) -> None:
    """A case that was withdrawn between sweep and late check gives no ground to ask."""
    (pk,) = add_cases(flows.HumanFlow, 1, [("review", "DONE"), ("decide", "NEW")])
    inject(flows.HumanFlow)
    reported()
    Process.objects.filter(pk=pk).update(status=PROCESS.CANCELED)
    tend()
    assert LateCheck.objects.get().done_at is not None
    assert Inquiry.objects.count() == 0


def test_checked_meanwhile_is_not_asked_twice(inject: Any, credit: Any) -> None:
    """A record made since the sweep settles the late check without another inquiry."""
    (pk,) = add_cases(flows.LoopFlow, 1, [("review", "DONE"), ("again", "NEW")])
    inject(flows.LoopFlow, accepts=("review",))
    reported()
    binding = binding_of(flows.LoopFlow)
    case = binding.case(pk)
    opened = gate.open_inquiry(case, Point.DECISION, "page:1", "clerk")
    reply = gate.record_reply(case, opened, gate.ask(case, opened.inquiry))
    gate.decide(case, opened.inquiry, reply, Point.DECISION, "clerk")
    tend()
    assert LateCheck.objects.get().done_at is not None
    assert Inquiry.objects.count() == 1


def test_unusable_facts_do_not_stop_the_queue(inject: Any, credit: Any) -> None:
    """A broken case waits for its next try; the others are checked in the same pass."""
    broken, sound = add_cases(flows.LoopFlow, 2, [("review", "DONE"), ("again", "NEW")])
    Process.objects.filter(pk=broken).update(data=firm_data(code="no code"))
    inject(flows.LoopFlow, accepts=("review",))
    reported()
    tally = tend()
    assert (tally.late, tally.failed) == (1, 1)
    row = LateCheck.objects.get(done_at=None)
    assert (row.host_key, row.attempts) == (f"viewflow_process:{broken}", 1)
    assert row.next_try_at > clock.now()
    Process.objects.filter(pk=broken).update(data=firm_data())
    with advance_clock():
        assert tend().late == 1
    assert {d.host_key for d in CreditDecision.objects.all()} == {f"viewflow_process:{pk}" for pk in (broken, sound)}


def test_held_task_whose_worker_died_before_its_hold_is_found(inject: Any, credit: Any, defaulter: Any) -> None:
    """A record that does not permit, a decision that waits, and no hold: nobody would ever come back to it."""
    credit.records[CLEAN] = (defaulter,)
    (pk,) = add_cases(flows.LinearFlow, 1, [("accept", "DONE"), ("decide", "NEW")])
    inject(flows.LinearFlow)
    reported()
    tend()
    Hold.objects.all().delete()
    assert tend().held == 0
    assert new(reported())["at"] == 1
    assert new(reported())["at"] == 0
    tend()
    assert Hold.objects.get().host_key == f"viewflow_process:{pk}"
    assert (Inquiry.objects.count(), LateCheck.objects.count()) == (1, 1)


def test_queue_is_worked_off_in_parts_the_most_urgent_first(inject: Any, credit: Any) -> None:
    """One pass makes a bounded number of late checks, those before a decision first."""
    add_cases(flows.HumanFlow, PER_PASS, [("review", "DONE"), ("decide", "DONE"), ("deliver", "NEW")])
    add_cases(flows.HumanFlow, 2, [("review", "DONE"), ("decide", "NEW")])
    inject(flows.HumanFlow)
    reported(status=1)
    assert tend().late == PER_PASS
    assert Counter(LateCheck.objects.filter(done_at=None).values_list("where", flat=True)) == {"past": 2}
    assert tend().late == 2
    assert tend().late == 0


def test_report_in_chinese(inject: Any, credit: Any) -> None:
    """The command speaks to an administrator."""
    add_cases(flows.HumanFlow, 1, [("review", "DONE"), ("decide", "DONE"), ("deliver", "NEW")])
    inject(flows.HumanFlow)
    out, bar = StringIO(), StringIO()
    with pytest.raises(CommandError, match="未经信用核查即越过决定环节"):
        call_command("credit_sweep", stdout=out, stderr=bar)
    said = out.getvalue()
    assert "查看 1 件；新发现无记录：停在决定环节 0 件，已过受理、未到决定 0 件，已越过决定环节 1 件" in said
    assert "已越过决定环节：viewflow_process:" in said
    assert "待补核：已越过决定环节 1 件" in said


def test_sweep_of_many_cases_needs_the_memory_of_a_page(inject: Any, credit: Any, monkeypatch: Any) -> None:
    """Thousands of running cases (100,000 with LONG=1): found once each, and memory does not grow with them."""
    monkeypatch.setattr(sweeping, "PAGE", MANY // 20)
    like = _some_record(inject)
    part = MANY // 4
    at = add_cases(flows.HumanFlow, part, [("review", "DONE"), ("decide", "NEW")])
    add_cases(flows.HumanFlow, part, [("review", "DONE"), ("decide", "DONE"), ("deliver", "NEW")])
    checked = add_cases(flows.HumanFlow, part, [("review", "DONE"), ("decide", "NEW")])
    add_cases(flows.HumanFlow, MANY - 3 * part, [("review", "NEW")])
    add_records([f"viewflow_process:{pk}" for pk in checked], like)
    inject(flows.HumanFlow)
    binding = binding_of(flows.HumanFlow)
    sweep(binding, clock.now(), dry_run=True)  # compiled queries and caches are there from now on
    peaks: list[int] = []

    def watch(cases: int) -> None:
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.reset_peak()

    begun = clock.now()
    tracemalloc.start()
    first = sweep(binding, begun, advance=watch)
    tracemalloc.stop()
    assert (first.looked_at, first.new[Where.AT], first.new[Where.PAST]) == (MANY, part, part)
    assert len(peaks) == 20
    # The pages of the first half are full of hits; whatever was kept of them would stand on top of the second half's.
    assert max(peaks[10:]) <= max(peaks[:10]) * 1.1
    assert max(peaks[1:10]) < peaks[0] * 2 + 500_000
    second = sweep(binding, clock.now())
    assert (second.looked_at, second.new.total()) == (MANY, 0)
    assert LateCheck.objects.count() == 2 * part
    assert LateCheck.objects.filter(host_key=f"viewflow_process:{at[-1]}", where=Where.AT).exists()


def test_statements_grow_with_pages_not_with_cases(
    inject: Any, credit: Any, django_assert_max_num_queries: Any
) -> None:
    """Five hundred cases on one page take a dozen statements."""
    add_cases(flows.HumanFlow, 500, [("review", "DONE"), ("decide", "NEW")])
    inject(flows.HumanFlow)
    binding = binding_of(flows.HumanFlow)
    with django_assert_max_num_queries(12):
        sweep(binding, clock.now())


def _some_record(inject: Any) -> CreditDecision:
    inject(flows.LinearFlow)
    process = flows.LinearFlow.start.run(data=firm_data())
    flows.LinearFlow.accept.run(Task.objects.get(process=process, status=STATUS.NEW))
    assert connection.in_atomic_block
    return CreditDecision.objects.get()
