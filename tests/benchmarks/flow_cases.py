"""Runs cases on one database and prints what they took as JSON; started once per database by ``flow``.

``python -m tests.benchmarks.flow_cases SECONDS`` with ``DJANGO_SETTINGS_MODULE=tests.benchmarks.settings`` and
``TEST_DATABASE_URL`` naming an empty database.
"""

from __future__ import annotations

import json
import logging
import random
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

#: Cases per variant before the clock counts: imports, compiled SQL, the database's caches.
_WARM_UP = 8


@dataclass(frozen=True, slots=True)
class Shape:
    """What one way of running the flow costs.

    Attributes:
        milliseconds: median of one case.
        counted: SQL statements of one case by verb and table, savepoints included.
    """

    milliseconds: float
    counted: dict[str, int]

    @property
    def statements(self) -> int:
        """SQL statements of one case."""
        return sum(self.counted.values())


@dataclass(frozen=True, slots=True)
class Result:
    """What one database gave.

    Attributes:
        database: product and version.
        rounds: cases per shape.
        shapes: by name; ``plain`` and ``plain_again`` are the A/A control.
        decisions: stored decisions, each re-evaluated with the same bytes.
    """

    database: str
    rounds: int
    shapes: dict[str, Shape]
    decisions: int


def main(seconds: float) -> None:
    """Measure for so many seconds, check the evidence, print the result."""
    import django

    django.setup()
    from django.core.management import call_command

    logging.getLogger("approval_hook").setLevel(logging.WARNING)
    logging.getLogger("approval_hook").addHandler(logging.StreamHandler(sys.stderr))
    call_command("migrate", verbosity=0)
    ways = variants()
    for run in ways.values():
        for _ in range(_WARM_UP):
            run()
    statements = {name: _count_statements(run) for name, run in ways.items()}
    times = _interleaved(ways, seconds)
    rounds = len(times["plain"])
    # Every run made a case: warm-up, the counted one, the timed ones.
    gated = sum((_WARM_UP + 1 + len(times[name])) for name in ways if not name.startswith("plain"))
    result = Result(
        database=database_name(),
        rounds=rounds,
        shapes={name: Shape(1000 * statistics.median(times[name]), statements[name]) for name in ways},
        decisions=replayed(gated),
    )
    print(json.dumps(asdict(result)))


def variants() -> dict[str, Callable[[], None]]:
    """What runs one case in each way."""
    from approval_hook.platforms import platforms
    from tests.benchmarks import flows

    province = platforms()["province"]

    def variant(flow_class: Any, *, remote: bool) -> Callable[[], None]:
        def run() -> None:
            province.remote = remote
            process = flow_class.start.run(amount=1)
            task = process.task_set.get(flow_task=flow_class.approve)
            flow_class.approve.run(task)

        return run

    return {
        "plain": variant(flows.PlainFlow, remote=False),
        "inside": variant(flows.InsideFlow, remote=False),
        "visible": variant(flows.OneGateFlow, remote=False),
        "parked": variant(flows.OneGateFlow, remote=True),
        "two_gates": variant(flows.TwoGatesFlow, remote=True),
        "plain_again": variant(flows.PlainFlow, remote=False),
    }


_TABLE = re.compile(r'(?:FROM|INTO|UPDATE) "?(\w+)"?')


def _count_statements(run: Callable[[], None]) -> dict[str, int]:
    """How often a case says what to which table: ``SELECT viewflow_task``, ``SAVEPOINT``."""
    from django.db import connection

    seen: Counter[str] = Counter()

    def count(execute: Any, statement: Any, params: Any, many: Any, context: Any) -> Any:
        text = str(statement)
        table = _TABLE.search(text)
        seen[f"{text.split()[0]} {table[1]}" if table else text.split()[0]] += 1
        return execute(statement, params, many, context)

    with connection.execute_wrapper(count):
        run()
    return dict(seen)


def _interleaved(ways: dict[str, Callable[[], None]], seconds: float) -> dict[str, list[float]]:
    """One case of each variant per round until the time is over.

    In random order: after an expensive case the next one finds colder caches and more garbage, so a fixed
    order would charge one variant with another's traces.
    """
    times: dict[str, list[float]] = {name: [] for name in ways}
    names = list(ways)
    order = random.Random(20261001)  # noqa: S311 - the same order in every run
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        order.shuffle(names)
        for name in names:
            started = time.perf_counter()
            ways[name]()
            times[name].append(time.perf_counter() - started)
    return times


def database_name() -> str:
    """Product and version."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT sqlite_version()" if connection.vendor == "sqlite" else "SHOW server_version")
        version = str(cursor.fetchone()[0]).split()[0]
    return f"{connection.display_name} {version}"


def replayed(cases: int) -> int:
    """Count the evidence and decide every stored case once more from its stored inputs alone.

    Raises:
        SystemExit: a row is missing, or a decision does not come out again byte for byte.
    """
    from viewflow.workflow.models import Process
    from viewflow.workflow.status import PROCESS

    from approval_hook.models import CreditDecision, Inquiry, Reply
    from approval_hook.replaying import replay_all, stored_decisions

    found = (Inquiry.objects.count(), Reply.objects.count(), CreditDecision.objects.count())
    if found != (cases, cases, cases):
        raise SystemExit(f"{cases} gated cases, but inquiries, replies and decisions are {found}")
    unfinished = Process.objects.exclude(status=PROCESS.DONE).count()
    if unfinished:
        raise SystemExit(f"{unfinished} cases did not reach their end")
    for row, difference in replay_all(stored_decisions()):
        if difference:
            raise SystemExit(f"decision {row.pk} does not come out again from its stored inputs: {difference}")
    return cases


if __name__ == "__main__":
    main(float(sys.argv[1]))
