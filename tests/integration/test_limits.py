"""Limits of a source through the gate: what they give is never clean, and the quota is one over all processes."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from viewflow.workflow.models import Task
from viewflow.workflow.status import STATUS

from approval_hook import clock, gate, sourcedays
from approval_hook.errors import PlatformNotAsked, PlatformUnavailable
from approval_hook.hosts.viewflow.desk import panel_for
from approval_hook.limits import Limited
from approval_hook.models import CreditDecision, Reply, SourceDay
from approval_hook.platforms import Question, ask_all, platforms
from approval_hook.policy import sentences
from approval_hook.policy.decision import Why
from approval_hook.policy.explain import Audience, Language
from approval_hook.policy.records import NOT_ASKED_REASONS, CreditReport, QueryStatus
from approval_hook.policy.subjects import organisation
from approval_hook.testing import make_query, standing_at
from approval_hook.wording import NOT_ASKED_TEXTS
from tests.flows import flows
from tests.flows.facts import CLEAN, firm_data

pytestmark = pytest.mark.django_db(transaction=True)

#: A Monday morning.
AT = datetime(2026, 10, 12, 9, 0, tzinfo=clock.CHINA)
QUERY = make_query(organisation("示例餐饮（广州）有限公司", "92440104MA5FKAEH4C", on=AT.date()), "q")


@pytest.fixture
def limit(settings: Any, remote_credit: Any) -> Any:
    """Put limits on the scripted remote source; returns its script."""

    def to(**limits: Any) -> Any:
        real = settings.APPROVAL_HOOK
        province = {**real["PLATFORMS"]["province"], "LIMITS": limits}
        settings.APPROVAL_HOOK = {**real, "PLATFORMS": {**real["PLATFORMS"], "province": province}}
        return remote_credit

    return to


def asked(*, decides: bool = False, at: datetime = AT, times: int = 1, seconds: float = 1.0) -> list[CreditReport]:
    """Ask a number of times at once."""
    with standing_at(at):
        return ask_all([Question("province", QUERY, decides)] * times, seconds=seconds)


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"MAINTENANCE": [("Mon 08:00", "Mon 10:00")]}, "maintenance"),
        ({"BREAKER": {"FAILURES": 1, "SECONDS": 30}}, "breaker-open"),
        ({"PER_DAY": 1}, "quota"),
        ({"PER_MINUTE": 1}, "rate"),
        ({"AT_ONCE": 1}, "busy"),
    ],
)
def test_query_that_a_limit_keeps_back_is_could_not_tell(
    limit: Any, caplog: pytest.LogCaptureFixture, limits: dict[str, Any], reason: str
) -> None:
    """Each limit gives UNAVAILABLE with its own word, nothing came at the moment of asking, and the log says so."""
    script = limit(**limits)
    script.fault = PlatformUnavailable()
    asked()
    script.fault = None
    source = platforms()["province"]
    assert isinstance(source, Limited)
    if source._places is not None:
        source._places.acquire()
    before = len(script.asked)
    with caplog.at_level(logging.INFO, "approval_hook"):
        (report,) = asked(decides=True, seconds=0.2)
    assert report == CreditReport(QUERY.party, "province", QueryStatus.UNAVAILABLE, AT, AT, reason=reason)
    assert len(script.asked) == before
    lines = [json.loads(r.getMessage()) for r in caplog.records if "platform not asked" in r.getMessage()]
    assert [(line["source"], line["reason"]) for line in lines] == [("province", reason)]


@pytest.mark.parametrize("limits", [{"MAINTENANCE": [("Mon 00:00", "Sun 23:59")]}, {"PER_DAY": 2, "RESERVE": 0.5}])
def test_case_that_is_kept_back_waits_and_has_no_clean_record(limit: Any, inject: Any, limits: dict[str, Any]) -> None:
    """Acceptance stops at the reserve, the case is accepted as could-not-tell, and only the decision may use it."""
    script = limit(**limits)
    script.records[CLEAN] = ()
    inject(flows.LinearFlow, accepts=("accept",))
    with standing_at(AT):
        asked()
        process = flows.LinearFlow.start.run(data=firm_data())
        flows.LinearFlow.accept.run(Task.objects.get(process=process, status=STATUS.NEW))
    acceptance, *rest = CreditDecision.objects.order_by("pk")
    assert (acceptance.outcome, acceptance.complete) == ("O-00", False)
    quota = "PER_DAY" in limits
    assert [r.complete for r in rest] == [quota]
    reasons = [
        report["reason"] for reply in Reply.objects.order_by("pk") for report in reply.reports if "reason" in report
    ]
    assert set(reasons) == {"quota" if quota else "maintenance"}
    assert len(script.asked) == 2 * quota


@pytest.mark.parametrize("reason", sorted(NOT_ASKED_REASONS))
def test_clerk_and_applicant_read_why_nobody_was_asked(remote_credit: Any, inject: Any, reason: str) -> None:
    """From the gate to the words: the stored decision says which limit it was, each in its own sentence."""
    remote_credit.fault = PlatformNotAsked(reason)
    inject(flows.LinearFlow)
    process = flows.LinearFlow.start.run(data=firm_data())
    flows.LinearFlow.accept.run(Task.objects.get(process=process, status=STATUS.NEW))
    decision = gate.stated_decision(CreditDecision.objects.latest("pk"))
    assert {r.detail for r in decision.reasons if r.why is Why.SOURCE_INCOMPLETE} == {reason}
    (party,) = panel_for(process).parties
    assert NOT_ASKED_TEXTS[reason] in party.note
    assert sentences.STATUS[reason].said(Audience.CLERK, Language.ZH) in str(panel_for(process))


def test_page_says_that_nobody_was_asked(limit: Any, inject: Any) -> None:
    """The clerk does not read that the platform gave no answer when it was never asked."""
    limit(MAINTENANCE=[("Mon 00:00", "Sun 23:59")])
    inject(flows.LinearFlow)
    with standing_at(AT):
        process = flows.LinearFlow.start.run(data=firm_data())
        flows.LinearFlow.accept.run(Task.objects.get(process=process, status=STATUS.NEW))
    (party,) = panel_for(process).parties
    assert "正在维护，本次未查询" in party.note
    assert set(NOT_ASKED_TEXTS) == NOT_ASKED_REASONS


def test_quota_is_one_row_per_source_and_day_and_a_new_process_goes_on_from_it(limit: Any) -> None:
    """What is counted outlives a process but for the rest of its block, and a new day has a row of its own."""
    limit(PER_DAY=600)
    assert {r.status for r in asked(times=4)} == {QueryStatus.OK}
    assert list(SourceDay.objects.values_list("source", "day", "leased")) == [("province", AT.date(), 6)]
    limit(PER_DAY=600)
    asked()
    assert SourceDay.objects.get().leased == 9
    asked(at=AT + timedelta(days=1))
    assert list(SourceDay.objects.order_by("day").values_list("leased", flat=True)) == [9, 3]


def test_fetching_a_pending_answer_uses_no_quota_and_every_other_limit(limit: Any) -> None:
    """The query was counted when it came; maintenance, breaker and rate keep a fetch back like a query."""
    script = limit(PER_DAY=1, PER_MINUTE=4, BREAKER={"FAILURES": 1, "SECONDS": 30})
    script.status, script.receipt_no = QueryStatus.PENDING, "A-1"

    def fetched(seconds: float) -> str:
        with standing_at(AT + timedelta(seconds=seconds)):
            (report,) = ask_all([Question("province", QUERY, receipt_no="A-1")], seconds=1.0)
        return report.receipt_no or report.reason

    assert [r.receipt_no for r in asked(times=1)] == ["A-1"]
    assert [fetched(n) for n in (1, 2, 3, 4)] == ["A-1", "A-1", "A-1", "rate"]
    script.fault = PlatformUnavailable()
    assert [fetched(n) for n in (70, 71)] == ["unavailable", "breaker-open"]
    assert (len(script.asked), len(script.fetched)) == (1, 4)
    assert SourceDay.objects.get().leased == 1


def test_nothing_is_leased_inside_a_transaction(limit: Any) -> None:
    """A lease there would keep the row locked until the host's transaction ends."""
    limit(PER_DAY=10)
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        asked()
    assert SourceDay.objects.count() == 0


def test_openings_of_the_breaker_are_written_down(limit: Any) -> None:
    """Each opening counts, a trial that fails too, and the last moment is kept."""
    script = limit(BREAKER={"FAILURES": 2, "SECONDS": 30})
    script.fault = PlatformUnavailable()
    for seconds in (0, 1, 2, 31, 32):
        asked(at=AT + timedelta(seconds=seconds))
    assert list(SourceDay.objects.values_list("openings", "opened_at", "leased")) == [
        (2, (AT + timedelta(seconds=31)).astimezone(UTC), 0)
    ]
    assert len(script.asked) == 3


def test_lease_refuses_only_what_is_above_its_bound() -> None:
    """The last block may pass the bound; after it nothing is leased below that bound, but still below a higher one."""
    day = AT.date()
    assert [sourcedays.lease("s", day, 4, below=6) for _ in range(3)] == [4, 8, None]
    assert [sourcedays.lease("s", day, 4, below=10) for _ in range(2)] == [12, None]
    assert sourcedays.lease("t", day, 4, below=6) == 4


_TAKE_ALL = """
import django
django.setup()
from approval_hook.errors import PlatformNotAsked
from approval_hook.limits import Budget, _Quota
from tests.integration.test_limits import AT
quota = _Quota("province", Budget(700, 0))
taken = 0
try:
    while True:
        quota.take(AT, decides=True)
        taken += 1
except PlatformNotAsked:
    print(taken)
"""


def test_processes_on_one_sqlite_file_share_the_quota(tmp_path: Path) -> None:
    """Three processes that lease at the same time get exactly the quota together, and none fails on a lock."""
    env = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'quota.sqlite3'}",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    env.pop("TEST_DATABASE_URL", None)
    migrate = (
        "import django; django.setup(); from django.core.management import call_command as c; c('migrate', verbosity=0)"
    )
    subprocess.run([sys.executable, "-c", migrate], env=env, check=True, capture_output=True)
    takers = [
        subprocess.Popen([sys.executable, "-c", _TAKE_ALL], env=env, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    taken = [int(taker.communicate(timeout=120)[0]) for taker in takers]
    assert sum(taken) == 700


def test_the_shipped_application_has_limits() -> None:
    """Places and breaker always, the two quotas as the environment says, with a reserve; a wrong number is an error."""

    def limits(**environment: str) -> subprocess.CompletedProcess[str]:
        code = "from approval_hook.conf import conf; print(conf().platforms['province'].limits)"
        env = os.environ | {"DJANGO_SETTINGS_MODULE": "workflows.site.settings"} | environment
        return subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)

    bare, full, wrong = limits(), limits(CREDIT_PLATFORM_PER_DAY="5000"), limits(CREDIT_PLATFORM_PER_MINUTE="many")
    common = "at_once=8, failures=5, pause_seconds=30.0"
    assert f"{common}, per_day=None, per_minute=None" in bare.stdout
    assert f"{common}, per_day=Budget(most=5000, reserve=1000), per_minute=None" in full.stdout
    assert "CREDIT_PLATFORM_PER_MINUTE must be a whole number" in wrong.stderr
