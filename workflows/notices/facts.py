"""What each kind of notice needs to know. Issuing checks every text for length and every kind for its facts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar

from msgspec import Meta, Struct

#: A name of a person, a firm or a paper.
Name = Annotated[str, Meta(min_length=1, max_length=200)]
#: A sentence or two.
Text = Annotated[str, Meta(min_length=1, max_length=500)]
#: The same, where there may be none.
Note = Annotated[str, Meta(max_length=500)]
#: Code of a material in its rule set.
Code = Annotated[str, Meta(max_length=64)]
Days = Annotated[int, Meta(ge=1, le=365)]


#: A whole text that was signed.
Words = Annotated[str, Meta(min_length=1, max_length=10_000)]


class Item(Struct, frozen=True, forbid_unknown_fields=True):
    """One line of a list: a material, or a person who is queried."""

    title: Name
    code: Code = ""
    note: Note = ""


#: Nothing that is handed in or asked for is longer.
Items = Annotated[tuple[Item, ...], Meta(min_length=1, max_length=200)]
PerhapsItems = Annotated[tuple[Item, ...], Meta(max_length=200)]


class Facts(Struct, frozen=True, forbid_unknown_fields=True):
    """What one kind of notice says beside what it says of the case.

    Attributes:
        LABELS: how a message to the officer names each field.
    """

    LABELS: ClassVar[dict[str, str]] = {}


class ReceiptFacts(Facts, frozen=True):
    """收件凭证. ``received_at`` is the system's time; ``channel`` says how it came."""

    LABELS: ClassVar = {"received_at": "收件时间", "channel": "收件方式", "items": "材料清单"}

    received_at: datetime
    channel: Name
    items: PerhapsItems


class AcceptanceFacts(Facts, frozen=True):
    """受理通知书. Days are last days in China; the last two are None where nothing was promised."""

    LABELS: ClassVar = {
        "accepted_on": "受理日期",
        "statutory_due": "法定办结期限",
        "promised_due": "承诺办结期限",
        "supply_due": "容缺材料补交期限",
    }

    accepted_on: date
    statutory_due: date
    promised_due: date | None = None
    supply_due: date | None = None


class ToleranceFacts(Facts, frozen=True):
    """容缺受理通知书 with the 承诺书 that was signed. The note of each item says why it may follow."""

    LABELS: ClassVar = {
        "items": "缺少的材料",
        "due_on": "补交期限",
        "signer": "签署人",
        "mandate": "授权委托",
        "promise": "承诺书文本",
        "promise_version": "承诺书版本",
    }

    items: Items
    due_on: date
    signer: Name
    mandate: Note
    promise: Words
    promise_version: Note


class CorrectionFacts(Facts, frozen=True):
    """一次性补正告知书. The note of each item says the legal form."""

    LABELS: ClassVar = {"items": "需要补正的材料", "due_on": "补正期限"}

    items: Items
    due_on: date


class ExtensionFacts(Facts, frozen=True):
    """延长期限告知书. ``days`` are working days; ``approved_by`` is the head of the organ."""

    LABELS: ClassVar = {
        "reason": "延长理由",
        "days": "延长的工作日",
        "due_on": "原办结期限",
        "new_due_on": "延长后的期限",
        "approved_by": "批准人",
    }

    reason: Text
    days: Days
    due_on: date
    new_due_on: date
    approved_by: Name


class SpecialProcedureFacts(Facts, frozen=True):
    """特别程序告知书. ``days`` are working days."""

    LABELS: ClassVar = {
        "procedure": "特别程序",
        "basis": "依据",
        "begins_on": "开始日期",
        "days": "所需工作日",
        "remark": "说明",
    }

    procedure: Name
    basis: Text
    begins_on: date
    days: Days
    remark: Note = ""


class ServiceFacts(Facts, frozen=True):
    """送达回证. ``served`` names the document and its number; ``refusal`` and ``witness`` only where it was refused."""

    LABELS: ClassVar = {
        "served": "送达文书",
        "way": "送达方式",
        "served_at": "送达时间",
        "receiver": "签收人",
        "relation": "与受送达人的关系",
        "refusal": "拒收事由",
        "witness": "见证人",
    }

    served: Name
    way: Name
    served_at: datetime
    receiver: Name
    relation: Name
    refusal: Note = ""
    witness: Annotated[str, Meta(max_length=200)] = ""


class CreditPrivacyFacts(Facts, frozen=True):
    """信用核查告知书. Each item is one subject; its note says on which ground it is queried."""

    LABELS: ClassVar = {"items": "查询对象"}

    items: Items


class CaseWords(Struct, frozen=True, forbid_unknown_fields=True):
    """What a notice says of the case and of the organ."""

    LABELS: ClassVar = {
        "organ": "机关名称",
        "applicant": "申请人名称",
        "applicant_id": "申请人证照号码",
        "matter": "事项名称",
        "case_no": "办件号",
        "filed_on": "收件日期",
        "contact": "联系人",
        "phone": "联系电话",
        "address": "机关地址",
        "hours": "办公时间",
        "review_organ": "行政复议机关",
        "court": "人民法院",
    }

    organ: Name
    applicant: Name
    applicant_id: Note
    matter: Name
    case_no: Name
    filed_on: date
    contact: Name
    phone: Name
    address: Name
    hours: Name
    review_organ: Name
    court: Name


#: Placeholders that every template may use beside those of the case and of its own facts.
OF_THE_NOTICE = {"number": "文号", "issued_on": "出具日期", "version": "文本版本"}

#: Facts of each kind.
KINDS: dict[str, type[Facts]] = {
    "receipt": ReceiptFacts,
    "acceptance": AcceptanceFacts,
    "tolerance": ToleranceFacts,
    "correction": CorrectionFacts,
    "extension": ExtensionFacts,
    "special_procedure": SpecialProcedureFacts,
    "service_return": ServiceFacts,
    "credit_privacy": CreditPrivacyFacts,
}
