"""What happened to a case by law: statutory acts and reminders as evidence, deadlines derived from them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from approval_hook.models.evidence import AppendOnly
from approval_hook.policy.clocks import ClockState, Consequence


class Grade(models.TextChoices):
    """How urgent a reminder is."""

    NORMAL = "normal", "提醒"
    WARNING = "warning", "预警"
    OVERDUE = "overdue", "逾期"


class ClockedCase(models.Model):
    """A case whose statutory clocks are kept; its row is the lock under which they change."""

    case_no = models.CharField("办件号", max_length=64, unique=True)
    matter = models.CharField("事项", max_length=64)
    organ = models.CharField("办理机关", max_length=200)
    expires_on = models.DateField("原许可届满日", null=True)  # of the licence to be renewed
    owed = models.BooleanField("有期限在计算", default=True)
    counted_by = models.CharField("计算依据", max_length=64, blank=True)  # rules and calendar of its deadlines

    class Meta:
        verbose_name = verbose_name_plural = "计期办件"
        indexes = [models.Index(fields=["counted_by", "id"], condition=Q(owed=True), name="clocked_case_to_recount")]

    def __str__(self) -> str:
        return self.case_no


class StatutoryAct(AppendOnly):
    """One act of a case on its day. What was wrong is taken back by a further act; nothing is changed."""

    class Kind(models.TextChoices):
        """What was done. The first twelve are those of ``policy.clocks.Act``."""

        RECEIVED = "received", "收到申请材料"
        NOTICED = "noticed", "一次性告知补正"
        SUPPLIED = "supplied", "收到补正材料"
        ACCEPTED = "accepted", "受理"
        NOT_ACCEPTED = "not_accepted", "不予受理"
        PROCEDURE_BEGAN = "procedure_began", "特别程序开始"
        PROCEDURE_ENDED = "procedure_ended", "特别程序结束"
        EXTENDED = "extended", "批准延长期限"
        DECIDED = "decided", "作出决定"
        DELIVERED = "delivered", "送达"
        PUBLISHED = "published", "双公示"
        WITHDRAWN = "withdrawn", "撤回"
        EXTENSION_ASKED = "extension_asked", "提请延长期限"
        EXTENSION_REFUSED = "extension_refused", "不同意延长期限"
        TAKEN_BACK = "taken_back", "撤销登记"
        DEEMED_ACCEPTED = "deemed_accepted", "依法视为受理"
        DEEMED_RENEWED = "deemed_renewed", "依法视为准予延续"

    case_no = models.CharField("办件号", max_length=64)
    number = models.PositiveIntegerField("序号")  # within the case, from 1
    matter = models.CharField("事项", max_length=64)
    organ = models.CharField("办理机关", max_length=200)
    kind = models.CharField("事项环节", max_length=20, choices=Kind.choices)
    at = models.DateTimeField("发生时间")  # from which it has effect
    on = models.DateField("发生日期")  # the day of ``at`` in China
    procedure = models.CharField("特别程序", max_length=64, blank=True)
    notice_no = models.CharField("文书号", max_length=100, blank=True)
    days = models.PositiveSmallIntegerField("天数", default=0)  # of an extension
    granted = models.BooleanField("准予许可", default=False)
    items = models.JSONField("内容", default=list, blank=True)  # what is missing, as the notice lists it
    reason = models.TextField("理由", blank=True)
    about = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="answers")
    by = models.CharField("经手人", max_length=254, blank=True)  # empty: the law itself, or a filing without an officer
    person = models.CharField("本人", max_length=254, blank=True)  # ``person_of(by)``, for the database to compare
    asked_by = models.CharField("提请人", max_length=254, blank=True)  # the person who asked for an extension
    made_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "法定环节"
        ordering = ["case_no", "number"]
        indexes = [
            # The order of acceptance.
            models.Index(
                fields=["matter", "organ", "at", "id"],
                condition=Q(kind__in=["accepted", "deemed_accepted"]),
                name="acts_of_acceptance",
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=["case_no", "number"], name="one_act_per_number"),
            models.UniqueConstraint(
                fields=["case_no", "kind"],
                condition=Q(kind__in=["deemed_accepted", "deemed_renewed"]),
                name="the_law_does_it_once",
            ),
            models.UniqueConstraint(
                fields=["about"],
                condition=Q(kind__in=["taken_back", "extended", "extension_refused"]),
                name="one_answer_to_an_act",
            ),
            models.CheckConstraint(
                name="an_extension_takes_two_and_a_reason",
                condition=~Q(kind="extended")
                | Q(about__isnull=False) & ~Q(person="") & ~Q(asked_by="") & ~Q(person=F("asked_by")) & ~Q(reason=""),
            ),
            models.CheckConstraint(
                name="the_law_acts_without_a_hand",
                condition=~Q(kind__in=["deemed_accepted", "deemed_renewed"]) | Q(by="", person=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_no} {self.get_kind_display()}"


class Deadline(models.Model):
    """One clock of a case as its acts give it. Derived: ``deadlines.rebuild`` makes it anew."""

    case = models.ForeignKey(ClockedCase, on_delete=models.CASCADE, related_name="deadlines")
    clock = models.CharField("期限", max_length=64)  # id in the rule set
    number = models.PositiveSmallIntegerField("第几次")  # among the clocks of this id in the case, from 1
    title = models.CharField("名称", max_length=200)
    began_on = models.DateField("起算日")  # not counted
    due_on = models.DateField("到期日")
    provisional = models.BooleanField("暂定")  # reaches into a year whose calendar is not published
    state = models.CharField("状态", max_length=16, choices=[(s.value, s.value) for s in ClockState])
    owed = models.BooleanField("须办")  # somebody has to keep it
    excluded = models.PositiveIntegerField("不计入的天数", default=0)
    lapse = models.CharField(
        "逾期后果", max_length=20, blank=True, choices=[(c.value, c.value) for c in Consequence if c]
    )
    normal_on = models.DateField("提醒日", null=True)
    warning_on = models.DateField("预警日", null=True)
    fired = models.CharField("已提醒", max_length=10, choices=Grade.choices, blank=True)  # for this ``due_on``
    next_fire_at = models.DateTimeField("下次提醒", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "期限"
        constraints = [models.UniqueConstraint(fields=["case", "clock", "number"], name="one_deadline_per_clock")]
        indexes = [
            models.Index(
                fields=["next_fire_at", "id"], condition=Q(next_fire_at__isnull=False), name="deadline_to_fire"
            )
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.title} {self.due_on}"


class Reminder(AppendOnly):
    """A deadline came to a grade. Once for each due date and grade, whoever sweeps and however often."""

    case_no = models.CharField("办件号", max_length=64)
    matter = models.CharField("事项", max_length=64)
    organ = models.CharField("办理机关", max_length=200)
    clock = models.CharField("期限", max_length=64)
    number = models.PositiveSmallIntegerField("第几次")
    title = models.CharField("名称", max_length=200)
    due_on = models.DateField("到期日")
    grade = models.CharField("程度", max_length=10, choices=Grade.choices)
    provisional = models.BooleanField("暂定")
    lapse = models.CharField("逾期后果", max_length=20, blank=True)
    missed = models.BooleanField("错过", default=False)  # a later grade held when the runner came; nobody was told
    made_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "期限提醒"
        constraints = [
            models.UniqueConstraint(
                fields=["case_no", "clock", "number", "due_on", "grade"], name="one_reminder_per_due_date_and_grade"
            )
        ]

    def __str__(self) -> str:
        return f"{self.case_no} {self.title} {self.get_grade_display()}"
