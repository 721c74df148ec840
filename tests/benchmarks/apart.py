"""Runs a module that measures in a process of its own, because Django's settings are read once per process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def printed(url: str, module: str, *arguments: str) -> dict[str, Any]:
    """What the module printed as JSON, on the database at ``url``.

    Raises:
        SystemExit: it failed; it has said why.
    """
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.benchmarks.settings", "TEST_DATABASE_URL": url},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{module} on {url.partition(':')[0]} failed; see above")
    found: dict[str, Any] = json.loads(done.stdout)
    return found
