"""The application forms. Every identifier is checked before anything is saved or asked."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from approval_hook.errors import IdentifierInvalid
from approval_hook.policy.subjects import IdentifierType, Subject, mask_number, organisation, person
from workflows import materials
from workflows.clerk.formfields import PlainForm, date_field, document_type_field, material_field, number_field
from workflows.models import DocumentType, PersonRole, RegisteredUnit

#: 道路交通安全法实施条例、机动车驾驶证申领和使用规定: nobody under 18 is given a driving licence.
DRIVING_AGE = 18

#: Papers that the mainland issues to Chinese citizens with a name in Han characters.
_HAN_NAMED = {DocumentType.RESIDENT_ID, DocumentType.RESIDENCE_PERMIT, DocumentType.TW_PERMIT}


class ConsentFields(PlainForm):
    """The person's consent to be queried (个人信息查询授权书); it may be refused."""

    consent_no = forms.CharField(label=_("个人信息查询授权书编号"), max_length=64, required=False)
    consent_from = date_field(_("授权自"), required=False, demanded=_("（授权的必填）"))
    consent_until = date_field(_("授权至"), required=False, demanded=_("（授权的必填）"))

    def __init__(self, *args: Any, on: date, kept: str = "", **kwargs: Any) -> None:
        """Keep the day of filing, and the number on record that an empty field leaves as it is."""
        self.on = on
        self.kept = kept
        super().__init__(*args, **kwargs)
        if kept:
            self.fields["number"].required = False
            self.fields["number"].help_text = _("留空表示不更改，现为 %(number)s") % {"number": mask_number(kept)}

    def clean(self) -> dict[str, Any]:
        """Require the consent to be whole or absent, and to run on the day of filing."""
        data = super().clean() or {}
        names = ("consent_no", "consent_from", "consent_until")
        given = [bool(data.get(name)) for name in names]
        if any(name in self.errors for name in names):
            return data
        if any(given) and not all(given):
            self.add_error("consent_no", _("授权书的编号、起始和截止日期须一并填写。不授权的，请三项都留空。"))
        elif all(given) and data["consent_until"] < data["consent_from"]:
            self.add_error("consent_until", _("授权截止早于起始。请按授权书核对日期。"))
        elif all(given) and self.on < data["consent_from"]:
            self.add_error("consent_from", _("授权尚未生效：收件日早于授权起始日。请核对日期，或者三项都留空。"))
        elif all(given) and self.on > data["consent_until"]:
            self.add_error("consent_until", _("授权已过期：收件日晚于授权截止日。请重新取得授权，或者三项都留空。"))
        return data

    def check_person(self, name_field: str) -> Subject | None:
        """Check name, document type and number together and put the normalised number back."""
        data = self.cleaned_data
        if self.kept and not data.get("number") and "number" not in self.errors:
            data["number"] = self.kept
        if not all(data.get(key) for key in (name_field, "document_type", "number")):
            return None
        subject = checked(
            self,
            lambda: person(data[name_field], data["number"], type=IdentifierType(data["document_type"]), on=self.on),
            {"姓名": name_field, "证件号码": "number"},
        )
        if subject is None:
            return None
        data[name_field] = subject.name
        data["number"] = subject.identifiers[0].number
        if not all(_is_of_a_name(char) for char in subject.name):
            self.add_error(name_field, _("姓名里有证件上不会有的字符。请按证件填写姓名，只用文字、间隔号和空格。"))
        elif data["document_type"] in _HAN_NAMED and not any(_is_han(char) for char in subject.name):
            self.add_error(name_field, _("这种证件上的姓名是汉字。请按证件填写姓名，或者改选证件类型。"))
        return subject


def _is_of_a_name(char: str) -> bool:
    """Letters of any script with their marks, and what stands between the parts of a name."""
    return unicodedata.category(char)[0] in "LM" or char in " ·•・‧-'’.,"


def _is_han(char: str) -> bool:
    return "\u3400" <= char <= "\u9fff" or "\U00020000" <= char <= "\U0003ffff"


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

    row = forms.IntegerField(widget=forms.HiddenInput, required=False)
    role = forms.ChoiceField(label=_("职责"), choices=[("", _("请选择")), *PersonRole.choices])
    name = forms.CharField(label=_("姓名"), max_length=200)
    document_type = document_type_field()
    number = number_field()
    since = date_field(_("任职自"), required=False, demanded=_("（法定代表人必填）"))
    until = date_field(_("任职至"), required=False, demanded=_("（在任的留空）"))

    field_order = ["role", "name", "document_type", "number", "since", "until"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Say what refusing the consent means for a person of a firm."""
        super().__init__(*args, **kwargs)
        self.fields["consent_no"].help_text = _(
            "可以不填：不授权的，只依法核对法律规定的限制，不查询公共信用信息。不影响申请。"
        )

    def clean(self) -> dict[str, Any]:
        """Check identity and dates."""
        data = super().clean()
        self.check_person("name")
        data.pop("row", None)
        since, until = data.get("since"), data.get("until")
        represents = data.get("role") == PersonRole.LEGAL_REPRESENTATIVE
        if represents and not since and "since" not in self.errors:
            self.add_error("since", _("法定代表人须填写任职起始日期。请按登记信息填写。"))
        if since and since > self.on:
            self.add_error("since", _("任职起始晚于收件日。请按登记信息核对日期。"))
        elif since and until and until < since:
            self.add_error("until", _("任职截止早于起始。请核对日期。"))
        elif represents and until and until < self.on:
            self.add_error("until", _("法定代表人已经离任。请填写现任法定代表人；仍在任的，请把这一项留空。"))
        return data


class PersonFormSet(BaseFormSet):  # type: ignore[type-arg] # generic only in the stubs
    """The people of a firm: one legal representative and at least one food-safety manager."""

    def __init__(self, *args: Any, on: date, kept: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        """Keep the day of filing, and the numbers on record by the row they belong to."""
        self.on = on
        self.kept = kept or {}
        super().__init__(*args, **kwargs)

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        """Hand each row the day and the number on record that it may leave as it is."""
        return super().get_form_kwargs(index) | {"on": self.on, "kept": self._kept_at(index)}

    def _kept_at(self, index: int | None) -> str:
        if index is None:
            return ""
        if self.is_bound:
            row = self.data.get(f"{self.add_prefix(index)}-row", "")
        else:
            rows = list(self.initial or ())
            row = str(rows[index].get("row", "")) if index < len(rows) else ""
        return self.kept.get(str(row), "")

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Checked facts of every person that stays, in the order of the page."""
        kept = [form for form in self.forms if form not in self.deleted_forms] if self.can_delete else self.forms
        return [{k: v for k, v in form.cleaned_data.items() if k != "DELETE"} for form in kept if form.cleaned_data]

    def clean(self) -> None:
        """Check the people as a whole."""
        if any(self.errors):
            return
        roles = [row["role"] for row in self.rows]
        self._check_repeats()
        if roles.count(PersonRole.LEGAL_REPRESENTATIVE) != 1:
            raise forms.ValidationError(_("须填写且只填写一名法定代表人（负责人）。"))
        if PersonRole.FOOD_SAFETY_OFFICER not in roles:
            raise forms.ValidationError(_("至少填写一名食品安全管理人员。"))

    def _check_repeats(self) -> None:
        named: dict[str, str] = {}
        seen: set[tuple[str, str]] = set()
        for form in self.forms:
            data = form.cleaned_data
            if not data or data.get("DELETE"):
                continue
            number, role = data["number"], data["role"]
            if named.setdefault(number, data["name"]) != data["name"]:
                form.add_error("name", _("同一证件号码前面填的是另一个姓名。请按证件核对姓名和号码。"))
            elif (number, role) in seen:
                form.add_error("role", _("同一人的同一职责填了两次。请删去重复的一行，或者改选职责。"))
            seen.add((number, role))


PERSON_PREFIX = "persons"
PersonForms = formset_factory(PersonForm, formset=PersonFormSet, extra=2, max_num=20, validate_max=True)
#: For a correction: people may also be taken out.
CorrectedPersonForms = formset_factory(
    PersonForm, formset=PersonFormSet, extra=1, max_num=20, validate_max=True, can_delete=True, can_delete_extra=False
)


class FoodForm(PlainForm):
    """Firm, premises and materials of a food business application."""

    firm_name = forms.CharField(label=_("单位名称"), max_length=200)
    firm_code = forms.CharField(label=_("统一社会信用代码"), max_length=40)
    established_on = date_field(_("成立日期"))
    premises = forms.CharField(label=_("经营场所"), max_length=200)
    materials = material_field(materials.FOOD)

    def __init__(self, *args: Any, on: date, **kwargs: Any) -> None:
        """Keep the day of filing."""
        self.on = on
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        """Check the code, then that the name registered under it is this one."""
        data = super().clean() or {}
        if not data.get("firm_name") or not data.get("firm_code"):
            return data
        subject = checked(
            self,
            lambda: organisation(
                data["firm_name"], data["firm_code"], on=self.on, established_on=data.get("established_on")
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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Say what refusing the consent means for a driver."""
        super().__init__(*args, **kwargs)
        self.fields["consent_no"].help_text = _("可以不填：不授权的，不查询本人的信用信息。不影响申请。")

    def clean(self) -> dict[str, Any]:
        """Check identity, age and the licence date."""
        data = super().clean()
        subject = self.check_person("driver_name")
        since: date | None = data.get("driving_since")
        if since and since > self.on:
            self.add_error("driving_since", _("领证日期晚于今天。请按驾驶证核对。"))
        born = subject.born_on() if subject is not None else None
        if born is None:
            return data
        if _age(born, self.on) < DRIVING_AGE:
            self.add_error("number", gettext("申请人未满十八周岁，不能申请。请核对证件号码。"))
        elif since and _age(born, since) < DRIVING_AGE:
            self.add_error("driving_since", _("领证日期早于十八周岁生日。请按驾驶证和身份证件核对。"))
        return data


def _age(born: date, on: date) -> int:
    """Whole years of age on a day."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
