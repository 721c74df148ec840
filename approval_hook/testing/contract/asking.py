"""How a question goes out: once, signed, in time, and each with its own answer."""

# ruff: noqa: S101 - these are tests, shipped for adapter authors

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from approval_hook.errors import PlatformUnavailable
from approval_hook.policy.records import QueryStatus
from approval_hook.policy.subjects import Subject
from approval_hook.ports import CreditPlatform
from approval_hook.testing.contract.fixtures import Fixtures
from approval_hook.testing.contract.words import SLACK, Received, make_query


class Asking(Fixtures):
    """What the server receives."""

    def test_a_retry_is_the_same_query(
        self,
        platform: CreditPlatform,
        subject_clean: Subject,
        break_with: Callable[[str, int | None], None],
        received: Callable[[], Sequence[Received]],
    ) -> None:
        """After one failure the very question is sent again, freshly signed, and no other one twice."""
        before = len(received())
        break_with("http_500", 1)
        report = platform.query(make_query(subject_clean, "contract-retry"), timeout=5)
        arrivals = received()[before:]
        assert report.status is QueryStatus.OK, f"one HTTP 500 was not tried again: {report.reason}"
        assert len(arrivals) > 1, "the query was not sent again, or 'received' does not tell it"
        assert arrivals[0].asked == arrivals[1].asked, "the second attempt asked something else"
        assert len(arrivals) == len({a.asked for a in arrivals}) + 1, "more was sent than one repeat"
        assert all(a.genuine for a in arrivals), "an attempt was not signed afresh: sign inside the lambda"

    def test_what_is_signed_is_what_is_sent(
        self,
        platform: CreditPlatform,
        subject_hit: Subject,
        received: Callable[[], Sequence[Received]],
    ) -> None:
        """What arrives is what was signed."""
        before = len(received())
        platform.query(make_query(subject_hit, "contract-signed"), timeout=5)
        arrivals = received()[before:]
        assert arrivals, "nothing arrived, or 'received' does not tell it"
        assert all(a.genuine for a in arrivals), "the server refused a signature"

    def test_without_time_nothing_is_answered(self, platform: CreditPlatform, subject_clean: Subject) -> None:
        """With no time left the adapter gives up at once."""
        started = time.monotonic()
        with pytest.raises(PlatformUnavailable):
            platform.query(make_query(subject_clean, "contract-late"), timeout=0)
        assert time.monotonic() - started <= SLACK, "it did not give up at once"

    def test_answers_do_not_mix(self, platform: CreditPlatform, subject_clean: Subject, subject_hit: Subject) -> None:
        """Many queries at one time each get their own answer."""

        def ask(n: int) -> bool:
            subject = subject_hit if n % 2 else subject_clean
            report = platform.query(make_query(subject, f"contract-mix-{n}"), timeout=10)
            return report.status is QueryStatus.OK and bool(report.records) == bool(n % 2)

        with ThreadPoolExecutor(max_workers=8) as pool:
            assert all(pool.map(ask, range(40))), "a query got the answer to another, or none"
