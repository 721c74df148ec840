"""Where a case stands by law: its clocks for pages and worklists, and its place in the order of acceptance."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Exists, Min, OuterRef, Q

from approval_hook.counting import Kind, events_of, progress_of, ruling, standing_of
from approval_hook.models import ClockedCase, Deadline, StatutoryAct
from approval_hook.policy.clocks import PUBLICITY, Act, Consequence, Event, Progress, RunningClock
from approval_hook.policy.rules import ExcludedProcedure, Lapse, LegalBasis


@dataclass(frozen=True, slots=True)
class CaseRef:
    """Which case an act is of."""

    case_no: str
    matter: str
    organ: str
    expires_on: date | None = None  # last day of the licence to be renewed; None for a first application


@dataclass(frozen=True, slots=True)
class ClockLine:
    """One clock as a page shows it."""

    running: RunningClock
    articles: tuple[LegalBasis, ...]
    lapse: str = ""  # what the law has made of its running out
    lapse_articles: tuple[LegalBasis, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the order of acceptance."""

    number: int  # from 1
    case_no: str
    accepted_at: datetime
    deemed: bool  # the law counts it as accepted, from the receipt of its materials


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a case stands today.

    Attributes:
        acts: every act, oldest first.
        progress: its clocks; None where the rules in force do not say how long.
        lines: the clocks with their articles.
        procedures: what the law does not count and may begin.
        extension_days: working days by which the decision may be put off at most; 0 once it was.
        asked: an extension that waits for the head.
        place: in the order of acceptance, where the licence has a quota; None before acceptance.
    """

    acts: tuple[StatutoryAct, ...]
    progress: Progress | None
    lines: tuple[ClockLine, ...] = ()
    procedures: tuple[ExcludedProcedure, ...] = ()
    extension_days: int = 0
    asked: StatutoryAct | None = None
    place: Place | None = None

    @property
    def decision(self) -> RunningClock | None:
        """The clock of the decision, once the case counts as accepted."""
        return next((line.running for line in self.lines if line.running.lapse is Consequence.SILENCE), None)

    @property
    def notice_numbers(self) -> frozenset[str]:
        """Numbers of the notices of the acts that stand."""
        return frozenset(act.notice_no for act in standing_of(self.acts) if act.notice_no)

    def has(self, act: Act) -> bool:
        """Whether such an act stands."""
        return any(each.kind == act.value for each in standing_of(self.acts))


def acts_of(case_no: str) -> list[StatutoryAct]:
    """Every act of a case, oldest first."""
    return list(StatutoryAct.objects.filter(case_no=case_no).order_by("number"))


def open_request(acts: Collection[StatutoryAct]) -> StatutoryAct | None:
    """An extension that waits for the head."""
    answered = {act.about_id for act in acts if act.kind in (Kind.EXTENDED, Kind.EXTENSION_REFUSED)}
    return next((a for a in acts if a.kind == Kind.EXTENSION_ASKED and a.pk not in answered), None)


def standing(case_no: str, today: date | None = None) -> Standing:
    """Where a case stands; everything of a page about its clocks."""
    row = ClockedCase.objects.filter(case_no=case_no).first()
    if row is None:
        return Standing((), None)
    acts, by = acts_of(case_no), ruling(today)
    terms, events = by.terms(row), events_of(acts)
    if terms is None or by.rules is None or not events:
        return Standing(tuple(acts), None)
    found = progress_of(events, terms, by)
    basis = {c.id: c.basis for c in (terms.notice, terms.decision, terms.delivery, terms.publicity, terms.renewal)}
    lapses: dict[str, Lapse] = {lapse.id: lapse for lapse in by.rules.lapses}
    lines = []
    for running in found.clocks:
        lapse = lapses.get(running.consequence.value)
        said = (lapse.title, lapse.basis) if lapse else ("", ())
        lines.append(ClockLine(running, basis[running.clock], *said))
    limited = by.rules.matter(row.matter).quota_limited
    order = acceptance_order(row.matter, row.organ) if limited else ()
    return Standing(
        tuple(acts),
        found,
        tuple(lines),
        tuple(p for p in by.rules.excluded_procedures if p.id in terms.procedures),
        0 if any(e.act is Act.EXTENDED for e in events) else terms.decision.extension_days,
        open_request(acts),
        next((place for place in order if place.case_no == case_no), None),
    )


def nearest(case_nos: Iterable[str]) -> dict[str, Deadline]:
    """The deadline that is owed next of each case, in one query.

    The publication of a decision is left out: it is sent by itself, and nobody takes it from a worklist.
    """
    rows = Deadline.objects.filter(case__case_no__in=list(case_nos), owed=True).exclude(clock=PUBLICITY)
    found: dict[str, Deadline] = {}
    for row in rows.select_related("case").order_by("due_on", "pk"):
        found.setdefault(row.case.case_no, row)
    return found


def decision_due(case_no: str) -> date | None:
    """The last day of the decision as the acts give it; None while the case is not accepted.

    While a procedure is under way it is the day as of the last act, which can only be earlier than the real one.
    """
    rows = Deadline.objects.filter(case__case_no=case_no, lapse=Consequence.SILENCE)
    return rows.values_list("due_on", flat=True).first()


def last_day_if_accepted(case: CaseRef, today: date) -> date | None:
    """The last day for the decision of a case if it is accepted today, or the one it has; None without rules."""
    row = ClockedCase(case_no=case.case_no, matter=case.matter, organ=case.organ, expires_on=case.expires_on)
    by = ruling(today)
    terms, events = by.terms(row), events_of(acts_of(case.case_no))
    if terms is None:
        return None
    on = max([today, *(event.on for event in events[-1:])])
    events = events or [Event(Act.RECEIVED, on)]
    if progress_of(events, terms, by).accepted_on is None:
        events.append(Event(Act.ACCEPTED, on))
    clocks = progress_of(events, terms, by).clocks
    return next(c.due.on for c in clocks if c.clock == terms.decision.id)


def due_if_extended(case_no: str, days: int) -> date | None:
    """The last day for the decision of an accepted case if it is put off now; None without rules.

    Args:
        case_no: of the case.
        days: working days of the extension.
    """
    row, by = ClockedCase.objects.get(case_no=case_no), ruling()
    terms, events = by.terms(row), events_of(acts_of(case_no))
    if terms is None:
        return None
    on = max([by.today, *(event.on for event in events[-1:])])
    clocks = progress_of([*events, Event(Act.EXTENDED, on, days=days)], terms, by).clocks
    return next((c.due.on for c in clocks if c.clock == terms.decision.id), None)


def acceptance_order(matter: str, organ: str) -> tuple[Place, ...]:
    """Cases of a matter in the order in which they count as accepted, those that ended among them.

    The order is that of the acts, whose moments cannot change: an acceptance by law counts from the receipt of the
    materials, and the key of the act breaks a tie. Nothing else can move a case, a green channel least of all.

    Source: 行政许可法 第五十七条; L-08.
    """
    back = StatutoryAct.objects.filter(kind=Kind.TAKEN_BACK, about=OuterRef("pk"))
    acts = StatutoryAct.objects.filter(~Exists(back), matter=matter, organ=organ)
    acts = acts.filter(kind__in=(Kind.ACCEPTED, Kind.DEEMED_ACCEPTED))
    deemed = Min("at", filter=Q(kind=Kind.DEEMED_ACCEPTED))
    rows = acts.values("case_no").annotate(first=Min("at"), key=Min("pk"), deemed=deemed).order_by("first", "key")
    return tuple(
        Place(number, row["case_no"], row["first"], row["deemed"] is not None) for number, row in enumerate(rows, 1)
    )
