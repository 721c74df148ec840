"""Lists from files and rows for publication into files, in a local folder and over a real SFTP server (P6)."""

from __future__ import annotations

import hashlib
import io
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import paramiko
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.batch_files import BatchFiles
from adapters.court_list import CourtList
from adapters.folders import Folder, LocalFolder
from adapters.matching import grade
from adapters.sftp import SftpFolder, sftp_batch_files, sftp_court_list
from adapters.simulator import SimulatedRecord, SimulatedSubject
from adapters.simulator.filedrop import FileDrop, FileFault
from adapters.simulator.inbox import Inbox
from adapters.simulator.register import Register
from adapters.simulator.sftp import SftpServer
from adapters.xmlrows import RowFile
from approval_hook.errors import (
    ConfigurationError,
    PlatformError,
    PlatformRefused,
    PlatformReplyInvalid,
    PlatformUnavailable,
)
from approval_hook.policy.records import MatchGrade, RecordState
from approval_hook.policy.subjects import organisation, person
from approval_hook.policy.synthetic import synthetic_residence_permit, synthetic_resident_id, synthetic_uscc
from approval_hook.ports import ItemOutcome, ItemState, ListEdition, ListEntry, Publication

DAY = date(2026, 10, 1)
NOW = datetime(2026, 10, 1, 4, tzinfo=UTC)
SIZE = 25
TABLES = {"permission": "SXZX09", "penalty": "SXZX10"}
PASSWORD = "only-for-this-test"


@dataclass(frozen=True)
class Exchange:
    """The platform's side and ours."""

    drop: FileDrop
    inbox: Inbox
    files: BatchFiles
    courts: CourtList
    folders: dict[str, Folder]


def register() -> Register:
    """Serious food offenders and court defaulters, organisations and persons, one name with & in it."""
    rng = random.Random(5)  # noqa: S311 - invents subjects, not secrets
    subjects = []
    for n in range(SIZE):
        if n % 2:
            subject = person("陈示例", synthetic_resident_id(rng, born_on=date(1980, 1, 1 + n)), on=DAY)
        else:
            subject = organisation(f"广州示例{n}<茶&饮>有限公司", synthetic_uscc(rng), on=DAY)
        subjects.append(
            SimulatedSubject.of(
                subject,
                SimulatedRecord(f"F-{n}", "food_serious", "4", "列入名单", "20260105", state="12"[n % 3 == 0]),
                SimulatedRecord(f"C-{n}", "court_defaulter", "4", "列入名单", "20260105", state="12"[n % 3 == 0]),
            )
        )
    return Register(tuple(subjects))


def exchange(root: Path, folders: dict[str, Folder]) -> Exchange:
    """Both sides over the same folders."""
    inbox = Inbox()
    drop = FileDrop(root, register(), inbox)
    files = BatchFiles("files", tables=TABLES, clock=lambda: NOW, **folders)  # type: ignore[arg-type] # by name
    return Exchange(drop, inbox, files, CourtList("courts", folders["lists"]), folders)


def local(root: Path) -> dict[str, Folder]:
    """The three folders on this computer."""
    return {name: LocalFolder(str(root / name)) for name in ("lists", "outgoing", "receipts")}


def over_sftp(server: SftpServer, **login: str) -> dict[str, Folder]:
    """The three folders over SFTP."""
    return {
        name: SftpFolder("127.0.0.1", f"/{name}", server.user, server.host_key, port=server.port, **login)  # type: ignore[arg-type] # options
        for name in ("lists", "outgoing", "receipts")
    }


@pytest.fixture
def sftp(tmp_path: Path) -> Iterator[SftpServer]:
    """An SFTP server over the temporary folder."""
    with SftpServer(tmp_path, password=PASSWORD) as server:
        yield server


@pytest.fixture(params=["local", "sftp"])
def both(request: pytest.FixtureRequest, tmp_path: Path) -> Exchange:
    """The exchange by each kind of folder."""
    if request.param == "local":
        return exchange(tmp_path, local(tmp_path))
    return exchange(tmp_path, over_sftp(request.getfixturevalue("sftp"), password=PASSWORD))


@pytest.fixture
def plain(tmp_path: Path) -> Exchange:
    """The exchange by local folders."""
    return exchange(tmp_path, local(tmp_path))


def everything(files: BatchFiles | CourtList) -> list[ListEntry]:
    """Every row of the one edition that is there."""
    (edition,) = files.editions(timeout=10)
    return list(files.entries(edition, timeout=10))


@pytest.mark.parametrize("encoding", ["UTF-8", "GBK"])
def test_a_list_comes_as_the_platform_holds_it(both: Exchange, encoding: str) -> None:
    """Every row of every page, with its state, its name in full and its number."""
    both.drop.write_list("food_serious", DAY, page_rows=10, encoding=encoding)
    (edition,) = both.files.editions(timeout=10)
    assert edition == ListEdition("food_serious", "20261001", edition.as_of, SIZE)
    assert edition.as_of.tzinfo is not None
    entries = list(both.files.entries(edition, timeout=10))
    held = [(s, r) for s in register().all() for r in s.records if r.list_type == "food_serious"]
    assert [(e.record.record_id, e.name, e.number) for e in entries] == [
        (r.record_id, s.name, s.identifiers[0].number) for s, r in held
    ]
    repaired = [e.record.record_id for e in entries if e.record.state is RecordState.REPAIRED]
    assert repaired == [r.record_id for _, r in held if r.state == "2"]
    assert {e.record.source for e in entries} == {"files"}


@pytest.mark.parametrize("fault", [f for f in FileFault if f is not FileFault.DIGEST_DIFFERS])
def test_a_bent_list_is_never_whole(plain: Exchange, fault: FileFault) -> None:
    """Whatever is wrong with one page, the edition cannot be read to its end, or is not offered."""
    plain.drop.write_list("food_serious", DAY, page_rows=10, fault=fault)
    with pytest.raises(PlatformError) as caught:
        assert everything(plain.files)
    _assert_discreet(caught.value)


def test_pages_on_their_way_are_waited_for(plain: Exchange) -> None:
    """A page that is not there yet is no error of the content: once it is there, the list is whole."""
    plain.drop.write_list("food_serious", DAY, page_rows=10, fault=FileFault.PAGE_MISSING)
    with pytest.raises(PlatformUnavailable):
        everything(plain.files)
    plain.drop.write_list("food_serious", DAY, page_rows=10)
    assert len(everything(plain.files)) == SIZE


def test_a_list_without_rows_is_a_list(plain: Exchange) -> None:
    """An empty list says so, by a page with no rows."""
    plain.drop.write_list("work_safety_serious", DAY)
    assert everything(plain.files) == []


def test_two_days_are_two_editions(plain: Exchange) -> None:
    """Oldest first, each with its own rows."""
    plain.drop.write_list("food_serious", date(2026, 10, 2))
    plain.drop.write_list("food_serious", DAY)
    assert [e.version for e in plain.files.editions(timeout=10)] == ["20261001", "20261002"]


def test_the_courts_list_gives_possible_matches_only(both: Exchange) -> None:
    """S-05: a masked number and a name are no proof; another person of the same name with another mask falls out."""
    both.drop.write_court_list(DAY, file_rows=10)
    entries = everything(both.courts)
    assert len(entries) == SIZE
    masked = [e for e in entries if "*" in e.number]
    assert len(masked) == SIZE // 2
    held = {s.records[1].record_id: s for s in register().all()}
    for entry in masked:
        owner = held[entry.record.record_id]
        mine = person(owner.name, owner.identifiers[0].number, on=DAY)
        number = synthetic_resident_id(random.Random(9), born_on=date(1991, 5, 5))  # noqa: S311 - invents a subject
        other = person(owner.name, number, on=DAY)
        said = {"name": entry.name, "id_type": entry.id_type, "number": entry.number, "on": DAY}
        assert grade(mine, **said) is MatchGrade.POSSIBLE  # type: ignore[arg-type] # by name
        assert grade(other, **said) is MatchGrade.NONE  # type: ignore[arg-type] # by name
    performed = [e.record.record_id for e in entries if e.record.state is RecordState.REPAIRED]
    assert performed == [r.records[1].record_id for r in held.values() if r.records[1].state == "2"]
    assert {e.record.decided_on for e in entries} == {date(2026, 2, 3)}
    assert "陈示例" not in repr(entries)


def court_list(root: Path, rows: list[dict[str, str]], **options: float) -> CourtList:
    """A list of the courts with rows of our own."""
    plain = {
        "caseCode": "（2026）粤0104执示例1号",
        "courtName": "示例市示例区人民法院",
        "performance": "全部未履行",
        "publishDate": "2026年02月03日",
        "gistId": "（2026）粤0104民初示例1号",
        "disruptTypeName": "有履行能力而拒不履行生效法律文书确定义务",
        "iname": "陈示例",
        "partyTypeName": "0",
    }
    written = [json.dumps(plain | {"id": f"C-{n}"} | row, ensure_ascii=False) for n, row in enumerate(rows)]
    raw = "".join(f"{one}\n" for one in written).encode()
    (root / "shixin_20261001_0001.jsonl").write_bytes(raw)
    file = {"name": "shixin_20261001_0001.jsonl", "count": len(rows), "sha256": hashlib.sha256(raw).hexdigest()}
    said = {"version": "20261001", "asOf": "2026-10-01T02:00:00+08:00", "count": len(rows), "files": [file]}
    (root / "shixin_20261001.json").write_text(json.dumps(said), encoding="utf-8")
    return CourtList("courts", str(root), **options)


ID = synthetic_resident_id(random.Random(3), born_on=date(1970, 5, 5))  # noqa: S311 - invents a subject
OLD_ID = ID[:6] + ID[8:17]
PERMIT = synthetic_residence_permit(random.Random(3), born_on=date(1970, 5, 5))  # noqa: S311 - invents a subject
CODE = synthetic_uscc(random.Random(3))  # noqa: S311 - invents a subject


@pytest.mark.parametrize(
    ("party", "shown", "id_type", "number"),
    [
        ("0", ID, "resident_id", ID),
        ("0", f"{ID[:10]}****{ID[14:]}", "resident_id", f"{ID[:10]}****{ID[14:]}"),
        ("0", OLD_ID, "resident_id", ID),  # the same person's number since 1999
        ("0", PERMIT, "residence_permit", PERMIT),
        ("0", f"{PERMIT[:10]}****{PERMIT[14:]}", "residence_permit", f"{PERMIT[:10]}****{PERMIT[14:]}"),
        ("0", "E12345678", "", "E12345678"),
        ("0", "H12345678", "", "H12345678"),  # a passport may look like this too
        ("0", "E****5678", "", "E****5678"),
        ("0", CODE, "uscc", CODE),
        ("1", CODE.lower(), "uscc", CODE),
        ("1", ID, "resident_id", ID),
        ("1", "12345678-9", "", "123456789"),
        ("1", "440101000012345", "", "440101000012345"),
        ("0", ID[:17] + ("0" if ID[17] != "0" else "1"), "", ""),
        ("0", "4403001990010100", "", ""),
        ("1", "无", "", ""),
        ("0", "", "", ""),
    ],
)
def test_a_row_of_the_courts_is_what_the_form_of_its_number_says(
    tmp_path: Path, party: str, shown: str, id_type: str, number: str
) -> None:
    """Passports, old numbers and codes of organisations are there; what cannot be read leaves the name."""
    (entry,) = everything(court_list(tmp_path, [{"partyTypeName": party, "cardNum": shown}]))
    assert (entry.name, entry.id_type, entry.number) == ("陈示例", id_type, number)
    assert number or grade(person("陈示例", ID, on=DAY), name=entry.name, id_type=id_type, number="", on=DAY) is (
        MatchGrade.POSSIBLE
    )


@pytest.mark.parametrize(
    ("wrong", "rows", "whole"), [(10, 20, True), (11, 20, False), (20, 1000, True), (21, 1000, False)]
)
def test_too_many_numbers_of_no_form_refuse_the_list_of_the_courts(
    tmp_path: Path, wrong: int, rows: int, whole: bool
) -> None:
    """A few are the courts' own mistakes; more are a column that moved, or another table."""
    courts = court_list(tmp_path, [{"cardNum": "示例" if n < wrong else ID} for n in range(rows)])
    if whole:
        assert len(everything(courts)) == rows
        return
    with pytest.raises(PlatformReplyInvalid, match="known form") as caught:
        everything(courts)
    _assert_discreet(caught.value)


def test_the_bound_of_unreadable_numbers_is_an_option(tmp_path: Path) -> None:
    """A share from 0 to 1."""
    rows = [{"cardNum": "示例"}] * 20
    assert len(everything(court_list(tmp_path, rows, unreadable_share=1.0))) == 20
    with pytest.raises(ConfigurationError):
        CourtList("courts", str(tmp_path), unreadable_share=1.5)


@pytest.mark.parametrize(
    "fault",
    [
        FileFault.PAGE_MISSING,
        FileFault.ROWS_MISSING,
        FileFault.COUNT_DIFFERS,
        FileFault.CUT,
        FileFault.DIGEST_DIFFERS,
        FileFault.NAIVE_TIME,
    ],
)
def test_a_bent_list_of_the_courts_is_never_whole(plain: Exchange, fault: FileFault) -> None:
    """The manifest, its digests and its counts must all fit."""
    plain.drop.write_court_list(DAY, file_rows=10, fault=fault)
    with pytest.raises(PlatformError) as caught:
        assert everything(plain.courts)
    _assert_discreet(caught.value)


def item(n: int, table: str = "permission", **fields: str) -> Publication:
    """One row to be published."""
    return Publication(f"P-{n}", table, {"content": f"许可<{n}>&内容", **fields})


def test_publication_waits_for_its_receipt(both: Exchange) -> None:
    """Both sides agree, item by item, and nothing is written twice however often it is sent."""
    items = [item(n, "permission" if n % 2 else "penalty") for n in range(1205)]
    first = both.files.publish(items, timeout=30)
    assert {(o.state, o.reason) for o in first} == {(ItemState.UNKNOWN, "awaiting-receipt")}
    written = sorted(p.name for p in both.drop.outgoing.iterdir())
    assert len(written) == 4
    assert both.files.publish(items, timeout=30) == first
    assert sorted(p.name for p in both.drop.outgoing.iterdir()) == written
    assert both.drop.take(lambda row: "field-missing" if row["itemId"].endswith("7") else "") == 4
    after = both.files.publish(items, timeout=30)
    taken = {one["id"]: one["document"] for one in both.inbox.all()}
    assert {o.item_id for o in after if o.state is ItemState.ACCEPTED} == set(taken)
    refused = [o for o in after if o.state is ItemState.REFUSED]
    assert {o.reason for o in refused} == {"field-missing"}
    assert len(refused) + len(taken) == len(items)
    assert taken["P-8"] == {"itemId": "P-8", "content": "许可<8>&内容"}


def test_what_cannot_be_written_is_refused_and_the_rest_goes(plain: Exchange) -> None:
    """A control character, an unknown table, a field name that is none, a second item under one id."""
    outcomes = plain.files.publish(
        [item(1, text="a\x01"), item(2, "unknown"), item(3, **{"a b": ""}), item(4), item(4, text="other")], timeout=10
    )
    assert [(o.state, o.reason) for o in outcomes] == [
        (ItemState.REFUSED, "unwritable-character"),
        (ItemState.REFUSED, "unknown-table"),
        (ItemState.REFUSED, "field-name"),
        (ItemState.UNKNOWN, "awaiting-receipt"),
        (ItemState.REFUSED, "duplicate-id"),
    ]
    assert plain.drop.take() == 1
    assert [one["id"] for one in plain.inbox.all()] == ["P-4"]


@pytest.mark.parametrize(
    "receipt",
    [
        '<RECEIPT file="SXZX09_20261001_00002.xml" rows="1" receiptNo=""><ROW>{row}</ROW></RECEIPT>',
        '<RECEIPT file="{name}" rows="2" receiptNo=""><ROW>{row}</ROW></RECEIPT>',
        '<RECEIPT file="{name}" rows="1" receiptNo=""><ROW><result>2</result></ROW></RECEIPT>',
        '<RECEIPT file="{name}" rows="1" receiptNo=""><ROW>{row}',
    ],
)
def test_a_receipt_that_does_not_add_up_accepts_nothing(plain: Exchange, receipt: str) -> None:
    """Another file, other rows, an unknown result, half a receipt."""
    plain.files.publish([item(1)], timeout=10)
    name = "SXZX09_20261001_00001.xml"
    (plain.drop.receipts / "SXZX09_20261001_00001.receipt.xml").write_text(
        receipt.format(name=name, row="<itemId>P-1</itemId><result>1</result><reason/>"), encoding="utf-8"
    )
    with pytest.raises(PlatformReplyInvalid):
        plain.files.publish([item(1)], timeout=10)


def test_a_name_that_is_taken_is_not_overwritten(plain: Exchange) -> None:
    """Another process took the next number between looking and writing."""
    plain.files.publish([item(1)], timeout=10)
    before = (plain.drop.outgoing / "SXZX09_20261001_00001.xml").read_bytes()
    for folder in (plain.folders["outgoing"], BlindFolder(plain.folders["outgoing"])):
        files = BatchFiles(
            "files", outgoing=folder, receipts=plain.folders["receipts"], tables=TABLES, clock=lambda: NOW
        )
        files.publish([item(2)], timeout=10)
    assert (plain.drop.outgoing / "SXZX09_20261001_00001.xml").read_bytes() == before
    assert [o.state for o in plain.files.publish([item(1), item(2)], timeout=10)] == [ItemState.UNKNOWN] * 2


class BlindFolder:
    """A folder whose listing shows nothing, as it looks when another process is faster."""

    def __init__(self, folder: Folder) -> None:
        """Over a real one."""
        self._folder = folder

    def open(self, source: str, deadline: object) -> object:
        """The folder without its names."""
        manager = self._folder.open(source, deadline)  # type: ignore[arg-type] # handed through

        class Blind:
            def __enter__(self) -> Blind:
                self.inner = manager.__enter__()
                return self

            def __exit__(self, *details: object) -> None:
                manager.__exit__(*details)  # type: ignore[arg-type] # handed through

            def names(self) -> list[str]:
                return []

            def put(self, name: str, content: bytes) -> bool:
                return self.inner.put(name, content)

        return Blind()


def test_a_link_is_not_followed(plain: Exchange, tmp_path: Path) -> None:
    """Only plain files are lists, so nobody is led to another place of this computer."""
    plain.drop.write_list("food_serious", DAY)
    written = plain.drop.lists / "SXZX01_20261001_00001.xml"
    written.rename(tmp_path / "elsewhere.xml")
    written.symlink_to(tmp_path / "elsewhere.xml")
    assert plain.files.editions(timeout=10) == []


def test_a_key_opens_and_another_does_not(tmp_path: Path) -> None:
    """Login by key; a wrong key, a wrong password and another server are told apart."""
    key = paramiko.ECDSAKey.generate()
    text = io.StringIO()
    key.write_private_key(text)
    with SftpServer(tmp_path, client_key=f"{key.get_name()} {key.get_base64()}") as server:
        both = exchange(tmp_path, over_sftp(server, key=text.getvalue()))
        both.drop.write_list("food_serious", DAY)
        assert len(everything(both.files)) == SIZE
        stranger = io.StringIO()
        paramiko.ECDSAKey.generate().write_private_key(stranger)
        with pytest.raises(PlatformRefused):
            exchange(tmp_path, over_sftp(server, key=stranger.getvalue())).files.editions(timeout=10)
        other = paramiko.ECDSAKey.generate()
        folder = SftpFolder(
            "127.0.0.1",
            "/lists",
            server.user,
            f"{other.get_name()} {other.get_base64()}",
            port=server.port,
            key=text.getvalue(),
        )
        with pytest.raises(PlatformReplyInvalid):
            BatchFiles("files", lists=folder).editions(timeout=10)


def test_a_server_that_stalls_or_is_cut_is_unavailable(tmp_path: Path, sftp: SftpServer) -> None:
    """The deadline holds, and afterwards the exchange goes on."""
    both = exchange(tmp_path, over_sftp(sftp, password=PASSWORD))
    both.drop.write_list("food_serious", DAY, page_rows=1)
    sftp.stalled.set()
    with pytest.raises(PlatformUnavailable):
        both.files.editions(timeout=0.5)
    sftp.stalled.clear()
    (edition,) = both.files.editions(timeout=10)
    rows = both.files.entries(edition, timeout=10)
    next(rows)
    sftp.cut()
    with pytest.raises(PlatformUnavailable):
        list(rows)
    assert len(everything(both.files)) == SIZE
    sftp.close()
    with pytest.raises(PlatformUnavailable):
        both.files.editions(timeout=2)


def test_the_backends_named_in_settings(tmp_path: Path, sftp: SftpServer) -> None:
    """Built from plain values alone, locally and over SFTP, they read the same lists."""
    drop = FileDrop(tmp_path, register(), Inbox())
    drop.write_list("food_serious", DAY)
    drop.write_court_list(DAY)
    login = {"user": sftp.user, "host_key": sftp.host_key, "port": sftp.port, "password": PASSWORD}
    far = sftp_batch_files(
        "files",
        "127.0.0.1",
        lists="/lists",
        outgoing="/outgoing",
        receipts="/receipts",
        tables=TABLES,
        **login,  # type: ignore[arg-type] # options
    )
    near = BatchFiles("files", lists=str(drop.lists))
    assert everything(far) == everything(near)
    assert far.publish([item(1)], timeout=10)[0].state is ItemState.UNKNOWN
    assert drop.take() == 1
    assert far.publish([item(1)], timeout=10)[0].state is ItemState.ACCEPTED
    courts = sftp_court_list("courts", "127.0.0.1", "/lists", **login)  # type: ignore[arg-type] # options
    assert everything(courts) == everything(CourtList("courts", str(drop.lists)))
    with pytest.raises(ConfigurationError):
        CourtList("courts", "relative/path")


@pytest.mark.parametrize(
    "options",
    [
        {"tables": TABLES},
        {"outgoing": LocalFolder("/o"), "receipts": LocalFolder("/r")},
        {"outgoing": LocalFolder("/o"), "receipts": LocalFolder("/r"), "tables": {"permission": "short"}},
        {"outgoing": LocalFolder("/o"), "receipts": LocalFolder("/r"), "tables": {"a": "SXZX09", "b": "SXZX09"}},
    ],
)
def test_half_a_configuration_is_none(options: dict[str, object]) -> None:
    """Folders and tables belong together."""
    with pytest.raises(ConfigurationError):
        BatchFiles("files", **options)  # type: ignore[arg-type] # by name


def test_a_host_key_that_cannot_be_read_is_none() -> None:
    """Without the other computer's key nobody is trusted."""
    for text in ("", "ssh-ed25519", "ssh-ed25519 AAAA", "nonsense"):
        with pytest.raises(ConfigurationError):
            SftpFolder("sftp.example", "/", "user", text, password=PASSWORD)


@pytest.mark.parametrize("options", [{}, {"key": "no key", "password": ""}, {"key": "", "password": ""}])
def test_a_login_without_secret_is_none(options: dict[str, str]) -> None:
    """A key that cannot be read says so, without the key."""
    known = paramiko.ECDSAKey.generate()
    host_key = f"{known.get_name()} {known.get_base64()}"
    with pytest.raises(ConfigurationError) as caught:
        SftpFolder("sftp.example", "/", "user", host_key, **options)  # type: ignore[arg-type] # options
    assert "no key" not in str(caught.value)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_any_changed_byte_is_told_or_harmless(data: st.DataObject) -> None:
    """A file with one byte changed is refused, or reads as rows of the same shape; nothing else is ever raised."""
    text = '<?xml version="1.0" encoding="UTF-8"?><MESSAGE no="SXZX01"><ROW><a>示例</a></ROW></MESSAGE>'
    raw = bytearray(text.encode())
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(raw)))
    try:
        file = RowFile([bytes(raw[:cut]), bytes(raw[cut:])], "files", root="MESSAGE")
        rows = list(file.rows())
    except PlatformReplyInvalid:
        return
    assert len(rows) <= 1


_BEGIN = '<?xml version="1.0" encoding="UTF-8"?>'


@pytest.mark.parametrize(
    "before",
    [
        f"{_BEGIN}<!--",
        f"{_BEGIN}<?note ",
        f'{_BEGIN}<MESSAGE no="',
        f'{_BEGIN}<MESSAGE no="SXZX01"><!--',
        f'{_BEGIN}<MESSAGE no="SXZX01"><ROW><!--',
        f'{_BEGIN}<MESSAGE no="SXZX01"><ROW><',
    ],
)
def test_a_piece_of_xml_without_end_is_given_up_early(before: str) -> None:
    """The parser reads an unfinished comment or tag from its beginning with every piece, so that one is never long."""
    read = 0

    def pieces() -> Iterator[bytes]:
        nonlocal read
        yield before.encode()
        for _ in range(10_000):
            read += 1
            yield b"a" * 4096

    with pytest.raises(PlatformReplyInvalid, match="too long"):
        list(RowFile(pieces(), "files", root="MESSAGE").rows())
    assert read < 100


def test_many_short_comments_are_read(plain: Exchange) -> None:
    """It is the length of one that counts."""
    comments = b"<!-- a note -->" * 1000
    pieces = [_BEGIN.encode(), *[comments] * 40, b'<MESSAGE no="SXZX01">', *[comments] * 40, b"</MESSAGE>"]
    assert list(RowFile(pieces, "files", root="MESSAGE").rows()) == []


def _assert_discreet(error: BaseException | None) -> None:
    while error is not None:
        assert "陈示例" not in repr(error) + str(error)
        error = error.__cause__ or error.__context__


def test_outcomes_of_one_publish_are_in_order(plain: Exchange) -> None:
    """One outcome per item, under its id."""
    outcomes = plain.files.publish([item(3), item(1), item(2)], timeout=10)
    assert [o.item_id for o in outcomes] == ["P-3", "P-1", "P-2"]
    assert all(isinstance(o, ItemOutcome) for o in outcomes)
