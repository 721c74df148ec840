"""Feedback, publication and lists over real HTTP: both sides are compared, whatever happens on the line.

Whatever a platform says it accepted stands in its inbox, whatever stands there is not called refused, and an
item that is sent again is there once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from adapters.gateway_exchange import ExchangingPlatform
from adapters.message_gateway import MessageGatewayPlatform
from adapters.simulator import FaultKind, SimulatedSubject
from adapters.simulator.shapes.gateway import GatewayShape
from adapters.simulator.shapes.message_gateway import MessageGatewayShape
from adapters.simulator.shapes.sealed_gateway import SealedGatewayShape
from approval_hook.errors import PlatformError, PlatformRefused, PlatformReplyInvalid, PlatformUnavailable
from approval_hook.policy.records import Severity
from approval_hook.policy.subjects import IdentifierType as T
from approval_hook.policy.subjects import organisation, person
from approval_hook.ports import (
    Feedback,
    FeedbackResult,
    ItemOutcome,
    ItemState,
    ListEdition,
    ListEntry,
    Publication,
)
from tests.contract.conftest import RunningSimulator, row

ON = date(2026, 10, 1)
FIRM = organisation("示例餐饮（广州）有限公司", "92440104MA5FKAEH4C", on=ON)
PERSON = person("陈示例", "440300199001010016", on=ON)

#: Faults that show only in that time runs out.
TIMED = {FaultKind.SLOW: 5.0, FaultKind.DRIP: 0.2, FaultKind.DRIP_HEAD: 0.2, FaultKind.HANG: 1.0}
SECONDS = TIMED | {FaultKind.CLOCK_SKEW: 3600.0}

Exchanging = ExchangingPlatform | MessageGatewayPlatform

SHAPES: dict[str, type[GatewayShape] | type[MessageGatewayShape]] = {
    "gateway": GatewayShape,
    "sealed": SealedGatewayShape,
    "messages": MessageGatewayShape,
}
FAULTS = [(name, kind) for name, shape in SHAPES.items() for kind in FaultKind if not shape.cannot_show(kind)]
GATEWAY_FAULTS = [(name, kind) for name, kind in FAULTS if name != "messages"]


def connected(simulator: RunningSimulator, name: str) -> Any:
    """The adapter of a shape."""
    return {"gateway": simulator.platform, "sealed": simulator.sealed, "messages": simulator.messages}[name]()


@pytest.fixture(params=list(SHAPES))
def platform(simulator: RunningSimulator, request: pytest.FixtureRequest) -> Iterator[Any]:
    """Each adapter that gives feedback, on an empty simulator."""
    made = connected(simulator, request.param)
    yield made
    made.close()


@pytest.fixture(params=["gateway", "sealed"])
def gateway(simulator: RunningSimulator, request: pytest.FixtureRequest) -> Iterator[ExchangingPlatform]:
    """Each adapter that publishes and gives lists, on an empty simulator."""
    made = connected(simulator, request.param)
    yield made
    made.close()


def feedback(number: int, **changes: Any) -> Feedback:
    """One complete feedback."""
    plain = Feedback(
        feedback_id=f"f-{number}",
        query_id=f"q-{number}",
        receipt_no=f"R-{number}",
        subject=FIRM if number % 2 else PERSON,
        matter="food-business",
        case_no=f"HT-2026-{number:04d}",
        organ="示例市市场监督管理局",
        region="440104",
        result=FeedbackResult.EXECUTED,
        handled_on=ON,
        list_type="penalty",
        record_id="R-1",
        measures=("不适用告知承诺制",),
        basis="示例办法第三条",
    )
    return replace(plain, **changes)


def publication(number: int, **changes: Any) -> Publication:
    """One complete row."""
    fields = {"XK_XDR_MC": FIRM.name, "XK_WSH": f"示例许〔2026〕{number}号"}
    return replace(Publication(f"p-{number}", "permission", fields), **changes)


def states(outcomes: Sequence[ItemOutcome]) -> list[tuple[str, ItemState, str]]:
    """What was said about each item."""
    return [(o.item_id, o.state, o.reason) for o in outcomes]


def test_feedback_arrives_as_it_was_sent(simulator: RunningSimulator, platform: Exchanging) -> None:
    """Every item is accepted with a receipt, and stands in the inbox with its query and its subject."""
    sent = [feedback(n) for n in range(1, 4)]
    outcomes = platform.feed_back(sent, timeout=10)
    assert states(outcomes) == [(f.feedback_id, ItemState.ACCEPTED, "") for f in sent]
    assert len({o.receipt_no for o in outcomes}) == 3
    taken = simulator.control.taken()
    assert [(t["kind"], t["id"], t["arrivals"]) for t in taken] == [("feedback", f.feedback_id, 1) for f in sent]
    for item, one in zip(sent, taken, strict=True):
        text = str(one["document"])
        for part in (
            item.query_id,
            item.subject.name,
            item.subject.identifiers[0].number,
            "2026-10-01",
            *item.measures,
        ):
            assert part in text
    assert simulator.control.ledger() == []


def test_feedback_by_message_has_the_words_of_that_platform(simulator: RunningSimulator) -> None:
    """A red list is a reward, a black one a sanction, and anything else is other; the query's id is the itemId."""
    platform = simulator.messages()
    red, black = feedback(1, list_type="integrity_model"), feedback(2, remark="另见案卷")
    platform.feed_back([red, black, feedback(3, result=FeedbackResult.OTHER, measures=())], timeout=5)
    documents = [one["document"] for one in simulator.control.taken()]
    assert [d["type"] for d in documents] == ["已激励", "已惩戒", "其他"]
    assert [d["itemId"] for d in documents] == ["q-1", "q-2", "q-3"]
    assert documents[1]["result"] == "不适用告知承诺制；另见案卷"
    assert (documents[1]["uniCode"], documents[1]["district"]) == ("440300199001010016", "440104")
    platform.close()


def test_rows_are_published(simulator: RunningSimulator, gateway: ExchangingPlatform) -> None:
    """More rows than one request takes: all are accepted, in order, and stand in the inbox."""
    sent = [publication(n) for n in range(230)]
    outcomes = gateway.publish(sent, timeout=30)
    assert states(outcomes) == [(p.item_id, ItemState.ACCEPTED, "") for p in sent]
    taken = simulator.control.taken()
    assert [t["id"] for t in taken] == [p.item_id for p in sent]
    assert taken[7]["document"]["fields"] == sent[7].fields


def test_what_the_platform_refuses_is_told_item_by_item(
    simulator: RunningSimulator, gateway: ExchangingPlatform
) -> None:
    """Partial success is normal: reasons in words, and the refused are not in the inbox."""
    rows = [publication(1), publication(2, table=""), publication(3, fields={}), publication(4)]
    assert states(gateway.publish(rows, timeout=10)) == [
        ("p-1", ItemState.ACCEPTED, ""),
        ("p-2", ItemState.REFUSED, "table-unknown"),
        ("p-3", ItemState.REFUSED, "field-missing"),
        ("p-4", ItemState.ACCEPTED, ""),
    ]
    assert states(gateway.feed_back([feedback(1, region="广东"), feedback(2)], timeout=10)) == [
        ("f-1", ItemState.REFUSED, "field-invalid"),
        ("f-2", ItemState.ACCEPTED, ""),
    ]
    assert [t["id"] for t in simulator.control.taken()] == ["p-1", "p-4", "f-2"]


def test_a_refused_message_is_told(simulator: RunningSimulator) -> None:
    """The same where feedback goes one by one."""
    platform = simulator.messages()
    outcomes = platform.feed_back([feedback(1, region=""), feedback(2)], timeout=5)
    assert states(outcomes) == [("f-1", ItemState.REFUSED, "field-missing"), ("f-2", ItemState.ACCEPTED, "")]
    platform.close()


def test_a_busy_platform_may_take_a_message_another_time(simulator: RunningSimulator) -> None:
    """It took nothing and refused nothing for good."""
    platform = simulator.messages()
    simulator.control.fault(FaultKind.BUSY, times=1)
    assert states(platform.feed_back([feedback(1)], timeout=5)) == [("f-1", ItemState.UNKNOWN, "platform-busy")]
    assert simulator.control.taken() == []
    assert states(platform.feed_back([feedback(1)], timeout=5)) == [("f-1", ItemState.ACCEPTED, "")]
    platform.close()


def test_a_subject_that_cannot_be_matched_is_not_sent(simulator: RunningSimulator, platform: Exchanging) -> None:
    """A passport says nothing to a platform; the other items go."""
    traveller = person("示例旅客", "E12345678", type=T.PASSPORT, on=ON)
    outcomes = platform.feed_back([feedback(1, subject=traveller), feedback(2)], timeout=5)
    assert states(outcomes) == [("f-1", ItemState.REFUSED, "unidentified"), ("f-2", ItemState.ACCEPTED, "")]
    assert [t["id"] for t in simulator.control.taken()] == ["f-2"]


def test_one_id_stands_for_one_item(simulator: RunningSimulator, platform: Exchanging) -> None:
    """The same item twice is sent once; another one under its id is refused."""
    outcomes = platform.feed_back([feedback(1), feedback(1), feedback(1, remark="别的")], timeout=5)
    assert [(o.state, o.reason) for o in outcomes] == [
        (ItemState.ACCEPTED, ""),
        (ItemState.ACCEPTED, ""),
        (ItemState.REFUSED, "duplicate-id"),
    ]
    assert [(t["id"], t["arrivals"]) for t in simulator.control.taken()] == [("f-1", 1)]


def test_nothing_to_send_asks_nobody(simulator: RunningSimulator, platform: Exchanging) -> None:
    """No items, no request."""
    simulator.control.fault(FaultKind.HTTP_500)
    assert list(platform.feed_back([], timeout=5)) == []


def test_without_time_nothing_is_sent(simulator: RunningSimulator, platform: Exchanging) -> None:
    """With no time left it is sure that nothing was taken."""
    with pytest.raises(PlatformUnavailable):
        platform.feed_back([feedback(1)], timeout=0)
    assert simulator.control.taken() == []


@pytest.mark.parametrize("kind", [FaultKind.CUT, FaultKind.RESET, FaultKind.HANG, FaultKind.SLOW, FaultKind.HTTP_500])
def test_what_was_taken_before_the_line_broke_is_unknown_and_then_taken_once(
    simulator: RunningSimulator, platform: Exchanging, kind: FaultKind
) -> None:
    """The platform has the item and we have no answer: unknown. Sent again under its id it is there once."""
    simulator.control.fault(kind, seconds=SECONDS.get(kind, 1.0))
    first = platform.feed_back([feedback(1)], timeout=0.5)
    assert states(first) == [("f-1", ItemState.UNKNOWN, "unavailable")]
    (held,) = simulator.control.taken()
    simulator.control.behave()
    second = platform.feed_back([feedback(1)], timeout=5)
    assert states(second) == [("f-1", ItemState.ACCEPTED, "")]
    (still,) = simulator.control.taken()
    assert still["document"] == held["document"]
    assert still["arrivals"] == held["arrivals"] + 1


def test_a_gateway_that_knows_ids_is_sent_a_repeat_by_itself(
    simulator: RunningSimulator, gateway: ExchangingPlatform
) -> None:
    """One cut line inside the deadline is mended without the caller."""
    simulator.control.fault(FaultKind.CUT, times=1)
    assert states(gateway.publish([publication(1)], timeout=5)) == [("p-1", ItemState.ACCEPTED, "")]
    assert [(t["id"], t["arrivals"]) for t in simulator.control.taken()] == [("p-1", 2)]


def test_a_platform_without_ids_of_feedback_is_never_sent_a_repeat_by_itself(simulator: RunningSimulator) -> None:
    """There a repeat might count twice, so the caller decides."""
    platform = simulator.messages()
    simulator.control.fault(FaultKind.CUT, times=1)
    outcomes = platform.feed_back([feedback(1), feedback(2)], timeout=5)
    assert states(outcomes) == [("f-1", ItemState.UNKNOWN, "unavailable"), ("f-2", ItemState.UNKNOWN, "not-sent")]
    assert [(t["id"], t["arrivals"]) for t in simulator.control.taken()] == [("f-1", 1)]
    platform.close()


def test_a_refusal_after_a_broken_line_does_not_prove_that_nothing_was_taken(
    simulator: RunningSimulator, gateway: ExchangingPlatform
) -> None:
    """The first try was taken and cut, the second is refused: unknown, and no error that says "nothing"."""
    simulator.control.fault(FaultKind.CUT, times=1)
    simulator.control.fault(FaultKind.HTTP_401)
    assert states(gateway.publish([publication(1)], timeout=5)) == [("p-1", ItemState.UNKNOWN, "refused")]
    assert [t["id"] for t in simulator.control.taken()] == ["p-1"]


def test_what_was_accepted_stays_accepted_when_a_later_part_fails(
    simulator: RunningSimulator, gateway: ExchangingPlatform
) -> None:
    """Of three parts the second is refused: the first is accepted, the others are to be sent again."""
    sent = [publication(n) for n in range(250)]
    real, calls = gateway._http.post, 0

    def post(*args: Any, **options: Any) -> bytes:
        nonlocal calls
        calls += 1
        if calls == 2:
            simulator.control.fault(FaultKind.HTTP_401)
        return real(*args, **options)

    gateway._http.post = post  # type: ignore[method-assign]
    outcomes = gateway.publish(sent, timeout=30)
    assert [o.state for o in outcomes] == [ItemState.ACCEPTED] * 100 + [ItemState.UNKNOWN] * 150
    assert [o.reason for o in outcomes[100:]] == ["refused"] * 100 + ["not-sent"] * 50
    assert calls == 2
    assert len(simulator.control.taken()) == 100


def _compared(simulator: RunningSimulator, kind: FaultKind, send: Callable[[], Sequence[ItemOutcome]]) -> None:
    """Send under a fault: what each side says must not contradict the other, and it comes in time."""
    simulator.control.fault(kind, seconds=SECONDS.get(kind, 1.0), retry_after=60)
    outcomes: Sequence[ItemOutcome] = ()
    started = time.monotonic()
    raised = False
    try:
        outcomes = send()
    except PlatformError:
        raised = True
    assert time.monotonic() - started < 1.3
    taken = {one["id"] for one in simulator.control.taken()}
    if raised:
        assert taken == set(), "an error says that nothing was taken"
    assert {o.item_id for o in outcomes if o.state is ItemState.ACCEPTED} <= taken
    assert not {o.item_id for o in outcomes if o.state is ItemState.REFUSED} & taken
    simulator.control.behave()


@pytest.mark.parametrize(("name", "kind"), FAULTS)
def test_feedback_under_every_fault(simulator: RunningSimulator, name: str, kind: FaultKind) -> None:
    """Accepted means taken, refused means not taken, an error means that nothing was; a repeat is taken once."""
    platform = connected(simulator, name)
    sent = [feedback(n) for n in range(1, 4)]
    _compared(simulator, kind, lambda: platform.feed_back(sent, timeout=1.0))
    again = platform.feed_back(sent, timeout=10)
    assert [o.state for o in again] == [ItemState.ACCEPTED] * 3
    assert sorted(t["id"] for t in simulator.control.taken()) == ["f-1", "f-2", "f-3"]
    platform.close()


@pytest.mark.parametrize(("name", "kind"), GATEWAY_FAULTS)
def test_publication_under_every_fault(simulator: RunningSimulator, name: str, kind: FaultKind) -> None:
    """The same for rows."""
    platform = connected(simulator, name)
    sent = [publication(n) for n in range(1, 4)]
    _compared(simulator, kind, lambda: platform.publish(sent, timeout=1.0))
    assert [o.state for o in platform.publish(sent, timeout=10)] == [ItemState.ACCEPTED] * 3
    assert len(simulator.control.taken()) == 3
    platform.close()


def test_an_answer_about_other_items_is_no_answer(simulator: RunningSimulator, gateway: ExchangingPlatform) -> None:
    """Nothing is read from a reply that names an item we did not send; one that leaves an item out is read."""
    simulator.control.fault(FaultKind.WRONG_QUERY, times=1)
    assert states(gateway.publish([publication(1)], timeout=5)) == [("p-1", ItemState.UNKNOWN, "reply-invalid")]
    simulator.control.fault(FaultKind.MISSING_ROWS, times=1)
    assert states(gateway.publish([publication(2), publication(3)], timeout=5)) == [
        ("p-2", ItemState.ACCEPTED, ""),
        ("p-3", ItemState.UNKNOWN, "unanswered"),
    ]


def test_a_whole_refusal_is_an_error(simulator: RunningSimulator, platform: Exchanging) -> None:
    """Wrong credentials: nothing was taken, and an operator must look."""
    simulator.control.fault(FaultKind.HTTP_401)
    with pytest.raises(PlatformRefused):
        platform.feed_back([feedback(1)], timeout=5)
    assert simulator.control.taken() == []


# Lists.


def listed(simulator: RunningSimulator, many: int) -> None:
    """A firm with so many rows on one list, and a person with one on another."""
    simulator.control.put(SimulatedSubject.of(FIRM, *(row(f"R-{n}") for n in range(many))))
    simulator.control.put(SimulatedSubject.of(PERSON, row("C-1", list_type="court_defaulter", severity="4")))


def of_type(editions: Sequence[ListEdition], list_type: str) -> list[ListEdition]:
    """The editions of one list."""
    return [e for e in editions if e.list_type == list_type]


def test_whole_lists_are_fetched_page_by_page(simulator: RunningSimulator, gateway: ExchangingPlatform) -> None:
    """Version, moment, count and digest come first; then every row, with whom it is about."""
    listed(simulator, 45)
    editions = gateway.editions(timeout=5)
    assert sorted((e.list_type, e.count, e.base) for e in editions) == [("court_defaulter", 1, ""), ("penalty", 45, "")]
    assert all(abs(e.as_of - datetime.now(UTC)) < timedelta(minutes=1) for e in editions)
    (penalties,) = of_type(editions, "penalty")
    entries = list(gateway.entries(penalties, timeout=5))
    assert [e.record.record_id for e in entries] == [f"R-{n}" for n in range(45)]
    assert {(e.name, e.id_type, e.number, e.removed) for e in entries} == {
        (FIRM.name, "uscc", FIRM.identifiers[0].number, False)
    }
    (court,) = of_type(editions, "court_defaulter")
    (entry,) = gateway.entries(court, timeout=5)
    assert (entry.record.severity, entry.record.source) == (Severity.SERIOUS, gateway.name)
    assert simulator.control.ledger() == []


def test_changes_are_fetched_as_an_edition_of_their_own(
    simulator: RunningSimulator, gateway: ExchangingPlatform
) -> None:
    """An incremental edition names the version it builds on, and tells what changed, came and went."""
    listed(simulator, 3)
    (first,) = of_type(gateway.editions(timeout=5), "penalty")
    changed = (row("R-0"), row("R-1", state="2"), row("R-9"))
    simulator.control.put(SimulatedSubject.of(FIRM, *changed))
    editions = of_type(gateway.editions(timeout=5), "penalty")
    (step,) = [e for e in editions if e.base]
    (whole,) = [e for e in editions if not e.base]
    assert (step.base, step.version, step.count) == (first.version, whole.version, 3)
    entries = list(gateway.entries(step, timeout=5))
    assert [(e.record.record_id, e.removed) for e in entries] == [("R-1", False), ("R-9", False), ("R-2", True)]
    assert [e.record.record_id for e in gateway.entries(whole, timeout=5)] == ["R-0", "R-1", "R-9"]
    assert gateway.editions(timeout=5) == gateway.editions(timeout=5)


def test_a_list_that_became_empty_is_a_whole_list(simulator: RunningSimulator, gateway: ExchangingPlatform) -> None:
    """No rows and a digest that fits: empty, and known to be."""
    listed(simulator, 1)
    gateway.editions(timeout=5)
    simulator.control.put(SimulatedSubject.of(FIRM))
    (whole,) = [e for e in of_type(gateway.editions(timeout=5), "penalty") if not e.base]
    assert whole.count == 0
    assert list(gateway.entries(whole, timeout=5)) == []


def test_a_list_that_was_replaced_meanwhile_is_refused(
    simulator: RunningSimulator, gateway: ExchangingPlatform
) -> None:
    """Between two pages the list changes: an error, so that nobody mixes two editions."""
    listed(simulator, 45)
    (penalties,) = of_type(gateway.editions(timeout=5), "penalty")
    entries = gateway.entries(penalties, timeout=5)
    assert next(entries).record.record_id == "R-0"
    listed(simulator, 44)
    gateway.editions(timeout=5)
    with pytest.raises(PlatformError):
        list(entries)


def _whole(gateway: ExchangingPlatform, edition: ListEdition) -> list[ListEntry] | None:
    try:
        return list(gateway.entries(edition, timeout=0.8))
    except PlatformError:
        return None


@pytest.mark.parametrize("many", [1, 45])
@pytest.mark.parametrize(("name", "kind"), GATEWAY_FAULTS)
def test_rows_are_those_announced_or_an_error(
    simulator: RunningSimulator, name: str, kind: FaultKind, many: int
) -> None:
    """Under every fault of the pages the rows come whole, or the reader is told not to use them."""
    listed(simulator, many)
    platform = connected(simulator, name)
    (penalties,) = of_type(platform.editions(timeout=5), "penalty")
    right = list(platform.entries(penalties, timeout=5))
    simulator.control.fault(kind, seconds=SECONDS.get(kind, 1.0), retry_after=60)
    got = _whole(platform, penalties)
    assert got is None or got == right
    assert got is None, f"{kind} shows in the pages of a list"
    platform.close()


@pytest.mark.parametrize(("name", "kind"), GATEWAY_FAULTS)
def test_editions_come_whole_or_not_at_all(simulator: RunningSimulator, name: str, kind: FaultKind) -> None:
    """The same for what is said about the editions; a field nobody asked for changes nothing."""
    listed(simulator, 1)
    platform = connected(simulator, name)
    right = platform.editions(timeout=5)
    simulator.control.fault(kind, seconds=SECONDS.get(kind, 1.0), retry_after=60)
    if kind is FaultKind.EXTRA_FIELDS:
        assert platform.editions(timeout=5) == right
    else:
        with pytest.raises(PlatformError):
            platform.editions(timeout=0.6)
    platform.close()


@pytest.mark.parametrize("kind", [FaultKind.WRONG_QUERY, FaultKind.WRONG_SUBJECT])
def test_a_page_of_another_edition_is_known_by_its_own_words(
    simulator: RunningSimulator, gateway: ExchangingPlatform, kind: FaultKind
) -> None:
    """Before any of its rows is handed out, and not only by the digest at the end."""
    listed(simulator, 1)
    (penalties,) = of_type(gateway.editions(timeout=5), "penalty")
    simulator.control.fault(kind)
    with pytest.raises(PlatformReplyInvalid, match="another edition"):
        next(gateway.entries(penalties, timeout=5))


@pytest.mark.parametrize("changes", [{"digest": "0" * 64}, {"digest": ""}, {"count": 44}, {"count": 46}])
def test_an_edition_that_says_something_else_is_not_filled(
    simulator: RunningSimulator, gateway: ExchangingPlatform, changes: dict[str, Any]
) -> None:
    """Count and digest are those of the edition, and not what the pages say about themselves."""
    listed(simulator, 45)
    (penalties,) = of_type(gateway.editions(timeout=5), "penalty")
    with pytest.raises(PlatformReplyInvalid):
        list(gateway.entries(replace(penalties, **changes), timeout=5))
