"""Re-checks that are owed: what a case went on without, until when it is to be made up for, and who is told.

A debt never stops a decision or a delivery, and what is found late changes no decision by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Case as Choose
from django.db.models import F, Q, Value, When

from approval_hook import clock
from approval_hook.cases import Case
from approval_hook.conf import conf
from approval_hook.logs import get_logger
from approval_hook.models import CreditDecision, Point, Recheck
from approval_hook.policy.decision import Decision, Outcome
from approval_hook.policy.receipt import reports_from_json
from approval_hook.policy.records import CreditReport, QueryStatus
from approval_hook.policy.workdays import add_workdays
from approval_hook.statements import Update
from approval_hook.workcalendar import published_calendar

#: Wait before each further attempt to pay a re-check or to ask for a held case.
BACKOFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
#: A source that is back brings the next try of a debt forward at most this often.
FORWARD_AGAIN = timedelta(minutes=30)

#: What a person must look at when it is found after the fact.
FOR_A_PERSON = (Outcome.BARRED, Outcome.LISTED_MEASURE, Outcome.SEVERE, Outcome.AMBIGUOUS)

_pay = Update(Recheck, ("paid_at", "found", "supervise"), "host_key = %s AND paid_at IS NULL")


def next_try(attempts: int, at: datetime) -> datetime:
    """When to ask again after so many failed attempts."""
    return at + BACKOFF[min(max(attempts, 1), len(BACKOFF)) - 1]


def deadline(since: datetime) -> date:
    """The last working day on which a debt of that moment is not overdue."""
    return add_workdays(clock.china_date(since), conf().recheck_workdays, published_calendar()).on


def listed(sources: Iterable[str]) -> str:
    """Names of sources as a row keeps them, so that one of them can be looked for."""
    return "".join(f",{name}" for name in sorted(set(sources))) + ","


def named(text: str) -> list[str]:
    """The names in it."""
    return [name for name in text.split(",") if name]


def waiting_for(source: str) -> Q:
    """Debts that lack the answer of a source."""
    return Q(waits_for__contains=f",{source},")


def lacking(reports: Sequence[CreditReport], required: Collection[str]) -> list[CreditReport]:
    """Reports of required sources that leave something untold."""
    return [
        r for r in reports if r.source in required and (r.status is not QueryStatus.OK or r.registered_name_differs)
    ]


def silent(reports: Iterable[CreditReport]) -> set[str]:
    """Sources that did not answer at all, or were not asked: what they owe one case they owe every case."""
    return {r.source for r in reports if r.status is QueryStatus.UNAVAILABLE}


def keep(case: Case, row: CreditDecision, decision: Decision) -> None:
    """A could-not-tell record owes a re-check; a complete one pays it."""
    if decision.recheck_owed:
        lacks = lacking(reports_from_json(row.reply.reports), case.matter.required_sources)
        sources = {"waits_for": listed(r.source for r in lacks), "silent": listed(silent(lacks))}
        _owe(
            case,
            {"decision": row, "next_try_at": next_try(row.reply.attempt, case.at), **sources},
            next_try(1, case.at),
        )
    elif row.inquiry.round > 1 or row.reply.attempt > 1 or row.point != Point.ACCEPTANCE:
        severe = decision.outcome in (Outcome.BARRED, Outcome.LISTED_MEASURE, Outcome.SEVERE)
        _pay((case.at, row.outcome, severe), (case.host_key,))


def owe_recheck(case: Case, found: CreditDecision | None) -> None:
    """Have the runner ask about a case that an observed flow let pass on no record or on an outdated one."""
    _owe(case, {"decision": found, "next_try_at": case.at, "waits_for": ",", "silent": ","}, case.at)


def _owe(case: Case, state: dict[str, Any], first_try: datetime) -> None:
    """One row per case. A debt that was paid and is owed anew begins anew."""

    def renewed(name: str, value: Any) -> Any:
        field: Any = Recheck._meta.get_field(name)
        return Choose(When(paid_at=None, then=F(name)), default=Value(value, field))

    fresh = {"owed_since": case.at, "due_on": deadline(case.at), "attempts": 0}
    cleared = {
        "paid_at": None,
        "found": "",
        "supervise": False,
        "after_decision": False,
        "handled_by": "",
        "handled_at": None,
        "handling": "",
    }
    Recheck.objects.update_or_create(
        host_key=case.host_key,
        defaults={
            **state,
            **cleared,
            **{name: renewed(name, value) for name, value in fresh.items()},
            "escalated_at": renewed("escalated_at", None),
        },
        create_defaults={
            **state,
            **fresh,
            "next_try_at": first_try,
            "flow": case.flow,
            "case_no": case.facts.case_no,
        },
    )


def bring_forward(sources: Iterable[str]) -> int:
    """Make the debts due that wait for a source which is back; how many."""
    now = clock.now()
    back = Q(pk=None)
    for source in sources:
        back |= Q(silent__contains=f",{source},")
    rows = Recheck.objects.filter(back, paid_at=None, next_try_at__gt=now)
    rows = rows.filter(Q(forwarded_at=None) | Q(forwarded_at__lte=now - FORWARD_AGAIN) | Q(forwarded_at__gt=now))
    return rows.update(next_try_at=now, forwarded_at=now)


def waited_for() -> set[str]:
    """Sources whose silence open debts wait out."""
    texts = Recheck.objects.filter(paid_at=None).exclude(silent=",").values_list("silent", flat=True).distinct()
    return {name for text in texts for name in named(text)}


def escalate() -> int:
    """Call the supervisor for each debt that became overdue, once; how many. It stops nothing."""
    called = 0
    late = Recheck.objects.filter(paid_at=None, escalated_at=None, due_on__lt=clock.today())
    for row in late.order_by("due_on", "pk")[:200]:
        if Recheck.objects.filter(pk=row.pk, paid_at=None, escalated_at=None).update(escalated_at=clock.now()):
            called += 1
            get_logger().error(
                "re-check overdue", alarm=True, case=row.host_key, due=str(row.due_on), sources=named(row.waits_for)
            )
    return called


def counts() -> dict[str, tuple[int, int]]:
    """Open and overdue debts by source; a debt that lacks two sources counts for both, ``""`` counts each once."""
    today = clock.today()
    found: dict[str, tuple[int, int]] = {"": (0, 0)}
    for text, due_on in Recheck.objects.filter(paid_at=None).values_list("waits_for", "due_on").iterator():
        for name in ("", *named(text)):
            many, late = found.get(name, (0, 0))
            found[name] = (many + 1, late + (due_on < today))
    return found
