"""The promise of a Viewflow case: what an application's pages call, for officers and for applicants."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from approval_hook import clock, grounds
from approval_hook.aftercare import promises, reminding, reporting
from approval_hook.cases import Case
from approval_hook.errors import CaseInvalid
from approval_hook.hosts.viewflow.binding import process_table
from approval_hook.hosts.viewflow.injection import find_binding
from approval_hook.models import Promise
from approval_hook.policy.promises import PromiseAct, PromiseStanding, Signature, Step


def given(process: Any) -> promises.Given | None:
    """The promise of a case; None when there is none, or its flow has no gate."""
    binding = find_binding(process.flow_class)
    # Most cases have none, and need not be read again to say so.
    if binding is None or not Promise.objects.filter(host_key=binding.host_key(process.pk)).exists():
        return None
    case, decided = _case(process)
    return promises.given(case, decided=decided)


def why_tolerated(process: Any, items: Collection[str]) -> dict[str, str]:
    """Why each of these materials may follow, by the rules in force.

    Raises:
        CaseInvalid: one of them is not a material of the matter.
    """
    return grounds.why_tolerated(_case(process)[0], items)


def latest_day(process: Any, items: Collection[str]) -> date:
    """The last day for these materials, were the case accepted today.

    Raises:
        CaseInvalid: one of them may not follow.
    """
    return promises.latest_day(_case(process)[0], items)


def offer(process: Any, *, items: Sequence[str], until: date, by: str) -> Promise:
    """Put a promise to the applicant; under the flow lock.

    Raises:
        CaseInvalid: see ``aftercare.promises.offer``.
    """
    case, decided = _case(process)
    return promises.offer(case, items=items, until=until, by=by, decided=decided)


def sign(process: Any, promise_id: Any, signature: Signature, *, by: str) -> PromiseStanding:
    """Sign what was shown; under the flow lock.

    Raises:
        CaseInvalid: see ``aftercare.promises.sign``.
    """
    case, decided = _case(process)
    return promises.sign(case, promise_id, signature, by=by, decided=decided)


def act(
    process: Any,
    what: PromiseAct,
    *,
    by: str,
    items: Sequence[str] = (),
    until: date | None = None,
    reason: str = "",
) -> PromiseStanding:
    """Register an act about the promise now; under the flow lock.

    Raises:
        CaseInvalid: see ``aftercare.promises.take``.
    """
    case, decided = _case(process)
    step = Step(what, clock.now(), by, tuple(items), until, reason.strip())
    return promises.take(case, step, decided=decided)


def breaches(process: Any) -> list[Promise]:
    """Earlier broken promises of the applicant that were not repaired."""
    case, _ = _case(process)
    return [p for p in promises.breaches(case.view.parties[0].ref) if p.case_no != case.facts.case_no]


def late(processes: Collection[Any]) -> set[int]:
    """Keys of those cases whose promise is open after its last day, so that somebody must look into it. One query."""
    keys = {f"{process_table(process.flow_class)}:{process.pk}": process.pk for process in processes}
    return {keys[key] for key in reminding.late(keys)}


def reported(promise: Promise) -> list[str]:
    """Names of the platforms that are told of the breach of a promise."""
    return reporting.reported(promise)


def _case(process: Any) -> tuple[Case, bool]:
    binding = find_binding(process.flow_class)
    if binding is None:
        raise CaseInvalid("承诺书", "本流程没有接入信用核查。", "请联系管理人员。")
    _, decided, _ = binding.progress(process.pk)
    return binding.case(process.pk), decided
