"""Processes that die: nothing is lost, nothing passes in silence, and ledger and inquiry table agree afterwards.

``LONG=1`` kills more often.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from adapters.simulator import FaultKind
from approval_hook import clock
from approval_hook.hosts.viewflow.tending import tend
from approval_hook.models import CreditDecision, Inquiry
from tests.acceptance.evidence import people
from tests.acceptance.evidence.bench import Bench, bench
from tests.acceptance.evidence.office import SETTLED, fresh, inquiries, key_of, opinion, recheck, statuses
from tests.contract.conftest import RunningSimulator, start_simulator

SEED = 20261001
ROUNDS = 120 if os.environ.get("LONG") == "1" else 6
#: Cases from before the gate.
LATE = 10 if os.environ.get("LONG") == "1" else 4
#: When a worker is killed, in the time that one case takes: some in their first case, most in a later one.
MOMENTS = (0.05, 2.5)
#: More cases than a worker can finish before it is killed.
CASES_PER_ROUND = 12


@pytest.fixture
def on_database(tmp_path: Path) -> Iterator[Callable[[str], Bench]]:
    """Make a bench on SQLite or PostgreSQL, with the platform's ledger on disk."""
    with ExitStack() as stack:

        def make(vendor: str) -> Bench:
            ledger = ("--ledger", str(tmp_path / "ledger.jsonl"))
            if vendor == "sqlite":
                return stack.enter_context(bench(f"sqlite:///{tmp_path / 'killed.sqlite3'}", *ledger))
            from tests.postgres import database, server

            url = stack.enter_context(database(stack.enter_context(server())))
            return stack.enter_context(bench(url, *ledger))

        yield make


class Nursery:
    """Workers that come up at once and are killed without warning."""

    def __init__(self, made: Bench) -> None:
        """Load the application once."""
        self._process = made.start("nursery")
        assert self._line() == "ready", self._process.communicate()[1]

    def drive_and_kill(self, first: int, seconds: float) -> None:
        """Let a worker drive from case number ``first`` on, and kill it after so many seconds."""
        self._work_and_kill(f"{first} {CASES_PER_ROUND}", seconds)

    def tend_and_kill(self, seconds: float) -> None:
        """Let a job runner make one pass, and kill it after so many seconds."""
        self._work_and_kill("0 0", seconds)

    def pace(self, number: int) -> float:
        """Let a worker drive one case in peace; the seconds it took, which kills are timed by."""
        started = time.monotonic()
        self._work(f"{number} 1")
        assert self._line() == "gone"
        return time.monotonic() - started

    def _work(self, work: str) -> int:
        assert self._process.stdin is not None
        self._process.stdin.write(work + "\n")
        self._process.stdin.flush()
        return int(self._line().removeprefix("child "))

    def _work_and_kill(self, work: str, seconds: float) -> None:
        pid = self._work(work)
        time.sleep(seconds)
        with suppress(ProcessLookupError):  # a runner that had finished its pass
            os.kill(pid, signal.SIGKILL)
        assert self._line() == "gone"

    def close(self) -> None:
        """End the process."""
        out, err = self._process.communicate(timeout=30)
        assert self._process.returncode == 0, out + err

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


def in_order(made: Bench, report: dict[str, Any]) -> None:
    """What must hold after any number of kills, once the runner has been through."""
    assert report["cases"]
    assert {c["status"] for c in report["cases"]} == {"DONE"}
    for case in report["cases"]:
        assert case["decision"] == "granted", case
        assert case["decided"] == 1, case
        assert case["permitted"] == [True], case
        assert case["complete"] == [True], case
    assert len({c["case_no"] for c in report["cases"]}) == len(report["cases"])
    assert set(made.ledger_ids()) == set(report["queries"])
    assert len(set(report["queries"])) == len(report["queries"])
    assert report["decisions_without_reply"] == 0
    assert report["unanswered"] == []
    assert report["open_holds"] == 0


@pytest.mark.parametrize(
    ("vendor", "rounds"),
    [("sqlite", ROUNDS), pytest.param("postgresql", ROUNDS // 3, marks=pytest.mark.postgres)],
)
def test_worker_killed_at_random_points(on_database: Callable[[str], Bench], vendor: str, rounds: int) -> None:
    """Killed again and again, then tended: ledger = inquiry table, every case ends with its record, none twice."""
    made = on_database(vendor)
    draw = random.Random(SEED)  # noqa: S311 - draws moments, not secrets
    made.enter(range(1, rounds * 3 + CASES_PER_ROUND + 1))
    # A platform that takes its time gives the kill a chance to fall between inquiry, reply and decision.
    made.platform.control.fault(FaultKind.SLOW, seconds=0.08, probability=0.7)
    nursery = Nursery(made)
    pace = nursery.pace(rounds * 3 + CASES_PER_ROUND)
    for round_ in range(rounds):
        nursery.drive_and_kill(1 + round_ * 3, pace * draw.uniform(*MOMENTS))
    nursery.close()
    made.platform.control.behave()
    broken_off = made.report()
    asked = set(made.ledger_ids())
    # Already now nobody was asked whose inquiry is not there, and nothing was decided without a record.
    assert asked <= set(broken_off["queries"])
    assert all(all(c["permitted"]) for c in broken_off["cases"])
    made.run("finish")
    report = made.report()
    in_order(made, report)
    assert len(report["cases"]) >= rounds // 2
    assert [c["case_no"] for c in broken_off["cases"]] == [c["case_no"] for c in report["cases"]]


@pytest.mark.parametrize(
    ("vendor", "cases"),
    [("sqlite", LATE), pytest.param("postgresql", LATE, marks=pytest.mark.postgres)],
)
def test_runner_killed_on_late_checks(on_database: Callable[[str], Bench], vendor: str, cases: int) -> None:
    """Cases from before the gate, swept, with the runner killed again and again: each is checked once, then decided."""
    made = on_database(vendor)
    draw = random.Random(SEED)  # noqa: S311 - draws moments, not secrets
    made.enter(range(1, cases + 1))
    made.run("ungated", "--count", str(cases))
    assert made.ledger_ids() == []
    made.sweep()
    made.platform.control.fault(FaultKind.SLOW, seconds=0.08, probability=0.7)
    nursery = Nursery(made)
    for _ in range(cases):
        nursery.tend_and_kill(draw.uniform(0.05, 1.0))
    nursery.close()
    made.platform.control.behave()
    broken_off = made.report()
    assert set(made.ledger_ids()) <= set(broken_off["queries"])
    assert {c["decided"] for c in broken_off["cases"]} == {0}
    made.sweep()
    made.run("finish")
    report = made.report()
    in_order(made, report)
    assert (len(report["cases"]), report["late_checks"], report["open_late_checks"]) == (cases, cases, 0)
    # One inquiry per case, however often its worker died: a firm is asked about with its two people, a driver alone.
    assert len(report["queries"]) == sum(3 if number % 2 else 1 for number in range(1, cases + 1))


def _listening(url: str) -> bool:
    with socket.socket() as line:
        line.settimeout(0.2)
        return line.connect_ex(("127.0.0.1", int(urlsplit(url).port or 0))) == 0


class Mortal:
    """A simulator that dies and comes back at the same address with the same ledger."""

    def __init__(self, ledger: Path) -> None:
        """Start it."""
        self._options = ("--token-env", "CREDIT_PLATFORM_TOKEN", "--ledger", str(ledger))
        self.running: RunningSimulator = start_simulator(*self._options)
        self.url = self.running.url
        self.ledger = ledger

    def die_in_mid_answer(self, queries: int) -> threading.Thread:
        """Kill it as soon as so many queries have arrived and are being answered."""

        def wait_and_kill() -> None:
            until = time.monotonic() + 20
            while time.monotonic() < until:
                if len(self.ledger.read_text(encoding="utf-8").splitlines()) >= queries:
                    time.sleep(0.1)
                    break
                time.sleep(0.01)
            self.running.process.send_signal(signal.SIGKILL)
            self.running.process.wait()

        thread = threading.Thread(target=wait_and_kill)
        thread.start()
        return thread

    def come_back(self) -> None:
        """Start it again at the same address, empty, with its ledger."""
        self.running.end()
        self.running = start_simulator(*self._options, "--port", str(urlsplit(self.url).port))


@pytest.fixture
def mortal(tmp_path: Path, wire: Any, transactional_db: None) -> Iterator[Mortal]:
    """A platform for one test."""
    simulator = Mortal(tmp_path / "mortal.jsonl")
    wire(province=simulator.url, seconds=2.0)
    yield simulator
    simulator.running.end()


@pytest.mark.parametrize("kind", ["food", "driver"])
@pytest.mark.parametrize("fault", [FaultKind.DRIP, FaultKind.DRIP_HEAD, FaultKind.HANG])
def test_platform_killed_in_mid_answer(mortal: Mortal, office: Any, kind: str, fault: FaultKind) -> None:
    """No loss and no silent pass: could-not-tell, the ordinary path, a debt, and the debt is paid when it is back."""
    firm, driver = people.firm(4001), people.driver(4001)

    def enter(*rows: Any) -> None:
        if kind == "food":
            firm.enter(mortal.running.control, *rows)
        else:
            mortal.running.control.put(driver.who.held(*rows))

    enter()
    mortal.running.control.fault(fault, seconds=0.05)
    queries = 3 if kind == "food" else 1
    killer = mortal.die_in_mid_answer(queries)
    case = office.file(firm.filing() if kind == "food" else driver.filing())
    killer.join()
    assert not _listening(mortal.url)

    row = opinion(case)
    assert (row.outcome, row.channel, row.complete, row.permits) == ("O-00", "undetermined", False, False)
    (inquiry,) = inquiries(case)
    assert inquiry.replies.get().complete is False
    assert office.do(case, "accept").status_code == 302
    assert office.do(case, "review").status_code == 302
    assert statuses(case)["credit_before_decide"] == "STARTED"
    debt = recheck(case)
    assert debt is not None
    assert debt.paid_at is None

    mortal.come_back()
    enter()
    with clock.standing_at(clock.now() + timedelta(minutes=3)):
        tend()
    assert opinion(case).complete
    assert recheck(case).paid_at is not None  # type: ignore[union-attr] # owed since filing
    assert statuses(case)["decide"] == "NEW"
    assert office.do(case, "decide").status_code == 302
    assert fresh(case).decision == "granted"
    asked = {line["query_id"] for line in mortal.running.control.ledger()}
    known = {q["query_id"] for i in Inquiry.objects.all() for q in i.queries if q["source"] == "province"}
    assert asked == known
    assert CreditDecision.objects.filter(host_key=key_of(case)).count() >= 2


def test_platform_that_comes_back_with_a_hit_holds_the_case(mortal: Mortal, office: Any) -> None:
    """The outage did not wash the record away: the late answer is severe, and the case waits for the section."""
    firm = people.firm(4002)
    firm.enter(mortal.running.control)
    mortal.running.control.fault(FaultKind.HANG)
    killer = mortal.die_in_mid_answer(3)
    case = office.file(firm.filing())
    killer.join()
    office.do(case, "accept")
    office.do(case, "review")
    mortal.come_back()
    firm.enter(mortal.running.control, people.row("K-LATE"))
    with clock.standing_at(clock.now() + timedelta(minutes=3)):
        tend()
    assert opinion(case).outcome == "O-06"
    assert statuses(case)["credit_before_decide"] == "STARTED"
    assert recheck(case).supervise  # type: ignore[union-attr] # owed since filing
    assert office.settle(case, "section_confirms:release") == SETTLED
    assert statuses(case)["decide"] == "NEW"
