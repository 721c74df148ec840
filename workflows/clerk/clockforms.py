"""The forms of the acts that move a statutory clock. Each writes one act and says which.

Those that the applicant is told of in writing stand in ``noticedforms``.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from approval_hook import deadlines
from approval_hook.deadlines import Standing
from approval_hook.policy.clocks import Act
from workflows import acts
from workflows.clerk.formfields import PlainForm, RadioList
from workflows.clerk.tolerance import Case


class ClockForm(PlainForm):
    """A form about the clocks of one case."""

    code: ClassVar[str]
    title: ClassVar[str | Promise]
    submit: ClassVar[str | Promise]
    explained: ClassVar[str | Promise] = ""
    #: Permission of the case's steps that the act takes.
    step: ClassVar[str]
    #: Why it is refused to an officer.
    denied: ClassVar[str | Promise] = _("您没有登记这一环节的权限。")

    def __init__(self, data: Any = None, *, case: Case, standing: Standing) -> None:
        """Keep the case and where it stands."""
        self.case, self.standing = case, standing
        super().__init__(data, prefix=self.code)

    @classmethod
    def fits(cls, case: Case, standing: Standing) -> bool:
        """Whether the act may be done now."""
        raise NotImplementedError

    @classmethod
    def permits(cls, user: Any, case: Case, standing: Standing) -> bool:
        """Whether this officer may do it."""
        return bool(user.has_perm(f"workflows.{cls.step}_{case._meta.model_name}"))

    def act(self, user: Any) -> None:
        """Write the act, in the caller's transaction.

        Raises:
            CaseInvalid: it may not follow what happened.
        """
        raise NotImplementedError

    def done(self) -> str:
        """What the officer is told once it is written."""
        return gettext("已登记。")


def reason_field(label: Any = "", longest: int = 1000) -> forms.CharField:
    """Make the field of a reason."""
    return forms.CharField(
        label=label or _("理由"), min_length=4, max_length=longest, widget=forms.Textarea(attrs={"rows": 3})
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
        choice.choices = [(p.id, p.title) for p in self.standing.procedures if p.id in running]

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
