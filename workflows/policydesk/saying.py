"""What an analysis found, in the names that policy staff know: codes become titles with the code in brackets."""

from __future__ import annotations

import re

from django.utils.translation import gettext

from approval_hook.policy.analysis import Finding
from approval_hook.policy.catalogue import RuleSet
from approval_hook.threelists import words
from approval_hook.threelists.known import titles_of
from approval_hook.threelists.layout import KEY_SEPARATOR, PART_SHEETS
from approval_hook.threelists.naming import FIELD_LABELS, PART_LABELS
from workflows.policydesk.wording import DOMAINS, EVENTS, PROOFS

#: What one rule of a part is called before its title.
_ONE = {
    "measures": "措施",
    "measure_types": "措施类别",
    "memos": "备忘录",
    "applications": "应用",
}
_PIECE = re.compile(r"(?P<part>[a-z_]+)(?:\((?P<key>[^)]*)\))?")
_TOKEN = re.compile(r"“(?P<quoted>[A-Za-z0-9][A-Za-z0-9_-]*)”|(?<![A-Za-z0-9_.])(?P<bare>[A-Za-z][A-Za-z0-9_-]*)")
_VALUES = {
    **words.KINDS,
    **words.EFFECTS,
    **words.FORCES,
    **words.SUBJECTS,
    **words.ROLES,
    **words.SEVERITIES,
}
#: Settings of the rule file that a text tells to change.
_SETTINGS = (
    ("tolerance: never", "“容缺范围”为“不可容缺”"),
    ("verified: true", "“已核实”为“是”"),
    ("may_refuse: false", "“可据以不予许可”为“否”"),
)


class Sayings:
    """The names of one rule set, by code."""

    def __init__(self, rules: RuleSet) -> None:
        """Collect every code that a finding can name."""
        self._by_part = titles_of(rules) | {
            "bars": {b.id: b.title for b in rules.bars},
            "clocks": {c.id: c.title for c in rules.clocks},
            "exemptions": {e.id: e.title for e in rules.exemptions},
            "excluded_procedures": {p.id: p.title for p in rules.excluded_procedures},
            "messages": {m.code: m.title for m in rules.messages},
            "lapses": {x.id: x.title for x in rules.lapses},
            "promise_texts": {t.id: t.title for t in rules.promise_texts},
            "promise_bars": {b.id: b.title for b in rules.promise_bars},
            "grounds": {g.id: g.title for g in rules.grounds},
            "principles": {p.id: p.title for p in rules.principles},
            "leniencies": {i.id: i.title for i in rules.leniencies},
            "good_credit_routes": {r.id: r.title for r in rules.good_credit_routes},
            "agreements": {a.id: a.title for a in rules.agreements},
            "categories": {c.code: c.title for c in rules.categories},
            "documents": {d.id: d.title for d in rules.documents},
            "sources": {s.name: s.title for s in rules.sources},
            "materials": {x.code: x.title for m in rules.matters for x in m.materials},
        }
        self._all: dict[str, str] = {}
        for titles in self._by_part.values():
            for code, title in titles.items():
                self._all.setdefault(code, title)

    def place(self, place: str) -> str:
        """Where a finding is: part and title of the rule, with its code.

        >>> from tests.unit.threelists.building import rules
        >>> Sayings(rules()).place("display_periods")
        '公示期限'
        """
        said = []
        for match in _PIECE.finditer(place):
            part, key = match["part"], match["key"]
            if key is None:
                label = PART_LABELS.get(part) or FIELD_LABELS.get(part, part)
                said.append(gettext(label))
            elif part == "applications":
                matter, _sep, measure = key.partition(KEY_SEPARATOR)
                said += [self._one("matters", matter), self._one("measures", measure)]
            else:
                said.append(self._one(part, key))
        return " · ".join(said)

    def _one(self, part: str, code: str) -> str:
        title = self._by_part.get(part, {}).get(code)
        label = gettext(_ONE.get(part) or PART_LABELS.get(part, part))
        return f"{label}“{title}”（{code}）" if title else f"{label}“{code}”"

    def text(self, text: str) -> str:
        """A text of the analysis with names in the place of codes, words in the place of values and labels of fields.

        A token that is neither stays as it is.
        """
        for setting, here in _SETTINGS:
            text = text.replace(setting, here)
        return _TOKEN.sub(self._named, text)

    def _named(self, match: re.Match[str]) -> str:
        code = match["quoted"] or match["bare"]
        title = self._all.get(code)
        value = _VALUES.get(code) or EVENTS.get(code) or DOMAINS.get(code) or PROOFS.get(code)
        label = PART_SHEETS.get(code) or PART_LABELS.get(code) or FIELD_LABELS.get(code)
        if match["quoted"]:
            if title:
                return f"“{title}”（{code}）"
            return f"“{value}”" if value else str(match[0])
        # A bare word is a value or a field of the analysis's own sentence before it is somebody's code.
        if value:
            return str(value)
        if label:
            return f"“{label}”"
        return f"“{title}”（{code}）" if title else str(match[0])


def said(finding: Finding, names: Sayings) -> dict[str, str]:
    """Place, text and example of a finding, as a page shows them."""
    example = finding.witness.words() if finding.witness else ""
    return {"place": names.place(finding.place), "text": names.text(finding.text), "example": names.text(example)}
