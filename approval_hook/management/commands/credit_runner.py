"""``manage.py credit_runner``: resumes parked gates, retries, pays re-checks, keeps the clocks, empties the outbox."""

from __future__ import annotations

import signal
import threading
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DEFAULT_DB_ALIAS, DatabaseError, close_old_connections

from approval_hook.checks import check_database
from approval_hook.hosts.viewflow.tending import tend
from approval_hook.logs import get_logger
from approval_hook.outbox import Carriers, erase_old


class Command(BaseCommand):
    """Runs until it is told to stop, or once."""

    help = "恢复等待中的信用核查，补查未答复的办件，到期提醒"

    def add_arguments(self, parser: CommandParser) -> None:
        """``--once`` and ``--every``."""
        parser.add_argument("--once", action="store_true", help="one pass, then exit")
        parser.add_argument("--every", type=float, default=5.0, help="seconds between passes")

    def handle(self, *args: Any, **options: Any) -> None:
        """Tend until SIGTERM or SIGINT."""
        stop = threading.Event()
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: stop.set())
        for problem in check_database(None, databases=[DEFAULT_DB_ALIAS]):
            get_logger().error("start-up check", alarm=True, id=problem.id, text=problem.msg)
        run(stop, every=options["every"], once=options["once"])


def run(stop: threading.Event, *, every: float, once: bool = False) -> None:
    """Tend in a loop; also started as a thread by programs that embed the runner."""
    carriers = Carriers()
    try:
        while True:
            close_old_connections()
            try:
                tally = asdict(tend())
                tally["sending"] = carriers.send_off()
                tally["erased"] = erase_old()
            except DatabaseError as error:
                # The database is away for a while; what waits is in it and will still wait.
                if once:
                    raise
                get_logger().error("runner pass failed", alarm=True, error=type(error).__name__)
                tally = {}
            if any(tally.values()):
                get_logger().info("runner pass", **tally)
            if once:
                carriers.wait()
            if once or stop.wait(every):
                return
    finally:
        carriers.finish()
