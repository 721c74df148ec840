"""The control interface of the simulator, seen from the server: method, path and data to status and data."""

from __future__ import annotations

from typing import Any

from adapters.simulator.failures import Failures
from adapters.simulator.faults import Fault, FaultPlan
from adapters.simulator.ledger import Ledger
from adapters.simulator.register import SimulatedSubject
from adapters.simulator.shapes import Holdings

__all__ = ["Console"]


class Console:
    """Changes what the simulated platform holds and how it behaves."""

    def __init__(self, holdings: Holdings, faults: FaultPlan, ledger: Ledger, failures: Failures) -> None:
        """Work on these."""
        self._register = holdings.register
        self._inbox = holdings.inbox
        self._approvals = holdings.approvals
        self._faults = faults
        self._ledger = ledger
        self._failures = failures
        self._editions = holdings.editions

    def handle(self, method: str, path: str, data: Any) -> tuple[int, Any]:
        """Status and reply to one control request; 400 for malformed data, 404 for an unknown path or object."""
        kind, _, key = path.strip("/").partition("/")
        try:
            match method, kind:
                case "PUT", "subjects":
                    self._register.put(SimulatedSubject.from_json(data))
                case "GET", "subjects" if key:
                    subject = self._register.get(key)
                    return (200, subject.to_json()) if subject else (404, {})
                case "GET", "subjects":
                    return 200, [s.to_json() for s in self._register.all()]
                case "DELETE", "subjects":
                    return (200, {}) if self._register.remove(key) else (404, {})
                case "PATCH", "records":
                    return (200, {}) if self._register.patch(key, data) else (404, {})
                case "GET", "faults":
                    return 200, [fault.to_json() | {"left": left} for fault, left in self._faults.all()]
                case "POST", "faults":
                    self._faults.add(Fault.from_json(data))
                case "DELETE", "faults":
                    self._faults.clear()
                case "GET", "ledger":
                    return 200, self._ledger.lines()
                case "GET", "failures":
                    return 200, self._failures.all()
                case "GET", "taken":
                    return 200, self._inbox.all()
                case "GET", "approvals":
                    return 200, self._approvals.all()
                case "POST", "approvals" if key:
                    return (200, {}) if self._approvals.settle(key, data["state"]) else (404, {})
                case "POST", "approvals":
                    self._approvals.demand(bool(data["demanded"]))
                case "POST", "reset":
                    self._register.reset()
                    self._faults.clear()
                    self._ledger.clear()
                    self._failures.clear()
                    self._inbox.clear()
                    self._editions.clear()
                    self._approvals.clear()
                case _:
                    return 404, {}
        except (TypeError, ValueError, KeyError) as error:
            return 400, {"error": str(error)}
        return 200, {}
