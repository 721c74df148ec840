"""Operational rows: what is held, what is owed, what slipped past, what was moved, what a source has used up."""

from __future__ import annotations

from django.db import models

from approval_hook.models.evidence import CreditDecision


class Hold(models.Model):
    """A case that waits before a protected step, with its reason and next step."""

    task_key = models.CharField("任务", max_length=120, unique=True)  # "<task table>:<pk>"
    host_key = models.CharField("宿主办件", max_length=120, db_index=True)
    flow = models.CharField("流程", max_length=250)
    node = models.CharField("环节", max_length=120)
    case_no = models.CharField("办件号", max_length=64)
    organ = models.CharField("办理机关", max_length=200)
    reason = models.CharField("原因", max_length=40)
    text = models.TextField("说明")
    next_step = models.TextField("下一步")
    since = models.DateTimeField("开始时间")
    due_on = models.DateField("法定办结日", null=True)
    attempts = models.PositiveIntegerField("已查询次数", default=0)
    next_try_at = models.DateTimeField("下次查询", null=True)
    escalated_at = models.DateTimeField("督办时间", null=True)
    released_at = models.DateTimeField("解除时间", null=True, db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "待核办件"

    def __str__(self) -> str:
        return f"{self.case_no} {self.reason}"


class Recheck(models.Model):
    """A check still owed after a could-not-tell answer; it never stops a decision or a delivery."""

    host_key = models.CharField("宿主办件", max_length=120, unique=True)
    flow = models.CharField("流程", max_length=250)
    case_no = models.CharField("办件号", max_length=64)
    # None: an observed flow let the case pass unasked.
    decision = models.ForeignKey(CreditDecision, on_delete=models.PROTECT, null=True, related_name="+")
    owed_since = models.DateTimeField("应补查自")
    due_on = models.DateField("补查期限")  # overdue from the day after
    # Names of sources between commas, as ``debts.listed`` writes them; a comma alone: not known.
    waits_for = models.CharField("未答复的来源", max_length=1000, default=",")
    silent = models.CharField("没有答复的来源", max_length=1000, default=",")  # those that owe every case as much
    attempts = models.PositiveIntegerField("已补查次数", default=0)
    next_try_at = models.DateTimeField("下次补查")
    forwarded_at = models.DateTimeField("最近提前补查", null=True)  # because a source was back
    escalated_at = models.DateTimeField("督办时间", null=True)
    paid_at = models.DateTimeField("补查完成", null=True, db_index=True)
    found = models.CharField("补查结果", max_length=4, blank=True)
    supervise = models.BooleanField("转事后监管", default=False)
    after_decision = models.BooleanField("决定之后查到", default=False)  # a person takes it up
    handled_by = models.CharField("处理人", max_length=254, blank=True)
    handled_at = models.DateTimeField("处理时间", null=True)
    handling = models.TextField("处理情况", blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "待补查"
        indexes = [
            models.Index(fields=["due_on", "id"], condition=models.Q(paid_at=None), name="debt_open"),
            models.Index(
                fields=["id"], condition=models.Q(after_decision=True, handled_at=None), name="debt_found_something"
            ),
        ]

    def __str__(self) -> str:
        return self.case_no


class LateCheck(models.Model):
    """A check owed by a case that came past a hook point without a record. One row per case: none is checked twice."""

    class Where(models.TextChoices):
        """Where the case stood when it was found. The codes sort by urgency."""

        AT = "at", "停在决定环节"
        BEFORE = "before", "已过受理、未到决定"
        PAST = "past", "已越过决定环节"
        RETIRED = "retired", "闸口撤除时放行"

    host_key = models.CharField("宿主办件", max_length=120, unique=True)
    flow = models.CharField("流程", max_length=250)
    where = models.CharField("发现位置", max_length=16, choices=Where.choices)
    found_at = models.DateTimeField("发现时间")
    attempts = models.PositiveIntegerField("已补核次数", default=0)
    next_try_at = models.DateTimeField("下次补核")
    done_at = models.DateTimeField("补核完成", null=True)
    found = models.CharField("补核结果", max_length=4, blank=True)  # outcome class; empty when nothing had to be asked

    class Meta:
        verbose_name = verbose_name_plural = "待补核"
        indexes = [
            models.Index(fields=["flow", "where", "id"], condition=models.Q(done_at=None), name="late_check_open")
        ]

    def __str__(self) -> str:
        return f"{self.host_key} {self.get_where_display()}"


class TaskMove(models.Model):
    """A waiting task that was moved to its node's new name: what it was, what it became, when."""

    task_key = models.CharField("任务", max_length=120, db_index=True)
    host_key = models.CharField("宿主办件", max_length=120, db_index=True)
    old = models.CharField("原环节", max_length=255)
    new = models.CharField("新环节", max_length=255)
    status = models.CharField("任务状态", max_length=50)
    moved_at = models.DateTimeField("迁移时间")

    class Meta:
        verbose_name = verbose_name_plural = "环节改名迁移"

    def __str__(self) -> str:
        return f"{self.task_key} {self.old} -> {self.new}"


class SourceDay(models.Model):
    """What all processes together made of one source on one day in China."""

    source = models.CharField("来源", max_length=120)
    day = models.DateField("日期")
    leased = models.PositiveBigIntegerField("已领用查询次数", default=0)  # may pass the quota by a part of a block
    openings = models.PositiveIntegerField("熔断次数", default=0)
    opened_at = models.DateTimeField("最近熔断时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "来源用量"
        constraints = [models.UniqueConstraint(fields=["source", "day"], name="one_row_per_source_and_day")]

    def __str__(self) -> str:
        return f"{self.source} {self.day}"
