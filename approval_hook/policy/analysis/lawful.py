"""What the law forbids in any rule set, looked for again behind the validation that refuses most of it.

A rule set can be built past its validation; then these findings still say what is wrong.

Source: L-01, L-02 and 行政许可法 第十六条 (basis); R-13 (materials that law requires); 行政许可法 第四十二条 (clock).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from approval_hook.policy.analysis.findings import Finding, FindingKind, Witness
from approval_hook.policy.analysis.space import Space
from approval_hook.policy.plan import carries_adverse
from approval_hook.policy.records import Severity
from approval_hook.policy.rules import INCENTIVE_EFFECTS, Application, Clock, LegalBasis, Measure
from approval_hook.policy.workdays import WorkCalendar

if TYPE_CHECKING:
    from approval_hook.policy.catalogue import Matter

_DAY = timedelta(days=1)


def unfounded(space: Space) -> Iterator[Finding]:
    """Adverse effects that their bases do not carry: rows of 应用事项清单, bars and lists."""
    for row in space.rules.applications:
        measure = space.measures.get(row.measure)
        if measure is not None and (why := _unfounded_row(row, measure)):
            place = f"applications({row.matter} / {row.measure})"
            yield Finding(FindingKind.NO_BASIS, "error", place, why, (measure.id,), Witness(matter=row.matter))
    for bar in space.rules.bars:
        if bar.matters and (why := _unfounded(bar.basis, refuses=bar.may_refuse, refusing=bar.basis)):
            yield Finding(
                FindingKind.NO_BASIS, "error", f"bars({bar.id})", why, (bar.id,), Witness(matter=bar.matters[0])
            )
    for listed in space.rules.list_types:
        usable = listed.severity is not Severity.GOOD and not listed.reference_only
        if usable and not any(b.carries_adverse for b in listed.basis):
            text = (
                "名单没有已核实的法律、行政法规、地方性法规或中央政策文件依据；请补充依据，或设 reference_only: true。"
            )
            witness = Witness(list_type=listed.code)
            yield Finding(FindingKind.NO_BASIS, "error", f"list_types({listed.code})", text, (listed.code,), witness)


def _unfounded_row(row: Application, measure: Measure) -> str:
    if measure.effect == "of_others" or (measure.kind == "incentive" and measure.effect in INCENTIVE_EFFECTS):
        return "激励措施和其他机关的措施不能据以不予许可；请设 may_refuse: false。" if row.may_refuse else ""
    if measure.effect == "limit_entry" and not row.basis:
        return "限制准入没有适用于本事项的依据；请补上指明本事项的法律、法规或中央政策文件。"
    if row.may_refuse and measure.effect != "limit_entry":
        return "只有限制准入的措施可以据以不予许可；请设 may_refuse: false。"
    return _unfounded((*row.basis, *measure.basis), refuses=row.may_refuse, refusing=row.basis)


def _unfounded(basis: tuple[LegalBasis, ...], *, refuses: bool, refusing: Sequence[LegalBasis]) -> str:
    if not carries_adverse(basis):
        return "依据不全是已核实的法律、行政法规、地方性法规或中央政策文件，不得产生不利影响；请核实或改引依据。"
    if refuses and not all(b.carries_refusal for b in refusing):
        return "不予许可须全部依据法律、法规；请改引依据，或设 may_refuse: false。"
    return ""


def tolerances(space: Space, calendar: WorkCalendar | None) -> Iterator[Finding]:
    """Materials that must not come later, and supplements that may end later than the decision allows.

    Args:
        space: the rule set.
        calendar: its published days are the days of acceptance looked at for clocks in calendar days; without one
            every day counts as a working day.
    """
    buffer = space.rules.supplement_buffer_days
    room: dict[tuple[str, int], tuple[int, date | None]] = {}
    for matter in space.rules.matters:
        key = matter.clock.unit, matter.clock.days
        if key not in room:
            room[key] = least_room(matter.clock, buffer, calendar)
        yield from _materials(matter, *room[key])


def _materials(matter: Matter, room: int, start: date | None) -> Iterator[Finding]:
    for material in matter.materials:
        if material.tolerance == "never":
            continue
        place = f"matters({matter.code}).materials({material.code})"
        rules = (matter.code, material.code)
        if material.kind != "internal":
            text = "法律法规要求的材料不得容缺；请设 tolerance: never，或核对 kind。"
            witness = Witness(matter=matter.code, material=material.code)
            yield Finding(FindingKind.STATUTORY_TOLERABLE, "error", place, text, rules, witness)
        days = material.supply_days(good=True)
        if days > room:
            text = f"补交期限最长{days}个工作日，而决定期限前只容得下{room}个工作日；请改短。"
            witness = Witness(matter=matter.code, material=material.code, on=start)
            yield Finding(FindingKind.SUPPLEMENT_LATE, "error", place, text, rules, witness)


def least_room(clock: Clock, buffer: int, calendar: WorkCalendar | None) -> tuple[int, date | None]:
    """Working days that a supplement may last at most, whatever the day of acceptance, and the tightest such day.

    The supplement must end ``buffer`` working days before the decision is due. Counted in working days, the decision
    is due on the n-th one after acceptance and the last day of the supplement is the (n - buffer)-th, in every
    calendar. Counted in calendar days, the working days in between depend on weekends and holidays, so every
    published day of acceptance is counted.

    Returns:
        The room, zero or more, and the day of acceptance that leaves no more; ``None`` when all leave the same.
        Without a calendar every day counts as a working day.
    """
    if clock.unit == "workdays" or calendar is None:
        return max(clock.days - buffer, 0), None
    first = date(min((*calendar.holidays, *calendar.workdays, calendar.published_until)).year, 1, 1)
    starts = (calendar.published_until - first).days + 1
    worked = [0]  # working days before each day
    for number in range(starts + clock.days):
        worked.append(worked[-1] + calendar.is_workday(first + number * _DAY))
    least, tightest = clock.days, first
    for number in range(starts):
        due = number + clock.days
        # The last day is the buffer-th working day before the due date; without a buffer the due date itself.
        last = (worked[due] - buffer + 1) if buffer else worked[due + 1]
        room = last - worked[number + 1]
        if room < least:
            least, tightest = room, first + number * _DAY
    return max(least, 0), tightest
