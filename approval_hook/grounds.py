"""Who of a case is asked about, on which ground and where; the inquiry and the notice to the applicant say the same."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from approval_hook.cases import Case, exemption_of
from approval_hook.conf import conf
from approval_hook.models import Point
from approval_hook.policy.case import PartyView
from approval_hook.policy.masking import mask_name
from approval_hook.policy.rules import LegalBasis
from approval_hook.policy.subjects import SubjectKind
from approval_hook.wording import AUTHORISED, ROLE_TITLES

_AUTHORISATION = "authorisation:"
#: The principles of the rule set that say why an authorisation is needed, and why a secondary material may follow.
_ONLY_WITH_GROUND, _FOR_ALL = "ask-only-with-ground", "tolerance-for-all"


@dataclass(frozen=True, slots=True)
class Planned:
    """One party that is asked about."""

    party: PartyView
    ground: str  # id of the statutory ground or "authorisation:<reference>"
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """The same in the words of the applicant's notice."""

    about: str  # a person's name is masked
    ground: str
    sources: str


def planned(case: Case) -> Iterator[Planned]:
    """Every party that is asked about, in the order of the case, unless an exemption covers the hook point."""
    rules, queried = case.loaded.rules, {str(role) for role in case.matter.queried_roles}
    for party in case.view.parties:
        ground = rules.ground_for(party, case.matter, case.view.region, case.on)
        if party.role.value in queried and ground:
            required, advisory = rules.sources_for(ground, case.matter)
            # An advisory source that is not configured is not asked; a required one gives could-not-tell.
            yield Planned(party, ground, (*required, *(s for s in advisory if s in conf().platforms)))


def told(case: Case) -> list[Told]:
    """Who is asked about, on which ground and where; nothing where every hook point is exempt.

    Source: 个人信息保护法 第十七条, 第三十五条.
    """
    if all(exemption_of(case, Point(point)) for point in case.matter.points):
        return []
    names = {view.ref: party.subject for view, party in zip(case.view.parties, case.facts.parties, strict=True)}
    found = []
    for each in planned(case):
        subject = names[each.party.ref]
        name = mask_name(subject.name) if subject.kind is SubjectKind.PERSON else subject.name
        sources = "、".join(case.loaded.rules.source_title(source) for source in each.sources)
        found.append(Told(f"{name}（{ROLE_TITLES[each.party.role]}）", _ground(case, each.ground), sources))
    return found


def _ground(case: Case, ground: str) -> str:
    rules = case.loaded.rules
    if ground.startswith(_AUTHORISATION):
        title = AUTHORISED.format(reference=ground.removeprefix(_AUTHORISATION))
        return cited(title, rules.rule_basis(_ONLY_WITH_GROUND))
    return cited(rules.rule_title(ground), rules.rule_basis(ground))


def why_tolerated(case: Case, codes: Collection[str]) -> dict[str, str]:
    """Why each of these materials may follow: the rule that lets everybody supply it, else what the promise rests on.

    Raises:
        CaseInvalid: the matter does not ask for one of them.
    """
    rules = case.loaded.rules
    text = rules.promise_text("tolerance")
    found = {}
    for code in codes:
        material = case.matter.material(code)
        if material.tolerance == "everyone" and not material.main:
            found[code] = cited(rules.rule_title(_FOR_ALL), rules.rule_basis(_FOR_ALL))
        else:
            found[code] = cited(text.title, text.basis) if text is not None else ""
    return found


def cited(title: str, basis: Collection[LegalBasis]) -> str:
    """A rule with its articles, in one line."""
    articles = "；".join(f"{b.document} {b.article}" for b in basis)
    return f"{title}（{articles}）" if articles else title
