"""Lists as files and as sources, and a mirror that is to hold one list."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.mirror import MirrorPlatform
from approval_hook import clock
from approval_hook.conf import conf
from approval_hook.errors import PlatformError
from approval_hook.mirroring import watching
from approval_hook.mirroring.judging import Acceptance
from approval_hook.mirroring.loading import Outcome, load_file
from approval_hook.mirroring.store import StoredLists
from approval_hook.platforms import build
from approval_hook.policy.records import CreditRecord, Severity
from approval_hook.policy.subjects import organisation, person
from approval_hook.ports import ListEdition, ListEntry

#: The day and moment at which the tests stand.
NOW = datetime(2026, 11, 27, 9, 0, tzinfo=clock.CHINA)
ON = NOW.date()
LIST = "court_defaulter"
FIRM = organisation("广州示例丙餐饮有限公司", "92440104MA5FKAEH4C", on=ON)
OTHER_FIRM = organisation("广州示例乙商贸有限公司", "91440300MA5FKAEH40", on=ON)
PERSON = person("陈示例", "440300199001010016", on=ON)
HEADER = "record_id,severity,title,decided_on,name,id_type,number"


def line(record_id: str, subject: Any = FIRM, **changes: str) -> str:
    """One line of a file about a subject."""
    (identifier,) = subject.identifiers
    fields = {
        "record_id": record_id,
        "severity": "4",
        "title": "拒不履行生效法律文书",
        "decided_on": "2026-03-01",
        "name": subject.name,
        "id_type": identifier.type.value,
        "number": identifier.number,
    } | changes
    return ",".join(fields.values())


@dataclass
class Folder:
    """Writes lists with their manifests, and takes them in."""

    path: Path
    made: int = 0
    announced: dict[str, Any] = field(default_factory=dict)

    def write(self, *lines: str, header: str = HEADER, **announced: Any) -> Path:
        """A file in UTF-8 and what announces it; each has a version of its own and is a second younger."""
        return self.write_bytes("\n".join([header, *lines]).encode() + b"\n", **{"count": len(lines)} | announced)

    def write_bytes(self, raw: bytes, **announced: Any) -> Path:
        """The same from bytes."""
        self.made += 1
        file = self.path / f"list-{self.made}.csv"
        file.write_bytes(raw)
        as_of = NOW + timedelta(seconds=self.made - 1)
        manifest = {"list_type": LIST, "version": f"v{self.made}", "as_of": as_of.isoformat(), "count": 1}
        Path(f"{file}.json").write_text(json.dumps(manifest | announced), "utf-8")
        return file

    def load(
        self, *lines: str, vectorised: bool = True, acceptance: Acceptance | None = None, **announced: Any
    ) -> Outcome:
        """Write a list and take it in."""
        file = self.write(*lines, **announced)
        return load_file(file, name="court", vectorised=vectorised, acceptance=acceptance)


@dataclass
class Entries:
    """A list source in memory; ``fault`` is raised behind the last row."""

    rows: Sequence[ListEntry]
    name: str = "court"
    fault: PlatformError | None = None
    announced: Sequence[ListEdition] = ()

    def editions(self, *, timeout: float) -> Sequence[ListEdition]:
        """As announced."""
        return self.announced

    def entries(self, edition: ListEdition, *, timeout: float) -> Iterator[ListEntry]:
        """The rows, and then the fault."""
        yield from self.rows
        if self.fault is not None:
            raise self.fault


def entry(record_id: str, subject: Any = FIRM, *, removed: bool = False, **changes: Any) -> ListEntry:
    """A row of a source about a subject."""
    record = CreditRecord(record_id, "court", LIST, Severity.SERIOUS, "拒不履行生效法律文书", NOW.date(), **changes)
    (identifier,) = subject.identifiers
    return ListEntry(record, subject.name, identifier.type.value, identifier.number, removed)


def accepted(version: str) -> Acceptance:
    """A person's word that the edition is right although it is small."""
    return Acceptance(version, "head", "root@office", "已与来源核实")


@pytest.fixture
def at_now() -> Iterator[None]:
    """Stand at ``NOW``."""
    with clock.standing_at(NOW):
        yield


@pytest.fixture
def held(settings: Any, at_now: None) -> Iterator[None]:
    """A mirror that is to hold one list for two days."""
    watching.forget()
    settings.APPROVAL_HOOK = {
        **settings.APPROVAL_HOOK,
        "LISTS": {"court": {"MAX_AGE_HOURS": {LIST: 48}, "KEEP": 2}},
        "PLATFORMS": {"mirror": {"BACKEND": "adapters.mirror.MirrorPlatform", "OPTIONS": {"clock": clock.now}}},
    }
    yield
    watching.forget()


@pytest.fixture
def folder(tmp_path: Path, held: None) -> Folder:
    """Where lists are written."""
    return Folder(tmp_path)


@pytest.fixture
def mirror(held: None) -> MirrorPlatform:
    """The platform as the settings make it."""
    platform = build(conf(), conf().platforms["mirror"])
    assert isinstance(platform, MirrorPlatform)
    assert isinstance(platform._lists, StoredLists)
    return platform


@pytest.fixture
def hours_later() -> Callable[[float], Any]:
    """Stand some hours after ``NOW``."""
    return lambda hours: clock.standing_at(NOW + timedelta(hours=hours))
