"""Run the simulated platform as a process of its own.

    python -m adapters.simulator --port 0 --ledger ledger.jsonl --seed 7

When ready it prints one line of JSON: ``url``, ``control``, ``control_token``, ``paasid``,
``token``, ``keys``, ``pid``. It ends on SIGTERM or SIGINT.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from adapters.simulator.population import population
from adapters.simulator.server import Probe, Simulator


def main(arguments: Sequence[str] | None = None) -> None:
    """Run until told to stop."""
    options = _parser().parse_args(arguments)
    stop = threading.Event()
    simulator = Simulator(
        population(options.seed) if options.seed is not None else (),
        port=options.port,
        ledger=options.ledger,
        seed=options.seed or 0,
        paasid=options.paasid,
        token=os.environ[options.token_env] if options.token_env else None,
        control_token=os.environ[options.control_token_env] if options.control_token_env else None,
        probe=_probe(options.probe) if options.probe else None,
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if options.while_stdin_open:
        threading.Thread(target=_stop_at_end_of_input, args=(stop,), daemon=True).start()
    with simulator:
        ready = {
            "url": simulator.url,
            "control": simulator.control_url,
            "control_token": simulator.control_token,
            "paasid": simulator.paasid,
            "token": simulator.token,
            "keys": dataclasses.asdict(simulator.keys),
            "pid": os.getpid(),
        }
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        stop.wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m adapters.simulator", description="A simulated credit platform.")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--ledger", type=Path, help="file for the ledger; in memory when not given")
    parser.add_argument("--seed", type=int, help="fill the master file with synthetic subjects from this seed")
    parser.add_argument("--paasid", default="approval-hook", help="the one caller that is known")
    parser.add_argument("--token-env", metavar="NAME", help="environment variable with the caller's secret")
    parser.add_argument("--control-token-env", metavar="NAME", help="environment variable with the control token")
    parser.add_argument("--probe", metavar="MODULE:FUNC", help="called with each query; its result goes to the ledger")
    parser.add_argument("--while-stdin-open", action="store_true", help="end when standard input closes")
    return parser


def _stop_at_end_of_input(stop: threading.Event) -> None:
    sys.stdin.read()
    stop.set()


def _probe(path: str) -> Probe:
    module, _, name = path.partition(":")
    found: Probe = getattr(importlib.import_module(module), name)
    return found


if __name__ == "__main__":
    main()
