"""Lists, leniencies, routes and grounds that no case can meet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import product

from approval_hook.policy.analysis.findings import Finding, FindingKind, Witness
from approval_hook.policy.analysis.space import Space, joint_scopes, usable, usable_good
from approval_hook.policy.analysis.spans import Spans, common, days, first_day, union, without
from approval_hook.policy.records import Severity
from approval_hook.policy.rules import Ground
from approval_hook.policy.subjects import SubjectKind


def dormant(space: Space) -> Iterator[Finding]:
    """Every part that never does anything, a list without a region before what rests on it."""
    for listed in space.rules.list_types:
        if not space.list_days[listed.code] and (usable(listed) or usable_good(listed)):
            yield _never(f"list_types({listed.code})", listed.code, "名单在规则有效期内不及于任何地域", "scope")
    yield from _leniencies(space)
    red = union(space.list_days[t.code] for t in space.rules.list_types if usable_good(t))
    for route in space.rules.good_credit_routes:
        if route.kind == "red_list" and not red:
            yield _never(f"good_credit_routes({route.id})", route.id, "没有可用的守信名单", "list_types")
        elif route.kind == "clean_years" and route.years is None:
            yield _never(f"good_credit_routes({route.id})", route.id, "没有写明年数", "years")


def _never(place: str, name: str, why: str, field: str) -> Finding:
    text = f"本条永远不会适用：{why}；请核对 {field}，或删除本条。"
    return Finding(FindingKind.NEVER_FIRES, "warning", place, text, (name,))


def _leniencies(space: Space) -> Iterator[Finding]:
    """Leniencies that take nothing away: out of scope, without a list to soften, or behind one of the same kind."""
    taken: defaultdict[tuple[str, str], list[Spans]] = defaultdict(list)
    softened = _softened(space)
    for rule in space.rules.leniencies:
        reached = False
        for region, spans in space.territory.held((rule.scope,)).items():
            held = without(common(spans, softened[rule.kind, region]), union(taken[rule.kind, region]))
            taken[rule.kind, region].append(spans)
            reached = reached or bool(held)
        if not reached:
            why = "其地域和日期内没有可从轻的名单，或已有同类规则在先"
            yield _never(f"leniencies({rule.id})", rule.id, why, "scope")


def _softened(space: Space) -> dict[tuple[str, str], Spans]:
    """Days on which a leniency of a kind has a record to soften, by region class."""
    found: dict[tuple[str, str], Spans] = {}
    lists = [t for t in space.rules.list_types if usable(t)]
    for region in space.territory.classes:
        shown = {t.code: space.territory.held((t.scope,)).get(region, ()) for t in lists}
        anything = union(shown.values())
        forgiven = union(
            space.territory.held((i.scope,)).get(region, ())
            for i in space.rules.leniencies
            if i.kind == "minor_corrected"
        )
        found["restructured", region] = found["minor_corrected", region] = anything
        # Where a corrected minor record is forgiven outright, only a graver one can be a first offence.
        graver = union(shown[t.code] for t in lists if t.severity is not Severity.MINOR)
        found["first_minor", region] = union((graver, without(anything, forgiven)))
    return found


def grounds(space: Space) -> Iterator[Finding]:
    """Grounds on which nobody is ever asked, and days on which a ground lapses.

    The core takes the ground in force that suffices for most sources of the matter, by id where several do. What
    suffices for none is no ground there.
    """
    used: set[str] = set()
    lapsing: dict[str, tuple[Witness, set[str]]] = {}
    scopes = {ground.id: joint_scopes(ground.basis) for ground in space.rules.grounds}
    places = tuple(space.territory.told_apart(scopes.values()))
    for matter in space.rules.matters:
        sources = frozenset((*matter.required_sources, *matter.advisory_sources))
        here = sorted(
            (g for g in space.rules.grounds if (not g.matters or matter.code in g.matters) and _asked(g, sources)),
            key=lambda g: (-len(_asked(g, sources)), g.id),
        )
        for role, (kind, market), (region, held) in product(dict.fromkeys(matter.queried_roles), _PARTIES, places):
            left, named = space.valid, set()
            for ground in here:
                if role not in ground.roles or kind not in ground.kinds or (ground.market_only and not market):
                    continue
                lasts = common(days(ground.valid_from, ground.valid_to), held[scopes[ground.id]])
                if common(left, lasts):
                    named.add(ground.id)
                    used.add(ground.id)
                left = without(left, lasts)
            if named and left:
                witness = Witness(matter=matter.code, role=role, kind=kind, region=region, on=first_day(left))
                lapsing.setdefault(matter.code, (witness, set()))[1].update(named)
    for ground in space.rules.grounds:
        if ground.id not in used:
            why = "没有事项按它核查任何主体，或已有其他依据在先"
            yield _never(f"grounds({ground.id})", ground.id, why, "matters、roles、kinds、sources 和有效期")
    for code, (witness, names) in lapsing.items():
        text = "查询依据在规则有效期内有一段时间不适用，其间只能凭授权核查；请补上该段时间的依据。"
        yield Finding(FindingKind.NO_GROUND_DAYS, "warning", f"matters({code})", text, tuple(sorted(names)), witness)


#: Kinds of party, and whether it is a market subject; a natural person never is.
_PARTIES = ((SubjectKind.ORGANISATION, True), (SubjectKind.ORGANISATION, False), (SubjectKind.PERSON, False))


def _asked(ground: Ground, sources: frozenset[str]) -> frozenset[str]:
    """Sources of a matter that a ground suffices to ask."""
    return sources & set(ground.sources) if ground.sources else sources
