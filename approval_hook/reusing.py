"""Answers of the same case that serve once more, so that a source that answered is not asked again for another's sake.

Off unless the settings of the source allow it, and never from one case to another: a query is made for one case, on
one ground, by one organ, and is registered and fed back under its own number (decision 14).

Source: domain facts 4.4 (idempotency key = case + subject + purpose + day), R-37.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from approval_hook import clock
from approval_hook.cases import Case, fresh_until
from approval_hook.conf import conf
from approval_hook.models import Inquiry, Point, Reply
from approval_hook.policy.receipt import reports_from_json
from approval_hook.policy.records import CreditReport, QueryStatus

#: Replies of a case that are looked through, newest first.
_MOST_REPLIES = 20


@dataclass(frozen=True, slots=True)
class Reused:
    """An answer that serves again, and the reply that brought it."""

    report: CreditReport
    reply: int


def reusable(case: Case, point: Point, inquiry: Inquiry) -> dict[str, Reused]:
    """Answers that serve again, by query of this inquiry. At most one SELECT; none where no source allows it.

    Only a complete answer of today, on the same ground, about the same subjects, younger than the source's settings
    and the rule set's freshness allow at this hook point.
    """
    configured = conf().platforms
    minutes = {q["source"]: configured[q["source"]].reuse_minutes for q in inquiry.queries if q["source"] in configured}
    if not any(minutes.values()):
        return {}
    replies = Reply.objects.filter(inquiry__host_key=case.host_key, inquiry__subjects=case.subjects)
    replies = replies.select_related("inquiry").order_by("-pk")[:_MOST_REPLIES]
    known: dict[tuple[str, str, str], list[Reused]] = {}
    for reply in replies:
        asked = reply.inquiry
        if (asked.organ, asked.matter) != (inquiry.organ, inquiry.matter) or not reply.is_genuine():
            continue
        for query, report in zip(asked.queries, reports_from_json(reply.reports), strict=True):
            if _serves(case, point, report, minutes.get(query["source"], 0)):
                key = query["source"], query["party"], query["ground"]
                known.setdefault(key, []).append(Reused(report, reply.pk))
    found = {}
    for query in inquiry.queries:
        same = known.get((query["source"], query["party"], query["ground"]))
        if same:
            found[query["query_id"]] = max(same, key=lambda one: one.report.answered_at)
    return found


def _serves(case: Case, point: Point, report: CreditReport, minutes: int) -> bool:
    age = case.at - report.answered_at
    return (
        report.status is QueryStatus.OK
        and not report.registered_name_differs
        and timedelta(0) <= age <= timedelta(minutes=minutes)
        and minutes > 0
        and clock.china_date(report.answered_at) == case.on
        and case.at < fresh_until(case, point, report.answered_at)
    )


def told(case: Case, reused: Mapping[str, Reused]) -> list[dict[str, object]] | None:
    """What the reply row keeps of them."""
    return [
        {"query": query, "reply": one.reply, "age": int((case.at - one.report.answered_at).total_seconds())}
        for query, one in sorted(reused.items())
    ] or None
