"""The simulated platform's side of an exchange by files: writes lists, and takes what was put for publication.

The folders are ``lists``, ``outgoing`` and ``receipts`` below one root; ``adapters.simulator.sftp`` serves them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from enum import StrEnum
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr
from zoneinfo import ZoneInfo

from defusedxml.ElementTree import fromstring

from adapters.simulator.answers import row
from adapters.simulator.inbox import Inbox
from adapters.simulator.register import Register, SimulatedRecord, SimulatedSubject

__all__ = ["FileDrop", "FileFault"]

_CHINA = ZoneInfo("Asia/Shanghai")
_COURT_STATE = {"1": "全部未履行", "2": "全部已履行"}


class FileFault(StrEnum):
    """How a file is bent."""

    PAGE_MISSING = "page_missing"  # the second page is not there
    PAGE_TWICE = "page_twice"  # the second page repeats the first
    PAGE_TOO_MANY = "page_too_many"
    ROWS_MISSING = "rows_missing"  # fewer rows than the page says
    COUNT_DIFFERS = "count_differs"  # fewer rows than the list says
    CUT = "cut"  # half of the last file
    EMPTY = "empty"
    GBK_AS_UTF8 = "gbk_as_utf8"
    UTF8_AS_GBK = "utf8_as_gbk"
    AMPERSAND = "ampersand"  # & unescaped
    DOCTYPE = "doctype"  # entities that grow
    FIELD_MISSING = "field_missing"
    FIELD_TWICE = "field_twice"
    UNKNOWN_STATE = "unknown_state"
    NAIVE_TIME = "naive_time"
    OTHER_LIST = "other_list"  # the second page is of another edition
    WRONG_DAY = "wrong_day"  # another day inside than in the name
    DIGEST_DIFFERS = "digest_differs"  # the manifest of the courts names another content


class FileDrop:
    """Writes what the register holds, and reads what was put."""

    def __init__(self, root: Path, register: Register, inbox: Inbox) -> None:
        """Make the folders."""
        self.lists, self.outgoing, self.receipts = (root / n for n in ("lists", "outgoing", "receipts"))
        for folder in (self.lists, self.outgoing, self.receipts):
            folder.mkdir(parents=True, exist_ok=True)
        self._register = register
        self._inbox = inbox

    def write_list(
        self,
        list_type: str,
        day: date,
        *,
        number: str = "SXZX01",
        page_rows: int = 1000,
        encoding: str = "UTF-8",
        fault: FileFault | None = None,
    ) -> int:
        """Write one edition of a list in pages; how many rows it has.

        Args:
            list_type: of the rows to be written.
            day: of the edition.
            number: of the message.
            page_rows: rows a page.
            encoding: declared, and used unless the fault says otherwise.
            fault: how to bend the files.
        """
        rows = [
            row(r, s) | {"removed": "0"} for s in self._register.all() for r in s.records if r.list_type == list_type
        ]
        pages = [rows[i : i + page_rows] for i in range(0, len(rows), page_rows)] or [[]]
        header = {"no": number, "list": list_type, "version": f"{day:%Y%m%d}", "base": "", "total": str(len(pages))}
        header |= {"asOf": datetime.combine(day, time(2), _CHINA).isoformat(), "date": f"{day:%Y%m%d}"}
        header |= {"count": str(len(rows) + (fault is FileFault.COUNT_DIFFERS))}
        if fault is FileFault.NAIVE_TIME:
            header["asOf"] = datetime.combine(day, time(2)).isoformat()
        if fault is FileFault.WRONG_DAY:
            header["date"] = "20200101"
        if fault is FileFault.PAGE_TWICE and len(pages) > 1:
            pages[1] = pages[0]
        if fault is FileFault.PAGE_TOO_MANY:
            pages.append([])
        for nth, page in enumerate(pages, start=1):
            if fault is FileFault.PAGE_MISSING and nth == 2:
                continue
            said = header | {"current": str(1 if fault is FileFault.PAGE_TWICE else nth), "rows": str(len(page))}
            if fault is FileFault.OTHER_LIST and nth == 2:
                said["version"] = "another"
            path = self.lists / f"{number}_{day:%Y%m%d}_{nth:05d}.xml"
            path.write_bytes(_bent(_xml(said, page, encoding, fault), encoding, fault if nth == len(pages) else None))
        return len(rows)

    def write_court_list(self, day: date, *, file_rows: int = 1000, fault: FileFault | None = None) -> int:
        """Write one edition of the courts' list, its manifest last; how many rows it has."""
        rows = [_court(r, s) for s in self._register.all() for r in s.records if r.list_type == "court_defaulter"]
        files = []
        for nth, start in enumerate(range(0, max(len(rows), 1), file_rows), start=1):
            part = rows[start : start + file_rows]
            content = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in part).encode()
            name = f"shixin_{day:%Y%m%d}_{nth:04d}.jsonl"
            digest = hashlib.sha256(content + (b" " if fault is FileFault.DIGEST_DIFFERS else b"")).hexdigest()
            files.append({"name": name, "count": len(part) + (fault is FileFault.ROWS_MISSING), "sha256": digest})
            if fault is FileFault.PAGE_MISSING and nth == 1:
                continue
            (self.lists / name).write_bytes(content[: len(content) // 2] if fault is FileFault.CUT else content)
        manifest = {
            "version": f"{day:%Y%m%d}",
            "asOf": datetime.combine(day, time(2), None if fault is FileFault.NAIVE_TIME else _CHINA).isoformat(),
            "count": len(rows) + (fault is FileFault.COUNT_DIFFERS),
            "files": files,
        }
        (self.lists / f"shixin_{day:%Y%m%d}.json").write_text(json.dumps(manifest), encoding="utf-8")
        return len(rows)

    def take(self, refuse: Callable[[Mapping[str, str]], str] = lambda _row: "") -> int:
        """Take every file that was put and has no receipt yet, and write its receipt; how many files.

        Args:
            refuse: short machine word why a row is refused; empty when it is taken.
        """
        taken = 0
        for path in sorted(self.outgoing.glob("*.xml")):
            receipt = self.receipts / f"{path.stem}.receipt.xml"
            if receipt.exists():
                continue
            rows = [{e.tag: e.text or "" for e in r} for r in fromstring(path.read_bytes())]
            answers = []
            for said in rows:
                why = refuse(said)
                if not why:
                    self._inbox.take(f"file:{path.name[:6]}", said["itemId"], said)
                answers.append({"itemId": said["itemId"], "result": "0" if why else "1", "reason": why})
            header = {"file": path.name, "rows": str(len(answers)), "receiptNo": f"F{path.stem}"}
            part = receipt.with_name(f".{receipt.name}")
            part.write_text(_document("RECEIPT", header, answers, "UTF-8"), encoding="utf-8")
            part.rename(receipt)
            taken += 1
        return taken


def _xml(header: Mapping[str, str], rows: list[dict[str, Any]], encoding: str, fault: FileFault | None) -> str:
    if fault is FileFault.ROWS_MISSING:
        rows = rows[1:]
    if fault is FileFault.FIELD_MISSING:
        rows = [{k: v for k, v in r.items() if k != "state"} for r in rows]
    if fault is FileFault.UNKNOWN_STATE:
        rows = [r | {"state": "0"} for r in rows]
    return _document("MESSAGE", header, rows, encoding)


def _document(root: str, header: Mapping[str, str], rows: list[dict[str, Any]], encoding: str) -> str:
    attributes = "".join(f" {key}={quoteattr(text)}" for key, text in header.items())
    body = "".join(
        "<ROW>" + "".join(f"<{key}>{escape(text or '')}</{key}>" for key, text in r.items()) + "</ROW>\n" for r in rows
    )
    return f'<?xml version="1.0" encoding="{encoding}"?>\n<{root}{attributes}>\n{body}</{root}>\n'


def _bent(text: str, encoding: str, fault: FileFault | None) -> bytes:
    raw = text.encode(encoding)
    match fault:
        case FileFault.CUT:
            return raw[: len(raw) // 2]
        case FileFault.EMPTY:
            return b""
        case FileFault.GBK_AS_UTF8:
            return text.encode("gbk")
        case FileFault.UTF8_AS_GBK:
            return text.replace('encoding="UTF-8"', 'encoding="GBK"').encode()
        case FileFault.AMPERSAND:
            return text.replace("</title>", "A&B</title>", 1).encode(encoding)
        case FileFault.DOCTYPE:
            bomb = '<!DOCTYPE MESSAGE [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>\n<MESSAGE'
            return text.replace("<MESSAGE", bomb, 1).encode(encoding)
        case FileFault.FIELD_TWICE:
            return text.replace("<state>", "<state>2</state><state>", 1).encode(encoding)
        case _:
            return raw


def _court(record: SimulatedRecord, subject: SimulatedSubject) -> dict[str, Any]:
    """As the courts show it: mixed dates, a masked number, and much that nobody may keep."""
    number = subject.identifiers[0].number
    return {
        "id": record.record_id,
        "iname": subject.name,
        "caseCode": f"（{record.decided_on[:4]}）粤0104执示例{record.record_id}号",
        "age": 40,
        "sexy": "男",
        "cardNum": f"{number[:10]}****{number[-4:]}" if subject.kind == "person" else number,
        "courtName": "示例市示例区人民法院",
        "areaName": "广东",
        "partyTypeName": "0" if subject.kind == "person" else "1",
        "gistId": f"（{record.decided_on[:4]}）粤0104民初示例{record.record_id}号",
        "regDate": "20260105",
        "gistUnit": "示例市示例区人民法院",
        "duty": "给付货款示例元",
        "performance": _COURT_STATE.get(record.state, "部分未履行"),
        "performedPart": None,
        "unperformPart": None,
        "disruptTypeName": "有履行能力而拒不履行生效法律文书确定义务",
        "publishDate": "2026年02月03日",
        "businessEntity": "陈示例",
    }
