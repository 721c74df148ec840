"""Several processes file at the same instant on one SQLite file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_PROLOGUE = """
import django
django.setup()
from django.core.management import call_command
"""

_FILE = (
    _PROLOGUE
    + """
from datetime import date
from django.db import transaction
from workflows.models import CaseNumberSequence
for _ in range(20):
    with transaction.atomic():
        print(CaseNumberSequence.next_case_no("440104", date(2026, 11, 18)))
"""
)


def test_processes_never_share_a_case_number(tmp_path: Path) -> None:
    """Three writers get sixty different numbers without a gap, and none fails on a locked database."""
    env = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'cases.sqlite3'}",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    env.pop("TEST_DATABASE_URL", None)
    migrate = _PROLOGUE + "call_command('migrate', verbosity=0)"
    subprocess.run([sys.executable, "-c", migrate], env=env, check=True, capture_output=True)
    writers = [
        subprocess.Popen([sys.executable, "-c", _FILE], env=env, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    numbers = [line for writer in writers for line in writer.communicate(timeout=120)[0].split()]
    assert all(writer.returncode == 0 for writer in writers)
    assert sorted(numbers) == [f"440104-20261118-{n:04d}" for n in range(1, 61)]
