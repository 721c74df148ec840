"""Whether a row is about our subject."""

from __future__ import annotations

from datetime import date

import pytest

from adapters.matching import grade, same_name
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
        (FIRM, "", "", "", NONE),
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
    ],
)
def test_grades(subject: Subject, name: str, id_type: str, number: str, expected: MatchGrade) -> None:
    """Only a full number of ours is exact; a name is possible at most; a comparable other number is somebody else."""
    assert grade(subject, name=name, id_type=id_type, number=number) is expected


def test_names_are_compared_without_width_and_spaces() -> None:
    """Width, case and spaces do not tell two names apart; characters do."""
    assert same_name("ＡＢＣ（广州） 公司", "abc(广州)公司")
    assert not same_name("示例一公司", "示例二公司")
