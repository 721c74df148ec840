"""Tables of Chinese text on a screen."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence


def lines(rows: Sequence[tuple[str, ...]], indent: str = "") -> Iterator[str]:
    """The rows with their columns aligned."""
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [text + " " * (width - _width(text)) for text, width in zip(row, widths, strict=True)]
        yield indent + "  ".join(cells).rstrip()


def _width(text: str) -> int:
    """Columns that a text takes on a screen: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
