"""The outbox: what is to be delivered, what became of each attempt, and which receiver is left alone for a while."""

from __future__ import annotations

from django.db import models

from approval_hook import clock, privacy
from approval_hook.models.evidence import AppendOnly


class Kind(models.TextChoices):
    """What is carried."""

    MESSAGE = "message", "消息"
    FEEDBACK = "feedback", "结果反馈"
    PUBLICATION = "publication", "公示"


class Outgoing(models.Model):
    """One thing to be delivered to one receiver, written in the transaction of its cause.

    The content is sealed and can be erased; the row and its acts stay.
    """

    class State(models.TextChoices):
        """What became of it. What nobody knows is never called delivered, nor lost."""

        WAITING = "waiting", "等待发送"
        UNKNOWN = "unknown", "结果未知"
        DELIVERED = "delivered", "接收方已收"
        GIVEN_UP = "given_up", "未能送达"
        CANCELLED = "cancelled", "不再发送"

    kind = models.CharField("种类", max_length=16, choices=Kind.choices)
    target = models.CharField("渠道或接收方", max_length=120)
    key = models.CharField("编号", max_length=100)  # the receiver gets it with every attempt
    host_key = models.CharField("宿主办件", max_length=120)
    case_no = models.CharField("办件号", max_length=64)
    content = models.CharField("内容类别", max_length=120)  # code of the template or table, or the result fed back
    receiver = models.CharField("收件人", max_length=300, blank=True)  # masked
    digest = models.CharField("内容摘要", max_length=64)  # keyed
    key_id = models.CharField("密钥编号", max_length=8)
    sealed = models.BinaryField("密文", null=True)
    erased_at = models.DateTimeField("删除时间", null=True)
    made_at = models.DateTimeField("登记时间")
    not_before = models.DateTimeField("最早发送时间")
    state = models.CharField("状态", max_length=16, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveIntegerField("已尝试次数", default=0)
    next_try_at = models.DateTimeField("下次尝试", null=True)  # None: nobody tries by himself
    fence = models.PositiveIntegerField("占用序号", default=0)  # of the newest act; an older one records nothing
    leased_until = models.DateTimeField("占用至", null=True)  # None: nobody delivers it
    reason = models.CharField("原因", max_length=60, blank=True)  # short machine word
    receipt_no = models.CharField("回执", max_length=500, blank=True)
    closed_at = models.DateTimeField("结束时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "待发送"
        constraints = [models.UniqueConstraint(fields=["kind", "target", "key"], name="sent_once_per_key")]
        indexes = [
            models.Index(
                fields=["kind", "target", "next_try_at", "id"],
                condition=models.Q(next_try_at__isnull=False),
                name="outgoing_due",
            ),
            models.Index(
                fields=["kind", "target"],
                condition=models.Q(state__in=("given_up", "unknown")),
                name="outgoing_left",
            ),
            models.Index(fields=["host_key"], name="outgoing_of_case"),
            models.Index(fields=["case_no"], name="outgoing_by_number"),
            models.Index(
                fields=["closed_at"],
                condition=models.Q(erased_at=None, closed_at__isnull=False),
                name="outgoing_to_erase",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.target} {self.case_no}"

    @property
    def context(self) -> str:
        """What the ciphertext is bound to."""
        return f"outbox:{self.kind}:{self.target}:{self.key}"

    def seal(self, content: bytes) -> None:
        """Keep the content, encrypted."""
        self.key_id, self.sealed = privacy.seal(content, self.context)

    def opened(self) -> bytes | None:
        """The content; None once erased.

        Raises:
            ConfigurationError: another key sealed it, or it was changed.
        """
        return privacy.unseal(self.key_id, bytes(self.sealed), self.context) if self.sealed is not None else None

    @property
    def waits_for_a_person(self) -> bool:
        """Whether it goes no further unless somebody says so."""
        left = self.state == self.State.UNKNOWN and self.next_try_at is None
        return left or self.state == self.State.GIVEN_UP


class OutgoingAct(AppendOnly):
    """One attempt to deliver, or what a person did about it. Holds nothing of the content."""

    class What(models.TextChoices):
        """What happened."""

        DELIVERED = "delivered", "接收方已收"
        REFUSED = "refused", "接收方拒收"
        NOT_TAKEN = "not_taken", "未发出"
        UNKNOWN = "unknown", "结果未知"
        LOST = "lost", "发送中断"
        RETRIED = "retried", "再次发送"
        CLOSED = "closed", "不再发送"

    outgoing = models.ForeignKey(Outgoing, on_delete=models.PROTECT, related_name="acts")
    fence = models.PositiveIntegerField("占用序号")
    what = models.CharField("情况", max_length=16, choices=What.choices)
    reason = models.CharField("原因", max_length=60, blank=True)  # short machine word
    by = models.CharField("经办人", max_length=254, blank=True)
    text = models.TextField("说明", blank=True)  # of the person
    at = models.DateTimeField("时间", default=clock.now)

    class Meta:
        verbose_name = verbose_name_plural = "发送记录"
        constraints = [models.UniqueConstraint(fields=["outgoing", "fence"], name="one_act_per_fence")]

    def __str__(self) -> str:
        return f"{self.outgoing_id} {self.what}"


class RestingTarget(models.Model):
    """A receiver that took nothing at the last attempt, and is left alone until some moment."""

    kind = models.CharField("种类", max_length=16, choices=Kind.choices)
    target = models.CharField("渠道或接收方", max_length=120)
    until = models.DateTimeField("暂停至")
    reason = models.CharField("原因", max_length=60)

    class Meta:
        verbose_name = verbose_name_plural = "暂停发送的渠道"
        constraints = [models.UniqueConstraint(fields=["kind", "target"], name="one_rest_per_target")]

    def __str__(self) -> str:
        return f"{self.kind} {self.target}"
