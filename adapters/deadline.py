"""One total deadline for a call, enforced on the socket itself.

A socket's time-out counts per receive, so a server that sends a byte now and then
can hold a caller for ever, in the headers as well as in the body. Here a watchdog
cuts the line when the time is up, whatever phase the exchange is in.
"""

from __future__ import annotations

import contextlib
import heapq
import ipaddress
import itertools
import os
import queue
import socket
import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError
from urllib3.util import Timeout

_LONGEST = 3600.0


class Deadline:
    """A moment on the monotonic clock, ``ends``, by which everything must be over."""

    def __init__(self, seconds: float) -> None:
        """Start now; ``seconds`` is the whole time allowed, at least 0."""
        self.seconds = seconds
        self.ends = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds left, never negative."""
        return max(self.ends - time.monotonic(), 0.0)


class _Watch:
    """Cuts the registered line at the deadline and remembers that it did."""

    def __init__(self, deadline: Deadline) -> None:
        self.deadline = deadline
        self.fired = False
        self._line: socket.socket | None = None
        self._lock = threading.Lock()
        self._over = False
        self._awaited = False

    def guard(self, line: socket.socket) -> None:
        with self._lock:
            # A handle of our own: the connection closes its own one as soon as the reply says "close".
            self._release()
            self._line = line.dup()
            if not self._awaited:
                self._awaited = True
                _watchdog.fire_at(self.deadline.ends, self)

    def fire(self) -> None:
        with self._lock:
            if self._over:
                return
            self.fired = True
            if self._line is not None:
                # The other side may have closed first; then there is nothing left to cut.
                with contextlib.suppress(OSError):
                    self._line.shutdown(socket.SHUT_RDWR)

    def stop(self) -> None:
        with self._lock:
            self._over = True
            self._release()

    def _release(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None


class _Watchdog:
    """One thread that fires every watch of the process at its deadline, because a thread for each call is dear.

    A watch that is over by then stays listed until its deadline and does nothing.
    """

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self._due: list[tuple[float, int, _Watch]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def fire_at(self, ends: float, watch: _Watch) -> None:
        with self._changed:
            heapq.heappush(self._due, (ends, next(self._numbers), watch))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True, name="adapters-deadline")
                self._thread.start()
            elif self._due[0][2] is watch:
                self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._due or self._due[0][0] > time.monotonic():
                    # A deadline beyond what a lock can wait for must not end the thread that keeps all others.
                    self._changed.wait(min(self._due[0][0] - time.monotonic(), _LONGEST) if self._due else None)
                watch = heapq.heappop(self._due)[2]
            watch.fire()


_watchdog = _Watchdog()
# A forked process has neither the thread nor the calls of its parent.
os.register_at_fork(after_in_child=_watchdog.begin)

_watch: ContextVar[_Watch | None] = ContextVar("adapters_deadline_watch", default=None)


@contextlib.contextmanager
def enforced(deadline: Deadline) -> Iterator[_Watch]:
    """Cut whatever line this context uses through ``DeadlineAdapter`` when the deadline passes."""
    watch = _Watch(deadline)
    token = _watch.set(watch)
    try:
        yield watch
    finally:
        _watch.reset(token)
        watch.stop()


def _addresses(host: str, port: int, within: float) -> list[str]:
    """Addresses of a host; the resolver has no time-out of its own, so it runs beside us.

    Raises:
        TimeoutError: no answer in time.
        OSError: the resolver says no.
    """
    with contextlib.suppress(ValueError):
        return [str(ipaddress.ip_address(host.strip("[]")))]
    found: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

    def resolve() -> None:
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.put(list(dict.fromkeys(str(row[4][0]) for row in rows)))
        except OSError as error:
            found.put(error)

    threading.Thread(target=resolve, daemon=True, name="adapters-resolve").start()
    try:
        answer = found.get(timeout=within)
    except queue.Empty:
        raise TimeoutError("name resolution") from None
    if isinstance(answer, OSError):
        raise answer
    return answer


class _Guarded(HTTPConnection):
    """A connection that registers its line with the watch of the running call."""

    _line: socket.socket | None = None

    def _new_conn(self) -> socket.socket:
        watch = _watch.get()
        if watch is None:
            return super()._new_conn()
        host, ceiling = self._dns_host, self.timeout
        limit = ceiling if isinstance(ceiling, int | float) else watch.deadline.left
        try:
            addresses = _addresses(host, self.port, min(limit, watch.deadline.left))
        except TimeoutError:
            raise ConnectTimeoutError(self, "name resolution timed out") from None
        except OSError as error:
            raise NameResolutionError(self.host, self, socket.gaierror(str(error))) from None
        for position, address in enumerate(addresses, start=1):
            self._dns_host = address
            self.timeout = max(min(limit, watch.deadline.left), 0.001)
            try:
                made = super()._new_conn()
            except (ConnectTimeoutError, OSError, urllib3.exceptions.NewConnectionError):
                if position == len(addresses):
                    raise
                continue
            finally:
                self._dns_host, self.timeout = host, ceiling
            # A duplicate handle stays valid when TLS takes the original over.
            self._forget()
            self._line = made.dup()
            watch.guard(self._line)
            return made
        raise NameResolutionError(self.host, self, socket.gaierror("no address"))

    def request(self, *args: Any, **kwargs: Any) -> None:
        watch = _watch.get()
        if watch is not None and self._line is not None:
            watch.guard(self._line)
        super().request(*args, **kwargs)

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._forget()

    def _forget(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.close()


class _GuardedTls(_Guarded, HTTPSConnection):
    """The same over TLS."""


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Guarded


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _GuardedTls


class DeadlineAdapter(HTTPAdapter):
    """A transport whose exchanges end at the deadline of ``enforced``, with a bounded pool."""

    def __init__(self, size: int) -> None:
        """Keep at most ``size`` connections, all to one host."""
        super().__init__(pool_connections=1, pool_maxsize=size, max_retries=0, pool_block=True)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Use the guarded connection classes."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}


def phases(deadline: Deadline, connect: float) -> Timeout:
    """Time-outs of one attempt: connecting takes at most ``connect`` seconds of what is left."""
    left = max(deadline.left, 0.001)
    return Timeout(connect=min(connect, left), read=left)
