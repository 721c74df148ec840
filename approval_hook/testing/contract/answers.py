"""Clean, hit and could-not-tell stay apart where the server behaves well."""

# ruff: noqa: S101 - these are tests, shipped for adapter authors

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Sequence

import pytest

from approval_hook.errors import PlatformError, PlatformUnavailable
from approval_hook.policy.records import CreditReport, MatchGrade, QueryStatus
from approval_hook.policy.subjects import Subject, SubjectKind
from approval_hook.ports import CreditPlatform
from approval_hook.testing.contract.fixtures import Fixtures, outcome_of
from approval_hook.testing.contract.words import Received, make_query


class Answers(Fixtures):
    """What an answer is about, and what its rows are."""

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
        outcome = outcome_of(platform, make_query(subject, "contract-unknown"), 5)
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
        lacking = self.lacks("strangers_row", platform)
        subject: Subject = request.getfixturevalue(about)
        before = platform.query(make_query(subject, "contract-stranger-before"), timeout=5)
        self.bend("strangers_row", break_with)
        outcome = outcome_of(platform, make_query(subject, "contract-stranger"), 5)
        shape_is_sound()
        if lacking:
            self.skip_unless_answered("strangers_row", outcome)
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
        outcome = outcome_of(platform, make_query(nameless, "contract-unidentified"), 5)
        assert isinstance(outcome, PlatformError) or outcome.status is not QueryStatus.OK, (
            "a subject without a number was answered; nothing can prove that it is meant"
        )
