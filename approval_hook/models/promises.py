"""Written promises (承诺书): what was put to the applicant, every act about it, every reminder. Append-only.

The words name the applicant, so they stand sealed in a side row whose content can be erased; their digest stays.
"""

from __future__ import annotations

import uuid
from typing import Any

import msgspec
from django.db import models

from approval_hook import clock, privacy
from approval_hook.models.casehistory import Grade
from approval_hook.models.evidence import AppendOnly
from approval_hook.policy.promises import PromiseAct, Signature, Step


class Promise(AppendOnly):
    """A promise as it was put to the applicant; until it is signed, a newer one of the case takes its place."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case_no = models.CharField("办件号", max_length=64, db_index=True)
    host_key = models.CharField("宿主办件", max_length=120)  # "<process table>:<pk>"
    matter = models.CharField("事项", max_length=64)
    organ = models.CharField("办理机关", max_length=200)
    kind = models.CharField("种类", max_length=16)  # policy.rules.PromiseKind
    subject = models.CharField("承诺人指纹", max_length=64, db_index=True)  # keyed digest
    items = models.JSONField("承诺补交的材料")  # codes
    until = models.DateField("补交截止")
    version = models.CharField("文本版本", max_length=140)  # "<id of the text>@<rule revision>"
    text_digest = models.CharField("文本摘要", max_length=64)  # SHA-256 of the words, hex
    offered_at = models.DateTimeField("出具时间")
    offered_by = models.CharField("出具人", max_length=254)

    class Meta:
        verbose_name = verbose_name_plural = "承诺书"

    def __str__(self) -> str:
        return f"{self.case_no} {self.kind}"


class PromiseWords(models.Model):
    """The sealed words of one promise; the content can be erased, the row stays."""

    promise = models.OneToOneField(Promise, on_delete=models.PROTECT, primary_key=True, related_name="words")
    key_id = models.CharField("密钥编号", max_length=8)
    sealed = models.BinaryField("密文", null=True)
    erased_at = models.DateTimeField("删除时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "承诺书文本（加密）"

    def __str__(self) -> str:
        return f"{self.promise_id}"

    def text(self) -> str | None:
        """As they were read and signed; None once erased.

        Raises:
            ConfigurationError: another key sealed them, or they were changed.
        """
        if self.sealed is None:
            return None
        return privacy.unseal(self.key_id, bytes(self.sealed), self.context(self.promise_id)).decode()

    def erase(self) -> None:
        """Forget the words for good; their digest and every act stay."""
        self.sealed = None
        self.erased_at = clock.now()
        self.save(update_fields=["sealed", "erased_at"])

    @staticmethod
    def context(promise: Any) -> str:
        """What the ciphertext is bound to."""
        return f"promise:{promise}"


class PromiseStep(AppendOnly):
    """One act about a promise, in its turn; two at once cannot both be the next."""

    promise = models.ForeignKey(Promise, on_delete=models.PROTECT, related_name="steps")
    number = models.PositiveSmallIntegerField("第几次")  # from 1
    act = models.CharField("事项", max_length=16)  # policy.promises.PromiseAct
    at = models.DateTimeField("时间")
    by = models.CharField("办理人", max_length=254)
    items = models.JSONField("材料", default=list)
    until = models.DateField("新的截止日期", null=True)
    reason = models.CharField("理由", max_length=500, blank=True)
    signature = models.JSONField("签署凭据", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "承诺登记"
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["promise", "number"], name="one_act_at_a_time")]

    def __str__(self) -> str:
        return f"{self.promise_id} {self.number} {self.act}"

    def step(self) -> Step:
        """The act as the core reads it."""
        signature = msgspec.convert(self.signature, Signature) if self.signature else None
        return Step(PromiseAct(self.act), self.at, self.by, tuple(self.items), self.until, self.reason, signature)


class OpenPromise(models.Model):
    """A signed promise of which materials are out. Derived from its acts, and gone once it is kept or ended."""

    promise = models.OneToOneField(Promise, on_delete=models.PROTECT, primary_key=True, related_name="waiting")
    items = models.JSONField("未到的材料")  # codes
    began_on = models.DateField("起算日")  # signed, or put off; not counted
    due_on = models.DateField("到期日")
    next_fire_at = models.DateTimeField("下次提醒", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "待补交的承诺"
        indexes = [
            models.Index(
                fields=["next_fire_at", "promise"],
                condition=models.Q(next_fire_at__isnull=False),
                name="promise_to_fire",
            )
        ]

    def __str__(self) -> str:
        return f"{self.promise_id} {self.due_on}"


class PromiseReminder(AppendOnly):
    """A promise came to a grade. Once for each due date and grade, whoever sweeps and however often."""

    promise = models.ForeignKey(Promise, on_delete=models.PROTECT, related_name="reminders")
    due_on = models.DateField("到期日")
    grade = models.CharField("程度", max_length=10, choices=Grade.choices)
    items = models.JSONField("未到的材料")  # codes
    missed = models.BooleanField("错过", default=False)  # nobody was told: a later grade held, or the case is over
    made_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "承诺提醒"
        constraints = [models.UniqueConstraint(fields=["promise", "due_on", "grade"], name="one_reminder_of_a_promise")]

    def __str__(self) -> str:
        return f"{self.promise_id} {self.get_grade_display()}"
