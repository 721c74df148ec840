"""Who is one person: usernames that differ in case or width only are no two people's."""

from __future__ import annotations

import unicodedata


def person_of(username: str) -> str:
    """The form of a username in which people are compared, in code and in the database."""
    return unicodedata.normalize("NFKC", username).casefold()


def same_person(one: str, other: str) -> bool:
    """Whether two usernames are one person's."""
    return person_of(one) == person_of(other)
