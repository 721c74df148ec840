"""Small builders for cases, records and reports; every default is the plain, clean case."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from approval_hook.policy.case import Authorisation, CaseView, PartyView, Role
from approval_hook.policy.catalogue import RuleSet
from approval_hook.policy.decision import Decision
from approval_hook.policy.evaluate import evaluate
from approval_hook.policy.records import CreditRecord, CreditReport, QueryStatus, Severity
from approval_hook.policy.subjects import SubjectKind
from approval_hook.rulebook import load
from approval_hook.workcalendar import published_calendar

ROOT = Path(__file__).resolve().parents[3]
RULES_FILE = ROOT / "fixtures" / "rules" / "guangdong" / "2026-10-01"
ON = date(2026, 10, 12)
NOW = datetime(2026, 10, 12, 1, 0, tzinfo=UTC)


@cache
def rules() -> RuleSet:
    """The shipped rule set."""
    return load(RULES_FILE).rules


def rules_with(change: Callable[[dict[str, Any]], object]) -> RuleSet:
    """The shipped rules with a change made in their plain data, parsed anew."""
    data = rules().plain()
    change(data)
    return RuleSet.parse(data)


@cache
def rules_of_food() -> dict[str, Any]:
    """Plain data of the shipped rules with the food matter and what it needs, as sound and much smaller."""
    data = rules().plain()
    data["matters"] = [matter for matter in data["matters"] if matter["code"] == "food-business"]
    for part in ("grounds", "bars"):
        data[part] = [item for item in data[part] if not item["matters"] or "food-business" in item["matters"]]
        for item in data[part]:
            item["matters"] = item["matters"] and ["food-business"]
    data["applications"] = [row for row in data["applications"] if row["matter"] == "food-business"]
    data["clocks"] = [clock for clock in data["clocks"] if clock["id"] == data["matters"][0]["clock"]]
    data["reminders"] = [each for each in data["reminders"] if each["id"] == "default"]
    cited = set(_cited(data))
    data["bases"] = [basis for basis in data["bases"] if basis["id"] in cited]
    named = {basis["document"] for basis in data["bases"]}
    data["documents"] = [document for document in data["documents"] if document["id"] in named]
    return data


def _cited(value: object) -> Iterator[str]:
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _cited(item)
    if isinstance(value, dict):
        yield from value.get("basis", ())


def food_rules_with(change: Callable[[dict[str, Any]], object]) -> RuleSet:
    """The shipped rules about food with a change made in their plain data, parsed anew."""
    data = deepcopy(rules_of_food())
    change(data)
    return RuleSet.parse(data)


CONSENT = Authorisation("SQ-示例-1", date(2026, 10, 1), date(2026, 12, 31))
FIRM = PartyView("f1", SubjectKind.ORGANISATION, Role.APPLICANT, True, market=True, established_on=date(2025, 8, 1))
OLD_FIRM = replace(FIRM, established_on=date(2015, 1, 1))
BOSS = PartyView(
    "b1",
    SubjectKind.PERSON,
    Role.LEGAL_REPRESENTATIVE,
    True,
    since=date(2025, 8, 1),
    born_on=date(1980, 1, 1),
    authorisation=CONSENT,
)
OFFICER = replace(BOSS, ref="o1", role=Role.FOOD_SAFETY_OFFICER)
DRIVER = PartyView("d1", SubjectKind.PERSON, Role.APPLICANT, True, born_on=date(1985, 5, 5), authorisation=CONSENT)
FOOD_MAIN = (
    "application-form",
    "premises-layout",
    "equipment-list",
    "operation-flow",
    "safety-rules",
    "safety-officer-proof",
)
FOOD_ALL = (*FOOD_MAIN, "business-licence-copy", "representative-id-copy", "service-address")


def case(*parties: PartyView, **changes: Any) -> CaseView:
    """A food case in Guangzhou with all materials; a driver case when the applicant is a person."""
    applicant = next((p for p in parties if p.role is Role.APPLICANT), FIRM)
    driver = applicant.kind is SubjectKind.PERSON
    view = CaseView(
        case_no="4401-示例-0001",
        matter="ride-hailing-driver" if driver else "food-business",
        organ="示例市场监督管理局",
        region="440104",
        filed_on=ON,
        accepted_on=ON,
        parties=parties or (FIRM,),
        materials=FOOD_ALL,
    )
    return replace(view, **changes)


def record(list_type: str = "penalty", severity: Severity = Severity.GENERAL, **changes: Any) -> CreditRecord:
    """An exact, active row decided four months ago with a document number."""
    row = CreditRecord(
        record_id="r1",
        source="province",
        list_type=list_type,
        severity=severity,
        title="示例记录",
        decided_on=date(2026, 6, 1),
        decided_by="示例机关",
        document_no="示例〔2026〕1号",
    )
    return replace(row, **changes)


def serious(list_type: str = "court_defaulter", **changes: Any) -> CreditRecord:
    """A severe row of a list that no food measure names."""
    return record(list_type, Severity.SERIOUS, **changes)


def revoked(**changes: Any) -> CreditRecord:
    """A revoked food licence in the organ's own register."""
    given = {"event": "licence_revoked", "domain": "food", "source": "own_register", "record_id": "own1", **changes}
    return record("penalty", Severity.SERIOUS, **given)


def report(party: PartyView, source: str, *records: CreditRecord, **changes: Any) -> CreditReport:
    """A complete answer of one source about one party."""
    answer = CreditReport(party.ref, source, QueryStatus.OK, NOW, NOW, tuple(records))
    return replace(answer, **changes)


def clean(*parties: PartyView) -> list[CreditReport]:
    """Complete answers without records from both required sources."""
    return [report(p, s) for p in parties for s in ("province", "own_register")]


def with_records(party: PartyView, *records: CreditRecord, source: str = "province") -> list[CreditReport]:
    """Complete answers of both required sources, one of them with rows."""
    return [report(party, s, *(records if s == source else ())) for s in ("province", "own_register")]


def decide(view: CaseView, reports: Sequence[CreditReport], on: date = ON, book: RuleSet | None = None) -> Decision:
    """Evaluate with the shipped rules and the published calendar."""
    return evaluate(view, reports, book or rules(), on, published_calendar())
