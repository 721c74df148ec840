"""Who plays in the cases: subjects, numbers, records and dates, all drawn from the seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from approval_hook.policy.synthetic import (
    synthetic_firm_name,
    synthetic_person_name,
    synthetic_resident_id,
    synthetic_uscc,
)
from workflows.site.demo.cases import CaseSpec, Days, RecordSpec, Who

_REGIONS = ("440103", "440104", "440105", "440106", "440303", "440305", "440402", "440604")
_STREETS = ("示例一路", "示例二路", "示例大道", "示例南街", "示例北街")
_TITLES = {
    "court_defaulter": "列入失信被执行人名单",
    "serious_illegal": "列入严重违法失信企业名单",
    "wage_arrears": "列入拖欠农民工工资失信联合惩戒对象名单",
    "abnormal_operation": "列入经营异常名录",
    "penalty": "行政处罚",
    "tax_a_rating": "纳税信用A级",
    "integrity_model": "诚信典型",
}
_DECIDERS = {
    "court_defaulter": "示例市示例区人民法院",
    "serious_illegal": "示例市市场监督管理局",
    "wage_arrears": "示例市人力资源和社会保障局",
    "abnormal_operation": "示例市示例区市场监督管理局",
    "penalty": "示例市示例区城市管理局",
    "tax_a_rating": "示例市税务局",
    "integrity_model": "示例市信用办公室",
}


@dataclass(frozen=True, slots=True)
class Actor:
    """One subject with its number."""

    who: Who
    kind: str  # organisation | person
    name: str
    id_type: str  # uscc | resident_id
    number: str
    records: tuple[dict[str, Any], ...]  # rows in the simulator's own spelling

    def at_platform(self) -> dict[str, Any]:
        """The subject as the simulator's control interface takes it."""
        return {
            "kind": self.kind,
            "name": self.name,
            "identifiers": [{"type": self.id_type, "number": self.number}],
            "records": list(self.records),
        }


@dataclass(frozen=True, slots=True)
class OwnDecision:
    """A decision for the organ's own register."""

    actor: Actor
    document_no: str
    decided_on: date
    event: str
    domain: str
    role: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """One case with its subjects and dates."""

    spec: CaseSpec
    actors: tuple[Actor, ...]
    own_decisions: tuple[OwnDecision, ...]
    established_on: date | None
    premises: str
    driving_since: date
    consent_no: str  # stem of the numbers of the persons' consents; empty when they refused

    def actor(self, who: Who) -> Actor:
        """One subject.

        Raises:
            LookupError: the case has no such subject.
        """
        for actor in self.actors:
            if actor.who is who:
                return actor
        raise LookupError(f"{self.spec.name} has no {who}")

    @property
    def applicant(self) -> Actor:
        """The applicant."""
        return self.actor(Who.APPLICANT)

    @property
    def flip_target(self) -> Actor:
        """The subject whose rows at the platform make the outcome; without any, the applicant."""
        return next((actor for actor in self.actors if actor.records), self.applicant)


def draw(cases: Sequence[CaseSpec], seed: int, today: date) -> list[Drawn]:
    """Draw the subjects of every case.

    Args:
        cases: the cases.
        seed: the same seed gives the same subjects on the same day; another gives others.
        today: in China; dates of records are counted back from it.
    """
    taken: set[str] = set()
    # One stream per case, so that a case added to the file leaves the others as they are.
    return [_draw(spec, random.Random(f"{seed}/{spec.name}"), today, taken) for spec in cases]  # noqa: S311 - no secrets


def _draw(spec: CaseSpec, rng: random.Random, today: date, taken: set[str]) -> Drawn:
    if spec.is_firm:
        name = synthetic_firm_name(rng)
        while name in taken:
            name = synthetic_firm_name(rng)
        taken.add(name)
        actors = [
            _actor(spec, rng, today, Who.APPLICANT, "organisation", name, "uscc", synthetic_uscc(rng)),
            _person(spec, rng, today, Who.REPRESENTATIVE),
            _person(spec, rng, today, Who.OFFICER),
        ]
    else:
        actors = [_person(spec, rng, today, Who.APPLICANT)]
    by_role = {actor.who: actor for actor in actors}
    own = tuple(
        OwnDecision(
            by_role[row.subject],
            f"示例市监罚〔{(day := _days_before(rng, today, row.days_ago)).year}〕{rng.randrange(1, 9999):04d}号",
            day,
            row.event,
            row.domain,
            row.role,
        )
        for row in spec.register_
    )
    return Drawn(
        spec=spec,
        actors=tuple(actors),
        own_decisions=own,
        established_on=_days_before(rng, today, spec.firm_age) if spec.firm_age else None,
        premises=f"示例市示例区{rng.choice(_STREETS)}{rng.randrange(1, 300)}号",
        driving_since=_days_before(rng, today, (1500, 5000)),
        consent_no=f"SQ-{today:%Y}-{rng.randrange(10**6):06d}" if spec.consent else "",
    )


def _person(spec: CaseSpec, rng: random.Random, today: date, who: Who) -> Actor:
    born = _days_before(rng, today, (28 * 365, 55 * 365))
    number = synthetic_resident_id(rng, born_on=born, region=rng.choice(_REGIONS))
    return _actor(spec, rng, today, who, "person", synthetic_person_name(rng), "resident_id", number)


def _actor(
    spec: CaseSpec, rng: random.Random, today: date, who: Who, kind: str, name: str, id_type: str, number: str
) -> Actor:
    rows = tuple(
        _record(f"{spec.name}-{who.value}-{n}", rng, today, row, number)
        for n, row in enumerate((row for row in spec.records if row.subject is who), start=1)
    )
    return Actor(who, kind, name, id_type, number, rows)


def _record(record_id: str, rng: random.Random, today: date, row: RecordSpec, number: str) -> dict[str, Any]:
    return record(
        f"{record_id}-{rng.randrange(10**4):04d}",
        rng.choice(row.list_types),
        row.severity,
        _days_before(rng, today, row.days_ago),
        rng.randrange(1, 9999),
    ) | {"state": row.state, "id_number": f"{number[:10]}****{number[14:]}" if row.masked else None}


def record(record_id: str, list_type: str, severity: str, decided: date, serial: int) -> dict[str, Any]:
    """A row in the simulator's spelling.

    Args:
        record_id: the platform's number of the row.
        list_type: a key of the rule set's list types.
        severity: 2 general, 3 watch, 4 serious, 9 good.
        decided: day of the underlying decision.
        serial: running number in the document number.
    """
    return {
        "record_id": record_id,
        "list_type": list_type,
        "severity": severity,
        "title": _TITLES.get(list_type, list_type),
        "decided_on": decided.isoformat(),
        "decided_by": _DECIDERS.get(list_type, "示例市示例机关"),
        "document_no": f"示例〔{decided.year}〕{serial:04d}号",
        "published_on": decided.isoformat(),
    }


def _days_before(rng: random.Random, today: date, days: Days) -> date:
    return today - timedelta(days=rng.randint(*days))
