"""Whether a row is about our subject."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.matching import grade, same_name
from approval_hook.policy.checkdigits import resident_check_digit
from approval_hook.policy.records import MatchGrade
from approval_hook.policy.subjects import IdentifierType, Subject, organisation, parse_identifier, person

ON = date(2026, 10, 1)
EXACT, POSSIBLE, NONE = MatchGrade.EXACT, MatchGrade.POSSIBLE, MatchGrade.NONE
FIRM = organisation("示例餐饮（广州）有限公司", "92440104MA5FKAEH4C", on=ON)
PERSON = person("陈示例", "440300199001010016", on=ON)
PASSPORT = parse_identifier("E12345678", type=IdentifierType.PASSPORT, field="证件号码", on=ON)
PERMIT = parse_identifier("H1234567801", type=IdentifierType.HM_PERMIT, field="证件号码", on=ON)
TRAVELLER = person(
    "示例旅客", "810000198506120032", type=IdentifierType.RESIDENCE_PERMIT, on=ON, aliases=(PASSPORT, PERMIT)
)


@pytest.mark.parametrize(
    ("subject", "name", "id_type", "number", "expected"),
    [
        (FIRM, FIRM.name, "uscc", "92440104MA5FKAEH4C", EXACT),
        (FIRM, "旧名称", "uscc", "92440104MA5FKAEH4C", EXACT),  # the number decides, not the name
        (FIRM, "", "uscc", " 92440104ma5fkaeh4c ", EXACT),
        (FIRM, FIRM.name, "uscc", "93441900MA5FKAEH45", NONE),  # same name, another firm
        (FIRM, FIRM.name, "", "", POSSIBLE),
        (FIRM, "示例餐饮(广州) 有限公司", "", "", POSSIBLE),
        (FIRM, "别家", "", "", NONE),
        (FIRM, "", "", "", POSSIBLE),  # asked by number, answered with this row
        (FIRM, FIRM.name, "registration", "440101000012345", POSSIBLE),  # old number: tells nothing
        (FIRM, "别家", "registration", "440101000012345", NONE),
        (FIRM, FIRM.name, "uscc", "9244************4C", POSSIBLE),  # a mask nobody can read
        (PERSON, "陈示例", "resident_id", "4403001990****0016", POSSIBLE),
        (PERSON, "李示例", "resident_id", "4403001990****0016", NONE),
        (PERSON, "陈示例", "resident_id", "4403001990****0017", NONE),
        (PERSON, "陈示例", "resident_id", "440300********0016", POSSIBLE),
        (PERSON, "陈示例", "resident_id", "440300900101001", POSSIBLE),  # 15 digits: another form
        (PERSON, "陈示例", "passport", "440300199001010016", POSSIBLE),  # our number under another type
        (TRAVELLER, "", "hm_permit", "H12345678", EXACT),  # issue count of the older print does not matter
        (TRAVELLER, "", "hm_permit", "H1234567802", EXACT),
        (TRAVELLER, "示例旅客", "hm_permit", "H87654321", NONE),
        (TRAVELLER, "", "passport", "E12345678", POSSIBLE),  # unique only with its country
        (TRAVELLER, "示例旅客", "passport", "E87654321", POSSIBLE),  # a new passport has a new number
        (TRAVELLER, "别人", "passport", "E87654321", NONE),
        (TRAVELLER, "", "", "H1234567802", EXACT),
        (TRAVELLER, "别人", "", "H87654321", NONE),
        (TRAVELLER, "示例旅客", "resident_id", "4403001990****0016", POSSIBLE),  # a kind we do not hold
        (TRAVELLER, "示例旅客", "", "8100001986****0032", NONE),
        (FIRM, FIRM.name, "", "92440104MA5FKAEH4C", EXACT),
        (FIRM, FIRM.name, "USCC", "92440104MA5FKAEH4C", EXACT),
        (FIRM, "旧名称", "统一社会信用代码", "92440104MA5FKAEH4C", EXACT),
        (FIRM, "旧名称", "信用代码", "９２440104-MA5FKAEH4C", EXACT),
        (FIRM, FIRM.name, "", "93441900MA5FKAEH45", NONE),  # the check digit proves what the label does not
        (FIRM, FIRM.name, "统一社会信用代码", "93441900MA5FKAEH45", NONE),
        (FIRM, FIRM.name, "uscc", "93441900MA5FKAEH46", POSSIBLE),  # not valid, so it is nobody's
        (FIRM, FIRM.name, "uscc", "000000000000000000", POSSIBLE),
        (FIRM, "别家", "uscc", "000000000000000000", NONE),
        (FIRM, "", "uscc", "000000000000000000", POSSIBLE),
        (TRAVELLER, "示例旅客", "hm_permit", "H00000000", POSSIBLE),
        (FIRM, FIRM.name, "uscc", "9244O1O4MA5FKAEH4C", POSSIBLE),  # letter O for zero
        (FIRM, FIRM.name, "uscc", "92440104MA****EH4C", POSSIBLE),
        (FIRM, FIRM.name, "uscc", "93440104MA****EH4C", NONE),
        (FIRM, "别家", "", "92440104MA5FKAEH4C（1-1）", POSSIBLE),
        (FIRM, "别家 92440104MA5FKAEH4C", "", "", POSSIBLE),
        (PERSON, "陈示例", "resident_id", "4403001990XXXX0016", POSSIBLE),
        (PERSON, "陈示例", "resident_id", "4403001990xxxx0016", POSSIBLE),
        (PERSON, "陈示例", "resident_id", "4403001990####0016", POSSIBLE),
        (PERSON, "陈示例", "resident_id", "4403001990？？？？0016", POSSIBLE),
        (PERSON, "陈示例", "resident_id", "4403001990xxxx0017", NONE),
        (PERSON, "陈示例", "resident_id", "440300xxxxxxxx0016", POSSIBLE),
        (PERSON, "陈示例", "resident_id", "0000000000****0000", POSSIBLE),
        (PERSON, "陈**", "resident_id", "4403001990****0016", POSSIBLE),
        (PERSON, "陈＊＊", "", "4403001990****0016", POSSIBLE),
        (PERSON, "陈某", "", "", POSSIBLE),
        (PERSON, "", "resident_id", "4403001990****0016", POSSIBLE),
        (PERSON, "李**", "resident_id", "4403001990****0016", NONE),
        (PERSON, "陈**", "resident_id", "440524198801010011", NONE),
    ],
)
def test_grades(subject: Subject, name: str, id_type: str, number: str, expected: MatchGrade) -> None:
    """Only a full number of ours is exact; a valid other number is somebody else; the rest goes by the name."""
    assert grade(subject, name=name, id_type=id_type, number=number, on=ON) is expected


def test_names_are_compared_without_width_and_spaces() -> None:
    """Width, case and spaces do not tell two names apart; characters do."""
    assert same_name("ＡＢＣ（广州） 公司", "abc(广州)公司")
    assert not same_name("示例一公司", "示例二公司")


DECORATED = st.sampled_from(
    ["{}", " {} ", "{}(旧)", "号码：{}", "{}，另见附件", "{};93441900MA5FKAEH45", "\u200b{}", "{}/440524198801010011"]
)


@given(
    subject=st.sampled_from([FIRM, PERSON, TRAVELLER]),
    which=st.integers(0, 2),
    lower=st.booleans(),
    decoration=DECORATED,
    name=st.sampled_from(["", "陈示例", "别家", "李**"]) | st.text(max_size=8),
    id_type=st.sampled_from(["", "USCC", "居民身份证", "hm_permit", "passport", "99"]) | st.text(max_size=8),
)
def test_a_row_with_our_full_number_is_never_dropped(
    subject: Subject, which: int, lower: bool, decoration: str, name: str, id_type: str
) -> None:
    """Whatever its label, its name and the text around it, a row that carries our number is not somebody else's."""
    number = subject.identifiers[which % len(subject.identifiers)].number
    shown = decoration.format(number.lower() if lower else number)
    assert grade(subject, name=name, id_type=id_type, number=shown, on=ON) is not NONE


@given(subject=st.sampled_from([FIRM, PERSON]), name=st.text(max_size=8), id_type=st.text(max_size=8))
def test_a_bare_checked_number_is_exact_under_any_label(subject: Subject, name: str, id_type: str) -> None:
    """A label that we do not know takes nothing from a full number."""
    assert grade(subject, name=name, id_type=id_type, number=subject.identifiers[0].number, on=ON) is EXACT


@pytest.mark.parametrize(
    ("own", "shown"),
    [
        ("买买提·艾力", "买买提\u30fb艾力"),
        ("买买提·艾力", "买买提艾力"),
        ("买买提·艾力", "买买提.艾力"),
        ("王伟", "王\ufe00伟"),
        ("王伟", "王\u3164伟"),
        ("王伟", "王\u2800伟"),
        ("王䶮", "王\ufffd"),
        ("王䶮", "王\ue863"),
        ("张伟", "张〇"),
        ("张伟", "张△"),
        ("张伟", "张◯"),
        ("张伟", "张…"),
    ],
)
@pytest.mark.parametrize("number", ["court mask", ""])
def test_another_spelling_of_a_name_hides_nobody(own: str, shown: str, number: str) -> None:
    """A mark between parts, a character nobody sees, one that a font lacks, another sign for a hidden one."""
    full = "65010119900307123" + resident_check_digit("65010119900307123")
    subject = person(own, full, on=ON)
    masked = f"{full[:10]}****{full[14:]}" if number else ""
    assert grade(subject, name=shown, id_type="", number=masked, on=ON) is MatchGrade.POSSIBLE
    assert grade(subject, name="别人", id_type="", number=masked, on=ON) is MatchGrade.NONE
