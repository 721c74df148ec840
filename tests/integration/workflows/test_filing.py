"""Filing: what is saved, and what is refused with nothing saved."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from approval_hook.policy.checkdigits import resident_check_digit
from tests.integration.workflows.conftest import ORGAN, REGION
from tests.integration.workflows.driving import filed_driver, filed_food, posted
from workflows.filing import FilingInvalid, file_case
from workflows.flows import FoodBusinessFlow, RideHailingDriverFlow
from workflows.models import CasePerson, FoodBusinessCase, RegisteredUnit, RideHailingDriverCase, Source

FOOD_URL = "/flows/licensing/flows/foodbusiness/start/"
DRIVER_URL = "/flows/licensing/flows/ridehailingdriver/start/"


def test_the_page_files_a_firm_with_its_people(clerk: Client, food: dict[str, Any]) -> None:
    """A valid form makes a numbered case of the officer's organ with every person, and leads to its page."""
    response = clerk.post(FOOD_URL, posted(food))
    case = FoodBusinessCase.objects.get()
    assert response.headers["Location"] == f"/cases/{case.pk}/"
    assert re.fullmatch(rf"{REGION}-\d{{8}}-0001", case.case_no)
    assert (case.organ, case.source, case.materials) == (ORGAN, Source.WINDOW, food["materials"])
    assert [(p.role, p.number) for p in case.persons.all()] == [
        ("legal_representative", "440300199001010016"),
        ("food_safety_officer", "440524198801010011"),
    ]


def test_the_page_files_a_driver(clerk: Client, driver: dict[str, Any]) -> None:
    """A valid form makes a case with the driver's normalised number."""
    driver["number"] = "４４０３００ 20000229 0019"
    assert clerk.post(DRIVER_URL, posted(driver)).status_code == 302
    assert RideHailingDriverCase.objects.get().number == "440300200002290019"


@pytest.mark.parametrize(
    ("field", "value", "problem", "remedy"),
    [
        ("firm_code", "91440300MA5FKAEH41", "校验位不符", "请按营业执照逐位核对"),
        ("firm_code", "91440300MA5FKAEHO0", "字母O，应为数字0", "请把第17位改为数字0"),
        ("firm_code", "00000000000000000X", "占位码", "请填写该单位营业执照"),
        ("firm_code", "440300199001010016", "个人身份证件号码", "请填写单位的统一社会信用代码"),
        ("established_on", "2999-01-01", "成立日期晚于今天", "请按营业执照核对"),
    ],
)
def test_a_bad_identifier_is_told_with_its_remedy_and_nothing_is_saved(
    clerk: Client, credit: Any, food: dict[str, Any], field: str, value: str, problem: str, remedy: str
) -> None:
    """Every wrong firm fact is a Chinese field error; no case, no person, no query comes of it."""
    food[field] = value
    response = clerk.post(FOOD_URL, posted(food))
    errors = "".join(response.context["intake"].problems()[field])
    assert problem in errors
    assert remedy in errors
    assert remedy in response.content.decode()
    assert not FoodBusinessCase.objects.exists()
    assert not CasePerson.objects.exists()
    assert credit.asked == []


def test_a_code_registered_under_another_name_is_refused(clerk: Client, food: dict[str, Any]) -> None:
    """A valid code of somebody else stops with 名称与代码不符 and does not tell whose it is."""
    RegisteredUnit.objects.create(
        code=food["firm_code"], name="另一家（示例）公司", legal_representative="某示例", established_on="2020-01-01"
    )
    text = clerk.post(FOOD_URL, posted(food)).content.decode()
    assert "名称与代码不符" in text
    assert "另一家" not in text
    assert not FoodBusinessCase.objects.exists()


@pytest.mark.parametrize(
    ("change", "field", "problem"),
    [
        ({"number": "440300199902290019"}, "persons-0-number", "不是真实日期"),
        ({"number": "91440300MA5FKAEH40"}, "persons-0-number", "单位的统一社会信用代码"),
        ({"since": ""}, "persons-0-since", "须填写任职起始日期"),
        ({"until": "2020-01-01"}, "persons-0-until", "任职截止早于起始"),
        ({"consent_no": "SQ-1"}, "persons-0-consent_no", "须一并填写"),
        ({"role": "principal"}, "persons", "一名法定代表人"),
    ],
)
def test_a_bad_person_is_told_at_the_field(
    food: dict[str, Any], change: dict[str, str], field: str, problem: str
) -> None:
    """Errors about people name the row and the field, from code as on the page, and nothing is saved."""
    food["persons"][0] |= change
    with pytest.raises(FilingInvalid) as caught:
        filed_food(food)
    assert problem in "".join(caught.value.problems[field])
    assert not FoodBusinessCase.objects.exists()


@pytest.mark.parametrize(
    ("change", "field", "problem"),
    [
        ({"since": "2999-01-01"}, "persons-0-since", "任职起始晚于收件日"),
        ({"until": "2022-01-01"}, "persons-0-until", "法定代表人已经离任"),
        ({"name": "Chan Siu Ming"}, "persons-0-name", "姓名是汉字"),
        ({"name": ""}, "persons-0-name", "请填写姓名。"),
        ({"role": ""}, "persons-0-role", "请选择职责。"),
        ({"number": "440524198801010011"}, "persons-1-name", "同一证件号码前面填的是另一个姓名"),
        (
            {"consent_no": "SQ-1", "consent_from": "2999-01-01", "consent_until": "2999-02-01"},
            "persons-0-consent_from",
            "授权尚未生效",
        ),
        (
            {"consent_no": "SQ-1", "consent_from": "2020-01-01", "consent_until": "2020-02-01"},
            "persons-0-consent_until",
            "授权已过期",
        ),
    ],
)
def test_what_cannot_be_true_of_a_person_is_told(
    food: dict[str, Any], change: dict[str, str], field: str, problem: str
) -> None:
    """Dates, names and consents that contradict each other or the day of filing are field errors."""
    food["persons"][0] |= change
    with pytest.raises(FilingInvalid) as caught:
        filed_food(food)
    assert problem in "".join(caught.value.problems[field])


def test_the_same_person_twice_in_one_role_is_refused(food: dict[str, Any]) -> None:
    """A repeated row is told at its role; the same person in two roles is usual in small firms."""
    food["persons"].append(dict(food["persons"][1]))
    with pytest.raises(FilingInvalid) as caught:
        filed_food(food)
    assert "填了两次" in "".join(caught.value.problems["persons-2-role"])
    food["persons"][2]["role"] = "principal"
    assert filed_food(food).persons.count() == 3


@pytest.mark.parametrize(
    ("change", "field", "problem"),
    [
        ({"driving_since": "2018-02-27"}, "driving_since", "早于十八周岁生日"),
        ({"driving_since": "2018-03-01"}, "", ""),
        ({"number": "44030020150101001" + resident_check_digit("44030020150101001")}, "number", "未满十八周岁"),
    ],
)
def test_a_driver_is_of_age(driver: dict[str, Any], change: dict[str, str], field: str, problem: str) -> None:
    """Nobody under 18 applies, and no licence is older than its holder's eighteenth birthday."""
    driver |= change
    if not field:
        assert filed_driver(driver).driving_since.year == 2018
        return
    with pytest.raises(FilingInvalid) as caught:
        filed_driver(driver)
    assert problem in "".join(caught.value.problems[field])


def test_more_people_can_be_named_without_script(clerk: Client, food: dict[str, Any]) -> None:
    """The button shows the page again with everything typed, one more row and no complaint."""
    food["firm_code"] = "not yet checked"
    page = clerk.post(FOOD_URL, posted(food) | {"more": "1"})
    text = page.content.decode()
    assert len(page.context["intake"].persons.forms) == 5
    assert "not yet checked" in text
    assert "陈示例" in text
    assert "errorlist" not in text
    assert not FoodBusinessCase.objects.exists()


def test_a_rejected_form_points_to_its_first_fault(clerk: Client, food: dict[str, Any]) -> None:
    """The summary links each fault, and the cursor is on the first of them only."""
    food["firm_code"] = "91440300MA5FKAEH41"
    food["persons"][1]["name"] = ""
    text = clerk.post(FOOD_URL, posted(food)).content.decode()
    assert '<a href="#id_firm_code">统一社会信用代码</a>' in text
    assert re.search(r'<a href="#id_persons-1-name">\S+ 姓名</a>', text)  # with the duty of the person it is about
    focused = re.findall(r"<[^>]*autofocus[^>]*>", text)
    assert len(focused) == 1
    assert 'id="id_firm_code"' in focused[0]


def test_what_some_answers_demand_is_not_called_optional(clerk: Client) -> None:
    """The start of a term says who must give it, and refusing the consent says what follows."""
    text = clerk.get(FOOD_URL).content.decode()
    assert re.search(r'任职自<span class="dim small">（法定代表人必填）', text)
    assert "只依法核对法律规定的限制，不查询公共信用信息" in text
    assert "凭证" not in text
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids))


def test_a_rejected_application_uses_no_case_number(food: dict[str, Any]) -> None:
    """Numbers are given out without a gap: the filing after a refused one gets 0001."""
    with pytest.raises(FilingInvalid):
        filed_food(food | {"firm_code": "x"})
    assert filed_food(food).case_no.endswith("-0001")


def test_both_flows_share_one_row_of_numbers(food: dict[str, Any], driver: dict[str, Any]) -> None:
    """Two cases of one region and day never have the same number, whatever they are about."""
    assert [filed_food(food).case_no[-4:], filed_driver(driver).case_no[-4:]] == ["0001", "0002"]


def test_filing_from_code_takes_the_filing_time(driver: dict[str, Any]) -> None:
    """The number carries the day of filing; a future or naive time is a programming error."""
    then = timezone.now() - timedelta(days=400)
    driver["consent_from"] = "2020-01-01"
    case = file_case(RideHailingDriverFlow, driver, organ=ORGAN, region=REGION, filed_at=then)
    assert case.filed_at == then
    assert f"{timezone.localdate(then):%Y%m%d}" in case.case_no
    with pytest.raises(ValueError, match="not in the future"):
        file_case(FoodBusinessFlow, {}, organ=ORGAN, region=REGION, filed_at=timezone.now() + timedelta(minutes=1))


def test_personal_numbers_are_ciphertext_in_the_database(food: dict[str, Any], driver: dict[str, Any]) -> None:
    """No stored row of a case holds a personal number in clear."""
    filed_food(food)
    filed_driver(driver)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT number FROM workflows_caseperson UNION SELECT number FROM workflows_ridehailingdrivercase"
        )
        stored = [row[0] for row in cursor.fetchall()]
    assert len(stored) == 3
    assert all(text.startswith("sm4g1:") and "4403" not in text for text in stored)


def test_the_summary_of_errors_says_whose_field_is_meant(clerk: Client, food: dict[str, Any]) -> None:
    """Two people without a name are told apart by their duty; a field of the firm stands by itself."""
    for person in food["persons"]:
        person["name"] = ""
    food["premises"] = ""
    labels = [fault["label"] for fault in clerk.post(FOOD_URL, posted(food)).context["faults"]]
    assert labels == ["经营场所", "法定代表人（负责人） 姓名", "食品安全管理人员 姓名"]


@pytest.mark.parametrize("name", ["张<script>alert(1)</script>", "张示例2", "陈（示例）", "陈/示例"])
def test_a_name_holds_only_what_a_document_shows(clerk: Client, food: dict[str, Any], name: str) -> None:
    """Brackets, digits and signs stand on no document; nothing is filed."""
    food["persons"][1]["name"] = name
    text = clerk.post(FoodBusinessFlow.start.reverse("execute"), posted(food)).content.decode()
    assert "姓名里有证件上不会有的字符" in text
    assert FoodBusinessCase.objects.count() == 0


@pytest.mark.parametrize("name", ["阿卜杜拉·买买提", "阿卜杜拉•买买提", "欧阳示例", "𠮷示例"])
def test_names_of_many_kinds_are_taken(clerk: Client, food: dict[str, Any], name: str) -> None:
    """The separator of minority names and rare characters are part of a name."""
    food["persons"][1]["name"] = name
    assert clerk.post(FoodBusinessFlow.start.reverse("execute"), posted(food)).status_code == 302


def test_a_second_filing_of_the_same_is_asked_about(clerk: Client, food: dict[str, Any]) -> None:
    """Two tabs file one firm's matter once, unless the clerk says that it is another one; nothing typed is lost."""
    url = FoodBusinessFlow.start.reverse("execute")
    assert clerk.post(url, posted(food)).status_code == 302
    first = FoodBusinessCase.objects.get()
    second = clerk.post(url, posted(food))
    text = second.content.decode()
    assert "已有在办的办件" in text
    assert first.case_no in text
    assert food["firm_name"] in text
    assert FoodBusinessCase.objects.count() == 1
    assert clerk.post(url, posted(food) | {"again": "1"}).status_code == 302
    assert FoodBusinessCase.objects.count() == 2


def test_a_second_filing_of_a_driver_is_found_by_the_number(clerk: Client, driver: dict[str, Any]) -> None:
    """The same name is not the same person; an ended case is none at work."""
    url = RideHailingDriverFlow.start.reverse("execute")
    assert clerk.post(url, driver).status_code == 302
    other = driver | {"number": "440524198801010011"}
    assert clerk.post(url, other).status_code == 302
    assert "已有在办的办件" in clerk.post(url, driver).content.decode()
    RideHailingDriverCase.objects.update(status="DONE")
    assert clerk.post(url, driver).status_code == 302


def test_another_organ_is_not_told_of_the_first(clerk: Client, stranger: Client, food: dict[str, Any]) -> None:
    """Whether a firm has a case elsewhere is not told."""
    url = FoodBusinessFlow.start.reverse("execute")
    clerk.post(url, posted(food))
    assert stranger.post(url, posted(food)).status_code == 302
