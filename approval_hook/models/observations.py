"""What the gate saw where it may not hold: cases of an observed flow, and every case at issue."""

from __future__ import annotations

import hmac
from datetime import UTC

from django.db import models

from approval_hook import privacy
from approval_hook.models.evidence import AppendOnly, CreditDecision, one_line


class Observation(AppendOnly):
    """A case that passed because its flow observes, and would have been held otherwise: once per case and reason."""

    host_key = models.CharField("宿主办件", max_length=120)
    flow = models.CharField("流程", max_length=250, db_index=True)
    node = models.CharField("环节", max_length=120)
    case_no = models.CharField("办件号", max_length=64)
    organ = models.CharField("办理机关", max_length=200)
    reason = models.CharField("原因", max_length=40)
    text = models.TextField("说明")
    decision = models.ForeignKey(CreditDecision, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField("登记时间")
    seal = models.CharField("验证码", max_length=64)  # keyed digest over all of it

    class Meta:
        verbose_name = verbose_name_plural = "观察记录"
        constraints = [models.UniqueConstraint(fields=["host_key", "reason"], name="one_observation_per_reason")]

    def __str__(self) -> str:
        return f"{self.case_no} {self.reason}"

    def sealed_text(self) -> bytes:
        """What ``seal`` is made of."""
        return one_line(
            [
                "observation",
                self.host_key,
                self.flow,
                self.node,
                self.case_no,
                self.organ,
                self.reason,
                self.text,
                self.decision_id,
                self.made_at.astimezone(UTC).isoformat(),
            ]
        )

    def is_genuine(self) -> bool:
        """Whether the gate itself saw this."""
        return hmac.compare_digest(self.seal, privacy.digest(self.sealed_text()))


class IssueReading(AppendOnly):
    """What the newest record said when the licence was issued. It stops nothing."""

    host_key = models.CharField("宿主办件", max_length=120, db_index=True)
    flow = models.CharField("流程", max_length=250)
    node = models.CharField("环节", max_length=120)
    case_no = models.CharField("办件号", max_length=64)
    organ = models.CharField("办理机关", max_length=200)
    decision = models.ForeignKey(CreditDecision, on_delete=models.PROTECT, null=True, related_name="+")
    genuine = models.BooleanField("核查意见校验相符")
    fresh = models.BooleanField("未过期")
    same_subjects = models.BooleanField("主体未变")
    same_rules = models.BooleanField("规则版本未变")
    outcome = models.CharField("核查结果", max_length=4, blank=True)
    faults = models.JSONField("异常")  # codes of what is off; empty: nothing is
    made_at = models.DateTimeField("登记时间")
    seal = models.CharField("验证码", max_length=64)  # keyed digest over all of it

    class Meta:
        verbose_name = verbose_name_plural = "发证时复读"

    def __str__(self) -> str:
        return f"{self.case_no} {self.outcome}"

    def sealed_text(self) -> bytes:
        """What ``seal`` is made of."""
        return one_line(
            [
                "issue",
                self.host_key,
                self.flow,
                self.node,
                self.case_no,
                self.organ,
                self.decision_id,
                [self.genuine, self.fresh, self.same_subjects, self.same_rules],
                self.outcome,
                self.faults,
                self.made_at.astimezone(UTC).isoformat(),
            ]
        )

    def is_genuine(self) -> bool:
        """Whether the gate itself read this."""
        return hmac.compare_digest(self.seal, privacy.digest(self.sealed_text()))
