"""Cases per second of several workers on one database, plain and gated in turn; started by ``flow``.

``python -m tests.benchmarks.flow_load WORKERS SECONDS`` with ``DJANGO_SETTINGS_MODULE=tests.benchmarks.settings`` and
``TEST_DATABASE_URL`` naming an empty database. The workers are processes of their own and change the variant at the
same moments, so that each variant has the machine and the database for itself, and drift of the machine meets both.
"""

from __future__ import annotations

import json
import logging
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass

from tests.benchmarks.apart import ROOT
from tests.benchmarks.flow_cases import replayed, variants

#: In this order in every round; the plain flow twice, as a control.
ORDER = ("plain", "visible", "parked", "plain_again")
#: Length of one turn of a variant.
_TURN_SECONDS = 0.7
#: From the moment at which all workers are ready to the first turn.
_NOTICE_SECONDS = 0.3
_WARM_UP = 5


@dataclass(frozen=True, slots=True)
class Load:
    """What the workers managed together.

    Attributes:
        workers: processes at work at the same time.
        rounds: turns of each variant.
        rates: cases a second by variant, all workers together, median over the rounds.
        decisions: stored decisions, each re-evaluated with the same bytes.
    """

    workers: int
    rounds: int
    rates: dict[str, float]
    decisions: int


def main(workers: int, seconds: float) -> None:
    """Let the workers run, check the evidence, print the result."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    rounds = max(1, round(seconds / (_TURN_SECONDS * len(ORDER))))
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.flow_load", "worker", str(rounds)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(workers)
    ]
    if any(worker.stdout is None or worker.stdout.readline() != "ready\n" for worker in running):
        raise SystemExit("a worker failed; see above")
    first = repr(time.time() + _NOTICE_SECONDS)
    for worker in running:
        print(first, file=worker.stdin, flush=True)
    told = [worker.communicate()[0] for worker in running]
    if any(worker.returncode for worker in running):
        raise SystemExit("a worker failed; see above")
    found = [json.loads(line) for line in told]
    rates = {
        name: statistics.median(
            sum(each["counts"][name][turn] for each in found) / _TURN_SECONDS for turn in range(rounds)
        )
        for name in ORDER
    }
    gated = sum(each["gated"] for each in found)
    print(json.dumps(asdict(Load(workers, rounds, rates, replayed(gated)))))


def work(rounds: int) -> None:
    """One worker: gets ready, is told when to begin, and counts the cases of every variant in its turn."""
    import django

    django.setup()
    logging.getLogger("approval_hook").setLevel(logging.WARNING)
    ways = variants()
    for name in ORDER:
        for _ in range(_WARM_UP):
            ways[name]()
    print("ready", flush=True)
    first = float(sys.stdin.readline())
    counts: dict[str, list[int]] = {name: [] for name in ORDER}
    gated = 2 * _WARM_UP
    until = first
    time.sleep(max(0.0, first - time.time()))
    for _ in range(rounds):
        for name in ORDER:
            until += _TURN_SECONDS
            done = 0
            while time.time() < until:
                ways[name]()
                done += 1
            counts[name].append(done)
            gated += done if not name.startswith("plain") else 0
    print(json.dumps({"counts": counts, "gated": gated}))


if __name__ == "__main__":
    if sys.argv[1] == "worker":
        work(int(sys.argv[2]))
    else:
        main(int(sys.argv[1]), float(sys.argv[2]))
