"""Verification codes and numbers as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.notices.codes import ALPHABET, in_groups, new_code, typed_code, typed_number


@given(st.data())
def test_every_slip_of_one_sign_shows(data: st.DataObject) -> None:
    """One sign wrong, or two neighbours exchanged, is never another valid code."""
    code = new_code()
    place = data.draw(st.integers(0, len(code) - 1))
    wrong = data.draw(st.sampled_from([c for c in ALPHABET if c != code[place]]))
    assert typed_code(code[:place] + wrong + code[place + 1 :]) is None
    if place and code[place - 1] != code[place]:
        assert typed_code(code[: place - 1] + code[place] + code[place - 1] + code[place + 1 :]) is None


def test_codes_are_read_in_any_dress() -> None:
    """Small letters, full-width ones, spaces and any grouping are the same code."""
    code = new_code()
    wide = "".join(chr(ord(c) + 0xFEE0) for c in code)
    for typed in (
        code,
        code.lower(),
        in_groups(code),
        f" {code[:7]} {code[7:]} ",
        wide,
        in_groups(code).replace("-", "—"),
    ):
        assert typed_code(typed) == code


@pytest.mark.parametrize("typed", ["", "ABCD", "A" * 17, "0" * 16, "A" * 4000])
def test_what_is_no_code_is_told(typed: str) -> None:
    """Too short, too long, signs that no code has."""
    assert typed_code(typed) is None


def test_codes_do_not_repeat() -> None:
    """Drawn from more than ten to the 22nd."""
    assert len({new_code() for _ in range(2000)}) == 2000


@pytest.mark.parametrize(
    "typed", ["穗天市监食许受[2026]42号", "穗天市监食许受（2026）42 号", "穗天市监食许受〔２０２６〕42号"]
)
def test_numbers_are_read_with_any_brackets(typed: str) -> None:
    """Nobody has 〔〕 on the keyboard."""
    assert typed_number(typed) == "穗天市监食许受〔2026〕42号"
