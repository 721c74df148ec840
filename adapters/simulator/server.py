"""The simulated platform as an HTTP server on this computer."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import secrets
import socket
import socketserver
import struct
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from adapters.simulator.answers import Reply
from adapters.simulator.approvals import Approvals
from adapters.simulator.console import Console
from adapters.simulator.control import TOKEN_HEADER, ControlClient
from adapters.simulator.editions import Editions
from adapters.simulator.failures import Failures
from adapters.simulator.faults import Fault, FaultKind, FaultPlan
from adapters.simulator.inbox import Inbox
from adapters.simulator.keys import SimulatedKeys
from adapters.simulator.ledger import Ledger
from adapters.simulator.register import Register, SimulatedSubject
from adapters.simulator.shapes import Holdings, Question, Shape
from adapters.simulator.shapes.appkey import AppKeyShape
from adapters.simulator.shapes.gateway import GatewayShape
from adapters.simulator.shapes.joint_reward import JointRewardShape
from adapters.simulator.shapes.message_gateway import MessageGatewayShape
from adapters.simulator.shapes.sealed_gateway import SealedGatewayShape
from adapters.simulator.shapes.sms_gateway import SmsGatewayShape
from adapters.simulator.shapes.submission import SubmissionShape

__all__ = ["Simulator"]

_CONTROL_PATH = "/control/"
_MOST_BYTES = 10_000_000
_ABORT = struct.pack("ii", 1, 0)  # linger on, zero seconds: closing sends a reset

Probe = Callable[[Mapping[str, Any]], Any]


class Simulator:
    """A credit platform with signature check, master file, ledger and faults.

    Attributes:
        url: base URL for adapters.
        control_url: base URL for ``ControlClient``.
        paasid, token: what callers are known by; appKey and secret, system id and login, or department code in
            shapes that call them so.
        control_token: what ``ControlClient`` needs.
        keys: what callers of the shapes with envelopes need.
        failures: what broke inside shapes.
    """

    def __init__(
        self,
        subjects: Iterable[SimulatedSubject] = (),
        *,
        port: int = 0,
        ledger: Path | None = None,
        seed: int = 0,
        paasid: str = "approval-hook",
        token: str | None = None,
        control_token: str | None = None,
        probe: Probe | None = None,
        shapes: Iterable[Shape] = (),
    ) -> None:
        """Bind the port; nothing is answered before ``start``.

        Args:
            subjects: the initial master file.
            port: on 127.0.0.1; 0 takes a free one.
            ledger: file for the ledger, continued if it exists; in memory when not given.
            seed: of faults that strike by probability.
            paasid: the one caller that is known.
            token: its shared secret; random when not given.
            control_token: random when not given.
            probe: called with each parsed query before it is answered; what it returns is
                stored in the ledger, and must be JSON.
            shapes: interfaces to speak beside those shipped.

        Raises:
            OSError: the port is taken or the ledger cannot be opened.
        """
        self.paasid = paasid
        self.token = token or secrets.token_urlsafe(24)
        self.control_token = control_token or secrets.token_urlsafe(24)
        self.register = Register(tuple(subjects))
        self.faults = FaultPlan(seed)
        self.ledger = Ledger(ledger)
        self.failures = Failures()
        self.inbox = Inbox()
        self.approvals = Approvals()
        self.editions = Editions(self.register)
        self.keys = SimulatedKeys.fresh()
        spoken: list[Shape] = [
            GatewayShape(paasid, self.token),
            AppKeyShape(paasid, self.token),
            JointRewardShape(paasid, self.token),
            SubmissionShape(paasid),
            MessageGatewayShape(paasid, self.token, self.keys),
            SmsGatewayShape(paasid, self.token),
        ]
        if self.keys.sm is not None:
            spoken.append(SealedGatewayShape(paasid, self.token, self.keys.sm))
        spoken += shapes
        self.shapes = {path: shape for shape in spoken for path in shape.paths}
        self.status_shapes = {shape.status_path: shape for shape in spoken if shape.status_path}
        self.exchange_shapes = {path: shape for shape in spoken for path in shape.exchange_paths}
        self.holdings = Holdings(self.register, self.inbox, self.editions, self.approvals)
        self.console = Console(self.holdings, self.faults, self.ledger, self.failures)
        self.probe = probe
        self.closing = threading.Event()
        self._server = _Server(("127.0.0.1", port), self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True, name="simulator")
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.control_url = self.url + _CONTROL_PATH.rstrip("/")

    def start(self) -> None:
        """Answer queries from now on, in threads of this process."""
        self._thread.start()

    def control(self) -> ControlClient:
        """A client of the control interface."""
        return ControlClient(self.control_url, self.control_token)

    def close(self) -> None:
        """Cut every connection and free the port. Closing twice is harmless."""
        if self.closing.is_set():
            return
        self.closing.set()
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.cut_all()
        self._server.server_close()
        self.ledger.close()

    def __enter__(self) -> Simulator:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], simulator: Simulator) -> None:
        self.simulator = simulator
        self._lines: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        # HTTPServer would look its own name up, which may take seconds without a resolver.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[0], self.server_address[1]  # type: ignore[assignment] # IPv4

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._lines.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._lines.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that went away is no news; anything else is printed."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError) and not self.simulator.closing.is_set():
            super().handle_error(request, client_address)

    def cut_all(self) -> None:
        with self._lock:
            for line in self._lines:
                # A line may be closed from the other side at this very moment.
                with contextlib.suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Stay silent; the ledger is the log."""

    def do_POST(self) -> None:
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
        if self.path.startswith(_CONTROL_PATH):
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
        status, answer = simulator.console.handle(self.command, self.path.removeprefix(_CONTROL_PATH), data)
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
