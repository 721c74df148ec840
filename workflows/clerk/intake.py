"""The application forms. Every identifier is checked before anything is saved or asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from approval_hook.errors import IdentifierInvalid
from approval_hook.policy.subjects import IdentifierType, Subject, organisation, person
from workflows import materials
from workflows.filing import Filing
from workflows.models import (
    CasePerson,
    DocumentType,
    FoodBusinessCase,
    PersonRole,
    RegisteredUnit,
    RideHailingDriverCase,
)


def date_field(label: Any, **options: Any) -> forms.DateField:
    """Make a date field with the browser's own date picker; accepts ``YYYY-MM-DD``."""
    return forms.DateField(
        label=label,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        input_formats=["%Y-%m-%d"],
        **options,
    )


def material_field(catalogue: tuple[materials.Material, ...]) -> forms.MultipleChoiceField:
    """Make the tick list of materials handed in."""
    return forms.MultipleChoiceField(
        label=_("已收材料"),
        choices=[(material.code, material.title) for material in catalogue],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )


def document_type_field() -> forms.ChoiceField:
    """Make the choice of document; a resident identity card unless another is chosen."""
    return forms.ChoiceField(label=_("证件类型"), choices=DocumentType.choices, initial=DocumentType.RESIDENT_ID.value)


def number_field() -> forms.CharField:
    """Make the field of a personal number; browsers must not keep it."""
    return forms.CharField(label=_("证件号码"), max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off"}))


class ConsentFields(forms.Form):
    """The person's consent to be queried (个人信息查询授权书); it may be refused."""

    consent_no = forms.CharField(
        label=_("个人信息查询授权书编号"),
        max_length=64,
        required=False,
        help_text=_("可以不填：不授权不影响申请，只是不查询本人的信用信息。"),
    )
    consent_from = date_field(_("授权自"), required=False)
    consent_until = date_field(_("授权至"), required=False)

    def clean(self) -> dict[str, Any]:
        """Require the consent to be whole or absent."""
        data = super().clean() or {}
        given = [bool(data.get(name)) for name in ("consent_no", "consent_from", "consent_until")]
        if any(given) and not all(given):
            self.add_error("consent_no", _("授权书的编号、起始和截止日期须一并填写。不授权的，请三项都留空。"))
        if all(given) and data["consent_until"] < data["consent_from"]:
            self.add_error("consent_until", _("授权截止早于起始。请按授权书核对日期。"))
        return data

    def check_person(self, name_field: str, number_field: str = "number") -> None:
        """Check name, document type and number together and put the normalised number back."""
        data = self.cleaned_data
        if not all(data.get(key) for key in (name_field, "document_type", number_field)):
            return
        subject = checked(
            self,
            lambda: person(
                data[name_field],
                data[number_field],
                type=IdentifierType(data["document_type"]),
                on=timezone.localdate(),
            ),
            {"姓名": name_field, "证件号码": number_field},
        )
        if subject is not None:
            data[name_field] = subject.name
            data[number_field] = subject.identifiers[0].number


def checked(form: forms.Form, make: Any, fields: Mapping[str, str]) -> Subject | None:
    """Make a subject, or put what is wrong and what to do beside the field it is about."""
    try:
        subject: Subject = make()
    except IdentifierInvalid as error:
        form.add_error(fields[error.field], f"{error.message}{error.remedy}")
        return None
    return subject


class PersonForm(ConsentFields):
    """One person of a firm's application."""

    role = forms.ChoiceField(label=_("职责"), choices=[("", _("请选择")), *PersonRole.choices])
    name = forms.CharField(label=_("姓名"), max_length=200)
    document_type = document_type_field()
    number = number_field()
    since = date_field(_("任职自"), required=False)
    until = date_field(_("任职至"), required=False)

    field_order = ["role", "name", "document_type", "number", "since", "until"]

    def clean(self) -> dict[str, Any]:
        """Check identity and dates."""
        data = super().clean()
        self.check_person("name")
        since, until = data.get("since"), data.get("until")
        if data.get("role") == PersonRole.LEGAL_REPRESENTATIVE and not since and "since" not in self.errors:
            self.add_error("since", _("法定代表人须填写任职起始日期。请按登记信息填写。"))
        if since and until and until < since:
            self.add_error("until", _("任职截止早于起始。请核对日期。"))
        return data


class PersonFormSet(BaseFormSet):  # type: ignore[type-arg] # generic only in the stubs
    """The people of a firm: one legal representative and at least one food-safety manager."""

    def clean(self) -> None:
        """Check the people as a whole."""
        if any(self.errors):
            return
        roles = [form.cleaned_data["role"] for form in self.forms if form.cleaned_data]
        if roles.count(PersonRole.LEGAL_REPRESENTATIVE) != 1:
            raise forms.ValidationError(_("须填写且只填写一名法定代表人（负责人）。"))
        if PersonRole.FOOD_SAFETY_OFFICER not in roles:
            raise forms.ValidationError(_("至少填写一名食品安全管理人员。"))


PERSON_PREFIX = "persons"
_PersonForms = formset_factory(PersonForm, formset=PersonFormSet, extra=2, max_num=20, validate_max=True)
#: The two people every firm must name come first on the empty page.
_FIRST_ROWS = [{"role": PersonRole.LEGAL_REPRESENTATIVE.value}, {"role": PersonRole.FOOD_SAFETY_OFFICER.value}]


class FoodForm(forms.Form):
    """Firm, premises and materials of a food business application."""

    firm_name = forms.CharField(label=_("单位名称"), max_length=200)
    firm_code = forms.CharField(label=_("统一社会信用代码"), max_length=40)
    established_on = date_field(_("成立日期"))
    premises = forms.CharField(label=_("经营场所"), max_length=200)
    materials = material_field(materials.FOOD)

    def clean(self) -> dict[str, Any]:
        """Check the code, then that the name registered under it is this one."""
        data = super().clean() or {}
        if not data.get("firm_name") or not data.get("firm_code"):
            return data
        subject = checked(
            self,
            lambda: organisation(
                data["firm_name"],
                data["firm_code"],
                on=timezone.localdate(),
                established_on=data.get("established_on"),
            ),
            {"单位名称": "firm_name", "统一社会信用代码": "firm_code", "成立日期": "established_on"},
        )
        if subject is None:
            return data
        data["firm_name"] = subject.name
        data["firm_code"] = subject.identifiers[0].number
        unit = RegisteredUnit.objects.filter(code=data["firm_code"]).first()
        if unit is not None and unit.name != subject.name:
            self.add_error("firm_name", _("名称与代码不符：该代码登记的是另一单位。请对照营业执照核对名称和代码。"))
        return data


class DriverForm(ConsentFields):
    """The driver and materials of a ride-hailing driver application."""

    driver_name = forms.CharField(label=_("姓名"), max_length=200)
    document_type = document_type_field()
    number = number_field()
    driving_since = date_field(_("初次领取驾驶证日期"))
    materials = material_field(materials.DRIVER)

    field_order = ["driver_name", "document_type", "number", "driving_since", "materials"]

    def clean(self) -> dict[str, Any]:
        """Check identity and the licence date."""
        data = super().clean()
        self.check_person("driver_name")
        since: date | None = data.get("driving_since")
        if since and since > timezone.localdate():
            self.add_error("driving_since", _("领证日期晚于今天。请按驾驶证核对。"))
        return data


def _field_problems(form: forms.Form, prefix: str = "") -> dict[str, list[str]]:
    return {f"{prefix}{name}": [str(text) for text in texts] for name, texts in form.errors.items()}


class FoodIntake:
    """A food business application: the firm and its people."""

    def __init__(self, data: Any = None) -> None:
        """Bind to posted data, or stay empty to be shown."""
        self.form = FoodForm(data)
        self.persons = _PersonForms(data, prefix=PERSON_PREFIX, initial=None if data is not None else _FIRST_ROWS)

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any]) -> FoodIntake:
        """Take the fields and ``persons``, a list of mappings, from code."""
        people: Iterable[Mapping[str, Any]] = data.get("persons", ())
        flat = {key: value for key, value in data.items() if key != "persons"}
        rows = list(people)
        flat[f"{PERSON_PREFIX}-TOTAL_FORMS"] = str(len(rows))
        flat[f"{PERSON_PREFIX}-INITIAL_FORMS"] = "0"
        for index, row in enumerate(rows):
            flat.update({f"{PERSON_PREFIX}-{index}-{key}": value for key, value in row.items()})
        return cls(_AsPosted(flat))

    def is_valid(self) -> bool:
        """Check both parts, so that every problem shows at once."""
        parts = [self.form.is_valid(), self.persons.is_valid()]
        return all(parts)

    def problems(self) -> dict[str, list[str]]:
        """Every problem by field; people as ``persons-0-number``, the whole list as ``persons``."""
        found = _field_problems(self.form)
        for form in self.persons.forms:
            found |= _field_problems(form, f"{form.prefix}-")
        whole = [str(text) for text in self.persons.non_form_errors()]
        return found | ({PERSON_PREFIX: whole} if whole else {})

    def save_to(self, case: FoodBusinessCase, filing: Filing) -> FoodBusinessCase:
        """Save the case, then its people."""
        for name, value in self.form.cleaned_data.items():
            setattr(case, name, value)
        filing.stamp(case)
        case.save()
        for form in self.persons.forms:
            if form.cleaned_data:
                CasePerson.objects.create(case=case, **form.cleaned_data)
        return case


class DriverIntake:
    """A ride-hailing driver application."""

    persons = None

    def __init__(self, data: Any = None) -> None:
        """Bind to posted data, or stay empty to be shown."""
        self.form = DriverForm(data)

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any]) -> DriverIntake:
        """Take the fields from code."""
        return cls(_AsPosted(data))

    def is_valid(self) -> bool:
        """Check every field."""
        return self.form.is_valid()

    def problems(self) -> dict[str, list[str]]:
        """Every problem by field."""
        return _field_problems(self.form)

    def save_to(self, case: RideHailingDriverCase, filing: Filing) -> RideHailingDriverCase:
        """Save the case."""
        for name, value in self.form.cleaned_data.items():
            setattr(case, name, value)
        filing.stamp(case)
        case.save()
        return case


class _AsPosted(dict[str, Any]):
    """Data from code in the manner of posted data, so that one form reads both."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__({key: "" if value is None else value for key, value in data.items()})

    def getlist(self, key: str) -> list[Any]:
        """Several values of one field."""
        value = self.get(key, [])
        return list(value) if isinstance(value, (list, tuple)) else [value]
