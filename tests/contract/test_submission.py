"""Submission of rows: what the adapter says of each, against what the platform really took."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.simulator import Fault, FaultKind, Simulator
from adapters.simulator.answers import Reply
from adapters.simulator.shapes import Holdings, Question
from adapters.simulator.shapes.submission import SubmissionShape
from adapters.simulator.soap import soap_reply
from adapters.submission import SubmissionPlatform
from approval_hook.errors import ConfigurationError, PlatformError, PlatformRefused, PlatformUnavailable
from approval_hook.ports import ItemOutcome, ItemState, Publication
from tests.contract.conftest import SECONDS, RunningSimulator
from tests.contract.test_never_clean import EXAMPLES, TIMED

TABLES = {"permission": {"code": "XZXK", "version": "2018"}, "penalty": {"code": "XZCF", "version": "2018"}}
ACCEPTED, REFUSED, UNKNOWN = ItemState.ACCEPTED, ItemState.REFUSED, ItemState.UNKNOWN

HARMLESS = frozenset({FaultKind.EXTRA_FIELDS})
UNANSWERED = sorted(k for k in FaultKind if k not in TIMED | HARMLESS and not SubmissionShape.cannot_show(k))


def rows(*ids: str, table: str = "permission", **fields: str) -> list[Publication]:
    """Rows with a text that XML and JSON want escaped."""
    return [Publication(i, table, {"XK_WSH": f"示例〔2026〕{i}号", "XK_NR": '甲&<乙>"丙"'} | fields) for i in ids]


def states(outcomes: Sequence[ItemOutcome]) -> dict[str, tuple[ItemState, str]]:
    """State and reason by id."""
    return {o.item_id: (o.state, o.reason) for o in outcomes}


def taken(simulator: RunningSimulator) -> set[str]:
    """Ids of the rows that the platform keeps."""
    return {one["id"] for one in simulator.control.taken() if one["kind"] == "publication"}


def connected(simulator: RunningSimulator, **options: Any) -> SubmissionPlatform:
    """The adapter on the shared simulator."""
    good = {"department_code": simulator.paasid, "tables": TABLES}
    return SubmissionPlatform("collect", simulator.url, **(good | options))


@pytest.fixture
def target(simulator: RunningSimulator) -> Iterator[SubmissionPlatform]:
    """The adapter on an empty simulator."""
    platform = connected(simulator)
    yield platform
    platform.close()


def test_rows_arrive_word_for_word(simulator: RunningSimulator, target: SubmissionPlatform) -> None:
    """Markup, quotes and brackets arrive as they were written, under our id."""
    (outcome,) = target.publish(rows("p-1"), timeout=5)
    assert (outcome.item_id, outcome.state, outcome.reason) == ("p-1", ACCEPTED, "")
    (kept,) = simulator.control.taken()
    document = {"table": "XZXK", "rowId": "p-1", "XK_WSH": "示例〔2026〕p-1号", "XK_NR": '甲&<乙>"丙"'}
    assert (kept["kind"], kept["id"], kept["document"]) == ("publication", "p-1", document)


def test_partial_success_is_normal(simulator: RunningSimulator, target: SubmissionPlatform) -> None:
    """A row that the platform does not accept is refused, and the others of the call are accepted, in our order."""
    outcomes = target.publish([*rows("a"), *rows("b", XK_JDRQ=""), *rows("c")], timeout=5)
    assert [(o.item_id, o.state, o.reason) for o in outcomes] == [
        ("a", ACCEPTED, ""),
        ("b", REFUSED, "row-invalid"),
        ("c", ACCEPTED, ""),
    ]
    assert taken(simulator) == {"a", "c"}


def test_each_table_and_each_portion_is_a_call_of_its_own(simulator: RunningSimulator) -> None:
    """No call is larger than the settings allow, and outcomes come in the order of the items."""
    platform = connected(simulator, rows_per_call=2)
    items = [*rows("a", "b"), *rows("c", table="penalty"), *rows("d", "e")]
    assert [o.item_id for o in platform.publish(items, timeout=5)] == list("abcde")
    assert len(simulator.control.ledger()) == 3
    assert {one["id"]: one["document"]["table"] for one in simulator.control.taken()}["c"] == "XZCF"
    platform.close()


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (Publication("bad", "no-such-table", {"A": "1"}), "table-unknown"),
        (Publication("bad", "permission", {"rowId": "other"}), "row-id"),
        (Publication("", "permission", {"A": "1"}), "row-id"),
        (Publication("x" * 101, "permission", {"A": "1"}), "row-id"),
        (Publication("bad", "permission", {"A": "\x0b"}), "text-unsendable"),
        (Publication("bad", "permission", {"A": "\ud800"}), "text-unsendable"),
    ],
)
def test_what_can_never_be_sent_is_refused_and_spoils_no_other(
    simulator: RunningSimulator, target: SubmissionPlatform, bad: Publication, reason: str
) -> None:
    """Somebody must correct it; the rest goes."""
    outcomes = target.publish([bad, *rows("p-1")], timeout=5)
    assert [(o.state, o.reason) for o in outcomes] == [(REFUSED, reason), (ACCEPTED, "")]
    assert taken(simulator) == {"p-1"}


def test_nothing_to_send_asks_nothing(simulator: RunningSimulator, target: SubmissionPlatform) -> None:
    """No rows, no call."""
    assert target.publish([], timeout=5) == []
    assert simulator.control.ledger() == []


def test_of_two_rows_with_one_id_the_first_goes(simulator: RunningSimulator, target: SubmissionPlatform) -> None:
    """Another content under an id that came before is refused, and never overwrites the first."""
    outcomes = target.publish([*rows("a"), *rows("a", XK_NR="别的")], timeout=5)
    assert [(o.state, o.reason) for o in outcomes] == [(ACCEPTED, ""), (REFUSED, "duplicate-id")]
    assert taken(simulator) == {"a"}


@pytest.mark.parametrize("kind", [FaultKind.RESET, FaultKind.CUT, FaultKind.HTTP_500, FaultKind.BAD_JSON])
def test_a_line_cut_after_the_taking_is_unknown_and_a_repeat_settles_it(
    simulator: RunningSimulator, target: SubmissionPlatform, kind: FaultKind
) -> None:
    """The platform has the rows and we cannot know; they are not repeated unasked, and a repeat keeps them once."""
    simulator.control.fault(kind, times=1)
    assert {o.state for o in target.publish(rows("a", "b"), timeout=5)} == {UNKNOWN}
    assert [one["arrivals"] for one in simulator.control.taken()] == [1, 1]
    assert {o.state for o in target.publish(rows("a", "b"), timeout=5)} == {ACCEPTED}
    assert taken(simulator) == {"a", "b"}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (FaultKind.PARTIAL, {"a": (ACCEPTED, ""), "b": (ACCEPTED, ""), "c": (UNKNOWN, "internal")}),
        (FaultKind.REFUSED, dict.fromkeys("abc", (REFUSED, "department-unknown"))),
        (FaultKind.ERROR_DOCUMENT, dict.fromkeys("abc", (UNKNOWN, "unavailable"))),
        (FaultKind.MISSING_ROWS, dict.fromkeys("abc", (UNKNOWN, "reply-invalid"))),
        (FaultKind.DUPLICATE_PAGE, dict.fromkeys("abc", (UNKNOWN, "reply-invalid"))),
        (FaultKind.DUPLICATE_KEY, dict.fromkeys("abc", (UNKNOWN, "reply-invalid"))),
        (FaultKind.MISSING_FIELD, dict.fromkeys("abc", (UNKNOWN, "reply-invalid"))),
        (FaultKind.WRONG_SUBJECT, dict.fromkeys("abc", (UNKNOWN, "reply-invalid"))),
        (FaultKind.UNKNOWN_STATE, dict.fromkeys("abc", (UNKNOWN, "reply-invalid"))),
        (FaultKind.UNKNOWN_STATUS, dict.fromkeys("abc", (UNKNOWN, "reply-invalid"))),
    ],
)
def test_what_does_not_add_up_is_unknown_for_every_row(
    simulator: RunningSimulator,
    target: SubmissionPlatform,
    kind: FaultKind,
    expected: dict[str, tuple[ItemState, str]],
) -> None:
    """Partial success is told row by row; any other reply accepts nothing."""
    simulator.control.fault(kind)
    assert states(target.publish(rows(*"abc"), timeout=5)) == expected


@pytest.mark.parametrize("kind", UNANSWERED)
def test_no_fault_accepts_what_was_not_taken(
    simulator: RunningSimulator, target: SubmissionPlatform, kind: FaultKind
) -> None:
    """Under every fault of the reply; a refusal by status is an error, because nothing was taken."""
    simulator.control.fault(kind)
    if kind is FaultKind.HTTP_401:
        with pytest.raises(PlatformRefused):
            target.publish(rows(*"abc"), timeout=2)
        assert taken(simulator) == set()
        return
    outcomes = target.publish(rows(*"abc"), timeout=2)
    assert {o.item_id for o in outcomes if o.state is ACCEPTED} <= taken(simulator)
    assert any(o.state is not ACCEPTED for o in outcomes)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"department_code": "nobody"}, "department-unknown"),
        ({"tables": {"permission": {"code": "NONE", "version": "1"}}}, "table-unknown"),
        ({"tables": {"permission": {"code": "XZXK", "version": "2016"}}}, "table-unknown"),
    ],
)
def test_a_whole_call_that_is_wrong_is_refused_with_its_word(
    simulator: RunningSimulator, options: dict[str, Any], reason: str
) -> None:
    """The operator learns what to correct."""
    platform = connected(simulator, **options)
    assert states(platform.publish(rows("a"), timeout=5)) == {"a": (REFUSED, reason)}
    assert taken(simulator) == set()
    platform.close()


def test_a_platform_that_is_not_there_is_an_error() -> None:
    """Nothing was taken, so the caller need not treat the rows as sent."""
    platform = SubmissionPlatform("collect", "http://127.0.0.1:9", "d", TABLES)
    with pytest.raises(PlatformUnavailable) as caught:
        platform.publish(rows("a"), timeout=0.5)
    assert not caught.value.sent
    platform.close()


@pytest.mark.parametrize(
    "options",
    [
        {"department_code": ""},
        {"tables": {}},
        {"tables": {"permission": {"code": "XZXK"}}},
        {"tables": {"permission": {"code": "XZXK", "version": ""}}},
        {"tables": {"permission": {"code": "XZXK", "version": "1", "more": "x"}}},
        {"rows_per_call": 0},
        {"rows_per_call": 1_001},
        {"attempts": 0},
    ],
)
def test_a_bad_option_is_a_configuration_error(options: dict[str, Any]) -> None:
    """Nothing is guessed at start-up."""
    good = {"name": "collect", "base_url": "http://127.0.0.1:9", "department_code": "d", "tables": TABLES}
    with pytest.raises(ConfigurationError):
        SubmissionPlatform(**(good | options))


class Saying(SubmissionShape):
    """The same interface under a path of its own, with a reply of the test's, and nothing taken."""

    paths = ("/bent/services/Submission",)

    def __init__(self, text: str) -> None:
        """Say this."""
        super().__init__("me")
        self._text = text

    def reply(self, question: Question, holdings: Holdings, fault: Fault | None) -> Reply:
        """As told."""
        return soap_reply("urn:data-submission", "submitData", self._text, None)


def outcomes_of(text: str, *ids: str) -> dict[str, tuple[ItemState, str]]:
    """What the adapter makes of a text about these rows."""
    with Simulator(paasid="me", shapes=[Saying(text)]) as simulator:
        platform = SubmissionPlatform("collect", simulator.url + "/bent", "me", TABLES)
        try:
            return states(platform.publish(rows(*ids), timeout=5))
        finally:
            platform.close()


GOOD: dict[str, Any] = {
    "totalSize": 2,
    "successSize": 1,
    "failSize": 1,
    "errorSize": 0,
    "errorCode": "200",
    "errorMsg": "",
    "tips": "",
    "errorJsonList": [{"rowId": "b", "errorCode": "6002", "errorMsg": ""}],
}


def test_an_unbent_reply_is_an_answer() -> None:
    """The bending below is what spoils the replies."""
    assert outcomes_of(json.dumps(GOOD), "a", "b") == {"a": (ACCEPTED, ""), "b": (REFUSED, "row-invalid")}


@pytest.mark.parametrize(
    "changes",
    [
        {"totalSize": 3},
        {"totalSize": 1, "successSize": 0},
        {"successSize": 2},
        {"successSize": 0},
        {"successSize": -1, "failSize": 3},
        {"failSize": 0, "errorSize": 1},
        {"failSize": 2, "successSize": 0},
        {"successSize": "1"},
        {"successSize": True},
        {"successSize": None},
        {"errorCode": 200},
        {"errorCode": "0"},
        {"errorCode": None},
        {"errorCode": "6002"},
        {"errorJsonList": []},
        {"errorJsonList": None},
        {"errorJsonList": ["b"]},
        {"errorJsonList": '[{"rowId": "b", "errorCode": "6002"}]'},
        {"errorJsonList": [{"rowId": "c", "errorCode": "6002"}]},
        {"errorJsonList": [{"rowId": "b"}]},
        {"errorJsonList": [{"errorCode": "6002"}]},
        {"errorJsonList": [{"rowId": "b", "errorCode": "200"}]},
        {"errorJsonList": [{"rowId": "b", "errorCode": "500"}]},
        {"errorJsonList": [{"rowId": "b", "errorCode": "6002"}] * 2},
        {"errorJsonList": [{"rowId": "b", "errorCode": "6002"}] * 2, "failSize": 2, "successSize": 0},
        {"errorJsonList": [{"rowId": "b", "errorCode": "6002"}] * 3},
    ],
)
def test_a_reply_that_does_not_add_up_accepts_nothing(changes: dict[str, Any]) -> None:
    """Sums, kinds and ids must all agree; a key that is missing counts as well."""
    text = json.dumps({key: value for key, value in (GOOD | changes).items() if value is not None})
    assert outcomes_of(text, "a", "b") == dict.fromkeys("ab", (UNKNOWN, "reply-invalid"))


@pytest.mark.parametrize("text", ["[]", "null", "{}", '{"errorCode": NaN}', "{", '{"a": 1, "a": 2}', "[" * 100_000])
def test_a_text_that_is_no_object_accepts_nothing(text: str) -> None:
    """JSON is read as strictly as any other reply."""
    assert outcomes_of(text, "a") == {"a": (UNKNOWN, "reply-invalid")}


@pytest.mark.parametrize(
    ("code", "state", "reason"),
    [
        ("500", UNKNOWN, "internal"),
        ("5001", REFUSED, "json"),
        ("3001", REFUSED, "table-missing"),
        ("3002", REFUSED, "table-unknown"),
        ("4001", REFUSED, "department-missing"),
        ("4002", REFUSED, "department-unknown"),
        ("6001", REFUSED, "body-missing"),
        ("6002", REFUSED, "body-invalid"),
    ],
)
def test_every_kind_of_error_has_its_word(code: str, state: ItemState, reason: str) -> None:
    """An error of the whole is one of every row; an internal one may have taken some."""
    whole = GOOD | {"errorCode": code, "totalSize": 0, "successSize": 0, "failSize": 0, "errorJsonList": []}
    assert outcomes_of(json.dumps(whole), "a", "b") == dict.fromkeys("ab", (state, reason))


@pytest.mark.parametrize(("code", "state"), [("500", UNKNOWN), ("5001", REFUSED), ("6002", REFUSED)])
def test_every_kind_of_error_of_a_row_has_its_state(code: str, state: ItemState) -> None:
    """A row that met an error may be sent again, one that was not accepted must be corrected."""
    sizes = {"failSize": int(state is REFUSED), "errorSize": int(state is UNKNOWN)}
    text = json.dumps(GOOD | sizes | {"errorJsonList": [{"rowId": "b", "errorCode": code}]})
    assert outcomes_of(text, "a", "b")["b"][0] is state


@pytest.fixture(scope="module")
def running() -> Iterator[Simulator]:
    """One simulator inside this process, for every example."""
    with Simulator(seed=3) as simulator:
        yield simulator


@settings(max_examples=EXAMPLES, deadline=None, database=None)
@given(
    drawn=st.lists(
        st.tuples(st.sampled_from(["permission", "penalty", "none"]), st.sampled_from(["甲", "", '"&<', "\x0b"])),
        max_size=7,
    ),
    kind=st.sampled_from([None, *sorted(kind for kind in FaultKind if kind not in TIMED)]),
    probability=st.sampled_from([1.0, 0.5]),
    portion=st.integers(1, 4),
)
def test_accepted_is_taken_whatever_happens(
    running: Simulator, drawn: list[tuple[str, str]], kind: FaultKind | None, probability: float, portion: int
) -> None:
    """Every accepted row is in the inbox, no refused one is, and an error that says nothing was taken is true."""
    running.faults.clear()
    running.inbox.clear()
    items = [Publication(f"p-{n}", table, {"XK_NR": text}) for n, (table, text) in enumerate(drawn)]
    platform = SubmissionPlatform("collect", running.url, running.paasid, TABLES, rows_per_call=portion)
    if kind is not None:
        running.faults.add(Fault(kind, probability=probability, seconds=SECONDS.get(kind, 1.0)))
    try:
        outcomes = platform.publish(items, timeout=5)
    except PlatformError:
        assert running.inbox.all() == []
        return
    finally:
        platform.close()
    kept = {one["id"] for one in running.inbox.all()}
    assert [o.item_id for o in outcomes] == [i.item_id for i in items]
    accepted = {o.item_id for o in outcomes if o.state is ACCEPTED}
    assert accepted <= kept
    assert not kept & {o.item_id for o in outcomes if o.state is REFUSED}
    if kind is None:
        assert accepted == kept
