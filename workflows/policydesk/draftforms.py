"""The forms of drafting: a workbook with a name and a first day, a note, a reason."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from approval_hook import clock
from approval_hook.threelists.package import MAX_FILE_BYTES
from workflows.clerk.formfields import PlainForm, date_field
from workflows.policydesk.versions import State, Version

_REVISION = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
_SHORTEST_NOTE = 4


class WorkbookForm(PlainForm):
    """A workbook to be read."""

    workbook = forms.FileField(
        label=_("三张清单的 Excel 文件"),
        allow_empty_file=True,  # the reader says in Chinese what is wrong with an empty one
        widget=forms.FileInput(attrs={"accept": ".xlsx"}),
        help_text=_(
            "xlsx 格式，最大 10 MB。只读取备忘录、措施类别清单、备忘录措施清单、应用事项清单四张表；"
            "其余各表只供查阅，改了也不生效。有一处错误就全部不导入，已有内容不变。"
        ),
    )

    def raw(self) -> bytes:
        """The file; of one that is too large only so much that the reader sees it is."""
        return bytes(self.cleaned_data["workbook"].read(MAX_FILE_BYTES + 1))

    @property
    def file_name(self) -> str:
        """What the person's computer calls it."""
        return str(self.cleaned_data["workbook"].name)


class NameForm(PlainForm):
    """What a draft is called and when it begins."""

    title = forms.CharField(label=_("名称"), max_length=200)
    revision = forms.RegexField(
        _REVISION,
        label=_("新版本号"),
        max_length=64,
        help_text=_("字母、数字、点、横线，不能与已有的重复，例如 guangdong-2027-01-01。"),
        error_messages={"invalid": _("版本号只能用字母、数字、点、短横线和下划线，并以字母或数字开头。")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    valid_from = date_field(_("生效日期"), help_text=_("明天或以后。规则不溯及既往，已作出的核查意见不变。"))

    def __init__(self, *args: Any, taken: list[Version], **kwargs: Any) -> None:
        """Keep the versions whose names and first days are taken."""
        super().__init__(*args, **kwargs)
        self._taken = taken
        tomorrow = clock.today() + timedelta(days=1)
        self.fields["valid_from"].widget.attrs["min"] = tomorrow.isoformat()

    def clean_revision(self) -> str:
        """Refuse a name that was used."""
        name = str(self.cleaned_data["revision"])
        if any(v.revision == name for v in self._taken):
            raise forms.ValidationError(gettext("版本号“%(name)s”已经用过，请改用新的版本号。") % {"name": name})
        return name

    def clean_valid_from(self) -> date:
        """Refuse a day that has come, and one on which another version begins."""
        day: date = self.cleaned_data["valid_from"]
        if day <= clock.today():
            raise forms.ValidationError(gettext("生效日期须晚于今天，请改用以后的日期。"))
        if any(v.first_day == day and v.state != State.KEPT for v in self._taken):
            raise forms.ValidationError(gettext("这一天已有一个版本生效，请改用别的日期。"))
        return day


class DraftForm(NameForm, WorkbookForm):
    """A new draft: workbook, title, revision and first day."""

    field_order = ("title", "revision", "valid_from", "workbook")


class RenameForm(NameForm):
    """Another title, revision or first day for a draft whose content the person saw."""

    seen = forms.CharField(widget=forms.HiddenInput)


def _note(label: Any, help_text: Any) -> forms.CharField:
    """Make the field of a reason that is kept for good."""
    return forms.CharField(
        label=label,
        help_text=help_text,
        min_length=_SHORTEST_NOTE,
        max_length=2000,
        error_messages={"min_length": _("请写清楚，至少 %(limit_value)d 个字。")},
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class SeenForm(PlainForm):
    """A step on a draft whose content the person saw."""

    seen = forms.CharField(widget=forms.HiddenInput)


class ReturnForm(SeenForm):
    """退回修改."""

    note = _note(_("退回理由"), _("起草人会看到。请写明要改哪一条、怎样改。"))


class PublishForm(SeenForm):
    """发布."""

    note = _note(_("发布理由"), _("随版本永久保存，例如：依据某文件、某次会议决定。"))
    sure = forms.BooleanField(label=_("我已逐条核对差异、检查结果和依据原文"))


class WithdrawForm(SeenForm):
    """撤回草案."""

    sure = forms.BooleanField(label=_("我确认放弃这份草案"))
