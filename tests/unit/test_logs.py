"""No personal identifier can appear in a log line: masked at any depth, withheld when masking fails."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from approval_hook import logs
from approval_hook.logs import get_logger, mask_event

RESIDENT = "44010419850304123X"
CODE = "91440300MA5FKAEH40"
PHONE = "13800138000"


def masked(**event: Any) -> str:
    """An event after masking, as the line it becomes."""
    return json.dumps(mask_event(None, "info", {"event": "x", **event}), ensure_ascii=False)


class Hostile:
    """An object that cannot be turned into text."""

    def __str__(self) -> str:
        """Fail, and try to smuggle a number out with the failure."""
        raise RuntimeError(f"no text for {RESIDENT}")

    __repr__ = __str__


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Everything the package's logger writes, as configured for production."""
    before = structlog.get_config()
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("approval_hook")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logs.configure()
    yield stream
    logger.removeHandler(handler)
    logger.setLevel(level)
    structlog.configure(**before)


@pytest.mark.parametrize("number", [RESIDENT, RESIDENT.lower(), CODE, CODE.lower(), PHONE, "H12345678", "G12345678"])
@pytest.mark.parametrize(
    "wrap",
    [
        lambda n: n,
        lambda n: f"case of {n}.",
        lambda n: {"deep": [{"deeper": (n, {n})}]},
        lambda n: {n: "as a key"},
        lambda n: [f"a{{{n}}}"],
        lambda n: ValueError(f"bad number {n}"),
        lambda n: n.encode(),
    ],
    ids=["plain", "in text", "nested", "as key", "in list", "in exception", "as bytes"],
)
def test_identifiers_are_masked_at_any_depth(number: str, wrap: Any) -> None:
    """Numbers of persons and firms and telephone numbers are masked wherever they stand."""
    assert number not in masked(detail=wrap(number))


def test_identifier_as_a_number_is_masked() -> None:
    """A telephone number that was logged as an integer is masked too; a count stays a count."""
    assert PHONE not in masked(detail=int(PHONE))
    assert json.loads(masked(queries=3))["queries"] == 3


@pytest.mark.parametrize("field", ["name", "number", "subject", "facts", "token", "body", "identifiers"])
def test_fields_that_are_personal_by_name_are_hidden_whole(field: str) -> None:
    """A name has no shape to recognise, so its field is hidden, also inside other values."""
    assert "陈示例" not in masked(**{field: "陈示例"})
    assert "陈示例" not in masked(more={field: "陈示例"})


def test_dates_and_inquiry_ids_stay_readable() -> None:
    """What an operator needs to find the evidence is not masked: inquiry id, ISO date, counts."""
    line = masked(due="2026-12-16", day="20261216", inquiry="9593fcb8169e4c0bbe84989f500da9d0", ok=True)
    for text in ("2026-12-16", "20261216", "9593fcb8169e4c0bbe84989f500da9d0", "true"):
        assert text in line


def test_masking_fails_closed() -> None:
    """An object whose text cannot be made withholds the whole event, other fields included."""
    for value in (Hostile(), [Hostile()], {"deep": Hostile()}):
        line = masked(detail=value, other="visible")
        assert "withheld" in line
        assert "visible" not in line
        assert RESIDENT not in line
        assert "RuntimeError" in line


def test_exception_text_and_traceback_are_masked_in_the_written_line(lines: io.StringIO) -> None:
    """The whole chain as configured: message, traceback and bound values carry no number, and stay JSON."""

    def fail(number: str) -> None:
        raise ValueError(f"no such {number}")

    try:
        fail(RESIDENT)
    except ValueError:
        get_logger().bind(firm=CODE).exception(f"failed for {CODE}")
    written = lines.getvalue()
    assert written
    assert RESIDENT not in written
    assert CODE not in written
    assert "ValueError" in json.loads(written)["exception"]


def test_withheld_event_is_written_with_its_level(lines: io.StringIO) -> None:
    """A withheld event leaves a line that says so, so that its absence is seen."""
    get_logger().error("held", detail=Hostile())
    event = json.loads(lines.getvalue())
    assert event["event"].startswith("log event withheld")
    assert event["level"] == "error"
