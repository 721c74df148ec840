"""What changes from one rule set to another: every part, every row, every field. Pure.

Two rule sets without a difference have the same content to the byte: the order of rows is a difference too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from approval_hook.policy.catalogue import RuleSet
from approval_hook.threelists.layout import KEY_SEPARATOR
from approval_hook.threelists.naming import FIELD_LABELS, PART_LABELS

#: The part that holds the fields of the rule set itself.
ITSELF = "rule_set"
#: The field that stands for the order of the rows of a part.
ORDER = "order"

_KEYS = {
    "documents": ("id",),
    "bases": ("id",),
    "sources": ("name",),
    "principles": ("id",),
    "categories": ("code",),
    "agreements": ("id",),
    "list_types": ("code",),
    "display_periods": ("id",),
    "grounds": ("id",),
    "bars": ("id",),
    "editions": ("id",),
    "measure_types": ("code",),
    "memos": ("code",),
    "measures": ("id",),
    "leniencies": ("id",),
    "good_credit_routes": ("id",),
    "clocks": ("id",),
    "matters": ("code",),
    "materials": ("matter", "code"),
    "applications": ("matter", "measure"),
    "exemptions": ("id",),
    "excluded_procedures": ("id",),
    "messages": ("code",),
    "reminders": ("id",),
    "lapses": ("id",),
    "promise_texts": ("id",),
    "promise_bars": ("id",),
}

Plain = dict[str, Any]
Names = dict[tuple[str, str], str]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of one row."""

    name: str  # as in the rule file; of a nested value "freshness.decision"
    label_zh: str
    before: object  # plain JSON; None where the row was not there
    after: object  # plain JSON; None where the row is not there any more


@dataclass(frozen=True, slots=True)
class Change:
    """One row of one part that was added, removed or changed."""

    part: str  # as in the rule file; "materials" for those of all matters, "rule_set" for the rule set itself
    key: str  # "" for the rule set itself and for the order of a part
    title: str  # in Chinese; after the change where there is one
    kind: Literal["added", "removed", "changed"]
    fields: tuple[FieldChange, ...]  # never empty

    @property
    def part_zh(self) -> str:
        """The part in Chinese."""
        return PART_LABELS[self.part]


def differences(old: RuleSet, new: RuleSet) -> tuple[Change, ...]:
    """Every change from one rule set to another, by part in the order of the rule file.

    Returns:
        Empty exactly when both have the same content: then their digests are the same.
    """
    before, after = _parts(old), _parts(new)
    names = [_names(old, new), _names(new, old)]
    return tuple(change for part in before for change in _of_part(part, before[part], after[part], names))


def _parts(rules: RuleSet) -> dict[str, dict[str, Plain]]:
    """Rows by key, for each part."""
    plain: Plain = rules.plain()
    itself = {name: value for name, value in plain.items() if name not in _KEYS}
    parts: dict[str, dict[str, Plain]] = {ITSELF: {"": _flat(itself)}}
    for part, key in _KEYS.items():
        if part == "materials":
            rows = [{"matter": m["code"], **row} for m in plain["matters"] for row in m["materials"]]
        else:
            rows = plain.get(part, [])  # exemptions are unwritten where there are none
        parts[part] = {
            KEY_SEPARATOR.join(row[name] for name in key): _flat({n: v for n, v in row.items() if n != "materials"})
            for row in rows
        }
    return parts


def _flat(row: Plain) -> Plain:
    """A row whose nested values are fields of their own."""
    flat: Plain = {}
    for name, value in row.items():
        if isinstance(value, dict):
            flat.update({f"{name}.{inner}": each for inner, each in value.items()})
        else:
            flat[name] = value
    return flat


def _names(rules: RuleSet, other: RuleSet) -> Names:
    """Titles of what rows name, by part and code; those of ``rules`` go before those of the other."""
    both = (other, rules)
    return {
        **{("documents", d.id): d.title for r in both for d in r.documents},
        **{("measures", m.id): m.title for r in both for m in r.measures},
        **{("matters", m.code): m.title for r in both for m in r.matters},
    }


def _of_part(part: str, old: dict[str, Plain], new: dict[str, Plain], names: list[Names]) -> Iterator[Change]:
    for key, row in old.items():
        if key not in new:
            fields = tuple(FieldChange(name, label(part, name), value, None) for name, value in row.items())
            yield Change(part, key, _title(part, row, names[0]), "removed", fields)
    for key, row in new.items():
        was = old.get(key)
        if was is None:
            fields = tuple(FieldChange(name, label(part, name), None, value) for name, value in row.items())
            yield Change(part, key, _title(part, row, names[1]), "added", fields)
        elif was != row:
            fields = tuple(
                FieldChange(name, label(part, name), was[name], value)
                for name, value in row.items()
                if was[name] != value
            )
            yield Change(part, key, _title(part, row, names[1]), "changed", fields)
    was_order, is_order = [k for k in old if k in new], [k for k in new if k in old]
    if was_order != is_order:
        fields = (FieldChange(ORDER, label(part, ORDER), was_order, is_order),)
        yield Change(part, "", f"{PART_LABELS[part]}的排列顺序", "changed", fields)


def label(part: str, name: str) -> str:
    """The Chinese name of a field, by its part and its name in the rule file; the latter when it has none."""
    return FIELD_LABELS.get(f"{part}.{name}") or FIELD_LABELS.get(name, name)


def _title(part: str, row: Plain, names: Names) -> str:
    match part:
        case "rule_set":
            return PART_LABELS[ITSELF]
        case "applications":
            return f"{names['matters', row['matter']]}：{names['measures', row['measure']]}"
        case "materials":
            return f"{names['matters', row['matter']]}：{row['title']}"
        case "bases":
            return f"{names['documents', row['document']]} {row['article']}"
        case "display_periods" | "reminders":
            return str(row["id"])
    return str(row["title"])


@dataclass(frozen=True, slots=True)
class Orphans:
    """Rows that nothing is tied to, as (code, title). They are allowed, and often a forgotten row."""

    measures: tuple[tuple[str, str], ...]  # no application names them: they are applied nowhere
    matters: tuple[tuple[str, str], ...]  # no application names them: no measure reaches them
    measure_types: tuple[tuple[str, str], ...]  # no measure is of this type
    memos: tuple[tuple[str, str], ...]  # no measure comes from them

    def __bool__(self) -> bool:
        return bool(self.measures or self.matters or self.measure_types or self.memos)


def orphans(rules: RuleSet) -> Orphans:
    """Measures without a matter, matters without a measure, and types and memoranda without a measure (R-28)."""
    applied = {row.measure for row in rules.applications}
    reached = {row.matter for row in rules.applications}
    typed = {measure.type for measure in rules.measures}
    agreed = {measure.memo for measure in rules.measures}
    return Orphans(
        tuple((m.id, m.title) for m in rules.measures if m.id not in applied),
        tuple((m.code, m.title) for m in rules.matters if m.code not in reached),
        tuple((t.code, t.title) for t in rules.measure_types if t.code not in typed),
        tuple((m.code, m.title) for m in rules.memos if m.code not in agreed),
    )
