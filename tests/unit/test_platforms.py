"""Asking every source at once: whatever goes wrong is could-not-tell, never an answer without records."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

import pytest

from approval_hook import clock
from approval_hook.errors import PlatformError, PlatformRefused, PlatformReplyInvalid, PlatformUnavailable
from approval_hook.platforms import Question, ask_all
from approval_hook.policy.records import CreditReport, QueryStatus
from approval_hook.policy.subjects import organisation
from approval_hook.ports import Query
from tests.flows.facts import CLEAN

SUBJECT = organisation("粤示例有限公司", CLEAN, on=date(2026, 11, 2), established_on=date(2015, 5, 5))


def question(source: str = "province", party: str = "p1") -> Question:
    """About one firm."""
    return Question(source, Query("q1", party, SUBJECT, "food-business", "TEST-1", "示例局", "g", date(2026, 11, 2)))


def seen(*questions: Question, seconds: float = 2.0) -> list[tuple[QueryStatus, str, tuple[Any, ...]]]:
    """Status, reason and records of each report."""
    return [(r.status, r.reason, r.records) for r in ask_all(questions, seconds=seconds)]


@pytest.mark.parametrize("remote", [False, True])
@pytest.mark.parametrize(
    ("fault", "status", "reason"),
    [
        (PlatformUnavailable(), QueryStatus.UNAVAILABLE, "unavailable"),
        (PlatformReplyInvalid(), QueryStatus.UNAVAILABLE, "reply-invalid"),
        (PlatformRefused(), QueryStatus.REJECTED, "refused"),
        (PlatformError(), QueryStatus.UNAVAILABLE, "platform"),
        (TimeoutError(), QueryStatus.UNAVAILABLE, "adapter-error"),
        (RuntimeError(CLEAN), QueryStatus.UNAVAILABLE, "adapter-error"),
    ],
)
def test_a_source_that_fails_is_could_not_tell(
    credit: Any, remote: bool, fault: Exception, status: QueryStatus, reason: str
) -> None:
    """Every way to fail has its status and a reason without payload."""
    credit.fault = fault
    assert seen(question(), question(party="p2")) == [(status, reason, ())] * 2


def test_a_source_that_is_not_configured_is_could_not_tell(credit: Any) -> None:
    """An unknown source is not asked, and the others are."""
    assert [s for s, _, _ in seen(question("elsewhere"), question())] == [QueryStatus.NOT_CONFIGURED, QueryStatus.OK]


NOW = clock.now()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (CreditReport("p2", "province", QueryStatus.OK, NOW, NOW), "wrong-subject"),
        (CreditReport("p1", "creditchina", QueryStatus.OK, NOW, NOW), "wrong-subject"),
        (None, "adapter-error"),
        ([], "adapter-error"),
        ("no record", "adapter-error"),
    ],
)
def test_an_answer_about_somebody_else_or_none_at_all_is_no_answer(
    credit: Any, monkeypatch: Any, answer: Any, reason: str
) -> None:
    """What an adapter returns counts only as a report about this very party from this very source."""
    monkeypatch.setattr("approval_hook.testing.ScriptedPlatform.query", lambda *args, **kwargs: answer)
    assert seen(question()) == [(QueryStatus.UNAVAILABLE, reason, ())]


def test_nobody_is_asked_after_the_deadline(credit: Any, monkeypatch: Any) -> None:
    """One total deadline over all local sources: what comes after it is not asked."""
    plain = credit.asked.append

    class Slow(list):  # type: ignore[type-arg]
        def append(self, query: Any) -> None:
            time.sleep(0.15)
            plain(query)

    credit.asked = Slow()
    first, second = seen(question(), question(party="p2"), seconds=0.1)
    assert (first[0], second[:2]) == (QueryStatus.OK, (QueryStatus.UNAVAILABLE, "deadline"))
