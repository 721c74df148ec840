"""The faults are what they say: seen in the bytes of a reply, or by what arrives at the simulator."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import requests

from adapters.gateway import GatewayPlatform
from adapters.signing import TifSigner
from adapters.simulator import Fault, FaultKind, SimulatedSubject, Simulator
from adapters.simulator.answers import json_reply, similar_number
from approval_hook.errors import PlatformReplyInvalid
from approval_hook.policy.subjects import IdentifierType as T
from approval_hook.policy.subjects import Subject, organisation, parse_identifier, person
from approval_hook.policy.synthetic import (
    synthetic_foreign_permanent,
    synthetic_residence_permit,
    synthetic_resident_id,
    synthetic_uscc,
)
from approval_hook.testing import make_query
from tests.contract.conftest import row

ON = date(2026, 10, 1)
FIRM = organisation("示例餐饮（广州）有限公司", "92440104MA5FKAEH4C", on=ON)


@pytest.fixture
def running() -> Iterator[Simulator]:
    """A simulator inside this process."""
    with Simulator() as simulator:
        yield simulator


def raw(running: Simulator, subject: Subject, page: int = 1) -> requests.Response:
    """The reply to one page as it came over the line."""
    query = make_query(subject, "q")
    question = {
        "queryId": "q",
        "matter": query.matter,
        "caseNo": query.case_no,
        "organ": query.organ,
        "ground": query.ground,
        "asOf": "2026-10-01",
        "page": page,
        "subject": {"kind": "organisation", "name": "x", "idType": "uscc", "idNumber": subject.identifiers[0].number},
    }
    body = json.dumps(question).encode()
    headers = TifSigner(running.paasid, running.token).headers(body)
    return requests.post(running.url + "/credit/v1/query", data=body, headers=headers, timeout=5)


@pytest.mark.parametrize("seed", range(30))
def test_a_similar_number_is_valid_and_differs_in_one_character_and_its_check_digits(seed: int) -> None:
    """Only somebody who compares every character sees that it is not ours."""
    rng = random.Random(seed)  # noqa: S311 - invents numbers, not secrets
    born = date(1990, 1, 1)
    for kind, number in (
        (T.USCC, synthetic_uscc(rng)),
        (T.RESIDENT_ID, synthetic_resident_id(rng, born_on=born)),
        (T.RESIDENCE_PERMIT, synthetic_residence_permit(rng, born_on=born)),
        (T.FOREIGN_PERMANENT, synthetic_foreign_permanent(rng, born_on=born)),
        (T.HM_PERMIT, "H12345670"),
        (T.TW_PERMIT, "12345678"),
    ):
        other = similar_number(number)
        parse_identifier(other, type=kind, field="号码", on=ON)
        assert other != number
        assert other[:-3] == number[:-3]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 45])
@pytest.mark.parametrize("kind", [FaultKind.MIDDLE_PAGE_EMPTY, FaultKind.MIDDLE_PAGE_TWICE])
def test_the_second_of_three_pages_is_read_and_found_wrong(running: Simulator, kind: FaultKind, count: int) -> None:
    """First and last page are right, all three are fetched, and what is missing or comes twice shows."""
    running.register.put(SimulatedSubject.of(FIRM, *(row(f"R-{n}") for n in range(count))))
    running.faults.add(Fault(kind))
    platform = GatewayPlatform("province", running.url, running.paasid, running.token)
    with pytest.raises(PlatformReplyInvalid, match="missing or come twice"):
        platform.query(make_query(FIRM, "q"), timeout=5)
    assert [line["page"] for line in running.ledger.lines()] == [1, 2, 3]
    platform.close()
    ids = [[r["recordId"] for r in raw(running, FIRM, page).json()["records"]] for page in (1, 2, 3)]
    assert ids[1] == ([] if kind is FaultKind.MIDDLE_PAGE_EMPTY else ids[0])
    announced = raw(running, FIRM).json()["count"]
    if kind is FaultKind.MIDDLE_PAGE_TWICE and count:
        # The number of rows gives nothing away.
        assert announced == len([i for page in ids for i in page])


def test_dates_of_one_row_have_several_forms(running: Simulator) -> None:
    """As in the list of the courts, whatever form they are held in."""
    held = row("R-1", decided_on="2026年1月5日", published_on="20260106", display_until="2029/01/05")
    running.register.put(SimulatedSubject.of(FIRM, held))
    running.faults.add(Fault(FaultKind.MIXED_DATES))
    (shown,) = raw(running, FIRM).json()["records"]
    dates = [shown[key] for key in ("decidedOn", "publishedOn", "displayUntil", "validUntil")]
    assert dates == ["20260105", "2026年01月06日", "2029/01/05", None]


def test_gbk_is_chinese_text_that_is_no_utf8(running: Simulator) -> None:
    """Names and titles are in it, a character beyond GBK too, and the header says UTF-8."""
    rare = organisation("示例𠮷餐饮有限公司", "92440104MA5FKAEH4C", on=ON)
    running.register.put(SimulatedSubject.of(rare, row("R-1", title="列入失信被执行人名单")))
    running.faults.add(Fault(FaultKind.GBK))
    reply = raw(running, rare)
    assert "utf-8" in reply.headers["Content-Type"]
    with pytest.raises(UnicodeDecodeError):
        reply.content.decode("utf-8")
    told: dict[str, Any] = json.loads(reply.content.decode("gb18030"))
    assert (told["subject"]["name"], told["records"][0]["title"]) == (rare.name, "列入失信被执行人名单")


def test_a_bad_signature_is_refused_with_a_body_that_looks_like_an_answer(running: Simulator) -> None:
    """Status 401, and everything that an adapter would need to believe it."""
    running.register.put(SimulatedSubject.of(FIRM))
    running.faults.add(Fault(FaultKind.BAD_SIGNATURE))
    reply = raw(running, FIRM)
    assert (reply.status_code, reply.json()["code"], reply.json()["records"]) == (401, "0", [])


@pytest.mark.parametrize(("kind", "sign"), [(FaultKind.CLOCK_SKEW, 1), (FaultKind.CLOCK_BEHIND, -1)])
def test_the_clock_differs_in_both_directions(running: Simulator, kind: FaultKind, sign: int) -> None:
    """Ahead and behind by what was asked for."""
    platform = GatewayPlatform("province", running.url, running.paasid, running.token)
    true = platform.probe(timeout=5).source_time
    running.faults.add(Fault(kind, seconds=3600))
    bent = platform.probe(timeout=5).source_time
    platform.close()
    assert true is not None
    assert bent is not None
    assert 3590 < sign * (bent - true).total_seconds() < 3610


@pytest.mark.parametrize("count", [0, 2])
def test_a_strangers_row_is_counted_and_has_a_valid_number(running: Simulator, count: int) -> None:
    """It stands behind the rows of ours under our name, and only its number tells."""
    running.register.put(SimulatedSubject.of(FIRM, *(row(f"R-{n}") for n in range(count))))
    running.faults.add(Fault(FaultKind.STRANGERS_ROW))
    told = raw(running, FIRM).json()
    assert (told["count"], len(told["records"])) == (count + 1, count + 1)
    stranger = told["records"][-1]
    assert (stranger["name"], stranger["idNumber"] != FIRM.identifiers[0].number) == (FIRM.name, True)
    parse_identifier(stranger["idNumber"], type=T.USCC, field="号码", on=ON)


def test_the_field_that_comes_twice_is_the_one_with_the_code() -> None:
    """Under whatever name; where the document has none nothing is bent, and that is told."""
    fault = Fault(FaultKind.DUPLICATE_KEY)
    reply = json_reply({"status": "FINE"}, fault, other_code="BUSY", code_field="status")
    assert reply.body == b'{"status": "BUSY", "status": "FINE"}'
    with pytest.raises(ValueError, match="code_field"):
        json_reply({"status": "FINE"}, fault, other_code="BUSY")


def test_a_number_of_a_person_is_bent_too(running: Simulator) -> None:
    """The wrong subject of similar number has the name of ours, so that only the number can tell."""
    someone = person("陈示例", "440300199001010016", on=ON)
    running.register.put(SimulatedSubject.of(someone))
    running.faults.add(Fault(FaultKind.SIMILAR_SUBJECT))
    told = raw(running, someone).json()["subject"]
    assert told["name"] == someone.name
    assert (told["idNumber"] != "440300199001010016", told["idNumber"][:16]) == (True, "4403001990010100")
