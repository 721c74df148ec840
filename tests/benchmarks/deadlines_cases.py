"""Makes open deadlines on one database, sweeps them and prints what it took as JSON; started once per database.

``python -m tests.benchmarks.deadlines_cases CASES`` with ``DJANGO_SETTINGS_MODULE=tests.benchmarks.settings`` and
``TEST_DATABASE_URL`` naming an empty database.
"""

from __future__ import annotations

import json
import logging
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

MONDAY = date(2026, 10, 12)
#: One case of so many heard nothing in time: the law accepts it.
SILENT = 10


@dataclass(frozen=True, slots=True)
class Result:
    """What one database gave.

    Attributes:
        database: product and version.
        cases: cases with one open deadline each; a tenth of them lapses by law.
        seconds: the sweep in which every one of them comes to a grade.
        cpu_seconds: of them, the processor time of this process.
        idle_seconds: a sweep that finds nothing due.
        recount_seconds: a sweep that counts every case anew, as after a new calendar.
        memory_mb: by how much the process's peak grew in the first sweep.
    """

    database: str
    cases: int
    seconds: float
    cpu_seconds: float
    idle_seconds: float
    recount_seconds: float
    memory_mb: float


def main(cases: int) -> None:
    """Make, measure, check, print."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from approval_hook.counting import beginning_of
    from approval_hook.deadlines import sweep
    from approval_hook.models import ClockedCase, Reminder, StatutoryAct
    from tests.benchmarks.flow_cases import database_name

    logging.getLogger("approval_hook").setLevel(logging.CRITICAL)
    call_command("migrate", verbosity=0)
    _make(cases)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    start = beginning_of(MONDAY) + timedelta(hours=12)
    sweep(start)  # the first look at the rules is not what is measured
    late = beginning_of(MONDAY + timedelta(days=14))  # ten working days before the decisions are due
    before = _peak_mb()
    cpu = time.process_time()
    swept, seconds = _timed(lambda: sweep(late))
    cpu = time.process_time() - cpu
    memory = _peak_mb() - before
    again, idle = _timed(lambda: sweep(late))
    silent = len(range(0, cases, SILENT))
    # A case that the law accepts has a decision deadline then, which comes to its first grade too.
    told = Reminder.objects.filter(missed=False).count()
    lapsed = StatutoryAct.objects.filter(kind="deemed_accepted").count()
    if not (swept.reminded == told == cases + silent and lapsed == silent) or again.reminded or swept.failed:
        raise SystemExit(f"{cases} cases, {silent} silent: {swept}, then {again}; {told} reminders, {lapsed} lapses")
    ClockedCase.objects.update(counted_by="", owed=True)
    recounted, recount_seconds = _timed(lambda: sweep(late))
    if recounted.recounted != cases or recounted.reminded:
        raise SystemExit(f"{cases} cases: {recounted}")
    result = Result(database_name(), cases, seconds, cpu, idle, recount_seconds, memory)
    sys.stdout.write(json.dumps(asdict(result)))


def _make(cases: int) -> None:
    """One case of each kind through the front door, the others as copies of it."""
    from django.db import connection

    from approval_hook import clock, deadlines
    from approval_hook.counting import beginning_of
    from approval_hook.deadlines import CaseRef
    from approval_hook.models import ClockedCase, Deadline, StatutoryAct
    from approval_hook.policy.clocks import Act

    with clock.standing_at(beginning_of(MONDAY) + timedelta(hours=9)):
        for number in (0, 1):
            deadlines.record(CaseRef(_case_no(number), "food-business", "示例局"), Act.RECEIVED, "lin")
        deadlines.record(CaseRef(_case_no(1), "food-business", "示例局"), Act.ACCEPTED, "lin")
    # Number n is a copy of case 0 where it heard nothing, else of case 1.
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < {cases - 1})"
    own = "'440104-20261012-' || CAST(n.i AS TEXT)"
    like = f"CASE WHEN n.i % {SILENT} = 0 THEN '{_case_no(0)}' ELSE '{_case_no(1)}' END"
    with connection.cursor() as cursor:
        for model in (ClockedCase, StatutoryAct):
            into, taken = _columns(model, case_no=own)
            cursor.execute(
                f"INSERT INTO {into} {numbers} SELECT {taken} FROM n JOIN {_table(model)} t ON t.case_no = {like}"
            )
        into, taken = _columns(Deadline, case_id="c.id")
        cursor.execute(
            f"INSERT INTO {into} {numbers} SELECT {taken} FROM n JOIN {_table(ClockedCase)} c ON c.case_no = {own}"
            f" JOIN {_table(ClockedCase)} m ON m.case_no = {like} JOIN {_table(Deadline)} t ON t.case_id = m.id"
        )


def _case_no(number: int) -> str:
    return f"440104-20261012-{number}"


def _table(model: Any) -> str:
    return f'"{model._meta.db_table}"'


def _columns(model: Any, **instead: str) -> tuple[str, str]:
    """A table with its columns to be filled, and what of a row ``t`` of it fills them."""
    names = [f.column for f in model._meta.concrete_fields if not f.primary_key]
    quoted = ", ".join(f'"{name}"' for name in names)
    return f"{_table(model)} ({quoted})", ", ".join(instead.get(name, f't."{name}"') for name in names)


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    result = work()
    return result, time.perf_counter() - started


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(int(sys.argv[1]))
