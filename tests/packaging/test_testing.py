"""``approval_hook.testing`` serves two kinds of authors and asks of neither what only the other has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import approval_hook.testing

ROOT = Path(__file__).parents[2]


def python(code: str, **settings: str) -> str:
    """Output of a fresh interpreter."""
    bare = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, env=bare | settings, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_contract_needs_no_django() -> None:
    """An adapter author has pytest and no settings."""
    code = "import sys; from approval_hook.testing import PlatformContract; print('django' in sys.modules)"
    assert python(code) == "False"


def test_the_doubles_need_no_pytest() -> None:
    """A flow author's Django tests run without pytest installed."""
    code = (
        "import sys, django; django.setup(); sys.modules['pytest'] = None;"
        "from approval_hook.testing import GateTransactionTestCase, ScriptedPlatform; print('loaded')"
    )
    assert python(code, DJANGO_SETTINGS_MODULE="tests.settings") == "loaded"


def test_every_public_name_is_there_and_no_other() -> None:
    """The names of ``__all__`` load; a mistyped one is an ordinary error."""
    assert all(getattr(approval_hook.testing, name) for name in approval_hook.testing.__all__)
    with pytest.raises(AttributeError, match="PlatformContrakt"):
        _ = approval_hook.testing.PlatformContrakt  # type: ignore[attr-defined] # the point
