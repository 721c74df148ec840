"""The policy of ``policy_set.full_policy`` for the peer, GoRules zen 2.1.3, in the fastest form found.

The graph has two nodes. A decision table holds every rule that grows with the policy, one row a bar and one row a
measure at a matter, with literal columns that zen indexes; it runs in a loop over the rows that can have a bar or a
measure at all. An expression node does the rest: who may be asked, what each row means, outcomes, duties, refused
effects, good credit with its incentives, channel, 容缺. It answers everything that ``of_ours`` compares.

In the peer's favour: facts are made before the clock runs, as JSON bytes, flat, sparse (what is ordinary is left out),
with role and kind of the party on each row and dates as integers; the date before which a supplement must come, which
takes a working-day calendar, is handed over, and dates of supplements and duties are not asked back. A case has one
answer of a source and no two rows about one document, so which of several answers prevails need not be decided.
Unlike ours, its answer is no receipt: no canonical bytes, no digest, no source or end date.

Tried and slower, on a machine that was not idle; microseconds of CPU for a case, 400 rules, hit-heavy in brackets, best
of twenty in one run, in which the form kept took 107 (402):

- a graph per matter with 1/44 of the rules each, called by its key: 121 (452); the one graph stays in the cache;
- measures joined beforehand to one row a list, role, kind and stretch of days, one hit a record: 110 (533). With a
  graph per matter it is the fastest at 4,000 rules hit-heavy, by a fifth, and slower elsewhere;
- the table over every row, lists classified in it too: 5 to 12 % slower when hit-heavy, the same otherwise;
- the row passed on by an output cell (``$root``) in place of ``passThrough``: twice the time when hit-heavy;
- facts as a dictionary in place of JSON bytes: up to 23 % slower;
- empty fields in the answer in place of left out ones: up to 10 % slower;
- ``evaluate_batch`` in place of ``evaluate``: 8 to 58 % slower; ``create_decision`` is slower still (performance.md);
- a function node: 800 for one that does nothing, as it sets up its module for every call.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from approval_hook.policy.case import CaseView, PartyView, Role
from approval_hook.policy.decision import HEADLINE_ORDER, Decision, Why
from approval_hook.policy.records import CreditRecord, CreditReport, MatchGrade, RecordState

Json = dict[str, Any]

_PLACE = {"x": 0, "y": 0}
_MONTH = 100
_YEAR = 12 * _MONTH
_ADULT = 18 * _YEAR


# --- The graph ---------------------------------------------------------------------------------------------------


def zen_graph(data: Json) -> Json:
    """The whole policy as a graph."""
    table = {
        "hitPolicy": "first",  # of the columns that are not collected; there is none
        "inputs": [
            {"id": "matter", "name": "matter", "field": "$nodes.in.matter"},
            *({"id": name, "name": name, "field": name} for name in ("list", "event", "domain")),
        ],
        "outputs": [{"id": name, "name": name, "field": f"{name}[]"} for name in ("bars", "measures")],
        "rules": [*_bar_rules(data), *_measure_rules(data)],
        "executionMode": "loop",
        "inputField": f"filter(rows, {_needs_table(data, '#')})",
        "outputPath": "hits",
        "passThrough": True,
    }
    decide = {
        "expressions": [{"id": "decision", "key": "decision", "value": " ".join(_decide(data).split())}],
        "passThrough": False,
        "inputField": None,
        "outputPath": None,
        "executionMode": "single",
    }
    return _chain(("hits", "decisionTableNode", table), ("decide", "expressionNode", decide))


def _chain(*inner: tuple[str, str, Json]) -> Json:
    nodes = [
        {"id": name, "name": name, "type": kind, "position": _PLACE, **({"content": content} if content else {})}
        for name, kind, content in (("in", "inputNode", {}), *inner, ("out", "outputNode", {}))
    ]
    pairs = itertools.pairwise(nodes)
    edges = [{"id": f"to-{b['id']}", "sourceId": a["id"], "targetId": b["id"], "type": "edge"} for a, b in pairs]
    return {"contentType": "application/vnd.gorules.decision", "nodes": nodes, "edges": edges}


def _bar_rules(data: Json) -> Iterator[dict[str, str]]:
    """One row a bar; for the same licence one a matter, as its domain is the matter's."""
    domain_of = {matter["code"]: matter["domain"] for matter in data["matters"]}
    for bar in data["bars"]:
        then = "null"
        if bar["roles_then"]:
            then = (
                f"kind == 'person' and (role_then ?? '') not in [{_words(bar['roles_then'])}] ? (role_then == null "
                "and since != null and since > decided ? 'joined-later' : 'role-then-unknown') : null"
            )
        why = (
            f"undocumented == true ? 'no-underlying-decision' : role not in [{_words(bar['roles'])}] ? "
            "'role-not-named' : role == 'applicant' ? null : "
            f"left != null and (left < decided or left < $nodes.in.filed) ? 'left-role' : {then}"
        )
        if "platform" not in bar["proofs"]:
            why = f"own != true ? 'needs-own-register' : {why}"
        ends = f"decided + {bar['period_years'] * _YEAR}" if bar["period_years"] else "null"
        cell = f"{{id: {_text(bar['id'])}, may_refuse: {_text(bar['may_refuse'])}, ends: {ends}, why: {why}}}"
        row = {"event": _words(bar["events"]), "bars": cell}
        named = [domain for domain in bar["domains"] if domain != "same_licence"]
        if named:
            yield {"_id": bar["id"], "matter": _words(bar["matters"]), "domain": _words(named), **row}
        if "same_licence" in bar["domains"]:
            for matter in bar["matters"]:
                if domain_of[matter] not in named:
                    yield {
                        "_id": f"{bar['id']}-{matter}",
                        "matter": _text(matter),
                        "domain": _text(domain_of[matter]),
                        **row,
                    }


def _measure_rules(data: Json) -> Iterator[dict[str, str]]:
    """One row a measure at a matter: it fires, or it says why not."""
    for measure, row in _applications(data, "sanction"):
        if measure["effect"] == "of_others":
            why = "'measure-of-others'"
        else:
            first, last = _term(measure, row)
            why = f"$nodes.in.on in [{first}..{last}] ? null : 'not-in-force'"
            why = f"role not in [{_words(measure['roles'])}] ? 'role-not-named' : {why}"
            if len(measure["kinds"]) == 1:
                why = f"kind != {_text(measure['kinds'][0])} ? 'kind-not-targeted' : {why}"
        yield {
            "_id": f"{row['matter']}-{measure['id']}",
            "matter": _text(row["matter"]),
            "list": _words(measure["list_types"]),
            "measures": f"{{{_measure(measure, row)}, why: {why}}}",
        }


def _applications(data: Json, kind: str, matter: str | None = None) -> Iterator[tuple[Json, Json]]:
    measures = {measure["id"]: measure for measure in data["measures"] if measure["kind"] == kind}
    for row in data["applications"]:
        if row["measure"] in measures and matter in (None, row["matter"]):
            yield measures[row["measure"]], row


def _measure(measure: Json, row: Json) -> str:
    fields = ("id", measure["id"]), ("force", row["force"]), ("may_refuse", row["may_refuse"])
    return ", ".join(f"{name}: {_text(value)}" for name, value in (*fields, ("effect", measure["effect"])))


def _term(measure: Json, row: Json) -> tuple[int, int]:
    first = max(_day(measure["valid_from"]), _day(row["valid_from"]))
    return first, min(_day(part["valid_to"] or "9999-12-31") for part in (measure, row))


def _needs_table(data: Json, row: str) -> str:
    """Whether a bar or a measure can matter for a row; exact enough that the rest needs neither."""
    codes = sorted({code for m in data["measures"] if m["kind"] == "sanction" for code in m["list_types"]})
    return (
        f"({row}.event != null or ({row}.severity == 'serious' and {row}.state == null and {row}.match == null and "
        f"{row}.undocumented == null and on <= {row}.decided + {_months(data)['serious']} and "
        f"{row}.list in [{_words(codes)}]))"
    )


def _months(data: Json) -> dict[str, int]:
    return {period["severity"]: period["max_months"] * _MONTH for period in data["display_periods"]}


def _level(data: Json) -> str:
    """What a list is: its severity, or why it has no effect; null for an unknown one."""
    groups: dict[tuple[str, str], list[str]] = {}
    for item in data["list_types"]:
        level, prefix = item["severity"], item["scope"].partition(":")[2]
        if item["severity"] == "good" or item["reference_only"]:
            level, prefix = ("contradictory" if item["severity"] == "good" else "reference-only"), ""
        groups.setdefault((level, prefix), []).append(item["code"])
    text = "null"
    for (level, prefix), codes in sorted(groups.items(), key=lambda group: len(group[1])):
        found = f"(startsWith(region, '{prefix}') ? '{level}' : 'out-of-scope')" if prefix else f"'{level}'"
        text = f"r.list in [{_words(codes)}] ? {found} : {text}"
    return text


def _outcome(rank: str) -> str:
    """Outcome by its place in the headline order."""
    return f"[{_words(o.value for o in HEADLINE_ORDER)}][{rank}]"


_AMBIGUOUS = (
    "{outcome: 'O-01', rank: 2, rule: 'identity-by-number', why: 'possible-match', record: r.id, "
    "obligation: 'two_confirm_identity', lapses: true}"
)
_DISPUTED = "{outcome: 'O-02', rank: 3, rule: 'dispute-suspends', why: 'disputed', record: r.id}"
_RELATED = "outcome: 'O-08', rank: 5, rule: r.list, why: 'related', record: r.id"
_GENERAL = "outcome: 'O-07', rank: 7, rule: r.list, why: 'general', record: r.id"
_STRICT = "outcome: 'O-06', rank: 6, rule: r.list, record: r.id, obligation: 'section_confirms', lapses: true"
_NOT_BY_LAW = "{rule: 'related-persons-by-law', why: 'related'}"
_NO_PAPER = "{rule: 'underlying-decision', why: 'no-underlying-decision'}"
_NOTHING = "{outcome: 'O-10', rule: 'accept-and-decide-by-conditions', why: 'nothing-found'}"
_GONE = "{outcome: 'O-03', rule: 'gone-is-absent', why: 'gone'}"


def _row(data: Json) -> str:
    """What one row ``r`` of the party ``p`` means. A rank is a place in the headline order; 10 is no outcome."""
    months = _months(data)
    serious = f"""
      (all = r.measures ?? []; fit = filter(all, #.why == null);
      unfit = map(filter(all, #.why != null), {{rule: #.id, why: #.why}});
      left = applicant == false and p.until != null and (p.until < r.decided or p.until < filed);
      len(fit) > 0 and left == false
      ? (some(fit, #.effect == 'limit_entry')
        ? {{outcome: 'O-05', rank: 1, rule: r.list, why: 'listed-measure', record: r.id, obligation: 'head_decides',
           lapses: false, measures: fit, refused: unfit}}
        : {{{_STRICT}, why: 'stricter-review', measures: fit, refused: unfit}})
      : applicant
      ? {{{_STRICT}, why: 'severe', refused: unfit}}
      : {{{_RELATED}, refused: flatten([unfit, map(fit, {{rule: #.id, why: 'left-role'}}), [{_NOT_BY_LAW}]])}})"""
    listed = f"""
      (level = {_level(data)};
      made = level == null
      ? {{rank: 10, record: r.id, refused: [{{rule: 'listed-basis-only', why: 'unclassified'}}]}}
      : level in ['contradictory', 'reference-only', 'out-of-scope']
      ? {{rank: 10, record: r.id, refused: [{{rule: r.list, why: level}}]}}
      : r.scope != null and startsWith(region, r.scope) == false
      ? {{rank: 10, record: r.id, refused: [{{rule: r.list, why: 'out-of-scope'}}]}}
      : r.match == 'possible' ? {_AMBIGUOUS}
      : r.state == 'disputed' ? {_DISPUTED}
      : level == 'serious' and r.severity == 'serious'
      ? (r.undocumented == null ? {serious}
        : applicant ? {{{_GENERAL}, refused: [{_NO_PAPER}]}}
        : {{{_RELATED}, refused: [{_NO_PAPER}, {_NOT_BY_LAW}]}})
      : applicant ? {{{_GENERAL}}}
      : {{{_RELATED}, refused: [{_NOT_BY_LAW}]}};
      len(bars) == 0 ? made : merge([made, {{bars: map(bars, {{rule: #.id, why: #.why}})}}]))"""
    barred = f"""
      (r.match == 'possible' ? {_AMBIGUOUS}
      : r.state == 'disputed' ? {_DISPUTED}
      : (holding = filter(bars, #.why == null);
        {{rank: 0, record: r.id, obligation: 'head_decides', lapses: false,
         measures: map(holding,
           {{id: #.id, force: 'mandatory', may_refuse: #.may_refuse, effect: 'limit_entry'}}),
         reasons: map(holding, {{outcome: 'O-04', rule: #.id, why: 'barred'}})}}))"""
    return f"""
      minor ? {{rank: 10, record: r.id, refused: [{{rule: 'minors-outside', why: 'minor-person'}}]}}
      : r.decided > on
      ? {{outcome: 'O-00', rank: 4, rule: 'clock-never-stops', why: 'future-dated', record: r.id}}
      : (gone = r.state != null and r.state in ['repaired', 'removed', 'corrected'];
        shown = (r.until == null or on <= r.until) and on <= r.decided + (r.severity == 'serious'
          ? {months["serious"]} : r.severity == 'minor' ? {months["minor"]} : r.severity == 'watch'
          ? {months["watch"]} : {months["general"]});
        bars = r.bars == null or gone or (r.own == null and shown == false)
          ? [] : filter(r.bars, #.ends == null or on <= #.ends);
        some(bars, #.why == null) ? {barred}
        : gone or shown == false ? {{rank: 8}}
        : {listed})"""


def _party(data: Json) -> str:
    """What was found about one party ``p``."""
    (ground,) = data["grounds"]
    matter = data["matters"][0]
    sources = matter["required_sources"]
    silent = " or ".join(f"p.{source} != 'OK'" for source in sources)
    doubt = "{outcome: 'O-00', rule: 'clock-never-stops', why: 'source-incomplete'}"
    doubts = ", ".join(f"p.{source} == 'OK' ? [] : [{doubt}]" for source in sources)
    mine = "#.party == p.ref and #.match != 'none'"
    seen = "suppressed: count(mine, #.rank == 8), rows: filter(mine, #.rank != 8)"
    return f"""
    queried = p.role in [{_words(matter["queried_roles"])}];
    asked = queried and p.identified and ((p.role in [{_words(ground["roles"])}] and
      p.kind in [{_words(ground["kinds"])}] and p.market == true and on >= {_day(ground["valid_from"])})
      or (p.consent != null and p.consent_from <= on and on <= p.consent_until));
    asked == false
    ? {{party: p.ref, asked: false, outcome: 'O-10', rank: 10, suppressed: 0, answered: true, quiet: queried == false,
       rows: [],
       reasons: [{{outcome: 'O-10', rule: 'ask-only-with-ground', why: p.role == 'agent' ? 'agent'
         : queried == false ? 'role-not-checked' : p.identified == false ? 'no-number' : 'no-ground'}}],
       refused: some(rows, #.party == p.ref) ? [{{rule: 'ask-only-with-ground', why: 'rows-without-ground'}}] : []}}
    : (applicant = p.role == 'applicant';
      minor = p.kind == 'person' and p.born != null and p.born + {_ADULT} > on;
      mine = map(flatten([filter(hits, {mine}), filter(rows, {mine} and not {_needs_table(data, "#")})]) as r,
        {_row(data)});
      silent = {silent};
      len(mine) == 0 and silent == false
      ? {{party: p.ref, asked: true, outcome: 'O-10', rank: 10, suppressed: 0, answered: true, quiet: true, rows: [],
         reasons: [{_NOTHING}]}}
      : (least = len(mine) == 0 ? 10 : min(map(mine, #.rank));
        silent or some(mine, #.rank == 4)
        ? (best = least > 4 ? 4 : least;
          {{party: p.ref, asked: true, outcome: {_outcome("best")}, rank: best, answered: false, quiet: false, {seen},
           reasons: silent ? flatten([{doubts}]) : [], obligation: 'supervisor_releases', lapses: true}})
        : least < 8
        ? {{party: p.ref, asked: true, outcome: {_outcome("least")}, rank: least, answered: true, {seen},
           quiet: least >= 3 and all(mine, #.rank == 3 or #.rank >= 8)}}
        : {{party: p.ref, asked: true, outcome: {_outcome("least")}, rank: least, answered: true, quiet: true, {seen},
           reasons: least == 8 ? [{_NOTHING}, {_GONE}] : [{_NOTHING}]}}))"""


def _decide(data: Json) -> str:
    """The decision as one expression."""
    (route,) = data["good_credit_routes"]
    years = route["years"] * _YEAR
    papers = data["matters"][0]["materials"]
    internal = [p for p in papers if p["kind"] == "internal" and p["tolerance"] != "never"]
    for_all = [p["code"] for p in internal if p["tolerance"] == "everyone" and not p["main"]]
    public = [m["code"] for m in data["matters"] if m["public_tolerance_list"]]
    return f"""
    found = map(parties as p, {_party(data)});
    first = parties[0];
    good = all(found, #.quiet) and found[0].rank >= 8 and (first.kind == 'organisation'
      ? first.established != null and first.established + {years} <= on
      : first.born != null and first.born + {_ADULT + years} <= on);
    headline = good ? min(map(found, #.party == first.ref ? 9 : #.rank)) : min(map(found, #.rank));
    earned = good ? filter({_incentives(data)}, #.from <= on and on <= #.to and first.kind in #.kinds) : [];
    missing = len(given) == {len(papers)} ? []
      : filter([{_words(p["code"] for p in papers)}], # not in given and
        (# not in [{_words(p["code"] for p in papers if p["condition"])}] or # not in spared));
    complete = all(found, #.answered);
    {{
      outcome: {_outcome("headline")},
      channel: good ? (some(earned, #.effect == 'green_channel') ? 'green' : 'ordinary')
        : headline < 2 ? 'restricted'
        : headline == 2 or complete == false ? 'undetermined'
        : headline == 6 or (headline < 6 and some(found as f, some(f.rows, #.rank == 6))) ? 'strict' : 'ordinary',
      complete: complete,
      recheck_owed: complete == false,
      suppressed: sum(map(found, #.suppressed)),
      applicant: good ? 'O-09' : found[0].outcome,
      credit: good ? [{{outcome: 'O-09', rule: {_text(route["id"])}, why: 'clean-years'}}] : [],
      earned: earned,
      tolerated: len(missing) > 0 and latest > filed and all(missing, some(earned, #.effect == 'longer_supplement')
        ? # in [{_words(p["code"] for p in internal)}]
        : matter in [{_words(public)}] and # in [{_words(for_all)}]) ? missing : [],
      parties: found
    }}"""


def _incentives(data: Json) -> str:
    """The incentives of the matter, or that a quota leaves no priority."""
    text = "[]"
    for matter in data["matters"]:
        items = []
        for measure, row in _applications(data, "incentive", matter["code"]):
            first, last = _term(measure, row)
            what = _measure(measure, row)
            if matter["quota_limited"] and measure["effect"] == "green_channel":
                what = "rule: 'order-of-acceptance', why: 'no-priority-under-quota'"
            items.append(f"{{{what}, from: {first}, to: {last}, kinds: [{_words(measure['kinds'])}]}}")
        if items:
            text = f"matter == {_text(matter['code'])} ? [{', '.join(items)}] : {text}"
    return text


# --- The facts ---------------------------------------------------------------------------------------------------


def zen_facts(case: CaseView, reports: Sequence[CreditReport], on: date, latest: date) -> bytes:
    """The facts of a case as the graph likes them best.

    Args:
        case: the case.
        reports: one answer of each source about each party that was asked about.
        on: the day of the decision.
        latest: the day before which a supplement must come.
    """
    answers: dict[str, dict[str, str]] = {}
    for report in reports:
        answers.setdefault(report.party, {})[report.source] = report.status.value
    by_ref = {party.ref: party for party in case.parties}
    facts = {
        "matter": case.matter,
        "region": case.region,
        "on": _day(on),
        "filed": _day(case.filed_on),
        "latest": _day(latest),
        "given": case.materials,
        "spared": case.not_needed,
        "parties": [
            _party_facts(party, answers.get(party.ref, {}))
            for party in sorted(case.parties, key=lambda p: p.role is not Role.APPLICANT)
        ],
        "rows": [_row_facts(by_ref[report.party], report, r) for report in reports for r in report.records],
    }
    return json.dumps(facts, ensure_ascii=False, separators=(",", ":")).encode()


def _party_facts(party: PartyView, answers: dict[str, str]) -> Json:
    consent = party.authorisation
    return {
        "ref": party.ref,
        "role": party.role.value,
        "kind": party.kind.value,
        "identified": party.identified,
        **_present(
            market=party.market or None,
            until=party.until,
            born=party.born_on,
            established=party.established_on,
            consent=consent and consent.reference,
            consent_from=consent and consent.valid_from,
            consent_until=consent and consent.valid_until,
        ),
        **answers,
    }


def _row_facts(party: PartyView, report: CreditReport, record: CreditRecord) -> Json:
    return {
        "party": party.ref,
        "id": record.record_id,
        "role": party.role.value,
        "kind": party.kind.value,
        "list": record.list_type,
        "severity": record.severity.value,
        "decided": _day(record.decided_on),
        **_present(
            undocumented=None if record.document_no else True,
            own=True if report.source == "own_register" else None,
            match=None if record.match is MatchGrade.EXACT else record.match.value,
            state=None if record.state is RecordState.ACTIVE else record.state.value,
            until=record.display_until,
            scope=None if record.scope == "national" else record.scope.partition(":")[2],
        ),
        **(
            _present(
                event=record.event,
                domain=record.domain or None,
                role_then=record.role_then or None,
                left=party.until,
                since=party.since,
            )
            if record.event
            else {}
        ),
    }


def _present(**fields: object) -> Json:
    return {
        name: _day(value) if isinstance(value, date) else value for name, value in fields.items() if value is not None
    }


def _day(value: date | str) -> int:
    """A date as an integer to which months are added as hundreds; a day that does not exist lies where it should."""
    if isinstance(value, str):
        value = date.fromisoformat(value)
    return (value.year * 12 + value.month - 1) * _MONTH + value.day


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _words(values: Iterable[str]) -> str:
    return ",".join(_text(value) for value in values)


# --- Both decisions in one form ----------------------------------------------------------------------------------


def of_ours(decision: Decision) -> Json:
    """Everything of our decision that the graph answers too."""
    return {
        "outcome": decision.outcome.value,
        "channel": decision.channel.value,
        "complete": decision.complete,
        "recheck_owed": decision.recheck_owed,
        "suppressed": decision.suppressed,
        "parties": sorted((p.party, p.outcome.value, p.asked) for p in decision.parties),
        "measures": sorted((m.measure, m.party, m.record, m.force, m.may_refuse, m.effect) for m in decision.measures),
        "refused": sorted((rule, r.why.value, r.party, r.record) for r in decision.refused for rule in r.rules),
        "obligations": sorted((o.kind.value, o.party, o.record, o.lapses) for o in decision.obligations),
        "reasons": sorted((r.outcome.value, r.rule, r.why.value, r.party, r.record) for r in decision.reasons),
        "tolerated": sorted(t.material for t in decision.tolerated),
    }


def of_zen(decision: Json) -> Json:
    """The same of the graph's answer. It only unfolds what is nested under a party or a row; it decides nothing."""
    first = decision["parties"][0]["party"]
    earned = decision["earned"]
    made: Json = {
        "measures": [_fired(item, first, "") for item in earned if "id" in item],
        "refused": [(item["rule"], item["why"], first, "") for item in earned if "rule" in item],
        "reasons": [_reason(item, first, "") for item in decision["credit"]],
        "obligations": [],
        "parties": [],
    }
    for party in decision["parties"]:
        ref = party["party"]
        outcome = decision["applicant"] if ref == first else party["outcome"]
        made["parties"].append((ref, outcome, party["asked"]))
        for part in (party, *party["rows"]):
            record = part.get("record", "")
            reasons = [*part.get("reasons", ()), *([part] if "rule" in part else ())]
            made["reasons"] += [_reason(item, ref, record) for item in reasons]
            made["measures"] += [_fired(item, ref, record) for item in part.get("measures", ())]
            refused = [*part.get("refused", ()), *part.get("bars", ())]
            made["refused"] += [(item["rule"], item["why"], ref, record) for item in refused]
            if "obligation" in part:
                made["obligations"].append((part["obligation"], ref, record, part["lapses"]))
    return {
        **{name: decision[name] for name in ("outcome", "channel", "complete", "recheck_owed", "suppressed")},
        **{name: sorted(items) for name, items in made.items()},
        "tolerated": sorted(decision["tolerated"]),
    }


def _fired(item: Json, party: str, record: str) -> tuple[object, ...]:
    return item["id"], party, record, item["force"], item["may_refuse"], item["effect"]


def _reason(item: Json, party: str, record: str) -> tuple[object, ...]:
    return item["outcome"], item["rule"], item["why"], party, record


# --- Only a look-up ----------------------------------------------------------------------------------------------


def lookup_graph(data: Json) -> Json:
    """Not the policy, only its measures: which ones reach a row already found usable and severe."""
    rules = []
    for measure, row in _applications(data, "sanction"):
        if measure["effect"] == "of_others":
            continue
        first, last = _term(measure, row)
        rules.append(
            {
                "_id": f"{row['matter']}-{measure['id']}",
                "matter": _text(row["matter"]),
                "list": _words(measure["list_types"]),
                "role": _words(measure["roles"]),
                "kind": _words(measure["kinds"]),
                "on": f"[{first}..{last}]",
                "measure": _text(measure["id"]),
            }
        )
    columns = ("matter", "list", "role", "kind", "on")
    table = {
        "hitPolicy": "collect",
        "inputs": [{"id": name, "name": name, "field": name} for name in columns],
        "outputs": [{"id": "measure", "name": "measure", "field": "measure"}],
        "rules": rules,
        "executionMode": "loop",
        "inputField": "rows",
        "outputPath": None,
        "passThrough": False,
    }
    return _chain(("table", "decisionTableNode", table))


_SEVERE = frozenset({Why.LISTED_MEASURE, Why.STRICTER_REVIEW, Why.SEVERE})


def lookup_facts(case: CaseView, reports: Sequence[CreditReport], decision: Decision) -> bytes:
    """The rows that a decision found usable and severe, with what the look-up needs of each."""
    usable = {(reason.party, reason.source, reason.record) for reason in decision.reasons if reason.why in _SEVERE}
    by_ref = {party.ref: party for party in case.parties}
    rows = [
        {
            "matter": case.matter,
            "list": record.list_type,
            "role": by_ref[report.party].role.value,
            "kind": by_ref[report.party].kind.value,
            "on": _day(decision.on),
        }
        for report in reports
        for record in report.records
        if (report.party, record.source, record.record_id) in usable
    ]
    return json.dumps({"rows": rows}, separators=(",", ":")).encode()
