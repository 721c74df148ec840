"""What the pages about one matter, measure, list, bar or basis show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from django.http import Http404
from django.utils.translation import gettext as _

from approval_hook.policy.rules import Bar, Bases, GatePoint, Ground
from approval_hook.threelists import words
from workflows.policydesk.effects import Effect, effects
from workflows.policydesk.others import ground_facts
from workflows.policydesk.versions import Reading
from workflows.policydesk.wording import (
    DISPLAYS,
    DOMAINS,
    EVENTS,
    MATERIAL_KINDS,
    POINTS,
    PROOFS,
    listed,
    period,
    scope,
    slugs,
    time_limit,
    tolerance,
    word,
)

T = TypeVar("T")


def _one(items: Iterable[T], code: str, name: str) -> T:
    """The item with this code.

    Raises:
        Http404: there is none.
    """
    for item in items:
        if getattr(item, name) == code:
            return item
    raise Http404


def _unverified(*groups: Bases) -> int:
    return len({b.id for bases in groups for b in bases if not b.verified})


def matter_page(reading: Reading, code: str) -> dict[str, Any]:
    """A matter: what it asks for, whom it checks, what can burden, what good credit adds."""
    rules = reading.rules
    matter = _one(rules.matters, code, "code")
    mine = [e for e in effects(reading) if e.matter.code == code]
    bars = [b for b in rules.bars if code in b.matters]
    grounds = [g for g in rules.grounds if _asks_at(g, code, matter.queried_roles)]
    burdens = [e for e in mine if e.measure.kind == "sanction"]
    extras = [e for e in mine if e.measure.kind == "incentive"]
    return {
        "matter": matter,
        "limit": time_limit(matter.clock),
        "subject": word(words.SUBJECTS, matter.subject_kind.value),
        "materials": [
            {
                "material": m,
                "kind": word(MATERIAL_KINDS, m.kind),
                "rank": _("主要") if m.main else _("次要"),
                "tolerance": tolerance(m),
            }
            for m in matter.materials
        ],
        "late": sum(m.tolerance != "never" for m in matter.materials),
        "roles": [word(words.ROLES, role.value) for role in matter.queried_roles],
        "required": [rules.source_title(s) for s in matter.required_sources],
        "advisory": [rules.source_title(s) for s in matter.advisory_sources],
        "points": [str(POINTS[point]) for point in GatePoint if matter.has_point(point)],
        "hours": {point: minutes / 60 for point, minutes in matter.freshness.model_dump().items()},
        "bars": [bar_facts(b, matter.queried_roles) for b in bars],
        "burdens": _by_list(reading, burdens),
        "burden_count": len({e.measure.id for e in burdens if not e.dead}),
        "extras": extras,
        "routes": rules.good_credit_routes,
        "grounds": [{"ground": g, "facts": ground_facts(g, rules)} for g in grounds],
        "unverified": _unverified(
            matter.basis,
            matter.clock.basis,
            *(m.basis for m in matter.materials),
            *(b.basis for b in bars),
            *(e.bases for e in mine),
        ),
    }


def _asks_at(ground: Ground, matter: str, roles: Sequence[Any]) -> bool:
    return (not ground.matters or matter in ground.matters) and bool(set(ground.roles) & set(roles))


def _by_list(reading: Reading, burdens: Sequence[Effect]) -> list[tuple[str, str, list[Effect]]]:
    """Effects by the list that causes them: code, title and effects."""
    return [
        (listed_.code, listed_.title, held)
        for listed_ in reading.rules.list_types
        if (held := [e for e in burdens if listed_.code in e.measure.list_types])
    ]


def bar_facts(bar: Bar, queried: Iterable[Any] | None = None) -> dict[str, Any]:
    """A bar in words; with the roles of a matter only those that both name."""
    roles = [r for r in bar.roles if queried is None or r in set(queried)]
    return {
        "bar": bar,
        "years": _("终身") if bar.period_years is None else _("自决定之日起 %(n)d 年") % {"n": bar.period_years},
        "roles": listed(words.ROLES, (r.value for r in roles)),
        "then": listed(words.ROLES, (r.value for r in bar.roles_then)),
        "events": slugs(EVENTS, bar.events),
        "domains": slugs(DOMAINS, bar.domains),
        "proofs": listed(PROOFS, bar.proofs),
        "refuses": bar.may_refuse and all(b.carries_refusal for b in bar.basis),
        "unverified": _unverified(bar.basis),
    }


def measure_page(reading: Reading, code: str) -> dict[str, Any]:
    """A measure: its lists, roles and bases, and the matters it reaches."""
    rules = reading.rules
    measure = _one(rules.measures, code, "id")
    mine = [e for e in effects(reading) if e.measure.id == code]
    titles = {t.code: t.title for t in rules.list_types}
    kind = next((t for t in rules.measure_types if t.code == measure.type), None)
    return {
        "measure": measure,
        "kind": word(words.KINDS, measure.kind),
        "effect": word(words.EFFECTS, measure.effect),
        "lists": [(c, titles.get(c, c)) for c in measure.list_types],
        "subjects": listed(words.SUBJECTS, (k.value for k in measure.kinds)),
        "roles": listed(words.ROLES, (r.value for r in measure.roles)),
        "type": kind.title if kind else measure.type,
        "edition": next((e.title for e in rules.editions if kind and e.id == kind.edition), ""),
        "memo": next((m.title for m in rules.memos if m.code == measure.memo), ""),
        "period": period(measure.valid_from, measure.valid_to),
        "reached": [e for e in mine if not e.dead],
        "dead": [e for e in mine if e.dead],
        "unverified": _unverified(measure.basis, *(e.row.basis for e in mine)),
    }


def list_page(reading: Reading, code: str) -> dict[str, Any]:
    """A list: how grave it is, how long it is shown, what it causes."""
    rules = reading.rules
    shown = _one(rules.list_types, code, "code")
    display = next((p for p in rules.display_periods if p.id == shown.display), None)
    return {
        "listed": shown,
        "severity": word(words.SEVERITIES, shown.severity.value),
        "scope": scope(shown.scope, rules),
        "category": next((c.title for c in rules.categories if c.code == shown.category), ""),
        "display": _("最长 %(n)d 个月") % {"n": display.max_months} if display else word(DISPLAYS, shown.display),
        "measures": [
            {
                "measure": m,
                "effect": word(words.EFFECTS, m.effect),
                "matters": [t for t in rules.matters if t.code in set(reading.reach.matters_of(m.id))],
            }
            for m in rules.measures
            if code in m.list_types
        ],
        "unverified": _unverified(shown.basis),
    }


def bar_page(reading: Reading, code: str) -> dict[str, Any]:
    """A bar: the facts that meet it, whom it reaches, which matters it closes."""
    bar = _one(reading.rules.bars, code, "id")
    return bar_facts(bar) | {"matters": [m for m in reading.rules.matters if m.code in bar.matters]}


def basis_page(reading: Reading, code: str) -> dict[str, Any]:
    """A basis: where it stands, what it says, which rules rest on it."""
    basis = reading.citing.bases.get(code)
    if basis is None:
        raise Http404
    return {
        "basis": basis,
        "scope": scope(basis.scope, reading.rules),
        "rules": reading.citing.rules.get(code, ()),
        "unverified": not basis.verified,
    }
