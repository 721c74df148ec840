"""Basic control flow: patterns 1 to 5."""

from __future__ import annotations

from viewflow import this
from viewflow.workflow import flow
from viewflow.workflow.lock import select_for_update_lock

from tests.flows.patterns.driving import begin, do, move, scenario, sign
from tests.flows.patterns.steps import intake, page, says, step, work


class SequenceFlow(flow.Flow):
    """WCP-1 Sequence: one step after the other."""

    process_title = "顺序办理"
    lock_impl = select_for_update_lock
    start = intake().Next(this.accept)
    accept = step("受理").Next(this.review)
    review = page("审查").Next(this.decide)
    decide = work("决定", "decided").Next(this.issue)
    issue = work("发证", "issued").Next(this.end)
    end = flow.End()


@scenario(SequenceFlow)
def sequence() -> None:
    """Through to the licence."""
    case = begin(SequenceFlow)
    do(case, "accept", accepted_by="窗口")
    sign(case, "review")


@scenario(SequenceFlow)
def filing_taken_back() -> None:
    """Back to before the beginning: the case is cancelled by undoing its start."""
    case = begin(SequenceFlow)
    move(case, "accept", "cancel")
    move(case, "start", "undo")


class ParallelSplitFlow(flow.Flow):
    """WCP-2 Parallel Split: decision and publicity go on side by side, each to an end of its own."""

    process_title = "并行公示"
    lock_impl = select_for_update_lock
    start = intake().Next(this.split)
    split = flow.Split().Always(this.visit).Always(this.publish)
    visit = step("现场核查").Next(this.decide)
    decide = work("决定", "decided").Next(this.end)
    publish = step("公示").Next(this.archive)
    archive = work("归档", "archived").Next(this.end_published)
    end = flow.End()
    end_published = flow.End()


@scenario(ParallelSplitFlow)
def visit_before_publicity() -> None:
    """The decision falls while the publicity runs."""
    case = begin(ParallelSplitFlow)
    do(case, "visit")
    do(case, "publish")


@scenario(ParallelSplitFlow)
def publicity_before_visit() -> None:
    """The publicity is over before the decision."""
    case = begin(ParallelSplitFlow)
    do(case, "publish")
    do(case, "visit")


class SynchronizationFlow(flow.Flow):
    """WCP-3 Synchronization: three opinions, then the decision on a page."""

    process_title = "会签"
    lock_impl = select_for_update_lock
    start = intake().Next(this.split)
    split = flow.Split().Always(this.health).Always(this.fire).Always(this.planning)
    health = step("卫生意见").Next(this.join)
    fire = step("消防意见").Next(this.join)
    planning = page("规划意见").Next(this.join)
    join = flow.Join().Next(this.decide)
    decide = page("决定").Next(this.end)
    end = flow.End()


@scenario(SynchronizationFlow)
def three_opinions() -> None:
    """In another order than they were asked for."""
    case = begin(SynchronizationFlow)
    do(case, "fire")
    sign(case, "planning")
    do(case, "health")
    sign(case, "decide")


class ExclusiveChoiceFlow(flow.Flow):
    """WCP-4 Exclusive Choice: ordinary decision, decision on promise, or return."""

    process_title = "择一办理"
    lock_impl = select_for_update_lock
    start = intake().Next(this.review)
    review = step("审查").Next(this.choose)
    choose = (
        flow.Switch()
        .Case(this.decide, says("complete"))
        .Case(this.decide_on_promise, says("promised"))
        .Default(this.give_back)
    )
    decide = work("决定", "decided").Next(this.end)
    decide_on_promise = page("告知承诺决定").Next(this.end_promised)
    give_back = work("退件", "returned").Next(this.end_returned)
    end = flow.End()
    end_promised = flow.End()
    end_returned = flow.End()


@scenario(ExclusiveChoiceFlow)
def ordinary() -> None:
    """Complete materials."""
    do(begin(ExclusiveChoiceFlow), "review", complete=True)


@scenario(ExclusiveChoiceFlow)
def on_promise() -> None:
    """A promise in place of materials."""
    case = begin(ExclusiveChoiceFlow, promised=True)
    do(case, "review")
    sign(case, "decide_on_promise")


@scenario(ExclusiveChoiceFlow)
def given_back() -> None:
    """Neither: no decision is taken."""
    do(begin(ExclusiveChoiceFlow), "review")


class SimpleMergeFlow(flow.Flow):
    """WCP-5 Simple Merge: online and counter cases go the same way from the decision on."""

    process_title = "线上线下汇合"
    lock_impl = select_for_update_lock
    start = intake().Next(this.channel)
    channel = flow.If(says("online")).Then(this.online).Else(this.counter)
    online = step("网上预审").Next(this.decide)
    counter = step("窗口收件").Next(this.scan)
    scan = work("扫描", "scanned").Next(this.decide)
    decide = work("决定", "decided").Next(this.end)
    end = flow.End()


@scenario(SimpleMergeFlow)
def online() -> None:
    """Filed online."""
    do(begin(SimpleMergeFlow, online=True), "online")


@scenario(SimpleMergeFlow)
def counter() -> None:
    """Filed at the counter."""
    do(begin(SimpleMergeFlow), "counter")
