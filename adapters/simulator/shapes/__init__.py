"""The interfaces that the simulated platform speaks, one file each over the same master file and faults."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from adapters.simulator.answers import Reply
from adapters.simulator.approvals import Approvals
from adapters.simulator.editions import Editions
from adapters.simulator.faults import ENVELOPE_FAULTS, Fault, FaultKind
from adapters.simulator.inbox import Inbox
from adapters.simulator.register import Register

__all__ = ["Holdings", "Question", "Shape", "Wiring"]


@dataclass(frozen=True, slots=True)
class Holdings:
    """What every shape reads and writes."""

    register: Register
    inbox: Inbox
    editions: Editions
    approvals: Approvals


@dataclass(frozen=True, slots=True)
class Question:
    """One request, understood."""

    path: str
    said: Mapping[str, Any]  # as parsed; a probe gets it
    asked: str  # SHA-256 of what was asked, without what a caller makes anew for each attempt
    number: str = ""  # of the subject
    query_id: str = ""
    page: int = 1
    #: matter, case_no, organ, ground and as_of, where it carries them.
    case: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wiring:
    """How the settings name the adapter of a shape: an entry of ``PLATFORMS``.

    Attributes:
        source: short name of the entry.
        backend: dotted path of the adapter.
        options: its options; ``{url}``, ``{caller}`` and ``{token_name}`` stand for what the simulator is started with,
            ``{des_name}``, ``{sm4_name}`` and ``{sm2_name}`` for variables with its keys, ``{app_code}``,
            ``{caller_public}`` and ``{platform_public}`` for the rest of them.
    """

    source: str
    backend: str
    options: Mapping[str, Any]


class Shape(ABC):
    """One interface: its paths, its requests and its replies.

    Attributes:
        paths: where it is asked, each with its leading slash.
        inexpressible: faults that it has no way to show, each with the reason; asked for one, the
            simulator answers 501 rather than well.
        wiring: what to put into the settings to ask it; ``None`` where no shipped adapter does.
        status_path: where it is asked whether it is there and knows the caller; empty where it has no such request.
        exchange_paths: where it takes what is no query and gives lists; not in the ledger of queries.
        enveloped: whether it can show ``faults.ENVELOPE_FAULTS``.
    """

    paths: ClassVar[tuple[str, ...]]
    inexpressible: ClassVar[Mapping[FaultKind, str]] = {}
    status_path: ClassVar[str] = ""
    wiring: ClassVar[Wiring | None] = None
    exchange_paths: ClassVar[tuple[str, ...]] = ()
    enveloped: ClassVar[bool] = False

    @classmethod
    def cannot_show(cls, kind: FaultKind) -> str:
        """Why it has no way to show a fault; empty when it has."""
        if kind in ENVELOPE_FAULTS and not cls.enveloped:
            return "there is no envelope"
        return cls.inexpressible.get(kind, "")

    def lacks(self, question: Question, kind: FaultKind) -> bool:
        """Whether the reply to this question has no way to show a fault."""
        return bool(self.cannot_show(kind))

    @abstractmethod
    def read(self, path: str, body: bytes) -> Question | None:
        """What is asked; ``None`` when a part is missing."""

    @abstractmethod
    def problem(self, headers: Mapping[str, str], body: bytes) -> str:
        """Short machine word for what is wrong with the caller's credentials; empty when nothing is."""

    @abstractmethod
    def refusal(self, problem: str) -> Reply:
        """Reply to a request that was not understood ("malformed") or not genuine."""

    @abstractmethod
    def reply(self, question: Question, holdings: Holdings, fault: Fault | None) -> Reply:
        """Reply to a question, bent by a fault that shows in fields, bytes or status."""

    def status(self, fault: Fault | None) -> Reply:
        """Reply to a genuine status request, which is about nobody."""
        raise NotImplementedError(f"{type(self).__name__} names a status_path and has no status.")

    def exchange(self, path: str, body: bytes, holdings: Holdings, fault: Fault | None) -> Reply:
        """Reply to a genuine request at one of ``exchange_paths``; a fault that shows there alone is told by 501."""
        raise NotImplementedError(f"{type(self).__name__} names exchange_paths and has no exchange.")
