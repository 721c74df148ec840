"""At issue (发证) the gate re-reads the newest record, writes down what it saw, alarms where something is off, goes on.

The read stands at the step itself, not before it: a licence is often delivered days after its decision, and what
counts is what is known on that day. Nothing here asks a platform, and nothing here can stop the step.
"""

from __future__ import annotations

from viewflow.workflow.activation import Activation

from approval_hook import clock, emergency, gate, privacy
from approval_hook.cases import Case
from approval_hook.errors import ApprovalHookError, CaseInvalid
from approval_hook.hosts.viewflow.binding import Binding
from approval_hook.hosts.viewflow.holding import named
from approval_hook.hosts.viewflow.injection import find_binding
from approval_hook.logs import get_logger
from approval_hook.models import CreditDecision, IssueReading, Point


def read_at_issue(activation: Activation) -> None:
    """Read and record, where the step issues the licence and the rules name the point. Raises no error of ours."""
    binding = find_binding(activation.flow_class)
    if binding is None or activation.flow_task.name not in binding.gate.issues:
        return
    host_key = binding.host_key(activation.task.process_id)
    try:
        _record(binding, activation, host_key)
    except ApprovalHookError as error:
        # Delivery of a decided licence is never held, not even by settings or rule files that are broken.
        get_logger().error("nothing read at issue", alarm=True, case=host_key, error=type(error).__name__)


def _record(binding: Binding, activation: Activation, host_key: str) -> None:
    case: Case | None
    try:
        case = binding.case(activation.task.process_id)
    except CaseInvalid:
        case = None
    if case is not None and not case.matter.has_point(Point.ISSUE):
        return
    found = gate.in_force(host_key)
    row = _reading(case, found)
    row.host_key, row.flow, row.node = host_key, binding.flow_ref, activation.flow_task.name
    row.case_no, row.organ = (case.facts.case_no, case.facts.organ) if case is not None else named(activation)
    row.seal = privacy.digest(row.sealed_text())
    row.save()
    if row.faults:
        get_logger().error("something is off at issue", alarm=True, case=host_key, faults=row.faults)


def _reading(case: Case | None, found: CreditDecision | None) -> IssueReading:
    """What the record says now. Age alone and a newer rule revision are written down and alarm nobody.

    A licence is lawfully delivered within ten working days of its decision (行政许可法 第四十四条), and rules that came
    after the decision do not reach back.
    """
    genuine = found is not None and found.is_genuine() and emergency.stands(found)
    same = found is not None and case is not None and found.subjects == case.subjects
    fresh = found is not None and case is not None and case.at < gate.fresh_until(case, Point.ISSUE, found.answered_at)
    faults = []
    if case is None:
        faults.append("facts-invalid")
    if found is None:
        faults.append("never-asked")
    else:
        if not genuine:
            faults.append("forged")
        if case is not None and not same:
            faults.append("subjects-changed")
        if not found.permits:
            faults.append("not-permitted")  # a re-check found something after the decision
        elif not found.complete:
            faults.append("unanswered")
    return IssueReading(
        decision=found,
        genuine=genuine,
        fresh=fresh,
        same_subjects=same,
        same_rules=found is not None and case is not None and found.rules_digest == case.loaded.digest,
        outcome=found.outcome if found is not None else "",
        faults=faults,
        made_at=clock.now(),
    )
