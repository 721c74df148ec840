"""The web server and the job runner of the demonstration, each in a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from approval_hook.management.commands.credit_runner import run

_STOP_SECONDS = 5.0


class WebServer:
    """The real application behind waitress on the loopback address."""

    def __init__(self, application: Callable[..., Any], port: int) -> None:
        """Take the wished port, or any free one when it is taken.

        Raises:
            OSError: no port on the loopback address can be taken.
        """
        try:
            self._server = _listening(application, port)
        except OSError:
            self._server = _listening(application, 0)
        self.address = f"http://127.0.0.1:{self._server.effective_port}"
        self._thread = threading.Thread(target=self._server.run, name="demo-web", daemon=True)

    def start(self) -> None:
        """Serve from now on."""
        self._thread.start()

    def close(self) -> None:
        """Finish open requests and stop."""
        self._server.close()
        self._server.task_dispatcher.shutdown()


def _listening(application: Callable[..., Any], port: int) -> Any:
    from waitress.server import create_server  # type: ignore[import-untyped] # ships no types

    return create_server(application, host="127.0.0.1", port=port, threads=4, ident="")


class Runner:
    """The embedded job runner: resumes parked gates, retries held cases, pays owed re-checks."""

    def __init__(self, every: float = 5.0) -> None:
        """Prepare; ``every`` is the pause between passes in seconds."""
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=run, args=(self._stop,), kwargs={"every": every}, name="demo-runner", daemon=True
        )

    def start(self) -> None:
        """Run from now on."""
        self._thread.start()

    def close(self) -> None:
        """Finish the pass and stop."""
        self._stop.set()
        self._thread.join(_STOP_SECONDS)


def log_to(path: Path) -> None:
    """Send every log line to a file, so that the terminal shows the table only."""
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
