"""Run the simulated platform as a process of its own.

    python -m adapters.simulator --port 0 --ledger ledger.jsonl --seed 7

When ready it prints one line of JSON: ``url``, ``control``, ``control_token``, ``paasid``,
``token``, ``keys``, ``pid``; with ``--tell guide`` how to use it. It ends on SIGTERM or SIGINT.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from adapters.simulator.commandline import add_options, run
from approval_hook.errors import ConfigurationError


def main(arguments: Sequence[str] | None = None) -> None:
    """Run until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m adapters.simulator", description="A simulated credit platform.")
    add_options(parser)
    try:
        run(parser.parse_args(arguments))
    except ConfigurationError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
