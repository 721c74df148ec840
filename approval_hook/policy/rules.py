"""The parts of a rule set: bases, lists, bars, measures, grounds, clocks, materials.

Every part is frozen and refuses unknown fields. What the parts owe each other is
checked in ``approval_hook.policy.soundness``.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, StringConstraints

from approval_hook.policy.case import Role
from approval_hook.policy.decision import Citation
from approval_hook.policy.records import Severity
from approval_hook.policy.subjects import SubjectKind


def _plain_date(value: object) -> object:
    # A number would be read as seconds since 1970, a datetime would lose its time silently.
    if isinstance(value, datetime) or not isinstance(value, date | str):
        raise ValueError("date")
    return value


Day = Annotated[date, BeforeValidator(_plain_date)]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]
Days = Annotated[StrictInt, Field(ge=0)]
Force = Literal["mandatory", "recommended"]


class Part(BaseModel):
    """Base of everything in a rule file: frozen, no unknown fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class BasisType(StrEnum):
    """Rank of a document. Only the first four can carry anything adverse."""

    LAW = "law"  # 法律
    ADMINISTRATIVE_REGULATION = "administrative_regulation"  # 行政法规
    LOCAL_REGULATION = "local_regulation"  # 地方性法规
    CENTRAL_POLICY = "central_policy"  # 党中央、国务院政策文件
    JUDICIAL_INTERPRETATION = "judicial_interpretation"  # 司法解释
    DEPARTMENTAL_RULE = "departmental_rule"  # 部门规章
    LOCAL_POLICY = "local_policy"  # 地方政策文件
    MEMORANDUM = "memorandum"  # 备忘录
    GUIDE = "guide"  # 办事指南、内部规定


#: What may burden anybody (L-01).
ADVERSE_BASES = frozenset(
    {BasisType.LAW, BasisType.ADMINISTRATIVE_REGULATION, BasisType.LOCAL_REGULATION, BasisType.CENTRAL_POLICY}
)
#: What may carry a refusal (行政许可法 第十六条).
REFUSAL_BASES = ADVERSE_BASES - {BasisType.CENTRAL_POLICY}


class LegalBasis(Part):
    """Where a rule comes from: document, version, article and a short verbatim quote."""

    document: Text  # title without date, or document number of a policy
    version: Day  # date of the version that was read
    article: Text  # "第四十二条", or the item of a policy such as "（四）"
    quote: Text  # verbatim words of that article
    type: BasisType
    verified: StrictBool  # the quote was found in the stored text of that article

    @property
    def carries_adverse(self) -> bool:
        """Whether something adverse may rest on it."""
        return self.verified and self.type in ADVERSE_BASES

    @property
    def carries_refusal(self) -> bool:
        """Whether a refusal may rest on it."""
        return self.verified and self.type in REFUSAL_BASES

    def citation(self) -> Citation:
        """The basis as it is shown to the clerk."""
        return Citation(self.document, self.version.isoformat(), self.article, self.quote, self.verified)


Bases = tuple[LegalBasis, ...]
SomeBases = Annotated[Bases, Field(min_length=1)]


class Principle(Part):
    """A general rule that explains an outcome which no single measure explains."""

    id: Code
    title: Text
    basis: Bases


class Category(Part):
    """A category of serious dishonesty or one of its sub-items (R-18, R-20)."""

    code: Code
    title: Text
    origins: tuple[Literal["133", "442", "98"], ...]  # documents that name it


class ListType(Part):
    """A kind of list or record that a platform may report."""

    code: Code
    title: Text
    title_en: Text
    severity: Severity
    scope: Annotated[str, StringConstraints(pattern=r"^(national|province:\d{2}|city:\d{4})$")]
    category: str  # code of a category, or "" when the list maps to none
    display: Literal["severity", "source"]  # who says when display ends: the class, or the entry itself
    reference_only: StrictBool  # True: shown to nobody as a ground, no effect
    basis: Bases


class DisplayPeriod(Part):
    """How long a record of one severity may be shown and used (L-16, L-17)."""

    severity: Severity
    min_months: Days
    max_months: Annotated[StrictInt, Field(ge=1)]
    start: Literal["decision", "publication"]
    basis: Bases


class Source(Part):
    """A source of credit records, as pages name it."""

    name: Code
    title: Text


class Ground(Part):
    """A statutory ground for asking about a subject without its consent."""

    id: Code
    title: Text
    kinds: Annotated[tuple[SubjectKind, ...], Field(min_length=1)]
    roles: Annotated[tuple[Role, ...], Field(min_length=1)]
    matters: tuple[str, ...]  # empty: every matter
    sources: tuple[str, ...]  # what this ground suffices to ask; empty: every source of the matter
    valid_from: Day
    valid_to: Day | None
    basis: SomeBases


class Bar(Part):
    """A statutory bar: facts for which the law itself closes a licence for a time (domain 2.1)."""

    id: Code
    title: Text
    title_en: Text
    licence: Text  # the licence as the law names it
    matters: tuple[str, ...]  # matters of this rule set it closes; empty: none of them is offered here
    events: Annotated[tuple[Code, ...], Field(min_length=1)]  # CreditRecord.event
    domains: Annotated[tuple[Code, ...], Field(min_length=1)]  # CreditRecord.domain
    roles: Annotated[tuple[Role, ...], Field(min_length=1)]  # roles in this application that it reaches
    roles_then: tuple[Role, ...]  # roles in the punished unit it requires of a person; empty: none
    period_years: Annotated[StrictInt, Field(ge=1)] | None  # None: for life
    start: Literal["decision"]
    proofs: Annotated[tuple[Literal["own_register", "platform"], ...], Field(min_length=1)]
    may_refuse: StrictBool
    basis: SomeBases


class Measure(Part):
    """A listed sanction or an incentive, tied to lists, roles and matters (R-27, R-28)."""

    id: Code
    title: Text
    title_en: Text
    kind: Literal["sanction", "incentive"]
    effect: Literal["limit_entry", "green_channel", "longer_supplement"]
    force: Force
    list_types: tuple[str, ...]  # empty only for incentives: both routes of good credit
    roles: Annotated[tuple[Role, ...], Field(min_length=1)]
    matters: Annotated[tuple[str, ...], Field(min_length=1)]
    may_refuse: StrictBool
    valid_from: Day
    valid_to: Day | None
    basis: SomeBases

    def valid_on(self, day: date) -> bool:
        """Whether the measure is in force on that day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class GoodCreditRoute(Part):
    """One of the two independent ways to good credit (R-11, R-14)."""

    id: Code
    kind: Literal["red_list", "clean_years"]
    years: Annotated[StrictInt, Field(ge=1)] | None  # of clean_years
    title: Text
    basis: SomeBases


class Clock(Part):
    """A statutory time limit in working days, except where the unit says otherwise (行政许可法 第八十二条)."""

    id: Code
    title: Text
    days: Days
    unit: Literal["workdays", "days"]
    extension_days: Days
    basis: SomeBases


class Material(Part):
    """A paper the applicant hands in."""

    code: Code
    title: Text
    kind: Literal["statutory", "regulation", "internal"]
    main: StrictBool  # 主要材料; False: 次要材料
    tolerable: StrictBool  # may be missing at acceptance (容缺)
    supplement_days: Days  # working days to supply it
    good_credit_extra_days: Days  # added for good credit
    basis: Bases
