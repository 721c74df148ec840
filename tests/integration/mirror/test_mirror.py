"""The mirror is never clean unless the stored lists say so."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import product
from typing import Any, ClassVar

import pytest
from django.db import connection

from adapters.matching import grade
from adapters.mirror import MirrorPlatform
from approval_hook import privacy
from approval_hook.errors import PlatformReplyInvalid, PlatformUnavailable
from approval_hook.mirroring import store
from approval_hook.mirroring.loading import load
from approval_hook.mirroring.store import StoredLists
from approval_hook.models import MirroredEdition, MirroredRow
from approval_hook.policy.records import CreditReport, MatchGrade, QueryStatus
from approval_hook.policy.subjects import (
    Identifier,
    IdentifierType,
    Subject,
    SubjectKind,
    organisation,
    parse_identifier,
    person,
)
from approval_hook.policy.synthetic import (
    synthetic_foreign_permanent,
    synthetic_foreign_permanent_2017,
    synthetic_residence_permit,
    synthetic_resident_id,
)
from approval_hook.ports import ListEdition, ListEntry
from approval_hook.testing import FAULTS, PlatformContract, make_query
from tests.integration.mirror.conftest import (
    FIRM,
    HEADER,
    LIST,
    NOW,
    ON,
    OTHER_FIRM,
    PERSON,
    Entries,
    Folder,
    entry,
    line,
)

pytestmark = pytest.mark.django_db


def ask(mirror: MirrorPlatform, subject: Subject) -> CreditReport:
    """What it answers now."""
    return mirror.query(make_query(subject, "q"), timeout=5)


def answer(mirror: MirrorPlatform, subject: Subject) -> tuple[str, str, int]:
    """Status, reason and number of records."""
    report = ask(mirror, subject)
    return report.status.value, report.reason, len(report.records)


def test_fresh_lists_answer(folder: Folder, mirror: MirrorPlatform) -> None:
    """Clean and hit, with the moment of the list and the rows' own list."""
    folder.load(line("R-1", PERSON))
    assert answer(mirror, FIRM) == ("OK", "", 0)
    report = ask(mirror, PERSON)
    (record,) = report.records
    assert (record.record_id, record.source, record.list_type) == (f"{LIST}/R-1", "mirror", LIST)
    assert (record.match, report.source_time, len(report.raw_digest)) == (MatchGrade.EXACT, NOW, 64)


def test_without_an_edition_nothing_is_clean(folder: Folder, mirror: MirrorPlatform) -> None:
    """Never loaded, or refused at the first time."""
    assert answer(mirror, FIRM) == ("NOT_CONFIGURED", "no-list", 0)
    folder.load(line("R-1"), count=9)
    assert answer(mirror, FIRM) == ("NOT_CONFIGURED", "no-list", 0)


def test_without_a_list_in_the_settings_nothing_is_clean(folder: Folder, mirror: MirrorPlatform, settings: Any) -> None:
    """A mirror that is to hold nothing knows nothing."""
    folder.load(line("R-1", PERSON))
    settings.APPROVAL_HOOK = {**settings.APPROVAL_HOOK, "LISTS": {}}
    assert answer(mirror, FIRM) == ("NOT_CONFIGURED", "no-list", 0)


@pytest.mark.parametrize(("hours", "status"), [(47.9, "OK"), (48, "OK"), (48.1, "UNAVAILABLE")])
def test_a_stale_list_is_could_not_tell(
    folder: Folder, mirror: MirrorPlatform, hours_later: Callable[[float], Any], hours: float, status: str
) -> None:
    """After its maximum age neither clean nor hit comes from it."""
    folder.load(line("R-1", PERSON))
    with hours_later(hours):
        for subject in (FIRM, PERSON):
            found = ask(mirror, subject)
            assert found.status.value == status
            assert found.reason == ("" if status == "OK" else "stale-list")
            assert status == "OK" or not found.records


def test_one_list_that_is_stale_or_missing_spoils_the_answer(
    folder: Folder, mirror: MirrorPlatform, settings: Any, hours_later: Callable[[float], Any]
) -> None:
    """The others alone are not enough, and the oldest says how old the answer is."""
    lists = {"court": {"MAX_AGE_HOURS": {LIST: 48, "penalty": 4}}}
    settings.APPROVAL_HOOK = {**settings.APPROVAL_HOOK, "LISTS": lists}
    folder.load(line("R-1", PERSON))
    assert answer(mirror, FIRM) == ("NOT_CONFIGURED", "no-list", 0)
    folder.load(line("R-1", PERSON), list_type="penalty", as_of="2026-11-27T07:00:00+08:00")
    assert answer(mirror, FIRM) == ("OK", "", 0)
    # Equal ids of two lists are two records.
    assert answer(mirror, PERSON) == ("OK", "", 2)
    assert ask(mirror, FIRM).source_time == NOW.replace(hour=7)
    with hours_later(3):
        assert answer(mirror, FIRM) == ("UNAVAILABLE", "stale-list", 0)


@pytest.mark.parametrize("harm", ["emptied", "another secret"])
def test_a_damaged_list_is_never_clean(
    folder: Folder, mirror: MirrorPlatform, harm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that vanished, or keys that were made with another secret, are noticed by the row every edition has."""
    folder.load(line("R-1", PERSON))
    assert answer(mirror, FIRM) == ("OK", "", 0)
    if harm == "emptied":
        MirroredRow.objects.all().delete() if connection.vendor != "postgresql" else _truncate()
    else:
        monkeypatch.setenv("CREDIT_DIGEST_SECRET", "quite-another-secret-0123456789")
    assert privacy.digest("x")
    assert answer(mirror, FIRM) == ("UNAVAILABLE", "list-damaged", 0)
    assert answer(mirror, PERSON) == ("UNAVAILABLE", "list-damaged", 0)


def _truncate() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {MirroredRow._meta.db_table}")


def test_more_rows_than_can_be_compared_are_could_not_tell(
    folder: Folder, mirror: MirrorPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A limit on the rows of one name or number never cuts an answer short."""
    monkeypatch.setattr(store, "MOST_ROWS", 3)
    nameless = {"id_type": "", "number": ""}
    folder.load(*[line(f"R-{n}", PERSON, **nameless) for n in range(4)])
    assert answer(mirror, PERSON) == ("UNAVAILABLE", "too-many-rows", 0)
    folder.load(*[line(f"R-{n}", PERSON, **nameless) for n in range(3)])
    assert answer(mirror, PERSON) == ("OK", "", 3)
    folder.load(*[line(f"R-{n}", PERSON) for n in range(4)])
    assert answer(mirror, PERSON) == ("UNAVAILABLE", "too-many-rows", 0)


def test_a_new_edition_is_seen_at_once(folder: Folder, mirror: MirrorPlatform) -> None:
    """Although a process remembers which edition was in use, whole or incremental."""
    folder.load(line("R-1", OTHER_FIRM))
    assert answer(mirror, FIRM) == ("OK", "", 0)
    folder.load(line("R-1"))
    assert answer(mirror, FIRM) == ("OK", "", 1)
    folder.load(f"{line('R-2')},", header=f"{HEADER},removed", base="v2")
    assert answer(mirror, FIRM) == ("OK", "", 2)
    other = f"{line('R-3', OTHER_FIRM)},"
    folder.load("R-1,,,,,,,1", "R-2,,,,,,,1", other, header=f"{HEADER},removed", base="v3")
    assert answer(mirror, FIRM) == ("OK", "", 0)
    folder.load(line("R-1"), base="v9")
    assert answer(mirror, FIRM) == ("OK", "", 0)


def test_a_subject_without_number_is_not_looked_up(folder: Folder, mirror: MirrorPlatform) -> None:
    """A passport alone matches nothing, so nothing is said about its holder."""
    folder.load(line("R-1", PERSON))
    passport = person("李示例", "E12345678", type=IdentifierType.PASSPORT, on=ON)
    assert answer(mirror, passport) == ("REJECTED", "unidentified", 0)


def test_without_time_nothing_is_answered(folder: Folder, mirror: MirrorPlatform) -> None:
    """As every platform."""
    folder.load(line("R-1"))
    with pytest.raises(PlatformUnavailable):
        mirror.query(make_query(FIRM, "q"), timeout=0)


def test_one_record_with_two_contents_is_invalid(folder: Folder, mirror: MirrorPlatform, settings: Any) -> None:
    """Two sources of one list agree about a record or cannot both be believed."""
    ages = {"MAX_AGE_HOURS": {LIST: 48}}
    settings.APPROVAL_HOOK = {**settings.APPROVAL_HOOK, "LISTS": {"court": ages, "province": ages}}
    for name, title in (("court", "甲"), ("province", "甲")):
        assert load(
            Entries([entry("R-1", category=title)]), ListEdition(LIST, "a", NOW, 1), name=name, timeout=1
        ).loaded
    assert answer(mirror, FIRM) == ("OK", "", 1)
    load(Entries([entry("R-1", category="乙")]), ListEdition(LIST, "b", NOW, 1), name="province", timeout=1)
    with pytest.raises(PlatformReplyInvalid):
        ask(mirror, FIRM)


def test_personal_data_is_masked_in_free_text(folder: Folder, mirror: MirrorPlatform) -> None:
    """A record becomes evidence that nobody can erase."""
    number = PERSON.identifiers[0].number
    folder.load(line("R-1", title=f"冒用{number}") + ",", header=f"{HEADER},document_no")
    (record,) = ask(mirror, FIRM).records
    assert number not in record.title


RNG = random.Random(8)  # noqa: S311 - invents subjects, not secrets
BORN = date(1990, 1, 1)
_NUMBERS: dict[str, tuple[str, ...]] = {
    "resident_id": ("440300199001010016", synthetic_resident_id(RNG, born_on=BORN)),
    "uscc": ("92440104MA5FKAEH4C", "91440300MA5FKAEH40"),
    "residence_permit": tuple(synthetic_residence_permit(RNG, born_on=BORN) for _ in range(2)),
    "foreign_permanent": (
        synthetic_foreign_permanent(RNG, born_on=BORN),
        synthetic_foreign_permanent_2017(RNG, born_on=BORN),
        synthetic_foreign_permanent_2017(RNG, born_on=date(1980, 1, 1)),
    ),
    "hm_permit": ("H12345678", "H1234567801", "H1234567802", "M12345678"),
    "tw_permit": ("12345678", "1234567801", "87654321"),
    "passport": ("E12345678", "H12345678", "12345678"),
    "工商注册号": ("440101000012345", "12345678"),
}
_NAMES = ("陈示例", "李示例", "陈**", "陈某", "*示例", "**", "广州示例丙餐饮有限公司", "陈示例　", "")


def _court(number: str) -> str:
    return f"{number[:10]}****{number[14:]}"


def _rows() -> Iterator[tuple[str, str, str]]:
    """Name, label and number of every kind of row that a list may hold."""
    numbers = [(label, n) for label, own in _NUMBERS.items() for n in own]
    numbers += [("", n) for label in ("resident_id", "uscc", "residence_permit") for n in _NUMBERS[label]]
    masked = [(k, _court(n)) for k in ("resident_id", "uscc", "residence_permit") for n in _NUMBERS[k]]
    numbers += masked + [("", m) for _, m in masked] + [("resident_id", "440300********0016"), ("", ""), ("护照", "")]
    for name, (label, number) in product(_NAMES, numbers):
        yield name, label, number


def _subjects() -> list[Subject]:
    def own(kind: str, at: int = 0) -> Identifier:
        return parse_identifier(_NUMBERS[kind][at], type=IdentifierType(kind), field="证件号码", on=ON)

    people = [
        (own("resident_id"),),
        (own("resident_id"), own("hm_permit")),
        (own("residence_permit"),),
        (own("hm_permit"),),
        (own("hm_permit", 1), own("passport", 1)),
        (own("tw_permit"), own("passport", 2)),
        (own("tw_permit", 1),),
        (own("foreign_permanent"), own("foreign_permanent", 1)),
        (own("foreign_permanent", 1),),
    ]
    named = [Subject(SubjectKind.PERSON, name, ids) for ids in people for name in ("陈示例", "李示例")]
    return [FIRM, organisation("陈示例", "91440300MA5FKAEH40", on=ON), *named]


def _expected(subject: Subject, name: str, label: str, number: str) -> MatchGrade:
    """What ``grade`` says of the row as the source wrote it, but for the four rules that the mirror adds."""
    kind = next((k for k, own in _NUMBERS.items() if number in own and label in (k, "")), "")
    exact = grade(subject, name=name, id_type=label, number=number, on=ON)
    by_number = exact is MatchGrade.EXACT or any(
        number.startswith(i.matching_number) or number == _court(i.number) for i in subject.identifiers
    )
    if by_number:
        return exact
    of_person = kind not in ("", "uscc", "工商注册号") or (label == "resident_id" and number.count("*") == 4)
    if kind == "uscc":  # a code of an organisation: about it alone
        return MatchGrade.NONE
    if subject.kind is SubjectKind.ORGANISATION and of_person and kind in ("", "resident_id"):
        return MatchGrade.NONE  # a resident number is about no organisation
    if not name:  # found by its number alone
        return MatchGrade.NONE
    return exact


def test_every_kind_of_row_is_found_and_graded_as_if_it_were_all_there(
    folder: Folder, mirror: MirrorPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names and numbers are gone, and still each subject gets the grades that they would have given."""
    monkeypatch.setattr(store, "MOST_ROWS", 10_000)
    rows = {f"R-{n}": row for n, row in enumerate(_rows())}
    rows = {k: (name, label, number) for k, (name, label, number) in rows.items() if name or _tells(label, number)}
    entries = [ListEntry(entry(key).record, name, label, number) for key, (name, label, number) in rows.items()]
    outcome = load(Entries(entries), ListEdition(LIST, "all", NOW, len(entries)), name="court", timeout=60)
    assert outcome.loaded, outcome.problems
    seen: set[MatchGrade] = set()
    for subject in _subjects():
        expected = {f"{LIST}/{k}": _expected(subject, *row) for k, row in rows.items()}
        report = ask(mirror, subject)
        got = {r.record_id: r.match for r in report.records}
        wanted = {k: m for k, m in expected.items() if m is not MatchGrade.NONE}
        wrong = {
            k: (rows[k.partition("/")[2]], got.get(k), wanted.get(k))
            for k in {*got, *wanted}
            if got.get(k) is not wanted.get(k)
        }
        assert not wrong, (subject.name, [i.number for i in subject.identifiers], wrong)
        seen |= set(got.values())
    assert seen == {MatchGrade.EXACT, MatchGrade.POSSIBLE}


def _tells(label: str, number: str) -> bool:
    """Whether a row without a name tells whom it is about."""
    return bool(number) and label != "工商注册号" and "********" not in number and number not in ("12345678",)


#: A valid number of somebody else than those of the tests.
STRANGER = "93441900MA5FKAEH45"


class _PerThread(MirrorPlatform):
    """Lets go of the database connection of a thread that ends."""

    def query(self, query: Any, *, timeout: float) -> CreditReport:
        """As the mirror."""
        try:
            return super().query(query, timeout=timeout)
        finally:
            if threading.current_thread() is not threading.main_thread():
                connection.close()


@pytest.mark.django_db(transaction=True)
class TestMirror(PlatformContract):
    """The shipped contract, as far as it can be shown where nobody is asked."""

    cannot_express: ClassVar[dict[str, str]] = {
        **dict.fromkeys(FAULTS, "nobody is asked: a broken download is refused when it is loaded"),
        "unknown_subject": "a list names those with rows, so whoever is in none is clean by its own meaning",
    }

    @pytest.fixture
    def platform(self, folder: Folder) -> MirrorPlatform:
        """The adapter over a list with one firm in it."""
        folder.load(line("R-1"), line("R-2"))
        return _PerThread("mirror", StoredLists(), clock=lambda: NOW)

    @pytest.fixture
    def subject_clean(self) -> Subject:
        """A firm that is in no list."""
        return OTHER_FIRM

    @pytest.fixture
    def subject_hit(self) -> Subject:
        """A firm with two rows."""
        return FIRM

    @pytest.fixture
    def break_with(self, folder: Folder) -> Callable[[str, int | None], None]:
        """The next edition has a column more, dates in two forms, rows of namesakes, or rows without numbers."""

        def put(fault: str, times: int | None) -> None:
            if fault == "extra_fields":
                outcome = folder.load(f"{line('R-1')},1", f"{line('R-2')},2", header=f"{HEADER},telephone")
            elif fault == "mixed_dates":
                outcome = folder.load(line("R-1", decided_on="20260301"), line("R-2", decided_on="2026/03/01"))
            elif fault == "strangers_row":
                namesakes = [line(f"S-{n}", s, number=STRANGER) for n, s in enumerate((FIRM, OTHER_FIRM))]
                outcome = folder.load(line("R-1"), line("R-2"), *namesakes)
            else:
                assert fault == "name_only"
                outcome = folder.load(line("R-1", number="", id_type=""), line("R-2", number="", id_type=""))
            assert outcome.loaded

        return put

    @pytest.fixture
    def received(self) -> Callable[[], Sequence[Any]]:
        """Nobody receives anything."""
        return list

    @pytest.fixture
    def shape_failures(self) -> Callable[[], Sequence[Any]]:
        """There is no server that could break."""
        return list

    def test_a_retry_is_the_same_query(self) -> None:  # type: ignore[override]
        """Nothing is sent, so nothing is sent again."""
        assert not MirrorPlatform.remote

    def test_what_is_signed_is_what_is_sent(self) -> None:  # type: ignore[override]
        """Nothing is signed."""
        assert not MirrorPlatform.remote


def test_rows_need_no_statement_but_one(folder: Folder, mirror: MirrorPlatform, django_assert_num_queries: Any) -> None:
    """Once the edition in use is known; rows and editions are then from one moment."""
    # On PostgreSQL psycopg itself asks for the rows, which Django does not count.
    own = 0 if connection.vendor == "postgresql" else 1
    folder.load(line("R-1"))
    with django_assert_num_queries(1 + own):
        ask(mirror, FIRM)
    with django_assert_num_queries(own):
        ask(mirror, FIRM)
    MirroredEdition.objects.update(active=False)
    with django_assert_num_queries(1 + 2 * own):
        assert answer(mirror, FIRM) == ("NOT_CONFIGURED", "no-list", 0)


def test_status_words_are_those_of_the_core() -> None:
    """The words above are the core's own."""
    assert {"OK", "NOT_CONFIGURED", "UNAVAILABLE", "REJECTED"} <= {s.value for s in QueryStatus}


@pytest.mark.parametrize(
    ("own", "shown"),
    [
        ("买买提·艾力", "买买提\u30fb艾力"),
        ("买买提·艾力", "买买提艾力"),
        ("王伟", "王\ufe00伟"),
        ("王伟", "王\u3164伟"),
        ("王䶮", "王\ufffd"),
        ("张伟", "张〇"),
        ("张伟", "张△"),
        ("张伟", "张…"),
    ],
)
@pytest.mark.parametrize("number", ["4403001990****0016", "", "440300************"])
def test_another_spelling_of_a_name_hides_nobody_in_the_mirror(
    folder: Folder, mirror: MirrorPlatform, own: str, shown: str, number: str
) -> None:
    """Beside a court mask that fits, another mask, or no number: somebody has to look."""
    folder.load(line("R-1", PERSON, name=shown, number=number, id_type="居民身份证"))
    found = mirror.query(make_query(person(own, "440300199001010016", on=ON), "q"), timeout=5)
    assert [r.match for r in found.records] == [MatchGrade.POSSIBLE]
