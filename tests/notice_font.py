"""Makes the font that notices are printed with: the GBK characters of Noto Serif CJK SC.

    python -m tests.notice_font NotoSerifCJK-Regular.ttc workflows/notices/layout/fonts/notice-serif.otf

GBK holds the simplified characters, the rarer ones of names, and the traditional ones in the names of applicants from
Hong Kong, Macao and Taiwan.

The source is the file of that name in Debian's package fonts-noto-cjk 1:20220127+repack1-1 (font version 2.001, under
the SIL Open Font License 1.1, whose text stands beside the result). The family gets a name of its own, so that an organ
can add the whole font and nothing is mixed up. The same source gives the same bytes under the same fontTools.
"""

from __future__ import annotations

import sys
from itertools import chain
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

FAMILY = "Approval Notice Serif"
#: Number of the simplified Chinese face in the collection.
_SIMPLIFIED = 2
#: ASCII, and signs of forms and lists that GBK lacks.
_MORE = [*range(0x20, 0x7F), *map(ord, "¥©–•…⒈①☐☑✓□■〇／～￥＂＇－\u00a0\u3000")]


def characters() -> set[int]:
    """Code points of GBK and the signs above."""
    rows = (bytes([high, low]) for high in range(0x81, 0xFF) for low in range(0x40, 0xFF))
    return {ord(c) for c in chain.from_iterable(raw.decode("gbk", "ignore") for raw in rows)} | set(_MORE)


def make(source: Path, target: Path) -> None:
    """Write the subset."""
    font = TTFont(source, fontNumber=_SIMPLIFIED, recalcTimestamp=False)
    options = Options(hinting=False, layout_features=["kern"], name_IDs=[0, 5, 13, 14], notdef_outline=True)
    options.drop_tables += ["VORG", "vhea", "vmtx", "BASE", "DSIG"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=characters())
    subsetter.subset(font)
    for number, text in (
        (1, FAMILY),
        (2, "Regular"),
        (3, f"{FAMILY} 2.001"),
        (4, FAMILY),
        (6, FAMILY.replace(" ", "")),
    ):
        font["name"].setName(text, number, 3, 1, 0x409)
    cff = font["CFF "].cff
    cff.fontNames[0] = FAMILY.replace(" ", "")
    top = cff.topDictIndex[0]
    top.FullName = top.FamilyName = FAMILY
    font.save(target)


if __name__ == "__main__":
    make(Path(sys.argv[1]), Path(sys.argv[2]))
