"""The use case: inquire, evaluate, record, answer. The only place that orders I/O.

A host calls these in order: ``case_of`` (facts to case), ``standing`` (what the newest
record says), and where that says so ``open_inquiry`` (committed first), ``ask`` (outside any
transaction), ``record_reply`` (committed), ``decide`` (in the host's transaction, together with
its effect). A repeat finds what is there and adds no second inquiry.
"""

from __future__ import annotations

import dataclasses
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import msgspec
from django.db import connection, transaction
from msgspec.structs import replace

import approval_hook
from approval_hook import clock, pending, privacy
from approval_hook.cases import Case, book, case_of, due_on, exemption_of, fresh_until, release_on
from approval_hook.columns import new
from approval_hook.conf import conf
from approval_hook.debts import keep as keep_debt
from approval_hook.errors import CaseInvalid, ConfigurationError
from approval_hook.grounds import planned
from approval_hook.keeping import keep
from approval_hook.logs import get_logger
from approval_hook.models import CreditDecision, EmergencyAct, Identity, Inquiry, PendingQuery, Point, Reply
from approval_hook.platforms import Question, ask_all, platforms
from approval_hook.policy.decision import Decision, Obligation
from approval_hook.policy.evaluate import evaluate
from approval_hook.policy.merging import find_conflicts, one_spelling
from approval_hook.policy.receipt import (
    case_to_json,
    make_receipt,
    receipt_bytes,
    receipt_digest,
    receipt_from_bytes,
    reports_from_json,
    reports_to_json,
)
from approval_hook.policy.records import CreditReport, QueryStatus
from approval_hook.ports import Query
from approval_hook.raw_replies import Kept, to_keep
from approval_hook.raw_replies import seal as seal_raw
from approval_hook.reusing import Reused, reusable, told
from approval_hook.settling import apply_matches, discharged, settled_channel, settled_matches
from approval_hook.standing import Standing, Verdict, in_force, standing, standing_on
from approval_hook.statements import First, insert
from approval_hook.workcalendar import published_calendar

__all__ = [
    "Case",
    "Opened",
    "Standing",
    "Verdict",
    "all_local",
    "ask",
    "book",
    "case_of",
    "decide",
    "due_on",
    "fresh_until",
    "in_force",
    "lapse",
    "newly_discharged",
    "obtain",
    "open_inquiry",
    "point_of",
    "record_reply",
    "release",
    "release_on",
    "standing",
    "standing_on",
    "stated_decision",
]


_latest_inquiry = First(Inquiry, "gate_key", lambda rows: rows.order_by("-round"))


def all_local() -> bool:
    """True when every configured source may be asked inside a transaction."""
    return not any(p.remote for p in platforms().values())


@dataclass(frozen=True, slots=True)
class Opened:
    """An inquiry to ask about, or one that somebody has had answered already.

    Attributes:
        inquiry: committed.
        attempts: replies known when it was taken up; 0 for a new one.
        answer: its complete and fresh reply, or None. With it nothing is asked: another worker just
            asked, or one died between the reply and the decision.
        receipts: by query, what a platform's staff may have approved meanwhile; fetched in place of asking.
        reused: by query, answers of an earlier reply of the case that serve once more.
    """

    inquiry: Inquiry
    attempts: int
    answer: Reply | None
    receipts: Mapping[str, PendingQuery] = field(default_factory=dict)
    reused: Mapping[str, Reused] = field(default_factory=dict)


def open_inquiry(
    case: Case, point: Point, gate_key: str, by: str, *, first: bool = False, unanswered: bool = False
) -> Opened:
    """Commit the inquiry before anybody is asked, or take up the one of this task that still serves.

    Args:
        case: the case as it stands.
        point: hook point.
        gate_key: the task that asks.
        by: who moved the case there.
        first: the caller knows of no record of the case, so most likely nobody has asked yet.
        unanswered: the record of the case lacks an answer, which a platform's staff may still owe.
    """
    opened = _opened(case, point, gate_key, by, first=first)
    if unanswered and opened.answer is None and not opened.receipts:
        opened = dataclasses.replace(opened, receipts=pending.open_receipts(opened.inquiry))
    if not first and opened.answer is None:
        opened = dataclasses.replace(opened, reused=reusable(case, point, opened.inquiry))
    return opened


def _opened(case: Case, point: Point, gate_key: str, by: str, *, first: bool) -> Opened:
    latest = None if first else _latest_inquiry(gate_key)
    while True:
        opened = _take_up(latest, case, point) if latest is not None else None
        if opened is not None:
            return opened
        round_ = (latest.round if latest else 0) + 1
        inquiry = _insert_inquiry(case, point, gate_key, round_, by)
        if inquiry is not None:
            return Opened(inquiry, 0, None)
        # Another worker, or one that died, opened the same round; take that one.
        latest = _latest_inquiry(gate_key)
        if latest is None or latest.round < round_:
            raise ConfigurationError("The inquiry of another worker is not to be seen; isolate by READ COMMITTED.")


def _take_up(inquiry: Inquiry, case: Case, point: Point) -> Opened | None:
    if inquiry.subjects != case.subjects or inquiry.rules_digest != case.loaded.digest:
        return None
    if inquiry.view.get("exemption", "") != exemption_of(case, point):
        return None
    replies = [reply for reply in inquiry.replies.order_by("attempt") if _believed(reply)]
    complete = [r for r in replies if r.complete]
    if not complete:
        waits = pending.open_receipts(inquiry) if pending.waits_for_staff(replies) else {}
        return Opened(inquiry, len(replies), None, waits)
    # A new round here would ask a second time for what is known, when two workers meet at one task.
    fresh = case.at < fresh_until(case, point, complete[-1].answered_at)
    return Opened(inquiry, len(replies), complete[-1]) if fresh else None


def _believed(reply: Reply) -> bool:
    if reply.is_genuine():
        return True
    get_logger().error("a reply was not written by the gate", alarm=True, inquiry=reply.inquiry_id.hex, row=reply.pk)
    return False


def _insert_inquiry(case: Case, point: Point, gate_key: str, round_: int, by: str) -> Inquiry | None:
    """The new inquiry with its identities, or None where the round has one."""
    inquiry_id = uuid.uuid4()
    queries: list[dict[str, str]] = []
    exemption = exemption_of(case, point)
    for each in () if exemption else planned(case):
        for source in each.sources:
            query_id = f"{inquiry_id.hex}-{len(queries) + 1}"
            queries.append({"query_id": query_id, "party": each.party.ref, "source": source, "ground": each.ground})
    inquiry = new(
        Inquiry,
        id=inquiry_id,
        host_key=case.host_key,
        case_no=case.facts.case_no,
        matter=case.facts.matter,
        organ=case.facts.organ,
        point=point.value,
        gate_key=gate_key,
        round=round_,
        asked_by=by,
        rules_revision=case.loaded.rules.revision,
        rules_digest=case.loaded.digest,
        subjects=case.subjects,
        view=case_to_json(replace(case.view, exemption=exemption)),
        queries=queries,
        made_at=case.at,
    )
    key_id, sealed = privacy.seal(_identities(case), Identity.context(inquiry_id))
    with transaction.atomic(savepoint=False):
        if not insert(inquiry, unless=("gate_key", "round")):
            return None
        insert(new(Identity, inquiry=inquiry, key_id=key_id, sealed=sealed))
    get_logger().info("inquiry committed", inquiry=inquiry_id.hex, case=case.host_key, queries=len(queries))
    return inquiry


def _identities(case: Case) -> bytes:
    people = {
        view.ref: {
            "name": party.subject.name,
            "kind": party.subject.kind.value,
            "identifiers": [[i.type.value, i.number] for i in party.subject.identifiers],
        }
        for view, party in zip(case.view.parties, case.facts.parties, strict=True)
    }
    return json.dumps(people, ensure_ascii=False).encode()


def obtain(case: Case, opened: Opened) -> Reply | None:
    """The reply to an opened inquiry: its answer, or what comes back now, committed.

    Returns:
        None: another worker fetches for the case by a receipt at this moment, or did meanwhile; leave it to that one.
    """
    if opened.answer is not None:
        return opened.answer
    kept = to_keep(case.loaded.rules, opened.inquiry.queries)
    if not opened.receipts:
        reports = ask(case, opened.inquiry, reused=opened.reused, kept=kept)
        reply = record_reply(case, opened, reports, kept)
        if pending.waits_for_staff([reply]):
            pending.note(opened.inquiry, {}, _by_query(opened.inquiry, reports), case.at)
        return reply
    if not pending.lease(opened.receipts.values()):
        return None
    reports = ask(case, opened.inquiry, receipts=opened.receipts, reused=opened.reused, kept=kept)
    reply = record_reply(case, opened, reports, kept)
    ours = pending.note(opened.inquiry, opened.receipts, _by_query(opened.inquiry, reports), case.at)
    return reply if ours else None


def _by_query(inquiry: Inquiry, reports: Sequence[CreditReport]) -> dict[str, CreditReport]:
    return {query["query_id"]: report for query, report in zip(inquiry.queries, reports, strict=True)}


def ask(
    case: Case,
    inquiry: Inquiry,
    seconds: float | None = None,
    *,
    receipts: Mapping[str, PendingQuery] | None = None,
    reused: Mapping[str, Reused] | None = None,
    kept: Kept | None = None,
) -> list[CreditReport]:
    """Ask every source about every subject of the inquiry, inside one total deadline.

    Args:
        case: the case as it stands.
        inquiry: registered, about this very case.
        seconds: deadline; as in the settings when not given.
        receipts: by query, pending ones of which the answer is fetched in place of asking anew.
        reused: by query, earlier answers that serve again; nobody is asked for them.
        kept: by query, where the bodies of its answer are put.

    Raises:
        ConfigurationError: called inside a transaction with a remote platform, or with an inquiry
            that is not registered or is about another case.
    """
    if connection.in_atomic_block and not all_local():
        raise ConfigurationError("A remote platform is never asked inside a database transaction.")
    if inquiry._state.adding or (inquiry.host_key, inquiry.subjects) != (case.host_key, case.subjects):
        raise ConfigurationError("Nothing is asked without a registered inquiry about this very case.")
    subjects = {v.ref: p.subject for v, p in zip(case.view.parties, case.facts.parties, strict=True)}
    known, served, bodies = receipts or {}, reused or {}, kept or {}
    questions = {
        q["query_id"]: Question(
            source=q["source"],
            query=Query(
                # The platform knows a pending query by the number under which it came first.
                query_id=known[q["query_id"]].query_id if q["query_id"] in known else q["query_id"],
                party=q["party"],
                subject=subjects[q["party"]],
                matter=inquiry.matter,
                case_no=inquiry.case_no,
                organ=inquiry.organ,
                ground=q["ground"],
                as_of=case.on,
                keep=bodies[q["query_id"]].append if q["query_id"] in bodies else None,
            ),
            decides=inquiry.point == Point.DECISION,
            receipt_no=known[q["query_id"]].receipt_no if q["query_id"] in known else "",
        )
        for q in inquiry.queries
        if q["query_id"] not in served
    }
    answers = ask_all(list(questions.values()), seconds=seconds or conf().interactive_seconds)
    reports = dict(zip(questions, answers, strict=True)) | {query: one.report for query, one in served.items()}
    return [reports[q["query_id"]] for q in inquiry.queries]


def record_reply(case: Case, opened: Opened, reports: Sequence[CreditReport], kept: Kept | None = None) -> Reply:
    """Commit what came back, failures included; ``kept`` as it came where the rule set wants that."""
    inquiry = opened.inquiry
    required = set(case.matter.required_sources)
    complete = all(
        r.status is QueryStatus.OK and not r.registered_name_differs for r in reports if r.source in required
    )
    reply = new(
        Reply,
        inquiry=inquiry,
        attempt=opened.attempts,
        complete=complete,
        reports=reports_to_json(reports),
        asked_at=min((r.asked_at for r in reports), default=case.at),
        answered_at=max((r.answered_at for r in reports), default=case.at),
        reused=told(case, opened.reused),
    )
    if opened.reused:  # as fresh as the oldest of its answers
        reply.answered_at = min(one.report.answered_at for one in opened.reused.values())
    if kept:
        bodies = {query: pieces for query, pieces in kept.items() if query not in opened.reused}
        with transaction.atomic(savepoint=False):
            _insert_reply(reply)
            seal_raw(reply, _by_query(inquiry, reports), bodies)
    else:
        _insert_reply(reply)
    get_logger().info(
        "reply committed",
        inquiry=inquiry.pk.hex,
        attempt=reply.attempt,
        complete=complete,
        statuses=sorted({f"{r.source}:{r.status.value}" for r in reports}),
    )
    return reply


def _insert_reply(reply: Reply) -> None:
    recorded = False
    while not recorded:
        reply.attempt += 1  # past those that other workers have recorded meanwhile
        reply.digest = privacy.digest(reply.sealed_text())
        recorded = insert(reply, unless=("inquiry", "attempt"))


def decide(case: Case, inquiry: Inquiry, reply: Reply, point: Point, by: str) -> CreditDecision:
    """Evaluate and insert the decision; the caller's transaction holds its effect too.

    Raises:
        CaseInvalid: the reply was not written by the gate; nothing rests on it.
    """
    if not _believed(reply):
        raise CaseInvalid("核查答复", "核查答复校验不符，不能采用。", "请重新核查，并联系系统管理员。")
    exemption = exemption_of(case, point)
    if exemption:
        case = dataclasses.replace(case, view=replace(case.view, exemption=exemption))
    reports = reports_from_json(reply.reports)
    used = one_spelling(reports)
    matches: dict[tuple[str, str], bool] = {}
    decision = _evaluate(case, used)
    verdicts: dict[Obligation, str] = {}
    if decision.obligations:
        matches = settled_matches(case.host_key, reports)
        if matches:
            used = one_spelling(apply_matches(reports, matches))
            decision = _evaluate(case, used)
        verdicts = discharged(case.host_key, decision, reports)
    origin = CreditDecision.Origin.SETTLED if verdicts or matches else CreditDecision.Origin.EVALUATED
    calendar = published_calendar()
    keep(case.loaded, calendar)
    receipt = receipt_bytes(
        make_receipt(
            case.view,
            used,
            decision,
            at=max(case.at, reply.answered_at),
            rules_digest=case.loaded.digest,
            calendar_digest=calendar.digest,
            software=approval_hook.__version__,
        )
    ).decode()
    conflicts = find_conflicts(reports, case.loaded.rules.status_authority)
    return _insert_decision(
        case,
        inquiry,
        reply,
        point,
        by,
        decision,
        receipt,
        verdicts,
        matches,
        origin,
        told_of=msgspec.to_builtins(conflicts),
    )


def lapse(case: Case, decision: CreditDecision) -> CreditDecision | None:
    """On the statutory due date, let what may lapse have no credit effect.

    Returns:
        The new record, or None when a duty stays that silence cannot end: a bar or a listed
        measure that the head has not settled, or no registered attempt.
    """
    stated = stated_decision(decision)
    verdicts = discharged(case.host_key, stated, reports_from_json(decision.reply.reports))
    due = due_on(case)
    if case.on < due or not all(o.lapses for o in stated.obligations if o not in verdicts):
        return None
    get_logger().error("hold lapsed on the statutory due date", alarm=True, case=case.host_key, due=str(due))
    return _without_effect(case, decision, stated, verdicts, "system", CreditDecision.Origin.LAPSED)


def release(case: Case, decision: CreditDecision, request: EmergencyAct, by: str) -> CreditDecision:
    """Let a could-not-tell record have no credit effect until the emergency release expires.

    The caller has confirmed that the request may be granted, and holds the flow lock and the transaction.
    """
    stated = stated_decision(decision)
    verdicts = discharged(case.host_key, stated, reports_from_json(decision.reply.reports))
    get_logger().error(
        "emergency release", alarm=True, case=case.host_key, until=request.expires_at.isoformat(), request=request.pk
    )
    return _without_effect(case, decision, stated, verdicts, by, CreditDecision.Origin.EMERGENCY, request)


def _without_effect(
    case: Case,
    decision: CreditDecision,
    stated: Decision,
    verdicts: dict[Obligation, str],
    by: str,
    origin: CreditDecision.Origin,
    request: EmergencyAct | None = None,
) -> CreditDecision:
    """A record that says the same and holds nothing open."""
    matches = {(party, record): same for party, record, same in decision.body["matches"]}
    return _insert_decision(
        case,
        decision.inquiry,
        decision.reply,
        point_of(decision),
        by,
        stated,
        decision.receipt,
        verdicts,
        matches,
        origin,
        request,
        told_of=decision.body.get("conflicts", []),
    )


def _evaluate(case: Case, reports: Sequence[CreditReport]) -> Decision:
    return evaluate(case.view, reports, case.loaded.rules, case.on, published_calendar())


def _insert_decision(
    case: Case,
    inquiry: Inquiry,
    reply: Reply,
    point: Point,
    by: str,
    decision: Decision,
    receipt: str,
    verdicts: dict[Obligation, str],
    matches: dict[tuple[str, str], bool],
    origin: CreditDecision.Origin,
    request: EmergencyAct | None = None,
    *,
    told_of: Sequence[Any] = (),
) -> CreditDecision:
    lapsed = origin in (CreditDecision.Origin.LAPSED, CreditDecision.Origin.EMERGENCY)
    open_duties = [] if lapsed else [duty for duty in decision.obligations if duty not in verdicts]
    body: dict[str, Any] = {
        "outstanding": [msgspec.to_builtins(duty) for duty in open_duties],
        "settled": [{**msgspec.to_builtins(duty), "verdict": str(verdict)} for duty, verdict in verdicts.items()],
        "matches": [[party, record, same] for (party, record), same in sorted(matches.items())],
    }
    if told_of:
        body["conflicts"] = list(told_of)  # of sources with each other; they change no outcome
    if case.view.exemption:
        body["exemption"] = case.view.exemption
    answered = case.at if lapsed else reply.answered_at
    fresh = answered + timedelta(minutes=case.matter.fresh_minutes(Point.DECISION.value))
    if request is not None:
        body["emergency"] = request.pk
        fresh = request.expires_at
    row = new(
        CreditDecision,
        host_key=case.host_key,
        case_no=case.facts.case_no,
        matter=case.facts.matter,
        point=point.value,
        origin=origin.value,
        inquiry=inquiry,
        reply=reply,
        outcome=decision.outcome.value,
        channel=settled_channel(decision, verdicts, lapsed=lapsed).value,
        permits=not open_duties,
        complete=decision.complete,
        subjects=case.subjects,
        rules_revision=case.loaded.rules.revision,
        rules_digest=case.loaded.digest,
        on=decision.on,
        due_on=decision.due_on,
        answered_at=reply.answered_at,
        fresh_until=fresh,
        body=body,
        receipt=receipt,
        receipt_digest=receipt_digest(receipt.encode()),
        digest="",
        software=approval_hook.__version__,
        made_by=by,
        made_at=clock.now(),
    )
    row.digest = privacy.digest(row.sealed_text())
    row.save()
    keep_debt(case, row, decision)
    get_logger().info("decision recorded", case=case.host_key, outcome=row.outcome, permits=row.permits, origin=origin)
    return row


def stated_decision(row: CreditDecision) -> Decision:
    """The core's decision that a row records."""
    return receipt_from_bytes(row.receipt).decision


def point_of(row: CreditDecision) -> Point:
    """The hook point a row was made at."""
    return Point(row.point)


def newly_discharged(row: CreditDecision) -> bool:
    """Whether people have since discharged a duty that the row still holds open."""
    said = discharged(row.host_key, stated_decision(row), reports_from_json(row.reply.reports))
    return len(said) > len(row.body["settled"])
