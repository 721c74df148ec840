"""``python -m tests.mutation.mutating MODULE RESULT TEST ...``: mutmut over one module, in a process of its own.

mutmut takes its settings from pyproject.toml only; which module to change and which tests may kill is set here, so
that a run over one module reads, changes and tests no more than it needs.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from mutmut.__main__ import _run
from mutmut.configuration import config
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.utils.format_utils import orig_function_and_class_names_from_key

#: What pytest answers when a test failed or could not even be collected; mutmut adds those of its time limit.
SURVIVED = {0, 5, 33, 35}  # passed, nothing collected, no test reaches it, suspiciously slow


def main(module: str, result: Path, tests: list[str]) -> None:
    """Change the module, run the tests against each mutant, and write down how many there were and what survived."""
    path = Path("approval_hook", "policy", *module.split(".")).with_suffix(".py")
    chosen = config()
    chosen.only_mutate = [str(path)]
    options = [argument for argument in chosen.pytest_add_cli_args_test_selection if argument.startswith("--")]
    chosen.pytest_add_cli_args_test_selection = [*tests, *options]
    _run((), max_children=2)
    data = SourceFileMutationData(path=path)
    data.load()
    codes = data.exit_code_by_key
    survivors = [_described(name, path) for name, code in codes.items() if code in SURVIVED]
    untried = sum(code is None for code in codes.values())
    result.write_text(json.dumps({"mutants": len(codes), "untried": untried, "survivors": survivors}), "utf-8")


def _described(name: str, path: Path) -> dict[str, Any]:
    """Function and changed line of a mutant."""
    function, owner = orig_function_and_class_names_from_key(name)
    lines = get_diff_for_mutant(name, path=path).split("\n")[2:]
    return {
        "function": f"{owner}.{function}" if owner else function,
        "before": _joined(lines, "-"),
        "after": _joined(lines, "+"),
    }


def _joined(lines: list[str], sign: str) -> str:
    return " ".join(line[1:].strip() for line in lines if line.startswith(sign))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
