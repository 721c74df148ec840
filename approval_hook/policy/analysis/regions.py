"""The regions of a rule set, sorted into classes that no scope can tell apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import chain
from typing import TYPE_CHECKING

from approval_hook.policy.analysis.spans import Spans, common, days, union
from approval_hook.policy.periods import scope_covers

if TYPE_CHECKING:
    from approval_hook.policy.catalogue import RuleSet

#: Days by region class.
Extent = dict[str, Spans]

_DIGITS = 6
#: Codes of provinces begin at 11; the sample of "anywhere else" should look like a region.
_FIRST_PROVINCE = 11


def region_classes(rules: RuleSet) -> tuple[str, ...]:
    """One region of each class, six digits.

    A scope or an agreement asks only whether a region begins with some prefix. Two regions with the same longest
    prefix among those that the rule set mentions begin with the same ones, so one of each class stands for all.
    The last one begins with none of them.
    """
    mentioned = set(_mentioned(rules))
    samples = (_sample(prefix, mentioned) for prefix in (*sorted(mentioned), ""))
    return tuple(sample for sample in samples if sample)


def _mentioned(rules: RuleSet) -> Iterator[str]:
    bases = chain(
        (part.basis for part in rules.applications),
        (part.basis for part in rules.measures),
        (part.basis for part in rules.bars),
        (part.basis for part in rules.grounds),
    )
    scopes = {basis.scope for part in bases for basis in part}
    scopes |= {*(t.scope for t in rules.list_types), *(i.scope for i in rules.leniencies)}
    for scope in scopes:
        kind, _, name = scope.partition(":")
        if kind in ("province", "city"):
            yield name
    for agreement in rules.agreements:
        yield from agreement.regions


def _sample(prefix: str, mentioned: set[str]) -> str:
    """A region that begins with the prefix and with no longer one of those mentioned; empty: there is none."""
    if len(prefix) >= _DIGITS:
        return prefix
    begin = 0 if prefix else _FIRST_PROVINCE
    for number in range(begin, begin + 100):
        longer = f"{prefix}{number % 100:02d}"
        if longer not in mentioned:
            found = _sample(longer, mentioned)
            if found:
                return found
    return ""


class Territory:
    """Where and when the scopes of a rule set hold, within its validity. Scopes taken together must all hold."""

    def __init__(self, rules: RuleSet) -> None:
        """Find the classes; scopes are looked at when they are asked for."""
        self.valid = days(rules.valid_from, rules.valid_to)
        self.classes = region_classes(rules)
        self._agreements = rules.agreements
        self._single: dict[str, Extent] = {}
        self._joint: dict[tuple[str, ...], Extent] = {}
        self._anywhere: dict[tuple[str, ...], Spans] = {}

    def held(self, scopes: tuple[str, ...]) -> Extent:
        """Days on which all of these scopes hold, by region class; classes in which they never do are left out."""
        found = self._joint.get(scopes)
        if found is None:
            found = dict.fromkeys(self.classes, self.valid) if self.valid else {}
            for scope in scopes:
                one = self._one(scope)
                both = ((region, common(spans, one[region])) for region, spans in found.items())
                found = {region: spans for region, spans in both if spans}
            self._joint[scopes] = found
        return found

    def anywhere(self, scopes: tuple[str, ...]) -> Spans:
        """Days on which all of these scopes hold in some region."""
        found = self._anywhere.get(scopes)
        if found is None:
            found = self._anywhere[scopes] = union(self.held(scopes).values())
        return found

    def told_apart(self, keys: Iterable[tuple[str, ...]]) -> Iterator[tuple[str, dict[tuple[str, ...], Spans]]]:
        """One region for each way in which these joint scopes can hold, with the days on which each of them does."""
        seen = set()
        asked = tuple(dict.fromkeys(keys))
        for region in self.classes:
            way = tuple(self.held(key).get(region, ()) for key in asked)
            if any(way) and way not in seen:
                seen.add(way)
                yield region, dict(zip(asked, way, strict=True))

    def region_of(self, scopes: tuple[str, ...], day: date) -> str:
        """A region that these scopes reach on a day on which they hold somewhere."""
        ordinal = day.toordinal()
        held = self.held(scopes).items()
        return next(region for region, spans in held if any(a <= ordinal <= b for a, b in spans))

    def _one(self, scope: str) -> Extent:
        found = self._single.get(scope)
        if found is None:
            found = self._single[scope] = {region: self._days(scope, region) for region in self.classes}
        return found

    def _days(self, scope: str, region: str) -> Spans:
        kind, _, name = scope.partition(":")
        if kind != "agreement":
            return self.valid if scope_covers(scope, region) else ()
        held = [
            days(a.valid_from, a.valid_to) for a in self._agreements if a.id == name and region.startswith(a.regions)
        ]
        return union(held)
