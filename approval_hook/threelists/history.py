"""What was done with a draft, as lines in its review note: when, who, what, and the reason."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

#: A line that goes on with the reason of the one above; nobody can write a line that looks like another step.
_MORE = "\n\u3000"
_ENTRY = re.compile(
    r"(?P<when>\d{4}-\d\d-\d\d \d\d:\d\d) (?P<who>\S+) (?P<what>[^\s：]+)(?:：(?P<note>.*))?", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One step."""

    when: str  # in China, to the minute; "": kept before steps were recorded
    who: str  # login
    what: str
    note: str


def entry(at: datetime, who: str, what: str, note: str = "") -> str:
    """A step as it is kept, with the line break before it.

    Args:
        at: when, in the time of China.
        who: login.
        what: the step in Chinese.
        note: the reason.
    """
    reason = _MORE.join(note.splitlines())
    return f"\n{at:%Y-%m-%d %H:%M} {who} {what}" + (f"：{reason}" if reason else "")


def entries(text: str) -> tuple[Entry, ...]:
    """The steps that a review note keeps, the oldest first."""
    found = []
    for line in re.split(r"\n(?!\u3000)", text.strip("\n")):
        match = _ENTRY.fullmatch(line)
        if match is None:
            if line.strip():
                found.append(Entry("", "", "", line))
            continue
        found.append(Entry(match["when"], match["who"], match["what"], (match["note"] or "").replace(_MORE, "\n")))
    return tuple(found)
