"""Statutory clocks: what begins, stops and ends them, and what the law makes of one that ran out (L-09, 行政许可法)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approval_hook.errors import CaseInvalid, RulesInvalid
from approval_hook.policy.clocks import (
    Act,
    ClockState,
    Consequence,
    Event,
    Progress,
    RunningClock,
    Terms,
    checked,
    progress,
    terms_of,
)
from approval_hook.policy.workdays import add_workdays, workdays_between
from approval_hook.workcalendar import published_calendar

from .building import rules, rules_with

CALENDAR = published_calendar()
TERMS = terms_of(rules(), rules().matter("food-business"))
#: Monday after the holidays of October 2026.
MONDAY = date(2026, 10, 12)


def at(act: Act, day: int | date, **more: object) -> Event:
    """An act so many calendar days after Monday, or on a day."""
    on = day if isinstance(day, date) else MONDAY + timedelta(days=day)
    return Event(act, on, **more)  # type: ignore[arg-type] # by name


def run(*events: Event, on: int | date, terms: Terms = TERMS) -> Progress:
    """Every event checked in its turn, then the clocks on a day."""
    for n, event in enumerate(events):
        assert checked(events[:n], event, terms, CALENDAR) is event
    today = on if isinstance(on, date) else MONDAY + timedelta(days=on)
    return progress(events, terms, CALENDAR, today)


def clock(found: Progress, name: str) -> RunningClock:
    """The one clock of this id."""
    (one,) = [c for c in found.clocks if c.clock == name]
    return one


RECEIVED = at(Act.RECEIVED, 0)
ACCEPTED = at(Act.ACCEPTED, 1)


def test_five_working_days_to_say_what_is_missing() -> None:
    """行政许可法 第三十二条: until the fifth working day the case waits for the organ."""
    found = run(RECEIVED, on=7)
    notice = clock(found, "correction-notice")
    assert (notice.due.on, notice.left, notice.state) == (date(2026, 10, 19), 0, ClockState.RUNNING)
    assert (found.accepted_on, found.deemed, found.running) == (None, False, notice)


def test_silence_is_acceptance_from_the_day_of_receipt() -> None:
    """第三十二条第一款第四项: the clock of the decision then counts from the receipt, not from the sixth day."""
    found = run(RECEIVED, on=8)
    assert (found.accepted_on, found.deemed) == (MONDAY, True)
    assert clock(found, "correction-notice").consequence is Consequence.DEEMED_ACCEPTED
    decision = clock(found, TERMS.decision.id)
    assert found.running == decision
    assert (decision.began_on, decision.due) == (MONDAY, add_workdays(MONDAY, TERMS.decision.days, CALENDAR))


def test_a_late_acceptance_changes_no_date() -> None:
    """What is written on the tenth day counts from the receipt all the same; a late notice is refused."""
    late = at(Act.ACCEPTED, 10)
    found = run(RECEIVED, late, on=10)
    assert (found.accepted_on, found.deemed) == (MONDAY, True)
    for act in (Act.NOTICED, Act.NOT_ACCEPTED):
        with pytest.raises(CaseInvalid, match="视为受理"):
            checked([RECEIVED], at(act, 10), TERMS, CALENDAR)


def test_a_notice_in_time_hands_the_case_to_the_applicant() -> None:
    """Nothing runs against the organ until the materials come; then it has five working days again."""
    noticed = at(Act.NOTICED, 4)
    waiting = run(RECEIVED, noticed, on=60)
    assert (waiting.accepted_on, waiting.running) == (None, None)
    assert clock(waiting, "correction-notice").state is ClockState.MET
    supplied = at(Act.SUPPLIED, 60)
    assert run(RECEIVED, noticed, supplied, on=61).accepted_on is None
    silent = run(RECEIVED, noticed, supplied, on=90)
    assert (silent.accepted_on, silent.deemed) == (supplied.on, True)
    said = run(RECEIVED, noticed, supplied, at(Act.ACCEPTED, 62), on=90)
    assert (said.accepted_on, said.deemed) == (MONDAY + timedelta(days=62), False)


def test_the_decision_is_due_twenty_working_days_after_acceptance_and_ten_more_once() -> None:
    """第四十二条: the day of acceptance is not counted; an extension is the head's, once, within its limit."""
    plain = clock(run(RECEIVED, ACCEPTED, on=2), TERMS.decision.id)
    assert plain.due == add_workdays(ACCEPTED.on, 20, CALENDAR)
    extended = at(Act.EXTENDED, 10, days=10)
    longer = clock(run(RECEIVED, ACCEPTED, extended, on=10), TERMS.decision.id)
    assert longer.due == add_workdays(ACCEPTED.on, 30, CALENDAR)
    with pytest.raises(CaseInvalid, match="延长过一次"):
        checked([RECEIVED, ACCEPTED, extended], at(Act.EXTENDED, 11, days=1), TERMS, CALENDAR)
    for days in (0, 11):
        with pytest.raises(CaseInvalid, match="最多延长10个工作日"):
            checked([RECEIVED, ACCEPTED], at(Act.EXTENDED, 10, days=days), TERMS, CALENDAR)


def test_only_what_the_law_excludes_stops_the_clock_and_only_in_writing() -> None:
    """第四十五条: a hearing with a written notice; a credit query is none of it."""
    begun = at(Act.PROCEDURE_BEGAN, 8, procedure="hearing", notice_no="特〔2026〕1号")
    stopped = run(RECEIVED, ACCEPTED, begun, on=15)
    one = clock(stopped, TERMS.decision.id)
    assert (one.state, one.excluded, stopped.open_procedures) == (ClockState.STOPPED, 5, ("hearing",))
    ended = run(RECEIVED, ACCEPTED, begun, at(Act.PROCEDURE_ENDED, 15, procedure="hearing"), on=30)
    after = clock(ended, TERMS.decision.id)
    assert (after.due, after.excluded) == (add_workdays(ACCEPTED.on, 25, CALENDAR), 5)
    assert (after.state, ended.open_procedures) == (ClockState.RUNNING, ())
    past = [RECEIVED, ACCEPTED]
    for wrong, why in (
        (at(Act.PROCEDURE_BEGAN, 8, procedure="credit-query", notice_no="1"), "不在法定"),
        (at(Act.PROCEDURE_BEGAN, 8, procedure="hearing", notice_no=" "), "书面告知"),
        (at(Act.PROCEDURE_ENDED, 8, procedure="hearing"), "没有开始"),
    ):
        with pytest.raises(CaseInvalid, match=why):
            checked(past, wrong, TERMS, CALENDAR)
    with pytest.raises(CaseInvalid, match="正在进行"):
        checked([*past, begun], begun, TERMS, CALENDAR)


def test_a_procedure_that_stops_the_clock_beyond_its_last_day_leaves_nothing_overdue() -> None:
    """While it lasts the decision cannot be late; what was left is left afterwards."""
    begun = at(Act.PROCEDURE_BEGAN, 2, procedure="expert-review", notice_no="特〔2026〕2号")
    found = clock(run(RECEIVED, ACCEPTED, begun, on=200), TERMS.decision.id)
    assert (found.state, found.consequence, found.left) == (ClockState.STOPPED, Consequence.NONE, 19)


def test_a_decision_that_does_not_come_is_silence() -> None:
    """L-21: the applicant may go to reconsideration; the clock says so and goes on being owed."""
    found = run(RECEIVED, ACCEPTED, on=60)
    late = clock(found, TERMS.decision.id)
    assert (late.state, late.consequence) == (ClockState.OVERDUE, Consequence.SILENCE)
    assert late.left is not None
    assert late.left < 0
    decided = run(RECEIVED, ACCEPTED, at(Act.DECIDED, 60, granted=True), on=61)
    assert (clock(decided, TERMS.decision.id).state, clock(decided, TERMS.decision.id).left) == (ClockState.LATE, None)


def test_a_granted_licence_is_delivered_in_ten_and_published_in_seven_working_days() -> None:
    """第四十四条 and R-31; a refusal has neither clock."""
    granted = at(Act.DECIDED, 10, granted=True)
    found = run(RECEIVED, ACCEPTED, granted, on=10)
    assert clock(found, "delivery").due == add_workdays(granted.on, 10, CALENDAR)
    assert clock(found, "publicity").due == add_workdays(granted.on, 7, CALENDAR)
    assert found.running == clock(found, "publicity")
    done = run(RECEIVED, ACCEPTED, granted, at(Act.PUBLISHED, 11), at(Act.DELIVERED, 12), on=90)
    assert (done.running, {c.state for c in done.clocks}) == (None, {ClockState.MET})
    with pytest.raises(CaseInvalid, match="已经登记过"):
        checked([RECEIVED, ACCEPTED, granted, at(Act.PUBLISHED, 11)], at(Act.PUBLISHED, 12), TERMS, CALENDAR)
    refused = run(RECEIVED, ACCEPTED, at(Act.DECIDED, 10), on=11)
    assert [c.clock for c in refused.clocks] == ["correction-notice", TERMS.decision.id]
    with pytest.raises(CaseInvalid, match="准予许可"):
        checked([RECEIVED, ACCEPTED, at(Act.DECIDED, 10)], at(Act.DELIVERED, 12), TERMS, CALENDAR)


def test_a_renewal_without_a_decision_is_granted_when_the_licence_expires() -> None:
    """第五十条第二款."""
    last = MONDAY + timedelta(days=30)
    terms = terms_of(rules(), rules().matter("food-business"), last)
    before = run(RECEIVED, ACCEPTED, on=last, terms=terms)
    assert clock(before, "renewal").consequence is Consequence.NONE
    after = clock(run(RECEIVED, ACCEPTED, on=31, terms=terms), "renewal")
    assert (after.state, after.consequence) == (ClockState.OVERDUE, Consequence.DEEMED_RENEWED)
    too_late = terms_of(rules(), rules().matter("food-business"), last - timedelta(days=1))
    assert clock(run(RECEIVED, ACCEPTED, on=31, terms=too_late), "renewal").consequence is Consequence.NONE
    decided = run(RECEIVED, ACCEPTED, at(Act.DECIDED, 10, granted=True), on=40, terms=terms)
    assert clock(decided, "renewal").state is ClockState.MET


@pytest.mark.parametrize("end", [Act.WITHDRAWN, Act.NOT_ACCEPTED])
def test_a_case_that_is_over_owes_nothing(end: Act) -> None:
    """No clock runs on, however long ago its day was, and nothing can be entered any more."""
    over = at(end, 3)
    found = run(RECEIVED, over, on=90)
    assert (found.running, found.accepted_on) == (None, None)
    with pytest.raises(CaseInvalid, match="撤回或者不予受理"):
        checked([RECEIVED, over], at(Act.ACCEPTED, 4), TERMS, CALENDAR)
    later = run(RECEIVED, ACCEPTED, at(Act.WITHDRAWN, 9), on=90)
    assert (later.running, clock(later, TERMS.decision.id).state) == (None, ClockState.ENDED)


@pytest.mark.parametrize(
    ("past", "event", "why"),
    [
        ([], ACCEPTED, "还没有收件"),
        ([RECEIVED], RECEIVED, "已经收件"),
        ([at(Act.RECEIVED, 5)], at(Act.ACCEPTED, 4), "早于上一环节"),
        ([RECEIVED], at(Act.SUPPLIED, 1), "没有告知过补正"),
        ([RECEIVED, at(Act.NOTICED, 1)], at(Act.NOTICED, 2), "一次告知"),
        ([RECEIVED, ACCEPTED], at(Act.NOTICED, 2), "已经受理"),
        ([RECEIVED], at(Act.DECIDED, 1), "还没有受理"),
        ([RECEIVED, ACCEPTED, at(Act.DECIDED, 2)], at(Act.DECIDED, 3), "已经作出决定"),
        ([RECEIVED, ACCEPTED], at(Act.DELIVERED, 3), "准予许可"),
    ],
)
def test_what_may_not_follow_is_refused_with_what_to_do(past: Sequence[Event], event: Event, why: str) -> None:
    """Each refusal says why."""
    with pytest.raises(CaseInvalid, match=why) as refused:
        checked(past, event, TERMS, CALENDAR)
    assert refused.value.remedy


def test_s15_a_date_beyond_the_published_calendar_is_flagged_also_with_a_pause() -> None:
    """The year's calendar is not out yet."""
    late = CALENDAR.published_until - timedelta(days=20)
    events = (at(Act.RECEIVED, late), at(Act.ACCEPTED, late))
    assert clock(run(*events, on=late), TERMS.decision.id).due.provisional
    begun = at(Act.PROCEDURE_BEGAN, late, procedure="hearing", notice_no="1")
    ended = at(Act.PROCEDURE_ENDED, late + timedelta(days=7), procedure="hearing")
    assert clock(run(*events, begun, ended, on=ended.on), TERMS.decision.id).due.provisional


def test_a_rule_set_without_a_clock_that_every_matter_has_is_told_so() -> None:
    """Nothing is counted with a length that nobody gave."""

    def shorten(data: dict[str, Any]) -> None:
        for part in ("clocks", "reminders"):
            data[part] = [row for row in data[part] if row["id"] != "delivery"]

    short = rules_with(shorten)
    with pytest.raises(RulesInvalid, match="delivery"):
        terms_of(short, short.matter("food-business"))


def test_a_procedure_on_an_unverified_basis_does_not_stop_the_clock() -> None:
    """It would take days from the applicant."""

    def doubt(data: dict[str, object]) -> None:
        data["excluded_procedures"] = [{"id": "hearing", "title": "听证", "basis": ["p22-0"]}]

    doubtful = rules_with(doubt)
    assert terms_of(doubtful, doubtful.matter("food-business")).procedures == frozenset()


def test_days_that_are_not_working_days_are_counted_as_such() -> None:
    """A clock in calendar days, with and without a pause."""
    terms = Terms(
        TERMS.notice,
        TERMS.decision.model_copy(update={"unit": "days", "days": 30}),
        TERMS.delivery,
        TERMS.publicity,
        TERMS.renewal,
        TERMS.procedures,
    )
    assert clock(run(RECEIVED, ACCEPTED, on=2, terms=terms), TERMS.decision.id).due.on == MONDAY + timedelta(days=31)
    begun = at(Act.PROCEDURE_BEGAN, 2, procedure="hearing", notice_no="1")
    ended = at(Act.PROCEDURE_ENDED, 4, procedure="hearing")
    paused = clock(run(RECEIVED, ACCEPTED, begun, ended, on=5, terms=terms), TERMS.decision.id)
    assert (paused.due.on, paused.excluded) == (MONDAY + timedelta(days=33), 2)


# Properties over drawn histories.

ACTS = st.sampled_from(list(Act))
STEPS = st.lists(
    st.tuples(
        ACTS,
        st.integers(0, 12),
        st.sampled_from(sorted(TERMS.procedures)[:3]),
        st.integers(0, 12),
        st.booleans(),
    ),
    max_size=14,
)


def drawn(start: date, steps: Sequence[tuple[Act, int, str, int, bool]]) -> list[Event]:
    """A history: of the drawn acts those that may follow."""
    events = [Event(Act.RECEIVED, start)]
    for act, gap, procedure, days, granted in steps:
        event = Event(
            act, events[-1].on + timedelta(days=gap), procedure=procedure, notice_no="1", days=days, granted=granted
        )
        try:
            events.append(checked(events, event, TERMS, CALENDAR))
        except CaseInvalid:
            continue
    return events


STARTS = st.dates(date(2025, 1, 2), date(2026, 11, 30))


@given(start=STARTS, steps=STEPS, later=st.integers(0, 60))
def test_the_decision_has_its_days_whatever_happened(
    start: date, steps: Sequence[tuple[Act, int, str, int, bool]], later: int
) -> None:
    """Counted day by day: as many working days as the law gives, without those of excluded procedures."""
    events = drawn(start, steps)
    today = events[-1].on + timedelta(days=later)
    found = progress(events, TERMS, CALENDAR, today)
    decisions = [c for c in found.clocks if c.clock == TERMS.decision.id]
    assert bool(decisions) is (found.accepted_on is not None)
    for one in decisions:
        assert one.began_on == found.accepted_on
        over = next((e.on for e in events if e.act in (Act.DECIDED, Act.WITHDRAWN)), None)
        inside = 0
        for n in range(1, (one.due.on - one.began_on).days + 1):
            day = one.began_on + timedelta(days=n)
            inside += CALENDAR.is_workday(day) and any(
                begun.on
                < day
                <= next(
                    (e.on for e in events[i:] if e.act is Act.PROCEDURE_ENDED and e.procedure == begun.procedure),
                    over or today,
                )
                for i, begun in enumerate(events)
                if begun.act is Act.PROCEDURE_BEGAN
            )
        days = TERMS.decision.days + sum(e.days for e in events if e.act is Act.EXTENDED)
        assert workdays_between(one.began_on, one.due.on, CALENDAR) == days + inside
        assert one.excluded == inside
        assert (one.state is ClockState.STOPPED) is bool(found.open_procedures)


@given(start=STARTS, steps=STEPS, later=st.integers(0, 60))
def test_no_act_but_the_law_s_own_moves_the_last_day(
    start: date, steps: Sequence[tuple[Act, int, str, int, bool]], later: int
) -> None:
    """Once accepted, a case keeps its date through everything but an extension and an excluded procedure."""
    events = drawn(start, steps)
    moving = (Act.EXTENDED, Act.PROCEDURE_BEGAN, Act.PROCEDURE_ENDED)
    for n in range(1, len(events)):
        today = events[n].on
        before, after = (progress(events[:m], TERMS, CALENDAR, today) for m in (n, n + 1))
        if before.accepted_on is None or before.open_procedures or events[n].act in moving:
            continue
        assert after.accepted_on == before.accepted_on
        ends = [c.due for found in (before, after) for c in found.clocks if c.clock == TERMS.decision.id]
        assert len(set(ends)) == 1, events[n]


@given(start=STARTS, steps=STEPS, later=st.integers(0, 60))
def test_an_applicant_is_never_told_late_without_a_consequence(
    start: date, steps: Sequence[tuple[Act, int, str, int, bool]], later: int
) -> None:
    """Whoever heard nothing within five working days is accepted from the day the materials came."""
    events = drawn(start, steps)
    found = progress(events, TERMS, CALENDAR, events[-1].on + timedelta(days=later))
    notices = [c for c in found.clocks if c.clock == "correction-notice"]
    for one in notices[:-1]:
        assert one.state is ClockState.MET
    for one in notices:
        late = one.state in (ClockState.LATE, ClockState.OVERDUE)
        ended = one.state is ClockState.ENDED
        assert ended or late is (one.consequence is Consequence.DEEMED_ACCEPTED)
        if one.consequence is Consequence.DEEMED_ACCEPTED:
            assert (found.accepted_on, found.deemed) == (one.began_on, True)
