"""What pages call about owed re-checks: the list, its filters, and taking up what was found after a decision."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from approval_hook import cases, clock, debts
from approval_hook.errors import ApprovalHookError, CaseInvalid
from approval_hook.hosts.viewflow.injection import bindings
from approval_hook.hosts.viewflow.sweeping import stored_key
from approval_hook.logs import get_logger
from approval_hook.models import Recheck
from approval_hook.panel import DebtRow
from approval_hook.policy.catalogue import RuleSet
from approval_hook.policy.decision import Outcome
from approval_hook.settling import stated
from approval_hook.wording import OUTCOME_TITLES


def debts_of(processes: QuerySet[Any]) -> QuerySet[Recheck]:
    """Re-checks of these cases and of no others, owed or paid.

    Args:
        processes: what the viewer may see, as rows of the table that tasks refer to.
    """
    keys = processes.annotate(credit_key=stored_key(processes.model._meta.db_table, "pk")).order_by()
    return Recheck.objects.filter(host_key__in=keys.values("credit_key"))


def owed(rows: QuerySet[Recheck], *, source: str = "", overdue: bool = False) -> QuerySet[Recheck]:
    """Those still owed, the nearest deadline first; on request of one source, or overdue ones alone."""
    rows = rows.filter(paid_at=None)
    if source:
        rows = rows.filter(debts.waiting_for(source))
    if overdue:
        rows = rows.filter(due_on__lt=clock.today())
    return rows.order_by("due_on", "owed_since", "pk")


def found_late(rows: QuerySet[Recheck]) -> QuerySet[Recheck]:
    """Those that found something after the decision and wait for a person, the oldest first."""
    return rows.filter(after_decision=True, handled_at=None).exclude(paid_at=None).order_by("paid_at", "pk")


def sources_of(rows: QuerySet[Recheck]) -> list[tuple[str, str]]:
    """Name and title of every source that open debts of these wait for."""
    texts = rows.filter(paid_at=None).order_by().values_list("waits_for", flat=True).distinct()
    rules = _rules()
    names = sorted({name for text in texts for name in debts.named(text)})
    return [(name, rules.source_title(name) if rules else name) for name in names]


def debt_rows(rows: Iterable[Recheck]) -> list[DebtRow]:
    """What a page shows of them, in their order. No query."""
    rules, today = _rules(), clock.today()
    titles = {b.flow_ref: _matter_title(rules, b.gate.matter) for b in bindings()}
    return [
        DebtRow(
            debt=row.pk,
            process_pk=int(row.host_key.rpartition(":")[2]),
            matter=titles.get(row.flow, ""),
            sources=[rules.source_title(name) if rules else name for name in debts.named(row.waits_for)],
            since=row.owed_since,
            due_on=row.due_on,
            overdue_days=max((today - row.due_on).days, 0) if row.paid_at is None else 0,
            escalated_at=row.escalated_at,
            attempts=row.attempts,
            next_try_at=row.next_try_at if row.paid_at is None and row.flow in titles else None,
            paid_at=row.paid_at,
            found=OUTCOME_TITLES[Outcome(row.found)] if row.found else "",
        )
        for row in rows
    ]


def take_up(rows: QuerySet[Recheck], number: int, user: Any, text: str) -> None:
    """Record what a person did about something found after a decision; the decision stays as it is.

    Args:
        rows: what the person may see.
        number: of the debt.
        user: who took it up.
        text: what was done, in words.

    Raises:
        CaseInvalid: nothing was said, or it is taken up already.
    """
    kept = stated("处理情况", text)
    mine = found_late(rows).filter(pk=number).order_by()
    changed = Recheck.objects.filter(pk__in=mine.values("pk"), handled_at=None).update(
        handled_by=user.get_username(), handled_at=clock.now(), handling=kept
    )
    if not changed:
        raise CaseInvalid("处理情况", "这一项已经登记过处理情况，或者不在您的权限之内。", "请刷新页面查看最新情况。")
    get_logger().info("late finding taken up", debt=number)


def _rules() -> RuleSet | None:
    try:
        return cases.book().on(clock.today()).rules
    except ApprovalHookError:
        return None  # the start-up checks say what is wrong with the rules


def _matter_title(rules: RuleSet | None, code: str) -> str:
    try:
        return rules.matter(code).title if rules else code
    except ApprovalHookError:
        return code
