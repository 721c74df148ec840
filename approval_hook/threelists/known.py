"""The codes that rows may name, with their titles, and the nearest one to a code that nobody knows."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from approval_hook.policy.catalogue import RuleSet
from approval_hook.policy.rules import LegalBasis
from approval_hook.threelists.words import folded

#: Codes that are compared in full when a near one is looked for; more would make a long error list slow.
_COMPARED = 1000
_SAME_START = 3


def basis_title(basis: LegalBasis) -> str:
    """A basis as the sheets show it beside its code."""
    return one_line(f"{basis.document} {basis.article}")


def one_line(text: str) -> str:
    """A text with every run of white space as one space."""
    return " ".join(text.split())


def titles_of(rules: RuleSet) -> dict[str, dict[str, str]]:
    """Title by code, for each part that a row can name."""
    return {
        "bases": {b.id: basis_title(b) for b in rules.bases},
        "list_types": {t.code: t.title for t in rules.list_types},
        "matters": {m.code: m.title for m in rules.matters},
        "editions": {e.id: e.title for e in rules.editions},
        "memos": {m.code: m.title for m in rules.memos},
        "measure_types": {t.code: t.title for t in rules.measure_types},
        "measures": {m.id: m.title for m in rules.measures},
    }


class Known:
    """Codes of one part as the workbook leaves them, beside those of the base."""

    def __init__(self, titles: Mapping[str, str], before: Mapping[str, str]) -> None:
        """Take title by code as it will be, and as it was in the base."""
        self.titles = titles
        self._before = before
        self._shown = {folded(title): code for code, title in titles.items()}

    def __contains__(self, code: str) -> bool:
        return code in self.titles

    def fits(self, code: str, shown: str) -> bool:
        """Whether a title written beside a code is that code's.

        The former title fits as well after a renaming, unless another code now bears it.
        """
        text = folded(shown)
        if text == folded(self.titles[code]):
            return True
        return text == folded(self._before.get(code, "")) and text not in self._shown

    def titled(self, shown: str) -> str:
        """The code with this title; empty when there is none."""
        return self._shown.get(folded(shown), "")

    def near(self, code: str) -> str:
        """The known code most like this one; empty when none is like it."""
        pool = [c for c in self.titles if abs(len(c) - len(code)) <= max(_SAME_START, len(code) // 3)]
        if len(pool) > _COMPARED:
            pool = [c for c in pool if c[:_SAME_START] == code[:_SAME_START]][:_COMPARED]
        # A code that differs in case only is the likeliest of all.
        same = next((c for c in self.titles if c.lower() == code.lower()), "") if len(self.titles) <= _COMPARED else ""
        found = get_close_matches(code, pool, n=1)
        return same or (found[0] if found else "")
