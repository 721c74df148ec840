"""Strict reading of replies."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from adapters.wire import Fields, parse_object
from approval_hook.errors import PlatformReplyInvalid

SECRET = "440300199001010016"


def fields(**data: object) -> Fields:
    """Fields of a made-up reply."""
    return Fields(data, "province")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html></html>",
        b"[]",
        b"null",
        b'"text"',
        b'{"a": 1',
        b'{"a": 1, "a": 1}',
        b'{"x": {"a": 1, "a": 2}}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        '{"a": "示例"}'.encode("gbk"),
        b'\xef\xbb\xbf{"a": 1}',
        b"[" * 200_000,
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_not_one_plain_object_is_refused(body: bytes) -> None:
    """Anything but one JSON object in UTF-8 with each key once is refused."""
    with pytest.raises(PlatformReplyInvalid):
        parse_object(body, "province")


def test_an_object_is_read() -> None:
    """A plain object gives its fields; unknown ones are ignored."""
    assert parse_object('{"a": "示例", "other": [1]}'.encode(), "province").text("a") == "示例"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("20190709", date(2019, 7, 9)),
        ("2019年07月13日", date(2019, 7, 13)),
        ("2019年7月3日", date(2019, 7, 3)),
        ("2019-07-13", date(2019, 7, 13)),
        ("2019/07/13", date(2019, 7, 13)),
        ("2099/12/31", date(2099, 12, 31)),
        ("2024-02-29", date(2024, 2, 29)),
    ],
)
def test_dates_in_every_form(written: str, meant: date) -> None:
    """The forms of domain facts 3.6 are read."""
    assert fields(day=written).day("day") == meant


@pytest.mark.parametrize(
    "written",
    [
        "2023-02-29",
        "20191301",
        "2019-7",
        "13/07/2019",
        "2019.07.13",
        "２０１９０７０９",
        "2019-07/13",
        20190709,
        "",
        None,
    ],
)
def test_what_is_no_date_is_refused(written: object) -> None:
    """No guess is made about an unreadable date, and the message does not repeat it."""
    with pytest.raises(PlatformReplyInvalid, match="field day"):
        fields(day=written).day("day")


def test_a_date_may_be_left_out_only_as_null() -> None:
    """Null and empty mean no date; a missing key is an error."""
    assert fields(day=None).day_or_none("day") is None
    assert fields(day="").day_or_none("day") is None
    with pytest.raises(PlatformReplyInvalid, match="missing"):
        fields().day_or_none("day")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-10-01T08:00:00+08:00", datetime(2026, 10, 1, 0, 0, tzinfo=UTC)),
        ("2026-10-01T00:00:00Z", datetime(2026, 10, 1, 0, 0, tzinfo=UTC)),
        (1790812800000, datetime(2026, 10, 1, 0, 0, tzinfo=UTC)),
    ],
)
def test_moments_keep_their_offset(written: object, meant: datetime) -> None:
    """An offset shifts nothing, and milliseconds since 1970 are UTC."""
    assert fields(at=written).moment("at") == meant


@pytest.mark.parametrize(
    "written", ["2026-10-01T08:00:00", "20261001080000", 1790812800, "yesterday", None, True, 1790812800000.5]
)
def test_a_naive_moment_is_refused(written: object) -> None:
    """A time without offset, seconds for milliseconds and other shapes are refused."""
    with pytest.raises(PlatformReplyInvalid, match="field at"):
        fields(at=written).moment("at")


def test_text_is_composed_and_trimmed() -> None:
    """Text comes out in NFC without outer spaces."""
    assert fields(name=" e\u0301cole ").text("name") == "\u00e9cole"


@pytest.mark.parametrize("bad", ["", "   ", None, 7, "a\x00b", "a\nb", "a\u202eb", "a\u200bb", "\ud800", "x" * 501])
def test_bad_text_is_refused(bad: object) -> None:
    """Empty, foreign, too long, control, invisible and half characters are refused."""
    with pytest.raises(PlatformReplyInvalid, match="field name"):
        fields(name=bad).text("name")


@pytest.mark.parametrize("bad", ["5", "", 1, None, ["1"]])
def test_an_unknown_code_is_refused(bad: object) -> None:
    """Only codes of the table have a meaning; there is no default."""
    with pytest.raises(PlatformReplyInvalid, match="unknown code"):
        fields(state=bad).code("state", {"1": "active"})


@pytest.mark.parametrize("bad", [-1, 51, True, "3", 2.0, None])
def test_numbers_have_bounds(bad: object) -> None:
    """Numbers out of bounds or of another type are refused."""
    with pytest.raises(PlatformReplyInvalid, match="range"):
        fields(total=bad).number("total", least=0, most=50)


def test_inner_objects_tell_their_place() -> None:
    """The message names the place in the reply."""
    outer = fields(records=[{"a": "x"}, {}], subject={})
    with pytest.raises(PlatformReplyInvalid, match=r"records\[1\]\.a is missing"):
        outer.objects("records", most=5)[1].text("a")
    with pytest.raises(PlatformReplyInvalid, match=r"subject\.name is missing"):
        outer.object("subject").text("name")


@pytest.mark.parametrize("bad", [None, {}, [1], [{}, {}, {}], "x"])
def test_lists_have_bounds(bad: object) -> None:
    """A list of something else, or one that is too long, is refused."""
    with pytest.raises(PlatformReplyInvalid, match="list of objects"):
        fields(records=bad).objects("records", most=2)


def test_no_error_repeats_content() -> None:
    """Neither the message nor the errors behind it nor the printed object carry what was sent."""
    reply = fields(name=SECRET * 100, day=SECRET, at=SECRET, state=SECRET, total=SECRET)
    for read in (
        lambda: reply.text("name"),
        lambda: reply.day("day"),
        lambda: reply.moment("at"),
        lambda: reply.code("state", {"1": 1}),
        lambda: reply.number("total", least=0, most=1),
        lambda: parse_object(f'{{"a": "{SECRET}"'.encode(), "province"),
    ):
        with pytest.raises(PlatformReplyInvalid) as caught:
            read()
        error: BaseException | None = caught.value
        while error is not None:
            assert SECRET not in repr(error) + repr(getattr(error, "doc", ""))
            error = error.__cause__ or error.__context__
    assert SECRET not in repr(reply)


def test_the_offset_of_china_is_eight_hours() -> None:
    """The moment read is the moment meant, whatever the offset it is printed in."""
    read = fields(at="2026-10-01T08:00:00+08:00").moment("at")
    assert read.utcoffset() == timedelta(hours=8)
    assert read.astimezone(timezone(timedelta(0))).hour == 0
