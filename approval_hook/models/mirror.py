"""Lists mirrored from their sources: the editions that were tried, and the rows of the good ones.

A row holds neither a name nor a number, only keyed digests to find and to compare it by
(docs/decisions/0011). On PostgreSQL every edition has a partition of its own, which is filled and indexed before
anybody can see it.
"""

from __future__ import annotations

from django.db import models


class MirroredEdition(models.Model):
    """One edition of one list, as it was offered and what became of it."""

    class State(models.TextChoices):
        """What became of it."""

        LOADING = "loading", "装载中"
        GOOD = "good", "有效"
        REFUSED = "refused", "拒绝"

    source = models.CharField("名单来源", max_length=120)
    list_type = models.CharField("名单类型", max_length=60)
    version = models.CharField("版本", max_length=100)
    base = models.CharField("基础版本", max_length=100, blank=True)  # incremental: the version on which it builds
    as_of = models.DateTimeField("数据时间")
    count = models.PositiveBigIntegerField("应有行数")  # as announced
    announced = models.CharField("公布的摘要", max_length=64, blank=True)  # the source's own, or of the file, hex
    digest = models.CharField("文件摘要", max_length=64, blank=True)  # SHA-256 of what was read, hex
    state = models.CharField("状态", max_length=16, choices=State.choices)
    reason = models.CharField("拒绝原因", max_length=40, blank=True)
    active = models.BooleanField("使用中", default=False)
    rows = models.PositiveBigIntegerField("名单行数", default=0)  # of the whole list with this edition in it
    rows_in = models.PositiveBigIntegerField("行所属版本", default=0)  # id of the whole edition whose rows are used
    worker = models.CharField("装载进程", max_length=120, blank=True)  # host and process, while loading
    accepted_by = models.CharField("确认账号", max_length=150, blank=True)  # of a suddenly small edition
    accepted_as = models.CharField("系统用户", max_length=200, blank=True)  # user and host that ran the command
    accepted_because = models.CharField("确认理由", max_length=500, blank=True)
    began_at = models.DateTimeField("开始时间")
    loaded_at = models.DateTimeField("装载完成", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "镜像名单版本"
        indexes = [models.Index(fields=["source", "list_type", "-id"], name="editions_of_a_list")]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "list_type"], condition=models.Q(active=True), name="one_edition_in_use"
            ),
            models.CheckConstraint(condition=models.Q(active=False) | models.Q(state="good"), name="only_good_in_use"),
        ]

    def __str__(self) -> str:
        return f"{self.source}/{self.list_type} {self.version}"


class MirroredRow(models.Model):
    """One row of a list. Read through ``mirroring.store``, written through ``mirroring.storing``."""

    pk = models.CompositePrimaryKey("edition_id", "record_id")
    edition = models.ForeignKey(
        MirroredEdition, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    record_id = models.CharField("记录编号", max_length=100)
    number_key = models.BigIntegerField("号码键", null=True)  # of the number, or of what a court mask shows
    name_key = models.BigIntegerField("名称键", null=True)
    body = models.TextField("内容")  # mirroring.rows.Body as JSON

    class Meta:
        verbose_name = verbose_name_plural = "镜像名单行"
        indexes = [
            models.Index(fields=["edition", "number_key"], name="mirrored_by_number"),
            models.Index(fields=["edition", "name_key"], name="mirrored_by_name"),
        ]

    def __str__(self) -> str:
        return f"{self.edition_id}/{self.record_id}"
