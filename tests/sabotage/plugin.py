"""pytest plugin (``-p tests.sabotage.plugin``): runs the suite on code that one sabotage has changed.

The change is made to the source text while the module is imported; no file is touched. A text that does not stand in
its module exactly once, or a module that no test imports, ends the run: a sabotage that has no effect proves nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType

import pytest

from tests.sabotage.catalogue import CATALOGUE, VARIABLE, Edit


class _Loader(SourceFileLoader):
    """Compiles the changed text, and neither reads nor writes the cache of compiled modules."""

    edits: Sequence[Edit] = ()

    def get_code(self, fullname: str) -> CodeType:
        text = self.get_data(self.path).decode()
        for edit in self.edits:
            if text.count(edit.before) != 1:
                raise pytest.UsageError(f"{fullname} has {text.count(edit.before)} times: {edit.before}")
            text = text.replace(edit.before, edit.after)
        code: CodeType = self.source_to_code(text.encode(), self.path)
        return code


class Saboteur(MetaPathFinder):
    """Finds the modules that are to be changed."""

    def __init__(self, edits: Sequence[Edit]) -> None:
        """Keep what is to be changed where."""
        self.edits = edits

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module's own spec, with a loader that changes it."""
        edits = [edit for edit in self.edits if edit.module == fullname]
        spec = PathFinder.find_spec(fullname, path, target) if edits else None
        if spec is not None and spec.origin is not None:
            loader = _Loader(fullname, spec.origin)
            loader.edits = edits
            spec.loader = loader
        return spec


_edits = CATALOGUE[os.environ[VARIABLE]].edits
_early = sorted({edit.module for edit in _edits} & set(sys.modules))
if _early:
    raise pytest.UsageError(f"imported before it could be changed: {', '.join(_early)}")
sys.meta_path.insert(0, Saboteur(_edits))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Say so when nothing imported a changed module."""
    missing = sorted({edit.module for edit in _edits} - set(sys.modules))
    if missing:
        raise pytest.UsageError(f"never imported: {', '.join(missing)}")
