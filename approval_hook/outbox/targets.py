"""The configured receivers of the outbox, built once per settings object."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from django.utils.module_loading import import_string

from approval_hook.channels.page import PageChannel
from approval_hook.conf import Conf, TargetSettings, conf
from approval_hook.errors import ConfigurationError
from approval_hook.models import Kind
from approval_hook.platforms import resolved
from approval_hook.ports import Feedback, ItemOutcome, Letter, Publication

Content = Letter | Feedback | Publication


@dataclass(frozen=True, slots=True)
class _Carrying:
    """What one kind holds, the method of the receiver that takes it, and how many one call takes."""

    content: type[Content]
    method: str
    at_once: int
    setting: str


_CARRYING: Mapping[Kind, _Carrying] = {
    Kind.MESSAGE: _Carrying(Letter, "send", 1, "CHANNELS"),
    Kind.FEEDBACK: _Carrying(Feedback, "feed_back", 50, "FEEDBACK"),
    Kind.PUBLICATION: _Carrying(Publication, "publish", 50, "PUBLICATION"),
}


@dataclass(frozen=True, slots=True)
class Target:
    """One receiver, ready to be used.

    Attributes:
        kind: what it takes.
        name: as configured.
        backend: meets the port of its kind.
        timeout: seconds that one delivery may take.
        remote: whether a delivery leaves this process.
        idempotent: whether what may have arrived can be sent again; ports of feedback and publication promise it.
        at_once: the most that one call takes.
    """

    kind: Kind
    name: str
    backend: Any
    timeout: float
    remote: bool
    idempotent: bool
    at_once: int

    @property
    def is_page(self) -> bool:
        """Whether its messages stand on the page of the case."""
        return isinstance(self.backend, PageChannel)

    def read(self, content: bytes) -> Content:
        """What a row of this kind holds."""
        return msgspec.json.decode(content, type=_CARRYING[self.kind].content)

    def deliver(self, contents: Sequence[Content]) -> Sequence[ItemOutcome]:
        """One call of the receiver, as its port says."""
        take: Callable[..., Any] = getattr(self.backend, _CARRYING[self.kind].method)
        if self.kind is Kind.MESSAGE:
            (letter,) = contents
            return [take(letter, timeout=self.timeout)]
        return list(take(contents, timeout=self.timeout))


_built: tuple[Conf, dict[tuple[str, str], Target]] | None = None


def targets() -> Mapping[tuple[str, str], Target]:
    """Every configured receiver by kind and name.

    Raises:
        ConfigurationError: a backend cannot be imported or built, or a secret is missing.
    """
    global _built
    c = conf()
    if _built is None or _built[0] is not c:
        by_kind = {Kind.MESSAGE: c.channels, Kind.FEEDBACK: c.feedback, Kind.PUBLICATION: c.publication}
        made = [_build(c, kind, settings) for kind, named in by_kind.items() for settings in named.values()]
        _built = (c, {(target.kind.value, target.name): target for target in made})
    return _built[1]


def target_of(kind: Kind, name: str) -> Target:
    """One receiver.

    Raises:
        ConfigurationError: the settings do not name it.
    """
    found = targets().get((kind.value, name))
    if found is None:
        raise ConfigurationError(f"APPROVAL_HOOK[{_CARRYING[kind].setting!r}] does not name {name!r}.")
    return found


def _build(c: Conf, kind: Kind, settings: TargetSettings) -> Target:
    carrying = _CARRYING[kind]
    owner = f"The entry {settings.name} of {carrying.setting}"
    options = resolved(c, settings.options, owner)
    try:
        backend = import_string(settings.backend)(name=settings.name, **options)
    except Exception as error:  # a backend may fail in any way; the check must name it
        text = f"{owner} cannot be built from {settings.backend}: {type(error).__name__}: {error}"
        raise ConfigurationError(text) from error
    remote: Any = getattr(backend, "remote", True)
    idempotent: Any = getattr(backend, "idempotent", kind is not Kind.MESSAGE)
    methods = [carrying.method] + ["addressed"] * (kind is Kind.MESSAGE)
    flagged = isinstance(remote, bool) and isinstance(idempotent, bool)
    if not flagged or not all(callable(getattr(backend, method, None)) for method in methods):
        raise ConfigurationError(f"{owner} ({settings.backend}) does not meet its port; see approval_hook.ports.")
    return Target(kind, settings.name, backend, settings.timeout, remote, idempotent, carrying.at_once)
