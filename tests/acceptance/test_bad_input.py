"""Scenario S-25 and the issue's list of bad input: clear errors before any query, and nothing half saved."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection
from viewflow.workflow.models import Process, Task

from adapters.simulator import FaultKind
from approval_hook.errors import MatterNotConfigured, RulesInvalid
from approval_hook.models import CreditDecision, Hold, Inquiry, Recheck, Reply
from approval_hook.policy.checkdigits import USCC_FILLER
from approval_hook.rulebook import load
from tests.acceptance.evidence import people
from tests.acceptance.evidence.office import fresh, opinion, recheck, statuses
from workflows.filing import FilingInvalid
from workflows.models import CaseNumberSequence, CasePerson, FoodBusinessCase, RegisteredUnit

FIRM = people.firm(2501)
DRIVER = people.driver(2501)
SAYS_CLEAN = ("无记录", "没有不良记录", "无不良记录", "没有可用的失信记录", "信用良好")
RULES = Path(__file__).parents[2] / "fixtures" / "rules" / "guangdong"


def spoiled(number: str) -> str:
    """The same number with another last character, so that its check digit fails."""
    return number[:-1] + ("1" if number[-1] != "1" else "2")


def with_letter_o(number: str) -> str:
    """The same number with the letter O for its first zero."""
    return number.replace("0", "O", 1)


def full_width(number: str) -> str:
    """The same number as a Chinese input method types it."""
    return "".join(chr(ord(c) + 0xFEE0) for c in number)


def saved() -> dict[str, int]:
    """How many rows a filing could have left behind."""
    models = (Process, Task, FoodBusinessCase, CasePerson, CaseNumberSequence, Inquiry, Reply, CreditDecision, Hold)
    return {m.__name__: m._default_manager.count() for m in (*models, Recheck)}


BAD_FIRM_CODES = {
    "wrong check digit": (spoiled(FIRM.code), "校验位不符", "逐位核对"),
    "O for 0": (with_letter_o(FIRM.code), "是字母O，应为数字0", "改为数字0"),
    "15 digits": ("440104000012345", "像是旧的工商注册号", "18位统一社会信用代码"),
    "filler": (USCC_FILLER, "占位码", "营业执照"),
    "a person's number": (FIRM.legal.number, "个人身份证件号码", "请填写单位的统一社会信用代码"),
    "too short": (FIRM.code[:-1], "应为18位，现为17位", "逐位核对"),
    "invisible character": (FIRM.code[:5] + "\u200b" + FIRM.code[5:], "不可见字符", "重新手工输入"),
}
BAD_PERSON_NUMBERS = {
    "wrong check digit": (spoiled(DRIVER.who.number), "校验位不符", "逐位核对"),
    "O for 0": (with_letter_o(DRIVER.who.number), "是字母O，应为数字0", "改为数字0"),
    "15 digits": ("440104850304123", "15位的旧身份证号码", "18位号码"),
    "filler": ("0" * 17 + "X", "", "核对"),
    "a firm's code": (FIRM.code, "统一社会信用代码", "个人的身份证件号码"),
    "impossible day": ("44010419850230123", "应为18位", "核对"),
}


@pytest.mark.parametrize("name", BAD_FIRM_CODES)
def test_s25_bad_firm_code_is_a_field_error_on_the_page(wired: Any, office: Any, name: str) -> None:
    """Each bad code is named beside its field with the remedy, in Chinese; nobody is asked and nothing is saved."""
    code, problem, remedy = BAD_FIRM_CODES[name]
    FIRM.enter(wired.province.control)
    before = saved()
    filing = FIRM.filing(firm_code=code)
    answer = office.post(filing)
    assert answer.status_code == 200
    (text,) = answer.context["intake"].problems()["firm_code"]
    assert problem in text
    assert remedy in text
    assert text in answer.content.decode()
    with pytest.raises(FilingInvalid) as raised:
        office.file(filing)
    assert set(raised.value.problems) == {"firm_code"}
    assert wired.asked() == []
    assert saved() == before


@pytest.mark.parametrize("name", BAD_PERSON_NUMBERS)
def test_s25_bad_person_number_is_a_field_error_on_the_page(wired: Any, office: Any, name: str) -> None:
    """The same for the driver's own number, and for a person named in a firm's application."""
    number, problem, remedy = BAD_PERSON_NUMBERS[name]
    before = saved()
    answer = office.post(DRIVER.filing(number=number))
    assert answer.status_code == 200
    (text,) = answer.context["intake"].problems()["number"]
    assert problem in text
    assert remedy in text
    filing = FIRM.filing()
    filing["persons"][1]["number"] = number
    answer = office.post(filing)
    assert answer.status_code == 200
    assert set(answer.context["intake"].problems()) == {"persons-1-number"}
    assert wired.asked() == []
    assert saved() == before


def test_s25_full_width_digits_are_normalised_and_asked_in_plain_form(wired: Any, office: Any) -> None:
    """Full-width digits, spaces and lower case of a valid code are accepted and asked about in normal form."""
    FIRM.enter(wired.province.control)
    filing = FIRM.filing(firm_code=f" {full_width(FIRM.code).lower()} ")
    filing["persons"][0]["number"] = full_width(FIRM.legal.number)
    case = office.file_at_window(filing)
    assert fresh(case).firm_code == FIRM.code
    assert opinion(case).outcome == "O-09"
    wanted = {hashlib.sha256(n.encode()).hexdigest() for n in (FIRM.code, FIRM.legal.number, FIRM.officer.number)}
    assert {line["subject"] for line in wired.asked()} == wanted


def test_s25_valid_code_of_another_unit_stops_before_any_query(wired: Any, office: Any) -> None:
    """名称与代码不符 against the own copy of the register is a field error; nobody is asked."""
    RegisteredUnit.objects.create(
        code=FIRM.code, name="广州示例他人有限公司", legal_representative="陈示例", established_on=FIRM.established_on
    )
    before = saved()
    answer = office.post(FIRM.filing())
    assert answer.status_code == 200
    (text,) = answer.context["intake"].problems()["firm_name"]
    assert "名称与代码不符" in text
    assert "请对照营业执照核对" in text
    assert wired.asked() == []
    assert saved() == before


def test_s25_platform_registers_the_code_under_another_name(wired: Any, office: Any) -> None:
    """When only the platform knows the other name, the answer counts as could-not-tell and the page says why."""
    FIRM.enter(wired.province.control)
    wired.province.control.put(FIRM.held(people.row("S25"), name="广州示例他人有限公司"))
    case = office.file(FIRM.filing())
    row = opinion(case)
    assert (row.permits, row.complete) == (False, False)
    assert row.outcome in ("O-00", "O-01")
    assert "名称与代码不符" in office.page(case)
    assert statuses(case)["accept"] == "NEW"


def _rules(tmp_path: Path, change: Any) -> str:
    (source,) = (path for path in RULES.iterdir() if path.name != "notices")
    data = load(source).rules.plain()
    change(data)
    (tmp_path / f"{source.name}.yaml").write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return str(tmp_path)


def _without_food(data: dict[str, Any]) -> None:
    data["matters"] = [m for m in data["matters"] if m["code"] != "food-business"]
    data["applications"] = [a for a in data["applications"] if a["matter"] != "food-business"]
    for kind in ("bars", "grounds"):
        kept = []
        for entry in data[kind]:
            named = entry.get("matters", [])
            entry["matters"] = [m for m in named if m != "food-business"]
            if entry["matters"] or not named:
                kept.append(entry)
        data[kind] = kept


def _unknown_key(data: dict[str, Any]) -> None:
    data["measures"][0]["efect"] = "limit_entry"


def _no_basis(data: dict[str, Any]) -> None:
    next(m for m in data["measures"] if m["id"] == "wage-48-entry")["basis"] = []


def test_matter_that_is_not_configured_stops_the_case(wired: Any, office: Any, settings: Any, tmp_path: Path) -> None:
    """A flow whose matter the rules do not know answers with a page in Chinese; no query, nothing saved."""
    settings.APPROVAL_HOOK = {**settings.APPROVAL_HOOK, "RULES": _rules(tmp_path, _without_food)}
    before = saved()
    answer = office.post(FIRM.filing())
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "<h1>本事项未配置信用核查</h1>" in page
    assert "事项“food-business”未配置信用核查规则" in page
    assert "请联系系统管理员在规则文件中配置该事项后再办理" in page
    assert "不是您填错。没有保存，也没有查询。" in page
    with pytest.raises(MatterNotConfigured):
        office.file(FIRM.filing())
    assert wired.asked() == []
    assert saved() == before
    with pytest.raises(SystemCheckError, match=r"approval_hook\.E004"):
        call_command("check")


@pytest.mark.parametrize(("change", "names"), [(_unknown_key, "efect"), (_no_basis, "wage-48-entry")])
def test_unsound_rule_file_is_used_by_nobody(
    wired: Any, office: Any, settings: Any, tmp_path: Path, change: Any, names: str
) -> None:
    """Unknown key or measure without basis: start-up stops, a page names the place; no query, nothing saved."""
    settings.APPROVAL_HOOK = {**settings.APPROVAL_HOOK, "RULES": _rules(tmp_path, change)}
    before = saved()
    with pytest.raises(SystemCheckError, match=r"approval_hook\.E002"):
        call_command("check")
    answer = office.post(FIRM.filing())
    assert answer.status_code == 503
    page = answer.content.decode()
    assert "规则文件" in page
    assert "请联系系统管理员" in page
    assert names in page or "measures" in page
    with pytest.raises(RulesInvalid):
        office.file(FIRM.filing())
    assert wired.asked() == []
    assert saved() == before


BAD_ANSWERS = {
    FaultKind.HANG: "silent",
    FaultKind.SLOW: "late",
    FaultKind.WRONG_SUBJECT: "about somebody else",
    FaultKind.WRONG_QUERY: "to another query",
    FaultKind.HALF_PAGE: "half of the pages",
    FaultKind.CUT: "half of the bytes",
    FaultKind.MISSING_ROWS: "rows missing",
    FaultKind.MISSING_FIELD: "no list of rows",
    FaultKind.PARTIAL: "partial by its own word",
    FaultKind.PENDING: "pending",
    FaultKind.REFUSED: "refused",
    FaultKind.LOGIN_PAGE: "a login page",
    FaultKind.EMPTY: "empty",
    FaultKind.BAD_JSON: "broken JSON",
    FaultKind.GBK: "wrong charset",
    FaultKind.HTTP_500: "500",
    FaultKind.RESET: "reset",
    FaultKind.UNKNOWN_STATUS: "a code no table has",
}


@pytest.mark.parametrize("fault", BAD_ANSWERS)
def test_no_usable_answer_is_could_not_tell(wired: Any, wire: Any, office: Any, fault: FaultKind) -> None:
    """Silent, late, wrong or half: O-00, accepted as ordinary, a re-check is owed, nothing says "no record"."""
    FIRM.enter(wired.province.control)
    wire(province=wired.province.url, seconds=0.3)
    wired.province.control.fault(fault, seconds=1.0)
    case = office.file(FIRM.filing())
    row = opinion(case)
    assert (row.outcome, row.channel, row.complete, row.permits) == ("O-00", "undetermined", False, False)
    assert statuses(case)["accept"] == "NEW"
    owed = recheck(case)
    assert owed is not None
    assert owed.paid_at is None
    assert all(m["kind"] != "incentive" for m in row.stated()["measures"])
    for who in ("clerk", "head"):
        page = office.page(case, who)
        assert not [text for text in SAYS_CLEAN if text in page]
    stored = json.dumps([row.body, list(Reply.objects.values_list("reports", flat=True))], ensure_ascii=False)
    assert not [text for text in SAYS_CLEAN if text in stored]
    assert office.do(case, "accept").status_code == 302
    assert connection.in_atomic_block is False
