"""Cancelled, suspended and taken-back work: patterns 19, 20, 25 and 26."""

from __future__ import annotations

from typing import Any

from viewflow import this
from viewflow.workflow import flow
from viewflow.workflow.lock import select_for_update_lock

from tests.flows.patterns.driving import begin, do, move, scenario, sign, withdraw
from tests.flows.patterns.steps import intake, page, says, step, take, work


class CancelTaskFlow(flow.Flow):
    """WCP-19 Cancel Task: a step is cancelled, revived or taken back, and the case goes on."""

    process_title = "撤销步骤"
    lock_impl = select_for_update_lock
    start = intake().Next(this.split)
    split = flow.Split().Always(this.visit).Always(this.consult)
    visit = step("现场核查").Next(this.join)
    consult = step("征求意见").Next(this.join)
    join = flow.Join().Next(this.review)
    review = step("审查").Next(this.decide)
    decide = step("决定").Next(this.issue)
    issue = step("发证").Next(this.end)
    end = flow.End()


@scenario(CancelTaskFlow)
def consultation_cancelled() -> None:
    """The branch is gone; the other one goes on alone."""
    case = begin(CancelTaskFlow)
    move(case, "consult", "cancel")
    for name in ("visit", "review", "decide", "issue"):
        do(case, name)


@scenario(CancelTaskFlow)
def consultation_revived() -> None:
    """Cancelled and revived."""
    case = begin(CancelTaskFlow)
    move(case, "consult", "cancel")
    move(case, "consult", "revive")
    for name in ("visit", "consult", "review", "decide", "issue"):
        do(case, name)


@scenario(CancelTaskFlow)
def decision_cancelled_and_revived() -> None:
    """The open decision is cancelled and revived."""
    case = begin(CancelTaskFlow)
    for name in ("visit", "consult", "review"):
        do(case, name)
    move(case, "decide", "cancel")
    move(case, "decide", "revive")
    do(case, "decide")
    do(case, "issue")


@scenario(CancelTaskFlow)
def decision_taken_back() -> None:
    """A decision that was taken is undone and taken anew."""
    case = begin(CancelTaskFlow)
    for name in ("visit", "consult", "review", "decide"):
        do(case, name)
    move(case, "issue", "cancel")
    move(case, "decide", "undo")
    move(case, "decide", "revive")
    do(case, "decide")
    do(case, "issue")


@scenario(CancelTaskFlow)
def review_taken_back() -> None:
    """Back from the open decision to the review, which is done again."""
    case = begin(CancelTaskFlow)
    for name in ("visit", "consult", "review"):
        do(case, name)
    move(case, "decide", "cancel")
    move(case, "review", "undo")
    move(case, "review", "revive")
    for name in ("review", "decide", "issue"):
        do(case, name)


class CancelCaseFlow(flow.Flow):
    """WCP-20 Cancel Case: the applicant withdraws at any moment, on Viewflow's own page."""

    process_title = "撤回申请"
    lock_impl = select_for_update_lock
    start = intake().Next(this.accept)
    accept = page("受理").Next(this.review)
    review = page("审查").Next(this.decide)
    decide = page("决定").Next(this.end)
    end = flow.End()


@scenario(CancelCaseFlow)
def withdrawn_before_acceptance() -> None:
    """At once."""
    withdraw(begin(CancelCaseFlow))


@scenario(CancelCaseFlow)
def withdrawn_before_decision() -> None:
    """The decision is open."""
    case = begin(CancelCaseFlow)
    sign(case, "accept")
    sign(case, "review")
    withdraw(case)


@scenario(CancelCaseFlow)
def not_withdrawn() -> None:
    """Decided."""
    case = begin(CancelCaseFlow)
    for name in ("accept", "review", "decide"):
        sign(case, name)


def called_off(activation: Any, active: Any) -> bool:
    """The applicant needs the checks no more."""
    return bool(activation.task.previous.filter(flow_task=CancelRegionFlow.call_off).exists())


class CancelRegionFlow(flow.Flow):
    """WCP-25 Cancel Region: one message ends every step between split and join."""

    process_title = "撤销核查"
    lock_impl = select_for_update_lock
    start = intake().Next(this.split)
    split = flow.Split().Always(this.sample).Always(this.visit).Always(this.call_off)
    sample = step("抽样").Next(this.test)
    test = step("检验").Next(this.join)
    visit = page("现场核查").Next(this.join)
    call_off = flow.MessageCatch(take).Annotation(title="免予核查").Next(this.join)
    join = flow.Join(continue_on_condition=called_off).Next(this.decide)
    decide = work("决定", "decided").Next(this.end)
    end = flow.End()


@scenario(CancelRegionFlow)
def checks_called_off() -> None:
    """Test and visit are open and end."""
    case = begin(CancelRegionFlow)
    do(case, "sample")
    do(case, "call_off", exempt=True)


@scenario(CancelRegionFlow)
def decision_within_region() -> None:
    """Everything is done, and then called off."""
    case = begin(CancelRegionFlow)
    do(case, "sample")
    do(case, "test")
    sign(case, "visit")
    do(case, "call_off")


def enough(activation: Any, active: Any) -> bool:
    """The inquiry was closed."""
    return bool(activation.process.data.get("closed"))


class CancelInstancesFlow(flow.Flow):
    """WCP-26 Cancel Multiple Instance Task: closing the inquiry ends every open questionnaire."""

    process_title = "结束问询"
    lock_impl = select_for_update_lock
    start = intake().Next(this.split)
    split = flow.Split().Always(this.question).Always(this.question).Always(this.close)
    question = step("问询").Next(this.join)
    close = step("结束问询").Next(this.join)
    join = flow.Join(continue_on_condition=enough).Next(this.decide)
    decide = page("决定").Next(this.issue)
    issue = work("发证", "issued").Next(this.end)
    end = flow.End()


@scenario(CancelInstancesFlow)
def closed_after_one() -> None:
    """One answer is in."""
    case = begin(CancelInstancesFlow)
    do(case, "question")
    do(case, "close", closed=True)
    sign(case, "decide")


class SuspendFlow(flow.Flow):
    """A suspended case: it waits for a message, and what was asked for meanwhile may be cancelled."""

    process_title = "中止办理"
    lock_impl = select_for_update_lock
    start = intake().Next(this.review)
    review = step("审查").Next(this.lawsuit)
    lawsuit = flow.If(says("lawsuit")).Then(this.suspend).Else(this.decide)
    suspend = flow.Split().Always(this.resume).Always(this.inform)
    resume = flow.MessageCatch(take).Annotation(title="恢复办理").Next(this.decide)
    inform = page("通知当事人").Next(this.end_informed)
    decide = step("决定").Next(this.end)
    end = flow.End()
    end_informed = flow.End()


@scenario(SuspendFlow)
def suspended_and_resumed() -> None:
    """The notice is cancelled, the case resumed."""
    case = begin(SuspendFlow)
    do(case, "review", lawsuit=True)
    move(case, "inform", "cancel")
    do(case, "resume")
    do(case, "decide")


@scenario(SuspendFlow)
def withdrawn_while_suspended() -> None:
    """The applicant does not want to wait."""
    case = begin(SuspendFlow)
    do(case, "review", lawsuit=True)
    withdraw(case)
