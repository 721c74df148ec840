"""How the names of subjects are compared.

Source: domain facts 3.4; R-07.
"""

from __future__ import annotations

import re
import unicodedata

#: Characters that hide a part of a name, in its compared form.
NAME_MASK = re.compile(r"[*∗•●○■□×#?_x某]+")
#: Letters by their category that nobody can see (Hangul fillers).
_INVISIBLE_LETTERS = frozenset("\u115f\u1160\u3164\uffa0")
#: Written where a character is hidden or missing from the font.
_STAND_INS = frozenset("〇\ufffd")


def compared_name(name: str) -> str:
    """A name as it is compared: narrow, in one case, without spaces, marks between its parts and unseen characters.

    A sign that stands for another character, or that a font lacked, hides one.
    """
    kept = []
    for c in unicodedata.normalize("NFKC", name.replace("…", "*")).casefold():
        kind = unicodedata.category(c)
        if NAME_MASK.fullmatch(c) is None:
            if c in _INVISIBLE_LETTERS or kind[0] in "PZM" or kind in ("Cf", "Cc"):
                continue
            if c in _STAND_INS or kind[0] in "SC":
                c = "*"
        kept.append(c)
    return "".join(kept)
