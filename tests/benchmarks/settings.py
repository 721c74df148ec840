"""Settings of the workflow benchmark: the application's own, with the benchmark flows and a scripted platform.

The database comes from ``TEST_DATABASE_URL`` and gets the settings that the application gives it. The gate
enters the gated twins through settings, as in an installation.
"""

from tests.settings import *  # noqa: F403 - the benchmark runs the real settings
from tests.settings import APPROVAL_HOOK as _REAL
from tests.settings import INSTALLED_APPS as _APPS

INSTALLED_APPS = ["tests.benchmarks.apps.BenchmarkFlowsConfig", *_APPS]
_GATE = {"matter": "food-business", "facts": "tests.benchmarks.flows.facts_of", "protects": ["approve"]}
_SCRIPTED = "tests.benchmarks.flows.InstantPlatform"
APPROVAL_HOOK = {
    **_REAL,
    "PLATFORMS": {"province": {"BACKEND": _SCRIPTED}, "own_register": {"BACKEND": _SCRIPTED}},
    "LISTS": {"court": {"MAX_AGE_HOURS": {"court_defaulter": 48}}},
    "FLOWS": {
        "tests.benchmarks.flows.OneGateFlow": _GATE,
        "tests.benchmarks.flows.InsideFlow": {**_GATE, "inside": True},
        "tests.benchmarks.flows.TwoGatesFlow": {**_GATE, "accepts": ["check"]},
    },
    # The application's own flows stand aside, so that the guards in the database hold the benchmark's nodes only.
    "EXPECTED_MATTERS": [],
    "NOT_GATED": {
        **_REAL["NOT_GATED"],
        **dict.fromkeys([*_REAL["FLOWS"], "tests.benchmarks.flows.PlainFlow"], "性能对照，不办理许可"),
    },
}
