"""What the simulated platform does with one request, and how it misbehaves on the line."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import struct
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

from adapters.simulator.answers import Reply
from adapters.simulator.control import TOKEN_HEADER
from adapters.simulator.faults import Fault, FaultKind
from adapters.simulator.shapes import Question, Shape

if TYPE_CHECKING:
    from adapters.simulator.server import SimulatorServer

__all__ = ["CONTROL_PATH", "Handler", "Probe"]

CONTROL_PATH = "/control/"
_MOST_BYTES = 10_000_000
_ABORT = struct.pack("ii", 1, 0)  # linger on, zero seconds: closing sends a reset

Probe = Callable[[Mapping[str, Any]], Any]


class Handler(BaseHTTPRequestHandler):
    """Answers one connection: the control interface, queries, questions for the status, and what is no query."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: SimulatorServer

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Stay silent; the ledger is the log."""

    def do_POST(self) -> None:
        """Any request, by its path."""
        self._dispatch()

    do_GET = do_PUT = do_PATCH = do_DELETE = do_POST  # noqa: N815 - names that http.server calls

    def _dispatch(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > _MOST_BYTES:
            self.close_connection = True
            return self._send(Reply(413, b"{}"))
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            # The caller died while it wrote: nobody was asked anything.
            self.close_connection = True
            return None
        if self.path.startswith(CONTROL_PATH):
            return self._control(body)
        shape = self.server.simulator.shapes.get(self.path)
        if shape is not None and self.command == "POST":
            return self._query(shape, body)
        asked = self.server.simulator.status_shapes.get(self.path)
        if asked is not None and self.command == "POST":
            return self._status(asked, body)
        partner = self.server.simulator.exchange_shapes.get(self.path)
        if partner is not None and self.command == "POST":
            return self._exchange(partner, body)
        return self._send(Reply(404, b"{}"))

    def _control(self, body: bytes) -> None:
        simulator = self.server.simulator
        given = self.headers.get(TOKEN_HEADER, "")
        if not hmac.compare_digest(given.encode(), simulator.control_token.encode()):
            return self._send(Reply(403, b"{}"))
        try:
            data = json.loads(body) if body else None
        except ValueError:
            return self._send(Reply(400, b"{}"))
        status, answer = simulator.console.handle(self.command, self.path.removeprefix(CONTROL_PATH), data)
        return self._send(Reply(status, json.dumps(answer, ensure_ascii=False).encode()))

    def _query(self, shape: Shape, body: bytes) -> None:
        simulator = self.server.simulator
        with simulator.failures.inside(self.path):
            question = shape.read(self.path, body)
        if question is None:
            self._log(Question(self.path, {}, ""), "refused:malformed", None)
            return self._refuse(shape, "malformed")
        probed = _probed(simulator.probe, question.said)
        problem = self._problem(shape, body)
        if problem:
            self._log(question, f"refused:{problem}", probed)
            return self._refuse(shape, problem)
        fault = simulator.faults.strike(question.number, self.path)
        if fault is not None and shape.lacks(question, fault.kind):
            self._log(question, f"inexpressible:{fault.kind.value}", probed)
            simulator.failures.note(self.path, fault)
            return self._send(Reply(501, b"{}"))
        self._log(question, fault.kind.value if fault else "answered", probed)
        with simulator.failures.inside(self.path, fault):
            answer = shape.reply(question, simulator.holdings, fault)
        return self._answer(answer, fault)

    def _status(self, shape: Shape, body: bytes) -> None:
        problem = self._problem(shape, body)
        if problem:
            return self._refuse(shape, problem)
        simulator = self.server.simulator
        fault = simulator.faults.strike("", self.path)
        with simulator.failures.inside(self.path, fault):
            answer = shape.status(fault)
        return self._answer(answer, fault)

    def _exchange(self, shape: Shape, body: bytes) -> None:
        problem = self._problem(shape, body)
        if problem:
            return self._refuse(shape, problem)
        simulator = self.server.simulator
        fault = simulator.faults.strike("", self.path)
        if fault is not None and shape.cannot_show(fault.kind):
            return self._send(Reply(501, b"{}"))
        with simulator.failures.inside(self.path, fault):
            answer = shape.exchange(self.path, body, simulator.holdings, fault)
        return self._answer(answer, fault)

    def _refuse(self, shape: Shape, problem: str) -> None:
        with self.server.simulator.failures.inside(self.path):
            answer = shape.refusal(problem)
        self._send(answer)

    def _problem(self, shape: Shape, body: bytes) -> str:
        with self.server.simulator.failures.inside(self.path):
            return shape.problem(self.headers, body)  # type: ignore[arg-type] # Message has get()

    def _log(self, question: Question, outcome: str, probed: Any) -> None:
        self.server.simulator.ledger.append(
            {
                **dict.fromkeys(("matter", "case_no", "organ", "ground", "as_of"), ""),
                **question.case,
                "path": question.path,
                "query_id": question.query_id,
                "page": question.page,
                "subject": hashlib.sha256(question.number.encode()).hexdigest(),
                "asked": question.asked,
                "received_at": datetime.now(UTC).isoformat(),
                "outcome": outcome,
                "nonce": self.headers.get("x-tif-nonce", ""),
                "probe": probed,
            }
        )

    def _answer(self, answer: Reply, fault: Fault | None) -> None:
        closing = self.server.simulator.closing
        match fault.kind if fault else None:
            case FaultKind.SLOW if fault is not None:
                closing.wait(fault.seconds)
                self._send(answer)
            case FaultKind.HANG:
                closing.wait()
                self.close_connection = True
            case FaultKind.RESET:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
                self.connection.close()
                self.close_connection = True
            case FaultKind.CUT:
                self.wfile.write(_head(answer, last=True) + answer.body[: len(answer.body) // 2])
                self.close_connection = True
            case FaultKind.DRIP if fault is not None:
                self.wfile.write(_head(answer, last=True))
                self._drip(answer.body, fault.seconds)
            case FaultKind.DRIP_HEAD if fault is not None:
                self._drip(_head(answer) + answer.body, fault.seconds)
            case _:
                self._send(answer)

    def _drip(self, data: bytes, seconds: float) -> None:
        for byte in data:
            if self.server.simulator.closing.wait(seconds):
                break
            self.wfile.write(bytes([byte]))
        self.close_connection = True

    def _send(self, answer: Reply) -> None:
        self.wfile.write(_head(answer) + answer.body)


def _head(answer: Reply, *, last: bool = False) -> bytes:
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    if last:
        lines.append("Connection: close")
    lines += [f"Content-Length: {len(answer.body)}", "", ""]
    return "\r\n".join(lines).encode("latin-1")


def _probed(probe: Probe | None, query: Mapping[str, Any]) -> Any:
    if probe is None:
        return None
    try:
        return probe(query)
    except Exception as error:  # noqa: BLE001 - a probe that fails must be seen in the ledger, not lose the query
        return {"probe_error": type(error).__name__, "message": str(error)}
