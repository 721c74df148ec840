"""The forms of the acts that move a statutory clock. Each writes one act and says which."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from approval_hook import deadlines
from approval_hook.deadlines import Standing
from approval_hook.models import StatutoryAct
from approval_hook.policy.clocks import Act
from workflows import acts, materials
from workflows.clerk.formfields import PlainForm, RadioList, TickList
from workflows.clerk.tolerance import Case

Kind = StatutoryAct.Kind


class ClockForm(PlainForm):
    """A form about the clocks of one case."""

    code: ClassVar[str]
    title: ClassVar[str | Promise]
    submit: ClassVar[str | Promise]
    explained: ClassVar[str | Promise] = ""
    #: Permission of the case's steps that the act takes.
    step: ClassVar[str]
    done: ClassVar[str | Promise] = _("已登记。")

    def __init__(self, data: Any = None, *, case: Case, standing: Standing) -> None:
        """Keep the case and where it stands."""
        self.case, self.standing = case, standing
        super().__init__(data, prefix=self.code)

    @classmethod
    def fits(cls, case: Case, standing: Standing) -> bool:
        """Whether the act may be done now."""
        raise NotImplementedError

    def act(self, user: Any) -> None:
        """Write the act.

        Raises:
            CaseInvalid: it may not follow what happened.
        """
        raise NotImplementedError


def notice_field() -> forms.CharField:
    """Make the field of a notice's number."""
    return forms.CharField(label=_("文书号"), max_length=100)


def reason_field(label: Any = "") -> forms.CharField:
    """Make the field of a reason."""
    return forms.CharField(
        label=label or _("理由"), min_length=4, max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )


class NoticeForm(ClockForm):
    """一次性补正告知: everything that is missing, at once."""

    code, step = "notice", "accept"
    title, submit = _("一次性告知补正"), _("登记告知")
    explained = _("只能告知一次，须列明全部内容；逾期不告知的，自收到材料之日起即为受理。")

    more = forms.CharField(
        label=_("其他需要更正的内容"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )
    notice_no = notice_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """List what is missing; what nothing can be accepted without is in every notice."""
        super().__init__(*args, **kwargs)
        absent = materials.missing(materials.catalogue_of(self.case), self.case.materials)
        self._required = [material for material in absent if material.required]
        field = forms.MultipleChoiceField(
            label=_("需要补正的材料"),
            choices=[(material.code, material.title) for material in absent],
            initial=[material.code for material in absent],
            widget=TickList,
            required=False,
        )
        self.fields = {"items": field, **self.fields}

    @classmethod
    def fits(cls, case: Case, standing: Standing) -> bool:
        """Before acceptance, once."""
        waits = case.accepted_at is None and not standing.has(Act.NOTICED)
        return waits and (standing.progress is None or standing.progress.accepted_on is None)

    def clean(self) -> dict[str, Any]:
        """Let no notice leave out a paper without which nothing can be accepted."""
        data = super().clean() or {}
        left_out = [str(m.title) for m in self._required if m.code not in data.get("items", [])]
        if left_out:
            self.add_error("items", _("须一次告知全部内容，还缺：%(titles)s。") % {"titles": "、".join(left_out)})
        elif not data.get("items") and not data.get("more"):
            self.add_error("items", _("没有列明需要补正的内容。材料齐全的，请直接受理。"))
        return data

    def act(self, user: Any) -> None:
        """Register the notice."""
        more = self.cleaned_data["more"]
        items = [*self.cleaned_data["items"], *([f"{acts.WORDS}{more}"] if more else [])]
        number = acts.notice_number_for(self.case, Kind.NOTICED, self.cleaned_data["notice_no"])
        acts.register(self.case, Act.NOTICED, user, notice_no=number, items=items)


class BeginForm(ClockForm):
    """特别程序开始, with the written notice of the time it takes."""

    code, step = "begin", "review"
    title, submit = _("特别程序开始"), _("登记开始")
    explained = _("只有法律列明的程序不计入期限，并须书面告知申请人所需时间；信用核查照常计入。")

    procedure = forms.ChoiceField(label=_("程序"), widget=RadioList)
    reason = reason_field(_("事由和所需时间"))
    notice_no = notice_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the procedures of the rules in force."""
        super().__init__(*args, **kwargs)
        running = self.standing.progress.open_procedures if self.standing.progress else ()
        choice: Any = self.fields["procedure"]
        choice.choices = [(code, title) for code, title in self.standing.procedures if code not in running]

    @classmethod
    def fits(cls, case: Case, standing: Standing) -> bool:
        """From acceptance to the decision."""
        found = standing.progress
        return found is not None and found.accepted_on is not None and not standing.has(Act.DECIDED)

    def act(self, user: Any) -> None:
        """Register the beginning."""
        number = acts.notice_number_for(self.case, Kind.PROCEDURE_BEGAN, self.cleaned_data["notice_no"])
        acts.register(
            self.case,
            Act.PROCEDURE_BEGAN,
            user,
            procedure=self.cleaned_data["procedure"],
            reason=self.cleaned_data["reason"],
            notice_no=number,
        )


class EndForm(ClockForm):
    """特别程序结束."""

    code, step = "end", "review"
    title, submit = _("特别程序结束"), _("登记结束")
    explained = _("结束之后的工作日继续计入期限。")

    procedure = forms.ChoiceField(label=_("程序"), widget=RadioList)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the procedures under way."""
        super().__init__(*args, **kwargs)
        running = self.standing.progress.open_procedures if self.standing.progress else ()
        choice: Any = self.fields["procedure"]
        choice.choices = [(code, title) for code, title in self.standing.procedures if code in running]

    @classmethod
    def fits(cls, case: Case, standing: Standing) -> bool:
        """While one is under way."""
        return bool(standing.progress and standing.progress.open_procedures) and not standing.has(Act.DECIDED)

    def act(self, user: Any) -> None:
        """Register the end."""
        acts.register(self.case, Act.PROCEDURE_ENDED, user, procedure=self.cleaned_data["procedure"])


class AskForm(ClockForm):
    """提请延长期限."""

    code, step = "ask", "review"
    title, submit = _("提请延长期限"), _("提请")
    explained = _("只能延长一次，须经另一名负责人批准，并将理由告知申请人。")

    days = forms.IntegerField(label=_("延长的工作日"), min_value=1)
    reason = reason_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Propose as much as the law allows at most."""
        super().__init__(*args, **kwargs)
        days: Any = self.fields["days"]
        days.initial = days.widget.attrs["max"] = self.standing.extension_days

    @classmethod
    def fits(cls, case: Case, standing: Standing) -> bool:
        """Once, within the time, while the decision is owed."""
        running = standing.decision
        owed = running is not None and running.state in ("running", "stopped")
        return owed and standing.extension_days > 0 and standing.asked is None

    def act(self, user: Any) -> None:
        """Ask the head."""
        days, reason = self.cleaned_data["days"], self.cleaned_data["reason"]
        deadlines.ask_extension(acts.ref(self.case), user.get_username(), days, reason)


class AnswerForm(ClockForm):
    """批准或者不同意延长期限."""

    code, step = "answer", "decide"
    title, submit = _("答复延长期限"), _("提交答复")

    agreed = forms.ChoiceField(
        label=_("答复"), choices=[("yes", _("批准延长")), ("no", _("不同意延长"))], widget=RadioList
    )
    reason = reason_field(_("理由（批准的，将告知申请人）"))
    notice_no = forms.CharField(label=_("延长期限告知书文书号"), max_length=100, required=False)

    @classmethod
    def fits(cls, case: Case, standing: Standing) -> bool:
        """While one waits."""
        return standing.asked is not None

    def act(self, user: Any) -> None:
        """Answer what was asked for."""
        asked: Any = self.standing.asked
        acts.answer_extension(
            self.case,
            asked.pk,
            user,
            agreed=self.cleaned_data["agreed"] == "yes",
            reason=self.cleaned_data["reason"],
            notice_no=acts.notice_number_for(self.case, Kind.EXTENDED, self.cleaned_data["notice_no"]),
        )


class PublishedForm(ClockForm):
    """双公示."""

    code, step = "published", "deliver"
    title, submit = _("双公示"), _("登记已公示")

    @classmethod
    def fits(cls, case: Case, standing: Standing) -> bool:
        """Once the licence was granted."""
        granted = any(act.kind == Act.DECIDED and act.granted for act in standing.acts)
        return granted and standing.has(Act.DECIDED) and not standing.has(Act.PUBLISHED)

    def act(self, user: Any) -> None:
        """Register the publication."""
        acts.register(self.case, Act.PUBLISHED, user)


FORMS: tuple[type[ClockForm], ...] = (AnswerForm, NoticeForm, EndForm, BeginForm, AskForm, PublishedForm)
