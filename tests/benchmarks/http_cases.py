"""Asks one simulator through our client layer and by a bare ``requests`` call in turns; prints what it took as JSON.

``python -m tests.benchmarks.http_cases SECONDS`` with ``DJANGO_SETTINGS_MODULE=tests.benchmarks.settings`` and
``TEST_DATABASE_URL`` naming an empty database, from which the quota is leased.
"""

from __future__ import annotations

import json
import logging
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from random import Random
from typing import Any

#: So many calls of each way before the clock counts: connections, caches, the first block of the quota.
WARM_UP = 30
LIMITS = {
    "AT_ONCE": 6,
    "BREAKER": {"FAILURES": 5, "SECONDS": 30},
    "PER_DAY": 1_000_000,
    "PER_MINUTE": 1_000_000,
    "RESERVE": 0.2,
    "MAINTENANCE": [("Sun 02:00", "Sun 04:00"), ("Wed 02:00", "Wed 02:30")],
}
SLOW_SECONDS = 0.2
AT_ONCE = 6
_DAY = date(2026, 10, 1)


@dataclass(frozen=True, slots=True)
class Result:
    """What one run gave.

    Attributes:
        rounds: calls of each way.
        bare: median milliseconds of a signed POST by ``requests``, body read, nothing parsed.
        bare_again: the same once more, as the control.
        adapter: of the adapter alone: deadline, retry policy, signature, parsing, log line.
        whole: of ``ask_all`` with every limit set.
        leased: queries leased from the quota.
        one: seconds that the gate waits for one slow query, at best.
        six: for six at once, at best.
    """

    rounds: int
    bare: float
    bare_again: float
    adapter: float
    whole: float
    leased: int
    one: float
    six: float


def main(seconds: float) -> None:
    """Ask, check, print."""
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from adapters.simulator import FaultKind, SimulatedRecord, SimulatedSubject
    from approval_hook import logs
    from approval_hook.models import SourceDay
    from approval_hook.platforms import Question, ask_all, platforms
    from approval_hook.policy.records import CreditReport, QueryStatus
    from approval_hook.policy.subjects import organisation
    from approval_hook.testing import make_query
    from tests.contract.conftest import start_simulator

    logs.configure()
    # As in production every line is made; nobody reads it here.
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        logging.basicConfig(stream=nowhere, level=logging.INFO, format="%(message)s", force=True)
        call_command("migrate", verbosity=0)
        simulator = start_simulator("--token-env", "CREDIT_PLATFORM_TOKEN")
        province = {
            "BACKEND": "adapters.gateway.GatewayPlatform",
            "OPTIONS": {
                "base_url": simulator.url,
                "paasid": simulator.paasid,
                "token_secret": "CREDIT_PLATFORM_TOKEN",
            },
            "LIMITS": LIMITS,
        }
        settings.APPROVAL_HOOK = {**settings.APPROVAL_HOOK, "PLATFORMS": {"province": province}}
        firm = organisation("示例餐饮（广州）有限公司", "92440104MA5FKAEH4C", on=_DAY)
        rows = [SimulatedRecord(f"R-{n}", "penalty", "2", "行政处罚", "2026-01-05") for n in range(2)]
        simulator.control.put(SimulatedSubject.of(firm, *rows))
        limited: Any = platforms()["province"]

        def checked(report: CreditReport) -> None:
            if report.status is not QueryStatus.OK or len(report.records) != len(rows):
                raise SystemExit(f"the answer is {report.status} {report.reason}")

        query = make_query(firm, "bench")
        question = Question("province", query, decides=True)
        bare = _bare(simulator, firm)
        rounds, times = _in_turns(
            seconds,
            bare,
            bare,
            lambda: checked(limited.platform.query(query, timeout=2.0)),
            lambda: checked(ask_all([question], seconds=2.0)[0]),
        )
        simulator.control.fault(FaultKind.SLOW, seconds=SLOW_SECONDS)
        one, six = (
            min(_seconds(lambda n=n: [checked(r) for r in ask_all([question] * n, seconds=5.0)]) for _ in range(5))
            for n in (1, AT_ONCE)
        )
        leased = SourceDay.objects.get().leased
        simulator.end()
    if leased < rounds + 5 * (1 + AT_ONCE):
        raise SystemExit(f"only {leased} queries were leased")
    sys.stdout.write(json.dumps(asdict(Result(rounds, *times, leased, one, six))))


def _bare(simulator: Any, firm: Any) -> Callable[[], None]:
    """What a person would type; signed, because the server refuses anything else."""
    import requests

    from adapters.signing import TifSigner

    session = requests.Session()
    signer = TifSigner(simulator.paasid, simulator.token)
    url = simulator.url + "/credit/v1/query"
    asked = {"kind": "organisation", "name": firm.name, "idType": "uscc", "idNumber": firm.primary.number}
    texts = {"matter": "food-business", "caseNo": "HT-2026-0001", "organ": "示例市市场监督管理局", "ground": "L-07"}
    document = {"queryId": "bench", **texts, "asOf": "2026-10-01", "page": 1, "subject": asked}
    body = json.dumps(document, ensure_ascii=False).encode()

    def call() -> None:
        reply = session.post(url, data=body, headers=signer.headers(body), timeout=2.0)
        if reply.status_code != 200 or not reply.content:
            raise SystemExit(f"the bare call was answered with {reply.status_code}")

    return call


def _in_turns(seconds: float, *ways: Callable[[], None]) -> tuple[int, list[float]]:
    """Median milliseconds of each, in random order."""
    rng = Random(1)  # noqa: S311 - only the order of turns
    taken: list[list[float]] = [[] for _ in ways]
    for way in ways:
        for _ in range(WARM_UP):
            way()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for i in rng.sample(range(len(ways)), len(ways)):
            taken[i].append(_seconds(ways[i]) * 1000)
    return len(taken[0]), [statistics.median(times) for times in taken]


def _seconds(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main(float(sys.argv[1]))
