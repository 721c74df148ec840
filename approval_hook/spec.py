"""``Gate``: which flow steps are protected, for which matter, with which facts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from approval_hook.errors import ConfigurationError
from approval_hook.policy.case import CaseFacts


@dataclass(frozen=True, slots=True)
class Gate:
    """Where the credit check stands in one flow. A value: equal gates are interchangeable.

    Attributes:
        matter: matter code of the rule set, e.g. ``"food-business"``.
        facts: maps the host's own process object to ``CaseFacts``; called afresh
            whenever the facts matter, so it must read, never cache.
        protects: names of the nodes whose execution *is* the decision; each is held
            until a valid record permits it.
        accepts: names of the acceptance nodes; before them the check sets the channel
            and never holds.
    """

    matter: str
    facts: Callable[[Any], CaseFacts]
    protects: tuple[str, ...]
    accepts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Take any list of names, and refuse a bare text, whose letters would pass for names."""
        for field in ("protects", "accepts"):
            names = getattr(self, field)
            if isinstance(names, str):
                raise ConfigurationError(f"Gate.{field} must be a list of node names, not the text {names!r}.")
            object.__setattr__(self, field, tuple(names))
