"""Rehearse one hour of outage and print the figures.

``python -m tests.rehearsal --queries 180000 --cases 2000``; ``TEST_DATABASE_URL`` selects a database, which must be
empty, without it a SQLite file of its own is used. Exit code 1 when a claim does not hold.

What is compressed: the clock. Gate, adapter, limits and runner take a moved moment for now, so that an hour passes in
minutes; the platform is a process of its own, asked over HTTP, and a query that it leaves hanging waits
``hour.PATIENCE`` seconds of real time in place of two. At the full rate single queries are asked, because whole cases
at fifty a second are more than one database takes; whole cases come evenly in the same hour at a lower rate.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

_FULL_RATE = 50


def main() -> None:
    """Run both parts."""
    parser = argparse.ArgumentParser(prog="python -m tests.rehearsal", description=__doc__.splitlines()[0])
    parser.add_argument("--queries", type=int, default=_FULL_RATE * 3600, help="single queries in the hour")
    parser.add_argument("--cases", type=int, default=2000, help="whole cases in the hour")
    parser.add_argument("--json", action="store_true", help="one line of JSON in place of the figures in words")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
        _run(Path(folder), options)


def _run(folder: Path, options: argparse.Namespace) -> None:
    os.environ.setdefault("TEST_DATABASE_URL", f"sqlite:///{folder / 'rehearsal.sqlite3'}")
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.rehearsal.settings"
    import django

    django.setup()
    logging.getLogger("approval_hook").setLevel(logging.CRITICAL)
    from django.core.management import call_command

    from tests.contract.conftest import start_simulator
    from tests.rehearsal import cases, queries
    from tests.rehearsal.hour import Failed

    call_command("migrate", verbosity=0)
    ledger = folder / "ledger.jsonl"
    running = start_simulator(
        *("--seed", "7", "--subjects", "600", "--ledger", str(ledger), "--token-env", "CREDIT_PLATFORM_TOKEN")
    )
    try:
        single = queries.rehearse(running, ledger, options.queries) if options.queries else None
        whole = cases.rehearse(running, ledger, options.cases) if options.cases else None
    except Failed as failed:
        sys.exit(f"does not hold: {failed}")
    finally:
        running.end()
    if options.json:
        sys.stdout.write(json.dumps({"queries": single and asdict(single), "cases": whole and asdict(whole)}) + "\n")
        return
    for title, figures in (("single queries", single), ("whole cases", whole)):
        if figures is not None:
            sys.stdout.write(f"\n{title}\n")
            for name, value in asdict(figures).items():
                sys.stdout.write(f"  {name:<22}{f'{value:.2f}' if isinstance(value, float) else value}\n")


if __name__ == "__main__":
    main()
