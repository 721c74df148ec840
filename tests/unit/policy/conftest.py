"""Properties drawn the same way every time, and few of them, while mutants are hunted (``tests/mutation``)."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, settings

from .building import rules
from .effort import EXAMPLES

if EXAMPLES is not None:
    # A mutant is killed by the first failure; shrinking it to a small example would only cost time.
    settings.register_profile(
        "mutation",
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    settings.load_profile("mutation")

if os.environ.get("COMPILE_ANEW"):
    # A mutant runs in a fork of a process that has the shipped rules compiled already.
    @pytest.fixture(autouse=True)
    def _compiled_anew() -> None:
        rules().__dict__.pop("_plans", None)
