"""Whatever goes wrong at the server, nothing of it is an answer."""

# ruff: noqa: S101 - these are tests, shipped for adapter authors

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Callable

import pytest
import structlog

from approval_hook.policy.records import CreditReport, QueryStatus
from approval_hook.policy.subjects import Subject
from approval_hook.ports import CreditPlatform
from approval_hook.testing.contract.fixtures import Fixtures, assert_discreet, everything_in, outcome_of, shown
from approval_hook.testing.contract.words import ALWAYS, DEADLINE, ENVELOPE_FAULTS, FAULTS, SLACK, make_query


class Misbehaviour(Fixtures):
    """One test for each fault and each kind of subject."""

    def test_what_cannot_be_expressed_is_known_and_has_a_reason(self, platform: CreditPlatform) -> None:
        """A fault that is left out is one of the contract's, and the author says why."""
        known = {*FAULTS, *ENVELOPE_FAULTS, "mixed_dates", "strangers_row", "unknown_subject"}
        assert set(self.cannot_express) <= known, "cannot_express names what the contract does not ask"
        left_out = sorted(ALWAYS & set(self.cannot_express)) if platform.remote else []
        assert not left_out, "every server on a line can show these: take them out of cannot_express"
        assert all(self.cannot_express.values()), "cannot_express gives no reason"

    @pytest.mark.parametrize("about", ["subject_clean", "subject_hit"])
    @pytest.mark.parametrize("fault", FAULTS)
    def test_a_fault_is_never_an_answer(
        self,
        fault: str,
        about: str,
        platform: CreditPlatform,
        break_with: Callable[[str, int | None], None],
        request: pytest.FixtureRequest,
        caplog: pytest.LogCaptureFixture,
        shape_is_sound: Callable[[], None],
    ) -> None:
        """Every fault ends in a typed error or a report that is not OK, in time, and tells nobody's number or name."""
        self._check_never_an_answer(fault, request.getfixturevalue(about), platform, break_with, caplog, shape_is_sound)

    def _check_never_an_answer(
        self,
        fault: str,
        subject: Subject,
        platform: CreditPlatform,
        break_with: Callable[[str, int | None], None],
        caplog: pytest.LogCaptureFixture,
        shape_is_sound: Callable[[], None],
    ) -> None:
        lacking = self.lacks(fault, platform)
        self.bend(fault, break_with)
        caplog.set_level(logging.DEBUG)
        kept: list[bytes] = []
        query = dataclasses.replace(make_query(subject, f"contract-{fault}"), keep=kept.append)
        started = time.monotonic()
        with structlog.testing.capture_logs() as events:
            outcome = outcome_of(platform, query, DEADLINE)
        took = time.monotonic() - started
        shape_is_sound()
        if lacking:
            self.skip_unless_answered(fault, outcome)
        assert took <= DEADLINE + SLACK, f"came back after {took:.2f} s, with {DEADLINE} s to do it in"
        if isinstance(outcome, CreditReport):
            assert outcome.status is not QueryStatus.OK, (
                f"{fault} was taken for an answer. Look at what came: if {fault} is to be seen in it, the adapter "
                f"believed it; if it is as good as without a fault, the shape did not show it. It came: {shown(kept)}"
            )
            assert outcome.reason, "a report that is not OK says why: give a reason, a short machine word"
            told = outcome.reason
        else:
            told = everything_in(outcome)
        assert_discreet(subject, told + repr(events) + caplog.text)
