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
CHUNK = 2_000
#: One case of so many heard nothing in time: the law accepts it.
SILENT = 10


@dataclass(frozen=True, slots=True)
class Result:
    """What one database gave.

    Attributes:
        database: product and version.
        cases: cases with one open deadline each; a tenth of them lapses by law.
        seconds: the sweep in which every one of them is overdue.
        idle_seconds: a sweep that finds nothing due.
        recount_seconds: a sweep that counts every case anew, as after a new calendar.
        memory_mb: by how much the process's peak grew in the first sweep.
    """

    database: str
    cases: int
    seconds: float
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
    late = beginning_of(MONDAY + timedelta(days=60))
    before = _peak_mb()
    swept, seconds = _timed(lambda: sweep(late))
    memory = _peak_mb() - before
    again, idle = _timed(lambda: sweep(late))
    silent = len(range(0, cases, SILENT))
    # A case that the law accepts has a decision deadline then, which is overdue too.
    told = Reminder.objects.filter(missed=False).count()
    lapsed = StatutoryAct.objects.filter(kind="deemed_accepted").count()
    if not (swept.reminded == told == cases + silent and lapsed == silent) or again.reminded or swept.failed:
        raise SystemExit(f"{cases} cases, {silent} silent: {swept}, then {again}; {told} reminders, {lapsed} lapses")
    ClockedCase.objects.update(counted_by="", owed=True)
    recounted, recount_seconds = _timed(lambda: sweep(late))
    if recounted.recounted != cases or recounted.reminded:
        raise SystemExit(f"{cases} cases: {recounted}")
    result = Result(database_name(), cases, seconds, idle, recount_seconds, memory)
    sys.stdout.write(json.dumps(asdict(result)))


def _make(cases: int) -> None:
    """One case of each kind through the front door, the others as copies of it."""
    from approval_hook import clock, deadlines
    from approval_hook.counting import beginning_of
    from approval_hook.deadlines import CaseRef
    from approval_hook.models import ClockedCase, Deadline, StatutoryAct
    from approval_hook.policy.clocks import Act

    with clock.standing_at(beginning_of(MONDAY) + timedelta(hours=9)):
        for number in (0, 1):
            deadlines.record(CaseRef(_case_no(number), "food-business", "示例局"), Act.RECEIVED, "lin")
        deadlines.record(CaseRef(_case_no(1), "food-business", "示例局"), Act.ACCEPTED, "lin")
    models: dict[int, Any] = {n: ClockedCase.objects.get(case_no=_case_no(n)) for n in (0, 1)}
    acts = {n: list(StatutoryAct.objects.filter(case_no=_case_no(n))) for n in (0, 1)}
    rows = {n: list(models[n].deadlines.all()) for n in (0, 1)}
    for first in range(2, cases, CHUNK):
        numbers = range(first, min(first + CHUNK, cases))
        kinds = {number: 0 if number % SILENT == 0 else 1 for number in numbers}
        made = ClockedCase.objects.bulk_create([_copy(models[kinds[n]], case_no=_case_no(n)) for n in numbers])
        StatutoryAct.objects.bulk_create([_copy(a, case_no=_case_no(n)) for n in numbers for a in acts[kinds[n]]])
        Deadline.objects.bulk_create(
            [_copy(row, case_id=case.pk) for n, case in zip(numbers, made, strict=True) for row in rows[kinds[n]]]
        )


def _case_no(number: int) -> str:
    return f"440104-20261012-{number:06d}"


def _copy(row: Any, **values: Any) -> Any:
    fields = {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if not f.primary_key}
    return type(row)(**(fields | values))


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    result = work()
    return result, time.perf_counter() - started


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(int(sys.argv[1]))
