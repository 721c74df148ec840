"""The licensing flow of the rehearsal: file, accept, review, decide."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from viewflow import this
from viewflow.workflow import flow
from viewflow.workflow.lock import select_for_update_lock

from approval_hook import clock
from approval_hook.policy.case import CaseFacts, Party, Role
from approval_hook.policy.subjects import organisation


def file_case(activation: Any, name: str, code: str) -> Any:
    """Start a process with its data, at the moment that the gate takes for now."""
    activation.process.data = {"name": name, "code": code, "filed_at": clock.now().isoformat()}
    return activation.process


def facts_of(process: Any) -> CaseFacts:
    """Map a process to facts."""
    data = process.data
    filed = datetime.fromisoformat(data["filed_at"])
    firm = organisation(data["name"], data["code"], on=clock.china_date(filed), established_on=date(2015, 5, 5))
    return CaseFacts(
        case_no=f"REHEARSAL-{process.pk}",
        matter="food-business",
        organ="示例市市场监督管理局",
        region="440104",
        filed_at=filed,
        accepted_at=filed,
        parties=(Party(firm, Role.APPLICANT),),
    )


class LicensingFlow(flow.Flow):
    """The gate enters it twice: before acceptance, where it never holds, and before the decision."""

    lock_impl = select_for_update_lock
    start = flow.StartHandle(file_case).Next(this.accept)
    accept = flow.Handle().Next(this.review)
    review = flow.Handle().Next(this.decide)
    decide = flow.Handle().Next(this.end)
    end = flow.End()
