"""Branches that open by condition, and the ways they meet again: patterns 6 to 9, 29, 30, 32, 37, 41 and 42."""

from __future__ import annotations

from typing import Any

from viewflow import this
from viewflow.workflow import flow
from viewflow.workflow.lock import select_for_update_lock

from tests.flows.patterns.driving import begin, do, scenario, sign
from tests.flows.patterns.steps import intake, page, says, step, work


class MultiChoiceFlow(flow.Flow):
    """WCP-6 Multi-Choice: any of several notices, and the decision in any case."""

    process_title = "多选通知"
    lock_impl = select_for_update_lock
    start = intake().Next(this.split)
    split = (
        flow.Split()
        .Next(this.tell_fire, case=says("large"))
        .Next(this.tell_environment, case=says("kitchen"))
        .Always(this.decide)
    )
    tell_fire = step("告知消防").Next(this.end_fire)
    tell_environment = work("告知生态环境", "told").Next(this.end_environment)
    decide = page("决定").Next(this.end)
    end = flow.End()
    end_fire = flow.End()
    end_environment = flow.End()


@scenario(MultiChoiceFlow)
def both_notices() -> None:
    """A large restaurant."""
    case = begin(MultiChoiceFlow, large=True, kitchen=True)
    sign(case, "decide")
    do(case, "tell_fire")


@scenario(MultiChoiceFlow)
def no_notice() -> None:
    """A small shop."""
    sign(begin(MultiChoiceFlow), "decide")


class SynchronizingMergeFlow(flow.Flow):
    """WCP-7 Structured Synchronizing Merge: only the opinions that were asked for are waited for."""

    process_title = "按需会签"
    lock_impl = select_for_update_lock
    start = intake().Next(this.split)
    split = (
        flow.Split()
        .Next(this.fire, case=says("large"))
        .Next(this.environment, case=says("kitchen"))
        .Next(this.desk, case=lambda activation: not activation.process.data.get("large"))
    )
    fire = step("消防意见").Next(this.join)
    environment = step("生态环境意见").Next(this.join)
    desk = work("书面审查", "read").Next(this.join)
    join = flow.Join().Next(this.decide)
    decide = step("决定").Next(this.end)
    end = flow.End()


@scenario(SynchronizingMergeFlow)
def two_asked() -> None:
    """Two opinions."""
    case = begin(SynchronizingMergeFlow, large=True, kitchen=True)
    do(case, "environment")
    do(case, "fire")
    do(case, "decide")


@scenario(SynchronizingMergeFlow)
def none_asked() -> None:
    """Desk review only."""
    do(begin(SynchronizingMergeFlow), "decide")


class MultiMergeFlow(flow.Flow):
    """WCP-8 Multi-Merge: two premises of one application, each decided as it comes."""

    process_title = "一案多址"
    lock_impl = select_for_update_lock
    start = intake().Next(this.split)
    split = flow.Split().Always(this.north).Always(this.south)
    north = step("核查北店").Next(this.decide)
    south = step("核查南店").Next(this.decide)
    decide = work("决定", "decided").Next(this.deliver)
    deliver = work("送达", "delivered").Next(this.end)
    end = flow.End()


@scenario(MultiMergeFlow)
def each_decided() -> None:
    """One after the other."""
    case = begin(MultiMergeFlow)
    do(case, "south")
    do(case, "north")


class DiscriminatorFlow(flow.Flow):
    """WCP-9 Structured Discriminator: the first expert opinion opens the decision, later ones are only filed."""

    process_title = "首份意见"
    lock_impl = select_for_update_lock
    start = intake().Next(this.split)
    split = flow.Split().Always(this.chemist).Always(this.engineer)
    chemist = step("理化专家意见").Next(this.arrived)
    engineer = step("工程专家意见").Next(this.arrived)
    arrived = work("登记意见", "arrived").Next(this.first)
    first = flow.If(lambda activation: activation.process.data["arrived"] == 1).Then(this.decide).Else(this.end_late)
    decide = work("决定", "decided").Next(this.end)
    end = flow.End()
    end_late = flow.End()


@scenario(DiscriminatorFlow)
def first_opinion() -> None:
    """The engineer is faster."""
    case = begin(DiscriminatorFlow)
    do(case, "engineer")
    do(case, "chemist")


class CancellingDiscriminatorFlow(flow.Flow):
    """WCP-29 Cancelling Discriminator: the first opinion opens the decision and ends the search for others."""

    process_title = "先到先用"
    lock_impl = select_for_update_lock
    start = intake().Next(this.split)
    split = flow.Split().Always(this.chemist).Always(this.engineer)
    chemist = step("理化专家意见").Next(this.join)
    engineer = step("工程专家意见").Next(this.join)
    join = flow.Join(continue_on_condition=lambda activation, active: True).Next(this.decide)
    decide = work("决定", "decided").Next(this.end)
    end = flow.End()


@scenario(CancellingDiscriminatorFlow)
def chemist_first() -> None:
    """The engineer is not needed any more."""
    do(begin(CancellingDiscriminatorFlow), "chemist")


class PartialJoinFlow(flow.Flow):
    """WCP-30 Structured Partial Join: two of three opinions open the decision, the third is filed."""

    process_title = "三取二"
    lock_impl = select_for_update_lock
    start = intake().Next(this.split)
    split = flow.Split().Always(this.chemist).Always(this.engineer).Always(this.lawyer)
    chemist = step("理化专家意见").Next(this.tally)
    engineer = step("工程专家意见").Next(this.tally)
    lawyer = step("法律专家意见").Next(this.tally)
    tally = work("计票", "votes").Next(this.enough)
    enough = (
        flow.Switch()
        .Case(this.decide, lambda activation: activation.process.data["votes"] == 2)
        .Default(this.end_noted)
    )
    decide = page("决定").Next(this.end)
    end = flow.End()
    end_noted = flow.End()


@scenario(PartialJoinFlow)
def two_of_three() -> None:
    """The third comes after the decision."""
    case = begin(PartialJoinFlow)
    do(case, "lawyer")
    do(case, "chemist")
    sign(case, "decide")
    do(case, "engineer")


def one_is_left(activation: Any, active: Any) -> bool:
    """All branches but one have arrived."""
    return bool(active.count() <= 1)


class CancellingPartialJoinFlow(flow.Flow):
    """WCP-32 Cancelling Partial Join: two of three opinions suffice, the third is called off."""

    process_title = "三取二，余者撤回"
    lock_impl = select_for_update_lock
    start = intake().Next(this.split)
    split = flow.Split().Always(this.chemist).Always(this.engineer).Always(this.lawyer)
    chemist = step("理化专家意见").Next(this.join)
    engineer = step("工程专家意见").Next(this.join)
    lawyer = page("法律专家意见").Next(this.join)
    join = flow.Join(continue_on_condition=one_is_left).Next(this.decide)
    decide = work("决定", "decided").Next(this.issue)
    issue = page("发证").Next(this.end)
    end = flow.End()


@scenario(CancellingPartialJoinFlow)
def third_called_off() -> None:
    """The lawyer is not heard."""
    case = begin(CancellingPartialJoinFlow)
    do(case, "engineer")
    do(case, "chemist")
    sign(case, "issue")


class LocalMergeFlow(flow.Flow):
    """WCP-37 Local Synchronizing Merge: a split within a split, each met by a join of its own."""

    process_title = "分级会签"
    lock_impl = select_for_update_lock
    start = intake().Next(this.split)
    split = flow.Split().Always(this.city).Next(this.district, case=says("district", True))
    city = step("市级意见").Next(this.join)
    district = flow.Split().Always(this.street).Always(this.police)
    street = step("街道意见").Next(this.district_join)
    police = step("公安意见").Next(this.district_join)
    district_join = flow.Join().Next(this.summarise)
    summarise = work("汇总区级意见", "summarised").Next(this.join)
    join = flow.Join().Next(this.decide)
    decide = work("决定", "decided").Next(this.end)
    end = flow.End()


@scenario(LocalMergeFlow)
def both_levels() -> None:
    """City and district are heard."""
    case = begin(LocalMergeFlow)
    do(case, "police")
    do(case, "city")
    do(case, "street")


@scenario(LocalMergeFlow)
def city_only() -> None:
    """The district is not concerned."""
    do(begin(LocalMergeFlow, district=False), "city")


class ThreadFlow(flow.Flow):
    """WCP-41 Thread Merge and WCP-42 Thread Split: one step in three threads, which become one again."""

    process_title = "一式三份"
    lock_impl = select_for_update_lock
    start = intake().Next(this.split)
    split = flow.Split().Always(this.copy).Always(this.copy).Always(this.copy)
    copy = work("制作副本", "copies").Next(this.join)
    join = flow.Join().Next(this.decide)
    decide = step("决定").Next(this.end)
    end = flow.End()


@scenario(ThreadFlow)
def three_copies() -> None:
    """Three copies, one decision."""
    do(begin(ThreadFlow), "decide")
