"""The contracts between the gate and the world around it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from approval_hook.policy.records import CreditReport
from approval_hook.policy.subjects import Subject


@dataclass(frozen=True, slots=True)
class Query:
    """One question to one platform about one subject. Nothing is asked without all of it."""

    query_id: str  # idempotency key; a retry carries the same one
    party: str  # PartyView.ref, copied into the report
    subject: Subject
    matter: str
    case_no: str
    organ: str
    ground: str  # id of the statutory ground or "authorisation:<reference>"
    as_of: date


class CreditPlatform(Protocol):
    """A source of credit records.

    Attributes:
        name: short name as configured, e.g. ``"province"``; copied into reports.
        remote: True when asking leaves this process; such a platform is never asked
            inside a database transaction.
    """

    name: str
    remote: bool

    def query(self, query: Query, *, timeout: float) -> CreditReport:
        """Ask about one subject within ``timeout`` seconds in all, retries included.

        Returns:
            A report. Status ``OK`` with no records means: answered, and holds none.

        Raises:
            PlatformError: no usable answer; the gate records could-not-tell.
        """
        ...


@dataclass(frozen=True, slots=True)
class Probe:
    """What a test of the connection found.

    Attributes:
        source_time: the platform's own clock, aware; None when it does not say.
        certificate_until: when its certificate ends, aware; None without TLS.
    """

    source_time: datetime | None = None
    certificate_until: datetime | None = None


class Probing(Protocol):
    """What a platform may offer beside ``query``; ``check_platforms`` reports one without it as not probed."""

    def probe(self, *, timeout: float) -> Probe:
        """Test connection and credentials within ``timeout`` seconds, without a word about any subject.

        Raises:
            PlatformUnavailable: not reachable in time.
            PlatformRefused: reached, and our credentials are not accepted.
            PlatformReplyInvalid: reached something that cannot be trusted, by its certificate or its reply.
        """
        ...
