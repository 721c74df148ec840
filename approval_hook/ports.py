"""The contracts between the gate and the world around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol

from approval_hook.policy.records import CreditRecord, CreditReport
from approval_hook.policy.subjects import Subject
from approval_hook.policy.words import Word


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
    #: Takes every body as it came, before an envelope is opened, in the order of ``raw_digest``; None where nothing is
    #: to be kept. ``raw_digest`` is the SHA-256 of all of them together.
    keep: Callable[[bytes], object] | None = field(default=None, repr=False, compare=False)


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
        lists: the stored lists behind it; none for a platform that is asked afresh.
    """

    source_time: datetime | None = None
    certificate_until: datetime | None = None
    lists: tuple[ListStanding, ...] = ()


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


class Deferring(Protocol):
    """What a platform offers whose staff approve a query before it is answered (``PENDING``)."""

    def fetch(self, query: Query, receipt_no: str, *, timeout: float) -> CreditReport:
        """Ask what became of a query that was answered ``PENDING`` with this receipt; changes nothing there.

        Returns:
            A report as from ``query``; ``PENDING`` while the staff have not decided, ``REJECTED`` when they refused.

        Raises:
            PlatformError: no usable answer; the query stays pending.
        """
        ...


class ItemState(Word):
    """What became of one item that was sent to a platform."""

    ACCEPTED = "accepted"
    REFUSED = "refused"  # will be refused again; somebody must correct it
    UNKNOWN = "unknown"  # sent, and no usable answer: send it again under the same id


@dataclass(frozen=True, slots=True)
class ItemOutcome:
    """What a platform says about one item sent; partial success is normal (domain facts 4.1, P5)."""

    item_id: str
    state: ItemState
    reason: str = ""  # short machine word why it is not accepted, e.g. "field-missing"; never payload
    receipt_no: str = ""
    #: Seconds after which the platform wishes to hear of it again; of an item that is ``UNKNOWN``.
    retry_after: float | None = field(default=None, compare=False)


class FeedbackResult(Word):
    """What the organ did after a query that found something (R-31)."""

    EXECUTED = "executed"  # 实施奖惩
    OTHER = "other"  # 其他


@dataclass(frozen=True, slots=True)
class Feedback:
    """What became of one case after a query, told to the platform that answered it."""

    feedback_id: str  # idempotency key; a retry carries the same one
    query_id: str  # of the query answered, as the platform was asked
    receipt_no: str  # the platform's receipt of that query
    subject: Subject
    matter: str
    case_no: str
    organ: str
    region: str  # 6 digits of GB/T 2260
    result: FeedbackResult
    handled_on: date
    list_type: str = ""  # of the record acted on, key of RuleSet.list_types
    record_id: str = ""
    measures: tuple[str, ...] = ()  # names of the measures, in Chinese
    basis: str = ""
    remark: str = ""


class FeedbackTarget(Protocol):
    """A platform that takes feedback."""

    def feed_back(self, items: Sequence[Feedback], *, timeout: float) -> Sequence[ItemOutcome]:
        """Send feedback within ``timeout`` seconds in all.

        Returns:
            One outcome per item, in order. What may have arrived without a usable answer is ``UNKNOWN``.

        Raises:
            PlatformError: nothing was taken.
        """
        ...


@dataclass(frozen=True, slots=True)
class Publication:
    """One row to be published or submitted, in the fields of its table."""

    item_id: str  # idempotency key
    table: str  # code of the table at the platform, e.g. "permission" (行政许可)
    fields: Mapping[str, str] = field(default_factory=dict)


class PublicationTarget(Protocol):
    """A platform that takes rows for publication (双公示) or collection."""

    def publish(self, items: Sequence[Publication], *, timeout: float) -> Sequence[ItemOutcome]:
        """Send rows within ``timeout`` seconds in all; as ``FeedbackTarget.feed_back``."""
        ...


@dataclass(frozen=True, slots=True, repr=False)
class Letter:
    """One message to one receiver, ready to be sent. It holds no whole identifier but the address."""

    letter_id: str  # idempotency key; a retry carries the same one
    to: str  # in the channel's own terms
    language: str  # in which it is sent: "zh" or "en"
    template: str  # code of the message in the rule set
    revision: str  # of that rule set
    subjects: Mapping[str, str]  # by language
    texts: Mapping[str, str]
    facts: Mapping[str, str]  # that fill the template, for a channel that has the texts itself

    def __repr__(self) -> str:
        return f"Letter({self.template})"


class Channel(Protocol):
    """A way to applicants.

    Attributes:
        remote: True when sending leaves this process; such a channel is never used inside a database transaction.
        idempotent: it takes one ``letter_id`` once, so that what may have arrived can be sent again.
    """

    remote: bool
    idempotent: bool

    def addressed(self, letter: Letter) -> str:
        """Look at a letter before it is taken into the outbox.

        Returns:
            The receiver as screens may show it, masked.

        Raises:
            CaseInvalid: this channel can never send it.
        """
        ...

    def send(self, letter: Letter, *, timeout: float) -> ItemOutcome:
        """Send within ``timeout`` seconds in all.

        Returns:
            What became of it. What may have arrived without a usable answer is ``UNKNOWN``.

        Raises:
            PlatformError: it was not taken, and may be later.
        """
        ...


@dataclass(frozen=True, slots=True, repr=False)
class ListEntry:
    """One row of a list, with whom it is about; ``record.match`` says nothing before it is compared with a subject."""

    record: CreditRecord
    name: str  # full, masked or empty
    id_type: str  # label as the source gives it; empty when it gives none
    number: str  # full, masked or empty
    removed: bool = False  # incremental updates: this record id is gone from the list

    def __repr__(self) -> str:
        return f"ListEntry({self.record.list_type})"


@dataclass(frozen=True, slots=True)
class ListEdition:
    """What a source says about one edition of one list, before its rows are read."""

    list_type: str  # key of RuleSet.list_types
    version: str  # the source's own; an edition with the same version is not loaded twice
    as_of: datetime  # aware; when the source says it held
    count: int  # rows announced; another number of rows means a partial download
    base: str = ""  # incremental: the version on which it builds; empty for a whole list
    digest: str = ""  # SHA-256 of the file or of all pages, hexadecimal, where the source gives one


class ListSource(Protocol):
    """A platform or a folder from which whole lists are fetched for the mirror."""

    def editions(self, *, timeout: float) -> Sequence[ListEdition]:
        """What can be fetched now, oldest first.

        Raises:
            PlatformError: no usable answer.
        """
        ...

    def entries(self, edition: ListEdition, *, timeout: float) -> Iterator[ListEntry]:
        """The rows of one edition, in constant memory.

        Raises:
            PlatformError: the rows are not those announced; whatever came before must not be used.
        """
        ...


@dataclass(frozen=True, slots=True)
class RefusedEdition:
    """An edition newer than the one in use that was not taken in.

    Attributes:
        version: the source's own.
        reason: short machine word.
        at: when it was tried, aware.
    """

    version: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ListStanding:
    """One list that the mirror is to hold, as it stands.

    Attributes:
        source: name of its source in the settings.
        list_type: key of RuleSet.list_types.
        max_age: after this time it is stale.
        version: of the edition in use; empty while there is none.
        as_of: when that edition held, aware; None while there is none.
        rows: in use.
        damaged: the rows in use are not those that were loaded, or another key made their digests.
        refused: the last newer edition that was not taken in, for those who watch; a look-up does not tell it.
    """

    source: str
    list_type: str
    max_age: timedelta
    version: str = ""
    as_of: datetime | None = None
    rows: int = 0
    damaged: bool = False
    refused: RefusedEdition | None = None

    def age(self, at: datetime) -> timedelta | None:
        """How old the edition in use is; None while there is none."""
        return at - self.as_of if self.as_of is not None else None

    def is_fresh(self, at: datetime) -> bool:
        """Whether there is an undamaged edition that is not stale."""
        age = self.age(at)
        return age is not None and age <= self.max_age and not self.damaged


@dataclass(frozen=True, slots=True, repr=False)
class Found:
    """What the stored lists hold about one subject, from one moment.

    Attributes:
        standings: every list that was to be looked into.
        entries: rows that may be about the subject, to be graded. Name and number are the subject's own where the
            row holds the same, hidden characters included, and empty where the row's say nothing.
        others: rows of another subject that were met.
        complete: False when more rows may be about the subject than are compared.
    """

    standings: tuple[ListStanding, ...]
    entries: tuple[ListEntry, ...]
    others: int = 0
    complete: bool = True


class ListStore(Protocol):
    """Lists stored in this installation, as an adapter reads them."""

    def standings(self) -> Sequence[ListStanding]:
        """Every list that the settings name."""
        ...

    def look_up(self, subject: Subject) -> Found:
        """What all of them hold about a subject, by number and alias, by name, and by court mask."""
        ...
