"""Two versions side by side: what was added, removed and changed, and what that newly breaks or leaves unused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from approval_hook.policy.analysis import Finding
from approval_hook.policy.catalogue import RuleSet
from approval_hook.threelists import words
from approval_hook.threelists.difference import ORDER, Change, FieldChange, differences, orphans
from approval_hook.threelists.known import titles_of
from approval_hook.threelists.layout import KEY_SEPARATOR
from approval_hook.threelists.naming import PART_LABELS, shown
from workflows.policydesk.citing import PAGES
from workflows.policydesk.effects import Effect, effects
from workflows.policydesk.saying import said
from workflows.policydesk.versions import Reading
from workflows.policydesk.wording import word

PAGE_CHANGES = 30
PAGE_FINDINGS = 20

KINDS = {"added": _("新增"), "removed": _("删除"), "changed": _("修改")}
#: Kinds in signs, for readers who scan.
SIGNS = {"added": "＋", "removed": "－", "changed": "≠"}

#: Fields that hold codes, and the part in which the codes are found.
_NAMED = {
    "basis": "bases",
    "list_types": "list_types",
    "matter": "matters",
    "matters": "matters",
    "measure": "measures",
    "memo": "memos",
    "edition": "editions",
}


@dataclass(frozen=True, slots=True)
class ShownField:
    """One field before and after, in words."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ShownChange:
    """One change, in words."""

    change: Change
    kind: str
    sign: str
    fields: tuple[ShownField, ...]
    page: str  # name of the address about the rule; "": it has none
    page_code: str

    @property
    def in_old(self) -> bool:
        """Whether the rule is only in the older version."""
        return self.change.kind == "removed"


def compared(old: Reading, new: Reading, part: str, number: str | None) -> dict[str, Any]:
    """What a template shows of a comparison.

    Args:
        old: the version to compare with.
        new: the version that is looked at.
        part: only changes of this part; "" or an unknown one shows all.
        number: page, as it came in the address.
    """
    changes = differences(old.rules, new.rules)
    counts = Counter(change.part for change in changes)
    kinds: Counter[str] = Counter(change.kind for change in changes)
    kept = [change for change in changes if change.part == part] if counts[part] else list(changes)
    titles = (titles_of(old.rules), titles_of(new.rules))
    page: Page[Any] = Paginator(kept, PAGE_CHANGES).get_page(number)
    page.object_list = [_shown(change, titles) for change in page.object_list]
    return {
        "total": len(changes),
        "kinds": [(SIGNS[k], KINDS[k], kinds[k]) for k in KINDS],
        "parts": [(name, gettext(PART_LABELS[name]), counts[name]) for name in counts],
        "part": part if counts[part] else "",
        "page": page,
        "orphans": new_orphans(old.rules, new.rules),
        "findings": [
            {"finding": f, "fresh": fresh} | said(f, new.names) for f, fresh in findings_of(old, new)[:PAGE_FINDINGS]
        ],
        "finding_total": len(findings_of(old, new)),
        "errors": new.analysis.errors,
    }


def shown_changes(changes: Iterable[Change], old: RuleSet, new: RuleSet) -> list[ShownChange]:
    """Changes in words, with the names of both versions."""
    titles = (titles_of(old), titles_of(new))
    return [_shown(change, titles) for change in changes]


def _shown(change: Change, titles: tuple[dict[str, dict[str, str]], ...]) -> ShownChange:
    page = PAGES.get(change.part, "") if change.key else ""
    # The key of an application names its matter and then its measure; the measure has the page.
    piece = 1 if change.part == "applications" else 0
    return ShownChange(
        change,
        word(KINDS, change.kind),
        SIGNS[change.kind],
        tuple(_field(field, titles) for field in change.fields),
        page,
        change.key.split(KEY_SEPARATOR)[piece] if page else "",
    )


def _field(field: FieldChange, titles: tuple[dict[str, dict[str, str]], ...]) -> ShownField:
    if field.name == ORDER:
        before, after = _moved(field.before, field.after)
        return ShownField(gettext(field.label_zh), before, after)
    old, new = titles
    return ShownField(
        gettext(field.label_zh), _value(field.name, field.before, old), _value(field.name, field.after, new)
    )


def _value(name: str, value: object, titles: dict[str, dict[str, str]]) -> str:
    named = titles.get(_NAMED.get(name, ""))
    if named and isinstance(value, list):
        return "；".join(f"{named.get(str(v), v)}（{v}）" for v in value) or gettext("无")
    if named and value:
        return f"{named.get(str(value), value)}（{value}）"
    return shown(name, value)


def _moved(before: object, after: object) -> tuple[str, str]:
    """The first rows that stand elsewhere, not the whole list."""
    if not isinstance(before, list) or not isinstance(after, list):
        return shown(ORDER, before), shown(ORDER, after)
    first = next(n for n, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1])
    text = gettext("第 %(n)d 行起：%(rows)s…")
    return tuple(text % {"n": first + 1, "rows": "、".join(rows[first : first + 4])} for rows in (before, after))  # type: ignore[return-value] # two of them


@dataclass(frozen=True, slots=True)
class Orphaned:
    """Rows of one kind that nothing is tied to."""

    title: str
    fresh: tuple[tuple[str, str], ...]  # code and title: only in the newer version
    known: int  # in both
    page: str


def new_orphans(old: RuleSet, new: RuleSet) -> list[Orphaned]:
    """Rows that nothing is tied to in the newer version, those that were not so before in full."""
    before, after = orphans(old), orphans(new)
    found = []
    for name, title, page in (
        ("measures", gettext("没有事项使用的措施"), "policydesk:measure"),
        ("matters", gettext("没有措施及于的事项"), "policydesk:matter"),
        ("measure_types", gettext("没有措施的类别"), ""),
        ("memos", gettext("没有措施的备忘录"), ""),
    ):
        was, now = set(getattr(before, name)), getattr(after, name)
        if now:
            fresh = tuple(item for item in now if item not in was)
            found.append(Orphaned(title, fresh, len(now) - len(fresh), page))
    return found


def findings_of(old: Reading, new: Reading) -> list[tuple[Finding, bool]]:
    """Every error of the newer version, and what else it has that the older one had not.

    Returns:
        Findings, the gravest first, each with whether it is new.
    """
    known = {(f.kind, f.place, f.text) for f in old.analysis.findings}
    marked = [(f, (f.kind, f.place, f.text) not in known) for f in new.analysis.findings]
    return [(f, fresh) for f, fresh in marked if fresh or f.severity == "error"]


@dataclass(frozen=True, slots=True)
class AdverseRule:
    """A rule that burdens somebody and is new or changed, as the person who publishes reads it."""

    kind: str  # of the change
    part: str
    title: str
    facts: str  # effect, force, how many matters, whether a refusal may rest on it
    bases: Any  # that an applicant reads


def adverse_rules(old: Reading, new: Reading) -> list[AdverseRule]:
    """Rules that burden somebody and are new or changed."""
    bars = {b.id: b for b in new.rules.bars}
    measures = {m.id: m for m in new.rules.measures if m.kind == "sanction"}
    rows = {(e.row.matter, e.row.measure): e for e in effects(new)}
    found: list[AdverseRule] = []
    for change in differences(old.rules, new.rules):
        if change.kind == "removed" or not change.key:
            continue
        bases: Any = None
        facts = ""
        if change.part == "bars" and change.key in bars:
            bar = bars[change.key]
            bases, facts = bar.basis, _facts("", [], len(bar.matters), bar.may_refuse)
        elif change.part == "measures" and change.key in measures:
            measure = measures[change.key]
            mine = [e for e in rows.values() if e.row.measure == measure.id]
            bases = measure.basis
            facts = _facts(measure.effect, mine, len(mine), any(e.refuses for e in mine))
        elif change.part == "applications":
            row = rows.get(tuple(change.key.split(KEY_SEPARATOR)))  # type: ignore[arg-type] # two of them
            if row is not None and row.measure.id in measures:
                bases, facts = row.bases, _facts(row.measure.effect, [row], 1, row.refuses)
        if bases is not None:
            found.append(AdverseRule(word(KINDS, change.kind), gettext(change.part_zh), change.title, facts, bases))
    return found


def _facts(effect: str, held: list[Effect], matters: int, refuses: bool) -> str:
    forces = dict.fromkeys(word(words.FORCES, e.row.force) for e in held)
    return " · ".join(
        (
            *([word(words.EFFECTS, effect)] if effect else []),
            *forces,
            gettext("%(n)d 个事项") % {"n": matters},
            gettext("可据以不予许可") if refuses else gettext("不得据以不予许可"),
        )
    )
