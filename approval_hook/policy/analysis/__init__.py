"""What can be proved about a rule set without a single case.

The rows of a rule set are a decision table over finite sets and intervals of days, so that every question here is
decided by arithmetic on boxes and not by trying cases. ``docs/explanation/rule-analysis.md`` says why that is exact;
``tests/unit/policy/test_analysis.py`` compares it with ``evaluate`` over the whole finite product.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from approval_hook.policy.analysis.conflicts import conflicts
from approval_hook.policy.analysis.dead import dead_bars, dead_rows
from approval_hook.policy.analysis.dormant import dormant, grounds
from approval_hook.policy.analysis.exempting import exemptions
from approval_hook.policy.analysis.findings import Analysis, Finding, FindingKind, Grade, Witness
from approval_hook.policy.analysis.gaps import gaps
from approval_hook.policy.analysis.lawful import tolerances, unfounded
from approval_hook.policy.analysis.reaching import ReachedCell, ReachMap, reach
from approval_hook.policy.analysis.space import Space
from approval_hook.policy.analysis.unused import unused, unverified
from approval_hook.policy.workdays import WorkCalendar

if TYPE_CHECKING:
    from approval_hook.policy.catalogue import RuleSet

__all__ = ["Analysis", "Finding", "FindingKind", "Grade", "ReachMap", "ReachedCell", "Witness", "analyse", "reach"]

_ORDER = {"error": 0, "warning": 1, "note": 2}
_KINDS = {kind: number for number, kind in enumerate(FindingKind)}


def analyse(rules: RuleSet, calendar: WorkCalendar | None = None, on: date | None = None) -> Analysis:
    """Find every contradiction, gap and dead row of a rule set.

    Args:
        rules: a rule set, also one that was built past its validation.
        calendar: published working days, for supplements under a clock in calendar days; without it these are
            looked at as if every day were a working day.
        on: today, to tell exemptions that are over; without it only the days of the rule set count.

    Returns:
        The findings: errors first, then by kind and place. The order of the rows in the rule set plays no part,
        except that of grounds and leniencies, where the first one counts.
    """
    space = Space(rules)
    found = [
        *conflicts(space),
        *dead_rows(space),
        *dead_bars(space),
        *dormant(space),
        *grounds(space),
        *unfounded(space),
        *tolerances(space, calendar),
        *gaps(space),
        *exemptions(rules, on),
        *unused(rules),
        *unverified(rules),
    ]
    found.sort(key=lambda f: (_ORDER[f.severity], _KINDS[f.kind], f.place, f.text))
    return Analysis(rules.revision, tuple(found))
