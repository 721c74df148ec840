"""An edition is taken in whole or not at all, and the last good one stays in use."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from approval_hook.errors import ConfigurationError, PlatformReplyInvalid, PlatformUnavailable
from approval_hook.mirroring import alone, loading, storing
from approval_hook.mirroring.loading import load, load_file
from approval_hook.mirroring.problems import EditionRefused
from approval_hook.models import MirroredEdition, MirroredRow
from approval_hook.policy.records import QueryStatus
from approval_hook.ports import ListEdition
from approval_hook.testing import make_query
from tests.integration.mirror.conftest import FIRM, HEADER, LIST, NOW, OTHER_FIRM, PERSON, Entries, Folder, entry, line

pytestmark = pytest.mark.django_db

BAD = line("R-9", number="92440104MA5FKAEH41")


def in_use() -> tuple[str, int, set[str]] | None:
    """Version, rows as counted and rows as stored of the edition in use."""
    row = MirroredEdition.objects.filter(active=True).first()
    if row is None:
        return None
    stored = MirroredRow.objects.filter(edition_id=row.rows_in).exclude(record_id="")
    return row.version, row.rows, set(stored.values_list("record_id", flat=True))


def tables() -> set[str]:
    """Partitions that there are, on PostgreSQL; Django's introspection does not tell them."""
    if connection.vendor != "postgresql":
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND starts_with(relname::text, %s)",
            [f"{MirroredRow._meta.db_table}_"],
        )
        return {name for (name,) in cursor.fetchall()}


def test_good_edition_is_in_use_with_its_particulars(folder: Folder) -> None:
    """Source, version, time, count and digest are kept."""
    outcome = folder.load(line("R-1"), line("R-2", PERSON))
    assert (outcome.loaded, outcome.rows, outcome.is_refused) == (True, 2, False)
    row = MirroredEdition.objects.get()
    assert (row.source, row.list_type, row.version, row.state) == ("court", LIST, "v1", "good")
    assert (row.as_of, row.count, row.rows, len(row.digest), row.worker) == (NOW, 2, 2, 64, "")
    assert in_use() == ("v1", 2, {"R-1", "R-2"})


def test_nothing_that_identifies_anybody_is_stored(folder: Folder) -> None:
    """Neither names nor numbers are in the rows, only keyed digests."""
    folder.load(line("R-1"), line("R-2", PERSON))
    stored = "".join(map(str, MirroredRow.objects.values_list("record_id", "number_key", "name_key", "body")))
    for subject in (FIRM, PERSON):
        assert subject.name not in stored
        assert subject.identifiers[0].number not in stored


@pytest.mark.parametrize(
    ("lines", "announced", "reason"),
    [
        ((line("R-1"),), {"count": 2}, "count-differs"),
        ((line("R-1"), line("R-2")), {"count": 1}, "count-differs"),
        ((line("R-1"),), {"digest": "0" * 64}, "digest-differs"),
        ((line("R-1"), line("R-1", PERSON)), {}, "duplicate-record"),
        ((line("R-1"), BAD), {}, "rows"),
        ((line("R-1"),), {"as_of": (NOW + timedelta(hours=1)).isoformat()}, "in-the-future"),
        ((line("R-1"),), {"as_of": (NOW - timedelta(days=9)).isoformat()}, "older"),
        ((line("R-1"),), {"base": "v7"}, "base-differs"),
        ((line("R-1"),), {"header": "a,b,c,d,e,f,g"}, "columns"),
        ((line("R-1"),), {"header": HEADER.replace("title", "name")}, "columns"),
    ],
)
@pytest.mark.parametrize("vectorised", [True, False])
def test_a_refused_edition_leaves_the_last_good_one_in_use(
    folder: Folder, lines: tuple[str, ...], announced: dict[str, Any], reason: str, vectorised: bool
) -> None:
    """Whatever is wrong, not one of its rows is stored, and the old ones still are."""
    folder.load(line("G-1"))
    before = (in_use(), MirroredRow.objects.count(), tables())
    assert bool(before[2]) is (connection.vendor == "postgresql")
    outcome = folder.load(*lines, vectorised=vectorised, **announced)
    assert (outcome.loaded, outcome.reason, outcome.is_refused) == (False, reason, True)
    assert (in_use(), MirroredRow.objects.count(), tables()) == before
    refused = MirroredEdition.objects.get(version="v2")
    assert (refused.state, refused.reason, refused.active, refused.rows) == ("refused", reason, False, 0)


def test_problems_name_lines_and_fields_and_tell_nothing(folder: Folder) -> None:
    """Each of the first problems has its line; the rows themselves are not repeated."""
    outcome = folder.load(line("R-1"), BAD, line("R-3", title=""), line("R-4", decided_on="2026-02-30"))
    assert [(p.line, p.field, p.problem) for p in outcome.problems] == [
        (3, "number", "check-digit"),
        (4, "title", "empty"),
        (5, "decided_on", "not-a-date"),
    ]
    assert FIRM.name not in repr(outcome.problems)


def test_more_problems_than_are_listed_are_counted(folder: Folder) -> None:
    """A thousand bad rows are told as a number."""
    outcome = folder.load(*[line(f"R-{n}", severity="7") for n in range(1000)])
    assert (len(outcome.problems), outcome.refused) == (100, 1000)


def test_the_same_version_is_not_loaded_twice_and_a_refused_one_may_come_again(folder: Folder) -> None:
    """A good version is known; after a broken download the same version is tried anew."""
    assert folder.load(line("R-1"), line("R-2"), count=3, version="a").reason == "count-differs"
    file = folder.write(line("R-1"), line("R-2"), version="a")
    assert load_file(file, name="court").loaded
    again = load_file(file, name="court")
    assert (again.loaded, again.reason, again.is_refused) == (False, "known", False)
    assert in_use() == ("a", 2, {"R-1", "R-2"})


def test_old_editions_are_let_go_beyond_the_number_kept(folder: Folder) -> None:
    """Two whole editions are kept; the row of a third says that its rows are gone."""
    for n in range(4):
        assert folder.load(line(f"R-{n}")).loaded
    stored = set(MirroredRow.objects.exclude(record_id="").values_list("record_id", flat=True))
    assert stored == {"R-2", "R-3"}
    assert dict(MirroredEdition.objects.values_list("version", "rows_in"))["v1"] == 0
    assert in_use() == ("v4", 1, {"R-3"})


def test_incremental_edition_adds_changes_and_removes(folder: Folder) -> None:
    """What it does not name stays; the count is that of the whole list."""
    folder.load(line("R-1"), line("R-2", PERSON), line("R-3"))
    header = f"{HEADER},removed"
    lines = [
        f"{line('R-4', PERSON)},",
        f"{line('R-1', title='已变更')},0",
        "R-2,,,,,,,1",
        "R-99,,,,,,,1",
    ]
    outcome = folder.load(*lines, header=header, base="v1")
    assert (outcome.loaded, outcome.rows) == (True, 3)
    assert in_use() == ("v2", 3, {"R-1", "R-3", "R-4"})
    body = MirroredRow.objects.get(record_id="R-1").body
    assert "已变更" in body
    on_top = folder.load(f"{line('R-5')},", header=header, base="v2")
    assert (on_top.loaded, on_top.rows) == (True, 4)
    # The base as it was is no longer there, so nothing builds on it any more.
    assert folder.load(f"{line('R-6')},", header=header, base="v1").reason == "base-differs"
    assert in_use() == ("v3", 4, {"R-1", "R-3", "R-4", "R-5"})


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["R-2,,,,,,,1", f"{line('R-2')},"], "duplicate-record"),
        (["R-2,,,,,,,1", f"{line('R-3', severity='x')},"], "rows"),
        (["R-2,,,,,,,1", ",,,,,,,1"], "rows"),
    ],
)
def test_refused_incremental_edition_changes_nothing(folder: Folder, lines: list[str], reason: str) -> None:
    """Its base stays in use with every row."""
    folder.load(line("R-1"), line("R-2", PERSON))
    assert folder.load(*lines, header=f"{HEADER},removed", base="v1").reason == reason
    assert in_use() == ("v1", 2, {"R-1", "R-2"})


def test_a_whole_list_removes_nothing_by_mark(folder: Folder) -> None:
    """A mark for removal in a whole list is a mistake of its maker."""
    outcome = folder.load("R-2,,,,,,,1", header=f"{HEADER},removed")
    assert [(p.field, p.problem) for p in outcome.problems] == [("removed", "whole-list")]


EDITION = ListEdition(LIST, "s1", NOW, 2)


def test_source_is_loaded_like_a_file(folder: Folder) -> None:
    """Rows that an adapter read are stored byte for byte like those of a file."""
    folder.load(line("R-1"), line("R-2", PERSON))
    ours = set(MirroredRow.objects.exclude(record_id="").values_list("record_id", "number_key", "name_key"))
    outcome = load(Entries([entry("R-1"), entry("R-2", PERSON)]), EDITION, name="court", timeout=5)
    assert outcome.loaded
    new = MirroredRow.objects.filter(edition__version="s1").exclude(record_id="")
    assert set(new.values_list("record_id", "number_key", "name_key")) == ours


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (Entries([entry("R-1")]), "count-differs"),
        (Entries([entry("R-1"), entry("R-2")], fault=PlatformReplyInvalid()), "reply-invalid"),
        (Entries([entry("R-1"), entry("R-2")], fault=PlatformUnavailable()), "unavailable"),
        (Entries([entry("R-1"), entry("R-1")]), "duplicate-record"),
        (Entries([]), "count-differs"),
        (Entries([entry("R-1"), entry("R-2", document_no="=1+1")]), "rows"),
    ],
)
def test_broken_source_leaves_the_last_good_one_in_use(folder: Folder, source: Entries, reason: str) -> None:
    """A partial download is refused, whether it ends early or in an error."""
    folder.load(line("G-1"))
    outcome = load(source, EDITION, name="court", timeout=5)
    assert (outcome.loaded, outcome.reason) == (False, reason)
    assert in_use() == ("v1", 1, {"G-1"})


def test_row_of_another_list_is_refused(folder: Folder, settings: Any) -> None:
    """A source that mixes two lists is not believed."""
    lists = {"court": {"MAX_AGE_HOURS": {LIST: 48, "penalty": 48}}}
    settings.APPROVAL_HOOK = {**settings.APPROVAL_HOOK, "LISTS": lists}
    outcome = load(Entries([entry("R-1")]), ListEdition("penalty", "s1", NOW, 1), name="court", timeout=5)
    assert [(p.line, p.field, p.problem) for p in outcome.problems] == [(1, "list_type", "another-list")]
    assert in_use() is None


def test_an_unknown_list_is_a_configuration_error(folder: Folder) -> None:
    """Nothing is loaded that no setting asks for."""
    with pytest.raises(ConfigurationError, match="penalty"):
        folder.load(line("R-1"), list_type="penalty")


@pytest.mark.parametrize(
    "announced",
    [
        {"version": ""},
        {"as_of": "2026-11-27T00:00:00"},
        {"count": "1"},
        {"count": -1},
        {"digest": "x"},
        {"encoding": "latin-1"},
        {"list_type": 7},
        {"as_of": "yesterday"},
    ],
)
def test_a_bad_manifest_loads_nothing(folder: Folder, announced: dict[str, Any]) -> None:
    """What is announced must be readable."""
    with pytest.raises(EditionRefused, match="manifest"):
        folder.load(line("R-1"), **announced)
    assert not MirroredEdition.objects.exists()


def test_broken_program_leaves_the_last_good_one_in_use(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of ours at the last moment takes everything back, and is raised."""
    folder.load(line("G-1"))

    def broken(*arguments: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(loading, "_switch", broken)
    before = MirroredRow.objects.count()
    with pytest.raises(ZeroDivisionError):
        folder.load(line("R-1"))
    assert in_use() == ("v1", 1, {"G-1"})
    assert MirroredRow.objects.count() == before
    assert MirroredEdition.objects.get(version="v2").reason == "failed"


@contextmanager
def another_process_loads() -> Iterator[str]:
    """While this lasts another process loads the list; gives the name of one that is dead by then."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        name = alone.worker().rpartition(":")[0] + f":{process.pid}"
        if connection.vendor == "postgresql":
            other = connection.copy()
            try:
                with other.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_lock(%s)", [alone.lock_number("court", LIST)])
                    yield name
            finally:
                other.close()
        else:
            yield name
        process.communicate(b"")


def test_two_processes_do_not_load_one_list(folder: Folder) -> None:
    """While another process loads the list, nothing is begun; what a dead one left is swept away."""
    with another_process_loads() as worker:
        left = MirroredEdition.objects.create(
            source="court",
            list_type=LIST,
            version="x",
            as_of=NOW,
            count=1,
            state="loading",
            began_at=NOW,
            worker=worker,
        )
        assert folder.load(line("R-1")).reason == "busy"
        if connection.vendor != "postgresql":
            MirroredRow.objects.bulk_create([MirroredRow(edition=left, record_id="half", body="[]")])
    assert folder.load(line("R-2")).loaded
    left.refresh_from_db()
    assert (left.state, left.reason) == ("refused", "interrupted")
    assert in_use() == ("v2", 1, {"R-2"})
    assert not MirroredRow.objects.filter(record_id="half").exists()


def test_rows_of_an_edition_under_way_are_never_answered(
    folder: Folder, mirror: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the middle of a load the old edition answers, whole."""
    folder.load(line("G-1", OTHER_FIRM))
    answers = []
    put = storing.put_whole

    def looked_at(*arguments: Any) -> int:
        rows = put(*arguments)
        report = mirror.query(make_query(FIRM, "q"), timeout=5)
        answers.append((report.status, len(report.records)))
        return rows

    monkeypatch.setattr(storing, "put_whole", looked_at)
    assert folder.load(line("R-1")).loaded
    assert answers == [(QueryStatus.OK, 0)]
    assert len(mirror.query(make_query(FIRM, "q"), timeout=5).records) == 1
