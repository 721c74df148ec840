"""The same rows as ``rows`` makes, many at once: lines that are plainly right are recognised column by column.

Everything here is narrower than the rules of ``rows``: what is not plainly right goes through them, one by one. So
both ways give the same rows and the same problems, and only the speed differs. Needs polars (extra ``lists``).
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache

import polars as pl

from approval_hook import privacy
from approval_hook.mirroring import keys
from approval_hook.mirroring.csvfile import COLUMNS, SEVERITY, STATE
from approval_hook.mirroring.keys import Shelf
from approval_hook.mirroring.rows import LONGEST, LONGEST_ID
from approval_hook.policy.checkdigits import USCC_ALPHABET
from approval_hook.policy.names import compared_name
from approval_hook.policy.subjects import IdentifierType

_USCC, _RESIDENT = IdentifierType.USCC, IdentifierType.RESIDENT_ID
_LABELS = {
    **dict.fromkeys(("uscc", "USCC", "统一社会信用代码"), _USCC),
    **dict.fromkeys(("resident_id", "RESIDENT_ID", "居民身份证"), _RESIDENT),
}
#: Characters that are in NFC, visible, and mean nothing to JSON, to COPY or to a spreadsheet where they stand here.
_PLAIN = "0-9A-Za-z一-鿋（）〔〕《》、，。：；·"
#: Marks that do no harm in the middle of a field; at its end only the closing bracket.
_MARKS = r" ()./_\-"


def _field(within: str) -> str:
    return f"(?:[{_PLAIN}](?:[{_PLAIN}{within}]*[{_PLAIN})])?)?"


_LINE = f"^{_field(_MARKS)}(?:,{_field(_MARKS)})*$"
_QUOTED = f"^{_field(_MARKS + ',')}$"
_NAME = r"^[一-鿋0-9A-WYZa-wyz（）()·]+$"
_NAME_AS_COMPARED = r"^[一-鿋0-9]+$"
_SOME_NUMBER = r"\d{7}|\d{6}[ \-0-9A-Za-z]|\d{3}[ \-]\d{4}"
_LETTER = "0-9A-HJ-NP-RTUWXY"
_USCC_FORM = rf"^[{_LETTER}]{{2}}[0-9]{{6}}[{_LETTER}]{{10}}$"
_ONE_DIGIT = "^(?:" + "|".join(f"[{d}A-Z]*" for d in "0123456789") + ")$"
_RESIDENT_FORM = r"^[1-7][0-9]{16}[0-9X]$"
_DAY = r"^[12][0-9]{3}-[0-9]{2}-[0-9]{2}$"
_DAYS = ("published_on", "display_until", "valid_until")
_TEXTS = ("title", "decided_by", "document_no", "category", "scope", "event", "domain", "role_then")
_EVERY, _LEAP = 1, 2


def frame(lines: Sequence[str], first: int, place: dict[str, int], width: int) -> pl.LazyFrame:
    """Lines as columns, and ``fits``: not one with quotes, odd characters, or another number of fields."""
    raw = pl.LazyFrame({"line": pl.Series(lines, dtype=pl.String)}).with_row_index("at", offset=first)
    line = pl.col("line")
    plain = line.str.contains(_LINE).alias("plain")
    raw = raw.select("at", plain, line.str.split_exact(",", width).alias("fields"))
    field = pl.col("fields").struct.field
    fits = pl.col("plain") & field(f"field_{width - 1}").is_not_null() & field(f"field_{width}").is_null()
    return raw.select("at", fits.alias("fits"), *(_column(c, place) for c in COLUMNS))


def quoted(found: Sequence[tuple[int, list[str]]], place: dict[str, int]) -> pl.LazyFrame:
    """The same of lines that were read with their quotes: number of the line and its fields."""
    columns = {c: [f[place[c]] for _, f in found] if c in place else [""] * len(found) for c in COLUMNS}
    raw = pl.LazyFrame(
        {"at": [at for at, _ in found], **columns}, schema={"at": pl.UInt32, **dict.fromkeys(COLUMNS, pl.String)}
    )
    fits = [pl.col(c).str.contains(_QUOTED) for c in COLUMNS]
    return raw.select("at", pl.all_horizontal(*fits).alias("fits"), *COLUMNS)


def _column(name: str, place: dict[str, int]) -> pl.Expr:
    if name not in place:
        return pl.lit("").alias(name)
    return pl.col("fields").struct.field(f"field_{place[name]}").alias(name)


def right(columns: pl.LazyFrame, on: date, list_type: str) -> pl.DataFrame:
    """The columns with ``right``: whether a row can be made at once, by rules narrower than those of ``rows``."""
    label, name, id_length = pl.col("id_type"), pl.col("name"), pl.col("record_id").str.len_chars()
    columns = _with_words(columns).with_columns(
        (label.is_in([k for k, t in _LABELS.items() if t is _USCC]) & _is_uscc()).alias("_uscc"),
        (label.is_in([k for k, t in _LABELS.items() if t is _RESIDENT]) & _is_resident(on)).alias("_resident"),
    )
    checked = columns.with_columns(
        pl.all_horizontal(
            "fits",
            *(pl.col(c).str.len_bytes() <= LONGEST[c] for c in _TEXTS),  # narrower than characters
            *(~pl.col(c).str.contains(_SOME_NUMBER) for c in ("title", "decided_by", "document_no")),
            *((pl.col(c) == "") | _is_day(c) for c in _DAYS),
            _is_day("decided_on"),
            (pl.col("title") != "") & (id_length > 0),
            id_length <= min(LONGEST["record_id"], LONGEST_ID - len(list_type)),
            pl.col("severity").is_in(list(SEVERITY)),
            pl.col("state").is_in(list(STATE)),
            pl.col("removed").is_in(["", "0"]),
            name.str.contains(_NAME) & (name.str.len_bytes() <= LONGEST["name"]),
            ~name.str.contains(r"[0-9]{7}|某"),
            pl.col("_uscc") | pl.col("_resident"),
        )
        .fill_null(value=False)
        .alias("right")
    )
    # In one go: every step of its own would wait for a thread.
    return checked.collect()


def _is_day(column: str) -> pl.Expr:
    value = pl.col(column)
    return value.str.contains(_DAY) & value.str.to_date("%Y-%m-%d", strict=False).is_not_null()


def made(good: pl.DataFrame) -> pl.DataFrame:
    """Columns ``record_id``, ``number_key``, ``name_key`` and ``body`` of rows that are right."""
    is_uscc = pl.col("_uscc")
    is_resident = good["_resident"]
    name = good["name"].filter(is_resident)
    if not name.str.contains(_NAME_AS_COMPARED).all():
        name = pl.Series([compared_name(n) for n in name.to_list()], dtype=pl.String)
    named = pl.DataFrame({"digest": _digests("list-name:", name)}, schema={"digest": pl.Binary})
    offset = keys.on_shelf(bytes(8), Shelf.RESIDENT)
    # The names stand in the order of their rows; the others have none.
    nth = pl.when(is_resident).then(is_resident.cast(pl.UInt32).cum_sum() - 1)
    good = good.with_columns(pl.Series("number_digest", _digests("list-number:", good["number"]), dtype=pl.Binary))
    # Wraps around, as ``keys.on_shelf`` does.
    name_keys = named.select(_key("digest") + offset).to_series()
    good = good.with_columns(
        pl.lit(name_keys).gather(nth).alias("name_key")
        if len(name_keys)
        else pl.lit(None, dtype=pl.Int64).alias("name_key")
    )
    body = pl.concat_str(
        pl.lit('["'),
        pl.col("severity").replace_strict(list(SEVERITY), [s.value for s in SEVERITY.values()]),
        *_quoted("title", "decided_on", "decided_by", "document_no", "category"),
        pl.lit('","'),
        pl.col("state").replace_strict(list(STATE), [s.value for s in STATE.values()]),
        pl.lit('",'),
        *(part for c in _DAYS for part in (_day(c), pl.lit(","))),
        pl.lit('"'),
        pl.when(pl.col("scope") == "").then(pl.lit("national")).otherwise(pl.col("scope")),
        *_quoted("event", "domain", "role_then"),
        pl.when(is_uscc).then(pl.lit(f'",false,"","{_USCC}",18,"')).otherwise(pl.lit(f'",false,"","{_RESIDENT}",18,"')),
        pl.col("number_digest").bin.slice(8, 12).bin.encode("base64"),
        pl.when(is_uscc).then(pl.lit(f'","{Shelf.ORGANISATION}",""]')).otherwise(pl.lit(f'","{Shelf.RESIDENT}",""]')),
    )
    return good.select(
        "record_id",
        _key("number_digest").alias("number_key"),
        "name_key",
        body.alias("body"),
    )


def lines(rows: pl.DataFrame) -> bytes:
    """What ``made`` gave, as lines for COPY; such rows hold nothing that would have to be escaped."""
    to = io.BytesIO()
    rows.write_csv(to, separator="\t", include_header=False, quote_style="never", null_value="\\N")
    return to.getvalue()


def _digests(purpose: str, texts: pl.Series) -> list[bytes]:
    raw = pl.select((pl.lit(purpose) + texts).cast(pl.Binary)).to_series()
    return privacy.digests(raw.to_list())


def _key(digest: str) -> pl.Expr:
    return pl.col(digest).bin.slice(0, 8).bin.reinterpret(dtype=pl.Int64, endianness="big")


def _quoted(*columns: str) -> list[pl.Expr]:
    return [part for c in columns for part in (pl.lit('","'), pl.col(c))]


def _day(column: str) -> pl.Expr:
    value = pl.col(column)
    return pl.when(value == "").then(pl.lit("null")).otherwise(pl.concat_str(pl.lit('"'), value, pl.lit('"')))


def _with_words(columns: pl.LazyFrame) -> pl.LazyFrame:
    """Numbers as numbers of eight, eight and two characters; those of neither form as zeros."""
    number = pl.col("number")
    columns = columns.with_columns(
        (number.str.contains(_USCC_FORM) & ~number.str.contains(_ONE_DIGIT)).alias("_like_uscc"),
        number.str.contains(_RESIDENT_FORM).alias("_like_resident"),
    )
    formed = pl.col("_like_uscc") | pl.col("_like_resident")
    raw = pl.when(formed).then(number).otherwise(pl.lit("0" * 18)).cast(pl.Binary)
    return columns.with_columns(
        raw.bin.slice(start, size).bin.reinterpret(dtype=kind, endianness="big").alias(f"_word{start}")
        for start, size, kind in ((0, 8, pl.UInt64), (8, 8, pl.UInt64), (16, 2, pl.UInt16))
    )


def _weighted(tables: Sequence[pl.Series], base: int, modulus: int) -> pl.Expr:
    """The weighted sum of all eighteen characters, two of them at a time by a table."""
    total = pl.lit(0, dtype=pl.Int32)
    for pair, table in enumerate(tables):
        word = pl.col(f"_word{pair // 4 * 8}")
        two = word // 65536 ** (3 - pair % 4) % 65536 if pair < 8 else word
        total = total + pl.lit(table).gather(two.cast(pl.UInt32)) * pow(
            base, 2 * (pair if base == 3 else 8 - pair), modulus
        )
    return total


def _is_uscc() -> pl.Expr:
    """The sum is a multiple of 31."""
    return pl.col("_like_uscc") & (_weighted([_code_pairs()] * 8 + [_last_pair()], 3, 31) % 31 == 0)


@cache
def _code_pairs() -> pl.Series:
    """By two characters of a code their weighted value; 0 for a character that is in none."""
    return pl.Series([(_value(n >> 8) + 3 * _value(n & 255)) % 31 for n in range(65536)], dtype=pl.Int32)


@cache
def _last_pair() -> pl.Series:
    """The same for the seventeenth and the check digit, whose weight is 1."""
    back = pow(9, -8, 31)
    return pl.Series([(_value(n >> 8) + back * _value(n & 255)) % 31 for n in range(65536)], dtype=pl.Int32)


def _value(code: int) -> int:
    return max(USCC_ALPHABET.find(chr(code)), 0)


def _is_resident(on: date) -> pl.Expr:
    """The sum leaves 1 when divided by 11; the birthday is one, and neither too early nor to come."""
    number = pl.col("number")
    born, place = number.str.slice(6, 8).cast(pl.Int64, strict=False), number.str.slice(0, 2)
    year = born // 10000
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    in_years = pl.lit(_days_of_a_year()).gather((born % 10000).cast(pl.UInt32))
    return (
        pl.col("_like_resident")
        & (_weighted([_digit_pairs()] * 9, 2, 11) % 11 == 1)
        & ((in_years == _EVERY) | ((in_years == _LEAP) & leap))
        & (year >= 1)
        & (born <= on.year * 10000 + on.month * 100 + on.day)
        & (on.year - year <= 149)
        & (place >= "11")
        & (place <= "71")
    )


@cache
def _days_of_a_year() -> pl.Series:
    """By month and day, four digits: in which years there is such a day."""
    days = [0] * 10000
    for n in range(366):
        day = date(2024, 1, 1) + timedelta(days=n)
        days[day.month * 100 + day.day] = _LEAP if (day.month, day.day) == (2, 29) else _EVERY
    return pl.Series(days, dtype=pl.UInt8)


@cache
def _digit_pairs() -> pl.Series:
    """By two characters of a resident number their weighted value; X is ten."""
    values = {ord(d): n for n, d in enumerate("0123456789X")}
    return pl.Series([(2 * values.get(n >> 8, 0) + values.get(n & 255, 0)) % 11 for n in range(65536)], dtype=pl.Int32)
