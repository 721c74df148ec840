"""Synthetic subjects for the master file, the same for the same seed.

Every name, number and row is invented; numbers pass their check digits. Some firms share
a name, as real ones do.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta

from adapters.simulator.register import SimulatedIdentifier, SimulatedRecord, SimulatedSubject
from approval_hook.policy.subjects import IdentifierType, SubjectKind
from approval_hook.policy.synthetic import (
    synthetic_firm_name,
    synthetic_person_name,
    synthetic_resident_id,
    synthetic_uscc,
)

__all__ = ["population"]

_START = date(2026, 10, 1)
_HIT_SHARE = 0.4

#: List type, severity, title, category, scope, event, domain: as a provincial platform would hold them.
_KINDS = (
    ("court_defaulter", "4", "列入失信被执行人名单", "C3-01", "national", None, None),
    ("food_serious", "4", "列入食品安全严重违法生产经营者名单", "C1-01", "national", None, None),
    ("wage_arrears", "4", "列入拖欠农民工工资失信联合惩戒对象名单", "C2-05", "national", None, None),
    ("watch_list", "3", "列入信用状况重点关注对象名单", None, "province:44", None, None),
    ("abnormal_operation", "2", "列入经营异常名录", None, "national", None, None),
    ("penalty", "2", "行政处罚：罚款", None, "national", None, None),
    ("penalty", "2", "行政处罚：吊销食品经营许可证", None, "national", "licence_revoked", "food"),
    ("integrity_model", "9", "列入诚信典型名单", None, "province:44", None, None),
)


def population(seed: int, size: int = 300) -> tuple[SimulatedSubject, ...]:
    """Subjects with and without rows: two organisations to each person.

    Args:
        seed: the same seed gives the same subjects, to the byte.
        size: how many, at least 1.
    """
    draw = random.Random(seed)  # noqa: S311 - invents subjects, not secrets
    taken: set[str] = set()
    return tuple(_person(draw, n, taken) if n % 3 == 2 else _organisation(draw, n, taken) for n in range(size))


def _organisation(draw: random.Random, n: int, taken: set[str]) -> SimulatedSubject:
    code = _unused(lambda: synthetic_uscc(draw), taken)
    number = SimulatedIdentifier(IdentifierType.USCC.value, code)
    return SimulatedSubject(SubjectKind.ORGANISATION.value, synthetic_firm_name(draw), (number,), _rows(draw, n))


def _person(draw: random.Random, n: int, taken: set[str]) -> SimulatedSubject:
    born = date(1960, 1, 1) + timedelta(days=draw.randrange(365 * 40))
    number = SimulatedIdentifier(
        IdentifierType.RESIDENT_ID.value, _unused(lambda: synthetic_resident_id(draw, born_on=born), taken)
    )
    return SimulatedSubject(SubjectKind.PERSON.value, synthetic_person_name(draw), (number,), _rows(draw, n))


def _unused(make: Callable[[], str], taken: set[str]) -> str:
    number = make()
    while number in taken:
        number = make()
    taken.add(number)
    return number


def _rows(draw: random.Random, n: int) -> tuple[SimulatedRecord, ...]:
    if draw.random() >= _HIT_SHARE:
        return ()
    return tuple(_row(draw, n, position) for position in range(1, draw.randint(2, 3)))


def _row(draw: random.Random, n: int, position: int) -> SimulatedRecord:
    list_type, severity, title, category, scope, event, domain = draw.choice(_KINDS)
    decided = _START - timedelta(days=draw.randrange(30, 1200))
    until = (decided + timedelta(days=1095)).isoformat()
    return SimulatedRecord(
        record_id=f"S{n:04d}-{position}",
        list_type=list_type,
        severity=severity,
        title=title,
        decided_on=draw.choice((f"{decided:%Y%m%d}", decided.isoformat(), f"{decided:%Y/%m/%d}")),
        state=draw.choices(("1", "2", "3", "5"), weights=(7, 1, 1, 1))[0],
        decided_by="示例市监督管理局",
        document_no=f"示例罚〔{decided.year}〕{n:03d}号",
        category=category,
        published_on=(decided + timedelta(days=7)).isoformat(),
        display_until=until,
        valid_until=until if severity == "9" else None,
        scope=scope,
        event=event,
        domain=domain,
    )
