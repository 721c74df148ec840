"""Flows on abstract and concrete bases, and flows with several starts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.test import RequestFactory
from django.utils import timezone
from viewflow import this
from viewflow.workflow import flow
from viewflow.workflow.flow import views
from viewflow.workflow.lock import select_for_update_lock
from viewflow.workflow.timers import fire_due_start_timers

from tests.flows.patterns.driving import APPLICANT, begin, do, officer, scenario, sign
from tests.flows.patterns.steps import intake, page, receive, step, work


class AbstractLicence:
    """An abstract base: how every licence of this office begins and ends; no flow by itself."""

    start = intake().Next(this.accept)
    accept = page("受理").Next(this.examine)
    decide = page("决定").Next(this.deliver)
    deliver = work("送达", "delivered").Next(this.end)
    end = flow.End()


class CateringFlow(AbstractLicence, flow.Flow):
    """An abstract base with one step of its own."""

    process_title = "餐饮许可"
    lock_impl = select_for_update_lock
    examine = step("核查厨房").Next(this.decide)


@scenario(CateringFlow)
def catering() -> None:
    """Through to the delivery."""
    case = begin(CateringFlow)
    sign(case, "accept")
    do(case, "examine")
    sign(case, "decide")


class PharmacyFlow(AbstractLicence, flow.Flow):
    """The same abstract base with two steps of its own and another delivery."""

    process_title = "药店许可"
    lock_impl = select_for_update_lock
    examine = step("核查仓储").Next(this.pharmacist)
    pharmacist = step("核对药师资格").Next(this.decide)
    deliver = step("当面送达").Next(this.end)


@scenario(PharmacyFlow)
def pharmacy() -> None:
    """Delivered in person."""
    case = begin(PharmacyFlow)
    sign(case, "accept")
    do(case, "examine")
    do(case, "pharmacist")
    sign(case, "decide")
    do(case, "deliver")


class RetailFlow(flow.Flow):
    """A concrete base: a flow in use, which another one extends."""

    process_title = "零售许可"
    lock_impl = select_for_update_lock
    start = intake().Next(this.review)
    review = step("审查").OnTimeout(timedelta(days=5), this.hasten, interrupting=False).Next(this.decide)
    hasten = work("催办", "hastened").Next(this.end)
    decide = step("决定").Next(this.issue)
    issue = work("发证", "issued").Next(this.end)
    end = flow.End()


@scenario(RetailFlow)
def retail() -> None:
    """The base's own cases."""
    case = begin(RetailFlow)
    do(case, "review")
    do(case, "decide")


class TobaccoFlow(RetailFlow):
    """A concrete base extended: every step with an edge is written afresh, only the end is taken over."""

    process_title = "烟草零售许可"
    start = intake().Next(this.distance)
    distance = work("测量间距", "measured").Next(this.review)
    review = step("审查").Next(this.decide)
    decide = step("决定").Next(this.issue)
    hasten = work("催办", "hastened").Next(this.end)
    issue = page("发证").Next(this.end)


@scenario(TobaccoFlow)
def tobacco() -> None:
    """The subclass's own cases."""
    case = begin(TobaccoFlow)
    do(case, "review")
    do(case, "decide")
    sign(case, "issue")


def receive_renewal(activation: Any) -> Any:
    """A renewal that nobody filed: the licence runs out."""
    activation.process.data = {**APPLICANT, "renewal": True}
    return activation.process


class SeveralStartsFlow(flow.Flow):
    """Several starts: on a page, by code, and by a timer that comes round every year."""

    process_title = "多渠道立案"
    lock_impl = select_for_update_lock
    start_page = (
        flow.Start(views.CreateProcessView.as_view(fields=["data"])).Annotation(title="窗口立案").Next(this.accept)
    )
    start = flow.StartHandle(receive).Annotation(title="接口立案").Next(this.accept)
    start_yearly = flow.StartTimer(timedelta(days=365), func=receive_renewal).Annotation(title="到期立案")
    start_yearly = start_yearly.Next(this.remind)
    remind = work("通知延续", "reminded").Next(this.decide)
    accept = step("受理").Next(this.decide)
    decide = step("决定").Next(this.end)
    end = flow.End()


@scenario(SeveralStartsFlow)
def by_code() -> None:
    """From another system."""
    case = begin(SeveralStartsFlow)
    do(case, "accept")
    do(case, "decide")


@scenario(SeveralStartsFlow)
def on_the_page() -> None:
    """By an officer."""
    node = SeveralStartsFlow.start_page
    activation = node.activation_class.create(node, None, None)
    request = RequestFactory().post("/")
    request.user = officer()
    activation.start(request)
    activation.process.data = dict(APPLICANT)
    activation.execute()
    do(activation.process, "accept")
    do(activation.process, "decide")


@scenario(SeveralStartsFlow)
def by_the_calendar() -> None:
    """By the dispatcher, once a year."""
    tasks = SeveralStartsFlow.task_class.objects.filter(flow_task=SeveralStartsFlow.start_yearly)
    tasks.update(created=timezone.now() - timedelta(days=366))
    assert fire_due_start_timers(flows=[SeveralStartsFlow]) == 1
    assert fire_due_start_timers(flows=[SeveralStartsFlow]) == 0
    do(SeveralStartsFlow.process_class.objects.latest("pk"), "decide")
