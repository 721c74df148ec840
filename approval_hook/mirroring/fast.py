"""The same rows as ``rows`` makes, many at once: lines that are plainly right are recognised column by column.

Everything here is narrower than the rules of ``rows``: what is not plainly right goes through them, one by one. So
both ways give the same rows and the same problems, and only the speed differs. Needs polars (extra ``lists``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache

import polars as pl

from approval_hook.mirroring import keys
from approval_hook.mirroring.csvfile import COLUMNS, SEVERITY, STATE
from approval_hook.mirroring.keys import Shelf
from approval_hook.mirroring.rows import LONGEST, LONGEST_ID
from approval_hook.policy.checkdigits import USCC_ALPHABET
from approval_hook.policy.subjects import IdentifierType

_USCC, _RESIDENT = IdentifierType.USCC, IdentifierType.RESIDENT_ID
_LABELS = {
    **dict.fromkeys(("uscc", "USCC", "统一社会信用代码"), _USCC),
    **dict.fromkeys(("resident_id", "RESIDENT_ID", "居民身份证"), _RESIDENT),
}
#: Characters that are in NFC, visible, and mean nothing to JSON, to COPY or to a spreadsheet where they stand here.
_PLAIN = "0-9A-Za-z一-鿋（）〔〕《》、，。：；·"
_TEXT = rf"^(?:[{_PLAIN}](?:[{_PLAIN} ()./_-]*[{_PLAIN})])?)?$"
_NAME = r"^[一-鿋0-9A-WYZa-wyz（）()·]+$"
_SOME_NUMBER = r"\d{7}|\d{6}[ \-0-9A-Za-z]|\d{3}[ \-]\d{4}"
_LETTER = "0-9A-HJ-NP-RTUWXY"
_USCC_FORM = rf"^[{_LETTER}]{{2}}[0-9]{{6}}[{_LETTER}]{{10}}$"
_ONE_DIGIT = "^(?:" + "|".join(f"[{d}A-Z]*" for d in "0123456789") + ")$"
_RESIDENT_FORM = r"^[1-7][0-9]{16}[0-9X]$"
_DAY = r"^[12][0-9]{3}-[0-9]{2}-[0-9]{2}$"
_DAYS = ("published_on", "display_until", "valid_until")
_TEXTS = ("record_id", "title", "decided_by", "document_no", "category", "scope", "event", "domain", "role_then")
_RESIDENT_CODES = "10X98765432"
_NEVER_RIGHT = "\x00"


def frame(lines: Sequence[str], first: int, place: dict[str, int], width: int) -> pl.DataFrame:
    """Lines as columns; fields of a line with quotes, or with another number of fields, are never right."""
    raw = pl.DataFrame({"line": pl.Series(lines, dtype=pl.String)}).with_row_index("at", offset=first)
    line = pl.col("line")
    fits = (line.str.count_matches(",", literal=True) == width - 1) & ~line.str.contains('"', literal=True)
    raw = raw.select("at", fits.alias("fits"), line.str.split_exact(",", width - 1).alias("fields"))
    return raw.select("at", *(_column(c, place) for c in COLUMNS))


def quoted(found: Sequence[tuple[int, list[str]]], place: dict[str, int]) -> pl.DataFrame:
    """Lines that were read with their quotes, as columns: number of the line and its fields."""
    columns = {c: [f[place[c]] for _, f in found] if c in place else [""] * len(found) for c in COLUMNS}
    return pl.DataFrame(
        {"at": [at for at, _ in found], **columns}, schema={"at": pl.UInt32, **dict.fromkeys(COLUMNS, pl.String)}
    )


def _column(name: str, place: dict[str, int]) -> pl.Expr:
    if name not in place:
        return pl.lit("").alias(name)
    value = pl.col("fields").struct.field(f"field_{place[name]}")
    return pl.when("fits").then(value).otherwise(pl.lit(_NEVER_RIGHT)).alias(name)


def right(columns: pl.DataFrame, on: date, list_type: str) -> pl.DataFrame:
    """The columns with ``right``: whether a row can be made at once, by rules narrower than those of ``rows``."""
    label = pl.col("id_type")
    columns = columns.with_columns(
        pl.col("record_id").str.len_chars().alias("_id_length"),
        *(pl.col(c).str.to_date("%Y-%m-%d", strict=False).alias(f"_{c}") for c in ("decided_on", *_DAYS)),
        (label.is_in([k for k, t in _LABELS.items() if t is _USCC]) & _is_uscc()).alias("_uscc"),
        (label.is_in([k for k, t in _LABELS.items() if t is _RESIDENT]) & _is_resident(on)).alias("_resident"),
    )
    texts = [
        pl.col(c).str.contains(_TEXT) & (pl.col(c).str.len_chars() <= LONGEST[c])
        for c in _TEXTS
    ]
    masked = [~pl.col(c).str.contains(_SOME_NUMBER) for c in ("title", "decided_by", "document_no")]
    days = [(pl.col(c) == "") | (pl.col(c).str.contains(_DAY) & pl.col(f"_{c}").is_not_null()) for c in _DAYS]
    name = pl.col("name")
    return columns.with_columns(
        pl.all_horizontal(
            *texts,
            *masked,
            *days,
            pl.col("decided_on").str.contains(_DAY) & pl.col("_decided_on").is_not_null(),
            (pl.col("title") != "") & (pl.col("_id_length") > 0),
            pl.col("_id_length") <= LONGEST_ID - len(list_type),
            pl.col("severity").is_in(list(SEVERITY)),
            pl.col("state").is_in(list(STATE)),
            pl.col("removed").is_in(["", "0"]),
            name.str.contains(_NAME) & (name.str.len_chars() <= LONGEST["name"]),
            ~name.str.contains(r"[0-9]{7}|某"),
            pl.col("_uscc") | pl.col("_resident"),
        )
        .fill_null(value=False)
        .alias("right")
    )


def made(good: pl.DataFrame) -> pl.DataFrame:
    """Columns ``record_id``, ``number_key``, ``name_key`` and ``body`` of rows that are right."""
    is_uscc = pl.col("_uscc")
    numbers = keys.digests(f"list-number:{n}" for n in good["number"].to_list())
    names = keys.digests(f"list-name:{keys.plain(n)}" for n in good["name"].to_list())
    shelves = [Shelf.ORGANISATION if u else Shelf.RESIDENT for u in good["_uscc"].to_list()]
    good = good.with_columns(
        pl.Series("number_key", [keys.key(d) for d in numbers], dtype=pl.Int64),
        pl.Series("proof", [keys.proof(d) for d in numbers], dtype=pl.String),
        pl.Series("name_key", list(map(keys.on_shelf, names, shelves)), dtype=pl.Int64),
    )
    scope = pl.when(pl.col("scope") == "").then(pl.lit("national")).otherwise(pl.col("scope"))
    parts = [
        pl.lit('["'),
        pl.col("severity").replace_strict(list(SEVERITY), [s.value for s in SEVERITY.values()]),
        *_quoted("title", "decided_on", "decided_by", "document_no", "category"),
        pl.lit('","'),
        pl.col("state").replace_strict(list(STATE), [s.value for s in STATE.values()]),
        pl.lit('",'),
        *(part for c in _DAYS for part in (_day(c), pl.lit(","))),
        pl.lit('"'),
        scope,
        *_quoted("event", "domain", "role_then"),
        pl.lit('",false,"'),
        pl.col("id_type"),
        pl.when(is_uscc).then(pl.lit(f'","{_USCC}",18,"')).otherwise(pl.lit(f'","{_RESIDENT}",18,"')),
        pl.col("proof"),
        pl.when(is_uscc).then(pl.lit(f'","{Shelf.ORGANISATION}",""]')).otherwise(pl.lit(f'","{Shelf.RESIDENT}",""]')),
    ]
    return good.select("record_id", "number_key", "name_key", pl.concat_str(parts).alias("body"))


def _quoted(*columns: str) -> list[pl.Expr]:
    return [part for c in columns for part in (pl.lit('","'), pl.col(c))]


def _day(column: str) -> pl.Expr:
    value = pl.col(column)
    return pl.when(value == "").then(pl.lit("null")).otherwise(pl.concat_str(pl.lit('"'), value, pl.lit('"')))


def _is_uscc() -> pl.Expr:
    number = pl.col("number")
    formed = number.str.contains(_USCC_FORM) & ~number.str.contains(_ONE_DIGIT)
    # Eight characters at a time as one number, and each character's value by a table.
    raw = pl.when(formed).then(number).otherwise(pl.lit("0" * 18)).cast(pl.Binary)
    words = [
        raw.bin.slice(start, size).bin.reinterpret(dtype=kind, endianness="big")
        for start, size, kind in ((0, 8, pl.UInt64), (8, 8, pl.UInt64), (16, 2, pl.UInt16))
    ]
    total = pl.lit(0, dtype=pl.Int32)
    for place in range(18):
        word, behind = words[place // 8], (7 if place < 16 else 1) - place % 8
        value = pl.lit(_values()).gather((word // 256**behind % 256).cast(pl.UInt32))
        total = total + value * (pow(3, place, 31) if place < 17 else 1)
    return formed & (total % 31 == 0)


@cache
def _values() -> pl.Series:
    """By code of a character its value in a code; 0 for those that are in none."""
    return pl.Series([max(USCC_ALPHABET.find(chr(code)), 0) for code in range(256)], dtype=pl.Int32)


def _is_resident(on: date) -> pl.Expr:
    number = pl.col("number")
    seventeen = number.str.slice(0, 17).cast(pl.Int64, strict=False)
    total = pl.lit(0)
    for place in range(17):
        total = total + seventeen // 10 ** (16 - place) % 10 * pow(2, 17 - place, 11)
    check = (total % 11).replace_strict(list(range(11)), list(_RESIDENT_CODES), return_dtype=pl.String, default=None)
    born = number.str.slice(6, 8).str.to_date("%Y%m%d", strict=False)
    place = number.str.slice(0, 2)
    return (
        number.str.contains(_RESIDENT_FORM)
        & (check == number.str.slice(17, 1))
        & (born <= on)
        & (on.year - born.dt.year() <= 149)
        & (place >= "11")
        & (place <= "71")
    )
