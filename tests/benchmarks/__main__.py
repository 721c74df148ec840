"""``python -m tests.benchmarks [--only AREA] [--long]``: measure, print one line per figure, say if a bar is missed."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

from tests.benchmarks import core, deadlines, flow, http, lists, prove, sweep
from tests.benchmarks.figures import Figure, exit_code

#: Area by name; each measures itself, ``long`` in more rounds, and needs under 50 s otherwise.
AREAS: dict[str, Callable[[bool], list[Figure]]] = {
    "core": core.measure,
    "deadlines": deadlines.measure,
    "flow": flow.measure,
    "http": http.measure,
    "lists": lists.measure,
    "prove": prove.measure,
    "sweep": sweep.measure,
}


def main(arguments: list[str]) -> int:
    """Run the areas and print their figures last."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--only", choices=sorted(AREAS), help="measure one area")
    parser.add_argument("--long", action="store_true", help="more rounds, for figures that are published")
    options = parser.parse_args(arguments)
    figures: list[Figure] = []
    for area in [options.only] if options.only else sorted(AREAS):
        started = time.monotonic()
        figures += AREAS[area](options.long)
        print(f"{area}: measured in {time.monotonic() - started:.0f} s", flush=True)
    print()
    for figure in figures:
        print(figure.line())
    return exit_code(figures)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
