"""The simulator as a command: its options, what it prints when it is ready, and its end.

``python -m adapters.simulator`` and ``manage.py platform_simulator`` are both this.
"""

from __future__ import annotations

import argparse
import dataclasses
import errno
import importlib
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from adapters.simulator.faults import Fault, FaultKind
from adapters.simulator.guide import LANGUAGES, Guide
from adapters.simulator.handler import Probe
from adapters.simulator.population import disagreeing, population
from adapters.simulator.server import Simulator
from approval_hook.errors import ConfigurationError

__all__ = ["add_options", "run"]

_MOST_SUBJECTS = 100_000
_FIELDS: dict[str, Callable[[str], object]] = {
    "seconds": float,
    "retry_after": int,
    "times": int,
    "number": str,
    "path": str,
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Take every option of the command."""
    parser.add_argument("--port", type=_port, default=0, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--ledger", type=Path, help="file for the ledger; in memory when not given")
    parser.add_argument("--seed", type=int, help="fill the master file with synthetic subjects from this seed")
    parser.add_argument("--subjects", type=_size, default=300, metavar="N", help="how many of them, default 300")
    parser.add_argument(
        "--disagree",
        action="store_true",
        help="hold the rows as a second source does: some repaired here and not there",
    )
    parser.add_argument(
        "--fault",
        type=_fault,
        action="append",
        default=[],
        dest="faults",
        metavar="NAME[=P][,FIELD=VALUE]",
        help=f"a fault in force from the start, with its probability: slow=0.05,seconds=3; {', '.join(FaultKind)}",
    )
    parser.add_argument("--paasid", default="approval-hook", help="the one caller that is known")
    parser.add_argument("--token-env", metavar="NAME", help="environment variable with the caller's secret")
    parser.add_argument("--control-token-env", metavar="NAME", help="environment variable with the control token")
    parser.add_argument("--probe", metavar="MODULE:FUNC", help="called with each query; its result goes to the ledger")
    parser.add_argument("--while-stdin-open", action="store_true", help="end when standard input closes")
    parser.add_argument("--tell", choices=("json", "guide"), default="json", help="what to print when ready")
    parser.add_argument("--language", choices=LANGUAGES, default="zh", help="of the guide, default zh")


def run(options: argparse.Namespace) -> None:
    """Serve until SIGTERM, SIGINT or, where asked for, the end of the input. To be called in the main thread.

    Prints one line of JSON when ready (``url``, ``control``, ``control_token``, ``paasid``, ``token``, ``keys``,
    ``pid``), or the guide.

    Raises:
        ConfigurationError: a port, file or variable cannot be used; the message is Chinese and English.
    """
    stop = threading.Event()
    # Before anything takes time, so that an early Ctrl-C is no traceback.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    simulator = _made(options)
    for fault in options.faults:
        simulator.faults.add(fault)
    if options.while_stdin_open:
        threading.Thread(target=_stop_at_end_of_input, args=(stop,), daemon=True).start()
    guide = Guide(options.language, options.token_env, options.control_token_env) if options.tell == "guide" else None
    with simulator:
        _say(guide.ready(simulator) if guide else _ready(simulator))
        stop.wait()
        if guide:
            _say(guide.ended(simulator))


def _made(options: argparse.Namespace) -> Simulator:
    subjects = population(options.seed, options.subjects) if options.seed is not None else ()
    if options.disagree:
        subjects = disagreeing(subjects, options.seed or 0)
    token, control_token = _secret(options.token_env), _secret(options.control_token_env)
    probe = _probe(options.probe) if options.probe else None
    try:
        return Simulator(
            subjects,
            port=options.port,
            ledger=options.ledger,
            seed=options.seed or 0,
            paasid=options.paasid,
            token=token,
            control_token=control_token,
            probe=probe,
        )
    except OSError as error:
        if error.errno in (errno.EADDRINUSE, errno.EACCES) and error.filename is None:
            problem = (
                f"端口 {options.port} 已被占用或不可用，请用 --port 换一个。"
                f" Port {options.port} is taken or not allowed; choose another by --port."
            )
        else:
            problem = f"台账文件打不开。 The ledger {options.ledger} cannot be opened: {error.strerror}."
    except ValueError:
        problem = f"台账文件不是本程序所写。 {options.ledger} is not a ledger of this command."
    raise ConfigurationError(problem)


def _ready(simulator: Simulator) -> str:
    ready = {
        "url": simulator.url,
        "control": simulator.control_url,
        "control_token": simulator.control_token,
        "paasid": simulator.paasid,
        "token": simulator.token,
        "keys": dataclasses.asdict(simulator.keys),
        "pid": os.getpid(),
    }
    return json.dumps(ready)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _secret(name: str | None) -> str | None:
    if name is None:
        return None
    if not os.environ.get(name):
        raise ConfigurationError(f"环境变量 {name} 没有设置。 The environment variable {name} is not set.")
    return os.environ[name]


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError("a port is from 0 to 65535")
    return port


def _size(text: str) -> int:
    size = int(text)
    if not 1 <= size <= _MOST_SUBJECTS:
        raise argparse.ArgumentTypeError(f"from 1 to {_MOST_SUBJECTS}")
    return size


def _fault(text: str) -> Fault:
    """A fault as ``slow``, ``slow=0.05`` or ``slow=0.05,seconds=3``."""
    first, *more = text.split(",")
    name, _, share = first.partition("=")
    try:
        fields = {key: _FIELDS[key](value) for key, _, value in (one.partition("=") for one in more)}
        return Fault(FaultKind(name), probability=float(share) if share else 1.0, **fields)  # type: ignore[arg-type] # checked there
    except (KeyError, ValueError) as error:
        known = f"names: {', '.join(FaultKind)}; fields: {', '.join(_FIELDS)}"
        raise argparse.ArgumentTypeError(f"{text!r} is no fault ({error}); {known}") from None


def _stop_at_end_of_input(stop: threading.Event) -> None:
    sys.stdin.read()
    stop.set()


def _probe(path: str) -> Probe:
    module, _, name = path.partition(":")
    found: Probe = getattr(importlib.import_module(module), name)
    return found
