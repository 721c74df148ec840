"""A written promise: until when, what counts as kept, and what nobody but a person decides (R-13, S-15, S-16)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from approval_hook.errors import CaseInvalid
from approval_hook.policy.promises import (
    Bounds,
    PromiseAct,
    PromiseStanding,
    PromiseState,
    Signature,
    SignedBy,
    SignedHow,
    Step,
    checked,
    due_day,
    latest_day,
    standing,
)
from approval_hook.policy.workdays import add_workdays
from approval_hook.workcalendar import published_calendar

from .building import NOW

CALENDAR = published_calendar()
#: Monday 12 October 2026, nine o'clock in China.
MONDAY = NOW
DIGEST = "0" * 64
ONLINE = Signature(SignedBy.APPLICANT, SignedHow.ONLINE, "2026-1", DIGEST, level="L3")
BOUNDS = Bounds(frozenset({"photo", "copy", "proof"}), decision_due=date(2026, 11, 9), buffer_days=2)
#: Friday of that week.
UNTIL = date(2026, 10, 16)
SIGNED = Step(PromiseAct.SIGNED, MONDAY, "applicant", ("photo", "copy"), UNTIL, signature=ONLINE)


def at(act: PromiseAct, days: float, *items: str, **more: Any) -> Step:
    """An act so many days after Monday morning."""
    values = {"by": "clerk", "reason": "情况属实"} | more
    return Step(act, MONDAY + timedelta(days=days), items=items, **values)


def run(*steps: Step, days: float, bounds: Bounds = BOUNDS) -> PromiseStanding:
    """Every step checked in its turn, then how the promise stands so many days after Monday."""
    for n, step in enumerate(steps):
        assert checked(steps[:n], step, bounds, CALENDAR) is step
    return standing(steps, bounds, CALENDAR, MONDAY + timedelta(days=days))


def refused(steps: Sequence[Step], step: Step, why: str, bounds: Bounds = BOUNDS) -> None:
    """The step is refused with this reason and with what to do."""
    with pytest.raises(CaseInvalid, match=why) as error:
        checked(steps, step, bounds, CALENDAR)
    assert error.value.remedy


def test_a_promise_is_kept_when_everything_came_in_time() -> None:
    """Also on the last evening; who keeps it stays in the fast lane."""
    half = run(SIGNED, at(PromiseAct.SUPPLIED, 1, "photo"), days=1)
    assert (half.state, half.out, half.due) == (PromiseState.OPEN, ("copy",), UNTIL)
    last_minute = at(PromiseAct.SUPPLIED, 4 + 14.98 / 24, "copy")  # 23:58 in China
    kept = run(SIGNED, at(PromiseAct.SUPPLIED, 1, "photo"), last_minute, days=20)
    assert (kept.state, kept.out, kept.in_fast_lane) == (PromiseState.FULFILLED, (), True)


def test_s16_a_minute_late_is_late_and_a_supervisor_may_let_it_count() -> None:
    """Before the decision, with a reason; by itself it neither counts nor breaks the promise."""
    minute_late = at(PromiseAct.SUPPLIED, 4 + 15.02 / 24, "photo", "copy")  # 00:01 on Saturday
    late = run(SIGNED, minute_late, days=6)
    assert (late.state, late.out, late.late) == (PromiseState.LATE, ("photo", "copy"), ("photo", "copy"))
    assert not late.in_fast_lane
    admitted = run(SIGNED, minute_late, at(PromiseAct.ADMITTED, 7, "photo", "copy"), days=8)
    assert (admitted.state, admitted.admitted) == (PromiseState.FULFILLED, ("photo", "copy"))
    steps = (SIGNED, minute_late)
    refused(steps, at(PromiseAct.ADMITTED, 7, "photo", reason="好"), "理由")
    refused(steps, at(PromiseAct.ADMITTED, 7, "proof"), "逾期收到")
    refused(steps, at(PromiseAct.SUPPLIED, 7, "photo"), "已经逾期收到")
    refused(steps, at(PromiseAct.ADMITTED, 7, "photo"), "已经作出决定", replace(BOUNDS, decided=True))


def test_s16_a_promise_is_broken_by_a_person_after_its_day_only() -> None:
    """Nothing came: it is late, and stays so until somebody has looked."""
    assert run(SIGNED, days=90).state is PromiseState.LATE
    refused((SIGNED,), at(PromiseAct.BROKEN, 2), "期限未到")
    refused((SIGNED,), at(PromiseAct.BROKEN, 6, reason=" "), "理由")
    broken = run(SIGNED, at(PromiseAct.BROKEN, 6), days=7)
    assert (broken.state, broken.in_fast_lane) == (PromiseState.BROKEN, False)
    refused((SIGNED, at(PromiseAct.BROKEN, 6)), at(PromiseAct.SUPPLIED, 7, "photo"), "认定违约")


def test_two_uploads_of_one_paper_count_once_and_a_wrong_one_not_at_all() -> None:
    """The second is told that the first is there."""
    steps = (SIGNED, at(PromiseAct.SUPPLIED, 1, "photo"))
    refused(steps, at(PromiseAct.SUPPLIED, 1, "photo"), "已经收到")
    refused(steps, at(PromiseAct.SUPPLIED, 1, "proof"), "不在承诺")
    refused(steps, at(PromiseAct.SUPPLIED, 1), "没有选择")
    refused(steps, at(PromiseAct.SUPPLIED, 1, "copy", "copy"), "没有选择")


def test_an_extension_is_approved_before_the_day_and_within_the_decision_s_time() -> None:
    """Never later than the decision less the buffer."""
    later = at(PromiseAct.EXTENDED, 2, until=date(2026, 10, 30))
    assert run(SIGNED, later, days=10).due == date(2026, 10, 30)
    assert latest_day(BOUNDS, CALENDAR) == date(2026, 11, 5)
    refused((SIGNED,), at(PromiseAct.EXTENDED, 2, until=date(2026, 11, 6)), "太晚")
    refused((SIGNED,), at(PromiseAct.EXTENDED, 2, until=UNTIL), "晚于今天和原定")
    refused((SIGNED,), at(PromiseAct.EXTENDED, 2), "晚于今天和原定")
    refused((SIGNED,), at(PromiseAct.EXTENDED, 2, until=date(2026, 10, 30), reason=""), "理由")
    refused((SIGNED,), at(PromiseAct.EXTENDED, 6, until=date(2026, 10, 30)), "期限已过")


def test_a_promise_can_be_withdrawn_until_it_is_kept() -> None:
    """Then nothing more is taken by it."""
    gone = run(SIGNED, at(PromiseAct.WITHDRAWN, 2), days=3)
    assert (gone.state, gone.in_fast_lane) == (PromiseState.WITHDRAWN, False)
    refused((SIGNED, at(PromiseAct.WITHDRAWN, 2)), at(PromiseAct.SUPPLIED, 3, "photo"), "已经撤回")
    kept = (SIGNED, at(PromiseAct.SUPPLIED, 1, "photo", "copy"))
    refused(kept, at(PromiseAct.WITHDRAWN, 2), "已经履行")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"items": ()}, "可以容缺"),
        ({"items": ("photo", "photo")}, "可以容缺"),
        ({"items": ("application-form",)}, "可以容缺"),
        ({"signature": None}, "文本或者版本"),
        ({"signature": replace(ONLINE, version=" ")}, "文本或者版本"),
        ({"signature": replace(ONLINE, text_digest="x")}, "文本或者版本"),
        ({"signature": replace(ONLINE, by=SignedBy.AGENT)}, "授权委托书"),
        ({"signature": replace(ONLINE, level="")}, "实名"),
        ({"signature": replace(ONLINE, how=SignedHow.PAPER)}, "扫描件"),
        ({"until": None}, "晚于今天"),
        ({"until": date(2026, 10, 12)}, "晚于今天"),
        ({"until": date(2026, 11, 6)}, "太晚"),
    ],
)
def test_what_is_signed_is_complete_and_within_bounds(changes: dict[str, Any], why: str) -> None:
    """No statutory paper, no unread text, no agent without a mandate, no unknown hand, no late day."""
    refused((), replace(SIGNED, **changes), why)


@pytest.mark.parametrize(
    "signature",
    [
        replace(ONLINE, by=SignedBy.AGENT, mandate_no="WT-1"),
        Signature(SignedBy.APPLICANT, SignedHow.PAPER, "2026-1", DIGEST, scan_digest=DIGEST),
    ],
)
def test_an_agent_with_a_mandate_and_a_scanned_sheet_sign_too(signature: Signature) -> None:
    """The other ways."""
    assert run(replace(SIGNED, signature=signature), days=1).state is PromiseState.OPEN


def test_a_promise_begins_with_its_signature_and_has_one() -> None:
    """And time goes one way."""
    refused((), at(PromiseAct.SUPPLIED, 1, "photo"), "还没有签署")
    refused((SIGNED,), SIGNED, "已经签署")
    refused((SIGNED,), at(PromiseAct.SUPPLIED, -1, "photo"), "早于上一次")


def test_s15_a_day_off_moves_to_the_next_working_day_but_not_beyond_the_latest() -> None:
    """国庆 2026 ends on 7 October; Saturday 10 October is worked; a calendar that comes later moves a day too."""
    bounds = Bounds(frozenset({"photo"}), decision_due=date(2026, 10, 30), buffer_days=2)
    assert due_day(date(2026, 10, 1), bounds, CALENDAR) == date(2026, 10, 8)
    assert due_day(date(2026, 10, 10), bounds, CALENDAR) == date(2026, 10, 10)
    assert due_day(date(2026, 10, 11), bounds, CALENDAR) == date(2026, 10, 12)
    tight = Bounds(frozenset({"photo"}), decision_due=date(2026, 10, 9), buffer_days=2)
    assert latest_day(tight, CALENDAR) == date(2026, 9, 30)
    assert due_day(date(2026, 10, 1), tight, CALENDAR) == date(2026, 9, 30)


# Properties over drawn histories.

ACTS = st.lists(
    st.tuples(
        st.sampled_from([a for a in PromiseAct if a is not PromiseAct.SIGNED]),
        st.floats(0, 6),
        st.lists(st.sampled_from(["photo", "copy", "proof"]), max_size=2),
        st.integers(0, 40),
    ),
    max_size=10,
)


MAY_FOLLOW = {
    PromiseAct.REPAIRED: {PromiseState.BROKEN},
    PromiseAct.RETURNED: {PromiseState.OPEN, PromiseState.LATE, PromiseState.FULFILLED},
}


@given(acts=ACTS, later=st.floats(0, 60), buffer=st.integers(0, 8))
def test_no_supplement_day_lies_after_the_decision_less_its_buffer(
    acts: Sequence[tuple[PromiseAct, float, list[str], int]], later: float, buffer: int
) -> None:
    """Whatever is done, and every state is left only by what may end it."""
    bounds = replace(BOUNDS, buffer_days=buffer)
    steps = [SIGNED]
    for act, gap, items, days in acts:
        moment = steps[-1].at + timedelta(days=gap)
        step = Step(act, moment, "clerk", tuple(items), UNTIL + timedelta(days=days), "情况属实")
        before = standing(steps, bounds, CALENDAR, moment)
        try:
            steps.append(checked(steps, step, bounds, CALENDAR))
        except CaseInvalid:
            continue
        after = standing(steps, bounds, CALENDAR, moment)
        assert before.state in MAY_FOLLOW.get(act, {PromiseState.OPEN, PromiseState.LATE})
        assert act is PromiseAct.RETURNED or set(after.out) <= set(before.out)
    found = standing(steps, bounds, CALENDAR, steps[-1].at + timedelta(days=later))
    assert found.due <= add_workdays(bounds.decision_due, -buffer, CALENDAR).on
    assert CALENDAR.is_workday(found.due)
    assert {*found.late} <= {*found.out} <= {"photo", "copy"}
    broken = any(step.act is PromiseAct.BROKEN for step in steps)
    assert broken is (found.state is PromiseState.BROKEN)
    assert (found.state is PromiseState.FULFILLED) is (
        not found.out and not broken and all(step.act is not PromiseAct.WITHDRAWN for step in steps)
    )


@given(moment=st.integers(0, 10 * 24 * 60))
def test_in_time_is_until_midnight_in_china(moment: int) -> None:
    """To the minute."""
    step = at(PromiseAct.SUPPLIED, moment / 24 / 60, "photo", "copy")
    midnight = datetime.fromisoformat("2026-10-17T00:00:00+08:00")
    found = run(SIGNED, step, days=30)
    assert (found.state is PromiseState.FULFILLED) is (step.at < midnight)


def test_what_is_not_what_was_promised_goes_back_with_a_reason() -> None:
    """It is out again and comes in time, or too late, as if it had never come."""
    came = at(PromiseAct.SUPPLIED, 1, "copy", "photo")
    back = at(PromiseAct.RETURNED, 2, "photo", reason="照片不是本人")
    found = run(SIGNED, came, back, days=2)
    assert (found.state, found.out) == (PromiseState.OPEN, ("photo",))
    assert run(SIGNED, came, back, at(PromiseAct.SUPPLIED, 3, "photo"), days=9).state is PromiseState.FULFILLED
    late = [SIGNED, came, back, at(PromiseAct.SUPPLIED, 5, "photo")]
    assert run(*late, days=9).late == ("photo",)
    admitted = [*late, at(PromiseAct.ADMITTED, 6, "photo")]
    assert run(*admitted, days=9).admitted == ("photo",)
    assert run(*admitted, at(PromiseAct.RETURNED, 7, "photo"), days=9).out == ("photo",)
    refused([SIGNED, came], at(PromiseAct.RETURNED, 2, "photo", reason=""), "没有写明理由")
    for wrong in (("proof",), ()):
        refused([SIGNED, came], at(PromiseAct.RETURNED, 2, *wrong), "没有收到这份材料")
    refused([SIGNED], at(PromiseAct.RETURNED, 2, "photo"), "没有收到这份材料")
    withdrawn = [SIGNED, at(PromiseAct.SUPPLIED, 1, "copy"), at(PromiseAct.WITHDRAWN, 2)]
    refused(withdrawn, at(PromiseAct.RETURNED, 3, "copy"), "没有收到这份材料")


def test_a_breach_is_repaired_once_with_a_reason_also_after_the_decision() -> None:
    """Only what was broken; nothing else of the promise changes."""
    broken = [SIGNED, at(PromiseAct.BROKEN, 8)]
    repaired = at(PromiseAct.REPAIRED, 30)
    decided = replace(BOUNDS, decided=True)
    assert not run(*broken, days=30).repaired
    assert checked(broken, repaired, decided, CALENDAR) is repaired
    found = standing([*broken, repaired], decided, CALENDAR, repaired.at)
    assert (found.state, found.repaired) == (PromiseState.BROKEN, True)
    for before in ([], [SIGNED], [*broken, repaired]):
        refused(before, at(PromiseAct.REPAIRED, 31), "没有待修复的违诺记录", decided)
    refused(broken, at(PromiseAct.REPAIRED, 7), "没有待修复的违诺记录")
    refused(broken, at(PromiseAct.REPAIRED, 30, reason="无"), "没有写明理由")
