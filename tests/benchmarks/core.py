"""Decisions per second against GoRules zen on the same policy and facts, receipt included on our side.

Both sides make the whole decision; ``zen_policy`` says how zen does it in its fastest form and what it is spared. Our
side gets the case and the reports as the gate has them and makes the receipt with SHA-256 too. For every case of
every round both decisions must agree in outcomes, channel, completeness, fired measures, refused effects, duties,
reasons, suppressed rows and tolerated materials; every receipt is made again from its own bytes.

``core.ceiling_vs_zen_<n>`` is what a core that decides in no time would reach: only the receipt is written.
``core.lookup_vs_zen_<n>`` is no comparison of equals and has no bar: there zen only looks up measures, of rows that
our decision found usable and severe, while we make the whole decision with its receipt.

Facts are distinct for every call and used once, so there is nothing to remember across calls. Times are CPU seconds of
the process, which other work on the machine disturbs less; both sides stay on the calling thread.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import zen

from approval_hook.policy.case import CaseView
from approval_hook.policy.catalogue import RuleSet
from approval_hook.policy.decision import Decision
from approval_hook.policy.evaluate import evaluate
from approval_hook.policy.receipt import make_receipt, receipt_bytes, receipt_digest, receipt_from_bytes
from approval_hook.policy.records import CreditReport
from approval_hook.policy.workdays import add_workdays
from approval_hook.workcalendar import published_calendar
from tests.benchmarks.figures import Figure
from tests.benchmarks.policy_set import AT, ON, cases_of, full_policy
from tests.benchmarks.zen_policy import lookup_facts, lookup_graph, of_ours, of_zen, zen_facts, zen_graph

#: Bar and goal by number of rules (performance.md section 3).
BARS = {40: (2.0, 3.0), 400: (4.5, 6.0), 4000: (18.0, 25.0)}
HIT_HEAVY = (1.0, 1.5)
COMPILE_SECONDS = 0.5
GROWTH = 1.5
ROUNDS = 7
CASES = 180
#: Cases that one side decides before the other takes its turn; the first of them before the clock runs, so that
#: nobody pays for the caches that the other one filled.
TURN = 60
WARM = 10

Given = Sequence[tuple[CaseView, list[CreditReport]]]


@dataclass(frozen=True, slots=True)
class Ours:
    """Our side of one policy: decides, writes the receipt, and can make it again."""

    rules: RuleSet
    digest: str

    @classmethod
    def of(cls, data: dict[str, Any]) -> Ours:
        """Compile a policy."""
        rules = RuleSet.parse(data)
        rules.plan("matter-0")
        return cls(rules, rules.digest)

    def decide(self, given: Given) -> list[tuple[bytes, str]]:
        """Decide every case; the canonical receipt of each with its digest."""
        calendar = published_calendar()
        return [
            self._written(case, reports, evaluate(case, reports, self.rules, ON, calendar), calendar.digest)
            for case, reports in given
        ]

    def write(self, decided: Sequence[tuple[CaseView, Sequence[CreditReport], Decision]]) -> list[tuple[bytes, str]]:
        """Only the receipts of decisions that are there already: less than that no core can take."""
        calendar = published_calendar().digest
        return [self._written(case, reports, decision, calendar) for case, reports, decision in decided]

    def _written(
        self, case: CaseView, reports: Sequence[CreditReport], decision: Decision, calendar: str
    ) -> tuple[bytes, str]:
        raw = receipt_bytes(
            make_receipt(
                case,
                reports,
                decision,
                at=AT,
                rules_digest=self.digest,
                calendar_digest=calendar,
                software="benchmark",
            )
        )
        return raw, receipt_digest(raw)

    def replay(self, made: Sequence[tuple[bytes, str]]) -> None:
        """Make every receipt again from its own bytes.

        Raises:
            SystemExit: one comes out different.
        """
        for raw, digest in made:
            stored = receipt_from_bytes(raw)
            again = self.decide([(stored.case, list(stored.reports))])
            if again != [(raw, digest)]:
                raise SystemExit(f"the receipt of {stored.case.case_no} does not come out again")


def zen_engine(graph: dict[str, Any]) -> Any:
    """Make a zen with this graph, loaded once."""
    return zen.ZenEngine({"loader": {"type": "static", "content": {"policy": graph}}})


def zen_decide(engine: Any, facts: Sequence[bytes]) -> list[Any]:
    """Evaluate every case with zen; its results."""
    return [engine.evaluate("policy", fact)["result"] for fact in facts]


@dataclass(slots=True)
class Versus:
    """Ratios of zen's time to ours, one a turn, and what they rest on."""

    ours: Ours
    engine: Any
    lookup: Any
    latest: date  # the day before which a supplement must come
    ratios: list[float] = field(default_factory=list)
    control: list[float] = field(default_factory=list)
    lookups: list[float] = field(default_factory=list)
    ceilings: list[float] = field(default_factory=list)
    checked: int = 0  # cases on which both agreed and whose receipt came out again

    @classmethod
    def of(cls, data: dict[str, Any], theirs: dict[str, Any] | None = None) -> Versus:
        """Load a policy on both sides; ``theirs`` only to show that a difference is found."""
        rules = Ours.of(data)
        (clock,) = rules.rules.clocks
        calendar = published_calendar()
        due = add_workdays(ON, clock.days, calendar).on
        latest = add_workdays(due, -rules.rules.supplement_buffer_days, calendar).on
        peer = data if theirs is None else theirs
        return cls(rules, zen_engine(zen_graph(peer)), zen_engine(lookup_graph(peer)), latest)

    def turn(self, given: Given, again: Given, *, counts: bool) -> None:
        """Decide some cases on both sides, compare and replay.

        Args:
            given: the cases.
            again: equal cases made anew, for the control.
            counts: whether the times count; the first ones warm up.

        Raises:
            SystemExit: the sides differ about a case, or a receipt does not come out again.
        """
        facts = [zen_facts(case, reports, ON, self.latest) for case, reports in given]
        theirs, peer = _timed(lambda part: zen_decide(self.engine, part), facts)
        made, mine = _timed(self.ours.decide, given)
        _, second = _timed(self.ours.decide, again)
        decisions = [receipt_from_bytes(raw).decision for raw, _ in made]
        decided = [(*pair, decision) for pair, decision in zip(given, decisions, strict=True)]
        written, writing = _timed(self.ours.write, decided)
        _agree("a receipt", written, made)
        severe = [lookup_facts(*pair, decision) for pair, decision in zip(given, decisions, strict=True)]
        found, looking = _timed(lambda part: zen_decide(self.lookup, part), severe)
        for (case, _), decision, result, hits in zip(given, decisions, theirs, found, strict=True):
            _agree(case.case_no, of_ours(decision), of_zen(result["decision"]))
            fired = sorted(m.measure for m in decision.measures if m.kind == "sanction")
            _agree(case.case_no, fired, sorted(hit["measure"] for rows in hits for hit in rows))
        self.ours.replay(made)
        self.checked += len(made)
        if counts:
            self.ratios.append(peer / mine)
            self.control.append(second / mine)
            self.lookups.append(looking / mine)
            self.ceilings.append(peer / writing)

    def run(self, seed: int, rounds: int, *, hit_heavy: bool, cases: int = CASES) -> Versus:
        """Rounds of distinct cases; the first round warms both sides up."""
        gc.collect()
        gc.freeze()  # the loaded policy is not searched for garbage before every turn
        try:
            for number in range(rounds + 1):
                given, again = (cases_of(cases, seed=seed + number, hit_heavy=hit_heavy) for _ in range(2))
                for start in range(0, cases, TURN):
                    turn = slice(start, start + TURN)
                    self.turn(given[turn], again[turn], counts=number > 0)
        finally:
            gc.unfreeze()
        return self


def _agree(case_no: str, ours: Any, theirs: Any) -> None:
    if ours != theirs:
        raise SystemExit(f"zen and we differ about {case_no}:\n  ours {ours}\n  zen  {theirs}")


def _timed(decide: Callable[[Any], list[Any]], items: Sequence[Any]) -> tuple[list[Any], float]:
    """Everything decided, and the CPU seconds of all but the first few; neither side waits or uses threads."""
    gc.collect()
    made = decide(items[:WARM])
    started = time.process_time()
    made += decide(items[WARM:])
    return made, time.process_time() - started


def _growth(rounds: int) -> tuple[float, float]:
    """Cost of a decision with 4,000 rules over 40 when the same rules fire, and its A/A control."""
    small, large = Ours.of(full_policy(40, quiet=True)), Ours.of(full_policy(4000, quiet=True))
    ratios, control = [], []
    for number in range(rounds + 1):
        draws = [cases_of(CASES, seed=77_000 + number) for _ in range(3)]
        _, few = _timed(small.decide, draws[0])
        _, many = _timed(large.decide, draws[1])
        _, second = _timed(small.decide, draws[2])
        if number:
            ratios.append(many / few)
            control.append(second / few)
    return statistics.median(ratios), statistics.median(control)


def measure(long: bool) -> list[Figure]:
    """All figures of the area."""
    rounds = ROUNDS * (5 if long else 1)
    figures, lookups = [], []
    for rules, (bar, goal) in BARS.items():
        versus = Versus.of(full_policy(rules)).run(1000 * rules, rounds, hit_heavy=False)
        control = f"A/A {statistics.median(versus.control):.2f}"
        notes = (control, f"{rounds} rounds", f"{rules} rules", "same policy, receipt included", _checked(versus))
        ratio = statistics.median(versus.ratios)
        figures.append(Figure(f"core.vs_zen_{rules}", ratio, bar, goal, notes, lower_is_better=False))
        notes = (control, f"{rules} rules", "the receipt alone: what a core that decides in no time would reach")
        ratio = statistics.median(versus.ceilings)
        lookups.append(Figure(f"core.ceiling_vs_zen_{rules}", ratio, None, None, notes, lower_is_better=False))
        notes = (control, f"{rules} rules", "zen only looks up measures, we make the whole decision with receipt")
        ratio = statistics.median(versus.lookups)
        lookups.append(Figure(f"core.lookup_vs_zen_{rules}", ratio, None, None, notes, lower_is_better=False))
    versus = Versus.of(full_policy(400)).run(500_000, rounds, hit_heavy=True)
    control = f"A/A {statistics.median(versus.control):.2f}"
    notes = (
        control,
        f"{rounds} rounds",
        "400 rules, 5 to 20 records a subject",
        "same policy, receipt included",
        _checked(versus),
    )
    ratio = statistics.median(versus.ratios)
    figures.append(Figure("core.vs_zen_hit_heavy", ratio, *HIT_HEAVY, notes, lower_is_better=False))
    figures += lookups
    ratio, aa = _growth(rounds)
    notes = (f"A/A {aa:.2f}", "4,000 rules over 40, the same rules fire")
    figures.append(Figure("core.growth_40_to_4000", ratio, GROWTH, None, notes))
    data = full_policy(4000)
    seconds = []
    for _ in range(3):
        gc.collect()
        started = time.process_time()
        Ours.of(data)
        seconds.append(time.process_time() - started)
    notes = (f"{min(seconds):.2f} s for 4,000 rules, of {COMPILE_SECONDS} s",)
    figures.append(Figure("core.compile_4000", min(seconds) / COMPILE_SECONDS, 1.0, None, notes))
    return figures


def _checked(versus: Versus) -> str:
    return f"{versus.checked} agree and replayed"
