"""Templates of notices as data: blocks of words with placeholders in braces, checked against what the law demands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from string import Formatter
from typing import Annotated, Literal

from msgspec import Meta, Struct

from workflows.notices.facts import KINDS, OF_THE_NOTICE, CaseWords

#: Text of a template: of no use to a reader when longer, and bounded for whoever prints it.
Words = Annotated[str, Meta(min_length=1, max_length=2000)]
Shown = Literal["number", "code", "title", "note"]


class Paragraph(Struct, frozen=True, tag="paragraph", tag_field="block", forbid_unknown_fields=True):
    """Running text; ``when`` names the fact without which it is left out."""

    text: Words
    indent: bool = True
    when: str = ""


class Heading(Struct, frozen=True, tag="heading", tag_field="block", forbid_unknown_fields=True):
    """A line that heads what follows."""

    text: Words


class Row(Struct, frozen=True, forbid_unknown_fields=True):
    """One fact with its label."""

    label: Words
    text: Words
    when: str = ""


class FactRows(Struct, frozen=True, tag="facts", tag_field="block", forbid_unknown_fields=True):
    """Facts with their labels, one below the other."""

    rows: Annotated[tuple[Row, ...], Meta(min_length=1, max_length=40)]


class Column(Struct, frozen=True, forbid_unknown_fields=True):
    """One column of the list of items."""

    title: Words
    show: Shown


class ItemTable(Struct, frozen=True, tag="items", tag_field="block", forbid_unknown_fields=True):
    """The items of the notice, one a row."""

    columns: Annotated[tuple[Column, ...], Meta(min_length=1, max_length=4)]


class Signatures(Struct, frozen=True, tag="signatures", tag_field="block", forbid_unknown_fields=True):
    """Lines to sign on."""

    lines: Annotated[tuple[Words, ...], Meta(min_length=1, max_length=8)]


class Seal(Struct, frozen=True, tag="seal", tag_field="block", forbid_unknown_fields=True):
    """The organ's name, the place of its seal, and the date."""


class Part(Struct, frozen=True, tag="part", tag_field="block", forbid_unknown_fields=True):
    """What follows is a sheet of its own."""

    title: Words


Block = Paragraph | Heading | FactRows | ItemTable | Signatures | Seal | Part


class Template(Struct, frozen=True, forbid_unknown_fields=True):
    """Words of one kind of notice from one day on."""

    kind: str
    version: Annotated[str, Meta(min_length=1, max_length=40)]
    valid_from: date
    source: Words
    title: Annotated[str, Meta(min_length=1, max_length=40)]
    word: Annotated[str, Meta(min_length=1, max_length=4)]  # in the document number
    copies: Annotated[tuple[Words, ...], Meta(min_length=1, max_length=4)]
    addressee: str
    body: Annotated[tuple[Block, ...], Meta(min_length=1, max_length=60)]


class Demand(Struct, frozen=True, forbid_unknown_fields=True):
    """One compulsory content; exactly one of the last four says how it is recognised."""

    what: Words
    basis: Words
    fields: tuple[str, ...] = ()
    columns: tuple[Shown, ...] = ()
    block: Literal["", "seal", "signatures"] = ""
    words: tuple[str, ...] = ()


class Compulsory(Struct, frozen=True, forbid_unknown_fields=True):
    """What the law demands of one kind."""

    title: Words
    contents: Annotated[tuple[Demand, ...], Meta(min_length=1)]


def problems(template: Template, demanded: Compulsory) -> list[str]:
    """Everything wrong with a template, in Chinese; empty when it is sound."""
    known = {*CaseWords.__struct_fields__, *KINDS[template.kind].__struct_fields__, *OF_THE_NOTICE} - {"items"}
    found: list[str] = []
    shown: set[str] = set()
    for text, when in _texts(template):
        names, odd = _placeholders(text)
        if odd:
            found.append(f"“{text[:20]}”中的花括号有误；占位符写成 {{applicant}} 的形式，花括号本身写两个。")
        found += [
            f"占位符“{name}”这类文书没有；可用：{'、'.join(sorted(known))}。"
            for name in sorted({*names, when} - known - {""})
        ]
        shown |= {name for name in names if when in ("", name)}
    if any(isinstance(b, ItemTable) for b in template.body) and "items" not in KINDS[template.kind].__struct_fields__:
        found.append("这类文书没有清单，不能用 items 块。")
    found += [
        f"缺少必备内容“{demand.what}”（{demand.basis}）：{_lack(demand)}。"
        for demand in demanded.contents
        if not _met(demand, template, shown)
    ]
    return found


def _lack(demand: Demand) -> str:
    if demand.fields:
        return "正文要写明占位符" + "、".join(f"{{{name}}}" for name in demand.fields)
    if demand.columns:
        return "清单要有列 " + "、".join(demand.columns)
    return f"要有 {demand.block} 块" if demand.block else "正文要写明“" + "”“".join(demand.words) + "”"


def _met(demand: Demand, template: Template, shown: set[str]) -> bool:
    if demand.fields:
        return set(demand.fields) <= shown
    if demand.columns:
        tables = [b for b in template.body if isinstance(b, ItemTable)]
        return any(set(demand.columns) <= {c.show for c in table.columns} for table in tables)
    if demand.block:
        wanted = {"seal": Seal, "signatures": Signatures}[demand.block]
        return any(isinstance(b, wanted) for b in template.body)
    whole = "\n".join(text for text, when in _texts(template) if not when)
    return all(words in whole for words in demand.words)


def _texts(template: Template) -> Iterator[tuple[str, str]]:
    """Every text that may hold placeholders, with the fact it depends on."""
    yield template.addressee, ""
    for block in template.body:
        if isinstance(block, Paragraph):
            yield block.text, block.when
        elif isinstance(block, FactRows):
            yield from ((row.text, row.when) for row in block.rows)


def _placeholders(text: str) -> tuple[set[str], bool]:
    """Names in braces, and whether something in braces is no plain name."""
    try:
        parts = [part for part in Formatter().parse(text) if part[1] is not None]
    except ValueError:
        return set(), True
    odd = any(not str(name).isidentifier() or spec or conversion for _, name, spec, conversion in parts)
    return {str(name) for _, name, _, _ in parts if str(name).isidentifier()}, odd


def static_texts(template: Template) -> Iterator[str]:
    """Every word of the template as it stands, for a look at whether it can be printed."""
    yield from (template.title, template.word, *template.copies)
    yield from (text for text, _ in _texts(template))
    for block in template.body:
        if isinstance(block, Heading):
            yield block.text
        elif isinstance(block, Part):
            yield block.title
        elif isinstance(block, Signatures):
            yield from block.lines
        elif isinstance(block, FactRows):
            yield from (row.label for row in block.rows)
        elif isinstance(block, ItemTable):
            yield from (column.title for column in block.columns)
