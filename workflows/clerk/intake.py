"""Applications with their data: from the page, from code, or from a case to be corrected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django import forms
from django.forms.models import model_to_dict
from viewflow.workflow.status import PROCESS

from workflows.clerk.applicationforms import (
    PERSON_PREFIX,
    CorrectedPersonForms,
    DriverForm,
    FoodForm,
    PersonForm,
    PersonForms,
)
from workflows.filing import Filing
from workflows.models import CasePerson, FoodBusinessCase, PersonRole, RideHailingDriverCase

#: The two people every firm must name come first on the empty page.
_FIRST_ROWS = [{"role": PersonRole.LEGAL_REPRESENTATIVE.value}, {"role": PersonRole.FOOD_SAFETY_OFFICER.value}]


def _field_problems(form: forms.Form, prefix: str = "") -> dict[str, list[str]]:
    return {f"{prefix}{name}": [str(text) for text in texts] for name, texts in form.errors.items()}


class FoodIntake:
    """A food business application: the firm and its people."""

    def __init__(self, data: Any = None, *, on: date, case: FoodBusinessCase | None = None) -> None:
        """Bind to posted data, or stay unbound to be shown.

        Args:
            data: posted fields, or None.
            on: day of filing in China.
            case: the case that is being corrected; None for a new one.
        """
        self.on = on
        self.case = case
        people = list(case.persons.all()) if case is not None else []
        self._kept = {str(p.pk): p.number for p in people}
        initial = _facts(case, FoodForm) if case is not None else {}
        rows = [_facts(p, PersonForm) | {"row": p.pk} for p in people] or list(_FIRST_ROWS)
        self.form = FoodForm(data, initial=initial, on=on)
        self.persons = self._people(data, None if data is not None else rows)

    def _people(self, data: Any, initial: list[dict[str, Any]] | None) -> Any:
        make: Any = CorrectedPersonForms if self.case is not None else PersonForms
        return make(data, prefix=PERSON_PREFIX, initial=initial, on=self.on, kept=self._kept)

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any], *, on: date) -> FoodIntake:
        """Take the fields and ``persons``, a list of mappings, from code."""
        people: Iterable[Mapping[str, Any]] = data.get("persons", ())
        flat = {key: value for key, value in data.items() if key != "persons"}
        rows = list(people)
        flat[f"{PERSON_PREFIX}-TOTAL_FORMS"] = str(len(rows))
        flat[f"{PERSON_PREFIX}-INITIAL_FORMS"] = "0"
        for index, row in enumerate(rows):
            flat.update({f"{PERSON_PREFIX}-{index}-{key}": value for key, value in row.items()})
        return cls(_AsPosted(flat), on=on)

    def with_more_people(self, data: Any) -> FoodIntake:
        """The same page with everything typed so far and one more row, nothing judged yet."""
        self.form = FoodForm(initial=_typed(data, FoodForm, ""), on=self.on)
        rows = [_typed(data, PersonForm, f"{form.prefix}-") for form in self.persons.forms]
        filled = [row for row in rows if row["name"] or row["number"] or row["role"]]
        self.persons = self._people(None, filled)
        self.persons.extra = len(rows) - len(filled) + 1
        return self

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

    @property
    def forms(self) -> list[Any]:
        """Every form of the page, in its order."""
        return [self.form, *self.persons.forms]

    def open_twins(self, organ: str) -> list[FoodBusinessCase]:
        """Cases of the organ in which the same firm's same matter is at work already."""
        cases = FoodBusinessCase._default_manager.filter(organ=organ, status=PROCESS.NEW)
        return list(cases.filter(firm_code=self.form.cleaned_data["firm_code"]).order_by("pk"))

    def save_to(self, case: FoodBusinessCase, filing: Filing) -> FoodBusinessCase:
        """Save the case, then its people."""
        filing.stamp(case)
        return self.correct(case)

    def correct(self, case: FoodBusinessCase) -> FoodBusinessCase:
        """Put the checked facts in the place of those the case had."""
        for name, value in self.form.cleaned_data.items():
            setattr(case, name, value)
        case.save()
        case.persons.all().delete()
        for row in self.persons.rows:
            CasePerson.objects.create(case=case, **row)
        return case


class DriverIntake:
    """A ride-hailing driver application."""

    persons = None

    def __init__(self, data: Any = None, *, on: date, case: RideHailingDriverCase | None = None) -> None:
        """Bind to posted data, or stay unbound to be shown; see :class:`FoodIntake`."""
        initial = _facts(case, DriverForm) if case is not None else {}
        self.form = DriverForm(data, initial=initial, on=on, kept=case.number if case is not None else "")

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any], *, on: date) -> DriverIntake:
        """Take the fields from code."""
        return cls(_AsPosted(data), on=on)

    def is_valid(self) -> bool:
        """Check every field."""
        return self.form.is_valid()

    def problems(self) -> dict[str, list[str]]:
        """Every problem by field."""
        return _field_problems(self.form)

    @property
    def forms(self) -> list[Any]:
        """Every form of the page."""
        return [self.form]

    def open_twins(self, organ: str) -> list[RideHailingDriverCase]:
        """Cases of the organ in which the same driver's application is at work already."""
        cases = RideHailingDriverCase._default_manager.filter(organ=organ, status=PROCESS.NEW)
        # Numbers are encrypted: those of the same name are few, and compared one by one.
        named = cases.filter(driver_name=self.form.cleaned_data["driver_name"]).order_by("pk")
        return [case for case in named if case.number == self.form.cleaned_data["number"]]

    def save_to(self, case: RideHailingDriverCase, filing: Filing) -> RideHailingDriverCase:
        """Save the case."""
        filing.stamp(case)
        return self.correct(case)

    def correct(self, case: RideHailingDriverCase) -> RideHailingDriverCase:
        """Put the checked facts in the place of those the case had."""
        for name, value in self.form.cleaned_data.items():
            setattr(case, name, value)
        case.save()
        return case


def _facts(row: Any, form: type[forms.Form]) -> dict[str, Any]:
    """Facts on record under the names of a form, without the personal number: it is never sent to a page."""
    return model_to_dict(row, [name for name in form.base_fields if name != "number"])


def _typed(data: Any, form: type[forms.Form], prefix: str) -> dict[str, Any]:
    """What was typed into a form, unjudged."""
    return {
        name: data.getlist(prefix + name) if isinstance(field, forms.MultipleChoiceField) else data.get(prefix + name)
        for name, field in form.base_fields.items()
    }


class _AsPosted(dict[str, Any]):
    """Data from code in the manner of posted data, so that one form reads both."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__({key: "" if value is None else value for key, value in data.items()})

    def getlist(self, key: str) -> list[Any]:
        """Several values of one field."""
        value = self.get(key, [])
        return list(value) if isinstance(value, (list, tuple)) else [value]
