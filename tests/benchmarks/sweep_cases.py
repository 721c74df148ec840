"""Makes running cases on one database, sweeps them and prints what it took as JSON; started once per database.

``python -m tests.benchmarks.sweep_cases CASES`` with ``DJANGO_SETTINGS_MODULE=tests.benchmarks.settings`` and
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
from typing import Any


@dataclass(frozen=True, slots=True)
class Result:
    """What one database gave.

    Attributes:
        database: product and version.
        cases: running cases, a tenth of them without a record and past the gate.
        found: late checks queued.
        seconds: the first sweep, which queues them.
        again_seconds: a second one, which finds nothing new.
        join_seconds: the bare join that counts the same cases before the sweep.
        join_again_seconds: the same once more, as the control.
        memory_mb: by how much the process's peak grew in the first sweep.
    """

    database: str
    cases: int
    found: int
    seconds: float
    again_seconds: float
    join_seconds: float
    join_again_seconds: float
    memory_mb: float


def main(cases: int) -> None:
    """Make, measure, check, print."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from approval_hook import clock
    from approval_hook.hosts.viewflow.injection import binding_of
    from approval_hook.hosts.viewflow.sweeping import sweep
    from approval_hook.models import LateCheck
    from approval_hook.testing import lifted_triggers
    from tests.benchmarks.flow_cases import database_name
    from tests.benchmarks.flows import OneGateFlow
    from tests.flows.many import add_cases, add_records

    logging.getLogger("approval_hook").setLevel(logging.CRITICAL)
    call_command("migrate", verbosity=0)
    like = _a_record(OneGateFlow)
    slipped = cases // 20
    with lifted_triggers():  # cases from before the gate
        add_cases(OneGateFlow, slipped, [("check", "DONE"), ("approve", "NEW")])
        add_cases(OneGateFlow, slipped, [("check", "DONE"), ("approve", "DONE"), ("end", "NEW")])
        checked = add_cases(OneGateFlow, cases // 2, [("check", "DONE"), ("approve", "NEW")])
        add_cases(OneGateFlow, cases - 2 * slipped - len(checked), [("check", "NEW")])
        add_records([f"viewflow_process:{pk}" for pk in checked], like)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    binding = binding_of(OneGateFlow)
    joined, join_seconds = _timed(lambda: _bare_join(binding))
    _, join_again = _timed(lambda: _bare_join(binding))
    before = _peak_mb()
    first, seconds = _timed(lambda: sweep(binding, clock.now()))
    memory = _peak_mb() - before
    again, again_seconds = _timed(lambda: sweep(binding, clock.now()))
    found = LateCheck.objects.count()
    if not found == first.new.total() == joined == 2 * slipped or again.new.total():
        raise SystemExit(f"found {found} and again {again.new.total()}; the bare join {joined}, made {2 * slipped}")
    result = Result(database_name(), first.looked_at, found, seconds, again_seconds, join_seconds, join_again, memory)
    sys.stdout.write(json.dumps(asdict(result)))


def _a_record(flow_class: Any) -> Any:
    from approval_hook.models import CreditDecision

    flow_class.start.run(amount=1)
    return CreditDecision.objects.get()


def _bare_join(binding: Any) -> int:
    """What a person would type: tasks at or past the decision whose case has no record."""
    from django.db import connection

    marks = ", ".join(["%s"] * len(binding.protected_refs()))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM viewflow_process p JOIN viewflow_task t ON t.process_id = p.id"
            f" WHERE p.status = 'NEW' AND p.flow_class = %s AND t.flow_task IN ({marks})"
            " AND NOT EXISTS (SELECT 1 FROM approval_hook_creditdecision d"
            " WHERE d.host_key = 'viewflow_process:' || p.id)",
            [binding.flow_ref, *binding.protected_refs()],
        )
        return int(cursor.fetchone()[0])


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    result = work()
    return result, time.perf_counter() - started


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(int(sys.argv[1]))
