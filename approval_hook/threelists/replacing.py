"""Which version a draft takes over from, and what it would silently undo of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from approval_hook import cases, keeping
from approval_hook.models import RuleRevision
from approval_hook.policy.catalogue import RuleSet
from approval_hook.rulebook import LoadedRules
from approval_hook.threelists.conditions import DraftRefused
from approval_hook.threelists.difference import ITSELF, Change, differences

#: What every rule set has for itself, so that a difference in it undoes nothing.
_OWN = frozenset({"title", "revision", "valid_from", "valid_to"})


def replaced_by(first_day: date) -> LoadedRules | None:
    """The version that one beginning on a day takes over from: the last to begin before it; ``None``: there is none.

    Publications are looked up anew, because another process may have published a moment ago.

    Raises:
        RulesInvalid: the rule files are unsound.
    """
    known = [item for item in cases.book().all() if item.rules.valid_from < first_day]
    rows = RuleRevision.objects.filter(origin=RuleRevision.Origin.PUBLISHED, valid_from__lt=first_day)
    newest = rows.order_by("-valid_from").values_list("valid_from", "digest").first()
    last = known[-1] if known else None
    if newest is None or (last is not None and last.rules.valid_from >= newest[0]):
        return last
    return keeping.rules_by_digest(newest[1])


def started_from_it(base: str, first_day: date) -> None:
    """Make sure that a draft started from the version that it takes over from.

    Raises:
        DraftRefused: it started from another one, and would undo what lies between the two.
        RulesInvalid: the rule files are unsound.
    """
    before = replaced_by(first_day)
    if before is not None and before.digest != base:
        raise DraftRefused(
            f"草案不是从它将要替代的版本“{before.rules.revision}”起草的，发布会取消该版本的改动。",
            f"请撤回后从版本“{before.rules.revision}”重新起草。",
        )


def undone(base: RuleSet, before: RuleSet, new: RuleSet) -> tuple[Change, ...]:
    """What a rule set takes back of the version that it replaces, without anybody having said so.

    Args:
        base: what the rule set was drafted from.
        before: what it replaces.
        new: the rule set.
    """
    between = {(c.part, c.key): {f.name for f in c.fields} for c in differences(base, before)}
    found = []
    for change in differences(before, new):
        names = between.get((change.part, change.key), set())
        if change.part == ITSELF:
            names = names - _OWN
        fields = tuple(f for f in change.fields if f.name in names) if change.kind == "changed" else change.fields
        if names and fields:
            found.append(replace(change, fields=fields))
    return tuple(found)
