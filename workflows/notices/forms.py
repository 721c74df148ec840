"""What an officer fills in for a notice; each form gives the typed facts."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from approval_hook.policy.workdays import add_workdays
from approval_hook.workcalendar import published_calendar
from workflows import materials
from workflows.clerk import clock
from workflows.clerk.formfields import PlainForm, date_field
from workflows.clerk.taskforms import DeliverForm
from workflows.notices.automatic import FACTS_OF
from workflows.notices.catalogue import catalogue
from workflows.notices.facts import (
    CorrectionFacts,
    ExtensionFacts,
    Facts,
    Item,
    ServiceFacts,
    SpecialProcedureFacts,
)
from workflows.notices.models import Notice

_NOTE = "note-"
#: Longest texts; those of ``facts``.
_NAME, _TEXT = 200, 500
#: Working days that are proposed for supplying corrections.
_PROPOSED_WORKDAYS = 10
#: What the law lets stop the clock (行政许可法 第四十五条).
PROCEDURES = ("听证", "招标", "拍卖", "检验", "检测", "检疫", "鉴定", "专家评审")


class NoticeForm(PlainForm):
    """Fields of one kind of notice about one case; this one has none, because its facts follow from the case."""

    kind = ""

    def __init__(self, *args: Any, case: Any, kind: str, user: Any, **kwargs: Any) -> None:
        """Keep case, kind and officer beside the fields."""
        self.case, self.kind, self.user = case, kind, user
        super().__init__(*args, **kwargs)

    def facts(self) -> Facts:
        """The facts; only after ``is_valid``.

        Raises:
            NoticeRefused: the case does not give them yet.
        """
        found = FACTS_OF[self.kind](self.case)
        assert found is not None  # noqa: S101 - such a notice is not offered
        return found


class _AbsentForm(NoticeForm):
    """A form with a remark on each missing material."""

    note_label: Any = ""

    def proposed(self, material: materials.Material) -> str:
        """What the remark says unless the officer changes it."""
        raise NotImplementedError

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Ask about every missing material: none of them can be left out."""
        super().__init__(*args, **kwargs)
        self.absent = materials.missing(materials.catalogue_of(self.case), self.case.materials)
        notes = {
            f"{_NOTE}{m.code}": forms.CharField(
                label=f"{m.title}：{self.note_label}", max_length=_TEXT, initial=self.proposed(m)
            )
            for m in self.absent
        }
        self.fields = {**notes, **self.fields}

    def items(self) -> tuple[Item, ...]:
        """Every missing material with its remark."""
        return tuple(Item(str(m.title), m.code, self.cleaned_data[f"{_NOTE}{m.code}"]) for m in self.absent)


class CorrectionForm(_AbsentForm):
    """一次性补正."""

    note_label = _("法定形式和补正要求")
    more = forms.CharField(
        label=_("其他需要补正的内容"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("每行一项，写成“材料名称：补正要求”。全部内容须一次告知，告知后不得再提出。"),
    )
    due_on = date_field(_("补正截止日期"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Propose a day."""
        super().__init__(*args, **kwargs)
        self.fields["due_on"].initial = add_workdays(timezone.localdate(), _PROPOSED_WORKDAYS, published_calendar()).on

    def proposed(self, material: materials.Material) -> str:
        """It is not there."""
        return "未提交，请按办事指南要求的法定形式提交"

    def clean_more(self) -> tuple[Item, ...]:
        """Read one item a line."""
        found = []
        for line in self.cleaned_data["more"].splitlines():
            title, _sign, note = line.strip().replace(":", "：", 1).partition("：")
            if not title.strip():
                continue
            if not note.strip() or len(title) > _NAME or len(note) > _TEXT:
                raise forms.ValidationError(_("每行写成“材料名称：补正要求”，名称不超过200字，要求不超过500字。"))
            found.append(Item(title.strip(), note=note.strip()))
        return tuple(found)

    def clean(self) -> dict[str, Any]:
        """Demand something to correct, and a day that is still to come."""
        data = super().clean() or {}
        if not self.absent and not data.get("more") and "more" not in self.errors:
            self.add_error("more", _("材料齐全。没有需要补正的内容，请直接受理。"))
        if data.get("due_on") and data["due_on"] <= timezone.localdate():
            self.add_error("due_on", _("补正截止日期须晚于今天。"))
        return data

    def facts(self) -> Facts:
        """What was filled in."""
        return CorrectionFacts(self.items() + self.cleaned_data["more"], self.cleaned_data["due_on"])


class ExtensionForm(NoticeForm):
    """延长期限, approved by the head who fills it in."""

    days = forms.IntegerField(label=_("延长的工作日"), min_value=1, initial=10)
    reason = forms.CharField(
        label=_("延长理由"), max_length=_TEXT, min_length=4, widget=forms.Textarea(attrs={"rows": 3})
    )
    approved = forms.BooleanField(label=_("本人作为本机关负责人批准延长"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Bound the days by the rules in force."""
        super().__init__(*args, **kwargs)
        most = clock.most_extension(self.case)
        days = self.fields["days"]
        days.validators.append(MaxValueValidator(most, _("超过法定上限。")))
        days.help_text = gettext("法定最多 %(days)d 个工作日，只能延长一次。") % {"days": most}

    def due(self) -> date | None:
        """The day until which a decision is due without the extension."""
        return clock.last_day(self.case, timezone.localdate(self.case.accepted_at))

    def clean(self) -> dict[str, Any]:
        """Demand a clock that can be extended."""
        data = super().clean() or {}
        if self.due() is None:
            raise forms.ValidationError(_("现行规则没有本事项的办理期限，不能延长。"))
        return data

    def facts(self) -> Facts:
        """What was filled in, with the new date."""
        data, due = self.cleaned_data, self.due()
        assert due is not None  # noqa: S101 - clean refuses
        new = add_workdays(due, data["days"], published_calendar()).on
        name = self.user.get_full_name() or self.user.get_username()
        return ExtensionFacts(data["reason"], data["days"], due, new, name)


class SpecialProcedureForm(NoticeForm):
    """特别程序."""

    procedure = forms.ChoiceField(label=_("特别程序"), choices=[(name, name) for name in PROCEDURES])
    basis = forms.CharField(label=_("依据（法律、法规名称和条款）"), max_length=_TEXT)
    begins_on = date_field(_("开始日期"))
    days = forms.IntegerField(label=_("所需工作日"), min_value=1, max_value=365)
    remark = forms.CharField(
        label=_("说明"), max_length=_TEXT, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def facts(self) -> Facts:
        """What was filled in."""
        return SpecialProcedureFacts(**self.cleaned_data)


class ServiceForm(NoticeForm):
    """送达回证."""

    served = forms.ChoiceField(label=_("送达的文书"))
    way = forms.ChoiceField(label=_("送达方式"), choices=[*DeliverForm.WAYS, ("留置送达", _("留置送达"))])
    served_at = forms.DateTimeField(
        label=_("送达时间"), widget=forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})
    )
    receiver = forms.CharField(label=_("签收人"), max_length=_NAME)
    relation = forms.CharField(label=_("与受送达人的关系"), max_length=_NAME)
    refusal = forms.CharField(label=_("拒收事由（拒收时）"), max_length=_TEXT, required=False)
    witness = forms.CharField(label=_("见证人（留置送达时）"), max_length=_NAME, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the notices of the case."""
        super().__init__(*args, **kwargs)
        titles = catalogue().titles
        found = Notice.objects.filter(process_id=self.case.pk, superseded_by=None).exclude(kind=self.kind)
        self.fields["served"].choices = [  # type: ignore[attr-defined] # a ChoiceField
            (notice.number, f"{titles[notice.kind]}（{notice.number}）") for notice in found
        ]
        self.fields["served_at"].initial = timezone.localtime()

    def clean(self) -> dict[str, Any]:
        """Demand a past time, and for a paper left behind the reason and the witness."""
        data = super().clean() or {}
        if data.get("served_at") and data["served_at"] > timezone.now():
            self.add_error("served_at", _("送达时间不能晚于现在。"))
        if data.get("way") == "留置送达":
            for name in ("refusal", "witness"):
                if not data.get(name):
                    self.add_error(name, _("留置送达须写明拒收事由和见证人。"))
        return data

    def facts(self) -> Facts:
        """What was filled in."""
        titles = dict(self.fields["served"].choices)  # type: ignore[attr-defined] # a ChoiceField
        return ServiceFacts(**(self.cleaned_data | {"served": str(titles[self.cleaned_data["served"]])}))


FORMS: dict[str, type[NoticeForm]] = {
    "correction": CorrectionForm,
    "extension": ExtensionForm,
    "special_procedure": SpecialProcedureForm,
    "service_return": ServiceForm,
}
