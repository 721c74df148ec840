"""Area ``deadlines``: the sweep of statutory clocks against half a minute, and its memory against a fixed bound."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.benchmarks.apart import printed
from tests.benchmarks.deadlines_cases import Result
from tests.benchmarks.figures import Figure
from tests.postgres import database, server

#: Open deadlines; the bar is about ``FULL``.
CASES = 10_000
FULL = 100_000
BAR_SECONDS = 30
BAR_MB = 64


def measure(long: bool) -> list[Figure]:
    """Sweep the same deadlines on both databases."""
    cases = FULL if long else CASES
    with tempfile.TemporaryDirectory(prefix="approval-hook-bench-") as folder:
        figures = figures_of("sqlite", run(f"sqlite:///{Path(folder) / 'cases.sqlite3'}", cases))
    with server() as url, database(url) as fresh:
        figures += figures_of("postgresql", run(fresh, cases))
    return figures


def run(url: str, cases: int) -> Result:
    """Make the deadlines on an empty database and sweep them, in a process of its own.

    Raises:
        SystemExit: it failed, or a reminder or a lapse was missing or came twice.
    """
    return Result(**printed(url, "tests.benchmarks.deadlines_cases", str(cases)))


def figures_of(name: str, result: Result) -> list[Figure]:
    """Both figures of one database."""
    at_full = result.seconds * FULL / result.cases
    print(
        f"deadlines on {result.database}: {result.cases} due at once in {result.seconds:.2f} s "
        f"({result.cpu_seconds:.2f} s of processor here), nothing due in "
        f"{result.idle_seconds:.3f} s, all counted anew in {result.recount_seconds:.2f} s",
        flush=True,
    )
    circumstances = (
        f"{result.cases} open, all due, a tenth lapses by law",
        f"{at_full:.1f} s at {FULL}",
        f"{result.cpu_seconds * FULL / result.cases:.1f} s of it processor",
    )
    return [
        Figure(f"deadlines.half_minute_{name}", at_full / BAR_SECONDS, 1.0, 0.5, circumstances),
        Figure(
            f"deadlines.memory_{name}",
            result.memory_mb / BAR_MB,
            1.0,
            None,
            (f"peak +{result.memory_mb:.0f} MB whatever the number", f"bar {BAR_MB} MB"),
        ),
    ]
