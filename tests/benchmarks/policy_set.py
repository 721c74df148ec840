"""A synthetic policy of any size, and cases with the answers of both sources.

It has the shape of 应用事项清单: 44 matters, 20 lists of which 12 are severe, and so many rows that each tie one
measure to one matter, with roles, region, dates and force. The number of lists and matters stays, so more rows mean
more measures fire. ``tests.benchmarks.zen_policy`` writes the same policy for the peer.
"""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

from approval_hook.policy.case import Authorisation, CaseView, PartyView, Role
from approval_hook.policy.records import CreditRecord, CreditReport, MatchGrade, QueryStatus, RecordState, Severity
from approval_hook.policy.soundness import PRINCIPLES
from approval_hook.policy.subjects import SubjectKind

MATTERS = 44
LISTS = 20
SEVERE_LISTS = 12
EVENTS = 4
DOMAINS = 4
ON = date(2026, 10, 12)
AT = datetime(2026, 10, 12, 1, 0, tzinfo=UTC)
_ROLES = (Role.APPLICANT, Role.LEGAL_REPRESENTATIVE, Role.PRINCIPAL, Role.RESPONSIBLE_SUPERVISOR)
_LAW = {"id": "law-1", "document": "law", "article": "第一条", "quote": "合成规则的依据", "verified": True}


def policy_data(rows: int) -> dict[str, Any]:
    """Plain data of a rule set with so many 应用事项 rows."""
    rng = random.Random(rows)  # noqa: S311
    measures: list[dict[str, Any]] = []
    applications: list[dict[str, Any]] = []
    pairs = [(m, n) for n in range(rows // MATTERS + 1) for m in range(MATTERS)]
    for matter, measure in pairs[:rows]:
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
                    "list_types": lists,
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


def full_policy(rules: int, *, quiet: bool = False) -> dict[str, Any]:
    """Plain data of a rule set with so many rules in the mix of a real one.

    One rule in ten is a statutory bar, one in twenty an incentive, the others tie a measure to a matter. One measure
    in ten is of others, measures differ in kinds, roles, force, effect and dates; one matter in five is limited by
    quota, two in three have a public 容缺 list; some lists are for reference, of another city, of good standing.

    Args:
        rules: number of bars and 应用事项 rows together.
        quiet: rules beyond the first forty belong to a list that no record names, so that the same rules fire
            whatever the size.
    """
    loud = min(rules, 40) if quiet else rules
    rng = random.Random(loud)  # noqa: S311
    bars = [_bar(rng, number) for number in range(loud // 10)]
    applications: list[dict[str, Any]] = []
    made: dict[str, dict[str, Any]] = {}
    for number in range(rules - len(bars)):
        row = number - loud // 20
        # Four measures in turn over the matters, then the next four.
        name = f"measure-{row // MATTERS * 4 + row % 4}" if row >= 0 else f"incentive-{number // MATTERS}"
        silent = number >= loud - len(bars)
        if silent:
            name = f"quiet-{name}"
        if name not in made:
            made[name] = _sanction(rng, name) if row >= 0 else _incentive(rng, name, number // MATTERS)
            if silent:
                made[name]["list_types"] = ["list-quiet"]
        applications.append(_application(rng, (row if row >= 0 else number) % MATTERS, made[name]))
    frame = _frame()
    changes: dict[str, dict[str, Any]] = {
        "list11": {"scope": "city:4403"},
        "list13": {"severity": "watch"},
        "list14": {"reference_only": True},
        "list15": {"severity": "good"},
        "list16": {"scope": "city:4403"},
    }
    return {
        **frame,
        "list_types": [{**item, **changes.get(item["code"], {})} for item in frame["list_types"]],
        "measure_types": [
            *frame["measure_types"],
            {**frame["measure_types"][0], "code": "reward", "kind": "incentive"},
        ],
        "matters": [_varied(number, item) for number, item in enumerate(frame["matters"])],
        "bars": bars,
        "measures": list(made.values()),
        "applications": applications,
    }


def _varied(number: int, matter: dict[str, Any]) -> dict[str, Any]:
    papers = [dict(paper) for paper in matter["materials"]]
    papers[0] |= {"kind": "statutory", "main": True, "tolerance": "never"}
    papers[0] |= {"supplement_days": 0, "good_credit_extra_days": 0}
    papers[1] |= {"main": True, "tolerance": "good_credit"}
    papers[4] |= {"tolerance": "good_credit"}
    papers[5] |= {"condition": "有分支机构的"}
    return {
        **matter,
        "domain": f"domain-{number % DOMAINS}",
        "quota_limited": number % 5 == 0,
        "public_tolerance_list": number % 3 > 0,
        "materials": papers,
    }


def _reached(rng: random.Random) -> list[str]:
    others = rng.sample(_ROLES[1:], rng.randint(1, 2))
    return [r.value for r in (others if rng.random() < 0.2 else (Role.APPLICANT, *others))]


def _bar(rng: random.Random, number: int) -> dict[str, Any]:
    return {
        "id": f"bar-{number}",
        "title": f"禁止{number}",
        "title_en": f"Bar {number}",
        "licence": "合成许可",
        "matters": [f"matter-{m}" for m in sorted(rng.sample(range(MATTERS), rng.randint(1, 3)))],
        "events": [f"event-{rng.randrange(EVENTS)}"],
        "domains": rng.choice((["same_licence"], [f"domain-{rng.randrange(DOMAINS)}"])),
        "roles": _reached(rng),
        "roles_then": rng.choice(([], ["legal_representative", "principal"])),
        "period_years": rng.choice((1, 3, 5, None)),
        "start": "decision",
        "proofs": rng.choice((["own_register"], ["own_register", "platform"], ["own_register", "platform"])),
        "may_refuse": rng.random() < 0.5,
        "basis": ["law-1"],
    }


def _sanction(rng: random.Random, name: str) -> dict[str, Any]:
    effects = ("limit_entry", "strict_review", "withhold_convenience", "key_supervision", "of_others")
    return {
        "id": name,
        "title": f"限制措施{name}",
        "title_en": f"Measure {name}",
        "kind": "sanction",
        "type": "entry",
        "memo": "",
        "effect": rng.choices(effects, (50, 20, 10, 10, 10))[0],
        "organ": "示例机关",
        "list_types": [f"list{k}" for k in rng.sample(range(SEVERE_LISTS), rng.choice([1, 1, 2]))],
        "kinds": rng.choice((["organisation", "person"], ["organisation", "person"], ["organisation"], ["person"])),
        "roles": _reached(rng),
        "valid_from": "2024-01-01",
        "valid_to": None,
        "basis": ["law-1"],
    }


def _incentive(rng: random.Random, name: str, number: int) -> dict[str, Any]:
    return {
        **_sanction(rng, name),
        "kind": "incentive",
        "type": "reward",
        "effect": ("green_channel", "longer_supplement", "fewer_inspections")[number % 3],
        "list_types": [],
        "roles": ["applicant"],
    }


def _application(rng: random.Random, matter: int, measure: dict[str, Any]) -> dict[str, Any]:
    return {
        "matter": f"matter-{matter}",
        "measure": measure["id"],
        "level": "县级",
        "force": rng.choice(["mandatory", "recommended"]),
        "may_refuse": measure["effect"] == "limit_entry" and rng.random() < 0.3,
        "valid_from": rng.choice(["2024-01-01", "2024-06-01", "2027-01-01"]),
        "valid_to": rng.choice([None, "2027-12-31"]),
        "basis": ["law-1"],
    }


def cases_of(count: int, seed: int, *, hit_heavy: bool = False) -> list[tuple[CaseView, list[CreditReport]]]:
    """Distinct cases with the answers of both required sources.

    One answer in thirty is not complete; firms may be young, persons minors, gone from their role or without
    consent; some papers are missing.

    Args:
        count: how many.
        seed: draws parties, matters and records.
        hit_heavy: every subject has 5 to 20 records; otherwise four in ten have none, and most others one.
    """
    rng = random.Random(seed)  # noqa: S311
    made = []
    for number in range(count):
        parties = _parties(rng, number)
        papers = [f"paper-{n}" for n in range(6)]
        case = CaseView(
            f"4401-{number:08d}",
            f"matter-{rng.randrange(MATTERS)}",
            "示例区市场监督管理局",
            "440104",
            ON,
            ON,
            parties,
            tuple(papers if rng.random() < 0.7 else sorted(rng.sample(papers, rng.choice((4, 5, 5))))),
            ("paper-5",) if rng.random() < 0.1 else (),
        )
        reports = []
        for party in parties:
            if party.role not in (Role.APPLICANT, Role.LEGAL_REPRESENTATIVE):
                continue
            rows = rng.randint(5, 20) if hit_heavy else rng.choices((0, 1, 2, 3), (40, 40, 15, 5))[0]
            records = [_record(rng, number, n) for n in range(rows)]
            for source in ("province", "own_register"):
                status = rng.choices((QueryStatus.OK, QueryStatus.UNAVAILABLE, QueryStatus.PARTIAL), (58, 1, 1))[0]
                # An answer that is none brings no rows.
                answered = status is not QueryStatus.UNAVAILABLE
                mine = tuple(record for record in records if record.source == source and answered)
                reports.append(CreditReport(party.ref, source, status, AT, AT, mine, f"R{number}"))
        made.append((case, reports))
    return made


def _parties(rng: random.Random, number: int) -> tuple[PartyView, ...]:
    firm = PartyView(
        f"{rng.getrandbits(256):064x}",
        SubjectKind.ORGANISATION,
        Role.APPLICANT,
        True,
        market=True,
        established_on=date(2015 if rng.random() < 0.8 else 2025, 1, 1),
    )
    parties = [firm]
    if rng.random() < 0.4:
        last = date(2026, 12, 31) if rng.random() < 0.9 else date(2026, 6, 30)
        parties.append(
            PartyView(
                f"{rng.getrandbits(256):064x}",
                SubjectKind.PERSON,
                Role.LEGAL_REPRESENTATIVE,
                True,
                since=date(2025 if rng.random() < 0.3 else 2016, 1, 1),
                until=date(2026, 3, 31) if rng.random() < 0.1 else None,
                born_on=date(1980 if rng.random() < 0.97 else 2010, 5, 5),
                authorisation=Authorisation(f"SQ-{number}", date(2026, 1, 1), last),
            )
        )
    if rng.random() < 0.1:
        role = rng.choice((Role.AGENT, Role.PRINCIPAL))
        parties.append(PartyView(f"{rng.getrandbits(256):064x}", SubjectKind.PERSON, role, True))
    return tuple(parties)


def _record(rng: random.Random, case: int, number: int) -> CreditRecord:
    event, own = rng.random() < 0.1, rng.random() < 0.1
    ago = rng.randrange(1, 4 * 365) if rng.random() < 0.99 else -10
    return CreditRecord(
        record_id=f"r{case}-{number}",
        source="own_register" if own else "province",
        list_type=f"list{rng.randrange(LISTS)}" if rng.random() < 0.97 else "list-unheard-of",
        severity=rng.choices((Severity.SERIOUS, Severity.GENERAL, Severity.WATCH, Severity.MINOR), (64, 30, 3, 3))[0],
        title="示例记录",
        decided_on=ON - timedelta(days=ago),
        decided_by="示例机关",
        document_no=f"示例〔2026〕{case}-{number}号" if rng.random() < 0.95 else "",
        match=rng.choices((MatchGrade.EXACT, MatchGrade.POSSIBLE, MatchGrade.NONE), (94, 4, 2))[0],
        state=rng.choices(tuple(RecordState), (88, 5, 3, 2, 2))[0],
        display_until=ON + timedelta(days=rng.randrange(-100, 900)) if rng.random() < 0.1 else None,
        scope="national" if rng.random() < 0.95 else rng.choice(("city:4401", "city:4403")),
        event=f"event-{rng.randrange(EVENTS)}" if event else "",
        domain=f"domain-{rng.randrange(DOMAINS)}" if event else "",
        role_then=rng.choice(("", "legal_representative", "investor")) if event else "",
    )
