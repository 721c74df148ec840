"""The base of every closed vocabulary of the core."""

from __future__ import annotations

from enum import StrEnum


class Word(StrEnum):
    """A word of a closed vocabulary; equal to, and hashed like, its text.

    ``Enum`` hashes members in Python code, which a decision would do dozens of times.
    """

    __hash__ = str.__hash__
