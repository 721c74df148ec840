"""The views behind the flow's steps. Viewflow locks the case and checks the claim before they run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views import View
from django.views.generic import FormView

from approval_hook.errors import CaseInvalid
from approval_hook.policy.clocks import Act
from workflows import acts, materials, promising
from workflows.clerk import credit_bridge, refusing, taskforms
from workflows.clerk.casepage import case_context, case_url
from workflows.clerk.scope import officer_of, require_matter
from workflows.filing import Filing
from workflows.models import PersonRole, Source
from workflows.notices.automatic import after_acceptance, after_filing


class FileCaseView(View):
    """收件 at the window: the application form."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the empty form."""
        require_matter(officer_of(request.user), self._flow(request))
        return self._page(request, self._flow(request).intake_class(on=timezone.localdate()))

    def post(self, request: HttpRequest) -> HttpResponse:
        """File the case, or show every problem with nothing saved."""
        officer = officer_of(request.user)
        require_matter(officer, self._flow(request))
        intake = self._flow(request).intake_class(request.POST, on=timezone.localdate())
        if "more" in request.POST and intake.persons is not None:
            return self._page(request, intake.with_more_people(request.POST))
        if not intake.is_valid():
            return self._page(request, intake)
        twins = [] if "again" in request.POST else intake.open_twins(officer.organ)
        if twins:
            return self._page(request, intake, twins)
        activation = request.activation  # type: ignore[attr-defined] # set by Viewflow
        filing = Filing(officer.organ, officer.region, Source.WINDOW, timezone.now())
        case = intake.save_to(activation.process, filing)
        acts.register(case, Act.RECEIVED, request.user, at=filing.filed_at)
        owed = after_filing(case, request.user)
        activation.execute()
        for why_not in owed:
            messages.warning(request, why_not)
        messages.success(request, _("已收件，办件号 %(case_no)s。") % {"case_no": case.case_no})
        return HttpResponseRedirect(case_url(case))

    def _flow(self, request: HttpRequest) -> Any:
        return request.activation.flow_class  # type: ignore[attr-defined] # set by Viewflow

    def _page(self, request: HttpRequest, intake: Any, twins: Sequence[Any] = ()) -> HttpResponse:
        return render(request, "clerk/file.html", intake_context(intake, self._flow(request)) | {"twins": twins})


def intake_context(intake: Any, flow_class: Any, case: Any = None) -> dict[str, Any]:
    """What the page of an application shows.

    Args:
        intake: the application, bound or not.
        flow_class: the flow it starts.
        case: the case that is being corrected; None for a new one.
    """
    bad = [form for form in intake.forms if form.is_bound and form.errors]
    for form in (bad or intake.forms)[:1]:
        form.focus_first()
    faults = [
        {"id": form[name].id_for_label or form[name].auto_id, "label": _label(form, name), "text": texts[0]}
        for form in bad
        for name, texts in form.errors.items()
        if name in form.fields
    ]
    return {"intake": intake, "flow_title": flow_class.process_title, "case": case, "faults": faults}


def _label(form: Any, name: str) -> str:
    """The field as the summary of errors names it: of one of several people, with the duty of that person."""
    label = str(form[name].label)
    duty = dict(PersonRole.choices).get(form["role"].value()) if "role" in form.fields else None
    return f"{duty} {label}" if duty else label


class StepView(FormView):  # type: ignore[type-arg] # generic only in the stubs
    """One step of a case, shown inside the case page."""

    template_name = "clerk/case.html"
    done_message: ClassVar[str] = ""
    submit_label: ClassVar[str] = ""
    #: Value and label of further buttons, which store something without carrying the step out.
    saves: ClassVar[tuple[tuple[str, str], ...]] = ()
    #: What sending the form causes, said before it is sent.
    consequence: ClassVar[str] = ""
    #: True for a step that Enter in a field must not send.
    deliberate: ClassVar[bool] = False

    def get_form_kwargs(self) -> dict[str, Any]:
        """Hand the case to the form."""
        return super().get_form_kwargs() | {"case": self.request.activation.process}  # type: ignore[attr-defined] # set by Viewflow

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Frame the form in the case page."""
        activation = self.request.activation  # type: ignore[attr-defined] # set by Viewflow
        context = super().get_context_data(**kwargs)
        context["form"].focus_first()
        context |= case_context(self.request, activation.process, open_task=activation.task)
        return context | {
            "step_title": activation.task.title,
            "submit_label": _(self.submit_label),
            "saves": [(value, _(label)) for value, label in self.saves],
            "consequence": _(self.consequence),
            "deliberate": self.deliberate,
        }

    def form_valid(self, form: taskforms.StepForm) -> HttpResponse:
        """Write the step into the case and move the flow on, in one transaction."""
        activation = self.request.activation  # type: ignore[attr-defined] # set by Viewflow
        form.apply(self.request.user)
        try:
            form.register(self.request.user)
        except CaseInvalid as error:
            form.case.refresh_from_db()
            form.add_error(None, f"{error.message}{error.remedy}")
            return self.form_invalid(form)
        form.case.save()
        activation.execute()
        self.then(form.case)
        messages.success(self.request, _(self.done_message))
        return HttpResponseRedirect(case_url(form.case))

    def then(self, case: Any) -> None:
        """What else belongs to the step, once it is done."""


class AcceptView(StepView):
    """受理."""

    form_class = taskforms.AcceptForm
    submit_label = gettext_noop("受理")
    saves = (("promise", gettext_noop("出具容缺承诺书")), ("materials", gettext_noop("保存已收材料（已告知补正）")))
    offered_message = gettext_noop("已出具容缺承诺书。申请人签署后即可受理。")
    saved_message = gettext_noop("已保存收到的材料，尚未受理。")
    consequence = gettext_noop("受理后，二十个工作日的法定期限从下一个工作日起算。")
    done_message = gettext_noop("已受理。")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Accept, put a promise to the applicant, or only store which materials are here."""
        if "save" not in request.POST:
            return super().post(request, *args, **kwargs)
        form = self.get_form()
        promise = request.POST["save"] == "promise"
        if not (form.offer_promise(request.user) if promise else form.keep_materials(request.user)):
            return self.form_invalid(form)
        messages.success(request, _(self.offered_message if promise else self.saved_message))
        return HttpResponseRedirect(case_url(form.case))

    def then(self, case: Any) -> None:
        """Issue the 受理通知书; where that cannot be, the acceptance stands and the page says why."""
        for why_not in after_acceptance(case, self.request.user):
            messages.warning(self.request, why_not)

    def get_initial(self) -> dict[str, Any]:
        """Propose the last day on which every tolerated material may still come."""
        case = self.request.activation.process  # type: ignore[attr-defined] # set by Viewflow
        absent = materials.missing(materials.catalogue_of(case), case.materials)
        latest = promising.latest_day(case, [material.code for material in absent]) if absent else None
        return super().get_initial() | ({"supply_until": latest} if latest else {})


class ReviewView(StepView):
    """审查."""

    form_class = taskforms.ReviewForm
    submit_label = gettext_noop("提交审查意见")
    consequence = gettext_noop("转审批负责人决定。")
    done_message = gettext_noop("审查意见已提交。")


class DecideView(StepView):
    """决定."""

    form_class = taskforms.DecideForm
    submit_label = gettext_noop("作出决定")
    consequence = gettext_noop("准予的，转窗口十个工作日内送达；不予许可的，办件办结并送达决定书。")
    done_message = gettext_noop("已作出决定。")
    deliberate = True

    def form_valid(self, form: taskforms.StepForm) -> HttpResponse:
        """Leave it to another head where this one had the case reviewed strictly, also if they had it claimed."""
        why_not = credit_bridge.why_not_decide(form.case, self.request.user)
        if why_not:
            form.add_error(None, why_not)
            return self.form_invalid(form)
        return super().form_valid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say beside the form what a refusal may not rest on."""
        context = super().get_context_data(**kwargs)
        return context | {"warnings": refusing.warnings(context["panel"])}


class DeliverView(StepView):
    """送达."""

    form_class = taskforms.DeliverForm
    submit_label = gettext_noop("登记送达")
    consequence = gettext_noop("办件办结。")
    done_message = gettext_noop("已送达，办件办结。")
