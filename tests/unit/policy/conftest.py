"""Properties drawn the same way every time, and few of them, while mutants are hunted (``tests/mutation``)."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings

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
