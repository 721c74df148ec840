"""Make stored decisions again: to the same bytes under their own rules, or under a candidate to see what flips."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from django.db.models import QuerySet
from msgspec.structs import replace

from approval_hook.cases import book
from approval_hook.errors import ApprovalHookError, CaseInvalid, RulesInvalid
from approval_hook.keeping import calendar_by_digest, rules_by_digest
from approval_hook.models import CreditDecision, RuleRevision
from approval_hook.policy.catalogue import RuleSet
from approval_hook.policy.decision import Decision, Outcome
from approval_hook.policy.evaluate import evaluate
from approval_hook.policy.explain import Explainer
from approval_hook.policy.merging import one_spelling
from approval_hook.policy.receipt import (
    Receipt,
    case_from_json,
    make_receipt,
    receipt_bytes,
    receipt_digest,
    receipt_from_bytes,
    reports_from_json,
)
from approval_hook.policy.workdays import WorkCalendar
from approval_hook.rulebook import LoadedRules, load
from approval_hook.settling import apply_matches

#: Rows fetched at a time; what is held in memory does not grow with the number of decisions.
_CHUNK = 500


class Remade:
    """Calendars by digest, read once for a whole run."""

    def __init__(self) -> None:
        """Start with nothing read."""
        self._calendars: dict[str, WorkCalendar] = {}

    def calendar(self, digest: str) -> WorkCalendar:
        """The calendar that a decision was counted with.

        Raises:
            RulesInvalid: it was never kept.
        """
        if digest not in self._calendars:
            self._calendars[digest] = calendar_by_digest(digest)
        return self._calendars[digest]

    def decision(self, receipt: Receipt, rules: RuleSet) -> Decision:
        """The decision of these rules on the receipt's inputs.

        Raises:
            CaseInvalid: the matter is not configured in these rules.
        """
        calendar = self.calendar(receipt.calendar_digest)
        return evaluate(receipt.case, receipt.reports, rules, receipt.on, calendar)


def replay(row: CreditDecision, remade: Remade) -> str:
    """Make one stored decision again from its receipt and compare everything that is stored about it.

    Returns:
        "" when all of it is the same to the byte, else what differs, in Chinese.
    """
    try:
        return _difference(row, remade)
    except (ApprovalHookError, KeyError, TypeError, ValueError) as error:
        return str(error) if isinstance(error, ApprovalHookError) else "存档无法读取"


def _difference(row: CreditDecision, remade: Remade) -> str:
    if receipt_digest(row.receipt.encode()) != row.receipt_digest:
        return "意见书与其摘要不符"
    receipt = receipt_from_bytes(row.receipt)
    rules = rules_by_digest(receipt.rules_digest).rules
    again = make_receipt(
        receipt.case,
        receipt.reports,
        remade.decision(receipt, rules),
        at=receipt.at,
        rules_digest=rules.digest,
        calendar_digest=receipt.calendar_digest,
        software=receipt.software,
    )
    if receipt_bytes(again) != row.receipt.encode():
        return "重新核定的结果与意见书不同"
    stated = receipt.decision
    if (row.outcome, row.on, row.due_on, row.complete) != (
        stated.outcome,
        stated.on,
        stated.due_on,
        stated.complete,
    ) or row.rules_digest != receipt.rules_digest:
        return "意见书与登记的结果不符"
    matches = {(party, record): same for party, record, same in row.body["matches"]}
    reports = reports_from_json(row.reply.reports)
    asked = case_from_json(row.inquiry.view)
    # Acceptance, due date and papers may have come between the inquiry and a person's word; the subjects may not.
    came_later = replace(
        receipt.case,
        accepted_on=asked.accepted_on,
        due_on=asked.due_on,
        materials=asked.materials,
        not_needed=asked.not_needed,
    )
    if came_later != asked:
        return "意见书的办件事实与查询登记不符"
    matched = tuple(apply_matches(reports, matches))
    # Receipts of older versions hold document numbers as each source wrote them.
    if receipt.reports not in (reports, matched, tuple(one_spelling(reports)), tuple(one_spelling(matched))):
        return "意见书所依据的答复与登记的答复不符"
    if not row.reply.is_genuine():
        return "登记的答复校验不符"
    return "" if row.is_genuine() else "核查意见校验不符"


def stored_decisions() -> QuerySet[CreditDecision]:
    """Every stored decision, oldest first."""
    return CreditDecision.objects.order_by("pk")


def replay_all(rows: QuerySet[CreditDecision]) -> Iterator[tuple[CreditDecision, str]]:
    """Every row with what ``replay`` says of it, in constant memory."""
    remade = Remade()
    for row in rows.select_related("inquiry", "reply").iterator(chunk_size=_CHUNK):
        yield row, replay(row, remade)


def rules_named(name: str) -> LoadedRules:
    """A rule set by path, revision or digest: from the files, the publications, or those kept for replay.

    Raises:
        RulesInvalid: there is none of that name, or it is unsound.
    """
    path = Path(name)
    if path.suffix == ".yaml" or path.is_dir():
        return load(path)
    for loaded in book().all():
        if name in (loaded.rules.revision, loaded.digest):
            return loaded
    kept = RuleRevision.objects.filter(revision=name) | RuleRevision.objects.filter(pk=name)
    row = kept.order_by("-made_at").first()
    if row is None:
        raise RulesInvalid([f"找不到规则版本“{name}”；请写文件路径、版本号或摘要。"])
    return rules_by_digest(row.pk)


@dataclass(frozen=True, slots=True)
class Flip:
    """A stored case that a candidate would decide otherwise."""

    case_no: str
    matter: str
    on: date
    before: str
    after: str
    changes: tuple[str, ...]  # what differs, in Chinese
    reasons: tuple[str, ...]  # why the candidate decides so, in Chinese


@dataclass(slots=True)
class Tally:
    """Counts of a back-test; they add up to the decisions that were read."""

    read: int = 0
    same: int = 0
    flipped: int = 0
    failed: int = 0
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)  # (before, after): how often


def backtest(old: RuleSet, new: RuleSet, rows: QuerySet[CreditDecision], tally: Tally) -> Iterator[Flip | None]:
    """Run two rule sets over stored decisions; one item for each decision read, ``None`` when nothing differs.

    Args:
        old: the rule set to compare with, usually the one in force.
        new: the candidate.
        rows: decisions whose inputs are used.
        tally: is counted up while the iterator runs.
    """
    remade = Remade()
    for raw in rows.values_list("receipt", flat=True).iterator(chunk_size=_CHUNK):
        tally.read += 1
        try:
            receipt = receipt_from_bytes(raw)
            before = receipt.decision if receipt.rules_digest == old.digest else remade.decision(receipt, old)
        except ApprovalHookError as error:
            tally.failed += 1
            yield Flip("", "", date.min, "", "", (f"无法重算：{error}",), ())
            continue
        flip = _flip(receipt, before, new, remade)
        if flip is None:
            tally.same += 1
        else:
            tally.flipped += 1
            tally.moves[flip.before, flip.after] += 1
        yield flip


def _flip(receipt: Receipt, before: Decision, new: RuleSet, remade: Remade) -> Flip | None:
    case = receipt.case
    try:
        after = remade.decision(receipt, new)
    except CaseInvalid as error:
        return Flip(case.case_no, case.matter, receipt.on, before.outcome, "未配置", (str(error),), ())
    if replace(after, rules_revision=before.rules_revision) == before:
        return None
    explainer = Explainer(new, case, receipt.reports, after)
    stated = set(before.reasons)
    fresh = [reason for reason in after.reasons if reason not in stated]
    return Flip(
        case.case_no,
        case.matter,
        receipt.on,
        before.outcome,
        after.outcome,
        tuple(_changes(before, after, new)),
        tuple(dict.fromkeys(explainer.reason(reason) for reason in fresh))
        or tuple(dict.fromkeys(explainer.refused(effect) for effect in after.refused if effect not in before.refused)),
    )


def _changes(before: Decision, after: Decision, new: RuleSet) -> Iterator[str]:
    if before.outcome != after.outcome:
        yield f"结果 {before.outcome} → {after.outcome}"
    if before.channel != after.channel:
        yield f"通道 {before.channel} → {after.channel}"
    old, now = ({m.measure for m in d.measures} for d in (before, after))
    for name in sorted(now - old):
        yield f"新增措施“{new.rule_title(name)}”"
    for name in sorted(old - now):
        yield f"不再有措施“{new.rule_title(name)}”"
    if {m for m in before.measures if m.measure in now} != {m for m in after.measures if m.measure in old}:
        yield "同一措施的效力或期限不同"
    if before.obligations != after.obligations:
        yield "须办理的确认事项不同"
    if before.tolerated != after.tolerated:
        yield "容缺材料或补交期限不同"
    if before.due_on != after.due_on:
        yield f"法定办结日 {before.due_on} → {after.due_on}"
    if (before.refused, before.reasons, before.parties) != (after.refused, after.reasons, after.parties):
        yield "理由或不适用的说明不同"


#: Outcomes that burden somebody, for the summary of a back-test.
ADVERSE = frozenset({Outcome.BARRED, Outcome.LISTED_MEASURE, Outcome.SEVERE})
