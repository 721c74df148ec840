"""Fields of the officers' forms, and the form that words its demands and places the cursor."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from workflows import materials
from workflows.models import DocumentType


class SometimesDemanded(forms.DateField):
    """A date that only some answers demand; its label says which."""

    def __init__(self, *, demanded: str | Promise = "", **options: Any) -> None:
        """Keep the remark that stands in the place of “optional”."""
        self.demanded = demanded
        super().__init__(**options)


def date_field(label: Any, *, demanded: str | Promise = "", **options: Any) -> SometimesDemanded:
    """Make a date field with the browser's own date picker; accepts ``YYYY-MM-DD``."""
    return SometimesDemanded(
        label=label,
        demanded=demanded,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        input_formats=["%Y-%m-%d"],
        **options,
    )


class _FocusedOnce:
    """A group of boxes in which only the first takes the cursor."""

    def create_option(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Make one box; HTML allows one ``autofocus``."""
        option: dict[str, Any] = super().create_option(*args, **kwargs)  # type: ignore[misc] # of the widget beside it
        if option["index"] != "0":
            option["attrs"].pop("autofocus", None)
        return option


class TickList(_FocusedOnce, forms.CheckboxSelectMultiple):
    """Boxes of which any may be ticked."""


class RadioList(_FocusedOnce, forms.RadioSelect):
    """Boxes of which one is chosen."""


def material_field(catalogue: tuple[materials.Material, ...]) -> forms.MultipleChoiceField:
    """Make the tick list of materials handed in."""
    return forms.MultipleChoiceField(
        label=_("已收材料"),
        choices=[(material.code, material.title) for material in catalogue],
        widget=TickList,
        required=False,
    )


def document_type_field() -> forms.ChoiceField:
    """Make the choice of document; a resident identity card unless another is chosen."""
    return forms.ChoiceField(label=_("证件类型"), choices=DocumentType.choices, initial=DocumentType.RESIDENT_ID.value)


def number_field() -> forms.CharField:
    """Make the field of a personal number; browsers must not keep it."""
    return forms.CharField(label=_("证件号码"), max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off"}))


class PlainForm(forms.Form):
    """A form that names the field it misses and puts the cursor on the first field it rejects."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Word the demands of the fields that the class has."""
        super().__init__(*args, **kwargs)
        self.word_demands()

    def word_demands(self) -> None:
        """Word the demand of each field by its label; call it again after adding fields."""
        for field in self.fields.values():
            if isinstance(field, forms.BooleanField):
                text = _("请核对后勾选：%(label)s。")
            elif isinstance(field, forms.ChoiceField):
                text = _("请选择%(label)s。")
            else:
                text = _("请填写%(label)s。")
            field.error_messages["required"] = text % {"label": field.label}

    def focus_first(self) -> None:
        """Put the cursor on the first rejected field, or else on the first that can be filled in."""
        shown = [name for name, field in self.fields.items() if not isinstance(field.widget, forms.HiddenInput)]
        bad = [name for name in shown if name in self.errors] if self.is_bound else []
        for name in (bad or shown)[:1]:
            self.fields[name].widget.attrs["autofocus"] = True
