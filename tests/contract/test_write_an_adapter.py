"""The how-to for adapter authors is tried as a new author would: its files alone, from an empty folder.

Then its adapter is spoilt in the ways that would be deadly, and the contract has to name what is wrong.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "howto" / "write-an-adapter.md"

_FILE = re.compile(r"^```python\n# (\w+\.py)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FAILED = re.compile(r"^(?:FAILED|ERROR) test_office\.py::TestOffice::(\S+)", re.MULTILINE)


def files() -> dict[str, str]:
    """The files of the page by their names."""
    return dict(_FILE.findall(PAGE.read_text(encoding="utf-8")))


def contract(folder: Path, texts: dict[str, str], *options: str, **more: str) -> subprocess.CompletedProcess[str]:
    """The author's own run of the contract, without Django settings; ``more`` goes into its environment."""
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    bare = {k: v for k, v in os.environ.items() if k not in ("DJANGO_SETTINGS_MODULE", "PYTEST_ADDOPTS")}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-rsfE",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        ".",
        "test_office.py",
    ]
    return subprocess.run(
        [*command, *options],
        cwd=folder,
        env=bare | {"PYTHONPATH": str(ROOT)} | more,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_the_page_leads_from_nothing_to_a_passing_contract(tmp_path: Path) -> None:
    """The three files pass as they stand on the page, without Django settings; what is skipped has a reason."""
    assert list(files()) == ["office_platform.py", "office_shape.py", "test_office.py"]
    done = contract(tmp_path, files())
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"(\d+) passed, 20 skipped", done.stdout)
    assert passed, done.stdout
    assert int(passed[1]) > 50
    assert done.stdout.count("there are no pages") == 1


@dataclass(frozen=True)
class Spoilt:
    """One change to one file of the page, and what the contract says of it.

    Attributes:
        failed: the tests that fail, and no others of those that are run.
        said: what stands in the output.
    """

    file: str
    old: str
    new: str
    failed: frozenset[str]
    said: str


def _about_both(test: str, fault: str = "") -> frozenset[str]:
    return frozenset(f"{test}[{fault}subject_{one}]" for one in ("clean", "hit"))


#: The tests that take no time; without a change all of them pass.
_QUICK = "clean_is_ok or hit_is_ok or unknown or stranger or proof or busy or refused or quota or row_field_missing"

_JUDGED = """        if status is not QueryStatus.OK:
            return Answer(status, reason)
"""
_NEVER = "test_a_fault_is_never_an_answer"

SPOILT = {
    "an unknown subject is clean": Spoilt(
        "office_platform.py",
        _JUDGED,
        '        if reason == UNKNOWN_SUBJECT:\n            return Answer(QueryStatus.OK, "")\n' + _JUDGED,
        frozenset({"test_an_unknown_subject_is_never_clean"}),
        "an unknown subject was taken for an answer",
    ),
    "any number is ours": Spoilt(
        "office_platform.py",
        'number=row.text_or_empty("number"),',
        'number=query.subject.identifiers[0].number if row.text_or_empty("number") else "",',
        _about_both("test_a_strangers_row_is_never_exact"),
        "a row with another number is EXACT",
    ),
    "busy is clean": Spoilt(
        "office_platform.py",
        _JUDGED,
        '        if status is QueryStatus.UNAVAILABLE:\n            return Answer(QueryStatus.OK, "")\n' + _JUDGED,
        _about_both(_NEVER, "busy-"),
        'It came: {"code": "3", ',
    ),
    "a missing state is active": Spoilt(
        "office_platform.py",
        'row.code("state", STATE)',
        'row.code("state", STATE) if "state" in row else RecordState.ACTIVE',
        _about_both(_NEVER, "row_field_missing-"),
        "row_field_missing was taken for an answer",
    ),
    "the shape crashes": Spoilt(
        "office_shape.py",
        " if t in row}",
        "}",
        _about_both(_NEVER, "row_field_missing-"),
        "the shape crashed: KeyError at /office/check under row_field_missing",
    ),
    "the shape does not show that it is busy": Spoilt(
        "office_shape.py",
        "kind is FaultKind.BUSY",
        "kind is FaultKind.QUOTA",
        _about_both(_NEVER, "busy-"),
        'It came: {"code": "0", ',
    ),
}


@pytest.mark.parametrize("change", SPOILT)
def test_the_contract_names_what_is_spoilt(change: str, tmp_path: Path) -> None:
    """Exactly the right tests fail, they say what is wrong, and pytest shows the values in a project of any name."""
    spoilt, texts = SPOILT[change], files()
    assert texts[spoilt.file].count(spoilt.old) == 1
    texts[spoilt.file] = texts[spoilt.file].replace(spoilt.old, spoilt.new)
    # The plugins of this project take longer to load than these tests to run.
    done = contract(tmp_path, texts, "-k", _QUICK, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    assert set(_FAILED.findall(done.stdout)) == spoilt.failed, done.stdout
    assert spoilt.said in done.stdout
    assert "crashed" in spoilt.said or re.search(r"^E +assert (<QueryStatus|\{'R-)", done.stdout, re.MULTILINE)


_BELIEVES_BUSY = SPOILT["busy is clean"]

#: Author's mistakes that would make the contract pass for nothing: changes (file, old, new), what fails, what is said.
VACUOUS = {
    "no fixture for crashes of the shape": (
        (("test_office.py", "def shape_failures", "def no_shape_failures"),),
        frozenset({"test_a_name_is_never_proof"}),
        "give the fixture 'shape_failures'",
    ),
    "a fault that is believed is left out": (
        (
            (_BELIEVES_BUSY.file, _BELIEVES_BUSY.old, _BELIEVES_BUSY.new),
            ("test_office.py", "inexpressible.items()}", 'inexpressible.items()} | {"busy": "no such word"}'),
        ),
        _about_both(_NEVER, "busy-"),
        "cannot_express leaves busy out, and yet the server answered",
    ),
    "a fault of every line is left out": (
        (("test_office.py", "inexpressible.items()}", 'inexpressible.items()} | {"slow": "never slow"}'),),
        frozenset({"test_what_cannot_be_expressed_is_known_and_has_a_reason"}),
        "every server on a line can show these",
    ),
    "the shape lacks a fault that is not left out": (
        (
            (
                "test_office.py",
                "inexpressible.items()}",
                'inexpressible.items() if kind.value != "half_page"}',
            ),
        ),
        _about_both(_NEVER, "half_page-"),
        "the server has no way to show half_page, so nothing was tested",
    ),
}


@pytest.mark.parametrize("mistake", VACUOUS)
def test_the_contract_does_not_pass_for_nothing(mistake: str, tmp_path: Path) -> None:
    """What was not tested is a failure that says what to do."""
    changes, failed, said = VACUOUS[mistake]
    texts = files()
    for file, old, new in changes:
        assert texts[file].count(old) == 1
        texts[file] = texts[file].replace(old, new)
    picked = "expressed or proof or busy or half_page"
    if "shape_failures" in said:
        picked = "proof"
    done = contract(tmp_path, texts, "-k", picked, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    assert set(_FAILED.findall(done.stdout)) == failed, done.stdout
    assert said in done.stdout
