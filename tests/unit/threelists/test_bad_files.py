"""Files that are no workbook, or one made to hurt: one clear answer, quickly, and nothing read."""

from __future__ import annotations

import io
import time
import tracemalloc
import zipfile
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from approval_hook.threelists import counting, package
from approval_hook.threelists.layout import APPLICATIONS, MAX_ROWS
from approval_hook.threelists.workbook import Imported, read_workbook
from tests.unit.threelists.building import exported, repacked, rules

_SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b'<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheets/>&b;</workbook>'
)


def refused(raw: bytes) -> str:
    """The one thing that is wrong with the file as a whole."""
    found = read_workbook(raw, rules())
    assert found.data is None
    assert found.total == len(found.problems) == 1
    assert found.problems[0].remedy
    return str(found.problems[0])


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "空的"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, "xls"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "密码"),
        ("\ufeff措施编号,措施名称\n001,限制".encode(), "CSV"),
        ("措施编号,措施名称\n001,限制".encode("gbk"), "GBK"),
        (b"\x89PNG\r\n\x1a\n\xff\xff\0\0", "不是 Excel"),
        (b"\0\0\0\0", "不是 Excel"),
        (b"PK\x03\x04 and no more", "损坏"),
        (exported()[: len(exported()) // 2], "损坏"),
    ],
)
def test_what_is_no_workbook_is_named_for_what_it_is(raw: bytes, said: str) -> None:
    """Empty, old format, password, CSV, GBK, image, cut off."""
    assert said in refused(raw)


def test_another_zip_file_is_no_workbook() -> None:
    """A document of another program, and the binary format."""

    def other(parts: dict[str, bytes]) -> None:
        parts["xl/workbook.bin"] = parts.pop("xl/workbook.xml")

    assert "xlsx" in refused(repacked(other))


@pytest.mark.parametrize("name", ["xl/vbaProject.bin", "xl/macrosheets/sheet1.xml"])
def test_macros_are_refused(name: str) -> None:
    """Whatever the file is called."""
    assert "宏" in refused(repacked(lambda parts: parts.update({name: b"x"})))


@pytest.mark.parametrize("name", ["xl/workbook.xml", "xl/worksheets/sheet2.xml", "xl/sharedStrings.xml"])
def test_entities_are_refused(name: str) -> None:
    """A bomb of entities is not expanded, in whichever part it hides."""
    assert "实体" in refused(repacked(lambda parts: parts.update({name: _BOMB})))


def test_a_zip_bomb_is_refused_by_its_declared_size() -> None:
    """Half a gigabyte of nothing is not unpacked."""
    raw = repacked(lambda parts: parts.update({"xl/worksheets/sheet2.xml": b" " * (200 * 1024 * 1024)}))
    assert len(raw) < package.MAX_FILE_BYTES
    tracemalloc.start()
    assert "解压后过大" in refused(raw)
    assert tracemalloc.get_traced_memory()[1] < 20 * 1024 * 1024
    tracemalloc.stop()


def test_too_many_entries_large_styles_and_large_files_are_refused() -> None:
    """Each limit has its answer."""
    assert "过大" in refused(repacked(lambda parts: parts.update({f"x/{n}": b"" for n in range(600)})))
    assert "过大" in refused(repacked(lambda parts: parts.update({"xl/styles.xml": b" " * (6 * 1024 * 1024)})))
    assert "超过 10 MB" in refused(b"PK" + b"\0" * (10 * 1024 * 1024))
    many = b"<sst>" + b"<si><t>a</t></si>" * (counting.MAX_STRINGS + 1) + b"</sst>"
    assert "过大" in refused(repacked(lambda parts: parts.update({"xl/sharedStrings.xml": many})))


def test_two_entries_of_one_name_are_refused() -> None:
    """Two readers would read two different files."""
    target = io.BytesIO(exported())
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(target, "a") as archive:
        archive.writestr("xl/worksheets/sheet2.xml", b"<worksheet/>")
    assert "损坏" in refused(target.getvalue())


def test_strict_format_and_too_many_sheets() -> None:
    """The strict variant has other names inside and would read as an empty book."""

    def strict(parts: dict[str, bytes]) -> None:
        strict_space = b"http://purl.oclc.org/ooxml/spreadsheetml/main"
        parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(_SPACE.encode(), strict_space)

    assert "Strict" in refused(repacked(strict))
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    for number in range(60):
        book.add_worksheet(f"s{number}")
    book.close()
    assert "工作表超过" in refused(target.getvalue())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'<row r="3"', b'<row r="2"'),
        (b'<row r="3"', b'<row r="99999999999"'),
        (b'<c r="C3"', b'<c r="D3"'),
        (b'<c r="C3"', b'<c r="C9"'),
        (b'<c r="C3"', b'<c r="nonsense"'),
    ],
)
def test_rows_and_cells_out_of_order_are_refused(old: bytes, new: bytes) -> None:
    """Of two cells with one address a reader takes one; nobody could see the other."""

    def change(parts: dict[str, bytes]) -> None:
        assert old in parts["xl/worksheets/sheet2.xml"]
        parts["xl/worksheets/sheet2.xml"] = parts["xl/worksheets/sheet2.xml"].replace(old, new, 1)

    assert "编号错乱" in refused(repacked(change))


def long_list(count: int) -> bytes:
    """A workbook whose list of applications has so many rows, each with an unknown matter and measure."""
    headers = [c.header for c in APPLICATIONS.columns]

    def row(number: int, texts: list[str]) -> str:
        cells = (
            f'<c r="{chr(ord("A") + at)}{number}" t="inlineStr"><is><t>{text}</t></is></c>'
            for at, text in enumerate(texts)
        )
        return f'<row r="{number}">{"".join(cells)}</row>'

    rows = [row(1, headers)] + [
        row(n, [f"m-{n}", "", "x", "", "县级", "强制性", "否", "2027-01-01", "", "law-1", f"第{n}条"])
        for n in range(2, count + 2)
    ]
    sheet = f'<worksheet xmlns="{_SPACE}"><sheetData>{"".join(rows)}</sheetData></worksheet>'
    return repacked(lambda parts: parts.update({"xl/worksheets/sheet4.xml": sheet.encode()}))


def test_a_hundred_thousand_rows_are_answered_within_seconds() -> None:
    """The list is refused as too long, without reading it to the end or holding it."""
    raw = long_list(100_000)
    start = time.process_time()
    said = refused(raw)
    assert time.process_time() - start < 20
    assert f"超过 {MAX_ROWS} 行" in said
    assert "应用事项清单" in said
    tracemalloc.start()
    refused(raw)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30 * 1024 * 1024


def test_the_longest_list_with_nothing_but_mistakes() -> None:
    """As many rows as are allowed, each wrong: the first problems are listed, all are counted, within a minute."""
    raw = long_list(MAX_ROWS)
    start = time.process_time()
    found = read_workbook(raw, rules())
    assert time.process_time() - start < 60
    assert found.data is None
    assert len(found.problems) == 200
    assert found.total > MAX_ROWS


_SHEET = "xl/worksheets/sheet2.xml"


def with_text(name: str, before: bytes, text: bytes) -> bytes:
    """The workbook with something put in front of a tag of a part."""

    def change(parts: dict[str, bytes]) -> None:
        assert before in parts[name]
        parts[name] = parts[name].replace(before, text + before, 1)

    return repacked(change)


def refused_cheaply(raw: bytes) -> str:
    """What is wrong, found within seconds of processor time and without holding much."""
    start = time.process_time()
    said = refused(raw)
    assert time.process_time() - start < 6
    return said


@pytest.mark.parametrize(
    ("name", "before", "text", "said"),
    [
        (_SHEET, b'<row r="1"', b"<row>" + b"<c/>" * 4_000_000 + b"</row>", "超过 60 列"),
        (_SHEET, b'<row r="1"', b"<a/>" * 4_000_000, "过大"),
        (_SHEET, b"</worksheet>", b'<mergeCell ref="A1:B2"/>' * 3_000_000, "合并的单元格超过"),
        (_SHEET, b"</sheetData>", b'<row r="99"/>' + b"<row/>" * 1_000_000, "空行"),
        (_SHEET, b"</sheetData>", b'<row r="99"/>' + (b"<row>" + b"<c/>" * 60 + b"</row>") * 20_000, "过大"),
        (_SHEET, b"<sheetData>", b'<a b="' + b"x" * 60_000_000 + b'"/>', "过大"),
        (_SHEET, b"<sheetData>", b"<a>" * 1_000_000, "过大"),
        (_SHEET, b"<sheetData>", b"\n" * 60_000_000, "过大"),
        (_SHEET, b'<row r="1"', b"<row><c><v>" + b"1" * 60_000_000 + b"</v></c></row>", "过大"),
        ("xl/sharedStrings.xml", b"</sst>", b"<si>" + b"<r/>" * 5_000_000 + b"</si>", "过大"),
        ("xl/sharedStrings.xml", b"</sst>", b"<si><t>" + b"x" * 30_000_000 + b"</t></si>", "过大"),
        ("xl/sharedStrings.xml", b"</sst>", b"<r/>" * 5_000_000, "过大"),
        ("xl/styles.xml", b"</styleSheet>", b"<xf/>" * 900_000, "过大"),
        ("xl/workbook.xml", b"<sheets>", b"<a/>" * 900_000, "过大"),
        ("xl/worksheets/sheet1.xml", b'<row r="1"', b"<row>" + b"<c/>" * 4_000_000 + b"</row>", "超过 60 列"),
    ],
    ids=range(15),
)
def test_millions_of_anything_are_refused_at_the_limit(name: str, before: bytes, text: bytes, said: str) -> None:
    """Cells, junk, merged areas, rows, texts, tags: counted as they begin, not once a tree of them was built."""
    raw = with_text(name, before, text)
    assert len(raw) < 1024 * 1024
    assert said in refused_cheaply(raw)
    del text
    tracemalloc.start()
    refused(raw)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30 * 1024 * 1024


def renamed_strings(more: bytes, name: str = "xl/worksheets/foo.xml") -> bytes:
    """The workbook with its shared texts under another name."""

    def change(parts: dict[str, bytes]) -> None:
        parts[name] = parts.pop("xl/sharedStrings.xml").replace(b"</sst>", more + b"</sst>")
        for part in ("[Content_Types].xml", "xl/_rels/workbook.xml.rels"):
            parts[part] = parts[part].replace(b"sharedStrings.xml", name.removeprefix("xl/").encode())

    return repacked(change)


@pytest.mark.parametrize("name", ["xl/worksheets/foo.xml", "xl/worksheets/foo.bin"])
def test_shared_texts_are_known_by_their_type_and_not_by_their_name(name: str) -> None:
    """Under another name they are read, and the same limits hold."""
    assert read_workbook(renamed_strings(b"", name), rules()).data == rules().plain()
    for more in (b"<si><t>a</t></si>" * (counting.MAX_STRINGS + 1), b"<si><t>" + b"x" * 60_000_000 + b"</t></si>"):
        assert "过大" in refused_cheaply(renamed_strings(more, name))


def test_limits_hold_for_every_part_and_roles_are_not_mixed() -> None:
    """A part of any name has a limit; a part that is two things, or a second book, is not read."""
    assert "过大" in refused_cheaply(repacked(lambda p: p.update({"xl/worksheets/stray.xml": b" " * 6_000_000})))
    kinds = "[Content_Types].xml"
    main = b'spreadsheetml.sheet.main+xml"/>'
    strings = b'<Override PartName="/xl/worksheets/sheet3.xml" ContentType="x.spreadsheetml.sharedStrings+xml"/>'
    assert "损坏" in refused(with_text(kinds, b"</Types>", strings))
    assert "损坏" in refused(with_text(kinds, b"</Types>", b'<Override PartName="/xl/b.xml" ContentType="x.' + main))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, len(exported()) - 1), st.binary(min_size=1, max_size=8))
def test_a_damaged_file_never_escapes_as_an_error(at: int, junk: bytes) -> None:
    """Whatever is broken, the answer is data or problems."""
    raw = bytearray(exported())
    raw[at : at + len(junk)] = junk
    found: Imported = read_workbook(bytes(raw), rules())
    assert (found.data is None) == bool(found.problems)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_damaged_xml_never_escapes_as_an_error(data: Any) -> None:
    """The same below the checksums of the archive."""

    def change(parts: dict[str, bytes]) -> None:
        name = data.draw(st.sampled_from(sorted(parts)))
        at = data.draw(st.integers(0, len(parts[name])))
        junk = data.draw(st.sampled_from([b"<", b">", b"&", b'"', b"0", b"", b"-1", b"1e400", b"\xff", b"</row>"]))
        cut = data.draw(st.integers(0, 6))
        parts[name] = parts[name][:at] + junk + parts[name][at + cut :]

    found = read_workbook(repacked(change), rules())
    assert (found.data is None) == bool(found.problems)
