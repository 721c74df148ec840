"""Append-only evidence: who asked, what came back, what was decided and who settled it.

Rows hold keyed digests only. Names and identifiers of one inquiry sit sealed in its
``Identity`` side row, whose content can be erased while the evidence stays. Nothing here
hangs on a host's row by foreign key, so deleting a task or a process takes no evidence along.
"""

from __future__ import annotations

import hmac
import json
import uuid
from datetime import UTC
from typing import Any, NoReturn

import msgspec
from django.db import models

from approval_hook import clock, privacy, statements
from approval_hook.errors import AppendOnlyError
from approval_hook.policy.decision import Channel, ObligationKind, Outcome
from approval_hook.policy.receipt import receipt_digest

_python_line = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
_fast_line = msgspec.json.Encoder(order="sorted").encode


def one_line(parts: list[Any]) -> bytes:
    """Canonical JSON of what a seal is made of."""
    line = _fast_line(parts)
    # msgspec writes an infinite number, which a changed row may hold, as null; a seal must tell them apart.
    return line if b"null" not in line else _python_line(parts).encode()


class AppendOnlyQuerySet(models.QuerySet[Any]):
    """Refuses bulk changes; the database triggers refuse what goes around it."""

    def update(self, **kwargs: Any) -> NoReturn:
        """Refuse."""
        raise AppendOnlyError

    def delete(self) -> NoReturn:
        """Refuse."""
        raise AppendOnlyError


class AppendOnly(models.Model):
    """Base of evidence rows: insert once, never again."""

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert.

        Raises:
            AppendOnlyError: the row exists already.
        """
        if not self._state.adding:
            raise AppendOnlyError
        statements.insert(self, kwargs.get("using"))

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse."""
        raise AppendOnlyError


class Point(models.TextChoices):
    """Hook point; at issue nothing is asked."""

    ACCEPTANCE = "acceptance", "受理"
    DECISION = "decision", "决定"
    ISSUE = "issue", "发证"
    RECHECK = "recheck", "补查"
    LATE = "late", "补核"


class Inquiry(AppendOnly):
    """A committed intention to ask: written before any platform hears of it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    host_key = models.CharField("宿主办件", max_length=120)  # "<process table>:<pk>"
    case_no = models.CharField("办件号", max_length=64, db_index=True)
    matter = models.CharField("事项", max_length=64)
    organ = models.CharField("办理机关", max_length=200)
    point = models.CharField("环节", max_length=16, choices=Point.choices)
    gate_key = models.CharField("闸口任务", max_length=120)  # "<task table>:<pk>", or "recheck:", "late:" and a number
    round = models.PositiveSmallIntegerField("第几次")
    asked_by = models.CharField("发起人", max_length=254)
    rules_revision = models.CharField("规则版本", max_length=64)
    rules_digest = models.CharField("规则摘要", max_length=64)
    subjects = models.CharField("主体指纹", max_length=64)  # keyed digest over parties and roles
    view = models.JSONField("办件事实")  # CaseView, no names, no identifiers
    queries = models.JSONField("查询")  # [{query_id, party, source, ground}]
    made_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "查询登记"
        indexes = [models.Index(fields=["host_key", "made_at"], name="inquiry_by_case")]
        constraints = [models.UniqueConstraint(fields=["gate_key", "round"], name="one_inquiry_per_round")]

    def __str__(self) -> str:
        return f"{self.case_no} {self.get_point_display()} 第{self.round}次"


class Identity(models.Model):
    """Sealed names and identifiers of one inquiry; the content can be erased, the row stays."""

    inquiry = models.OneToOneField(Inquiry, on_delete=models.PROTECT, primary_key=True, related_name="identity")
    key_id = models.CharField("密钥编号", max_length=8)
    sealed = models.BinaryField("密文", null=True)
    erased_at = models.DateTimeField("删除时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "身份信息（加密）"

    def __str__(self) -> str:
        return f"{self.inquiry_id}"

    def people(self) -> dict[str, dict[str, Any]]:
        """Kind, name and identifiers by party reference; empty once erased."""
        if self.sealed is None:
            return {}
        plain = privacy.unseal(self.key_id, bytes(self.sealed), self.context(self.inquiry_id))
        return dict(json.loads(plain))

    def erase(self) -> None:
        """Forget names and identifiers for good; inquiry, reply and decision stay."""
        self.sealed = None
        self.erased_at = clock.now()
        self.save(update_fields=["sealed", "erased_at"])

    @staticmethod
    def context(inquiry_id: uuid.UUID) -> str:
        """What the ciphertext is bound to, so that it opens in its own row only."""
        return f"identity:{inquiry_id.hex}"


class Reply(AppendOnly):
    """What came back on one attempt, failures included."""

    inquiry = models.ForeignKey(Inquiry, on_delete=models.PROTECT, related_name="replies")
    attempt = models.PositiveIntegerField("第几次尝试")
    complete = models.BooleanField("答复完整")
    reports = models.JSONField("答复")  # [CreditReport], no names, no identifiers
    digest = models.CharField("答复验证码", max_length=64)  # keyed digest over everything that a decision believes
    asked_at = models.DateTimeField("发出时间")
    answered_at = models.DateTimeField("收到时间")  # of the oldest one where an earlier answer served again
    # [{query, reply, age}]: answers of an earlier reply of the case that served again, their age in seconds
    reused = models.JSONField("沿用的答复", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "查询答复"
        constraints = [models.UniqueConstraint(fields=["inquiry", "attempt"], name="one_reply_per_attempt")]

    def __str__(self) -> str:
        return f"{self.inquiry_id} #{self.attempt}"

    def sealed_text(self) -> bytes:
        """What ``digest`` is made of."""
        return one_line(
            [
                "reply",
                self.inquiry_id.hex,
                self.attempt,
                self.complete,
                self.reports,
                self.asked_at.astimezone(UTC).isoformat(),
                self.answered_at.astimezone(UTC).isoformat(),
                *([self.reused] if self.reused else []),
            ]
        )

    def is_genuine(self) -> bool:
        """Whether the gate itself wrote down this answer."""
        return hmac.compare_digest(self.digest, privacy.digest(self.sealed_text()))


class RawReply(models.Model):
    """The body of one answer as it came, sealed, where the rule set has it kept; it can be erased, the row stays."""

    reply = models.ForeignKey(Reply, on_delete=models.PROTECT, related_name="raw")
    query = models.CharField("查询编号", max_length=64)
    source = models.CharField("来源", max_length=120)
    digest = models.CharField("原文摘要", max_length=64)  # SHA-256 of the body, as in the report
    key_id = models.CharField("密钥编号", max_length=8)
    sealed = models.BinaryField("密文", null=True)
    erased_at = models.DateTimeField("删除时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "答复原文（加密）"
        constraints = [models.UniqueConstraint(fields=["reply", "query"], name="one_body_per_answer")]

    def __str__(self) -> str:
        return f"{self.source} {self.query}"

    def body(self) -> bytes | None:
        """As it came; None once erased.

        Raises:
            ConfigurationError: another key sealed it, or it was changed.
        """
        if self.sealed is None:
            return None
        return privacy.unseal(self.key_id, bytes(self.sealed), self.context(self.reply_id, self.query))

    def erase(self) -> None:
        """Forget the body for good; the report and its digest stay."""
        self.sealed = None
        self.erased_at = clock.now()
        self.save(update_fields=["sealed", "erased_at"])

    @staticmethod
    def context(reply: int, query: str) -> str:
        """What the ciphertext is bound to."""
        return f"raw:{reply}:{query}"


class CreditDecision(AppendOnly):
    """An opinion of the gate on one case; the newest row of a case is the one in force."""

    class Origin(models.TextChoices):
        """How the row came about."""

        EVALUATED = "evaluated", "规则核定"
        SETTLED = "settled", "人工确认"
        LAPSED = "lapsed", "到期按无信用影响"
        EMERGENCY = "emergency", "应急放行"

    host_key = models.CharField("宿主办件", max_length=120)
    case_no = models.CharField("办件号", max_length=64, db_index=True)
    matter = models.CharField("事项", max_length=64)
    point = models.CharField("环节", max_length=16, choices=Point.choices)
    origin = models.CharField("来由", max_length=16, choices=Origin.choices)
    inquiry = models.ForeignKey(Inquiry, on_delete=models.PROTECT, related_name="decisions")
    reply = models.ForeignKey(Reply, on_delete=models.PROTECT, related_name="decisions")
    outcome = models.CharField("核查结果", max_length=4, choices=[(o.value, o.value) for o in Outcome])
    channel = models.CharField("通道", max_length=16, choices=[(c.value, c.value) for c in Channel])
    permits = models.BooleanField("可作出决定")
    complete = models.BooleanField("答复完整")
    subjects = models.CharField("主体指纹", max_length=64)
    rules_revision = models.CharField("规则版本", max_length=64)
    rules_digest = models.CharField("规则摘要", max_length=64)
    on = models.DateField("核定日期")
    due_on = models.DateField("法定办结日", null=True)
    answered_at = models.DateTimeField("答复时间")
    fresh_until = models.DateTimeField("有效至")
    body = models.JSONField("待办与确认")  # duties outstanding and settled, and the settled matches it was made with
    receipt = models.TextField("意见书")  # policy.receipt.Receipt in canonical JSON
    receipt_digest = models.CharField("意见书摘要", max_length=64)  # SHA-256 of the receipt, hex
    digest = models.CharField("意见书验证码", max_length=64)  # keyed digest over body and what the guard reads
    software = models.CharField("软件版本", max_length=32)
    made_by = models.CharField("经手人", max_length=254)
    made_at = models.DateTimeField("作出时间")

    class Meta:
        verbose_name = verbose_name_plural = "核查意见"
        indexes = [models.Index(fields=["host_key", "-id"], name="decision_in_force")]
        # A sealed row says nothing of its place: put in once more, an older one would be the newest and in force.
        constraints = [models.UniqueConstraint(fields=["host_key", "digest"], name="no_opinion_twice")]
        permissions = [("settle_decision", "可确认核查意见中的待办义务")]

    def __str__(self) -> str:
        return f"{self.case_no} {self.outcome}"

    def stated(self) -> dict[str, Any]:
        """The core's decision that the row records, as plain JSON values."""
        stated: dict[str, Any] = json.loads(self.receipt)["decision"]
        return stated

    def sealed_text(self) -> bytes:
        """What ``digest`` is made of: everything that the guard believes."""
        parts = [
            self.host_key,
            self.case_no,
            self.matter,
            str(self.reply_id),
            self.outcome,
            self.channel,
            self.permits,
            self.complete,
            self.subjects,
            self.rules_digest,
            str(self.on),
            self.answered_at.astimezone(UTC).isoformat(),
            self.fresh_until.astimezone(UTC).isoformat(),
            self.body,
            self.receipt_digest,
            self.point,
            self.origin,
            self.rules_revision,
            self.made_by,
            self.made_at.astimezone(UTC).isoformat(),
        ]
        return one_line(parts)

    def is_genuine(self) -> bool:
        """Whether the gate itself made this row: its digests fit, and it permits only without open duties."""
        fits = hmac.compare_digest(self.digest, privacy.digest(self.sealed_text()))
        whole = hmac.compare_digest(self.receipt_digest, receipt_digest(self.receipt.encode()))
        return fits and whole and self.permits == (not self.body["outstanding"])


class Settlement(AppendOnly):
    """A human act on an obligation: who, what, why."""

    class Verdict(models.TextChoices):
        """What the person decided."""

        UPHOLD = "uphold", "确认"
        RELEASE = "release", "不适用"
        SAME = "same", "是同一主体"
        NOT_SAME = "not_same", "不是同一主体"
        WITHOUT_EFFECT = "without_effect", "按无信用影响办理"

    decision = models.ForeignKey(CreditDecision, on_delete=models.PROTECT, related_name="settlements")
    host_key = models.CharField("宿主办件", max_length=120, db_index=True)
    kind = models.CharField("义务", max_length=32, choices=[(k.value, k.value) for k in ObligationKind])
    party = models.CharField("主体", max_length=64)
    record = models.CharField("记录", max_length=128, blank=True)
    content = models.CharField("记录内容摘要", max_length=64, blank=True)  # SHA-256 of what the person saw
    verdict = models.CharField("结论", max_length=16, choices=Verdict.choices)
    by = models.CharField("确认人", max_length=254)
    reason = models.TextField("理由")
    evidence = models.TextField("证据", blank=True)
    made_at = models.DateTimeField("确认时间")
    seal = models.CharField("验证码", max_length=64)  # keyed digest over the whole act

    class Meta:
        verbose_name = verbose_name_plural = "人工确认"
        constraints = [
            models.UniqueConstraint(fields=["decision", "kind", "party", "record", "by"], name="one_say_per_person")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.verdict}"

    def sealed_text(self) -> bytes:
        """What ``seal`` is made of."""
        return one_line(
            [
                "settlement",
                self.decision_id,
                self.host_key,
                self.kind,
                self.party,
                self.record,
                self.content,
                self.verdict,
                self.by,
                self.reason,
                self.evidence,
                self.made_at.astimezone(UTC).isoformat(),
            ]
        )

    def is_genuine(self) -> bool:
        """Whether a person said this through the gate."""
        return hmac.compare_digest(self.seal, privacy.digest(self.sealed_text()))
