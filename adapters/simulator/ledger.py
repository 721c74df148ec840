"""The simulated platform's own record of every query it received."""

from __future__ import annotations

import json
import os
import threading
from collections import Counter
from pathlib import Path
from typing import Any

__all__ = ["Ledger"]


class Ledger:
    """Append-only lines of JSON, on disk before the query is answered. Safe for several threads.

    Each line: ``seq``, ``path``, ``query_id``, ``page``, ``attempt`` (arrivals of this query id and page, or of
    this very question where a shape has no query id, from 1), ``subject`` (SHA-256 of the number), ``matter``,
    ``case_no``, ``organ``, ``ground``, ``as_of``, ``asked`` (SHA-256 of what was asked, see ``shapes.Question``),
    ``received_at``, ``outcome`` ("answered", "refused:<why>", "inexpressible:<fault>" or the fault), ``nonce``,
    ``probe``.
    """

    def __init__(self, path: Path | None) -> None:
        """Continue the file if it exists; without a path keep the lines in memory.

        Raises:
            OSError: the file cannot be opened.
            ValueError: a complete line of the file is no entry of a ledger; the file is as it was.
        """
        self._lock = threading.Lock()
        self._path = path
        self._count = 0
        self._lines: list[dict[str, Any]] = []  # those that no file holds
        self._attempts: Counter[tuple[str, int]] = Counter()
        if path is not None and path.exists():
            whole = path.read_bytes()
            # A line without its end was being written when the process died, so nothing was answered.
            kept = whole[: whole.rfind(b"\n") + 1]
            lines = [json.loads(line) for line in kept.decode().split("\n")[:-1]]
            try:
                self._attempts.update(_question(line) for line in lines)
            except (KeyError, TypeError):
                raise ValueError("a line is no entry of a ledger") from None
            self._count = len(lines)
            # Only now: a file that is no ledger stays as it is.
            if kept != whole:
                path.write_bytes(kept)
        self._file = path.open("a", encoding="utf-8") if path is not None else None

    def __len__(self) -> int:
        """How many lines there are."""
        return self._count

    def append(self, line: dict[str, Any]) -> None:
        """Number a line and make it durable.

        Raises:
            OSError: the line could not be written; the query must not be answered.
        """
        with self._lock:
            key = _question(line)
            self._attempts[key] += 1
            full = {"seq": self._count + 1, "attempt": self._attempts[key]} | line
            if self._file is None:
                self._lines.append(full)
            else:
                self._file.write(json.dumps(full, ensure_ascii=False) + "\n")
                self._file.flush()
                os.fsync(self._file.fileno())
            self._count += 1

    def lines(self) -> list[dict[str, Any]]:
        """Every line so far."""
        with self._lock:
            if self._path is None:
                return list(self._lines)
            with self._path.open(encoding="utf-8") as written:
                return [json.loads(line) for line in written]

    def clear(self) -> None:
        """Forget every line, on disk too."""
        with self._lock:
            self._count = 0
            self._lines.clear()
            self._attempts.clear()
            if self._file is not None:
                self._file.truncate(0)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()


def _question(line: dict[str, Any]) -> tuple[str, int]:
    return line["query_id"] or line["asked"], line["page"]
