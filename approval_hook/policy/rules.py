"""The parts of a rule set: bases, lists, bars, measures, grounds, clocks, materials.

Every part is frozen and refuses unknown fields. What the parts owe each other is
checked in ``approval_hook.policy.soundness``.
"""

from __future__ import annotations

import unicodedata
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
)
from pydantic_core import PydanticCustomError

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


def _visible(text: str) -> str:
    # What a reviewer cannot see, he cannot review.
    if not text.isprintable() and any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in text):
        raise PydanticCustomError("invisible_character", "invisible character")
    return text


Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True), AfterValidator(_visible)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]
Days = Annotated[StrictInt, Field(ge=0, le=3660)]
#: Long enough for any term of law, short enough for a date.
Years = Annotated[StrictInt, Field(ge=1, le=100)]
Months = Annotated[StrictInt, Field(ge=1, le=1200)]
Force = Literal["mandatory", "recommended"]
#: Languages of a message.
LANGUAGES = ("zh", "en")
#: 容缺受理承诺, 告知承诺.
PromiseKind = Literal["tolerance", "notification"]
Level = Literal["省级", "市级", "县级"]
RegionPrefix = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}([0-9]{2}){0,2}$")]
Scope = Annotated[
    str, StringConstraints(pattern=r"^(national|province:[0-9]{2}|city:[0-9]{4}|agreement:[A-Za-z0-9][A-Za-z0-9_-]*)$")
]


class GatePoint(StrEnum):
    """Where in a case the gate stands."""

    ACCEPTANCE = "acceptance"
    DECISION = "decision"
    ISSUE = "issue"


class Part(BaseModel):
    """Base of everything in a rule file: frozen, no unknown fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


#: In ``Bar.domains``: the domain of the matter applied for.
SAME_LICENCE = "same_licence"

#: What a measure does at a matter.
Effect = Literal[
    "limit_entry",  # 限制准入: the head decides
    "strict_review",  # 从严审核: the section confirms
    "withhold_convenience",  # 限制享受便利措施: the section confirms
    "key_supervision",  # 纳入重点监管: the section confirms
    "of_others",  # carried out by other bodies; this organ can never select it
    "green_channel",  # 绿色通道
    "longer_supplement",  # 容缺受理: more papers, longer time
    "fewer_inspections",  # a hint to supervision after the decision
]
INCENTIVE_EFFECTS = frozenset({"green_channel", "longer_supplement", "fewer_inspections"})


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


class Document(Part):
    """A law, regulation or policy document in the version that was read."""

    id: Code
    title: Text  # title without date, or document number of a policy
    version: Day
    type: BasisType
    scope: Scope  # where it is law: "national", "province:44" or "city:4403"


class LegalBasis(Part):
    """Where a rule comes from: document, version, article and a short verbatim quote."""

    id: Code  # how rules refer to it
    document: Text  # title without date, or document number of a policy
    version: Day  # date of the version that was read
    article: Text  # "第四十二条", or the item of a policy such as "（四）"
    quote: Text  # verbatim words of that article
    type: BasisType
    scope: Scope  # where the document is law
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


class Agreement(Part):
    """Regions that recognise each other's lists (R-29)."""

    id: Code
    title: Text
    regions: Annotated[tuple[RegionPrefix, ...], Field(min_length=1)]
    valid_from: Day
    valid_to: Day | None
    basis: Bases


class ListType(Part):
    """A kind of list or record that a platform may report."""

    code: Code
    title: Text
    title_en: Text
    severity: Severity
    scope: Scope
    category: str  # code of a category, or "" when the list maps to none
    display: Code  # when display ends: "severity" (by the class), "source" (the entry says), or a display period's id
    reference_only: StrictBool  # True: shown to nobody as a ground, no effect
    basis: Bases


class DisplayPeriod(Part):
    """How long a record may be shown and used: of one severity, or of the lists that name it (L-16 to L-18)."""

    id: Code
    severity: Severity | None  # None: only for the lists that name it
    min_months: Days
    max_months: Months
    start: Literal["decision", "publication"]
    basis: Bases


class Source(Part):
    """A source of credit records, as pages name it."""

    name: Code
    title: Text
    keep_raw: StrictBool = False  # 留存答复原文: every reply is kept in full, encrypted, beside its digest


class Ground(Part):
    """A statutory ground for asking about a subject without its consent."""

    id: Code
    title: Text
    kinds: Annotated[tuple[SubjectKind, ...], Field(min_length=1)]
    roles: Annotated[tuple[Role, ...], Field(min_length=1)]
    market_only: StrictBool  # True: market subjects (经营主体) only (L-07)
    matters: tuple[str, ...]  # empty: every matter
    sources: tuple[str, ...]  # what this ground suffices to ask; empty: every source of the matter
    valid_from: Day
    valid_to: Day | None
    basis: SomeBases


class Exemption(Part):
    """A matter that is not checked in a region, at certain points, for a time (豁免), by a provision that says so."""

    id: Code
    title: Text
    matter: Code
    region: RegionPrefix | Literal[""]  # of the deciding organ; "": everywhere
    points: Annotated[tuple[GatePoint, ...], Field(min_length=1)]
    valid_from: Day
    valid_to: Day | None
    basis: SomeBases

    @property
    def founded(self) -> bool:
        """True when every quote of its basis was found; otherwise nothing is exempt."""
        return all(basis.verified for basis in self.basis)

    def covers(self, matter: str, region: str, on: date) -> bool:
        """Whether it exempts a case of this matter, decided in this region, on this day."""
        begun = self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)
        return self.founded and self.matter == matter and region.startswith(self.region) and begun


class Bar(Part):
    """A statutory bar: facts for which the law itself closes a licence for a time (domain 2.1)."""

    id: Code
    title: Text
    title_en: Text
    licence: Text  # the licence as the law names it
    matters: tuple[str, ...]  # matters of this rule set it closes; empty: none of them is offered here
    events: Annotated[tuple[Code, ...], Field(min_length=1)]  # CreditRecord.event
    domains: Annotated[tuple[Code, ...], Field(min_length=1)]  # CreditRecord.domain, or SAME_LICENCE
    roles: Annotated[tuple[Role, ...], Field(min_length=1)]  # roles in this application that it reaches
    roles_then: tuple[Role, ...]  # roles in the punished unit it requires of a person; empty: none
    period_years: Years | None  # None: for life
    start: Literal["decision"]
    proofs: Annotated[tuple[Literal["own_register", "platform"], ...], Field(min_length=1)]
    may_refuse: StrictBool
    basis: SomeBases


class Edition(Part):
    """An edition of the national list of sanction measures, or of a provincial or city supplement (L-04)."""

    id: Code
    title: Text
    valid_from: Day
    valid_to: Day | None
    basis: SomeBases


class MeasureType(Part):
    """A row of 措施类别清单: a kind of measure in one edition of the list (R-28, L-04)."""

    code: Code
    title: Text
    edition: Code
    kind: Literal["sanction", "incentive"]
    basis: SomeBases


class Memo(Part):
    """A memorandum of joint rewards or sanctions (备忘录); never a basis by itself (L-01, R-27)."""

    code: Code
    title: Text
    kind: Literal["sanction", "incentive"]
    basis: Bases


class Measure(Part):
    """A row of 备忘录措施清单: what a list or good credit may cause, for whom and by whom (R-27, R-28)."""

    id: Code
    title: Text
    title_en: Text
    kind: Literal["sanction", "incentive"]
    type: Code  # MeasureType.code
    memo: str  # Memo.code, or ""
    effect: Effect
    organ: Text  # implementing organ
    list_types: tuple[str, ...]  # empty only for incentives: both routes of good credit
    kinds: Annotated[tuple[SubjectKind, ...], Field(min_length=1)]  # target categories
    roles: Annotated[tuple[Role, ...], Field(min_length=1)]  # 落实到人
    valid_from: Day
    valid_to: Day | None
    basis: SomeBases


class Application(Part):
    """A row of 应用事项清单: this measure at this matter, with the basis that names the matter (R-28)."""

    matter: Code
    measure: Code
    level: Level
    force: Force
    may_refuse: StrictBool  # True only where a law or regulation makes the fact restrict this very licence
    valid_from: Day
    valid_to: Day | None
    basis: Bases


class Leniency(Part):
    """A rule that takes the effect of a list away: minor and corrected, first and minor, restructured (L-06, L-16)."""

    id: Code
    title: Text
    title_en: Text
    kind: Literal["minor_corrected", "first_minor", "restructured"]
    scope: Scope
    basis: SomeBases


class Conventions(Part):
    """How conflicts are settled where the law is silent; each is shown to policy staff."""

    #: Objection to a record and good credit: "point" takes away only the route that rests on the disputed
    #: point, "withheld" takes away every bonus while anything is disputed.
    disputed_incentives: Literal["point", "withheld"]
    #: Whether the last day of a display period or bar still belongs to it.
    last_day: Literal["included", "excluded"]
    #: On a red and a black list at once.
    red_and_black: Literal["black_prevails"]
    #: Two rows of one source about one decision in different states.
    state_conflict: Literal["favours_subject"]


class GoodCreditRoute(Part):
    """One of the two independent ways to good credit (R-11, R-14)."""

    id: Code
    kind: Literal["red_list", "clean_years"]
    years: Years | None  # of clean_years
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


class ExcludedProcedure(Part):
    """A procedure whose time the law does not count into the decision's clock (行政许可法 第四十五条)."""

    id: Code
    title: Text
    basis: SomeBases


class MessageTemplate(Part):
    """A message to an applicant, in both languages; ``policy.messages`` fills its places."""

    code: Code
    title: Text
    subject: Text
    subject_en: Text
    text: Text
    text_en: Text
    basis: SomeBases

    def subject_in(self, language: str) -> str:
        """The subject in one of ``LANGUAGES``."""
        return self.subject_en if language == "en" else self.subject

    def text_in(self, language: str) -> str:
        """The text in one of ``LANGUAGES``."""
        return self.text_en if language == "en" else self.text


#: Id of the reminder of written promises, which are no statutory clock.
PROMISE_REMINDER = "promise"


class ClockReminder(Part):
    """When people are reminded that a clock runs out; once it is over they always are."""

    id: Code  # of the clock, PROMISE_REMINDER, or "default": everything that has no row of its own
    normal_workdays: Days  # working days before the last day; 0: no such reminder
    warning_workdays: Days  # the same, more urgent; not more than the normal one, unless there is none


class Lapse(Part):
    """What the law makes of a clock that ran out, in the words that officers and applicants read."""

    id: Literal["deemed_accepted", "deemed_renewed", "silence"]
    title: Text
    basis: SomeBases


class PromiseText(Part):
    """The words of a written promise (承诺书); what stands in braces is put in from the case (R-13, L-10, L-13)."""

    id: Code
    kind: PromiseKind
    title: Text
    paragraphs: Annotated[tuple[Text, ...], Field(min_length=1)]
    basis: SomeBases


class PromiseBar(Part):
    """Who broke a promise may not make another until it is repaired, where a law says so (曾未履行承诺，尚未修复)."""

    id: Code
    title: Text
    kinds: Annotated[tuple[PromiseKind, ...], Field(min_length=1)]
    scope: Scope
    valid_from: Day
    valid_to: Day | None
    basis: SomeBases

    @property
    def founded(self) -> bool:
        """Whether it burdens anybody: each of its quotes was found, and one is of a rank that may."""
        return all(b.verified for b in self.basis) and any(b.carries_adverse for b in self.basis)


class Material(Part):
    """A paper the applicant hands in (R-13, L-10)."""

    code: Code
    title: Text
    kind: Literal["statutory", "regulation", "internal"]
    main: StrictBool  # 主要材料; False: 次要材料
    tolerance: Literal["never", "good_credit", "everyone"]  # who may supply it after acceptance (容缺)
    supplement_days: Days  # working days to supply it
    good_credit_extra_days: Days  # added for good credit
    condition: str  # when it is needed, in words; "": always
    basis: Bases

    def supply_days(self, *, good: bool) -> int:
        """Working days to supply it after acceptance."""
        return self.supplement_days + (self.good_credit_extra_days if good else 0)
