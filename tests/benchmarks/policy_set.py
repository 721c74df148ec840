"""A synthetic policy of any size, once as a rule set of ours and once as a decision table of GoRules zen.

It has the shape of 应用事项清单: 44 matters, 20 lists of which 12 are severe, and so many rows that each tie one
measure to one matter, with roles, region, dates and force. The number of lists and matters stays, so more rows mean
more measures fire. Both sides get the same facts and must fire the same measures.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from approval_hook.policy.case import Authorisation, CaseView, PartyView, Role
from approval_hook.policy.catalogue import RuleSet
from approval_hook.policy.records import CreditRecord, CreditReport, MatchGrade, QueryStatus, RecordState, Severity
from approval_hook.policy.soundness import PRINCIPLES
from approval_hook.policy.subjects import SubjectKind

MATTERS = 44
LISTS = 20
SEVERE_LISTS = 12
ON = date(2026, 10, 12)
AT = datetime(2026, 10, 12, 1, 0, tzinfo=UTC)
_ROLES = (Role.APPLICANT, Role.LEGAL_REPRESENTATIVE, Role.PRINCIPAL, Role.RESPONSIBLE_SUPERVISOR)
_LAW = {"id": "law-1", "document": "law", "article": "第一条", "quote": "合成规则的依据", "verified": True}


def policy_data(rows: int, *, quiet: bool = False) -> dict[str, Any]:
    """Plain data of a rule set with so many 应用事项 rows.

    Args:
        rows: number of rows.
        quiet: rows beyond the first forty belong to a list that no record names, so that the same rules fire
            whatever the size.
    """
    rng = random.Random(rows)
    measures: list[dict[str, Any]] = []
    applications: list[dict[str, Any]] = []
    pairs = [(m, n) for n in range(rows // MATTERS + 1) for m in range(MATTERS)]
    for number, (matter, measure) in enumerate(pairs[:rows]):
        if measure == len(measures):
            lists = [f"list{k}" for k in rng.sample(range(SEVERE_LISTS), rng.choice([1, 1, 2]))]
            measures.append(
                {
                    "id": f"measure-{measure}",
                    "title": f"限制措施{measure}",
                    "title_en": f"Measure {measure}",
                    "kind": "sanction",
                    "type": "entry",
                    "memo": "",
                    "effect": "limit_entry",
                    "organ": "示例机关",
                    "list_types": ["list-quiet"] if quiet and number >= 40 else lists,
                    "kinds": ["organisation", "person"],
                    "roles": [r.value for r in rng.sample(_ROLES, rng.randint(1, 3))],
                    "valid_from": "2024-01-01",
                    "valid_to": None,
                    "basis": ["law-1"],
                }
            )
        applications.append(
            {
                "matter": f"matter-{matter}",
                "measure": f"measure-{measure}",
                "level": "县级",
                "force": rng.choice(["mandatory", "recommended"]),
                "may_refuse": False,
                "valid_from": rng.choice(["2024-01-01", "2024-06-01", "2027-01-01"]),
                "valid_to": rng.choice([None, "2027-12-31"]),
                "basis": ["law-1"],
            }
        )
    return {**_frame(), "measures": measures, "applications": applications}


def _frame() -> dict[str, Any]:
    basis = ["law-1"]
    clock = {"id": "decision", "title": "决定", "days": 20, "unit": "workdays", "extension_days": 10, "basis": basis}
    matter = {
        "title": "合成事项",
        "title_en": "Synthetic matter",
        "department": "示例局",
        "level": "县级",
        "type": "行政许可",
        "domain": "synthetic",
        "basis": basis,
        "subject_kind": "organisation",
        "clock": "decision",
        "promised_days": 10,
        "green_promised_days": 5,
        "quota_limited": False,
        "public_tolerance_list": True,
        "queried_roles": ["applicant", "legal_representative"],
        "required_sources": ["province", "own_register"],
        "advisory_sources": [],
        "freshness": {"acceptance": 1440, "decision": 1440, "issue": 1440},
        "materials": [
            {
                "code": f"paper-{n}",
                "title": f"材料{n}",
                "kind": "internal",
                "main": False,
                "tolerance": "everyone",
                "supplement_days": 5,
                "good_credit_extra_days": 5,
                "condition": "",
                "basis": basis,
            }
            for n in range(6)
        ],
    }
    lists = [
        {
            "code": f"list{n}",
            "title": f"名单{n}",
            "title_en": f"List {n}",
            "severity": "serious" if n < SEVERE_LISTS else "general",
            "scope": "province:44" if n % 4 == 0 else "national",
            "category": "",
            "display": "severity",
            "reference_only": False,
            "basis": basis,
        }
        for n in range(LISTS)
    ]
    quiet = {**lists[1], "code": "list-quiet"}
    return {
        "revision": "synthetic",
        "title": "合成规则",
        "valid_from": "2026-01-01",
        "valid_to": None,
        "supplement_buffer_days": 3,
        "status_authority": ["province"],
        "conventions": {
            "disputed_incentives": "point",
            "last_day": "included",
            "red_and_black": "black_prevails",
            "state_conflict": "favours_subject",
        },
        "documents": [{"id": "law", "title": "合成法", "version": "2024-01-01", "type": "law", "scope": "national"}],
        "bases": [_LAW],
        "sources": [{"name": "province", "title": "省平台"}, {"name": "own_register", "title": "本机关登记"}],
        "principles": [{"id": p, "title": p, "basis": basis} for p in PRINCIPLES],
        "categories": [],
        "agreements": [],
        "list_types": [*lists, quiet],
        "display_periods": [
            {"id": s, "severity": s, "min_months": 0, "max_months": months, "start": "decision", "basis": basis}
            for s, months in (("minor", 3), ("general", 12), ("watch", 12), ("serious", 36))
        ],
        "grounds": [
            {
                "id": "ground",
                "title": "查询依据",
                "kinds": ["organisation"],
                "roles": ["applicant"],
                "market_only": True,
                "matters": [],
                "sources": [],
                "valid_from": "2022-01-01",
                "valid_to": None,
                "basis": basis,
            }
        ],
        "bars": [],
        "editions": [{"id": "2024", "title": "2024年版", "valid_from": "2024-01-01", "valid_to": None, "basis": basis}],
        "measure_types": [
            {"code": "entry", "title": "限制准入", "edition": "2024", "kind": "sanction", "basis": basis}
        ],
        "memos": [],
        "leniencies": [],
        "good_credit_routes": [{"id": "clean", "kind": "clean_years", "years": 3, "title": "连续三年", "basis": basis}],
        "clocks": [clock],
        "matters": [{**matter, "code": f"matter-{n}"} for n in range(MATTERS)],
    }


def cases_of(count: int, seed: int, *, hit_heavy: bool = False) -> list[tuple[CaseView, list[CreditReport]]]:
    """Distinct cases with complete answers of both required sources.

    Args:
        count: how many.
        seed: draws parties, matters and records.
        hit_heavy: every subject has 5 to 20 records; otherwise four in ten have none, and most others one.
    """
    rng = random.Random(seed)
    made = []
    for number in range(count):
        parties = [
            PartyView(
                f"{rng.getrandbits(256):064x}",
                SubjectKind.ORGANISATION,
                Role.APPLICANT,
                True,
                market=True,
                established_on=date(2015, 1, 1),
            )
        ]
        if rng.random() < 0.4:
            consent = Authorisation(f"SQ-{number}", date(2026, 1, 1), date(2026, 12, 31))
            parties.append(
                PartyView(
                    f"{rng.getrandbits(256):064x}",
                    SubjectKind.PERSON,
                    Role.LEGAL_REPRESENTATIVE,
                    True,
                    since=date(2016, 1, 1),
                    born_on=date(1980, 5, 5),
                    authorisation=consent,
                )
            )
        case = CaseView(
            f"4401-{number:08d}",
            f"matter-{rng.randrange(MATTERS)}",
            "示例区市场监督管理局",
            "440104",
            ON,
            ON,
            tuple(parties),
            tuple(f"paper-{n}" for n in range(6)),
        )
        reports = []
        for party in parties:
            rows = rng.randint(5, 20) if hit_heavy else rng.choices((0, 1, 2, 3), (40, 40, 15, 5))[0]
            records = tuple(_record(rng, number, n) for n in range(rows))
            reports.append(CreditReport(party.ref, "province", QueryStatus.OK, AT, AT, records, f"R{number}"))
            reports.append(CreditReport(party.ref, "own_register", QueryStatus.OK, AT, AT))
        made.append((case, reports))
    return made


def _record(rng: random.Random, case: int, number: int) -> CreditRecord:
    return CreditRecord(
        record_id=f"r{case}-{number}",
        source="province",
        list_type=f"list{rng.randrange(LISTS)}",
        severity=rng.choice((Severity.SERIOUS, Severity.SERIOUS, Severity.GENERAL)),
        title="示例记录",
        decided_on=ON - timedelta(days=rng.randrange(1, 4 * 365)),
        decided_by="示例机关",
        document_no=f"示例〔2026〕{case}-{number}号",
        match=MatchGrade.EXACT,
        state=rng.choices((RecordState.ACTIVE, RecordState.REPAIRED, RecordState.DISPUTED), (90, 5, 5))[0],
    )


def zen_graph(data: dict[str, Any]) -> dict[str, Any]:
    """The same policy for zen, in its fastest form: one filter for what holds of every rule, one indexed table.

    Columns are plain literals and integer ranges, which zen indexes; nothing in it is an expression but the filter.
    """
    measures = {m["id"]: m for m in data["measures"]}
    rules = []
    for number, row in enumerate(data["applications"]):
        measure = measures[row["measure"]]
        start = max(_number(measure["valid_from"]), _number(row["valid_from"]))
        rules.append(
            {
                "_id": str(number),
                "matter": f'"{row["matter"]}"',
                "list": ",".join(f'"{code}"' for code in measure["list_types"]),
                "role": ",".join(f'"{role}"' for role in measure["roles"]),
                "on": f"[{start}..{_number(row['valid_to'] or '9999-12-31')}]",
                "measure": f'"{row["measure"]}"',
            }
        )
    usable = (
        "filter(rows, #.state == 'active' and #.severity == 'serious' and #.match == 'exact' and #.document != '' "
        "and #.decided <= #.on and #.decided + 30000 >= #.on)"
    )
    place = {"x": 0, "y": 0}
    return {
        "contentType": "application/vnd.gorules.decision",
        "nodes": [
            {"id": "in", "type": "inputNode", "name": "in", "position": place},
            {
                "id": "usable",
                "type": "expressionNode",
                "name": "usable",
                "position": place,
                "content": {
                    "expressions": [{"id": "rows", "key": "rows", "value": usable}],
                    "passThrough": False,
                    "inputField": None,
                    "outputPath": None,
                    "executionMode": "single",
                },
            },
            {
                "id": "table",
                "type": "decisionTableNode",
                "name": "table",
                "position": place,
                "content": {
                    "hitPolicy": "collect",
                    "inputs": [{"id": name, "name": name, "field": name} for name in ("matter", "list", "role", "on")],
                    "outputs": [{"id": "measure", "name": "measure", "field": "measure"}],
                    "rules": rules,
                    "executionMode": "loop",
                    "inputField": "rows",
                    "outputPath": None,
                    "passThrough": False,
                },
            },
            {"id": "out", "type": "outputNode", "name": "out", "position": place},
        ],
        "edges": [
            {"id": f"{a}-{b}", "sourceId": a, "targetId": b, "type": "edge"}
            for a, b in (("in", "usable"), ("usable", "table"), ("table", "out"))
        ],
    }


def zen_facts(case: CaseView, reports: list[CreditReport]) -> dict[str, Any]:
    """The facts of a case as zen likes them best: one flat row a record, dates as integers, made before the clock runs."""
    roles = {party.ref: party.role.value for party in case.parties}
    return {
        "rows": [
            {
                "party": report.party,
                "record": record.record_id,
                "matter": case.matter,
                "role": roles[report.party],
                "list": record.list_type,
                "severity": record.severity.value,
                "state": record.state.value,
                "match": record.match.value,
                "document": record.document_no,
                "decided": _number(record.decided_on.isoformat()),
                "on": _number(ON.isoformat()),
            }
            for report in reports
            for record in report.records
        ]
    }


def _number(day: str) -> int:
    return int(day.replace("-", ""))
