"""The runner pays owed re-checks: one trial per silent source, a few per pass, sooner once a source is back."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import Any

import pytest
from viewflow.workflow.models import Task
from viewflow.workflow.status import STATUS

from approval_hook import clock, debts
from approval_hook.errors import PlatformRefused, PlatformUnavailable
from approval_hook.hosts.viewflow import paying
from approval_hook.hosts.viewflow.injection import binding_of
from approval_hook.hosts.viewflow.tending import tend
from approval_hook.models import CreditDecision, Recheck
from approval_hook.platforms import platforms
from approval_hook.ports import Probe
from approval_hook.testing import ScriptedPlatform, standing_at
from tests.flows import flows
from tests.flows.facts import CLEAN, firm_data

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _fresh_runner(monkeypatch: pytest.MonkeyPatch) -> None:
    """As after the start of a process."""
    monkeypatch.setattr(paying, "_watch", paying.Watch(reply=0))


@pytest.fixture
def owing(inject: Any, remote_credit: Any) -> Any:
    """Make a number of cases that were accepted while the platform was down."""
    inject(flows.LinearFlow, accepts=("accept",))

    def make(many: int) -> Any:
        remote_credit.fault = PlatformUnavailable()
        for _ in range(many):
            flows.LinearFlow.start.run(data=firm_data())
        assert Recheck.objects.filter(paid_at=None).count() == many
        remote_credit.asked.clear()
        return remote_credit

    return make


def passes(minutes: float) -> int:
    """One pass of the runner some minutes from now; how many debts it paid."""
    with standing_at(clock.now() + timedelta(minutes=minutes)):
        return tend().rechecked


def test_one_debt_tries_a_silent_source_for_all(owing: Any) -> None:
    """Ten debts are due and the source is still down: it is asked once, not ten times, and nine stay as they were."""
    script = owing(10)
    assert passes(2) == 0
    assert len(script.asked) == 1
    assert sorted(Recheck.objects.values_list("attempts", flat=True)) == [0] * 9 + [1]


def test_a_subject_that_is_refused_keeps_no_other_waiting(owing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal is about one subject; the source is up."""
    script = owing(3)
    script.fault = PlatformRefused()
    passes(2)
    assert len(script.asked) == 3


def test_a_source_that_is_back_is_worked_off_a_few_at_a_time(owing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """No stampede: so many per flow and pass, the nearest deadline first, until nothing is owed."""
    script = owing(7)
    script.fault = None
    monkeypatch.setattr(paying, "PER_PASS", 3)
    urgent = Recheck.objects.order_by("-pk")[0]
    Recheck.objects.filter(pk=urgent.pk).update(due_on=clock.today() - timedelta(days=1))
    assert passes(2) == 3
    assert Recheck.objects.get(pk=urgent.pk).paid_at is not None
    assert [passes(2), passes(2), passes(2)] == [3, 1, 0]
    assert len(script.asked) == 7


def test_re_checks_leave_the_reserve_to_decisions(owing: Any, settings: Any) -> None:
    """Within the quota and above its reserve; what is kept back stays owed and is tried again."""
    script = owing(6)
    script.fault = None
    real = settings.APPROVAL_HOOK
    province = {**real["PLATFORMS"]["province"], "LIMITS": {"PER_DAY": 8, "RESERVE": 0.5}}
    settings.APPROVAL_HOOK = {**real, "PLATFORMS": {**real["PLATFORMS"], "province": province}}
    assert passes(2) == 4
    assert len(script.asked) == 4
    kept_back = Recheck.objects.filter(paid_at=None)
    assert kept_back.count() == 2
    assert {debts.named(row.silent)[0] for row in kept_back} == {"province"}
    assert passes(2) == 0
    assert len(script.asked) == 4


def waits_long() -> None:
    """As after many failed tries: the next one is two hours away."""
    Recheck.objects.update(attempts=4, next_try_at=clock.now() + timedelta(hours=2))


def test_an_answer_to_anybody_brings_the_debts_forward(owing: Any) -> None:
    """A page got a complete answer: the source is back, and the next pass works debts off instead of waiting."""
    script = owing(3)
    tend()
    waits_long()
    script.fault = None
    assert tend().rechecked == 0
    flows.LinearFlow.start.run(data=firm_data())
    assert tend().rechecked == 3


def test_a_probe_that_passes_brings_the_debts_forward(owing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody asks anything: the runner itself looks whether the source is there, without a word about anybody."""
    script = owing(2)
    tend()
    waits_long()
    paying._watch.probed.clear()
    probes: list[bool] = []

    def probe(self: ScriptedPlatform, *, timeout: float) -> Probe:
        probes.append(script.fault is None)
        if script.fault is not None:
            raise script.fault
        return Probe()

    monkeypatch.setattr(ScriptedPlatform, "probe", probe, raising=False)
    assert tend().forwarded == 0
    script.fault = None
    assert tend().forwarded == 0  # probed a moment ago
    paying._watch.probed.clear()
    tally = tend()
    assert (tally.forwarded, tally.rechecked) == (2, 2)
    assert probes == [False, True]
    assert len(script.asked) == 2


def test_a_debt_is_brought_forward_seldom(owing: Any) -> None:
    """A source that answers others and never this subject is not asked about it at every pass."""
    owing(1)
    tend()
    waits_long()
    assert debts.bring_forward({"province"}) == 1
    waits_long()
    assert debts.bring_forward({"province"}) == 0
    with standing_at(clock.now() + debts.FORWARD_AGAIN):
        assert debts.bring_forward({"province"}) == 1
    assert debts.bring_forward({"creditchina"}) == 0


def test_an_open_breaker_of_this_runner_is_waited_for(owing: Any, settings: Any) -> None:
    """Brought forward now, the debts would only be kept back."""
    script = owing(2)
    real = settings.APPROVAL_HOOK
    limits = {"BREAKER": {"FAILURES": 1, "SECONDS": 600}}
    province = {**real["PLATFORMS"]["province"], "LIMITS": limits}
    settings.APPROVAL_HOOK = {**real, "PLATFORMS": {**real["PLATFORMS"], "province": province}}
    passes(2)
    assert platforms()["province"].paused()  # type: ignore[attr-defined] # it has limits
    waits_long()
    paying._watch.reply = 0
    script.fault = None
    assert tend().forwarded == 0


def test_a_late_finding_changes_no_decision_and_goes_to_a_person(
    owing: Any, defaulter: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Decided without credit effect, found afterwards: an alarm and an open item, and the case ends as it was."""
    script = owing(1)
    process = flows.LinearFlow.process_class._default_manager.latest("pk")
    flows.LinearFlow.accept.run(Task.objects.get(process=process, status=STATUS.NEW))
    with standing_at(clock.now() + timedelta(days=60)):
        tend()
    assert CreditDecision.objects.order_by("pk").last().origin == "lapsed"  # type: ignore[union-attr] # there are some
    assert flows.ran == [f"decide:{process.pk}"]
    script.fault, script.records[CLEAN] = None, (defaulter,)
    with standing_at(clock.now() + timedelta(days=61)), caplog.at_level(logging.ERROR, "approval_hook"):
        tend()
    debt = Recheck.objects.get()
    assert (debt.found, debt.after_decision, debt.handled_at) == ("O-06", True, None)
    process.refresh_from_db()
    assert (process.status, flows.ran) == ("DONE", [f"decide:{process.pk}"])
    events = [json.loads(r.getMessage())["event"] for r in caplog.records if r.name == "approval_hook"]
    assert events.count("found after the decision") == 1


def test_a_finding_before_the_decision_is_the_gate_s(owing: Any, defaulter: Any) -> None:
    """The re-check finds it while the case is under way: its gate holds it, and nobody is called beside."""
    script = owing(1)
    script.fault, script.records[CLEAN] = None, (defaulter,)
    assert passes(2) == 1
    debt = Recheck.objects.get()
    assert (debt.found, debt.after_decision) == ("O-06", False)


def test_a_debt_that_is_owed_anew_begins_anew(owing: Any) -> None:
    """Paid, then could-not-tell once more: another deadline, no old mark; a further failure moves nothing."""
    script = owing(1)
    script.fault = None
    assert passes(2) == 1
    old = Recheck.objects.get()
    Recheck.objects.update(escalated_at=clock.now(), handled_by="zhao", handled_at=clock.now(), handling="已核。")
    script.fault = PlatformUnavailable()
    process = flows.LinearFlow.process_class._default_manager.latest("pk")
    with standing_at(clock.now() + timedelta(days=10)):
        flows.LinearFlow.accept.run(Task.objects.get(process=process, status=STATUS.NEW))
    new = Recheck.objects.get()
    assert (new.paid_at, new.escalated_at, new.handled_at, new.handling) == (None, None, None, "")
    assert new.due_on > old.due_on
    assert new.owed_since > old.owed_since
    with standing_at(clock.now() + timedelta(days=11)):
        tend()
    again = Recheck.objects.get()
    assert (again.owed_since, again.due_on) == (new.owed_since, new.due_on)


def test_another_worker_leaves_a_debt_that_is_taken(owing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one pays, the same row read by another is not asked about."""
    script = owing(1)
    script.fault = None
    binding = binding_of(flows.LinearFlow)
    real, seen = paying.pay, []

    def pay(binding: Any, row: Any) -> Any:
        seen.append(paying.pay_debts(binding))  # the other worker, meanwhile
        return real(binding, row)

    with standing_at(clock.now() + timedelta(minutes=2)):
        monkeypatch.setattr(paying, "pay", pay)
        assert paying.pay_debts(binding) == 1
    assert seen == [0]
    assert len(script.asked) == 1
