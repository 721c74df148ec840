"""Area ``flow``: a gated case against the same plain Viewflow flow, on SQLite and on PostgreSQL."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.apart import printed
from tests.benchmarks.figures import Figure
from tests.benchmarks.flow_cases import Result, Shape
from tests.benchmarks.flow_load import Load
from tests.postgres import database, server

#: Measured seconds per database.
SECONDS = 10
LONG_SECONDS = 60
#: Processes at work at the same time, plain and gated alike, and the least share of the plain flow's cases a second.
WORKERS = 2
THROUGHPUT = 0.60


@dataclass(frozen=True, slots=True)
class Bar:
    """What a gated case may cost, as a multiple of the plain one."""

    target: float | None
    goal: float | None


BARS = {
    "inside": Bar(1.15, 1.05),
    "visible": Bar(1.45, 1.20),
    "parked": Bar(1.70, 1.40),
    "two_gates": Bar(None, None),
}


def measure(long: bool) -> list[Figure]:
    """Run the cases on both databases and compare each shape with the plain flow of the same run."""
    seconds = LONG_SECONDS if long else SECONDS
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="approval-hook-bench-") as folder:
        figures += _figures("sqlite", _run(f"sqlite:///{Path(folder) / 'cases.sqlite3'}", seconds))
    with server() as url, database(url) as fresh:
        figures += _figures("postgresql", _run(fresh, seconds))
    with server() as url, database(url) as fresh:
        figures += _throughput(_load(fresh, WORKERS, seconds))
    return figures


def _run(url: str, seconds: float) -> Result:
    data = printed(url, "tests.benchmarks.flow_cases", str(seconds))
    shapes = {name: Shape(**shape) for name, shape in data.pop("shapes").items()}
    return Result(shapes=shapes, **data)


def _load(url: str, workers: int, seconds: float) -> Load:
    return Load(**printed(url, "tests.benchmarks.flow_load", str(workers), str(seconds)))


def _throughput(load: Load) -> list[Figure]:
    plain = (load.rates["plain"] + load.rates["plain_again"]) / 2
    print(
        f"flow at {load.workers} workers: plain {plain:.1f} cases/s; {load.decisions} decisions re-evaluated",
        flush=True,
    )
    return [
        Figure(
            name=f"flow.throughput_{shape}",
            value=load.rates[shape] / plain,
            target=THROUGHPUT,
            goal=None,
            notes=(
                f"A/A {load.rates['plain_again'] / load.rates['plain']:.2f}",
                f"{load.rounds} rounds",
                f"{load.workers} workers",
                f"{load.rates[shape]:.1f} cases/s",
            ),
            lower_is_better=False,
        )
        for shape in ("visible", "parked")
    ]


def _figures(name: str, result: Result) -> list[Figure]:
    first, again = result.shapes["plain"], result.shapes["plain_again"]
    plain = (first.milliseconds + again.milliseconds) / 2
    print(
        f"flow on {result.database}: plain {plain:.2f} ms and {first.statements} statements per case; "
        f"{result.decisions} decisions re-evaluated, each with the same bytes",
        flush=True,
    )
    return [
        Figure(
            name=f"flow.{shape}_{name}",
            value=result.shapes[shape].milliseconds / plain,
            target=bar.target,
            goal=bar.goal,
            notes=(
                f"A/A {again.milliseconds / first.milliseconds:.2f}",
                f"{result.rounds} rounds",
                f"{result.shapes[shape].statements} statements, plain {first.statements}",
                f"{result.shapes[shape].milliseconds:.1f} ms",
            ),
        )
        for shape, bar in BARS.items()
    ]
