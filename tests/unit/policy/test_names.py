"""One person's name in its spellings (domain facts 3.4)."""

from __future__ import annotations

import pytest

from approval_hook.policy.names import compared_name


@pytest.mark.parametrize(
    ("written", "compared"),
    [
        ("ＡＢＣ 有限公司", "abc有限公司"),
        ("买买提·艾力", "买买提艾力"),
        ("买买提\u30fb艾力", "买买提艾力"),
        ("王\ufe00伟", "王伟"),
        ("王\u3164伟", "王伟"),
        ("王\u200b伟", "王伟"),
        ("张〇", "张*"),
        ("张△", "张*"),
        ("张…", "张*"),
        ("王\ue863", "王*"),
        ("陈某*_#x", "陈某*_#x"),
        ("", ""),
    ],
)
def test_a_name_is_compared_without_what_tells_nobody_apart(written: str, compared: str) -> None:
    """Width, case, blanks, marks and unseen characters go; what hides a character is kept or becomes a mask."""
    assert compared_name(written) == compared
