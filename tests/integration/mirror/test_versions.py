"""One moment has one list, and one version one content: whatever says otherwise is refused with an alarm."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from approval_hook.mirroring.loading import Outcome, load, load_file
from approval_hook.models import MirroredEdition
from approval_hook.ports import ListEdition
from tests.integration.mirror.conftest import HEADER, LIST, NOW, PERSON, Entries, Folder, accepted, entry, line

pytestmark = pytest.mark.django_db


def in_use() -> tuple[str, int] | None:
    """Version and rows of the edition in use."""
    return MirroredEdition.objects.filter(active=True).values_list("version", "rows").first()


def offer(*rows: Any, **announced: Any) -> Outcome:
    """A source announces an edition of these rows."""
    plain = {"list_type": LIST, "version": "a", "as_of": NOW, "count": len(rows), "digest": "1" * 64}
    return load(Entries(rows), ListEdition(**plain | announced), name="court", timeout=5)


def test_an_edition_of_the_same_moment_with_fewer_rows_waits_for_a_person(folder: Folder) -> None:
    """Two lists say how it was at one moment; the shorter one is not believed by itself."""
    lines = [line(f"R-{n}", PERSON) for n in range(10)]
    folder.load(*lines)
    outcome = folder.load(*lines[:9], version="b", as_of=NOW.isoformat())
    assert (outcome.reason, outcome.rows, outcome.rows_in_use) == ("shrunken", 9, 10)
    assert in_use() == ("v1", 10)
    gone = folder.load("R-0,,,,,,,1", header=f"{HEADER},removed", base="v1", as_of=NOW.isoformat())
    assert gone.reason == "shrunken"
    assert folder.load(*lines[1:], line("R-10", PERSON), version="c", as_of=NOW.isoformat()).loaded
    assert folder.load(*lines[:9], version="b", as_of=NOW.isoformat(), acceptance=accepted("b")).loaded


@pytest.mark.parametrize(
    ("rows", "changes"),
    [
        ((entry("R-2"),), {"digest": "2" * 64}),
        ((entry("R-1"), entry("R-2")), {}),
        ((entry("R-1"),), {"digest": "", "as_of": NOW + timedelta(hours=1), "count": 1}),
    ],
)
def test_other_content_under_a_known_version_is_refused(folder: Folder, rows: Any, changes: Any) -> None:
    """By its digest, its count, or where it has no digest by its moment; a version stands for one content for ever."""
    announced = {"digest": "1" * 64 if changes.get("digest") != "" else ""}
    assert offer(entry("R-1"), **announced).loaded
    assert offer(entry("R-1"), **announced).reason == "known"
    outcome = offer(*rows, **announced | changes)
    assert (outcome.loaded, outcome.reason, outcome.is_refused) == (False, "another-content", True)
    assert in_use() == ("a", 1)
    refused = MirroredEdition.objects.get(state="refused")
    assert (refused.version, refused.reason) == ("a", "another-content")
    assert offer(entry("R-1"), **announced).reason == "known"


def test_a_version_that_is_no_longer_in_use_is_known_too(folder: Folder) -> None:
    """A folder that keeps old editions offers them again and again."""
    assert offer(entry("R-1"), version="a").loaded
    assert offer(entry("R-2"), version="b", digest="2" * 64).loaded
    assert offer(entry("R-1"), version="a").reason == "known"
    assert offer(entry("R-2"), version="a", digest="3" * 64).reason == "another-content"


def test_the_whole_list_and_the_step_to_it_are_one_version(folder: Folder) -> None:
    """Each has a digest of its own; what they leave has the same number of rows."""
    assert offer(entry("R-1"), version="a").loaded
    step = {"version": "b", "base": "a", "digest": "2" * 64, "as_of": NOW + timedelta(seconds=1)}
    whole = step | {"base": "", "digest": "3" * 64}
    assert offer(entry("R-2"), **step).loaded
    assert offer(entry("R-1"), entry("R-2"), **whole).reason == "known"
    assert offer(entry("R-2"), **step).reason == "known"
    assert offer(entry("R-1"), **whole).reason == "another-content"


def test_a_file_that_was_written_over_is_refused(folder: Folder) -> None:
    """Without a digest in what announces it, the file itself is compared."""
    first = folder.write(line("R-1"), version="a")
    assert load_file(first, name="court").loaded
    assert load_file(first, name="court").reason == "known"
    again = folder.write(line("R-2"), version="a", as_of=NOW.isoformat())
    assert load_file(again, name="court").reason == "another-content"
    assert in_use() == ("a", 1)
