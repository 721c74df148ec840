"""How cases end: patterns 11 and 43, error ends, compensation and escalation."""

from __future__ import annotations

from typing import Any

from viewflow import this
from viewflow.workflow import flow
from viewflow.workflow.lock import select_for_update_lock

from tests.flows.patterns.driving import APPLICANT, begin, do, scenario, sign, waiting
from tests.flows.patterns.steps import intake, page, receive, says, step, work


class ImplicitTerminationFlow(flow.Flow):
    """WCP-11 Implicit Termination: the case ends when its last branch does; nothing joins them."""

    process_title = "各自办结"
    lock_impl = select_for_update_lock
    start = intake().Next(this.split)
    split = flow.Split().Always(this.decide).Always(this.levy).Always(this.statistics)
    decide = step("决定").Next(this.end)
    levy = step("收费").Next(this.end)
    statistics = work("统计", "counted").Next(this.end)
    end = flow.End()


@scenario(ImplicitTerminationFlow)
def fee_last() -> None:
    """The fee comes last."""
    case = begin(ImplicitTerminationFlow)
    do(case, "decide")
    do(case, "levy")


class ExplicitTerminationFlow(flow.Flow):
    """WCP-43 Explicit Termination: refusal or grant ends everything that still runs."""

    process_title = "即时办结"
    lock_impl = select_for_update_lock
    start = intake().Next(this.split)
    split = flow.Split().Always(this.review).Always(this.publish)
    review = step("审查").Next(this.decide)
    decide = work("决定", "decided").Next(this.end)
    publish = page("公示").Next(this.end_published)
    end = flow.TerminateEnd()
    end_published = flow.End()


@scenario(ExplicitTerminationFlow)
def publicity_cut_off() -> None:
    """The publicity is still open."""
    do(begin(ExplicitTerminationFlow), "review")


@scenario(ExplicitTerminationFlow)
def publicity_finished() -> None:
    """The publicity was over."""
    case = begin(ExplicitTerminationFlow)
    sign(case, "publish")
    do(case, "review")


class FailingChildFlow(flow.Flow):
    """A child case that ends in an error, which its parent catches."""

    process_title = "技术审查"
    lock_impl = select_for_update_lock
    start = flow.StartHandle(receive).Annotation(title="技术收件").Next(this.examine)
    examine = step("技术审查").Next(this.sound)
    sound = flow.If(says("sound")).Then(this.end).Else(this.end_unsound)
    end = flow.End()
    end_unsound = flow.ErrorEnd("unsound")


class ErrorEndFlow(flow.Flow):
    """An error end of a child reaches the error boundary of the parent's waiting step."""

    process_title = "技术审查不合格"
    lock_impl = select_for_update_lock
    start = intake().Next(this.examine)
    examine = step("等待技术审查").OnError(this.hear, code="unsound").Next(this.decide)
    hear = page("听取陈述申辩").Next(this.decide)
    decide = page("决定").Next(this.end)
    end = flow.End()


@scenario(ErrorEndFlow)
def child_unsound() -> None:
    """The parent hears the applicant before it decides."""
    case = begin(ErrorEndFlow)
    child = FailingChildFlow.start.run(applicant=APPLICANT, _parent_task=waiting(case, "examine"))
    do(child, "examine")
    sign(case, "hear")
    sign(case, "decide")


class RefusalErrorFlow(flow.Flow):
    """The case itself ends in an error: the decision could not be served."""

    process_title = "无法送达"
    lock_impl = select_for_update_lock
    start = intake().Next(this.split)
    split = flow.Split().Always(this.review).Always(this.remind)
    review = step("审查").Next(this.decide)
    decide = work("决定", "decided").Next(this.served)
    served = flow.If(says("address", True)).Then(this.end).Else(this.end_unserved)
    remind = step("提醒").Next(this.end)
    end = flow.End()
    end_unserved = flow.ErrorEnd("unserved")


@scenario(RefusalErrorFlow)
def not_served() -> None:
    """The other branch is cut off."""
    do(begin(RefusalErrorFlow, address=False), "review")


@scenario(RefusalErrorFlow)
def served() -> None:
    """Both branches end."""
    case = begin(RefusalErrorFlow)
    do(case, "review")
    do(case, "remind")


class CompensationFlow(flow.Flow):
    """Compensation: what was reserved and decided is undone, the latest first."""

    process_title = "指标回收"
    lock_impl = select_for_update_lock
    start = intake().Next(this.reserve)
    reserve = work("占用指标", "reserved").CompensateWith(this.release).Next(this.decide)
    release = work("释放指标", "released")
    decide = work("决定", "decided").CompensateWith(this.revoke).Next(this.lapsed)
    revoke = work("撤销决定", "revoked")
    lapsed = step("核实开业").Next(this.opened)
    opened = flow.If(says("opened")).Then(this.end).Else(this.undo_all)
    undo_all = flow.CompensateThrow().Annotation(title="回收").Next(this.end_undone)
    end = flow.End()
    end_undone = flow.End()


@scenario(CompensationFlow)
def undone() -> None:
    """Never opened."""
    do(begin(CompensationFlow), "lapsed")


@scenario(CompensationFlow)
def opened() -> None:
    """Nothing is undone."""
    do(begin(CompensationFlow), "lapsed", opened=True)


class OverdueChildFlow(flow.Flow):
    """A child case that calls for help and goes on."""

    process_title = "现场勘验"
    lock_impl = select_for_update_lock
    start = flow.StartHandle(receive).Annotation(title="勘验收件").Next(this.measure)
    measure = step("勘验").Next(this.call)
    call = flow.EscalationThrow("difficult").Annotation(title="请求支援").Next(this.end)
    end = flow.End()


class EscalationFlow(flow.Flow):
    """An escalation of a child opens a parallel path of the parent, which decides on its own."""

    process_title = "疑难会商"
    lock_impl = select_for_update_lock
    start = intake().Next(this.survey)
    survey = step("等待勘验").OnEscalation(this.discuss, code="difficult").Next(this.decide)
    discuss = step("会商").Next(this.end_discussed)
    decide = work("决定", "decided").Next(this.end)
    end = flow.End()
    end_discussed = flow.End()


@scenario(EscalationFlow)
def difficult_site() -> None:
    """Discussed beside the survey."""
    case = begin(EscalationFlow)
    child = OverdueChildFlow.start.run(applicant=APPLICANT, _parent_task=waiting(case, "survey"))
    do(child, "measure")
    do(case, "discuss")
    do(case, "survey")


def officer_hint(activation: Any) -> dict[str, Any]:
    """Data that a step hands to the next one."""
    return {"hint": activation.process.data.get("hint", "")}


class HandedOnFlow(flow.Flow):
    """Steps hand data of their own to the tasks behind them, and these use it."""

    process_title = "任务数据传递"
    lock_impl = select_for_update_lock
    start = intake().Next(this.accept)
    accept = step("受理").Next(this.large, task_data=officer_hint)
    large = (
        flow.If(says("large"))
        .Then(this.decide, task_data=lambda activation: {"board": True})
        .Else(this.decide_alone, task_data=officer_hint)
    )
    decide = step("集体决定").Next(this.record, task_data=officer_hint)
    decide_alone = flow.Function(this.use_hint).Annotation(title="个人决定").Next(this.end)
    record = flow.Function(this.use_hint).Annotation(title="记录").Next(this.end)
    end = flow.End()

    def use_hint(self, activation: Any) -> None:
        """Fails when the data of its task did not arrive."""
        activation.process.data["used"] = activation.task.data["hint"]
        activation.process.save(update_fields=["data"])


@scenario(HandedOnFlow)
def by_the_board() -> None:
    """Large premises."""
    case = begin(HandedOnFlow, large=True)
    do(case, "accept", hint="先看消防")
    do(case, "decide")


@scenario(HandedOnFlow)
def by_one_officer() -> None:
    """Small premises."""
    do(begin(HandedOnFlow), "accept", hint="先看卫生")
