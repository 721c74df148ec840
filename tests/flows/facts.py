"""Facts of the test flows: everything sits in ``process.data``."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.utils import timezone

from approval_hook.policy.case import CaseFacts, Party, Role
from approval_hook.policy.subjects import organisation

CLEAN = "91440300MA5FKAEH40"
OTHER = "92440104MA5FKAEH4C"


def firm_data(code: str = CLEAN, **more: Any) -> dict[str, Any]:
    """Process data of a firm's case."""
    return {"code": code, "name": "粤示例有限公司", "established": "2015-05-05", **more}


def facts_of(process: Any) -> CaseFacts:
    """Map a test process to facts; raises CaseInvalid like any real mapping does."""
    data = process.data
    filed = process.created
    firm = organisation(
        data["name"],
        data["code"],
        on=timezone.localdate(filed),
        established_on=date.fromisoformat(data["established"]),
    )
    accepted = data.get("accepted_at")
    return CaseFacts(
        case_no=f"TEST-{process.pk}",
        matter="food-business",
        organ="示例市场监督管理局",
        region="440104",
        filed_at=filed,
        accepted_at=datetime.fromisoformat(accepted) if accepted else filed,
        parties=(Party(firm, Role.APPLICANT),),
    )
