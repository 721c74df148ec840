"""Licensing cases, the people in them, and the organ's own registers.

A case is a Viewflow process with the facts of one application. Personal numbers
are encrypted at rest; a keyed digest stands beside them where equality matters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _
from viewflow.workflow.managers import ProcessQuerySet
from viewflow.workflow.models import Process

from approval_hook.policy.subjects import untyped_matching_number
from workflows.fields import EncryptedTextField, keyed_digest

if TYPE_CHECKING:
    from datetime import date


class Source(models.TextChoices):
    """How the application came in."""

    WINDOW = "window", _("窗口")
    ONLINE = "online", _("网办")


class Result(models.TextChoices):
    """What the organ decided."""

    GRANTED = "granted", _("准予许可")
    REFUSED = "refused", _("不予许可")


class DocumentType(models.TextChoices):
    """Documents of natural persons; the keys are those of the subject rules."""

    RESIDENT_ID = "resident_id", _("居民身份证")
    RESIDENCE_PERMIT = "residence_permit", _("港澳台居民居住证")
    FOREIGN_PERMANENT = "foreign_permanent", _("外国人永久居留身份证")
    HM_PERMIT = "hm_permit", _("港澳居民来往内地通行证")
    TW_PERMIT = "tw_permit", _("台湾居民来往大陆通行证")
    PASSPORT = "passport", _("护照")


class PersonRole(models.TextChoices):
    """Role of a person in a firm's application."""

    LEGAL_REPRESENTATIVE = "legal_representative", _("法定代表人（负责人）")
    PRINCIPAL = "principal", _("主要负责人")
    RESPONSIBLE_SUPERVISOR = "responsible_supervisor", _("直接负责的主管人员")
    OTHER_RESPONSIBLE = "other_responsible", _("其他直接责任人员")
    FOOD_SAFETY_OFFICER = "food_safety_officer", _("食品安全管理人员")
    AGENT = "agent", _("经办人")


class Officer(models.Model):
    """An officer's place: users see only the cases of their own organ."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="officer")
    organ = models.CharField(_("机关"), max_length=100)
    region = models.CharField(_("行政区划代码"), max_length=6)
    matters = models.JSONField(
        _("可收件的事项"), default=list, blank=True, help_text="matter codes of the organ, e.g. food-business"
    )

    class Meta:
        verbose_name = verbose_name_plural = _("工作人员")

    def __str__(self) -> str:
        return f"{self.organ} {self.user.get_full_name() or self.user.get_username()}"


class CaseNumberSequence(models.Model):
    """The last number given out in one region on one day."""

    region = models.CharField(max_length=6)
    day = models.DateField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["region", "day"], name="one_sequence_per_region_and_day")]

    def __str__(self) -> str:
        return f"{self.region}-{self.day:%Y%m%d}-{self.last:04d}"

    @classmethod
    def next_case_no(cls, region: str, day: date) -> str:
        """Give out the next 办件号, e.g. ``440104-20261118-0042``.

        The row stays locked by the update until the caller's transaction ends, so two
        filings at the same instant get two numbers and a rolled-back filing leaves no gap.

        Args:
            region: 6 digits of the organ's region.
            day: date of filing in China.
        """
        with transaction.atomic():
            row, _created = cls.objects.get_or_create(region=region, day=day)
            cls.objects.filter(pk=row.pk).update(last=models.F("last") + 1)
            row.refresh_from_db()
        return str(row)


class LicenceCase(models.Model):
    """What every licensing case has, whatever it is about."""

    #: Code of the matter, as rule sets and ``Officer.matters`` spell it.
    matter: ClassVar[str]

    case_no = models.CharField(_("办件号"), max_length=32, unique=True)
    organ = models.CharField(_("受理机关"), max_length=100, db_index=True)
    region = models.CharField(_("行政区划代码"), max_length=6)
    source = models.CharField(_("来源"), max_length=10, choices=Source.choices)
    filed_at = models.DateTimeField(_("收件时间"))
    materials = models.JSONField(_("已收材料"), default=list, blank=True, help_text="codes of workflows.materials")

    # Of the applicant's number: who may see the case as an applicant is looked up by it.
    applicant_digest = models.CharField(max_length=64, db_index=True, editable=False, default="")

    accepted_at = models.DateTimeField(_("受理时间"), null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    supply_until = models.DateField(_("补交截止"), null=True, blank=True, help_text="promised in writing")
    review_opinion = models.TextField(_("审查意见"), blank=True)
    reviewed_at = models.DateTimeField(_("审查时间"), null=True, blank=True)

    decision = models.CharField(_("决定"), max_length=10, choices=Result.choices, blank=True)
    decision_reason = models.TextField(_("决定理由"), blank=True)
    decided_at = models.DateTimeField(_("决定时间"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    delivered_at = models.DateTimeField(_("送达时间"), null=True, blank=True)
    delivery_note = models.CharField(_("送达方式与签收人"), max_length=200, blank=True)

    withdrawn_at = models.DateTimeField(_("撤回时间"), null=True, blank=True)
    withdraw_reason = models.CharField(_("撤回原因"), max_length=200, blank=True)

    class Meta:
        abstract = True
        constraints = [
            # The database keeps the separation of duties even for a hand-written update.
            models.CheckConstraint(
                condition=~models.Q(decided_by=models.F("accepted_by")), name="%(class)s_decider_did_not_accept"
            )
        ]

    def save(self, *args: object, **kwargs: object) -> None:
        """Keep the digest in step with the number."""
        if kwargs.get("update_fields") is None:
            self.applicant_digest = keyed_digest(self.applicant_number)
        super().save(*args, **kwargs)  # type: ignore[arg-type] # passed through unchanged

    @property
    def applicant_number(self) -> str:
        """Number of the applicant in the form in which every print of the document agrees."""
        raise NotImplementedError

    @property
    def applicant_name(self) -> str:
        """Name of the applicant in full."""
        raise NotImplementedError

    @property
    def is_person(self) -> bool:
        """Whether the applicant is a natural person, whose name and number are masked in lists."""
        raise NotImplementedError


def _steps(model: str) -> list[tuple[str, Any]]:
    titles = {
        "file": "收件",
        "accept": "受理",
        "review": "审查",
        "decide": "决定",
        "deliver": "送达",
        "withdraw": "撤回",
    }
    return [(f"{step}_{model}", title) for step, title in titles.items()]


_DEFAULT_PERMISSIONS = ("add", "change", "delete", "view", "manage")


class FoodBusinessCase(LicenceCase, Process):
    """An application for a food business licence (食品经营许可)."""

    matter = "food-business"

    firm_name = models.CharField(_("单位名称"), max_length=200)
    firm_code = models.CharField(_("统一社会信用代码"), max_length=18, db_index=True)
    established_on = models.DateField(_("成立日期"))
    premises = models.CharField(_("经营场所"), max_length=200)

    objects: ClassVar[models.Manager[Any]] = ProcessQuerySet.as_manager()

    class Meta(LicenceCase.Meta):
        verbose_name = verbose_name_plural = _("食品经营许可办件")
        default_permissions = _DEFAULT_PERMISSIONS
        permissions = _steps("foodbusinesscase")

    def __str__(self) -> str:
        return self.case_no

    @property
    def applicant_number(self) -> str:
        """Code of the firm."""
        return self.firm_code

    @property
    def applicant_name(self) -> str:
        """Name of the firm."""
        return self.firm_name

    @property
    def is_person(self) -> bool:
        """Return False: the applicant is a firm."""
        return False

    @property
    def legal_representative(self) -> CasePerson:
        """The one legal representative named in the application."""
        return self.persons.get(role=PersonRole.LEGAL_REPRESENTATIVE)


class CasePerson(models.Model):
    """A person named in a firm's application, in one role, with the consent given or not given."""

    case = models.ForeignKey(FoodBusinessCase, on_delete=models.CASCADE, related_name="persons")
    role = models.CharField(_("职责"), max_length=30, choices=PersonRole.choices)
    name = models.CharField(_("姓名"), max_length=200)
    document_type = models.CharField(_("证件类型"), max_length=20, choices=DocumentType.choices)
    number = EncryptedTextField(_("证件号码"))
    since = models.DateField(_("任职自"), null=True, blank=True)
    until = models.DateField(_("任职至"), null=True, blank=True)
    consent_no = models.CharField(_("个人信息查询授权书编号"), max_length=64, blank=True)
    consent_from = models.DateField(_("授权自"), null=True, blank=True)
    consent_until = models.DateField(_("授权至"), null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        verbose_name = verbose_name_plural = _("办件人员")

    def __str__(self) -> str:
        return f"{self.case_id} {self.get_role_display()}"


class RideHailingDriverCase(LicenceCase, Process):
    """An application for a ride-hailing driver's licence (网络预约出租汽车驾驶员证)."""

    matter = "ride-hailing-driver"

    driver_name = models.CharField(_("姓名"), max_length=200)
    document_type = models.CharField(_("证件类型"), max_length=20, choices=DocumentType.choices)
    number = EncryptedTextField(_("证件号码"))
    driving_since = models.DateField(_("初次领取驾驶证日期"))
    consent_no = models.CharField(_("个人信息查询授权书编号"), max_length=64, blank=True)
    consent_from = models.DateField(_("授权自"), null=True, blank=True)
    consent_until = models.DateField(_("授权至"), null=True, blank=True)

    objects: ClassVar[models.Manager[Any]] = ProcessQuerySet.as_manager()

    class Meta(LicenceCase.Meta):
        verbose_name = verbose_name_plural = _("网约车驾驶员证办件")
        default_permissions = _DEFAULT_PERMISSIONS
        permissions = _steps("ridehailingdrivercase")

    def __str__(self) -> str:
        return self.case_no

    @property
    def applicant_number(self) -> str:
        """Number of the driver's document."""
        return untyped_matching_number(self.number)

    @property
    def applicant_name(self) -> str:
        """Name of the driver."""
        return self.driver_name

    @property
    def is_person(self) -> bool:
        """Return True: the applicant is a natural person."""
        return True


class CaseEvent(models.Model):
    """Something an officer registered about a case outside the steps of its flow."""

    class Kind(models.TextChoices):
        """What was registered."""

        MATERIALS = "materials", _("保存已收材料")
        CORRECTED = "corrected", _("更正申请事项")
        SUPPLIED = "supplied", _("登记补交")
        WITHDRAWN = "withdrawn", _("受理申请人撤回")

    process = models.ForeignKey(Process, on_delete=models.CASCADE, related_name="case_events")
    kind = models.CharField(_("事项"), max_length=10, choices=Kind.choices)
    at = models.DateTimeField(_("登记时间"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    materials = models.JSONField(_("材料"), default=list, blank=True, help_text="codes of workflows.materials")
    note = models.CharField(_("说明"), max_length=200, blank=True)

    class Meta:
        ordering = ["at", "pk"]
        verbose_name = verbose_name_plural = _("办件登记")

    def __str__(self) -> str:
        return f"{self.process_id} {self.get_kind_display()}"


class RegisteredUnit(models.Model):
    """Own copy of the market registration: which name belongs to which code."""

    code = models.CharField(_("统一社会信用代码"), max_length=18, unique=True)
    name = models.CharField(_("登记名称"), max_length=200)
    legal_representative = models.CharField(_("法定代表人"), max_length=200)
    established_on = models.DateField(_("成立日期"))

    class Meta:
        verbose_name = verbose_name_plural = _("登记单位")

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class PenaltyEvent(models.TextChoices):
    """What was decided; the keys are those statutory bars look for."""

    LICENCE_REVOKED = "licence_revoked", _("吊销许可证")
    FALSE_MATERIALS = "false_materials", _("隐瞒有关情况或提供虚假材料")
    LICENCE_BY_FRAUD = "licence_by_fraud", _("以欺骗、贿赂等不正当手段取得许可")
    PENALISED = "penalised", _("其他行政处罚")


class PenaltyDecision(models.Model):
    """A penalty or revocation in the organ's own register; it proves itself without any platform."""

    document_no = models.CharField(_("决定文书号"), max_length=64, unique=True)
    decided_on = models.DateField(_("决定日期"))
    decided_by = models.CharField(_("决定机关"), max_length=100)
    event = models.CharField(_("处理情形"), max_length=30, choices=PenaltyEvent.choices)
    domain = models.CharField(_("领域"), max_length=30, help_text="e.g. food")
    unit_code = models.CharField(_("统一社会信用代码"), max_length=18, blank=True, db_index=True)
    unit_name = models.CharField(_("单位名称"), max_length=200, blank=True)
    revoked = models.BooleanField(_("决定已撤销"), default=False)

    class Meta:
        verbose_name = verbose_name_plural = _("处罚决定")

    def __str__(self) -> str:
        return self.document_no


class PenaltyPerson(models.Model):
    """A person whom a penalty decision names, in the role held then."""

    decision = models.ForeignKey(PenaltyDecision, on_delete=models.CASCADE, related_name="persons")
    role = models.CharField(_("职责"), max_length=30, choices=PersonRole.choices, blank=True)
    name = models.CharField(_("姓名"), max_length=200)
    number = EncryptedTextField(_("证件号码"))
    number_digest = models.CharField(max_length=64, db_index=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("受处罚人员")

    def __str__(self) -> str:
        return f"{self.decision_id} {self.get_role_display()}"

    def save(self, *args: object, **kwargs: object) -> None:
        """Keep the digest in step with the number; every print of one document gives the same digest."""
        self.number_digest = keyed_digest(untyped_matching_number(self.number))
        super().save(*args, **kwargs)  # type: ignore[arg-type] # passed through unchanged


# Django finds the models of an application in this module.
from workflows.applicants import ApplicantAccount, HandedIn, Mandate  # noqa: E402 - they refer to the models above
from workflows.notices.models import Notice, NoticeNumberSequence, NoticePrint  # noqa: E402

__all__ = [
    "ApplicantAccount",
    "CaseEvent",
    "CaseNumberSequence",
    "CasePerson",
    "DocumentType",
    "FoodBusinessCase",
    "HandedIn",
    "LicenceCase",
    "Mandate",
    "Notice",
    "NoticeNumberSequence",
    "NoticePrint",
    "Officer",
    "PenaltyDecision",
    "PenaltyEvent",
    "PenaltyPerson",
    "PersonRole",
    "RegisteredUnit",
    "Result",
    "RideHailingDriverCase",
    "Source",
]
