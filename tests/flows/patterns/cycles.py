"""Loops and recursion: patterns 10, 21 and 22."""

from __future__ import annotations

from typing import Any

from viewflow import this
from viewflow.workflow import flow
from viewflow.workflow.lock import select_for_update_lock

from tests.flows.patterns.driving import APPLICANT, begin, do, scenario, waiting
from tests.flows.patterns.steps import intake, receive, says, step, work


class ArbitraryCyclesFlow(flow.Flow):
    """WCP-10 Arbitrary Cycles: two ways back and two ways out, nested in no order."""

    process_title = "反复补正"
    lock_impl = select_for_update_lock
    start = intake().Next(this.prepare)
    prepare = step("整理材料").Next(this.check)
    check = flow.Switch().Case(this.prepare, says("mixed_up")).Case(this.supplement, says("gaps")).Default(this.decide)
    supplement = step("补正材料").Next(this.recheck)
    recheck = flow.If(says("changed")).Then(this.prepare).Else(this.decide)
    decide = work("决定", "decided").Next(this.end)
    end = flow.End()


@scenario(ArbitraryCyclesFlow)
def around_twice() -> None:
    """Back at both places."""
    case = begin(ArbitraryCyclesFlow)
    do(case, "prepare", mixed_up=True)
    do(case, "prepare", mixed_up=False, gaps=True)
    do(case, "supplement", changed=True)
    do(case, "prepare")
    do(case, "supplement", changed=False)


@scenario(ArbitraryCyclesFlow)
def straight() -> None:
    """Nothing to mend."""
    do(begin(ArbitraryCyclesFlow), "prepare")


class WhileLoopFlow(flow.Flow):
    """WCP-21 Structured Loop, test first: corrected as often as needed, perhaps never."""

    process_title = "先查后改"
    lock_impl = select_for_update_lock
    start = intake().Next(this.faulty)
    faulty = flow.If(says("faulty")).Then(this.correct).Else(this.decide)
    correct = step("更正").Next(this.faulty)
    decide = step("决定").Next(this.deliver)
    deliver = work("送达", "delivered").Next(this.end)
    end = flow.End()


@scenario(WhileLoopFlow)
def corrected_twice() -> None:
    """Two corrections."""
    case = begin(WhileLoopFlow, faulty=True)
    do(case, "correct")
    do(case, "correct", faulty=False)
    do(case, "decide")


@scenario(WhileLoopFlow)
def without_fault() -> None:
    """No correction."""
    do(begin(WhileLoopFlow), "decide")


class RepeatLoopFlow(flow.Flow):
    """WCP-21 Structured Loop, test last: the decision itself lies in the loop."""

    process_title = "听证再决定"
    lock_impl = select_for_update_lock
    start = intake().Next(this.hear)
    hear = step("听取意见").Next(this.decide)
    decide = work("决定", "decided").Next(this.contested)
    contested = flow.If(lambda activation: activation.process.data["decided"] < 2).Then(this.hear).Else(this.end)
    end = flow.End()


@scenario(RepeatLoopFlow)
def decided_twice() -> None:
    """Heard again after the first decision."""
    case = begin(RepeatLoopFlow)
    do(case, "hear")
    do(case, "hear")


class RecursionFlow(flow.Flow):
    """WCP-22 Recursion: a chain's shops, each a case of the same flow that was started by its parent."""

    process_title = "连锁门店"
    lock_impl = select_for_update_lock
    start = intake().Next(this.visit)
    visit = step("核查门店").Next(this.more)
    more = flow.If(lambda activation: activation.process.data.get("shops", 0) > 1).Then(this.branch).Else(this.decide)
    branch = flow.Function(this.open_branch).Annotation(title="下一门店立案").Next(this.decide)
    decide = work("决定", "decided").Next(this.end)
    end = flow.End()

    def open_branch(self, activation: Any) -> None:
        """Start the case of the next shop with this task as its parent."""
        data = activation.process.data
        applicant = {key: data[key] for key in ("code", "name", "established")}
        RecursionFlow.start.run(applicant=applicant, shops=data["shops"] - 1, _parent_task=activation.task)


@scenario(RecursionFlow)
def three_shops() -> None:
    """The second opens the third."""
    case = begin(RecursionFlow, shops=3)
    while case is not None:
        do(case, "visit")
        case = RecursionFlow.process_class.objects.filter(parent_task__process_id=case.pk).first()


class ChildFlow(flow.Flow):
    """The part of a licence that another office decides in a case of its own."""

    process_title = "关联许可"
    lock_impl = select_for_update_lock
    start = flow.StartHandle(receive).Annotation(title="关联收件").Next(this.decide)
    decide = step("关联决定").Next(this.report)
    report = flow.Function(this.tell_parent).Annotation(title="反馈主办").Next(this.end)
    end = flow.End()

    def tell_parent(self, activation: Any) -> None:
        """Finish the parent's waiting step."""
        parent = activation.process.parent_task
        parent.flow_task.run(parent, child="done")


class ParentFlow(flow.Flow):
    """WCP-22 without recursion: the parent's step waits until its child flow reports."""

    process_title = "主办许可"
    lock_impl = select_for_update_lock
    start = intake().Next(this.fork)
    fork = flow.Split().Always(this.related).Always(this.survey)
    related = step("等待关联许可").Next(this.note)
    note = work("登记关联许可", "noted").Next(this.join)
    survey = step("勘查").Next(this.join)
    join = flow.Join().Next(this.decide)
    decide = work("决定", "decided").Next(this.end)
    end = flow.End()


@scenario(ChildFlow)
@scenario(ParentFlow)
def child_reports() -> None:
    """The child ends before its parent."""
    case = begin(ParentFlow)
    child = ChildFlow.start.run(applicant=APPLICANT, _parent_task=waiting(case, "related"))
    do(child, "decide")
    do(case, "survey")
