"""Accounts of applicants, for whom they may act, and the files that came with a case."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from viewflow.workflow.models import Process

from approval_hook.policy.subjects import untyped_matching_number
from workflows.fields import EncryptedBytesField, EncryptedTextField, keyed_digest


class ApplicantAccount(models.Model):
    """A natural person whose identity was verified, behind a login."""

    class Level(models.TextChoices):
        """How the identity was verified (实名核验)."""

        WINDOW = "window", _("窗口核验身份证件原件")
        PLATFORM = "platform", _("统一身份认证平台核验")

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="applicant")
    name = models.CharField(_("姓名"), max_length=200)
    number = EncryptedTextField(_("证件号码"))
    number_digest = models.CharField(max_length=64, unique=True, editable=False)
    level = models.CharField(_("实名核验"), max_length=10, choices=Level.choices)
    verified_at = models.DateTimeField(_("核验时间"))

    class Meta:
        verbose_name = verbose_name_plural = _("申请人账号")

    def __str__(self) -> str:
        return f"{self.pk}"

    def save(self, *args: object, **kwargs: object) -> None:
        """Keep the digest in step with the number."""
        self.number_digest = keyed_digest(untyped_matching_number(self.number))
        super().save(*args, **kwargs)  # type: ignore[arg-type] # passed through unchanged

    def digests(self, on: date) -> set[str]:
        """Digests of the applicants whose cases the account sees: its own, and those it has a mandate for."""
        return {self.number_digest, *self.mandates_on(on).values_list("firm_digest", flat=True)}

    def mandates_on(self, on: date) -> models.QuerySet[Mandate]:
        """Mandates in force on a day."""
        begun = self.mandates.filter(revoked=False, valid_from__lte=on)
        return begun.filter(models.Q(valid_until=None) | models.Q(valid_until__gte=on))


class Mandate(models.Model):
    """A firm for which an account may act, and on what that rests."""

    class Capacity(models.TextChoices):
        """In which capacity."""

        REPRESENTATIVE = "representative", _("法定代表人（负责人）")
        AGENT = "agent", _("受托代理人")

    account = models.ForeignKey(ApplicantAccount, on_delete=models.CASCADE, related_name="mandates")
    firm_code = models.CharField(_("统一社会信用代码"), max_length=18)
    firm_digest = models.CharField(max_length=64, db_index=True, editable=False)
    capacity = models.CharField(_("身份"), max_length=20, choices=Capacity.choices)
    mandate_no = models.CharField(_("授权委托书编号"), max_length=64, blank=True)
    valid_from = models.DateField(_("授权自"))
    valid_until = models.DateField(_("授权至"), null=True, blank=True)
    revoked = models.BooleanField(_("已撤销"), default=False)

    class Meta:
        verbose_name = verbose_name_plural = _("授权")
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(capacity="agent") | ~models.Q(mandate_no=""), name="agent_has_a_mandate"
            )
        ]

    def __str__(self) -> str:
        return f"{self.firm_code} {self.get_capacity_display()}"

    def save(self, *args: object, **kwargs: object) -> None:
        """Keep the digest in step with the code."""
        self.firm_digest = keyed_digest(self.firm_code)
        super().save(*args, **kwargs)  # type: ignore[arg-type] # passed through unchanged


class HandedIn(models.Model):
    """A file that came with a case: a promised material, or a promise signed on paper."""

    #: In the place of the code of a material.
    PROMISE = "promise"

    process = models.ForeignKey(Process, on_delete=models.CASCADE, related_name="handed_in")
    code = models.CharField(_("材料"), max_length=64)  # of workflows.materials, or PROMISE
    name = models.CharField(_("文件名"), max_length=100)
    media_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField(_("大小"))  # bytes
    digest = models.CharField(_("摘要"), max_length=64)  # SHA-256, hex
    content = EncryptedBytesField()
    at = models.DateTimeField(_("收到时间"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["at", "pk"]
        verbose_name = verbose_name_plural = _("材料文件")

    def __str__(self) -> str:
        return f"{self.process_id} {self.code}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert; what was handed in is never changed.

        Raises:
            ValueError: the row exists already.
        """
        if not self._state.adding:
            raise ValueError("what was handed in is not changed")
        super().save(*args, **kwargs)
