"""The acts that the applicant is told of in writing: the notice is issued with the act, which bears its number."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from viewflow.workflow.status import PROCESS

from approval_hook import clock, deadlines
from approval_hook.deadlines import Standing
from approval_hook.errors import CaseInvalid
from approval_hook.people import same_person
from approval_hook.policy.clocks import Act
from approval_hook.policy.workdays import add_workdays
from approval_hook.workcalendar import published_calendar
from workflows import acts, materials
from workflows.clerk.clockforms import AskForm, ClockForm, EndForm, PublishedForm, reason_field
from workflows.clerk.formfields import RadioList, date_field
from workflows.clerk.tolerance import Case
from workflows.notices.facts import CorrectionFacts, ExtensionFacts, Facts, Item, SpecialProcedureFacts
from workflows.notices.issuing import issue, why_on_paper
from workflows.notices.models import Notice
from workflows.notices.wording import in_chinese

_NOTE = "note-"
#: Longest texts; those of ``notices.facts``.
_NAME, _TEXT = 200, 500
#: Working days that are proposed for supplying corrections.
_PROPOSED_WORKDAYS = 10


class NoticedForm(ClockForm):
    """An act with its notice. Only where this installation cannot issue one, the number of a paper is typed."""

    #: Of the notice.
    kind: ClassVar[str]
    submit = _("出具告知书并登记")
    issued: Notice | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Ask for the number of the paper where organ or template is not configured, and say why."""
        super().__init__(*args, **kwargs)
        why = why_on_paper(self.case, self.kind)
        if why:
            self.fields["notice_no"] = forms.CharField(
                label=_("纸质告知书的文书号"),
                max_length=100,
                help_text=gettext("本系统不能出具：%(why)s请另行出具纸质告知书后填写其文书号。") % {"why": why},
            )

    def facts(self, user: Any) -> Facts:
        """What the notice says; only after ``is_valid``.

        Raises:
            CaseInvalid: the case does not give it.
        """
        raise NotImplementedError

    def number(self, user: Any) -> str:
        """Issue the notice in the caller's transaction, or take the number of the paper.

        Raises:
            CaseInvalid: it cannot be issued, as when a character cannot be printed; undo the transaction.
        """
        if "notice_no" in self.fields:
            return str(self.cleaned_data["notice_no"]).strip()
        with in_chinese():
            facts = self.facts(user)
        self.issued = issue(self.case, self.kind, facts, user, supersedes=self._without_act())
        return self.issued.number

    def _without_act(self) -> Notice | None:
        """The notice of an act that was taken back, which this one replaces."""
        rows = Notice.objects.filter(process_id=self.case.pk, kind=self.kind, superseded_by=None)
        return rows.exclude(number__in=self.standing.notice_numbers).last()

    def done(self) -> str:
        """With the number, for the officer to print it."""
        if self.issued is None:
            return super().done()
        return gettext("已登记，并出具 %(number)s，请打印送达申请人。") % {"number": self.issued.number}


class NoticeForm(NoticedForm):
    """一次性补正告知: everything that is missing, at once."""

    code, step, kind = "notice", "accept", "correction"
    title = _("一次性告知补正")
    explained = _("只能告知一次，须列明全部内容；逾期不告知的，自收到材料之日起即为受理。")

    more = forms.CharField(
        label=_("其他需要补正的内容"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("每行一项，写成“材料名称：补正要求”。"),
    )
    due_on = date_field(_("补正截止日期"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Ask about every missing material; only one that may follow can be left out."""
        super().__init__(*args, **kwargs)
        self._absent = materials.missing(materials.catalogue_of(self.case), self.case.materials)
        notes = {
            f"{_NOTE}{m.code}": forms.CharField(
                label=gettext("%(title)s：法定形式和补正要求") % {"title": m.title},
                max_length=_TEXT,
                initial="未提交，请按办事指南要求的法定形式提交",
                required=m.required,
                help_text="" if m.required else _("次要材料可以容缺；不要求补正的，清空本栏。"),
            )
            for m in self._absent
        }
        self.fields = {**notes, **self.fields}
        self.fields["due_on"].initial = add_workdays(timezone.localdate(), _PROPOSED_WORKDAYS, published_calendar()).on
        self.word_demands()

    @classmethod
    def fits(cls, case: Case, standing: Standing) -> bool:
        """Before acceptance, once."""
        waits = case.accepted_at is None and not standing.has(Act.NOTICED)
        return waits and (standing.progress is None or standing.progress.accepted_on is None)

    def clean_more(self) -> tuple[Item, ...]:
        """Read one item a line."""
        found = []
        for line in self.cleaned_data["more"].splitlines():
            title, _sign, note = (part.strip() for part in line.replace(":", "：", 1).partition("："))
            if not title and not note:
                continue
            if not title or not note or len(title) > _NAME or len(note) > _TEXT:
                raise forms.ValidationError(_("每行写成“材料名称：补正要求”，名称不超过200字，要求不超过500字。"))
            found.append(Item(title, note=note))
        return tuple(found)

    def clean(self) -> dict[str, Any]:
        """Demand something to correct, and a day that is still to come."""
        data = super().clean() or {}
        asked = data.get("more") or any(data.get(f"{_NOTE}{m.code}") for m in self._absent)
        if not asked and not self.errors:
            self.add_error("more", _("没有列明需要补正的内容。材料齐全的，请直接受理。"))
        if data.get("due_on") and data["due_on"] <= timezone.localdate():
            self.add_error("due_on", _("补正截止日期须晚于今天。"))
        return data

    def _asked(self) -> tuple[Item, ...]:
        """Missing materials that are asked for."""
        notes = [(m, self.cleaned_data[f"{_NOTE}{m.code}"]) for m in self._absent]
        return tuple(Item(str(m.title), m.code, note) for m, note in notes if note)

    def facts(self, user: Any) -> Facts:
        """What was filled in."""
        return CorrectionFacts(self._asked() + self.cleaned_data["more"], self.cleaned_data["due_on"])

    def act(self, user: Any) -> None:
        """Issue and register the notice."""
        words = [f"{acts.WORDS}{item.title}：{item.note}" for item in self.cleaned_data["more"]]
        items = [*(item.code for item in self._asked()), *words]
        until = f"补正截止 {self.cleaned_data['due_on'].isoformat()}"
        acts.register(self.case, Act.NOTICED, user, notice_no=self.number(user), items=items, reason=until)


class BeginForm(NoticedForm):
    """特别程序开始, with the written notice of the time it takes."""

    code, step, kind = "begin", "review", "special_procedure"
    title = _("特别程序开始")
    explained = _("只有法律列明的程序不计入期限，并须书面告知申请人所需时间；信用核查照常计入。")

    procedure = forms.ChoiceField(label=_("程序"), widget=RadioList)
    days = forms.IntegerField(label=_("所需工作日"), min_value=1, max_value=365)
    reason = reason_field(_("事由"), _TEXT)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the procedures of the rules in force."""
        super().__init__(*args, **kwargs)
        running = self.standing.progress.open_procedures if self.standing.progress else ()
        self._procedures = {p.id: p for p in self.standing.procedures if p.id not in running}
        choice: Any = self.fields["procedure"]
        choice.choices = [(p.id, p.title) for p in self._procedures.values()]

    @classmethod
    def fits(cls, case: Case, standing: Standing) -> bool:
        """From acceptance to the decision."""
        found = standing.progress
        return found is not None and found.accepted_on is not None and not standing.has(Act.DECIDED)

    def facts(self, user: Any) -> Facts:
        """What was filled in, with the articles of the rules in force."""
        data = self.cleaned_data
        procedure = self._procedures[data["procedure"]]
        basis = "、".join(f"《{b.document}》{b.article}" for b in procedure.basis)
        return SpecialProcedureFacts(procedure.title, basis, clock.today(), data["days"], data["reason"])

    def act(self, user: Any) -> None:
        """Issue the notice and register the beginning."""
        data = self.cleaned_data
        reason = f"{data['reason']}（所需 {data['days']} 个工作日）"
        number = self.number(user)
        acts.register(
            self.case, Act.PROCEDURE_BEGAN, user, procedure=data["procedure"], reason=reason, notice_no=number
        )


class AnswerForm(NoticedForm):
    """批准或者不同意延长期限, by a head who neither asked for it nor accepted the case."""

    code, step, kind = "answer", "decide", "extension"
    title, submit = _("答复延长期限"), _("提交答复")
    explained = _("批准的，同时出具延长期限告知书，写明您的姓名和下面的理由。")
    denied = _("您没有批准延长的权限。延长期限须由没有受理本办件、也没有提请延长的审批负责人批准。")

    agreed = forms.ChoiceField(
        label=_("答复"), choices=[("yes", _("批准延长")), ("no", _("不同意延长"))], widget=RadioList
    )
    reason = reason_field(_("理由（批准的，将告知申请人）"), _TEXT)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Number of a paper only for a yes, which the core demands."""
        super().__init__(*args, **kwargs)
        if "notice_no" in self.fields:
            self.fields["notice_no"].required = False

    @classmethod
    def fits(cls, case: Case, standing: Standing) -> bool:
        """While one waits."""
        return standing.asked is not None

    @classmethod
    def permits(cls, user: Any, case: Case, standing: Standing) -> bool:
        """A head who is the second person."""
        hands = [standing.asked.by] if standing.asked else []
        hands += [case.accepted_by.get_username()] if case.accepted_by else []
        me = user.get_username()
        return super().permits(user, case, standing) and not any(same_person(hand, me) for hand in hands)

    @property
    def due(self) -> date | None:
        """The last day of the decision without the extension."""
        return self.standing.decision.due.on if self.standing.decision else None

    @property
    def new_due(self) -> date | None:
        """The last day with it."""
        asked: Any = self.standing.asked
        return deadlines.due_if_extended(self.case.case_no, asked.days)

    def facts(self, user: Any) -> Facts:
        """What was asked for, with both days and the name of the head."""
        asked: Any = self.standing.asked
        due, new = self.due, self.new_due
        if due is None or new is None:
            raise CaseInvalid("办理环节", "现行规则没有本事项的期限。", "请联系系统管理员补上规则后再办理。")
        name = user.get_full_name() or user.get_username()
        return ExtensionFacts(self.cleaned_data["reason"], asked.days, due, new, name)

    def act(self, user: Any) -> None:
        """Answer what was asked for; a yes goes out to the applicant."""
        asked: Any = self.standing.asked
        agreed = self.cleaned_data["agreed"] == "yes"
        acts.answer_extension(
            self.case,
            asked.pk,
            user,
            agreed=agreed,
            reason=self.cleaned_data["reason"],
            notice_no=self.number(user) if agreed else "",
        )


#: Every form, in the order of the page.
FORMS: tuple[type[ClockForm], ...] = (AnswerForm, NoticeForm, EndForm, BeginForm, AskForm, PublishedForm)


def open_to(user: Any, case: Case, standing: Standing) -> list[type[ClockForm]]:
    """What this officer may register now."""
    return [
        form
        for form in FORMS
        if form.permits(user, case, standing)
        and (case.status == PROCESS.NEW or form is PublishedForm)
        and form.fits(case, standing)
    ]
