"""The configured sources, built once per settings object, and asking them all at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.module_loading import import_string
from msgspec.structs import replace

from approval_hook.clock import now
from approval_hook.conf import Conf, PlatformSettings, conf
from approval_hook.errors import ConfigurationError, PlatformError, PlatformNotAsked
from approval_hook.limits import Limited
from approval_hook.logs import get_logger
from approval_hook.mirroring.store import StoredLists
from approval_hook.policy.records import CreditReport, QueryStatus
from approval_hook.ports import CreditPlatform, Query

_built: tuple[Conf, dict[str, CreditPlatform]] | None = None

#: A case asks about a handful of subjects; more threads than that buy nothing.
_WORKERS = 8
#: Whoever can try signatures at leisure must not find the secret.
_CALLBACK_SECRET_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Question:
    """One query, the source it goes to, and whether a decision waits for the answer.

    With a receipt the query came before and waits for the platform's staff: its answer is fetched, and nothing asked.
    """

    source: str
    query: Query
    decides: bool = False
    receipt_no: str = ""


def platforms() -> dict[str, CreditPlatform]:
    """Configured sources by name.

    Raises:
        ConfigurationError: a backend cannot be imported or built.
    """
    global _built
    c = conf()
    if _built is None or _built[0] is not c:
        _built = (c, {name: build(c, p) for name, p in c.platforms.items()})
    return _built[1]


def weaknesses() -> dict[str, str]:
    """What adapters say about their platforms' weak cryptography, by source; silent ones are left out.

    Raises:
        ConfigurationError: as ``platforms``.
    """
    adapters = {name: p.platform if isinstance(p, Limited) else p for name, p in platforms().items()}
    told = {name: getattr(adapter, "weakness", "") for name, adapter in adapters.items()}
    return {name: text for name, text in told.items() if isinstance(text, str) and text}


def build(c: Conf, settings: PlatformSettings) -> CreditPlatform:
    """One source from its settings, within its limits if it has any.

    Raises:
        ConfigurationError: the backend cannot be imported or built, a secret is missing, or limits
            are set for a source that is not remote.
    """
    options = resolved(c, settings.options, f"The platform {settings.name}")
    try:
        backend = import_string(settings.backend)
        if getattr(backend, "wants_lists", False):
            options["lists"] = StoredLists()
        platform: CreditPlatform = backend(name=settings.name, **options)
    except Exception as error:  # a backend may fail in any way; the check must name it
        text = f"The platform {settings.name} cannot be built from {settings.backend}: {type(error).__name__}: {error}"
        raise ConfigurationError(text) from error
    if not isinstance(getattr(platform, "remote", None), bool) or not callable(getattr(platform, "query", None)):
        raise ConfigurationError(
            f"The platform {settings.name} ({settings.backend}) needs an attribute remote (True or False) and query()."
        )
    if settings.callback is not None and len(c.secret(settings.callback.secret)) < _CALLBACK_SECRET_LENGTH:
        raise ConfigurationError(
            f"The secret of the call-backs of {settings.name} needs at least {_CALLBACK_SECRET_LENGTH} characters."
        )
    if settings.limits is None:
        return platform
    if not platform.remote:
        raise ConfigurationError(f"The platform {settings.name} is not remote, so it takes no LIMITS.")
    return Limited(platform, settings.limits)


def resolved(c: Conf, given: Mapping[str, Any], owner: str) -> dict[str, Any]:
    """Options as a backend takes them: the value of a secret in place of its name.

    Args:
        c: where secrets are found.
        given: options as configured.
        owner: whose they are, for messages.

    Raises:
        ConfigurationError: a secret is missing, or given by its name and by itself.
    """
    options = {}
    for key, value in given.items():
        if key.endswith("_secret"):
            if key.removesuffix("_secret") in given:
                raise ConfigurationError(f"{owner} has {key} and {key.removesuffix('_secret')} in OPTIONS; keep {key}.")
            options[key.removesuffix("_secret")] = c.secret(value)
        else:
            options[key] = value
    return options


def ask_all(questions: Sequence[Question], *, seconds: float) -> list[CreditReport]:
    """Ask every question concurrently inside one total deadline.

    To be called outside every transaction if a source is remote.

    Returns:
        One report per question, in order. A source that fails in whatever way gives a
        report that is not OK: could-not-tell.
    """
    started = time.monotonic()
    sources = platforms()

    def one(question: Question) -> CreditReport:
        left = seconds - (time.monotonic() - started)
        return _ask(sources.get(question.source), question, max(left, 0.0))

    local = [q for q in questions if not _is_remote(sources, q)]
    # Local sources read through this thread's database connection, and so does the count of the limits.
    answers = {id(q): one(q) for q in local}
    answers.update((id(q), report) for q in questions if (report := _kept_back(sources.get(q.source), q)))
    remote = [q for q in questions if id(q) not in answers]
    if len(remote) == 1:
        answers[id(remote[0])] = one(remote[0])
    elif remote:
        with ThreadPoolExecutor(max_workers=min(_WORKERS, len(remote))) as pool:
            # Each thread takes the caller's context along: its clock, its log bindings.
            running = [pool.submit(copy_context().run, one, q) for q in remote]
            answers.update((id(q), future.result()) for q, future in zip(remote, running, strict=True))
    return [answers[id(q)] for q in questions]


def _is_remote(sources: dict[str, CreditPlatform], question: Question) -> bool:
    source = sources.get(question.source)
    return source is not None and source.remote


def _kept_back(platform: CreditPlatform | None, question: Question) -> CreditReport | None:
    """The report of a question that a limit keeps back; None: it may be asked, and is counted."""
    if not isinstance(platform, Limited):
        return None
    asked_at = now()
    try:
        platform.admit(decides=question.decides, fetches=bool(question.receipt_no))
    except PlatformNotAsked as error:
        return _not_asked(question, asked_at, error)
    return None


def _ask(platform: CreditPlatform | None, question: Question, seconds: float) -> CreditReport:
    asked_at = now()
    if platform is None:
        return _failed(question, asked_at, "not-configured", QueryStatus.NOT_CONFIGURED)
    if seconds <= 0:
        return _failed(question, asked_at, "deadline")
    try:
        report = _answer(platform, question, seconds)
        mine = (report.party, report.source) == (question.query.party, question.source)
    except PlatformNotAsked as error:
        return _not_asked(question, asked_at, error)
    except PlatformError as error:
        refused = error.reason == "refused"
        status = QueryStatus.REJECTED if refused else QueryStatus.UNAVAILABLE
        return _failed(question, asked_at, error.reason, status)
    except Exception as error:  # noqa: BLE001 - a broken adapter is could-not-tell, never "no record"
        get_logger().error("adapter failed", source=question.source, error=type(error).__name__)
        return _failed(question, asked_at, "adapter-error")
    return report if mine else _failed(question, asked_at, "wrong-subject")


def _answer(platform: CreditPlatform, question: Question, seconds: float) -> CreditReport:
    fetch: Callable[..., CreditReport] | None = getattr(platform, "fetch", None) if question.receipt_no else None
    if fetch is None:
        return platform.query(question.query, timeout=seconds)
    report = fetch(question.query, question.receipt_no, timeout=seconds)
    if report.status is QueryStatus.PENDING and not report.receipt_no:
        return replace(report, receipt_no=question.receipt_no)
    return report


def _not_asked(question: Question, at: datetime, error: PlatformNotAsked) -> CreditReport:
    get_logger().info("platform not asked", source=question.source, reason=error.reason)
    return replace(_failed(question, at, error.reason), answered_at=at)


def _failed(
    question: Question, asked_at: datetime, reason: str, status: QueryStatus = QueryStatus.UNAVAILABLE
) -> CreditReport:
    return CreditReport(
        party=question.query.party,
        source=question.source,
        status=status,
        asked_at=asked_at,
        answered_at=now(),
        reason=reason,
    )
