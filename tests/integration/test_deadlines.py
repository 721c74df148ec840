"""Statutory acts and deadlines: written together, derived, reminded once, never stopped by a query."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from approval_hook import clock, counting, deadlines
from approval_hook.counting import beginning_of, ruling
from approval_hook.deadlines import CaseRef
from approval_hook.errors import AppendOnlyError, CaseInvalid
from approval_hook.models import ClockedCase, Deadline, Reminder, StatutoryAct
from approval_hook.policy.clocks import Act, ClockState, Event, checked, progress, terms_of
from approval_hook.policy.workdays import add_workdays
from approval_hook.signals import deadline_reached
from approval_hook.workcalendar import published_calendar

pytestmark = pytest.mark.django_db

#: A Monday under the shipped rules.
MONDAY = date(2026, 10, 12)
MATTER, ORGAN = "food-business", "示例市市场监督管理局"

NOTICE = "示延〔2026〕1号"


def ref(number: int = 1, matter: str = MATTER, **values: Any) -> CaseRef:
    """A synthetic case."""
    return CaseRef(f"440104-20261012-{number:04d}", matter, ORGAN, **values)


@contextmanager
def on(day: date, hour: int = 9) -> Iterator[None]:
    """Stand at an hour of a day in China."""
    with clock.standing_at(beginning_of(day) + timedelta(hours=hour)):
        yield


def after(day: date, n: int) -> date:
    """Working days later."""
    return add_workdays(day, n, published_calendar()).on


def received(day: date = MONDAY, case: CaseRef | None = None, hour: int = 9) -> CaseRef:
    """A case whose materials came."""
    case = case or ref()
    with on(day, hour):
        deadlines.record(case, Act.RECEIVED, "lin")
    return case


def accepted(day: date = MONDAY, case: CaseRef | None = None, hour: int = 9) -> CaseRef:
    """A case accepted on the day on which it came."""
    case = received(day, case, hour)
    with on(day, hour):
        deadlines.record(case, Act.ACCEPTED, "lin")
    return case


def row(case: CaseRef, clock_id: str = "decision", number: int = 1) -> Deadline:
    """One deadline as it is stored."""
    return Deadline.objects.get(case__case_no=case.case_no, clock=clock_id, number=number)


def swept(day: date) -> deadlines.Swept:
    """Sweep in the morning of a day."""
    with on(day):
        return deadlines.sweep()


def fired(case: CaseRef) -> list[tuple[str, str, bool]]:
    """Clock, grade and whether it was missed, in order."""
    rows = Reminder.objects.filter(case_no=case.case_no).order_by("pk")
    return [(r.clock, r.grade, r.missed) for r in rows]


@pytest.fixture
def told() -> Iterator[list[Reminder]]:
    """What the signal said."""
    heard: list[Reminder] = []

    def listen(reminder: Reminder, **_: Any) -> None:
        heard.append(reminder)

    deadline_reached.connect(listen)
    yield heard
    deadline_reached.disconnect(listen)


def test_each_grade_is_fired_once_on_its_day(told: list[Reminder]) -> None:
    """Ten and three working days before, then the day after; a second sweep of the same day fires nothing."""
    case = accepted()
    due = row(case).due_on
    assert due == date(2026, 11, 9)  # twenty working days
    for days, grade in ((-10, "normal"), (-3, "warning")):
        day = after(due, days)
        assert swept(day - timedelta(days=1)).reminded == 0
        assert swept(day).reminded == 1
        assert swept(day).reminded == 0
        assert told[-1].grade == grade
    assert swept(due).reminded == 0
    assert swept(due + timedelta(days=1)).reminded == 1
    assert swept(due + timedelta(days=90)).reminded == 0
    assert fired(case) == [("decision", grade, False) for grade in ("normal", "warning", "overdue")]
    assert (told[-1].lapse, row(case).state) == ("silence", "overdue")


def test_a_runner_that_slept_fires_what_holds_now_and_records_what_was_missed(told: list[Reminder]) -> None:
    """One message, and two rows that say which grades passed unseen."""
    case = accepted()
    found = swept(row(case).due_on + timedelta(days=5))
    assert (found.reminded, found.missed) == (1, 2)
    assert [r.grade for r in told] == ["overdue"]
    assert fired(case) == [("decision", "normal", True), ("decision", "warning", True), ("decision", "overdue", False)]


def test_silence_after_receipt_is_an_acceptance_by_law(told: list[Reminder]) -> None:
    """From the day of receipt, by nobody's hand, with a decision clock of its own; no page was opened."""
    case = received()
    last = after(MONDAY, 5)
    assert swept(last).lapsed == 0
    assert swept(last + timedelta(days=1)).lapsed == 1
    assert swept(last + timedelta(days=2)).lapsed == 0
    act = StatutoryAct.objects.get(kind="deemed_accepted")
    assert (act.on, act.by, act.at) == (MONDAY, "", beginning_of(MONDAY) + timedelta(hours=9))
    assert (row(case).began_on, row(case).due_on) == (MONDAY, date(2026, 11, 9))
    assert [(r.clock, r.grade, r.lapse) for r in told][-1] == ("correction-notice", "overdue", "deemed_accepted")
    with pytest.raises(CaseInvalid, match="视为受理"), on(last + timedelta(days=3)):
        deadlines.record(case, Act.NOTICED, "lin", notice_no="示补〔2026〕1号", items=["营业执照"])
    with on(last + timedelta(days=3)):
        deadlines.record(case, Act.ACCEPTED, "lin")  # in writing; it changes no date
        shown = deadlines.standing(case.case_no)
    assert row(case).began_on == MONDAY
    assert shown.lines[0].lapse_articles[0].article == "第三十二条"


def test_the_law_acts_before_the_runner_does() -> None:
    """Whoever registers a late acceptance writes the lapse down with it."""
    case = received()
    with on(after(MONDAY, 9)):
        deadlines.record(case, Act.ACCEPTED, "lin")
    assert set(StatutoryAct.objects.values_list("kind", flat=True)) == {"received", "accepted", "deemed_accepted"}
    assert row(case).began_on == MONDAY


def test_a_renewal_without_a_decision_is_deemed_granted(told: list[Reminder]) -> None:
    """On the day after the licence ended, where it was applied for in time."""
    expires = MONDAY + timedelta(days=40)
    case = accepted(case=ref(expires_on=expires))
    late = accepted(case=ref(2, expires_on=MONDAY + timedelta(days=20)))
    swept(expires + timedelta(days=1))
    act = StatutoryAct.objects.get(kind="deemed_renewed")
    assert (act.case_no, act.on) == (case.case_no, expires + timedelta(days=1))
    assert row(late, "renewal").lapse == ""


def test_a_procedure_stops_the_clock_and_a_supplement_begins_a_second_one() -> None:
    """While it lasts nothing is reminded; at its end the last day has moved by the days it took."""
    case = received()
    with on(after(MONDAY, 2)):
        deadlines.record(case, Act.NOTICED, "lin", notice_no="示补〔2026〕1号", items=["营业执照"])
    with on(after(MONDAY, 4)):
        deadlines.record(case, Act.SUPPLIED, "lin")
        deadlines.record(case, Act.ACCEPTED, "lin")
    assert row(case, "correction-notice", 2).state == "met"
    plain = row(case).due_on
    began = after(MONDAY, 6)
    with on(began):
        with pytest.raises(CaseInvalid, match="不在法定不计入期限"):
            deadlines.record(case, Act.PROCEDURE_BEGAN, "lin", procedure="credit-query", notice_no="示特〔2026〕1号")
        deadlines.record(case, Act.PROCEDURE_BEGAN, "lin", procedure="inspection", notice_no="示特〔2026〕1号")
    assert (row(case).state, row(case).next_fire_at) == ("stopped", None)
    assert swept(plain + timedelta(days=30)).reminded == 0
    with on(after(began, 7)):
        deadlines.record(case, Act.PROCEDURE_ENDED, "lin", procedure="inspection")
    assert (row(case).due_on, row(case).excluded) == (after(plain, 7), 7)


def test_an_extension_takes_two_people_a_reason_and_happens_once() -> None:
    """The clerk asks, the head agrees with a notice; neither alone, not twice, not too long, not too late."""
    case = accepted()
    due = row(case).due_on
    with on(after(MONDAY, 10)):
        with pytest.raises(CaseInvalid, match="提请"):
            deadlines.record(case, Act.EXTENDED, "zhao")
        with pytest.raises(CaseInvalid, match="最多延长10个工作日"):
            deadlines.ask_extension(case, "lin", 11, "现场核查需要更多时间")
        asked = deadlines.ask_extension(case, "lin", 10, "现场核查需要更多时间")
        with pytest.raises(CaseInvalid, match="正在等待"):
            deadlines.ask_extension(case, "lin", 5, "现场核查需要更多时间")
        with pytest.raises(CaseInvalid, match="提请人不能批准"):
            deadlines.answer_extension(
                case, asked.pk, "LIN", agreed=True, reason="情况属实", notice_no="示延〔2026〕1号"
            )
        with pytest.raises(CaseInvalid, match="没有书面告知"):
            deadlines.answer_extension(case, asked.pk, "zhao", agreed=True, reason="情况属实")
        assert row(case).due_on == due
        deadlines.answer_extension(case, asked.pk, "zhao", agreed=True, reason="情况属实", notice_no=NOTICE)
        with pytest.raises(CaseInvalid, match="没有待批准"):
            deadlines.answer_extension(
                case, asked.pk, "zhao", agreed=True, reason="情况属实", notice_no="示延〔2026〕1号"
            )
        with pytest.raises(CaseInvalid, match="已经延长过一次"):
            deadlines.ask_extension(case, "lin", 5, "现场核查需要更多时间")
    assert row(case).due_on == after(due, 10)
    slow = accepted(case=ref(2))
    with on(due + timedelta(days=1)), pytest.raises(CaseInvalid, match="法定期限已过"):
        deadlines.ask_extension(slow, "lin", 5, "现场核查需要更多时间")


def test_the_database_refuses_an_extension_of_one_person_and_any_change() -> None:
    """Constraints and append-only rows hold without the code above them."""
    case = accepted()
    act = StatutoryAct.objects.get(kind="accepted")
    alone = {"kind": "extended", "number": 9, "days": 10, "reason": "自己批准", "about": act, "asked_by": "zhao"}
    fields = {"case_no": case.case_no, "matter": MATTER, "organ": ORGAN, "at": act.at, "on": act.on, "made_at": act.at}
    with pytest.raises(IntegrityError), transaction.atomic():
        StatutoryAct.objects.bulk_create([StatutoryAct(**fields, **alone, by="ZHAO", person="zhao")])
    with pytest.raises(IntegrityError), transaction.atomic():
        StatutoryAct.objects.bulk_create(
            [StatutoryAct(**fields, kind="deemed_accepted", number=8, by="lin", person="lin")]
        )
    with pytest.raises(AppendOnlyError):
        act.save()


def test_what_is_taken_back_takes_what_rests_on_it_along() -> None:
    """An acceptance that is undone takes its procedure along; accepted anew, the case has a later place."""
    first, second = accepted(), accepted(case=ref(2), hour=10)
    with on(after(MONDAY, 1)):
        deadlines.record(first, Act.PROCEDURE_BEGAN, "lin", procedure="hearing", notice_no="示特〔2026〕1号")
        assert len(deadlines.take_back(first.case_no, Act.ACCEPTED, "guan")) == 2
    assert not Deadline.objects.filter(case__case_no=first.case_no, clock="decision").exists()
    with on(after(MONDAY, 2)):
        deadlines.record(first, Act.ACCEPTED, "lin")
    assert row(first).began_on == after(MONDAY, 2)
    assert [p.case_no for p in deadlines.acceptance_order(MATTER, ORGAN)] == [second.case_no, first.case_no]


def test_the_order_of_acceptance_is_that_of_the_law_l08() -> None:
    """A case that the law counts as accepted stands where its materials came, before later written acceptances."""
    silent = received(hour=9)
    quick = accepted(case=ref(2), hour=11)
    accepted(case=ref(3, matter="ride-hailing-driver"), hour=8)
    swept(after(MONDAY, 6))
    order = deadlines.acceptance_order(MATTER, ORGAN)
    assert [(p.number, p.case_no, p.deemed) for p in order] == [(1, silent.case_no, True), (2, quick.case_no, False)]


def test_a_deadline_in_an_unpublished_year_is_recounted_when_the_year_comes_s15(monkeypatch: Any) -> None:
    """It is flagged, and after the calendar's publication it moves by the new days off."""
    case = accepted(date(2026, 12, 21))
    before = row(case)
    assert (before.provisional, before.due_on) == (True, date(2027, 1, 18))
    calendar = published_calendar()
    off = {date(2027, 1, 1), date(2027, 1, 11)}
    longer = replace(calendar, holidays=calendar.holidays | off, published_until=date(2027, 12, 31))
    monkeypatch.setattr(counting, "published_calendar", lambda: longer)
    assert swept(date(2026, 12, 28)).recounted == 1
    assert (row(case).provisional, row(case).due_on) == (False, date(2027, 1, 20))
    assert swept(date(2026, 12, 28)).recounted == 0


def test_the_law_does_nothing_on_a_day_that_nobody_published() -> None:
    """The supervisor is called, and the lapse is written once the calendar is there."""
    case = received(date(2026, 12, 30))
    found = swept(date(2027, 1, 20))
    assert (found.reminded, found.lapsed) == (1, 0)
    assert Reminder.objects.filter(case_no=case.case_no, grade="overdue", provisional=True).exists()


def test_a_receiver_that_fails_takes_its_own_reminder_back_and_no_other(told: list[Reminder]) -> None:
    """It is tried again later; the other cases of the batch are told."""
    bad, good = accepted(), accepted(case=ref(2))

    def refuse(reminder: Reminder, **_: Any) -> None:
        if reminder.case_no == bad.case_no:
            raise RuntimeError

    day = row(good).due_on + timedelta(days=1)
    deadline_reached.connect(refuse)
    try:
        found = swept(day)
    finally:
        deadline_reached.disconnect(refuse)
    assert (found.failed, found.reminded, fired(bad)) == (1, 1, [])
    with on(day, 10):
        deadlines.sweep()
    assert Counter(grade for _, grade, missed in fired(bad) if not missed) == {"overdue": 1}


def test_deadlines_can_be_made_anew_without_reminding_again() -> None:
    """What was fired is known from the reminders, not from the row."""
    case = accepted()
    day = after(row(case).due_on, -10)
    swept(day)
    with on(day):
        deadlines.rebuild(case.case_no)
        assert deadlines.sweep().reminded == 0
    assert row(case).fired == "normal"


_ACTS = [act for act in Act if act not in (Act.RECEIVED, Act.EXTENDED)]
_MOVES = st.lists(
    st.tuples(
        st.sampled_from([*_ACTS, Act.DELIVERED, Act.PUBLISHED, Act.WITHDRAWN, "sweep", "back"]), st.integers(0, 12)
    ),
    max_size=7,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_MOVES)
def test_deadlines_are_what_the_core_says_after_every_act(moves: list[tuple[Any, int]]) -> None:
    """Any history: rows equal the core's progress, refused acts leave nothing, and no place is lost."""
    with transaction.atomic():
        _drive(moves)
        transaction.set_rollback(True)


def _drive(moves: list[tuple[Any, int]]) -> None:
    day, case, rival = MONDAY, received(), accepted(case=ref(2), hour=8)
    terms = terms_of(ruling().rules, ruling().rules.matter(MATTER))  # type: ignore[union-attr,arg-type] # rules are in force
    for move, days in moves:
        day += timedelta(days=days)
        with on(day):
            before = StatutoryAct.objects.filter(case_no=case.case_no).count()
            if move == "sweep":
                deadlines.sweep()
            elif move == "back":
                deadlines.take_back(case.case_no, Act.ACCEPTED, "guan")
            else:
                history = counting.events_of(deadlines.acts_of(case.case_no))
                values = {"procedure": "hearing"} if "procedure" in move.value else {}
                notice = {"notice_no": "示〔2026〕1号"} if move in (Act.NOTICED, Act.PROCEDURE_BEGAN) else {}
                items = {"items": ["营业执照"]} if move is Act.NOTICED else {}
                granted = {"granted": True} if move is Act.DECIDED else {}
                event = Event(move, day, **values, **notice, **granted)
                try:
                    checked(history, event, terms, published_calendar())
                except CaseInvalid:
                    with pytest.raises(CaseInvalid):
                        deadlines.record(case, move, "lin", **values, **notice, **items, **granted)
                    assert StatutoryAct.objects.filter(case_no=case.case_no).count() == before
                    continue
                deadlines.record(case, move, "lin", **values, **notice, **items, **granted)
            _agrees(case, terms, day)
    order = [p.case_no for p in deadlines.acceptance_order(MATTER, ORGAN)]
    assert order[0] == rival.case_no


def _agrees(case: CaseRef, terms: Any, day: date) -> None:
    events = counting.events_of(deadlines.acts_of(case.case_no))
    found = progress(events, terms, published_calendar(), day)
    deadlines.rebuild(case.case_no)
    stored = Deadline.objects.filter(case__case_no=case.case_no).order_by("pk")
    assert [(d.clock, d.began_on, d.due_on, d.state, d.excluded, d.owed) for d in stored] == [
        (c.clock, c.began_on, c.due.on, c.state.value, c.excluded, c.left is not None) for c in found.clocks
    ]
    assert all(d.next_fire_at is None for d in stored if d.state == ClockState.STOPPED)


def test_a_case_without_rules_keeps_its_acts_and_is_counted_once_there_are_some(settings: Any, tmp_path: Any) -> None:
    """Nothing that happened is lost because nobody said how long."""
    real = settings.APPROVAL_HOOK
    settings.APPROVAL_HOOK = {**real, "RULES": str(tmp_path)}
    case = accepted()
    assert not Deadline.objects.exists()
    settings.APPROVAL_HOOK = real
    assert ClockedCase.objects.get().counted_by
    swept(MONDAY)
    assert row(case).due_on == date(2026, 11, 9)
