"""Queries that a platform's staff have to approve, and the call-backs that say they did."""

from __future__ import annotations

from django.db import models

from approval_hook.models.evidence import Inquiry


class PendingQuery(models.Model):
    """A query that was answered ``PENDING`` with a receipt: what the answer is fetched by. One row per query.

    The evidence is in the replies; this row only says where to go on.
    """

    class State(models.TextChoices):
        """What became of it."""

        OPEN = "open", "等待平台审批"
        ANSWERED = "answered", "已答复"
        REFUSED = "refused", "平台不予答复"
        OUTDATED = "outdated", "主体已变更"
        WITHDRAWN = "withdrawn", "办件已撤回"

    inquiry = models.ForeignKey(Inquiry, on_delete=models.PROTECT, related_name="+")
    source = models.CharField("来源", max_length=120)
    query_id = models.CharField("查询号", max_length=120)
    receipt_no = models.CharField("平台回执", max_length=500)
    host_key = models.CharField("宿主办件", max_length=120)
    subjects = models.CharField("主体指纹", max_length=64)
    party = models.CharField("主体", max_length=64)
    ground = models.CharField("查询依据", max_length=120)
    since = models.DateTimeField("提交时间")
    polls = models.PositiveIntegerField("已取答复次数", default=0)
    polled_at = models.DateTimeField("最近取答复", null=True)
    leased_until = models.DateTimeField("取答复占用至")  # until then nobody else fetches; also names who does
    hurried_at = models.DateTimeField("最近收到通知", null=True)
    state = models.CharField("状态", max_length=16, choices=State.choices, default=State.OPEN)
    closed_at = models.DateTimeField("结束时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "待平台审批的查询"
        indexes = [models.Index(fields=["host_key"], condition=models.Q(closed_at=None), name="pending_by_case")]
        constraints = [models.UniqueConstraint(fields=["source", "query_id"], name="one_receipt_per_query")]

    def __str__(self) -> str:
        return f"{self.source} {self.receipt_no}"


class CallbackNonce(models.Model):
    """A call-back that came, so that it does nothing a second time; kept as long as its time-stamp would be taken."""

    source = models.CharField("来源", max_length=120)
    nonce = models.CharField("随机串", max_length=64)
    came_at = models.DateTimeField("收到时间", db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "已收到的通知"
        constraints = [models.UniqueConstraint(fields=["source", "nonce"], name="one_callback_per_nonce")]

    def __str__(self) -> str:
        return f"{self.source} {self.came_at}"
