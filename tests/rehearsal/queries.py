"""The full rate at the level of single queries: ``ask_all`` within the limits of the source, over real HTTP."""

from __future__ import annotations

import resource
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from django.db import connections

from adapters.simulator import SimulatedSubject
from approval_hook import clock
from approval_hook.models import SourceDay
from approval_hook.platforms import Question, ask_all
from approval_hook.policy.records import CreditReport, QueryStatus
from approval_hook.policy.subjects import IdentifierType, Subject, SubjectKind, parse_identifier
from approval_hook.testing import make_query
from tests.contract.conftest import RunningSimulator
from tests.rehearsal import hour
from tests.rehearsal.hour import claim

_WORKERS = 8
#: Queries of one pass of those that pay debts; between two passes the clock goes on by a minute.
_MOST_PASSES = 200
_RESERVE = 0.2
_SLICE_SECONDS = 10


@dataclass
class Queries:
    """The figures.

    Attributes:
        asked_in_hour: queries that reached the adapter in the hour; each is one or several HTTP requests.
        kept_back: by the word of the limit, in the hour.
        unanswered: asked in the hour without a usable answer, by the word.
        longest_wait: seconds of real time for one query, the slowest of all.
        days: queries that reached the adapter, by day.
        memory: the most that this process held, in MB.
    """

    queries: int
    per_second: float
    asked_in_hour: int = 0
    answered_in_hour: int = 0
    kept_back: dict[str, int] = field(default_factory=dict)
    unanswered: dict[str, int] = field(default_factory=dict)
    openings: int = 0
    debts_opened: int = 0
    debts_paid: int = 0
    passes: int = 0
    days: dict[str, int] = field(default_factory=dict)
    quota: int = 0
    most_in_a_minute: int = 0
    per_minute: int = 0
    requests: int = 0
    never_arrived: int = 0
    longest_wait: float = 0.0
    seconds: float = 0.0
    memory: float = 0.0


def ours(subject: SimulatedSubject) -> Subject:
    """A subject of the master file as the gate knows it."""
    on = clock.today()
    numbers = (
        parse_identifier(i.number, type=IdentifierType(i.type), field="号码", on=on) for i in subject.identifiers
    )
    return Subject(SubjectKind(subject.kind), subject.name, tuple(numbers))


class _Run:
    """One rehearsal: whom each query is about, what became of it, when."""

    def __init__(self, subjects: list[SimulatedSubject], figures: Queries) -> None:
        self.begin = hour.first_moment()
        self.figures = figures
        self.subjects = [(ours(s), {r.record_id for r in s.records}) for s in subjects]
        self.pool = ThreadPoolExecutor(_WORKERS)

    def ask(self, number: int, at: datetime) -> CreditReport:
        """Ask the query with a number at a moment; every third one precedes a decision. A repeat has the same id."""
        subject, rows = self.subjects[number % len(self.subjects)]
        question = Question(hour.SOURCE, make_query(subject, f"hour-{number}"), decides=number % 3 == 0)
        with clock.standing_at(at):
            started = time.perf_counter()
            (report,) = ask_all([question], seconds=hour.PATIENCE)
            waited = time.perf_counter() - started
        self.figures.longest_wait = max(self.figures.longest_wait, waited)
        if report.status is QueryStatus.OK:
            claim({r.record_id for r in report.records} == rows, f"query {number} got other rows than the platform has")
        else:
            claim(bool(report.reason) and not report.records, f"query {number} was not answered and does not say why")
        return report

    def all(self, numbers: list[int], begin: datetime, step: float) -> dict[int, CreditReport]:
        """Ask these so many seconds apart by the moved clock, several at a time.

        The clock waits for whoever asks at the end of each slice: otherwise an hour would pass while one query hangs.
        """
        found: dict[int, CreditReport] = {}
        size = max(1, round(_SLICE_SECONDS / step))
        for first in range(0, len(numbers), size):
            some = numbers[first : first + size]
            moments = [begin + timedelta(seconds=step * (first + n)) for n in range(len(some))]
            found.update(zip(some, self.pool.map(self.ask, some, moments), strict=True))
        return found

    def close(self) -> None:
        """End the workers with their connections to the database."""
        list(self.pool.map(lambda _: connections.close_all(), range(_WORKERS * 4)))
        self.pool.shutdown()


def rehearse(running: RunningSimulator, ledger: Path, count: int) -> Queries:
    """``count`` queries in one hour of outage, then until all are answered.

    Raises:
        Failed: a claim does not hold.
    """
    running.control.reset()
    per_second = count / hour.HOUR_SECONDS
    figures = Queries(count, per_second, quota=round(0.9 * count), per_minute=round(60 * per_second))
    hour.configure(running.url, AT_ONCE=4, PER_DAY=figures.quota, PER_MINUTE=figures.per_minute, RESERVE=_RESERVE)
    SourceDay.objects.all().delete()
    started = time.monotonic()
    run = _Run(running.control.subjects(), figures)
    try:
        owed = _outage(run, running, figures)
        _recovery(run, owed, figures)
    finally:
        run.close()
    figures.seconds = time.monotonic() - started
    figures.memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    _both_sides(ledger, run, figures)
    return figures


def _outage(run: _Run, running: RunningSimulator, figures: Queries) -> list[int]:
    """The hour; the numbers of the queries that are owed an answer."""
    owed: list[int] = []
    for phase, numbers in hour.parts(figures.queries):
        running.control.behave()
        running.control.fault(phase.fault)
        before = len(hour.ASKED.moments)
        begin = run.begin + timedelta(seconds=numbers.start / figures.per_second)
        reports = run.all(list(numbers), begin, 1 / figures.per_second)
        claim(len(reports) == len(numbers), "a query was lost")
        asked = len(hour.ASKED.moments) - before
        missing = [n for n, report in reports.items() if report.status is not QueryStatus.OK]
        if phase.fault.probability == 1.0:
            claim(len(missing) == len(numbers), f"{phase.fault.kind} was taken for an answer")
        if phase.silent:
            # After the failures that open it, one query tries in every pause.
            seconds = len(numbers) / figures.per_second
            most = hour.FAILURES + _WORKERS + seconds / hour.PAUSE_SECONDS + 1
            claim(asked <= most, f"{phase.fault.kind}: {asked} queries in spite of the breaker, not {most:.0f}")
        owed += missing
        hour.progress(f"{phase.fault.kind}: {len(numbers)} queries, {asked} asked, {len(missing)} owed an answer")
        _tell(figures, reports)
    running.control.behave()
    figures.asked_in_hour = len(hour.ASKED.moments)
    figures.answered_in_hour = figures.queries - len(owed)
    figures.debts_opened = len(owed)
    return owed


def _tell(figures: Queries, reports: dict[int, CreditReport]) -> None:
    for report in reports.values():
        if report.status is QueryStatus.OK:
            continue
        # What a limit keeps back was never asked; the platform's own "quota" was.
        kept = report.reason in {"busy", "breaker-open", "rate", "maintenance", "deadline"} or (
            report.reason == "quota" and report.status is QueryStatus.UNAVAILABLE
        )
        told = figures.kept_back if kept else figures.unanswered
        told[report.reason] = told.get(report.reason, 0) + 1


def _recovery(run: _Run, owed: list[int], figures: Queries) -> None:
    """The platform is well again: every debt is asked for until it is paid, in the order in which they arose."""
    at = run.begin + timedelta(seconds=hour.HOUR_SECONDS + hour.PAUSE_SECONDS)
    step = 1 / figures.per_second
    while owed:
        figures.passes += 1
        claim(figures.passes <= _MOST_PASSES, f"{len(owed)} debts are still not paid")
        reports = run.all(owed, at, step)
        left = [n for n, report in reports.items() if report.status is not QueryStatus.OK]
        figures.debts_paid += len(owed) - len(left)
        hour.progress(f"recovered: {len(owed)} debts asked for, {len(left)} left")
        reasons = Counter(reports[n].reason for n in left)
        at += timedelta(seconds=step * len(owed) + 60)
        if len(left) == len(owed) and reasons["quota"]:
            # Only the next day brings more.
            at = (at.astimezone(clock.CHINA) + timedelta(days=1)).replace(hour=0, minute=1)
        owed = left


def _both_sides(ledger: Path, run: _Run, figures: Queries) -> None:
    """What the gate asked and what the platform received are the same."""
    arrived = hour.ledger_outcomes(ledger)
    asked = hour.ASKED.ids
    figures.requests = sum(sum(outcomes.values()) for outcomes in arrived.values())
    figures.never_arrived = len(asked - set(arrived))
    figures.openings = sum(SourceDay.objects.values_list("openings", flat=True))
    figures.days = {str(day): number for day, number in sorted(hour.ASKED.on_days().items())}
    figures.most_in_a_minute = hour.ASKED.most_in_a_minute()
    everyone = {f"hour-{n}" for n in range(figures.queries)}
    claim(figures.debts_paid == figures.debts_opened, "a debt is not paid")
    claim(set(arrived) <= asked, "the platform received a query that nobody asked")
    claim(asked <= everyone, "something else was asked")
    claim(all(arrived[one]["answered"] for one in everyone), "a query has an answer that the platform never gave")
    claim(all(number <= figures.quota for number in figures.days.values()), "the quota was exceeded")
    # Workers meet at the limit with moments a little out of order.
    most = figures.per_minute * 1.05 + 2 * _WORKERS
    claim(figures.most_in_a_minute <= most, f"{figures.most_in_a_minute} in one minute, not {figures.per_minute}")
    claim(len(figures.days) == 2, "the quota of the first day was enough, so nothing was seen of it")
    silent = sum(phase.silent for phase in hour.PHASES)
    claim(figures.openings >= silent, "the breaker did not open in every silence")
    claim({"breaker-open", "rate"} <= set(figures.kept_back), "breaker or rate kept nothing back")
