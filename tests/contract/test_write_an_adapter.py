"""The how-to for adapter authors is tried as a new author would: its files alone, from an empty folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "howto" / "write-an-adapter.md"

_FILE = re.compile(r"^```python\n# (\w+\.py)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_page_leads_from_nothing_to_a_passing_contract(tmp_path: Path) -> None:
    """The three files pass as they stand on the page, without Django settings; what is skipped has a reason."""
    files = _FILE.findall(PAGE.read_text(encoding="utf-8"))
    assert [name for name, _ in files] == ["office_platform.py", "office_shape.py", "test_office.py"]
    for name, text in files:
        (tmp_path / name).write_text(text, encoding="utf-8")
    bare = {k: v for k, v in os.environ.items() if k not in ("DJANGO_SETTINGS_MODULE", "PYTEST_ADDOPTS")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "--rootdir", ".", "test_office.py"],
        cwd=tmp_path,
        env=bare | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"(\d+) passed, 20 skipped", done.stdout)
    assert passed, done.stdout
    assert int(passed[1]) > 50
    assert done.stdout.count("there are no pages") == 1
