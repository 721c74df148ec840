"""What an officer fills in for a notice; each form gives the typed facts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from workflows.clerk.formfields import PlainForm
from workflows.clerk.taskforms import DeliverForm
from workflows.notices.automatic import facts_of
from workflows.notices.catalogue import catalogue
from workflows.notices.facts import (
    Facts,
    ServiceFacts,
)
from workflows.notices.models import Notice

#: Longest texts; those of ``facts``.
_NAME, _TEXT = 200, 500


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
        found = facts_of(self.case, self.kind)
        assert found is not None  # noqa: S101 - such a notice is not offered
        return found


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


FORMS: dict[str, type[NoticeForm]] = {"service_return": ServiceForm}
