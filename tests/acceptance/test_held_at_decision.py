"""A case that passed its gates is held at the decision: its record grew stale while the platform fell silent."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from approval_hook import clock, debts
from approval_hook.errors import PlatformUnavailable
from approval_hook.hosts.viewflow.tending import tend
from approval_hook.models import CreditDecision, Reply
from approval_hook.policy.workdays import add_workdays
from approval_hook.workcalendar import published_calendar
from tests.acceptance.evidence import people
from tests.acceptance.evidence.office import SETTLED, fresh, hold, inquiries, key_of, opinion, recheck, statuses

Later = Callable[[float], Any]


@pytest.fixture
def stale(remote_credit: Any, office: Any, later: Later) -> Any:
    """Checked clean before the decision; two days on the platform is silent and the head takes the case up."""
    case = office.file(people.firm(8301).filing())
    office.do(case, "accept")
    office.do(case, "review")
    assert (statuses(case)["decide"], opinion(case).complete) == ("NEW", True)
    remote_credit.fault = PlatformUnavailable()
    with later(2):
        task = office.claim(case, "decide")
        page = office.browsers["head"].get(task.reverse("execute"))
    assert page.status_code == 409
    assert statuses(case)["decide"] == "ASSIGNED"
    return case


def the_hold(case: Any) -> Any:
    """The open hold of a case that has one."""
    found = hold(case)
    assert found is not None
    return found


def days_before_due(case: Any, count: int) -> Any:
    """So many working days before the statutory date."""
    return add_workdays(the_hold(case).due_on, -count, published_calendar()).on


def test_it_asks_again_as_seldom_as_a_case_held_at_its_gate(stale: Any, later: Later) -> None:
    """One attempt when its time has come, none before, and each wait longer than the last."""
    at, tried = the_hold(stale).next_try_at, Reply.objects.count()
    for number, wait in enumerate(debts.BACKOFF[1:], 2):
        with clock.standing_at(at - timedelta(seconds=5)):
            tend()
        assert Reply.objects.count() == tried
        with clock.standing_at(at):
            tend()
            tend()
        tried += 1
        assert Reply.objects.count() == tried
        waiting = the_hold(stale)
        assert (waiting.attempts, waiting.next_try_at) == (number, at + wait)
        at = waiting.next_try_at


def test_a_record_that_grew_stale_while_it_waited_is_replaced(stale: Any, later: Later) -> None:
    """The runner was away for more than a day: it asks once and records a new opinion, and the hold goes on."""
    before, tried = opinion(stale), Reply.objects.count()
    assert not before.complete
    with later(4):
        tend()
        tend()
        assert clock.now() < opinion(stale).fresh_until
    assert opinion(stale).pk > before.pk
    assert Reply.objects.count() == tried + 1
    assert the_hold(stale).reason == "supervisor_releases"


def test_it_escalates_and_the_head_may_release_it(stale: Any, office: Any, on_day: Any) -> None:
    """Two working days before it is due it is the head's, whose release lets the decision be taken."""
    with on_day(days_before_due(stale, 3)):
        tend()
        assert the_hold(stale).escalated_at is None
        assert "尚未到可以放行" in office.settle(stale, "supervisor_releases:without_effect")
    with on_day(days_before_due(stale, 2)):
        tend()
        assert the_hold(stale).escalated_at is not None
        assert "按无信用影响办理" in office.page(stale, "head")
        assert office.settle(stale, "supervisor_releases:without_effect") == SETTLED
        assert hold(stale) is None
        assert office.do(stale, "decide").status_code == 302
    assert fresh(stale).decision == "granted"
    assert recheck(stale).paid_at is None  # type: ignore[union-attr] # owed since the platform fell silent


def test_it_lapses_on_the_statutory_date(stale: Any, office: Any, on_day: Any, caplog: Any) -> None:
    """No hold outlives the statutory date, at whichever node it is."""
    due = the_hold(stale).due_on
    with on_day(days_before_due(stale, 1)):
        tend()
        assert hold(stale) is not None
    with on_day(due), caplog.at_level(logging.ERROR, "approval_hook"):
        tend()
        lapsed = opinion(stale)
        assert (lapsed.origin, lapsed.permits, lapsed.complete) == ("lapsed", True, False)
        assert hold(stale) is None
        assert office.do(stale, "decide").status_code == 302
    alarms = [json.loads(r.getMessage()) for r in caplog.records if r.name == "approval_hook"]
    assert [a["due"] for a in alarms if a.get("alarm") and "lapsed" in a["event"]] == [due.isoformat()]
    assert fresh(stale).decision == "granted"


def test_a_head_who_comes_late_to_a_runner_that_was_away_may_decide(stale: Any, office: Any, on_day: Any) -> None:
    """Past the date the page asks once itself, lapses the hold, and the decision goes through."""
    with on_day(the_hold(stale).due_on + timedelta(days=3)):
        assert "可以继续办理" in office.do(stale, "decide").content.decode()
        assert office.do(stale, "decide").status_code == 302
    assert fresh(stale).decision == "granted"


def test_the_head_may_have_it_asked_again_at_once(stale: Any, remote_credit: Any, office: Any, later: Later) -> None:
    """A retry on the page reaches the step that the head has claimed."""
    remote_credit.fault = None
    with later(2.001):
        assert office.settle(stale, "retry") == SETTLED
        assert (hold(stale), opinion(stale).complete) == (None, True)
        assert office.do(stale, "decide").status_code == 302
    assert not CreditDecision.objects.filter(host_key=key_of(stale), origin="lapsed").exists()


def test_the_inquiry_names_who_took_the_step_up(stale: Any, office: Any, on_day: Any) -> None:
    """The head's click set the check off, not the clerk who reviewed; the head may still release it alone."""
    asked = inquiries(stale)
    assert [i.asked_by for i in asked][-1] == "head"
    assert "head" not in [i.asked_by for i in asked][:-1]
    with on_day(days_before_due(stale, 2)):
        tend()
        assert office.settle(stale, "supervisor_releases:without_effect", who="head") == SETTLED
    assert opinion(stale).origin == "settled"
