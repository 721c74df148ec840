"""A hostile file is read alike column by column and row by row: the same rows, the same problems, line by line."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from approval_hook.errors import IdentifierInvalid
from approval_hook.mirroring import fast, reading
from approval_hook.mirroring.csvfile import COLUMNS, Manifest, RowProblem
from approval_hook.mirroring.problems import EditionRefused
from approval_hook.mirroring.reading import Reading, from_file
from approval_hook.mirroring.rows import Row, decode_body
from approval_hook.policy.identifiers import parse_identifier
from approval_hook.policy.subjects import IdentifierType
from approval_hook.policy.synthetic import (
    synthetic_firm_name,
    synthetic_hm_permit,
    synthetic_residence_permit,
    synthetic_resident_id,
    synthetic_uscc,
)
from approval_hook.ports import ListEdition
from tests.integration.mirror.conftest import LIST, NOW, ON

EXAMPLES = 1_000 if os.environ.get("LONG") == "1" else 60
RNG = random.Random(5)  # noqa: S311 - invents subjects, not secrets
Read = tuple[set[Row], list[str], list[RowProblem], int, int, str]


def good(n: int) -> dict[str, str]:
    """A line that is plainly right, of a firm or of a person."""
    firm = n % 2 == 0
    return dict.fromkeys(COLUMNS, "") | {
        "record_id": f"R-{n}",
        "severity": "4",
        "title": "拒不履行生效法律文书",
        "decided_on": "2026-03-01",
        "decided_by": "示例区人民法院",
        "document_no": f"（2026）粤0104执{n}号",
        "state": "1",
        "display_until": "2029-03-01",
        "name": synthetic_firm_name(RNG) if firm else "陈示例",
        "id_type": "统一社会信用代码" if firm else "resident_id",
        "number": synthetic_uscc(RNG) if firm else synthetic_resident_id(RNG, born_on=date(1990, 2, n % 28 + 1)),
    }


GOOD = [good(n) for n in range(12)]
#: What a field is replaced by: forms that are right but not plainly so, and forms that are wrong.
NUMBERS = [
    *(g["number"] for g in GOOD),
    *(
        "",
        "440300********0016",
        "4403001990****0016",
        "44030019900101001X",
        "440300199001010016 ",
        "４４０３００199001010016",
    ),
    *(
        "00000000000000000X",
        "0" * 18,
        "91440300MA5FKAEH40",
        "91440300MA5FKAEH41",
        "914403OOMA5FKAEH40",
        "110101190001010001",
    ),
    *(
        "AA111111AAAAAAAAAA",
        "440300999901010016",
        "440300199002300016",
        "810000199001010016",
        "H12345678",
        "15",
        "E1234567",
    ),
    synthetic_residence_permit(RNG, born_on=date(1990, 1, 1)),
    synthetic_hm_permit(RNG),
]
LABELS = [
    "",
    "uscc",
    "USCC",
    "居民身份证",
    "resident_id",
    "统一社会信用代码",
    "护照",
    "工商注册号",
    " resident_id ",
    "身份证12345",
]
DAYS = [
    "",
    "2026-02-30",
    "20260301",
    "2026年3月1日",
    "2026/3/1",
    "2026-3-1",
    "0000-01-01",
    "2026-13-01",
    "９999-01-01",
    "x",
]
TEXTS = [
    *(
        "",
        " ",
        "=1+1",
        "+86",
        "-1",
        "@SUM(A1)",
        "陈**",
        "某某",
        "示例公司(x)",
        "示例　公司",
        "a\x00b",
        "a\tb",
        "a\\b",
        'a"b',
    ),
    *(
        "电话13912345678",
        "号440300199001010016",
        "139 1234 5678",
        "编号1234567",
        "é",
        "e\u0301",
        "\u202e例",
        "\ufeff例",
    ),
    *("例" * 41, "例" * 100, "例" * 201, "例" * 501, "a,b", "ａｂｃ", "(例)", "例)", "末尾-", "_始", "𠮷野家", "豈"),
]
_ODD_DAYS = (
    "0000",
    "0101",
    "0131",
    "0132",
    "0228",
    "0229",
    "0230",
    "0431",
    "0430",
    "1127",
    "1128",
    "1231",
    "1301",
    "9999",
)
CODES = ["", "1", "2", "9", "0", "７", " 4", "x"]
POOLS = {
    **dict.fromkeys(("record_id", "title", "decided_by", "document_no", "category", "name"), TEXTS),
    **dict.fromkeys(("scope", "event", "domain", "role_then"), TEXTS),
    **dict.fromkeys(("decided_on", "published_on", "display_until", "valid_until"), DAYS),
    **dict.fromkeys(("severity", "state", "removed"), CODES),
    "number": NUMBERS,
    "id_type": LABELS,
}


def written(fields: dict[str, str], columns: Sequence[str], quotes: str) -> str:
    """A line, with quotes as its maker likes them."""
    values = [fields.get(c, "多余") for c in columns]
    if quotes == "never":
        return ",".join(values)
    if quotes == "always":
        return ",".join('"' + v.replace('"', '""') + '"' for v in values)
    return ",".join('"' + v.replace('"', '""') + '"' if "," in v or '"' in v else v for v in values)


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """Some lines, most of them right, a few with fields replaced or broken as bytes."""
    columns = draw(st.permutations(COLUMNS))
    columns = [*columns, *draw(st.sampled_from([[], ["extra"], ["extra", "more"]]))]
    lines = [",".join(columns)]
    for n in range(draw(st.integers(0, 8))):
        fields = dict(GOOD[draw(st.integers(0, len(GOOD) - 1))]) | {"record_id": f"R-{n}"}
        for column in draw(st.lists(st.sampled_from(COLUMNS), max_size=2)):
            fields[column] = draw(st.sampled_from(POOLS[column]))
        lines.append(written(fields, columns, draw(st.sampled_from(["never", "always", "needed"]))))
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        broken = ["", '"', 'a,"b', "a,b", ",", '"a""', "\r", "a\rb", ",".join(["x"] * len(columns))]
        lines.insert(draw(st.integers(1, len(lines))), draw(st.sampled_from(broken)))
    raw = draw(st.sampled_from(["\n", "\r\n"])).join(lines).encode(draw(st.sampled_from(["utf-8", "utf-8-sig"])))
    raw += draw(st.sampled_from([b"", b"\n", b"\r\n", b"\n\n"]))
    if draw(st.sampled_from([False, False, True])):
        at = draw(st.integers(raw.index(b"\n") if b"\n" in raw else len(raw), len(raw)))
        raw = raw[:at] + draw(st.sampled_from([b"\x00", b"\xff", b'"', b",", b"\xb9\xe3\xd6\xdd", b"\n"])) + raw[at:]
    return raw


def read(path: Path, *, vectorised: bool, encoding: str = "utf-8", base: str = "v0") -> Read:
    """Everything that one way makes of a file."""
    found = Reading()
    manifest = Manifest(ListEdition(LIST, "v1", NOW, 0, base), encoding)
    rows: list[Row] = []
    removed: list[str] = []
    for batch in from_file(path, manifest, ON, found, lambda n: None, vectorised=vectorised):
        rows += batch.rows
        removed += batch.removed
        if batch.frame is not None:
            rows += [Row(*values) for values in batch.frame.iter_rows()]
    problems = sorted(found.problems, key=lambda p: (p.line, p.field, p.problem))
    return set(rows), sorted(removed), problems, found.refused, found.count, found.digest


def outcome(path: Path, *, vectorised: bool) -> Read | str:
    """The same, or why nothing of it is read."""
    try:
        return read(path, vectorised=vectorised)
    except EditionRefused as error:
        return error.reason


def test_both_ways_read_alike(tmp_path: Path) -> None:
    """Whatever stands in the file; a row is byte for byte the same."""
    path = tmp_path / "list.csv"

    @settings(max_examples=EXAMPLES, deadline=None, database=None)
    @given(raw=files(), block=st.sampled_from([64, 4096, 1 << 20]))
    def check(raw: bytes, block: int) -> None:
        path.write_bytes(raw)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("approval_hook.mirroring.csvfile.BLOCK", block)
            quick, slow = outcome(path, vectorised=True), outcome(path, vectorised=False)
        assert quick == slow

    check()


def test_plainly_right_lines_go_by_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The property above is not kept by sending every line through the slow way."""
    monkeypatch.setattr("approval_hook.mirroring.rows.draft", None)
    path = tmp_path / "list.csv"
    for quotes in ("never", "always"):
        path.write_text("\n".join([",".join(COLUMNS), *(written(g, COLUMNS, quotes) for g in GOOD)]), "utf-8")
        rows, _, problems, _, count, _ = read(path, vectorised=True, base="")
        assert (len(rows), problems, count) == (len(GOOD), [], len(GOOD))


def test_every_birthday_and_check_digit_is_judged_alike() -> None:
    """Days that are none, leap years and centuries, too old, to come, and each of the eleven check digits."""
    days = [f"{year:04d}{rest}" for year in (0, 1, 1876, 1877, 1900, 2000, 2023, 2024, 2026) for rest in _ODD_DAYS]
    seventeens = [f"{place}0300{day}{n:03d}" for day in days for place, n in (("44", 1), ("10", 2), ("72", 3))]
    numbers = [body + check for body in seventeens for check in "0123456789X"]
    columns = {c: [GOOD[1][c]] * len(numbers) for c in COLUMNS} | {
        "number": numbers,
        "id_type": ["居民身份证"] * len(numbers),
    }
    frame = pl.LazyFrame(columns).with_row_index("at").with_columns(pl.lit(value=True).alias("fits"))
    judged = fast.right(frame, ON, LIST)["right"].to_list()
    # Of the oldest people alive the columns leave the judgement to the slow way; they may be narrower, never wider.
    young = [number[6:10] > "1876" for number in numbers]
    assert judged == [is_young and _is_right(number) for number, is_young in zip(numbers, young, strict=True)]
    assert 0 < sum(judged) < len(numbers) / 11


def _is_right(number: str) -> bool:
    try:
        return parse_identifier(number, type=IdentifierType.RESIDENT_ID, field="number", on=ON).number == number
    except IdentifierInvalid:
        return False


def test_without_polars_files_are_read_row_by_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is for speed only."""
    path = tmp_path / "list.csv"
    path.write_text("\n".join([",".join(COLUMNS), *(written(g, COLUMNS, "needed") for g in GOOD)]), "utf-8")
    before = read(path, vectorised=True)
    monkeypatch.setattr(reading, "fast", None)
    assert read(path, vectorised=True) == before


def test_every_good_line_means_what_it_says(tmp_path: Path) -> None:
    """The stored record has the fields of the line."""
    path = tmp_path / "list.csv"
    path.write_text("\n".join([",".join(COLUMNS), written(GOOD[0], COLUMNS, "never")]), "utf-8")
    ((row,), *_) = read(path, vectorised=True)
    body = decode_body(row.body)
    assert (body.title, body.decided_on, body.display_until) == (GOOD[0]["title"], date(2026, 3, 1), date(2029, 3, 1))
    assert (body.document_no, body.decided_by, body.scope) == (GOOD[0]["document_no"], "示例区人民法院", "national")
    assert (body.severity.value, body.state.value, body.published_on) == ("serious", "active", None)


def test_gb18030_is_read_where_it_is_announced_and_refused_where_not(tmp_path: Path) -> None:
    """The same rows from either encoding; a wrong announcement is told by line."""
    path = tmp_path / "list.csv"
    text = "\n".join([",".join(COLUMNS), *(written(g, COLUMNS, "never") for g in GOOD)])
    path.write_text(text, "utf-8")
    rows = read(path, vectorised=True)[0]
    path.write_bytes(text.encode("gb18030"))
    assert read(path, vectorised=True, encoding="gb18030")[0] == rows
    _, _, problems, refused, _, _ = read(path, vectorised=True)
    assert refused == len(GOOD)
    assert {p.problem for p in problems} == {"not-utf-8"}


def test_a_line_without_end_is_refused(tmp_path: Path) -> None:
    """A file of one endless line does not fill the memory."""
    path = tmp_path / "list.csv"
    path.write_bytes(",".join(COLUMNS).encode() + b"\n" + b"x" * (5 << 20))
    _, _, problems, _, _, _ = read(path, vectorised=True)
    assert [p.problem for p in problems] == ["line-too-long"]


@pytest.mark.parametrize("raw", [b"", b"\n", b"a,b\n", b"\xff\xfe\n"])
def test_a_file_without_a_header_is_refused(tmp_path: Path, raw: bytes) -> None:
    """Nothing is guessed."""
    path = tmp_path / "list.csv"
    path.write_bytes(raw)
    with pytest.raises(EditionRefused, match="columns"):
        read(path, vectorised=True)
