"""Rows that reach one and the same cell: those that ask for different things there, and those that say it twice.

Rows are put together by the coordinates that they name in single values, and only what stands in one such bucket is
compared: by sweeping over days and counting demands, never row against row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from approval_hook.policy.analysis.findings import Finding, FindingKind, Grade, Witness, listed
from approval_hook.policy.analysis.space import BarBox, Box, Space, likely_kind
from approval_hook.policy.analysis.spans import Spans, common, meeting, union
from approval_hook.policy.case import Role
from approval_hook.policy.subjects import SubjectKind


class Demand(NamedTuple):
    """What a measure asks for at a cell."""

    effect: str
    force: str
    may_refuse: bool

    def contradicts(self, other: Demand) -> bool:
        """Whether both cannot be right about one measure type at one cell.

        The same effect cannot be both mandatory and recommended, nor both carry a refusal and carry none. A type of
        measure cannot both limit entry, which the head decides (O-05), and not limit it, which the section
        confirms (O-06). Other effects add up.
        """
        if self.effect == other.effect:
            return self != other
        return (self.effect == "limit_entry") != (other.effect == "limit_entry")

    def words(self) -> str:
        """The demand in Chinese."""
        refuses = "，可据以不予许可" if self.may_refuse else ""
        return f"{self.effect}，{'强制性' if self.force == 'mandatory' else '推荐性'}{refuses}"


class Claim(NamedTuple):
    """What one row asks for in one region, and on which days."""

    number: int  # in its bucket
    box: Box
    demand: Demand
    days: Spans


def conflicts(space: Space) -> Iterator[Finding]:
    """Rows that contradict or repeat each other, by matter, list and measure type; bars by matter, event and field."""
    buckets: defaultdict[tuple[str, str, str], list[Box]] = defaultdict(list)
    for box in (*space.sanctions, *space.incentives):
        buckets[box.row.matter, box.list_type, box.measure.type].append(box)
    for bucket, boxes in buckets.items():
        if len(boxes) > 1:
            yield from _of_measures(space, bucket, boxes)
    met: defaultdict[tuple[str, str, str], list[BarBox]] = defaultdict(list)
    for bar in space.bars:
        if bar.live:
            for event, domain in bar.keys:
                met[bar.matter.code, event, domain].append(bar)
    for facts, bars in met.items():
        if len(bars) > 1:
            yield from _of_bars(space, facts, bars)


def _of_measures(space: Space, bucket: tuple[str, str, str], boxes: Sequence[Box]) -> Iterator[Finding]:
    matter, code, kind = bucket
    opposed: dict[int, Witness] = {}
    repeated: dict[int, Witness] = {}
    for region, held in space.territory.told_apart(box.scopes for box in boxes):
        claims = [
            Claim(number, box, _demand(box), days)
            for number, box in enumerate(boxes)
            if (days := common(box.dates, held[box.scopes]))
        ]
        for role, subject, here in _by_party(space, matter, claims):
            for found, met in ((opposed, _opposed(here)), (repeated, _repeated(here))):
                for number, day in met:
                    if number not in found:
                        on = date.fromordinal(day)
                        found[number] = space.cell(boxes[number], role, subject, on, region)
    where = f"事项“{matter}”" + (f"、名单“{code}”" if code else "")
    for found, what in ((opposed, FindingKind.CONFLICT), (repeated, FindingKind.DUPLICATE)):
        if not found:
            continue
        names = tuple(sorted({boxes[n].measure.id for n in found}))
        if what is FindingKind.CONFLICT:
            said = sorted({f"{boxes[n].measure.id}（{_demand(boxes[n]).words()}）" for n in found})
            text = (
                f"{where}：同一类措施“{kind}”在同一情形下要求不一：{listed(tuple(said))}；"
                "请统一要求，或改正措施类别，或错开对象和有效期。"
            )
        else:
            text = f"{where}：同一类措施“{kind}”对同一情形重复规定（{listed(names)}）；请合并，只保留一条。"
        grade: Grade = "error" if what is FindingKind.CONFLICT else "warning"
        yield Finding(what, grade, f"applications({matter} / {names[0]})", text, names, found[min(found)])


def _demand(box: Box) -> Demand:
    return Demand(box.measure.effect, box.row.force, box.may_refuse)


def _by_party(space: Space, matter: str, claims: Sequence[Claim]) -> Iterator[tuple[Role, SubjectKind, list[Claim]]]:
    """The claims at each role and kind of subject that two of them share, the likeliest kind first."""
    cells: defaultdict[tuple[Role, SubjectKind], list[Claim]] = defaultdict(list)
    for claim in claims:
        for role in claim.box.roles:
            for kind in claim.box.kinds:
                cells[role, kind].append(claim)
    for role, kind in sorted(cells, key=lambda c: (c[0], c[1] != likely_kind(c[0], space.matters[matter]))):
        if len(cells[role, kind]) > 1:
            yield role, kind, cells[role, kind]


def _opposed(claims: Sequence[Claim]) -> Iterator[tuple[int, int]]:
    """Claims that another one contradicts, with the first day on which it does."""
    by_demand: defaultdict[Demand, list[Spans]] = defaultdict(list)
    for claim in claims:
        by_demand[claim.demand].append(claim.days)
    against: Mapping[Demand, Spans] = {
        demand: union(s for other, spans in by_demand.items() if demand.contradicts(other) for s in spans)
        for demand in by_demand
    }
    for claim in claims:
        met = meeting(claim.days, against[claim.demand])
        if met:
            yield claim.number, met[0]


def _repeated(claims: Sequence[Claim]) -> Iterator[tuple[int, int]]:
    """Claims whose demand another one makes on the same day, with such a day."""
    by_demand: defaultdict[Demand, list[tuple[int, int, int]]] = defaultdict(list)
    for claim in claims:
        by_demand[claim.demand].extend((first, last, claim.number) for first, last in claim.days)
    for spans in by_demand.values():
        spans.sort()
        open_last, owner = 0, -1  # the span that lasts longest so far, and whose it is
        for first, last, number in spans:
            if first <= open_last:
                yield number, first
                yield owner, first
            if last > open_last:
                open_last, owner = last, number


def _of_bars(space: Space, facts: tuple[str, str, str], bars: Sequence[BarBox]) -> Iterator[Finding]:
    matter, event, domain = facts
    opposed: dict[int, Witness] = {}
    repeated: dict[int, Witness] = {}
    for region, day, present in _in_force(space, bars):
        for (role, kind, then, proof), here in _by_role_then(bars, present).items():
            demands = defaultdict(list)
            for number in here:
                demands[bars[number].bar.period_years, bars[number].may_refuse].append(number)
            alike = [numbers for numbers in demands.values() if len(numbers) > 1]
            met = ((opposed, here if len(demands) > 1 else []), (repeated, [n for group in alike for n in group]))
            for found, numbers in met:
                for number in numbers:
                    found.setdefault(
                        number,
                        Witness(
                            matter=matter,
                            role=role,
                            kind=kind,
                            region=region,
                            on=date.fromordinal(day),
                            event=event,
                            domain=domain,
                            role_then=then,
                            proof=proof,
                        ),
                    )
    where = f"事项“{matter}”、事件“{event}”、领域“{domain}”"
    if opposed:
        said = sorted({f"{bars[n].bar.id}（{_bar_words(bars[n])}）" for n in opposed})
        names = tuple(sorted({bars[n].bar.id for n in opposed}))
        text = (
            f"{where}：同一事实的禁入期限或后果不一：{listed(tuple(said))}；请按特别法确定一条，缩小另一条的 matters。"
        )
        yield Finding(FindingKind.CONFLICT, "error", f"bars({names[0]})", text, names, opposed[min(opposed)])
    if repeated:
        names = tuple(sorted({bars[n].bar.id for n in repeated}))
        text = f"{where}：同一事实由{listed(names)}重复规定同样的禁入；请合并，把依据写在一条内。"
        yield Finding(FindingKind.DUPLICATE, "warning", f"bars({names[0]})", text, names, repeated[min(repeated)])


def _in_force(space: Space, bars: Sequence[BarBox]) -> Iterator[tuple[str, int, list[int]]]:
    """Bars that hold together: by region and by the days on which one of them begins to hold there."""
    for region, held in space.territory.told_apart(box.scopes for box in bars):
        for day in sorted({first for spans in held.values() for first, _ in spans}):
            present = [number for number, box in enumerate(bars) if any(a <= day <= b for a, b in held[box.scopes])]
            if len(present) > 1:
                yield region, day, present


def _by_role_then(
    bars: Sequence[BarBox], present: Sequence[int]
) -> dict[tuple[Role, SubjectKind, str, str], list[int]]:
    """Bars by role, kind, former role and proof; a former role that no bar names stands as "" for all such."""
    named = sorted({role.value for number in present for role in bars[number].bar.roles_then})
    cells: defaultdict[tuple[Role, SubjectKind, str, str], list[int]] = defaultdict(list)
    for number in present:
        box = bars[number]
        required = {role.value for role in box.bar.roles_then}
        for role in box.roles:
            likely = likely_kind(role, box.matter)
            for kind in (likely, *(k for k in SubjectKind if k is not likely)):
                asks = required and kind is SubjectKind.PERSON and role is not Role.APPLICANT
                for then in ("", *named):
                    if not asks or then in required:
                        for proof in box.proofs:
                            cells[role, kind, then, proof].append(number)
    return cells


def _bar_words(box: BarBox) -> str:
    years = "终身" if box.bar.period_years is None else f"{box.bar.period_years}年"
    return years + ("，可据以不予许可" if box.may_refuse else "")
