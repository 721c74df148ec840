"""The facts of one licensing case, as a host hands them over and as the core sees them.

``CaseFacts`` carries identifiers and lives only in memory. ``CaseView`` is the same
case with keyed digests in place of identifiers and names; it is what is stored,
evaluated and replayed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from msgspec import Struct

from approval_hook.policy.subjects import Subject, SubjectKind
from approval_hook.policy.words import Word


class Role(Word):
    """Role of a party in the application (R-09, R-25)."""

    APPLICANT = "applicant"  # 申请人
    LEGAL_REPRESENTATIVE = "legal_representative"  # 法定代表人（负责人）
    PRINCIPAL = "principal"  # 主要负责人
    RESPONSIBLE_SUPERVISOR = "responsible_supervisor"  # 直接负责的主管人员
    OTHER_RESPONSIBLE = "other_responsible"  # 其他直接责任人员
    FOOD_SAFETY_OFFICER = "food_safety_officer"  # 食品安全管理人员
    SAFETY_OFFICER = "safety_officer"  # 安全生产管理人员
    QUALITY_PRINCIPAL = "quality_principal"  # 质量负责人
    LICENSED_PRACTITIONER = "licensed_practitioner"  # 执业人员、专业技术人员
    DIRECTOR_EXECUTIVE = "director_executive"  # 董事、监事、高级管理人员
    INVESTOR = "investor"  # 举办者、出资人、股东
    ACTUAL_CONTROLLER = "actual_controller"  # 实际控制人
    AGENT = "agent"  # 代理人: mandate verified, never queried (S-20)


class Authorisation(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A person's written consent to be queried for this case (授权查询, R-39)."""

    reference: str  # number of the signed paper or of the electronic consent
    valid_from: date
    valid_until: date


@dataclass(frozen=True, slots=True)
class Party:
    """One subject of the case in one role."""

    subject: Subject
    role: Role
    since: date | None = None  # start of the role
    until: date | None = None  # end of the role; None = still held
    authorisation: Authorisation | None = None
    restructured_on: date | None = None  # day on which a court approved its restructuring plan (重整)
    restructuring_ruling: str = ""  # number of that ruling


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What the host knows of its case. Times are aware."""

    case_no: str  # 办件号
    matter: str  # matter code, key of RuleSet.matters
    organ: str  # name of the deciding organ
    region: str  # 6-digit region code of the organ
    filed_at: datetime
    accepted_at: datetime | None  # None before acceptance
    parties: tuple[Party, ...]  # exactly one APPLICANT
    materials: tuple[str, ...] = ()  # codes of materials handed in
    not_needed: tuple[str, ...] = ()  # codes of conditional materials whose condition is not met in this case
    due_on: date | None = None  # lawful due date after extension, when the host knows one

    @property
    def applicant(self) -> Party:
        """The one applicant."""
        return next(p for p in self.parties if p.role is Role.APPLICANT)


class PartyView(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """A party without name and identifier."""

    ref: str  # keyed digest of kind and primary identifier, hex; stable across cases
    kind: SubjectKind
    role: Role
    identified: bool  # False when no identifier can be matched by a platform
    market: bool = False  # a market subject (经营主体), which L-07 is about
    since: date | None = None
    until: date | None = None
    born_on: date | None = None  # persons whose number carries it, for R-10
    established_on: date | None = None  # organisations, for R-14/S-23
    authorisation: Authorisation | None = None
    restructured_on: date | None = None
    restructuring_ruling: str = ""


class CaseView(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """The case as the core sees, stores and replays it."""

    case_no: str
    matter: str
    organ: str
    region: str
    filed_on: date
    accepted_on: date | None
    parties: tuple[PartyView, ...]
    materials: tuple[str, ...] = ()
    not_needed: tuple[str, ...] = ()
    due_on: date | None = None
    exemption: str = ""  # id of the exemption by which nobody is asked at this hook point


def view_of(facts: CaseFacts, digest: Callable[[str], str], local_date: Callable[[datetime], date]) -> CaseView:
    """Strip names and identifiers from a case.

    Args:
        facts: the host's facts.
        digest: keyed digest, text -> lower-case hex; the same key gives the same
            digest in every case, so that subjects can be recognised.
        local_date: aware datetime -> calendar date in China.
    """

    def party(p: Party) -> PartyView:
        return PartyView(
            ref=digest(p.subject.digest_text()),
            kind=p.subject.kind,
            role=p.role,
            identified=p.subject.primary is not None,
            market=p.subject.is_market,
            since=p.since,
            until=p.until,
            born_on=p.subject.born_on(),
            established_on=p.subject.established_on,
            authorisation=p.authorisation,
            restructured_on=p.restructured_on,
            restructuring_ruling=p.restructuring_ruling,
        )

    return CaseView(
        case_no=facts.case_no,
        matter=facts.matter,
        organ=facts.organ,
        region=facts.region,
        filed_on=local_date(facts.filed_at),
        accepted_on=local_date(facts.accepted_at) if facts.accepted_at else None,
        parties=tuple(party(p) for p in facts.parties),
        materials=facts.materials,
        not_needed=facts.not_needed,
        due_on=facts.due_on,
    )
