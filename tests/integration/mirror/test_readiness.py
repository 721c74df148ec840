"""The age of each list is told to machines and to people, stale from fresh."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError

from adapters.mirror import MirrorPlatform
from approval_hook.errors import PlatformError, PlatformUnavailable
from approval_hook.mirroring import watching
from approval_hook.mirroring.store import StoredLists
from approval_hook.models import MirroredRow
from approval_hook.ports import ListEdition
from approval_hook.testing import make_query
from tests.integration.mirror.conftest import FIRM, LIST, NOW, PERSON, Entries, Folder, entry, line

pytestmark = pytest.mark.django_db


def told(client: Any) -> tuple[int, bool, dict[str, Any]]:
    """Status, whether all lists are fresh, and the one list."""
    response = client.get("/ready/")
    found = response.json()
    (only,) = found["lists"]
    return response.status_code, found["lists_fresh"], only


def test_stale_is_told_from_fresh_and_from_missing(
    folder: Folder, client: Any, hours_later: Callable[[float], Any]
) -> None:
    """Without logging in; a stale list is told and does not make the application unready."""
    assert told(client)[:2] == (200, False)
    assert told(client)[2]["state"] == "missing"
    folder.load(line("R-1"), as_of="2026-11-27T08:00:00+08:00")
    status, fresh, found = told(client)
    assert (status, fresh, found["state"]) == (200, True, "fresh")
    assert (found["age_seconds"], found["max_age_seconds"], found["rows"]) == (3600, 48 * 3600, 1)
    with hours_later(47.5):
        assert told(client)[:2] == (200, False)
        assert told(client)[2]["state"] == "stale"


def test_without_a_database_it_is_not_ready(folder: Folder, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """503, so that no request is sent here."""

    def down(self: Any, **_: Any) -> None:
        raise DatabaseError

    monkeypatch.setattr(StoredLists, "standings", down)
    assert client.get("/ready/").status_code == 503
    metrics = client.get("/metrics/")
    assert (metrics.status_code, metrics.content) == (503, b"")


def test_age_is_a_metric(folder: Folder, client: Any) -> None:
    """A missing list has a maximum age and no age."""
    age = f'approval_hook_list_age_seconds{{source="court",list="{LIST}"}}'
    assert age not in client.get("/metrics/").text
    folder.load(line("R-1"), as_of="2026-11-27T08:00:00+08:00")
    text = client.get("/metrics/").text
    assert f"{age} 3600\n" in text
    assert f'approval_hook_list_max_age_seconds{{source="court",list="{LIST}"}} 172800\n' in text


def checked(*arguments: str) -> tuple[str, int]:
    """What ``check_platforms`` prints, and its exit code."""
    out = StringIO()
    try:
        call_command("check_platforms", *arguments, stdout=out)
    except CommandError as error:
        return out.getvalue(), error.returncode
    return out.getvalue(), 0


def test_check_platforms_tells_the_age(folder: Folder, hours_later: Callable[[float], Any]) -> None:
    """Fresh is fine; missing and stale are faults of the source."""
    assert checked()[1] == 1
    folder.load(line("R-1"))
    text, code = checked()
    assert code == 0
    assert f"名单 court/{LIST} v1，1 行，0.0 小时前的数据（最长 48 小时），未过期" in text
    with hours_later(50):
        text, code = checked()
        assert code == 1
        assert "50.0 小时前的数据（最长 48 小时），过期" in text
        (health,) = json.loads(checked("--json")[0])
        assert (health["faults"], health["lists"][0]["state"]) == (["lists"], "stale")


def gone(keep: str = "") -> None:
    """Somebody with the database in hand takes rows out, and leaves the one that every edition has."""
    MirroredRow.objects.exclude(record_id__in=["", keep]).delete()


def test_a_list_whose_rows_were_all_taken_out_is_damaged(
    folder: Folder, client: Any, mirror: MirrorPlatform, caplog: Any
) -> None:
    """Whoever asks for readiness notices, and from then on nobody is clean by it."""
    folder.load(line("R-1"), line("R-2", PERSON))
    assert told(client)[2]["state"] == "fresh"
    gone()
    status, fresh, found = told(client)
    assert (status, fresh, found["state"]) == (200, False, "damaged")
    report = mirror.query(make_query(FIRM, "q"), timeout=5)
    assert (report.status.value, report.reason) == ("UNAVAILABLE", "list-damaged")
    assert told(client)[2]["state"] == "damaged"
    alarms = [json.loads(r.getMessage()) for r in caplog.records if "list damaged" in r.getMessage()]
    assert [(a["alarm"], a["source"], a["list"]) for a in alarms] == [(True, "court", LIST)]


@pytest.mark.parametrize("counting", ["metrics", "check", "sync"])
def test_a_list_with_rows_too_few_is_damaged(
    folder: Folder, client: Any, mirror: MirrorPlatform, counting: str
) -> None:
    """Rows are counted for the metrics, the check and the synchronisation; then no look-up believes the list."""
    file = folder.write(line("R-1"), line("R-2", PERSON), line("R-3", PERSON))
    base = ("--source", "court", "--file", str(file))
    assert synced(*base)[1] == 0
    gone(keep="R-2")
    if counting == "metrics":
        assert f'approval_hook_list_damaged{{source="court",list="{LIST}"}} 1\n' in client.get("/metrics/").text
    elif counting == "check":
        text, code = checked()
        assert code == 1
        assert "损坏，须重新装载" in text
    else:
        assert synced(*base)[:2] == (f"court/{LIST} v1：已启用，共 3 行\n", 0)
        assert len(mirror.query(make_query(FIRM, "q"), timeout=5).records) == 1
        return
    assert told(client)[2]["state"] == "damaged"
    report = mirror.query(make_query(FIRM, "q"), timeout=5)
    assert (report.status.value, report.reason) == ("UNAVAILABLE", "list-damaged")
    assert synced(*base)[1] == 0
    assert told(client)[2]["state"] == "fresh"


def test_an_edition_that_comes_at_this_moment_is_not_damaged(
    folder: Folder, client: Any, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    """On PostgreSQL its partition may look empty to a statement that was planned before; so everybody looks twice."""
    folder.load(line("R-1"))
    look, looks = watching._looked_at, []

    def too_early(*only: int) -> list[Any]:
        looks.append(only)
        return [e._replace(sentinel=False, some=False) if len(looks) == 1 else e for e in look(*only)]

    monkeypatch.setattr(watching, "_looked_at", too_early)
    assert told(client)[2]["state"] == "fresh"
    assert len(looks) == 2
    assert "list damaged" not in caplog.text


def test_a_reader_that_may_not_write_tells_the_damage_too(
    folder: Folder, client: Any, mirror: MirrorPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pages' role may only read the rows; the state is told all the same, and its process believes them no more."""

    def refused(*_: Any, **__: Any) -> None:
        raise DatabaseError

    folder.load(line("R-1"))
    gone()
    monkeypatch.setattr("django.db.models.query.QuerySet.delete", refused)
    assert [told(client)[2]["state"] for _ in range(2)] == ["damaged", "damaged"]
    report = mirror.query(make_query(FIRM, "q"), timeout=5)
    assert (report.status.value, report.reason) == ("UNAVAILABLE", "list-damaged")


class Announcing(Entries):
    """A source of the settings; what it gives stands in the class."""

    given: Sequence[Any] = ()
    offers: Sequence[ListEdition] = ()
    failing: PlatformError | None = None

    def __init__(self, name: str) -> None:
        """As the settings make it."""
        super().__init__(self.given, name, None, self.offers)

    def editions(self, *, timeout: float) -> Sequence[ListEdition]:
        """As announced, or the failure."""
        if self.failing is not None:
            raise self.failing
        return self.offers


def synced(*arguments: str) -> tuple[str, int, str]:
    """What ``lists_sync`` prints, its exit code and its last word."""
    out = StringIO()
    try:
        call_command("lists_sync", *arguments, stdout=out, stderr=out)
    except CommandError as error:
        return out.getvalue(), error.returncode, str(error)
    return out.getvalue(), 0, ""


@pytest.fixture
def announcing(folder: Folder, settings: Any, monkeypatch: pytest.MonkeyPatch) -> type[Announcing]:
    """The list comes from a source in the settings."""
    lists = {"court": {"MAX_AGE_HOURS": {LIST: 48}, "BACKEND": f"{__name__}.Announcing"}}
    settings.APPROVAL_HOOK = {**settings.APPROVAL_HOOK, "LISTS": lists}
    monkeypatch.setattr(Announcing, "given", [entry("R-1")])
    monkeypatch.setattr(Announcing, "offers", [ListEdition("penalty", "p", NOW, 9), ListEdition(LIST, "a", NOW, 1)])
    return Announcing


def test_command_fetches_what_the_settings_name(announcing: type[Announcing]) -> None:
    """Lists that no setting names are passed over; a known version is no fault."""
    text, code, _ = synced()
    assert (code, text) == (0, f"court/{LIST} a：已启用，共 1 行\n")
    assert synced("--source", "court")[:2] == (f"court/{LIST} a：已装载过\n", 0)
    assert json.loads(synced("--json")[0])[0]["reason"] == "known"


def test_command_exits_with_1_when_something_was_refused(
    announcing: type[Announcing], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A partial download, a source without an answer, an unknown source, a broken backend."""
    monkeypatch.setattr(announcing, "offers", [ListEdition(LIST, "b", NOW, 2)])
    text, code, last = synced()
    assert (code, last) == (1, "1 个版本被拒绝；在用版本不变。")
    assert "行数与公布的不符" in text
    monkeypatch.setattr(announcing, "failing", PlatformUnavailable())
    assert synced()[1:] == (1, "1 个来源没有答复；在用版本不变。")
    assert synced("--source", "nobody")[1] == 1
    monkeypatch.setattr(announcing, "__init__", None)
    assert "系统设置有误" in synced()[2]


def test_command_takes_a_file_in(folder: Folder) -> None:
    """The rows of a bad one are named by line, without their content."""
    file = folder.write(line("R-1"))
    text, code, _ = synced("--source", "court", "--file", str(file))
    assert (code, text) == (0, f"court/{LIST} v1：已启用，共 1 行\n")
    bad = folder.write(line("R-1"), line("R-2", number="92440104MA5FKAEH41"))
    text, code, _ = synced("--source", "court", "--file", str(bad))
    assert code == 1
    assert "第 3 行 number：校验位不符" in text
    assert "92440104MA5FKAEH41" not in text
    assert synced("--file", str(file))[1] == 1
    assert "无法读取" in synced("--source", "court", "--file", str(folder.path / "none.csv"))[2]
    (folder.path / "alone.csv").write_text("x")
    assert "说明文件" in synced("--source", "court", "--file", str(folder.path / "alone.csv"))[2]
