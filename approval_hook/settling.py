"""Human acts on obligations, and what they change in the next evaluation."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from msgspec.structs import replace

from approval_hook import privacy
from approval_hook.errors import CaseInvalid
from approval_hook.logs import get_logger
from approval_hook.models import CreditDecision, Settlement
from approval_hook.people import person_of, same_person
from approval_hook.policy.decision import Channel, Decision, Obligation, ObligationKind
from approval_hook.policy.receipt import reports_from_json
from approval_hook.policy.records import CreditReport, MatchGrade
from approval_hook.policy.subjects import mask_text

#: The verdicts each duty admits.
VERDICTS = {
    ObligationKind.HEAD_DECIDES: (Settlement.Verdict.UPHOLD, Settlement.Verdict.RELEASE),
    ObligationKind.SECTION_CONFIRMS: (Settlement.Verdict.UPHOLD, Settlement.Verdict.RELEASE),
    ObligationKind.TWO_CONFIRM_IDENTITY: (Settlement.Verdict.SAME, Settlement.Verdict.NOT_SAME),
    ObligationKind.SUPERVISOR_RELEASES: (Settlement.Verdict.WITHOUT_EFFECT,),
}

#: Longest reason or evidence, in characters.
_LONGEST = 2000
#: Shortest thing said in words, without the blanks around it.
SHORTEST = 4

#: How many different people must say the same before a duty is discharged.
VOICES = {ObligationKind.TWO_CONFIRM_IDENTITY: 2}


def settle(
    decision: CreditDecision,
    duty: Obligation,
    *,
    verdict: str,
    by: str,
    reason: str,
    evidence: str,
    at: datetime,
    proposed: bool = True,
) -> Settlement:
    """Record one person's act on one open duty of the decision in force.

    Args:
        decision: in force.
        duty: one that it leaves open.
        verdict: one that the duty admits.
        by: login of the person.
        reason: as typed.
        evidence: as typed; may be empty.
        at: aware.
        proposed: whether who set the check off thereby proposed what is to be settled; False where the guard asked
            because that person took up the step that it protects.

    Raises:
        CaseInvalid: no reason, a verdict the duty does not admit, the same person twice, or
            the person who started the check (separation of duties).
    """
    reason, evidence = stated("理由", reason), kept("证据", evidence)
    if verdict not in VERDICTS[duty.kind]:
        raise CaseInvalid("结论", "该义务没有这个结论可选。", "请刷新页面后重新选择。")
    if proposed and VOICES.get(duty.kind, 1) == 1 and same_person(by, decision.inquiry.asked_by):
        raise CaseInvalid("确认人", "经办人不能确认自己提请的事项。", "请由另一名有权限的工作人员确认。")
    try:
        with transaction.atomic():
            act = Settlement(
                decision=decision,
                host_key=decision.host_key,
                kind=duty.kind.value,
                party=duty.party,
                record=duty.record,
                content=record_content(reports_from_json(decision.reply.reports), duty.party, duty.record),
                verdict=verdict,
                by=by,
                reason=reason,
                evidence=evidence,
                made_at=at,
            )
            act.seal = privacy.digest(act.sealed_text())
            act.save()
            return act
    except IntegrityError:
        raise CaseInvalid("确认人", "您已经对这一项作出过确认。", "请由另一名工作人员确认。") from None


def stated(field: str, text: str, least: int = SHORTEST) -> str:
    """What a person must give in words, as it is kept.

    Args:
        field: what the page calls it.
        text: as typed.
        least: fewest characters, without the blanks around them.

    Raises:
        CaseInvalid: there is none, it is too short to say anything, or it cannot be kept.
    """
    length = len(text.strip())
    if not length:
        raise CaseInvalid(field, f"没有填写{field}。", f"请写明依据和{field}后再提交。")
    if length < least:
        raise CaseInvalid(field, f"{field}至少 {least} 个字，现在只有 {length} 个。", "请写明具体情况后再提交。")
    return kept(field, text)


def kept(field: str, text: str) -> str:
    """A person's words with numbers of persons masked.

    Raises:
        CaseInvalid: too long, or with characters that nobody can see.
    """
    if len(text) > _LONGEST:
        raise CaseInvalid(field, f"{field}超过 {_LONGEST} 个字符。", "请精简后再提交。")
    if any(unicodedata.category(c) in ("Cc", "Cf", "Cs") and c not in "\r\n\t" for c in text):
        raise CaseInvalid(field, f"{field}中有不可见的控制字符。", "请重新输入后再提交。")
    return mask_text(text.strip())


def record_content(reports: Sequence[CreditReport], party: str, record: str) -> str:
    """Digest of a record as it was answered, so that a word about it covers no other record of the same number."""
    if not record:
        return ""
    rows = sorted(
        [
            r.source,
            r.list_type,
            r.severity,
            r.document_no,
            str(r.decided_on),
            r.title,
            r.event,
            r.domain,
            r.role_then,
        ]
        for report in reports
        if report.party == party
        for r in report.records
        if r.record_id == record
    )
    return hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()


def _voices(host_key: str, reports: Sequence[CreditReport]) -> dict[tuple[str, str, str], dict[str, str]]:
    """Each person's newest verdict per duty, about the records as they stand in these reports."""
    voices: dict[tuple[str, str, str], dict[str, str]] = defaultdict(dict)
    for row in Settlement.objects.filter(host_key=host_key).order_by("id"):
        if not row.is_genuine():
            get_logger().error("a settlement was not made through the gate", alarm=True, case=host_key, row=row.pk)
            continue
        if row.content == record_content(reports, row.party, row.record):
            voices[(row.kind, row.party, row.record)][person_of(row.by)] = row.verdict
    return voices


def _agreed(voices: Mapping[str, str], kind: ObligationKind) -> str:
    """The verdict that enough people share, or an empty text."""
    counts = Counter(voices.values())
    return next((verdict for verdict, number in counts.items() if number >= VOICES.get(kind, 1)), "")


def discharged(host_key: str, decision: Decision, reports: Sequence[CreditReport]) -> dict[Obligation, str]:
    """Duties of a decision that enough people have discharged for this case, with their verdict."""
    voices = _voices(host_key, reports)
    said = {
        duty: _agreed(voices[(duty.kind.value, duty.party, duty.record)], duty.kind) for duty in decision.obligations
    }
    return {duty: verdict for duty, verdict in said.items() if verdict}


def settled_channel(decision: Decision, verdicts: Mapping[Obligation, str], *, lapsed: bool) -> Channel:
    """The channel after people have spoken: what they upheld restricts, what they released does not."""
    upheld = {duty.kind for duty, verdict in verdicts.items() if verdict == Settlement.Verdict.UPHOLD}
    if ObligationKind.HEAD_DECIDES in upheld:
        return Channel.RESTRICTED
    if ObligationKind.SECTION_CONFIRMS in upheld:
        return Channel.STRICT
    settled = decision.obligations and (lapsed or len(verdicts) == len(decision.obligations))
    return Channel.ORDINARY if settled else decision.channel


def settled_matches(host_key: str, reports: Sequence[CreditReport]) -> dict[tuple[str, str], bool]:
    """Possible matches that two different people settled alike: (party, record) -> same person."""
    kind = ObligationKind.TWO_CONFIRM_IDENTITY
    agreed = {
        (party, record): _agreed(people, kind)
        for (what, party, record), people in _voices(host_key, reports).items()
        if what == kind.value
    }
    return {key: verdict == Settlement.Verdict.SAME for key, verdict in agreed.items() if verdict}


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
