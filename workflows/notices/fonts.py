"""Which characters can be printed: by the bundled font, then by those that the organ added.

No font of the system is ever used, so that a notice looks the same on every machine. Characters that steer the order or
the look of text (control, bidirectional, invisible ones) are refused whatever a font says.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import typst
from fontTools.ttLib import TTFont, TTLibError

from workflows.notices.conf import conf
from workflows.notices.errors import CharactersMissing, NoticeSettingsInvalid

BUNDLED = Path(__file__).parent / "layout" / "fonts"
#: Control, format, lone halves, unassigned, separators of lines and paragraphs.
_REFUSED = {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"}
_SUFFIXES = {".otf", ".ttf", ".ttc", ".otc"}
#: Named at most, so that a message stays readable.
_NAMED = 8


@dataclass(frozen=True, slots=True)
class FontSet:
    """Fonts with what they hold."""

    fonts: typst.Fonts
    families: tuple[str, ...]  # the bundled one first
    characters: frozenset[str]  # without those that are refused

    def missing(self, text: str) -> list[tuple[int, str]]:
        """Place from 1 and character, of each that cannot be printed."""
        if self.characters.issuperset(text):
            return []
        return [(place, character) for place, character in enumerate(text, 1) if character not in self.characters]


def font_set() -> FontSet:
    """The fonts now configured, read again when a file changes.

    Raises:
        NoticeSettingsInvalid: a directory is not there, or a file in it is no font.
    """
    folders = (BUNDLED, *map(Path, conf().font_dirs))
    files = [file for folder in folders for file in sorted(folder.rglob("*")) if file.suffix.lower() in _SUFFIXES]
    return _load(folders, tuple((file, file.stat().st_mtime_ns, file.stat().st_size) for file in files))


@lru_cache(maxsize=4)
def _load(folders: tuple[Path, ...], stamps: tuple[tuple[Path, int, int], ...]) -> FontSet:
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=list(folders))
    # The printer looks in the order of the directories, and passes over without a word what it cannot read.
    faces = [(face, Path(face.path or "")) for face in fonts.fonts()]
    unread = [file for file, _, _ in stamps if file not in {path for _, path in faces}]
    if unread:
        raise NoticeSettingsInvalid(f"NOTICES: {unread[0]} is no font that can be printed with; take it out.")
    characters: set[int] = set()
    for face, path in faces:
        try:
            with TTFont(path, fontNumber=face.index, lazy=True) as font:
                characters |= set(font.getBestCmap() or ())
        except (TTLibError, OSError) as error:
            raise NoticeSettingsInvalid(f"NOTICES: {path} cannot be read as a font: {error}") from None
    ranked = sorted(faces, key=lambda face: (not face[1].is_relative_to(BUNDLED), str(face[1])))
    printable = frozenset(c for c in map(chr, characters) if unicodedata.category(c) not in _REFUSED)
    return FontSet(fonts, tuple(dict.fromkeys(face.family for face, _ in ranked)), printable)


def require_printable(texts: Iterable[tuple[str, str]], found: FontSet) -> None:
    """Let pass what can be printed.

    Args:
        texts: label of the field and its text.
        found: the fonts.

    Raises:
        CharactersMissing: names each character with its code point and place, and what to do.
    """
    lacks = [(label, place, character) for label, text in texts for place, character in found.missing(text)]
    if not lacks:
        return
    named = dict.fromkeys((label, f"{label}第{place}个字{_named(c)}") for label, place, c in lacks)
    more = f"等{len(named)}处" if len(named) > _NAMED else ""
    raise CharactersMissing(
        lacks[0][0],
        f"有字符无法印出：{'；'.join(text for _, text in list(named)[:_NAMED])}{more}。文书没有出具。",
        "请核对是否录错；确是生僻字的，请管理人员在字体目录（NOTICES 的 FONT_DIRS）加入含有该字的字体后重新出具。",
    )


def _named(character: str) -> str:
    point = f"U+{ord(character):04X}"
    return f"（控制字符 {point}）" if unicodedata.category(character) in _REFUSED else f"“{character}”（{point}）"
