"""Which rules rest on which basis, and which of them lose their effect because a basis is unverified."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from approval_hook.policy.catalogue import RuleSet
from approval_hook.policy.plan import carries_adverse
from approval_hook.policy.rules import Bases, LegalBasis
from approval_hook.threelists import words
from approval_hook.threelists.naming import PART_LABELS

#: Name of the address of the page about a rule, by part; the other parts have none.
PAGES = {
    "matters": "policydesk:matter",
    "materials": "policydesk:matter",
    "measures": "policydesk:measure",
    "applications": "policydesk:measure",
    "list_types": "policydesk:list",
    "bars": "policydesk:bar",
    "bases": "policydesk:basis",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that rests on bases, as pages name it."""

    part: str  # as in the rule file
    code: str  # of the page about it: a material's is its matter
    title: str
    adverse: bool  # it burdens somebody, so every one of its bases must be verified and of sufficient rank

    @property
    def part_title(self) -> str:
        """The part in Chinese."""
        return PART_LABELS[self.part]

    @property
    def page(self) -> str:
        """Name of the address about it; empty when it has none."""
        return PAGES.get(self.part, "")


@dataclass(frozen=True, slots=True)
class Citing:
    """Rules by basis, and the adverse rules that cannot take effect."""

    bases: dict[str, LegalBasis]  # every basis that is listed or cited, by id
    rules: dict[str, tuple[Rule, ...]]  # by id of a basis; none: nothing rests on it
    silenced: tuple[Rule, ...]  # adverse rules with a basis that is unverified

    @property
    def unverified(self) -> tuple[LegalBasis, ...]:
        """Unverified bases: those that silence an adverse rule first, then by how many rules rest on them."""
        return tuple(
            sorted(
                (b for b in self.bases.values() if not b.verified),
                key=lambda b: (
                    not any(r.adverse for r in self.rules.get(b.id, ())),
                    -len(self.rules.get(b.id, ())),
                    b.document,
                    b.id,
                ),
            )
        )


def citing(rules: RuleSet) -> Citing:
    """Index a rule set by basis."""
    found: defaultdict[str, dict[Rule, None]] = defaultdict(dict)
    bases = {b.id: b for b in rules.bases}
    silenced: dict[Rule, None] = {}
    for rule, cited in _rules(rules):
        for basis in cited:
            bases.setdefault(basis.id, basis)
            found[basis.id][rule] = None
        if rule.adverse and not carries_adverse(cited) and any(not b.verified for b in cited):
            silenced[rule] = None
    return Citing(bases, {key: tuple(named) for key, named in found.items()}, tuple(silenced))


def _rules(rules: RuleSet) -> Iterator[tuple[Rule, Bases]]:
    # What other bodies carry out is for them to found.
    sanctions = {m.id for m in rules.measures if m.kind == "sanction" and m.effect != "of_others"}
    matters = {m.code: m.title for m in rules.matters}
    measures = {m.id: m.title for m in rules.measures}
    for matter in rules.matters:
        yield Rule("matters", matter.code, matter.title, False), matter.basis
        for material in matter.materials:
            yield Rule("materials", matter.code, f"{matter.title}：{material.title}", False), material.basis
    for measure in rules.measures:
        yield Rule("measures", measure.id, measure.title, measure.id in sanctions), measure.basis
    for row in rules.applications:
        title = f"{matters.get(row.matter, row.matter)}：{measures.get(row.measure, row.measure)}"
        yield Rule("applications", row.measure, title, row.measure in sanctions), row.basis
    for listed in rules.list_types:
        yield Rule("list_types", listed.code, listed.title, False), listed.basis
    for bar in rules.bars:
        yield Rule("bars", bar.id, bar.title, True), bar.basis
    for clock in rules.clocks:
        yield Rule("clocks", clock.id, clock.title, False), clock.basis
    parts = ("principles", "grounds", "leniencies", "good_credit_routes", "agreements", "editions", "exemptions")
    for part in (*parts, "excluded_procedures", "lapses", "promise_texts", "promise_bars"):
        for item in getattr(rules, part):
            yield Rule(part, item.id, item.title, False), item.basis
    for part in ("measure_types", "memos", "messages"):
        for item in getattr(rules, part):
            yield Rule(part, item.code, item.title, False), item.basis
    for period in rules.display_periods:
        # In Chinese like every title: what is remembered of a rule set must not depend on a reader's language.
        of = words.SEVERITIES[period.severity.value] if period.severity else period.id
        yield Rule("display_periods", period.id, f"{of}的公示期限", False), period.basis
