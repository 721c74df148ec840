"""Synthetic applicants: what they file, and how a credit platform holds them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from adapters.simulator import ControlClient, SimulatedRecord, SimulatedSubject
from approval_hook import clock
from approval_hook.policy import synthetic
from approval_hook.policy.subjects import organisation, person
from workflows import materials

ORGAN = "示例区市场监督管理局"
REGION = "440104"


def consent(number: str) -> dict[str, str]:
    """A consent in force from yesterday for a year; an empty number means that it was refused."""
    begins, ends = clock.today() - timedelta(days=1), clock.today() + timedelta(days=365)
    return {
        "consent_no": number,
        "consent_from": begins.isoformat() if number else "",
        "consent_until": ends.isoformat() if number else "",
    }


@dataclass(frozen=True)
class Somebody:
    """A natural person."""

    name: str
    number: str

    def held(self, *records: SimulatedRecord, name: str | None = None) -> SimulatedSubject:
        """The platform's entry about the person."""
        return SimulatedSubject.of(person(self.name, self.number, on=clock.today()), *records, name=name)


@dataclass(frozen=True)
class Firm:
    """A firm with its legal representative and its food-safety manager."""

    name: str
    code: str
    established_on: date
    legal: Somebody
    officer: Somebody

    def filing(self, **changes: Any) -> dict[str, Any]:
        """The application as it is typed."""
        return {
            "firm_name": self.name,
            "firm_code": self.code,
            "established_on": self.established_on.isoformat(),
            "premises": "示例区示例路1号",
            "materials": [m.code for m in materials.FOOD],
            "persons": [
                self.row(self.legal, "legal_representative", since="2020-01-06"),
                self.row(self.officer, "food_safety_officer"),
            ],
        } | changes

    @staticmethod
    def row(who: Somebody, role: str, **more: str) -> dict[str, str]:
        """One person of the application, who consents to be queried."""
        typed = {"role": role, "name": who.name, "document_type": "resident_id", "number": who.number}
        return typed | consent(f"SQ-{who.number[-4:]}") | more

    def held(self, *records: SimulatedRecord, name: str | None = None) -> SimulatedSubject:
        """The platform's entry about the firm."""
        return SimulatedSubject.of(organisation(self.name, self.code, on=clock.today()), *records, name=name)

    def enter(self, control: ControlClient, *records: SimulatedRecord) -> None:
        """Make the platform know all three; the rows are about the firm."""
        control.put(self.held(*records))
        control.put(self.legal.held())
        control.put(self.officer.held())


@dataclass(frozen=True)
class Driver:
    """An applicant for a driver's licence, with or without consent to be queried."""

    who: Somebody
    consent_no: str = "SQ-2026-0001"

    def filing(self, **changes: Any) -> dict[str, Any]:
        """The application as it is typed."""
        return {
            "driver_name": self.who.name,
            "document_type": "resident_id",
            "number": self.who.number,
            "driving_since": "2015-06-01",
            "materials": [m.code for m in materials.DRIVER],
        } | (consent(self.consent_no) | changes)


def somebody(seed: int) -> Somebody:
    """An adult; the same seed gives the same one, and another seed another birthday."""
    rng = random.Random(seed)  # noqa: S311 - invents subjects, not secrets
    # A prime modulus, so that seeds a thousand apart do not share a handful of birthdays.
    born_on = date(1965, 1, 1) + timedelta(days=seed * 7919 % 10993)
    return Somebody(synthetic.synthetic_person_name(rng), synthetic.synthetic_resident_id(rng, born_on=born_on))


def firm(seed: int, established_on: date = date(2015, 5, 5)) -> Firm:
    """A firm old enough for the three-year route; the same seed gives the same one."""
    rng = random.Random(seed)  # noqa: S311 - invents subjects, not secrets
    return Firm(
        synthetic.synthetic_firm_name(rng),
        synthetic.synthetic_uscc(rng),
        established_on,
        somebody(seed * 1000 + 1),
        somebody(seed * 1000 + 2),
    )


def driver(seed: int, **options: Any) -> Driver:
    """A driver; the same seed gives the same one."""
    return Driver(somebody(seed * 1000 + 3), **options)


def posted(filing: dict[str, Any]) -> dict[str, Any]:
    """An application as the browser sends it."""
    people = filing.get("persons", [])
    flat = {key: value for key, value in filing.items() if key != "persons"}
    if people:
        flat |= {"persons-TOTAL_FORMS": str(len(people)), "persons-INITIAL_FORMS": "0"}
        flat |= {f"persons-{n}-{key}": value for n, row in enumerate(people) for key, value in row.items()}
    return flat


def row(record_id: str, list_type: str = "court_defaulter", severity: str = "4", **more: Any) -> SimulatedRecord:
    """A row of the platform, decided half a year ago unless said otherwise."""
    titles = {
        "court_defaulter": ("失信被执行人", "C3-01"),
        "wage_arrears": ("拖欠农民工工资", "C2-05"),
        "food_serious": ("食品安全严重违法", "C1-01"),
        "penalty": ("行政处罚", ""),
    }
    title, category = titles[list_type]
    fields = {
        "title": title,
        "decided_on": (clock.today() - timedelta(days=180)).isoformat(),
        "decided_by": "示例机关",
        "document_no": f"示例〔2026〕{record_id}号",
        "category": category or None,
        "display_until": (clock.today() + timedelta(days=700)).isoformat(),
    }
    return SimulatedRecord(record_id, list_type, severity, **(fields | more))
