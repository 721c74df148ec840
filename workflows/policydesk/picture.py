"""The picture of reach: measures across, matters down by department, one mark where a measure reaches a matter.

It is a matrix and not a web of lines: with forty measures and sixty matters every mark can still be followed to its
row and column. Columns carry numbers that are repeated at each department, so that they can be read anywhere.
The page lays it out in two drawings of one height: names on the left stay while the marks scroll.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from approval_hook.policy.catalogue import Matter
from approval_hook.policy.rules import Measure
from workflows.policydesk.effects import Effect

#: All lengths in pixels of the drawing.
COLUMN, ROW, BAND = 30, 24, 30
NAMES_WIDTH = 320
_LETTER = 13
_MOST_LETTERS = 22
_NUMBER_ROOM = 24


@dataclass(frozen=True, slots=True)
class Column:
    """A measure."""

    number: int
    measure: Measure
    short: str  # as much of its title as fits
    x: int  # middle
    count: int  # matters that it reaches


@dataclass(frozen=True, slots=True)
class Row:
    """A matter."""

    matter: Matter
    short: str  # as much of its title as fits
    y: int  # middle
    count: int  # measures that reach it
    odd: bool


@dataclass(frozen=True, slots=True)
class Band:
    """The line above the matters of a department."""

    department: str
    y: int  # top
    middle: int


@dataclass(frozen=True, slots=True)
class Mark:
    """An effect."""

    effect: Effect
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything a template draws."""

    columns: tuple[Column, ...]
    bands: tuple[Band, ...]
    rows: tuple[Row, ...]
    marks: tuple[Mark, ...]
    head: int  # height of the head with the vertical titles
    width: int
    height: int
    names_width: int = NAMES_WIDTH

    @property
    def number_y(self) -> int:
        """Where the numbers stand in the head."""
        return self.head - 8

    @property
    def title_y(self) -> int:
        """Where the vertical titles end."""
        return self.head - _NUMBER_ROOM


def draw(matters: Sequence[Matter], measures: Sequence[Measure], effects: Sequence[Effect]) -> Picture:
    """Lay out the matrix.

    Args:
        matters: rows, put together by department in the order in which departments first appear.
        measures: columns, from left to right.
        effects: marks; those of other matters and measures are left out.
    """
    across: defaultdict[str, int] = defaultdict(int)
    down: defaultdict[str, int] = defaultdict(int)
    for e in effects:
        if not e.dead:
            across[e.matter.code] += 1
            down[e.measure.id] += 1
    columns = tuple(
        Column(n, m, shortened(m.title), (n - 1) * COLUMN + COLUMN // 2, down[m.id]) for n, m in enumerate(measures, 1)
    )
    head = max((len(c.short) for c in columns), default=0) * _LETTER + _NUMBER_ROOM + 12
    departments: dict[str, list[Matter]] = {}
    for m in matters:
        departments.setdefault(m.department, []).append(m)
    bands: list[Band] = []
    rows: list[Row] = []
    y = head
    for department, held in departments.items():
        bands.append(Band(department, y, y + BAND // 2))
        y += BAND
        for m in held:
            rows.append(Row(m, shortened(m.title), y + ROW // 2, across[m.code], len(rows) % 2 == 1))
            y += ROW
    at_x = {c.measure.id: c.x for c in columns}
    at_y = {r.matter.code: r.y for r in rows}
    marks = tuple(
        Mark(e, at_x[e.measure.id], at_y[e.matter.code])
        for e in effects
        if e.measure.id in at_x and e.matter.code in at_y
    )
    return Picture(columns, tuple(bands), tuple(rows), marks, head, len(columns) * COLUMN, y)


def shortened(title: str) -> str:
    """As much of a title as a column or row holds; the drawing tells the whole beside it."""
    return title if len(title) <= _MOST_LETTERS else title[: _MOST_LETTERS - 1] + "…"
