"""Emergency release (应急放行): who asked, who confirmed, and what a third person found afterwards."""

from __future__ import annotations

import hmac
from datetime import UTC

from django.db import models
from django.db.models import F, Q

from approval_hook import privacy
from approval_hook.models.evidence import AppendOnly, CreditDecision, one_line
from approval_hook.people import person_of


class EmergencyAct(AppendOnly):
    """One act about an emergency release. Two people open it, a third one looks at it; each act is a row of its own."""

    class Kind(models.TextChoices):
        """What the person did."""

        ASKED = "asked", "提请应急放行"
        CONFIRMED = "confirmed", "批准应急放行"
        REVIEWED = "reviewed", "复核应急放行"

    kind = models.CharField("事项", max_length=16, choices=Kind.choices)
    request = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="acts")  # of the two answers
    decision = models.ForeignKey(CreditDecision, on_delete=models.PROTECT, related_name="+")  # could-not-tell record
    host_key = models.CharField("宿主办件", max_length=120, db_index=True)
    flow = models.CharField("流程", max_length=250)
    case_no = models.CharField("办件号", max_length=64)
    organ = models.CharField("办理机关", max_length=200, db_index=True)
    asked_by = models.CharField("提请人", max_length=254)
    confirmed_by = models.CharField("批准人", max_length=254, blank=True)
    by = models.CharField("经手人", max_length=254)  # as signed in; the other names are in the form of ``person_of``
    person = models.CharField("本人", max_length=254)  # whose login ``by`` is, so that the database can compare people
    text = models.TextField("理由或意见")
    expires_at = models.DateTimeField("放行至")
    made_at = models.DateTimeField("登记时间")
    seal = models.CharField("验证码", max_length=64)  # keyed digest over the whole act

    class Meta:
        verbose_name = verbose_name_plural = "应急放行"
        permissions = [
            ("ask_emergency_release", "可提请应急放行"),
            ("confirm_emergency_release", "可批准应急放行"),
            ("review_emergency_release", "可复核应急放行"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["request", "kind"], name="one_answer_of_each_kind"),
            models.CheckConstraint(
                name="emergency_release_takes_two",
                condition=Q(kind="asked", request=None, confirmed_by="")
                | Q(kind="confirmed", request__isnull=False) & ~Q(person=F("asked_by"))
                | Q(kind="reviewed", request__isnull=False)
                & ~Q(asked_by=F("confirmed_by"))
                & ~Q(person=F("asked_by"))
                & ~Q(person=F("confirmed_by"))
                & ~Q(confirmed_by=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_no} {self.get_kind_display()}"

    def sealed_text(self) -> bytes:
        """What ``seal`` is made of."""
        return one_line(
            [
                "emergency",
                self.kind,
                self.request_id,
                self.decision_id,
                self.host_key,
                self.flow,
                self.case_no,
                self.organ,
                self.asked_by,
                self.confirmed_by,
                self.by,
                self.text,
                self.expires_at.astimezone(UTC).isoformat(),
                self.made_at.astimezone(UTC).isoformat(),
            ]
        )

    def is_genuine(self) -> bool:
        """Whether a person did this through the gate."""
        sealed = hmac.compare_digest(self.seal, privacy.digest(self.sealed_text()))
        return sealed and self.person == person_of(self.by)
