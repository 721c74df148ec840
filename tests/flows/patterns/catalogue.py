"""Every flow of the catalogue with its authors' tests."""

from __future__ import annotations

from tests.flows.patterns import (  # noqa: F401 - importing a module enters its flows
    bases,
    basic,
    branching,
    cancelling,
    cycles,
    ending,
    instances,
    state,
    triggers,
)
from tests.flows.patterns.driving import SCENARIOS

FLOWS = tuple(SCENARIOS)
