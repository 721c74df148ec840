"""The file itself: whether it is a workbook at all, how large, and what a person looking at it would not see.

Every part is counted first (see ``counting``), before anything else opens the file. It stops at the limits, so a
hostile file costs little.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from posixpath import join, normpath
from xml.etree.ElementTree import Element, ParseError
from xml.parsers.expat import ExpatError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from approval_hook.threelists.counting import (
    DECLARES,
    MAX_STRUCTURE_ELEMENTS,
    MAX_UNREAD_ELEMENTS,
    TOO_LARGE,
    Budget,
    Shape,
    count_others,
    count_strings,
    measure,
)
from approval_hook.threelists.problems import Refused

MAX_FILE_BYTES = 10 * 1024 * 1024
MAX_UNPACKED_BYTES = 120 * 1024 * 1024
MAX_ENTRIES = 500
MAX_SHEETS = 50
_MAX_STRINGS_BYTES = 40 * 1024 * 1024
_MAX_OTHER_BYTES = 5 * 1024 * 1024  # styles and the like

_TYPES = "[Content_Types].xml"
_BOOK = "xl/workbook.xml"
_LINKS = "xl/_rels/workbook.xml.rels"
_STYLES = "xl/styles.xml"

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SAVE_AS = "请用 Excel 或 WPS 另存为“Excel 工作簿（*.xlsx）”后再导入"
_DAMAGED = Refused("文件已损坏，无法读取", "请用 Excel 或 WPS 打开，另存为新的 xlsx 文件后再导入")


@dataclass(frozen=True, slots=True)
class Part:
    """A sheet of the file."""

    name: str
    visible: bool
    shape: Shape | None  # None: no table of cells, such as a chart
    path: str = ""  # inside the file


@dataclass(frozen=True, slots=True)
class Package:
    """A workbook whose every part was counted."""

    sheets: tuple[Part, ...]
    strings: str | None  # the path of the shared texts; None: there are none
    refused: Refused | None = None  # what is wrong with the other parts; read nothing then


@dataclass(frozen=True, slots=True)
class _Roles:
    """Which part is what, by content type and by relationship, never by its name."""

    sheets: dict[str, str]  # relationship to path
    strings: str | None


def open_package(raw: bytes) -> Package:
    """The sheets of a workbook, each passed over once.

    Raises:
        Refused: it is not an xlsx workbook, is too large, holds macros or is damaged; read nothing of it.
    """
    if len(raw) > MAX_FILE_BYTES:
        raise Refused(f"文件超过 {MAX_FILE_BYTES // 1024 // 1024} MB", "请删除图片、多余的工作表和格式后再导入")
    if not raw.startswith(b"PK"):
        raise _not_a_workbook(raw)
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            _check(archive)
            structure = Budget(others=MAX_STRUCTURE_ELEMENTS)
            for name in (_TYPES, _LINKS, _BOOK):
                with archive.open(name) as stream:
                    count_others(stream, structure)
            roles = _roles(archive)
            _check_sizes(archive, roles)
            sheets = tuple(_parts(archive, roles, Budget()))
            # A list that is too long is told as such, not as too many texts.
            rest = None
            try:
                _count_rest(archive, roles)
            except Refused as why:
                rest = why
            return Package(sheets, roles.strings, rest)
    except DefusedXmlException:
        raise DECLARES from None
    except (
        zipfile.BadZipFile,
        zlib.error,
        ParseError,
        ExpatError,
        KeyError,
        ValueError,
        EOFError,
        OSError,
        NotImplementedError,  # an unknown compression method
        RuntimeError,  # an encrypted entry
        RecursionError,
    ):
        raise _DAMAGED from None


def _not_a_workbook(raw: bytes) -> Refused:
    if raw.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in raw:
            return Refused("文件设有打开密码", "请取消密码后另存为 xlsx 再导入")
        return Refused("文件是旧版 Excel 格式（xls）", _SAVE_AS)
    if not raw:
        return Refused("文件是空的", "请重新选择文件")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            raw.decode("gb18030")
        except UnicodeDecodeError:
            return Refused("文件不是 Excel 工作簿", _SAVE_AS)
        return Refused("文件是 GBK 编码的文本（CSV），不是 Excel 工作簿", _SAVE_AS)
    if "\0" in text:
        return Refused("文件不是 Excel 工作簿", _SAVE_AS)
    return Refused("文件是文本（CSV 等），不是 Excel 工作簿", _SAVE_AS)


def _check(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    # ``zipfile`` never unpacks more than an entry declares, so the declared sizes are a bound.
    if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES:
        raise TOO_LARGE
    if len(set(names)) != len(names):
        raise _DAMAGED
    if any(entry.filename in (_TYPES, _LINKS, _BOOK) and entry.file_size > _MAX_OTHER_BYTES for entry in entries):
        raise TOO_LARGE
    if any("vbaproject" in name.lower() or "macrosheets/" in name.lower() for name in names):
        raise Refused("文件含有宏", "请另存为不含宏的“Excel 工作簿（*.xlsx）”后再导入")
    if _BOOK not in names:
        raise Refused("文件不是 xlsx 工作簿", _SAVE_AS)


def _check_sizes(archive: zipfile.ZipFile, roles: _Roles) -> None:
    sheets = set(roles.sheets.values())
    for entry in archive.infolist():
        most = _MAX_STRINGS_BYTES if entry.filename == roles.strings else _MAX_OTHER_BYTES
        if entry.filename not in sheets and entry.file_size > most:
            raise TOO_LARGE


def _count_rest(archive: zipfile.ZipFile, roles: _Roles) -> None:
    done = {_TYPES, _LINKS, _BOOK, *roles.sheets.values()}
    unread = Budget(others=MAX_UNREAD_ELEMENTS)
    for name in archive.namelist():
        if name == roles.strings:
            with archive.open(name) as stream:
                count_strings(stream, Budget())
        elif name not in done and name.lower().endswith((".xml", ".rels")):
            with archive.open(name) as stream:
                count_others(stream, Budget() if name == _STYLES else unread)


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _roles(archive: zipfile.ZipFile) -> _Roles:
    """Who is what; damaged when a part is named twice or is two things at once, for readers would differ."""
    by_type: dict[str, set[str]] = {"sharedStrings": set(), "main": set()}
    for entry in fromstring(archive.read(_TYPES)):
        kind = str(entry.get("ContentType")).removesuffix("+xml").rpartition(".")[2]
        if _local(entry) == "Override" and kind in by_type:
            by_type[kind].add(str(entry.get("PartName")))
    links = [
        (str(r.get("Id")), str(r.get("Type")).rpartition("/")[2], _path(str(r.get("Target"))))
        for r in fromstring(archive.read(_LINKS))
    ]
    sheets = {link: path for link, kind, path in links if kind == "worksheet"}
    strings = {name.removeprefix("/") for name in by_type["sharedStrings"]}
    strings |= {path for _, kind, path in links if kind == "sharedStrings" and path in archive.namelist()}
    fixed = {_TYPES, _LINKS, _BOOK, _STYLES}
    if (
        by_type["main"] - {f"/{_BOOK}"}
        or len({link for link, _, _ in links}) != len(links)
        or len(set(sheets.values())) != len(sheets)
        or len(strings) > 1
        or strings & {*sheets.values(), *fixed}
        or fixed & {*sheets.values()}
    ):
        raise _DAMAGED
    return _Roles(sheets, next(iter(strings), None))


def _path(target: str) -> str:
    return normpath(join("xl", target).lstrip("/"))


def _parts(archive: zipfile.ZipFile, roles: _Roles, budget: Budget) -> Iterator[Part]:
    book = fromstring(archive.read(_BOOK))
    if "purl.oclc.org" in str(book.tag):
        raise Refused("文件是“Strict Open XML”格式", _SAVE_AS)
    sheets = [e for e in book.iter() if _local(e) == "sheet"]
    if len(sheets) > MAX_SHEETS:
        raise Refused(f"工作表超过 {MAX_SHEETS} 个", "请删除多余的工作表后再导入")
    links = [next((v for k, v in sheet.attrib.items() if k.endswith("}id")), "") for sheet in sheets]
    if len(set(links)) != len(links):
        raise _DAMAGED  # one table under two names
    for sheet, link in zip(sheets, links, strict=True):
        visible = sheet.get("state", "visible") == "visible"
        path = roles.sheets.get(link)
        shape = None
        if path is not None:
            with archive.open(path) as stream:
                shape = measure(stream, budget)
        yield Part(str(sheet.get("name")), visible, shape, path or "")
