"""Feedback over SOAP: what the adapter says of each item, against what the platform really took."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.joint_reward import JointRewardPlatform
from adapters.simulator import Fault, FaultKind, SimulatedSubject, Simulator
from adapters.simulator.shapes.joint_reward import JointRewardShape
from approval_hook.errors import PlatformError, PlatformRefused, PlatformUnavailable
from approval_hook.policy.subjects import organisation, person
from approval_hook.ports import Feedback, FeedbackResult, ItemOutcome, ItemState
from approval_hook.testing import make_query
from tests.contract.conftest import SECONDS, RunningSimulator, row
from tests.contract.test_never_clean import EXAMPLES, TIMED

ON = date(2026, 10, 1)
FIRM = organisation("广州示例丙餐饮有限公司", "92440104MA5FKAEH4C", on=ON)
ITEM = Feedback(
    feedback_id="f-1",
    query_id="q-1",
    receipt_no="RB-1",
    subject=FIRM,
    matter="food-business",
    case_no="HT-2026-0001",
    organ="示例市市场监督管理局",
    region="440100",
    result=FeedbackResult.EXECUTED,
    handled_on=date(2026, 10, 9),
    list_type="food_serious",
    record_id="R-1",
    measures=("从严审核, 现场核查", "限制<告知承诺>"),
    basis="示例备忘录&第3条",
    remark="已办结，\n无其他。",
)

#: Faults of the reply after which the items may well have been taken, and others after which they were not.
UNANSWERED = sorted(
    kind
    for kind in FaultKind
    if kind not in TIMED
    and not JointRewardShape.cannot_show(kind)
    and kind not in (FaultKind.NAME_ONLY, FaultKind.EXTRA_FIELDS, FaultKind.MIXED_DATES, FaultKind.HALF_PAGE)
)


@pytest.fixture
def target(simulator: RunningSimulator) -> Iterator[JointRewardPlatform]:
    """The adapter on an empty simulator."""
    platform = simulator.joint_reward()
    yield platform
    platform.close()


def several(*ids: str, **changes: str) -> list[Feedback]:
    """The same feedback under several ids."""
    return [replace(ITEM, feedback_id=i, **changes) for i in ids]  # type: ignore[arg-type] # texts only


def states(outcomes: Sequence[ItemOutcome]) -> dict[str, tuple[ItemState, str]]:
    """State and reason by id."""
    return {o.item_id: (o.state, o.reason) for o in outcomes}


def taken(simulator: RunningSimulator) -> set[str]:
    """Ids of the feedback that the platform keeps."""
    return {one["id"] for one in simulator.control.taken() if one["kind"] == "feedback"}


def strike_commit(simulator: RunningSimulator, kind: FaultKind, **options: object) -> None:
    """A fault for what is said about the firm, so that the lists are told well."""
    simulator.control.fault(Fault(kind, number=FIRM.name, **options))  # type: ignore[arg-type] # fields of Fault


def test_feedback_arrives_word_for_word(simulator: RunningSimulator, target: JointRewardPlatform) -> None:
    """Commas, markup and line breaks of measures, basis and remark arrive as they were written."""
    (outcome,) = target.feed_back([ITEM], timeout=5)
    assert (outcome.state, outcome.reason, outcome.receipt_no) == (ItemState.ACCEPTED, "", "F-f-1")
    (kept,) = simulator.control.taken()
    assert (kept["kind"], kept["id"], kept["arrivals"]) == ("feedback", "f-1", 1)
    assert kept["document"] == {
        "uuid": "f-1",
        "requestId": "RB-1",
        "name": FIRM.name,
        "code": "92440104MA5FKAEH4C",
        "originDept": "示例市市场监督管理局",
        "unitedId": "food_serious",
        "unitedType": "black",
        "unitedName": "食品安全严重违法生产经营者名单",
        "feedbackResult": "实施奖惩",
        "handleType": "1",
        "clTime": "2026-10-09",
        "remark": "已办结，\n无其他。",
        "action": ["从严审核, 现场核查", "限制<告知承诺>"],
        "unionPair": [["示例备忘录&第3条", "从严审核, 现场核查"], ["示例备忘录&第3条", "限制<告知承诺>"]],
        "detail": [["记录编号", "R-1"]],
    }


def test_the_receipt_of_a_query_goes_with_its_feedback(
    simulator: RunningSimulator, target: JointRewardPlatform
) -> None:
    """The platform's requestId comes out of the query as its receipt and goes back with what became of it."""
    simulator.control.put(SimulatedSubject.of(FIRM, row("R-1")))
    receipt = target.query(make_query(FIRM, "q-1"), timeout=5).receipt_no
    target.feed_back([replace(ITEM, receipt_no=receipt)], timeout=5)
    assert [one["document"]["requestId"] for one in simulator.control.taken()] == [receipt]


def test_one_query_may_have_several_and_each_query_its_own_request(
    simulator: RunningSimulator, target: JointRewardPlatform
) -> None:
    """Outcomes come in the order of the items, whatever request carried them."""
    items = [*several("a", "b"), *several("c", receipt_no="RB-2"), *several("d")]
    outcomes = target.feed_back(items, timeout=5)
    assert [(o.item_id, o.state) for o in outcomes] == [(i, ItemState.ACCEPTED) for i in "abcd"]
    assert {one["id"]: one["document"]["requestId"] for one in simulator.control.taken()} == {
        "a": "RB-1",
        "b": "RB-1",
        "d": "RB-1",
        "c": "RB-2",
    }
    assert len(simulator.control.ledger()) == 3  # the lists, and one for each query


@pytest.mark.parametrize("result", [(FeedbackResult.EXECUTED, "1"), (FeedbackResult.OTHER, "2")])
def test_the_kind_of_handling_is_told(
    simulator: RunningSimulator, target: JointRewardPlatform, result: tuple[FeedbackResult, str]
) -> None:
    """1 is 实施奖惩 and 2 is 其他; without a list there is none."""
    target.feed_back([replace(ITEM, result=result[0], list_type="", measures=(), record_id="")], timeout=5)
    (kept,) = simulator.control.taken()
    assert (kept["document"]["handleType"], kept["document"]["unitedId"]) == (result[1], "")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"list_type": "no_such_list"}, "list-unknown"),
        ({"receipt_no": ""}, "receipt-missing"),
        ({"remark": "\x0b"}, "text-unsendable"),
        ({"measures": ("\ud800",)}, "text-unsendable"),
        ({"feedback_id": "x" * 101}, "feedback-id"),
        ({"subject": person("陈示例", "440300199001010016", on=ON)}, "unidentified"),
    ],
)
def test_what_can_never_be_sent_is_refused_and_spoils_no_other(
    simulator: RunningSimulator, target: JointRewardPlatform, changes: dict[str, object], reason: str
) -> None:
    """Somebody must correct it; the rest goes."""
    spoilt = replace(ITEM, **({"feedback_id": "bad"} | changes))  # type: ignore[arg-type] # drawn fields
    outcomes = target.feed_back([spoilt, ITEM], timeout=5)
    assert [(o.state, o.reason) for o in outcomes] == [(ItemState.REFUSED, reason), (ItemState.ACCEPTED, "")]
    assert taken(simulator) == {"f-1"}


def test_nothing_to_send_asks_nothing(simulator: RunningSimulator, target: JointRewardPlatform) -> None:
    """An empty month is not the adapter's business."""
    assert target.feed_back([], timeout=5) == []
    assert simulator.control.ledger() == []


def test_of_two_items_with_one_id_the_first_goes(target: JointRewardPlatform) -> None:
    """The same item twice is one; another content under its id is refused."""
    assert [o.state for o in target.feed_back([ITEM, ITEM], timeout=5)] == [ItemState.ACCEPTED] * 2
    outcomes = target.feed_back([ITEM, replace(ITEM, remark="别的")], timeout=5)
    assert [(o.state, o.reason) for o in outcomes] == [(ItemState.ACCEPTED, ""), (ItemState.REFUSED, "duplicate-id")]


@pytest.mark.parametrize("kind", [FaultKind.RESET, FaultKind.CUT, FaultKind.HTTP_500, FaultKind.BAD_JSON])
def test_a_line_cut_after_the_taking_is_unknown_and_a_repeat_settles_it(
    simulator: RunningSimulator, target: JointRewardPlatform, kind: FaultKind
) -> None:
    """The platform has it and we cannot know; sent again under its id it is kept once."""
    strike_commit(simulator, kind, times=1)
    (first,) = target.feed_back([ITEM], timeout=5)
    assert (first.state, taken(simulator)) == (ItemState.UNKNOWN, {"f-1"})
    arrivals = [one["arrivals"] for one in simulator.control.taken()]
    (second,) = target.feed_back([ITEM], timeout=5)
    assert (second.state, taken(simulator)) == (ItemState.ACCEPTED, {"f-1"})
    assert arrivals == [1], "it was repeated without being asked"
    assert [one["arrivals"] for one in simulator.control.taken()] == [2]


def test_another_content_under_a_used_id_is_refused(simulator: RunningSimulator, target: JointRewardPlatform) -> None:
    """The platform keeps what came first."""
    target.feed_back([ITEM], timeout=5)
    outcomes = target.feed_back([replace(ITEM, remark="别的")], timeout=5)
    assert states(outcomes) == {"f-1": (ItemState.REFUSED, "id-reused")}
    assert simulator.control.taken()[0]["document"]["remark"] == ITEM.remark


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (
            FaultKind.PARTIAL,
            {"a": (ItemState.ACCEPTED, ""), "b": (ItemState.ACCEPTED, ""), "c": (ItemState.REFUSED, "list-unknown")},
        ),
        (
            FaultKind.MISSING_ROWS,
            {"a": (ItemState.ACCEPTED, ""), "b": (ItemState.ACCEPTED, ""), "c": (ItemState.UNKNOWN, "not-answered")},
        ),
        (FaultKind.PENDING, dict.fromkeys("abc", (ItemState.UNKNOWN, "in-progress"))),
        (FaultKind.WRONG_SUBJECT, dict.fromkeys("abc", (ItemState.UNKNOWN, "reply-invalid"))),
        (FaultKind.WRONG_QUERY, dict.fromkeys("abc", (ItemState.UNKNOWN, "reply-invalid"))),
        (FaultKind.DUPLICATE_PAGE, dict.fromkeys("abc", (ItemState.UNKNOWN, "reply-invalid"))),
        (FaultKind.UNKNOWN_STATE, dict.fromkeys("abc", (ItemState.UNKNOWN, "reply-invalid"))),
        (FaultKind.UNKNOWN_STATUS, dict.fromkeys("abc", (ItemState.UNKNOWN, "reply-invalid"))),
        (FaultKind.REFUSED, dict.fromkeys("abc", (ItemState.UNKNOWN, "refused"))),
        (FaultKind.ERROR_DOCUMENT, dict.fromkeys("abc", (ItemState.UNKNOWN, "unavailable"))),
    ],
)
def test_states_keep_their_meaning(
    simulator: RunningSimulator,
    target: JointRewardPlatform,
    kind: FaultKind,
    expected: dict[str, tuple[ItemState, str]],
) -> None:
    """已提交 is accepted, 提交中 unknown, 未提交 refused; a reply that answers otherwise accepts nothing."""
    strike_commit(simulator, kind)
    assert states(target.feed_back(several(*"abc"), timeout=5)) == expected


@pytest.mark.parametrize("kind", UNANSWERED)
def test_no_fault_accepts_what_was_not_taken(
    simulator: RunningSimulator, target: JointRewardPlatform, kind: FaultKind
) -> None:
    """Under every fault of the reply; a refusal by status is an error, because nothing was taken."""
    strike_commit(simulator, kind)
    if kind is FaultKind.HTTP_401:
        with pytest.raises(PlatformRefused):
            target.feed_back(several(*"abc"), timeout=2)
        assert taken(simulator) == set()
        return
    outcomes = target.feed_back(several(*"abc"), timeout=2)
    assert {o.item_id for o in outcomes if o.state is ItemState.ACCEPTED} <= taken(simulator)
    assert any(o.state is not ItemState.ACCEPTED for o in outcomes)


def test_when_the_lists_are_not_told_nothing_is_sent(simulator: RunningSimulator, target: JointRewardPlatform) -> None:
    """The error says that nothing was taken, and nothing was."""
    simulator.control.fault(FaultKind.HTTP_500)
    with pytest.raises(PlatformUnavailable):
        target.feed_back([ITEM], timeout=0.5)
    assert taken(simulator) == set()


def test_a_platform_that_is_not_there_is_an_error() -> None:
    """Nothing was taken, so the caller need not treat the items as sent."""
    platform = JointRewardPlatform("reward", "http://127.0.0.1:9", "k", "s")
    with pytest.raises(PlatformUnavailable) as caught:
        platform.feed_back([ITEM], timeout=0.5)
    assert not caught.value.sent
    platform.close()


def test_time_that_runs_out_leaves_the_rest_unknown(simulator: RunningSimulator, target: JointRewardPlatform) -> None:
    """What was sent before stays accepted, what was not sent is not."""
    other = organisation("广州示例乙商贸有限公司", "91440300MA5FKAEH40", on=ON)
    second = replace(ITEM, feedback_id="f-2", receipt_no="RB-2", subject=other)
    third = replace(ITEM, feedback_id="f-3", receipt_no="RB-3")
    simulator.control.fault(Fault(FaultKind.HANG, number=other.name))
    outcomes = target.feed_back([ITEM, second, third], timeout=1)
    assert [o.state for o in outcomes] == [ItemState.ACCEPTED, ItemState.UNKNOWN, ItemState.UNKNOWN]
    assert taken(simulator) == {"f-1", "f-2"}


def test_a_refusal_after_something_was_taken_is_told_item_by_item(
    simulator: RunningSimulator, target: JointRewardPlatform
) -> None:
    """An error would say that nothing was taken."""
    other = organisation("广州示例乙商贸有限公司", "91440300MA5FKAEH40", on=ON)
    second = replace(ITEM, feedback_id="f-2", receipt_no="RB-2", subject=other)
    simulator.control.fault(Fault(FaultKind.HTTP_401, number=other.name))
    outcomes = target.feed_back([ITEM, second], timeout=5)
    assert states(outcomes) == {"f-1": (ItemState.ACCEPTED, ""), "f-2": (ItemState.UNKNOWN, "refused")}
    assert taken(simulator) == {"f-1"}


@pytest.fixture(scope="module")
def running() -> Iterator[Simulator]:
    """One simulator inside this process, for every example."""
    with Simulator(seed=2) as simulator:
        yield simulator


KINDS = sorted(kind for kind in FaultKind if kind not in TIMED)


@settings(max_examples=EXAMPLES, deadline=None, database=None)
@given(
    cases=st.lists(st.tuples(st.integers(1, 3), st.sampled_from(["food_serious", "", "no_such_list"])), max_size=5),
    kind=st.sampled_from([None, *KINDS]),
    probability=st.sampled_from([1.0, 0.5]),
    seed=st.integers(0, 1_000),
)
def test_accepted_is_taken_whatever_happens(
    running: Simulator, cases: list[tuple[int, str]], kind: FaultKind | None, probability: float, seed: int
) -> None:
    """Every accepted item is in the platform's inbox; an error that says nothing was taken is true."""
    running.faults.clear()
    running.inbox.clear()
    names = random.Random(seed).sample(["a", "b&", "丙", "<d>", "e'\""], len(cases))  # noqa: S311 - draws ids
    items = [
        replace(ITEM, feedback_id=name, receipt_no=f"RB-{query}", list_type=listed)
        for name, (query, listed) in zip(names, cases, strict=True)
    ]
    platform = JointRewardPlatform("reward", running.url, running.paasid, running.token)
    if kind is not None:
        running.faults.add(Fault(kind, number=FIRM.name, probability=probability, seconds=SECONDS.get(kind, 1.0)))
    try:
        outcomes = platform.feed_back(items, timeout=5)
    except PlatformError:
        assert running.inbox.all() == []
        return
    finally:
        platform.close()
    kept = {one["id"] for one in running.inbox.all()}
    assert [o.item_id for o in outcomes] == names
    assert {o.item_id for o in outcomes if o.state is ItemState.ACCEPTED} <= kept
    if kind is None:
        assert {o.item_id for o in outcomes if o.state is ItemState.ACCEPTED} == kept
        assert {o.state for o in outcomes} <= {ItemState.ACCEPTED, ItemState.REFUSED}
    assert not kept & {o.item_id for o in outcomes if o.state is ItemState.REFUSED}
