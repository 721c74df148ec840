"""Triggers, timers and boundary events: patterns 23 and 24, and what BPMN adds to them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from viewflow import this
from viewflow.workflow import flow
from viewflow.workflow.context import Context
from viewflow.workflow.lock import select_for_update_lock
from viewflow.workflow.nodes.events import broadcast_signal

from tests.flows.patterns.driving import begin, do, scenario, sign, sweep, wait_out
from tests.flows.patterns.steps import intake, page, says, step, take, work


class TransientTriggerFlow(flow.Flow):
    """WCP-23 Transient Trigger: a signal that nobody waits for is lost."""

    process_title = "信号触发"
    lock_impl = select_for_update_lock
    start = intake().Next(this.prepare)
    prepare = step("整理材料").Next(this.session)
    session = flow.SignalCatch("committee-session").Annotation(title="等待评审会").Next(this.decide)
    decide = work("决定", "decided").Next(this.end)
    end = flow.End()


@scenario(TransientTriggerFlow)
def first_session_missed() -> None:
    """The first session comes too early."""
    case = begin(TransientTriggerFlow)
    assert broadcast_signal("committee-session", flows=[TransientTriggerFlow]) == 0
    do(case, "prepare")
    assert broadcast_signal("committee-session", flows=[TransientTriggerFlow]) == 1


class ThrowingFlow(flow.Flow):
    """WCP-23 Transient Trigger within one case: one branch signals another, and sends a message out."""

    process_title = "分支互通"
    lock_impl = select_for_update_lock
    start = intake().Next(this.split)
    split = flow.Split().Always(this.pay).Always(this.paid)
    pay = step("缴费").Next(this.signal)
    signal = flow.SignalThrow("fee-paid").Annotation(title="缴费完成").Next(this.receipt)
    receipt = flow.MessageThrow(lambda activation: None).Annotation(title="寄送收据").Next(this.end_paid)
    paid = flow.SignalCatch("fee-paid").Annotation(title="等待缴费").Next(this.decide)
    decide = step("决定").Next(this.end)
    end = flow.End()
    end_paid = flow.End()


@scenario(ThrowingFlow)
def paid_and_decided() -> None:
    """The fee opens the decision."""
    case = begin(ThrowingFlow)
    do(case, "pay")
    do(case, "decide")


class PersistentTriggerFlow(flow.Flow):
    """WCP-24 Persistent Trigger: a fact that comes early is kept until the case waits for it."""

    process_title = "事实触发"
    lock_impl = select_for_update_lock
    start = intake().Next(this.prepare)
    prepare = step("整理材料").Next(this.inspected)
    inspected = flow.ConditionalCatch(says("inspected")).Annotation(title="等待检查结果").Next(this.review)
    review = page("审查").Next(this.decide)
    decide = page("决定").Next(this.end)
    end = flow.End()


@scenario(PersistentTriggerFlow)
def result_came_early() -> None:
    """The result was there before it was waited for."""
    case = begin(PersistentTriggerFlow)
    do(case, "prepare", inspected=True)
    sweep(PersistentTriggerFlow)
    sign(case, "review")
    sign(case, "decide")


class TimerFlow(flow.Flow):
    """An intermediate timer leads straight into the decision."""

    process_title = "公示期满"
    lock_impl = select_for_update_lock
    start = intake().Next(this.publish)
    publish = page("公示").Next(this.wait)
    wait = flow.Timer(timedelta(days=7)).Annotation(title="公示期").Next(this.decide)
    decide = work("决定", "decided").Next(this.end)
    end = flow.End()


@scenario(TimerFlow)
def publicity_over() -> None:
    """Seven days."""
    case = begin(TimerFlow)
    sign(case, "publish")
    wait_out(case, "wait")


class TimerDecisionFlow(flow.Flow):
    """The decision takes effect by itself when a timer has run out: the timer is the decision."""

    process_title = "逾期默示"
    lock_impl = select_for_update_lock
    start = intake().Next(this.accept)
    accept = step("受理").Next(this.decide)
    decide = flow.Timer(timedelta(days=20)).Annotation(title="期满即视为同意").Next(this.issue)
    issue = work("发证", "issued").Next(this.end)
    end = flow.End()


@scenario(TimerDecisionFlow)
def tacit_approval() -> None:
    """Twenty days of silence."""
    case = begin(TimerDecisionFlow)
    do(case, "accept")
    wait_out(case, "decide")


class TimeoutFlow(flow.Flow):
    """An interrupting timer boundary: a review that takes too long goes to the decision without it."""

    process_title = "审查超时"
    lock_impl = select_for_update_lock
    start = intake().Next(this.review)
    review = step("审查").OnTimeout(timedelta(days=3), this.decide).Next(this.note)
    note = work("审查意见", "reviewed").Next(this.decide)
    decide = work("决定", "decided").Next(this.end)
    end = flow.End()


@scenario(TimeoutFlow)
def too_late() -> None:
    """Three days are over."""
    wait_out(begin(TimeoutFlow), "review__timeout")


@scenario(TimeoutFlow)
def in_time() -> None:
    """The boundary is disarmed."""
    do(begin(TimeoutFlow), "review")


class ReminderFlow(flow.Flow):
    """A timer boundary that interrupts nothing, on the decision itself."""

    process_title = "决定催办"
    lock_impl = select_for_update_lock
    start = intake().Next(this.accept)
    accept = step("受理").Next(this.decide)
    decide = page("决定").OnTimeout(timedelta(days=10), this.remind, interrupting=False).Next(this.end)
    remind = work("催办", "reminded").Next(this.end_reminded)
    end = flow.End()
    end_reminded = flow.End()


@scenario(ReminderFlow)
def reminded() -> None:
    """Reminded once, then decided."""
    case = begin(ReminderFlow)
    do(case, "accept")
    wait_out(case, "decide__timeout")
    sign(case, "decide")


@scenario(ReminderFlow)
def not_reminded() -> None:
    """In time."""
    case = begin(ReminderFlow)
    do(case, "accept")
    sign(case, "decide")


def ask_register(activation: Any) -> None:
    """Ask a register that may be down."""
    if activation.process.data.get("register_down"):
        raise RuntimeError("the register is down")


class ErrorBoundaryFlow(flow.Flow):
    """An error boundary: when the register is down, somebody looks on paper, and both ways meet at the decision."""

    process_title = "登记查询失败"
    lock_impl = select_for_update_lock
    start = intake().Next(this.wait)
    wait = flow.Timer(timedelta(hours=1)).Annotation(title="批量时段").Next(this.ask)
    ask = flow.Function(ask_register).OnError(this.on_paper).Annotation(title="查询登记").Next(this.decide)
    on_paper = step("书面查询").Next(this.decide)
    decide = step("决定").Next(this.end)
    end = flow.End()


@scenario(ErrorBoundaryFlow)
def register_down() -> None:
    """In the background, where errors are recorded."""
    case = begin(ErrorBoundaryFlow, register_down=True)
    wait_out(case, "wait")
    do(case, "on_paper")
    do(case, "decide")


@scenario(ErrorBoundaryFlow)
def register_up() -> None:
    """No error."""
    case = begin(ErrorBoundaryFlow)
    wait_out(case, "wait")
    do(case, "decide")


def print_licence(activation: Any) -> None:
    """Print, unless the printer fails."""
    if activation.process.data.get("printer_down"):
        raise RuntimeError("no paper")
    activation.process.data["printed"] = True
    activation.process.save(update_fields=["data"])


class DecisionErrorFlow(flow.Flow):
    """The decision itself fails in the background, and its error boundary leads back to a person."""

    process_title = "决定出错"
    lock_impl = select_for_update_lock
    start = intake().Next(this.review)
    review = flow.Handle(take).Annotation(title="审查").Next(this.decide)
    decide = flow.Function(print_licence).OnError(this.review).Annotation(title="决定并制证").Next(this.end)
    end = flow.End()


@scenario(DecisionErrorFlow)
def printer_down_once() -> None:
    """The second round succeeds."""
    case = begin(DecisionErrorFlow)
    with Context(propagate_exception=False):
        do(case, "review", printer_down=True)
        do(case, "review", printer_down=False)
