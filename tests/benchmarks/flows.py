"""The licensing flow of the benchmark, plain and gated: the same nodes, the gate comes from settings.

start, check, gateway, approve, end. Two transactions are durable: filing, up to the approval task, and
approving, up to the end.
"""

from __future__ import annotations

from typing import Any

from viewflow import this
from viewflow.workflow import flow
from viewflow.workflow.lock import select_for_update_lock

from approval_hook import clock
from approval_hook.policy.case import CaseFacts, Party, Role
from approval_hook.policy.records import CreditReport, QueryStatus
from approval_hook.policy.subjects import organisation
from approval_hook.ports import Query

_CODE = "91440300MA5FKAEH40"


def file_case(activation: Any, amount: int) -> Any:
    """Start a process with its data."""
    activation.process.data = {"amount": amount, "code": _CODE, "name": "粤示例有限公司"}
    return activation.process


def check_form(activation: Any) -> None:
    """A cheap look at the host's own data."""
    if not activation.process.data["code"]:
        raise ValueError("the application names no applicant")


def facts_of(process: Any) -> CaseFacts:
    """Map a process to facts."""
    firm = organisation(process.data["name"], process.data["code"], on=clock.china_date(process.created))
    return CaseFacts(
        case_no=f"BENCH-{process.pk}",
        matter="food-business",
        organ="示例市场监督管理局",
        region="440104",
        filed_at=process.created,
        accepted_at=process.created,
        parties=(Party(firm, Role.APPLICANT),),
    )


class InstantPlatform:
    """Answers "holds none" in no time, so that what is measured is ours; local or remote as the shape needs."""

    remote = False

    def __init__(self, name: str) -> None:
        """Keep the configured name."""
        self.name = name

    def query(self, query: Query, *, timeout: float) -> CreditReport:
        """Answer at once."""
        at = clock.now()
        return CreditReport(party=query.party, source=self.name, status=QueryStatus.OK, asked_at=at, answered_at=at)


class Licensing:
    """The nodes of every twin; no flow by itself."""

    lock_impl = select_for_update_lock
    start = flow.StartHandle(file_case).Next(this.check)
    check = flow.Function(check_form).Next(this.gateway)
    gateway = flow.If(lambda activation: activation.process.data["amount"] > 0).Then(this.approve).Else(this.end)
    approve = flow.Handle().Next(this.end)
    end = flow.End()


class PlainFlow(Licensing, flow.Flow):
    """The peer: never injected."""


class OneGateFlow(Licensing, flow.Flow):
    """The twin whose decision is gated."""


class InsideFlow(Licensing, flow.Flow):
    """The twin whose check is part of the protected step."""


class TwoGatesFlow(Licensing, flow.Flow):
    """The twin with a gate before acceptance too, whose record the second gate finds."""
