"""Steer a simulator from another process."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import requests

from adapters.simulator.faults import Fault, FaultKind
from adapters.simulator.register import SimulatedSubject

__all__ = ["TOKEN_HEADER", "ControlClient"]

TOKEN_HEADER = "X-Control-Token"  # noqa: S105 - the name of a header
_SECONDS = 10.0


class ControlClient:
    """Client of the control interface. Every method raises ``requests.RequestException`` when it fails."""

    def __init__(self, url: str, token: str) -> None:
        """Use the ``control`` address and the ``control_token`` that the simulator printed when ready."""
        self._url = url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers[TOKEN_HEADER] = token

    def put(self, subject: SimulatedSubject) -> None:
        """Enter a subject with its rows; whoever holds one of its numbers is replaced."""
        self._call("PUT", "subjects", subject.to_json())

    def get(self, number: str) -> SimulatedSubject | None:
        """The subject with this number, or ``None``."""
        found = self._call("GET", f"subjects/{quote(number, safe='')}", missing_ok=True)
        return SimulatedSubject.from_json(found) if found else None

    def subjects(self) -> list[SimulatedSubject]:
        """Every subject, in the order of entry."""
        return [SimulatedSubject.from_json(s) for s in self._call("GET", "subjects")]

    def remove(self, number: str) -> None:
        """Drop the subject with this number, so that the platform does not know it."""
        self._call("DELETE", f"subjects/{quote(number, safe='')}")

    def flip(self, record_id: str, **changes: str | None) -> None:
        """Change fields of one row, for example ``state="2"`` for repaired."""
        self._call("PATCH", f"records/{quote(record_id, safe='')}", changes)

    def fault(self, kind: FaultKind | Fault, **options: Any) -> None:
        """Put a fault in force; options are the fields of ``Fault``."""
        fault = kind if isinstance(kind, Fault) else Fault(kind, **options)
        self._call("POST", "faults", fault.to_json())

    def faults(self) -> list[dict[str, Any]]:
        """The faults in force: the fields of ``Fault``, and ``left`` for how often it may still strike."""
        faults: list[dict[str, Any]] = self._call("GET", "faults")
        return faults

    def behave(self) -> None:
        """Take every fault out of force."""
        self._call("DELETE", "faults")

    def ledger(self) -> list[dict[str, Any]]:
        """Every query the platform received, oldest first; fields as in ``Ledger``."""
        lines: list[dict[str, Any]] = self._call("GET", "ledger")
        return lines

    def failures(self) -> list[dict[str, str]]:
        """What broke inside shapes, so that nothing was answered; fields as in ``Failures``."""
        failures: list[dict[str, str]] = self._call("GET", "failures")
        return failures

    def taken(self) -> list[dict[str, Any]]:
        """What the platform took beside queries; fields as in ``Inbox.all``."""
        documents: list[dict[str, Any]] = self._call("GET", "taken")
        return documents

    def demand_approval(self, demanded: bool = True) -> None:
        """Have the staff approve queries that come from now on, before they are answered."""
        self._call("POST", "approvals", {"demanded": demanded})

    def approvals(self) -> list[dict[str, Any]]:
        """Queries that needed approval; fields as in ``Approvals.all``."""
        found: list[dict[str, Any]] = self._call("GET", "approvals")
        return found

    def settle(self, receipt_no: str, *, approved: bool) -> None:
        """Let the staff approve or refuse a query."""
        state = "approved" if approved else "refused"
        self._call("POST", f"approvals/{quote(receipt_no, safe='')}", {"state": state})

    def reset(self) -> None:
        """Back to the initial subjects, no faults, empty ledger, no failures, nothing taken, nothing to be approved."""
        self._call("POST", "reset")

    def close(self) -> None:
        """Close idle connections."""
        self._session.close()

    def _call(self, method: str, path: str, data: Any = None, *, missing_ok: bool = False) -> Any:
        reply = self._session.request(method, f"{self._url}/{path}", json=data, timeout=_SECONDS)
        if missing_ok and reply.status_code == 404:
            return None
        reply.raise_for_status()
        return reply.json()
