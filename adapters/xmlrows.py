"""Read files of rows in XML piece by piece: one root with attributes, rows of plain elements, nothing else.

Neither a document type nor an entity is accepted. The charset is the declared one, strictly; a file that says GBK and
is UTF-8 is refused, because its names would read as other names.
"""

from __future__ import annotations

import codecs
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from adapters.wire import Fields
from approval_hook.errors import PlatformReplyInvalid

__all__ = ["RowFile", "sendable"]

#: XML 1.0 cannot carry any other character.
_UNSENDABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_HEAD = 256
_DECLARED = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,20})[\"']")
_CHARSETS = {b"utf-8": "utf-8", b"gbk": "gb18030", b"gb2312": "gb18030", b"gb18030": "gb18030"}
_MOST_FIELDS = 60
_MOST_TEXT = 20_000
#: The parser reads an unfinished comment or tag anew with every piece, so that none may be long.
_MOST_SILENT = 200_000


def sendable(*texts: str) -> bool:
    """Whether XML can carry these texts at all; it has no way to write most control characters."""
    return not any(_UNSENDABLE.search(text) for text in texts)


class RowFile:
    """One file. Read ``header`` first, then ``rows`` once."""

    def __init__(self, pieces: Iterable[bytes], source: str, *, root: str) -> None:
        """Read as far as the root's attributes.

        Args:
            pieces: the file's content.
            source: for messages.
            root: name of its outermost element.

        Raises:
            PlatformReplyInvalid: not such a file.
        """
        self._source = source
        self._target = _Target(root)
        self._parser = DefusedXMLParser(target=self._target, forbid_dtd=True)
        self._texts = _decoded(iter(pieces), source)
        self._silent = self._heard = 0
        while self._target.header is None:
            text = next(self._texts, None)
            if text is None:
                raise PlatformReplyInvalid(f"{source}: a file is empty or ends early.")
            self._feed(text)
        self.header = Fields(self._target.header, source, f"{root}@")

    def rows(self) -> Iterator[Fields]:
        """The rows, in order.

        Raises:
            PlatformReplyInvalid: the file is not well-formed; the rows before do not count either.
        """
        nth = 0
        more = True
        while more:
            text = next(self._texts, None)
            more = text is not None
            if text is None:
                self._guarded(self._parser.close)
            else:
                self._feed(text)
            while self._target.rows:
                nth += 1
                yield Fields(self._target.rows.popleft(), self._source, f"ROW[{nth}].")

    def _feed(self, text: str) -> None:
        self._guarded(lambda: self._parser.feed(text))
        self._silent = self._silent + len(text) if self._target.heard == self._heard else 0
        self._heard = self._target.heard
        if self._silent > _MOST_SILENT:
            raise PlatformReplyInvalid(f"{self._source}: a file holds a tag or a comment that is too long.")

    def _guarded(self, step: Callable[[], object]) -> None:
        problem = ""
        try:
            step()
        except _Misshapen as error:
            problem = str(error)
        except DefusedXmlException:
            problem = "holds a document type or entities"
        except (ParseError, ValueError):
            problem = "is not well-formed XML"
        # Raised outside the handlers: the original error may carry content.
        if problem:
            raise PlatformReplyInvalid(f"{self._source}: a file {problem}.")


class _Misshapen(Exception):
    """XML of another shape than root, rows and plain elements."""


class _Target:
    """Collects rows while the parser reads."""

    def __init__(self, root: str) -> None:
        self.header: dict[str, str] | None = None
        self.rows: deque[dict[str, str]] = deque()
        self._root = root
        self._row: dict[str, str] | None = None
        self._field: str | None = None
        self._text: list[str] = []
        self._length = 0
        #: How many pieces of the document the parser has told.
        self.heard = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.heard += 1
        if self.header is None:
            if tag != self._root:
                raise _Misshapen("has another root than expected")
            self.header = dict(attributes)
        elif self._row is None:
            if tag != "ROW":
                raise _Misshapen("holds something else than rows")
            self._row = {}
        elif self._field is None:
            if tag in self._row or len(self._row) >= _MOST_FIELDS:
                raise _Misshapen("holds a row with a field that comes twice, or with too many fields")
            self._field, self._text, self._length = tag, [], 0
        else:
            raise _Misshapen("holds elements inside a field")

    def comment(self, _text: str) -> None:
        self.heard += 1

    def pi(self, _target: str, _text: str) -> None:
        self.heard += 1

    def end(self, _tag: str) -> None:
        self.heard += 1
        if self._field is not None and self._row is not None:
            self._row[self._field] = "".join(self._text)
            self._field = None
        elif self._row is not None:
            self.rows.append(self._row)
            self._row = None

    def data(self, text: str) -> None:
        self.heard += 1
        if self._field is None:
            if text.strip():
                raise _Misshapen("holds text outside the fields")
            return
        self._length += len(text)
        if self._length > _MOST_TEXT:
            raise _Misshapen("holds a field that is too long")
        self._text.append(text)

    def close(self) -> None:
        """Nothing is left to do."""


def _decoded(pieces: Iterator[bytes], source: str) -> Iterator[str]:
    head = b""
    for piece in pieces:
        head += piece
        if len(head) >= _HEAD:
            break
    found = _DECLARED.match(head.removeprefix(codecs.BOM_UTF8))
    charset = _CHARSETS.get(found.group(1).lower()) if found else "utf-8"
    if charset is None:
        raise PlatformReplyInvalid(f"{source}: a file declares a charset that is not accepted.")
    if charset != "utf-8" and head.startswith(codecs.BOM_UTF8):
        raise PlatformReplyInvalid(f"{source}: a file is UTF-8 and declares another charset.")
    decoder = codecs.getincrementaldecoder("utf-8-sig" if charset == "utf-8" else charset)("strict")
    rival: codecs.IncrementalDecoder | None = None
    if charset != "utf-8":
        rival = codecs.getincrementaldecoder("utf-8")("strict")
    plain = True
    for piece in chain((head,), pieces):
        plain = plain and piece.isascii()
        rival = _still(rival, piece, final=False)
        yield _strict(decoder, piece, source, final=False)
    yield _strict(decoder, b"", source, final=True)
    if _still(rival, b"", final=True) is not None and not plain:
        raise PlatformReplyInvalid(f"{source}: a file is UTF-8 and declares another charset.")


def _strict(decoder: codecs.IncrementalDecoder, piece: bytes, source: str, *, final: bool) -> str:
    try:
        return decoder.decode(piece, final)
    except UnicodeDecodeError:
        text = None
    if text is None:
        raise PlatformReplyInvalid(f"{source}: a file is not in the charset that it declares.")
    return text


def _still(rival: codecs.IncrementalDecoder | None, piece: bytes, *, final: bool) -> codecs.IncrementalDecoder | None:
    """The rival decoder while it can read everything; ``None`` once it could not."""
    if rival is None:
        return None
    try:
        rival.decode(piece, final)
    except UnicodeDecodeError:
        return None
    return rival
