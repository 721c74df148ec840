"""One printed line per measured figure, with its bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """A ratio against a named peer, measured in the same run.

    Attributes:
        name: ``<area>.<what>``.
        value: the ratio.
        target: the bar; None for a figure that is shown only to explain another.
        goal: what later work aims at, or None.
        notes: A/A control and circumstances, shown in brackets.
        lower_is_better: True for a cost, False for a speed.
    """

    name: str
    value: float
    target: float | None
    goal: float | None
    notes: tuple[str, ...]
    lower_is_better: bool = True

    @property
    def falls_short(self) -> bool:
        """True when the figure, as printed, misses its bar."""
        if self.target is None:
            return False
        shown = round(self.value, 2)
        return shown > self.target if self.lower_is_better else shown < self.target

    def line(self) -> str:
        """The figure as one line."""
        sign = "<=" if self.lower_is_better else ">="
        target = f"target {sign} {self.target:.2f}x" if self.target is not None else "no target"
        goal = f"goal {self.goal:.2f}x" if self.goal is not None else ""
        verdict = "" if self.target is None else "FALLS SHORT" if self.falls_short else "ok"
        return f"{self.name:<30}{self.value:>6.2f}x   {target:<17} {goal:<11} {verdict:<12} ({', '.join(self.notes)})"


def exit_code(figures: Sequence[Figure]) -> int:
    """1 when a figure falls short of its bar, or when nothing was measured."""
    return int(not figures or any(f.falls_short for f in figures))
