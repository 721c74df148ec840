"""The courts' list of 失信被执行人 as it is syndicated: whole lists with masked numbers, in files.

An edition is a manifest ``shixin_<yyyyMMdd>.json``, written last::

    {"version", "asOf", "count", "files": [{"name": "shixin_20261001_0001.jsonl", "count", "sha256"}]}

and the files that it names, one JSON object a line with the fields of the court's site::

    {"id", "iname", "caseCode", "cardNum", "courtName", "areaName", "partyTypeName", "gistId", "regDate", "gistUnit",
     "performance", "disruptTypeName", "publishDate", ...}

``partyTypeName`` is 0 person, 1 company; of which document ``cardNum`` is, its form says (``court_numbers``). A number
of no known form leaves the row with its name alone, a possible match; too many of them refuse the edition. Dates come
in two forms in one record. Everything else that the site shows, such as age, sex, duty or the legal representative, is
dropped (R-36).

``cardNum`` hides the birthday, so a row is a possible match at most, and nobody rebuilds the number (domain facts 3.4).
A debt that the court itself shows as performed is read as repaired: the court has to take such a row away
within three working days, and until then it must not burden anybody.

Source: domain facts 3.4 and 3.6; manifest and file names are design.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence

from adapters.court_numbers import CourtNumber, read_court_number
from adapters.deadline import Deadline
from adapters.folders import Folder, OpenFolder, as_folder
from adapters.rows import masked_document_no
from adapters.wire import Fields, parse_object
from approval_hook.errors import ConfigurationError, PlatformReplyInvalid
from approval_hook.policy.records import CreditRecord, MatchGrade, RecordState, Severity
from approval_hook.policy.subjects import mask_text
from approval_hook.ports import ListEdition, ListEntry

__all__ = ["LIST_TYPE", "CourtList"]

#: Key of the list in the rule set.
LIST_TYPE = "court_defaulter"

_MANIFEST = re.compile(r"shixin_\d{8}\.json", re.ASCII)
_FILE = re.compile(r"shixin_\d{8}_\d{4}\.jsonl", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_MOST_MANIFEST = 5_000_000
_MOST_BYTES = 2_000_000_000
_MOST_LINE = 100_000
_MOST_FILES = 9_999
_MOST_ROWS = 50_000_000
_OF_PERSON = {"0": True, "1": False}
#: So many numbers of no known form are a court's mistakes, whatever their share.
_FEW = 10
_PERFORMED = {
    "全部未履行": RecordState.ACTIVE,
    "部分未履行": RecordState.ACTIVE,
    "全部已履行": RecordState.REPAIRED,
}


class CourtList:
    """Editions of the list in one folder; meets ``approval_hook.ports.ListSource``."""

    def __init__(self, name: str, folder: Folder | str, *, unreadable_share: float = 0.02) -> None:
        """Nothing is opened.

        Args:
            name: short name as configured.
            folder: an absolute path of this computer, or a folder.
            unreadable_share: of an edition's rows that may have a number of no known form, from 0 to 1.

        Raises:
            ConfigurationError: the path is not absolute, or the share is none.
        """
        if not 0 <= unreadable_share <= 1:
            raise ConfigurationError(f"{name}: unreadable_share must be from 0 to 1.")
        self.name = name
        self._unreadable_share = unreadable_share
        self._folder = as_folder(folder)

    def editions(self, *, timeout: float) -> Sequence[ListEdition]:
        """One for each manifest, oldest first."""
        with self._folder.open(self.name, Deadline(timeout)) as folder:
            found = [self._manifest(folder, name)[0] for name in folder.names() if _MANIFEST.fullmatch(name)]
        return sorted(found, key=lambda e: e.as_of)

    def entries(self, edition: ListEdition, *, timeout: float) -> Iterator[ListEntry]:
        """The rows of every file that the manifest names, in order."""
        with self._folder.open(self.name, Deadline(timeout)) as folder:
            for name in folder.names():
                if _MANIFEST.fullmatch(name):
                    found, files = self._manifest(folder, name)
                    if found == edition:
                        break
            else:
                raise PlatformReplyInvalid(f"{self.name}: this edition of the list is not there.")
            on = edition.as_of.date()
            seen = unreadable = 0
            for file in files:
                digest = hashlib.sha256()
                count = file.number("count", least=0, most=_MOST_ROWS)
                here = 0
                for line in self._lines(folder, file.text("name", longest=60), digest):
                    here += 1
                    row = parse_object(line, self.name)
                    of_person = row.code("partyTypeName", _OF_PERSON)
                    number = read_court_number(row.text_or_empty("cardNum", longest=40), of_person=of_person, on=on)
                    unreadable += not number.is_known
                    yield self._entry(row, number)
                if here != count or digest.hexdigest() != file.text("sha256", longest=64):
                    raise PlatformReplyInvalid(f"{self.name}: a file is not the one that the manifest names.")
                seen += here
            if seen != edition.count:
                raise PlatformReplyInvalid(f"{self.name}: rows are missing or too many.")
            if unreadable > max(_FEW, seen * self._unreadable_share):
                raise PlatformReplyInvalid(f"{self.name}: too many rows have a number of no known form.")

    def _manifest(self, folder: OpenFolder, name: str) -> tuple[ListEdition, list[Fields]]:
        raw = b"".join(folder.pieces(name, most=_MOST_MANIFEST))
        said = parse_object(raw, self.name)
        files = said.objects("files", most=_MOST_FILES)
        names = [file.text("name", longest=60) for file in files]
        if len(set(names)) != len(names) or not all(_FILE.fullmatch(n) for n in names):
            raise PlatformReplyInvalid(f"{self.name}: the manifest names a file twice or by an unusual name.")
        if not all(_DIGEST.fullmatch(file.text("sha256", longest=64)) for file in files):
            raise PlatformReplyInvalid(f"{self.name}: the manifest holds a malformed digest.")
        edition = ListEdition(
            list_type=LIST_TYPE,
            version=said.text("version", longest=60),
            as_of=said.moment("asOf"),
            count=said.number("count", least=0, most=_MOST_ROWS),
            digest=hashlib.sha256(raw).hexdigest(),
        )
        return edition, files

    def _lines(self, folder: OpenFolder, name: str, digest: hashlib._Hash) -> Iterator[bytes]:
        rest = b""
        for piece in folder.pieces(name, most=_MOST_BYTES):
            digest.update(piece)
            *lines, rest = (rest + piece).split(b"\n")
            if len(rest) > _MOST_LINE:
                raise PlatformReplyInvalid(f"{self.name}: a line is too long.")
            yield from lines
        if rest:
            yield rest

    def _entry(self, row: Fields, number: CourtNumber) -> ListEntry:
        case, document = row.text("caseCode", longest=90), row.text_or_empty("gistId", longest=90)
        record_id = row.text("id", longest=100)
        return ListEntry(
            record=CreditRecord(
                record_id=record_id,
                source=self.name,
                list_type=LIST_TYPE,
                severity=Severity.SERIOUS,
                title=mask_text(f"列入失信被执行人名单：{row.text_or_empty('disruptTypeName')}".rstrip("：")),
                decided_on=row.day("publishDate"),
                decided_by=mask_text(row.text("courtName", longest=200)),
                document_no=masked_document_no(f"{case}；依据{document}" if document else case, record_id),
                match=MatchGrade.POSSIBLE,
                state=row.code("performance", _PERFORMED),
                published_on=row.day("publishDate"),
            ),
            name=row.text("iname", longest=200),
            id_type=number.id_type,
            number=number.number,
        )
