"""What an adapter's author gives to the contract, and what its tests share."""

# ruff: noqa: S101 - these are tests, shipped for adapter authors

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import ClassVar

import pytest

from approval_hook.errors import PlatformError
from approval_hook.policy.records import CreditReport, QueryStatus
from approval_hook.policy.subjects import Subject
from approval_hook.ports import CreditPlatform, Query
from approval_hook.testing.contract.words import INEXPRESSIBLE, Received

_SHOWN = 1_000  # bytes of each reply in a message


class Fixtures:
    """What every test of the contract starts from.

    Attributes:
        cannot_express: words of ``FAULTS``, "mixed_dates", "strangers_row" or "unknown_subject" that your platform's
            interface has no way to show, each with the reason, such as the echo of a query id in an interface
            without one. Their tests are reported as skipped with that reason, after the server was asked under the
            fault all the same: it has to refuse it, and an answer that counts as one fails the test.
    """

    cannot_express: ClassVar[Mapping[str, str]] = {}

    @pytest.fixture
    def platform(self) -> CreditPlatform:
        """The adapter, connected to a server that behaves well."""
        raise NotImplementedError("give the fixture 'platform'")

    @pytest.fixture
    def subject_clean(self) -> Subject:
        """A subject the server knows and holds nothing about; its name occurs nowhere else."""
        raise NotImplementedError("give the fixture 'subject_clean'")

    @pytest.fixture
    def subject_hit(self) -> Subject:
        """A subject the server holds at least one row about."""
        raise NotImplementedError("give the fixture 'subject_hit'")

    @pytest.fixture
    def subject_unknown(self) -> Subject:
        """A subject of the kind your adapter asks about, with a valid number that the server does not hold."""
        raise NotImplementedError("give the fixture 'subject_unknown', or the reason in cannot_express")

    @pytest.fixture
    def break_with(self) -> Callable[[str, int | None], None]:
        """Misbehave by a word, so often (None: always).

        The words are those of ``FAULTS``, "extra_fields", "mixed_dates", "name_only" (rows without a number) and
        "strangers_row" (one row more, with the name of the subject and another valid number; counts include it).
        """
        raise NotImplementedError("give the fixture 'break_with'")

    @pytest.fixture
    def received(self) -> Callable[[], Sequence[Received]]:
        """What the server received so far, oldest first."""
        raise NotImplementedError("give the fixture 'received'")

    @pytest.fixture
    def shape_failures(self) -> Callable[[], Sequence[Mapping[str, str]]]:
        """What broke inside the server, as ``Simulator.failures`` tells it."""
        raise NotImplementedError(
            "give the fixture 'shape_failures': return simulator.failures.all, or what a server of your own tells of "
            "its crashes (path, fault, error): without it a server that crashes passes for one that shows a fault"
        )

    @pytest.fixture(autouse=True)
    def shape_is_sound(self, shape_failures: Callable[[], Sequence[Mapping[str, str]]]) -> Iterator[Callable[[], None]]:
        """Fails, when called or at the end, where the server crashed: an adapter that reports this proves nothing."""
        told = False

        def check() -> None:
            nonlocal told
            failures = shape_failures()
            hidden = {f["fault"] for f in failures if f["error"] == INEXPRESSIBLE} - set(self.cannot_express)
            if hidden and not told:
                told = True
                pytest.fail(
                    f"the server has no way to show {', '.join(sorted(hidden))}, so nothing was tested: mend the "
                    "shape, or give the reason in cannot_express"
                )
            broke = [f for f in failures if f["error"] != INEXPRESSIBLE]
            crashes = [f"{f['error']} at {f['path']} under {f['fault'] or 'no fault'}" for f in broke]
            if crashes and not told:
                told = True
                pytest.fail(
                    f"the shape crashed: {', '.join(dict.fromkeys(crashes))}. The adapter saw a broken connection and "
                    "not what was to be shown, which proves nothing. Mend the shape; its traceback is in stderr."
                )

        yield check
        check()

    def lacks(self, word: str, platform: CreditPlatform) -> bool:
        """Whether the author says that a word cannot be shown; where nobody is asked it is skipped at once."""
        reason = self.cannot_express.get(word, "")
        if reason and not platform.remote:
            pytest.skip(reason)
        return bool(reason)

    def bend(self, word: str, break_with: Callable[[str, int | None], None]) -> None:
        """Misbehave from now on; a server that does not know a word which is left out need not be asked."""
        try:
            break_with(word, None)
        except Exception:
            if word in self.cannot_express:
                pytest.skip(self.cannot_express[word])
            raise

    def skip_unless_answered(self, word: str, outcome: CreditReport | PlatformError) -> None:
        """Skip: under a word that is left out the server refused. Fail: it answered, and that was believed."""
        if isinstance(outcome, PlatformError) or outcome.status is not QueryStatus.OK:
            pytest.skip(self.cannot_express[word])
        pytest.fail(
            f"cannot_express leaves {word} out, and yet the server answered under it and the adapter believed the "
            f"answer. Take {word} out of cannot_express; or, if the server cannot show it, let it refuse: "
            "Shape.inexpressible"
        )


def shown(bodies: Sequence[bytes]) -> str:
    """The beginning of what came; the subjects of these tests are invented."""
    return " ".join(body[:_SHOWN].decode("utf-8", "replace") for body in bodies) or "nothing"


def outcome_of(platform: CreditPlatform, query: Query, timeout: float) -> CreditReport | PlatformError:
    """What comes of a query: a report, or the typed error."""
    try:
        return platform.query(query, timeout=timeout)
    except PlatformError as error:
        return error


def everything_in(error: BaseException | None) -> str:
    """Texts of an error and of every error behind it, whether or not a traceback would show them."""
    texts = []
    while error is not None:
        texts.append(repr(error) + str(error) + repr(error.args))
        error = error.__cause__ or error.__context__
    return " ".join(texts)


def assert_discreet(subject: Subject, text: str) -> None:
    """Nobody's name or number is in a text."""
    for secret in (subject.name, *(i.number for i in subject.identifiers)):
        assert secret not in text, "a name or number of the subject came out in an error, a reason or a log line"
