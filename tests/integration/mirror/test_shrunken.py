"""A list that suddenly is empty or small is not believed before a person confirmed that very edition."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from adapters.mirror import MirrorPlatform
from approval_hook.conf import conf
from approval_hook.errors import ConfigurationError
from approval_hook.mirroring.loading import Outcome, load
from approval_hook.models import MirroredEdition
from approval_hook.ports import ListEdition
from approval_hook.testing import make_query
from tests.integration.mirror.conftest import FIRM, HEADER, LIST, NOW, PERSON, Entries, Folder, accepted, entry, line
from tests.integration.mirror.test_readiness import synced

pytestmark = pytest.mark.django_db

WHY = "法院来函：名单已清空"


def in_use() -> tuple[str, int] | None:
    """Version and rows of the edition in use."""
    return MirroredEdition.objects.filter(active=True).values_list("version", "rows").first()


def answer(mirror: MirrorPlatform, subject: Any = FIRM) -> tuple[str, str, int]:
    """Status, reason and number of records."""
    report = mirror.query(make_query(subject, "q"), timeout=5)
    return report.status.value, report.reason, len(report.records)


def many(count: int) -> list[str]:
    """Lines about the firm and, in all others, about a person."""
    return [line("R-0"), *(line(f"R-{n}", PERSON) for n in range(1, count))]


@pytest.mark.parametrize("rows", [0, 1, 4])
def test_an_edition_below_half_of_the_one_in_use_is_refused(folder: Folder, mirror: MirrorPlatform, rows: int) -> None:
    """Empty or drastically shrunken, whole: the last good one goes on answering."""
    folder.load(*many(10))
    outcome = folder.load(*[line(f"S-{n}", PERSON) for n in range(rows)])
    assert (outcome.loaded, outcome.reason, outcome.is_refused) == (False, "shrunken", True)
    assert (outcome.rows, outcome.rows_in_use) == (rows, 10)
    assert in_use() == ("v1", 10)
    assert answer(mirror) == ("OK", "", 1)


def test_an_edition_of_half_the_rows_is_taken_in(folder: Folder) -> None:
    """The bound itself."""
    folder.load(*many(10))
    assert folder.load(*many(5)).loaded


def test_the_share_is_a_setting_without_an_off_switch(folder: Folder, settings: Any) -> None:
    """Above 0, at most 1; a list never becomes empty by a setting."""
    folder.load(*many(10))

    def share(value: Any) -> None:
        lists = {"court": {"MAX_AGE_HOURS": {LIST: 48}, "LEAST_SHARE": value}}
        settings.APPROVAL_HOOK = {**settings.APPROVAL_HOOK, "LISTS": lists}

    share(0.95)
    assert folder.load(*many(9)).reason == "shrunken"
    share(0.01)
    assert folder.load().reason == "shrunken"
    assert folder.load(*many(1)).loaded
    for wrong in (0, -1, 1.1, True, "0.5"):
        share(wrong)
        with pytest.raises(ConfigurationError, match="LEAST_SHARE"):
            conf()


def test_an_incremental_edition_that_takes_most_rows_out_is_refused_too(folder: Folder) -> None:
    """What counts is the list that it leaves."""
    folder.load(*many(4))
    gone = [f"R-{n},,,,,,,1" for n in range(4)]
    assert folder.load(*gone, header=f"{HEADER},removed", base="v1").reason == "shrunken"
    assert in_use() == ("v1", 4)
    assert folder.load(*gone[:2], header=f"{HEADER},removed", base="v1").loaded


def test_a_first_edition_without_rows_is_no_clean_answer(folder: Folder, mirror: MirrorPlatform) -> None:
    """Nobody confirmed that the list is empty, so it is as if there were none."""
    assert folder.load().reason == "shrunken"
    assert answer(mirror) == ("NOT_CONFIGURED", "no-list", 0)
    assert folder.load(version="v1", acceptance=accepted("v1")).loaded
    assert answer(mirror) == ("OK", "", 0)
    # Empty as before: this was confirmed.
    assert folder.load().loaded


def test_acceptance_is_of_that_very_edition_and_recorded(folder: Folder, mirror: MirrorPlatform) -> None:
    """By version and by content, after it was refused and shown; other content under the version is refused."""
    folder.load(*many(10))
    assert folder.load(line("S-1", PERSON), version="a", acceptance=accepted("a")).reason == "not-as-confirmed"
    assert folder.load(line("S-1", PERSON), version="a").reason == "shrunken"
    assert folder.load(line("S-2", PERSON), version="a", acceptance=accepted("a")).reason == "not-as-confirmed"
    assert folder.load(line("S-1", PERSON), version="a", acceptance=accepted("b")).reason == "shrunken"
    assert in_use() == ("v1", 10)
    assert folder.load(line("S-1", PERSON), version="a", acceptance=accepted("a")).loaded
    row = MirroredEdition.objects.get(active=True)
    assert (row.accepted_by, row.accepted_as, row.accepted_because) == ("head", "root@office", "已与来源核实")
    assert answer(mirror) == ("OK", "", 0)


def test_a_source_is_judged_like_a_file(folder: Folder) -> None:
    """Its digest is over what was read."""
    folder.load(*many(4))
    edition = ListEdition(LIST, "s", NOW + timedelta(minutes=1), 1)

    def offered(*rows: Any, acceptance: Any = None) -> Outcome:
        return load(Entries(rows), edition, name="court", timeout=5, acceptance=acceptance)

    assert offered(entry("S-1")).reason == "shrunken"
    assert offered(entry("S-2"), acceptance=accepted("s")).reason == "not-as-confirmed"
    assert offered(entry("S-1"), acceptance=accepted("s")).loaded


def test_the_command_accepts_with_an_account_and_a_reason(folder: Folder) -> None:
    """It says what to do, wants to know who and why, and takes nothing in that was not refused and shown."""
    User.objects.create_user("head", is_active=True)
    folder.load(*many(10))
    file = str(folder.write(version="e"))
    base = ("--source", "court", "--file", file)
    text, code, _ = synced(*base)
    assert code == 1
    assert "只有 0 行，在用版本 10 行" in text
    assert "--accept-shrunken e" in text
    accept = ("--accept-shrunken", "e", "--by", "head", "--reason", WHY)
    for wrong, said in (
        (accept[:2], "--by"),
        (accept[:4], "--reason"),
        ((*accept[:4], "--reason", "清空"), "四个字"),
        (("--accept-shrunken", "e", "--by", "nobody", "--reason", WHY), "nobody"),
        (("--accept-shrunken", "x", "--by", "head", "--reason", WHY), "没有"),
        (accept[2:4], "--accept-shrunken"),
    ):
        _, code, last = synced(*base, *wrong)
        assert code == 1, wrong
        assert said in last
    assert in_use() == ("v1", 10)
    assert synced(*base, *accept)[:2] == (f"court/{LIST} e：已启用，共 0 行\n", 0)
    row = MirroredEdition.objects.get(active=True)
    assert (row.accepted_by, row.accepted_because) == ("head", WHY)
    assert "@" in row.accepted_as
    assert synced("--accept-shrunken", "e", "--by", "head", "--reason", WHY)[1] == 1


def test_a_refused_edition_is_told_to_those_who_watch(folder: Folder, client: Any) -> None:
    """Beside the list that is in use and fresh, until a newer one is in use."""

    def told() -> Any:
        return client.get("/ready/").json()["lists"][0]

    metric = f'approval_hook_list_refused{{source="court",list="{LIST}"}}'
    folder.load(*many(4))
    assert told()["refused"] is None
    assert f"{metric} 0\n" in client.get("/metrics/").text
    folder.load()
    found = told()
    assert (found["state"], found["version"], found["rows"]) == ("fresh", "v1", 4)
    assert (found["refused"]["version"], found["refused"]["reason"]) == ("v2", "shrunken")
    assert f"{metric} 1\n" in client.get("/metrics/").text
    folder.load(*many(4), as_of=(NOW - timedelta(hours=1)).isoformat())  # older: of no interest any more
    assert told()["refused"]["version"] == "v2"
    text = json.dumps(synced("--json")[0])
    assert "v2" not in text
    folder.load(*many(4))
    assert told()["refused"] is None


def test_check_platforms_tells_a_refused_edition(folder: Folder) -> None:
    """Not a fault while the list in use is fresh, and still said."""
    from tests.integration.mirror.test_readiness import checked

    folder.load(*many(4))
    folder.load()
    text, code = checked()
    assert code == 0
    assert "版本 v2 被拒绝" in text
