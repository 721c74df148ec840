"""A broken promise, told to the platforms that answered about the applicant and take feedback.

Feedback belongs to a query: a platform that was not asked about the applicant in this case, or has not answered, cannot
be told of it. A repair takes back in words what was told; the port knows no correction by reference.

Source: R-31; S-16.
"""

from __future__ import annotations

from approval_hook.cases import Case
from approval_hook.conf import conf
from approval_hook.models import Inquiry, Kind, Outgoing, PendingQuery, Promise
from approval_hook.outbox import enqueue_feedback
from approval_hook.policy.promises import PromiseAct
from approval_hook.policy.records import QueryStatus
from approval_hook.policy.rules import PromiseKind
from approval_hook.ports import Feedback, FeedbackResult

_BROKEN = "未履行容缺受理承诺，经核实认定违约。"
_REPAIRED = "更正：编号{before}所报违约已经修复。"


def feedback_id(promise: Promise, act: PromiseAct) -> str:
    """Under which the breach or the repair of a promise is told, to every platform alike."""
    return f"promise-{promise.pk.hex}-{act.value}"


def report(case: Case, promise: Promise, act: PromiseAct, kind: PromiseKind) -> None:
    """Have a breach or its repair told, in the transaction of the act; nothing without ``FEEDBACK``.

    Args:
        case: whose first party promised.
        promise: broken or repaired.
        act: which of the two.
        kind: of the promise, for what it rests on.
    """
    before = feedback_id(promise, PromiseAct.BROKEN)
    for target in conf().feedback:
        if act is PromiseAct.REPAIRED and target not in reported(promise):
            continue
        query = _answered(case, target)
        if query is None:
            continue
        text = case.loaded.rules.promise_text(kind)
        item = Feedback(
            feedback_id=feedback_id(promise, act),
            query_id=query[0],
            receipt_no=query[1],
            subject=case.facts.parties[0].subject,
            matter=case.facts.matter,
            case_no=case.facts.case_no,
            organ=case.facts.organ,
            region=case.view.region,
            result=FeedbackResult.OTHER,
            handled_on=case.on,
            basis="；".join(f"{b.document}{b.article}" for b in text.basis) if text else "",
            remark=_BROKEN if act is PromiseAct.BROKEN else _REPAIRED.format(before=before),
        )
        enqueue_feedback(item, host_key=case.host_key, target=target)


def reported(promise: Promise, act: PromiseAct = PromiseAct.BROKEN) -> list[str]:
    """Names of the platforms for which it stands in the outbox."""
    rows = Outgoing.objects.filter(kind=Kind.FEEDBACK, key=feedback_id(promise, act), host_key=promise.host_key)
    return sorted(rows.values_list("target", flat=True))


def _answered(case: Case, source: str) -> tuple[str, str] | None:
    """Number and receipt of the last query that a source answered about the applicant in this case."""
    applicant = case.view.parties[0].ref
    for inquiry in Inquiry.objects.filter(host_key=case.host_key).order_by("-made_at").prefetch_related("replies"):
        for reply in sorted(inquiry.replies.all(), key=lambda one: one.attempt, reverse=True):
            for query, said in zip(inquiry.queries, reply.reports, strict=False):
                asked = query["source"] == source and query["party"] == applicant
                if asked and said["status"] == QueryStatus.OK.value and said.get("receipt_no"):
                    receipt: str = said["receipt_no"]
                    # The platform knows a query that its staff approved by the number under which it came first.
                    first = PendingQuery.objects.filter(source=source, receipt_no=receipt).order_by("pk").first()
                    return first.query_id if first is not None else query["query_id"], receipt
    return None
