"""Rule sets and calendars that decisions were made with, and the drafts of those to come.

A revision is kept whole, by the digest of its content, before any decision cites it: a decision can be made again years
later although the file it came from is gone.
"""

from __future__ import annotations

import hmac
import json
from datetime import UTC
from typing import Any

from django.db import models

from approval_hook import privacy
from approval_hook.models.evidence import AppendOnly


class RuleRevision(AppendOnly):
    """A rule set in its canonical form. Published ones are in force by their dates; kept ones came from a file."""

    class Origin(models.TextChoices):
        """Where it came from."""

        FILE = "file", "规则文件"
        PUBLISHED = "published", "在线发布"

    digest = models.CharField("摘要", primary_key=True, max_length=64)  # SHA-256 of ``content``
    revision = models.CharField("版本", max_length=64, db_index=True)
    origin = models.CharField("来源", max_length=16, choices=Origin.choices)
    valid_from = models.DateField("施行日期")
    valid_to = models.DateField("失效日期", null=True)
    content = models.TextField("内容")  # RuleSet.plain() as canonical JSON
    author = models.CharField("起草人", max_length=254, blank=True)
    publisher = models.CharField("发布人", max_length=254, blank=True)
    note = models.TextField("发布说明", blank=True)
    made_at = models.DateTimeField("入库时间")
    seal = models.CharField("验证码", max_length=64)  # keyed digest over all of it

    class Meta:
        verbose_name = verbose_name_plural = "规则版本"
        constraints = [
            models.CheckConstraint(
                name="two_people_publish",
                condition=models.Q(origin="file")
                | (~models.Q(author="") & ~models.Q(publisher="") & ~models.Q(author=models.F("publisher"))),
            ),
            models.UniqueConstraint(
                fields=["revision"], condition=models.Q(origin="published"), name="one_publication_per_revision"
            ),
            models.UniqueConstraint(
                fields=["valid_from"], condition=models.Q(origin="published"), name="one_publication_per_first_day"
            ),
        ]

    def __str__(self) -> str:
        return self.revision

    def sealed_text(self) -> str:
        """What ``seal`` is made of."""
        days = [str(self.valid_from), str(self.valid_to or ""), self.made_at.astimezone(UTC).isoformat()]
        people = [self.author, self.publisher, self.note]
        return json.dumps(["revision", self.digest, self.revision, self.origin, days, people], ensure_ascii=False)

    def is_genuine(self) -> bool:
        """Whether this program kept or published it; a row put in beside it decides nothing."""
        return hmac.compare_digest(self.seal, privacy.digest(self.sealed_text()))


class CalendarEdition(AppendOnly):
    """A working-day calendar that decisions were counted with."""

    digest = models.CharField("摘要", primary_key=True, max_length=64)
    published_until = models.DateField("公布至")
    holidays: Any = models.JSONField("休息日")  # weekdays off, ISO dates
    workdays: Any = models.JSONField("调休上班日")  # weekend days worked, ISO dates
    made_at = models.DateTimeField("入库时间")

    class Meta:
        verbose_name = verbose_name_plural = "工作日历"

    def __str__(self) -> str:
        return f"{self.published_until:%Y}"


class RuleDraft(models.Model):
    """A rule set being written. It decides nothing until somebody other than its author publishes it."""

    class State(models.TextChoices):
        """Where the draft stands."""

        WRITING = "writing", "起草中"
        SUBMITTED = "submitted", "待发布审查"
        RETURNED = "returned", "退回修改"
        PUBLISHED = "published", "已发布"
        WITHDRAWN = "withdrawn", "已撤回"

    title = models.CharField("名称", max_length=200)
    base = models.CharField("依据版本", max_length=64)  # digest of the rule set it started from
    content = models.TextField("内容")  # RuleSet.plain() as canonical JSON; sound when saved
    digest = models.CharField("摘要", max_length=64)  # of the content
    source_name = models.CharField("导入文件", max_length=255, blank=True)
    source_digest = models.CharField("导入文件摘要", max_length=64, blank=True)
    author = models.CharField("起草人", max_length=254)
    state = models.CharField("状态", max_length=16, choices=State.choices, default=State.WRITING)
    reviewer = models.CharField("审查人", max_length=254, blank=True)
    review_note = models.TextField("审查意见", blank=True)
    created_at = models.DateTimeField("起草时间")
    changed_at = models.DateTimeField("更新时间")

    class Meta:
        verbose_name = verbose_name_plural = "规则草案"
        permissions = [("author_rules", "可起草规则"), ("publish_rules", "可发布规则")]

    def __str__(self) -> str:
        return self.title
