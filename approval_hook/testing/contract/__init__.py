"""The contract every credit platform adapter must keep, as tests that its author runs.

Subclass ``PlatformContract`` in a test module, give the fixtures named there, and pytest
runs the rest against your adapter and a server of your own that can misbehave::

    class TestOurPlatform(PlatformContract):
        @pytest.fixture
        def platform(self): ...

Needs pytest and no Django; ``docs/howto/write-an-adapter.md`` has a complete example.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from approval_hook.ports import CreditPlatform
from approval_hook.testing.contract.answers import Answers
from approval_hook.testing.contract.asking import Asking
from approval_hook.testing.contract.misbehaviour import Misbehaviour
from approval_hook.testing.contract.words import DEADLINE, ENVELOPE_FAULTS, FAULTS, SLACK, Received, make_query

__all__ = [
    "DEADLINE",
    "ENVELOPE_FAULTS",
    "FAULTS",
    "SLACK",
    "EnvelopedPlatformContract",
    "PlatformContract",
    "Received",
    "make_query",
]


class PlatformContract(Answers, Misbehaviour, Asking):
    """Tests for one adapter. The three answers (clean, hit, could-not-tell) must stay apart."""


class EnvelopedPlatformContract(PlatformContract):
    """The same for a platform that encrypts and signs its replies: an envelope that does not fit is no answer."""

    @pytest.mark.parametrize("about", ["subject_clean", "subject_hit"])
    @pytest.mark.parametrize("fault", ENVELOPE_FAULTS)
    def test_an_envelope_that_does_not_fit_is_never_an_answer(
        self,
        fault: str,
        about: str,
        platform: CreditPlatform,
        break_with: Callable[[str, int | None], None],
        request: pytest.FixtureRequest,
        caplog: pytest.LogCaptureFixture,
        shape_is_sound: Callable[[], None],
    ) -> None:
        """As with any other fault."""
        self._check_never_an_answer(fault, request.getfixturevalue(about), platform, break_with, caplog, shape_is_sound)
