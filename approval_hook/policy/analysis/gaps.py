"""What should be there and is not: roles never asked about, lists without a measure, measures without a matter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from approval_hook.policy.analysis.findings import Finding, FindingKind, Grade, Witness, listed
from approval_hook.policy.analysis.space import Box, Space
from approval_hook.policy.analysis.spans import Spans, days, first_day, union, without
from approval_hook.policy.case import Role
from approval_hook.policy.records import Severity
from approval_hook.policy.rules import SAME_LICENCE, Edition


def gaps(space: Space) -> Iterator[Finding]:
    """Every gap of a rule set."""
    yield from _roles(space)
    yield from _bars(space)
    yield from _kinds(space)
    yield from _lists(space)
    yield from _measures(space)
    yield from _matters(space)
    yield from _editions(space)
    given = {period.severity for period in space.rules.display_periods}
    for severity in Severity:
        if severity is not Severity.GOOD and severity not in given:
            text = f"程度“{severity}”没有公示期限，这类记录将一直显示和使用；请补上最长月数。"
            yield Finding(FindingKind.NO_DISPLAY_PERIOD, "warning", "display_periods", text, (severity.value,))


def _roles(space: Space) -> Iterator[Finding]:
    """Roles that the law names and the matter never asks about, where the row has other roles that it does reach."""
    for row in space.rules.applications:
        matter, measure = space.matters.get(row.matter), space.measures.get(row.measure)
        if matter is None or measure is None or measure.effect == "of_others" or measure.kind == "incentive":
            continue
        place = f"applications({row.matter} / {row.measure})"
        yield from _unasked(place, measure.id, measure.roles, matter.code, matter.queried_roles)
    for bar, matter in ((box.bar, box.matter) for box in space.bars):
        yield from _unasked(f"bars({bar.id})", bar.id, bar.roles, matter.code, matter.queried_roles)


def _unasked(
    place: str, rule: str, named: tuple[Role, ...], matter: str, queried: tuple[Role, ...]
) -> Iterator[Finding]:
    missing = tuple(role for role in dict.fromkeys(named) if role not in queried)
    if not missing or len(missing) == len(set(named)):
        return
    text = f"依据所及的{listed(missing)}，事项“{matter}”从不核查；请补入该事项的 queried_roles，或从本条 roles 中删除。"
    yield Finding(FindingKind.ROLE_NOT_QUERIED, "error", place, text, (rule,), Witness(matter=matter, role=missing[0]))


def _bars(space: Space) -> Iterator[Finding]:
    for box in space.bars:
        missing = tuple(p for p in dict.fromkeys(box.bar.proofs) if p not in box.proofs)
        if missing and box.proofs:
            text = f"事项“{box.matter.code}”没有能以{listed(missing)}证明本条的来源；请补上来源，或从 proofs 中删除。"
            witness = Witness(matter=box.matter.code, proof=missing[0])
            yield Finding(FindingKind.PROOF_NOT_QUERIED, "warning", f"bars({box.bar.id})", text, (box.bar.id,), witness)
    domains = {SAME_LICENCE, *(m.domain for m in space.rules.matters)}
    for bar in space.rules.bars:
        unknown = tuple(d for d in dict.fromkeys(bar.domains) if d not in domains)
        if unknown:
            text = f"没有事项属于领域{listed(unknown)}；如指其他领域的许可则无妨，否则请核对拼写。"
            yield Finding(FindingKind.UNKNOWN_DOMAIN, "note", f"bars({bar.id}).domains", text, (bar.id,))


def _kinds(space: Space) -> Iterator[Finding]:
    rows: dict[int, Box] = {}
    for box in (*space.sanctions, *space.incentives):
        rows.setdefault(box.number, box)
    for box in rows.values():
        matter = space.matters[box.row.matter]
        if box.roles == (Role.APPLICANT,) and matter.subject_kind not in box.kinds:
            place = f"applications({matter.code} / {box.measure.id})"
            text = f"本条在此只及于申请人，而 kinds 中没有可以申请的“{matter.subject_kind}”；请核对 kinds 或事项。"
            yield Finding(FindingKind.WRONG_KIND, "warning", place, text, (box.measure.id,), space.some_cell(box))
    for measure in space.rules.measures:
        others = tuple(role for role in dict.fromkeys(measure.roles) if role is not Role.APPLICANT)
        if measure.kind == "incentive" and others:
            text = f"激励只给申请人，{listed(others)}不起作用；请从 roles 中删除。"
            yield Finding(FindingKind.ROLE_WITHOUT_EFFECT, "note", f"measures({measure.id}).roles", text, (measure.id,))


def _lists(space: Space) -> Iterator[Finding]:
    """Severe lists that cause nothing at a matter, throughout or on some days: such a record falls to O-06."""
    reached: defaultdict[tuple[str, str], list[Spans]] = defaultdict(list)
    for box in space.sanctions:
        reached[box.list_type, box.row.matter].append(box.days)
    for code, live in space.severe.items():
        never: list[str] = []
        partly: dict[str, date] = {}
        for matter in space.matters:
            left = without(live, union(reached.get((code, matter), ())))
            if left == live and live:
                never.append(matter)
            elif left:
                partly[matter] = first_day(left)
        if never:
            text = (
                f"在事项{listed(tuple(never))}没有任何措施，按“严重失信、无许可措施”（O-06）处理；如有依据请补充措施。"
            )
            yield _list_gap(space, FindingKind.NO_MEASURE, code, text, tuple(never), first_day(live))
        if partly:
            text = (
                f"在事项{listed(tuple(partly))}，规则有效期内有一段时间没有措施，其间按 O-06 处理；请核对措施的有效期。"
            )
            found = tuple(partly)
            yield _list_gap(space, FindingKind.NO_MEASURE_DAYS, code, text, found, partly[found[0]])


def _list_gap(space: Space, kind: FindingKind, code: str, text: str, matters: tuple[str, ...], day: date) -> Finding:
    matter = space.matters[matters[0]]
    witness = Witness(
        matter=matter.code,
        list_type=code,
        role=Role.APPLICANT,
        kind=matter.subject_kind,
        region=space.territory.region_of((space.lists[code].scope,), day),
        on=day,
    )
    return Finding(kind, "note", f"list_types({code})", text, (code, *matters), witness)


def _measures(space: Space) -> Iterator[Finding]:
    used = {row.measure for row in space.rules.applications if row.matter in space.matters}
    for measure in space.rules.measures:
        if measure.id not in used:
            text = "没有事项应用本措施；请在 applications 中补上对应事项，或删除本措施。"
            # What other bodies carry out is listed for the record; no matter of this organ needs to use it.
            grade: Grade = "note" if measure.effect == "of_others" else "warning"
            yield Finding(FindingKind.UNUSED_MEASURE, grade, f"measures({measure.id})", text, (measure.id,))


def _matters(space: Space) -> Iterator[Finding]:
    reached = {box.row.matter for box in (*space.sanctions, *space.incentives)}
    for matter in space.rules.matters:
        if matter.code not in reached:
            text = "没有惩戒或激励措施及于本事项；如有对应措施，请在 applications 中补上。"
            witness = Witness(matter=matter.code)
            yield Finding(
                FindingKind.UNREACHED_MATTER, "note", f"matters({matter.code})", text, (matter.code,), witness
            )


def _editions(space: Space) -> Iterator[Finding]:
    """Measures that fire on days on which the edition of the list that names their type is not in force (L-04)."""
    editions: dict[str, Edition] = {e.id: e for e in space.rules.editions}
    types = {t.code: t for t in space.rules.measure_types}
    outside: dict[str, tuple[Box, Spans]] = {}
    for box in (*space.sanctions, *space.incentives):
        known = types.get(box.measure.type)
        edition = editions.get(known.edition) if known else None
        if edition is not None and box.measure.id not in outside:
            left = without(box.days, days(edition.valid_from, edition.valid_to))
            if left:
                outside[box.measure.id] = box, left
    for name, (box, left) in outside.items():
        text = f"措施类别“{box.measure.type}”所在的清单版本当日无效，措施却仍适用；请改用有效版本的类别，或缩短有效期。"
        witness = space.cell(box, box.roles[0], box.kinds[0], first_day(left))
        yield Finding(FindingKind.OUTSIDE_EDITION, "warning", f"measures({name})", text, (name,), witness)
