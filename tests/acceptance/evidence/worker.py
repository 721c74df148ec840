"""The application as a process of its own, on a database of its own, to be watched and to be killed.

    python -m tests.acceptance.evidence.worker prepare
    python -m tests.acceptance.evidence.worker drive --first 1 --count 5
    python -m tests.acceptance.evidence.worker ungated --first 1 --count 5
    python -m tests.acceptance.evidence.worker nursery
    python -m tests.acceptance.evidence.worker finish
    python -m tests.acceptance.evidence.worker report

``DATABASE_URL`` and ``CREDIT_PLATFORM_URL`` say where. ``drive`` takes cases to their end. ``ungated`` takes them up
to their decision without a gate in the flows, as before the gate was put in. ``nursery`` loads everything once and
then, for each line ``first count`` that it reads, forks a child that drives those cases, or runs the job runner once
for ``0 0``; it prints ``ready``, then ``child <pid>`` and, when that child is dead, ``gone``. ``report`` prints JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from typing import Any

import django
from django.test.utils import setup_test_environment

#: Every so many cases one has a severe record, so that a head must settle it on the way.
SEVERE_EVERY = 4
PATIENCE_SECONDS = 600 if os.environ.get("LONG") == "1" else 90


def main() -> None:
    """Run one command."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    # Lets the browsers see what a page was made of.
    setup_test_environment()
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["prepare", "drive", "ungated", "nursery", "finish", "report"])
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--count", type=int, default=1)
    options = parser.parse_args()
    match options.command:
        case "prepare":
            prepare()
        case "drive":
            drive(options.first, options.count)
        case "ungated":
            ungated(options.first, options.count)
        case "nursery":
            nursery()
        case "finish":
            finish()
        case "report":
            sys.stdout.write(json.dumps(report()) + "\n")


def prepare() -> None:
    """Make the tables and hire the officers."""
    from django.core.management import call_command

    from tests.acceptance.evidence.office import Office

    call_command("migrate", verbosity=0)
    Office.open()


def say(line: str) -> None:
    """Print a line that the parent reads at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def filing_of(number: int) -> dict[str, Any]:
    """The application number so-and-so: food and driver in turn."""
    from tests.acceptance.evidence import people

    return people.firm(number).filing() if number % 2 else people.driver(number).filing()


def drive(first: int, count: int) -> None:
    """File cases and take each to its end, through the pages."""
    from tests.acceptance.evidence.office import Office

    _drive(Office.open(), first, count)


def _drive(office: Any, first: int, count: int) -> None:
    for number in range(first, first + count):
        advance(office, office.file(filing_of(number)))


def ungated(first: int, count: int) -> None:
    """Leave cases before their decision that no gate has seen."""
    from approval_hook.hosts.viewflow.injection import bindings, eject
    from tests.acceptance.evidence.office import Office

    for binding in bindings():
        eject(binding.flow_class)
    office = Office.open()
    for number in range(first, first + count):
        case = office.file(filing_of(number))
        for step in ("accept", "review"):
            office.do(case, step)


def nursery() -> None:
    """Fork a driving child for each line of input, so that killing one costs no new start."""
    from django.core.management import call_command
    from django.db import connections

    from approval_hook import cases as rule_cases
    from approval_hook.clock import today
    from tests.acceptance.evidence.office import Office

    office = Office.open()
    rule_cases.book().on(today()).rules.plan("food-business")
    for browser in office.browsers.values():
        browser.get("/work/")  # loads templates and addresses
    # A child must open connections of its own.
    connections.close_all()
    say("ready")
    for line in sys.stdin:
        first, count = line.split()
        pid = os.fork()
        if pid == 0:
            if int(count):
                _drive(office, int(first), int(count))
            else:
                call_command("credit_runner", "--once")
            os._exit(0)
        say(f"child {pid}")
        os.waitpid(pid, 0)
        say("gone")


def advance(office: Any, case: Any) -> None:
    """Do every step of a case that can be done now."""
    from tests.acceptance.evidence.office import DOER, hold, statuses

    for _ in range(12):
        nodes = statuses(case)
        waiting = hold(case)
        if waiting is not None and waiting.reason == "section_confirms":
            office.settle(case, "section_confirms:release")
            continue
        todo = [name for name, status in nodes.items() if name in DOER and status in ("NEW", "ASSIGNED")]
        if not todo:
            return
        office.do(case, todo[0])


def cases() -> list[Any]:
    """Every case, oldest first."""
    from workflows.models import FoodBusinessCase, RideHailingDriverCase

    found = [*FoodBusinessCase.objects.all(), *RideHailingDriverCase.objects.all()]
    return sorted(found, key=lambda c: int(c.pk))


def finish() -> None:
    """Run the job runner and the pages until no case waits."""
    from django.core.management import call_command

    from tests.acceptance.evidence.office import Office

    office = Office.open()
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        call_command("credit_runner", "--once")
        waiting = [c for c in cases() if c.status == "NEW"]
        for case in waiting:
            advance(office, case)
        if not waiting:
            return
        time.sleep(0.5)
    raise SystemExit(f"{len(waiting)} cases still wait")


def report() -> dict[str, Any]:
    """What the evidence says, for comparison with the platform's ledger."""
    from viewflow.workflow.models import Task

    from approval_hook.models import CreditDecision, Hold, Inquiry, LateCheck, Recheck, Reply
    from tests.acceptance.evidence.office import key_of

    rows = []
    for case in cases():
        own = CreditDecision.objects.filter(host_key=key_of(case)).order_by("id")
        decided = [t for t in Task.objects.filter(process_id=case.pk, status="DONE") if t.flow_task.name == "decide"]
        before = [own.filter(made_at__lte=t.finished).last() for t in decided]
        rows.append(
            {
                "case_no": case.case_no,
                "status": case.status,
                "decision": case.decision,
                "decided": len(decided),
                "permitted": [d is not None and d.permits for d in before],
                "complete": [d is not None and d.complete for d in before],
            }
        )
    return {
        "cases": rows,
        "queries": [q["query_id"] for i in Inquiry.objects.all() for q in i.queries if q["source"] == "province"],
        "unanswered": [i.pk.hex for i in Inquiry.objects.filter(replies=None)],
        "decisions_without_reply": CreditDecision.objects.filter(reply=None).count(),
        "replies": Reply.objects.count(),
        "open_holds": Hold.objects.filter(released_at=None).count(),
        "late_checks": LateCheck.objects.count(),
        "open_late_checks": LateCheck.objects.filter(done_at=None).count(),
        "debts": Recheck.objects.filter(paid_at=None).count(),
    }


if __name__ == "__main__":
    main()
