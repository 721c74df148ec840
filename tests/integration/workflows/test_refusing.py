"""不予许可: no refusal rests on a measure that is no bar, and no page invites one."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client

from approval_hook.policy.records import CreditRecord, Severity
from tests.integration.workflows.driving import do, filed_food, reviewed, revoked
from workflows.clerk.refusing import rests_only_on

WAGES = ("保障农民工工资支付条例", "第四十八条")
CITED = "申请人列入拖欠农民工工资失信联合惩戒名单，依照《保障农民工工资支付条例》第四十八条，不予许可。"
OWN_GROUND = "经营场所与有毒场所距离不足，不符合《食品安全法》第三十三条规定的条件，不予许可。"


@pytest.fixture
def wage_defaulter() -> CreditRecord:
    """A row of the list whose measure restricts market entry and carries no refusal."""
    return CreditRecord(
        record_id="GZ-1",
        source="province",
        list_type="wage_arrears",
        severity=Severity.SERIOUS,
        title="拖欠农民工工资",
        decided_on=date(2026, 3, 2),
        decided_by="示例市人力资源和社会保障局",
        document_no="示人社〔2026〕1号",
        category="C2-05",
    )


def settled(clerk: Client, head: Client, case: Any, verdict: str) -> None:
    """Reviewed, and the head has spoken."""
    reviewed(clerk, case)
    sent = {"action": f"head_decides:{verdict}", "reason": "已听取陈述申辩，属实。"}
    assert head.post(f"/cases/{case.pk}/credit/", sent).status_code == 302


def refuse(head: Client, case: Any, reason: str) -> Any:
    """Send the decision."""
    return do(head, case, "decide", {"decision": "refused", "decision_reason": reason, "remedy_told": "on"})


@pytest.mark.parametrize("verdict", ["uphold", "release"])
def test_no_refusal_on_a_measure_that_is_no_bar(
    clerk: Client, head: Client, credit: Any, food: dict[str, Any], wage_defaulter: CreditRecord, verdict: str
) -> None:
    """Confirmed or not, it carries no refusal: the page says so, and a refusal that cites it alone is sent back."""
    credit.records = {food["firm_code"]: (wage_defaulter,)}
    case = filed_food(food)
    settled(clerk, head, case, verdict)
    page = clerk.get(f"/cases/{case.pk}/").content.decode()
    assert "引用所列条款" not in page
    refused = refuse(head, case, CITED)
    text = refused.content.decode()
    assert refused.status_code == 200
    assert "拖欠农民工工资联合惩戒" in refused.context["warnings"][0]
    assert "不得据以不予许可" in refused.context["warnings"][0]
    assert refused.context["warnings"][0] in text
    assert "《保障农民工工资支付条例》第四十八条" in str(refused.context["form"].errors["decision_reason"])
    case.refresh_from_db()
    assert case.decision == ""
    assert (
        head.post(
            refused.request["PATH_INFO"], {"decision": "refused", "decision_reason": OWN_GROUND, "remedy_told": "on"}
        ).status_code
        == 302
    )
    case.refresh_from_db()
    assert case.decision == "refused"


def test_a_confirmed_bar_carries_a_refusal(clerk: Client, head: Client, food: dict[str, Any]) -> None:
    """The bar's own article is a basis once the head has confirmed it."""
    revoked(food)
    case = filed_food(food)
    settled(clerk, head, case, "uphold")
    assert "引用可据以不予许可的条款" in clerk.get(f"/cases/{case.pk}/").content.decode()
    reason = "许可证被吊销未满五年，依照《食品安全法》第一百三十五条，不予许可。"
    assert refuse(head, case, reason).status_code == 302


def test_a_bar_that_the_head_released_carries_none(
    clerk: Client, head: Client, food: dict[str, Any], credit: Any
) -> None:
    """What was found not to apply is no basis either."""
    revoked(food, "示市监处罚〔2025〕13号")
    case = filed_food(food)
    settled(clerk, head, case, "release")
    answer = refuse(head, case, "许可证被吊销未满五年，依照食品安全法第135条，不予许可。")
    assert "已确认不适用" in answer.context["warnings"][0]
    assert "decision_reason" in answer.context["form"].errors


def test_an_ordinary_case_has_no_warning(clerk: Client, head: Client, food: dict[str, Any], credit: Any) -> None:
    """Where nothing was found, nothing is said about measures."""
    case = filed_food(food)
    reviewed(clerk, case)
    assert refuse(head, case, "太短").context["warnings"] == []


@pytest.mark.parametrize(
    ("text", "only"),
    [
        ("依照《保障农民工工资支付条例》第四十八条，不予许可", True),
        ("依照保障农民工工资支付条例第四十八条第一款", True),
        ("依照《保障农民工工资支付条例》第48条", True),
        ("依据该条例第四十八条", True),
        ("属第四十八条所列情形", True),
        ("依照《保障农民工工资支付条例》第四十七条、第四十八条", False),
        ("依照《食品安全法》第四十八条", False),
        ("依照食品安全法第三十三条，又依照《保障农民工工资支付条例》第四十八条", False),
        ("不符合法定条件", False),
    ],
)
def test_what_a_reason_rests_on(text: str, only: bool) -> None:
    """Articles are read with the document they are of, in Chinese or Arabic numbers."""
    assert bool(rests_only_on(text, [WAGES])) is only
