"""A host's case, bound to the rules in force and to the days they set."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from approval_hook import clock, privacy
from approval_hook.conf import conf
from approval_hook.errors import CaseInvalid, ConfigurationError
from approval_hook.keeping import published_rules
from approval_hook.models import Point
from approval_hook.policy.case import CaseFacts, CaseView, view_of
from approval_hook.policy.catalogue import Matter, due_date, release_date
from approval_hook.rulebook import LoadedRules, RuleBook
from approval_hook.workcalendar import published_calendar


@dataclass(frozen=True, slots=True)
class Case:
    """A host's case, ready to be asked about: facts in memory, view for the evidence."""

    host_key: str
    flow: str
    facts: CaseFacts
    view: CaseView
    subjects: str  # keyed fingerprint of parties, roles and authorisations
    loaded: LoadedRules
    matter: Matter
    at: datetime
    on: date  # the day in China
    observed: bool = False  # the flow observes: nothing of it is held


def exemption_of(case: Case, point: Point) -> str:
    """Id of the exemption by which the case is not checked at a hook point; empty when it is checked."""
    found = case.loaded.rules.exemption_for(case.facts.matter, case.view.region, case.on, point.value)
    return found.id if found is not None else ""


def book() -> RuleBook:
    """The configured rule book."""
    return _book(str(conf().rules))


def file_book() -> RuleBook:
    """The rule files alone, for checks that run before there is a database."""
    return RuleBook(conf().rules)


#: Seconds for which the rule files count as unchanged once they were looked at.
_FILES_BELIEVED = 1.0
_books: dict[str, RuleBook] = {}


def _book(path: str) -> RuleBook:
    if path not in _books:
        _books[path] = RuleBook(conf().rules, published_rules, believed=_FILES_BELIEVED)
    return _books[path]


def case_of(
    host_key: str, flow: str, matter: str, facts: CaseFacts, at: datetime | None = None, *, observed: bool = False
) -> Case:
    """Bind the host's facts to the rules in force.

    Raises:
        CaseInvalid: the matter is not configured or the facts do not fit it; nothing is asked.
    """
    at = at or clock.now()
    on = clock.china_date(at)
    loaded = book().on(on)
    if facts.matter != matter:
        raise ConfigurationError(f"The flow {flow} is configured for {matter}, its facts say {facts.matter}.")
    for field, text, most in (("办件号", facts.case_no, 64), ("办理机关", facts.organ, 200)):
        if not 0 < len(text) <= most:
            raise CaseInvalid(field, f"{field}应为 1 至 {most} 个字符。", f"请更正{field}后重新提交。")
    digest = privacy.digester()
    view = view_of(facts, digest, clock.china_date)
    return Case(
        host_key=host_key,
        flow=flow,
        facts=facts,
        view=view,
        subjects=_fingerprint(facts, view, digest),
        loaded=loaded,
        matter=loaded.rules.matter(matter),
        at=at,
        on=on,
        observed=observed,
    )


_text = json.JSONEncoder(ensure_ascii=False).encode


def _fingerprint(facts: CaseFacts, view: CaseView, digest: Callable[[str], str]) -> str:
    """Keyed digest over everything about organ and parties that the answer depends on."""
    parties = sorted(
        [
            v.ref,
            v.role.value,
            str(v.since or ""),
            str(v.until or ""),
            str(v.established_on or ""),
            [str(v.restructured_on or ""), v.restructuring_ruling],
            [v.authorisation.reference, str(v.authorisation.valid_from), str(v.authorisation.valid_until)]
            if v.authorisation
            else [],
            [p.subject.kind.value, p.subject.name, sorted(f"{i.type}:{i.number}" for i in p.subject.identifiers)],
        ]
        for v, p in zip(view.parties, facts.parties, strict=True)
    )
    return digest(_text([view.matter, view.case_no, view.organ, view.region, parties]))


def due_on(case: Case) -> date:
    """The statutory day of decision: the host's own when it has one, else the matter's clock.

    A case that was never marked as accepted counts from its filing (行政许可法 第三十二条第一款第四项).
    """
    start = case.view.accepted_on or case.view.filed_on
    return case.view.due_on or due_date(case.matter, start, published_calendar()).on


def release_on(due_on: date) -> date:
    """From this day a supervisor may let a could-not-tell case go on: two working days before it is due."""
    return release_date(due_on, published_calendar())


def fresh_until(case: Case, point: Point, answered_at: datetime) -> datetime:
    """Until when an answer of that moment serves at a hook point."""
    kind = point if point in (Point.ACCEPTANCE, Point.ISSUE) else Point.DECISION
    return answered_at + timedelta(minutes=case.matter.fresh_minutes(kind.value))
