"""What the database and the simulator's ledger say about the driven cases."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from approval_hook.hosts.viewflow import desk
from approval_hook.keeping import rules_by_digest
from approval_hook.models import CreditDecision, Inquiry
from approval_hook.policy.catalogue import RuleSet
from approval_hook.policy.decision import FiredMeasure
from approval_hook.policy.receipt import receipt_from_bytes
from approval_hook.policy.subjects import mask_name, mask_number
from workflows.clerk import clock
from workflows.models import FoodBusinessCase, RideHailingDriverCase
from workflows.site.demo.cast import Drawn
from workflows.site.demo.table import Row

#: Name of the remote source in the settings.
REMOTE_SOURCE = "province"


class NoRecord(Exception):
    """A driven case has no credit record; the gate did not do its work."""


def row_of(drawn: Drawn, process_pk: int, today: date) -> Row:
    """The table row of one driven case.

    Raises:
        NoRecord: the case has no decision of the gate.
    """
    model = FoodBusinessCase if drawn.spec.is_firm else RideHailingDriverCase
    case = model._default_manager.get(pk=process_pk)
    decisions = list(CreditDecision.objects.filter(case_no=case.case_no).select_related("inquiry").order_by("id"))
    if not decisions:
        raise NoRecord(drawn.spec.name)
    first, newest = decisions[0], decisions[-1]
    deadline = clock.deadline(case, today)
    receipt = receipt_from_bytes(newest.receipt)
    stated = receipt.decision
    rules = rules_by_digest(receipt.rules_digest).rules
    person = not drawn.spec.is_firm
    return Row(
        case=drawn.spec.name,
        case_no=case.case_no,
        matter=str(case.flow_class.process_title),
        applicant=mask_name(case.applicant_name) if person else case.applicant_name,
        number=mask_number(drawn.applicant.number),
        outcome=newest.outcome,
        channel=desk.badge_for([case])[case.pk].title,
        measures=tuple(line for m in stated.measures for line in _measure(m, rules, receipt.case.matter)),
        due=f"{deadline.title} {deadline.on}" if deadline else "",
        # From the committed inquiry to the committed answer; later rows come from people.
        ms=round((first.made_at - first.inquiry.made_at).total_seconds() * 1000),
    )


def _measure(fired: FiredMeasure, rules: RuleSet, matter: str) -> tuple[str, str]:
    basis = "、".join(dict.fromkeys(f"{b.document} {b.article}" for b in rules.rule_basis(fired.measure, matter)))
    return rules.rule_title(fired.measure), f"  据{basis}"


@dataclass(frozen=True, slots=True)
class LedgerCheck:
    """Query ids of both sides."""

    registered: frozenset[str]  # in the inquiry table, for the remote source
    received: frozenset[str]  # in the simulator's ledger

    @property
    def unregistered(self) -> frozenset[str]:
        """Received without a registered inquiry: must never be."""
        return self.received - self.registered

    @property
    def not_received(self) -> frozenset[str]:
        """Registered and never received: the platform was down."""
        return self.registered - self.received


def check_ledger(path: Path) -> LedgerCheck:
    """Compare the simulator's ledger with the inquiry table.

    Raises:
        OSError: the simulator wrote no ledger.
    """
    registered = {
        query["query_id"]
        for queries in Inquiry.objects.values_list("queries", flat=True)
        for query in queries
        if query["source"] == REMOTE_SOURCE
    }
    lines = path.read_text(encoding="utf-8").splitlines()
    return LedgerCheck(frozenset(registered), frozenset(json.loads(line)["query_id"] for line in lines))
