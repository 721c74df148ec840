"""Whole cases: the real gate in a real flow, its database, its runner, and the debts of its re-checks."""

from __future__ import annotations

import resource
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from viewflow.workflow.models import Task
from viewflow.workflow.status import PROCESS, STATUS

from adapters.simulator import SimulatedSubject
from approval_hook import clock
from approval_hook.hosts.viewflow.tending import tend
from approval_hook.models import CreditDecision, Hold, Inquiry, Recheck, Reply
from approval_hook.policy.decision import Outcome
from approval_hook.replaying import replay_all, stored_decisions
from tests.contract.conftest import RunningSimulator
from tests.rehearsal import hour
from tests.rehearsal.flows import LicensingFlow
from tests.rehearsal.hour import claim

#: How often the runner comes round in the hour, and afterwards.
_RUNNER_MINUTES = 10
_MOST_PASSES = 60
#: One applicant in so many has a severe record.
_SEVERE_EVERY = 10


@dataclass
class Cases:
    """The figures; counted over both sides when everything is over.

    Attributes:
        could_not_tell: decision records of the hour that say so.
        debts_opened: re-checks owed at the end of the hour, one for each case.
        asked, requests: queries that reached the adapter, and the HTTP requests that arrived.
        longest_wait: seconds of real time that an officer's step took.
        unanswered: queries without a usable answer, retries too, by the word; those kept back among them.
        memory: the most that this process held, in MB.
    """

    cases: int
    inquiries: int = 0
    replies: int = 0
    decisions: int = 0
    accepted_in_hour: int = 0
    decided_in_hour: int = 0
    could_not_tell: int = 0
    debts_opened: int = 0
    debts_paid: int = 0
    longest_debt_minutes: float = 0.0
    held_for_people: int = 0
    runner_passes: int = 0
    asked: int = 0
    requests: int = 0
    longest_wait: float = 0.0
    seconds: float = 0.0
    memory: float = 0.0
    unanswered: dict[str, int] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)


class _Office:
    """Files cases, and does what officers do as soon as the gate lets them."""

    def __init__(self, figures: Cases) -> None:
        self.figures = figures
        self.begin = hour.first_moment()
        self.severe: set[int] = set()

    def file(self, firm: SimulatedSubject, at: datetime, *, review: bool) -> None:
        with clock.standing_at(at):
            started = time.perf_counter()
            process = LicensingFlow.start.run(name=firm.name, code=firm.identifiers[0].number)
            self.figures.longest_wait = max(self.figures.longest_wait, time.perf_counter() - started)
            self.figures.accepted_in_hour += self.do("accept", process=process)
            if review:
                started = time.perf_counter()
                self.do("review", process=process)
                self.figures.longest_wait = max(self.figures.longest_wait, time.perf_counter() - started)
        if firm.records:
            self.severe.add(process.pk)

    def do(self, node: str, **which: Any) -> int:
        """Execute every task of a node that can be executed; how many."""
        ready = Task.objects.filter(status=STATUS.NEW, flow_task=getattr(LicensingFlow, node), **which)
        tasks = list(ready)
        for task in tasks:
            getattr(LicensingFlow, node).run(task)
        return len(tasks)

    def pass_of_the_runner(self, at: datetime) -> None:
        with clock.standing_at(at):
            claim(tend().failed == 0, "the runner met an error")
        self.figures.runner_passes += 1


def rehearse(running: RunningSimulator, ledger: Path, count: int) -> Cases:
    """``count`` cases filed in one hour of outage, then until every debt is paid and every case at rest.

    Raises:
        Failed: a claim does not hold.
    """
    running.control.reset()
    hour.configure(running.url, AT_ONCE=8, PER_DAY=100 * count, RESERVE=0.2)
    firms = [s for s in running.control.subjects() if s.kind == "organisation"]
    clean = [s for s in firms if not s.records]
    severe = [s for s in firms if s.records and all((r.severity, r.state) == ("4", "1") for r in s.records)]
    figures = Cases(count)
    office = _Office(figures)
    started = time.monotonic()
    _outage(office, running, clean, severe, count)
    running.control.behave()
    _recovery(office)
    figures.seconds = time.monotonic() - started
    _both_sides(office, ledger)
    return figures


def _outage(
    office: _Office,
    running: RunningSimulator,
    clean: list[SimulatedSubject],
    severe: list[SimulatedSubject],
    count: int,
) -> None:
    """The hour: cases come evenly, every other one goes on to its decision, the runner comes round."""
    runner_at = office.begin + timedelta(minutes=_RUNNER_MINUTES)
    for phase, numbers in hour.parts(count):
        running.control.behave()
        running.control.fault(phase.fault)
        for number in numbers:
            at = office.begin + timedelta(seconds=hour.HOUR_SECONDS * number / count)
            if at >= runner_at:
                office.pass_of_the_runner(at)
                runner_at += timedelta(minutes=_RUNNER_MINUTES)
            firms = severe if number % _SEVERE_EVERY == 0 else clean
            office.file(firms[number % len(firms)], at, review=number % 2 == 0)
        hour.progress(f"{phase.fault.kind}: {len(numbers)} cases filed")
    figures = office.figures
    figures.could_not_tell = CreditDecision.objects.filter(outcome=Outcome.UNAVAILABLE.value).count()
    figures.debts_opened = Recheck.objects.count()
    figures.decided_in_hour = _may_be_decided(office)
    claim(figures.accepted_in_hour == count, "a case was not accepted, although nothing may stop acceptance")
    claim(figures.debts_opened >= count / 2, "an outage that leaves hardly a debt was none")


def _may_be_decided(office: _Office) -> int:
    """Cases that wait for the officer's decision; each has a complete record that permits it."""
    ready = Task.objects.filter(status=STATUS.NEW, flow_task=LicensingFlow.decide).values_list("process_id", flat=True)
    for process_pk in ready:
        newest = CreditDecision.objects.filter(host_key__endswith=f":{process_pk}").latest("pk")
        claim(newest.complete and newest.permits, f"case {process_pk} passed without a complete record")
        claim(process_pk not in office.severe, f"case {process_pk} passed in spite of a severe record")
    return len(ready)


def _recovery(office: _Office) -> None:
    """The runner asks again when it is due and officers go on, until nothing is owed and nothing waits."""
    at = office.begin + timedelta(seconds=hour.HOUR_SECONDS + hour.PAUSE_SECONDS)
    for _ in range(_MOST_PASSES):
        with clock.standing_at(at):
            # Debts of cases that stay before their review are the runner's; it pays them before the officers go on.
            office.pass_of_the_runner(at)
            if not Recheck.objects.filter(paid_at=None).exists():
                office.do("review")
                _may_be_decided(office)
                office.do("decide")
        waiting = Hold.objects.filter(released_at=None).exclude(reason__in=_DUTIES).exists()
        resting = not Task.objects.filter(
            status=STATUS.NEW, flow_task__in=[LicensingFlow.review, LicensingFlow.decide]
        ).exists()
        if resting and not waiting and not Recheck.objects.filter(paid_at=None).exists():
            return
        hour.progress(f"recovered: {Recheck.objects.filter(paid_at=None).count()} debts left")
        at += timedelta(minutes=_RUNNER_MINUTES)
    owed = Recheck.objects.filter(paid_at=None).count()
    claim(False, f"after {_MOST_PASSES} passes {owed} debts are not paid")


#: What a severe record makes people decide; the case rests until they do.
_DUTIES = ("head_decides", "section_confirms")


def _both_sides(office: _Office, ledger: Path) -> None:
    """Cases, inquiries, replies, decisions, and what the platform received."""
    figures = office.figures
    processes = {p.pk: p.status for p in LicensingFlow.process_class.objects.filter(flow_class=LicensingFlow)}
    figures.inquiries, figures.replies = Inquiry.objects.count(), Reply.objects.count()
    figures.decisions = CreditDecision.objects.count()
    rechecks = list(Recheck.objects.all())
    figures.debts_paid = sum(r.paid_at is not None for r in rechecks)
    figures.longest_debt_minutes = max(
        ((r.paid_at - r.owed_since).total_seconds() / 60 for r in rechecks if r.paid_at is not None), default=0.0
    )
    held = Hold.objects.filter(released_at=None)
    figures.held_for_people = held.count()
    claim(len(processes) == figures.cases, "a case was lost")
    claim({h.reason for h in held} <= set(_DUTIES), "a case is held for another reason than its record")
    done = {pk for pk, status in processes.items() if status == PROCESS.DONE}
    claim(done == set(processes) - office.severe, "a clean case is not decided, or a severe one is")
    claim(figures.held_for_people == len(office.severe), "a severe record holds nobody")
    keys = {f"{pk}" for pk in processes}
    for model in (Inquiry, CreditDecision):
        found = {key.rpartition(":")[2] for key in model.objects.values_list("host_key", flat=True)}
        claim(found == keys, f"{model.__name__}: not one of every case and of no other")
    claim(not Inquiry.objects.filter(replies=None).exists(), "an inquiry has no reply")
    claim(not Reply.objects.filter(complete=True, decisions=None).exists(), "a complete reply has no decision")
    figures.memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    reports = (report for rows in Reply.objects.values_list("reports", flat=True) for report in rows)
    figures.unanswered = dict(Counter(report["reason"] for report in reports if report.get("reason")))
    _ledger(figures, ledger)
    last = [CreditDecision.objects.filter(host_key__endswith=f":{pk}").latest("pk") for pk in processes]
    claim(all(row.complete for row in last), "the newest record of a case is could-not-tell")
    figures.outcomes = dict(sorted(Counter(row.outcome for row in last).items()))
    differs = [row.pk for row, difference in replay_all(stored_decisions()) if difference]
    claim(not differs, f"decisions {differs} do not come out again from what is stored")


def _ledger(figures: Cases, ledger: Path) -> None:
    arrived = hour.ledger_outcomes(ledger)
    registered: dict[str, Inquiry] = {}
    for inquiry in Inquiry.objects.all():
        registered |= {q["query_id"]: inquiry for q in inquiry.queries if q["source"] == hour.SOURCE}
    figures.asked, figures.requests = len(hour.ASKED.ids), sum(sum(one.values()) for one in arrived.values())
    claim(set(arrived) <= hour.ASKED.ids <= set(registered), "a query was asked that no inquiry registers")
    complete = set(Reply.objects.filter(complete=True).values_list("inquiry_id", flat=True))
    for query_id, inquiry in registered.items():
        answered = arrived.get(query_id, Counter())["answered"] > 0
        claim(answered or inquiry.pk not in complete, "a reply counts as complete that the platform never gave")
