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
    mask_number,
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
        ("11030019900101001X", IdentifierType.RESIDENT_ID),
        ("710300199001010011", IdentifierType.RESIDENT_ID),
        ("440300187601010011", IdentifierType.RESIDENT_ID),  # 150 years ago by the calendar
        ("440300202610120012", IdentifierType.RESIDENT_ID),  # born today
        ("810000198506120032", IdentifierType.RESIDENCE_PERMIT),
        ("820000199203050045", IdentifierType.RESIDENCE_PERMIT),
        ("830000197812310052", IdentifierType.RESIDENCE_PERMIT),
        ("USA440185010112", IdentifierType.FOREIGN_PERMANENT),
        ("H12345678", IdentifierType.HM_PERMIT),
        ("M1234567801", IdentifierType.HM_PERMIT),
        ("12345678", IdentifierType.TW_PERMIT),
        ("1234567801", IdentifierType.TW_PERMIT),
        ("E12345678", IdentifierType.PASSPORT),
        ("E1234", IdentifierType.PASSPORT),
        ("E1234567890123456", IdentifierType.PASSPORT),
        # Both check digits are right: either type is believed.
        ("440300198708080005", IdentifierType.USCC),
        ("440300198708080005", IdentifierType.RESIDENT_ID),
    ],
)
def test_s12_valid_numbers_of_every_type_are_accepted(text: str, type_: IdentifierType) -> None:
    """Each document type of domain 3.1 to 3.3 is accepted in its own form."""
    assert parse(text, type_).number == text


@pytest.mark.parametrize(
    ("text", "type_", "wrong", "remedy"),
    [
        ("", IdentifierType.USCC, "号码为空。", "请填写统一社会信用代码号码。"),
        ("", IdentifierType.PASSPORT, "号码为空。", "请填写护照号码。"),
        (
            "91440300MA5FKAEH4\u200b0",
            IdentifierType.USCC,
            "号码第18位是不可见字符。",
            "请删除后重新手工输入，不要从网页粘贴。",
        ),
        (
            "00000000000000000X",
            IdentifierType.USCC,
            "号码是数据上报用的占位码，不对应任何单位。",
            "请填写该单位营业执照或登记证书上的代码。",
        ),
        (
            "440104000012345",
            IdentifierType.USCC,
            "号码是15位数字，像是旧的工商注册号。",
            "请填写营业执照上的18位统一社会信用代码。",
        ),
        ("91440300MA5FKAEH4", IdentifierType.USCC, "号码应为18位，现为17位。", "请按证照逐位核对，不要多填或漏填。"),
        ("440300199001010016", IdentifierType.USCC, "号码填的是个人身份证件号码。", "请填写单位的统一社会信用代码。"),
        (
            "91440300MA5FKAEHO0",
            IdentifierType.USCC,
            "号码第17位是字母O，应为数字0。",
            "请把第17位改为数字0后再核对一遍。",
        ),
        (
            "9I440300MA5FKAEH40",
            IdentifierType.USCC,
            "号码第2位是字母I，应为数字1。",
            "请把第2位改为数字1后再核对一遍。",
        ),
        (
            "91440300TEST000101",
            IdentifierType.USCC,
            "号码第11位的“S”不在代码字符集内。",
            "代码不含字母I、O、S、V、Z，请按营业执照核对。",
        ),
        (
            "9144A300MA5FKAEH40",
            IdentifierType.USCC,
            "号码第5位应为数字。",
            "第3至8位是登记机关行政区划码，请按营业执照核对。",
        ),
        ("91440300MA5FKAEH41", IdentifierType.USCC, "号码校验位不符，至少有一位填错。", "请按营业执照逐位核对。"),
        (
            "440524880101001",
            IdentifierType.RESIDENT_ID,
            "号码是15位的旧身份证号码，旧证已停止使用。",
            "请填写现行居民身份证上的18位号码。",
        ),
        (
            "91440300MA5FKAEH40",
            IdentifierType.RESIDENT_ID,
            "号码填的是单位的统一社会信用代码。",
            "请填写个人的身份证件号码。",
        ),
        (
            "44O300199001010016",
            IdentifierType.RESIDENT_ID,
            "号码第3位是字母O，应为数字0。",
            "请把第3位改为数字0后再核对一遍。",
        ),
        (
            "44030019900101A016",
            IdentifierType.RESIDENT_ID,
            "号码第15位的“A”不是数字。",
            "前17位为数字，末位为数字或X，请按证件核对。",
        ),
        ("440300199001010017", IdentifierType.RESIDENT_ID, "号码校验位不符，至少有一位填错。", "请按证件逐位核对。"),
        ("440300199902290019", IdentifierType.RESIDENT_ID, "号码第7至14位不是真实日期。", "请按证件核对出生日期。"),
        ("440300202610130018", IdentifierType.RESIDENT_ID, "号码中的出生日期晚于今天。", "请按证件核对出生日期。"),
        ("440300187510120012", IdentifierType.RESIDENT_ID, "号码中的出生日期距今超过150年。", "请按证件核对出生日期。"),
        (
            "910300199001010019",
            IdentifierType.RESIDENT_ID,
            "号码是外国人永久居留身份证号码。",
            "请把证件类型改为“外国人永久居留身份证”。",
        ),
        (
            "810000198506120032",
            IdentifierType.RESIDENT_ID,
            "号码是港澳台居民居住证号码。",
            "请把证件类型改为“港澳台居民居住证”。",
        ),
        ("100300199001010018", IdentifierType.RESIDENT_ID, "号码前两位不是省级行政区划码。", "请按身份证逐位核对。"),
        (
            "440300199001010016",
            IdentifierType.RESIDENCE_PERMIT,
            "号码不是港澳台居民居住证号码。",
            "居住证号码以810000、820000或830000开头，请核对证件类型。",
        ),
        (
            "USA4401850101123",
            IdentifierType.FOREIGN_PERMANENT,
            "号码应为15或18位，现为16位。",
            "请按证照逐位核对，不要多填或漏填。",
        ),
        (
            "U5A440185010112",
            IdentifierType.FOREIGN_PERMANENT,
            "号码不是2017版外国人永久居留身份证号码。",
            "应为3个字母加12位数字，请按证件核对。",
        ),
        (
            "440300199001010016",
            IdentifierType.FOREIGN_PERMANENT,
            "号码不是外国人永久居留身份证号码。",
            "2023版号码以9开头，请核对证件类型。",
        ),
        (
            "A12345678",
            IdentifierType.HM_PERMIT,
            "号码不是港澳居民来往内地通行证号码。",
            "应为字母H或M加8位数字（旧版加10位数字），请核对。",
        ),
        (
            "1234567",
            IdentifierType.TW_PERMIT,
            "号码不是台湾居民来往大陆通行证号码。",
            "应为8位数字（旧版10位数字），请核对。",
        ),
        ("E123", IdentifierType.PASSPORT, "号码不是护照号码。", "应为5至17位字母或数字，请核对。"),
    ],
)
def test_s25_wrong_numbers_say_what_is_wrong_and_what_to_do(
    text: str, type_: IdentifierType, wrong: str, remedy: str
) -> None:
    """Every corrupt number names the field and the fault, carries a remedy and never repeats itself in the error."""
    with pytest.raises(IdentifierInvalid) as caught:
        parse(text, type_)
    assert (caught.value.field, caught.value.message, caught.value.remedy) == ("号码", wrong, remedy)
    assert not text or text not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "type_", "wrong"),
    [
        ("\u200b91440300MA5FKAEH40", IdentifierType.USCC, "第1位是不可见字符"),
        ("91A40300MA5FKAEH40", IdentifierType.USCC, "第3位应为数字"),
        ("9144030AMA5FKAEH40", IdentifierType.USCC, "第8位应为数字"),
        ("9144O300MA5FKAEH40", IdentifierType.USCC, "第5位是字母O"),
        ("4401040000123", IdentifierType.USCC, "13位数字，像是旧的工商注册号"),
        ("44010400001234", IdentifierType.USCC, "应为18位，现为14位"),
        ("MA5FKAEH4000000", IdentifierType.USCC, "应为18位，现为15位"),
        ("111111111111111111", IdentifierType.USCC, "占位码"),
        ("810000198506120032", IdentifierType.USCC, "个人身份证件号码"),
        ("440300187601010011", IdentifierType.USCC, "个人身份证件号码"),  # 150 years ago
        ("440300202610120012", IdentifierType.USCC, "个人身份证件号码"),  # today
        ("440300202610130018", IdentifierType.USCC, "校验位不符"),  # nobody born tomorrow has a number
        ("440300187510120012", IdentifierType.USCC, "校验位不符"),
        ("440300199902290019", IdentifierType.USCC, "校验位不符"),
        ("92440104MA5FKAEH4C", IdentifierType.RESIDENT_ID, "单位的统一社会信用代码"),
        ("44030019900101001", IdentifierType.RESIDENT_ID, "应为18位，现为17位"),
        ("USA440185010112", IdentifierType.RESIDENT_ID, "应为18位，现为15位"),
        ("4403001990010100X6", IdentifierType.RESIDENT_ID, "第17位的“X”不是数字"),
        ("44030019900101001A", IdentifierType.RESIDENT_ID, "第18位的“A”不是数字"),
        ("44030019900101001\u0661", IdentifierType.RESIDENT_ID, "第18位的“\u0661”不是数字"),
        ("I40300199001010016", IdentifierType.RESIDENT_ID, "第1位是字母I"),
        ("820000199203050045", IdentifierType.RESIDENT_ID, "港澳台居民居住证"),
        ("830000197812310052", IdentifierType.RESIDENT_ID, "港澳台居民居住证"),
        ("720300199001010013", IdentifierType.RESIDENT_ID, "省级行政区划码"),
        ("44030019900101001", IdentifierType.RESIDENCE_PERMIT, "应为18位，现为17位"),
        ("810000199002300018", IdentifierType.RESIDENCE_PERMIT, "不是真实日期"),
        ("USA44018501011B", IdentifierType.FOREIGN_PERMANENT, "3个字母"),
        ("USAA40185010112", IdentifierType.FOREIGN_PERMANENT, "3个字母"),
        ("91030019900101001A", IdentifierType.FOREIGN_PERMANENT, "第18位的“A”不是数字"),
        ("ÜSA440185010112", IdentifierType.FOREIGN_PERMANENT, "3个字母"),
        ("H1234567", IdentifierType.HM_PERMIT, "港澳居民来往内地通行证"),
        ("H123456789", IdentifierType.HM_PERMIT, "港澳居民来往内地通行证"),
        ("H1234567A", IdentifierType.HM_PERMIT, "港澳居民来往内地通行证"),
        ("HA2345678", IdentifierType.HM_PERMIT, "港澳居民来往内地通行证"),
        ("X12345678", IdentifierType.HM_PERMIT, "港澳居民来往内地通行证"),
        ("H", IdentifierType.HM_PERMIT, "港澳居民来往内地通行证"),
        ("123456789", IdentifierType.TW_PERMIT, "台湾居民来往大陆通行证"),
        ("1234567A", IdentifierType.TW_PERMIT, "台湾居民来往大陆通行证"),
        ("E12345678901234567", IdentifierType.PASSPORT, "护照"),
        ("E1234-678", IdentifierType.PASSPORT, "护照"),
        ("号12345678", IdentifierType.PASSPORT, "护照"),
    ],
)
def test_s25_the_first_fault_of_a_number_is_named(text: str, type_: IdentifierType, wrong: str) -> None:
    """One place further, one digit more or another type: the fault is still the right one."""
    with pytest.raises(IdentifierInvalid) as caught:
        parse(text, type_)
    told = caught.value
    assert (told.field, told.message[:2]) == ("号码", "号码")
    assert wrong in told.message + told.remedy


def test_s25_full_width_spaces_and_lower_case_are_normalised() -> None:
    """What can be normalised safely is accepted."""
    assert parse("９１４４０３００ ma5fkaeh40", IdentifierType.USCC).number == FIRM_CODE


def test_inner_organisation_digit_is_only_a_warning() -> None:
    """A code whose inner GB 11714 digit is wrong is valid with a warning (domain 3.1)."""
    code = "91110000600037342P"
    assert parse(code, IdentifierType.USCC).number == code
    assert uscc_warnings(f" {code.lower()}") == ("第9至17位的组织机构代码校验位不符，旧码可能如此，请对照营业执照。",)
    assert uscc_warnings(FIRM_CODE) == ()
    assert uscc_warnings(code[:17]) == ()  # half a code is an error of its own


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


@pytest.mark.parametrize(
    ("name", "wrong", "remedy"),
    [
        ("", "姓名为空。", "请按证照填写姓名。"),
        ("  ", "姓名为空。", "请按证照填写姓名。"),
        ("\u202e陈示例", "姓名第1个字符是控制字符或不可见字符。", "请删除后重新手工输入，不要从网页粘贴。"),
        ("陈\u200b示例", "姓名第2个字符是控制字符或不可见字符。", "请删除后重新手工输入，不要从网页粘贴。"),
        ("陈示例\x00", "姓名第4个字符是控制字符或不可见字符。", "请删除后重新手工输入，不要从网页粘贴。"),
        ("示" * 201, "姓名超过200个字符。", "请按证照上的全称填写。"),
    ],
)
def test_bad_names_are_refused(name: str, wrong: str, remedy: str) -> None:
    """Empty, invisible, bidirectional and endless names are refused, of persons and of organisations."""
    with pytest.raises(IdentifierInvalid) as caught:
        person(name, PERSON_NUMBER, on=ON)
    assert (caught.value.field, caught.value.message, caught.value.remedy) == ("姓名", wrong, remedy)
    with pytest.raises(IdentifierInvalid) as caught:
        organisation(name, FIRM_CODE, on=ON)
    assert (caught.value.field, caught.value.message) == ("单位名称", wrong.replace("姓名", "单位名称"))


def test_a_name_of_two_hundred_characters_is_kept_without_the_spaces_around_it() -> None:
    """The longest name is a name, and spaces at its ends are nobody's name."""
    assert person(f" {'示' * 200} ", PERSON_NUMBER, on=ON).name == "示" * 200
    assert organisation(" 甲 示例\n", FIRM_CODE, on=ON).name == "甲 示例"


def test_a_bad_number_is_told_at_the_field_it_was_typed_into() -> None:
    """Each form has its own name for the field; without one, the name of the number is used."""
    for named, told in (({}, "统一社会信用代码"), ({"field": "被许可人代码"}, "被许可人代码")):
        with pytest.raises(IdentifierInvalid) as caught:
            organisation("示例", FIRM_CODE[:9], on=ON, **named)
        assert (caught.value.field, caught.value.message) == (told, f"{told}应为18位，现为9位。")
    for named, told in (({}, "证件号码"), ({"field": "被许可人证件号码"}, "被许可人证件号码")):
        with pytest.raises(IdentifierInvalid) as caught:
            person("陈示例", PERSON_NUMBER[:9], on=ON, **named)
        assert (caught.value.field, caught.value.message) == (told, f"{told}应为18位，现为9位。")


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
    """A founding date after today is a field error; a firm may be founded today."""
    with pytest.raises(IdentifierInvalid) as caught:
        organisation("示例", FIRM_CODE, on=ON, established_on=date(2026, 10, 13))
    told = caught.value
    assert (told.field, told.message, told.remedy) == (
        "成立日期",
        "成立日期晚于今天。",
        "请按营业执照核对成立日期。",
    )
    assert organisation("示例", FIRM_CODE, on=ON, established_on=ON).established_on == ON
    assert organisation("示例", FIRM_CODE, on=ON).established_on is None


def test_a_firm_code_is_no_document_of_a_person() -> None:
    """A person cannot be made from a 统一社会信用代码, nor have one as an alias."""
    code = parse(FIRM_CODE, IdentifierType.USCC)
    for number, type_, aliases in (
        (FIRM_CODE, IdentifierType.USCC, ()),
        (PERSON_NUMBER, IdentifierType.RESIDENT_ID, (code,)),
    ):
        with pytest.raises(IdentifierInvalid) as caught:
            person("陈示例", number, type=type_, on=ON, aliases=aliases)
        told = caught.value
        assert (told.field, told.message, told.remedy) == (
            "证件号码",
            "统一社会信用代码不是个人证件。",
            "请选择个人的证件类型并填写其号码。",
        )


def test_the_number_of_a_person_is_no_code_of_a_firm() -> None:
    """Whoever types the owner's number for the firm is told so, at the firm's field."""
    with pytest.raises(IdentifierInvalid) as caught:
        organisation("示例", PERSON_NUMBER, on=ON)
    assert caught.value.message == "统一社会信用代码填的是个人身份证件号码。"


def test_subjects_are_what_was_given() -> None:
    """Kind, name and numbers of a subject, the document shown first and no number twice."""
    firm = organisation("示例", FIRM_CODE, on=ON)
    assert (firm.kind, firm.identifiers) == (SubjectKind.ORGANISATION, (parse(FIRM_CODE, IdentifierType.USCC),))
    shown = parse(PERSON_NUMBER, IdentifierType.RESIDENT_ID)
    passport = parse("E12345678", IdentifierType.PASSPORT)
    subject = person("陈示例", PERSON_NUMBER, on=ON, aliases=(passport, shown))
    assert (subject.kind, subject.name, subject.identifiers) == (SubjectKind.PERSON, "陈示例", (shown, passport))


@pytest.mark.parametrize(
    ("numbers", "born"),
    [
        ([(PERSON_NUMBER, IdentifierType.RESIDENT_ID)], date(1990, 1, 1)),
        ([("810000198506120032", IdentifierType.RESIDENCE_PERMIT)], date(1985, 6, 12)),
        ([("USA440185010112", IdentifierType.FOREIGN_PERMANENT)], None),
        ([("H1234567801", IdentifierType.HM_PERMIT)], None),
        ([("H12345678", IdentifierType.HM_PERMIT), (PERSON_NUMBER, IdentifierType.RESIDENT_ID)], date(1990, 1, 1)),
        ([(FIRM_CODE, IdentifierType.USCC)], None),
    ],
)
def test_a_birth_date_is_read_from_any_number_that_carries_one(
    numbers: list[tuple[str, IdentifierType]], born: date | None
) -> None:
    """Whichever document was shown first; the 2017 card of a foreigner, permits and codes carry none."""
    given = tuple(parse(text, type_) for text, type_ in numbers)
    assert Subject(SubjectKind.PERSON, "陈示例", given).born_on() == born


def test_a_subject_without_identifiers_is_known_by_name_only() -> None:
    """Without any number the text carries kind and name."""
    assert Subject(SubjectKind.ORGANISATION, "示例", ()).digest_text() == "organisation:name:示例"


def test_the_text_behind_a_reference_never_changes() -> None:
    """References made earlier are found again only if the text they were made of stays as it was."""
    firm = organisation("示例", FIRM_CODE, on=ON)
    assert firm.digest_text() == f"organisation:uscc:{FIRM_CODE}"
    permit = person("黄示例", "H1234567801", type=IdentifierType.HM_PERMIT, on=ON)
    assert permit.digest_text() == "person:hm_permit:H12345678"
    second = parse("E87654321", IdentifierType.PASSPORT)
    holder = person("示例史密斯", "E12345678", type=IdentifierType.PASSPORT, on=ON, aliases=(second,))
    assert holder.digest_text() == "person:name:示例史密斯:passport:E12345678:passport:E87654321"


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


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("证件20269999。", "证件20••••99。"),
        ("证件20260230。", "证件20••••30。"),
        ("证件18991231。", "证件18••••31。"),
        ("证件21001231。", "证件21••••31。"),
        ("证件E2026101。", "证件E2••••01。"),
        ("19991231", "19991231"),
        ("20000229", "20000229"),
        ("20261010", "20261010"),
        ("20260431", "20••••31"),
        ("200001011234567", "200001•••••4567"),
    ],
)
def test_eight_digits_are_left_alone_only_as_a_day_of_these_two_centuries(text: str, shown: str) -> None:
    """Twenty-odd million is a permit number unless the calendar knows such a day."""
    assert mask_text(text) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (PERSON_NUMBER, "440300••••••••0016"),
        ("440524880101001", "440524•••••1001"),
        ("12345678901234", "123••••••••234"),
        ("H12345678", "H1•••••78"),
        ("1234567", "1•••••7"),
        ("123", "•••"),
        ("", ""),
    ],
)
def test_mask_number_shows_the_ends_only(number: str, shown: str) -> None:
    """Six and four of a long number, a quarter at each end of a short one, nothing of three digits."""
    assert mask_number(number) == shown


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


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("陈示例", "陈＊＊"),
        ("陈某", "陈＊"),
        ("陈", "陈＊"),
        ("", ""),
        ("  ", ""),
        (" 陈示例 ", "陈＊＊"),
        ("示例史密斯", "示＊＊＊"),
        ("示例·史密斯", "示＊＊＊"),
    ],
)
def test_mask_name_keeps_the_first_character(name: str, shown: str) -> None:
    """Only the first character of a person's name is shown, and never how long a long one is."""
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
        ("HA234567801", "HA234567801"),
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
