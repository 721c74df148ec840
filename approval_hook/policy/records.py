"""What a credit platform answers, in our own terms.

A report is per subject and per source. It carries no identifier and no name:
whether a row belongs to the subject was settled at the edge and is kept as a
match grade, so that decisions can be stored and replayed without personal data.
"""

from __future__ import annotations

from datetime import date, datetime

from msgspec import Struct

from approval_hook.policy.words import Word


class QueryStatus(Word):
    """How a query ended. Only ``OK`` may ever mean "no record"."""

    OK = "OK"
    PARTIAL = "PARTIAL"
    PENDING = "PENDING"
    UNAVAILABLE = "UNAVAILABLE"
    REJECTED = "REJECTED"
    NOT_CONFIGURED = "NOT_CONFIGURED"


#: Reasons of a report for which the source was not asked, or did not look: a limit of ours kept the query back, no
#: time was left for it, or the source counts our queries and has had enough of them today.
NOT_ASKED_REASONS = frozenset({"busy", "breaker-open", "quota", "rate", "maintenance", "deadline"})


class Severity(Word):
    """Degree of the misconduct, or good standing (R-24, R-11)."""

    SERIOUS = "serious"  # 严重失信主体
    WATCH = "watch"  # 重点关注
    GENERAL = "general"  # 一般
    MINOR = "minor"  # 轻微
    GOOD = "good"  # 守信（红名单）


class RecordState(Word):
    """Where the record stands at its source."""

    ACTIVE = "active"  # 有效
    DISPUTED = "disputed"  # 异议/复议/诉讼中
    REPAIRED = "repaired"  # 已修复
    REMOVED = "removed"  # 已移出/已删除
    CORRECTED = "corrected"  # 已更正


class MatchGrade(Word):
    """How surely the row belongs to the subject."""

    EXACT = "exact"  # full identifier
    POSSIBLE = "possible"  # name or masked number only; never proof
    NONE = "none"  # another subject; counted, never used


class CreditRecord(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """One row about one subject. Dates are calendar dates in China."""

    record_id: str  # the source's own number of the row
    source: str  # name of the source as configured, e.g. "province"
    list_type: str  # key of RuleSet.list_types; unknown types have no effect (未归类)
    severity: Severity
    title: str  # plain text, Chinese
    decided_on: date  # date of the underlying decision, not of ingest
    decided_by: str = ""  # 认定单位
    document_no: str = ""  # 决定文书号; empty means no underlying decision
    category: str = ""  # R-20 code such as "C1-01"; empty = 未归类
    match: MatchGrade = MatchGrade.EXACT
    state: RecordState = RecordState.ACTIVE
    published_on: date | None = None
    display_until: date | None = None  # 公示截止期; None = not given
    valid_until: date | None = None  # of a red-list entry
    scope: str = "national"  # "national", "province:44", "city:4401", "agreement:<id>"
    event: str = ""  # what happened, the key statutory bars look for, e.g. "licence_revoked"
    domain: str = ""  # field of the event, e.g. "food"
    role_then: str = ""  # role the person had in the punished unit (policy.case.Role)
    rectified: bool = False  # the source says that the misconduct was corrected in time (及时纠正)


class CreditReport(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """The answer of one source about one subject.

    ``records`` empty with status ``OK`` means that the source answered completely
    and holds none. With any other status it means nothing at all.
    """

    party: str  # PartyView.ref of the subject asked about
    source: str
    status: QueryStatus
    asked_at: datetime  # aware
    answered_at: datetime  # aware; equals asked_at when nothing came
    records: tuple[CreditRecord, ...] = ()
    receipt_no: str = ""  # the platform's receipt of the query
    source_time: datetime | None = None  # the platform's own clock, aware
    registered_name_differs: bool = False  # valid code, other name (名称与代码不符)
    raw_digest: str = ""  # SHA-256 of the raw reply, hex
    reason: str = ""  # short machine word why it is not OK, e.g. "timeout"
    mismatched: int = 0  # rows returned for somebody else, dropped
