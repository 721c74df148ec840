"""The wheel: exactly the three packages, with the rules as package data, and nothing of the tests."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Names in a freshly built wheel; the build tool is fetched when it is not installed here."""
    out = tmp_path_factory.mktemp("wheel")
    isolation = ["--no-isolation"] if importlib.util.find_spec("hatchling") else []
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(out), *isolation, str(ROOT)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = out.glob("*.whl")
    return zipfile.ZipFile(wheel).namelist()


def test_wheel_holds_exactly_three_packages(names: list[str]) -> None:
    """approval_hook, adapters and workflows with their dist-info, and no other top-level name."""
    tops = {name.partition("/")[0] for name in names}
    assert {t for t in tops if not t.endswith(".dist-info")} == {"approval_hook", "adapters", "workflows"}
    assert len([t for t in tops if t.endswith(".dist-info")]) == 1


def test_rules_are_package_data_of_approval_hook(names: list[str]) -> None:
    """Every dated rule file of the sources is in the wheel, below approval_hook."""
    wanted = {
        f"approval_hook/fixtures/rules/{path.relative_to(ROOT / 'fixtures' / 'rules').as_posix()}"
        for path in (ROOT / "fixtures" / "rules").rglob("*.yaml")
    }
    assert wanted
    assert wanted <= set(names)


@pytest.mark.parametrize("package", ["approval_hook", "adapters", "workflows"])
def test_every_source_file_is_in_the_wheel(names: list[str], package: str) -> None:
    """Modules, templates, static files, service descriptions, migrations: nothing that is needed is left behind."""
    kept = {".py", ".html", ".css", ".js", ".svg", ".typed", ".wsdl", ".typ", ".otf", ".txt"}
    wanted = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / package).rglob("*")
        if path.suffix in kept and "__pycache__" not in path.parts
    }
    assert wanted - set(names) == set()


def test_nothing_private_is_in_the_wheel(names: list[str]) -> None:
    """No tests, no database, no secrets and no byte code."""
    for name in names:
        assert not name.startswith("tests/")
        assert not name.endswith((".sqlite3", ".pyc", ".env", ".key", ".pem")), name


def test_typed_marker_and_licence_are_there(names: list[str]) -> None:
    """Users' type checkers see our annotations, and the licence travels along."""
    assert "approval_hook/py.typed" in names
    assert any(name.endswith("LICENSE") for name in names)
