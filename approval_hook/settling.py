"""Human acts on obligations, and what they change in the next evaluation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from django.db import IntegrityError, transaction

from approval_hook.errors import CaseInvalid
from approval_hook.models import CreditDecision, Settlement
from approval_hook.policy.decision import Channel, Decision, Obligation, ObligationKind
from approval_hook.policy.records import CreditReport, MatchGrade

#: The verdicts each duty admits.
VERDICTS = {
    ObligationKind.HEAD_DECIDES: (Settlement.Verdict.UPHOLD, Settlement.Verdict.RELEASE),
    ObligationKind.SECTION_CONFIRMS: (Settlement.Verdict.UPHOLD, Settlement.Verdict.RELEASE),
    ObligationKind.TWO_CONFIRM_IDENTITY: (Settlement.Verdict.SAME, Settlement.Verdict.NOT_SAME),
    ObligationKind.SUPERVISOR_RELEASES: (Settlement.Verdict.WITHOUT_EFFECT,),
}

#: How many different people must say the same before a duty is discharged.
VOICES = {ObligationKind.TWO_CONFIRM_IDENTITY: 2}


def settle(
    decision: CreditDecision, duty: Obligation, *, verdict: str, by: str, reason: str, evidence: str, at: datetime
) -> Settlement:
    """Record one person's act on one open duty of the decision in force.

    Raises:
        CaseInvalid: no reason, a verdict the duty does not admit, the same person twice, or
            the person who started the check (separation of duties).
    """
    if not reason.strip():
        raise CaseInvalid("理由", "没有填写理由。", "请写明依据和理由后再提交。")
    if verdict not in VERDICTS[duty.kind]:
        raise CaseInvalid("结论", "该义务没有这个结论可选。", "请刷新页面后重新选择。")
    if VOICES.get(duty.kind, 1) == 1 and by == decision.inquiry.asked_by:
        raise CaseInvalid("确认人", "经办人不能确认自己提请的事项。", "请由另一名有权限的工作人员确认。")
    try:
        with transaction.atomic():
            act = Settlement(
                decision=decision,
                host_key=decision.host_key,
                kind=duty.kind.value,
                party=duty.party,
                record=duty.record,
                verdict=verdict,
                by=by,
                reason=reason.strip(),
                evidence=evidence.strip(),
                made_at=at,
            )
            act.save()
            return act
    except IntegrityError:
        raise CaseInvalid("确认人", "您已经对这一项作出过确认。", "请由另一名工作人员确认。") from None


def discharged(host_key: str, decision: Decision) -> dict[Obligation, str]:
    """Duties of a decision that enough people have discharged for this case, with their verdict."""
    said: dict[tuple[str, str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in Settlement.objects.filter(host_key=host_key).order_by("id"):
        said[(row.kind, row.party, row.record)][row.verdict].add(row.by)
    verdicts = {}
    for duty in decision.obligations:
        for verdict, people in said[(duty.kind.value, duty.party, duty.record)].items():
            if len(people) >= VOICES.get(duty.kind, 1):
                verdicts[duty] = verdict
                break
    return verdicts


def outstanding(host_key: str, decision: Decision) -> tuple[Obligation, ...]:
    """Duties of a decision that nobody has discharged for this case."""
    done = discharged(host_key, decision)
    return tuple(duty for duty in decision.obligations if duty not in done)


def settled_channel(decision: Decision, verdicts: Mapping[Obligation, str], *, lapsed: bool) -> Channel:
    """The channel after people have spoken: what they upheld restricts, what they released does not."""
    upheld = {duty.kind for duty, verdict in verdicts.items() if verdict == Settlement.Verdict.UPHOLD}
    if ObligationKind.HEAD_DECIDES in upheld:
        return Channel.RESTRICTED
    if ObligationKind.SECTION_CONFIRMS in upheld:
        return Channel.STRICT
    settled = decision.obligations and (lapsed or len(verdicts) == len(decision.obligations))
    return Channel.ORDINARY if settled else decision.channel


def settled_matches(host_key: str) -> dict[tuple[str, str], bool]:
    """Possible matches that two different people settled alike: (party, record) -> same person."""
    said: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for row in Settlement.objects.filter(host_key=host_key, kind=ObligationKind.TWO_CONFIRM_IDENTITY.value):
        said[(row.party, row.record, row.verdict)].add(row.by)
    return {
        (party, record): verdict == Settlement.Verdict.SAME
        for (party, record, verdict), people in said.items()
        if len(people) >= VOICES[ObligationKind.TWO_CONFIRM_IDENTITY]
    }


def apply_matches(reports: Sequence[CreditReport], matches: dict[tuple[str, str], bool]) -> list[CreditReport]:
    """Reports in which settled possible matches are exact, or gone."""
    changed = []
    for report in reports:
        kept = []
        for record in report.records:
            same = matches.get((report.party, record.record_id)) if record.match is MatchGrade.POSSIBLE else None
            if same is None:
                kept.append(record)
            elif same:
                kept.append(replace(record, match=MatchGrade.EXACT))
        dropped = len(report.records) - len(kept)
        changed.append(replace(report, records=tuple(kept), mismatched=report.mismatched + dropped))
    return changed
