"""One progress line, or plain lines where nobody watches."""

from __future__ import annotations

import threading
import time
from typing import TextIO


class Progress:
    """Counts steps on a stream: rewritten in place on a terminal, one line each elsewhere. Thread-safe."""

    def __init__(self, stream: TextIO, total: int) -> None:
        """Start now; ``total`` is the number of steps to come."""
        self._stream = stream
        self._total = total
        self._done = 0
        self._lock = threading.Lock()
        self._tty = stream.isatty()
        self._started = time.monotonic()

    def step(self, text: str) -> None:
        """Say what happens now."""
        with self._lock:
            self._done += 1
            line = f"[{self._done:>2}/{self._total}] {time.monotonic() - self._started:4.1f} 秒  {text}"
            self._stream.write(f"\r\x1b[K{line}" if self._tty else f"{line}\n")
            self._stream.flush()

    def end(self) -> None:
        """Leave the terminal's line clean."""
        if self._tty:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
