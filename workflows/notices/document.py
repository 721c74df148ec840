"""A finished notice: plain texts in blocks. Page and PDF are made from it and from nothing else."""

from __future__ import annotations

import hashlib

from msgspec import Struct, json

from workflows.notices.errors import NoticeTampered


class Paragraph(Struct, frozen=True, tag="paragraph", tag_field="block"):
    """Running text."""

    text: str
    indent: bool = True


class Heading(Struct, frozen=True, tag="heading", tag_field="block"):
    """A line that heads what follows."""

    text: str


class FactRows(Struct, frozen=True, tag="facts", tag_field="block"):
    """Label and text, row by row."""

    rows: tuple[tuple[str, str], ...]


class Table(Struct, frozen=True, tag="items", tag_field="block"):
    """A list with a head; ``shows`` says what each column holds, for its width."""

    titles: tuple[str, ...]
    shows: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Signatures(Struct, frozen=True, tag="signatures", tag_field="block"):
    """Lines to sign on."""

    lines: tuple[str, ...]


class Seal(Struct, frozen=True, tag="seal", tag_field="block"):
    """Whose seal, and the date beside it."""

    organ: str
    day: str


class Part(Struct, frozen=True, tag="part", tag_field="block"):
    """A sheet of its own begins."""

    title: str


Block = Paragraph | Heading | FactRows | Table | Signatures | Seal | Part


class Document(Struct, frozen=True):
    """A notice as it was issued.

    Attributes:
        code: verification code as it is printed, in groups of four.
        verify: how a reader verifies it.
        day: of issue, ``2026-11-18``.
    """

    kind: str
    version: str
    organ: str
    title: str
    number: str
    code: str
    verify: str
    day: str
    applicant: str
    copies: tuple[str, ...]
    addressee: str
    blocks: tuple[Block, ...]

    def text(self) -> str:
        """Canonical JSON, the text whose digest is kept: the same document gives the same."""
        return json.encode(self, order="deterministic").decode()

    @classmethod
    def read(cls, text: str, digest: str) -> Document:
        """The document that was kept.

        Raises:
            NoticeTampered: the text has another digest.
        """
        if digest_of(text) != digest:
            raise NoticeTampered
        return json.decode(text, type=cls)

    def texts(self) -> list[str]:
        """Every text that is printed."""
        found = [self.organ, self.title, self.number, self.code, self.verify, *self.copies, self.addressee]
        for block in self.blocks:
            if isinstance(block, FactRows):
                found += [text for row in block.rows for text in row]
            elif isinstance(block, Table):
                found += [*block.titles, *(text for row in block.rows for text in row)]
            elif isinstance(block, Signatures):
                found += block.lines
            elif isinstance(block, Seal):
                found += [block.organ, block.day]
            elif isinstance(block, Part):
                found.append(block.title)
            else:
                found.append(block.text)
        return found


def digest_of(content: str | bytes) -> str:
    """SHA-256, 64 hex digits."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()
