"""The contract every credit platform adapter must keep, as tests that its author runs.

Subclass ``PlatformContract`` in a test module, give the fixtures named there, and pytest
runs the rest against your adapter and a server of your own that can misbehave::

    class TestOurPlatform(PlatformContract):
        @pytest.fixture
        def platform(self): ...

Needs pytest and no Django; ``docs/howto/write-an-adapter.md`` has a complete example.
"""

# ruff: noqa: S101 - these are tests, shipped for adapter authors

from __future__ import annotations

import dataclasses
import hashlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

import pytest
import structlog

from approval_hook.errors import PlatformError, PlatformUnavailable
from approval_hook.policy.records import CreditReport, MatchGrade, QueryStatus
from approval_hook.policy.subjects import Subject, SubjectKind
from approval_hook.ports import CreditPlatform, Query

__all__ = ["ENVELOPE_FAULTS", "FAULTS", "EnvelopedPlatformContract", "PlatformContract", "Received"]

#: Misbehaviour after which no answer may count as "no record". ``break_with`` gets these words.
FAULTS = (
    "slow",  # the answer comes after the deadline
    "drip",  # the body comes byte by byte
    "drip_head",  # the headers come byte by byte
    "hang",  # no answer at all
    "reset",  # the connection is reset
    "cut",  # the connection ends in the middle of the body
    "http_401",
    "http_429",
    "http_500",
    "http_502",
    "redirect",  # to a login page
    "login_page",  # HTML with status 200
    "empty",  # status 200, no body
    "bad_json",  # or what your platform speaks: complete by its length, unreadable
    "duplicate_key",  # one field twice, with two contents
    "gbk",  # another charset than declared
    "gbk_declared",  # the same the other way round
    "unescaped",  # a character in a text that your format wants escaped
    "bomb",  # nested without end, or entities that expand
    "error_document",  # your protocol's own form of an error, with status 200
    "oversize",
    "half_page",  # the second page never comes
    "duplicate_page",  # the second page repeats the first
    "wrong_subject",
    "wrong_query",
    "unknown_state",  # a row state without meaning
    "unknown_status",  # a reply code without meaning
    "missing_field",
    "missing_rows",  # fewer rows than announced
    "naive_time",  # a time without offset
    "clock_skew",  # the platform's clock is hours ahead
    "partial",
    "pending",
    "refused",  # the platform says in its own words that we may not ask
    "quota",  # the platform says that we used up the queries of the day
    "bad_signature",  # 401 with a body that looks like an answer
    "clock_behind",  # the platform's clock is hours behind
    "similar_subject",  # the answer about a number that differs in one character and its check digits
    "middle_page_empty",  # the second of three pages comes without its rows
    "middle_page_twice",  # the second of three pages repeats the first
    "row_field_missing",
    "bad_date",  # in a form that no table has
    "busy",  # the platform says in its own words that it is busy, and to try later
)

#: The same for a platform that encrypts and signs its replies, see ``EnvelopedPlatformContract``.
ENVELOPE_FAULTS = (
    "forged_signature",  # the platform's signature does not fit
    "old_timestamp",  # sealed hours ago
    "wrong_app_code",  # for another caller
    "not_encrypted",  # a genuine signature around a document that anybody can read
    "other_key",  # encrypted with another key
)

#: Seconds allowed to the adapter in these tests, and how much later it may come back.
DEADLINE = 0.6
SLACK = 0.3

_AS_OF = date(2026, 10, 1)
_SHOWN = 1_000  # bytes of each reply in a message


@dataclass(frozen=True, slots=True)
class Received:
    """One query as the platform received it."""

    asked: str  # digest of what was asked, query id included, without what each attempt makes anew
    genuine: bool  # the signature fits and is not one that was used up before


def make_query(subject: Subject, query_id: str) -> Query:
    """A query of the contract about ``subject``."""
    return Query(
        query_id=query_id,
        party="0123456789abcdef",
        subject=subject,
        matter="food-business",
        case_no="HT-2026-0001",
        organ="示例市市场监督管理局",
        ground="L-07",
        as_of=_AS_OF,
    )


class PlatformContract:
    """Tests for one adapter. The three answers (clean, hit, could-not-tell) must stay apart.

    Attributes:
        cannot_express: words of ``FAULTS``, "mixed_dates", "strangers_row" or "unknown_subject" that your platform's
            interface has no way to show, each with the reason, such as the echo of a query id in an interface
            without one. Their tests are reported as skipped with that reason.
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
        """What broke inside the server, as ``Simulator.failures`` tells it; a server of another make tells nothing."""
        return list

    @pytest.fixture(autouse=True)
    def shape_is_sound(self, shape_failures: Callable[[], Sequence[Mapping[str, str]]]) -> Iterator[Callable[[], None]]:
        """Fails, when called or at the end, where the server crashed: an adapter that reports this proves nothing."""
        told = False

        def check() -> None:
            nonlocal told
            crashes = [f"{f['error']} at {f['path']} under {f['fault'] or 'no fault'}" for f in shape_failures()]
            if crashes and not told:
                told = True
                pytest.fail(
                    f"the shape crashed: {', '.join(dict.fromkeys(crashes))}. The adapter saw a broken connection and "
                    "not what was to be shown, which proves nothing. Mend the shape; its traceback is in stderr."
                )

        yield check
        check()

    def test_clean_is_ok_and_empty(self, platform: CreditPlatform, subject_clean: Subject) -> None:
        """A complete answer about a subject without rows is OK, empty, and says whom and which source it is about."""
        report = platform.query(make_query(subject_clean, "contract-clean"), timeout=5)
        assert (report.status, report.records) == (QueryStatus.OK, ()), (
            f"not clean: {report.reason or 'it has records'}"
        )
        assert (report.party, report.source) == ("0123456789abcdef", platform.name)
        assert report.asked_at.tzinfo is not None
        assert report.asked_at <= report.answered_at
        assert len(report.raw_digest) == 64

    def test_the_reply_as_it_came_is_handed_out_where_it_is_to_be_kept(
        self, platform: CreditPlatform, subject_hit: Subject
    ) -> None:
        """``raw_digest`` is over what ``Query.keep`` was given, in this order."""
        kept: list[bytes] = []
        query = dataclasses.replace(make_query(subject_hit, "contract-kept"), keep=kept.append)
        report = platform.query(query, timeout=5)
        assert kept, "Query.keep was never called: give it every body as it came"
        assert report.raw_digest == hashlib.sha256(b"".join(kept)).hexdigest()

    def test_hit_is_ok_with_exact_rows(self, platform: CreditPlatform, subject_hit: Subject) -> None:
        """Rows with the subject's own number come out as exact matches of this source."""
        report = platform.query(make_query(subject_hit, "contract-hit"), timeout=5)
        assert report.status is QueryStatus.OK, f"not answered: {report.reason}"
        assert report.records, "the rows of subject_hit are lost"
        assert {r.match for r in report.records} == {MatchGrade.EXACT}
        assert {r.source for r in report.records} == {platform.name}

    def test_what_cannot_be_expressed_is_known_and_has_a_reason(self) -> None:
        """A fault that is left out is one of the contract's, and the author says why."""
        known = {*FAULTS, *ENVELOPE_FAULTS, "mixed_dates", "strangers_row", "unknown_subject"}
        assert set(self.cannot_express) <= known, "cannot_express names what the contract does not ask"
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
        if fault in self.cannot_express:
            pytest.skip(self.cannot_express[fault])
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
        break_with(fault, None)
        caplog.set_level(logging.DEBUG)
        kept: list[bytes] = []
        query = dataclasses.replace(make_query(subject, f"contract-{fault}"), keep=kept.append)
        started = time.monotonic()
        with structlog.testing.capture_logs() as events:
            outcome = _outcome(platform, query, DEADLINE)
        took = time.monotonic() - started
        shape_is_sound()
        assert took <= DEADLINE + SLACK, f"came back after {took:.2f} s, with {DEADLINE} s to do it in"
        if isinstance(outcome, CreditReport):
            assert outcome.status is not QueryStatus.OK, (
                f"{fault} was taken for an answer. Look at what came: if {fault} is to be seen in it, the adapter "
                f"believed it; if it is as good as without a fault, the shape did not show it. It came: {_shown(kept)}"
            )
            assert outcome.reason, "a report that is not OK says why: give a reason, a short machine word"
            told = outcome.reason
        else:
            told = _everything_in(outcome)
        _assert_discreet(subject, told + repr(events) + caplog.text)

    def test_an_unknown_subject_is_never_clean(
        self,
        platform: CreditPlatform,
        received: Callable[[], Sequence[Received]],
        request: pytest.FixtureRequest,
        shape_is_sound: Callable[[], None],
    ) -> None:
        """That a platform does not hold a subject says nothing about it (domain facts 4.1, P10)."""
        if "unknown_subject" in self.cannot_express:
            pytest.skip(self.cannot_express["unknown_subject"])
        subject: Subject = request.getfixturevalue("subject_unknown")
        before = len(received())
        outcome = _outcome(platform, make_query(subject, "contract-unknown"), 5)
        shape_is_sound()
        assert len(received()) > before, (
            "nobody was asked: subject_unknown is to be of a kind that the adapter asks about"
        )
        if isinstance(outcome, CreditReport):
            assert outcome.status is not QueryStatus.OK, (
                'an unknown subject was taken for an answer: that the platform does not hold it is no "no record"'
            )
            assert outcome.reason, "a report that is not OK says why: give adapters.platform.UNKNOWN_SUBJECT"

    @pytest.mark.parametrize("about", ["subject_clean", "subject_hit"])
    def test_a_strangers_row_is_never_exact(
        self,
        about: str,
        platform: CreditPlatform,
        break_with: Callable[[str, int | None], None],
        request: pytest.FixtureRequest,
        shape_is_sound: Callable[[], None],
    ) -> None:
        """A row with somebody else's number is dropped and counted, or spoils the answer; it is never the subject's."""
        if "strangers_row" in self.cannot_express:
            pytest.skip(self.cannot_express["strangers_row"])
        subject: Subject = request.getfixturevalue(about)
        before = platform.query(make_query(subject, "contract-stranger-before"), timeout=5)
        break_with("strangers_row", None)
        outcome = _outcome(platform, make_query(subject, "contract-stranger"), 5)
        shape_is_sound()
        assert not isinstance(outcome, PlatformUnavailable), "nothing came: the server cannot show strangers_row"
        if isinstance(outcome, PlatformError):
            return
        own, now = {r.record_id for r in before.records}, {r.record_id for r in outcome.records}
        exact = {r.record_id for r in outcome.records if r.match is MatchGrade.EXACT}
        assert exact <= own, "a row with another number is EXACT: grade every row by its own number (adapters.matching)"
        if outcome.status is QueryStatus.OK:
            assert own <= now, "rows of the subject were lost beside that of a stranger"
            # What is looked up here, by number, finds no such row.
            assert not platform.remote or now > own or outcome.mismatched > before.mismatched, (
                "the row of a stranger is neither among the records nor counted in mismatched: either the shape did "
                "not show it, or the adapter drops rows without counting them"
            )

    @pytest.mark.parametrize("about", ["subject_clean", "subject_hit"])
    def test_fields_nobody_asked_for_are_ignored(
        self,
        about: str,
        platform: CreditPlatform,
        break_with: Callable[[str, int | None], None],
        request: pytest.FixtureRequest,
    ) -> None:
        """A field that the platform adds one day changes nothing."""
        subject: Subject = request.getfixturevalue(about)
        before = platform.query(make_query(subject, "contract-before"), timeout=5)
        break_with("extra_fields", None)
        after = platform.query(make_query(subject, "contract-after"), timeout=5)
        assert (after.status, after.records) == (before.status, before.records), "a field more changed the answer"

    def test_dates_of_two_forms_in_one_row_are_read(
        self, platform: CreditPlatform, subject_hit: Subject, break_with: Callable[[str, int | None], None]
    ) -> None:
        """Rows say the same in whichever forms their dates are written (domain facts 3.6)."""
        if "mixed_dates" in self.cannot_express:
            pytest.skip(self.cannot_express["mixed_dates"])
        before = platform.query(make_query(subject_hit, "contract-dates-before"), timeout=5)
        break_with("mixed_dates", None)
        after = platform.query(make_query(subject_hit, "contract-dates-after"), timeout=5)
        assert (after.status, after.records) == (before.status, before.records), (
            "another form of a date changed the answer"
        )

    def test_a_name_is_never_proof(
        self, platform: CreditPlatform, subject_hit: Subject, break_with: Callable[[str, int | None], None]
    ) -> None:
        """Rows without a number are possible matches at most, and are not lost."""
        break_with("name_only", None)
        report = platform.query(make_query(subject_hit, "contract-name"), timeout=5)
        assert {r.match for r in report.records} == {MatchGrade.POSSIBLE}, (
            "rows with a name and no number are to come out as POSSIBLE (adapters.matching.grade)"
        )

    def test_without_identifier_nothing_is_clean(self, platform: CreditPlatform, subject_clean: Subject) -> None:
        """A subject that cannot be matched is never reported clean."""
        nameless = Subject(SubjectKind.PERSON, subject_clean.name, ())
        outcome = _outcome(platform, make_query(nameless, "contract-unidentified"), 5)
        assert isinstance(outcome, PlatformError) or outcome.status is not QueryStatus.OK, (
            "a subject without a number was answered; nothing can prove that it is meant"
        )

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
        if fault in self.cannot_express:
            pytest.skip(self.cannot_express[fault])
        self._check_never_an_answer(fault, request.getfixturevalue(about), platform, break_with, caplog, shape_is_sound)


def _shown(bodies: Sequence[bytes]) -> str:
    """The beginning of what came; the subjects of these tests are invented."""
    return " ".join(body[:_SHOWN].decode("utf-8", "replace") for body in bodies) or "nothing"


def _outcome(platform: CreditPlatform, query: Query, timeout: float) -> CreditReport | PlatformError:
    try:
        return platform.query(query, timeout=timeout)
    except PlatformError as error:
        return error


def _everything_in(error: BaseException | None) -> str:
    """Texts of an error and of every error behind it, whether or not a traceback would show them."""
    texts = []
    while error is not None:
        texts.append(repr(error) + str(error) + repr(error.args))
        error = error.__cause__ or error.__context__
    return " ".join(texts)


def _assert_discreet(subject: Subject, text: str) -> None:
    for secret in (subject.name, *(i.number for i in subject.identifiers)):
        assert secret not in text, "a name or number of the subject came out in an error, a reason or a log line"
