"""A small lawful rule set, and the means to plant one flaw in it, past its validation."""

from __future__ import annotations

from datetime import date
from typing import Any

from approval_hook.policy.analysis import Analysis, Finding, FindingKind, analyse
from approval_hook.policy.case import Role
from approval_hook.policy.catalogue import RuleSet
from approval_hook.policy.rules import Agreement, Bar, Clock
from tests.benchmarks.policy_set import policy_data

from .random_rules import CITY, LAW

BASE = RuleSet.parse(policy_data(60))


def changed(**parts: Any) -> Analysis:
    """Analysis of the base rule set with some parts replaced, past its validation."""
    return analyse(BASE.model_copy(update=parts))


def first(part: str, **fields: Any) -> tuple[Any, ...]:
    """A part of the base rule set with its first row changed."""
    rows = getattr(BASE, part)
    return (rows[0].model_copy(update=fields), *rows[1:])


def material(**fields: Any) -> tuple[Any, ...]:
    """The matters, the first material of the first one changed."""
    papers = BASE.matters[0].materials
    return first("matters", materials=(papers[0].model_copy(update=fields), *papers[1:]))


APPLICATION = f"applications({BASE.applications[0].matter} / {BASE.applications[0].measure})"


def of(analysis: Analysis, kind: FindingKind) -> list[Finding]:
    """Findings of one kind."""
    return [f for f in analysis.findings if f.kind is kind]


def places(analysis: Analysis, kind: FindingKind) -> set[str]:
    """Places of the findings of one kind."""
    return {f.place for f in of(analysis, kind)}


def bar(**fields: Any) -> Any:
    """A bar at the first matter."""
    given = {
        "id": "b",
        "title": "禁入",
        "title_en": "Bar",
        "licence": "许可",
        "matters": ("matter-0",),
        "events": ("revoked",),
        "domains": ("same_licence",),
        "roles": ("applicant",),
        "roles_then": (),
        "period_years": 3,
        "start": "decision",
        "proofs": ("own_register",),
        "may_refuse": True,
        "basis": (LAW,),
    }
    return Bar.model_validate({**given, **fields})


def shared(**fields: Any) -> Agreement:
    """An agreement of two provinces."""
    given = {"id": "a", "title": "互认", "regions": ("44", "35"), "valid_from": "2026-01-01", "valid_to": "2026-06-30"}
    return Agreement.model_validate({**given, "basis": (LAW,), **fields})


AWAY = CITY.model_copy(update={"id": "away", "scope": "city:3101"})
LISTED = BASE.measures[0].list_types[0]


def relisted(**fields: Any) -> tuple[Any, ...]:
    """The list types, the one that the first measure names changed."""
    return tuple(t.model_copy(update=fields) if t.code == LISTED else t for t in BASE.list_types)


def clock(days: int, unit: str) -> Clock:
    """A clock of so many days."""
    return Clock.model_validate(
        {"id": "c", "title": "期限", "days": days, "unit": unit, "extension_days": 0, "basis": (LAW,)}
    )


def _clean() -> RuleSet:
    lists = {t.code: t for t in BASE.list_types}
    measure = BASE.measures[0].model_copy(
        update={"id": "ban", "list_types": ("list1",), "roles": (Role.APPLICANT, Role.LEGAL_REPRESENTATIVE)}
    )
    row = BASE.applications[0].model_copy(
        update={"measure": "ban", "force": "mandatory", "valid_from": date(2024, 1, 1), "valid_to": None}
    )
    return BASE.model_copy(
        update={
            "matters": BASE.matters[:2],
            "list_types": (lists["list1"], lists["list13"]),
            "measures": (measure,),
            "applications": tuple(row.model_copy(update={"matter": m.code}) for m in BASE.matters[:2]),
        }
    )


#: Two matters, a severe and a general list and one measure at both matters, about which nothing is found.
CLEAN = _clean()


def flaw(part: str, **fields: Any) -> dict[str, tuple[Any, ...]]:
    """A part of the clean rule set with its first row changed."""
    one, *rest = getattr(CLEAN, part)
    return {part: (one.model_copy(update=fields), *rest)}


def more(part: str, **fields: Any) -> dict[str, tuple[Any, ...]]:
    """A part of the clean rule set with its first row once more, changed."""
    rows = getattr(CLEAN, part)
    return {part: (*rows, rows[0].model_copy(update=fields))}


def twins(one: dict[str, Any], two: dict[str, Any], forces: tuple[str, str] = ("mandatory",) * 2) -> dict[str, Any]:
    """Two measures of one type that differ in these fields and in force only, at the first matter and one list."""
    ban = CLEAN.measures[0]
    measures = tuple(
        ban.model_copy(update={"id": name, "roles": (Role.APPLICANT,), **fields})
        for name, fields in (("first", one), ("second", two))
    )
    here, elsewhere = CLEAN.applications
    rows = tuple(
        here.model_copy(update={"measure": measure.id, "force": force})
        for measure, force in zip(measures, forces, strict=True)
    )
    return {"measures": (ban, *measures), "applications": (*rows, elsewhere)}
