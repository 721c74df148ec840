"""The flow of the Ride-hailing driver licence (网络预约出租汽车驾驶员证)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from viewflow import this
from viewflow.workflow import flow

from workflows.clerk import taskviews
from workflows.clerk.intake import DriverIntake
from workflows.flows import steps
from workflows.models import RideHailingDriverCase


class RideHailingDriverFlow(flow.Flow):
    """Ride-hailing driver licence, new application: 收件, 受理, 审查, 决定, 送达.

    The window files and accepts, checks the materials and delivers; the head, who must
    be another person than the one who accepted, decides to grant or to refuse with reasons.
    The statutory clock is 5 working days to accept, 20 to decide, 10 to deliver
    (行政许可法 第三十二条、第四十二条、第四十四条). An applicant may withdraw until the decision.
    """

    process_class = RideHailingDriverCase
    process_title = _("网约车驾驶员证（新办）")
    process_description = _("窗口收件、受理、审查，审批负责人决定，窗口送达。决定前申请人可以撤回。")
    lock_impl = steps.case_lock
    intake_class = DriverIntake

    start = (
        flow.Start(taskviews.FileCaseView.as_view())
        .Annotation(title=_("收件"), description=_("核对证照号码，登记收件。"))
        .Permission("workflows.file_ridehailingdrivercase")
        .Next(this.accept)
    )
    start_by_code = (
        flow.StartHandle(steps.receive)
        .Annotation(title=_("网上收件"), description=_("由网上申请或批量导入登记，校验与窗口相同。"))
        .Next(this.accept)
    )
    accept = (
        steps.Step(taskviews.AcceptView.as_view(), undo_func=steps.undo_accept)
        .Annotation(title=_("受理"), description=_("核对材料是否齐全、符合法定形式。"))
        .Permission("workflows.accept_ridehailingdrivercase")
        .Next(this.review)
    )
    review = (
        steps.Step(taskviews.ReviewView.as_view(), undo_func=steps.undo_review)
        .Annotation(title=_("审查"), description=_("只按法定条件审查，写明意见。"))
        .Permission("workflows.review_ridehailingdrivercase")
        .Next(this.decide)
    )
    decide = (
        steps.DecisionTask(taskviews.DecideView.as_view(), undo_func=steps.undo_decide)
        .Annotation(title=_("决定"), description=_("由非受理人的审批负责人作出决定并说明理由。"))
        .Permission("workflows.decide_ridehailingdrivercase")
        .Next(this.check_granted)
    )
    check_granted = flow.If(steps.is_granted).Annotation(title=_("是否准予")).Then(this.deliver).Else(this.end_refused)
    deliver = (
        steps.Step(taskviews.DeliverView.as_view(), undo_func=steps.undo_deliver)
        .Annotation(title=_("送达"), description=_("送达许可证件，填写送达回证。"))
        .Permission("workflows.deliver_ridehailingdrivercase")
        .Next(this.end_granted)
    )
    end_granted = flow.End().Annotation(title=_("办结（准予）"))
    end_refused = flow.End().Annotation(title=_("办结（不予许可）"))
