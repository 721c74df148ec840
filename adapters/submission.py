"""The data submission service (数据归集) of a city platform: JSON carried by SOAP.

``submitData(data)`` of ``adapters/wsdl/submission.wsdl``. What goes in, and what comes back::

    {"tableCode", "departmentCode", "tableVersionId", "body": [{"rowId", ...the fields of the row}]}
    {"totalSize", "successSize", "failSize", "errorSize", "errorCode", "errorMsg", "tips",
     "errorJsonList": [{"rowId", "errorCode", "errorMsg"}]}

``rowId`` is our item id. ``errorCode`` of the whole is 200 ok, 500 internal, 5001 JSON, 3001 and 3002 table empty or
unknown, 4001 and 4002 department empty or unknown, 6001 and 6002 body empty or invalid; of a row 6002 or 5001 for a
row that was not accepted (counted in failSize), 500 for one that met an error (errorSize). ``errorMsg`` and
``tips`` may repeat the row and are not read.

Partial success is normal, and nowhere does the reply name a row that was taken. So a row counts as accepted only
where the whole reply adds up: totalSize is what was sent and the sum of the three others; errorJsonList names
failSize + errorSize different rows of ours, as many of each kind as are counted; an error of the whole goes with
no success. Where anything does not add up, no row is accepted and every one is ``UNKNOWN``.

A row may be sent again under its id: to the platform the same row is an update.

Source: domain facts 3.5 and 4.1 (P5); rowId and the kinds of a row's error are design.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Unpack

from adapters.delivery import Batch, firsts, in_order, send_batches
from adapters.http import Deadline, HttpClient, HttpOptions
from adapters.soap import SoapService
from adapters.wire import Fields, parse_object
from adapters.xmlrows import sendable
from approval_hook.errors import ConfigurationError, PlatformReplyInvalid
from approval_hook.ports import ItemOutcome, ItemState, Publication

__all__ = ["SubmissionPlatform"]

_PATH = "services/Submission"
_MOST_ROWS = 1_000
_ROW_ID = "rowId"
_LONGEST_ID = 100

_WHOLE = {
    "200": "",
    "500": "internal",
    "5001": "json",
    "3001": "table-missing",
    "3002": "table-unknown",
    "4001": "department-missing",
    "4002": "department-unknown",
    "6001": "body-missing",
    "6002": "body-invalid",
}
_ROW = {
    "500": (ItemState.UNKNOWN, "internal"),
    "5001": (ItemState.REFUSED, "json"),
    "6002": (ItemState.REFUSED, "row-invalid"),
}


class SubmissionPlatform:
    """Submits rows; meets ``approval_hook.ports.PublicationTarget``.

    Attributes:
        name: short name as configured.
    """

    remote = True

    def __init__(
        self,
        name: str,
        base_url: str,
        department_code: str,
        tables: Mapping[str, Mapping[str, str]],
        *,
        rows_per_call: int = 200,
        **http: Unpack[HttpOptions],
    ) -> None:
        """Prepare; nothing is sent.

        Args:
            name: short name as configured, written to logs.
            base_url: https, or http to this computer.
            department_code: of the organ, as registered at the platform.
            tables: the platform's ``code`` and ``version`` of each table, by our word for it (``Publication.table``).
            rows_per_call: the most rows in one call, 1 to 1,000.
            http: see ``HttpClient``.

        Raises:
            ConfigurationError: an option is malformed.
        """
        complete = all(t.keys() == {"code", "version"} and all(t.values()) for t in tables.values())
        if not (department_code and tables and complete) or not 1 <= rows_per_call <= _MOST_ROWS:
            raise ConfigurationError(
                f"Platform {name}: department_code and, for each table, code and version must be given; "
                f"rows_per_call is 1 to {_MOST_ROWS}."
            )
        self.name = name
        self._department = department_code
        self._tables = {table: dict(codes) for table, codes in tables.items()}
        self._rows_per_call = rows_per_call
        self._http = HttpClient(name, base_url, **http)
        self._service = SoapService(name, "submission.wsdl")

    def publish(self, items: Sequence[Publication], *, timeout: float) -> Sequence[ItemOutcome]:
        """Submit rows, each table in calls of its own; as ``ports.PublicationTarget``. Nothing is repeated here."""
        first = firsts(items, _item_id)
        outcomes: dict[str, ItemOutcome] = {}
        by_table: dict[str, list[Publication]] = {}
        for item in first.values():
            problem = self._problem(item)
            if problem:
                outcomes[item.item_id] = ItemOutcome(item.item_id, ItemState.REFUSED, problem)
            else:
                by_table.setdefault(item.table, []).append(item)
        batches = [
            self._batch(table, rows[start : start + self._rows_per_call])
            for table, rows in by_table.items()
            for start in range(0, len(rows), self._rows_per_call)
        ]
        outcomes |= send_batches(self._http, _PATH, batches, Deadline(timeout), settled=len(outcomes))
        return in_order(items, _item_id, first, outcomes)

    def close(self) -> None:
        """Close idle connections."""
        self._http.close()

    def _problem(self, item: Publication) -> str:
        """Short machine word for what keeps a row from being sent; empty when nothing does."""
        if item.table not in self._tables:
            return "table-unknown"
        if not 0 < len(item.item_id) <= _LONGEST_ID or _ROW_ID in item.fields:
            return "row-id"
        return "" if sendable(item.item_id, *item.fields, *item.fields.values()) else "text-unsendable"

    def _batch(self, table: str, rows: Sequence[Publication]) -> Batch:
        codes = self._tables[table]
        document = {
            "tableCode": codes["code"],
            "departmentCode": self._department,
            "tableVersionId": codes["version"],
            "body": [{_ROW_ID: row.item_id} | dict(row.fields) for row in rows],
        }
        ids = [row.item_id for row in rows]
        outgoing = self._service.outgoing("submitData", {"data": json.dumps(document, ensure_ascii=False)})
        return ids, outgoing, lambda raw: self._read(ids, raw)

    def _read(self, ids: Sequence[str], raw: bytes) -> Mapping[str, ItemOutcome]:
        text = self._service.returned("submitData", raw)
        reply = parse_object(text.encode("utf-8", "surrogatepass"), self.name)
        whole = reply.code("errorCode", _WHOLE)
        total, success, fail, error = (
            reply.number(key, least=0, most=len(ids)) for key in ("totalSize", "successSize", "failSize", "errorSize")
        )
        rows = reply.objects("errorJsonList", most=len(ids))
        if whole:
            return self._whole(ids, whole, success)
        told = [_row(row) for row in rows]
        not_taken = {outcome.item_id: outcome for outcome in told}
        states = [outcome.state for outcome in told]
        adds_up = (
            total == len(ids) == success + fail + error
            and not_taken.keys() <= set(ids)
            and len(not_taken) == len(told)
            and states.count(ItemState.REFUSED) == fail
            and states.count(ItemState.UNKNOWN) == error
        )
        if not adds_up:
            raise PlatformReplyInvalid(f"{self.name}: the reply does not add up.")
        return {i: not_taken.get(i, ItemOutcome(i, ItemState.ACCEPTED)) for i in ids}

    def _whole(self, ids: Iterable[str], reason: str, success: int) -> Mapping[str, ItemOutcome]:
        if success:
            raise PlatformReplyInvalid(f"{self.name}: the reply tells an error and a success.")
        state = ItemState.UNKNOWN if reason == "internal" else ItemState.REFUSED
        return {i: ItemOutcome(i, state, reason) for i in ids}


def _row(told: Fields) -> ItemOutcome:
    item_id: str = told.text(_ROW_ID, longest=_LONGEST_ID)
    state, reason = told.code("errorCode", _ROW)
    return ItemOutcome(item_id, state, reason)


def _item_id(item: Publication) -> str:
    return item.item_id
