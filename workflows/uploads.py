"""Files from outside: taken only when they are what they must be."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

MOST_BYTES = 5 * 1024 * 1024
_LONGEST_NAME = 100
#: What a file begins with, by its media type; the sender's own word is not believed.
_BEGINS = {"application/pdf": b"%PDF-", "image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n"}
_ENDINGS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}


class UploadRefused(Exception):
    """The file cannot be taken; the message says why and what to do, in the reader's language."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was taken."""

    name: str
    media_type: str
    content: bytes
    digest: str  # SHA-256, hex


def taken(file: Any) -> Upload:
    """Read an uploaded file.

    Args:
        file: Django's uploaded file, or None when the field came empty.

    Raises:
        UploadRefused: no file, empty, too large, or neither PDF nor JPEG nor PNG.
    """
    if file is None or not file.size:
        raise UploadRefused(_("没有选择文件，或者文件是空的。请选择 PDF、JPG 或 PNG 文件。"))
    if file.size > MOST_BYTES:
        raise UploadRefused(_("文件超过 5 MB。请压缩或者分页拍照后再上传。"))
    content = file.read(MOST_BYTES + 1)
    media_type = next((kind for kind, start in _BEGINS.items() if content.startswith(start)), "")
    if not media_type or len(content) > MOST_BYTES:
        raise UploadRefused(_("只收 PDF、JPG 或 PNG 文件。请转换后再上传。"))
    return Upload(_plain_name(file.name, media_type), media_type, content, hashlib.sha256(content).hexdigest())


def _plain_name(name: str, media_type: str) -> str:
    """What the sender called it, without anything that a page, a path or a header could take for something else."""
    stem = re.split(r"[/\\]", unicodedata.normalize("NFKC", name or ""))[-1].rpartition(".")[0]
    kept = "".join(char for char in stem if char.isalnum() or char in "-_ （）()")
    ending = _ENDINGS[media_type]
    return f"{kept.strip()[: _LONGEST_NAME - 5] or 'file'}.{ending}"
