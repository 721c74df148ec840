"""Area ``http``: what our client layer adds to a bare ``requests`` call, and six slow queries against one."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.benchmarks.apart import printed
from tests.benchmarks.figures import Figure
from tests.benchmarks.http_cases import AT_ONCE, Result

SECONDS = 20.0
LONG_SECONDS = 120.0
#: Of the bare call's time, on top of it.
BAR = 0.35
#: What the gate may wait for six queries at once, of what it waits for one.
BAR_AT_ONCE = 1.3


def measure(long: bool) -> list[Figure]:
    """Ask the same server in turns."""
    result = run(LONG_SECONDS if long else SECONDS)
    control = f"A/A {result.bare_again / result.bare:.2f}"
    of_the_adapter = f"adapter {result.adapter:.2f} ms"
    return [
        Figure(
            "http.overhead",
            result.whole / result.bare - 1,
            BAR,
            None,
            (control, f"{result.rounds} rounds", f"bare {result.bare:.2f} ms", f"ours {result.whole:.2f} ms"),
        ),
        Figure(
            "http.limits",
            (result.whole - result.adapter) / result.bare,
            None,
            None,
            (control, of_the_adapter, "the part of ask_all and every limit, of the bare call"),
        ),
        Figure(
            "http.at_once",
            result.six / result.one,
            BAR_AT_ONCE,
            None,
            (f"{AT_ONCE} queries {result.six * 1000:.0f} ms", f"one {result.one * 1000:.0f} ms"),
        ),
    ]


def run(seconds: float) -> Result:
    """Measure in a process of its own, with a database of its own.

    Raises:
        SystemExit: it failed, or an answer was not the one that the simulator holds.
    """
    with tempfile.TemporaryDirectory(prefix="approval-hook-bench-") as folder:
        url = f"sqlite:///{Path(folder) / 'quota.sqlite3'}"
        return Result(**printed(url, "tests.benchmarks.http_cases", str(seconds)))
