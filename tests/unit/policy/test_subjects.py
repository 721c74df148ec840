"""Identifiers, subjects and masking: vectors of the domain facts and python-stdnum as oracle."""

from __future__ import annotations

import random
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric, uscc

from approval_hook.errors import IdentifierInvalid
from approval_hook.policy import synthetic
from approval_hook.policy.subjects import (
    Identifier,
    IdentifierType,
    Subject,
    SubjectKind,
    mask_name,
    mask_text,
    organisation,
    parse_identifier,
    person,
    uscc_warnings,
)

ON = date(2026, 10, 12)
FIRM_CODE = "91440300MA5FKAEH40"
PERSON_NUMBER = "440300199001010016"


def rng_of(seed: int) -> random.Random:
    """Repeatable randomness for synthetic numbers."""
    return random.Random(seed)  # noqa: S311 test data, no secret


def parse(text: str, type_: IdentifierType) -> Identifier:
    """Parse with the field name of the form."""
    return parse_identifier(text, type=type_, field="号码", on=ON)


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("91440300MA5FKAEH40", IdentifierType.USCC),
        ("92440104MA5FKAEH4C", IdentifierType.USCC),
        ("52440000MA5FKAEH4H", IdentifierType.USCC),
        ("12440100MA5FKAEH4T", IdentifierType.USCC),
        ("11440000MA5FKAEH4Q", IdentifierType.USCC),
        ("93441900MA5FKAEH45", IdentifierType.USCC),
        ("440300199001010016", IdentifierType.RESIDENT_ID),
        ("44010120100101002X", IdentifierType.RESIDENT_ID),
        ("440300200002290019", IdentifierType.RESIDENT_ID),
        ("810000198506120032", IdentifierType.RESIDENCE_PERMIT),
        ("820000199203050045", IdentifierType.RESIDENCE_PERMIT),
        ("830000197812310052", IdentifierType.RESIDENCE_PERMIT),
        ("USA440185010112", IdentifierType.FOREIGN_PERMANENT),
        ("H12345678", IdentifierType.HM_PERMIT),
        ("M1234567801", IdentifierType.HM_PERMIT),
        ("12345678", IdentifierType.TW_PERMIT),
        ("1234567801", IdentifierType.TW_PERMIT),
        ("E12345678", IdentifierType.PASSPORT),
    ],
)
def test_s12_valid_numbers_of_every_type_are_accepted(text: str, type_: IdentifierType) -> None:
    """Each document type of domain 3.1 to 3.3 is accepted in its own form."""
    assert parse(text, type_).number == text


@pytest.mark.parametrize(
    ("text", "type_", "said"),
    [
        ("91440300MA5FKAEH41", IdentifierType.USCC, "校验位不符"),
        ("91440300MA5FKAEHO0", IdentifierType.USCC, "第17位是字母O，应为数字0"),
        ("9I440300MA5FKAEH40", IdentifierType.USCC, "第2位是字母I，应为数字1"),
        ("91440300TEST000101", IdentifierType.USCC, "第11位的“S”不在代码字符集内"),
        ("91440300MA5FKAEH4", IdentifierType.USCC, "应为18位，现为17位"),
        ("9144O300MA5FKAEH40", IdentifierType.USCC, "第5位是字母O"),
        ("9144A300MA5FKAEH40", IdentifierType.USCC, "第5位应为数字"),
        ("440104000012345", IdentifierType.USCC, "旧的工商注册号"),
        ("4401040000123", IdentifierType.USCC, "旧的工商注册号"),
        ("00000000000000000X", IdentifierType.USCC, "占位码"),
        ("440300199001010016", IdentifierType.USCC, "个人身份证件号码"),
        ("", IdentifierType.USCC, "为空"),
        ("91440300MA5FKAEH4\u200b0", IdentifierType.USCC, "不可见字符"),
        ("440524880101001", IdentifierType.RESIDENT_ID, "15位的旧身份证号码"),
        ("440300199902290019", IdentifierType.RESIDENT_ID, "不是真实日期"),
        ("440300199001010017", IdentifierType.RESIDENT_ID, "校验位不符"),
        ("44O300199001010016", IdentifierType.RESIDENT_ID, "第3位是字母O"),
        ("110105209912310029", IdentifierType.RESIDENT_ID, "出生日期晚于今天"),
        ("91440300MA5FKAEH40", IdentifierType.RESIDENT_ID, "单位的统一社会信用代码"),
        ("810000198506120032", IdentifierType.RESIDENT_ID, "港澳台居民居住证"),
        ("440300199001010016", IdentifierType.RESIDENCE_PERMIT, "不是港澳台居民居住证"),
        ("440300199001010016", IdentifierType.FOREIGN_PERMANENT, "不是外国人永久居留身份证"),
        ("U5A440185010112", IdentifierType.FOREIGN_PERMANENT, "3个字母"),
        ("A12345678", IdentifierType.HM_PERMIT, "通行证"),
        ("1234567", IdentifierType.TW_PERMIT, "通行证"),
        ("E12", IdentifierType.PASSPORT, "护照"),
        ("44030019900101A016", IdentifierType.RESIDENT_ID, "第15位的“A”不是数字"),
    ],
)
def test_s25_wrong_numbers_say_what_is_wrong_and_what_to_do(text: str, type_: IdentifierType, said: str) -> None:
    """Every corrupt number names the fault, carries a remedy and never repeats itself in the error."""
    with pytest.raises(IdentifierInvalid) as caught:
        parse(text, type_)
    assert said in caught.value.message + caught.value.remedy
    assert caught.value.remedy
    assert not text or text not in str(caught.value)


def test_s25_age_over_150_is_refused() -> None:
    """A birth date of 1870 with a right check digit is refused."""
    number = synthetic.synthetic_resident_id(rng_of(1), born_on=date(1870, 1, 1))
    with pytest.raises(IdentifierInvalid, match="超过150年"):
        parse(number, IdentifierType.RESIDENT_ID)


def test_s25_full_width_spaces_and_lower_case_are_normalised() -> None:
    """What can be normalised safely is accepted."""
    assert parse("９１４４０３００ ma5fkaeh40", IdentifierType.USCC).number == FIRM_CODE


def test_inner_organisation_digit_is_only_a_warning() -> None:
    """A code whose inner GB 11714 digit is wrong is valid with a warning (domain 3.1)."""
    code = "91110000600037342P"
    assert parse(code, IdentifierType.USCC).number == code
    assert uscc_warnings(code)
    assert uscc_warnings(FIRM_CODE) == ()


@given(st.integers(0, 2**32), st.dates(date(1900, 1, 1), ON))
def test_synthetic_numbers_pass_ours_and_the_oracle(seed: int, born: date) -> None:
    """Generated codes and numbers are valid here and, where its province table knows them, in python-stdnum."""
    rng = rng_of(seed)
    code = synthetic.synthetic_uscc(rng)
    assert uscc.is_valid(code)
    assert parse(code, IdentifierType.USCC).number == code
    assert uscc_warnings(code) == ()
    number = synthetic.synthetic_resident_id(rng, born_on=born)
    assert ric.calc_check_digit(number) == number[17]
    assert parse(number, IdentifierType.RESIDENT_ID).number == number
    foreign = synthetic.synthetic_foreign_permanent(rng, born_on=born)
    assert parse(foreign, IdentifierType.FOREIGN_PERMANENT).number == foreign


@given(st.text(alphabet="0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=17, max_size=17))
def test_check_digit_agrees_with_the_oracle(body: str) -> None:
    """Our GB 32100 check digit is the one python-stdnum computes."""
    from approval_hook.policy.checkdigits import uscc_check_digit

    assert uscc_check_digit(body) == uscc.calc_check_digit(body)


@given(st.text(max_size=25), st.sampled_from(IdentifierType))
def test_parsing_is_total(text: str, type_: IdentifierType) -> None:
    """Any text is either an identifier or a field error, never another exception."""
    try:
        number = parse(text, type_).number
    except IdentifierInvalid:
        return
    assert parse(number, type_).number == number


@pytest.mark.parametrize("name", ["", "  ", "陈\u202e示例", "陈\u200b示例", "陈\x00示例", "示" * 201])
def test_bad_names_are_refused(name: str) -> None:
    """Empty, invisible, bidirectional and endless names are refused."""
    with pytest.raises(IdentifierInvalid):
        person(name, PERSON_NUMBER, on=ON)


def test_repr_and_str_never_show_numbers_or_names() -> None:
    """Neither an identifier nor a subject prints what it hides."""
    subject = person("陈示例", PERSON_NUMBER, on=ON)
    shown = f"{subject!r}{subject}{subject.identifiers!r}{subject.identifiers[0]}"
    assert PERSON_NUMBER not in shown
    assert "陈示例" not in shown
    assert subject.identifiers[0].masked() == "440300••••••••0016"


def test_s12_two_foreign_cards_are_aliases_and_the_new_one_matches() -> None:
    """A foreigner keeps both numbers; the 18-digit card is primary and carries the birth date."""
    new = synthetic.synthetic_foreign_permanent(rng_of(3), born_on=date(1985, 1, 1))
    alias = parse("USA440185010112", IdentifierType.FOREIGN_PERMANENT)
    subject = person("示例史密斯", new, type=IdentifierType.FOREIGN_PERMANENT, on=ON, aliases=(alias,))
    assert subject.primary is not None
    assert subject.primary.number == new
    assert len(subject.identifiers) == 2
    assert subject.born_on() == date(1985, 1, 1)


def test_s12_a_passport_alone_cannot_be_matched() -> None:
    """A passport holder has no primary identifier and is told apart from others by name and number."""
    first = person("示例史密斯", "E12345678", type=IdentifierType.PASSPORT, on=ON)
    other = person("示例史密斯", "E87654321", type=IdentifierType.PASSPORT, on=ON)
    assert first.primary is None
    assert first.born_on() is None
    assert first.digest_text() != other.digest_text()


def test_digest_text_ignores_the_name_and_the_issue_count() -> None:
    """The same number gives the same text whatever the spelling of the name or the print of the permit."""
    assert (
        organisation("甲示例", FIRM_CODE, on=ON).digest_text() == organisation("乙示例", FIRM_CODE, on=ON).digest_text()
    )
    old = person("黄示例", "H1234567801", type=IdentifierType.HM_PERMIT, on=ON)
    new = person("黄示例", "H12345678", type=IdentifierType.HM_PERMIT, on=ON)
    assert old.digest_text() == new.digest_text()


def test_a_firm_cannot_be_founded_in_the_future() -> None:
    """A founding date after today is a field error."""
    with pytest.raises(IdentifierInvalid, match="成立日期"):
        organisation("示例", FIRM_CODE, on=ON, established_on=date(2027, 1, 1))


def test_a_firm_code_is_no_document_of_a_person() -> None:
    """A person cannot be made from a 统一社会信用代码."""
    with pytest.raises(IdentifierInvalid):
        person("陈示例", FIRM_CODE, type=IdentifierType.USCC, on=ON)


def test_a_subject_without_identifiers_is_known_by_name_only() -> None:
    """Without any number the text carries kind and name."""
    assert Subject(SubjectKind.ORGANISATION, "示例", ()).digest_text() == "organisation:name:示例"


@pytest.mark.parametrize(
    "secret",
    [
        PERSON_NUMBER,
        "440300 19900101 0016",
        FIRM_CODE,
        FIRM_CODE.lower(),
        "440524880101001",
        "USA440185010112",
        "H12345678",
        "E12345678",
        "13800138000",
        "+86 138-0013-8000",
        "45678912",
    ],
)
def test_mask_text_hides_everything_that_looks_like_a_number(secret: str) -> None:
    """Identifiers and telephone numbers vanish from free text, whatever stands around them."""
    for around in ("申请人{}，", "id={};", "（{}）", "{}"):
        assert secret not in mask_text(around.format(secret))


def test_mask_text_leaves_dates_digests_and_uuids() -> None:
    """What fills a log but identifies nobody stays readable."""
    plain = "20261012 2026-10-12 09:00:00 5f2c1e7a9b3d4c6e8f0a1b2c3d4e5f60 123e4567-e89b-12d3-a456-426614174000 20日"
    assert mask_text(plain) == plain


def test_mask_text_masks_eight_digits_that_are_no_date() -> None:
    """Twenty-odd million is a permit number, not a day."""
    assert "20269999" not in mask_text("证件20269999。")


@given(st.integers(0, 2**32))
def test_every_synthetic_document_is_valid_and_every_name_says_example(seed: int) -> None:
    """Generated permits parse as their type and no generated name can be taken for a real one."""
    rng, born = rng_of(seed), date(1990, 5, 5)
    parse(synthetic.synthetic_residence_permit(rng, born_on=born), IdentifierType.RESIDENCE_PERMIT)
    parse(synthetic.synthetic_foreign_permanent_2017(rng, born_on=born), IdentifierType.FOREIGN_PERMANENT)
    parse(synthetic.synthetic_hm_permit(rng), IdentifierType.HM_PERMIT)
    parse(synthetic.synthetic_tw_permit(rng), IdentifierType.TW_PERMIT)
    assert "示例" in synthetic.synthetic_person_name(rng)
    assert "示例" in synthetic.synthetic_firm_name(rng)


@pytest.mark.parametrize(("prefix", "said"), [("990300", "外国人永久居留身份证"), ("010300", "行政区划码")])
def test_s25_a_resident_number_must_begin_with_a_province(prefix: str, said: str) -> None:
    """A right check digit does not make a foreigner's or an impossible number a resident's."""
    number = synthetic.synthetic_resident_id(rng_of(5), born_on=date(1990, 1, 1), region=prefix)
    with pytest.raises(IdentifierInvalid) as caught:
        parse(number, IdentifierType.RESIDENT_ID)
    assert said in caught.value.message


@pytest.mark.parametrize(("name", "shown"), [("陈示例", "陈＊＊"), ("陈某", "陈＊"), ("陈", "陈＊"), ("", "")])
def test_mask_name_keeps_the_first_character(name: str, shown: str) -> None:
    """Only the first character of a person's name is shown."""
    assert mask_name(name) == shown


@pytest.mark.parametrize("code", ["0" * 18, "00000000000000000X"])
def test_s25_fillers_are_no_subjects(code: str) -> None:
    """A placeholder is refused although eighteen zeros pass the check digit."""
    with pytest.raises(IdentifierInvalid, match="占位码"):
        parse_identifier(code, type=IdentifierType.USCC, field="统一社会信用代码", on=date(2026, 11, 1))


@pytest.mark.parametrize("body", ["1234567", "12a4567", "12-45678", "中文中文中文中文", "١٢٣٤٥٦٧٨"])
def test_no_check_digit_for_what_is_no_body(body: str) -> None:
    """A body with a character outside its alphabet has no check digit, whatever Unicode calls a digit."""
    from approval_hook.policy.checkdigits import organisation_code_digit, resident_check_digit, uscc_check_digit

    broken = f"{body}-"
    assert (uscc_check_digit(broken), organisation_code_digit(broken), resident_check_digit(broken)) == ("", "", "")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("H1234567801", "H12345678"),
        ("ｈ12345678 01", "H12345678"),
        ("M12345678", "M12345678"),
        ("1234567801", "12345678"),
        ("12345678", "12345678"),
        ("E12345678", "E12345678"),
        ("X1234567801", "X1234567801"),
        (PERSON_NUMBER, PERSON_NUMBER),
        ("", ""),
    ],
)
def test_s12_a_document_without_its_type_is_looked_up_without_the_issue_count(text: str, kept: str) -> None:
    """Old prints of travel permits carry an issue count that is left out; every other number stays whole."""
    from approval_hook.policy.subjects import untyped_matching_number

    assert untyped_matching_number(text) == kept


def test_each_document_type_is_matched_by_its_own_number() -> None:
    """Only travel permits drop the issue count."""
    assert parse("1234567801", IdentifierType.TW_PERMIT).matching_number == "12345678"
    assert parse("H1234567801", IdentifierType.HM_PERMIT).matching_number == "H12345678"
    assert parse("E12345678", IdentifierType.PASSPORT).matching_number == "E12345678"
