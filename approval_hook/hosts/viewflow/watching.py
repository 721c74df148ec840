"""Tells whether anything was written since the guard read a case, so that it reads again then, and only then."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.db import connection

from approval_hook.hosts.viewflow import graph

#: What writes nothing; whatever is not known to write nothing counts as a write.
_READS = re.compile(r"\s*(SELECT|SAVEPOINT|RELEASE SAVEPOINT|BEGIN)\b", re.IGNORECASE)


class Watch:
    """Counts the statements that may have written; a wrapper of Django's."""

    def __init__(self, scope: object | None) -> None:
        """Watch one lock scope, or for None whatever ``watching`` stands around."""
        self.scope = scope
        self.writes = 0
        #: Cases known to be decided, by the number of their process.
        self.decided: set[int] = set()

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        """Run the statement, counting it first."""
        if _READS.match(str(sql)) is None:
            self.writes += 1
        return execute(sql, params, many, context)


def watched(scope: object | None) -> Watch | None:
    """The watch over a flow lock, begun when it is first asked for; None outside any lock."""
    if scope is None:
        return None
    wrappers = connection.execute_wrappers
    for found in [each for each in wrappers if isinstance(each, Watch) and each.scope is not None]:
        if found.scope is scope:
            return found
        wrappers.remove(found)  # of a lock whose end somebody else's callback disturbed
    watch = Watch(scope)
    # First, because a wrapper that somebody else put in around us is taken off the end.
    wrappers.insert(0, watch)
    graph.after_lock_released(partial(_end, watch))
    return watch


@contextmanager
def watching() -> Iterator[Watch]:
    """Watch what is done inside."""
    watch = Watch(None)
    connection.execute_wrappers.insert(0, watch)
    try:
        yield watch
    finally:
        _end(watch)


def _end(watch: Watch) -> None:
    wrappers = connection.execute_wrappers
    wrappers[:] = [each for each in wrappers if each is not watch]
