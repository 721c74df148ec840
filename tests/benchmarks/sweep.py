"""Area ``sweep``: the in-flight sweep against a minute, and against the bare join that finds the same cases."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.benchmarks.apart import printed
from tests.benchmarks.figures import Figure
from tests.benchmarks.sweep_cases import Result
from tests.postgres import database, server

#: Running cases; the bar is about ``FULL``.
CASES = 20_000
FULL = 100_000
BAR_SECONDS = 60


def measure(long: bool) -> list[Figure]:
    """Sweep the same cases on both databases."""
    cases = FULL if long else CASES
    with tempfile.TemporaryDirectory(prefix="approval-hook-bench-") as folder:
        figures = _figures("sqlite", run(f"sqlite:///{Path(folder) / 'cases.sqlite3'}", cases))
    with server() as url, database(url) as fresh:
        figures += _figures("postgresql", run(fresh, cases))
    return figures


def run(url: str, cases: int) -> Result:
    """Make the cases on an empty database and sweep them, in a process of its own.

    Raises:
        SystemExit: it failed, or the sweep and the bare join did not find the same cases.
    """
    return Result(**printed(url, "tests.benchmarks.sweep_cases", str(cases)))


def _figures(name: str, result: Result) -> list[Figure]:
    at_full = result.seconds * FULL / result.cases
    print(
        f"sweep on {result.database}: {result.cases} running cases, {result.found} found in {result.seconds:.2f} s, "
        f"nothing new in {result.again_seconds:.2f} s; bare NOT EXISTS join {result.join_seconds:.2f} s",
        flush=True,
    )
    circumstances = (f"{result.cases} cases", f"{at_full:.1f} s at {FULL}", f"memory +{result.memory_mb:.0f} MB")
    return [
        Figure(f"sweep.minute_{name}", at_full / BAR_SECONDS, 1.0, 0.5, circumstances),
        Figure(
            f"sweep.join_{name}",
            result.again_seconds / result.join_seconds,
            None,
            None,
            (
                f"A/A {result.join_again_seconds / result.join_seconds:.2f}",
                "a sweep that finds nothing new, to the bare SELECT ... NOT EXISTS",
            ),
        ),
    ]
