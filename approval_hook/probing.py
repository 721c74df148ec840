"""Look at each configured source: settings, connection, credentials, certificate, clock, quota, breaker, maintenance.

Nobody is asked about: the test is a platform's ``probe``, which names no subject and counts on no quota.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import DatabaseError

from approval_hook import clock
from approval_hook.conf import Conf, PlatformSettings
from approval_hook.errors import ConfigurationError, PlatformError, PlatformRefused, PlatformReplyInvalid
from approval_hook.limits import Limited, Limits
from approval_hook.logs import get_logger
from approval_hook.models import SourceDay
from approval_hook.platforms import build
from approval_hook.ports import CreditPlatform, ListStanding, Probe

#: Seconds that one probe may take.
PATIENCE = 10.0
#: Our clock and the platform's may differ by so much; signatures and their replies go stale by the clock.
CLOCK_TOLERANCE = timedelta(seconds=60)
#: A certificate that ends earlier is reported while there is time to renew it.
CERTIFICATE_NOTICE = timedelta(days=14)


class Fault(StrEnum):
    """What is wrong with a source."""

    SETTINGS = "settings"  # it cannot be built, or a secret is missing
    UNREACHABLE = "unreachable"
    REFUSED = "refused"  # credentials are not accepted
    REPLY_INVALID = "reply-invalid"  # the certificate or the reply cannot be trusted
    ADAPTER = "adapter"  # the probe itself broke
    CERTIFICATE = "certificate"  # it ends soon
    CLOCK = "clock"
    LISTS = "lists"  # a stored list behind it is stale, missing or damaged
    QUOTA = "quota"  # used up
    DATABASE = "database"  # what is used up cannot be read


@dataclass(frozen=True, slots=True)
class Connection:
    """What the test of a connection gave.

    Attributes:
        fault: why it failed, or None.
        problem: the error behind the fault, without payload or secret.
        milliseconds: that it took; None when the connection was not tested.
        skew: the platform's clock minus ours; None when it is not known.
        certificate_until: aware; None without TLS.
        lists: stored lists that it answers from.
    """

    fault: Fault | None = None
    problem: str = ""
    milliseconds: int | None = None
    skew: timedelta | None = None
    certificate_until: datetime | None = None
    lists: tuple[ListStanding, ...] = ()


@dataclass(frozen=True, slots=True)
class Use:
    """What all processes made of a source today.

    Attributes:
        left: queries of the quota that no process has leased; None without a quota.
        openings: of the breaker.
        open_until: when the newest opening ends, aware; None without one.
    """

    left: int | None
    openings: int
    open_until: datetime | None


@dataclass(frozen=True, slots=True)
class Health:
    """One source as it is now.

    Attributes:
        source: its configured name.
        connection: what its test gave.
        use: of today; None when the database cannot be read.
        in_maintenance: it is not to be asked now, so its connection was not tested.
        faults: everything that is wrong; empty when nothing is.
    """

    source: str
    connection: Connection
    use: Use | None
    in_maintenance: bool
    faults: tuple[Fault, ...]


def look_at(c: Conf, settings: PlatformSettings) -> Health:
    """Test one source. Takes hardly longer than ``PATIENCE`` seconds; whatever the source does is in the result."""
    at, limits = clock.now(), settings.limits or Limits()
    maintenance = limits.in_maintenance(at)
    try:
        platform = build(c, settings)
    except ConfigurationError as error:
        connection = Connection(Fault.SETTINGS, str(error))
    else:
        connection = Connection() if maintenance else _tested(platform)
    use = _use(settings.name, limits, at)
    found = {
        connection.fault: connection.fault is not None,
        Fault.CERTIFICATE: connection.certificate_until and connection.certificate_until < at + CERTIFICATE_NOTICE,
        Fault.CLOCK: connection.skew and abs(connection.skew) > CLOCK_TOLERANCE,
        Fault.LISTS: not all(s.is_fresh(at) for s in connection.lists),
        Fault.QUOTA: use and use.left == 0,
        Fault.DATABASE: use is None,
    }
    return Health(settings.name, connection, use, maintenance, tuple(f for f, wrong in found.items() if f and wrong))


def reachable(platform: CreditPlatform, *, seconds: float = 2.0) -> bool:
    """Whether a source that offers a probe passes it now, outside its maintenance; False for one without a probe."""
    if isinstance(platform, Limited) and platform.limits.in_maintenance(clock.now()):
        return False
    adapter = platform.platform if isinstance(platform, Limited) else platform
    probe: Callable[..., Probe] | None = getattr(adapter, "probe", None)
    if probe is None:
        return False
    try:
        probe(timeout=seconds)
    except PlatformError:
        return False
    except Exception as error:  # noqa: BLE001 - a broken adapter is not back
        get_logger().error("adapter failed", source=platform.name, error=type(error).__name__)
        return False
    return True


def _tested(platform: CreditPlatform) -> Connection:
    adapter = platform.platform if isinstance(platform, Limited) else platform
    probe: Callable[..., Probe] | None = getattr(adapter, "probe", None)
    if probe is None:
        return Connection()
    started, at = time.monotonic(), clock.now()

    def milliseconds() -> int:
        return round((time.monotonic() - started) * 1000)

    try:
        found = probe(timeout=PATIENCE)
    except PlatformError as error:
        return Connection(_fault(error), str(error), milliseconds())
    except Exception as error:  # noqa: BLE001 - a broken adapter is a finding about this source, the others go on
        get_logger().error("adapter failed", source=platform.name, error=type(error).__name__)
        return Connection(Fault.ADAPTER, type(error).__name__, milliseconds())
    halfway = at + (clock.now() - at) / 2
    skew = found.source_time - halfway if found.source_time else None
    return Connection(None, "", milliseconds(), skew, found.certificate_until, found.lists)


def _fault(error: PlatformError) -> Fault:
    match error:
        case PlatformRefused():
            return Fault.REFUSED
        case PlatformReplyInvalid():
            return Fault.REPLY_INVALID
        case _:
            return Fault.UNREACHABLE


def _use(source: str, limits: Limits, at: datetime) -> Use | None:
    if not limits.per_day and not limits.failures:
        return Use(None, 0, None)
    try:
        day = SourceDay.objects.filter(source=source, day=clock.china_date(at)).first() or SourceDay()
    except DatabaseError:
        return None
    left = max(limits.per_day.most - day.leased, 0) if limits.per_day else None
    until = day.opened_at + timedelta(seconds=limits.pause_seconds) if day.opened_at else None
    return Use(left, day.openings, until)
