"""One hour of outage in a reduced size: ``make rehearsal`` runs it at fifty cases a second."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.simulator.population import population
from approval_hook import clock
from approval_hook.policy.records import CreditReport, QueryStatus
from tests.rehearsal import hour, queries

ROOT = Path(__file__).parents[2]
QUERIES, CASES = 1000, 40


def test_an_hour_of_outage_loses_nothing_passes_nothing_and_is_made_up_for() -> None:
    """Every claim of the rehearsal holds, and its figures show an outage and what the limits did in it."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.rehearsal", "--queries", str(QUERIES), "--cases", str(CASES), "--json"],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if k not in ("TEST_DATABASE_URL", "DATABASE_URL")},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    single, whole = found["queries"], found["cases"]
    # Debts: whatever was not answered in the hour, each paid; most of it was never asked.
    assert (
        single["answered_in_hour"] + sum(single["kept_back"].values()) + sum(single["unanswered"].values()) == QUERIES
    )
    assert single["debts_paid"] == single["debts_opened"] == QUERIES - single["answered_in_hour"] > 0.9 * QUERIES
    assert single["asked_in_hour"] < 0.5 * QUERIES
    assert {"partial", "quota", "reply-invalid", "unavailable"} <= set(single["unanswered"])
    first, second = single["days"].values()
    assert first + second > QUERIES
    assert first <= single["quota"]
    # Whole cases: each accepted at once, nobody decided on no answer, everything settled later.
    assert (whole["accepted_in_hour"], whole["debts_paid"]) == (CASES, whole["debts_opened"])
    assert whole["could_not_tell"] >= whole["debts_opened"] > CASES / 2
    assert {"breaker-open", "unavailable"} <= set(whole["unanswered"])
    assert whole["held_for_people"] == CASES / 10
    assert sum(whole["outcomes"].values()) == CASES
    assert whole["inquiries"] >= CASES
    assert whole["replies"] >= whole["decisions"] >= whole["inquiries"]


@pytest.mark.parametrize("broken", ["clean", "silent"])
def test_the_rehearsal_notices_an_answer_that_is_none(monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    """A gate that took silence for "no record", or gave no reason, would fail it."""
    listed = next(s for s in population(7, 60) if s.records)

    def ask_all(questions: list[object], *, seconds: float) -> list[CreditReport]:
        at = clock.now()
        status = QueryStatus.OK if broken == "clean" else QueryStatus.UNAVAILABLE
        return [CreditReport("0123456789abcdef", hour.SOURCE, status, at, at)]

    monkeypatch.setattr(queries, "ask_all", ask_all)
    run = queries._Run([listed], queries.Queries(1, 1.0))
    with pytest.raises(hour.Failed, match=r"other rows|does not say why"):
        run.ask(0, clock.now())


def test_the_most_in_a_minute_is_counted_over_any_minute() -> None:
    """Not by the clock's minutes, and whatever the order in which workers wrote them down."""
    begin = datetime(2026, 11, 30, 1, 0, 30, tzinfo=UTC)
    asked = hour.Asked(moments=[begin + timedelta(seconds=s) for s in (90, 0, 50, 59.9, 60, 149)])
    assert asked.most_in_a_minute() == 4
