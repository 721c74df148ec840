"""Drawn cases: a rule set, a matter, parties and answers, made from what the rules of the matter look for.

Records start from a row that the rules can answer (a list with a measure, the facts of a bar, a red list ...) and are
then mostly left alone and sometimes disputed, repaired, expired, doubted ... Drawn blindly, no measure ever fires.

Hypothesis draws how many parties and rows there are, which is what it makes smaller, and a number that picks them
with weights: that is twenty times as fast as drawing each field, and spreads evenly.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any, NamedTuple

from hypothesis import strategies as st
from msgspec.structs import replace

from approval_hook.policy.case import CaseView, PartyView, Role
from approval_hook.policy.catalogue import Matter, RuleSet
from approval_hook.policy.decision import Decision
from approval_hook.policy.evaluate import evaluate
from approval_hook.policy.records import CreditRecord, CreditReport, MatchGrade, QueryStatus, RecordState, Severity
from approval_hook.policy.rules import BasisType
from approval_hook.policy.subjects import SubjectKind
from approval_hook.workcalendar import published_calendar
from tests.benchmarks.policy_set import policy_data

from .building import CONSENT, NOW, ON, rules, rules_with

REGIONS = ("440104", "440104", "440104", "440304", "440304", "440500", "330106")
#: Beside the matter's own sources, one that nobody configured.
UNKNOWN_SOURCE = "gossip"
#: A few numbers only, so that several rows are about one decision.
DOCUMENTS = ("示例1号", "示例2号", "示例3号")


class Situation(NamedTuple):
    """Everything a decision is made of."""

    rules: RuleSet
    case: CaseView
    reports: list[CreditReport]

    @property
    def matter(self) -> Matter:
        """The matter of the case."""
        return self.rules.matter(self.case.matter)

    def __repr__(self) -> str:
        return f"{self.rules.revision} {self.case} {self.reports}"

    def decide(self, **changes: Any) -> Decision:
        """Evaluate, with another case, other reports or other rules where given."""
        case, reports = changes.get("case", self.case), changes.get("reports", self.reports)
        return evaluate(case, reports, changes.get("rules", self.rules), ON, published_calendar())


# Rule sets


def rebuilt(book: RuleSet, **parts: Any) -> RuleSet:
    """The rule set with other parts, past its validation and with nothing remembered."""
    return RuleSet.model_construct(**{**{name: getattr(book, name) for name in RuleSet.model_fields}, **parts})


@cache
def shipped() -> RuleSet:
    """The rules as shipped."""
    return rules()


@cache
def varied() -> RuleSet:
    """The shipped rules with every convention turned round and the effects that no shipped row has."""

    def change(data: dict[str, Any]) -> None:
        data["conventions"].update(disputed_incentives="withheld", last_day="excluded")
        effects = dict.fromkeys(("food-113-checks", "safety-78-checks", "device-78-checks"), "strict_review")
        effects["wage-48-tax"] = "withhold_convenience"
        for measure in data["measures"]:
            measure["effect"] = effects.get(measure["id"], measure["effect"])
        for row in data["applications"]:
            if row["measure"] in ("wage-48-entry", "wage-48-funds", "safety-78-entry"):
                row["may_refuse"] = True
        food = next(row for row in data["applications"] if row["matter"] == "food-business")
        others = {**food, "force": "mandatory", "may_refuse": False, "valid_from": "2026-10-01", "valid_to": None}
        data["applications"].append({**others, "measure": "wage-48-lending"})
        for matter in data["matters"]:
            matter["quota_limited"] = matter["code"] != "food-business"

    return rules_with(change)


@cache
def synthetic(rows: int) -> RuleSet:
    """A synthetic rule set with so many rows of 应用事项."""
    return RuleSet.parse(policy_data(rows))


@cache
def spoilt() -> RuleSet:
    """The shipped rules past their validation, every other basis worthless, foreign or too weak for a refusal."""
    worthless = (
        {"verified": False},
        {"type": BasisType.MEMORANDUM},
        {"scope": "city:4403"},
        {"type": BasisType.CENTRAL_POLICY},
        {"scope": "province:33"},
        {},
        {},
    )
    count = 0

    def bases(given: tuple[Any, ...]) -> tuple[Any, ...]:
        nonlocal count
        count += 1
        return tuple(b.model_copy(update=worthless[(count + n) % len(worthless)]) for n, b in enumerate(given))

    def part(items: Sequence[Any], **more: Any) -> tuple[Any, ...]:
        return tuple(item.model_copy(update={"basis": bases(item.basis), **more}) for item in items)

    book = rules()
    return rebuilt(
        book,
        bars=part(book.bars, may_refuse=True),
        measures=part(book.measures),
        applications=part(book.applications, may_refuse=True),
    )


BOOKS: tuple[Callable[[], RuleSet], ...] = (
    *[shipped] * 3,
    *[varied] * 2,
    spoilt,
    lambda: synthetic(40),
    lambda: synthetic(400),
)
SOUND_BOOKS = tuple(book for book in BOOKS if book is not spoilt)


# Records


def _row(code: str, severity: Severity, **changes: Any) -> CreditRecord:
    row = CreditRecord("r", "province", code, severity, "示例记录", ON, decided_by="示例机关")
    return replace(row, **changes)


@cache
def _templates(book: Callable[[], RuleSet], code: str) -> tuple[tuple[CreditRecord, ...], ...]:
    """Rows that the rules of a matter look for, by kind; every kind has one row at least."""
    book_rules = book()
    plan = book_rules.plan(code)
    plain = next(t.code for t in book_rules.list_types if t.severity is Severity.GENERAL and not t.reference_only)
    facts = [
        _row(plain, Severity.SERIOUS, event=event, domain=domain, source="own_register", role_then=then)
        for (event, domain), bars in plan.bars.items()
        for then in sorted({"", *(name for bar in bars for name in bar.roles_then)})
    ]
    listed = [_row(t.code, t.severity) for t in book_rules.list_types]
    reached = [row for row in listed if plan.lists[row.list_type].reach]
    severe = [row for row in listed if row.severity is Severity.SERIOUS]
    mild = [row for row in listed if row.severity in (Severity.GENERAL, Severity.WATCH, Severity.MINOR)]
    small = [replace(row, severity=Severity.MINOR, rectified=True) for row in mild]
    small += [replace(row, rectified=True) for row in mild if row.severity is Severity.GENERAL]
    good = [row for row in listed if row.severity is Severity.GOOD]
    odd = [_row("unheard_of", Severity.SERIOUS), replace(severe[0], severity=Severity.GOOD)]
    kinds = (*[reached or severe] * 5, *[facts or severe] * 3, severe, mild, small, small, *[good or odd] * 2, odd)
    return tuple(tuple(kind) for kind in kinds)


def _ago(days: int) -> Callable[[CreditRecord], CreditRecord]:
    return lambda row: replace(row, decided_on=ON - timedelta(days=days))


def _with(**changes: Any) -> Callable[[CreditRecord], CreditRecord]:
    return lambda row: replace(row, **changes)


#: What may be peculiar about a row; most rows are plain.
_TWISTS: tuple[Callable[[CreditRecord], CreditRecord], ...] = (
    *[_with()] * 16,
    _with(state=RecordState.DISPUTED),
    _with(state=RecordState.DISPUTED),
    _with(match=MatchGrade.POSSIBLE),
    _with(match=MatchGrade.POSSIBLE),
    _with(match=MatchGrade.NONE),
    _with(state=RecordState.REPAIRED),
    _with(state=RecordState.REMOVED),
    _with(state=RecordState.CORRECTED),
    _with(display_until=ON - timedelta(days=1), valid_until=ON - timedelta(days=1)),
    _with(display_until=ON),
    _with(document_no=""),
    _with(rectified=True, severity=Severity.MINOR),
    _with(severity=Severity.GENERAL),
    _with(scope="city:4403"),
    _with(scope="agreement:pearl-river-delta"),
    _with(decided_on=ON + timedelta(days=1)),
    _with(published_on=ON - timedelta(days=30)),
    _with(source="creditchina"),
    _with(published_on=date.max, display_until=date.max),
    _with(decided_on=date.min),
)
_AGES = tuple(_ago(days) for days in (0, 1, 20, 20, 90, 90, 200, 200, 300, 360, 400, 800, 1100, 1500, 2500, 9000))


# Parties


def _applicants(kind: SubjectKind) -> tuple[PartyView, ...]:
    made = PartyView("applicant", kind, Role.APPLICANT, True)
    if kind is SubjectKind.ORGANISATION:
        old = replace(made, market=True, established_on=date(2015, 1, 1))
        lately = ON - timedelta(days=20)
        return (
            *[old] * 8,
            replace(old, established_on=date(2025, 8, 1)),
            replace(old, restructured_on=lately, restructuring_ruling="（2026）粤破1号"),
            replace(old, restructured_on=lately),
            replace(old, market=False, authorisation=CONSENT),
            replace(old, market=False),
            replace(old, identified=False),
        )
    adult = replace(made, born_on=date(1985, 5, 5), authorisation=CONSENT)
    return (
        *[adult] * 6,
        replace(adult, born_on=date(2006, 5, 5)),
        replace(adult, born_on=date(2012, 5, 5)),
        replace(adult, born_on=None),
        replace(adult, authorisation=None),
        replace(adult, identified=False),
    )


_APPLICANTS = {kind: _applicants(kind) for kind in SubjectKind}
_LONG = {"since": date(2001, 1, 1), "authorisation": CONSENT}
_RELATED = tuple(
    replace(PartyView("related", SubjectKind.PERSON, Role.PRINCIPAL, True, born_on=date(1980, 1, 1)), **changes)
    for changes in (
        *[_LONG] * 4,
        {"since": date(2001, 1, 1)},
        {**_LONG, "since": date(2026, 9, 1)},
        *[{**_LONG, "until": date(2026, 9, 1)}] * 3,
        {**_LONG, "until": date(2030, 9, 1)},
        {**_LONG, "born_on": date(2012, 1, 1)},
        {},
    )
)
_OTHER_ROLES = (Role.AGENT, Role.OTHER_RESPONSIBLE, Role.ACTUAL_CONTROLLER)


def _parties(rng: random.Random, matter: Matter, related: int) -> tuple[PartyView, ...]:
    other = rng.random() < 0.1
    kind = next(k for k in SubjectKind if (k is matter.subject_kind) is not other)
    found = [rng.choice(_APPLICANTS[kind])]
    roles = [role for role in matter.queried_roles if role is not Role.APPLICANT]
    for number in range(related):
        role = rng.choice(roles if roles and rng.random() < 0.85 else _OTHER_ROLES)
        person = replace(rng.choice(_RELATED), ref=f"p{number}")
        if number and rng.random() < 0.2:
            person = found[-1]  # the same person in another role
        found.append(replace(person, role=role))
    return tuple(found)


# Cases and answers


def drawn_record(rng: random.Random, book: Callable[[], RuleSet], code: str) -> CreditRecord:
    """One row, plain every other time."""
    row = rng.choice(rng.choice(_templates(book, code)))
    row = replace(row, record_id=f"r{rng.randrange(1, 9)}", document_no=rng.choice(DOCUMENTS))
    row = rng.choice(_AGES)(row)
    if row.severity is Severity.GOOD:
        row = replace(row, valid_until=rng.choice((None, ON, ON + timedelta(days=90))))
    return rng.choice(_TWISTS)(row)


def _answers(
    rng: random.Random, book: Callable[[], RuleSet], matter: Matter, refs: list[str], rows: int
) -> list[CreditReport]:
    held: dict[tuple[str, str], list[CreditRecord]] = {(r, s): [] for r in refs for s in matter.required_sources}
    places = (*matter.required_sources, *matter.advisory_sources, UNKNOWN_SOURCE)
    for _ in range(rows):
        row = drawn_record(rng, book, matter.code)
        source = rng.choice(places) if rng.random() < 0.25 else row.source
        row = row if rng.random() < 0.1 else replace(row, source=source)
        held.setdefault((rng.choice((refs[0], *refs)), source), []).append(row)
    found = []
    for (ref, source), mine in held.items():
        status = QueryStatus.OK if rng.random() < 0.96 else rng.choice(list(QueryStatus))
        differs = rng.random() < 0.01
        found.append(CreditReport(ref, source, status, NOW, NOW, tuple(mine), registered_name_differs=differs))
    if rng.random() < 0.03:
        found.pop()
    return found


@cache
def _busy(book: Callable[[], RuleSet]) -> list[str]:
    """Matters where a list can cause something."""
    sanctions = {m.id for m in book().measures if m.kind == "sanction"}
    return sorted({row.matter for row in book().applications if row.measure in sanctions})


def situation(rng: random.Random, book: Callable[[], RuleSet], related: int, rows: int) -> Situation:
    """One case with so many related parties and rows."""
    codes = _busy(book) if rng.random() < 0.6 else [m.code for m in book().matters]
    matter = book().matter(rng.choice(codes))
    parties = _parties(rng, matter, related)
    papers = [m.code for m in matter.materials]
    tolerable = [m.code for m in matter.materials if m.tolerance != "never"]
    missing = set(rng.sample(papers, min(len(papers), rng.choice((0, 0, 0, 1, 3)))))
    if tolerable and rng.random() < 0.4:
        missing = {rng.choice(tolerable)}
    case = CaseView(
        case_no="4401-示例-0001",
        matter=matter.code,
        organ="示例机关",
        region=rng.choice(REGIONS),
        filed_on=ON - timedelta(days=rng.choice((0, 3, 20))),
        accepted_on=rng.choice((ON, ON, ON - timedelta(days=3), None)),
        parties=parties,
        materials=tuple(code for code in papers if code not in missing),
        not_needed=tuple(sorted(missing)[:1]) if rng.random() < 0.2 else (),
        due_on=rng.choice((None, None, None, ON + timedelta(days=15), ON + timedelta(days=2))),
    )
    refs = list(dict.fromkeys(party.ref for party in parties))
    return Situation(book(), case, _answers(rng, book, matter, refs, rows))


def situations(books: Sequence[Callable[[], RuleSet]] = BOOKS) -> st.SearchStrategy[Situation]:
    """Cases of these rule sets."""
    return st.builds(
        lambda book, related, rows, seed: situation(random.Random(seed), book, related, rows),  # noqa: S311 no secret
        st.sampled_from(books),
        st.integers(0, 3),
        st.integers(0, 9),
        st.integers(0, 2**40),
    )
