"""Several instances of one step: patterns 12 to 15 and 35, as far as a split without a data source goes."""

from __future__ import annotations

from typing import Any

from viewflow import this
from viewflow.workflow import flow
from viewflow.workflow.lock import select_for_update_lock
from viewflow.workflow.status import PROCESS

from tests.flows.patterns.driving import APPLICANT, begin, do, scenario, sign, sweep, waiting
from tests.flows.patterns.steps import intake, page, says, step, work


class UnsynchronizedInstancesFlow(flow.Flow):
    """WCP-12 Multiple Instances without Synchronization: neighbours are told, nobody waits for them."""

    process_title = "告知邻里"
    lock_impl = select_for_update_lock
    start = intake().Next(this.split)
    split = flow.Split().Always(this.tell).Always(this.tell).Always(this.decide)
    tell = step("告知邻里").Next(this.end_told)
    decide = work("决定", "decided").Next(this.end)
    end = flow.End()
    end_told = flow.End()


@scenario(UnsynchronizedInstancesFlow)
def told_later() -> None:
    """The decision does not wait."""
    case = begin(UnsynchronizedInstancesFlow)
    do(case, "tell")
    do(case, "tell")


class DesignTimeInstancesFlow(flow.Flow):
    """WCP-13 Multiple Instances with a priori Design-Time Knowledge: always two inspectors."""

    process_title = "双人核查"
    lock_impl = select_for_update_lock
    start = intake().Next(this.split)
    split = flow.Split().Always(this.inspect).Always(this.inspect)
    inspect = step("现场核查").Next(this.join)
    join = flow.Join().Next(this.decide)
    decide = work("决定", "decided").Next(this.end)
    end = flow.End()


@scenario(DesignTimeInstancesFlow)
def two_inspectors() -> None:
    """Both report."""
    case = begin(DesignTimeInstancesFlow)
    do(case, "inspect")
    do(case, "inspect")


def at_least(number: int) -> Any:
    """The case needs that many."""
    return lambda activation: activation.process.data.get("samples", 1) >= number


class RunTimeInstancesFlow(flow.Flow):
    """WCP-14 Multiple Instances with a priori Run-Time Knowledge: as many samples as were drawn, at most four."""

    process_title = "抽样检验"
    lock_impl = select_for_update_lock
    start = intake().Next(this.draw)
    draw = step("抽样").Next(this.split)
    split = (
        flow.Split()
        .Always(this.test)
        .Next(this.test, case=at_least(2))
        .Next(this.test, case=at_least(3))
        .Next(this.test, case=at_least(4))
    )
    test = step("检验").Next(this.join)
    join = flow.Join().Next(this.decide)
    decide = page("决定").Next(this.end)
    end = flow.End()


@scenario(RunTimeInstancesFlow)
def three_samples() -> None:
    """Three are tested."""
    case = begin(RunTimeInstancesFlow)
    do(case, "draw", samples=3)
    for _ in range(3):
        do(case, "test")
    sign(case, "decide")


class OpinionFlow(flow.Flow):
    """One opinion, asked for by a parent case; it decides nothing."""

    process_title = "征求意见"
    lock_impl = select_for_update_lock
    start = intake().Next(this.answer)
    answer = step("出具意见").Next(this.end)
    end = flow.End()


def all_opinions_in(activation: Any) -> bool:
    """No opinion of this case is still open."""
    open_ones = OpinionFlow.process_class.objects.filter(parent_task__process=activation.process, status=PROCESS.NEW)
    return not open_ones.exists()


class OpenEndedInstancesFlow(flow.Flow):
    """WCP-15 Multiple Instances without a priori Run-Time Knowledge: one more opinion, as long as one is wanted."""

    process_title = "逐一征求意见"
    lock_impl = select_for_update_lock
    start = intake().Next(this.ask)
    ask = flow.Handle(this.open_opinion).Annotation(title="征求意见").Next(this.more)
    more = flow.If(says("more")).Then(this.ask).Else(this.gather)
    gather = flow.ConditionalCatch(all_opinions_in).Annotation(title="等待意见").Next(this.decide)
    decide = work("决定", "decided").Next(this.end)
    end = flow.End()

    def open_opinion(self, activation: Any, more: bool = False) -> None:
        """Start the case of one opinion with this task as its parent."""
        activation.process.data["more"] = more
        activation.process.save(update_fields=["data"])
        OpinionFlow.start.run(applicant=APPLICANT, _parent_task=activation.task)


@scenario(OpenEndedInstancesFlow)
def one_more_opinion() -> None:
    """A second one is wanted while the first is open."""
    case = begin(OpenEndedInstancesFlow)
    do(case, "ask", more=True)
    do(case, "ask")
    for number, opinion in enumerate(OpinionFlow.process_class.objects.filter(parent_task__process_id=case.pk)):
        assert sweep(OpenEndedInstancesFlow) == 0, number
        do(opinion, "answer")
    assert waiting(case, "gather")
    sweep(OpenEndedInstancesFlow)


class CancelledInstancesFlow(flow.Flow):
    """WCP-35 Cancelling Partial Join for Multiple Instances: one of three inspectors suffices."""

    process_title = "一人到场即可"
    lock_impl = select_for_update_lock
    start = intake().Next(this.split)
    split = flow.Split().Always(this.inspect).Always(this.inspect).Always(this.inspect)
    inspect = page("现场核查").Next(this.join)
    join = flow.Join(continue_on_condition=lambda activation, active: True).Next(this.decide)
    decide = step("决定").Next(this.end)
    end = flow.End()


@scenario(CancelledInstancesFlow)
def first_inspector() -> None:
    """The other two are called back."""
    case = begin(CancelledInstancesFlow)
    sign(case, "inspect")
    do(case, "decide")
