"""How many examples a property draws: ``EXAMPLES=12`` caps them all, and makes them the same in every run."""

from __future__ import annotations

import os

EXAMPLES = int(os.environ["EXAMPLES"]) if os.environ.get("EXAMPLES") else None


def capped(usual: int) -> int:
    """The usual number of examples, or the cap where one is set."""
    return usual if EXAMPLES is None else min(usual, EXAMPLES)
