"""Parts that nothing names, and bases that nobody has verified."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Protocol

from approval_hook.policy.analysis.findings import Finding, FindingKind

if TYPE_CHECKING:
    from approval_hook.policy.catalogue import RuleSet
    from approval_hook.policy.rules import LegalBasis


class _Cites(Protocol):
    @property
    def basis(self) -> tuple[LegalBasis, ...]: ...


def unused(rules: RuleSet) -> Iterator[Finding]:
    """Every part that can be taken away without any decision or page noticing."""
    cited = {basis.id for basis in _cited(rules)}
    versions = {(basis.document, basis.version) for basis in (*rules.bases, *_cited(rules))}
    scopes = {*(t.scope for t in rules.list_types), *(i.scope for i in rules.leniencies)}
    asked = {s for m in rules.matters for s in (*m.required_sources, *m.advisory_sources)}
    spare = {
        "bases": [b.id for b in rules.bases if b.id not in cited],
        "documents": [d.id for d in rules.documents if (d.title, d.version) not in versions],
        "sources": [s.name for s in rules.sources if s.name not in asked],
        "categories": _spare([c.code for c in rules.categories], [t.category for t in rules.list_types]),
        "agreements": [a.id for a in rules.agreements if f"agreement:{a.id}" not in scopes],
        "display_periods": _spare(
            [p.id for p in rules.display_periods if p.severity is None], [t.display for t in rules.list_types]
        ),
        "editions": _spare([e.id for e in rules.editions], [t.edition for t in rules.measure_types]),
        "measure_types": _spare([t.code for t in rules.measure_types], [m.type for m in rules.measures]),
        "memos": _spare([m.code for m in rules.memos], [m.memo for m in rules.measures]),
        "clocks": _spare([c.id for c in rules.clocks], [m.clock.id for m in rules.matters]),
    }
    for part, names in spare.items():
        for name in names:
            text = "没有任何条目引用；请补上引用，或删除。"
            yield Finding(FindingKind.UNUSED, "note", f"{part}({name})", text, (name,))
    for bar in rules.bars:
        if not bar.matters:
            text = "没有写明本规则中的事项，不会适用；如本机关不办理该许可则无妨，否则请补上 matters。"
            yield Finding(FindingKind.UNUSED, "note", f"bars({bar.id})", text, (bar.id,))


def unverified(rules: RuleSet) -> Iterator[Finding]:
    """Bases whose quote nobody has found in the stored text, each once."""
    for basis in {b.id: b for b in (*_cited(rules), *rules.bases)}.values():
        if not basis.verified:
            text = f"《{basis.document}》{basis.article}：引文未核实，不得产生不利影响；请核对原文后设 verified: true。"
            yield Finding(FindingKind.UNVERIFIED_BASIS, "note", f"bases({basis.id})", text, (basis.id,))


def _spare(given: list[str], named: list[str]) -> list[str]:
    used = set(named)
    return [name for name in given if name not in used]


def _cited(rules: RuleSet) -> Iterator[LegalBasis]:
    parts: Iterator[_Cites] = chain(
        rules.principles,
        rules.agreements,
        rules.list_types,
        rules.display_periods,
        rules.grounds,
        rules.exemptions,
        rules.bars,
        rules.editions,
        rules.measure_types,
        rules.memos,
        rules.measures,
        rules.leniencies,
        rules.good_credit_routes,
        rules.clocks,
        rules.excluded_procedures,
        rules.messages,
        rules.lapses,
        rules.promise_texts,
        rules.promise_bars,
        rules.matters,
        (m.clock for m in rules.matters),
        (material for m in rules.matters for material in m.materials),
        rules.applications,
    )
    return (basis for part in parts for basis in part.basis)
