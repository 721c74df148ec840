"""The gateway adapter against a platform whose staff approve queries, over real HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date

import pytest

from adapters.gateway import GatewayPlatform
from adapters.simulator import Fault, FaultKind, SimulatedSubject
from approval_hook.errors import PlatformError, PlatformReplyInvalid
from approval_hook.policy.records import CreditReport, QueryStatus
from approval_hook.policy.subjects import IdentifierType as T
from approval_hook.policy.subjects import organisation, parse_identifier, person
from approval_hook.testing import FAULTS, make_query
from approval_hook.testing.contract import DEADLINE, SLACK
from tests.contract.conftest import SECONDS, RunningSimulator, row

ON = date(2026, 10, 1)
FIRM = organisation("示例餐饮（广州）有限公司", "92440104MA5FKAEH4C", on=ON)
OLD = parse_identifier("FRA440012345678", type=T.FOREIGN_PERMANENT, field="证件号码", on=ON)
TRAVELLER = person("示例旅客", "830000197812310052", type=T.RESIDENCE_PERMIT, on=ON, aliases=(OLD,))
RESULT = "/credit/v1/result"


@pytest.fixture
def staffed(simulator: RunningSimulator) -> Iterator[tuple[RunningSimulator, GatewayPlatform]]:
    """A platform that holds one row about the firm, and whose staff approve every query."""
    simulator.control.put(SimulatedSubject.of(FIRM, row("R-1")))
    simulator.control.demand_approval()
    platform = simulator.platform()
    yield simulator, platform
    platform.close()


def test_pending_first_then_answered(staffed: tuple[RunningSimulator, GatewayPlatform]) -> None:
    """The receipt comes with PENDING; until the approval fetching says the same, afterwards it gives every row."""
    simulator, platform = staffed
    query = make_query(FIRM, "q")
    first = platform.query(query, timeout=5)
    assert (first.status, first.receipt_no, first.records, first.reason) == (QueryStatus.PENDING, "A-1", (), "pending")
    still = platform.fetch(query, first.receipt_no, timeout=5)
    assert (still.status, still.receipt_no) == (QueryStatus.PENDING, "A-1")
    simulator.control.settle("A-1", approved=True)
    answer = platform.fetch(query, first.receipt_no, timeout=5)
    assert (answer.status, [r.record_id for r in answer.records]) == (QueryStatus.OK, ["R-1"])
    assert (answer.party, answer.source) == (query.party, "province")
    assert [(a["query_id"], a["asked"]) for a in simulator.control.approvals()] == [("q", 2)]


def test_every_page_is_fetched_by_the_receipt(staffed: tuple[RunningSimulator, GatewayPlatform]) -> None:
    """An approved answer of several pages is whole or none."""
    simulator, platform = staffed
    rows = [row(f"R-{n}") for n in range(45)]
    simulator.control.put(SimulatedSubject.of(FIRM, *rows))
    receipt = platform.query(make_query(FIRM, "q"), timeout=5).receipt_no
    simulator.control.settle(receipt, approved=True)
    assert len(platform.fetch(make_query(FIRM, "q"), receipt, timeout=5).records) == 45
    assert {line["path"] for line in simulator.control.ledger()[1:]} == {RESULT}


@pytest.mark.parametrize("receipt", ["A-1", "A-2"], ids=["refused", "never-given"])
def test_refused_or_unknown_is_rejected(staffed: tuple[RunningSimulator, GatewayPlatform], receipt: str) -> None:
    """What the staff refuse, and what the platform knows nothing of, is neither clean nor pending."""
    simulator, platform = staffed
    platform.query(make_query(FIRM, "q"), timeout=5)
    simulator.control.settle("A-1", approved=False)
    report = platform.fetch(make_query(FIRM, "q"), receipt, timeout=5)
    reason = "refused" if receipt == "A-1" else "unknown-receipt"
    assert (report.status, report.reason, report.records) == (QueryStatus.REJECTED, reason, ())


def test_a_receipt_answers_no_other_query(staffed: tuple[RunningSimulator, GatewayPlatform]) -> None:
    """Receipt and query id belong together."""
    simulator, platform = staffed
    platform.query(make_query(FIRM, "q"), timeout=5)
    simulator.control.settle("A-1", approved=True)
    assert platform.fetch(make_query(FIRM, "another"), "A-1", timeout=5).reason == "unknown-receipt"


def test_each_identifier_has_its_own_receipt(staffed: tuple[RunningSimulator, GatewayPlatform]) -> None:
    """One is approved and one waits: pending; both approved: the rows under both numbers."""
    simulator, platform = staffed
    simulator.control.put(SimulatedSubject.of(TRAVELLER, row("R-7")))
    query = make_query(TRAVELLER, "q")
    receipts = platform.query(query, timeout=5).receipt_no
    assert receipts == "A-1 A-2"
    simulator.control.settle("A-1", approved=True)
    half = platform.fetch(query, receipts, timeout=5)
    assert (half.status, half.receipt_no) == (QueryStatus.PENDING, "- A-2")
    simulator.control.settle("A-2", approved=True)
    whole = platform.fetch(query, half.receipt_no, timeout=5)
    assert (whole.status, [r.record_id for r in whole.records]) == (QueryStatus.OK, ["R-7"])


def test_pending_without_a_receipt_has_none(simulator: RunningSimulator) -> None:
    """Then there is nothing to fetch by, and the query is asked again."""
    simulator.control.put(SimulatedSubject.of(FIRM))
    simulator.control.fault(FaultKind.PENDING)
    platform = simulator.platform()
    report = platform.query(make_query(FIRM, "q"), timeout=5)
    assert (report.status, report.receipt_no) == (QueryStatus.PENDING, "")
    platform.close()


@pytest.mark.parametrize("receipt", ["A 1", "回执", "x" * 101])
def test_a_receipt_that_cannot_be_kept_is_no_answer(
    staffed: tuple[RunningSimulator, GatewayPlatform], receipt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blanks part the receipts of several identifiers, so none has one."""
    _, platform = staffed
    real = platform._http.post

    def post(*args: object, **kwargs: object) -> bytes:
        return real(*args, **kwargs).replace(b"A-1", receipt.encode())  # type: ignore[arg-type] # handed through

    monkeypatch.setattr(platform._http, "post", post)
    with pytest.raises(PlatformReplyInvalid):
        platform.query(make_query(FIRM, "q"), timeout=5)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("approved", [True, False])
def test_a_fault_while_fetching_is_never_an_answer(
    staffed: tuple[RunningSimulator, GatewayPlatform], fault: str, approved: bool
) -> None:
    """Approved or waiting, a platform that misbehaves gives a typed error or a report that is not OK, in time."""
    simulator, platform = staffed
    simulator.control.put(SimulatedSubject.of(FIRM))
    receipt = platform.query(make_query(FIRM, "q"), timeout=5).receipt_no
    if approved:
        simulator.control.settle(receipt, approved=True)
    kind = FaultKind(fault)
    simulator.control.fault(Fault(kind, seconds=SECONDS.get(fault, 1.0), retry_after=60, path=RESULT))
    started = time.monotonic()
    try:
        outcome: CreditReport | PlatformError = platform.fetch(make_query(FIRM, "q"), receipt, timeout=DEADLINE)
    except PlatformError as error:
        outcome = error
    assert time.monotonic() - started <= DEADLINE + SLACK
    assert isinstance(outcome, PlatformError) or outcome.status is not QueryStatus.OK
