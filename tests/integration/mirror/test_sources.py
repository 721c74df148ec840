"""From a platform's own lists to the answer of the mirror: every shipped list source, as the settings name it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from adapters.mirror import MirrorPlatform
from adapters.simulator import FaultKind, SimulatedRecord, SimulatedSubject
from adapters.simulator.filedrop import FileDrop, FileFault
from adapters.simulator.inbox import Inbox
from adapters.simulator.register import Register
from adapters.simulator.sftp import SftpServer
from approval_hook import clock
from approval_hook.conf import conf
from approval_hook.platforms import build
from approval_hook.policy.records import CreditReport, MatchGrade, QueryStatus, RecordState
from approval_hook.policy.subjects import Subject, organisation, person
from approval_hook.testing import make_query
from tests.contract.conftest import RunningSimulator, start_simulator
from tests.unit.adapters.test_batch_files import court_list

pytestmark = pytest.mark.django_db(transaction=True)

DAY = date(2026, 11, 28)
FIRM = organisation("广州示例丙餐饮有限公司", "92440104MA5FKAEH4C", on=DAY)
CLEAN = organisation("广州示例乙商贸有限公司", "91440300MA5FKAEH40", on=DAY)
PERSON = person("陈示例", "440300199001010016", on=DAY)
NAMESAKE = person("陈示例", "44030019850715002X", on=DAY)
PASSWORD = "only-for-this-test"


def row(record_id: str, list_type: str, state: str = "1") -> SimulatedRecord:
    """A serious row."""
    return SimulatedRecord(record_id, list_type, "4", "列入严重失信主体名单", "20260105", state=state)


def holding(settings: Any, name: str, backend: str, options: dict[str, Any], *lists: str) -> MirrorPlatform:
    """A mirror of one source's lists, as an installation configures it."""
    settings.APPROVAL_HOOK = {
        **settings.APPROVAL_HOOK,
        "LISTS": {
            name: {"BACKEND": backend, "OPTIONS": options, "MAX_AGE_HOURS": dict.fromkeys(lists, 1_000_000)},
        },
        "PLATFORMS": {"mirror": {"BACKEND": "adapters.mirror.MirrorPlatform", "OPTIONS": {"clock": clock.now}}},
    }
    platform = build(conf(), conf().platforms["mirror"])
    assert isinstance(platform, MirrorPlatform)
    return platform


def sync(expected: int = 0) -> str:
    """Run ``lists_sync``; what it prints."""
    out = StringIO()
    try:
        call_command("lists_sync", stdout=out, stderr=out)
        code = 0
    except CommandError as error:
        code = error.returncode
    assert code == expected, out.getvalue()
    return out.getvalue()


def asked(platform: MirrorPlatform, subject: Subject) -> CreditReport:
    """The mirror's answer."""
    return platform.query(make_query(subject, "q-1"), timeout=5)


def states(report: CreditReport) -> list[tuple[str, MatchGrade, RecordState]]:
    """What the records of a complete answer say."""
    assert report.status is QueryStatus.OK, report.reason
    return sorted((r.record_id.rpartition("/")[2], r.match, r.state) for r in report.records)


@pytest.fixture
def simulator(transactional_db: None) -> Iterator[RunningSimulator]:
    """A platform at the gateway, as a process of its own."""
    running = start_simulator("--token-env", "CREDIT_PLATFORM_TOKEN")
    yield running
    running.end()


def test_lists_of_the_gateway_whole_then_changed_then_broken(settings: Any, simulator: RunningSimulator) -> None:
    """The whole list, then what changed, and a page that fails: the last good edition goes on answering."""
    simulator.control.put(SimulatedSubject.of(FIRM, *(row(f"P-{n}", "penalty") for n in range(45))))
    options = {"base_url": simulator.url, "paasid": simulator.paasid, "token_secret": "CREDIT_PLATFORM_TOKEN"}
    mirror = holding(settings, "province", "adapters.gateway.GatewayPlatform", options, "penalty")
    assert asked(mirror, FIRM).status is QueryStatus.NOT_CONFIGURED
    assert "已启用，共 45 行" in sync()
    assert len(states(asked(mirror, FIRM))) == 45
    assert states(asked(mirror, CLEAN)) == []
    assert "已装载过" in sync()

    # Nothing is left of it, as the platform says; nobody confirmed that, so 45 rows go on answering.
    simulator.control.put(SimulatedSubject.of(FIRM))
    assert "只有 0 行，在用版本 45 行" in sync(1)
    assert len(states(asked(mirror, FIRM))) == 45

    left = [row(f"P-{n}", "penalty") for n in range(1, 40)]
    simulator.control.put(SimulatedSubject.of(FIRM, row("P-0", "penalty", "2"), *left))
    # The step builds on what was refused; the whole list does not.
    assert "已启用，共 40 行" in sync(1)
    assert "拒绝" not in sync()
    exact = MatchGrade.EXACT
    after = [("P-0", exact, RecordState.REPAIRED), *(("P-" + str(n), exact, RecordState.ACTIVE) for n in range(1, 40))]
    after.sort()
    assert states(asked(mirror, FIRM)) == after

    simulator.control.put(SimulatedSubject.of(FIRM, *(row(f"Q-{n}", "penalty") for n in range(45))))
    simulator.control.fault(FaultKind.MIDDLE_PAGE_TWICE)
    said = sync(1)
    assert "Q-" not in said
    assert states(asked(mirror, FIRM)) == after
    simulator.control.behave()
    sync()
    assert len(states(asked(mirror, FIRM))) == 45


@pytest.fixture(params=["local", "sftp"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A drop of files and the options that name it: a folder of this computer, or one over SFTP."""
    monkeypatch.setenv("LISTS_SFTP", PASSWORD)
    subjects = (
        SimulatedSubject.of(FIRM, row("F-1", "food_serious"), row("C-1", "court_defaulter")),
        SimulatedSubject.of(PERSON, row("F-2", "food_serious", "2"), row("C-2", "court_defaulter")),
    )
    drop = FileDrop(tmp_path, Register(subjects), Inbox())
    if request.param == "local":
        yield drop, ("adapters.batch_files.BatchFiles", "adapters.court_list.CourtList"), {"where": str(drop.lists)}
        return
    with SftpServer(tmp_path, password=PASSWORD) as server:
        login = {"host": "127.0.0.1", "user": server.user, "host_key": server.host_key, "port": server.port}
        login |= {"password_secret": "LISTS_SFTP", "where": "/lists"}
        yield drop, ("adapters.sftp.sftp_batch_files", "adapters.sftp.sftp_court_list"), login


def test_lists_from_files(settings: Any, folder: Any) -> None:
    """By number: whoever is in the list, and nobody else; a missing page changes nothing."""
    drop, (backend, _), given = folder
    where = given.pop("where")
    mirror = holding(settings, "files", backend, {**given, "lists": where}, "food_serious")
    drop.write_list("food_serious", DAY, page_rows=1, encoding="GBK")
    assert "已启用，共 2 行" in sync()
    exact = MatchGrade.EXACT
    assert states(asked(mirror, FIRM)) == [("F-1", exact, RecordState.ACTIVE)]
    assert states(asked(mirror, PERSON)) == [("F-2", exact, RecordState.REPAIRED)]
    assert states(asked(mirror, CLEAN)) == []
    drop.write_list("food_serious", date(2026, 11, 29), page_rows=1, fault=FileFault.PAGE_MISSING)
    sync(1)
    assert states(asked(mirror, FIRM)) == [("F-1", exact, RecordState.ACTIVE)]


def test_the_courts_list_from_files(settings: Any, folder: Any) -> None:
    """A hidden birthday is a possible match at most, and tells namesakes apart by what it shows."""
    drop, (_, backend), given = folder
    where = given.pop("where")
    options = {**given, "path": where} if "host" in given else {"folder": where}
    mirror = holding(settings, "courts", backend, options, "court_defaulter")
    drop.write_court_list(DAY)
    assert "已启用，共 2 行" in sync()
    assert states(asked(mirror, FIRM)) == [("C-1", MatchGrade.EXACT, RecordState.ACTIVE)]
    assert states(asked(mirror, PERSON)) == [("C-2", MatchGrade.POSSIBLE, RecordState.ACTIVE)]
    assert states(asked(mirror, NAMESAKE)) == []
    assert states(asked(mirror, CLEAN)) == []
    drop.write_court_list(date(2026, 11, 29), fault=FileFault.CUT)
    sync(1)
    assert states(asked(mirror, PERSON)) == [("C-2", MatchGrade.POSSIBLE, RecordState.ACTIVE)]


def test_documents_of_every_kind_are_in_the_courts_list(settings: Any, tmp_path: Path) -> None:
    """A passport, an old number or an unreadable one does not keep the list from being loaded, and nobody is lost."""
    court_list(
        tmp_path,
        [
            {"cardNum": "440300900101001"},  # the person's before 1999
            {"cardNum": "E12345678"},  # a passport of anybody with the name
            {"cardNum": "440300199001010017"},  # a digit is wrong
            {"cardNum": NAMESAKE.identifiers[0].number},
            {"cardNum": "12345678-9", "partyTypeName": "1", "iname": FIRM.name},
        ],
    )
    backend, options = "adapters.court_list.CourtList", {"folder": str(tmp_path)}
    mirror = holding(settings, "courts", backend, options, "court_defaulter")
    assert "已启用，共 5 行" in sync()
    active, exact, possible = RecordState.ACTIVE, MatchGrade.EXACT, MatchGrade.POSSIBLE
    by_name = [("C-1", possible, active), ("C-2", possible, active)]
    assert states(asked(mirror, PERSON)) == [("C-0", exact, active), *by_name]
    assert states(asked(mirror, NAMESAKE)) == [*by_name, ("C-3", exact, active)]
    assert states(asked(mirror, FIRM)) == [("C-4", possible, active)]
    assert states(asked(mirror, CLEAN)) == []
