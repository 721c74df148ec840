"""The simulated platform as an HTTP server on this computer."""

from __future__ import annotations

import contextlib
import secrets
import socket
import socketserver
import sys
import threading
from collections.abc import Iterable
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from adapters.simulator.approvals import Approvals
from adapters.simulator.console import Console
from adapters.simulator.control import ControlClient
from adapters.simulator.editions import Editions
from adapters.simulator.failures import Failures
from adapters.simulator.faults import FaultPlan
from adapters.simulator.handler import CONTROL_PATH, Handler, Probe
from adapters.simulator.inbox import Inbox
from adapters.simulator.keys import SimulatedKeys
from adapters.simulator.ledger import Ledger
from adapters.simulator.register import Register, SimulatedSubject
from adapters.simulator.shapes import Holdings, Shape
from adapters.simulator.shapes.appkey import AppKeyShape
from adapters.simulator.shapes.gateway import GatewayShape
from adapters.simulator.shapes.joint_reward import JointRewardShape
from adapters.simulator.shapes.message_gateway import MessageGatewayShape
from adapters.simulator.shapes.sealed_gateway import SealedGatewayShape
from adapters.simulator.shapes.sms_gateway import SmsGatewayShape
from adapters.simulator.shapes.submission import SubmissionShape

__all__ = ["Simulator"]


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
        self._server = SimulatorServer(("127.0.0.1", port), self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True, name="simulator")
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.control_url = self.url + CONTROL_PATH.rstrip("/")

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


class SimulatorServer(ThreadingHTTPServer):
    """Every connection in a thread of its own, and all of them cut at the end."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], simulator: Simulator) -> None:
        self.simulator = simulator
        self._lines: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(address, Handler)

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
