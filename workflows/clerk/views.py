"""The officers' pages outside the flow's own steps."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.generic import TemplateView
from viewflow.workflow.models import Task
from viewflow.workflow.status import PROCESS, STATUS

from approval_hook.errors import CaseInvalid
from workflows.clerk import credit_bridge
from workflows.clerk.casepage import case_context, case_url
from workflows.clerk.context import may_supervise
from workflows.clerk.debts import overdue_of
from workflows.clerk.lists import applicant_of
from workflows.clerk.posting import only_posted
from workflows.clerk.scope import Case, case_of, cases_of, officer_of, open_steps_of
from workflows.clerk.settlement import EVIDENCE_DEMANDED, SettlementSent
from workflows.clerk.taskforms import WithdrawForm
from workflows.clerk.taskviews import intake_context
from workflows.clerk.tolerance import SupplyRefused, register, supply
from workflows.flows import FoodBusinessFlow, RideHailingDriverFlow
from workflows.models import ApplicantAccount, CaseEvent, FoodBusinessCase, Officer, RideHailingDriverCase
from workflows.withdrawal import WithdrawalRefused, withdraw


def home(request: HttpRequest) -> HttpResponse:
    """Go to the reader's own work: an applicant's cases, the open cases, or for policy staff of no organ the rules."""
    user: Any = request.user
    if (
        ApplicantAccount.objects.filter(user_id=user.pk).exists()
        and not Officer.objects.filter(user_id=user.pk).exists()
    ):
        return redirect("citizen:cases")
    staff = any(user.has_perm(f"approval_hook.{name}") for name in ("author_rules", "publish_rules"))
    rules_only = staff and not Officer.objects.filter(user_id=user.pk).exists()
    return redirect("policydesk:versions" if rules_only else "clerk:worklist")


class CaseView(TemplateView):
    """The case page."""

    template_name = "clerk/case.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Gather the case."""
        case = case_of(self.request.user, self.kwargs["process_pk"])
        return super().get_context_data(**kwargs) | case_context(self.request, case)


@only_posted("clerk:case")
def claim(request: HttpRequest, process_pk: int, task_pk: int) -> HttpResponse:
    """Take an open task and go to its form; somebody faster wins, and the page says so."""
    case = case_of(request.user, process_pk)
    task = get_object_or_404(Task, pk=task_pk, process_id=process_pk)
    with task.activation() as activation:
        free = activation.task.status == STATUS.NEW
        if free:
            decides = activation.flow_task.name == "decide"
            if not activation.flow_task.can_assign(request.user, activation.task):
                why = _("须是审批负责人，而且受理人不能作决定。") if decides else _("须有这一步的办理权限。")
                raise PermissionDenied(_("您不能领取这一步。") + why)
            why_not = credit_bridge.why_not_decide(case, request.user) if decides else ""
            if why_not:
                raise PermissionDenied(why_not)
            activation.assign(request.user)
    if not free:
        messages.warning(request, _("这一步刚刚已由他人领取。"))
        return HttpResponseRedirect(case_url(case))
    return HttpResponseRedirect(task.reverse("execute"))


def withdraw_case(request: HttpRequest, process_pk: int) -> HttpResponse:
    """Take the applicant's withdrawal."""
    case = case_of(request.user, process_pk)
    form = WithdrawForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            withdraw(case, request.user, form.cleaned_data["reason"])
        except WithdrawalRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已撤回，办件终止。未作出不予许可的记录。"))
            return HttpResponseRedirect(case_url(case))
    return render(request, "clerk/withdraw.html", case_context(request, case) | {"form": form})


@only_posted("clerk:case")
def supply_materials(request: HttpRequest, process_pk: int) -> HttpResponse:
    """登记补交: take promised materials."""
    case = case_of(request.user, process_pk)
    try:
        supply(case, request.user, request.POST.getlist("materials"), request.POST.get("reason", ""))
    except SupplyRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已登记补交。"))
    return HttpResponseRedirect(case_url(case))


def correct_case(request: HttpRequest, process_pk: int) -> HttpResponse:
    """更正申请事项: the application form again, with what is on record, until the case is accepted."""
    case = case_of(request.user, process_pk)
    if not request.user.has_perm(f"workflows.file_{case._meta.model_name}"):
        raise PermissionDenied(_("更正由窗口经办人员办理。"))
    flow_class = case.flow_class
    with flow_class.lock(case.pk), transaction.atomic():
        case = type(case)._default_manager.get(pk=case.pk)
        if case.accepted_at is not None or case.status != PROCESS.NEW:
            raise PermissionDenied(_("受理后不能再更正申请事项。申请人可以撤回后重新申请。"))
        on = timezone.localdate(case.filed_at)
        intake = flow_class.intake_class(request.POST if request.method == "POST" else None, on=on, case=case)
        if request.method == "POST" and "more" in request.POST and intake.persons is not None:
            intake = intake.with_more_people(request.POST)
        elif request.method == "POST" and intake.is_valid():
            intake.correct(case)
            register(case, request.user, CaseEvent.Kind.CORRECTED)
            credit_bridge.check_again(case, request.user)
            messages.success(request, _("已更正。"))
            return HttpResponseRedirect(case_url(case))
        return render(request, "clerk/file.html", intake_context(intake, flow_class, case))


@only_posted("clerk:case")
def credit_settle(request: HttpRequest, process_pk: int) -> HttpResponse:
    """Carry out one settling action of the credit panel and say what came of it."""
    case = case_of(request.user, process_pk)
    if not credit_bridge.is_installed():
        raise Http404
    sent = SettlementSent(
        action=request.POST.get("action", ""),
        reason=request.POST.get("reason", "").strip(),
        evidence=request.POST.get("evidence", "").strip(),
    )
    try:
        if not sent.evidence and sent.action.startswith(EVIDENCE_DEMANDED):
            raise CaseInvalid("依据材料", _("没有填写依据材料。"), _("请写明人工查询的截图或文书编号。"))
        credit_bridge.settle(case, request.user, sent.action, sent.reason, sent.evidence)
    except CaseInvalid as error:
        refused = sent.refused(error.field, f"{error.message}{error.remedy}")
        return _settlement_refused(request, case, refused, 422)
    except PermissionDenied as error:
        refused = sent.refused("", str(error) or _("这一步须由其他人员办理。"))
        return _settlement_refused(request, case, refused, 403)
    # "Done" only when the case may go on: a retry that changed nothing must not look like one.
    panel = credit_bridge.panel_for(case)
    if panel is not None and panel.state in {"held", "asking"}:
        messages.warning(request, _("已登记。办件还在等待：%(step)s") % {"step": panel.next_step})
    else:
        messages.success(request, _("已登记，可以继续办理。"))
    return HttpResponseRedirect(case_url(case))


def _settlement_refused(request: HttpRequest, case: Case, sent: SettlementSent, status: int) -> HttpResponse:
    """Show the case page again with everything typed, and the refusal beside the field it is about."""
    return render(request, "clerk/case.html", case_context(request, case) | {"sent": sent}, status=status)


def chart(request: HttpRequest, process_pk: int) -> HttpResponse:
    """The flow chart of a case, with the steps it has taken."""
    case = case_of(request.user, process_pk)
    image = case.flow_class.instance.reverse("process_chart", args=[case.pk])
    steps = open_steps_of([case.pk])[case.pk]
    return render(request, "clerk/chart.html", {"case": case, "image": image, "steps": steps})


def held(request: HttpRequest) -> HttpResponse:
    """待核与督办: cases that wait for a settlement, the most urgent first."""
    if not may_supervise(request.user):
        raise PermissionDenied(_("待核与督办由审批负责人和管理人员查看。"))
    organ = officer_of(request.user).organ
    waiting = credit_bridge.held_cases(organ)
    cases = cases_of(organ, [held.process_pk for held in waiting])
    rows = [
        {
            "held": held,
            "applicant": applicant_of(cases[held.process_pk])[0] if held.process_pk in cases else "",
            "awaited": credit_bridge.may_settle_held(request.user, held),
        }
        for held in waiting
    ]
    context = {"rows": rows, "observed": credit_bridge.observed_flows(organ), "overdue": overdue_of(organ)}
    return render(request, "clerk/held.html", context)


def find(request: HttpRequest) -> HttpResponse:
    """Go straight to the case of an exact 办件号, else search the list."""
    text = request.GET.get("q", "").strip()
    organ = officer_of(request.user).organ
    for model in (FoodBusinessCase, RideHailingDriverCase):
        case = model._default_manager.filter(case_no=text, organ=organ).first()
        if case is not None:
            return HttpResponseRedirect(case_url(case))
    return redirect(f"{reverse('clerk:worklist')}?{urlencode({'show': 'all', 'q': text})}")


def new(request: HttpRequest) -> HttpResponse:
    """收件: choose what is applied for; with one choice the form opens at once."""
    officer = officer_of(request.user)
    choices = [
        {"title": flow_class.process_title, "url": node.reverse("execute")}
        for flow_class in (FoodBusinessFlow, RideHailingDriverFlow)
        if flow_class.process_class.matter in officer.matters
        for node in flow_class.get_start_nodes(request.user)
    ]
    if len(choices) == 1:
        return HttpResponseRedirect(choices[0]["url"])
    if not choices:
        raise PermissionDenied(_("收件由窗口经办人员办理，而且只收本机关受理的事项。"))
    return render(request, "clerk/new.html", {"choices": choices})
