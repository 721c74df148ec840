"""The forms of the steps after filing. Each knows how to write itself into the case."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from approval_hook.policy.clocks import Act
from workflows import acts, materials, promising
from workflows.clerk import credit_bridge, refusing
from workflows.clerk.formfields import PlainForm, RadioList, date_field, material_field
from workflows.clerk.tolerance import Case, register, still_out
from workflows.models import CaseEvent, Result


class StepForm(PlainForm):
    """A form about one case, filled in by one officer."""

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        """Keep the case beside the fields."""
        self.case = case
        super().__init__(*args, **kwargs)

    def apply(self, user: Any) -> None:
        """Write the checked fields into the case; the caller saves it."""
        raise NotImplementedError

    def register(self, user: Any) -> None:
        """Write down the statutory act that the step is; some are none.

        Raises:
            CaseInvalid: it may not follow what happened.
        """


class AcceptForm(StepForm):
    """受理: materials complete, or a secondary one promised in writing."""

    supply_until = date_field(_("补交截止日期"), required=False, demanded=_("（出具容缺承诺书时填写）"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the materials of this matter, ticked as handed in."""
        super().__init__(*args, **kwargs)
        field = material_field(materials.catalogue_of(self.case))
        field.initial = self.case.materials
        self.fields = {"materials": field, **self.fields}

    def clean(self) -> dict[str, Any]:
        """Refuse to accept without a required material; tolerate a secondary one against a promise."""
        data = super().clean() or {}
        absent = materials.missing(materials.catalogue_of(self.case), data.get("materials", []))
        required = "、".join(str(material.title) for material in absent if material.required)
        if required:
            self.add_error(
                "materials",
                gettext("缺必备材料：%(titles)s。必备材料不能容缺，请一次告知申请人补正全部内容后再受理。")
                % {"titles": required},
            )
        elif absent and not promising.covers(promising.given(self.case), {material.code for material in absent}):
            self.add_error(
                "materials",
                _("还缺次要材料。请先出具容缺承诺书，申请人签署后再受理；申请人不愿承诺的，补齐材料后受理。"),
            )
        return data

    def offer_promise(self, user: Any) -> bool:
        """Put a promise about what is missing to the applicant; False when a field has an error."""
        if not self.keep_materials(user):
            return False
        absent = materials.missing(materials.catalogue_of(self.case), self.case.materials)
        try:
            until = self.fields["supply_until"].clean(self["supply_until"].data)
            if until is None:
                raise forms.ValidationError(_("请填写补交截止日期，它会写入承诺书。"))
            promising.offer(self.case, user, [material.code for material in absent], until)
        except forms.ValidationError as error:
            self.add_error("supply_until", error)
        except promising.PromiseRefused as refused:
            self.add_error("supply_until", str(refused))
        else:
            return True
        return False

    def keep_materials(self, user: Any) -> bool:
        """Store the ticks without accepting; False when one is not in the list of the matter."""
        field = self.fields["materials"]
        try:
            codes = list(field.clean(self["materials"].data or []))
        except forms.ValidationError as error:
            self.add_error("materials", error)
            return False
        fresh = [code for code in codes if code not in self.case.materials]
        if codes != self.case.materials:
            self.case.materials = codes
            self.case.save(update_fields=["materials"])
            register(self.case, user, CaseEvent.Kind.MATERIALS, fresh)
            acts.supplied_if_complete(self.case, user)
        return True

    def apply(self, user: Any) -> None:
        """Accept now."""
        absent = materials.missing(materials.catalogue_of(self.case), self.cleaned_data["materials"])
        self.case.materials = self.cleaned_data["materials"]
        found = promising.given(self.case) if absent else None
        self.case.supply_until = found.standing.due if found else None
        self.case.accepted_at = timezone.now()
        self.case.accepted_by = user

    def register(self, user: Any) -> None:
        """受理."""
        acts.register(self.case, Act.ACCEPTED, user, at=self.case.accepted_at)


class ReviewForm(StepForm):
    """审查: an opinion on the statutory conditions."""

    review_opinion = forms.CharField(
        label=_("审查意见"),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=2000,
        help_text=_("逐项对照法定条件写明是否符合。信用记录本身不是许可条件。"),
    )

    def apply(self, user: Any) -> None:
        """Record the opinion now."""
        self.case.review_opinion = self.cleaned_data["review_opinion"]
        self.case.reviewed_at = timezone.now()


class DecideForm(StepForm):
    """决定: grant, or refuse with statutory basis, by somebody who did not accept."""

    LEAST_REFUSAL_CHARS: ClassVar[int] = 20

    decision = forms.ChoiceField(label=_("决定"), choices=Result.choices, widget=RadioList)
    decision_reason = forms.CharField(
        label=_("理由"),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=2000,
        help_text=_("不予许可的，须写明事实和法律条款。申请人会读到这段文字。"),
    )
    remedy_told = forms.BooleanField(
        label=_("不予许可：已写明六十日内申请行政复议、六个月内提起行政诉讼的权利"), required=False
    )

    def clean(self) -> dict[str, Any]:
        """Make a refusal say why, on which article, and with which remedies."""
        data = super().clean() or {}
        out = still_out(self.case)
        # 容缺 defers a paper, it does not waive it: the result is given only after the supply.
        if data.get("decision") == Result.GRANTED and out:
            self.add_error("decision", out + gettext("补齐前不能准予许可。请先登记补交。"))
        if data.get("decision") == Result.REFUSED:
            reason = data.get("decision_reason", "")
            if reason and (len(reason) < self.LEAST_REFUSAL_CHARS or "条" not in reason):
                self.add_error("decision_reason", _("不予许可须写明事实和所依据的法律条款（第几条），不少于二十个字。"))
            if not data.get("remedy_told"):
                self.add_error("remedy_told", _("不予许可决定须告知申请人救济途径。请写入决定书后勾选。"))
            article = refusing.unlawful_basis(credit_bridge.panel_for(self.case), reason)
            if article:
                text = gettext(
                    "%(article)s所载措施不得据以不予许可。请引用申请人不符合的法定条件，或者已确认适用的法定限制。"
                )
                self.add_error("decision_reason", text % {"article": article})
        return data

    def apply(self, user: Any) -> None:
        """Decide now."""
        self.case.decision = self.cleaned_data["decision"]
        self.case.decision_reason = self.cleaned_data["decision_reason"]
        self.case.decided_at = timezone.now()
        self.case.decided_by = user

    def register(self, user: Any) -> None:
        """作出决定."""
        granted = self.case.decision == Result.GRANTED
        acts.register(self.case, Act.DECIDED, user, at=self.case.decided_at, granted=granted)


class DeliverForm(StepForm):
    """送达: way and receiver."""

    WAYS: ClassVar[list[tuple[str, Any]]] = [
        ("直接送达", _("直接送达")),
        ("邮寄送达", _("邮寄送达")),
        ("电子送达", _("电子送达")),
    ]

    way = forms.ChoiceField(label=_("送达方式"), choices=WAYS)
    receiver = forms.CharField(label=_("签收人"), max_length=60)

    def apply(self, user: Any) -> None:
        """Deliver now."""
        self.case.delivered_at = timezone.now()
        self.case.delivery_note = f"{self.cleaned_data['way']}，{self.cleaned_data['receiver']}签收"

    def register(self, user: Any) -> None:
        """送达."""
        acts.register(self.case, Act.DELIVERED, user, at=self.case.delivered_at)


class WithdrawForm(PlainForm):
    """撤回: the applicant's reason."""

    reason = forms.CharField(label=_("撤回原因"), max_length=200, widget=forms.Textarea(attrs={"rows": 3}))
    applicant_asked = forms.BooleanField(label=_("申请人已书面提出撤回"))
