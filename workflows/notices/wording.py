"""Puts the facts of one case into the words of a template."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.utils import translation
from msgspec import Struct, ValidationError, convert, to_builtins

from workflows.notices import document as made
from workflows.notices import templates as words
from workflows.notices.document import Document
from workflows.notices.errors import NoticeRefused
from workflows.notices.facts import OF_THE_NOTICE, CaseWords, Facts, Item

_CHINA = ZoneInfo("Asia/Shanghai")
#: Stands where there is nothing to say.
_NONE = "无"
S = TypeVar("S", bound=Struct)


def in_chinese() -> translation.override:
    """What a notice says is read in Chinese, whatever language the pages of the officer are in."""
    return translation.override("zh-hans")


def checked(facts: S) -> S:
    """The same facts, every text within its length.

    Raises:
        NoticeRefused: a field is missing, too long or of another shape; it is named.
    """
    try:
        return convert(to_builtins(facts), type(facts))
    except (ValidationError, TypeError) as error:
        # The message names the field and the bound, never the value.
        labels: dict[str, str] = type(facts).LABELS  # type: ignore[attr-defined] # facts and case words have them
        place = str(error).rpartition("$.")[2].rstrip("`")
        label = labels.get(place.partition("[")[0].partition(".")[0], place)
        text = f"“{label}”没有填写，或者太长、格式不对。"
        raise NoticeRefused(label, text, f"请更正后再出具（{error}）。") from None


def spoken(value: object) -> str:
    """A value as a notice says it."""
    if isinstance(value, datetime):
        local = value.astimezone(_CHINA)
        return f"{spoken(local.date())}{local.hour}时{local.minute:02}分"
    if isinstance(value, date):
        return f"{value.year}年{value.month}月{value.day}日"
    return str(value)


def labelled(case: CaseWords, facts: Facts) -> list[tuple[str, str]]:
    """Every text that comes from outside the template, with the label of its field."""
    found = []
    for source in (case, facts):
        labels: dict[str, str] = type(source).LABELS
        for name in source.__struct_fields__:
            value = getattr(source, name)
            if name == "items":
                for place, item in enumerate(value, 1):
                    label = f"{labels[name]}第{place}项"
                    found += [(label, text) for text in (item.code, item.title, item.note)]
            elif name == "promise":  # the one text of several lines: it was signed as it is
                found += [(labels[name], line) for line in value.split("\n")]
            elif value is not None:
                found.append((labels[name], spoken(value)))
    return found


def document(
    template: words.Template,
    case: CaseWords,
    facts: Facts,
    *,
    number: str,
    code: str,
    verify: str,
    day: date,
) -> Document:
    """The finished notice.

    Args:
        template: in force, sound.
        case: what is said of case and organ, checked.
        facts: of the template's kind, checked.
        number: document number.
        code: verification code as printed.
        verify: how a reader verifies the notice.
        day: of issue, in China.
    """
    values: dict[str, Any] = {n: getattr(s, n) for s in (case, facts) for n in s.__struct_fields__ if n != "items"}
    values |= dict(zip(OF_THE_NOTICE, (number, day, template.version), strict=True))
    known = {name for name, value in values.items() if value not in (None, "")}
    said = {name: spoken(value) if name in known else _NONE for name, value in values.items()}
    items: tuple[Item, ...] = getattr(facts, "items", ())
    blocks = [line for block in template.body for line in _lines(_block(block, said, known, items))]
    return Document(
        kind=template.kind,
        version=template.version,
        organ=case.organ,
        title=template.title,
        number=number,
        code=code,
        verify=verify,
        day=day.isoformat(),
        applicant=case.applicant,
        copies=template.copies,
        addressee=template.addressee.format_map(said),
        blocks=tuple(blocks),
    )


def _lines(block: made.Block | None) -> list[made.Block]:
    """A paragraph for every line of a text that was signed; any other block as it is."""
    if not isinstance(block, made.Paragraph):
        return [block] if block is not None else []
    return [made.Paragraph(line, block.indent) for line in block.text.split("\n")]


def _block(block: words.Block, said: dict[str, str], known: set[str], items: tuple[Item, ...]) -> made.Block | None:
    match block:
        case words.Paragraph():
            shown = not block.when or block.when in known
            return made.Paragraph(block.text.format_map(said), block.indent) if shown else None
        case words.Heading():
            return made.Heading(block.text)
        case words.FactRows():
            rows = [row for row in block.rows if not row.when or row.when in known]
            return made.FactRows(tuple((row.label, row.text.format_map(said)) for row in rows)) if rows else None
        case words.ItemTable():
            titles, shows = zip(*((c.title, c.show) for c in block.columns), strict=True)
            lines = [tuple(_cell(item, place, show) for show in shows) for place, item in enumerate(items, 1)]
            return made.Table(titles, shows, tuple(lines) or (tuple(_NONE for _ in shows),))
        case words.Signatures():
            return made.Signatures(block.lines)
        case words.Part():
            return made.Part(block.title)
        case words.Seal():
            return made.Seal(said["organ"], said["issued_on"])


def _cell(item: Item, place: int, show: words.Shown) -> str:
    return str(place) if show == "number" else str(getattr(item, show))
