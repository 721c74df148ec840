"""Settings of the test suite: the real application on a throw-away database.

``TEST_DATABASE_URL`` selects PostgreSQL; without it the suite runs on SQLite, and the tests marked
``postgres`` start a server of their own.
"""

import os
import re
from pathlib import Path

for _name in (
    "WORKFLOWS_SECRET_KEY",
    "WORKFLOWS_FIELD_SECRET",
    "CREDIT_DIGEST_SECRET",
    "CREDIT_FIELD_SECRET",
    "CREDIT_PLATFORM_TOKEN",
):
    os.environ.setdefault(_name, f"test-only-{_name.lower()}-0123456789abcdef")
os.environ.setdefault("WORKFLOWS_HTTPS", "0")
if os.environ.get("TEST_DATABASE_URL"):
    os.environ["DATABASE_URL"] = os.environ["TEST_DATABASE_URL"]

from workflows.site.settings import *  # noqa: E402, F403 - the suite runs the real settings
from workflows.site.settings import APPROVAL_HOOK as _REAL  # noqa: E402
from workflows.site.settings import INSTALLED_APPS as _APPS  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
INSTALLED_APPS = ["tests.flows.apps.TestFlowsConfig", *_APPS]
SECRET_KEY = os.environ["WORKFLOWS_SECRET_KEY"]
# The flows that tests inject into, one test at a time; at start-up none has a gate.
_TEST_FLOWS = (
    *("BoundaryFlow", "CacheLockedFlow", "CaughtFlow", "ChoiceFlow", "CompensatingFlow", "FirstWinsFlow", "HumanFlow"),
    *(
        "LinearFlow",
        "LoopFlow",
        "ParallelFlow",
        "ParentFlow",
        "PlainFlow",
        "RaisingFlow",
        "RenewFlow",
        "ReturnFlow",
        "UnlockedFlow",
    ),
)
_REASON = "测试用流程，不办理许可"


def _pattern_flows() -> list[str]:
    """The flows of ``tests.flows.patterns`` by their text: nothing of Viewflow can be imported before the settings."""
    folder = Path(__file__).parent / "flows" / "patterns"
    return [
        f"tests.flows.patterns.{file.stem}.{name}"
        for file in sorted(folder.glob("*.py"))
        for name in re.findall(r"^class (\w+Flow)\(", file.read_text("utf-8"), re.MULTILINE)
    ]


APPROVAL_HOOK = {
    **_REAL,
    "NOT_GATED": dict.fromkeys([*(f"tests.flows.flows.{name}" for name in _TEST_FLOWS), *_pattern_flows()], _REASON),
}
