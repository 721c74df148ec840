"""Area ``lists``: importing a list against a bare COPY of its file, and a point look-up against a bare SELECT."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.apart import printed
from tests.benchmarks.figures import Figure
from tests.postgres import database, server

ROWS = 300_000
#: The bars are about this many.
FULL = 5_000_000
#: Of the speed of a bare COPY, at least.
BAR_IMPORT = 0.5
BAR_MEGABYTES = 300
#: Times a bare indexed SELECT, at most.
BAR_LOOK_UP = 2.0
_MODULE = "tests.benchmarks.lists_cases"


@dataclass(frozen=True, slots=True)
class Result:
    """What one run gave.

    Attributes:
        rows: of the list.
        megabytes: of its file.
        bare: seconds of a bare COPY, before and after ours.
        indexed: seconds of a bare COPY and the three indexes that a look-up needs.
        load: seconds of ours.
        peak_mb: most memory of the process that loaded.
        looks: microseconds by way, medians.
    """

    rows: int
    megabytes: float
    bare: tuple[float, float]
    indexed: float
    load: float
    peak_mb: float
    looks: dict[str, float]


def measure(long: bool) -> list[Figure]:
    """Import the same file in turns, then look subjects up."""
    result = run(FULL if long else ROWS)
    before, after = result.bare
    copied = (before + after) / 2
    control = f"A/A {after / before:.2f}"
    looks = result.looks
    look_control = f"A/A {looks['bare_again'] / looks['bare']:.2f}"
    bare_look = (looks["bare"] + looks["bare_again"]) / 2
    rows = f"{result.rows} rows, {result.megabytes:.0f} MB"
    return [
        Figure(
            "lists.import",
            copied / result.load,
            BAR_IMPORT,
            None,
            (control, rows, f"COPY {copied:.1f} s", f"ours {result.load:.1f} s, indexes and check digits included"),
            lower_is_better=False,
        ),
        Figure(
            "lists.import_vs_indexed",
            result.indexed / result.load,
            None,
            None,
            (control, f"COPY and the same three indexes {result.indexed:.1f} s"),
            lower_is_better=False,
        ),
        Figure(
            "lists.memory",
            result.peak_mb / BAR_MEGABYTES,
            1.0,
            None,
            (f"{result.peak_mb:.0f} MB of {BAR_MEGABYTES}", rows),
        ),
        Figure(
            "lists.look_up",
            looks["look_up"] / bare_look,
            BAR_LOOK_UP,
            None,
            (look_control, f"bare {bare_look:.0f} us", f"ours {looks['look_up']:.0f} us, by number, name and mask"),
        ),
        Figure(
            "lists.query",
            looks["query"] / bare_look,
            None,
            None,
            (look_control, f"the whole report {looks['query']:.0f} us"),
        ),
    ]


def run(rows: int) -> Result:
    """Measure on a server of its own.

    Raises:
        SystemExit: a part failed, or an answer was not the one that the list holds.
    """
    with tempfile.TemporaryDirectory(prefix="approval-hook-bench-") as folder, server() as url, database(url) as fresh:
        path = Path(folder) / "list.csv"

        def part(name: str) -> dict[str, Any]:
            return printed(fresh, _MODULE, name, str(path), str(rows))

        megabytes = part("make")["bytes"] / 1e6
        before = part("before")["bare"]
        loaded = part("load")
        after = part("after")
    if loaded["rows"] != rows:
        raise SystemExit(f"{loaded['rows']} rows are stored of {rows}")
    return Result(
        rows=rows,
        megabytes=megabytes,
        bare=(before, after["bare"]),
        indexed=after["indexed"],
        load=loaded["seconds"],
        peak_mb=loaded["peak_mb"],
        looks=after["looks"],
    )
