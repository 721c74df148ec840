"""Synthetic subjects for the master file, the same for the same seed.

Every name, number and row is invented; numbers pass their check digits. Each block of sixty subjects holds every
case that an adapter and the gate have to tell apart, see ``_SPECIAL``; the others are drawn.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from adapters.simulator.register import SimulatedIdentifier, SimulatedRecord, SimulatedSubject
from approval_hook.policy.subjects import IdentifierType, SubjectKind
from approval_hook.policy.synthetic import (
    synthetic_firm_name,
    synthetic_foreign_permanent,
    synthetic_foreign_permanent_2017,
    synthetic_hm_permit,
    synthetic_person_name,
    synthetic_residence_permit,
    synthetic_resident_id,
    synthetic_uscc,
)

__all__ = ["POPULATION_DAY", "disagreeing", "population"]

#: Rows were decided before this day, and those that are not expired are displayed beyond it.
POPULATION_DAY = date(2026, 10, 1)

_HIT_SHARE = 0.4
_BLOCK = 60
_MANY_ROWS = 45
_STEMS = "甲乙丙丁戊己庚辛壬癸"
#: Outside the plane that two bytes of UTF-16 reach, and not in GBK.
_RARE = "𠮷"

#: List type, severity, title, category, scope, event, domain: as a provincial platform would hold them.
_Kind = tuple[str, str, str, str | None, str, str | None, str | None]
_SERIOUS: tuple[_Kind, ...] = (
    ("court_defaulter", "4", "列入失信被执行人名单", "C3-01", "national", None, None),
    ("food_serious", "4", "列入食品安全严重违法生产经营者名单", "C1-01", "national", None, None),
    ("wage_arrears", "4", "列入拖欠农民工工资失信联合惩戒对象名单", "C2-05", "national", None, None),
)
_GENERAL: tuple[_Kind, ...] = (
    ("watch_list", "3", "列入信用状况重点关注对象名单", None, "province:44", None, None),
    ("abnormal_operation", "2", "列入经营异常名录", None, "national", None, None),
    ("penalty", "2", "行政处罚：罚款", None, "national", None, None),
    ("penalty", "2", "行政处罚：吊销食品经营许可证", None, "national", "licence_revoked", "food"),
)
_GOOD: _Kind = ("integrity_model", "9", "列入诚信典型名单", None, "province:44", None, None)
_KINDS = (*_SERIOUS, *_GENERAL, _GOOD)


def population(seed: int, size: int = 300) -> tuple[SimulatedSubject, ...]:
    """Subjects with and without rows: two organisations to each person.

    Args:
        seed: the same seed gives the same subjects, to the byte.
        size: how many, at least 1; from 60 on every special case is among them.
    """
    drawing = _Drawing(random.Random(seed))  # noqa: S311 - invents subjects, not secrets
    for n in range(size):
        make = _SPECIAL.get(n % _BLOCK) or (_Drawing.some_person if n % 3 == 2 else _Drawing.some_firm)
        drawing.made.append(make(drawing, n))
    return tuple(drawing.made)


def disagreeing(subjects: Sequence[SimulatedSubject], seed: int) -> tuple[SimulatedSubject, ...]:
    """The same subjects as another source holds them: a third of the rows repaired there and not here, or the reverse.

    One row in twelve is missing there. Whom the rows are about and their document numbers are the same.
    """
    draw = random.Random(f"disagree {seed}")  # noqa: S311 - invents rows, not secrets
    return tuple(dataclasses.replace(s, records=_elsewhere(s.records, draw)) for s in subjects)


def _elsewhere(rows: Sequence[SimulatedRecord], draw: random.Random) -> tuple[SimulatedRecord, ...]:
    found = []
    for row in rows:
        fate = draw.random()
        if fate < 1 / 12:
            continue
        state = ("2" if row.state == "1" else "1") if fate < 5 / 12 else row.state
        found.append(dataclasses.replace(row, state=state))
    return tuple(found)


@dataclass
class _Drawing:
    """What was drawn so far, so that a later subject can resemble an earlier one."""

    draw: random.Random
    taken: set[str] = field(default_factory=set)
    made: list[SimulatedSubject] = field(default_factory=list)

    def some_firm(self, n: int) -> SimulatedSubject:
        return self.firm(n, self.rows(n))

    def some_person(self, n: int) -> SimulatedSubject:
        return self.person(n, self.rows(n))

    def firm(self, n: int, rows: tuple[SimulatedRecord, ...] = (), name: str = "") -> SimulatedSubject:
        """With a name of its own unless one is given."""
        code = self._unused(lambda: synthetic_uscc(self.draw))
        own = synthetic_firm_name(self.draw)
        mark = "".join(_STEMS[int(digit)] for digit in str(n))
        own = own.replace("示例" + own[4], "示例" + mark, 1)
        number = SimulatedIdentifier(IdentifierType.USCC.value, code)
        return SimulatedSubject(SubjectKind.ORGANISATION.value, name or own, (number,), rows)

    def person(
        self,
        n: int,
        rows: tuple[SimulatedRecord, ...] = (),
        *numbers: tuple[IdentifierType, Callable[[date], str]],
    ) -> SimulatedSubject:
        """With a resident number unless others are given."""
        born = date(1960, 1, 1) + timedelta(days=self.draw.randrange(365 * 40))
        wanted = numbers or ((IdentifierType.RESIDENT_ID, lambda on: synthetic_resident_id(self.draw, born_on=on)),)
        identifiers = tuple(
            SimulatedIdentifier(kind.value, self._unused(lambda make=make: make(born)))  # type: ignore[misc] # bound now
            for kind, make in wanted
        )
        return SimulatedSubject(SubjectKind.PERSON.value, synthetic_person_name(self.draw), identifiers, rows)

    def foreigner(self, n: int) -> SimulatedSubject:
        """The card of 2023 and that of 2017, under which the row still stands."""
        made = self.person(
            n,
            (self.row(n, 1, self.draw.choice(_SERIOUS)),),
            (IdentifierType.FOREIGN_PERMANENT, lambda on: synthetic_foreign_permanent(self.draw, born_on=on)),
            (IdentifierType.FOREIGN_PERMANENT, lambda on: synthetic_foreign_permanent_2017(self.draw, born_on=on)),
        )
        old = made.identifiers[1]
        return _with(made, id_type=old.type, id_number=old.number)

    def compatriot(self, n: int) -> SimulatedSubject:
        """A residence permit and a travel permit with different numbers."""
        return self.person(
            n,
            (self.row(n, 1, self.draw.choice(_GENERAL)),),
            (IdentifierType.RESIDENCE_PERMIT, lambda on: synthetic_residence_permit(self.draw, born_on=on)),
            (IdentifierType.HM_PERMIT, lambda on: synthetic_hm_permit(self.draw)),
        )

    def court_row(self, n: int) -> SimulatedSubject:
        """A row of the courts, which hide the birthday."""
        made = self.person(n, (self.row(n, 1, _SERIOUS[0]),))
        number = made.identifiers[0].number
        return _with(made, id_number=f"{number[:10]}****{number[14:]}")

    def hidden_row(self, n: int) -> SimulatedSubject:
        """A row whose mask leaves too little to match."""
        made = self.firm(n, (self.row(n, 1, self.draw.choice(_GENERAL)),))
        number = made.identifiers[0].number
        return _with(made, id_number=f"{number[:4]}************{number[16:]}")

    def listed(self, n: int, *kinds: _Kind, **changes: str) -> SimulatedSubject:
        """A firm with a row of one of these kinds."""
        return self.firm(n, (dataclasses.replace(self.row(n, 1, self.draw.choice(kinds)), **changes),))

    def namesake(self, n: int, back: int, tail: str = "") -> SimulatedSubject:
        """A firm with rows and the name of an earlier one, or a longer name that holds it."""
        return self.firm(n, (self.row(n, 1, self.draw.choice(_SERIOUS)),), self.made[n - back].name + tail)

    def many(self, n: int) -> SimulatedSubject:
        """More rows than two pages hold."""
        return self.firm(n, tuple(self.row(n, k, self.draw.choice(_GENERAL)) for k in range(1, _MANY_ROWS + 1)))

    def long_name(self, n: int) -> SimulatedSubject:
        """The longest name that is accepted, in two scripts of brackets."""
        made = self.firm(n, self.rows(n))
        padded = made.name.removesuffix("有限公司") + "（粤港澳大湾区）(示例)"
        return dataclasses.replace(made, name=padded + "供应链管理与服务" * 20 + "有限公司")

    def rare(self, made: SimulatedSubject) -> SimulatedSubject:
        """The same with a rare character in its name."""
        return dataclasses.replace(made, name=made.name.replace("示例", _RARE + "示例", 1))

    def rows(self, n: int) -> tuple[SimulatedRecord, ...]:
        """Often none, else one or two of any kind in any state."""
        if self.draw.random() >= _HIT_SHARE:
            return ()
        count = self.draw.randint(1, 2)
        states = self.draw.choices(("1", "2", "3", "5"), weights=(7, 1, 1, 1), k=count)
        return tuple(self.row(n, k, self.draw.choice(_KINDS), state) for k, state in enumerate(states, start=1))

    def row(self, n: int, position: int, kind: _Kind, state: str = "1") -> SimulatedRecord:
        """A row that is displayed still; its dates in different forms, as one record of the courts has them."""
        list_type, severity, title, category, scope, event, domain = kind
        decided = POPULATION_DAY - timedelta(days=self.draw.randrange(30, 900))
        until = (decided + timedelta(days=1095)).isoformat()
        return SimulatedRecord(
            record_id=f"S{n:05d}-{position}",
            list_type=list_type,
            severity=severity,
            title=title,
            decided_on=self.draw.choice((f"{decided:%Y%m%d}", decided.isoformat(), f"{decided:%Y/%m/%d}")),
            state=state,
            decided_by="示例市监督管理局",
            document_no=f"示例罚〔{decided.year}〕{n:05d}-{position}号",
            category=category,
            published_on=f"{decided + timedelta(days=7):%Y年%m月%d日}",
            display_until=until,
            valid_until=until if severity == "9" else None,
            scope=scope,
            event=event,
            domain=domain,
        )

    def _unused(self, make: Callable[[], str]) -> str:
        number = make()
        while number in self.taken:
            number = make()
        self.taken.add(number)
        return number


def _with(subject: SimulatedSubject, **changes: str) -> SimulatedSubject:
    return dataclasses.replace(subject, records=tuple(dataclasses.replace(r, **changes) for r in subject.records))


#: What stands at these places of each block. The firm at 0 is clean although 10 and 12 have its name and rows.
_SPECIAL: dict[int, Callable[[_Drawing, int], SimulatedSubject]] = {
    0: lambda d, n: d.firm(n),
    1: lambda d, n: d.listed(n, *_SERIOUS),
    2: lambda d, n: d.person(n),
    3: lambda d, n: d.listed(n, *_GENERAL[:3]),
    4: lambda d, n: d.listed(n, *_SERIOUS, state="5"),
    5: lambda d, n: d.court_row(n),
    6: lambda d, n: d.listed(n, *_SERIOUS, state="2"),
    7: lambda d, n: d.listed(n, *_SERIOUS, state="3"),
    8: lambda d, n: d.foreigner(n),
    9: lambda d, n: d.listed(n, *_GENERAL[:3], decided_on="2021-03-04", display_until="2024-03-04"),
    10: lambda d, n: d.namesake(n, 10),
    11: lambda d, n: d.compatriot(n),
    12: lambda d, n: d.namesake(n, 12, "天河分公司"),
    13: lambda d, n: d.many(n),
    14: lambda d, n: d.person(n, (d.row(n, 1, _SERIOUS[0]),)),
    15: lambda d, n: d.long_name(n),
    16: lambda d, n: d.rare(d.listed(n, *_GENERAL)),
    17: lambda d, n: d.rare(d.person(n)),
    18: lambda d, n: d.listed(n, _GOOD),
    19: lambda d, n: d.hidden_row(n),
}
