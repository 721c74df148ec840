"""Which matters a measure reaches, and which measures reach a matter."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING

from msgspec import Struct

from approval_hook.policy.analysis.space import Space
from approval_hook.policy.analysis.spans import periods
from approval_hook.policy.case import Role
from approval_hook.policy.subjects import SubjectKind

if TYPE_CHECKING:
    from approval_hook.policy.catalogue import RuleSet


class ReachedCell(Struct, frozen=True, forbid_unknown_fields=True):
    """One measure at one matter, for one list, role and kind of subject."""

    measure: str
    matter: str
    list_type: str  # "" for an incentive, which good credit causes
    role: Role
    kind: SubjectKind
    scopes: tuple[str, ...]  # of the list and of the bases, which must all hold; empty: the whole country
    days: tuple[
        tuple[date, date | None], ...
    ]  # on which they hold in some region, within the validity of the rule set; None: no end
    force: str  # "mandatory" or "recommended"
    may_refuse: bool


class ReachMap:
    """What every measure of a rule set reaches. What can never fire reaches nothing."""

    def __init__(self, cells: tuple[ReachedCell, ...]) -> None:
        """Index the cells both ways."""
        self.cells = cells
        self._by_measure: defaultdict[str, list[ReachedCell]] = defaultdict(list)
        self._by_matter: defaultdict[str, list[ReachedCell]] = defaultdict(list)
        for cell in cells:
            self._by_measure[cell.measure].append(cell)
            self._by_matter[cell.matter].append(cell)

    def matters_of(self, measure: str) -> tuple[str, ...]:
        """Codes of the matters that a measure reaches, sorted; empty: it reaches none, or is unknown."""
        return tuple(sorted({cell.matter for cell in self.cells_of(measure)}))

    def measures_of(self, matter: str) -> tuple[str, ...]:
        """Ids of the measures that reach a matter, sorted; empty: none does, or it is unknown."""
        return tuple(sorted({cell.measure for cell in self.cells_at(matter)}))

    def cells_of(self, measure: str) -> tuple[ReachedCell, ...]:
        """Every cell that a measure reaches."""
        return tuple(self._by_measure.get(measure, ()))

    def cells_at(self, matter: str) -> tuple[ReachedCell, ...]:
        """Every cell at a matter that some measure reaches."""
        return tuple(self._by_matter.get(matter, ()))


def reach(rules: RuleSet) -> ReachMap:
    """Which cells each measure of a rule set reaches, and the reverse."""
    space = Space(rules)
    return ReachMap(
        tuple(
            ReachedCell(
                box.measure.id,
                box.row.matter,
                box.list_type,
                role,
                kind,
                box.scopes,
                held,
                box.row.force,
                box.may_refuse,
            )
            for box in (*space.sanctions, *space.incentives)
            for held in (periods(box.days),)
            for role in box.roles
            for kind in box.kinds
        )
    )
