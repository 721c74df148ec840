"""Two versions side by side: what was added, removed and changed, and what that newly breaks or leaves unused."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from approval_hook.policy.analysis import Finding
from approval_hook.policy.catalogue import RuleSet
from approval_hook.threelists.difference import ORDER, Change, FieldChange, differences, orphans
from approval_hook.threelists.known import titles_of
from approval_hook.threelists.layout import KEY_SEPARATOR
from approval_hook.threelists.naming import PART_LABELS, shown
from workflows.policydesk.citing import PAGES
from workflows.policydesk.versions import Reading
from workflows.policydesk.wording import word

PAGE_CHANGES = 30

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
        "findings": findings_of(old, new),
        "errors": new.analysis.errors,
    }


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


def adverse_rules(old: RuleSet, new: RuleSet) -> list[tuple[str, str, str, Any]]:
    """Rules that burden somebody and are new or changed: kind, part, title, and the bases that an applicant reads."""
    bars = {b.id: b for b in new.bars}
    measures = {m.id: m for m in new.measures if m.kind == "sanction"}
    rows = {(a.matter, a.measure): a for a in new.applications}
    found: list[tuple[str, str, str, Any]] = []
    for change in differences(old, new):
        if change.kind == "removed" or not change.key:
            continue
        bases: Any = None
        if change.part == "bars" and change.key in bars:
            bases = bars[change.key].basis
        elif change.part == "measures" and change.key in measures:
            bases = measures[change.key].basis
        elif change.part == "applications":
            matter, measure = change.key.split(KEY_SEPARATOR)
            if measure in measures:
                cited = (*rows[matter, measure].basis, *measures[measure].basis)
                bases = tuple({b.id: b for b in cited}.values())
        if bases is not None:
            found.append((word(KINDS, change.kind), gettext(change.part_zh), change.title, bases))
    return found
