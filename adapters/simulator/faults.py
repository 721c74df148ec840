"""Ways in which the simulated platform misbehaves, and when."""

from __future__ import annotations

import dataclasses
import math
import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

__all__ = ["ENVELOPE_FAULTS", "HARMLESS", "Fault", "FaultKind", "FaultPlan"]


class FaultKind(StrEnum):
    """One kind of misbehaviour."""

    SLOW = "slow"  # answers after ``seconds``
    DRIP = "drip"  # one byte of the body every ``seconds``
    DRIP_HEAD = "drip_head"  # one byte of the headers every ``seconds``
    RESET = "reset"  # the connection is reset before an answer
    CUT = "cut"  # half of the body, then the connection closes
    HANG = "hang"  # no answer until the simulator ends
    HTTP_401 = "http_401"
    HTTP_429 = "http_429"  # with Retry-After ``retry_after``
    HTTP_500 = "http_500"
    HTTP_502 = "http_502"
    REDIRECT = "redirect"  # to a login page
    LOGIN_PAGE = "login_page"  # HTML with status 200
    EMPTY = "empty"  # status 200 without a body
    BAD_JSON = "bad_json"  # JSON that stops in the middle, complete by its length
    DUPLICATE_KEY = "duplicate_key"  # two codes in one object, the second harmless
    GBK = "gbk"  # GBK bytes declared as UTF-8
    GBK_DECLARED = "gbk_declared"  # UTF-8 bytes declared as GBK
    UNESCAPED = "unescaped"  # a character in a text that the format wants escaped
    BOMB = "bomb"  # nested without end, or entities that expand
    ERROR_DOCUMENT = "error_document"  # the protocol's own form of an error, with status 200
    OVERSIZE = "oversize"  # several megabytes of blanks
    HALF_PAGE = "half_page"  # the second page never comes
    DUPLICATE_PAGE = "duplicate_page"  # the second page repeats the rows of the first
    WRONG_SUBJECT = "wrong_subject"  # the answer about somebody else
    WRONG_QUERY = "wrong_query"  # the answer to another query
    UNKNOWN_STATE = "unknown_state"  # a row state that no table has
    UNKNOWN_STATUS = "unknown_status"  # a reply code that no table has
    MISSING_FIELD = "missing_field"  # no list of rows
    MISSING_ROWS = "missing_rows"  # fewer rows than announced
    NAIVE_TIME = "naive_time"  # a time without offset
    CLOCK_SKEW = "clock_skew"  # the platform's clock is ``seconds`` ahead
    PARTIAL = "partial"
    PENDING = "pending"
    REFUSED = "refused"  # the platform says in its own words that we may not ask
    NAME_ONLY = "name_only"  # rows without a number
    EXTRA_FIELDS = "extra_fields"  # fields nobody asked for
    MIXED_DATES = "mixed_dates"  # days of one row in different forms
    FORGED_SIGNATURE = "forged_signature"  # the platform's signature does not fit its reply
    OLD_TIMESTAMP = "old_timestamp"  # the reply was sealed hours ago
    WRONG_APP_CODE = "wrong_app_code"  # the envelope is another caller's
    NOT_ENCRYPTED = "not_encrypted"  # a signed reply that hides nothing
    OTHER_KEY = "other_key"  # encrypted with another key
    QUOTA = "quota"  # the platform says that we used up the queries of the day
    BAD_SIGNATURE = "bad_signature"  # 401 with a body that looks like an answer
    CLOCK_BEHIND = "clock_behind"  # the platform's clock is ``seconds`` behind
    SIMILAR_SUBJECT = "similar_subject"  # the answer about a number that differs in one character and its check digits
    MIDDLE_PAGE_EMPTY = "middle_page_empty"  # the second of three pages comes without its rows
    MIDDLE_PAGE_TWICE = "middle_page_twice"  # the second of three pages repeats the rows of the first
    ROW_FIELD_MISSING = "row_field_missing"  # one row lacks a field
    BAD_DATE = "bad_date"  # one row has a date in a form that no table has
    BUSY = "busy"  # the platform says in its own words that it is busy, and to try later
    STRANGERS_ROW = "strangers_row"  # one row more, counted too, with the name of ours and somebody else's number


#: Kinds that only a platform with an envelope around its replies can show.
ENVELOPE_FAULTS = frozenset(
    {
        FaultKind.FORGED_SIGNATURE,
        FaultKind.OLD_TIMESTAMP,
        FaultKind.WRONG_APP_CODE,
        FaultKind.NOT_ENCRYPTED,
        FaultKind.OTHER_KEY,
    }
)

#: Kinds after which an answer may still be complete and right.
HARMLESS = frozenset(
    {FaultKind.SLOW, FaultKind.NAME_ONLY, FaultKind.EXTRA_FIELDS, FaultKind.MIXED_DATES, FaultKind.STRANGERS_ROW}
)


@dataclass(frozen=True, slots=True)
class Fault:
    """A misbehaviour and the queries it strikes."""

    kind: FaultKind
    seconds: float = 1.0  # what it means depends on the kind
    retry_after: int = 1  # seconds
    number: str | None = None  # only queries with this identifier
    path: str | None = None  # only queries to this path, where an interface has several
    times: int | None = None  # how often; None = always
    probability: float = 1.0  # drawn from the simulator's seed

    def __post_init__(self) -> None:
        """A field that means nothing would show only when it strikes.

        Raises:
            ValueError: a number is no number or out of its range.
        """
        numbers = {"seconds": self.seconds, "retry_after": self.retry_after, "probability": self.probability}
        if self.times is not None:
            numbers["times"] = self.times
        for name, value in numbers.items():
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                raise ValueError(f"{name} is not a number")
        if not 0 <= self.probability <= 1 or (self.times is not None and self.times < 0):
            raise ValueError("probability is from 0 to 1, and times at least 0")

    def to_json(self) -> dict[str, Any]:
        """Plain data for the control interface."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Fault:
        """Inverse of ``to_json``.

        Raises:
            TypeError: a field is unknown.
            ValueError: the kind is unknown, or a field is out of its range.
        """
        return cls(**{**data, "kind": FaultKind(data["kind"])})


class FaultPlan:
    """The faults in force, asked once per query. Safe for several threads."""

    def __init__(self, seed: int) -> None:
        """Start without faults; ``seed`` makes draws by probability repeatable."""
        self._seed = seed
        self._lock = threading.Lock()
        self._faults: list[tuple[Fault, int | None]] = []
        self._random = random.Random(seed)  # noqa: S311 - draws faults, not secrets

    def add(self, fault: Fault) -> None:
        """Put a fault in force; the first that strikes a query wins."""
        with self._lock:
            self._faults.append((fault, fault.times))

    def clear(self) -> None:
        """Behave well, and draw from the seed again."""
        with self._lock:
            self._faults = []
            self._random = random.Random(self._seed)  # noqa: S311 - draws faults, not secrets

    def all(self) -> list[tuple[Fault, int | None]]:
        """The faults in force with how often each may still strike; ``None`` = always."""
        with self._lock:
            return list(self._faults)

    def strike(self, number: str, path: str) -> Fault | None:
        """The fault that strikes this query, used up by one; ``None`` when the answer is to be right."""
        with self._lock:
            for position, (fault, left) in enumerate(self._faults):
                if left == 0 or fault.number not in (None, number) or fault.path not in (None, path):
                    continue
                if fault.probability < 1.0 and self._random.random() >= fault.probability:
                    continue
                if left is not None:
                    self._faults[position] = (fault, left - 1)
                return fault
            return None
