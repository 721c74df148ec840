"""``make mutation [ONLY=bars,periods]``: every small change to the decision core must fail a test or be justified.

mutmut changes one thing at a time in a module of ``approval_hook/policy`` and runs the tests that reach it. What
survives is compared with ``survivors.yaml``: a survivor that is not listed there fails, and so does a listed one that
no test lets live any more. How it works and what was found: ``docs/explanation/mutation.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
LISTED = Path(__file__).with_name("survivors.yaml")
#: Each property draws so many examples, the same in every run.
EXAMPLES = "6"
_CORE = ("evaluate", "scenarios", "properties", "plan", "case")
#: Which files of tests/unit/policy may kill the mutants of a module, where it is not the whole decision.
_TESTS = {
    "bars": ("evaluate", "scenarios"),
    "evaluate": (*_CORE, "exemptions"),
    "plan": ("plan", "evaluate"),
    "periods": ("periods",),
    "workdays": ("workdays",),
    "receipt": ("receipt", "case"),
    "canonical": ("receipt",),
    "case": ("case",),
    "checkdigits": ("subjects",),
    "identifiers": ("subjects", "case"),
    "subjects": ("subjects", "case"),
    "masking": ("subjects", "case"),
    "spelling": ("catalogue", "exemptions"),
    "soundness": ("catalogue", "exemptions"),
    "catalogue": ("catalogue", "exemptions"),
    "explain": ("explain",),
    "analysis.exempting": ("exemptions",),
    "analysis.spans": ("spans",),
    "analysis.conflicts": ("analysis_findings", "analysis"),
    "analysis.lawful": ("analysis_findings", "analysis"),
    "analysis.regions": ("analysis_findings", "analysis"),
}

#: Whose work is remembered with the shipped rules, so that each test must have it done again.
_REMEMBERED = {"plan"}

Survivor = tuple[str, str, str]  # function, changed line before, and after


def main() -> int:
    """Run the modules one after the other; 1 when anything differs from the list."""
    parser = argparse.ArgumentParser(prog="tests.mutation", description=__doc__)
    parser.add_argument("--only", default="", help="modules, with commas; without it every module of survivors.yaml")
    listed: dict[str, list[dict[str, str]]] = yaml.safe_load(LISTED.read_text("utf-8"))
    modules = [name for name in parser.parse_args().only.split(",") if name] or list(listed)
    print(f"{'module':<20}{'mutants':>9}{'killed':>9}{'justified':>11}{'not listed':>12}{'gone':>7}{'seconds':>9}")
    wrong = []
    for module in modules:
        started = time.monotonic()
        found = _mutated(module)
        survived = Counter((each["function"], each["before"], each["after"]) for each in found["survivors"])
        known = Counter((each["function"], each["before"], each["after"]) for each in listed.get(module, []))
        new, gone = survived - known, known - survived
        alive = survived.total()
        figures = (found["mutants"], found["mutants"] - alive, alive - new.total(), new.total(), gone.total())
        took = time.monotonic() - started
        print("{:<20}{:>9}{:>9}{:>11}{:>12}{:>7}{:>9.0f}".format(module, *figures, took), flush=True)
        wrong += [_named(module, "survives and is not listed", each) for each in new.elements()]
        wrong += [_named(module, "is listed and no longer survives", each) for each in gone.elements()]
        if found["untried"]:
            wrong.append(f"{module}: {found['untried']} mutants were not tried")
    if wrong:
        print("\n".join(wrong))
    return 1 if wrong else 0


def _named(module: str, what: str, survivor: Survivor) -> str:
    function, before, after = survivor
    return f"\n{module}.{function} {what}:\n  - {before}\n  + {after}"


def _mutated(module: str) -> dict[str, Any]:
    """Run mutmut afresh over one module; its remembered results know nothing of changed tests."""
    tests = _TESTS.get(module, ("analysis_findings",) if module.startswith("analysis.") else _CORE)
    files = [f"tests/unit/policy/test_{name}.py" for name in tests]
    shutil.rmtree(ROOT / "mutants", ignore_errors=True)
    with tempfile.TemporaryDirectory() as place:
        result, log = Path(place, "result.json"), Path(place, "log")
        command = [sys.executable, "-m", "tests.mutation.mutating", module, str(result), *files]
        environment = {**os.environ, "EXAMPLES": EXAMPLES, "COMPILE_ANEW": "1" if module in _REMEMBERED else ""}
        with log.open("wb") as output:  # a spinner of megabytes
            subprocess.run(command, cwd=ROOT, env=environment, stdout=output, stderr=output, check=False)
        if not result.exists():
            sys.exit(f"{module}: mutmut did not finish.\n{log.read_text('utf-8', 'replace')[-4000:]}")
        answer: dict[str, Any] = json.loads(result.read_text("utf-8"))
        return answer


if __name__ == "__main__":
    sys.exit(main())
