"""Prints a finished notice: PDF/A with every font embedded, the same bytes for the same notice.

Source: ISO 19005-2 (PDF/A-2), ISO 14289-1 (PDF/UA-1).
"""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import typst
from msgspec import json

from workflows.notices.document import Document
from workflows.notices.errors import PrintingFailed
from workflows.notices.fonts import FontSet

LAYOUT = Path(__file__).parent / "layout" / "notice.typ"
#: Kept beside every print: which program made it.
PRINTER = f"typst {version('typst')}"
_STANDARDS: list[typst.PDFStandard] = ["a-2a", "ua-1"]


def pdf(document: Document, fonts: FontSet) -> bytes:
    """The notice as PDF/A-2a, accessible (PDF/UA-1), all copies one after the other.

    Raises:
        PrintingFailed: the printer failed or warned; nothing half printed is given out.
    """
    (printed,) = _printed(document, fonts, "pdf")
    return printed


def pages(document: Document, fonts: FontSet, ppi: float = 96) -> list[bytes]:
    """The same pages as PNG pictures.

    Args:
        document: a finished notice.
        fonts: the fonts now configured.
        ppi: dots per inch.

    Raises:
        PrintingFailed: as above.
    """
    return _printed(document, fonts, "png", ppi)


def _printed(document: Document, fonts: FontSet, format: Literal["pdf", "png"], ppi: float = 96) -> list[bytes]:  # noqa: A002
    # The words are data under one key; they are never part of the program that is compiled.
    inputs = {"document": document.text(), "families": json.encode(fonts.families).decode()}
    compiler = typst.Compiler(LAYOUT, root=LAYOUT.parent, font_paths=fonts.fonts, sys_inputs=inputs)
    day = datetime.fromisoformat(document.day).replace(tzinfo=UTC)
    try:
        printed, warnings = compiler.compile_with_warnings(
            format=format, ppi=ppi, timestamp=day, pdf_standards=_STANDARDS if format == "pdf" else []
        )
    except typst.TypstError as error:
        raise PrintingFailed(f"The printer failed: {error.message}") from None
    if warnings or printed is None:
        raise PrintingFailed(f"The printer warned: {'; '.join(w.message for w in warnings)}")
    return printed if isinstance(printed, list) else [printed]
