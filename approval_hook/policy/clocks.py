"""The statutory clocks of one case, from what happened to it. Pure.

What stops a clock is listed by law (行政许可法 第四十五条) and is data of the rule set; nothing else does, a
credit query least of all. Days are calendar days in China; a working day is one by the calendar given.

Source: 行政许可法 第三十二条, 第四十二条, 第四十四条, 第四十五条, 第五十条, 第八十二条; domain facts 2.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from msgspec import Struct

from approval_hook.errors import CaseInvalid, RulesInvalid
from approval_hook.policy.catalogue import Matter, RuleSet
from approval_hook.policy.rules import Clock
from approval_hook.policy.words import Word
from approval_hook.policy.workdays import DueDate, WorkCalendar, count_days, workdays_between

_DAY = timedelta(days=1)
#: Ids in the rule set of the clocks that every matter has beside its own.
NOTICE, DELIVERY, PUBLICITY, RENEWAL = "correction-notice", "delivery", "publicity", "renewal"


class Act(Word):
    """What happened to a case."""

    RECEIVED = "received"  # 收到申请材料
    NOTICED = "noticed"  # 一次性告知补正
    SUPPLIED = "supplied"  # 收到补正材料
    ACCEPTED = "accepted"  # 受理
    NOT_ACCEPTED = "not_accepted"  # 不予受理
    PROCEDURE_BEGAN = "procedure_began"  # 特别程序开始
    PROCEDURE_ENDED = "procedure_ended"  # 特别程序结束
    EXTENDED = "extended"  # 延长期限
    DECIDED = "decided"  # 作出决定
    DELIVERED = "delivered"  # 送达
    PUBLISHED = "published"  # 双公示
    WITHDRAWN = "withdrawn"  # 撤回


class Event(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """One act on its day. What it takes beside the day is said by ``checked``."""

    act: Act
    on: date
    procedure: str = ""  # id of an excluded procedure
    notice_no: str = ""  # of the written notice to the applicant
    days: int = 0  # working days of an extension
    granted: bool = False  # the decision grants the licence


class ClockState(Word):
    """Where a clock stands."""

    RUNNING = "running"
    STOPPED = "stopped"  # a procedure that the law excludes is under way
    MET = "met"
    LATE = "late"  # done, after its last day
    OVERDUE = "overdue"  # not done, and its last day is over
    ENDED = "ended"  # nothing is owed any more


class Consequence(Word):
    """What the law makes of a clock that ran out."""

    NONE = ""
    DEEMED_ACCEPTED = "deemed_accepted"  # 视为受理
    DEEMED_RENEWED = "deemed_renewed"  # 视为准予延续
    SILENCE = "silence"  # 逾期未决定: 行政复议 first


class Terms(Struct, frozen=True):
    """The lengths that hold for a case.

    Attributes:
        notice: of the notice of what is missing.
        decision: of the matter.
        delivery: of the licence.
        publicity: of the decision.
        renewal: how long before its end the renewal of a licence is to be applied for.
        procedures: ids of what the law excludes from the decision's clock.
        expires_on: last day of the licence that is to be renewed; None for a first application.
    """

    notice: Clock
    decision: Clock
    delivery: Clock
    publicity: Clock
    renewal: Clock
    procedures: frozenset[str]
    expires_on: date | None = None


class RunningClock(Struct, frozen=True, gc=False):
    """One clock of a case.

    Attributes:
        clock: its id in the rule set.
        title: its name.
        began_on: the day of the event, which is not counted.
        due: its last day; while it is stopped, the day that it would be if the procedure ended today.
        state: where it stands.
        left: working days up to the last day, 0 on it, negative after it; None when it no longer runs.
        excluded: working days that the law does not count.
        consequence: of its having run out.
        lapse: what the law makes of it once it has run out.
    """

    clock: str
    title: str
    began_on: date
    due: DueDate
    state: ClockState
    left: int | None
    excluded: int = 0
    consequence: Consequence = Consequence.NONE
    lapse: Consequence = Consequence.NONE


class Progress(Struct, frozen=True):
    """How far a case has come.

    Attributes:
        accepted_on: the day from which it counts as accepted; None while it does not.
        deemed: the law counts it as accepted, nobody did.
        clocks: every clock that began, in the order in which they did.
        open_procedures: excluded procedures under way.
    """

    accepted_on: date | None
    deemed: bool
    clocks: tuple[RunningClock, ...]
    open_procedures: tuple[str, ...] = ()

    @property
    def running(self) -> RunningClock | None:
        """The clock that somebody has to keep next: the earliest of those that run, are stopped or overdue."""
        owed = [c for c in self.clocks if c.left is not None]
        return min(owed, key=lambda c: c.due.on, default=None)


def terms_of(rules: RuleSet, matter: Matter, expires_on: date | None = None) -> Terms:
    """The lengths of a matter in a rule set.

    Raises:
        RulesInvalid: the rule set lacks one of the clocks that every matter has.
    """
    clocks = {clock.id: clock for clock in rules.clocks}
    missing = [name for name in (NOTICE, DELIVERY, PUBLICITY, RENEWAL) if name not in clocks]
    if missing:
        raise RulesInvalid([f"clocks：缺少“{name}”；每个事项都要用到，请补上。" for name in missing])
    return Terms(
        notice=clocks[NOTICE],
        decision=matter.clock,
        delivery=clocks[DELIVERY],
        publicity=clocks[PUBLICITY],
        renewal=clocks[RENEWAL],
        # One whose basis nobody verified would take days from the applicant.
        procedures=frozenset(p.id for p in rules.excluded_procedures if all(b.verified for b in p.basis)),
        expires_on=expires_on,
    )


def progress(events: Sequence[Event], terms: Terms, calendar: WorkCalendar, today: date) -> Progress:
    """Every clock of a case as it stands.

    Args:
        events: what happened, oldest first, each as ``checked`` lets it through; at least that it was received.
        terms: of the matter.
        calendar: working days.
        today: calendar day in China, not before the last event.
    """
    accepted_on, deemed, notices = _acceptance(events, terms, calendar, today)
    clocks = list(notices)
    open_procedures: tuple[str, ...] = ()
    over = _first(events, Act.WITHDRAWN, Act.NOT_ACCEPTED)
    decided = _first(events, Act.DECIDED)
    if accepted_on is not None:
        pauses = _pauses(events)
        open_procedures = tuple(sorted({p for p, _, until in pauses if until is None}))
        days = terms.decision.days + sum(e.days for e in events if e.act is Act.EXTENDED)
        due, excluded = _due(accepted_on, days, terms.decision.unit, pauses, calendar, today)
        clocks.append(
            _clock(
                terms.decision,
                accepted_on,
                due,
                decided or over,
                calendar,
                today,
                excluded=excluded,
                stopped=bool(open_procedures) and decided is None,
                done=decided is not None,
                lapse=Consequence.SILENCE,
            )
        )
    if terms.expires_on is not None:
        in_time = events[0].on + timedelta(days=terms.renewal.days) <= terms.expires_on
        clocks.append(
            _clock(
                terms.renewal,
                events[0].on,
                DueDate(terms.expires_on, provisional=False),
                decided or over,
                calendar,
                today,
                done=decided is not None,
                lapse=Consequence.DEEMED_RENEWED if in_time else Consequence.NONE,
            )
        )
    if decided is not None and decided.granted:
        for clock, act in ((terms.delivery, Act.DELIVERED), (terms.publicity, Act.PUBLISHED)):
            due = count_days(decided.on, clock.days, clock.unit, calendar)
            clocks.append(_clock(clock, decided.on, due, _first(events, act), calendar, today, done=True))
    return Progress(accepted_on, deemed, tuple(clocks), open_procedures)


def checked(events: Sequence[Event], event: Event, terms: Terms, calendar: WorkCalendar) -> Event:
    """The event, if it may follow what happened.

    Args:
        events: what happened, oldest first; empty for a new case.
        event: takes the id of the procedure and the number of the written notice where a procedure begins, the id where
            it ends, the days where the time is extended.
        terms: of the matter.
        calendar: working days.

    Raises:
        CaseInvalid: it may not; the message says why and what to do.
    """
    problem = _problem(events, event, terms, calendar)
    if problem is not None:
        raise CaseInvalid("办理环节", *problem)
    return event


def _problem(events: Sequence[Event], event: Event, terms: Terms, calendar: WorkCalendar) -> tuple[str, str] | None:
    if not events:
        received = event.act is Act.RECEIVED
        return None if received else ("办件还没有收件登记。", "请先登记收到申请材料。")
    if event.on < events[-1].on:
        return "日期早于上一环节。", f"上一环节在{events[-1].on.isoformat()}，请核对日期。"
    if event.act is Act.RECEIVED:
        return "办件已经收件。", "补正材料请登记为收到补正材料。"
    if _first(events, Act.WITHDRAWN, Act.NOT_ACCEPTED) is not None:
        return "办件已经撤回或者不予受理。", "不能再登记办理环节。"
    accepted_on, deemed, _ = _acceptance(events, terms, calendar, event.on)
    decided = _first(events, Act.DECIDED)
    if event.act in _BEFORE_ACCEPTANCE:
        return _before_acceptance(events, event, accepted_on, deemed=deemed)
    if event.act in (Act.DELIVERED, Act.PUBLISHED):
        if decided is None or not decided.granted:
            return "还没有作出准予许可的决定。", "请先作出决定。"
        return ("已经登记过。", "不必再次登记。") if _first(events, event.act) is not None else None
    if decided is not None:
        return "已经作出决定。", "决定之后不能再登记这一环节。"
    if accepted_on is None and event.act is not Act.WITHDRAWN:
        return "办件还没有受理。", "请先受理，或者告知补正、不予受理。"
    return _after_acceptance(events, event, terms)


_BEFORE_ACCEPTANCE = frozenset({Act.NOTICED, Act.SUPPLIED, Act.ACCEPTED, Act.NOT_ACCEPTED})


def _before_acceptance(
    events: Sequence[Event], event: Event, accepted_on: date | None, *, deemed: bool
) -> tuple[str, str] | None:
    if deemed and event.act is Act.ACCEPTED:
        return None  # in writing what the law has done already; it changes no date
    if accepted_on is not None:
        why = "期限内没有告知补正，自收到材料之日起视为受理。" if deemed else "办件已经受理。"
        return why, "请继续审查，按法定条件作出决定。"
    noticed = _first(events, Act.NOTICED) is not None
    if event.act is Act.NOTICED and noticed:
        return "补正只能一次告知。", "请按已告知的内容审核补正材料，受理或者不予受理。"
    if event.act is Act.SUPPLIED and not noticed:
        return "没有告知过补正。", "申请人主动补充的，登记为收到补正材料之前请先告知补正。"
    return None


def _after_acceptance(events: Sequence[Event], event: Event, terms: Terms) -> tuple[str, str] | None:
    open_now = {p for p, _, until in _pauses(events) if until is None}
    if event.act is Act.PROCEDURE_BEGAN:
        if event.procedure not in terms.procedures:
            return "这一程序不在法定不计入期限的范围内。", "信用核查等其他环节照常计入期限。"
        if not event.notice_no.strip():
            return "没有书面告知申请人所需时间。", "请先出具特别程序告知书，再登记程序开始。"
        return ("这一程序正在进行。", "请先登记该程序结束。") if event.procedure in open_now else None
    if event.act is Act.PROCEDURE_ENDED and event.procedure not in open_now:
        return "这一程序没有开始。", "请先登记程序开始。"
    if event.act is Act.EXTENDED:
        if _first(events, Act.EXTENDED) is not None:
            return "期限已经延长过一次。", "延长只能一次，请在延长后的期限内作出决定。"
        if not 1 <= event.days <= terms.decision.extension_days:
            return "延长的时间超过法定上限。", f"本事项最多延长{terms.decision.extension_days}个工作日。"
    return None


def _first(events: Sequence[Event], *acts: Act) -> Event | None:
    return next((e for e in events if e.act in acts), None)


def _acceptance(
    events: Sequence[Event], terms: Terms, calendar: WorkCalendar, today: date
) -> tuple[date | None, bool, list[RunningClock]]:
    """Since when the case counts as accepted, whether only by law, and the clocks of what was to be said."""
    clocks: list[RunningClock] = []
    begun: Event | None = None
    for event in (e for e in events if e.act in _SAYING):
        if event.act in (Act.RECEIVED, Act.SUPPLIED):
            begun = event
            continue
        if begun is not None:
            clocks.append(_notice(begun, event, terms, calendar, today))
            if clocks[-1].consequence is Consequence.DEEMED_ACCEPTED:
                return begun.on, True, clocks
            begun = None
        if event.act is Act.ACCEPTED:
            return event.on, False, clocks
    if begun is None:
        return None, False, clocks
    clocks.append(_notice(begun, _first(events, Act.WITHDRAWN), terms, calendar, today))
    deemed = clocks[-1].consequence is Consequence.DEEMED_ACCEPTED
    return (begun.on if deemed else None), deemed, clocks


_SAYING = _BEFORE_ACCEPTANCE | {Act.RECEIVED}


def _notice(begun: Event, said: Event | None, terms: Terms, calendar: WorkCalendar, today: date) -> RunningClock:
    due = count_days(begun.on, terms.notice.days, terms.notice.unit, calendar)
    return _clock(
        terms.notice,
        begun.on,
        due,
        said,
        calendar,
        today,
        done=said is not None and said.act is not Act.WITHDRAWN,
        lapse=Consequence.DEEMED_ACCEPTED,
    )


def _pauses(events: Sequence[Event]) -> list[tuple[str, date, date | None]]:
    """Excluded procedures: which, since when, until when; None while it lasts. A decision ends all of them."""
    ends = _first(events, Act.DECIDED, Act.WITHDRAWN)
    found: list[tuple[str, date, date | None]] = []
    for at, event in enumerate(events):
        if event.act is Act.PROCEDURE_BEGAN:
            later = (e for e in events[at:] if e.act is Act.PROCEDURE_ENDED and e.procedure == event.procedure)
            end = next(later, ends)
            found.append((event.procedure, event.on, end.on if end is not None else None))
    return found


def _due(
    start: date,
    days: int,
    unit: str,
    pauses: Sequence[tuple[str, date, date | None]],
    calendar: WorkCalendar,
    today: date,
) -> tuple[DueDate, int]:
    """The last day, and how many days on the way to it the law does not count."""
    if not pauses:
        return count_days(start, days, unit, calendar), 0
    day, counted, excluded = start, 0, 0
    while counted < days:
        day += _DAY
        if unit == "workdays" and not calendar.is_workday(day):
            continue
        if any(since < day <= (until or today) for _, since, until in pauses):
            excluded += 1
        else:
            counted += 1
    return DueDate(day, day > calendar.published_until), excluded


def _clock(
    clock: Clock,
    began_on: date,
    due: DueDate,
    end: Event | None,
    calendar: WorkCalendar,
    today: date,
    *,
    done: bool,
    excluded: int = 0,
    stopped: bool = False,
    lapse: Consequence = Consequence.NONE,
) -> RunningClock:
    """One clock; ``done``: what ended it is what was owed."""
    over = (end.on if end is not None else today) > due.on
    if end is not None:
        state = (ClockState.LATE if over else ClockState.MET) if done else ClockState.ENDED
    elif stopped:
        state = ClockState.STOPPED
    else:
        state = ClockState.OVERDUE if over else ClockState.RUNNING
    consequence = lapse if over and not stopped else Consequence.NONE
    # What the law has done in the organ's place, nobody owes any more.
    owed = end is None and consequence not in (Consequence.DEEMED_ACCEPTED, Consequence.DEEMED_RENEWED)
    return RunningClock(
        clock=clock.id,
        title=clock.title,
        began_on=began_on,
        due=due,
        state=state,
        left=workdays_between(today, due.on, calendar) if owed else None,
        excluded=excluded,
        consequence=consequence,
        lapse=lapse,
    )
