"""Notices on paper: what stands in the PDF, how it breaks, and what is never printed."""

from __future__ import annotations

import io
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from pypdf import PdfReader

from tests.unit.notices.building import CASE, FACTS, made, rare_font
from workflows.notices import pdf
from workflows.notices.catalogue import catalogue
from workflows.notices.document import Document
from workflows.notices.errors import CharactersMissing, NoticeRefused, NoticeSettingsInvalid, PrintingFailed
from workflows.notices.facts import KINDS, AcceptanceFacts, CorrectionFacts, Item, ToleranceFacts
from workflows.notices.fonts import font_set, require_printable
from workflows.notices.templates import ItemTable
from workflows.notices.wording import labelled, spoken


def read(document: Document) -> PdfReader:
    """The PDF of a notice."""
    return PdfReader(io.BytesIO(pdf.pdf(document, font_set())))


def squeezed(text: str) -> str:
    """Text without any space: where a line broke does not matter."""
    return re.sub(r"[\s\u200b]+", "", text)


def pages_of(reader: PdfReader) -> list[str]:
    """Text of each page, squeezed."""
    return [squeezed(page.extract_text()) for page in reader.pages]


@cache
def printed(kind: str) -> tuple[PdfReader, str]:
    """One print of each kind, for every test that only reads."""
    reader = read(made(kind))
    return reader, "".join(pages_of(reader))


@pytest.mark.parametrize("kind", KINDS)
def test_the_pdf_says_what_the_law_demands(kind: str) -> None:
    """Every compulsory content is found in the text that is extracted from the PDF."""
    demands = catalogue().demands[kind]
    _, text = printed(kind)
    said = {n: spoken(getattr(CASE, n)) for n in CASE.__struct_fields__}
    said |= {n: spoken(getattr(FACTS[kind], n)) for n in FACTS[kind].__struct_fields__}
    said["version"] = made(kind).version
    for demand in demands.contents:
        for field in demand.fields:
            assert squeezed(said[field]) in text, demand.what
        for item in getattr(FACTS[kind], "items", ()) if demand.columns else ():
            assert all(squeezed(getattr(item, column)) in text for column in demand.columns), demand.what
        for words in demand.words:
            assert words in text, demand.what
        if demand.block == "seal":
            assert "（盖章处）" in text


@pytest.mark.parametrize("kind", KINDS)
def test_page_and_pdf_say_the_same(kind: str) -> None:
    """Every text of the document, from which the page is made, stands in the PDF."""
    _, text = printed(kind)
    assert [words for words in made(kind).texts() if squeezed(words) not in text] == []


def test_two_copies_with_their_own_page_numbers() -> None:
    """Each copy says whose it is, and counts its own pages."""
    pages = pages_of(printed("tolerance")[0])
    assert len(pages) == 4
    for at, (whose, place) in enumerate([("交申请人", 1), ("交申请人", 2), ("行政机关留存", 1), ("行政机关留存", 2)]):
        assert f"{whose}第{place}页，共2页" in pages[at]
        assert "一式两份" in pages[at]
    assert "容缺受理承诺书" in pages[1]


def test_forty_items_break_over_pages_with_head_and_numbers() -> None:
    """A long list repeats its head on every page, loses no item, and every page is numbered."""
    items = tuple(
        Item(f"第{n}份需要补正的材料", f"item-{n:02}", "原件一份，加盖公章；" * (1 + n % 3)) for n in range(1, 41)
    )
    pages = pages_of(read(made("correction", CorrectionFacts(items, CASE.filed_on))))
    copy = pages[: len(pages) // 2]
    assert len(copy) >= 3
    for place, page in enumerate(copy, 1):
        assert f"第{place}页，共{len(copy)}页" in page
        if "item-" in page:
            assert "材料编码" in page
    whole = "".join(copy)
    assert [item.code for item in items if whole.count(item.code) != 1] == []


@pytest.mark.parametrize("name", ["示例" * 100, "W" * 200], ids=["chinese", "latin"])
def test_a_name_of_200_signs_wraps_within_the_margins(name: str) -> None:
    """The longest name is there in full, on several lines, and no line is longer than the sheet is wide."""
    text = read(made("acceptance", applicant=name)).pages[0].extract_text()
    assert name in squeezed(text)
    lines = [squeezed(line) for line in text.split("\n")]
    full = [line for line in lines if line and set(line) <= {*name, "："}]
    # 157 mm at 12 pt are 37 Chinese signs, and a W is nearly as wide.
    assert len(full) == 6
    assert max(map(len, full)) <= 38


INJECTIONS = [
    '#import "@preview/cetz:0.3.0"',
    '#read("/etc/passwd")',
    "#eval(sys.inputs.document)",
    "*粗体* _斜体_ $x^2$ `码` <标签> @引用 // 注 /* 注 */",
    "= 标题 \\u{41} #{1+1} [块] {块} \"引号\" 'a' ~ --- ...",
    "{applicant} {0} %s {{}}",
]


@pytest.mark.parametrize("name", INJECTIONS)
def test_markup_in_a_name_prints_as_it_is_written(name: str) -> None:
    """What looks like code, markup, a file or a package is text and nothing else."""
    text = "".join(pages_of(read(made("service_return", applicant=name))))
    assert squeezed(name) in text
    assert "root:" not in text


@pytest.mark.parametrize("sign", ["\u202e", "\u2066", "\u0007", "\u200b", "\n", "\ud800", "\ufeff", "\u0000", "\ue000"])
def test_signs_that_steer_or_hide_text_are_refused(sign: str) -> None:
    """Control, bidirectional, invisible and private signs never reach the paper, and are named by their code point."""
    with pytest.raises(NoticeRefused) as refused:
        document = made("acceptance", applicant=f"示例{sign}公司")
        require_printable([("申请人名称", document.applicant)], font_set())
    if sign != "\ud800":
        assert "申请人名称第3个字" in str(refused.value)
        assert f"U+{ord(sign):04X}" in str(refused.value)


@pytest.mark.parametrize(("character", "point"), [("𠮷", "U+20BB7"), ("㐂", "U+3402")])
def test_a_rare_character_is_named_before_issuing(character: str, point: str) -> None:
    """The message names character, code point and place and says what to do; it repeats no more of the name."""
    facts = FACTS["acceptance"]
    words = replace(CASE, applicant=f"陈{character}野")
    with pytest.raises(CharactersMissing) as refused:
        require_printable(labelled(words, facts), font_set())
    text = str(refused.value)
    assert f"申请人名称第2个字“{character}”（{point}）" in text
    assert "FONT_DIRS" in text
    assert "陈" not in text


def test_names_of_hong_kong_and_rare_given_names_print_out_of_the_box() -> None:
    """Traditional characters and the rarer ones of given names are in the bundled font."""
    require_printable([("申请人名称", "陳鏡銘 镕喆堃玥珺翀昇淼")], font_set())


def test_a_font_of_the_organ_makes_a_rare_character_print(settings: Any, tmp_path: Path) -> None:
    """With a font that holds it in a configured directory the character prints, embedded, and reads back."""
    rare_font(tmp_path)
    settings.NOTICES = {**settings.NOTICES, "FONT_DIRS": [str(tmp_path)]}
    document = made("acceptance", applicant="陈𠮷野")
    require_printable([("申请人名称", document.applicant)], font_set())
    reader = read(document)
    assert "陈𠮷野" in pages_of(reader)[0]
    names = fonts_in(reader)
    assert any("OrganRare" in name for name in names)
    assert all(names.values())


def fonts_in(reader: PdfReader) -> dict[str, bool]:
    """Every font that a page uses, and whether its program is in the file."""
    found: dict[str, bool] = {}
    for page in reader.pages:
        for font in page["/Resources"]["/Font"].values():  # type: ignore[index, union-attr] # of pypdf's own mapping
            for drawn in font.get_object().get("/DescendantFonts", [font]):
                told = drawn.get_object()["/FontDescriptor"].get_object()
                found[told["/FontName"]] = any(f"/FontFile{n}" in told for n in ("", "2", "3"))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_every_font_is_embedded_and_the_file_is_pdf_a(kind: str) -> None:
    """Nothing is left to the reader's machine; the file calls itself PDF/A-2a and PDF/UA-1 and names its title."""
    reader, _ = printed(kind)
    names = fonts_in(reader)
    assert names
    assert all(names.values())
    told = reader.trailer["/Root"]["/Metadata"].get_data().decode()  # type: ignore[index] # of pypdf's own mapping
    assert "<pdfaid:part>2</pdfaid:part>" in told
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in told
    assert "<pdfuaid:part>1</pdfuaid:part>" in told
    assert reader.metadata is not None
    assert str(reader.metadata.title).startswith(made(kind).title)


def test_the_same_facts_give_the_same_bytes() -> None:
    """Printing is a function of the document: another run gives the same file, other facts another one."""
    first = pdf.pdf(made("acceptance"), font_set())
    assert first == pdf.pdf(made("acceptance"), font_set())
    other = AcceptanceFacts(CASE.filed_on, CASE.filed_on)
    assert first != pdf.pdf(made("acceptance", other), font_set())


def test_a_warning_of_the_printer_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where the printer only warns, as of a font that is not there, nothing is given out."""
    layout = tmp_path / "notice.typ"
    layout.write_text('#set document(title: "x")\n#text(font: "No Such Font")[x]', encoding="utf-8")
    monkeypatch.setattr(pdf, "LAYOUT", layout)
    with pytest.raises(PrintingFailed, match="warned"):
        pdf.pdf(made("acceptance"), font_set())


def test_a_file_that_is_no_font_is_named(settings: Any, tmp_path: Path) -> None:
    """A broken font of the organ stops at start-up with its name, not silently at the first rare character."""
    (tmp_path / "broken.otf").write_bytes(b"no font")
    settings.NOTICES = {**settings.NOTICES, "FONT_DIRS": [str(tmp_path)]}
    with pytest.raises(NoticeSettingsInvalid, match=r"broken\.otf"):
        font_set()


@pytest.mark.parametrize(
    "facts",
    [
        ToleranceFacts((), CASE.filed_on, "申请人", "", "承诺书", "1"),
        ToleranceFacts((Item("x" * 201),), CASE.filed_on, "申请人", "", "承诺书", "1"),
        ToleranceFacts((Item("材料", note="x" * 501),), CASE.filed_on, "申请人", "", "承诺书", "1"),
        ToleranceFacts((Item("材料"),) * 201, CASE.filed_on, "申请人", "", "承诺书", "1"),
    ],
    ids=["nothing", "long-title", "long-note", "many"],
)
def test_facts_that_are_too_long_or_missing_are_refused(facts: ToleranceFacts) -> None:
    """Every text is bounded, so that printing is; the message names the field."""
    with pytest.raises(NoticeRefused, match="缺少的材料"):
        made("tolerance", facts)


def test_every_list_of_the_shipped_templates_has_a_width_for_its_columns() -> None:
    """The layout knows each column that a template may show."""
    layout = pdf.LAYOUT.read_text(encoding="utf-8")
    shown = {c.show for _, t in catalogue().templates for b in t.body if isinstance(b, ItemTable) for c in b.columns}
    assert all(re.search(rf"widths = \(.*{name}:", layout) for name in shown)
