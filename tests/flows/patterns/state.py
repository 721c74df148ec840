"""Patterns of state: 16 to 18, 39 and 40."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from viewflow import this
from viewflow.workflow import flow
from viewflow.workflow.lock import select_for_update_lock

from tests.flows.patterns.driving import begin, do, scenario, sign, sweep, wait_out
from tests.flows.patterns.steps import count, intake, page, says, step, take, work


class DeferredChoiceFlow(flow.Flow):
    """WCP-16 Deferred Choice: the officer decides or the applicant withdraws, whoever acts first."""

    process_title = "决定或撤回"
    lock_impl = select_for_update_lock
    start = intake().Next(this.race)
    race = flow.SplitFirst().Always(this.decide).Always(this.take_back)
    decide = step("决定").Next(this.issue)
    issue = work("发证", "issued").Next(this.end)
    take_back = flow.MessageCatch(take).Annotation(title="申请人撤回").Next(this.end_taken_back)
    end = flow.End()
    end_taken_back = flow.End()


@scenario(DeferredChoiceFlow)
def decided_first() -> None:
    """The withdrawal is off the table."""
    do(begin(DeferredChoiceFlow), "decide")


@scenario(DeferredChoiceFlow)
def taken_back_first() -> None:
    """Nothing is decided."""
    do(begin(DeferredChoiceFlow), "take_back", taken_back=True)


class DeferredPageFlow(flow.Flow):
    """WCP-16 Deferred Choice with the decision on a page, and a time after which the case lapses."""

    process_title = "逾期终止"
    lock_impl = select_for_update_lock
    start = intake().Next(this.accept)
    accept = page("受理").Next(this.race)
    race = flow.SplitFirst().Always(this.decide).Always(this.lapse)
    decide = page("决定").Next(this.end)
    lapse = flow.Timer(timedelta(days=60)).Annotation(title="逾期").Next(this.close)
    close = work("终止办理", "closed").Next(this.end)
    end = flow.End()


@scenario(DeferredPageFlow)
def decided_in_time() -> None:
    """On the page."""
    case = begin(DeferredPageFlow)
    sign(case, "accept")
    sign(case, "decide")


@scenario(DeferredPageFlow)
def lapsed() -> None:
    """Sixty days are over."""
    case = begin(DeferredPageFlow)
    sign(case, "accept")
    wait_out(case, "lapse")


class DeferredReviewFlow(flow.Flow):
    """WCP-16 Deferred Choice, the decision one step behind the branch."""

    process_title = "审查或撤回"
    lock_impl = select_for_update_lock
    start = intake().Next(this.race)
    race = flow.SplitFirst().Always(this.review).Always(this.take_back)
    review = step("审查").Next(this.decide)
    decide = work("决定", "decided").Next(this.issue)
    issue = page("发证").Next(this.end)
    take_back = flow.MessageCatch(take).Annotation(title="申请人撤回").Next(this.end_taken_back)
    end = flow.End()
    end_taken_back = flow.End()


@scenario(DeferredReviewFlow)
def reviewed_first() -> None:
    """The review wins."""
    case = begin(DeferredReviewFlow)
    do(case, "review")
    sign(case, "issue")


@scenario(DeferredReviewFlow)
def withdrawn_first() -> None:
    """The withdrawal wins."""
    do(begin(DeferredReviewFlow), "take_back")


class InterleavedParallelFlow(flow.Flow):
    """WCP-17 Interleaved Parallel Routing: one at a time, the sample before its test, the visit at any time."""

    process_title = "穿插办理"
    lock_impl = select_for_update_lock
    start = intake().Next(this.pick)
    pick = step("选择下一项").Next(this.turn)
    turn = (
        flow.Switch()
        .Case(this.decide, lambda activation: {"sampled", "tested", "visited"} <= set(activation.process.data))
        .Case(this.test, lambda a: a.process.data["next"] == "test" and "sampled" in a.process.data)
        .Case(this.visit, lambda a: a.process.data["next"] == "visit")
        .Default(this.sample)
    )
    sample = work("抽样", "sampled").Next(this.pick)
    test = work("检验", "tested").Next(this.pick)
    visit = work("现场核查", "visited").Next(this.pick)
    decide = page("决定").Next(this.end)
    end = flow.End()


@scenario(InterleavedParallelFlow)
def visit_between() -> None:
    """The visit lies between sample and test."""
    case = begin(InterleavedParallelFlow)
    for following in ("sample", "visit", "test", ""):
        do(case, "pick", next=following)
    sign(case, "decide")


class InterleavedFlow(flow.Flow):
    """WCP-40 Interleaved Routing: two checks in any order, never both at once."""

    process_title = "任意次序"
    lock_impl = select_for_update_lock
    start = intake().Next(this.choose)
    choose = flow.If(says("site_first")).Then(this.site_first).Else(this.paper_first)
    site_first = step("先现场核查").Next(this.paper_then)
    paper_then = step("后书面审查").Next(this.decide)
    paper_first = step("先书面审查").Next(this.site_then)
    site_then = step("后现场核查").Next(this.decide)
    decide = step("决定").Next(this.end)
    end = flow.End()


@scenario(InterleavedFlow)
def site_first() -> None:
    """Site, then paper."""
    case = begin(InterleavedFlow, site_first=True)
    for name in ("site_first", "paper_then", "decide"):
        do(case, name)


@scenario(InterleavedFlow)
def paper_first() -> None:
    """Paper, then site."""
    case = begin(InterleavedFlow)
    for name in ("paper_first", "site_then", "decide"):
        do(case, name)


class MilestoneFlow(flow.Flow):
    """WCP-18 Milestone: an objection is dealt with only once the publicity has begun."""

    process_title = "公示后受理异议"
    lock_impl = select_for_update_lock
    start = intake().Next(this.split)
    split = flow.Split().Always(this.publish).Always(this.published)
    publish = step("公示").Next(this.mark)
    mark = work("公示开始", "published").Next(this.join)
    published = flow.ConditionalCatch(says("published")).Annotation(title="公示后").Next(this.objection)
    objection = step("处理异议").Next(this.join)
    join = flow.Join().Next(this.decide)
    decide = work("决定", "decided").Next(this.end)
    end = flow.End()


@scenario(MilestoneFlow)
def after_publicity() -> None:
    """Before the milestone nothing moves."""
    case = begin(MilestoneFlow)
    assert sweep(MilestoneFlow) == 0
    do(case, "publish")
    assert sweep(MilestoneFlow) == 1
    do(case, "objection")


def enter_room(activation: Any) -> None:
    """Take the only hearing room."""
    activation.process.data["room"] = "taken"
    activation.process.save(update_fields=["data"])


def leave_room(activation: Any, **answers: Any) -> Any:
    """Give the room back."""
    return take(activation, room="", **answers)


def room_is_free(activation: Any) -> bool:
    """Nobody is in the hearing room."""
    return not activation.process.data.get("room")


class CriticalSectionFlow(flow.Flow):
    """WCP-39 Critical Section: two hearings of one case share one room."""

    process_title = "共用听证室"
    lock_impl = select_for_update_lock
    start = intake().Next(this.split)
    split = flow.Split().Always(this.wait_neighbours).Always(this.wait_applicant)
    wait_neighbours = flow.ConditionalCatch(room_is_free).Annotation(title="等待听证室").Next(this.call_neighbours)
    call_neighbours = flow.Function(enter_room).Annotation(title="传邻里").Next(this.hear_neighbours)
    hear_neighbours = flow.Handle(leave_room).Annotation(title="听取邻里").Next(this.join)
    wait_applicant = flow.ConditionalCatch(room_is_free).Annotation(title="等待听证室").Next(this.call_applicant)
    call_applicant = flow.Function(enter_room).Annotation(title="传申请人").Next(this.hear_applicant)
    hear_applicant = flow.Handle(leave_room).Annotation(title="听取申请人").Next(this.minutes)
    minutes = flow.Function(count("minutes")).Annotation(title="制作笔录").Next(this.join)
    join = flow.Join().Next(this.decide)
    decide = work("决定", "decided").Next(this.end)
    end = flow.End()


@scenario(CriticalSectionFlow)
def one_room() -> None:
    """The second waits until the first has left."""
    case = begin(CriticalSectionFlow)
    for _ in range(2):
        assert sweep(CriticalSectionFlow) == 1
        names = {t.flow_task.name for t in case.task_set.filter(status="NEW")} & {"hear_neighbours", "hear_applicant"}
        do(case, names.pop())
